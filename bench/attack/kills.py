"""Ask and read while servers are killed, write down what was promised and seen, and compare it with what is stored.

It shares no code with the server: it knows the API from outside and reads the database files with SQLite.
"""

import asyncio
import itertools
import json
import os
import random
import sqlite3
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

Event = tuple[int, str]
"""Its number and its data."""
Acknowledgement = tuple[str, str, str]
"""The ids of chat, question and answer."""

ENDINGS = {"done", "failed", "stopped"}
WAIT_SECONDS = (0.1, 0.5)
"""How long somebody waits before they come again."""
TIMEOUT = aiohttp.ClientTimeout(total=30, sock_read=15)
LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32
ROUTES = 20
"""So many requests at once when everything is read again."""


def new_question_id() -> str:
    """Return 26 characters that sort by time: 48 bits of milliseconds, then 80 random bits."""
    number = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10))
    return "".join(LETTERS[number >> shift & 31] for shift in range(125, -1, -5))


@dataclass
class Asked:
    """One question: what was promised for it, and what was seen of its answer."""

    id: str = field(default_factory=new_question_id)
    is_sent_twice: bool = False
    promised: list[Acknowledgement] = field(default_factory=list[Acknowledgement])
    seen: list[Event] = field(default_factory=list[Event])
    """As they came, over all connections."""
    heard_at: list[float] = field(default_factory=list[float])
    """When (time.monotonic) it was asked, and when its reader got an event or was told that there is none now."""
    replayed: list[Event] | None = None
    """All that the API gives afterwards."""
    listed: list[str] | None = None
    """The messages that its chat has by the API afterwards."""
    refusals: list[str] = field(default_factory=list[str])
    """Replies that no kill explains."""

    @property
    def text(self) -> str:
        """Return what is asked; it names the question, so that a copy under another id shows."""
        return f"What about {self.id}?"

    @property
    def has_ended(self) -> bool:
        """Whether an ending was seen."""
        return bool(self.seen) and type_of(self.seen[-1]) in ENDINGS


class People:
    """Somebody after somebody: each asks, reads to the end, and asks the next question."""

    def __init__(self, http: aiohttp.ClientSession, url: str, chance: random.Random) -> None:
        self.http = http
        self.url = url
        self.asked: list[Asked] = []
        self.connections = 0
        self.asking_twice = asyncio.Event()
        """Set whenever a question is sent twice at once."""
        self.taking_in_seconds = 0.03
        """How long the question that was acknowledged last took."""
        self.is_over = False
        """Whether nobody asks anything more."""
        self._chance = chance

    async def talk(self, count: int) -> None:
        """Return once it `is_over` and everybody has read the answer to their last question."""
        async with asyncio.TaskGroup() as group:
            for number in range(count):
                group.create_task(self._person(sends_twice=number % 5 == 0))

    async def _person(self, *, sends_twice: bool) -> None:
        await asyncio.sleep(self._chance.uniform(0, 1))
        while not self.is_over:
            asked = Asked(is_sent_twice=sends_twice)
            self.asked.append(asked)
            await asyncio.gather(*(self._send(asked) for _ in range(1 + sends_twice)))
            await self._follow(asked)

    async def _send(self, asked: Asked) -> None:
        body = {"text": asked.text, "question_id": asked.id}
        while not asked.refusals:
            if asked.is_sent_twice:
                self.asking_twice.set()
            began = time.monotonic()
            try:
                async with self.http.post(f"{self.url}/api/questions", json=body) as response:
                    told = await response.json()
                    if response.status == 202:
                        asked.promised.append(acknowledged(told))
                        self.taking_in_seconds = time.monotonic() - began
                        return
                    if response.status < 500 and response.status != 429:
                        asked.refusals.append(f"{response.status} to the question: {told}")
            except (aiohttp.ClientError, TimeoutError, ValueError):
                pass
            await self._pause()

    async def _follow(self, asked: Asked) -> None:
        def take(event: Event) -> None:
            asked.seen.append(event)
            asked.heard_at.append(time.monotonic())

        asked.heard_at.append(time.monotonic())
        while not (asked.refusals or asked.has_ended):
            self.connections += 1
            after = asked.seen[-1][0] if asked.seen else 0
            try:
                status = await self._read(asked.promised[0][2], after, take, asked.heard_at)
            except (aiohttp.ClientError, TimeoutError):
                status = 0
            if status == 204 or (400 <= status < 500 and status != 429):
                asked.refusals.append(f"{status} to the reader after event {after}")
            if not asked.has_ended:
                await self._pause()

    async def _read(
        self, answer_id: str, after: int, take: Callable[[Event], None], told_at: list[float] | None = None
    ) -> int:
        """Hand over the events that come after a number, as long as the connection holds, and return the status.

        When the server told that there are none now goes to `told_at`.
        """
        told_at = [] if told_at is None else told_at
        headers = {"Last-Event-ID": str(after)}
        async with self.http.get(f"{self.url}/api/answers/{answer_id}/events", headers=headers) as response:
            if response.status == 200:
                event: dict[bytes, bytes] = {}
                async for line in response.content:
                    name, _, value = line.rstrip(b"\r\n").partition(b": ")
                    if name:
                        event[name] = value
                    elif {b"id", b"data"} <= event.keys():  # an event is whole once its empty line is there
                        take((int(event[b"id"]), event[b"data"].decode()))
                        event = {}
                    else:
                        if event.get(b"event") == b"trouble":
                            told_at.append(time.monotonic())
                        event = {}
            elif response.status >= 400:
                told_at.append(time.monotonic())
            return response.status

    async def read_again(self) -> None:
        """Read from the API whatever it keeps of the acknowledged questions."""
        routes = asyncio.Semaphore(ROUTES)

        async def one(asked: Asked) -> None:
            async with routes:
                chat_id, _, answer_id = asked.promised[0]
                asked.replayed = []
                await self._read(answer_id, 0, asked.replayed.append)
                async with self.http.get(f"{self.url}/api/chats/{chat_id}") as response:
                    told = await response.json() if response.status == 200 else {"messages": []}
                    asked.listed = [message["id"] for message in told["messages"]]

        await asyncio.gather(*(one(asked) for asked in self.asked if asked.promised))

    async def _pause(self) -> None:
        await asyncio.sleep(self._chance.uniform(*WAIT_SECONDS))


