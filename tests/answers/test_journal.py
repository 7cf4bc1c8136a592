"""What of a worker's events is written where and when, and what of its journal is cleared."""

from collections.abc import Sequence

import msgspec
import pytest

from hubbub.answers.base import Record
from hubbub.answers.batches import MERGED_CHARACTERS, failure_of, merged
from hubbub.answers.journal import (
    CLEAR_SECONDS,
    KEEP_SECONDS,
    RANGE,
    SETTLE_BYTES,
    SETTLE_SECONDS,
    Batch,
    Journal,
    lines_of,
    range_of,
    records_among,
    records_of,
)
from hubbub.core.answer import Answer
from hubbub.core.errors import ModelError, NotFound, TooBusy
from hubbub.core.events import Done, Event, Failed, Reasoning, Started, Text


class Clock:
    seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def journal(clock: Clock) -> Journal:
    journal = Journal(clock)
    journal.join(3)
    return journal


def record(answer_id: str = "a", number: int = 1, size: int = 1) -> Record:
    return Record(answer_id, number, b"x" * size)


def write(journal: Journal, *records: Record, ended: Sequence[Answer] = ()) -> Batch:
    batch = journal.batch(records, ended)
    journal.stored(batch)
    return batch


def settled(batch: Batch) -> dict[str, int]:
    """Return of which answers how many bytes are settled."""
    return {key: len(data) for key, _, data in batch.portions}


def test_a_worker_writes_in_a_part_of_its_own(journal: Journal) -> None:
    assert range_of(3) == (3 * RANGE, 4 * RANGE)
    assert [write(journal, record(number=number)).place for number in (1, 2)] == [3 * RANGE, 3 * RANGE + 1]
    journal.join(5)
    assert journal.unsettled("a") == []
    batch = write(journal, record())
    assert (batch.worker, batch.place, batch.cleared) == (5, 5 * RANGE, 5 * RANGE)


def test_nothing_has_happened_until_it_is_stored(journal: Journal) -> None:
    lost = journal.batch([record()], [])
    assert journal.unsettled("a") == []
    assert journal.batch([record()], []).place == lost.place
    journal.join(4)
    journal.stored(lost)  # as the worker that it was
    assert journal.unsettled("a") == []
    assert journal.place == 4 * RANGE


def test_what_is_old_enough_is_settled_and_no_more(journal: Journal, clock: Clock) -> None:
    write(journal, record("a"))
    clock.seconds += 1
    write(journal, record("b"), record("a", 2))
    clock.seconds += SETTLE_SECONDS - 1.1
    assert settled(write(journal, record("c"))) == {}
    clock.seconds += 0.1
    assert settled(write(journal, record("c", 2))) == {"a": 3}
    assert journal.unsettled("a") == []
    assert [one.number for one in journal.unsettled("b")] == [1]
    clock.seconds += 1
    assert settled(write(journal, record("c", 3))) == {"b": 1}


def test_what_is_long_enough_is_settled_before_its_time(journal: Journal) -> None:
    write(journal, record("a", 1, 5), record("b", 1, SETTLE_BYTES - 6))
    write(journal, record("b", 2, 5))
    assert settled(write(journal, record("a", 2, 5))) == {}
    write(journal, record("b", 3, 1))
    assert settled(write(journal, record("a", 3, 5))) == {"b": SETTLE_BYTES + 2}
    assert settled(write(journal, record("a", 4, 5), record("b", 4))) == {}  # it begins anew


def test_what_ends_is_settled_with_its_last_events(journal: Journal) -> None:
    write(journal, record("a"), record("b"))
    answer = Answer("a", 3, "done")
    batch = write(journal, record("a", 2), record("a", 3), record("b", 2), ended=[answer])
    assert batch.portions == [("a", 3, b"x\nx\nx")]
    assert [(key, msgspec.json.decode(data, type=Answer)) for key, data in batch.results] == [("a", answer)]
    assert journal.unsettled("a") == []
    assert [one.number for one in journal.unsettled("b")] == [1, 2]


def test_the_journal_is_cleared_of_what_is_settled_and_old(journal: Journal, clock: Clock) -> None:
    begin = journal.place
    floors: list[int | None] = []
    for number in range(1, 31):
        floors.append(write(journal, record("a", number)).floor)
        clock.seconds += CLEAR_SECONDS / 2
    began = round(2 * KEEP_SECONDS)
    told = [None if floor is None else floor - begin for floor in floors]
    assert told[: began + 1] == [*[None] * began, 0]
    # Each second once; up to where it had come to so long ago.
    assert told[began + 1 :: 2] == [None] * len(told[began + 1 :: 2])
    assert told[began::2] == [number - began for number in range(began, 30, 2)]
    assert write(journal, record("a", 31)).cleared == begin + max(one for one in told if one is not None)


def test_what_is_in_the_journal_alone_is_not_cleared(
    journal: Journal, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hubbub.answers.journal.SETTLE_SECONDS", 3 * KEEP_SECONDS)
    begin = journal.place
    write(journal, record("a"))
    write(journal, record("b"))
    clock.seconds += 2 * KEEP_SECONDS
    assert write(journal, record("c")).floor == begin
    clock.seconds += 2 * KEEP_SECONDS
    batch = write(journal, record("c", 2))
    assert settled(batch) == {"a": 1, "b": 1}
    assert batch.floor == begin + 2  # what is settled with this batch no longer holds it up


def test_lines_of_the_journal_are_read_whole_or_for_one_answer() -> None:
    told = [record("a", 1), Record("aa", 10, b'{"a 1": " "}'), record("b", 3), Record("a", 2, b"y z")]
    lines = lines_of(told)
    assert records_of(lines) == told
    for key in ("a", "aa", "b", "c"):
        assert records_among(key, lines) == [one for one in told if one.answer_id == key]
    assert records_of(b"") == records_among("a", b"") == []


def test_texts_that_wait_together_become_one_and_nothing_else_does() -> None:
    def said(*events: Event) -> list[Event]:
        return merged(list(events))

    started, a, b = Started("m", "grounded"), Text("a"), Text("b")
    thought, more = Reasoning("a"), Reasoning("b")
    assert said(a) == [a]
    assert said(started, Done()) == [started, Done()]
    assert said(a, b) == [Text("ab")]
    assert said(a, b, thought, more, a) == [Text("ab"), Reasoning("ab"), Text("a")]
    assert said(thought, more, started, a, b, Done()) == [Reasoning("ab"), started, Text("ab"), Done()]
    assert said(a, started, b) == [a, started, b]
    long = Text("x" * (MERGED_CHARACTERS - 1))
    assert said(long, a, b, a) == [Text(f"{long.text}a"), Text("ba")]
    assert said(long, Text("ab"), a) == [long, Text("aba")]
    assert said(Text("x" * MERGED_CHARACTERS * 2), a) == [Text("x" * MERGED_CHARACTERS * 2), a]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ModelError("It is down.", code="x", retry_after_seconds=3.0), Failed("x", "It is down.", True, 3.0)),
        (ModelError("Too long.", code="x", retryable=False), Failed("x", "Too long.", False, None)),
        (TooBusy("Later.", retry_after_seconds=2.0), Failed("too_busy", "Later.", True, 2.0)),
        (NotFound("No."), Failed("not_found", "No.", False, None)),
    ],
    ids=["down", "too long", "too busy", "gone"],
)
def test_an_error_is_told_as_an_ending(error: ModelError | TooBusy | NotFound, told: Failed) -> None:
    assert failure_of(error) == told
