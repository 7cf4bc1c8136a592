"""PDF is read as its pages show it: columns, tables, broken words, forms and notes; and what can't be read is said."""

import ctypes
import io
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubbub.core.errors import Invalid
from hubbub.ingest.blocks import Block, Heading, Loaded, Paragraph, Table
from hubbub.ingest.loaders import pdf
from hubbub.ingest.loaders.pdf_handles import MOST_LABEL, USUAL_UNITS, opened, text_of
from hubbub.ingest.loaders.pdf_layout import in_logical_order, lines_of, segments_of
from hubbub.ingest.loaders.pdf_places import AT_ONCE, Places, Run
from hubbub.ingest.loaders.pdf_text import BROKEN, both_forms, closed_up, is_doubtful, is_unreadable, mended, words_of
from hubbub.ingest.reader import read_here
from tests.ingest import documents
from tests.ingest.pdfs import pdf_with, placed

DATA = Path(__file__).parent / "data"
PROSE = (
    "The committee reviewed the annual report and approved the budget for the coming year, since nobody had asked for "
    "anything else, and the members went home before it was dark."
)


def load(path: Path) -> Loaded:
    with path.open("rb") as file:
        return pdf.load(file)


def blocks(folder: Path, data: bytes) -> list[Block]:
    (folder / "a.pdf").write_bytes(data)
    return load(folder / "a.pdf").blocks


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("hyphen.pdf", ["ABC-1234", "2020-2021", "highquality", "high-quality", "insurance", "insur-ance"]),
        ("table.pdf", ["| City | 2022 | 2023 | 2024 |", "| Koeln | 1080 |  | 1090 |"]),
        ("twocol_rowwise.pdf", ["reviewed the annual\nreport and", "limited to\nthe amount", "for the\ncoming fiscal"]),
        ("form_filled.pdf", ["Ada Lovelace", "4711 EUR", "Application form."]),
        ("letterspaced.pdf", ["Annual Report"]),
    ],
)
def test_a_file_and_what_is_read_of_it(name: str, words: list[str]) -> None:
    found = read_here(os.open(DATA / name, os.O_RDONLY), name, {})
    text = "\n".join(piece.text for piece in found.pieces)
    for expected in words:
        assert expected in text
    assert found.completeness.omitted == ()


def test_pages_have_the_labels_that_a_reader_knows(tmp_path: Path) -> None:
    found = read_here(os.open(DATA / "page_labels.pdf", os.O_RDONLY), "a.pdf", {})
    assert [(piece.page, piece.heading) for piece in found.pieces] == [
        (number, f"Page {label}") for number, label in enumerate(["i", "ii", "iii", "1", "2", "3"], start=1)
    ]
    assert not any(isinstance(block, Heading) for block in blocks(tmp_path, documents.pdf([["One."], ["Two."]])))


