"""openai-agents: Responses, which is its default, and chat completions; tools, handoffs, search of files."""

import asyncio

from agents import (
    Agent,
    AgentsException,
    FileSearchTool,
    OpenAIChatCompletionsModel,
    OpenAIConversationsSession,
    OpenAIResponsesModel,
    Runner,
    SQLiteSession,
    WebSearchTool,
    function_tool,
    set_tracing_disabled,
)
from openai import AsyncOpenAI
from pydantic import BaseModel

from cells import BASE_URL, KEY, LOOPED, MODEL, OVER_DOCUMENTS, PDF, PNG, holds, run, same

set_tracing_disabled(True)


class Form(BaseModel):
    city: str
    degrees: int


@function_tool
def weather(city: str) -> str:
    """Weather."""
    return f"{city} 21"


def models(name=MODEL):
    client = AsyncOpenAI(base_url=BASE_URL, api_key=KEY)
    yield OpenAIResponsesModel(model=name, openai_client=client)
    yield OpenAIChatCompletionsModel(model=name, openai_client=client)


def responses(name=MODEL):
    return next(models(name))


async def two_turns():
    for number, model in enumerate(models()):
        agent, session = Agent(name="a", instructions="Be brief.", model=model), SQLiteSession(f"s{number}")
        for turn in (1, 2):
            holds((await Runner.run(agent, "Hi", session=session)).final_output, f"Question {turn}")
        first = await Runner.run(agent, "Hi")
        again = [*first.to_input_list(), {"role": "user", "content": "And?"}]
        holds((await Runner.run(agent, again)).final_output, "Question 2")
    agent = Agent(name="a", model=responses())
    first = await Runner.run(agent, "Hi")
    second = await Runner.run(agent, "And?", previous_response_id=first.last_response_id)
    holds(second.final_output, "Question 2")
    client = AsyncOpenAI(base_url=BASE_URL, api_key=KEY)
    conversation = await client.conversations.create()
    for turn in (1, 2):
        there = await Runner.run(agent, "Hi", conversation_id=conversation.id)
        holds(there.final_output, f"Question {turn}")
    session = OpenAIConversationsSession(openai_client=client)
    for turn in (1, 2):
        holds((await Runner.run(agent, "Hi", session=session)).final_output, f"Question {turn}")


async def streamed():
    for model in models():
        result = Runner.run_streamed(Agent(name="a", model=model, tools=[weather]), "Look THRICE.")
        async for _ in result.stream_events():
            pass
        same(result.final_output, LOOPED)


async def loop_of_three():
    for model in models():
        agent = Agent(name="a", model=model, tools=[weather])
        result = await Runner.run(agent, "Look THRICE.")
        same(result.final_output, LOOPED)
        again = [*result.to_input_list(), {"role": "user", "content": "And?"}]
        holds((await Runner.run(agent, again)).final_output, "Question 2")


async def parallel():
    for model in models():
        holds(
            (await Runner.run(Agent(name="a", model=model, tools=[weather]), "Both TOGETHER.")).final_output, "Rome 21"
        )


async def structured():
    for model in models():
        result = await Runner.run(Agent(name="a", model=model, output_type=Form), "A FORM")
        same(result.final_output, Form(city="Oslo", degrees=21))


async def refusal():
    for model in models():
        try:
            result = await Runner.run(Agent(name="a", model=model), "REFUSE")
        except AgentsException as error:
            holds(f"{type(error).__name__} {error}", "efus")
        else:
            said = [part for item in result.new_items for part in item.to_input_item()["content"]]
            holds(said[0]["refusal"], "can't")


async def picture():
    parts = [{"type": "input_image", "image_url": PNG, "detail": "auto"}]
    for model in models():
        same(
            (await Runner.run(Agent(name="a", model=model), [{"role": "user", "content": parts}])).final_output,
            "Pictures: 1.",
        )


async def pdf():
    parts = [{"type": "input_file", "filename": "wombat.pdf", "file_data": PDF}]
    for model in models():
        said = await Runner.run(Agent(name="a", model=model), [{"role": "user", "content": parts}])
        same(said.final_output, "The wombat digs.")


async def documents():
    for model in models(OVER_DOCUMENTS):
        same((await Runner.run(Agent(name="a", model=model), "Days of leave?")).final_output, "Thirty days [1].")


async def file_search():
    tools = [FileSearchTool(vector_store_ids=["Rules"]), weather, WebSearchTool()]
    agent = Agent(name="a", model=responses(), tools=tools)
    same((await Runner.run(agent, "Days of leave?")).final_output, "Thirty days [1].")
    same((await Runner.run(agent, "Days of leave? Look THRICE.")).final_output, "Thirty days [1].")


async def handoff():
    for own, over in zip(models(), models(OVER_DOCUMENTS), strict=True):
        documents = Agent(name="documents", instructions="Answer.", model=over)
        triage = Agent(name="triage", instructions="Hand over.", model=own, handoffs=[documents])
        same((await Runner.run(triage, "HAND over: days of leave?")).final_output, "Thirty days [1].")


async def batch():
    agent = Agent(name="a", model=responses())
    said = await asyncio.gather(*(Runner.run(agent, f"Number {number}") for number in range(100)))
    same(len({one.final_output for one in said}), 100)


async def errors():
    for number, model in enumerate(models()):
        holds((await Runner.run(Agent(name="a", model=model), f"BUSY agents {number}")).final_output, "Question 1")


async def cancel():
    result = Runner.run_streamed(Agent(name="a", model=responses()), "SLOWLY")
    async for _ in result.stream_events():
        result.cancel()
    holds((await Runner.run(Agent(name="a", model=responses()), "Hi")).final_output, "Question 1")


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
            "handoff": handoff,
            "batch of 100": batch,
            "errors": errors,
            "cancel": cancel,
        }
    )
