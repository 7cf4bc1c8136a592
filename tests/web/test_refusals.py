"""A model's refusal stays a refusal: a channel of its own for programs, the answer's text for people."""

from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest
from pydantic import BaseModel

from tests.servers.model_server import Script, event
from tests.web.openai_clients import client_of
from tests.web.openai_wire import Wired

NO = "I can't help with that."
HELLO: Any = [{"role": "user", "content": "Hello"}]


class Form(BaseModel):
    """What an answer is to look like, and a refusal does not."""

    name: str


@pytest.fixture
async def client(served: Wired) -> AsyncIterator[openai.AsyncOpenAI]:
    pieces = [event(choices=[{"index": 0, "delta": {"refusal": text}}]) for text in (NO[:5], NO[5:])]
    ending = event(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}])
    served.upstream.script = Script(raw=[*pieces, ending, b"data: [DONE]\n\n"])
    async with client_of(served.base_url, served.key) as client:
        yield client


async def test_in_chat_completions(client: openai.AsyncOpenAI, served: Wired) -> None:
    reply = await client.chat.completions.parse(model="big", messages=HELLO, response_format=Form)
    message = reply.choices[0].message
    assert (message.content, message.refusal, message.parsed) == (None, NO, None)
    async with client.chat.completions.stream(model="big", messages=HELLO, response_format=Form) as stream:
        kinds = {event.type async for event in stream}
        final = await stream.get_final_completion()
    assert {"refusal.delta", "refusal.done"} <= kinds and "content.done" not in kinds
    assert final.choices[0].message.refusal == NO
    again: Any = [*HELLO, message.model_dump(), *HELLO]
    await client.chat.completions.create(model="big", messages=again)
    assert served.upstream.seen[-1].body["messages"][1] == {"role": "assistant", "content": NO}


async def test_in_responses(client: openai.AsyncOpenAI, served: Wired) -> None:
    response = await client.responses.parse(model="big", input="Hello", text_format=Form)
    said: Any = response.output[0]
    assert [(part.type, part.refusal) for part in said.content] == [("refusal", NO)]
    assert (response.output_text, response.output_parsed) == ("", None)
    async with client.responses.stream(model="big", input="Hello") as stream:
        kinds = [event.type async for event in stream]
        final: Any = await stream.get_final_response()
    assert kinds.count("response.refusal.delta") >= 1 and "response.refusal.done" in kinds
    assert final.output[0].content[0].refusal == NO
    for before in ({"input": [*HELLO, said.to_dict(), *HELLO]}, {"input": HELLO, "previous_response_id": response.id}):
        await client.responses.create(model="big", **before)  # type: ignore[call-overload]
        assert [one["content"] for one in served.upstream.seen[-1].body["messages"]] == ["Hello", NO, "Hello"]


async def test_people_read_it(client: openai.AsyncOpenAI, served: Wired) -> None:
    async with served.http.post("/api/questions", json={"text": "Hello", "model": "big"}) as response:
        asked = await response.json()
    async with served.http.get(f"/api/answers/{asked['answer']['id']}/events") as response:
        assert "declined" in await response.text()
    async with served.http.get(f"/api/answers/{asked['answer']['id']}") as response:
        answer = await response.json()
    assert (answer["text"], answer["declined_at"], answer["finish_reason"]) == (NO, 0, "refusal")
