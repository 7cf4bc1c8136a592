"""The golden logs: the same files, and the same answers, that the page's tests go by."""

from pathlib import Path

import msgspec
import pytest

from hubbub.core.answer import Answer, apply, fold
from hubbub.core.events import ENDINGS, Event, encode, name_of


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    number: int
    event: Event


GOLDEN = Path(__file__).parents[1] / "golden"
LOGS = sorted(GOLDEN.glob("*.jsonl"))


def events_of(log: Path) -> list[Event]:
    lines = [msgspec.json.decode(line, type=Line) for line in log.read_bytes().splitlines()]
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))
    return [line.event for line in lines]


@pytest.mark.parametrize("log", LOGS, ids=lambda log: log.stem)
def test_a_log_folds_to_the_answer_beside_it(log: Path) -> None:
    expected = msgspec.json.decode(log.with_suffix(".json").read_bytes(), type=Answer)
    events = events_of(log)
    assert fold(log.stem, events) == expected
    answer = Answer(id=log.stem)
    for number, event in enumerate(events, start=1):
        answer = apply(answer, number, event)
    assert answer == expected


@pytest.mark.parametrize("log", LOGS, ids=lambda log: log.stem)
def test_a_log_is_written_as_the_server_writes_it(log: Path) -> None:
    lines = log.read_bytes().splitlines()
    for number, (line, event) in enumerate(zip(lines, events_of(log), strict=True), start=1):
        assert line == b'{"number":%d,"event":%b}' % (number, encode(event))
    written = (GOLDEN / f"{log.stem}.json").read_bytes()
    assert msgspec.json.decode(written) == msgspec.json.decode(msgspec.json.encode(fold(log.stem, events_of(log))))


def test_the_logs_show_every_event() -> None:
    events = [event for log in LOGS for event in events_of(log)]
    assert {type(event) for event in events} == set(Event.__args__)
    assert {name_of(event) for event in events if isinstance(event, ENDINGS)} == {"done", "failed", "stopped"}
