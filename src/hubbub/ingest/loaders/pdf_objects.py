"""Read objects of a PDF that pdfium has no words for. Those of encrypted files are read in a copy that is none."""

import mmap
import re
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

_TOKEN = re.compile(
    rb"(?:\s|%[^\r\n]*[\r\n])*+(?:(?P<reference>(?P<number>\d{1,9})\s+\d+\s+R\b)|(?P<token><<|>>|[\[\]]"
    rb"|/[^\s<>\[\]()/%]*|\((?:\\.|[^\\()]|\((?:\\.|[^\\()])*+\))*+\)|<[\da-fA-F\s]*>|[^\s<>\[\]()/%]+))",
    re.DOTALL,
)
_OBJECT = re.compile(rb"\s*\d+\s+\d+\s+obj\b")
_TABLE = re.compile(rb"\s*xref\s*")
_SECTION = re.compile(rb"\s*(\d{1,9}) (\d{1,9})\s*[\r\n]+")
_TRAILER = re.compile(rb"\s*trailer")
_STREAM = re.compile(rb"\s*stream\r?\n")
_END_BYTES, _ENTRY_BYTES = 1024, 20
_ESCAPED = re.compile(rb"\\(\r\n|[0-7]{1,3}|.)", re.DOTALL)
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"\r\n": b"", b"\n": b"", b"\r": b""}
_DEEPEST, _MOST_PARTS, _MOST_ITEMS = 50, 10_000, 100_000
_MOST_UNPACKED = 1 << 22
_MOST_TABLES = 100
_UP = 2  # the predictor of PNG by which each row is told by the one above


class Reference(NamedTuple):
    """Another object, by its number."""

    number: int


class NameOf(NamedTuple):
    """A name: `/OFF`."""

    text: str


class Dictionary(dict[str, Any]):
    """Values by their keys."""


class Array(list[Any]):
    """Values in their order."""


class _Part(msgspec.Struct, frozen=True):
    """A part of the table of objects: entries of some bytes each, for numbers that follow each other."""

    first: int
    count: int
    entries: bytes | mmap.mmap
    place: int
    widths: tuple[int, ...] = ()
    """Of an entry's three numbers, where it is no line of text."""
    is_predicted: bool = False

    def entry(self, number: int) -> tuple[int, int, int] | None:
        """Return an object's kind (1: it stands at a place, 2: in another object) and two numbers more."""
        row = number - self.first
        if not 0 <= row < self.count:
            return None
        if not self.widths:
            start = self.place + row * _ENTRY_BYTES
            line = self.entries[start : start + _ENTRY_BYTES]
            return (1, int(line[:10]), 0) if line[17:18] == b"n" and line[:10].isdigit() else None
        size = sum(self.widths) + self.is_predicted
        start = self.place + row * size
        if self.is_predicted:
            columns = (self.entries[self.place + column : start + size : size] for column in range(1, size))
            held = bytes(sum(column) & 0xFF for column in columns)
        else:
            held = self.entries[start : start + size]
        kind, place, more = self.widths
        return (
            int.from_bytes(held[:kind]) if kind else 1,
            int.from_bytes(held[kind : kind + place]),
            int.from_bytes(held[kind + place : kind + place + more]),
        )


