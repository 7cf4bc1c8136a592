"""Tables that are forms: each row is a name and its value, and the first one names no columns."""

from pathlib import Path

import docx
import pytest

from hubbub.ingest.blocks import Block, Table
from hubbub.ingest.forms import is_form
from hubbub.ingest.loaders.docx import load
from hubbub.ingest.loaders.html import read_page
from hubbub.ingest.split import Sizes, split


def _rows(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in text.strip().split("\n")]


@pytest.mark.parametrize(
    "text",
    [
        "Weight|12 kg\nVoltage|230 V\nColour|graphite",
        "Made in|Austria\nLength|1800 mm\nPower|1.5 kW",
        "Company|Harbour Tools Ltd\nAddress|12 Quay Street\nPhone|0131 555 012\nMail|post@harbour.example\nSince|1987",
        "Customer:|Brown Bakery\nService:|Window cleaning\nNotice:|three months",
        "Monday|9:00–17:00\nTuesday|9:00–17:00\nSaturday|closed",
        "Start|1 May 2024\nEnd|31.12.2025\nTenant|Ida Falk",
        "Gewicht|2,5 kg\nSpannung|18 V\nFarbe|orange",
        "重量|12 kg\n電圧|230 V\n色|黒",
        "Property|Value\nWeight|12 kg\nVoltage|230 V",
        "Fee|€ 12.50\nSeats|48\nOpens|8:30\nHouse|Old Mill",
    ],
)
def test_names_and_values(text: str) -> None:
    assert is_form(_rows(text))


@pytest.mark.parametrize(
    "text",
    [
        "Item|Price\nKettle|39 EUR\nLamp|22 EUR\nToaster|on request",
        "Department|Head\nSales|Kim Ro\nResearch|Ida Falk",
        "Name|Contact\nKim|kim@example.org\nLou|0131 555 012",
        "Item|2023\nTea|5\nMilk|7",
        "Term|Meaning\nAPI|application programming interface\nTLS|what keeps a line secret",
        "Room|Equipment\nAtrium|projector, 12 chairs\nLoft|whiteboard",
        "Name|Name\nWeight|12 kg\nVoltage|230 V\nName|x",
        "Day|Event\n12 May|Opening\n14 May|Tour of the docks",
        "Part|Weight|Price\nSaw|12 kg|30 EUR\nBlade|1 kg|8 EUR",
        "Weight|12 kg",
        "",
    ],
)
def test_columns_with_names(text: str) -> None:
    assert not is_form(_rows(text))


def test_a_form_s_rows_stand_below_empty_names_in_each_part() -> None:
    rows = tuple((f"Part {chr(65 + number)}", f"{number} kg" if number % 2 else f"{number} mm") for number in range(20))
    (whole,) = split([Table((("Weight", "12 kg"), ("Voltage", "230 V")))])
    assert whole.text == "|  |  |\n| Weight | 12 kg |\n| Voltage | 230 V |"
    parts = split([Table(rows, has_header=False)], Sizes(usual=120, whole=200, tiny=20))
    assert len(parts) > 1
    assert all(part.text.startswith("|  |  |\n| Part ") for part in parts)
    assert [line for part in parts for line in part.text.split("\n")[1:]] == [
        f"| {name} | {value} |" for name, value in rows
    ]


@pytest.mark.parametrize(
    ("text", "has_header"),
    [
        ("<tr><th>Company<td>Harbour<tr><th>Head<td>Mara Voss", False),
        ("<tr><th>Weight<th>Note<tr><td>12 kg<td>heavy<tr><td>2 kg<td>light", True),
        ("<tr><th>Item<th>Price<tr><th>Kettle<td>39", True),
        ("<tr><td>Item<td>Price<tr><td>Kettle<td>39", None),
        ("<tr><th>Height<td><b>2</b> m<td>tall<tr><th>Depth<td>1 m<td>deep", False),
    ],
)
def test_a_page_says_which_cells_are_names(text: str, has_header: bool | None) -> None:
    found: list[Block] = read_page(f"<table>{text}</table>").blocks
    (table,) = found
    assert isinstance(table, Table)
    assert table.has_header is has_header


def test_what_a_page_says_counts_for_more_than_how_it_looks() -> None:
    (piece,) = split(read_page("<table><tr><th>Step<th>2 mm<tr><td>Saw<td>3 kg<tr><td>Sand<td>4 V</table>").blocks)
    assert piece.text.startswith("| Step | 2 mm |\n")


@pytest.mark.parametrize(
    ("bold", "has_header"),
    [
        ({(0, 0), (1, 0)}, False),
        ({(0, 0), (0, 1)}, True),
        ({(0, 0), (0, 1), (1, 0)}, True),
        ({(1, 0)}, None),
        (set(), None),
    ],
)
def test_bold_cells_of_word_are_names(bold: set[tuple[int, int]], has_header: bool | None, tmp_path: Path) -> None:
    document = docx.Document()
    made = document.add_table(rows=2, cols=2)
    for number, line in enumerate([("Company", "Harbour Ltd"), ("Contact", "Mara Voss")]):
        for place, text in enumerate(line):
            made.cell(number, place).paragraphs[0].add_run(text).bold = (number, place) in bold or None
    document.save(str(tmp_path / "a.docx"))
    with (tmp_path / "a.docx").open("rb") as file:
        (table,) = load(file).blocks
    assert isinstance(table, Table)
    assert table.has_header is has_header
