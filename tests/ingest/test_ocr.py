"""Scans and pictures of text are read, marked with the recogniser's confidence; or it is said why not."""

import io
import os
import struct
import zlib
from pathlib import Path

import pytest

from hubbub.connections.sandbox import Sandbox, Setup
from hubbub.core.documents import Omission, ReadByOcr
from hubbub.core.errors import HubbubError, Invalid, TooLarge
from hubbub.ingest.base import NotInstalled
from hubbub.ingest.loaders import pictures
from hubbub.ingest.ocr import tesseract
from hubbub.ingest.ocr.base import Picture, Plan, Recognised
from hubbub.ingest.ocr.turn import Turn, taking
from hubbub.ingest.reader import Reading, completeness_of, read_here
from hubbub.ingest.reading import read
from tests.ingest.pdfs import placed
from tests.ingest.scans import LINES, encoded, pdf_of_pages, scan

PLAN = Plan(folders=tesseract.data_folders())
PAGE = placed((50, 700, "This page holds its text, as most do, and enough of it to be no stamp."))
SHIFTED = "".join(chr(ord(letter) - 29) for letter in "Herausgeber dieser Seite ist niemand, der genannt sein will")


class Scripted:
    """A recogniser that says what it was told to, and keeps what it was shown."""

    def __init__(self, *said: Recognised | None) -> None:
        self.said = list(said)
        self.shown: list[Picture] = []

    def read(self, picture: Picture, *, most_seconds: float) -> Recognised | None:
        assert most_seconds > 0
        assert len(picture.pixels) == picture.width * picture.height
        self.shown.append(picture)
        return self.said.pop(0)


async def reading_of(folder: Path, name: str, data: bytes, plan: Plan | None = PLAN) -> Reading:
    (folder / name).write_bytes(data)
    sandbox = Sandbox(setup=Setup(folders=plan.folders if plan else ()))
    return await read(sandbox, folder / name, name, ocr=plan)


