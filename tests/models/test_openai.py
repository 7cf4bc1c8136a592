"""The OpenAI wire: the contract, what is sent, and an error of its own for each way a server can fail."""

import asyncio
import json
import time
import tracemalloc
from collections.abc import Callable
from contextlib import suppress

import pytest
from msgspec.structs import replace

from hubbub.connections.http import Http
from hubbub.core.errors import ModelError
from hubbub.core.events import Declined, Reasoning, ToolCall
from hubbub.core.messages import Call, Turn
from hubbub.core.questions import Generation
from hubbub.models.address import ApiKey, Secret, azure_address, compatible_address
from hubbub.models.base import Completion, Limits, ModelCard
from hubbub.models.openai import OpenAiModel
from hubbub.models.pace import Asked, Pace
from hubbub.testing.models import QUESTION, FailingModelContract, Heard, ModelContract, ask
from tests.servers.model_server import ModelServer, Script, event

CARD = ModelCard("m", "test", 8192, can_ground=True)
SHORT = Limits(
    connect_seconds=1,
    first_token_seconds=0.5,
    silence_seconds=0.3,
    thinking_seconds=0.6,
    total_seconds=1.0,
    event_bytes=10_000,
    answer_bytes=100_000,
)
KEY = "sk-canary-0123456789"
ENDS_SECONDS = 10.0
"""A second at most, and what a busy machine adds. What is not cut goes on for a minute, or for ever."""


def model_at(server: ModelServer, http: Http, limits: Limits = SHORT, key: str = KEY) -> OpenAiModel:
    return OpenAiModel(compatible_address(server.base_url, "scripted", Secret(key)), CARD, http, limits)


class TestOpenAiModel(ModelContract, FailingModelContract):
    @pytest.fixture
    def model(self, server: ModelServer, http: Http) -> OpenAiModel:
        server.script = Script(tokens=[f"{number} " for number in range(60)], seconds_between=0.001)
        return model_at(server, http, Limits())

    @pytest.fixture
    def failing_model(self, server: ModelServer, http: Http) -> OpenAiModel:
        server.script = Script(tokens=["one "], seconds_between=0.05, reset_before="tokens")
        return model_at(server, http)


