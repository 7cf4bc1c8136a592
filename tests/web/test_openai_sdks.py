"""OpenAI's own SDKs in Python and JavaScript, unchanged, against a server on a real port."""

import asyncio
import json
import os
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import openai
import pytest

from hubbub.answers.admission import AdmissionControl, AdmissionLimits
from hubbub.answers.base import Fixed
from hubbub.models.scripted import ScriptedModel
from tests.servers.model_server import Script, event
from tests.web.application import hubbub_running
from tests.web.openai_clients import client_of
from tests.web.openai_wire import WEATHER, Wired, calling
from tools.build_web import machine_has_node, node_from_wheel

ROOT = Path(__file__).resolve().parents[2]
HELLO: Any = [{"role": "user", "content": "Hello"}]
ENDLESS = Script(tokens=["word "], endless=event("more "), seconds_between=0.01)
ODD = '\u2028\u2029\x85\x0b\x1c\x00 \\ " \r\n\n data: [DONE]\n\n\ufeff\u200b 😀 e\u0301 \U0010ffff'


@pytest.fixture
async def client(served: Wired) -> AsyncIterator[openai.AsyncOpenAI]:
    async with client_of(served.base_url, served.key) as client:
        yield client


def find_node() -> Path:
    if machine_has_node() and (found := shutil.which("node")) is not None:
        return Path(found)
    return node_from_wheel(ROOT) / "node"


def retries_of(error: openai.APIStatusError) -> int:
    return int(error.response.request.headers["x-stainless-retry-count"])


async def test_chat(client: openai.AsyncOpenAI) -> None:
    reply = await client.chat.completions.create(model="big", messages=HELLO)
    assert reply.choices[0].message.content == "Hello, wörld!"
    assert reply.choices[0].finish_reason == "stop"
    assert reply.usage is not None and reply.usage.total_tokens == 11
    assert (reply.model, reply.object, abs(reply.created - time.time()) < 60) == ("big", "chat.completion", True)
    assert reply._request_id == reply.id.replace("chatcmpl-", "req_")


