"""Haystack: its generators by chat completions and by Responses, its agent, and the one for Azure."""

import asyncio
import base64

from haystack.components.agents import Agent
from haystack.components.generators.chat import OpenAIChatGenerator, OpenAIResponsesChatGenerator
from haystack.dataclasses import ChatMessage, FileContent, ImageContent
from haystack.tools import Tool
from haystack.utils import Secret
from pydantic import BaseModel

from cells import BASE_URL, CITY, FLAT, KEY, LOOPED, MODEL, OVER_DOCUMENTS, PDF, PNG, holds, run, same

WEATHER = Tool("weather", "Weather.", CITY, lambda city: f"{city} 21")


class Form(BaseModel):
    city: str
    degrees: int


def generators(name=MODEL, **more):
    for kind in (OpenAIChatGenerator, OpenAIResponsesChatGenerator):
        yield kind(model=name, api_base_url=BASE_URL, api_key=Secret.from_token(KEY), **more)


def asked(generator, *messages, **more):
    return generator.run(messages=[*messages], **more)["replies"][0]


def user(text, *parts):
    return ChatMessage.from_user(content_parts=[text, *parts]) if parts else ChatMessage.from_user(text)


def two_turns():
    for generator in generators():
        first = asked(generator, user("Hi"))
        holds(first.text, "Question 1")
        holds(asked(generator, user("Hi"), first, user("And?")).text, "Question 2, first 'Hi'")


def streamed():
    for generator in generators():
        pieces = []
        said = asked(generator, user("Hi"), streaming_callback=lambda chunk: pieces.append(chunk.content))  # noqa: B023
        holds("".join(pieces), "Question 1")
        holds(said.text, "Question 1")


def looped(words, wanted, **more):
    for generator in generators():
        told = Agent(chat_generator=generator, tools=[WEATHER], **more).run(messages=[user(words)])
        same(told["messages"][-1].text, wanted)
        holds(asked(generator, *told["messages"], user("And?"), tools=[WEATHER]).text, "Question 2")


def loop_of_three():
    looped("Look THRICE.", LOOPED)
    looped("Look THRICE.", LOOPED, streaming_callback=lambda chunk: None)


def parallel():
    for generator in generators():
        calls = asked(generator, user("Both TOGETHER."), tools=[WEATHER]).tool_calls
        same([call.arguments["city"] for call in calls], ["Oslo", "Rome"])
    looped("Both TOGETHER.", "Results: Oslo 21, Rome 21.")


def structured():
    for generator, word in zip(generators(), ("response_format", "text_format"), strict=True):
        said = asked(generator, user("A FORM"), generation_kwargs={word: Form})
        same(Form.model_validate_json(said.text), Form(city="Oslo", degrees=21))


def refusal():
    for generator in generators():
        said = asked(generator, user("REFUSE"))  # its replies have no place for a refusal: the talk goes on with it
        holds(asked(generator, user("REFUSE"), said, user("And?")).text, "Question 2")


def picture():
    part = ImageContent(PNG.partition(",")[2], mime_type="image/png")
    for generator in generators():
        same(asked(generator, user("What?", part)).text, "Pictures: 1.")


def pdf():
    part = FileContent(PDF.partition(",")[2], mime_type="application/pdf", filename="wombat.pdf")
    assert base64.b64decode(part.base64_data).startswith(b"%PDF")
    for generator in generators():
        same(asked(generator, user("What?", part)).text, "The wombat digs.")


def documents():
    for generator in generators(OVER_DOCUMENTS):
        same(asked(generator, user("Days of leave?")).text, "Thirty days [1].")


def file_search():
    tools = [{"type": "file_search", "vector_store_ids": ["Rules"]}, FLAT]
    *_, generator = generators()
    same(asked(generator, user("Days of leave?"), tools=tools).text, "Thirty days [1].")
    same(len(asked(generator, user("Days of leave? Both TOGETHER."), tools=tools).tool_calls), 2)


async def batch():
    for generator in generators():
        said = await asyncio.gather(*(generator.run_async(messages=[user(f"Number {one}")]) for one in range(100)))
        same(len({one["replies"][0].text for one in said}), 100)


def errors():
    for number, generator in enumerate(generators()):
        holds(asked(generator, user(f"BUSY haystack {number}")).text, "Question 1")
    for generator in generators("none"):
        try:
            asked(generator, user("Hi"))
        except Exception as error:
            holds(str(error), "404")
        else:
            raise AssertionError("it was found")


async def cancel():
    for generator in generators():
        task = asyncio.create_task(generator.run_async(messages=[user("SLOWLY")], streaming_callback=_nothing))
        await asyncio.sleep(0.3)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        holds((await generator.run_async(messages=[user("Hi")]))["replies"][0].text, "Question 1")


async def _nothing(chunk):
    pass


if __name__ == "__main__":
    run(
        {
            "two turns": two_turns,
            "streamed": streamed,
            "loop of three": loop_of_three,
            "parallel calls": parallel,
            "structured": structured,
            "refusal": refusal,
            "picture": picture,
            "pdf": pdf,
            "documents": documents,
            "file_search and functions": file_search,
            "batch of 100": batch,
            "errors": errors,
            "cancel": cancel,
        }
    )
