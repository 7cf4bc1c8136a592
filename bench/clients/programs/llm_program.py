"""llm, the tool of the command line, from Python: chat models and Responses at an address of their own."""

import asyncio
import base64
import json

import llm
import openai
from llm.default_plugins.openai_models import AsyncChat, Chat, Responses

from cells import BASE_URL, KEY, LOOPED, MODEL, OVER_DOCUMENTS, PDF, PNG, SCHEMA, holds, run, same


def model(name=MODEL, kind=Chat):
    made = kind(name, model_name=name, api_base=BASE_URL, supports_tools=True, supports_schema=True, vision=True)
    made.key = KEY
    return made


def models(name=MODEL):
    return [model(name, kind) for kind in (Chat, Responses)]


def weather(city: str) -> str:
    """Weather."""
    return f"{city} 21"


def two_turns():
    for one in models():
        conversation = one.conversation()
        for number in (1, 2):
            holds(conversation.prompt("Hi", stream=False).text(), f"Question {number}")


def streamed():
    for one in models():
        holds("".join(one.prompt("Hi", stream=True)), "Question 1")


def loop_of_three():
    for one in models():
        for is_streamed in (False, True):
            holds(one.chain("Look THRICE.", tools=[weather], stream=is_streamed).text(), LOOPED)


def parallel():
    for one in models():
        holds(one.chain("Both TOGETHER.", tools=[weather], stream=False).text(), "Results: Oslo 21, Rome 21.")


def structured():
    for one in models():
        same(json.loads(one.prompt("A FORM", schema=SCHEMA, stream=False).text())["city"], "Oslo")


def refusal():
    for one in models():
        said = one.prompt("REFUSE", stream=False)
        holds(f"{said.text()} {json.dumps(said.json())}", "can't")


def picture():
    for one in models():
        content = base64.b64decode(PNG.partition(",")[2])
        attachment = llm.Attachment(type="image/png", content=content)
        same(one.prompt("What?", attachments=[attachment], stream=False).text(), "Pictures: 1.")


def pdf():
    for one in models():
        content = base64.b64decode(PDF.partition(",")[2])
        attachment = llm.Attachment(type="application/pdf", content=content)
        same(one.prompt("What?", attachments=[attachment], stream=False).text(), "The wombat digs.")


def documents():
    for one in models(OVER_DOCUMENTS):
        same(one.prompt("Days of leave?", stream=False).text(), "Thirty days [1].")


async def batch():
    one = model(kind=AsyncChat)

    async def said(number):
        return await one.prompt(f"Number {number}", stream=False).text()

    same(len(set(await asyncio.gather(*(said(number) for number in range(100))))), 100)


def errors():
    for number, one in enumerate(models()):
        holds(one.prompt(f"BUSY llm {number}", stream=False).text(), "Question 1")
    for one in models("none"):
        try:
            one.prompt("Hi", stream=False).text()
        except openai.NotFoundError:
            continue
        raise AssertionError("it was found")


def cancel():
    for one in models():
        pieces = iter(one.prompt("SLOWLY", stream=True))
        next(pieces)
        pieces.close()
        holds(one.prompt("Hi", stream=False).text(), "Question 1")


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
            "batch of 100": batch,
            "errors": errors,
            "cancel": cancel,
        }
    )
