"""What has ended is sent, and a collector that is down, slow or full holds nobody up."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from hubbub.connections import telemetry as sending
from hubbub.connections.http import Http
from hubbub.connections.otlp import Line, Source
from hubbub.connections.telemetry import Target, Telemetry
from hubbub.connections.telemetry_log import logging_to
from hubbub.core.tracing import CLIENT, Caller, Span, caller, step
from tests.patience import patience
from tests.servers.collector import Collector, facts

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@asynccontextmanager
async def telemetry_to(url: str, **more: object) -> AsyncIterator[Telemetry]:
    target = Target(f"{url}/v1/traces", f"{url}/v1/metrics", f"{url}/v1/logs", {"x-key": "secret"}, 0.5, 0.05)
    async with (
        Http() as http,
        Telemetry(http, Source({"service.name": "hubbub"}, "hubbub", "1"), target, **more) as telemetry,  # type: ignore[arg-type]
    ):
        yield telemetry


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "GATHER_SECONDS", 0.01)
    monkeypatch.setattr(sending, "FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(sending, "LONGEST_PAUSE_SECONDS", 0.02)


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    async with Collector() as collector:
        yield collector


def ask(telemetry: Telemetry, *, model: str = "m", error: str = "") -> Span:
    """Make the trace of a question with one request to a model."""
    with telemetry.begin("question") as question, step(f"chat {model}", CLIENT) as chat:
        chat.set("gen_ai.operation.name", "chat")
        chat.set("gen_ai.provider.name", "openai")
        chat.set("gen_ai.request.model", model)
        chat.set("gen_ai.usage.input_tokens", 100)
        chat.set("gen_ai.usage.output_tokens", 20)
        chat.set("gen_ai.response.time_to_first_chunk", 0.05)
        if error:
            chat.fail(error)
    assert isinstance(question, Span)
    return question


async def test_traces_and_metrics_are_sent(collector: Collector) -> None:
    async with telemetry_to(collector.url) as telemetry:
        ask(telemetry)
        ask(telemetry, error="unreachable")
        await collector.until(lambda it: len(it.spans) == 4)
        await collector.until(lambda it: "gen_ai.client.token.usage" in it.metrics)
    assert all(head["content-type"] == "application/x-protobuf" for head in collector.heads)
    assert all(head["x-key"] == "secret" for head in collector.heads)
    durations = collector.metrics["gen_ai.client.operation.duration"].histogram.data_points
    assert sorted((facts(one.attributes).get("error.type", ""), one.count) for one in durations) == [
        ("", 1),
        ("unreachable", 1),
    ]
    tokens = collector.metrics["gen_ai.client.token.usage"].histogram.data_points
    assert {facts(one.attributes)["gen_ai.token.type"]: one.sum for one in tokens} == {"input": 200, "output": 40}
    [first] = collector.metrics["gen_ai.client.operation.time_to_first_chunk"].histogram.data_points
    assert first.count == 2
    assert first.sum == pytest.approx(0.1)


async def test_what_waits_is_sent_at_the_end(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "GATHER_SECONDS", 3600.0)
    async with telemetry_to(collector.url) as telemetry:
        ask(telemetry)
        await asyncio.sleep(0)
    assert len(collector.spans) == 2


@pytest.mark.parametrize("status", [429, 502, 503, 504])
async def test_what_the_collector_can_t_take_now_is_sent_later_and_once(
    collector: Collector, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    collector.status = status
    async with telemetry_to(collector.url) as telemetry:
        span = ask(telemetry)
        await collector.until(lambda it: it.refused >= 3)
        collector.status = 200
        await collector.until(lambda it: it.spans)
        await collector.until(lambda it: it.metrics)
        assert telemetry.dropped == 0
    assert [one.span_id for one in collector.named("question")] == [span.id]
    said = [record.getMessage() for record in caplog.records if record.name == sending.__name__]
    assert [line.split(":")[0] for line in said] == [
        "Telemetry can't be sent; it is tried again, and dropped beyond a bound",
        "This is over",
    ]


async def test_what_is_refused_for_good_is_dropped(collector: Collector, caplog: pytest.LogCaptureFixture) -> None:
    collector.status = 400
    async with telemetry_to(collector.url) as telemetry:
        ask(telemetry)
        await collector.until(lambda it: it.refused >= 2)
        collector.status = 200
        later = ask(telemetry)
        await collector.until(lambda it: it.spans)
    assert [one.span_id for one in collector.named("question")] == [later.id]
    assert sum("refused" in record.getMessage() for record in caplog.records if record.levelno == logging.WARNING) <= 3


@pytest.mark.parametrize("way", ["down", "silent"])
async def test_a_collector_that_does_not_answer_bounds_memory_and_the_end(collector: Collector, way: str) -> None:
    url = collector.url if way == "silent" else "http://127.0.0.1:9"
    collector.holds = True
    async with patience(), telemetry_to(url) as telemetry:
        for _ in range(sending.MOST_WAITING):
            ask(telemetry)
            telemetry.take(Line(1, 9, "INFO", "x", {}, None))
        await asyncio.sleep(0)
        assert telemetry.dropped >= sending.MOST_WAITING
        assert len(telemetry._spans.items) <= sending.MOST_WAITING
        assert len(telemetry._lines.items) <= sending.MOST_WAITING


async def test_where_texts_are_sent_their_bytes_are_bounded(collector: Collector) -> None:
    async with telemetry_to("http://127.0.0.1:9", includes_texts=True) as telemetry:
        for _ in range(1000):
            with telemetry.begin("question") as question:
                question.text("hubbub.question", lambda: "x" * 32_000)
        kept = len(telemetry._spans.items)
        assert kept * 32_000 <= sending.MOST_WAITING_CHARACTERS < (kept + 2) * 32_000
        assert telemetry.dropped == 1000 - kept


async def test_much_is_sent_with_several_requests(collector: Collector) -> None:
    async with telemetry_to(collector.url, includes_texts=True) as telemetry:
        for _ in range(100):
            with telemetry.begin("question") as question:
                question.text("hubbub.question", lambda: "x" * 32_000)
        await collector.until(lambda it: len(it.spans) == 100)
    assert max(map(len, collector.bodies)) < 2 * sending.MOST_SENT_CHARACTERS


def asked_with(traceparent: str) -> Caller:
    return Caller(traceparent, "", "POST", "/api/questions")


async def test_callers_say_what_is_sampled_or_the_share_does(collector: Collector) -> None:
    async with telemetry_to(collector.url, sampled_share=0.0) as telemetry:
        ask(telemetry)
        token = caller.set(asked_with(f"00-{TRACE}-{PARENT}-01"))
        wanted = ask(telemetry)
        caller.set(asked_with(f"00-{TRACE}-{PARENT}-00"))
        unwanted = ask(telemetry)
        caller.set(asked_with("nonsense"))
        ask(telemetry)
        caller.reset(token)
        assert unwanted.traceparent.endswith("-00")
        await collector.until(lambda it: len(it.spans) == 2)
        await collector.until(lambda it: "gen_ai.client.token.usage" in it.metrics)
    [question] = collector.named("question")
    assert (question.trace_id.hex(), question.parent_span_id.hex()) == (TRACE, PARENT)
    assert question.span_id == wanted.id
    assert question.kind == 2
    [durations] = collector.metrics["gen_ai.client.operation.duration"].histogram.data_points
    assert durations.count == 4, "metrics count them all"


async def test_callers_need_not_be_heeded(collector: Collector) -> None:
    async with telemetry_to(collector.url, sampled_share=0.0, heeds_callers=False) as telemetry:
        token = caller.set(asked_with(f"00-{TRACE}-{PARENT}-01"))
        span = ask(telemetry)
        caller.reset(token)
    assert span.trace_id == TRACE
    assert not span.place.is_sampled
    assert not collector.spans


async def test_half_of_the_traces_are_whole(collector: Collector) -> None:
    async with telemetry_to(collector.url, sampled_share=0.5) as telemetry:
        sampled = sum(ask(telemetry).place.is_sampled for _ in range(400))
        await collector.until(lambda it: len(it.spans) == 2 * sampled)
    assert 120 < sampled < 280


def traced(collector: Collector) -> list[Any]:
    return [line for line in collector.lines if line.trace_id]


async def test_lines_of_the_log_carry_their_trace_and_no_texts(collector: Collector) -> None:
    logger, foreign = logging.getLogger("hubbub.test"), logging.getLogger("elsewhere")
    async with telemetry_to(collector.url) as telemetry:
        with logging_to(telemetry.take, includes_texts=False), telemetry.begin("question") as question:
            logger.warning("%s could not be read", "Dismissals.docx", extra={"telemetry": {"hubbub.reference": "ab12"}})
            foreign.warning("Ann asked for her salary")
            try:
                raise ValueError("Ann's salary")
            except ValueError:
                logger.warning("It failed", exc_info=True)
        await collector.until(lambda it: len(traced(it)) == 3)
    ours, others, failed, *more = traced(collector)
    assert not more, [(facts(one.attributes), one.body.string_value) for one in more]
    assert ours.body.string_value == "%s could not be read"
    assert facts(ours.attributes)["hubbub.reference"] == "ab12"
    assert ours.trace_id.hex() == question.trace_id
    assert others.body.string_value == ""
    assert facts(others.attributes)["logger.name"] == "elsewhere"
    assert facts(failed.attributes)["exception.type"] == "ValueError"
    assert "test_sending.py" in facts(failed.attributes)["exception.stacktrace"]
    sent = b"".join(collector.bodies)
    assert b"Dismissals" not in sent
    assert b"salary" not in sent.replace(b'raise ValueError("Ann\'s salary")', b"")


async def test_lines_are_told_in_full_where_texts_are(collector: Collector) -> None:
    async with telemetry_to(collector.url, includes_texts=True) as telemetry:
        with logging_to(telemetry.take, includes_texts=True):
            logging.getLogger("hubbub.test").warning("%s could not be read", "Dismissals.docx")
        await collector.until(
            lambda it: any(line.body.string_value == "Dismissals.docx could not be read" for line in it.lines)
        )