def test_a_table_below_many_texts_is_found(tmp_path: Path) -> None:
    many = [(60 + 8 * column, 780 - 14 * row, "a") for row in range(AT_ONCE // 50 + 2) for column in range(50)]
    cells = [(x, 400 - 14 * row, f"{row}{x}") for row in range(4) for x in (60, 250, 400)]
    assert len(many) > AT_ONCE
    found = blocks(tmp_path, pdf_with(placed(*many, *cells)))
    assert any(isinstance(block, Table) for block in found)


def test_pages_of_any_length_are_read_into_the_same_memory() -> None:
    document = pdf.open_pdf(io.BytesIO(pdf_with([placed((60, 700, "word " * number)) for number in (3, 5, 7)])))

    def lengths(index: int) -> set[type]:
        with opened(document, index) as page:
            assert text_of(page.text_page).count("word") == 3 + 2 * index
        return set(ctypes.Array.__subclasses__())  # ctypes has a type for each length, which is slow to make

    try:
        assert lengths(0) >= lengths(1) | lengths(2)
    finally:
        document.close()


def test_a_page_of_very_many_letters_is_read_whole(tmp_path: Path) -> None:
    lines = [(60, 780 - row / 2, f"{row} " + "letters " * 16) for row in range(USUAL_UNITS // 100)]
    (paragraph,) = blocks(tmp_path, pdf_with(placed(*lines)))
    assert isinstance(paragraph, Paragraph)
    assert len(paragraph.text) > USUAL_UNITS
    assert paragraph.text.count("letters") == 16 * len(lines)


def test_labels_may_begin_below_the_first_page_and_be_long(tmp_path: Path) -> None:
    label = "Annex " + "x" * MOST_LABEL
    catalog = b"/PageLabels << /Nums [1 << /P (%s) >>] >>" % label.encode()
    found = blocks(tmp_path, pdf_with([placed((60, 700, "One.")), placed((60, 700, "Two."))], catalog=catalog))
    assert [block.text for block in found if isinstance(block, Heading)] == ["Page 1", f"Page {label}"]


@pytest.mark.parametrize("is_deeper", [False, True])
def test_a_picture_that_a_form_draws_covers_its_page(tmp_path: Path, *, is_deeper: bool) -> None:
    image = (
        b"<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8 /Length 1 >>"
        b"\nstream\n0\nendstream"
    )
    form, draws = b"/Type /XObject /Subtype /Form /BBox [0 0 600 800]", b"600 0 0 800 0 0 cm /X Do"
    outer = b"<< %s /Resources << /XObject << /X %%d 0 R >> >> /Length %d >>\nstream\n%s\nendstream" % (
        form,
        len(draws),
        draws,
    )
    more = [outer % 11, image]
    if is_deeper:
        around = outer.replace(draws, b"/X Do".ljust(len(draws)))
        more = [around % 11, outer % 12, image]
    page = b"/Resources << /Font << /F 3 0 R >> /XObject << /X 10 0 R >> >>"
    (tmp_path / "a.pdf").write_bytes(pdf_with(placed((60, 700, "Stamp")) + b"\n/X Do", page=page, more=more))
    kinds = [omission.kind for omission in load(tmp_path / "a.pdf").omitted]
    assert kinds == ([] if is_deeper else ["pages_mostly_pictures"])


def test_columns_drawn_one_after_the_other_stay_as_they_are(tmp_path: Path) -> None:
    left = [(60, 700 - 14 * number, f"left line {number} goes on") for number in range(4)]
    right = [(330, 700 - 14 * number, f"right line {number} goes on") for number in range(4)]
    (paragraph,) = blocks(tmp_path, pdf_with(placed(*left, *right)))
    assert isinstance(paragraph, Paragraph)
    assert paragraph.text.index("left line 3") < paragraph.text.index("right line 0")


def test_columns_drawn_row_by_row_are_read_one_after_the_other(tmp_path: Path) -> None:
    rows = [
        text
        for number in range(4)
        for text in (
            (60, 700 - 14 * number, "and goes on to the left"),
            (330, 700 - 14 * number, "or it ends at the right"),
        )
    ]
    found = blocks(tmp_path, pdf_with(placed((60, 730, "A line over both of them"), *rows)))
    text = "\n".join(block.text for block in found if isinstance(block, Paragraph))
    assert text.count("the left\nand goes") == 3
    assert text.count("the right\nor it") == 3
    assert text.startswith("A line over both")


def test_a_table_s_cells_stay_in_their_columns(tmp_path: Path) -> None:
    cells = [("Name", "Low", "High"), ("Bonn", "", "12"), ("Ulm", "7", ""), ("Kiel", "8", "9")]
    drawn = [
        (60 + 150 * column, 700 - 16 * row, text)
        for row, line in enumerate(cells)
        for column, text in enumerate(line)
        if text
    ]
    first, table, last = blocks(
        tmp_path, pdf_with(placed((60, 760, "Before the table."), *drawn, (60, 560, "After the table.")))
    )
    assert (first, last) == (Paragraph("Before the table.", 1), Paragraph("After the table.", 1))
    assert table == Table((("Name", "Low", "High"), ("Bonn", "", "12"), ("Ulm", "7"), ("Kiel", "8", "9")), 1)


@pytest.mark.parametrize(
    ("matrix", "turn"),
    [
        pytest.param(b"0 1 -1 0 800 0", b"/Rotate 90", id="shown upright"),
        pytest.param(b"0 -1 1 0 0 600", b"/Rotate 270", id="shown upright, from the other side"),
        pytest.param(b"0 1 -1 0 800 0", b"", id="shown sideways"),
        pytest.param(b"1 0 0 1 0 0", b"/Rotate 180", id="shown upside down"),
        pytest.param(b"-1 0 0 -1 600 800", b"", id="drawn upside down"),
        pytest.param(b"0 1 -1 0 800 0", b"/Rotate 270", id="turned, and shown upside down"),
        pytest.param(b"-1 0 0 -1 600 800", b"/Rotate 180", id="drawn upside down, and shown upright"),
    ],
)
def test_a_table_whose_page_is_turned_keeps_its_columns(tmp_path: Path, matrix: bytes, turn: bytes) -> None:
    cells = [("Name", "Low", "High"), ("Bonn", "", "12"), ("Ulm", "7", "8"), ("Kiel", "8", "9")]
    drawn = [
        (60 + 150 * column, 560 - 16 * row, text)
        for row, line in enumerate(cells)
        for column, text in enumerate(line)
        if text
    ]
    turned = pdf_with(b"%s cm %s" % (matrix, placed(*drawn)), page=turn)
    assert blocks(tmp_path, turned) == [Table(tuple(cells), 1)]


def test_a_word_along_the_edge_turns_no_page(tmp_path: Path) -> None:
    edge = b"BT /F 12 Tf 0 1 -1 0 30 300 Tm (Preprint of 2024) Tj ET "
    rows = [(60 + 150 * column, 700 - 16 * row, f"c{column}r{row}") for row in range(4) for column in range(3)]
    last = blocks(tmp_path, pdf_with(edge + placed(*rows)))[-1]
    assert last == Table(tuple(tuple(f"c{column}r{row}" for column in range(3)) for row in range(4)), 1)


def test_a_head_with_its_page_s_number_is_no_table(tmp_path: Path) -> None:
    found = blocks(tmp_path, pdf_with(placed((60, 760, "Chapter 4"), (500, 760, "9"), (60, 700, PROSE[:60]))))
    assert all(isinstance(block, Paragraph) for block in found)


def test_broken_words() -> None:
    known = words_of([f"a notice-period and insurance. insur{BROKEN}\nance"])
    assert mended(f"insur{BROKEN}\nance notice{BROKEN}\nperiod ABC{BROKEN}1234 E{BROKEN}\nMail", known) == (
        "insurance notice-period ABC-1234 E-Mail"
    )
    assert mended("2020-\n2021 Vor-\nund Nachteile", known) == "2020-2021 Vor- und Nachteile"
    assert both_forms(mended(f"a high{BROKEN}\nquality good", known)) == (
        "a highquality good\n(broken at line ends: high-quality)"
    )
    assert mended("- a list\n- of two -\nlines", known) == "- a list\n- of two -\nlines"


@pytest.mark.parametrize(
    ("text", "closed"),
    [
        ("A n n u a l R e p o r t", "Annual Report"),
        ("a b c", "a b c"),
        ("1 2 3 4 5 6", "1 2 3 4 5 6"),
        ("I am a b", "I am a b"),
    ],
)
def test_letterspaced_words_are_put_together(text: str, closed: str) -> None:
    assert closed_up(text) == closed


def shifted(text: str) -> str:
    """Return what a font's numbers look like, taken for letters: 3 is a space, 36 an A."""
    return "".join(chr(ord(letter) - 29) for letter in text)


def test_letters_that_can_t_be_told_are_said_and_not_indexed(tmp_path: Path) -> None:
    garbled = placed(*((60, 700 - 14 * row, shifted(PROSE[row * 40 :][:40])) for row in range(4)))
    (tmp_path / "a.pdf").write_bytes(pdf_with([garbled, placed((60, 700, "A page that can be read."))]))
    found = load(tmp_path / "a.pdf")
    assert found.blocks == [Paragraph("A page that can be read.", 2)]
    assert [one.text for one in found.omitted] == ["1 of 2 pages holds text whose letters can't be told"]
    with pytest.raises(Invalid, match="letters of the file can't be told"):
        blocks(tmp_path, pdf_with(garbled))


def test_lines_whose_letters_can_t_be_told_leave_the_others(tmp_path: Path) -> None:
    garbled = [(60, 600 - 14 * row, shifted(PROSE[row * 40 :][:40])) for row in range(4)]
    (tmp_path / "a.pdf").write_bytes(pdf_with(placed((60, 700, "A heading in another font."), *garbled)))
    found = load(tmp_path / "a.pdf")
    assert found.blocks == [Paragraph("A heading in another font.", 1)]
    assert [one.text for one in found.omitted] == ["1 of 1 pages holds text whose letters can't be told"]


def test_a_scan_with_a_stamp_on_it_is_no_page_of_text(tmp_path: Path) -> None:
    picture = (
        b"<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8 /Length 1 >>"
    )
    resources = b"/Resources << /Font << /F 3 0 R >> /XObject << /P 10 0 R >> >>"
    scan = b"q 590 0 0 790 5 5 cm /P Do Q\n" + placed((60, 20, "Received 12 May. Page 3"))
    data = pdf_with([scan, placed((60, 700, "A page."))], page=resources, more=[picture + b"\nstream\n0\nendstream"])
    (tmp_path / "a.pdf").write_bytes(data)
    found = load(tmp_path / "a.pdf")
    assert [one.text for one in found.omitted] == ["1 of 2 pages is a picture with little text"]
    assert found.blocks == [Paragraph("Received 12 May. Page 3", 1), Paragraph("A page.", 2)]


@pytest.mark.parametrize(
    "text",
    [
        PROSE,
        PROSE.upper(),
        "Die Kündigungsfrist beträgt drei Monate zum Ende des Quartals, wenn nichts anderes vereinbart ist.",
        "BX-1234 KLM-88 TRQ-17 ZZP-09 BX-1235 KLM-89 TRQ-18 ZZP-10 BX-1236 KLM-90 TRQ-19 ZZP-11",
        "Срок уведомления составляет три месяца, если в договоре не указано иное, и так далее.",
        "保证金为五百元。押金退还期限为三十天。敷金は五百円です。保证金为五百元。押金退还期限为三十天。",
        "1,234.50 2,345.60 3,456.70 4,567.80 5,678.90 6,789.00 7,890.10 8,901.20",
        "",
    ],
)
def test_text_that_can_be_read_is_never_held_for_garbled(text: str) -> None:
    assert not is_unreadable(text)


def test_text_without_a_map_is_garbled() -> None:
    assert is_unreadable(shifted(PROSE))
    assert is_unreadable("\ue001\ue002\ue003 \ue004" * 20)


def test_right_to_left_lines_are_read_from_the_right() -> None:
    def letters(*words: tuple[int, str]) -> list[Run]:
        return [
            Run(letter, x + 5 * place, x + 5 * place + 5, 0, 10)
            for x, word in words
            for place, letter in enumerate(f"{word} ")
        ]

    # As drawn from the left: each word's letters reversed, the number as it is.
    assert in_logical_order(letters((10, "לקש"), (40, "500"), (80, "אוה"))) == "הוא 500 שקל"
    assert in_logical_order(letters((10, "לקש"), (40, "500"), (60, "EUR"), (80, "אוה"))) == "הוא 500 EUR שקל"


def test_notes_and_checked_boxes_are_read(tmp_path: Path) -> None:
    note = b"<< /Type /Annot /Subtype /Text /Rect [10 10 30 30] /Contents (Ask Bob first.) >>"
    box = (
        b"<< /Type /Annot /Subtype /Widget /FT /Btn /T (agreed) /V /Yes /AS /Yes /Rect [50 50 60 60] "
        b"/AP << /N << /Yes 12 0 R /Off 12 0 R >> >> >>"
    )
    look = b"<< /Type /XObject /Subtype /Form /BBox [0 0 1 1] /Length 0 >>\nstream\n\nendstream"
    data = pdf_with(
        placed((60, 700, "A form.")),
        page=b"/Annots [10 0 R 11 0 R]",
        catalog=b"/AcroForm << /Fields [11 0 R] >>",
        more=[note, box, look],
    )
    assert blocks(tmp_path, data) == [Paragraph("A form.", 1), Paragraph("Note: Ask Bob first.\nagreed: Yes", 1)]


def test_attached_files_that_can_not_be_read_are_named(tmp_path: Path) -> None:
    data = pdf_with(
        placed((60, 700, "For the best experience, open this portfolio elsewhere.")),
        catalog=b"/Names << /EmbeddedFiles << /Names [(a.exe) 10 0 R] >> >>",
        more=[
            b"<< /Type /Filespec /F (a.exe) /EF << /F 11 0 R >> >>",
            b"<< /Type /EmbeddedFile /Length 5 >>\nstream\nMZ\0\1\2\nendstream",
        ],
    )
    (tmp_path / "a.pdf").write_bytes(data)
    assert [one.text for one in load(tmp_path / "a.pdf").omitted] == ["1 of 1 files in it could not be read: a.exe"]


ROWS = [
    ("Item", "Qty", "Price", "Note"),
    ("Screws", "40", "", "new"),
    ("Hinges", "1", "12.00", ""),
    ("Door", "7", "", "oak"),
]


def cells(*, by_column: bool) -> list[tuple[float, float, str]]:
    """Return a table's cells where they stand, in the order in which they are drawn."""
    placed_cells = [
        (left, 700 - 18 * line, row[number])
        for line, row in enumerate(ROWS)
        for number, left in enumerate((50, 180, 260, 360))
        if row[number]
    ]
    return sorted(placed_cells, key=lambda cell: (cell[0], -cell[1])) if by_column else placed_cells


def test_letters_that_are_drawn_alone_stay_on_their_line(tmp_path: Path) -> None:
    [table] = blocks(tmp_path, pdf_with(placed(*cells(by_column=False))))
    assert isinstance(table, Table)
    assert [tuple(row) + ("",) * (4 - len(row)) for row in table.rows] == ROWS
    text = "\n".join(str(block) for block in blocks(tmp_path, pdf_with(placed(*cells(by_column=True)))))
    assert "401" not in text
    numbers = pdf_with(
        placed(*((50, 700 - 16 * line, one) for line, one in enumerate(("12", "3", "45", "6", "Sum 66"))))
    )
    assert " ".join(" ".join(one.text.split()) for one in blocks(tmp_path, numbers)) == "12 3 45 6 Sum 66"
    upwards = b"BT /F 12 Tf 0 1 -1 0 100 100 Tm (Text that goes up the page) Tj ET"
    assert [one.text for one in blocks(tmp_path, pdf_with(upwards))] == ["Text that goes up the page"]


WIDGET = b"/Subtype /Widget /Type /Annot /Rect [50 500 300 520] /P 4 0 R"
FIELDS = [
    b"<< /FT /Ch /T (rooms) /V [(A one) (B two)] /Opt [(A one) (B two) (C three)] /Ff 2097152 %s >>" % WIDGET,
    b"<< /FT /Ch /T (rate) /V (b) /Opt [[(a) (Low rate)] [(b) (High rate)]] /Ff 131072 %s >>" % WIDGET,
    b"<< /FT /Tx /T (password) /V (hunter2) /Ff 8192 %s >>" % WIDGET,
    b"<< /FT /Tx /T (checksum) /V (9f3a) /F 2 %s >>" % WIDGET,
]
NOTES = [
    b"<< /Type /Annot /Subtype /FreeText /Rect [50 600 200 640] /RC (<body><p>Rich &amp; only</p></body>) >>",
    b"<< /Type /Annot /Subtype /Text /F 2 /Rect [50 700 60 710] /Contents (Nobody sees this) >>",
    b"<< /Type /Annot /Subtype /FileAttachment /Rect [50 700 60 710] "
    b"/FS << /Type /Filespec /F (terms.txt) /EF << /F 13 0 R >> >> >>",
    b"<< /Type /EmbeddedFile /Length 26 >>\nstream\nThe terms that are attached\nendstream",
]


def test_lists_show_their_labels_and_what_nobody_sees_is_left_out(tmp_path: Path) -> None:
    references = b"[10 0 R 11 0 R 12 0 R 13 0 R]"
    form = b"/AcroForm << /Fields %s /DA (/F 12 Tf) /DR << /Font << /F 3 0 R >> >> >>" % references
    data = pdf_with(placed((50, 100, PROSE[:60])), page=b"/Annots " + references, catalog=form, more=FIELDS)
    (tmp_path / "form.pdf").write_bytes(data)
    found = load(tmp_path / "form.pdf")
    text = "\n".join(str(block) for block in found.blocks)
    assert "rooms: A one, B two" in text
    assert "rate: High rate" in text
    assert "hunter2" not in text
    assert "9f3a" not in text
    [hidden] = found.hidden
    assert (hidden.what, hidden.count) == ("note", 1)
    assert hidden.blocks[-1] == Paragraph("checksum: 9f3a")


def test_notes_of_formats_alone_and_files_at_a_place_of_a_page(tmp_path: Path) -> None:
    data = pdf_with(placed((50, 100, PROSE[:60])), page=b"/Annots [10 0 R 11 0 R 12 0 R]", more=NOTES)
    (tmp_path / "notes.pdf").write_bytes(data)
    found = load(tmp_path / "notes.pdf")
    texts = [block.text for block in found.blocks if not isinstance(block, Table)]
    assert texts[1:] == ["Text box: Rich & only", "Attachment: terms.txt", "The terms that are attached"]
    assert [one.count for one in found.hidden] == [1]


def test_letters_moved_upwards_are_unreadable_and_rows_of_signs_are_not() -> None:
    moved = (
        "".join(chr(ord(one) + 31) for one in "The tenant pays the rent on time")
        .encode("latin-1")
        .decode("cp1252", "replace")
    )
    assert is_doubtful(moved)
    assert is_unreadable(moved)
    for text in (
        "Contents • • • • • • • • • • • • 12",
        "„Ja“, sagte er – „nein“ – und ging …",
        "© 2026 Müller & Söhne ™ ®",
    ):
        assert not is_unreadable(text)


def test_a_word_of_letters_and_digits_within_a_line_from_the_right() -> None:
    letters = [
        *(Run(letter, left, left + 5, 0, 9) for letter, left in zip("-2026", (115, 120, 125, 130, 135), strict=True)),
        *(Run(letter, left, left + 5, 0, 9) for letter, left in zip("INV", (100, 105, 110), strict=True)),
        Run(" ", 0, 0, 0, 0),
        *(Run(letter, left, left + 5, 0, 9) for letter, left in zip("בגד", (60, 55, 50), strict=True)),
    ]
    assert in_logical_order(letters) == "INV-2026 בגד"


WORDS = st.text("Aaeglmnot.,-'1 ", min_size=1, max_size=9)
DRAWN = st.lists(
    st.tuples(
        st.integers(40, 420),
        st.integers(1, 12),
        st.lists(st.tuples(WORDS, st.sampled_from((0, 0, -200, -1500, -6000, 150))), min_size=1, max_size=4),
        st.sampled_from((0, 0, 0, 1, 14)),
    ),
    min_size=1,
    max_size=14,
)
"""Texts that are drawn at once: where each begins, its line, its words with the shifts behind them, and how far its
letters are spaced out."""


@settings(max_examples=100, deadline=None)
@given(DRAWN)
def test_words_are_placed_as_their_letters_are(drawn: list[tuple[int, int, list[tuple[str, int]], int]]) -> None:
    content = b"\n".join(
        b"BT /F 12 Tf %d Tc %d %d Td [%s] TJ ET"
        % (spacing, x, 760 - 16 * line, b" ".join(b"(%s) %d" % (word.encode(), shift) for word, shift in words))
        for x, line, words, spacing in drawn
    )
    document = pdf.open_pdf(io.BytesIO(pdf_with(content)))
    try:
        with opened(document, 0) as page:
            places = Places(page.text_page, text_of(page.text_page))
            by_word, by_letter = (
                [
                    [(one.text, round(one.left, 3), round(one.right, 3)) for one in segments_of(line, places)]
                    for line in found
                ]
                for found in (lines_of(places, by_letter=False), lines_of(places, by_letter=True))
            )
            assert by_word == by_letter
    finally:
        document.close()


RAISED = (
    b"BT /F 12 Tf 50 700 Td (A sum of 5,000) Tj /F 7 Tf 5 Ts (1) Tj /F 12 Tf 0 Ts ( and 10) Tj "
    b"/F 7 Tf 5 Ts (12) Tj /F 12 Tf 0 Ts ( m) Tj ET"
)
TWO_ROWS = (
    b"BT /F 12 Tf 50 700 Td (Rent) Tj 100 0 Td (500) Tj /F 7 Tf 5 Ts (1) Tj /F 12 Tf 0 Ts 100 0 Td (900) Tj ET\n"
    b"BT /F 12 Tf 50 680 Td (Heating) Tj 100 0 Td (70) Tj /F 7 Tf 5 Ts (2) Tj /F 12 Tf 0 Ts 100 0 Td (80) Tj ET"
)


@pytest.mark.parametrize("turn", [b"", b"0 1 -1 0 750 0 cm"])
@pytest.mark.parametrize(
    ("content", "found"),
    [
        (RAISED, [Paragraph("A sum of 5,000^1 and 10^12 m", 1)]),
        (TWO_ROWS, [Table((("Rent", "500^1", "900"), ("Heating", "70^2", "80")), 1, has_header=False)]),
    ],
)
def test_raised_digits_are_no_part_of_the_number_before_them(
    tmp_path: Path, turn: bytes, content: bytes, found: list[Block]
) -> None:
    assert blocks(tmp_path, pdf_with(b"q " + turn + b"\n" + content + b" Q")) == found


def test_small_digits_on_the_same_line_are_not_raised(tmp_path: Path) -> None:
    content = b"BT /F 12 Tf 50 700 Td (Price 19) Tj /F 7 Tf (99) Tj -3 Ts (2) Tj ET"
    assert blocks(tmp_path, pdf_with(content)) == [Paragraph("Price 19992", 1)]
