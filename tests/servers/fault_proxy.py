"""A TCP proxy before any server that does to connections what networks do, by a seed."""

import asyncio
import contextlib
import random
import socket
import struct
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import TracebackType
from typing import Literal, Self, TypeAlias, get_args

Kind: TypeAlias = Literal["pass", "reset", "close", "stall", "trickle", "delay", "split", "black_hole", "refuse"]
"""reset: RST · close: FIN · trickle: a few bytes at a time · split: cut at random places · black_hole: says nothing."""
KINDS: tuple[Kind, ...] = get_args(Kind)
Direction: TypeAlias = Literal["to_server", "to_client"]

SHORT_BYTES = 300
"""Half of the faults come within so many bytes: in the request, in the head of the reply, before the first token."""
SPLIT_SECONDS = 0.001
"""Between two parts of a write, so that they arrive as two."""


@dataclass(frozen=True)
class Plan:
    """What happens to a connection."""

    kind: Kind = "pass"
    direction: Direction = "to_client"
    after_bytes: int = 0
    """How many pass in this direction before it is reset, closed or stalled."""
    step_bytes: int = 1
    pause_seconds: float = 0.0
    """Between two steps of a trickle; before the first byte of what is delayed."""
    seed: int = 0
    """Of the places where it is split."""


def draw(chance: random.Random, kinds: Sequence[Kind], most_bytes: int) -> Plan:
    """Return the next plan by this chance."""
    return Plan(
        kind=chance.choice(kinds),
        direction=chance.choice(("to_server", "to_client")),
        after_bytes=chance.randrange(chance.choice((min(SHORT_BYTES, most_bytes), most_bytes))),
        step_bytes=chance.choice((1, 7, 40)),
        pause_seconds=chance.choice((0.001, 0.02, 0.3)),
        seed=chance.randrange(2**32),
    )


@dataclass
class Fate:
    """A connection's plan, and whether it has come to that."""

    plan: Plan
    has_struck: bool = False


class FaultProxy:
    """The proxy; an async context manager.

    The nth connection has the nth plan of its seed, so a failure can be seen again by the seed alone.
    Whether connections are refused is decided once, by the first plan: nobody can tell a connection
    that was refused from none.
    """

    def __init__(
        self,
        port: int,
        *,
        seed: int,
        kinds: Sequence[Kind] = KINDS,
        plan: Plan | None = None,
        most_bytes: int = 4000,
        host: str = "127.0.0.1",
    ) -> None:
        """Stand before the server at `port`. A plan that is given holds for all connections."""
        self.seed = seed
        self.log: list[Fate] = []
        """One a connection, in the order in which they came."""
        self.open_connections = 0
        self._target = (host, port)
        self._kinds = kinds
        self._plan = plan
        self._most_bytes = most_bytes
        self._chance = random.Random(seed)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port: int = self._socket.getsockname()[1]
        self._first = self._draw()
        if self._first.kind == "refuse":
            # What is bound and does not listen refuses, and nobody else can get the port.
            self._socket.close()
            self._socket = socket.socket()
            self._socket.bind(("127.0.0.1", self.port))
            self.log.append(Fate(self._first, has_struck=True))
        else:
            self._server = await asyncio.start_server(self._accept, sock=self._socket)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        (self._server or self._socket).close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def has_struck(self) -> bool:
        """Whether it has come to what was planned for any of the connections."""
        return any(fate.has_struck for fate in self.log)

    def _draw(self) -> Plan:
        return self._plan or draw(self._chance, self._kinds, self._most_bytes)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        plan, accepting = self._first, [kind for kind in self._kinds if kind != "refuse"]
        if self.log:
            plan = self._plan or draw(self._chance, accepting, self._most_bytes)
        fate = Fate(plan)
        self.log.append(fate)
        task = asyncio.create_task(self._serve(fate, reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, fate: Fate, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open_connections += 1
        ends = [writer]
        try:
            if fate.plan.kind == "black_hole":
                fate.has_struck = True
                await _swallow(reader)
                return
            their_reader, their_writer = await asyncio.open_connection(*self._target)
            ends.append(their_writer)
            await _first_of(
                _pass_on(fate, "to_server", reader, their_writer), _pass_on(fate, "to_client", their_reader, writer)
            )
        except _Reset:
            for end in ends:
                _reset(end)
        except ConnectionError:
            pass
        finally:
            self.open_connections -= 1
            for end in ends:
                end.close()


class _Reset(Exception):
    """The connection is to be broken off, on both sides."""


async def _pass_on(fate: Fate, way: Direction, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass bytes on until their end, or until the plan's; returns when the connection is to be closed."""
    plan = fate.plan if fate.plan.direction == way else Plan()
    left_bytes = plan.after_bytes if plan.kind in ("reset", "close", "stall") else None
    cuts = random.Random(plan.seed)
    while left_bytes != 0 and (data := await reader.read(65536)):
        if plan.kind in ("trickle", "delay", "split"):
            fate.has_struck = True
        for part, pause_seconds in _parts(data[:left_bytes], plan, cuts):
            await asyncio.sleep(pause_seconds)
            if way == "to_server" and (reader.at_eof() or reader.exception()):
                return  # the client has left: nobody waits for the rest
            writer.write(part)
            await writer.drain()
        if plan.kind == "delay":
            plan = Plan()
        if left_bytes is not None:
            left_bytes = max(0, left_bytes - len(data))
    if left_bytes != 0:
        return
    fate.has_struck = True
    if plan.kind == "reset":
        raise _Reset
    if plan.kind == "stall":
        await _swallow(reader)
        if way == "to_client":
            await asyncio.Event().wait()  # that the server has gone isn't passed on either


def _parts(data: bytes, plan: Plan, cuts: random.Random) -> Iterator[tuple[bytes, float]]:
    """Return the parts that a read is written in, each with the pause before it."""
    match plan.kind:
        case "trickle":
            for start in range(0, len(data), plan.step_bytes):
                yield data[start : start + plan.step_bytes], plan.pause_seconds
        case "split":
            places = sorted(cuts.randrange(len(data) + 1) for _ in range(cuts.randrange(1, 20)))
            for start, end in pairwise([0, *places, len(data)]):
                if start < end:
                    yield data[start:end], SPLIT_SECONDS
        case "delay":
            yield data, plan.pause_seconds
        case _:
            yield data, 0.0


async def _swallow(reader: asyncio.StreamReader) -> None:
    while await reader.read(65536):
        pass


async def _first_of(*ways: Coroutine[None, None, None]) -> None:
    """Run both until one has ended, in whichever way, and end the other."""
    tasks = [asyncio.ensure_future(way) for way in ways]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _reset(writer: asyncio.StreamWriter) -> None:
    raw: socket.socket = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):  # it may have gone already
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
