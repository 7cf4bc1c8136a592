"""People who ask, read on, come again as the page does, and write down what they see; then what they saw is checked.

A question is asked again with the same id until it is acknowledged. A reader whose connection breaks makes another one
at the number that it has come to; each connection reaches any worker.
"""

import asyncio
import json
import os
import random
import re
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from hubbub.core.identifiers import new_id
from tests.servers.model_server import ModelServer, Seen
from tests.servers.reader import ENDINGS

FIRST_WAIT_SECONDS = 0.4
LONGEST_WAIT_SECONDS = 8.0
"""How long the page waits before it comes again."""
SILENCE_SECONDS = 45.0


@dataclass
class Reading:
    """One question and all that was seen of its answer."""

    question_id: str = field(default_factory=new_id)
    asked: dict[str, Any] | None = None
    seen: list[tuple[float, int, str]] = field(default_factory=list[tuple[float, int, str]])
    """When (time.monotonic), number and data of each event."""
    connections: list[tuple[float, float, str]] = field(default_factory=list[tuple[float, float, str]])
    """When each began and ended, and by what."""
    has_ended: bool = False
    faults: list[str] = field(default_factory=list[str])

    @property
    def began(self) -> float:
        return self.seen[0][0] if self.seen else float("inf")

    @property
    def ending(self) -> dict[str, Any]:
        return json.loads(self.seen[-1][2])

    @property
    def text(self) -> str:
        events = [json.loads(data) for _, _, data in self.seen]
        return "".join(event["text"] for event in events if event["type"] == "text")

    def take(self, number: int, data: str) -> None:
        last = self.seen[-1][1] if self.seen else 0
        if number <= last:
            self.faults.append(f"event {number} came although {last} was there")
        elif number != last + 1:
            self.faults.append(f"event {number} came after {last}")
        if number > last:
            self.seen.append((time.monotonic(), number, data))
            self.has_ended = json.loads(data)["type"] in ENDINGS


