"""Open OLE compound files: folders of streams in one file, as Outlook and Office embed them (MS-CFB)."""

import struct
from collections.abc import Iterator

import msgspec

from hubbub.core.errors import Invalid
from hubbub.core.reasons import because

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MOST_ENTRIES = 100_000
MOST_DEPTH = 32

_NONE = 0xFFFFFFFA
"""Numbers of sectors and entries from here on stand for none."""
_ENTRY = struct.Struct("<64sHBBIII16sIQQIQ")
_STORAGE, _STREAM, _ROOT = 1, 2, 5


class _Entry(msgspec.Struct, frozen=True):
    name: str
    kind: int
    left: int
    right: int
    child: int
    start: int
    length: int


class Ole:
    """An open compound file. Streams are named by their path, its parts joined by "/"."""

    def __init__(self, data: bytes) -> None:
        """Read the list of its streams.

        Raises:
            Invalid: it is damaged.
        """
        self._data = data
        try:
            self._open()
        except (struct.error, IndexError, ValueError) as error:
            raise _damaged() from error

    def _open(self) -> None:
        if not self._data.startswith(MAGIC):
            raise _damaged()
        shift, small_shift = struct.unpack_from("<HH", self._data, 30)
        if shift not in (9, 12) or small_shift != 6:
            raise _damaged()
        self._size = 1 << shift
        first_folder, _, self._small_below, first_small, _, first_more, _ = struct.unpack_from("<7I", self._data, 48)
        self._next = self._table(first_more)
        self._small_next = _numbers(self._chain(first_small, len(self._data)))
        listed = self._chain(first_folder, min(len(self._data), MOST_ENTRIES * _ENTRY.size))
        entries = [_entry(listed, place) for place in range(0, len(listed) - _ENTRY.size + 1, _ENTRY.size)]
        if not entries or entries[0].kind != _ROOT:
            raise _damaged()
        self._small = self._chain(entries[0].start, entries[0].length)
        self._streams = dict(_streams(entries))

    def _table(self, first_more: int) -> tuple[int, ...]:
        """Return which sector follows which."""
        parts = list(struct.unpack_from("<109I", self._data, 76))
        more, seen = first_more, set[int]()
        while more < _NONE and more not in seen:
            seen.add(more)
            numbers = _numbers(self._sector(more))
            parts += numbers[:-1]
            more = numbers[-1]
        return _numbers(b"".join(self._sector(part) for part in dict.fromkeys(parts) if part < _NONE))

    def _sector(self, number: int) -> bytes:
        start = (number + 1) * self._size
        return self._data[start : start + self._size].ljust(self._size, b"\0") if start < len(self._data) else b""

    def _chain(self, first: int, length: int) -> bytes:
        """Return the bytes of the sectors that follow each other, no more than so many."""
        numbers = _followed(first, self._next, -(-length // self._size))
        return b"".join(map(self._sector, numbers))[:length]

    def __contains__(self, path: str) -> bool:
        return path in self._streams

    def paths(self) -> list[str]:
        """Return the paths of all streams."""
        return list(self._streams)

    def read(self, path: str) -> bytes:
        """Return a stream's bytes; none where there is no such stream."""
        entry = self._streams.get(path)
        if entry is None:
            return b""
        length = min(entry.length, len(self._data))
        if entry.length >= self._small_below:
            return self._chain(entry.start, length)
        pieces = _followed(entry.start, self._small_next, -(-length // 64))
        return b"".join(self._small[number * 64 : number * 64 + 64] for number in pieces)[:length]


def _followed(first: int, following: tuple[int, ...], most: int) -> Iterator[int]:
    number = first
    for _ in range(min(most, len(following) + 1)):
        if number >= _NONE:
            return
        yield number
        number = following[number] if number < len(following) else _NONE


def _numbers(data: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4])


def _entry(data: bytes, place: int) -> _Entry:
    name, length, kind, _, left, right, child, _, _, _, _, start, size = _ENTRY.unpack_from(data, place)
    shown = name[: max(min(length, 64) - 2, 0)].decode("utf-16-le", errors="replace")
    return _Entry(shown, kind, left, right, child, start, size & 0xFFFFFFFF)


def _streams(entries: list[_Entry]) -> Iterator[tuple[str, _Entry]]:
    """Yield each stream with its path, each entry once."""
    seen: set[int] = set()
    left: list[tuple[int, str, int]] = [(entries[0].child, "", 0)]
    while left:
        number, folder, depth = left.pop()
        if number >= len(entries) or number in seen:
            continue
        seen.add(number)
        entry = entries[number]
        left += [(entry.left, folder, depth), (entry.right, folder, depth)]
        if entry.kind == _STORAGE and depth < MOST_DEPTH:
            left.append((entry.child, f"{folder}{entry.name}/", depth + 1))
        elif entry.kind == _STREAM:
            yield f"{folder}{entry.name}", entry


def _damaged() -> Invalid:
    return Invalid(because("damaged"), code="corrupt")
