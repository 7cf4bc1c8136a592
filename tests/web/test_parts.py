"""The parts of a message: pictures where they stand, in results of tools, and files read as text."""

import base64
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest

from hubbub.app.application import RequestLimits
from tests.ingest.documents import pdf
from tests.servers.model_server import Script
from tests.web.openai_clients import client_of
from tests.web.openai_wire import PNG, Wired, call, image, told, wired

TEXTS = ["See", "these:"]
PDF = "data:application/pdf;base64," + base64.b64encode(pdf([["The wombat digs."], ["It sleeps by day."]])).decode()


@pytest.fixture
async def client(served: Wired) -> AsyncIterator[openai.AsyncOpenAI]:
    async with client_of(served.base_url, served.key) as client:
        yield client


def text(said: str) -> Any:
    return {"type": "text", "text": said}


ORDERS: list[list[Any]] = [
    [text("Before"), image(), text("after")],
    [image(), text("after")],
    [text("one"), text("two"), image()],
    [text("a\n"), image(), image(), text("\nb"), image()],
    [image()],
]


@pytest.mark.parametrize("parts", ORDERS, ids=lambda parts: "-".join(part["type"][:5] for part in parts))
async def test_pictures_stay_where_they_stand(client: openai.AsyncOpenAI, served: Wired, parts: list[Any]) -> None:
    wanted = [part for part in parts if part not in (text("one"), text("two"))]
    wanted = [text("one\ntwo"), *wanted] if len(wanted) < len(parts) else wanted
    await client.chat.completions.create(model="big", messages=[{"role": "user", "content": parts}])
    assert served.upstream.seen[-1].body["messages"][0]["content"] == wanted
    items: Any = [
        {"type": "input_text", "text": part["text"]}
        if part["type"] == "text"
        else {"type": "input_image", "image_url": PNG, "detail": "auto"}
        for part in parts
    ]
    first = await client.responses.create(model="big", input=[{"role": "user", "content": items}])
    assert served.upstream.seen[-1].body["messages"][0]["content"] == wanted
    await client.responses.create(model="big", input="And?", previous_response_id=first.id)
    assert served.upstream.seen[-1].body["messages"][0]["content"] == wanted, "and after they were stored"


async def test_how_closely_a_picture_is_looked_at(client: openai.AsyncOpenAI, served: Wired) -> None:
    looked: Any = {"type": "image_url", "image_url": {"url": PNG, "detail": "low"}}
    await client.chat.completions.create(model="big", messages=[{"role": "user", "content": [looked, image()]}])
    assert served.upstream.seen[-1].body["messages"][0]["content"] == [looked, image()]
    item: Any = {"type": "input_image", "image_url": PNG, "detail": "high"}
    await client.responses.create(model="big", input=[{"role": "user", "content": [item]}])
    assert served.upstream.seen[-1].body["messages"][0]["content"][0]["image_url"]["detail"] == "high"
    with pytest.raises(openai.BadRequestError, match="detail"):
        await client.responses.create(model="big", input=[{"role": "user", "content": [item | {"detail": "x"}]}])


async def test_a_picture_as_a_tools_result(client: openai.AsyncOpenAI, served: Wired) -> None:
    calls = [call(), call(id="call_2")]
    messages: Any = [
        {"role": "user", "content": "Look."},
        {"role": "assistant", "content": None, "tool_calls": calls},
        {"role": "tool", "tool_call_id": "call_1", "content": [text("A map."), image()]},
        {"role": "tool", "tool_call_id": "call_2", "content": "nothing"},
    ]
    await client.chat.completions.create(model="big", messages=messages)
    by_chat = served.upstream.seen[-1].body["messages"]
    assert [one["role"] for one in by_chat] == ["user", "assistant", "tool", "tool", "user"]
    assert (by_chat[2]["content"], by_chat[3]["content"]) == ("A map.", "nothing")
    assert by_chat[4]["content"] == [text("Of the call call_1:"), image()]
    items: Any = [
        {"role": "user", "content": "Look."},
        *({"type": "function_call", "call_id": one["id"], "name": "weather", "arguments": "{}"} for one in calls),
        {
            "type": "function_call_output",
            "call_id": "call_1",
            "output": [{"type": "input_text", "text": "A map."}, {"type": "input_image", "image_url": PNG}],
        },
        {"type": "function_call_output", "call_id": "call_2", "output": "nothing"},
    ]
    await client.responses.create(model="big", input=items)
    assert served.upstream.seen[-1].body["messages"][2:] == by_chat[2:]


