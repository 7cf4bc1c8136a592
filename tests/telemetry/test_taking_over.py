"""An answer that another worker takes over links to its first trace; who lets it go ends its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from hubbub.answers.base import Found, Party, SharedStore, Ticket
from hubbub.answers.log import Log
from hubbub.answers.memory import MemoryAnswers, Shared
from hubbub.answers.runner import Runner, Send, Work
from hubbub.connections.http import Http
from hubbub.connections.otlp import Source
from hubbub.connections.telemetry import Target, Telemetry
from hubbub.core.events import Done, Ending, Text
from hubbub.core.tracing import step
from tests.servers.collector import Collector, facts


class Workers:
    """Two workers on one store, whose traces go to one collector."""

    def __init__(self, stack: AsyncExitStack, telemetry: Telemetry) -> None:
        self._stack = stack
        self._shared = Shared()
        self.telemetry = telemetry

    async def worker(self) -> tuple[SharedStore, Runner]:
        store = await self._stack.enter_async_context(MemoryAnswers(self._shared))
        log = await self._stack.enter_async_context(Log(store))
        return store, await self._stack.enter_async_context(Runner(log, store, tracing=self.telemetry))


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    async with Collector() as collector:
        yield collector


@pytest.fixture
async def workers(collector: Collector) -> AsyncIterator[Workers]:
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(Http())
        target = Target(f"{collector.url}/v1/traces")
        telemetry = await stack.enter_async_context(Telemetry(http, Source({}, "hubbub", "1"), target))
        yield Workers(stack, telemetry)


async def hang(send: Send) -> Ending:
    await asyncio.sleep(3600)
    return Done()


async def speak(send: Send) -> Ending:
    with step("chat"):
        send(Text("well"))
    return Done()


async def again(found: Found) -> tuple[Work, Ticket] | None:
    return speak, Ticket(Party(found.owner_id))


async def test_a_question_that_is_taken_over_links_to_its_first_trace(workers: Workers, collector: Collector) -> None:
    (_, runner), (b, other) = await workers.worker(), await workers.worker()
    other.rework = again
    with workers.telemetry.begin("question") as question:
        await runner.start("x", "ann", hang)
    [here] = [peer.number for peer in (await b.renew())[0]]
    [found] = await b.claim(here)
    assert found.trace == question.traceparent
    await runner.let_go_all()
    await other.take_over(found)
    await collector.until(lambda it: len(it.named("question")) == 2)
    left, taken = collector.named("question")
    assert left.trace_id.hex() == question.trace_id
    assert facts(left.attributes)["hubbub.answer.is_left_to_others"] is True
    [link] = taken.links
    assert (link.trace_id, link.span_id) == (left.trace_id, left.span_id)
    assert taken.trace_id != left.trace_id
    told = facts(taken.attributes)
    assert (told["hubbub.answer.id"], told["hubbub.answer.is_taken_over"]) == ("x", True)
    assert told["hubbub.answer.ending"] == "done"
    [chat] = collector.named("chat")
    assert chat.parent_span_id == taken.span_id


async def test_a_question_to_a_worker_that_drains_is_one_trace_and_its_successor_s_another(
    workers: Workers, collector: Collector
) -> None:
    (_, runner), (b, other) = await workers.worker(), await workers.worker()
    other.rework = again
    runner.drain()
    runner.has_successor.set()
    with workers.telemetry.begin("question") as question:
        await runner.start("x", "ann", hang)
    [found] = await b.claim(0)
    assert found.trace == question.traceparent
    await other.take_over(found)
    await collector.until(lambda it: len(it.named("question")) == 2)
    left, taken = collector.named("question")
    assert facts(left.attributes)["hubbub.answer.is_left_to_others"] is True
    assert taken.links[0].trace_id == left.trace_id
