"""Write spans, metrics and log lines as OTLP wants them: protobuf, by the numbers of opentelemetry-proto 1.x.

By hand, since that takes a sixth of the time that the official SDK needs, and no package (docs/why/telemetry.md).
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple, Protocol

from hubbub.connections.watchdog import Histogram
from hubbub.core.tracing import Place, Span, Value

ERROR = b"\x7a\x02\x18\x02"
"""Status { code: ERROR }; without a message, which could say what somebody wrote."""
CUMULATIVE = b"\x10\x02"
_FIXED = struct.Struct("<Q")
_DOUBLE = struct.Struct("<d")
_LENGTHS = [bytes((number,)) for number in range(128)]


class Attributes(NamedTuple):
    """What a series of values is about, as names and values that can be a key."""

    pairs: tuple[tuple[str, Value], ...] = ()


class Figure(Protocol):
    """A figure of the server, as `/metrics` shows it."""

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> Literal["gauge", "counter", "histogram"]: ...

    @property
    def meaning(self) -> str: ...

    @property
    def values(self) -> Mapping[str, float] | Histogram: ...

    @property
    def label(self) -> str: ...


class Measure(NamedTuple):
    """A histogram for each combination of attributes."""

    name: str
    unit: str
    meaning: str
    series: Mapping[Attributes, Histogram]


class Line(NamedTuple):
    """A line of the log."""

    at_ns: int
    level: int
    level_name: str
    body: str
    attributes: Mapping[str, Value]
    place: Place | None


def _number(value: int) -> bytes:
    """Return a number as a varint; a negative one as protobuf's int64 has it."""
    if 0 <= value < 128:
        return _LENGTHS[value]
    value &= 0xFFFF_FFFF_FFFF_FFFF
    written = bytearray()
    while value > 127:
        written.append(value & 127 | 128)
        value >>= 7
    written.append(value)
    return bytes(written)


def _within(tag: bytes, body: bytes) -> bytes:
    """Return a field whose value has a length: a message, a text or bytes."""
    size = len(body)
    return tag + (_LENGTHS[size] if size < 128 else _number(size)) + body


def _text(tag: bytes, text: str) -> bytes:
    return _within(tag, text.encode("utf-8", "replace"))


@lru_cache(1024)
def _key(name: str) -> bytes:
    return _text(b"\x0a", name)


def _value(value: Value) -> bytes:
    match value:
        case str():
            return _text(b"\x0a", value)
        case bool():
            return b"\x10\x01" if value else b"\x10\x00"
        case int():
            return b"\x18" + _number(value)
        case float():
            return b"\x21" + _DOUBLE.pack(value)
        case _:
            return _within(b"\x2a", b"".join([_within(b"\x0a", _value(one)) for one in value]))


def _attribute(tag: bytes, name: str, value: Value) -> bytes:
    return _within(tag, _key(name) + _within(b"\x12", _value(value)))


def _attributes(tag: bytes, pairs: Iterable[tuple[str, Value]]) -> bytes:
    return b"".join([_attribute(tag, name, value) for name, value in pairs])


class Source:
    """What is told with everything: whose it is."""

    def __init__(self, resource: Mapping[str, Value], name: str, version: str) -> None:
        self._resource = _within(b"\x0a", _attributes(b"\x0a", resource.items()))
        self._scope = _within(b"\x0a", _text(b"\x0a", name) + _text(b"\x12", version))

    def spans(self, spans: Iterable[Span]) -> bytes:
        """Return the request that exports spans."""
        return self._request([span_body(span) for span in spans])

    def metrics(self, figures: Iterable[Figure], measures: Iterable[Measure], began_ns: int, now_ns: int) -> bytes:
        """Return the request that exports what was counted since a time."""
        times = b"\x11" + _FIXED.pack(began_ns) + b"\x19" + _FIXED.pack(now_ns)
        bodies = [_figure(figure, times) for figure in figures]
        bodies += [
            _metric(one.name, one.unit, one.meaning, _histogram(one.series.items(), times))
            for one in measures
            if one.series
        ]
        return self._request(bodies)

    def lines(self, lines: Iterable[Line]) -> bytes:
        """Return the request that exports lines of the log."""
        return self._request([_line(line) for line in lines])

    def _request(self, bodies: Sequence[bytes]) -> bytes:
        within = self._scope + b"".join([_within(b"\x12", body) for body in bodies])
        return _within(b"\x0a", self._resource + _within(b"\x12", within))


