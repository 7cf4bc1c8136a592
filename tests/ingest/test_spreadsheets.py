"""Spreadsheets and CSV are read as they are shown, each value with the name of its column."""

import os
import zipfile
from pathlib import Path

import pytest

from hubbub.core.errors import HubbubError
from hubbub.ingest.blocks import Block, Heading, Loaded, Paragraph, Table
from hubbub.ingest.loaders import csv, xlsx
from hubbub.ingest.loaders.formats import format_of, show_general
from hubbub.ingest.reader import Reading, read_here
from tests.ingest import documents
from tests.ingest.workbooks import relations, rows, workbook

DATA = Path(__file__).parent / "data"


def reading(path: Path, *, reads_hidden: bool = False) -> Reading:
    return read_here(os.open(path, os.O_RDONLY), path.name, {}, reads_hidden)


def text_of(found: Reading) -> str:
    return "\n".join(f"{piece.heading}\n{piece.text}" for piece in found.pieces)


def load(path: Path) -> Loaded:
    with path.open("rb") as file:
        return (csv if path.suffix == ".csv" else xlsx).load(file)


@pytest.mark.parametrize(
    ("name", "words", "but"),
    [
        ("farcell.xlsx", ["far away value 12345"], ""),
        ("formats.xlsx", ["| Books | 7% | 1,234.50 EUR | 01067 | March 2024 | 8:30:00 | 0.3 | TRUE |"], ""),
        (
            "formula_nocache.xlsx",
            ["| Total | (not calculated) =SUM(B2:B3) |"],
            "1 formula is not calculated in the file",
        ),
        ("only_formula.xlsx", ["(not calculated) =CONCATENATE"], "1 formula is not calculated in the file"),
        (
            "title_above.xlsx",
            ["Budget overview", "| Department | 2023 Plan | 2023 Actual | 2024 Plan | 2024 Actual |"],
            "",
        ),
        ("values.xlsx", ["| IBAN | DE89 3704 0044 0532 0130 00 |", "multi line"], ""),
        ("hidden.xlsx", ["| Ada | A |"], "1 hidden row was left out; 2 hidden sheets were left out"),
        ("semicolon_quoted.csv", ["| Name, Vorname | Ort |", "| Beispiel, Eva | Bonn |"], ""),
        ("sep_line.csv", ["| Name | City | Amount |", "| Bob | Paris | 2,5 |"], ""),
        ("quotes_newline.csv", ["| 1 | line one line two, with comma |", '| 2 | he said "hi" |'], ""),
    ],
)
def test_a_file_and_what_is_read_of_it(name: str, words: list[str], but: str) -> None:
    found = reading(DATA / name)
    for expected in words:
        assert expected in text_of(found)
    assert found.completeness.but == but


def test_every_passage_of_a_table_names_its_columns() -> None:
    found = [piece for piece in reading(DATA / "title_above.xlsx").pieces if "| Department " in piece.text]
    assert len(found) > 1
    assert all("| 2023 Plan | 2023 Actual |" in piece.text for piece in found)


def test_a_table_too_wide_to_repeat_its_header_names_each_cell() -> None:
    pieces = reading(DATA / "wide.csv").pieces
    rows_read = [line for piece in pieces for line in piece.text.split("\n") if line.startswith("| id: ")]
    assert len(rows_read) > 3
    assert any("| measurement_channel_17_celsius: " in line for line in rows_read)
    assert all(cell.count(": ") == 1 for line in rows_read for cell in line.strip("| ").split(" | "))
    assert max(len(piece.text) for piece in pieces) <= 2000


def test_what_is_hidden_is_read_when_it_is_asked_for() -> None:
    found = reading(DATA / "hidden.xlsx", reads_hidden=True)
    for words in ("HiddenRow", "99000", "secret", "Salaries (hidden sheet)", "Hidden rows"):
        assert words in text_of(found)
        assert words not in text_of(reading(DATA / "hidden.xlsx"))
    assert found.completeness.omitted == ()