def words_of(reading: Reading) -> str:
    return " ".join(" ".join(piece.text.split()) for piece in reading.pieces)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("scan.png", encoded(scan(), "PNG")),
        ("scan.jpg", encoded(scan(), "JPEG", quality=80)),
        ("scan.webp", encoded(scan().convert("RGB"), "WEBP", quality=80)),
        ("fax.tif", encoded(scan().convert("1"), "TIFF", compression="group4", dpi=(200, 200))),
        ("named.wrong", encoded(scan(), "PNG")),
        ("sideways.pdf", pdf_of_pages([scan(quarters=1)])),
    ],
)
def test_a_picture_of_text_is_read_and_marked(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    with taking(Turn(PLAN)):
        found = read_here(os.open(tmp_path / name, os.O_RDONLY), name, {})
    for line in LINES:
        assert line in words_of(found)
    ocr = found.completeness.ocr
    assert ocr is not None
    assert (ocr.pages, ocr.of, found.completeness.omitted) == (1, 1, ())
    assert ocr.confidence == ocr.lowest >= 80
    assert {(piece.page, piece.heading) for piece in found.pieces} == {
        (1, f"Read by OCR, confidence {ocr.confidence} %")
    }


def test_widely_spaced_lines_stay_one_sentence() -> None:
    text = "Lease\n\nThe notice period of the\n\nwarehouse is four\n\nmonths.\n\nrent is due monthly\n\n"
    assert tesseract.rejoined(text) == (
        "Lease\n\nThe notice period of the\nwarehouse is four\nmonths.\n\nrent is due monthly"
    )


async def test_a_picture_is_read_in_the_sandbox(tmp_path: Path) -> None:
    found = await reading_of(tmp_path, "scan.png", encoded(scan(), "PNG"))
    assert LINES[1] in words_of(found)


async def test_each_page_of_a_mixed_file_says_how_it_was_read(tmp_path: Path) -> None:
    covered = scan(["A scan whose text layer can't be told, as some printers leave it."])
    covered.info["over"] = b"BT 3 Tr /F 12 Tf 10 10 Td <%s> Tj ET" % SHIFTED.encode("latin-1").hex().encode()
    found = await reading_of(tmp_path, "mixed.pdf", pdf_of_pages([PAGE, scan(), covered, PAGE, b"0 0 600 800 re f"]))
    marks = {piece.page: piece.heading for piece in found.pieces}
    assert sorted(marks) == [1, 2, 3, 4]
    assert (marks[1], marks[4]) == ("", "Page 4")
    assert marks[2].startswith("Read by OCR, confidence")
    assert marks[3].startswith("Read by OCR, confidence")
    assert "whose text layer can't be told" in words_of(found)
    assert "+HUDXV" not in words_of(found)
    how_whole = found.completeness
    assert how_whole.ocr is not None
    assert how_whole.ocr.text.startswith("2 of 5 pages read by OCR, confidence ")
    assert how_whole.omitted == (Omission("pages_without_text", "1 of 5 pages holds no text", 1, 5),)


def loaded(data: bytes, turn: Turn) -> tuple[str, ReadByOcr | None]:
    with taking(turn):
        found = pictures.load(io.BytesIO(data))
        how_whole = completeness_of(found)
        return "; ".join(one.text for one in turn.omitted()), how_whole.ocr


PAGES = encoded(scan(), "TIFF", save_all=True, append_images=[scan()] * 3)


def test_little_confidence_and_no_text_are_told() -> None:
    doubtful = [Recognised("som3 w0rds", 45), Recognised("", 0), Recognised("", 0), Recognised("", 0)]
    said = [Recognised("Clear words.", 95), *doubtful, *[Recognised("!~ ii", 12)] * 4, Recognised("")]
    but, ocr = loaded(PAGES, Turn(PLAN, recogniser=Scripted(*said)))
    assert but == "1 page was read by OCR with little confidence, 45 %; 1 page was too unclear for OCR"
    assert ocr == ReadByOcr(2, 4, 70, 45)


def test_a_doubtful_page_is_tried_the_other_ways_round() -> None:
    scripted = Scripted(Recognised("sbrow", 40), Recognised("", 0), Recognised("Words.", 90))
    _, ocr = loaded(encoded(scan(), "PNG", dpi=(200, 200)), Turn(PLAN, recogniser=scripted))
    assert ocr == ReadByOcr(1, 1, 90, 90)
    upright, left, right = scripted.shown
    assert (left.width, left.height) == (upright.height, upright.width) == (right.width, right.height)
    assert left.pixels == right.pixels[::-1] != upright.pixels


def test_pages_for_which_the_time_did_not_suffice_are_counted() -> None:
    scripted = Scripted(Recognised("Clear words.", 95), None, Recognised("More.", 91), None)
    but, ocr = loaded(PAGES, Turn(PLAN, recogniser=scripted))
    assert (but, ocr) == ("2 pages were not read by OCR, for lack of time", ReadByOcr(2, 4, 93, 91))
    but, ocr = loaded(PAGES, Turn(Plan(wall_seconds=0), recogniser=Scripted()))
    assert (but, ocr) == ("4 pages were not read by OCR, for lack of time", None)


async def test_what_is_missing_is_named_with_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotInstalled, match=r"no data for deu, eng .* pip install 'hubbub\[ocr\]'"):
        await reading_of(tmp_path, "a.png", encoded(scan(), "PNG"), Plan(folders=(str(tmp_path),)))
    monkeypatch.setattr(tesseract, "PACKAGE", "no_such_package")
    with taking(Turn(PLAN)), pytest.raises(NotInstalled, match=r"not installed on this server.*hubbub\[ocr\]"):
        pictures.load(io.BytesIO(encoded(scan(), "PNG")))


@pytest.mark.parametrize("name", ["a.png", "a.pdf"])
async def test_switched_off_it_is_refused_by_name(tmp_path: Path, name: str) -> None:
    data = encoded(scan(), "PNG") if name.endswith("png") else pdf_of_pages([scan()])
    with pytest.raises(Invalid, match=r"\(OCR\) is switched off on this server"):
        await reading_of(tmp_path, name, data, None)


def huge_png(width: int, height: int) -> bytes:
    """Return a PNG that says to be so large, and holds nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize(
    ("data", "error", "said"),
    [
        (huge_png(60_000, 60_000), TooLarge, "more than 64 million pixels"),
        (huge_png(4_000, 4_000), Invalid, "damaged"),
        (encoded(scan(), "PNG")[:300], Invalid, "damaged"),
        (b"\xff\xd8\xff\xe0 no picture", Invalid, "damaged"),
        (b"RIFF\0\0\0\0WEBPVP8 ", Invalid, "damaged"),
        (b"II*\0\xff\xff\xff\x7f", Invalid, "damaged"),
        (encoded(scan([]), "PNG"), Invalid, "No text was found"),
    ],
)
def test_a_bomb_a_damaged_one_and_one_without_text(data: bytes, error: type[HubbubError], said: str) -> None:
    with taking(Turn(PLAN)), pytest.raises(error, match=said):
        pictures.load(io.BytesIO(data))
