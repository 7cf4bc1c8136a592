"""Tables as programs export them: each value stands with the names of its own column and of its own group of rows."""

import io
import itertools
from collections.abc import Sequence
from pathlib import Path

import pytest

from hubbub.ingest.blocks import Block, Heading, Paragraph, Table
from hubbub.ingest.loaders import csv, xlsx
from hubbub.ingest.split import Sizes, split
from tests.ingest.workbooks import rows, workbook

SMALL = Sizes(usual=120, whole=240, tiny=30)


def table(*lines: str, header: bool = True) -> Table:
    return Table(tuple(tuple(line.split("|")) for line in lines), has_header=None if header else False)


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        # R leaves the column of the rows' names without one.
        ("mpg\tcyl\nMazda\t21\t6\nDatsun\t22.8\t4\n", [table("|mpg|cyl", "Mazda|21|6", "Datsun|22.8|4")]),
        ("a,b\n1,2,\n1,4,\n", [table("a|b", "1|2|", "1|4|")]),
        # DATEV writes a line about the file; others some names and values.
        (
            'EXTF;700;21;x;y\n"Sum";"Side";"Account"\n1190,00;S;8400\n595,50;H;3400\n',
            [Paragraph("EXTF 700 21 x y"), table("Sum|Side|Account", "1190,00|S|8400", "595,50|H|3400")],
        ),
        (
            "Report;Sales\nYear;2023\nItem;Plan;Actual\nTea;1;2\nMilk;3;4\n",
            [Paragraph("Report Sales\nYear 2023"), table("Item|Plan|Actual", "Tea|1|2", "Milk|3|4")],
        ),
        # Tables that stand right below each other
        (
            "Item,2022,2023\nTea,1,2\nMilk,3,4\nItem,2020,2021\nTea,5,6\n",
            [table("Item|2022|2023", "Tea|1|2", "Milk|3|4"), table("Item|2020|2021", "Tea|5|6")],
        ),
        # pandas, with two rows of names and one for the rows' names
        (
            ",2022,2022,2023,2023\n,Q1,Q2,Q1,Q2\nregion,,,,\nNorth,1,2,3,4\nSouth,5,6,7,8\n",
            [table("region|2022 Q1|2022 Q2|2023 Q1|2023 Q2", "North|1|2|3|4", "South|5|6|7|8")],
        ),
        ("Name,Value,Value\nAda,x,y\nBob,1,2\n", [table("Name|Value|Value", "Ada|x|y", "Bob|1|2")]),
        # What Excel is to take for a text, paths that end with a backslash, and quotes that one marks
        ('Item,Code\nTea,="00123"\n', [table("Item|Code", "Tea|00123")]),
        ('id,path,by\n1,"C:\\a\\",Ada\n2,"D:\\b\\",Bob\n', [table("id|path|by", "1|C:\\a\\|Ada", "2|D:\\b\\|Bob")]),
        ('id,said\n1,"a \\"q\\" b \\\\ c"\n2,\\N\n', [table("id|said", '1|a "q" b \\ c', "2|\\N")]),
    ],
)  # fmt: skip
def test_csv_of_programs(text: str, blocks: list[Block]) -> None:
    assert csv.load(io.BytesIO(text.encode())).blocks == blocks


def merged(*references: str) -> str:
    cells = (f'<mergeCell ref="{one}"/>' for one in references)
    return f"<mergeCells>{''.join(cells)}</mergeCells>"


@pytest.mark.parametrize(
    ("sheet", "blocks"),
    [
        # Names of groups go as far as they are merged, or as the names below come again.
        (
            rows("|2022||2023||", "Item|Plan|Ist|Plan|Ist|Note", "Tea|1|2|3|4|5") + merged("B1:C1", "D1:E1"),
            [table("Item|2022 Plan|2022 Ist|2023 Plan|2023 Ist|Note", "Tea|1|2|3|4|5")],
        ),
        (
            rows("|Year 2022|", "Item|Plan|Ist|Total", "Tea|1|2|3") + merged("B1:C1"),
            [table("Item|Year 2022 Plan|Year 2022 Ist|Total", "Tea|1|2|3")],
        ),
        (
            rows("||2022|||2023|", "Item|Q1|Q2|Q3|Q1|Q2|Q3", "Tea|1|2|3|4|5|6"),
            [table("Item|2022 Q1|2022 Q2|2022 Q3|2023 Q1|2023 Q2|2023 Q3", "Tea|1|2|3|4|5|6")],
        ),
        (
            rows("Report|Sales", "Year|2023", "Item|Plan|Ist", "Tea|1|2", "Milk|3|4"),
            [Paragraph("Report Sales\nYear 2023"), table("Item|Plan|Ist", "Tea|1|2", "Milk|3|4")],
        ),
        (
            rows("2022", "Item|Q1|Q2", "Tea|1|2", "2023", "Item|Q1|Q2", "Tea|5|6"),
            [Paragraph("2022"), table("Item|Q1|Q2", "Tea|1|2"), Paragraph("2023"), table("Item|Q1|Q2", "Tea|5|6")],
        ),
    ],
)  # fmt: skip
def test_sheets_of_people(tmp_path: Path, sheet: str, blocks: list[Block]) -> None:
    with workbook(tmp_path / "a.xlsx", sheet).open("rb") as file:
        assert xlsx.load(file).blocks == [Heading("Sheet", 1), *blocks]