@pytest.mark.parametrize("hides", ['hidden="1"', 'width="0" customWidth="1"'])
def test_hidden_columns_are_left_out_and_counted(tmp_path: Path, hides: str) -> None:
    sheet = f'<cols><col min="2" max="2" {hides}/></cols>' + rows("Name|Salary|City", "Ada|99000|Bonn")
    path = workbook(tmp_path / "a.xlsx", sheet)
    assert load(path).blocks == [Heading("Sheet", 1), Table((("Name", "City"), ("Ada", "Bonn")))]
    assert reading(path).completeness.but == "1 hidden column was left out"
    assert "99000" in text_of(reading(path, reads_hidden=True))


def test_a_row_of_no_height_is_hidden(tmp_path: Path) -> None:
    sheet = rows("Name|City", "Ada|Bonn", "Bob|Ulm").replace('<row r="2"', '<row r="2" ht="0" customHeight="1"')
    path = workbook(tmp_path / "a.xlsx", sheet)
    assert load(path).blocks == [Heading("Sheet", 1), Table((("Name", "City"), ("Bob", "Ulm")))]
    assert reading(path).completeness.but == "1 hidden row was left out"


@pytest.mark.parametrize(
    ("lines", "blocks"),
    [
        (["Item|Price", "Tea|3"], [Table((("Item", "Price"), ("Tea", "3")))]),
        (["A title", "Item|Price", "Tea|3"], [Paragraph("A title"), Table((("Item", "Price"), ("Tea", "3")))]),
        (
            ["A title", "by Ann", "", "Item|Price", "Tea|3"],
            [Paragraph("A title\nby Ann"), Table((("Item", "Price"), ("Tea", "3")))],
        ),
        (["Item|2023|2024", "Tea|3|4"], [Table((("Item", "2023", "2024"), ("Tea", "3", "4")))]),
        (["Tea|3", "Milk|4"], [Table((("Tea", "3"), ("Milk", "4")), has_header=False)]),
        (["Item|Price", "Tea|3", "", "Milk|4"], [Table((("Item", "Price"), ("Tea", "3"), ("Milk", "4")))]),
        (
            ["Item|Price", "Tea|3", "", "City|Rain", "Bonn|9"],
            [Table((("Item", "Price"), ("Tea", "3"))), Table((("City", "Rain"), ("Bonn", "9")))],
        ),
        (
            ["Item|Price", "Tea|3", "", "Cold", "", "Ice|4"],
            [Table((("Item", "Price"), ("Tea", "3"))), Paragraph("Cold"), Table((("Item", "Price"), ("Ice", "4")))],
        ),
        (
            ["|2023||2024|", "Item|Low|High|Low|High", "Tea|1|2|3|4"],
            [Table((("Item", "2023 Low", "2023 High", "2024 Low", "2024 High"), ("Tea", "1", "2", "3", "4")))],
        ),
        (["Just a note"], [Paragraph("Just a note")]),
        (["Month|1|2|3", "Rain|30|31|9"], [Table((("Month", "1", "2", "3"), ("Rain", "30", "31", "9")))]),
        (
            ["As of|May", "", "Item|Of|Price", "Tea|Ann|3"],
            [Paragraph("As of May"), Table((("Item", "Of", "Price"), ("Tea", "Ann", "3")))],
        ),
        (["Item|Price", "", "Tea|3", "Milk|4"], [Table((("Item", "Price"), ("Tea", "3"), ("Milk", "4")))]),
        (["two_x000D_lines"], [Paragraph("two\rlines")]),
    ],
)
def test_the_row_that_names_the_columns_is_found(tmp_path: Path, lines: list[str], blocks: list[Block]) -> None:
    assert load(workbook(tmp_path / "a.xlsx", rows(*lines))).blocks == [Heading("Sheet", 1), *blocks]


