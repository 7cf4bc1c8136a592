"""Show a page of a PDF as a picture, with a quote marked on it."""

import bisect
import importlib
import os
import re
from pathlib import Path
from typing import Any

from hubbub.connections.sandbox import Failed, Returned, Sandbox
from hubbub.core.errors import NotFound
from hubbub.ingest.loaders.pdf import open_pdf
from hubbub.ingest.png import png
from hubbub.ingest.reading import reason

MOST_PIXELS = 4_000_000
MOST_SCALE = 4.0
USUAL_SCALE = 1.6
"""Pixels a point (1/72 inch): 115 dots an inch."""
QUOTE_LENGTH = 2000
SHORTEST_WORDS = 4

# What yellow paper leaves of the blue light; red and green stay.
_YELLOW = bytes(value * 2 // 5 for value in range(256))


async def picture(sandbox: Sandbox, path: Path, page: int, quote: str = "", *, scale: float = USUAL_SCALE) -> bytes:
    """Return a page (from 1) of a PDF as PNG, the quote marked yellow where it is found.

    Raises:
        NotFound: there is no such page.
        Invalid, TooLarge: the page can't be shown.
    """
    arguments = {"page": page, "quote": quote[:QUOTE_LENGTH], "scale": scale}
    match await sandbox.call("hubbub.ingest.picture:render", arguments, bytes, files={"file": path}):
        case Returned(value=data):
            return data
        case Failed(code=NotFound.code, message=message):
            raise NotFound(message)
        case failure:
            raise reason(failure)


def render(file: int, page: int, quote: str = "", scale: float = USUAL_SCALE) -> bytes:
    """Return the PNG of an open file's page, made in this process: a sandbox's child.

    Raises:
        NotFound: there is no such page.
        Invalid: the file is encrypted or damaged.
    """
    with os.fdopen(file, "rb") as opened:
        document = open_pdf(opened)
    if not 1 <= page <= len(document):
        raise NotFound(f"There is no page {page}; the document has {len(document)}.")
    sheet = document[page - 1]
    width, height = sheet.get_size()
    scale = min(scale, MOST_SCALE, (MOST_PIXELS / max(1.0, width * height)) ** 0.5)
    bitmap = sheet.render(scale=max(scale, 1 / min(width, height)), rev_byteorder=True)
    pixels = bytearray(bitmap.buffer)
    if quote.strip():
        convert = bitmap.get_posconv(sheet).to_bitmap
        for left, bottom, right, top in _rectangles(sheet, quote):
            corners = [convert(x, y) for x, y in ((left, bottom), (right, top))]
            (x1, x2), (y1, y2) = (sorted(values) for values in zip(*corners, strict=True))
            _mark(pixels, bitmap, (x1, y1, x2, y2))
    return png(pixels, bitmap.width, bitmap.height, bitmap.stride)


def _mark(pixels: bytearray, bitmap: Any, box: tuple[int, int, int, int]) -> None:
    """Colour a box of RGB pixels."""
    left, right = (min(max(x, 0), bitmap.width) for x in (box[0] - 1, box[2] + 1))
    for y in range(max(box[1] - 1, 0), min(box[3] + 1, bitmap.height)):
        blue = slice(y * bitmap.stride + left * 3 + 2, y * bitmap.stride + right * 3, 3)
        pixels[blue] = pixels[blue].translate(_YELLOW)


def _rectangles(sheet: Any, quote: str) -> list[tuple[float, float, float, float]]:
    """Return where the words of a quote stand on a page, in the page's own units.

    Of a quote that goes on over the page's ends, or is laid out otherwise there, each long enough piece is found.
    """
    text_page = sheet.get_textpage()
    squeezed, places = _squeezed_with_places(text_page)
    words = [word for word in map(_squeezed, quote.split()) if word]
    least = min(SHORTEST_WORDS, len(words))
    found: list[tuple[float, float, float, float]] = []
    start = at = 0
    while start + least <= len(words) and words:
        place = _find(squeezed, words, start, least, at)
        if place < 0:
            start += 1
            continue
        # Where a piece is found, all that it begins with are.
        counts = range(least + 1, len(words) - start + 1)
        longest = least + bisect.bisect_right(
            counts, 0, key=lambda count: _find(squeezed, words, start, count, place) < 0
        )
        length = sum(map(len, words[start : start + longest]))
        first, last = places[place], places[place + length - 1]
        count = text_page.count_rects(first, last - first + 1)
        found += [text_page.get_rect(number) for number in range(count)]
        start, at = start + longest, place + length
    return found


def _find(text: str, words: list[str], start: int, count: int, at: int) -> int:
    """Return where so many words stand in a text, from a place on or else before it; -1 where they don't."""
    wanted = "".join(words[start : start + count])
    place = text.find(wanted, at)
    return place if place >= 0 else text.find(wanted)


def _squeezed_with_places(text_page: Any) -> tuple[str, list[int]]:
    """Return a page's letters and digits alone, and the number that pdfium gives each."""
    letters: list[str] = []
    places: list[int] = []
    raw: Any = importlib.import_module("pypdfium2.raw")
    for place in range(text_page.count_chars()):
        for letter in _squeezed(chr(raw.FPDFText_GetUnicode(text_page, place))):
            letters.append(letter)
            places.append(place)
    return "".join(letters), places


def _squeezed(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).lower()
