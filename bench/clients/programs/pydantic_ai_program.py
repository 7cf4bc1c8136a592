"""pydantic-ai: its models by chat completions and by Responses."""

import asyncio

from pydantic import BaseModel
from pydantic_ai import Agent, BinaryContent, ImageUrl
from pydantic_ai.capabilities import NativeTool
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel, OpenAIResponsesModelSettings
from pydantic_ai.native_tools import FileSearchTool
from pydantic_ai.providers.openai import OpenAIProvider

from cells import BASE_URL, KEY, LOOPED, MODEL, OVER_DOCUMENTS, PDF, PNG, holds, run, same


class Form(BaseModel):
    city: str
    degrees: int


def weather(city: str) -> str:
    """Weather."""
    return f"{city} 21"


def models(name=MODEL):
    for kind in (OpenAIChatModel, OpenAIResponsesModel):
        yield kind(name, provider=OpenAIProvider(base_url=BASE_URL, api_key=KEY))


async def two_turns():
    for model in models():
        agent = Agent(model)
        first = await agent.run("Hi")
        holds(first.output, "Question 1")
        holds((await agent.run("And?", message_history=first.all_messages())).output, "Question 2")


async def streamed():
    for model in models():
        async with Agent(model, tools=[weather]).run_stream("Look THRICE.") as result:
            same(await result.get_output(), LOOPED)


async def loop_of_three():
    for model in models():
        agent = Agent(model, tools=[weather])
        first = await agent.run("Look THRICE.")
        same(first.output, LOOPED)
        holds((await agent.run("And?", message_history=first.all_messages())).output, "Question 2")


async def parallel():
    for model in models():
        holds((await Agent(model, tools=[weather]).run("Both TOGETHER.")).output, "Rome 21")


async def structured():
    for model in models():
        same((await Agent(model, output_type=Form).run("A FORM")).output, Form(city="Oslo", degrees=21))


async def refusal():
    for model in models():
        try:
            result = await Agent(model, retries=0).run("REFUSE")
            holds(str(result.output), "can't")
        except Exception as error:
            holds(f"{type(error).__name__} {error} {getattr(error, 'body', '')}", "efus")


async def picture():
    for model in models():
        data = BinaryContent.from_data_uri(PNG) if hasattr(BinaryContent, "from_data_uri") else ImageUrl(PNG)
        same((await Agent(model).run(["What?", data])).output, "Pictures: 1.")


async def pdf():
    for model in models():
        same((await Agent(model).run(["What?", BinaryContent.from_data_uri(PDF)])).output, "The wombat digs.")


async def documents():
    for model in models(OVER_DOCUMENTS):
        same((await Agent(model).run("Days of leave?")).output, "Thirty days [1].")


async def file_search():
    *_, model = models()
    agent = Agent(model, tools=[weather], capabilities=[NativeTool(FileSearchTool(file_store_ids=["Rules"]))])
    same((await agent.run("Days of leave?")).output, "Thirty days [1].")
    same((await agent.run("Days of leave? Look THRICE.")).output, "Thirty days [1].")


async def background():
    *_, model = models()
    settings = OpenAIResponsesModelSettings(openai_background=True)
    holds((await Agent(model).run("SLOWLY", model_settings=settings)).output, "word39")
    async with Agent(model).run_stream("SLOWLY", model_settings=settings) as result:
        holds(await result.get_output(), "word39")


async def batch():
    for model in models():
        said = await asyncio.gather(*(Agent(model).run(f"Number {number}") for number in range(100)))
        same(len({one.output for one in said}), 100)


async def errors():
    for number, model in enumerate(models()):
        holds((await Agent(model).run(f"BUSY pydantic {number}")).output, "Question 1")


async def cancel():
    async with Agent(next(models())).run_stream("SLOWLY") as result:
        async for _ in result.stream_text():
            break
    holds((await Agent(next(models())).run("Hi")).output, "Question 1")


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
            "background": background,
            "batch of 100": batch,
            "errors": errors,
            "cancel": cancel,
        }
    )