async def test_the_request_is_what_the_server_understands(server: ModelServer, http: Http) -> None:
    heard, completion = await ask(model_at(server, http), max_tokens=None)
    assert "".join(heard) == "Hello, wörld!"
    assert completion == Completion("stop", 7, 4)
    (seen,) = server.seen
    assert seen.headers["authorization"] == f"Bearer {KEY}"
    assert seen.body == {
        "model": "scripted",
        "messages": [{"role": turn.role, "content": turn.text} for turn in QUESTION],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


async def test_azure_is_the_same_wire_with_its_own_header_and_word_for_the_length(
    server: ModelServer, http: Http
) -> None:
    address = azure_address(server.base_url.removesuffix("/v1") + "/", "chat", ApiKey(Secret(KEY), "api-key"))
    assert address.base_url.endswith(f":{server.port}/openai/v1")
    await OpenAiModel(address, CARD, http, SHORT).complete(QUESTION, Heard(), Generation(max_tokens=5, temperature=0.5))
    (seen,) = server.seen
    assert seen.headers["api-key"] == KEY
    assert "authorization" not in seen.headers
    assert (seen.body["model"], seen.body["max_completion_tokens"], seen.body["temperature"]) == ("chat", 5, 0.5)


def error_body(message: str, **further: object) -> bytes:
    return json.dumps({"error": {"message": message, **further}}).encode()


TOKENS = Script(tokens=["one "], seconds_between=0.01)
FAULTS: dict[str, tuple[Script, str, bool, str]] = {
    # name: (script, code, may be tried again, words of the message)
    "wrong key": (Script(status=401, body=error_body(f"Incorrect key {KEY}")), "refused", False, "Check the API key"),
    "wrong model": (Script(status=404, body=error_body("no such model")), "refused", False, "no such model"),
    "busy": (Script(status=429, body=b""), "model_busy", True, "at its limit"),
    "down, HTML": (
        Script(status=503, body=b"<html>no</html>", headers={"Content-Type": "text/html"}),
        "refused",
        True,
        "status 503. Try again",
    ),
    "overloaded": (Script(status=529, body=b"overloaded"), "refused", True, "overloaded"),
    "detail": (Script(status=422, body=b'{"detail":"bad field"}'), "not_accepted", False, "bad field"),
    "redirect": (Script(status=307, headers={"Location": "http://127.0.0.1:1/"}), "refused", False, "status 307"),
    "prompt too long (OpenAI)": (
        Script(status=400, body=error_body("x", code="context_length_exceeded")),
        "context_too_long",
        False,
        "Start a new chat",
    ),
    "prompt too long (llama.cpp)": (
        Script(status=400, body=error_body("x", code=400, type="exceed_context_size_error")),
        "context_too_long",
        False,
        "too long",
    ),
    "prompt too long (vLLM)": (
        Script(status=400, body=b'{"object":"error","message":"This model\'s maximum context length is 9","code":400}'),
        "context_too_long",
        False,
        "maximum context length",
    ),
    "reset before headers": (Script(reset_before="headers"), "broke_off", True, "broke off"),
    "reset before the first token": (Script(reset_before="first_token"), "broke_off", True, "broke off"),
    "reset in mid-stream": (
        Script(tokens=["one "], seconds_between=0.05, reset_before="tokens"),
        "broke_off",
        True,
        "broke off",
    ),
    "ended without a reason": (Script(tokens=["one "], ends_early=True), "broke_off", True, "connection ended"),
    "nothing at all": (Script(raw=[]), "broke_off", True, "connection ended"),
    "accepts and says nothing": (Script(stall_before="headers"), "too_long", True, "did not begin"),
    "headers and nothing more": (Script(stall_before="first_token"), "too_long", True, "did not begin"),
    "stalls in mid-stream": (Script(tokens=["one "], stall_before="tokens"), "silent", True, "fell silent"),
    "trickles comments before the first token": (
        Script(tokens=[], endless=b": ping\n\n", seconds_between=0.02),
        "too_long",
        True,
        "did not begin",
    ),
    "trickles comments in mid-stream": (
        Script(tokens=["one "], endless=b": ping\n\n", seconds_between=0.02),
        "silent",
        True,
        "fell silent",
    ),
    "trickles bytes": (Script(tokens=["one "], endless=b"d", seconds_between=0.02), "silent", True, "fell silent"),
    "trickles tokens for ever": (
        Script(tokens=["one "], endless=event("x"), seconds_between=0.02),
        "too_long",
        True,
        "did not finish",
    ),
    "endless line": (Script(tokens=["one "], endless=b"x" * 5000), "too_large", True, "a single piece"),
    "endless calls of tools": (
        Script(tokens=["one "], endless=event(choices=[{"delta": {"tool_calls": [{"index": 0}]}}]) * 50),
        "too_large",
        False,
        "the answer",
    ),
    "endless, whole": (
        Script(wire=b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{", endless=b" " * 5000),
        "too_large",
        False,
        "the answer",
    ),
    "endless head": (
        Script(wire=b"HTTP/1.1 200 OK\r\nX: ", endless=b"x" * 5000),
        "broke_off",
        True,
        "its head is over",
    ),
    "another protocol": (
        Script(wire=b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n"),
        "broke_off",
        True,
        "does not answer in HTTP",
    ),
    "endless event": (Script(tokens=["one "], endless=b"data: x\n" * 1000), "too_large", True, "a single piece"),
    "endless answer": (Script(tokens=["one "], endless=event("x" * 5000)), "too_large", False, "the answer"),
    "bad JSON": (Script(raw=[b"data: {nonsense\n\n"]), "bad_answer", True, "not a chat completion"),
    "bad JSON in mid-stream": (
        Script(raw=[event("one "), b"data: {nonsense\n\n"]),
        "broke_off",
        True,
        "connection ended",
    ),
    "a million brackets": (Script(raw=[b"data: " + b"[" * 9000 + b"\n\n"]), "bad_answer", True, "not a chat"),
    "JSON of another kind": (Script(raw=[b'data: {"choices": "none"}\n\n']), "bad_answer", True, "not a chat"),
    "a web page": (
        Script(raw=[b"<html></html>"], headers={"Content-Type": "text/html; charset=utf-8"}),
        "bad_answer",
        True,
        "Check the base URL",
    ),
    "JSON that is no completion": (Script(body=b'{"hello": 1}'), "bad_answer", True, "Check the base URL"),
    "error in a 200 stream": (
        Script(raw=[event("one "), event(error={"message": "GPU on fire"})]),
        "refused",
        True,
        "GPU on fire",
    ),
    "error text in a 200 stream": (Script(raw=[event(error="GPU on fire")]), "refused", True, "GPU on fire"),
    "vLLM's error in a 200 stream": (
        Script(raw=[b'data: {"object":"error","message":"GPU on fire"}\n\n']),
        "refused",
        True,
        "GPU on fire",
    ),
    "error in a 200 body": (Script(body=error_body("GPU on fire")), "refused", True, "GPU on fire"),
}


def is_quiet(server: ModelServer) -> bool:
    return server.open_requests == 0


@pytest.mark.parametrize(("script", "code", "is_retryable", "words"), FAULTS.values(), ids=FAULTS)
async def test_each_fault_has_its_error(
    server: ModelServer, http: Http, script: Script, code: str, is_retryable: bool, words: str
) -> None:
    server.script = script
    heard = Heard()
    began = time.monotonic()
    with pytest.raises(ModelError) as caught:
        await model_at(server, http).complete(QUESTION, heard)
    error = caught.value
    assert (error.code, error.retryable) == (code, is_retryable)
    assert words in str(error)
    assert f"127.0.0.1:{server.port}" in error.detail
    assert f"127.0.0.1:{server.port}" not in error.message
    assert KEY not in str(error)
    assert time.monotonic() - began < ENDS_SECONDS  # a server that trickles defeats no limit
    if script.tokens == ["one "] and code != "too_large":
        assert "".join(heard).startswith("one ")  # what was said stands
    await server.until(is_quiet)


async def test_a_busy_server_says_when_to_come_back(server: ModelServer, http: Http) -> None:
    server.script = Script(status=429, headers={"Retry-After": "7"}, body=b"{}")
    with pytest.raises(ModelError) as caught:
        await ask(model_at(server, http))
    assert caught.value.retry_after_seconds == 7


STALLED = b"HTTP/1.1 %d No\r\nRetry-After: 7\r\nContent-Length: 100\r\n\r\n{"


async def test_the_words_of_a_busy_server_are_not_waited_for(server: ModelServer, http: Http) -> None:
    server.script = Script(wire=STALLED % 429, stall_before="tokens")
    model = model_at(server, http, Limits())
    async with asyncio.timeout(10):
        with pytest.raises(ModelError) as caught:
            await ask(model)
    assert (caught.value.code, caught.value.retry_after_seconds) == ("model_busy", 7)
    assert model.pace.opens_in_seconds > 6
    await server.until(is_quiet)


async def test_whose_fault_it_is_nobody_knows_where_the_words_of_a_refusal_break_off(
    server: ModelServer, http: Http
) -> None:
    told: list[bool] = []
    for script in (Script(wire=STALLED % 400), Script(status=400, body=b"{}")):
        server.script = script
        with pytest.raises(ModelError, match="status 400") as caught:
            await ask(model_at(server, http))
        told.append(caught.value.is_of_deployment)
    assert told == [True, False]


async def test_what_came_before_an_event_that_is_too_large_stands(server: ModelServer, http: Http) -> None:
    heard = Heard()
    server.script = Script(raw=[event("one ") + b"data: " + b"x" * 20_000])
    with pytest.raises(ModelError, match="a single piece"):
        await model_at(server, http).complete(QUESTION, heard)
    assert heard == ["one "]


async def test_nobody_there(http: Http) -> None:
    async with ModelServer() as server:
        pass
    with pytest.raises(ModelError, match="can't be reached") as caught:
        await ask(model_at(server, http))
    assert caught.value.code == "unreachable"


ENDINGS: dict[str, tuple[Script, str, Completion]] = {
    "no [DONE]": (Script(has_done=False, has_usage=False), "Hello, wörld!", Completion("stop")),
    "only [DONE]": (Script(finish_reason=None), "Hello, wörld!", Completion("stop", 7, 4)),
    "reset after the finish reason": (
        Script(
            raw=[event("a"), event(choices=[{"delta": {}, "finish_reason": "length"}])],
            seconds_between=0.05,
            reset_before="tokens",
        ),
        "a",
        Completion("length"),
    ),
    "silence after the finish reason": (
        Script(raw=[event("a"), event(choices=[{"delta": {}, "finish_reason": "stop"}])], stall_before="tokens"),
        "a",
        Completion("stop"),
    ),
    "content filter": (Script(tokens=["a"], finish_reason="content_filter"), "a", Completion("content_filter", 7, 1)),
    "prompt filtered (Azure)": (
        Script(status=400, body=error_body("filtered", code="content_filter")),
        "",
        Completion("content_filter"),
    ),
    "empty answer": (Script(tokens=[]), "", Completion("stop", 7, 0)),
    "not streamed": (
        Script(
            body=b'{"choices":[{"message":{"content":"whole"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3}}'
        ),
        "whole",
        Completion("stop", 3, 0),
    ),
    "last blank line missing": (
        Script(raw=[event("a"), event(choices=[{"delta": {}, "finish_reason": "stop"}]).strip()]),
        "a",
        Completion("stop"),
    ),
    "split code point": (
        Script(
            raw=[*(bytes([byte]) for byte in event("wö🎈")), b"data: [DONE]\r\n\r\n"],
        ),
        "wö🎈",
        Completion("stop"),
    ),
    "bad UTF-8": (
        Script(raw=[event("a?b").replace(b"?", b"\xff"), b"data: [DONE]\n\n"]),
        "a\ufffdb",
        Completion("stop"),
    ),
    "tool call": (Script(tokens=[], finish_reason="tool_calls"), "", Completion("tool_calls", 7, 0)),
    "other choices": (
        Script(
            raw=[
                event(choices=[{"index": 1, "delta": {"content": "no"}}, {"index": 0, "delta": {"content": "yes"}}]),
                b"data: [DONE]\n\n",
            ]
        ),
        "yes",
        Completion("stop"),
    ),
}


@pytest.mark.parametrize(("script", "text", "completion"), ENDINGS.values(), ids=ENDINGS)
async def test_each_ending_is_understood(
    server: ModelServer,
    http: Http,
    script: Script,
    text: str,
    completion: Completion,
) -> None:
    server.script = script
    heard, ended = await ask(model_at(server, http), max_tokens=None)
    assert "".join(heard) == text
    assert ended == completion


async def test_a_refusal_is_told_as_the_reason_that_it_is(server: ModelServer, http: Http) -> None:
    said = event(choices=[{"delta": {"refusal": "I can't help with that."}}])
    server.script = Script(raw=[said, event(choices=[{"delta": {}, "finish_reason": "stop"}]), b"data: [DONE]\n\n"])
    heard, completion = await ask(model_at(server, http))
    assert (heard, completion.finish_reason) == ([Declined(), "I can't help with that."], "refusal")


async def test_a_model_thinks_as_hard_as_it_is_set_to_unless_a_question_says(server: ModelServer, http: Http) -> None:
    address = compatible_address(server.base_url, "scripted")
    model = OpenAiModel(address, replace(CARD, reasoning_effort="low"), http, SHORT)
    for how in (None, Generation(max_tokens=5), Generation(reasoning_effort="high")):
        await model.complete(QUESTION, Heard(), how)
    assert [seen.body["reasoning_effort"] for seen in server.seen] == ["low", "low", "high"]


async def test_reasoning_is_a_sign_of_life_and_told_apart(server: ModelServer, http: Http) -> None:
    thought = event(choices=[{"delta": {"reasoning_content": "hm"}}])
    server.script = Script(raw=[thought] * 8 + [event("a"), b"data: [DONE]\n\n"], seconds_between=0.06)
    heard, _ = await ask(model_at(server, http))
    assert heard == [Reasoning("hm")] * 8 + ["a"]


async def test_calls_of_tools_come_in_pieces_that_tell_id_and_name_once(server: ModelServer, http: Http) -> None:
    def piece(index: int | None, arguments: object, call_id: str | None = None, name: str | None = None) -> bytes:
        call = {"index": index, "id": call_id, "function": {"name": name, "arguments": arguments}}
        return event(choices=[{"delta": {"content": None, "tool_calls": [call]}}])

    raw = [
        piece(0, "", "call_1", "weather"),
        piece(0, '{"city":'),
        piece(0, '"Oslo"}', "call_1", "weather"),  # some servers repeat them
        piece(1, {"city": "Köln"}, "call_2", "weather"),  # some send an object
        event(choices=[{"delta": {}, "finish_reason": "tool_calls"}]),
        b"data: [DONE]\n\n",
    ]
    server.script = Script(raw=raw)
    heard, completion = await ask(model_at(server, http))
    assert heard == [
        ToolCall(0, "", "call_1", "weather"),
        ToolCall(0, '{"city":'),
        ToolCall(0, '"Oslo"}'),
        ToolCall(1, '{"city": "Köln"}', "call_2", "weather"),
    ]
    assert completion.finish_reason == "tool_calls"


async def test_what_is_wished_for_goes_to_the_server_as_it_names_it(server: ModelServer, http: Http) -> None:
    tool = {"type": "function", "function": {"name": "weather", "parameters": {}}}
    how = Generation(top_p=0.5, stop=("END",), seed=7, tools=(tool,), tool_choice="auto", reasoning_effort="low")
    turns = [
        Turn("user", "What is this, and is it raining there?", images=("data:image/png;base64,AA==",)),
        Turn("assistant", "", calls=(Call("call_1", "weather", "{}"),)),
        Turn("tool", "rain", call_id="call_1"),
    ]
    await model_at(server, http).complete(turns, Heard(), how)
    body = server.seen[0].body
    assert {key: body[key] for key in ("top_p", "stop", "seed", "tools", "tool_choice", "reasoning_effort")} == {
        "top_p": 0.5,
        "stop": ["END"],
        "seed": 7,
        "tools": [tool],
        "tool_choice": "auto",
        "reasoning_effort": "low",
    }
    assert "temperature" not in body and "max_tokens" not in body
    assert body["messages"] == [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What is this, and is it raining there?"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}},
            ],
        },
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}],
        },
        {"role": "tool", "content": "rain", "tool_call_id": "call_1"},
    ]


