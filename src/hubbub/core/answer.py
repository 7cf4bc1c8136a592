"""Fold an answer's events into what the answer is now."""

from collections.abc import Iterable
from typing import Literal, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from hubbub.core.documents import Citation, Hit
from hubbub.core.events import (
    Asked,
    Cited,
    Done,
    Event,
    Failed,
    FollowUps,
    LeftOut,
    LimitedBy,
    Prompted,
    Queued,
    Reasoning,
    Searched,
    Started,
    Stopped,
    Text,
    ToolCall,
    Usage,
    Way,
)
from hubbub.core.messages import Call

AnswerState: TypeAlias = Literal["open", "done", "failed", "stopped"]


class Answer(msgspec.Struct, frozen=True):
    """What an answer is after its first `number` events. The page folds the same way."""

    id: str
    number: int = 0
    state: AnswerState = "open"
    text: str = ""
    model: str = ""
    way: Way = "chat"
    way_reason: str = ""
    """Why it is made in another way than was meant."""
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
    reasoning: str = ""
    calls: tuple[Call, ...] = ()
    limited_by: LimitedBy | UnsetType = UNSET
    """Whose limit of length it ended at."""
    left_out: LeftOut | UnsetType = UNSET
    """What of the conversation the model was not given."""


def apply(answer: Answer, number: int, event: Event) -> Answer:
    """Return the answer after one more event. An event that was applied already changes nothing."""
    if number <= answer.number:
        return answer
    answer = replace(answer, number=number)
    match event:
        case Queued(place=place, estimate_seconds=seconds):
            return replace(answer, place=place, estimate_seconds=seconds)
        case Started(model=model, way=way, reason=reason):
            return replace(answer, model=model, way=way, way_reason=reason, place=None, estimate_seconds=None)
        case Searched(query=query, hits=hits):
            return replace(answer, query=query, hits=hits)
        case LeftOut():
            return replace(answer, left_out=event)
        case Cited(citation=citation):
            return replace(answer, citations=(*answer.citations, citation))
        case Text(text=text):
            return replace(answer, text=answer.text + text)
        case Reasoning(text=text):
            return replace(answer, reasoning=answer.reasoning + text)
        case ToolCall():
            return replace(answer, calls=_with_piece(answer.calls, event))
        case Asked() | Prompted():
            return answer
        case FollowUps(questions=questions):
            return replace(answer, follow_ups=questions)
        case Usage():
            return replace(answer, usage=event)
        case Done(finish_reason=reason, limited_by=limit):
            return replace(
                answer, state="done", finish_reason=reason, limited_by=limit, place=None, estimate_seconds=None
            )
        case Failed():
            return replace(answer, state="failed", failure=event, place=None, estimate_seconds=None)
        case Stopped(reason=reason):
            return replace(answer, state="stopped", stop_reason=reason, place=None, estimate_seconds=None)


def _with_piece(calls: tuple[Call, ...], piece: ToolCall) -> tuple[Call, ...]:
    if piece.id or not calls:
        return (*calls, Call(piece.id, piece.name, piece.arguments))
    last = calls[-1]
    return (*calls[:-1], replace(last, arguments=last.arguments + piece.arguments))


class Folding:
    """What an answer is after the events so far. Linear in the length of its text, however many pieces that has."""

    def __init__(self, answer_id: str, events: Iterable[Event] = ()) -> None:
        self._answer = Answer(id=answer_id)
        self._texts: list[str] = []
        self._thoughts: list[str] = []
        self.number = 0
        """How many events there were."""
        for event in events:
            self.add(event)

    @property
    def has_said(self) -> bool:
        """Whether anything was said yet, be it a thought or a call of a tool."""
        return bool(self._texts or self._thoughts or self._answer.calls)

    def add(self, event: Event) -> None:
        """Take the next event."""
        self.number += 1
        if isinstance(event, Text):
            self._texts.append(event.text)
        elif isinstance(event, Reasoning):
            self._thoughts.append(event.text)
        else:
            self._answer = apply(self._answer, self.number, event)

    def copy(self) -> "Folding":
        """Return one that goes on by itself."""
        other = Folding(self._answer.id)
        other._answer, other.number = self._answer, self.number
        other._texts, other._thoughts = list(self._texts), list(self._thoughts)
        return other

    def answer(self) -> Answer:
        """Return what the answer is now."""
        text, reasoning = "".join(self._texts), "".join(self._thoughts)
        return replace(self._answer, number=self.number, text=text, reasoning=reasoning)


def fold(answer_id: str, events: Iterable[Event]) -> Answer:
    """Return the answer that its events, from the first on, make."""
    return Folding(answer_id, events).answer()
