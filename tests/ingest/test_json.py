"""JSON and its kin are cut at records; the rest is read where a part is broken."""

import io
import json as standard
import re
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubbub.core.errors import HubbubError
from hubbub.ingest.blocks import Loaded, Paragraph, Table
from hubbub.ingest.loaders import json, lines, markdown, markup, text
from hubbub.ingest.split import split


def load(content: str | bytes) -> Loaded:
    return json.load(io.BytesIO(content.encode() if isinstance(content, str) else content))


@pytest.mark.parametrize(
    ("content", "records"),
    [
        ('{"items":[{"name":"Pump","price":5.10},{"name":"Valve"}],"total":12}',
         ["items.name: Pump\nitems.price: 5.10", "items.name: Valve", "total: 12"]),
        ("[[1,2,3],[4,5,6]]", ["1, 2, 3", "4, 5, 6"]),
        ('{"a":1,"a":2}', ["a: 1\na: 2"]),
        ('{"n":null,"list":[],"object":{},"no":false}', ["n: null\nlist: []\nobject: {}\nno: false"]),
        ('{\n // note\n "a": "x // y, ]", /* b */ "b": [1,],\n}\n', ["a: x // y, ]\nb: 1"]),
        ('[{"a":NaN, "big": 123456789012345678901234567890}]', ["a: NaN\nbig: 123456789012345678901234567890"]),
        ('{"a":1}\n{\n"b":2}', ["a: 1", "b: 2"]),
        ("42", ["42"]),
        ('{"stadt":"Köln"}'.encode("cp1252"), ["stadt: Köln"]),
        ('{"stadt":"Köln"}'.encode("utf-16"), ["stadt: Köln"]),
        ('["a b",{"c":1},{"c":2}]', ["a b", "c: 1", "c: 2"]),
    ],
)  # fmt: skip
def test_records(content: str | bytes, records: list[str]) -> None:
    loaded = load(content)
    assert ([block.text for block in loaded.blocks], loaded.omitted) == (records, ())


@pytest.mark.parametrize(
    ("content", "records"),
    [
        (
            [{"year": year, "sales": [{"item": "Tea", "sum": year}, {"item": "Ice", "sum": 1}]}
             for year in (2022, 2023)],
            ["year: 2022\nsales.item: Tea\nsales.sum: 2022", "year: 2022\nsales.item: Ice\nsales.sum: 1",
             "year: 2023\nsales.item: Tea\nsales.sum: 2023", "year: 2023\nsales.item: Ice\nsales.sum: 1"],
        ),
        (
            {"features": [{"type": "F", "at": [[[1, 2], [3, 4]]], "properties": {"name": name}}
                          for name in ("Ulm", "Bonn")]},
            [text for name in ("Ulm", "Bonn") for text in (
                f"features.properties.name: {name}\nfeatures.type: F",
                f"features.properties.name: {name}\nfeatures.at: 1, 2\nfeatures.at: 3, 4")],
        ),
    ],
)  # fmt: skip
def test_a_part_of_a_record_names_the_record(content: Any, records: list[str]) -> None:
    assert [block.text for block in load(standard.dumps(content)).blocks] == records


@pytest.mark.parametrize(
    ("content", "records"),
    [
        (
            '<r><year n="2022"><order id="1"><item>Tea</item><sum>5</sum></order><order id="2"><item>Ice</item></order>'
            '</year><year n="2023"><order id="3"><item>Tea</item></order><order id="4"><sum>7</sum></order></year></r>',
            ["year.n: 2022\norder.id: 1\nitem: Tea\nsum: 5", "year.n: 2022\norder.id: 2\nitem: Ice",
             "year.n: 2023\norder.id: 3\nitem: Tea", "year.n: 2023\norder.id: 4\nsum: 7"],
        ),
        ('<r><row year="2022" sum="5"/><row year="2023" sum="6"/></r>',
         ["row.year: 2022\nrow.sum: 5", "row.year: 2023\nrow.sum: 6"]),
        ("<r><e><id>4624</id><data><d>ada</d><d>bob</d></data></e><e><id>4625</id></e></r>",
         ["id: 4624\nd: ada\nd: bob", "id: 4625"]),
    ],
)  # fmt: skip
def test_a_record_of_xml_is_one_block(content: str, records: list[str]) -> None:
    assert [block.text for block in markup.load(io.BytesIO(content.encode())).blocks] == records


def test_a_long_value_has_its_path_in_each_passage() -> None:
    sentence = "The pump stands in the cellar and is looked after twice a year. "
    content = standard.dumps({"pump": {"id": 7, "note": sentence * 60}, "list": list(range(1000))})
    pieces = split(load(content).blocks)
    assert len(pieces) > 4
    for line in (line for piece in pieces for line in piece.text.split("\n") if line):
        assert line.startswith(("pump.", "list: "))
    assert "\n".join(piece.text for piece in pieces).count("twice a year.") == 60


def test_one_broken_line_is_read_as_it_stands() -> None:
    loaded = load('{"a":1}\n{"a":2\n{"a":3}\n{"b":')
    assert [block.text for block in loaded.blocks] == ["a: 1", '{"a":2', "a: 3", '{"b":']
    assert [one.text for one in loaded.omitted] == ["2 of 4 lines are not valid JSON and read as they stand"]


def test_a_document_that_was_cut_off_is_read_as_it_stands() -> None:
    loaded = load('{\n "name": "Pump",\n "price": 5,\n "no')
    assert "Pump" in loaded.blocks[0].text
    assert [one.text for one in loaded.omitted] == ["the file is not valid JSON and was read as it stands"]


