from hubbub.core.answer import Answer, apply, fold
from hubbub.core.documents import Citation, Hit
from hubbub.core.events import (
    Cited,
    Done,
    Event,
    Failed,
    FollowUps,
    Queued,
    Searched,
    Started,
    Text,
    Usage,
    decode,
    encode,
)

HIT = Hit("p1", "d1", "c1", "a.md", "A", "words", None, "", 0.5)
CITATION = Citation(1, "p1", "d1", "a.md", "A", None, "")
EVENTS: list[Event] = [
    Queued(2, 1.5),
    Started("m", "grounded"),
    Searched("query", (HIT,)),
    Cited(CITATION),
    Text("Hello "),
    Text("you\n[1]"),
    FollowUps(("Why?",)),
    Usage(3, 4),
    Done("stop"),
]


def test_an_event_survives_its_encoding() -> None:
    for event in EVENTS:
        data = encode(event)
        assert decode(data) == event
        assert b"\n" not in data


def test_folding_is_applying_one_after_the_other() -> None:
    answer = Answer(id="a")
    for number, event in enumerate(EVENTS, start=1):
        answer = apply(answer, number, event)
    assert answer == fold("a", EVENTS)
    assert (answer.text, answer.state, answer.number) == ("Hello you\n[1]", "done", len(EVENTS))
    assert answer.citations == (CITATION,)


def test_an_event_that_was_applied_changes_nothing() -> None:
    answer = apply(Answer(id="a"), 1, Text("once"))
    assert apply(answer, 1, Text("once")) is answer


def test_a_failure_keeps_what_was_said() -> None:
    answer = fold("a", [Text("half"), Failed("silent", "fell silent", True)])
    assert answer.text == "half"
    assert answer.failure is not None
    assert answer.failure.code == "silent"
