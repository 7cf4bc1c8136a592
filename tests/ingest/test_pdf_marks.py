"""What is drawn or marked over the text of a PDF is told with it: accents, and what is struck out."""

# ruff: noqa: E501 (texts as they are read)

from pathlib import Path

import pytest

from hubbub.ingest.blocks import Paragraph
from hubbub.ingest.loaders import pdf
from tests.ingest.pdfs import pdf_with, placed

STRUCK = b"<< /Type /Annot /Subtype /StrikeOut /Rect [%d %d %d %d] /QuadPoints [%d %d %d %d %d %d %d %d] %s >>"


def struck(left: int, bottom: int, right: int, top: int, more: bytes = b"") -> bytes:
    corners = (left, top, right, top, left, bottom, right, bottom)
    return STRUCK % (left, bottom, right, top, *corners, more)


def read(folder: Path, content: bytes, page: bytes = b"") -> str:
    (folder / "a.pdf").write_bytes(pdf_with(content, page=page))
    with (folder / "a.pdf").open("rb") as file:
        return "\n".join(block.text for block in pdf.load(file).blocks if isinstance(block, Paragraph))


@pytest.mark.parametrize(
    ("drawn", "expected"),
    [
        (b"(M) 0 (\xa8) 333 (uller paid)", "Müller paid"),
        (b"(caf) 0 (\xb4) 333 (e and M) 0 (\xa8) 333 (uller)", "café and Müller"),
        (b"(a M) 0 (\xa8) 333 (o)", "a Mö"),
        (b"(don\xb4t say \xa8u)", "don´t say ¨u"),
        (b"(`quoted')", "`quoted'"),
    ],
)
def test_accents_that_are_drawn_over_letters(tmp_path: Path, drawn: bytes, expected: str) -> None:
    assert read(tmp_path, b"BT /F 12 Tf 50 700 Td [%s] TJ ET" % drawn) == expected


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (struck(50, 684, 93, 696), "Fees are due: one\n[Struck out: 10 EUR] two\n20 EUR and one"),
        (struck(50, 684, 93, 696, b"/Contents (Wrong)"), "Fees are due: one\n[Struck out: 10 EUR] two\n20 EUR and one\nNote: Wrong"),
        (struck(123, 698, 150, 710), "Fees are due: one\n10 EUR two\n20 EUR and one\nStruck out: one"),
        (struck(50, 684, 93, 696, b"/F 2"), "Fees are due: one\n10 EUR two\n20 EUR and one"),
    ],
)  # fmt: skip
def test_what_is_struck_out(tmp_path: Path, annotation: bytes, expected: str) -> None:
    content = placed((50, 700, "Fees are due: one"), (50, 686, "10 EUR two"), (50, 672, "20 EUR and one"))
    assert read(tmp_path, content, b"/Annots [%s]" % annotation) == expected
