"""Reports of what was used, at the command line."""

import csv
import io
import json
from pathlib import Path

from tests.cli.commands import run
from tests.servers.hubbub_server import scripted

PRICED = scripted(words=3, pause_seconds=0) | {"HUBBUB_MODELS__SCRIPTED__PRICE_OUTPUT": "5000.5"}


def test_what_was_asked_in_the_terminal_is_reported(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    code, _, told = run(folder, "usage")
    assert (code, told) == (0, "Nothing was used on these days.\n")
    assert run(folder, "ask", "Hello there", variables=PRICED)[0] == 0
    code, lines, _ = run(folder, "usage", "--by", "model", "--format", "json", variables=PRICED)
    (line,) = json.loads(lines)
    assert (code, line["name"], line["questions"], line["output_tokens"]) == (0, "scripted", 1, 3)
    assert line["money"] == "0.0150015"
    code, lines, _ = run(folder, "usage", "--format", "csv", variables=PRICED)
    (row,) = csv.DictReader(io.StringIO(lines))
    assert (row["name"], row["money"], row["estimated"]) == ("operator", "0.0150015", "0")
    code, table, _ = run(folder, "usage", "--by", "day", variables=PRICED | {"HUBBUB_QUOTAS__CURRENCY": "EUR"})
    assert "money EUR" in table
    assert "0.02" in table
    assert run(folder, "usage", "--from", "2020-01-01", "--to", "2020-01-31", variables=PRICED)[1] == ""
    code, _, told = run(folder, "usage", "--from", "soon", variables=PRICED)
    assert code != 0
    assert "a day such as" in told


def test_what_a_group_used_is_reported_by_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    for arguments in (("groups", "add", "Crew"), ("groups", "members", "Crew", "--add", "operator"), ("ask", "Hello")):
        code, _, told = run(folder, *arguments, variables=PRICED)
        assert code == 0, told
    table = run(folder, "usage", "--by", "group", variables=PRICED)[1]
    assert table.splitlines()[-1].split()[:3] == ["Crew", "│", "1"]
    (line,) = json.loads(run(folder, "usage", "--by", "group", "--format", "json", variables=PRICED)[1])
    assert line["name"].startswith("group:")


def test_a_bound_that_is_none_stops_the_start(tmp_path: Path) -> None:
    code, _, told = run(tmp_path / "data", "usage", variables={"HUBBUB_QUOTAS__PERSON": '["50 questions per week"]'})
    assert code == 2
    assert "50 questions per day" in told