def span_body(span: Span) -> bytes:
    """Return a span, as a message of that name."""
    parts = [b"\x0a\x10", span.place.trace_id, b"\x12\x08", span.id]
    if span.place.state:
        parts.append(_text(b"\x1a", span.place.state))
    if span.parent_id:
        parts += (b"\x22\x08", span.parent_id)
    parts += (
        _text(b"\x2a", span.name),
        b"\x30",
        _LENGTHS[span.kind],
        b"\x39",
        _FIXED.pack(span.began_ns),
        b"\x41",
        _FIXED.pack(span.ended_ns),
        _attributes(b"\x4a", span.attributes.items()),
    )
    if span.error:
        parts.append(_attribute(b"\x4a", "error.type", span.error))
    if (link := span.link) is not None:
        parts.append(_within(b"\x6a", b"\x0a\x10" + link.trace_id + b"\x12\x08" + link.span_id))
    if span.error:
        parts.append(ERROR)
    return b"".join(parts)


def _line(line: Line) -> bytes:
    at = _FIXED.pack(line.at_ns)
    parts = [b"\x09", at, b"\x10", _number(line.level)]
    parts += (_text(b"\x1a", line.level_name), _within(b"\x2a", _value(line.body)))
    parts.append(_attributes(b"\x32", line.attributes.items()))
    if line.place is not None:
        flags = struct.pack("<I", line.place.is_sampled)
        parts += (b"\x45", flags, b"\x4a\x10", line.place.trace_id, b"\x52\x08", line.place.span_id)
    parts += (b"\x59", at)
    return b"".join(parts)


def _metric(name: str, unit: str, meaning: str, data: bytes) -> bytes:
    return _text(b"\x0a", name) + _text(b"\x12", meaning) + (_text(b"\x1a", unit) if unit else b"") + data


def _figure(figure: Figure, times: bytes) -> bytes:
    """Return a figure under the name that OpenTelemetry would give it: dots, and the unit apart."""
    name, unit = figure.name.removesuffix("_total"), ""
    for ending, meant in (("_seconds", "s"), ("_bytes", "By")):
        if name.endswith(ending):
            name, unit = name.removesuffix(ending), meant
    name = name.replace("_", ".", 1)
    values = figure.values
    if isinstance(values, Histogram):
        return _metric(name, unit, figure.meaning, _histogram([(Attributes(), values)], times))
    points = b"".join(
        [
            _within(
                b"\x0a",
                times
                + b"\x21"
                + _DOUBLE.pack(value)
                + (_attribute(b"\x3a", figure.label, label) if figure.label else b""),
            )
            for label, value in values.items()
        ]
    )
    if figure.kind == "counter":
        return _metric(name, unit, figure.meaning, _within(b"\x3a", points + CUMULATIVE + b"\x18\x01"))
    return _metric(name, unit, figure.meaning, _within(b"\x2a", points))


def _histogram(series: Iterable[tuple[Attributes, Histogram]], times: bytes) -> bytes:
    points: list[bytes] = []
    for attributes, histogram in series:
        counts = histogram.counts
        body = [times, b"\x21", _FIXED.pack(sum(counts)), b"\x29", _DOUBLE.pack(histogram.total)]
        body.append(_within(b"\x32", b"".join([_FIXED.pack(count) for count in counts])))
        body.append(_within(b"\x3a", b"".join([_DOUBLE.pack(bound) for bound in histogram.bounds])))
        body.append(_attributes(b"\x4a", attributes.pairs))
        points.append(_within(b"\x0a", b"".join(body)))
    return _within(b"\x4a", b"".join(points) + CUMULATIVE)
