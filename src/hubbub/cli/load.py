"""Ask a running server as people do: a question, its answer read as it comes, the next question."""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

import msgspec

from hubbub.cli.measured import Reading, Step, step_of
from hubbub.connections.http import Http
from hubbub.connections.outside import Body, BrokenOff, Unreachable
from hubbub.core.errors import NotFound
from hubbub.core.events import Done, Event, Failed, Queued, Stopped, Text, Usage, decode
from hubbub.core.tasks import Tasks

LOOK_SECONDS = 0.05
"""How often the client looks how late it is itself."""
PAUSE_SECONDS = 0.5
"""How long a person waits before the next question when one was refused or failed."""
GRACE_SECONDS = 10.0
"""How long answers that are under way when a step's time is over may take to end; then they are stopped."""
REPLY_SECONDS = 60.0
REPLY_BYTES = 1024 * 1024
EVENT_BYTES = 1024 * 1024
CLOSERS = 8
_REFUSED = (429, 503)


class _Named(msgspec.Struct):
    id: str


class _Asked(msgspec.Struct):
    chat: _Named
    answer: _Named


class _Problem(msgspec.Struct):
    detail: str = ""


class _Model(msgspec.Struct):
    name: str


class _Models(msgspec.Struct):
    models: list[_Model]
    default: str | None = None


class _Visitor(msgspec.Struct, frozen=True):
    """A person: what their browser sends with each request."""

    headers: Mapping[str, str]


async def checked_model(http: Http, url: str, model: str | None) -> str:
    """Return the name of the model that will be asked: the one that is wanted, or the server's default.

    Raises:
        NotFound: no Hubbub is there, or no such model.
    """
    try:
        status, body = await http.get(f"{url}/api/models", seconds=REPLY_SECONDS)
    except (Unreachable, BrokenOff) as error:
        raise NotFound(f"No server answers at {url} ({error}). Start one with `hubbub serve`.") from error
    try:
        there = msgspec.json.decode(body, type=_Models)
    except msgspec.MsgspecError as error:
        raise NotFound(f"What answers at {url} is not a Hubbub that lets you in (status {status}).") from error
    names = [known.name for known in there.models]
    name = model or there.default
    if name is None or name not in names:
        raise NotFound(f"There is no model {name or 'to ask'!r} there. There is: {', '.join(names) or 'none'}.")
    return name