@dataclass(frozen=True)
class StoredMessage:
    """A question, or the place of an answer."""

    chat_id: str
    parent_id: str | None
    role: str
    text: str


@dataclass(frozen=True)
class StoredAnswer:
    """The log of an answer."""

    events: Sequence[Event]
    has_result: bool


@dataclass(frozen=True)
class Store:
    """What the database files hold."""

    chats: frozenset[str]
    messages: Mapping[str, StoredMessage]
    answers: Mapping[str, StoredAnswer]
    damage: str = ""
    """What SQLite finds wrong with the file."""


def stored_in(folder: Path) -> Store:
    """Read the chats and the logs of a data folder, be it served or not."""
    with closing(sqlite3.connect(folder / "hubbub.db", timeout=10)) as database:
        portions: dict[str, list[Event]] = defaultdict(list)
        for answer_id, last, data in database.execute(
            "select answer_id, last_number, data from portion order by answer_id, last_number"
        ):
            lines = bytes(data).decode().split("\n")
            portions[answer_id] += zip(itertools.count(last - len(lines) + 1), lines, strict=False)
        messages = database.execute("select id, chat_id, parent_id, role, text from message")
        answers = database.execute("select id, result is not null and worker is null from answer")
        (damage,) = database.execute("pragma integrity_check").fetchone()
        return Store(
            frozenset(chat_id for (chat_id,) in database.execute("select id from chat")),
            {row[0]: StoredMessage(*row[1:]) for row in messages},
            {answer_id: StoredAnswer(portions[answer_id], bool(ended)) for answer_id, ended in answers},
            "" if damage == "ok" else damage,
        )


KINDS = (
    "acknowledged lost",
    "seen lost or altered",
    "duplicates",
    "skipped",
    "orphaned chats",
    "without an answer",
    "without an end",
    "refused",
    "damaged",
)
Fault = tuple[str, str]
"""Its kind, and what it is in a sentence."""


def faults_of(asked: Sequence[Asked], store: Store, whole: str) -> list[Fault]:
    """Compare what was promised and seen with what is stored; a whole answer says `whole`."""
    found: list[Fault] = [("damaged", store.damage)] if store.damage else []
    for one in asked:
        found += _in_the_reader(one)
        found += _in_the_promise(one, store)
    found += _in_the_tree(asked, store)
    for answer_id, answer in store.answers.items():
        found += _in_the_log(answer_id, answer, whole)
    return found