LEFT = ("Item|2022", "Tea|1", "Milk|3", "Salt|5")


def side_by_side(left: Sequence[str], right: Sequence[str]) -> str:
    pairs = itertools.zip_longest(left, right, fillvalue="")
    return rows(*(f"{one if '|' in one else f'{one}|'}||{other}" for one, other in pairs))


@pytest.mark.parametrize(
    ("left", "right", "blocks"),
    [
        # Tables beside each other: of the same names, the right one longer, much shorter, lower, or without names
        (LEFT, ("Item|2023", "Tea|2", "Milk|4"), [table(*LEFT), table("Item|2023", "Tea|2", "Milk|4")]),
        (LEFT[:2], ("Town|Staff", "Bonn|2", "Rome|4"), [table(*LEFT[:2]), table("Town|Staff", "Bonn|2", "Rome|4")]),
        (LEFT, ("Town|Staff", "Bonn|2"), [table(*LEFT), table("Town|Staff", "Bonn|2")]),
        (LEFT, ("", "Town|Staff", "Bonn|2", "Rome|4"), [table(*LEFT), table("Town|Staff", "Bonn|2", "Rome|4")]),
        (LEFT, ("Sum|9", "Mean|3"), [table(*LEFT), table("Sum|9", "Mean|3", header=False)]),
        (
            ("2022", "Item|Q1", "Tea|1"),
            ("2023", "Item|Q1", "Tea|2"),
            [Paragraph("2022"), table("Item|Q1", "Tea|1"), Paragraph("2023"), table("Item|Q1", "Tea|2")],
        ),
        # What goes on below an empty row is of the same tables.
        (
            (*LEFT[:2], "", "Milk|3"),
            ("Item|2023", "Tea|2", "", "Milk|4"),
            [table(*LEFT[:3]), table("Item|2023", "Tea|2", "Milk|4")],
        ),
        # One table whose columns are kept apart
        (
            LEFT,
            ("Town|Staff", "Bonn|2", "Rome|4"),
            [table("Item|2022|Town|Staff", "Tea|1|Bonn|2", "Milk|3|Rome|4", "Salt|5")],
        ),
        (
            LEFT,
            ("2023|2024", "2|3", "4|5", "6|7"),
            [table("Item|2022|2023|2024", "Tea|1|2|3", "Milk|3|4|5", "Salt|5|6|7")],
        ),
        (
            ("Name|Town", "Ann|Bonn", "Bob|Rome"),
            ("Street|Post", "Oak 1|x", "Elm 2|y"),
            [table("Name|Town|Street|Post", "Ann|Bonn|Oak 1|x", "Bob|Rome|Elm 2|y")],
        ),
        (
            ("Ann|Bonn", "Bob|Rome", "Cy|Lima"),
            ("Tel|1", "Tel|2", "Tel|3"),
            [table("Ann|Bonn|Tel|1", "Bob|Rome|Tel|2", "Cy|Lima|Tel|3", header=False)],
        ),
    ],
)  # fmt: skip
def test_tables_beside_each_other(
    tmp_path: Path, left: Sequence[str], right: Sequence[str], blocks: list[Block]
) -> None:
    with workbook(tmp_path / "a.xlsx", side_by_side(left, right)).open("rb") as file:
        assert xlsx.load(file).blocks == [Heading("Sheet", 1), *blocks]


def test_a_table_that_is_cut_repeats_its_title_and_the_group_of_its_rows() -> None:
    names = [("Item", "Q1"), *(row for year in ("2022", "2023") for row in [(year,), *[("Tea", year[2:])] * 40])]
    pieces = split([Paragraph("x. " * 30), Paragraph("Sales in Bonn"), Table(tuple(names))], SMALL)
    tables = [piece.text.split("\n") for piece in pieces if "| Item |" in piece.text]
    assert len(tables) > 10
    for lines in tables:
        assert "Sales in Bonn" in lines
        year = ""
        for line in lines[lines.index("| Item | Q1 |") + 1 :]:
            year = line.strip("| ") if line.count("|") == 2 else year
            assert line in (f"| {year} |", f"| Tea | {year[2:]} |", "")