MOMENTS: dict[str, tuple[Script, Callable[[ModelServer], bool]]] = {
    "before the headers": (Script(stall_before="headers"), lambda server: server.open_requests == 1),
    "before the first token": (Script(stall_before="first_token"), lambda server: server.open_requests == 1),
    "in mid-stream": (
        Script(tokens=["x"] * 10_000, seconds_between=0.01),
        lambda server: bool(server.seen and server.seen[0].tokens_sent > 2),
    ),
}


@pytest.mark.parametrize(("script", "is_then"), MOMENTS.values(), ids=MOMENTS)
async def test_cancelling_closes_the_connection_at_once(
    server: ModelServer, http: Http, script: Script, is_then: Callable[[ModelServer], bool]
) -> None:
    server.script = script
    answering = asyncio.create_task(model_at(server, http, Limits()).complete(QUESTION, Heard()))
    await server.until(is_then)
    answering.cancel()
    cancelled = time.monotonic()
    with pytest.raises(asyncio.CancelledError):
        await answering
    await server.until(is_quiet)
    assert server.seen[0].client_left is not None
    assert server.seen[0].client_left - cancelled < ENDS_SECONDS


async def test_an_endless_line_takes_no_memory(server: ModelServer, http: Http) -> None:
    server.script = Script(tokens=[], endless=b"x" * 60_000)
    limits = Limits(event_bytes=1024 * 1024)
    tracemalloc.start()
    try:
        with pytest.raises(ModelError, match="too much"):
            await ask(model_at(server, http, limits))
        assert tracemalloc.get_traced_memory()[1] < 6 * 1024 * 1024
    finally:
        tracemalloc.stop()