async def test_stream(client: openai.AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(model="big", messages=HELLO, stream=True)
    chunks = [chunk async for chunk in stream]
    assert chunks[0].choices[0].delta.role == "assistant"
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "Hello, wörld!"
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert {chunk.id for chunk in chunks} == {chunks[0].id}
    assert not any(chunk.usage for chunk in chunks)


async def test_stream_with_usage(client: openai.AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(
        model="big", messages=HELLO, stream=True, stream_options={"include_usage": True}
    )
    *chunks, last = [chunk async for chunk in stream]
    assert last.choices == [] and last.usage is not None and last.usage.prompt_tokens == 7
    assert all(chunk.choices and chunk.usage is None for chunk in chunks)


async def test_the_sdks_own_reader_of_streams(client: openai.AsyncOpenAI, served: Wired) -> None:
    served.upstream.script = calling(
        {"content": "Let me look."},
        {"tool_calls": [{"index": 0, "id": "call_a", "function": {"name": "weather", "arguments": ""}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"city":"Oslo"}'}}]},
    )
    async with client.chat.completions.stream(model="big", messages=HELLO, tools=[WEATHER]) as stream:  # type: ignore[list-item]
        kinds = {event.type async for event in stream}
        final = await stream.get_final_completion()
    assert {"content.delta", "tool_calls.function.arguments.delta", "tool_calls.function.arguments.done"} <= kinds
    [called] = final.choices[0].message.tool_calls or ()
    assert (called.function.name, called.function.arguments) == ("weather", '{"city":"Oslo"}')
    assert final.choices[0].message.content == "Let me look."


async def test_text_of_any_kind(client: openai.AsyncOpenAI, served: Wired) -> None:
    served.upstream.script = Script(tokens=list(ODD), seconds_between=0.001)
    stream = await client.chat.completions.create(model="big", messages=[{"role": "user", "content": ODD}], stream=True)
    assert "".join([chunk.choices[0].delta.content or "" async for chunk in stream]) == ODD
    assert served.upstream.seen[-1].body["messages"][0]["content"] == ODD
    reply = await client.chat.completions.create(model="big", messages=HELLO)
    assert reply.choices[0].message.content == ODD


async def test_a_round_trip_of_tools(client: openai.AsyncOpenAI, served: Wired) -> None:
    served.upstream.scripts.extend(
        [
            calling(
                {"tool_calls": [{"index": 0, "id": "call_a", "function": {"name": "weather", "arguments": '{"ci'}}]},
                {"tool_calls": [{"index": 0, "function": {"arguments": 'ty":"Oslo"}'}}]},
                {"tool_calls": [{"index": 1, "id": "call_b", "function": {"name": "weather", "arguments": "{}"}}]},
            ),
            Script(tokens=["It ", "rains."]),
        ]
    )
    messages: list[Any] = [{"role": "user", "content": "What is the weather in Oslo?"}]
    tools: list[Any] = [WEATHER]
    first = await client.chat.completions.create(model="big", messages=messages, tools=tools, tool_choice="required")
    message = first.choices[0].message
    assert first.choices[0].finish_reason == "tool_calls"
    assert message.content is None
    messages.append(message)
    messages += [{"role": "tool", "tool_call_id": one.id, "content": "rain"} for one in message.tool_calls or ()]
    second = await client.chat.completions.create(model="big", messages=messages, tools=tools)
    assert second.choices[0].message.content == "It rains."
    sent = served.upstream.seen[-1].body
    assert sent["tools"] == [WEATHER] and served.upstream.seen[0].body["tool_choice"] == "required"
    assert [one["role"] for one in sent["messages"]] == ["user", "assistant", "tool", "tool"]
    assert [one["function"]["arguments"] for one in sent["messages"][1]["tool_calls"]] == ['{"city":"Oslo"}', "{}"]
    assert [one.get("tool_call_id") for one in sent["messages"][2:]] == ["call_a", "call_b"]


async def test_over_documents(client: openai.AsyncOpenAI, served: Wired) -> None:
    served.upstream.script = Script(tokens=["Thirty ", "[1]", "."])
    question: Any = [{"role": "user", "content": "How many days of leave?"}]
    reply = await client.chat.completions.create(model="big+staff + handbook", messages=question)
    extra = reply.model_extra or {}
    assert reply.choices[0].message.content == "Thirty [1]."
    assert extra["citations"] == ["leave.md"]
    assert extra["hubbub"]["hits"][0]["name"] == "leave.md"
    stream = await client.chat.completions.create(model="big+search", messages=question, stream=True)
    found = [
        chunk.model_extra["hubbub"] async for chunk in stream if chunk.model_extra and "hubbub" in chunk.model_extra
    ]
    assert found[0]["query"] == "How many days of leave?"


async def test_models(client: openai.AsyncOpenAI, served: Wired) -> None:
    names = [model.id async for model in client.models.list()]
    assert names[:4] == ["big", "plain", "big+search", "big+Staff + Handbook"]
    assert names[-1] == "topics-1"
    await served.hubbub.services.library.create("a/b?c#d%20é ", owner_id="operator", is_shared=True)
    names = [model.id async for model in client.models.list()]
    assert "big+a/b?c#d%20é" in names
    for name in names:
        assert (await client.models.retrieve(name)).id == name
    with pytest.raises(openai.NotFoundError):
        await client.models.retrieve("big+elsewhere")


async def test_errors(client: openai.AsyncOpenAI, served: Wired) -> None:
    again = client.with_options(max_retries=2)
    with pytest.raises(openai.BadRequestError) as bad:
        await again.chat.completions.create(model="big", messages=[])
    assert (bad.value.code, bad.value.param, bad.value.type) == ("invalid_value", "messages", "invalid_request_error")
    assert retries_of(bad.value) == 0
    with pytest.raises(openai.NotFoundError) as missing:
        await again.chat.completions.create(model="gpt-5", messages=HELLO)
    assert (missing.value.code, missing.value.param, retries_of(missing.value)) == ("model_not_found", "model", 0)
    assert missing.value.request_id is not None and "'big'" in missing.value.message
    with pytest.raises(openai.AuthenticationError) as unknown:
        await again.with_options(api_key="hb-nobody").models.list()
    assert (unknown.value.code, retries_of(unknown.value)) == ("invalid_api_key", 0)
    served.upstream.script = Script(status=401)
    with pytest.raises(openai.InternalServerError) as refused:
        await again.chat.completions.create(model="big", messages=HELLO, stream=True)
    assert (refused.value.status_code, retries_of(refused.value)) == (502, 0)
    served.upstream.script = Script(status=500)
    with pytest.raises(openai.InternalServerError) as broken:
        await again.with_options(max_retries=1).chat.completions.create(model="big", messages=HELLO)
    assert (broken.value.code, retries_of(broken.value)) == ("refused", 1)
    assert len(served.upstream.seen) == 3


async def test_an_error_in_the_middle_of_a_stream(client: openai.AsyncOpenAI, served: Wired) -> None:
    served.upstream.script = Script(reset_before="tokens", seconds_between=0.01)
    text = ""
    with pytest.raises(openai.APIError) as caught:
        async for chunk in await client.chat.completions.create(model="big", messages=HELLO, stream=True):
            text += chunk.choices[0].delta.content or ""
    assert text == "Hello, wörld!"
    assert (caught.value.code, caught.value.type) == ("broke_off", "server_error")


@pytest.mark.parametrize("kind", ["429", "503"])
async def test_who_is_refused_for_now_is_asked_again_by_itself(tmp_path: Path, kind: str) -> None:
    limits = (
        AdmissionLimits(running_per_person=1, waiting_per_person=0) if kind == "429" else AdmissionLimits(waiting=0)
    )
    slow = ScriptedModel(["one ", "two "], name="slow", seconds_between=0.4)
    async with hubbub_running(
        tmp_path, slow, control=AdmissionControl({"slow": Fixed(1)}, limits, chance=lambda: 0)
    ) as hubbub:
        program = await hubbub.program("program")
        key = program.headers["Authorization"].removeprefix("Bearer ") if kind == "429" else "sk-any"
        async with client_of(f"{hubbub.url}/v1", key) as client:
            await client.chat.completions.create(model="slow", messages=HELLO)  # how long one takes is known now
            first = asyncio.create_task(client.chat.completions.create(model="slow", messages=HELLO))
            while not slow.open_answers:
                await asyncio.sleep(0.005)
            with pytest.raises(openai.APIStatusError) as refused:
                await client.chat.completions.create(model="slow", messages=HELLO)
            assert str(refused.value.status_code) == kind
            assert refused.value.code == {"429": "rate_limit_exceeded", "503": "overloaded"}[kind]
            again = client.with_options(max_retries=2).chat.completions.with_raw_response
            reply = await again.create(model="slow", messages=HELLO)
            assert reply.retries_taken >= 1
            assert reply.parse().choices[0].message.content == "one two "
            assert (await first).choices[0].message.content == "one two "


async def test_time_outs_and_streams_that_are_closed_stop_the_answer(client: openai.AsyncOpenAI, served: Wired) -> None:
    served.upstream.script = Script(stall_before="first_token")
    with pytest.raises(openai.APITimeoutError):
        await client.with_options(timeout=1.0).chat.completions.create(model="big", messages=HELLO)
    await served.upstream.until(lambda server: server.seen[-1].client_left is not None)
    served.upstream.script = ENDLESS
    stream = await client.chat.completions.create(model="big", messages=HELLO, stream=True)
    async for chunk in stream:
        if chunk.choices[0].delta.content:
            break
    await stream.close()
    await served.upstream.until(lambda server: server.seen[-1].client_left is not None)
    await served.until_idle()


async def test_the_blocking_client(served: Wired) -> None:
    def ask() -> list[str]:
        with openai.OpenAI(base_url=served.base_url, api_key=served.key, max_retries=0) as client:
            reply = client.chat.completions.create(model="big", messages=HELLO)
            stream = client.chat.completions.create(model="big", messages=HELLO, stream=True)
            text = "".join(chunk.choices[0].delta.content or "" for chunk in stream)
            vector = client.embeddings.create(model="topics-1", input="a cat").data[0].embedding
            return [reply.choices[0].message.content or "", text, str(len(vector)), client.models.list().data[0].id]

    assert await asyncio.to_thread(ask) == ["Hello, wörld!", "Hello, wörld!", "4", "big"]


async def test_the_javascript_sdk(served: Wired) -> None:
    if not (ROOT / "frontend" / "node_modules" / "openai").exists():
        pytest.skip("needs the front end's packages, which `make test` installs")
    node = await asyncio.to_thread(find_node)
    served.upstream.scripts.extend([Script(), Script(), Script(), Script(tokens=["Thirty ", "[1]", "."]), ENDLESS])
    environment = os.environ | {
        "BASE_URL": served.base_url,
        "API_KEY": served.key,
        "COLLECTION": "big+Staff + Handbook",
        "FRONTEND": str(ROOT / "frontend"),
    }
    script = Path(__file__).parent / "clients" / "openai.mjs"
    pipes = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.PIPE}
    process = await asyncio.create_subprocess_exec(node, script, env=environment, **pipes)
    try:
        async with asyncio.timeout(60):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0, err.decode()
    said = json.loads(out)
    assert said["chat"]["choices"][0]["message"]["content"] == "Hello, wörld!"
    assert said["requestId"] == said["chat"]["id"].replace("chatcmpl-", "req_")
    *chunks, last = said["chunks"]
    assert "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks) == "Hello, wörld!"
    assert last["usage"]["total_tokens"] == 11
    assert "".join(said["pieces"]) == said["final"] == "Hello, wörld!"
    assert said["grounded"]["choices"][0]["message"]["content"] == "Thirty [1]."
    assert said["grounded"]["hubbub"]["hits"][0]["name"] == said["grounded"]["citations"][0] == "leave.md"
    assert said["models"][:4] == ["big", "plain", "big+search", "big+Staff + Handbook"]
    assert said["one"] == "big+Staff + Handbook"
    cat, bank = said["embeddings"]
    assert (len(cat), cat[0] > 0.9, bank[1] > 0.9) == (4, True, True)
    assert cat == pytest.approx(said["floats"])
    told = [(error["name"], error["status"], error["code"], error["param"]) for error in said["errors"]]
    assert told == [
        ("NotFoundError", 404, "model_not_found", "model"),
        ("BadRequestError", 400, "invalid_value", "messages"),
        ("BadRequestError", 400, "invalid_value", "tools"),
    ]
    assert all(error["requestID"].startswith("req_") for error in said["errors"])
    assert said["heard"] >= 3
    await served.upstream.until(lambda server: server.seen[-1].client_left is not None)
    await served.until_idle()
