"""Send traces, metrics and log lines to a collector over OTLP, without ever holding anybody up.

What has ended waits in memory, bounded, until it is sent; what doesn't fit any more is dropped and counted. A collector
that is down or slow is asked again, at longer and longer distances.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Generic, Self, TypeVar

import msgspec

from hubbub.connections.http import Http
from hubbub.connections.otlp import Attributes, Figure, Line, Measure, Source
from hubbub.connections.outside import BrokenOff, Unreachable
from hubbub.connections.watchdog import Histogram
from hubbub.core.lasting import Lasting
from hubbub.core.tracing import INTERNAL, SERVER, Span, Step, Value, caller, current, new_place, place_of

T = TypeVar("T")

logger = logging.getLogger(__name__)

GATHER_SECONDS = 1.0
AT_ONCE = 512
"""So many spans or lines are sent with one request: about 200 kB, 3 ms to write."""
MOST_SENT_CHARACTERS = 128 * 1024
"""So many characters of texts are sent with one request: collectors take 4 MB as a rule."""
MOST_WAITING = 4096
MOST_WAITING_CHARACTERS = 16 * 1024 * 1024
"""So many spans, and as many lines, wait where the collector is down: about 4 MB; of texts in them so many characters.
"""
MOST_SERIES = 500
"""So many combinations of model, server and error are counted apart."""
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 30.0
CLOSING_SECONDS = 2.0
REPLY_BYTES = 64 * 1024
AGAIN = frozenset({429, 502, 503, 504})
"""The statuses after which the same may be sent again (OTLP 1.x, "Retryable Response Codes")."""
DURATIONS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
TOKENS = tuple(float(4**power) for power in range(14))
"""The bounds that the conventions for generative AI advise."""
_OF_MEASURES = (
    "gen_ai.operation.name",
    "gen_ai.provider.name",
    "gen_ai.request.model",
    "server.address",
    "server.port",
)


class Target(msgspec.Struct, frozen=True):
    """Where to send what; empty: nowhere."""

    traces_url: str = ""
    metrics_url: str = ""
    logs_url: str = ""
    headers: Mapping[str, str] = {}
    timeout_seconds: float = 10.0
    metrics_seconds: float = 60.0


class _Waiting(Generic[T]):
    """What waits to be sent to one address."""

    def __init__(self, url: str, size_of: Callable[[T], int]) -> None:
        self.url = url
        self.items: deque[T] = deque()
        self.dropped = 0
        self._size_of = size_of
        self._characters = 0

    def add(self, item: T) -> None:
        if not self.url:
            return
        size = self._size_of(item)
        if len(self.items) < MOST_WAITING and self._characters + size <= MOST_WAITING_CHARACTERS:
            self._characters += size
            self.items.append(item)
        else:
            self.dropped += 1

    def take(self) -> list[T]:
        """Return the next that are sent together, at least one if there is one."""
        taken: list[T] = []
        room = MOST_SENT_CHARACTERS
        while self.items and len(taken) < AT_ONCE and (room > 0 or not taken):
            size = self._size_of(self.items[0])
            room -= size
            self._characters -= size
            taken.append(self.items.popleft())
        return taken

    def put_back(self, items: list[T]) -> None:
        """Take what could not be sent; what there is no room for any more is dropped."""
        kept = items[: max(0, MOST_WAITING - len(self.items))]
        self.dropped += len(items) - len(kept)
        self._characters += sum(map(self._size_of, kept))
        self.items.extendleft(reversed(kept))


def _no_size(span: Span) -> int:
    """Return nothing: without texts a span is about a kilobyte, and their number bounds them."""
    return 0


def _size_of_span(span: Span) -> int:
    return sum(len(value) for value in span.attributes.values() if isinstance(value, str))


def _size_of_line(line: Line) -> int:
    return len(line.body) + sum(len(value) for value in line.attributes.values() if isinstance(value, str))


class _Later(Exception):
    """The collector can't take it now."""


