"""Searching in the terminal."""

import json
from collections.abc import Callable
from pathlib import Path

from typer.testing import Result


def test_passages_are_printed_as_text_and_as_json(hubbub: Callable[..., Result], folder: Path) -> None:
    documents = folder.parent / "documents"
    documents.mkdir()
    (documents / "leave.md").write_text("# Rules\n\n## Leave\n\nEverybody has thirty \x1b[2J days of leave a year.\n")
    assert hubbub("ingest", str(documents), "--collection", "rules").exit_code == 0
    shown = hubbub("search", "days of leave", "--collection", "rules")
    assert shown.exit_code == 0
    assert "1. leave.md › Rules › Leave\nEverybody has thirty" in shown.stdout
    assert "\x1b" not in shown.stdout
    found = json.loads(hubbub("search", "days of leave", "--collection", "rules", "--json").stdout)
    text = found["hit"]["text"]
    assert [text[mark["start"] : mark["end"]] for mark in found["highlights"]] == ["days", "leave"]
    missing = hubbub("search", "x", "--collection", "nothing")
    assert missing.exit_code == 1
    assert "There is no such collection, or" in missing.stderr
