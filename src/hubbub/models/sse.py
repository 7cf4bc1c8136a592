"""Decode server-sent events from bytes that arrive in any pieces."""

from collections.abc import Sequence

import msgspec

from hubbub.models.elision import FACTOR, Elision, elided

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_LINE_FEED, _CARRIAGE_RETURN = 10, 13


class EventTooLarge(ValueError):
    """A single event is over the limit. `events` are those that were complete before it, with the same chunk."""

    def __init__(self, limit_bytes: int, events: Sequence[bytes]) -> None:
        super().__init__(f"an event is over {limit_bytes} bytes")
        self.events = events


class SseDecoder:
    """Turns a stream's bytes into the data of its events (WHATWG HTML, section 9.2).

    Lines end with CR, LF or CRLF. Comments and the other fields are left out. Three habits of real servers are
    understood beyond the standard: events without a blank line between them, errors under a name of their own, and
    JSON on a line without a field.

    No event, comment or line is held beyond `limit_bytes`, its fields' names included: of what is longer long runs of
    base64 are left out, such as a picture beside a text, and where that does not help it is too large.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._tail: list[bytes] = []  # pieces of a line whose end has not come
        self._tail_bytes = 0
        self._data: list[bytes] = []  # the event's data lines so far
        self._data_bytes = 0
        self._is_error = False
        """Whether the event is called an error."""
        self._start: bytes | None = b""
        """The first bytes, as long as they may be a byte order mark."""
        self._is_after_cr = False
        self._elision: Elision | None = None
        """Takes the rest of a line that is over the limit."""
        self.comments = 0
        """How many came: by them servers show that they are alive."""

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the data of the events that are complete with this chunk, in order.

        Raises:
            EventTooLarge: an event is over the limit; the decoder is of no further use.
        """
        if (
            chunk.startswith(b"data: ")  # as a rule: whole events of one line, and nothing else
            and chunk.endswith(b"\n\n")
            and not (self._tail or self._data or self._start is not None or self._is_after_cr or self._is_error)
            and len(chunk) <= self._limit_bytes
            and b"\r" not in chunk
        ):
            events = chunk[6:-2].split(b"\n\ndata: ")
            if chunk.count(b"\n") == 2 * len(events):
                return events
        return self._feed(chunk)

    def _feed(self, chunk: bytes) -> list[bytes]:
        if self._start is not None:
            chunk = self._start + chunk
            if len(chunk) < len(_BYTE_ORDER_MARK) and _BYTE_ORDER_MARK.startswith(chunk):
                self._start = chunk
                return []
            self._start = None
            chunk = chunk.removeprefix(_BYTE_ORDER_MARK)
        if self._is_after_cr and chunk:
            self._is_after_cr = False
            if chunk[0] == _LINE_FEED:
                chunk = chunk[1:]
        if not chunk:
            return []
        self._is_after_cr = chunk[-1] == _CARRIAGE_RETURN
        lines = chunk.splitlines()
        rest = b"" if chunk[-1] in (_LINE_FEED, _CARRIAGE_RETURN) else lines.pop()
        events: list[bytes] = []
        if lines:
            lines[0] = self._with_tail(lines[0], events)
        for line in lines:
            if line:
                self._take(line, events)
            elif self._data:
                events.append(self._event())
            else:
                self._is_error = False
        if rest:
            self._hold(rest, events)
        return events

    def finish(self) -> list[bytes]:
        """Return the data of an event whose closing blank line the server left out, if there is one.

        Raises:
            EventTooLarge: it is over the limit.
        """
        events: list[bytes] = []
        line = self._with_tail(b"", events)
        if line:
            self._take(line, events)
        if self._data:
            events.append(self._event())
        return events

    def _hold(self, rest: bytes, events: Sequence[bytes]) -> None:
        self._tail_bytes += len(rest)
        if self._elision is None:
            self._tail.append(rest)
            if self._data_bytes + self._tail_bytes <= self._limit_bytes:
                return
            self._elision = Elision()
            rest = b"".join(self._tail)
            self._tail.clear()
        self._elision.feed(rest)
        self._check(self._elision.kept_bytes, self._tail_bytes, events)

    def _with_tail(self, end: bytes, events: Sequence[bytes]) -> bytes:
        if self._elision is None:
            line = b"".join((*self._tail, end))
        else:
            self._elision.feed(end)
            line = self._elision.finish()
            self._check(len(line), self._tail_bytes + len(end), events)
            self._elision = None
        self._tail.clear()
        self._tail_bytes = 0
        return line

    def _take(self, line: bytes, events: list[bytes]) -> None:
        if self._data_bytes + len(line) > self._limit_bytes:
            whole_bytes = len(line)
            line = elided(line)
            self._check(len(line), whole_bytes, events)
        name, _, value = line.partition(b":")
        if name == b"data":
            if self._data and self._is_next(value):  # no blank line between them
                events.append(self._event())
            self._data.append(value.removeprefix(b" "))
            self._data_bytes += len(line) + 1
        elif not name:
            self.comments += 1
        elif name in (b"event", b"error") or line.startswith(b"{"):
            if self._data and self._is_next(b"{"):
                events.append(self._event())
            if name == b"event":
                self._is_error = value.strip().lower() == b"error"
            else:  # llama.cpp until September 2025; or what a proxy or a framework writes into a stream
                events.append(_called_error(value) if name == b"error" else line)

    def _is_next(self, value: bytes) -> bool:
        """Tell whether a line of data is another event: in no JSON can it follow what has come."""
        return (
            self._data[-1].rstrip().endswith((b"}", b"]"))
            and self._data[0].lstrip().startswith((b"{", b"["))
            and value.lstrip().startswith((b"{", b"[DONE]"))
        )

    def _event(self) -> bytes:
        data = b"\n".join(self._data)
        self._data.clear()
        self._data_bytes = 0
        if self._is_error:
            self._is_error = False
            return _called_error(data)
        return data

    def _check(self, kept_bytes: int, whole_bytes: int, events: Sequence[bytes]) -> None:
        if self._data_bytes + kept_bytes > self._limit_bytes or whole_bytes > FACTOR * self._limit_bytes:
            raise EventTooLarge(self._limit_bytes, events)


def _called_error(data: bytes) -> bytes:
    """Return the data of an event that is called an error, in a form that says so itself."""
    data = data.strip()
    if b'"error"' in data or data.startswith(b"[DONE]"):
        return data
    is_json = data.startswith((b"{", b"[", b'"'))
    return b'{"error":%b}' % (data if is_json else msgspec.json.encode(data.decode("utf-8", "replace")))