def test_comments_text_boxes_and_charts_are_read(tmp_path: Path) -> None:
    comment = '<comments><comment ref="B2"><text><r><t>Ask </t></r><r><t>Bob.</t></r></text></comment></comments>'
    drawing = '<d xmlns:a="urn:a"><sp><a:p><a:r><a:t>In a </a:t></a:r><a:r><a:t>box</a:t></a:r></a:p></sp></d>'
    chart = (
        '<c xmlns:a="urn:a"><title><a:p><a:r><a:t>Sales</a:t></a:r></a:p></title><ser>'
        '<tx><pt idx="0"><v>North</v></pt></tx>'
        '<cat><pt idx="0"><v>Q1</v></pt><pt idx="1"><v>Q2</v></pt></cat>'
        '<val><pt idx="0"><v>7</v></pt><pt idx="1"><v>9</v></pt></val></ser></c>'
    )
    parts = {
        "xl/worksheets/_rels/sheet1.xml.rels": relations(comments="../comments1.xml", drawing="../drawings/d1.xml"),
        "xl/comments1.xml": comment,
        "xl/drawings/d1.xml": drawing,
        "xl/drawings/_rels/d1.xml.rels": relations(chart="../charts/c1.xml"),
        "xl/charts/c1.xml": chart,
    }
    assert load(workbook(tmp_path / "a.xlsx", rows("Item|Price", "Tea|3"), parts)).blocks[2:] == [
        Paragraph("Comment on B2: Ask Bob."),
        Paragraph("In a box"),
        Paragraph("Chart: Sales"),
        Table((("", "North"), ("Q1", "7"), ("Q2", "9"))),
    ]


def test_an_old_comment_is_read_beside_a_thread_on_another_cell(tmp_path: Path) -> None:
    old = (
        '<comment ref="A1"><text><t>[Threaded comment]</t></text></comment>'
        '<comment ref="B2"><text><t>Ask Bob.</t></text></comment>'
    )
    parts = {
        "xl/worksheets/_rels/sheet1.xml.rels": relations(threadedComment="../t.xml", comments="../c.xml"),
        "xl/t.xml": '<c><threadedComment ref="A1"><text>Agreed?</text></threadedComment></c>',
        "xl/c.xml": f"<c>{old}</c>",
    }
    assert load(workbook(tmp_path / "a.xlsx", rows("Item|Price", "Tea|3"), parts)).blocks[2:] == [
        Paragraph("Comment on A1: Agreed?\nComment on B2: Ask Bob.")
    ]


def test_a_merged_cell_stands_in_each_of_its_rows(tmp_path: Path) -> None:
    sheet = rows("Region|City|Rain", "North|Kiel|9", "|Husum|8") + '<mergeCells><mergeCell ref="A2:A3"/></mergeCells>'
    assert load(workbook(tmp_path / "a.xlsx", sheet)).blocks[1] == Table(
        (("Region", "City", "Rain"), ("North", "Kiel", "9"), ("North", "Husum", "8"))
    )


def test_what_is_struck_out_and_what_stands_higher_is_marked(tmp_path: Path) -> None:
    runs = (
        "<r><rPr><strike/></rPr><t>old </t></r><r><t>new 10</t></r>"
        '<r><rPr><vertAlign val="superscript"/></rPr><t>6</t></r>'
    )
    styles = (
        '<fonts><font/><font><strike/></font><font><strike val="0"/></font></fonts>'
        '<cellXfs><xf fontId="0"/><xf fontId="1"/><xf fontId="2"/></cellXfs>'
    )
    cells = (
        f'<c r="A1" t="inlineStr"><is>{runs}</is></c><c r="B1" s="1"><v>5</v></c><c r="C1" s="2"><v>6</v></c>'
        '<c r="D1" s="0"><v>7</v></c>'
    )
    sheet = f'<sheetData><row r="1">{cells}</row></sheetData>'
    (table,) = load(workbook(tmp_path / "a.xlsx", sheet, styles=styles)).blocks[1:]
    assert isinstance(table, Table)
    assert table.rows == (("[Struck out: old] new 10^6", "[Struck out: 5]", "6", "7"),)


def test_texts_are_shown_by_their_formats_too(tmp_path: Path) -> None:
    codes = (";;;", "0;-0;0;&quot;No. &quot;@", "0;;", "@")
    formats = "".join(f'<numFmt numFmtId="{200 + number}" formatCode="{code}"/>' for number, code in enumerate(codes))
    styles = "".join(f'<xf numFmtId="{200 + number}"/>' for number in range(len(codes)))
    cells = "".join(
        f'<c r="{column}1" s="{style}" t="inlineStr"><is><t>x7</t></is></c>' for style, column in enumerate("ABCD")
    )
    found = load(
        workbook(
            tmp_path / "a.xlsx",
            f'<sheetData><row r="1">{cells}</row></sheetData>',
            styles=f"<numFmts>{formats}</numFmts><cellXfs>{styles}</cellXfs>",
        )
    )
    assert found.blocks[1:] == [Table((("[Hidden: x7]", "No. x7", "x7", "x7"),))]


