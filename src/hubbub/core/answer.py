"""Fold an answer's events into what the answer is now."""

from collections.abc import Iterable
from typing import Literal, TypeAlias, cast

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from hubbub.core.documents import Citation, Hit
from hubbub.core.events import (
    Asked,
    Attached,
    Cited,
    Declined,
    Done,
    Event,
    Failed,
    FollowUps,
    LeftOut,
    LimitedBy,
    Prompted,
    Queued,
    Reasoning,
    Reclassified,
    Searched,
    Started,
    StillReading,
    Stopped,
    Text,
    ToolCall,
    Usage,
    Way,
)
from hubbub.core.messages import Call, JsonObject

AnswerState: TypeAlias = Literal["open", "done", "failed", "stopped"]


class SearchStep(msgspec.Struct, frozen=True):
    """One search of several for the same question."""

    query: str
    found: int
    """How many passages it found."""


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
    still_reading: StillReading | UnsetType = UNSET
    """The documents that were still being read."""
    steps: tuple[SearchStep, ...] | UnsetType = UNSET
    """The searches that were made for it, in order, where it was searched for in several steps."""
    declined_at: int | UnsetType = UNSET
    """How long the text was when the model began to refuse: what follows is its refusal, and no answer."""

    @property
    def refusal(self) -> str:
        """The words in which the model refuses; empty where it does not."""
        return "" if self.declined_at is UNSET else self.text[self.declined_at :]

    @property
    def answered(self) -> str:
        """The text without a refusal."""
        return self.text if self.declined_at is UNSET else self.text[: self.declined_at]


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
        case Searched(query=query, hits=hits, is_step=is_step):
            steps = _with_step(answer.steps, SearchStep(query, len(hits))) if is_step else answer.steps
            return replace(answer, query=query, hits=hits, steps=steps)
        case StillReading():
            return replace(answer, still_reading=event if event.names else UNSET)
        case LeftOut():
            return replace(answer, left_out=event)
        case Cited(citation=citation):
            return replace(answer, citations=(*answer.citations, citation))
        case Text(text=text):
            return replace(answer, text=answer.text + text)
        case Reasoning(text=text):
            return replace(answer, reasoning=answer.reasoning + text)
        case Reclassified():
            return replace(answer, text="", reasoning=answer.reasoning + answer.text, citations=())
        case Declined():
            return replace(answer, declined_at=len(answer.text))
        case ToolCall():
            return replace(answer, calls=_with_piece(answer.calls, event))
        case Asked() | Prompted() | Attached():
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


def _with_step(steps: tuple[SearchStep, ...] | UnsetType, step: SearchStep) -> tuple[SearchStep, ...]:
    """Return the steps with one more. An answer that another worker begins anew repeats some: each is there once."""
    return (*(one for one in (() if steps is UNSET else steps) if one.query != step.query), step)


def _with_piece(calls: tuple[Call, ...], piece: ToolCall) -> tuple[Call, ...]:
    place = _place_of(piece, len(calls))
    if place == len(calls):
        return (*calls, Call(piece.id, piece.name, piece.arguments, piece.extra))
    return (*calls[:place], _continued(calls[place], piece), *calls[place + 1 :])


def _place_of(piece: ToolCall, calls: int) -> int:
    """Return which of so many calls a piece belongs to; in logs of earlier versions indices may leave some out."""
    if piece.index < calls:
        return piece.index
    return calls if piece.id or not calls else calls - 1


def _continued(call: Call, piece: ToolCall, arguments: str | None = None) -> Call:
    arguments = call.arguments + piece.arguments if arguments is None else arguments
    return Call(call.id or piece.id, call.name + piece.name, arguments, {**call.extra, **piece.extra})


def attached_of(events: Iterable[Event]) -> JsonObject:
    """Return what a model's server sent beside an answer and wants back with it, lists that came in pieces whole."""
    fields: JsonObject = {}
    for event in events:
        if isinstance(event, Attached):
            for name, value in event.fields.items():
                before = fields.get(name)
                fields[name] = joined(before, value) if name in fields else value
    return fields


def joined(before: object, more: object) -> object:
    """Return a value that came in two pieces: lists follow each other, and so do texts of one entry of a list."""
    if not (isinstance(before, list) and isinstance(more, list)):
        return more
    whole = list(cast(list[object], before))
    for entry in cast(list[object], more):
        last = whole[-1] if whole else None
        if (
            isinstance(entry, dict)
            and isinstance(last, dict)
            and _is_same(cast(JsonObject, last), cast(JsonObject, entry))
        ):
            whole[-1] = _joined_entry(cast(JsonObject, last), cast(JsonObject, entry))
        else:
            whole.append(cast(object, entry))
    return whole


