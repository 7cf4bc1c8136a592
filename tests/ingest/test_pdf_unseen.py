"""Text that a PDF's page holds and does not show is hidden, and all that it shows is read."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from hubbub.ingest.blocks import Heading, Paragraph
from hubbub.ingest.loaders import pdf_unseen
from tests.ingest.pdfs import pdf_with, placed
from tests.ingest.test_pdf import load

SHOWN = placed((50, 700, "Shown"))
SECRET = placed((300, 500, "Secret"))
BOX = b"290 490 200 40 re f"
GRAPHICS = (
    b"<< /Type /ExtGState /ca 0 >>",
    b"<< /Type /ExtGState /ca 0.4 >>",
    b"<< /Type /ExtGState /BM /Multiply >>",
    b"<< /FunctionType 2 /Domain [0 1] /C0 [0 0 0.4] /C1 [0 0 0.6] /N 1 >>",
    b"<< /ShadingType 2 /ColorSpace /DeviceRGB /Coords [290 0 490 0] /Function 13 0 R >>",
    b"<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8 "
    b"/Length 1 >>\nstream\nA\nendstream",
)
NAMED = (
    b"/ExtGState << /Clear 10 0 R /Faint 11 0 R /Multiply 12 0 R >> /Shading << /S 14 0 R >> "
    b"/XObject << /I 15 0 R /X 16 0 R >>"
)
PICTURE = b"q 200 0 0 40 290 490 cm /I Do Q"


def form(content: bytes, more: bytes = b"") -> bytes:
    """Return a form that draws this."""
    return (
        b"<< /Type /XObject /Subtype /Form /BBox [0 0 600 800] "
        b"/Resources << /Font << /F 3 0 R >> >> %s /Length %d >>\nstream\n%s\nendstream" % (more, len(content), content)
    )


def drawn(path: Path, content: bytes | Sequence[bytes], *, page: bytes = b"", drawn_by: bytes = b"") -> Path:
    """Write a PDF of these pages, which can name how text is drawn; `/X Do` draws a form."""
    data = pdf_with(content, page=page, more=(*GRAPHICS, form(drawn_by)))
    path.write_bytes(data.replace(b"/Font << /F 3 0 R >> >>", b"/Font << /F 3 0 R >> " + NAMED + b" >>"))
    return path


def lines(path: Path) -> tuple[list[str], list[str]]:
    """Return the lines that a PDF shows, and those that it hides."""
    loaded = load(path)
    shown = [line for one in loaded.blocks if isinstance(one, Paragraph) for line in one.text.split("\n")]
    hidden = [one for part in loaded.hidden for one in part.blocks if isinstance(one, Paragraph)]
    return shown, [line for one in hidden for line in one.text.split("\n")]


@pytest.mark.parametrize(
    "content",
    [
        placed((700, 500, "Secret")),
        placed((300, -40, "Secret")),
        b"q 0 0 100 50 re W n " + SECRET + b" Q",
        SECRET + b" 0 g " + BOX,
        SECRET + b" 1 g " + BOX,
        b"1 g " + SECRET,
        b"0.99 g " + SECRET,
        b"0 0 0.4 rg " + BOX + b" " + SECRET,
        b"3 Tr " + SECRET,
        b"/Clear gs " + SECRET,
        b"q 1 0 0 1 0 -800 cm " + SECRET + b" Q",
    ],
    ids=[
        "right",
        "below",
        "clipped",
        "black-box",
        "white-box",
        "white",
        "near-white",
        "same",
        "undrawn",
        "clear",
        "moved",
    ],
)
@pytest.mark.parametrize("by_form", [False, True])
def test_text_that_a_page_does_not_show_is_hidden(tmp_path: Path, content: bytes, *, by_form: bool) -> None:
    if by_form and b"gs" not in content:
        path = drawn(tmp_path / "a.pdf", SHOWN + b" /X Do", drawn_by=content)
    else:
        path = drawn(tmp_path / "a.pdf", SHOWN + b"\nq " + content + b" Q")
    loaded = load(path)
    assert loaded.blocks == [Paragraph("Shown", 1)]
    assert [(one.what, one.count, one.blocks) for one in loaded.hidden] == [
        ("text", 1, [Heading("Hidden text", 1), Paragraph("Secret", 1)])
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"0 0 0.4 rg " + BOX + b" 1 g " + SECRET,
        b"0.9 g " + BOX + b" 1 g " + SECRET,
        PICTURE + b" 1 g " + SECRET,
        b"q 290 490 200 40 re W n /S sh Q 1 g " + SECRET,
        b"24 w 290 505 m 490 505 l S 1 g " + SECRET,
        b"0 0 0.4 rg 290 490 20 40 re 310 490 180 40 re f 1 g " + SECRET,
        b"0 0 0.4 rg 290 490 20 40 re f 310 490 180 40 re f 1 g " + SECRET,
        b"/Faint gs 0 g " + SECRET + b" 1 1 0 rg " + BOX,
        SECRET + b" /Multiply gs 1 1 0 rg " + BOX,
        b"1 g 2 Tr " + SECRET,
        b"290 490 30 40 re W n " + SECRET,
        SECRET + b" " + PICTURE,
        b"1 g " + SECRET + b" " + PICTURE,
        SECRET + b" 1 g " + BOX + b" " + PICTURE,
        PICTURE + b" 3 Tr " + SECRET,
        b"3 Tr " + SECRET + b" 0 Tr " + PICTURE,
        PICTURE + b" /Clear gs " + SECRET,
        b"0.97 g " + SECRET,
        SECRET + b" 0 g " + BOX + b" 1 g " + SECRET,
        SECRET + b" 0 g 300 503 40 1 re f",
        SECRET + b" 1 g 290 490 m 490 490 l 490 530 l 290 500 l f",
    ],
    ids=[
        *("dark-ground", "grey-ground", "picture", "shading", "thick-line", "shape", "two-grounds"),
        *("faint-cover", "highlighted", "outlined", "partly-clipped", "behind-picture", "white-behind-picture"),
        *("below-white-and-picture", "recognised", "recognised-before", "recognised-clear", "pale"),
        *("covered-and-again", "struck", "other-shape"),
    ],
)
@pytest.mark.parametrize("by_form", [False, True])
@pytest.mark.parametrize("turned", [0, 90])
def test_text_that_may_show_is_read(tmp_path: Path, content: bytes, turned: int, *, by_form: bool) -> None:
    page = b"/Rotate %d" % turned
    if by_form and not any(name in content for name in (b"gs", b" sh", b"/I")):
        path = drawn(tmp_path / "a.pdf", SHOWN + b" /X Do", page=page, drawn_by=content)
    else:
        path = drawn(tmp_path / "a.pdf", SHOWN + b"\nq " + content + b" Q", page=page)
    assert lines(path) == (["Shown", "Secret"], [])


def test_forms_that_are_seen_through_cover_nothing(tmp_path: Path) -> None:
    path = drawn(tmp_path / "a.pdf", SHOWN + b" " + SECRET + b" /Multiply gs /X Do", drawn_by=b"1 1 0 rg " + BOX)
    assert lines(path) == (["Shown", "Secret"], [])


def test_what_a_page_is_cropped_to_is_read(tmp_path: Path) -> None:
    path = drawn(
        tmp_path / "a.pdf", SHOWN + b" " + placed((50, 20, "Printer's note")), page=b"/CropBox [0 100 600 800]"
    )
    assert lines(path) == (["Shown"], ["Printer's note"])


def test_a_number_is_not_cut_where_its_picture_is(tmp_path: Path) -> None:
    glyphs = placed(*((300 + 7 * number, 500, digit) for number, digit in enumerate("123456")))
    path = drawn(
        tmp_path / "a.pdf", SHOWN + b"\nq 290 490 30 40 re W n " + glyphs + placed((400, 500, "Secret")) + b" Q"
    )
    assert lines(path) == (["Shown", "123456"], ["Secret"])


def test_pages_that_only_recognised_text_stands_on_are_read(tmp_path: Path) -> None:
    path = drawn(tmp_path / "a.pdf", [SHOWN, b"3 Tr " + SECRET])
    assert lines(path) == (["Shown", "Secret"], [])


def test_hidden_text_stands_with_its_pages(tmp_path: Path) -> None:
    path = drawn(tmp_path / "a.pdf", [SHOWN + b" 1 g " + SECRET, SHOWN, SHOWN + b" " + placed((700, 10, "Away"))])
    (hidden,) = load(path).hidden
    assert (hidden.count, hidden.blocks[1:]) == (2, [Paragraph("Secret", 1), Paragraph("Away", 3)])


def test_a_page_whose_text_is_all_hidden_lacks_nothing(tmp_path: Path) -> None:
    loaded = load(drawn(tmp_path / "a.pdf", b"1 g " + SECRET))
    assert (loaded.blocks, loaded.omitted, [one.what for one in loaded.hidden]) == ([], (), ["text"])


def test_what_shows_when_the_page_is_drawn_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def all_of(doubts: pdf_unseen.Doubts) -> set[int]:
        return set(range(len(doubts.drawn.texts)))

    monkeypatch.setattr(pdf_unseen.Doubts, "all", all_of)
    content = placed(*((50, 700 - 20 * number, f"Line {number}") for number in range(4))) + b" 1 g " + SECRET
    assert lines(drawn(tmp_path / "a.pdf", content)) == ([f"Line {number}" for number in range(4)], ["Secret"])
