"""Let all deployments fail under a steady stream of questions: what it costs, and what people are told."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from bench.faults.runs import COLLECTION_ID, QUESTION, WITHIN_SECONDS, Lab
from hubbub.core.errors import ModelError
from hubbub.core.events import Cited, Event, Started
from hubbub.core.questions import Question
from tests.servers.model_server import ModelServer, Script

QUESTIONS_A_SECOND = 20
WINDOW_SECONDS = 10.0
DOCUMENTS_EACH = 5
"""Each so-manieth question is asked over documents."""


@dataclass(frozen=True)
class Fall:
    """A way in which all deployments fail."""

    title: str
    script: Script
    deployments: int = 2


FALLS = (
    Fall("503", Script(status=503, body=b"<html>")),
    Fall("503, of 30 deployments", Script(status=503, body=b"<html>"), 30),
    Fall("RST", Script(reset_before="headers")),
    Fall("no reply", Script(stall_before="headers")),
)


@dataclass
class Fallen:
    """What an outage came to."""

    title: str
    asked: list[float] = field(default_factory=list)
    attempts: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    """How long each question took, in the order in which they ended."""
    told: dict[str, int] = field(default_factory=dict)
    """What the questions came to, by their codes."""
    words: dict[str, str] = field(default_factory=dict)
    """An example of each."""
    over_documents: int = 0
    quoted: int = 0

    def note(self, code: str, words: str) -> None:
        """Take note of what a person was told."""
        self.told[code] = self.told.get(code, 0) + 1
        self.words.setdefault(code, words)

    @property
    def attempts_a_question(self) -> float:
        """In all."""
        return len(self.attempts) / max(1, len(self.asked))

    def worst_window(self, seconds: float = WINDOW_SECONDS) -> float:
        """Return the attempts a question, in that window of so many seconds in which they were most."""
        last = max(self.asked) - seconds
        starts = [start for start in self.asked if start <= last] or self.asked[:1]
        return max(_within(self.attempts, start, seconds) / _within(self.asked, start, seconds) for start in starts)


async def fall(lab: Lab, kind: Fall, seconds: float) -> Fallen:
    """Ask so many questions a second for so long while all deployments fail."""
    fallen = Fallen(kind.title)
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(ModelServer(kind.script)) for _ in range(kind.deployments)]
        models = [lab.deployment(server.base_url, f"m{number}") for number, server in enumerate(servers)]
        engine = lab.engine(models)

        async def ask(number: int) -> None:
            has_documents = number % DOCUMENTS_EACH == 0
            collections = (COLLECTION_ID,) if has_documents else ()
            events: list[Event] = []
            began = time.monotonic()
            fallen.asked.append(began)
            try:
                done = await engine.answer(
                    Question(QUESTION, collection_ids=collections, within_seconds=WITHIN_SECONDS), events.append
                )
            except ModelError as error:
                fallen.note(error.code, error.message)
            else:
                is_quoted = any(isinstance(event, Cited) for event in events)
                reasons = [event.reason for event in events if isinstance(event, Started)]
                fallen.quoted += is_quoted
                fallen.note("quoted" if is_quoted else done.finish_reason, reasons[-1])
            fallen.over_documents += has_documents
            fallen.seconds.append(time.monotonic() - began)

        async with asyncio.TaskGroup() as group:
            began = time.monotonic()
            for number in range(int(seconds * QUESTIONS_A_SECOND)):
                await asyncio.sleep(max(0.0, began + number / QUESTIONS_A_SECOND - time.monotonic()))
                group.create_task(ask(number))
        fallen.attempts = sorted(when for model in models for when in model.asked)
    return fallen


def _within(times: Sequence[float], start: float, seconds: float) -> int:
    return sum(start <= when < start + seconds for when in times)
