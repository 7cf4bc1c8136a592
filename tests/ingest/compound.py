"""OLE compound files and mails of Outlook, written here (MS-CFB, MS-OXMSG)."""

import struct
from collections.abc import Mapping

_END, _FREE, _TABLE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
_SECTOR = 512


def compound(streams: Mapping[str, bytes]) -> bytes:
    """Return a compound file of these streams; folders are parted by "/"."""
    folders = sorted({path.rsplit("/", depth)[0] for path in streams for depth in range(1, path.count("/") + 1)})
    names = ["", *folders, *streams]
    children = {one: [name for name in names[1:] if _folder(name) == one] for one in ["", *folders]}
    small = bytearray()
    small_next: list[int] = []
    sectors: list[bytes] = []
    following: list[int] = []

    def stored(data: bytes) -> int:
        if not data:
            return _END
        first = len(sectors)
        count = -(-len(data) // _SECTOR)
        for number in range(count):
            sectors.append(data[number * _SECTOR : (number + 1) * _SECTOR].ljust(_SECTOR, b"\0"))
            following.append(first + number + 1 if number + 1 < count else _END)
        return first

    entries: list[bytes] = []
    for name in names[1:]:
        data = streams.get(name)
        start = 0
        if data is not None and len(data) >= 4096:
            start = stored(data)
        elif data is not None:
            start = len(small) // 64 if data else _END
            count = -(-len(data) // 64)
            small_next += [len(small_next) + number + 1 if number + 1 < count else _END for number in range(count)]
            small += data.ljust(count * 64, b"\0")
        right = next(iter(_later(name, children[_folder(name)])), None)
        child = next(iter(children.get(name, ())), None)
        entries.append(_entry(name.rpartition("/")[2], data, names, right, child, start))
    root = _entry("Root Entry", None, names, None, next(iter(children[""]), None), stored(bytes(small)), len(small), 5)
    folder = stored(b"".join([root, *entries]))
    more = stored(struct.pack(f"<{len(small_next)}I", *small_next))
    tables = 1
    while (len(sectors) + tables) * 4 > tables * _SECTOR:
        tables += 1
    table = [*following, *[_TABLE] * tables]
    table += [_FREE] * (-len(table) % 128)
    places = list(range(len(sectors), len(sectors) + tables))
    head = struct.pack("<8s16sHHHHH6xIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6,
                       0, tables, folder, 0, 4096, more, -(-len(small_next) // 128), _END, 0)  # fmt: skip
    head += struct.pack("<109I", *places, *[_FREE] * (109 - len(places)))
    return head + b"".join(sectors) + struct.pack(f"<{len(table)}I", *table)


def _folder(name: str) -> str:
    return name.rpartition("/")[0]


def _later(name: str, siblings: list[str]) -> list[str]:
    return siblings[siblings.index(name) + 1 :]


def _entry(
    name: str,
    data: bytes | None,
    names: list[str],
    right: str | None,
    child: str | None,
    start: int,
    length: int | None = None,
    kind: int = 0,
) -> bytes:
    wide = name.encode("utf-16-le")
    return struct.pack(
        "<64sHBBIII16sIQQIQ", wide, len(wide) + 2, kind or (1 if data is None else 2), 1, _FREE,
        names.index(right) if right else _FREE, names.index(child) if child else _FREE, b"", 0, 0, 0, start,
        length if length is not None else len(data or b""),
    )  # fmt: skip


def properties(header: int, **numbers: int) -> bytes:
    """Return a mail's list of numbers and times, by their tags: `x00390040=ticks`."""
    rows = (struct.pack("<IIQ", int(tag[1:], 16), 6, value) for tag, value in numbers.items())
    return b"\0" * header + b"".join(rows)


def texts(below: str = "", **values: str) -> dict[str, bytes]:
    """Return a mail's properties that are text, by their numbers: `x0037="Subject"`."""
    return {f"{below}__substg1.0_{name[1:]}001F": value.encode("utf-16-le") for name, value in values.items()}