class Load:
    """People who ask one server. `left` is how many more questions may be asked in all."""

    def __init__(self, http: Http, url: str, question: str, model: str, questions: int) -> None:
        self._http = http
        self._url = url
        self._question = question
        self._model = model
        self._people: list[_Visitor] = []
        self._chats: dict[str, _Visitor] = {}
        self.left = questions
        self._readings: list[Reading] = []
        self._lateness: list[float] = []
        self._people_now = 0
        self._began = self._cpu_began = 0.0

    async def step(self, people: int, seconds: float, on_look: Callable[[], None]) -> Step:
        """Let so many people ask for so long, each one question after the other; returns what they met.

        `on_look` is called again and again meanwhile.
        """
        while len(self._people) < people:
            self._people.append(await self._newcomer())
        self._readings, self._lateness, self._people_now = [], [], people
        self._began, self._cpu_began = time.monotonic(), time.process_time()
        until = self._began + seconds
        looking = asyncio.create_task(self._look(on_look))
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds + GRACE_SECONDS), Tasks() as group:
                    for number in range(people):
                        group.create_task(self._ask_on(number, until))
        finally:
            looking.cancel()
            with suppress(asyncio.CancelledError):
                await looking
        return self.so_far()

    def so_far(self) -> Step:
        """Return what the people of the step that runs, or ran last, have met until now."""
        return step_of(
            self._people_now,
            self._readings,
            began=self._began,
            ended=time.monotonic(),
            lateness=self._lateness,
            cpu_seconds=time.process_time() - self._cpu_began,
        )

    async def _look(self, on_look: Callable[[], None]) -> None:
        while True:
            due = time.monotonic() + LOOK_SECONDS
            await asyncio.sleep(LOOK_SECONDS)
            self._lateness.append(max(0.0, time.monotonic() - due))
            on_look()

    async def clean_up(self) -> int:
        """Delete the chats that were made, which stops what is still under way; returns how many are left over."""
        todo = list(self._chats.items())

        async def some() -> None:
            while todo:
                chat_id, person = todo.pop()
                with suppress(Unreachable, BrokenOff, TimeoutError):
                    async with (
                        asyncio.timeout(REPLY_SECONDS),
                        self._http.request(
                            "DELETE", f"{self._url}/api/chats/{chat_id}", headers=person.headers
                        ) as reply,
                    ):
                        if reply.status in (204, 404):
                            self._chats.pop(chat_id, None)

        async with Tasks() as group:
            for _ in range(CLOSERS):
                group.create_task(some())
        return len(self._chats)

    async def _newcomer(self) -> _Visitor:
        """Be given a cookie, as a browser is, so that the server sees somebody else in each."""
        try:
            async with asyncio.timeout(REPLY_SECONDS), self._http.request("GET", f"{self._url}/api/me") as reply:
                cookie = reply.headers.get("set-cookie", "").partition(";")[0]
        except (Unreachable, BrokenOff, TimeoutError):
            cookie = ""  # the questions will tell
        return _Visitor({"cookie": cookie} if cookie else {})

    async def _ask_on(self, number: int, until: float) -> None:
        while time.monotonic() < until and self.left > 0:
            self.left -= 1
            reading = Reading(time.monotonic(), number)
            self._readings.append(reading)
            try:
                await self._ask(reading, self._people[number])
            except (Unreachable, BrokenOff, TimeoutError, msgspec.MsgspecError) as error:
                reading.outcome, reading.reason = "failed", str(error) or type(error).__name__
            if reading.outcome != "done":
                await asyncio.sleep(min(PAUSE_SECONDS, max(0.0, until - time.monotonic())))

    async def _ask(self, reading: Reading, person: _Visitor) -> None:
        question = {"text": self._question, "model": self._model}
        headers = {**person.headers, "content-type": "application/json"}
        async with (
            asyncio.timeout(REPLY_SECONDS),
            self._http.request(
                "POST", f"{self._url}/api/questions", headers=headers, body=msgspec.json.encode(question)
            ) as reply,
        ):
            body = await reply.body(REPLY_BYTES)
        if reply.status != 202:
            reading.outcome = "refused" if reply.status in _REFUSED else "failed"
            reading.reason = _said(reply.status, body)
            return
        asked = msgspec.json.decode(body, type=_Asked)
        self._chats[asked.chat.id] = person
        async with self._http.streams.request(
            "GET", f"{self._url}/api/answers/{asked.answer.id}/events", headers=person.headers
        ) as reply:
            if reply.status != 200:
                reading.outcome = "failed"
                reading.reason = _said(reply.status, await reply.body(REPLY_BYTES))
                return
            await _read(reading, reply)


async def _read(reading: Reading, body: Body) -> None:
    """Read an answer's events until its ending."""
    rest, last, counted = b"", 0.0, 0
    while chunk := await body.chunk():
        now = time.monotonic()
        *blocks, rest = (rest + chunk).split(b"\n\n")
        if len(rest) > EVENT_BYTES:
            raise BrokenOff("it sent an event without an end")
        for block in blocks:
            event = _event(block)
            match event:
                case Text():
                    if reading.first_seconds is None:
                        reading.first_seconds = now - reading.asked
                    elif now > last:
                        reading.pauses.append(now - last)
                    last = now
                    reading.tokens += 1
                case Queued(place=place):
                    reading.place = max(reading.place, place)
                case Usage(completion_tokens=tokens):
                    counted += tokens
                case Done():
                    reading.outcome = "done"
                case Failed(message=message):
                    reading.outcome, reading.reason = "failed", message
                case Stopped(reason=reason):
                    reading.outcome, reading.reason = "failed", f"it was stopped ({reason})"
                case _:
                    pass
        if reading.outcome != "open":
            reading.tokens = counted or reading.tokens
            return
    raise BrokenOff("the stream ended before the answer did")


def _event(block: bytes) -> Event | None:
    for line in block.split(b"\n"):
        if line.startswith(b"data: {"):
            return decode(line[6:])
    return None


def _said(status: int, body: bytes) -> str:
    try:
        problem = msgspec.json.decode(body, type=_Problem)
    except msgspec.MsgspecError:
        return f"status {status}"
    return f"status {status}: {problem.detail}"
