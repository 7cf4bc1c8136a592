"""Trace a question step by step, for whoever records that; where nobody does, each step is one that does nothing.

A trace begins with `Tracing.begin`, and each `step` inside is a child of the one around it, in tasks that are started
there as well. The ids and the header are those of W3C Trace Context.
"""

import asyncio
import random
import re
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Final, Literal, NamedTuple, Protocol, Self, TypeAlias

from hubbub.core.errors import HubbubError

Value: TypeAlias = str | bool | int | float | tuple[str, ...]

Kind: TypeAlias = Literal[1, 2, 3]
INTERNAL: Final = 1
SERVER: Final = 2
CLIENT: Final = 3
"""The kinds of spans, by the numbers that OTLP gives them."""

TEXT_CHARACTERS = 32_000
"""The longest text that is recorded, where texts are."""
_STATE_CHARACTERS = 512
_chance = random.Random()  # noqa: S311 (ids have to differ, and need not be secret)
_TRACEPARENT = re.compile(r"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")


class Place(NamedTuple):
    """A span of some trace, here or elsewhere."""

    trace_id: bytes
    span_id: bytes
    is_sampled: bool = True
    state: str = ""


class Caller(NamedTuple):
    """The request that something is asked with: what it says of its own trace, and which one it is."""

    traceparent: str
    tracestate: str
    method: str
    path: str


caller: ContextVar[Caller | None] = ContextVar("caller", default=None)
"""Set only where traces are recorded."""


