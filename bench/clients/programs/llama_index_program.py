"""LlamaIndex: its class for compatible servers, by completions (its default) and by chat completions."""

import asyncio
import base64

from llama_index.core.agent.workflow import AgentWorkflow, FunctionAgent
from llama_index.core.base.llms.types import ChatMessage, DocumentBlock, ImageBlock, TextBlock
from llama_index.core.tools import FunctionTool
from llama_index.llms.openai import OpenAIResponses
from llama_index.llms.openai_like import OpenAILike
from pydantic import BaseModel

from cells import BASE_URL, KEY, MODEL, OVER_DOCUMENTS, PDF, PNG, holds, run, same

AT = {"api_base": BASE_URL, "api_key": KEY}


class Form(BaseModel):
    """A form."""

    city: str
    degrees: int


def weather(city: str) -> str:
    """Weather."""
    return f"{city} 21"


def llm(name=MODEL, **more):
    return OpenAILike(model=name, is_chat_model=True, is_function_calling_model=True, **AT, **more)


def two_turns():
    holds(OpenAILike(model=MODEL, **AT).complete("Hi").text, "Question 1")
    said = [ChatMessage(role="user", content="Hi")]
    first = llm().chat(said)
    holds(llm().chat([*said, first.message, ChatMessage(role="user", content="And?")]).message.content, "Question 2")


def streamed():
    *_, last = OpenAILike(model=MODEL, **AT).stream_complete("Hi")
    holds(last.text, "Question 1")
    *_, last = llm().stream_chat([ChatMessage(role="user", content="Hi")])
    holds(last.message.content, "Question 1")


def loop_of_three():
    look, messages = FunctionTool.from_defaults(weather), [ChatMessage(role="user", content="Look THRICE.")]
    while True:
        response = llm().chat_with_tools([look], chat_history=messages)
        calls = llm().get_tool_calls_from_response(response, error_on_no_tool_call=False)
        messages.append(response.message)
        if not calls:
            return same(response.message.content, "Results: Oslo 21, Rome 21, Lima 21.")
        for call in calls:
            told = ChatMessage(role="tool", content=weather(**call.tool_kwargs))
            told.additional_kwargs["tool_call_id"] = call.tool_id
            messages.append(told)


def parallel():
    response = llm().chat_with_tools(
        [FunctionTool.from_defaults(weather)], "Both TOGETHER.", allow_parallel_tool_calls=True
    )
    same(len(llm().get_tool_calls_from_response(response)), 2)


def structured():
    same(llm().as_structured_llm(Form).complete("A FORM").raw, Form(city="Oslo", degrees=21))


def picture():
    blocks = [TextBlock(text="What?"), ImageBlock(url=PNG)]
    same(llm().chat([ChatMessage(role="user", blocks=blocks)]).message.content, "Pictures: 1.")


def refusal():
    said = llm().chat([ChatMessage(role="user", content="REFUSE")])
    holds(f"{said.message.content} {said.raw.choices[0].message.refusal}", "can't")


def pdf():
    data = base64.b64decode(PDF.partition(",")[2])
    block = DocumentBlock(data=data, document_mimetype="application/pdf", title="wombat.pdf")
    said = llm().chat([ChatMessage(role="user", blocks=[TextBlock(text="What?"), block])])
    same(said.message.content, "The wombat digs.")


def file_search():
    search = {"type": "file_search", "vector_store_ids": ["Rules"]}
    able = OpenAIResponses(model=MODEL, built_in_tools=[search], context_window=8000, **AT)
    same(able.chat([ChatMessage(role="user", content="Days of leave?")]).message.content, "Thirty days [1].")
    look = FunctionTool.from_defaults(weather)
    called = able.chat_with_tools([look], "Days of leave? Both TOGETHER.", allow_parallel_tool_calls=True)
    same(len(able.get_tool_calls_from_response(called)), 2)


async def handoff():
    triage = FunctionAgent(name="triage", description="Hands over.", llm=llm(), can_handoff_to=["documents"])
    documents = FunctionAgent(name="documents", description="Knows the rules.", llm=llm(OVER_DOCUMENTS))
    workflow = AgentWorkflow([triage, documents], root_agent="triage")
    holds(str(await workflow.run(user_msg="HAND over: days of leave?")), "Thirty days [1].")


async def batch():
    one = llm(max_retries=8)
    asked = [one.achat([ChatMessage(role="user", content=f"Number {number}")]) for number in range(100)]
    same(len({said.message.content for said in await asyncio.gather(*asked)}), 100)


async def cancel():
    async for _ in await llm().astream_chat([ChatMessage(role="user", content="SLOWLY")]):
        break
    holds((await llm().achat([ChatMessage(role="user", content="Hi")])).message.content, "Question 1")


def documents():
    holds(OpenAILike(model=OVER_DOCUMENTS, **AT).complete("Days of leave?").text, "Thirty days")


def errors():
    holds(llm().complete("BUSY llama").text, "Question 1")


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