def _in_the_reader(one: Asked) -> Iterator[Fault]:
    for refusal in one.refusals:
        yield "refused", f"{one.id}: {refusal}"
    if one.promised and not one.has_ended:
        yield "without an end", f"{one.id}: its reader has seen no ending"
    for number, event in enumerate(one.seen, 1):
        if event[0] != number:
            kind = "duplicates" if event[0] < number else "skipped"
            yield kind, f"{one.id}: event {event[0]} came as the one after {number - 1}"
            break


def _in_the_promise(one: Asked, store: Store) -> Iterator[Fault]:
    if not one.promised:
        return
    if len(set(one.promised)) > 1 or one.promised[0][1] != one.id:
        yield "duplicates", f"{one.id}: it was acknowledged as {sorted(set(one.promised))}"
    chat_id, _, answer_id = one.promised[0]
    question, place, answer = store.messages.get(one.id), store.messages.get(answer_id), store.answers.get(answer_id)
    if (
        question != StoredMessage(chat_id, None, "user", one.text)
        or chat_id not in store.chats
        or place is None
        or (place.chat_id, place.parent_id, place.role) != (chat_id, one.id, "assistant")
        or answer is None
    ):
        yield "acknowledged lost", f"{one.id}: stored are {question}, {place} and {answer}"
    if one.listed is not None and one.listed != [one.id, answer_id]:
        yield "acknowledged lost", f"{one.id}: its chat lists {one.listed}"
    stored = dict(answer.events) if answer else {}
    for number, data in one.seen:
        if stored.get(number) != data:
            yield "seen lost or altered", f"{one.id}: event {number} was {data}, stored is {stored.get(number)}"
    if one.replayed is not None and one.replayed != list(stored.items()):
        yield "seen lost or altered", f"{one.id}: the API gives {one.replayed}, stored is {stored}"


def _in_the_tree(asked: Iterable[Asked], store: Store) -> Iterator[Fault]:
    questions = {key: message for key, message in store.messages.items() if message.role == "user"}
    places = {key: message for key, message in store.messages.items() if message.role != "user"}
    by_chat = Counter(message.chat_id for message in questions.values())
    by_text = Counter(message.text for message in questions.values())
    by_question = Counter(message.parent_id for message in places.values())
    for chat_id in store.chats - by_chat.keys():
        yield "orphaned chats", f"chat {chat_id} has no question"
    for names, what in ((by_chat, "questions in chat"), (by_text, "questions"), (by_question, "answers to")):
        for name, times in names.items():
            if times > 1:
                yield "duplicates", f"{times} {what} {name}"
    for question_id in questions.keys() - by_question.keys():
        yield "without an answer", f"question {question_id} has none"
    for question_id in questions.keys() - {one.id for one in asked}:
        yield "duplicates", f"nobody asked question {question_id}"
    for answer_id, place in places.items():
        if place.parent_id not in questions:
            yield "without an answer", f"answer {answer_id} has no question"
        if answer_id not in store.answers:
            yield "without an answer", f"answer {answer_id} has no log"
    for answer_id in store.answers.keys() - places.keys():
        yield "duplicates", f"log {answer_id} belongs to no message"


def _in_the_log(answer_id: str, answer: StoredAnswer, whole: str) -> Iterator[Fault]:
    types = [type_of(event) for event in answer.events]
    if not types or types[-1] not in ENDINGS or not answer.has_result:
        yield "without an end", f"answer {answer_id} holds {types[-3:]}, has a result: {answer.has_result}"
    if sum(one in ENDINGS for one in types) > 1:
        yield "duplicates", f"answer {answer_id} ends more than once"
    numbers = [number for number, _ in answer.events]
    if numbers != list(range(1, len(numbers) + 1)):
        yield "duplicates" if len(set(numbers)) < len(numbers) else "skipped", f"answer {answer_id} holds {numbers}"
    text = "".join(json.loads(data)["text"] for number, data in answer.events if type_of((number, data)) == "text")
    if not whole.startswith(text) or (types[-1:] == ["done"] and text != whole):
        yield "seen lost or altered", f"answer {answer_id} says {text!r}"


def type_of(event: Event) -> str:
    """Return what kind of event it is."""
    return json.loads(event[1])["type"]


def acknowledged(told: Mapping[str, Any]) -> Acknowledgement:
    """Return the ids in a reply to a question."""
    return told["chat"]["id"], told["question"]["id"], told["answer"]["id"]


def counted(faults: Iterable[Fault]) -> str:
    """Return how many faults of each kind there are, all kinds named."""
    times = Counter(kind for kind, _ in faults)
    return ", ".join(f"{times[kind]} {kind}" for kind in KINDS)
