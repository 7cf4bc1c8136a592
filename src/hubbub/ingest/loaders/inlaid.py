"""Read the pictures that stand in a text, at their place, where they show text themselves."""

import base64
import binascii
import hashlib
import importlib
import importlib.util
import io
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_to_bytes

from hubbub.ingest.blocks import Block, Paragraph
from hubbub.ingest.loaders.pictures import MOST_DECODED, grey
from hubbub.ingest.loaders.scanned import mark_of
from hubbub.ingest.ocr.turn import turn

MOST_PICTURES = 200
"""So many pictures of one document are read; those beyond are counted."""
MOST_BYTES = 32 * 1024 * 1024
LEAST_WIDTH, LEAST_HEIGHT, LEAST_PIXELS = 100, 24, 15_000
"""A smaller one is an icon, a bullet or a line."""
LEAST_BYTES = 4096
"""The same for one whose size can't be told."""
LEAST_LETTERS = 4
"""With fewer letters it is a photo in which some were seen."""
_ADDRESS = re.compile(r"data:image/[^,;]*(?:;[^,;]*?)*?(;base64)?,", re.IGNORECASE)
FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "GIF", "BMP")


class Inlaid:
    """The pictures of one document. One that stands there many times, such as a logo, is read where it comes first."""

    def __init__(self, data_of: Callable[[str], bytes], seen: set[bytes] | None = None) -> None:
        """Take what returns the bytes of a picture by its name in the file; none where it is not there.

        `seen` keeps which pictures were read, for all parts of a file that show the same ones.
        """
        self._data_of = data_of
        self._names: set[str] = set()
        self._seen: set[bytes] = set() if seen is None else seen

    def read(self, name: str, page: int | None = None) -> list[Block]:
        """Return what a picture says, marked as read from it; one that nobody reads is counted.

        Its name may be a `data:` address, which holds the picture itself.
        """
        if name in self._names:
            return []
        self._names.add(name)
        data = _data_in(held) if (held := _ADDRESS.match(name)) else self._data_of(name)
        digest = hashlib.sha256(data).digest()
        if not data or digest in self._seen:
            return []
        self._seen.add(digest)
        if len(data) > MOST_BYTES or len(self._seen) > MOST_PICTURES:
            turn().pass_by()
            return []
        text = _text(data)
        return [Paragraph(text, page)] if text else []


def _data_in(address: re.Match[str]) -> bytes:
    """Return the bytes that a `data:` address holds (RFC 2397)."""
    packed = unquote_to_bytes(address.string[address.end() :])
    try:
        return base64.b64decode(packed) if address[1] else packed
    except binascii.Error:
        return packed  # no picture, and counted as such


def _text(data: bytes) -> str:
    """Return what a picture says, in brackets with how it was read; "" where it says nothing, or is not read."""
    recognises = turn()
    library: Any = importlib.import_module("PIL.Image") if importlib.util.find_spec("PIL") is not None else None
    if library is None:
        recognises.pass_by(len(data) >= LEAST_BYTES)
        return ""
    library.MAX_IMAGE_PIXELS = None  # it warns of large ones; they are passed by below
    try:
        with library.open(io.BytesIO(data), formats=FORMATS) as opened:
            pixels = opened.width * opened.height
            if opened.width < LEAST_WIDTH or opened.height < LEAST_HEIGHT or pixels < LEAST_PIXELS:
                return ""
            if not recognises.is_on or pixels > MOST_DECODED:
                recognises.pass_by()
                return ""
            found = recognises.read(lambda: grey(opened), "picture")
    except (OSError, SyntaxError, ValueError, KeyError, EOFError):  # it is damaged, or drawn by lines (EMF, WMF, SVG)
        recognises.pass_by(len(data) >= LEAST_BYTES)
        return ""
    text = "\n".join(line for part in found.text.split("\n") if (line := " ".join(part.split()))) if found else ""
    if found is None or sum(letter.isalnum() for letter in text) < LEAST_LETTERS:
        return ""
    mark = mark_of(found.confidence)
    return f"[Picture, {mark[0].lower()}{mark[1:]}: {text}]"
