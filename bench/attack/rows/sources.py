"""Documents that are made to cost much: while they are read and refused, the server's event loop is not held up."""

import asyncio
import io
import struct
import zipfile
import zlib
from typing import Any

import aiohttp

from bench.attack.base import Attack, Seen, Target
from tests.servers.metrics import metrics_of

MOST_MILLISECONDS = 50
"""What the server's own watchdog counts as an incident."""
SETTLED = ("ready", "failed")


def _packed(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def _nested(depth: int) -> bytes:
    data = b"The lease ends in March. " * 1000
    for level in range(depth):
        data = _packed({f"{level} {number}.{'zip' if level else 'txt'}": data for number in range(8)})
    return data


def _pixels(width: int) -> bytes:
    """Return a PNG of so many pixels each way, all of one colour: a few kilobytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packing = zlib.compressobj(9)
    rows = b"".join(packing.compress(bytes(1 + width // 8)) for _ in range(width)) + packing.flush()
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, width, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def _word(body: bytes, further: dict[str, bytes] | None = None) -> bytes:
    kinds = b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
    office = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    lead = b'<Relationship Id="r1" Type="%s/officeDocument" Target="word/document.xml"/>' % office
    space = b"http://schemas.openxmlformats.org/package/2006/relationships"
    relations = b'<Relationships xmlns="%s">%s</Relationships>' % (space, lead)
    parts = {"[Content_Types].xml": kinds, "_rels/.rels": relations, "word/document.xml": body}
    return _packed(parts | (further or {}))


def _bombs(is_short: bool) -> dict[str, bytes]:
    size = 40_000_000 if is_short else 400_000_000
    space = b"http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    word = b'<w:document xmlns:w="' + space + b'"><w:body>%s</w:body></w:document>'
    paragraph = b"<w:p><w:r><w:t>%s</w:t></w:r></w:p>"
    entities = b"".join(b'<!ENTITY e%d "%s">' % (one, b"&e%d;" % (one - 1) * 10) for one in range(1, 9))
    return {
        "zeros.zip": _packed({"a.txt": bytes(size)}),
        "nested.zip": _nested(4 if is_short else 5),
        "many.zip": _packed({f"{number}.txt": b"" for number in range(12_000)}),
        "pixels.png": _pixels(30_000),
        "deep.docx": _word(word % (b"<w:tbl><w:tr><w:tc>" * 20_000)),
        "entities.docx": _word(
            b'<!DOCTYPE x [<!ENTITY e0 "ha">%s]>' % entities + word % b"<w:p><w:r><w:t>&e8;</w:t></w:r></w:p>"
        ),
        "wide.docx": _word(word % (paragraph % (b"word " * (size // 10)))),
        "lines.csv": b"a,b,c\n" * (30_000 if is_short else 2_000_000),
        "braces.json": b"[" * 1_000_000,
        "cells.html": b"<table><tr><td>" * 50_000,
    }


async def _held_up(target: Target) -> Seen:
    bombs = await asyncio.to_thread(_bombs, target.is_short)
    async with target.serving({}) as server, aiohttp.ClientSession() as http:
        async with http.get(f"{server.url}/api/me"):
            pass
        async with http.post(f"{server.url}/api/collections", json={"name": "Bombs"}) as response:
            documents = f"{server.url}/api/collections/{(await response.json())['id']}/documents"
        before = await metrics_of(http, server.url)
        taken = 0
        for name, data in bombs.items():
            media_type = {"Content-Type": "application/octet-stream"}
            async with http.put(f"{documents}/{name}", data=io.BytesIO(data), headers=media_type) as response:
                taken += response.status == 202
        listed: list[dict[str, Any]] = []
        async with asyncio.timeout(240):
            while len(listed) < taken or any(one["state"] not in SETTLED for one in listed):
                await asyncio.sleep(0.1)
                async with http.get(documents) as response:
                    listed = (await response.json())["documents"]
        after = await metrics_of(http, server.url)
    incidents = round(after["hubbub_incidents_total"] - before["hubbub_incidents_total"])
    longest = 1000 * after["hubbub_incident_longest_seconds"]
    refused = len(bombs) - taken + sum(one["state"] == "failed" for one in listed)
    words = f"{len(bombs)} bombs, {refused} refused, {incidents} times over {MOST_MILLISECONDS} ms"
    return Seen(words + (f", the longest {longest:.0f} ms" if incidents else ""), taken > 0 and incidents == 0)


LOOP = Attack(
    "documents that are bombs: the loop while they are read",
    f"never held up for {MOST_MILLISECONDS} ms",
    _held_up,
    is_quiet=True,
)
