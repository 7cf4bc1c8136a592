"""Search and functions in one request: the search is a step of ours, the functions are the client's to call."""

from collections.abc import Sequence
from typing import Any

import openai
import pytest
from msgspec.structs import replace

from hubbub.core.events import ToolCall
from hubbub.core.messages import Turn
from hubbub.core.questions import Generation
from hubbub.models.base import Completion, ModelCard, SendPiece
from hubbub.models.scripted import ScriptedModel
from tests.servers.model_server import Script
from tests.web.application import Hubbub, hubbub_running
from tests.web.openai_clients import sdk
from tests.web.openai_wire import WEATHER as NESTED
from tests.web.openai_wire import Wired, call, calling, question
from tests.web.test_responses import WEATHER
from tests.web.test_responses_search import collection_of, searching


class Asker(ScriptedModel):
    """Calls its first tool until it has as many results as it wants, then answers from the documents."""

    wanted = 1

    @property
    def card(self) -> ModelCard:
        return replace(super().card, calls_tools=True)

    async def complete(self, turns: Sequence[Turn], send: SendPiece, how: Generation | None = None) -> Completion:
        self.heard.append(tuple(turns))
        results = [turn for turn in turns if turn.role == "tool"]
        if how is not None and how.tools and len(results) < self.wanted:
            send("Let me see")
            send(ToolCall(0, "{}", f"call_{len(results) + 1}", "weather"))
            return Completion("tool_calls", 7, 3)
        send("Thirty days [1].")
        return Completion("stop", 9, 2)


@pytest.fixture
def asker() -> Asker:
    return Asker(name="asker")


@pytest.fixture
async def hubbub(tmp_path: Any, asker: Asker) -> Any:
    async with hubbub_running(tmp_path, asker, ScriptedModel(("All well [1].",), name="writer")) as hubbub:
        yield hubbub


@pytest.fixture
async def client(hubbub: Hubbub) -> openai.AsyncOpenAI:
    return await sdk(hubbub)


@pytest.mark.parametrize("way", ["items", "previous"])
async def test_a_loop_of_calls_over_documents(
    hubbub: Hubbub, client: openai.AsyncOpenAI, asker: Asker, way: str
) -> None:
    collection_id, document_id = await collection_of(hubbub, client, "Rules")
    tools: Any = [*searching(collection_id), WEATHER]
    asker.wanted = 3
    items: Any = [{"role": "user", "content": "How many days of leave?"}]
    response = await client.responses.create(model="asker", input=items, tools=tools)
    for number in (1, 2, 3):
        assert [item.type for item in response.output] == ["file_search_call", "message", "function_call"]
        assert response.output_text == "Let me see"
        called: Any = response.output[-1]
        output: Any = {"type": "function_call_output", "call_id": called.call_id, "output": f"{number} °C"}
        if way == "items":
            items += [*(item.to_dict() for item in response.output), output]
            response = await client.responses.create(model="asker", input=items, tools=tools)
        else:
            more: Any = {"previous_response_id": response.id}
            response = await client.responses.create(model="asker", input=[output], tools=tools, **more)
    assert response.output_text == "Thirty days [1]."
    message: Any = response.output[-1]
    assert message.content[0].annotations[0].file_id == document_id
    prompt = asker.heard[-1]
    assert [turn.role for turn in prompt] == ["system", "user", *["assistant", "tool"] * 3]
    assert "thirty days of leave" in prompt[1].text and "How many days of leave?" in prompt[1].text
    assert [turn.text for turn in prompt if turn.role == "tool"] == ["1 °C", "2 °C", "3 °C"]
    done = await client.responses.create(model="asker", input="In a year?", previous_response_id=response.id)
    assert done.output_text == "Thirty days [1]."
    assert [turn.role for turn in asker.heard[-1]] == ["user", *["assistant", "tool"] * 3, "assistant", "user"]


async def test_a_handoff_to_documents(hubbub: Hubbub, client: openai.AsyncOpenAI, asker: Asker) -> None:
    await collection_of(hubbub, client, "Rules")
    handed: Any = [
        {"role": "user", "content": "How many days of leave?"},
        {"type": "function_call", "call_id": "call_1", "name": "transfer_to_documents", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "call_1", "output": '{"assistant": "documents"}'},
    ]
    writer: Any = hubbub.services.catalog.get("writer")
    for model, role in ((asker, "tool"), (writer, "user")):
        response = await client.responses.create(model=f"{model.card.name}+search", input=handed)
        assert "[1]" in response.output_text
        assert [turn.role for turn in model.heard[-1]] == ["system", "user", "assistant", role]


async def test_one_that_calls_nothing_reads_of_calls_in_words(
    hubbub: Hubbub, client: openai.AsyncOpenAI, asker: Asker
) -> None:
    writer: Any = hubbub.services.catalog.get("writer")
    messages: Any = [
        {"role": "user", "content": "The weather?"},
        {"role": "assistant", "content": None, "tool_calls": [call(), call(id="call_2")]},
        {"role": "tool", "tool_call_id": "call_1", "content": "21 °C"},
        {"role": "tool", "tool_call_id": "call_2", "content": "rain"},
    ]
    await client.chat.completions.create(model="writer", messages=messages)
    assert [(turn.role, turn.text) for turn in writer.heard[-1]] == [
        ("user", "The weather?"),
        ("assistant", "[Called weather with {}]\n[Called weather with {}]"),
        ("user", "[weather returned: 21 °C]\n[weather returned: rain]"),
    ]


async def test_in_chat_completions(served: Wired) -> None:
    served.upstream.scripts.append(calling({"tool_calls": [{"index": 0, **call()}]}))
    body = question("How many days of leave?", model="big+search", tools=[NESTED])
    async with served.http.post("/v1/chat/completions", json=body) as response:
        said = (await response.json())["choices"][0]
    assert said["finish_reason"] == "tool_calls"
    body["messages"] += [said["message"], {"role": "tool", "tool_call_id": "call_1", "content": "rain"}]
    served.upstream.script = Script(tokens=["Thirty days [1]."])
    async with served.http.post("/v1/chat/completions", json=body) as response:
        assert (await response.json())["choices"][0]["message"]["content"] == "Thirty days [1]."
    asked = served.upstream.seen[-1].body
    assert [one["role"] for one in asked["messages"]] == ["system", "user", "assistant", "tool"]
    assert asked["tools"] == [NESTED]


async def test_citations_are_annotations(hubbub: Hubbub, client: openai.AsyncOpenAI) -> None:
    _, document_id = await collection_of(hubbub, client, "Rules")
    hello: Any = [{"role": "user", "content": "How many days of leave?"}]
    reply = await client.chat.completions.create(model="asker+search", messages=hello)
    message = reply.choices[0].message
    [noted] = message.annotations or ()
    assert (noted.type, noted.url_citation.title) == ("url_citation", "leave.txt")
    cited = (message.content or "")[noted.url_citation.start_index : noted.url_citation.end_index]
    assert cited == "[1]"
    assert noted.to_dict()["file_citation"] == {"index": 12, "file_id": document_id, "filename": "leave.txt"}
    program = await hubbub.guest()
    program.headers["Authorization"] = f"Bearer {client.api_key}"
    async with program.get(noted.url_citation.url) as response:
        assert "thirty days" in await response.text()
    stream = await client.chat.completions.create(model="asker+search", messages=hello, stream=True)
    chunks = [chunk async for chunk in stream]
    deltas: Any = [chunk.choices[0].delta for chunk in chunks]
    assert [one.annotations for one in deltas if getattr(one, "annotations", None)] == [[noted.to_dict()]]