_TEXTS = ("text", "summary", "thinking")
"""What of an entry comes in pieces."""


def _is_same(last: JsonObject, entry: JsonObject) -> bool:
    """Tell whether an entry goes on with the last one: both are of a kind that comes in pieces, at the same place."""
    if "index" not in entry or any(last.get(name) != entry.get(name) for name in ("type", "index")):
        return False
    if None not in (last.get("id"), entry.get("id")) and last.get("id") != entry.get("id"):
        return False
    return any(isinstance(last.get(name), str) for name in _TEXTS)


def _joined_entry(last: JsonObject, entry: JsonObject) -> JsonObject:
    whole = {**last, **{name: value for name, value in entry.items() if value is not None}}
    for name in _TEXTS:
        texts = [text for text in (last.get(name), entry.get(name)) if isinstance(text, str)]
        if texts:
            whole[name] = "".join(texts)
    return whole


class Folding:
    """What an answer is after the events so far. Linear in its length, however many pieces it came in.

    It holds all that was said, until `shed` is called; then it counts on, and what it is has to be told from elsewhere.
    """

    def __init__(self, answer_id: str, events: Iterable[Event] = ()) -> None:
        self._answer = Answer(id=answer_id)
        self._texts: list[str] = []
        self._thoughts: list[str] = []
        self._calls: list[Call] = []
        """The calls; their arguments are in `_arguments`."""
        self._arguments: list[list[str]] = []
        self.number = 0
        """How many events there were."""
        self.is_whole = True
        """Whether it still holds what was said."""
        self.text_characters = 0
        """How long the text is."""
        self.said_characters = 0
        """How long all is that was said: text, thoughts and the arguments of calls."""
        for event in events:
            self.add(event)

    @property
    def has_said(self) -> bool:
        """Whether anything was said yet, be it a thought or a call of a tool."""
        return bool(self._texts or self._thoughts or self._calls) or not self.is_whole

    @property
    def hits(self) -> tuple[Hit, ...] | None:
        """What was found; None: nothing was searched yet."""
        return None if self._answer.query is None else self._answer.hits

    def add(self, event: Event) -> None:
        """Take the next event."""
        self.number += 1
        if type(event) is Text:  # for each event of each answer, twice: isinstance takes three times as long
            text = event.text
            length = len(text)
            self.text_characters += length
            self.said_characters += length
            if self.is_whole:
                self._texts.append(text)
        elif type(event) is Reasoning:
            self.said_characters += len(event.text)
            if self.is_whole:
                self._thoughts.append(event.text)
        elif type(event) is ToolCall:
            self.said_characters += len(event.arguments)
            if self.is_whole:
                self._add_piece(event)
        else:
            if type(event) is Reclassified:
                self.text_characters = 0
                self._thoughts += self._texts
                self._texts.clear()
            self._answer = apply(self._answer, self.number, event)
            if type(event) is Declined:
                self._answer = replace(self._answer, declined_at=self.text_characters)

    def shed(self) -> None:
        """Let go of what was said, and of what is said from now on."""
        self.is_whole = False
        self._texts, self._thoughts, self._calls, self._arguments = [], [], [], []

    def copy(self) -> "Folding":
        """Return one that goes on by itself. It has to be whole, and so for `answer`."""
        other = Folding(self._answer.id)
        other._answer, other.number = self._answer, self.number
        other._texts, other._thoughts = list(self._texts), list(self._thoughts)
        other._calls, other._arguments = list(self._calls), [list(pieces) for pieces in self._arguments]
        return other

    def answer(self) -> Answer:
        """Return what the answer is now."""
        text, reasoning = "".join(self._texts), "".join(self._thoughts)
        calls = tuple(
            replace(call, arguments="".join(pieces)) for call, pieces in zip(self._calls, self._arguments, strict=True)
        )
        return replace(self._answer, number=self.number, text=text, reasoning=reasoning, calls=calls)

    def _add_piece(self, piece: ToolCall) -> None:
        place = _place_of(piece, len(self._calls))
        if place == len(self._calls):
            self._calls.append(Call(piece.id, piece.name, "", piece.extra))
            self._arguments.append([piece.arguments])
            return
        self._arguments[place].append(piece.arguments)
        if piece.name or piece.extra or piece.id:
            self._calls[place] = _continued(self._calls[place], piece, "")


def fold(answer_id: str, events: Iterable[Event]) -> Answer:
    """Return the answer that its events, from the first on, make."""
    return Folding(answer_id, events).answer()