def test_a_damaged_sheet_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = rows("Item|Price", *(f"Tea {number}|3" for number in range(2000)))
    found = reading(workbook(tmp_path / "a.xlsx", whole[: len(whole) // 2]))
    assert "Tea 100 |" in text_of(found)
    assert found.completeness.but == "1 sheet is damaged, and read in part"


def test_cells_whose_texts_are_not_in_the_workbook_are_told(tmp_path: Path) -> None:
    cells = '<row r="1"><c r="A1" t="s"><v>7</v></c><c r="B1"><v>3</v></c></row>'
    found = reading(workbook(tmp_path / "a.xlsx", f"<sheetData>{cells}</sheetData>"))
    assert "3" in text_of(found)
    assert found.completeness.but == "1 sheet is damaged, and read in part"


def test_a_workbook_whose_parts_have_names_of_another_case_or_slash_is_read(tmp_path: Path) -> None:
    whole = workbook(tmp_path / "a.xlsx", rows("Item|Price", "Tea|3"))
    with zipfile.ZipFile(whole) as archive, zipfile.ZipFile(tmp_path / "b.xlsx", "w") as other:
        for name in archive.namelist():
            other.writestr(name.lower().replace("/", "\\"), archive.read(name))
    assert text_of(reading(tmp_path / "b.xlsx")) == text_of(reading(whole))


def test_a_library_writes_what_we_read(tmp_path: Path) -> None:
    documents.excel(path := tmp_path / "a.xlsx")
    assert load(path).blocks[1] == Table((("name", "days"), ("person 0", "0"), ("person 1", "1"), ("person 2", "2")))


@pytest.mark.parametrize(
    ("code", "value", "shown"),
    [
        ("0 %", 0.07, "7 %"),
        ("0.0%", 0.125, "12.5%"),
        ("00000", 1067, "01067"),
        ("000-0000", 5551234, "555-1234"),
        ("#,##0.00 [$€-407]", -1234.567, "-1,234.57 €"),
        ("$#,##0.00_);($#,##0.00)", -3.5, "($3.50)"),
        ('#,##0.00;-#,##0.00;"-"', 0, "-"),
        ('_(* #,##0.00_);_(* (#,##0.00);_(* "-"??_);_(@_)', 0, "-"),
        ("0;-0;;@", 0, ""),
        ("#,###", 0, ""),
        (";;;", 42, "[Hidden: 42]"),
        ('General" pcs"', -12.5, "-12.5 pcs"),
        ('0;General\\ "less"', -3, "3 less"),
        ("##0.0E+0", 123456, "123.5E+3"),
        ("##0.0E+0", 0.000123, "123.0E-6"),
        ("##0.0E+0", 0, "0.0E+0"),
        ('0.0,,"M"', 12_500_000, "12.5M"),
        ('[>=1000]0.0,"k";0', 15, "15"),
        ('[>=1000000]0.0,,"M";[>=1000]0.0,"K";0', -2500, "-2500"),
        ('[>=1000]0.0,"K";0', -5, "-5"),
        ('[=1]"Yes";[=0]"No";General', -2, "-2"),
        ('[>=100]0;0;"low"', 50, "low"),
        ("[>=0]0;(0)", -5, "(5)"),
        ("0.00E+00", 12345.678, "1.23E+04"),
        ("0.000E+00", 12345, "1.235E+04"),
        ("0.0E+00", 9.96, "1.0E+01"),
        ("# ?/?", 2.5, "2 1/2"),
        ('# ?/?" inch"', -1.5, "-1 1/2 inch"),
        ('"Size "# ?/?', 1.5, "Size 1 1/2"),
        ("# ?/8", 0.33, "3/8"),
        ("# ?/8", 1.99, "2"),
        ("?/?", 1.5, "3/2"),
        ("#'##0.00", 12345.5, "12'345.50"),
        ("# ##0.00", 1234567.5, "1234 567.50"),
        ("0.00", 2.675, "2.68"),
        ("dd.mm.yyyy", 45352, "01.03.2024"),
        ("d-mmm-yy", 45352, "1-Mar-2024"),
        ("[$-409]mmmm d, yyyy;@", 45352, "March 1, 2024"),
        ("h:mm AM/PM", 0.75, "6:00 PM"),
        ("[h]:mm", 1.5, "36:00"),
        ("[h]:mm", -0.3, "-7:12"),
        ("[h]:mm:ss", 1.999998, "48:00:00"),
        ("mm:ss.0", 0.001, "01:26.4"),
        ("yyyy-mm-dd", 59, "1900-02-28"),
        ("yyyy-mm-dd", 1e12, "1000000000000.0"),
    ],
)
def test_a_number_is_shown_by_its_format(code: str, value: float, shown: str) -> None:
    show = format_of(999, code, False)
    assert show is not None
    assert show(float(value)) == shown


@pytest.mark.parametrize(("value", "shown"), [(0.1 + 0.2, "0.3"), (7.0, "7"), (1.5e-07, "1.5E-07"), (-0.25, "-0.25")])
def test_a_number_without_a_format_has_no_noise(value: float, shown: str) -> None:
    assert format_of(0, "", False) is None
    assert show_general(value) == shown


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        (
            "# exported, by Ann\nName;Sum\nAda;1,5\nBob;2,5\n",
            [Paragraph("exported, by Ann"), Table((("Name", "Sum"), ("Ada", "1,5"), ("Bob", "2,5")))],
        ),
        (
            "Report of 2024\n\nName;Sum\nAda;1.234,50\n",
            [Paragraph("Report of 2024"), Table((("Name", "Sum"), ("Ada", "1.234,50")))],
        ),
        ("1,5;2,5\n3,5;4,5\n", [Table((("1,5", "2,5"), ("3,5", "4,5")), has_header=False)]),
        ("Muster, Max;Bonn\nMuster, Eva;Ulm\n", [Table((("Muster, Max", "Bonn"), ("Muster, Eva", "Ulm")))]),
        ("#,Name\n1,Ada\n2,Bob\n", [Table((("#", "Name"), ("1", "Ada"), ("2", "Bob")))]),
        ('sep=,\n"a;b",c\n', [Table((("a;b", "c"),))]),
        ('a,b\n1,"say \\"hi\\", you"\n', [Table((("a", "b"), ("1", 'say "hi", you')))]),
        (
            "Account;123\nFrom;2024\n\nDay;Text;Sum;In\n1;Rent;5,0;EUR\n2;Pay;9,0;EUR\n",
            [
                Paragraph("Account 123\nFrom 2024"),
                Table((("Day", "Text", "Sum", "In"), ("1", "Rent", "5,0", "EUR"), ("2", "Pay", "9,0", "EUR"))),
            ],
        ),
        (
            "Name;Sum;In\nAda;10;EUR\n\nTotal;10;EUR\n\nPart;Price\nBolt;1,20\n\nWho;Mail;Room;Since\nEva;e@x;R1;May\n",
            [
                Table((("Name", "Sum", "In"), ("Ada", "10", "EUR"), ("Total", "10", "EUR"))),
                Table((("Part", "Price"), ("Bolt", "1,20"))),
                Table((("Who", "Mail", "Room", "Since"), ("Eva", "e@x", "R1", "May"))),
            ],
        ),
        ("a;b\r\r\n1;2\r\r\nx;4\r\r\n", [Table((("a", "b"), ("1", "2"), ("x", "4")))]),
    ],
)
def test_the_dialect_of_a_csv_file_is_found(tmp_path: Path, text: str, blocks: list[Block]) -> None:
    (tmp_path / "a.csv").write_text(text)
    assert load(tmp_path / "a.csv").blocks == blocks


def test_a_missing_quote_swallows_no_rows(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('a,b\n1,"x\n' + "".join(f"{number},z\n" for number in range(300)))
    (table,) = load(tmp_path / "a.csv").blocks
    assert isinstance(table, Table)
    assert len(table.rows) == 302


def test_a_workbook_of_too_many_cells_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "MOST_CELLS", 100)
    with pytest.raises(HubbubError, match="more than 100 cells"):
        load(workbook(tmp_path / "a.xlsx", rows(*["Item|Price"] * 60)))