class Crowd:
    """So many people at once, each with one question after the other."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self.http = http
        self.url = url
        self.readings: list[Reading] = []
        self.is_over = False
        """Whether nobody asks anything more."""

    @asynccontextmanager
    async def talking(self, people: int, *, come_in_seconds: float = 0.0) -> AsyncIterator[asyncio.Task[None]]:
        """Let them come, one after the other within that time, and ask and read until left.

        The task is done once it `is_over` and all have what they wanted.
        """
        pauses = [come_in_seconds * number / people for number in range(people)]
        task = asyncio.create_task(self._talk(pauses), name="crowd")
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.wait({task})
        if not task.cancelled():
            task.result()

    async def _talk(self, pauses: Sequence[float]) -> None:
        async with asyncio.TaskGroup() as group:
            for pause_seconds in pauses:
                group.create_task(self._person(pause_seconds))

    async def _person(self, pause_seconds: float) -> None:
        await asyncio.sleep(pause_seconds)
        while not self.is_over:
            reading = Reading()
            self.readings.append(reading)
            await self.ask(reading)
            if reading.asked is not None:
                await self.follow(reading)

    async def ask(self, reading: Reading) -> None:
        body = {"text": f"What about {reading.question_id}?", "question_id": reading.question_id}
        wait = FIRST_WAIT_SECONDS
        while not self.is_over:
            try:
                async with self.http.post(f"{self.url}/api/questions", json=body) as response:
                    told = await response.json()
                    if response.status == 202:
                        reading.asked = told
                        return
                    if response.status < 500 and response.status != 429:
                        reading.faults.append(f"refused with {response.status}: {told}")
                        return
            except (aiohttp.ClientError, TimeoutError):
                pass
            wait = await _pause(wait)

    async def follow(self, reading: Reading) -> None:
        assert reading.asked is not None
        wait = FIRST_WAIT_SECONDS
        while not reading.has_ended and not reading.faults:
            before = len(reading.seen)
            began, outcome = time.monotonic(), "end"
            try:
                await self.read_once(reading, reading.asked["answer"]["id"])
            except (aiohttp.ClientError, TimeoutError) as error:
                outcome = type(error).__name__
            reading.connections.append((began, time.monotonic(), outcome))
            if not reading.has_ended:
                wait = await _pause(wait if len(reading.seen) == before else FIRST_WAIT_SECONDS)

    async def read_once(self, reading: Reading, answer_id: str) -> None:
        """Read on from where it was, over a connection of its own."""
        last = reading.seen[-1][1] if reading.seen else 0
        async with self.http.get(
            f"{self.url}/api/answers/{answer_id}/events",
            headers={"Last-Event-ID": str(last)},
            timeout=aiohttp.ClientTimeout(sock_read=SILENCE_SECONDS),
        ) as response:
            if response.status == 204:
                reading.faults.append(f"nothing more was to come after {last}, which was no ending")
            elif response.status != 200:
                if response.status < 500:
                    reading.faults.append(f"refused with {response.status}: {await response.text()}")
            else:
                number = 0
                async for line in response.content:
                    if line.startswith(b"id: "):
                        number = int(line[4:])
                    elif line.startswith(b"data: ") and number:
                        reading.take(number, line[6:].decode().strip())
                        number = 0


async def _pause(wait: float) -> float:
    await asyncio.sleep(wait * random.uniform(0.75, 1.25))
    return min(2 * wait, LONGEST_WAIT_SECONDS)


@dataclass
class Found:
    """What a check found: faults, each in a sentence, and figures to tell."""

    faults: list[str] = field(default_factory=list[str])
    questions: int = 0
    events: int = 0
    """Events that readers saw."""
    reconnections: int = 0
    endings: Counter[str] = field(default_factory=Counter[str])
    begun_anew: int = 0
    longest_wait_seconds: float = 0.0
    """The longest that a reader of an open answer waited for something after a moment that was given."""

    longest_wait: str = ""
    """The connections of that reader from that moment on."""

    def __str__(self) -> str:
        return (
            f"{self.questions} questions, {self.events} events seen, {self.reconnections} reconnections, "
            f"endings {dict(self.endings)}, {self.begun_anew} begun anew, "
            f"the longest wait after a moment {self.longest_wait_seconds:.1f} s ({self.longest_wait})"
        )


async def check(crowd: Crowd, whole: str, model: ModelServer, moments: list[float], most_seconds: float) -> Found:
    """Compare what was seen with what is stored, and look how long readers waited at these moments."""
    found = Found()
    times_asked = Counter(question_of(seen) for seen in model.seen)
    for reading in crowd.readings:
        name = reading.question_id
        found.faults += [f"{name}: {fault}" for fault in reading.faults]
        if reading.asked is None:
            continue
        found.questions += 1
        found.events += len(reading.seen)
        found.reconnections += len(reading.connections) - 1
        found.begun_anew += times_asked[name] > 1
        if not reading.has_ended:
            found.faults.append(f"{name}: its answer has not ended")
            continue
        ending = reading.ending
        found.endings[ending.get("code") or ending["type"]] += 1
        found.faults += [f"{name}: {fault}" for fault in await _compare(crowd, reading, whole)]
        for moment in moments:
            if reading.began < moment < reading.seen[-1][0]:
                after = next(at for at, _, _ in reading.seen if at > moment)
                if after - moment > found.longest_wait_seconds:
                    found.longest_wait_seconds = after - moment
                    found.longest_wait = ", ".join(
                        f"{began - moment:+.1f} to {ended - moment:+.1f} s: {outcome}"
                        for began, ended, outcome in reading.connections
                        if began < after and ended > moment
                    )
                if after - moment > most_seconds:
                    found.faults.append(f"{name}: nothing came for {after - moment:.1f} s after a moment")
    return found


async def _compare(crowd: Crowd, reading: Reading, whole: str) -> list[str]:
    """Return in what the chat and the stored log differ from what was seen."""
    assert reading.asked is not None
    faults: list[str] = []
    question, answer = reading.asked["question"]["id"], reading.asked["answer"]["id"]
    if question != reading.question_id:
        faults.append(f"its question got the id {question}")
    async with crowd.http.get(f"{crowd.url}/api/chats/{reading.asked['chat']['id']}") as response:
        if response.status != 200:
            return [f"its chat answers with {response.status}"]
        messages = (await response.json())["messages"]
    if [message["id"] for message in messages] != [question, answer]:
        return [f"its chat holds {messages}"]
    stored = Reading()
    await crowd.read_once(stored, answer)
    faults += stored.faults
    if [event[1:] for event in stored.seen] != [event[1:] for event in reading.seen]:
        faults.append(f"stored is {[e[1:] for e in stored.seen]}, seen was {[e[1:] for e in reading.seen]}")
    state, text = messages[1]["answer"]["state"], messages[1]["answer"]["text"]
    if state != reading.ending["type"] or text != reading.text:
        faults.append(f"its chat says {state} and {text!r}, seen was {reading.ending} and {reading.text!r}")
    if not whole.startswith(text) or (state == "done" and text != whole):
        faults.append(f"the text is {text!r}")
    return faults


async def until_none_is_open(http: aiohttp.ClientSession, url: str, seconds: float) -> None:
    """Return once 5 workers in a row (any of them) say that they have no open answers."""
    async with asyncio.timeout(seconds):
        quiet = 0
        while quiet < 5:
            async with http.get(f"{url}/api/health") as response:
                quiet = quiet + 1 if (await response.json())["open_answers"] == 0 else 0
            await asyncio.sleep(0.05)


def seed() -> int:
    """Return what the choices of a run are made from: `HUBBUB_SEED`, or any number."""
    return int(os.environ.get("HUBBUB_SEED") or random.randrange(10**6))


def question_of(seen: Seen) -> str:
    """Return the id that stands in the question that a model server was asked."""
    found = re.search(r"What about (\w{26})\?", seen.body["messages"][-1]["content"])
    assert found, seen.body
    return found[1]


@asynccontextmanager
async def new_connections() -> AsyncIterator[aiohttp.ClientSession]:
    """A client that makes a connection a request, so that each reaches any worker."""
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=45)) as http:
        yield http


def check_database(folder: Path) -> None:
    """Fail if the file is damaged, or an answer has no ending."""
    database = sqlite3.connect(folder / "hubbub.db")
    assert database.execute("pragma integrity_check").fetchone() == ("ok",)
    assert database.execute("select id from answer where result is null or worker is not null").fetchall() == []
    database.close()
