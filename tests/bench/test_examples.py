"""The comparison of the examples counts what the readers saw."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from bench.examples import EXAMPLES, Crowd, at_once, draw, stacks, table
from bench.lab.timeline import Wait, read_waits


def test_the_readers_trace_tells_of_each_person(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    # reader, token, asked, reached the model, sent, came; microseconds
    trace.write_text("7 0 1000000 1100000 0 1500000\n8 0 1200000 1300000 0 1600000\n7 1 1000000 1100000 0 2500000\n")
    begin, waits = read_waits(trace)
    assert begin == 1.0
    seconds = [[wait.asked, wait.reached_model, wait.spoke, wait.ended] for wait in waits]
    assert seconds == [pytest.approx([0.0, 0.1, 0.5, 1.5]), pytest.approx([0.2, 0.3, 0.6, 0.6])]
    assert at_once(waits) == 2


def test_who_comes_when_another_has_gone_is_not_served_at_the_same_time() -> None:
    assert at_once([Wait(0, 0, 1, 2), Wait(0, 2, 3, 4), Wait(0, 3.5, 3.6, 5)]) == 2
    assert at_once([Wait(0, 0, 1, 2), Wait(0, 2, 3, 4)]) == 1


def test_the_table_and_the_picture(tmp_path: Path) -> None:
    found = {
        "Async": [Crowd(1, 0.4, 0.5, 0.4, 1), Crowd(100, 0.5, 0.9, 36.0, 100)],
        "Blocking": [Crowd(1, 0.4, 0.5, 0.4, 1), Crowd(100, 24.0, 48.0, 2.0, 5)],
    }
    assert "| Blocking | 100 | 24.0 / 48.0 s | 2.0 | 5 |" in table(found)
    draw(found, tmp_path / "examples.svg")
    texts = ["".join(node.itertext()) for node in ElementTree.parse(tmp_path / "examples.svg").iter()]
    assert {"Async", "Blocking", "answers a second"} <= set(texts)


def test_every_example_is_measured() -> None:
    folders = {path.parent.name for path in EXAMPLES.glob("*/app.py")}
    assert {f"{stack.name}_chat" for stack in stacks()} == folders
