"""Fold an answer's events into what the answer is now."""

from collections.abc import Iterable
from typing import Literal, TypeAlias

import msgspec
from msgspec.structs import replace

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
    Stopped,
    Text,
    Usage,
    Way,
)

AnswerState: TypeAlias = Literal["open", "done", "failed", "stopped"]


class Answer(msgspec.Struct, frozen=True):
    """What an answer is after its first `number` events. The page folds the same way."""

    id: str
    number: int = 0
    state: AnswerState = "open"
    text: str = ""
    model: str = ""
    way: Way = "chat"
    place: int | None = None
    """The place in the queue; None once it has begun."""
    estimate_seconds: float | None = None
    """How long it will wait there, told with the place; None where that is not known."""
    query: str | None = None
    hits: tuple[Hit, ...] = ()
    citations: tuple[Citation, ...] = ()
    follow_ups: tuple[str, ...] = ()
    usage: Usage | None = None
    finish_reason: str | None = None
    stop_reason: str | None = None
    """Why it was stopped, as the event says it; None where it was not, or in answers stored before this was kept."""
    failure: Failed | None = None


def apply(answer: Answer, number: int, event: Event) -> Answer:
    """Return the answer after one more event. An event that was applied already changes nothing."""
    if number <= answer.number:
        return answer
    answer = replace(answer, number=number)
    match event:
        case Queued(place=place, estimate_seconds=seconds):
            return replace(answer, place=place, estimate_seconds=seconds)
        case Started(model=model, way=way):
            return replace(answer, model=model, way=way, place=None, estimate_seconds=None)
        case Searched(query=query, hits=hits):
            return replace(answer, query=query, hits=hits)
        case Cited(citation=citation):
            return replace(answer, citations=(*answer.citations, citation))
        case Text(text=text):
            return replace(answer, text=answer.text + text)
        case FollowUps(questions=questions):
            return replace(answer, follow_ups=questions)
        case Usage():
            return replace(answer, usage=event)
        case Done(finish_reason=reason):
            return replace(answer, state="done", finish_reason=reason, place=None, estimate_seconds=None)
        case Failed():
            return replace(answer, state="failed", failure=event, place=None, estimate_seconds=None)
        case Stopped(reason=reason):
            return replace(answer, state="stopped", stop_reason=reason, place=None, estimate_seconds=None)


class Folding:
    """What an answer is after the events so far. Linear in the length of its text, however many pieces that has."""

    def __init__(self, answer_id: str, events: Iterable[Event] = ()) -> None:
        self._answer = Answer(id=answer_id)
        self._texts: list[str] = []
        self.number = 0
        """How many events there were."""
        for event in events:
            self.add(event)

    @property
    def has_text(self) -> bool:
        """Whether anything was said yet."""
        return bool(self._texts)

    def add(self, event: Event) -> None:
        """Take the next event."""
        self.number += 1
        if isinstance(event, Text):
            self._texts.append(event.text)
        else:
            self._answer = apply(self._answer, self.number, event)

    def copy(self) -> "Folding":
        """Return one that goes on by itself."""
        other = Folding(self._answer.id)
        other._answer, other._texts, other.number = self._answer, list(self._texts), self.number
        return other

    def answer(self) -> Answer:
        """Return what the answer is now."""
        return replace(self._answer, number=self.number, text="".join(self._texts))


def fold(answer_id: str, events: Iterable[Event]) -> Answer:
    """Return the answer that its events, from the first on, make."""
    return Folding(answer_id, events).answer()