def test_a_key_shows_nowhere() -> None:
    address = compatible_address("http://user:pass@host:1/v1", "m", Secret(KEY))
    assert KEY not in f"{address!r} {address} {address.authorization} {[address.authorization]}"
    assert "pass" not in address.server


async def test_turns_travel_in_order(server: ModelServer, http: Http) -> None:
    turns = [Turn("user", "a"), Turn("assistant", "b"), Turn("user", "c")]
    await ask(model_at(server, http), turns)
    assert [message["content"] for message in server.seen[0].body["messages"]] == ["a", "b", "c"]


class NotedPace(Pace):
    """A pace that keeps what it is told."""

    def __init__(self) -> None:
        super().__init__(100)
        self.under_way = 0
        self.told: list[str | float] = []

    def began(self) -> Asked:
        self.under_way += 1
        return super().began()

    def refused(self, asked: Asked, status: int, retry_after_seconds: float) -> None:
        self.under_way -= 1
        super().refused(asked, status, retry_after_seconds)

    def spoke(self, asked: Asked) -> None:
        self.told.append(time.monotonic() - asked.began)
        super().spoke(asked)

    def ended(self, asked: Asked, *, has_spoken: bool) -> None:
        self.under_way -= 1
        self.told.append("spoke" if has_spoken else "silent")
        super().ended(asked, has_spoken=has_spoken)