class Objects:
    """The objects of a file."""

    def __init__(self, data: bytes | mmap.mmap) -> None:
        self._data = data
        self._parts: list[_Part] = []
        self._packed: dict[int, tuple[bytes, dict[int, int]]] = {}
        """Of objects that hold others: what they hold, and where each begins in it."""
        self._unread: list[int] = []
        """Where tables begin that were not read so far, the next one last."""
        self._read_from: set[int] = set()
        self.trailer: Any = None
        end = data[-_END_BYTES:]
        begins = end[end.rfind(b"startxref") + 9 :].split()[:1] if b"startxref" in end else []
        if begins and begins[0].isdigit():
            self._unread.append(int(begins[0][:10]))
            self._read_table()

    def at(self, holder: Any, key: str) -> Any:
        """Return what an object has by a key, itself if it stands elsewhere, None where it has none."""
        held = self._resolved(holder)
        return self._resolved(held.get(key)) if isinstance(held, Dictionary) else None

    def _resolved(self, value: Any) -> Any:
        if not isinstance(value, Reference):
            return value
        match self._entry(value.number):
            case (1, place, _):
                begin = _OBJECT.match(self._data, place)
                return _value(self._data, begin.end(), 0)[0] if begin else None
            case (2, packed, _):
                return self._within(packed, value.number)
            case _:
                return None

    def _entry(self, number: int) -> tuple[int, int, int] | None:
        read = 0
        while True:
            for part in self._parts[read:]:
                if entry := part.entry(number):
                    return entry
            read = len(self._parts)
            if not self._unread:
                return None
            self._read_table()

    def _read_table(self) -> None:
        place = self._unread.pop()
        if place in self._read_from or len(self._read_from) > _MOST_TABLES:
            return
        self._read_from.add(place)
        if table := _TABLE.match(self._data, place):
            trailer = self._lines(table.end())
        elif begin := _OBJECT.match(self._data, place):
            trailer, end = _value(self._data, begin.end(), 0)
            self._parts += self._numbers(trailer, end)
        else:
            return
        self.trailer = self.trailer or trailer
        for key in ("Prev", "XRefStm"):
            if (other := _whole(self.at(trailer, key))) >= 0:
                self._unread.append(other)

    def _lines(self, place: int) -> Any:
        """Note a table of lines; return what follows it."""
        while len(self._parts) < _MOST_PARTS and (section := _SECTION.match(self._data, place)):
            self._parts.append(_Part(int(section[1]), int(section[2]), self._data, section.end()))
            place = section.end() + int(section[2]) * _ENTRY_BYTES
        trailer = _TRAILER.match(self._data, place)
        return _value(self._data, trailer.end(), 0)[0] if trailer else None

    def _numbers(self, head: Any, end: int) -> Iterator[_Part]:
        """Yield the parts of a table of numbers."""
        widths = tuple(map(_whole, self.at(head, "W") or ()))
        data = self._unpacked(head, end)
        if len(widths) != 3 or not all(0 <= width <= 8 for width in widths) or not sum(widths):
            return
        size = sum(widths)
        is_predicted = _whole(self.at(self.at(head, "DecodeParms"), "Predictor")) > 1
        if is_predicted and data[:: size + 1].strip(bytes([_UP])):
            return  # by another row than the one above
        index = [_whole(one) for one in self.at(head, "Index") or (b"0", self.at(head, "Size"))]
        place = 0
        for first, count in zip(index[::2], index[1::2], strict=False):
            count = min(count, (len(data) - place) // (size + is_predicted))
            yield _Part(first, count, data, place, widths, is_predicted)
            place += max(count, 0) * (size + is_predicted)

    def _within(self, packed: int, number: int) -> Any:
        """Return an object that stands in another one."""
        if packed not in self._packed:
            self._packed[packed] = b"", {}
            entry = self._entry(packed)
            begin = _OBJECT.match(self._data, entry[1]) if entry and entry[0] == 1 else None
            if begin is not None:
                head, end = _value(self._data, begin.end(), 0)
                data, first = self._unpacked(head, end), max(_whole(self.at(head, "First")), 0)
                numbers = [_whole(one) for one in data[:first].split()]
                places = {one: first + place for one, place in zip(numbers[::2], numbers[1::2], strict=False)}
                self._packed[packed] = data, places
        data, places = self._packed[packed]
        return _value(data, places[number], 0)[0] if number in places else None

    def _unpacked(self, head: Any, place: int) -> bytes:
        """Return what a stream holds, nothing where it is packed in an unusual way."""
        begin, length = _STREAM.match(self._data, place), _whole(self.at(head, "Length"))
        if begin is None or length < 0:
            return b""
        data = self._data[begin.end() : begin.end() + length]
        match self.at(head, "Filter"):
            case None:
                return data
            case NameOf("FlateDecode") | [NameOf("FlateDecode")]:
                try:
                    return zlib.decompressobj().decompress(data, _MOST_UNPACKED)
                except zlib.error:
                    return b""
            case _:
                return b""


def _value(data: bytes | mmap.mmap, place: int, depth: int) -> tuple[Any, int]:
    """Return the value that stands at a place, or what ends a list or a dictionary, and where it ends."""
    found = _TOKEN.match(data, place)
    if found is None or depth > _DEEPEST:
        return None, len(data)
    place = found.end()
    if found["reference"]:
        return Reference(int(found["number"])), place
    token = found["token"]
    if token not in (b"<<", b"["):
        return (NameOf(token[1:].decode("latin-1")) if token[:1] == b"/" else token), place
    items: list[Any] = []
    end = b">>" if token == b"<<" else b"]"
    while place < len(data) and len(items) < _MOST_ITEMS:
        one, place = _value(data, place, depth + 1)
        if one == end:
            break
        items.append(one)
    if token == b"[":
        return Array(items), place
    pairs = zip(items[::2], items[1::2], strict=False)
    return Dictionary((key.text, value) for key, value in pairs if isinstance(key, NameOf)), place


def _whole(token: Any) -> int:
    return int(token) if isinstance(token, bytes) and token.isdigit() and len(token) < 11 else -1


def string(token: Any) -> bytes:
    """Return a string as it is encoded, none for what is no string."""
    if not isinstance(token, bytes):
        return b""
    if token[:1] == b"<":
        digits = b"".join(token[1:-1].split())
        return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode())
    return _ESCAPED.sub(_unescaped, token[1:-1])


def text_of_string(text: bytes) -> str:
    """Return the text that a string encodes."""
    for mark, encoding in ((b"\xfe\xff", "utf-16-be"), (b"\xff\xfe", "utf-16-le"), (b"\xef\xbb\xbf", "utf-8")):
        if text.startswith(mark):
            return text[len(mark) :].decode(encoding, errors="replace")
    return text.decode("latin-1")


def _unescaped(found: re.Match[bytes]) -> bytes:
    sign = found[1]
    return bytes([int(sign, 8) & 0xFF]) if sign[:1] in b"01234567" else _ESCAPES.get(sign, sign)
