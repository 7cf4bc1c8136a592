"""Charts and diagrams are read as they are shown: each value with its category, each point below its head."""

from pathlib import Path

import pytest

from hubbub.ingest.blocks import Block, Paragraph, Table
from hubbub.ingest.loaders import xlsx
from tests.ingest.workbooks import relations, rows, workbook

_DRAWING = (
    '<d xmlns:a="urn:a" xmlns:c="urn:c" xmlns:mc="urn:mc" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
)


def drawn(folder: Path, drawing: str, **parts: str) -> list[Block]:
    """Return what is read of a drawing; `parts` are what it leads to, by their kinds."""
    files = {
        "xl/worksheets/_rels/sheet1.xml.rels": relations(drawing="../d.xml"),
        "xl/d.xml": f"{_DRAWING}{drawing}</d>",
        "xl/_rels/d.xml.rels": relations(**{kind: f"{kind}.xml" for kind in parts}),
        **{f"xl/{kind}.xml": f"{_DRAWING}{text}</d>" for kind, text in parts.items()},
    }
    with workbook(folder / "a.xlsx", rows("Item|Price", "Tea|3"), files).open("rb") as file:
        return xlsx.load(file).blocks[2:]


def points(*texts: str) -> str:
    return "".join(f'<c:pt idx="{place}"><c:v>{text}</c:v></c:pt>' for place, text in enumerate(texts) if text)


def series(name: str, categories: str, *values: str) -> str:
    return f"<c:ser><c:tx><c:v>{name}</c:v></c:tx><c:cat>{categories}</c:cat><c:val>{points(*values)}</c:val></c:ser>"


LEVELS = f"<c:lvl>{points('Q1', 'Q2', 'Q1', 'Q2')}</c:lvl><c:lvl>{points('2023', '', '2024')}</c:lvl>"
DAYS = f"<c:formatCode>dd.mm.yyyy</c:formatCode>{points('43831')}"
HIDDEN = f"<c:filteredBarSeries>{series('Plan', points('x'), '2')}</c:filteredBarSeries>"
LABELS = f"<c:dlblRangeCache>{points('Kiel', 'Bonn')}</c:dlblRangeCache>"
NEWER = (
    '<c:chartData><c:data id="0"><c:strDim type="cat"><c:lvl><c:pt idx="0">Open</c:pt><c:pt idx="1">Closed</c:pt>'
    '</c:lvl></c:strDim><c:numDim type="val"><c:lvl formatCode="0%"><c:pt idx="0">0.4</c:pt><c:pt idx="1">0.6</c:pt>'
    "</c:lvl></c:numDim></c:data></c:chartData><c:title><c:tx><c:txData><c:v>Cases</c:v></c:txData></c:tx></c:title>"
    '<c:series><c:tx><c:txData><c:v>Share</c:v></c:txData></c:tx><c:dataId val="0"/></c:series>'
)


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param(
            series("S", LEVELS, "1", "2", "3", "4"),
            [Table((("", "S"), ("2023 Q1", "1"), ("2023 Q2", "2"), ("2024 Q1", "3"), ("2024 Q2", "4")))],
            id="categories of several levels",
        ),
        pytest.param(
            f'<c:date1904 val="1"/>{series("S", DAYS, "1")}',
            [Table((("", "S"), ("02.01.2024", "1")))],
            id="days counted from 1904",
        ),
        pytest.param(
            f"<c:title><c:tx><c:strRef>{points('In kEUR')}</c:strRef></c:tx></c:title>{series('S', points('x'), '1')}",
            [Paragraph("Chart: In kEUR"), Table((("", "S"), ("x", "1")))],
            id="a title from a cell",
        ),
        pytest.param(
            series("S", points("x"), "1") + HIDDEN,
            [Table((("", "S", "Plan (hidden in the chart)"), ("x", "1", "2")))],
            id="a series that a filter hides",
        ),
        pytest.param(
            series("S", points("x", "y"), "1", "2").replace("<c:cat>", f"<c:ext>{LABELS}</c:ext><c:cat>"),
            [Table((("", "S", "S (label)"), ("x", "1", "Kiel"), ("y", "2", "Bonn")))],
            id="labels from cells",
        ),
        pytest.param(
            "<c:ser><c:tx><c:v>S</c:v></c:tx><c:val><c:f>[1]A!B1:B9</c:f></c:val></c:ser>",
            [Paragraph("[Chart whose values are not in the file: S]")],
            id="values of another workbook",
        ),
        pytest.param(
            NEWER,
            [Paragraph("Chart: Cases"), Table((("", "Share"), ("Open", "40%"), ("Closed", "60%")))],
            id="a chart of the newer kinds",
        ),
    ],
)
def test_a_chart_is_read_with_what_names_its_values(tmp_path: Path, chart: str, expected: list[Block]) -> None:
    assert drawn(tmp_path, "", chart=chart) == expected


def test_a_diagram_is_read_in_the_order_of_its_links(tmp_path: Path) -> None:
    names = {"1": "Ann", "3": "Cem", "2": "Bob", "4": "Dan", "5": "beside"}
    texts = (
        f'<pt modelId="{key}"><a:p><a:r><a:t>{text}</a:t></a:r></a:p></pt>'
        for key, text in names.items()
    )  # fmt: skip
    links = (
        f'<cxn srcId="{above}" destId="{one}" srcOrd="{order}"/>'
        for above, one, order in (("0", "1", 0), ("1", "4", 1), ("1", "2", 0), ("2", "3", 0), ("3", "1", 0))
    )
    diagram = f'<pt modelId="0" type="doc"/>{"".join(texts)}{"".join(links)}<cxn type="presOf" srcId="1" destId="5"/>'
    assert drawn(tmp_path, "", diagramData=diagram) == [
        Paragraph("- Ann\n  - Bob\n    - Cem\n  - Dan\n- beside"),
    ]


def test_what_stands_for_older_programs_is_not_read_beside_the_newer(tmp_path: Path) -> None:
    def either(newer: str, older: str) -> str:
        choice = f"<mc:Choice>{newer}</mc:Choice><mc:Fallback>{older}</mc:Fallback>"
        return f"<mc:AlternateContent>{choice}</mc:AlternateContent>"

    def text(words: str) -> str:
        return f"<a:p><a:r><a:t>{words}</a:t></a:r></a:p>"

    box = either(text("Limit 40"), text("Limit 40"))
    slicer = either("<slicer name='Region'/>", text("This shape represents a slicer."))
    assert drawn(tmp_path, box + slicer + either("<ink/>", text("inked"))) == [Paragraph("Limit 40\ninked")]