async def test_its_pace_is_told_when_each_answer_spoke_and_ended(server: ModelServer, http: Http) -> None:
    pace = NotedPace()
    model = OpenAiModel(compatible_address(server.base_url, "scripted", None), CARD, http, SHORT, pace)
    server.script = Script(seconds_before_first=0.1, seconds_between=0.01)
    await ask(model)
    first, end = pace.told
    assert isinstance(first, float)
    assert 0.1 <= first < 0.3
    assert end == "spoke"
    thought = event(choices=[{"delta": {"reasoning_content": "hm"}}])
    server.script = Script(raw=[thought, event("text"), b"data: [DONE]\n\n"], seconds_between=0.1)
    with suppress(ModelError):
        await ask(model)
    first, end = pace.told[2:]
    assert isinstance(first, float)
    assert first < 0.1  # a hidden thought shows that it works


@pytest.mark.parametrize("name", FAULTS)
async def test_its_pace_knows_that_a_failed_answer_is_over(server: ModelServer, http: Http, name: str) -> None:
    pace = NotedPace()
    server.script = FAULTS[name][0]
    model = OpenAiModel(compatible_address(server.base_url, "scripted", None), CARD, http, SHORT, pace)
    with pytest.raises(ModelError):
        await ask(model)
    assert pace.under_way == 0
    says_when = server.script.status in (429, 503, 529) and "Retry-After" in server.script.headers
    assert (pace.limit, pace.opens_in_seconds > 0) == (100, says_when)


async def test_its_pace_knows_that_a_stopped_answer_is_over(server: ModelServer, http: Http) -> None:
    pace = NotedPace()
    model = OpenAiModel(compatible_address(server.base_url, "scripted", None), CARD, http, Limits(), pace)
    server.script = Script(stall_before="first_token")
    for moment in range(30):
        asking = asyncio.create_task(ask(model))
        for step in range(moment):
            await asyncio.sleep(0.002 if step % 10 == 9 else 0)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        assert pace.under_way == 0


async def test_its_pace_reads_what_is_left(server: ModelServer, http: Http) -> None:
    pace = NotedPace()
    model = OpenAiModel(compatible_address(server.base_url, "scripted", None), CARD, http, SHORT, pace)
    server.script = Script(headers={"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1m"})
    await ask(model)
    assert 55 < pace.opens_in_seconds <= 60