@pytest.mark.parametrize("content", ["{nope", "hello", "[" * 100_000, '{"a":' * 100_000])
def test_what_is_no_json_is_refused(content: str) -> None:
    with pytest.raises(HubbubError) as caught:
        load(content)
    assert caught.value.code == "corrupt"


VALUES = st.recursive(
    st.text("abc ", min_size=1).map(str.strip).filter(bool) | st.integers() | st.booleans() | st.none(),
    lambda values: st.lists(values, max_size=5) | st.dictionaries(st.text("xyz", min_size=1), values, max_size=5),
    max_leaves=30,
)


@settings(max_examples=100)
@given(VALUES)
def test_no_value_is_lost(value: Any) -> None:
    def words(value: Any) -> list[str]:
        if isinstance(value, dict):
            return [word for part in value.values() for word in words(part)]
        if isinstance(value, list):
            return [word for part in value for word in words(part)]
        return re.findall(r"\w+", value if isinstance(value, str) else standard.dumps(value))

    read = Counter(word for block in load(standard.dumps(value)).blocks for word in re.findall(r"\w+", block.text))
    assert Counter(words(value)) <= read


def test_a_log_is_cut_at_its_lines() -> None:
    log = "".join(
        f"2025-03-{day:02} 10:00:00 ERROR E{day} The disk is full. Replace it. Call Ann.\n" for day in range(1, 29)
    )
    for loaded in (text.read(log * 3), lines.load(io.BytesIO((log * 3).encode()))):
        pieces = split(loaded.blocks)
        assert len(pieces) > 3
        assert all(line.startswith("2025") and line.endswith("Ann.") for one in pieces for line in one.text.split("\n"))


def test_prose_is_no_log() -> None:
    prose = "In 2024-01-01 we began.\nThe work\nwent on and on."
    assert type(text.read(prose).blocks[0]).__name__ == "Paragraph"


def test_tables_that_databases_draw_are_tables() -> None:
    table = Table((("id", "name"), ("1", "Ada"), ("2", "")))
    border = "+----+------+\n"
    mysql = f"{border}| id | name |\n{border}|  1 | Ada  |\n|  2 |      |\n{border}2 rows in set"
    assert text.read(mysql).blocks == [table, Paragraph("2 rows in set")]
    assert text.read(" id | name\n----+------\n  1 | Ada\n  2 | \n(2 rows)\n").blocks == [table, Paragraph("(2 rows)")]
    assert text.read("a | b -- or\nc | d\ne | f").blocks == [Paragraph("a | b -- or\nc | d\ne | f")]


def test_form_feeds_part_pages() -> None:
    loaded = text.read("One.\fTwo.\n\nMore.\f")
    assert loaded.pages == 2
    assert [(block.text, block.page) for block in loaded.blocks] == [("One.", 1), ("Two.", 2), ("More.", 2)]
    assert text.read("One.\n\f").pages == 0


def test_parts_of_long_settings_name_what_they_stand_below() -> None:
    keys = [f"key{number}_is_long = value" for number in range(90)]
    ini = "\n".join(["[prod]", *keys, "", *keys, "[test]", *keys, "", "last = 1"])
    parts = [block.text.split("\n") for block in lines.blocks_of(ini)]
    assert len(parts) > 6
    assert [part[0] for part in parts] == sorted((part[0] for part in parts), key=["[prod]", "[test]"].index)
    assert parts[-1] == ["[test]", "last = 1"]
    services = "".join(f"  service{number}:\n    image: img\n    env:\n      - KEY={number}\n" for number in range(60))
    for block in lines.blocks_of(f"services:\n{services}"):
        names = re.findall(r"service(\d+):", block.text)
        assert block.text.startswith("services:\n  service")
        assert re.findall(r"KEY=(\d+)", block.text) == [name for name in names if f"KEY={name}" in block.text]


def test_a_workbook_of_excel_2003_is_read_as_it_is_shown() -> None:
    note = "<Cell><Data>1</Data><Comment><Data>why</Data></Comment></Cell>"
    day = "<Cell><Data>2024-03-01T00:00:00.000</Data></Cell>"
    sheets = (
        f'<Worksheet n="x" xmlns:s="s" s:Name="{name}"><Table><Row>{cells}</Row></Table><O><Visible>{how}</Visible></O>'
        "</Worksheet>"
        for name, cells, how in (("A", day + note, "SheetVisible"), ("B", day, "SheetHidden"))
    )
    loaded = markup.load(io.BytesIO(f"<Workbook>{''.join(sheets)}</Workbook>".encode()))
    assert [block.rows for block in loaded.blocks if isinstance(block, Table)] == [
        (("2024-03-01", "1 [Comment: why]"),)
    ]
    assert [(one.what, one.count) for one in loaded.hidden] == [("sheet", 1)]


def test_code_is_parted_between_definitions() -> None:
    code = "import os\n\n\ndef a():\n    x = 1\n\n    return x\n\n\ndef b():\n    pass\n"
    assert [block.text for block in lines.blocks_of(code)] == [
        "import os",
        "def a():\n    x = 1\n\n    return x",
        "def b():\n    pass",
    ]


def test_front_matter_is_read() -> None:
    loaded = markdown.read("---\ntitle: Travel\nowner: Team Zebra\n---\n\n# Coalescing\n\nBy the office.")
    assert loaded.title == "Travel"
    assert "owner: Team Zebra" in loaded.blocks[0].text