async def test_a_file_is_read(client: openai.AsyncOpenAI, served: Wired) -> None:
    file: Any = {"type": "file", "file": {"filename": "wombat.pdf", "file_data": PDF}}
    await client.chat.completions.create(
        model="big", messages=[{"role": "user", "content": [text("What does it do?"), file, text("Be brief.")]}]
    )
    said = served.upstream.seen[-1].body["messages"][0]["content"]
    read = "File “wombat.pdf”:\n\n[Page 1]\n\nThe wombat digs.\n\n[Page 2]\n\nIt sleeps by day."
    assert said == f"What does it do?\n{read}\nBe brief."
    item: Any = {"type": "input_file", "filename": "wombat.pdf", "file_data": PDF}
    asked: Any = {"type": "input_text", "text": "What does it do?"}
    first = await client.responses.create(model="big", input=[{"role": "user", "content": [item, asked]}])
    assert "The wombat digs." in served.upstream.seen[-1].body["messages"][0]["content"]
    await client.responses.create(model="big", input="And at night?", previous_response_id=first.id)
    assert "The wombat digs." in served.upstream.seen[-1].body["messages"][0]["content"]


async def test_a_document_that_is_here_is_read(client: openai.AsyncOpenAI, served: Wired) -> None:
    async with served.http.get(f"/api/collections/{served.collection_id}/documents") as response:
        document_id = (await response.json())["documents"][0]["id"]
    item: Any = {"type": "input_file", "file_id": document_id}
    await client.responses.create(model="big", input=[{"role": "user", "content": [item]}])
    assert "thirty days of leave" in served.upstream.seen[-1].body["messages"][0]["content"]
    other = await served.hubbub.program("other")
    async with other.post(
        "/v1/responses", json={"model": "big", "input": [{"role": "user", "content": [item]}]}
    ) as response:
        assert (response.status, (await told(response))["param"]) == (400, "input[0].content[0]")


@pytest.mark.parametrize(
    "fields",
    [
        {"file_data": "data:application/pdf;base64,AAAA", "filename": "a.pdf"},
        {"file_data": "not base64!", "filename": "a.pdf"},
        {"file_url": "https://example.com/a.pdf"},
        {"file_id": "file-abc"},
        {"file_data": PNG.partition(",")[2], "filename": "a.png"},
        {},
    ],
)
async def test_a_file_that_can_not_be_read(served: Wired, fields: dict[str, Any]) -> None:
    message = {"role": "user", "content": [text("Read:"), {"type": "file", "file": fields}]}
    async with served.http.post("/v1/chat/completions", json={"model": "big", "messages": [message]}) as response:
        assert (response.status, (await told(response))["param"]) == (400, "messages[0].content[1]")


async def test_who_said_it(client: openai.AsyncOpenAI, served: Wired) -> None:
    messages: Any = [
        {"role": "user", "name": "ann", "content": "Hi"},
        {"role": "assistant", "name": "b", "content": "x"},
    ]
    await client.chat.completions.create(model="big", messages=[*messages, {"role": "user", "content": "So?"}])
    assert served.upstream.seen[-1].body["messages"][:2] == messages


async def test_a_large_photograph(tmp_path: Any) -> None:
    photo = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(15_000_000)).decode()
    async with wired(tmp_path, limits=RequestLimits(), script=Script()) as served:
        body = {"model": "big", "messages": [{"role": "user", "content": [text("What is it?"), image(photo)]}]}
        sent = io.BytesIO(json.dumps(body).encode())
        headers = {"Content-Type": "application/json"}
        async with served.http.post("/v1/chat/completions", data=sent, headers=headers) as response:
            assert response.status == 200