class Step:
    """A step of which nothing is recorded, and what all steps can do. As a context manager it ends when it is left."""

    __slots__ = ()

    is_recorded: bool = False
    """Whether it is worth finding out what there is to note."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return

    def step(self, name: str, kind: Kind = INTERNAL) -> "Step":
        """Return a step within this one, to be entered."""
        return self

    def set(self, name: str, value: Value) -> None:
        """Note a fact; nothing that a person wrote or that names a person."""

    def text(self, name: str, value: Callable[[], str]) -> None:
        """Note what somebody wrote; it is asked for only where texts are recorded."""

    def fail(self, code: str) -> None:
        """Note that it failed, by the code of the error."""

    def keep(self) -> None:
        """Go on after it is left: whoever took it over ends it."""

    def end(self) -> None:
        """End it, if it has not ended yet."""

    def headers(self, headers: Mapping[str, str]) -> Mapping[str, str]:
        """Return headers of a request with those that tell its server of this step."""
        return headers

    @property
    def takes_texts(self) -> bool:
        """Whether texts are recorded."""
        return False

    @property
    def traceparent(self) -> str:
        """Where this step stands, as a header says it; empty where nothing is recorded."""
        return ""

    @property
    def trace_id(self) -> str:
        """The id of the trace, in hexadecimal; empty where nothing is recorded."""
        return ""


NOTHING: Final = Step()

_current: ContextVar[Step] = ContextVar("step", default=NOTHING)


def current() -> Step:
    """Return the step that this task is in."""
    return _current.get()


def step(name: str, kind: Kind = INTERNAL) -> Step:
    """Return a step within the one that this task is in, to be entered."""
    return _current.get().step(name, kind)


class Recorder(Protocol):
    """Takes what has ended."""

    includes_texts: bool

    def ended(self, span: "Span") -> None:
        """Take a span, which changes no more. Returns at once and raises nothing."""
        ...


class Span(Step):
    """A step that is recorded."""

    __slots__ = (
        "_began",
        "_is_kept",
        "_recorder",
        "_token",
        "attributes",
        "began_ns",
        "ended_ns",
        "error",
        "id",
        "kind",
        "link",
        "name",
        "parent_id",
        "place",
    )

    is_recorded = True

    def __init__(
        self, recorder: Recorder, name: str, kind: Kind, trace: Place, parent_id: bytes = b"", link: Place | None = None
    ) -> None:
        """Begin it in a trace. Of `trace`, the span's id is this span's own."""
        self._recorder = recorder
        self.name = name
        self.kind: Kind = kind
        self.place = trace
        self.id = trace.span_id
        self.parent_id = parent_id
        self.link = link
        self.attributes: dict[str, Value] = {}
        self.error = ""
        """The code of the error that it failed with."""
        self.began_ns = time.time_ns()
        self._began = time.monotonic_ns()
        self.ended_ns = 0
        """0 while it goes on."""
        self._is_kept = False
        self._token: Token[Step] | None = None

    def __enter__(self) -> Self:
        self._token = _current.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._token is not None:
            _current.reset(self._token)
            self._token = None
        if error is not None:
            self._note(error)
        if not self._is_kept:
            self.end()

    def _note(self, error: BaseException) -> None:
        if isinstance(error, HubbubError):
            self.fail(error.code)
            error.trace_id = error.trace_id or self.trace_id
        elif isinstance(error, asyncio.CancelledError):
            self.set("hubbub.cancelled", True)
        else:
            self.fail(type(error).__qualname__)

    def step(self, name: str, kind: Kind = INTERNAL) -> Step:
        return Span(self._recorder, name, kind, self.place._replace(span_id=_chance.randbytes(8)), self.id)

    def set(self, name: str, value: Value) -> None:
        self.attributes[name] = value

    def text(self, name: str, value: Callable[[], str]) -> None:
        if self._recorder.includes_texts:
            self.attributes[name] = value()[:TEXT_CHARACTERS]

    def fail(self, code: str) -> None:
        self.error = self.error or code

    def keep(self) -> None:
        self._is_kept = True

    def end(self) -> None:
        if not self.ended_ns:
            self.ended_ns = self.began_ns + time.monotonic_ns() - self._began
            self._recorder.ended(self)

    def headers(self, headers: Mapping[str, str]) -> Mapping[str, str]:
        told = {**headers, "traceparent": self.traceparent}
        if self.place.state:
            told["tracestate"] = self.place.state
        return told

    @property
    def takes_texts(self) -> bool:
        return self._recorder.includes_texts

    @property
    def traceparent(self) -> str:
        flags = "01" if self.place.is_sampled else "00"
        return f"00-{self.place.trace_id.hex()}-{self.id.hex()}-{flags}"

    @property
    def trace_id(self) -> str:
        return self.place.trace_id.hex()

    @property
    def seconds(self) -> float:
        """How long it took; 0 while it goes on."""
        return max(0, self.ended_ns - self.began_ns) / 1e9 if self.ended_ns else 0.0


class Tracing(Protocol):
    """Begins traces."""

    @property
    def dropped(self) -> int:
        """How much could not be recorded, since what takes it was down or too slow."""
        ...

    def begin(self, name: str, *, link: str | None = None) -> Step:
        """Return the first step of a trace, to be entered: of the caller's trace, where there is a caller that has one.

        Within a step it is a step of that. `link` is the `traceparent` of a trace that this one goes on with.
        """
        ...


class NoTracing:
    """Records nothing."""

    dropped: int = 0

    def begin(self, name: str, *, link: str | None = None) -> Step:
        return NOTHING


def new_place() -> Place:
    """Return the place of a first span of a new trace."""
    return Place(_chance.randbytes(16), _chance.randbytes(8))


def place_of(traceparent: str, tracestate: str = "") -> Place | None:
    """Return what a `traceparent` names; None where it is not one (W3C Trace Context, 3.2)."""
    found = _TRACEPARENT.fullmatch(traceparent)
    if found is None or (found[1] == "00" and found[5]):
        return None
    is_state = len(tracestate) <= _STATE_CHARACTERS and tracestate.isascii() and tracestate.isprintable()
    return Place(
        bytes.fromhex(found[2]),
        bytes.fromhex(found[3]),
        bool(int(found[4], 16) & 1),
        tracestate.strip() if is_state else "",
    )
