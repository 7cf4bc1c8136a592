"""A page's picture shows the page, and marks what is quoted."""

import os
import struct
import zlib
from pathlib import Path

import pytest

from hubbub.connections.sandbox import Sandbox
from hubbub.core.errors import HubbubError, NotFound
from hubbub.ingest.picture import MOST_PIXELS, picture, render
from hubbub.ingest.png import png
from tests.ingest import documents

LINES = ["Everybody who works here has thirty", "days of leave a year. Pay comes", "monthly, and never late."]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.pdf"
    path.write_bytes(documents.pdf([LINES, ["Another page."]]))
    return path


def rendered(path: Path, page: int, quote: str = "", **options: float) -> bytes:
    return render(os.open(path, os.O_RDONLY), page, quote, **options)


def pixels(data: bytes) -> tuple[int, int, list[bytes]]:
    """Return a PNG's width, height and rows of RGB."""
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", data[16:24])
    length = struct.unpack(">I", data[33:37])[0]
    raw = zlib.decompress(data[41 : 41 + length])
    return width, height, [raw[y * (width * 3 + 1) + 1 : (y + 1) * (width * 3 + 1)] for y in range(height)]


def yellow_rows(data: bytes) -> set[int]:
    """Return which of the page's lines of text are marked, from 0."""
    _, height, rows = pixels(data)
    marked = [y for y, row in enumerate(rows) if b"\xff\xff\x66" in row]
    return {round((y * 800 / height - 45) / 16) for y in marked}


async def test_shows_a_page(path: Path) -> None:
    data = await picture(Sandbox(), path, 1)
    width, height, rows = pixels(data)
    assert (width, height) == (960, 1280)
    assert any(b"\0\0\0" in row for row in rows)
    assert yellow_rows(data) == set()


@pytest.mark.parametrize(
    ("quote", "lines"),
    [
        ("Everybody who works", {0}),
        ("thirty days of leave a year.", {0, 1}),
        ("thirty  days\nof LEAVE", {0, 1}),
        ("monthly, and never late. And then it goes on over the page's end", {2}),
        ("From the page before: days of leave a year. Pay comes", {1}),
        ("Everybody who works here | Pay comes monthly, and never late", {0, 1, 2}),
        ("not on this page at all", set[int]()),
    ],
)
def test_marks_what_is_quoted(path: Path, quote: str, lines: set[int]) -> None:
    assert yellow_rows(rendered(path, 1, quote)) >= lines
    assert bool(yellow_rows(rendered(path, 1, quote))) == bool(lines)


def test_marks_nothing_else(path: Path) -> None:
    _, _, plain = pixels(rendered(path, 1))
    _, _, marked = pixels(rendered(path, 1, "Everybody"))
    changed = [y for y, (one, other) in enumerate(zip(plain, marked, strict=True)) if one != other]
    assert 0 < len(changed) < 40
    assert changed == list(range(changed[0], changed[-1] + 1))


def test_pictures_have_a_bound(path: Path) -> None:
    width, height, _ = pixels(rendered(path, 1, scale=1000))
    assert width * height <= MOST_PIXELS * 1.01


async def test_what_cannot_be_shown_says_why(path: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no page 3"):
        await picture(Sandbox(), path, 3)
    (tmp_path / "b.pdf").write_bytes(documents.pdf([["x"]], is_encrypted=True))
    with pytest.raises(HubbubError, match="encrypted"):
        await picture(Sandbox(), tmp_path / "b.pdf", 1)


def test_png_is_what_its_pixels_are() -> None:
    width, height, rows = pixels(png(b"abcdef__ghijkl__", 2, 2, 8))
    assert (width, height, rows) == (2, 2, [b"abcdef", b"ghijkl"])