class Telemetry:
    """A `Tracing` that sends what it records. An async context manager: leaving sends what is left, bounded in time."""

    def __init__(
        self,
        http: Http,
        source: Source,
        target: Target,
        *,
        includes_texts: bool = False,
        sampled_share: float = 1.0,
        heeds_callers: bool = True,
    ) -> None:
        """Take whose it is and where it goes.

        `sampled_share` of the traces that begin here are sent; of others, with `heeds_callers`, those whose caller says
        that they are sampled.
        """
        self.includes_texts = includes_texts
        self.figures: Callable[[], Iterable[Figure]] = tuple
        """What is told besides of the server, with each sending of metrics. Set by who composes."""
        self._http = http
        self._source = source
        self._target = target
        self._sampled_below = int(sampled_share * 2**64)
        self._heeds_callers = heeds_callers
        self._spans: _Waiting[Span] = _Waiting(target.traces_url, _size_of_span if includes_texts else _no_size)
        self._lines: _Waiting[Line] = _Waiting(target.logs_url, _size_of_line)
        self._durations: dict[Attributes, Histogram] = {}
        self._first_chunks: dict[Attributes, Histogram] = {}
        self._tokens: dict[Attributes, Histogram] = {}
        self._began_ns = time.time_ns()
        self._metrics_due = 0.0
        self._pause_until = 0.0
        self._pause_seconds = 0.0
        self._unsent = Lasting(logger)
        self._is_closing = False
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._metrics_due = self._now() + self._target.metrics_seconds
        self._task = asyncio.create_task(self._go_on(), name="telemetry")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._is_closing = True
            self._wake.set()
            await asyncio.wait({self._task}, timeout=CLOSING_SECONDS)
            self._task.cancel()
            await asyncio.wait({self._task})

    @property
    def dropped(self) -> int:
        """How many spans and lines were dropped."""
        return self._spans.dropped + self._lines.dropped

    def begin(self, name: str, *, link: str | None = None) -> Step:
        around = current()
        if around.is_recorded:
            return around.step(name)
        asked = caller.get()
        above = place_of(asked.traceparent, asked.tracestate) if asked is not None and asked.traceparent else None
        place = new_place()
        if above is not None:
            place = above._replace(span_id=place.span_id)
        if above is None or not self._heeds_callers:
            low = int.from_bytes(place.trace_id[8:])
            place = place._replace(is_sampled=low < self._sampled_below)
        span = Span(
            self,
            name,
            INTERNAL if asked is None else SERVER,
            place,
            b"" if above is None else above.span_id,
            place_of(link) if link else None,
        )
        if asked is not None:
            span.attributes["http.request.method"] = asked.method
            span.attributes["url.path"] = asked.path
        return span

    def ended(self, span: Span) -> None:
        if "gen_ai.request.model" in span.attributes and "gen_ai.operation.name" in span.attributes:
            self._count(span)
        if span.place.is_sampled:
            self._spans.add(span)
            if len(self._spans.items) == AT_ONCE:
                self._wake.set()

    def take(self, line: Line) -> None:
        """Take a line of the log. May be called from any thread."""
        self._lines.add(line)

    def _count(self, span: Span) -> None:
        known = span.attributes
        pairs = tuple([(name, known[name]) for name in _OF_MEASURES if name in known])
        self._add(
            self._durations, (*pairs, ("error.type", span.error)) if span.error else pairs, span.seconds, DURATIONS
        )
        first = known.get("gen_ai.response.time_to_first_chunk")
        if isinstance(first, float):
            self._add(self._first_chunks, pairs, first, DURATIONS)
        for kind in ("input", "output"):
            if isinstance(count := known.get(f"gen_ai.usage.{kind}_tokens"), int):
                self._add(self._tokens, (*pairs, ("gen_ai.token.type", kind)), count, TOKENS)

    @staticmethod
    def _add(
        series: dict[Attributes, Histogram],
        pairs: tuple[tuple[str, Value], ...],
        value: float,
        bounds: tuple[float, ...],
    ) -> None:
        histogram = series.get(key := Attributes(pairs))
        if histogram is None:
            if len(series) >= MOST_SERIES:
                return
            histogram = series[key] = Histogram(bounds)
        histogram.add(value)

    async def _go_on(self) -> None:
        while not self._is_closing:
            try:
                async with asyncio.timeout(max(GATHER_SECONDS, self._pause_seconds)):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            if self._is_closing or self._now() >= self._pause_until:
                await self._send_all()

    async def _send_all(self) -> None:
        """Send all that waits, unless the collector can't take it; then it is left alone for a while."""
        try:
            await self._send(self._spans, self._source.spans)
            await self._send(self._lines, self._source.lines)
            if self._target.metrics_url and (self._is_closing or self._now() >= self._metrics_due):
                self._metrics_due = self._now() + self._target.metrics_seconds
                await self._post(self._target.metrics_url, self._metrics())
            self._pause_seconds = 0.0
        except _Later as error:
            self._unsent.met("Telemetry can't be sent; it is tried again, and dropped beyond a bound", error)
            self._rest()
        except Exception:  # a bug here must not end it: what waits would be dropped for ever
            logger.exception("Telemetry can't be sent.")
            self._rest()

    def _rest(self) -> None:
        self._pause_seconds = min(max(FIRST_PAUSE_SECONDS, 2 * self._pause_seconds), LONGEST_PAUSE_SECONDS)
        self._pause_until = self._now() + self._pause_seconds

    async def _send(self, waiting: _Waiting[T], write: Callable[[list[T]], bytes]) -> None:
        while items := waiting.take():
            try:
                await self._post(waiting.url, write(items))
            except (_Later, asyncio.CancelledError):
                waiting.put_back(items)
                raise

    async def _post(self, url: str, body: bytes) -> None:
        """Send one request.

        Raises:
            _Later: the same may be sent again later.
        """
        headers = {**self._target.headers, "Content-Type": "application/x-protobuf"}
        try:
            async with (
                asyncio.timeout(self._target.timeout_seconds),
                self._http.request("POST", url, headers=headers, body=body) as reply,
            ):
                await reply.body(REPLY_BYTES)
        except TimeoutError:
            raise _Later(f"{url} did not answer within {self._target.timeout_seconds:g} s") from None
        except (Unreachable, BrokenOff) as error:
            raise _Later(f"{url}: {error}") from error
        if reply.status in AGAIN:
            raise _Later(f"{url} answered with {reply.status}")
        if 200 <= reply.status < 300:
            self._unsent.over()
        else:  # the same would be refused again
            self._unsent.met("Telemetry was refused and is dropped", f"{url} answered with {reply.status}")

    def _metrics(self) -> bytes:
        measures = (
            Measure("gen_ai.client.operation.duration", "s", "How long requests to models took.", self._durations),
            Measure(
                "gen_ai.client.operation.time_to_first_chunk",
                "s",
                "How long models took for the first piece of an answer.",
                self._first_chunks,
            ),
            Measure("gen_ai.client.token.usage", "{token}", "Tokens that models read and wrote.", self._tokens),
        )
        return self._source.metrics(self.figures(), measures, self._began_ns, time.time_ns())

    @staticmethod
    def _now() -> float:
        return time.monotonic()
