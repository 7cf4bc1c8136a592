"""Chat completions over HTTP: what is passed on, what is told, and how each bad input is refused."""

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hubbub.answers.admission import AdmissionControl, AdmissionLimits
from hubbub.answers.base import Fixed
from hubbub.core.people import OPERATOR_ID
from hubbub.models.scripted import ScriptedModel
from tests.servers.model_server import Script, event
from tests.web.application import hubbub_running
from tests.web.openai_wire import LEAVE, WEATHER, Wired, call, calling, collection, image, message, question, told

PATH = "/v1/chat/completions"
SYSTEM, USER = {"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}


async def complete(http: aiohttp.ClientSession, body: dict[str, Any]) -> dict[str, Any]:
    async with http.post(PATH, json=body) as response:
        assert response.status == 200, await response.text()
        return await response.json()


async def chunks(http: aiohttp.ClientSession, body: dict[str, Any]) -> list[dict[str, Any]]:
    async with http.post(PATH, json={**body, "stream": True}) as response:
        assert response.status == 200, await response.text()
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        events = [line[6:] async for line in response.content if line.startswith(b"data: ")]
    return [json.loads(one) for one in events if one.strip() != b"[DONE]"]


async def test_all_that_can_be_wished_for_is_passed_on(served: Wired) -> None:
    wishes = {
        **{"temperature": 0.5, "top_p": 0.9, "presence_penalty": 1, "frequency_penalty": -1, "seed": 7},
        **{"reasoning_effort": "low", "response_format": {"type": "json_object"}, "parallel_tool_calls": False},
        **{"service_tier": "auto", "top_k": 5, "chat_template_kwargs": {"enable_thinking": False}},
        "tools": [WEATHER],
        "tool_choice": {"type": "function", "function": {"name": "weather"}},
    }
    ignored = {
        **{"user": "me", "metadata": {"a": "b"}, "store": True, "logit_bias": {}},
        **{"logprobs": False, "functions": [], "n": 1, "modalities": ["text"], "stream_options": None},
    }
    messages = [
        {"role": "developer", "content": "Be brief."},
        message({"type": "text", "text": "What is"}, {"type": "input_text", "text": "this?"}, image(), name="ann"),
        {"role": "assistant", "content": None, "tool_calls": [call()]},
        {"role": "tool", "content": [{"type": "text", "text": "Rain"}], "tool_call_id": "call_1"},
        {"role": "assistant", "content": "It rains, as "},
    ]
    body = {"model": "big", "messages": messages, "max_tokens": 2, "stop": "\n", **wishes, **ignored}
    reply = await complete(served.http, body)
    assert reply["choices"][0]["message"]["content"] == "Hello, "
    assert reply["choices"][0]["finish_reason"] == "length"
    sent = served.upstream.seen[0].body
    assert {name: sent.get(name) for name in wishes} == wishes
    assert (sent["max_tokens"], sent["stop"]) == (2, ["\n"])
    assert not set(ignored) - {"stream_options"} & set(sent)
    assert sent["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "What is\nthis?"}, image()], "name": "ann"},
        {"role": "assistant", "content": "", "tool_calls": [call()]},
        {"role": "tool", "content": "Rain", "tool_call_id": "call_1"},
        {"role": "assistant", "content": "It rains, as "},
    ]
    await complete(served.http, question(max_tokens=9, max_completion_tokens=1, stop=["a", "b"], tool_choice="auto"))
    sent = served.upstream.seen[1].body
    assert (sent["max_tokens"], sent["stop"]) == (1, ["a", "b"])
    assert not {"tools", "tool_choice", "temperature"} & set(sent)
    await complete(served.http, question(model="plain", tools=[WEATHER], tool_choice="none"))


async def test_a_reply_and_its_headers(served: Wired) -> None:
    async with served.http.post(PATH, json=question()) as response:
        reply = await response.json()
        answer_id = reply["id"].removeprefix("chatcmpl-")
        assert response.headers["x-request-id"] == f"req_{answer_id}"
        assert response.headers["x-ratelimit-limit-requests"] == "40"
        assert response.headers["x-ratelimit-remaining-requests"] == "39"
    assert reply["choices"][0]["message"] == {"role": "assistant", "content": "Hello, wörld!", "refusal": None}
    assert reply["usage"]["prompt_tokens"] == 7 and reply["usage"]["total_tokens"] == 11
    async with served.http.get(f"/api/answers/{answer_id}") as response:
        assert (await response.json())["text"] == "Hello, wörld!"
    guest = await served.hubbub.guest()
    async with guest.post(PATH, json=question(stream=True)) as response:
        assert "x-ratelimit-limit-requests" not in response.headers
        answer_id = response.headers["x-request-id"].removeprefix("req_")
        assert f"chatcmpl-{answer_id}".encode() in await response.read()
    async with served.http.get(f"/api/answers/{answer_id}") as response:
        assert response.status == 404, "somebody else's"


async def test_over_documents(served: Wired) -> None:
    served.upstream.script = Script(tokens=["Thirty ", "days ", "[1]", ". Next: <<How", " much pay?>>"])
    body = question("How many days of leave?", model="BIG+x")
    async with served.http.post(PATH, json=body) as response:
        assert response.status == 404
    for name in ("big+search", "big+staff + handbook", f"big+{served.collection_id}", "search", "+Staff + Handbook"):
        messages = [SYSTEM, *({"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}), USER]
        reply = await complete(served.http, question("How many days of leave?", model=name))
        assert reply["model"] == name
        text = reply["choices"][0]["message"]["content"]
        assert text.startswith("Thirty days [1]"), text
        assert reply["citations"] == ["leave.md"]
        found = reply["hubbub"]
        assert found["query"] == "How many days of leave?"
        assert found["hits"][0]["name"] == "leave.md" and "thirty days" in found["hits"][0]["text"]
        assert found["citations"][0]["marker"] == 1
        parts = await chunks(served.http, question("How many days of leave?", model=name))
        told_in_stream = [part["hubbub"] for part in parts if "hubbub" in part]
        assert told_in_stream[0] == {"query": found["query"], "hits": found["hits"]}
        assert told_in_stream[1] == {"citations": found["citations"]}
        assert "".join(part["choices"][0]["delta"].get("content", "") for part in parts) == text
    served.upstream.seen.clear()
    messages = [SYSTEM, USER, {"role": "assistant", "content": "Hello"}, {"role": "user", "content": "Days of leave?"}]
    await complete(served.http, {"model": "big+search", "messages": messages, "temperature": 1})
    query, answer = (seen.body["messages"] for seen in served.upstream.seen)
    assert "Hello" in query[-1]["content"]
    assert answer[0]["content"].find("Be brief.") > 100, "after our own instructions"
    assert [one["content"] for one in answer[1:3]] == ["Hello", "Hello"]
    assert "thirty days" in answer[3]["content"] and "Days of leave?" in answer[3]["content"]
    assert served.upstream.seen[1].body["temperature"] == 1


async def test_quotes_where_a_model_can_not_be_trusted(served: Wired) -> None:
    for name in ("plain+search", "plain+Staff + Handbook"):
        reply = await complete(served.http, question("How many days of leave?", model=name))
        assert "thirty days of leave" in reply["choices"][0]["message"]["content"]
        assert reply["usage"]["total_tokens"] == 0
        assert reply["citations"] == ["leave.md"]
    reply = await complete(served.http, question("zzzz?", model="plain+search"))
    assert reply["choices"][0]["finish_reason"] == "stop"
    assert reply["hubbub"]["hits"] == [] and "citations" not in reply
    assert not served.upstream.seen


async def test_other_peoples_collections_have_no_names(served: Wired) -> None:
    hubbub = served.hubbub
    bob = await hubbub.program("bob")
    own = await collection(hubbub, bob, "Bob's", b"# Secret\n\nThe secret word is plover.\n")
    shared = await hubbub.services.library.create("Shared", owner_id=OPERATOR_ID, is_shared=True)
    for http in (served.http, await hubbub.guest()):
        async with http.get("/v1/models") as response:
            names = [one["id"] for one in (await response.json())["data"]]
        assert "big+Shared" in names and "big+Bob's" not in names
        for name in ("big+Bob's", f"big+{own}", "+bob's", f"+{own}"):
            for method, path in (("POST", PATH), ("GET", f"/v1/models/{name}")):
                body = {"json": question("secret", model=name)} if method == "POST" else {}
                async with http.request(method, path, **body) as response:
                    error = await told(response)
                    assert (response.status, error["code"]) == (404, "model_not_found"), name
                    assert "Bob" not in error["message"].replace(repr(name), "")
        reply = await complete(http, question("What is the secret word?", model="plain+search"))
        assert "plover" not in json.dumps(reply)
    reply = await complete(bob, question("What is the secret word?", model="plain+bob's"))
    assert "plover" in reply["choices"][0]["message"]["content"]
    assert {hit["collection_id"] for hit in reply["hubbub"]["hits"]} == {own}
    assert shared.id not in json.dumps(reply)


FAILING: dict[str, tuple[Script, int, str, str, dict[str, str | None]]] = {
    # what happens upstream: status, type and code, and headers
    "context": (
        Script(status=400, body=b'{"error":{"message":"x","code":"context_length_exceeded"}}'),
        *(400, "invalid_request_error", "context_length_exceeded", {"retry-after": None, "x-should-retry": None}),
    ),
    "bad wish": (
        Script(status=400, body=b'{"error":{"message":"top_p is bad"}}'),
        *(400, "invalid_request_error", "invalid_request", {"x-should-retry": None}),
    ),
    "wrong key": (Script(status=401), 502, "server_error", "refused", {"x-should-retry": "false"}),
    "busy": (
        Script(status=429, headers={"Retry-After": "17"}),
        *(429, "requests", "rate_limit_exceeded", {"x-should-retry": None, "retry-after": "17"}),
    ),
    "broken": (Script(status=500), 502, "server_error", "refused", {"x-should-retry": None}),
    "reset": (Script(reset_before="first_token"), 502, "server_error", "broke_off", {"x-should-retry": None}),
    "nonsense": (Script(raw=[b"data: {]\n\n"]), 502, "server_error", "bad_answer", {}),
}  # fmt: skip


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("how", FAILING)
async def test_what_fails_before_the_first_byte_has_a_status(served: Wired, how: str, stream: bool) -> None:
    served.upstream.script, status, kind, code, headers = FAILING[how]
    async with served.http.post(PATH, json=question(stream=stream)) as response:
        error = await told(response)
        assert (response.status, error["type"], error["code"]) == (status, kind, code)
        assert {name: response.headers.get(name) for name in headers} == headers


async def test_what_fails_in_the_middle_ends_the_stream(served: Wired) -> None:
    served.upstream.script = Script(reset_before="tokens", seconds_between=0.01)
    parts = await chunks(served.http, question(stream_options={"include_usage": True}))
    assert "".join(part["choices"][0]["delta"].get("content", "") for part in parts[:-1]) == "Hello, wörld!"
    assert set(parts[-1]) == {"error"}
    assert (parts[-1]["error"]["type"], parts[-1]["error"]["code"]) == ("server_error", "broke_off")
    async with served.http.post(PATH, json=question()) as response:
        assert (response.status, (await told(response))["code"]) == (502, "broke_off")


async def test_a_filter_is_a_finish_reason(served: Wired) -> None:
    served.upstream.script = Script(status=400, body=b'{"error":{"message":"filtered","code":"content_filter"}}')
    reply = await complete(served.http, question())
    assert (reply["choices"][0]["finish_reason"], reply["choices"][0]["message"]["content"]) == ("content_filter", "")
    served.upstream.script = Script(tokens=["So "], finish_reason="content_filter")
    parts = await chunks(served.http, question())
    assert parts[-1]["choices"][0]["finish_reason"] == "content_filter"


async def test_thoughts_and_calls_come_through(served: Wired) -> None:
    script = calling(
        {"reasoning_content": "Two cities"},
        {"content": "Let me look."},
        {"tool_calls": [{"index": 0, "id": "call_a", "function": {"name": "weather", "arguments": ""}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"city":'}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '"Oslo"}'}}]},
        {"tool_calls": [{"index": 1, "id": "call_b", "function": {"name": "weather", "arguments": "{}"}}]},
    )
    served.upstream.script = script
    [choice] = (await complete(served.http, question(tools=[WEATHER])))["choices"]
    assert choice["message"]["reasoning_content"] == "Two cities"
    assert [one["function"]["arguments"] for one in choice["message"]["tool_calls"]] == ['{"city":"Oslo"}', "{}"]
    assert choice["finish_reason"] == "tool_calls"
    deltas = [part["choices"][0]["delta"] for part in await chunks(served.http, question(tools=[WEATHER]))]
    calls = [piece for delta in deltas for piece in delta.get("tool_calls", ())]
    assert [piece.get("id") for piece in calls if piece.get("id")] == ["call_a", "call_b"]
    assert "".join(piece["function"]["arguments"] for piece in calls if piece["index"] == 0) == '{"city":"Oslo"}'


@pytest.mark.parametrize("stream", [False, True])
async def test_who_leaves_stops_the_answer_upstream(served: Wired, stream: bool) -> None:
    for script in (
        Script(tokens=["word "], endless=event("more "), seconds_between=0.01),
        Script(stall_before="first_token"),
    ):
        served.upstream.script = script
        seen = len(served.upstream.seen)
        asking = asyncio.create_task(served.http.post(PATH, json=question(stream=stream)).__aenter__())
        await served.upstream.until(lambda server, seen=seen: len(server.seen) > seen)
        if stream and script.endless:
            response = await asking
            await response.content.readany()
            response.close()
        else:
            asking.cancel()
        await served.upstream.until(lambda server: server.seen[-1].client_left is not None)
        await served.until_idle()
    results = [kept.result for kept in served.hubbub.answers.shared.answers.values()]
    assert [(result.state, result.stop_reason) for result in results if result] == [("stopped", "unwatched")] * 2


async def test_a_stream_that_is_read_is_never_taken_for_an_unwatched_one(served: Wired) -> None:
    served.upstream.script = Script(tokens=["a ", "b ", "c "], seconds_before_first=0.3, seconds_between=0.1)

    async def one() -> str:
        parts = await chunks(served.http, question())
        return "".join(part["choices"][0]["delta"].get("content", "") for part in parts)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one()) for _ in range(30)]
    assert {task.result() for task in tasks} == {"a b c "}


async def test_limits_are_told_and_come_with_a_time(tmp_path: Path) -> None:
    control = AdmissionControl(
        {"silent": Fixed(1)}, AdmissionLimits(running_per_person=1, waiting_per_person=1, waiting_per_model=2)
    )
    silent = ScriptedModel(name="silent", seconds_before_first=60)
    async with hubbub_running(tmp_path, silent, control=control) as hubbub:
        ann = await hubbub.program("ann")
        body = question(model="silent", stream=True)
        asking = [asyncio.create_task(ann.post(PATH, json=body).__aenter__()) for _ in range(2)]
        while hubbub.services.runner.open_count < 2:
            await asyncio.sleep(0.005)
        async with ann.post(PATH, json=body) as response:
            error = await told(response)
            assert (response.status, error["type"], error["code"]) == (429, "requests", "rate_limit_exceeded")
            assert int(response.headers["retry-after"]) >= 1
            assert response.headers["x-ratelimit-remaining-requests"] == "0"
            assert response.headers["x-ratelimit-reset-requests"] == f"{response.headers['retry-after']}s"
        bob = await hubbub.program("bob")
        asking.append(asyncio.create_task(bob.post(PATH, json=body).__aenter__()))
        while hubbub.services.runner.open_count < 3:
            await asyncio.sleep(0.005)
        async with (await hubbub.guest()).post(PATH, json=body) as response:
            error = await told(response)
            assert (response.status, error["type"], error["code"]) == (503, "server_error", "overloaded")
            assert int(response.headers["retry-after"]) >= 1
        for task in asking:
            task.cancel()


async def test_a_question_beside_bursts_of_titles_and_tags(served: Wired) -> None:
    """Programs ask for a title, tags and follow-ups all at once beside each question: all are answered."""
    served.upstream.script = Script(tokens=["one ", "two "], seconds_before_first=0.05)

    async def one(person: aiohttp.ClientSession, text: str, **more: Any) -> float:
        clock = asyncio.get_running_loop().time
        began = clock()
        if more.get("stream"):
            assert len(await chunks(person, question(text))) >= 3
        else:
            reply = await complete(person, question(text, **more))
            assert reply["choices"][0]["message"]["content"] == "one two "
        return clock() - began

    people = [await served.hubbub.program(f"program {number}") for number in range(10)]
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(one(person, text, **more))
            for person in people
            for text, more in (
                ("The question", {"stream": True}),
                ("A title", {"max_tokens": 30}),
                ("Tags", {"response_format": {"type": "json_object"}}),
                ("Follow-ups", {"temperature": 1}),
            )
        ]
    assert max(task.result() for task in tasks) < 5
    await served.until_idle()
    assert len(served.upstream.seen) == 40
    assert LEAVE not in b"".join(json.dumps(seen.body).encode() for seen in served.upstream.seen)


class Buggy(ScriptedModel):
    """Fails as nothing should."""

    async def complete(self, *args: Any) -> Any:
        raise ZeroDivisionError("the secret of what is inside")


@pytest.mark.expects_errors
async def test_bugs_tell_nothing_of_the_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with hubbub_running(tmp_path, Buggy(name="buggy")) as hubbub:
        http = await hubbub.guest()
        for stream in (False, True):
            async with http.post(PATH, json=question(model="buggy", stream=stream)) as response:
                error = await told(response)
                assert (response.status, error["type"], error["code"]) == (500, "server_error", "internal")
                assert "secret" not in error["message"]

        async def fail(**_: object) -> None:
            raise ZeroDivisionError("the secret of what is inside")

        monkeypatch.setattr(hubbub.services.library, "named_collections", fail)
        async with http.get("/v1/models") as response:
            error = await told(response)
            assert (response.status, error["code"]) == (500, "internal")
            assert "secret" not in error["message"]
            assert response.headers.get("x-should-retry") is None
