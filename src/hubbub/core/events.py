"""The numbered things that happen to an answer.

An answer's events are numbered 1, 2, 3 … without a gap. The last one is `done`, `failed` or
`stopped`, exactly one of them, and nothing follows it. As JSON each carries its name in `type`.

Thousands of open answers hold hundreds of thousands of events. None can be part of a cycle, so the
garbage collector is told to leave them alone.
"""

from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from hubbub.core.documents import Citation, Hit
from hubbub.core.errors import HubbubError
from hubbub.core.messages import Turn
from hubbub.core.questions import JsonObject, Question

Way: TypeAlias = Literal["chat", "grounded", "quotes"]
"""How an answer is made: free chat, written over hits, or quoted from hits."""


Purpose: TypeAlias = Literal["query", "summary", "answer"]
"""What a model is asked for: the query of the search, or the answer."""


LimitedBy: TypeAlias = Literal["model", "setting", "question"]
"""Whose limit of length an answer may end at: the model's own, `max_tokens` of its setting, or of the question."""


class Asked(msgspec.Struct, frozen=True, gc=False, tag="asked", omit_defaults=True):
    """What was asked; the first event of answers that are in no chat, so that their log tells all there is of them."""

    question: Question
    echo: JsonObject = {}
    """What whoever asked is told again beside the answer, in the words of the wire that it was asked on."""


class Queued(msgspec.Struct, frozen=True, gc=False, tag="queued"):
    """The answer waits for its turn. Place 1 is next."""

    place: int
    estimate_seconds: float | None = None


class Started(msgspec.Struct, frozen=True, gc=False, tag="started", omit_defaults=True):
    """Work has begun: which model answers, and in which way. May come again where that changes."""

    model: str
    way: Way
    reason: str = ""
    """Why it is done in another way than was meant, fit for a person."""


class Prompted(msgspec.Struct, frozen=True, gc=False, tag="prompted"):
    """A model is told this. Sent where the question wants to know."""

    purpose: Purpose
    model: str
    turns: tuple[Turn, ...]


class Searched(msgspec.Struct, frozen=True, gc=False, tag="searched", omit_defaults=True):
    """The documents were searched with this query; hits come best first."""

    query: str
    hits: tuple[Hit, ...]
    is_step: bool = False
    """Whether this is one search of several: what they found together comes once they are done."""


class StillReading(msgspec.Struct, frozen=True, gc=False, tag="still_reading", omit_defaults=True):
    """These documents can't be searched yet; the answer may wait for them. May come again: none are left then."""

    names: tuple[str, ...]
    has_more: bool = False
    """Whether there are more than are named."""
    percents: tuple[int, ...] = ()
    """How much of each of them is read, 0 to 99; empty where that is not known of any."""


class LeftOut(msgspec.Struct, frozen=True, gc=False, tag="left_out", omit_defaults=True):
    """The model could not be given all that was said, since it can't read so much."""

    turns: int = 0
    """So many of the earliest turns it was not given."""
    shortened: int = 0
    """So many others, the question perhaps among them, it was given in part: their beginning and their end."""
    summarized: int = 0
    """So many others it was given in a summary."""


class Cited(msgspec.Struct, frozen=True, gc=False, tag="cited"):
    """The text that follows may refer to this hit as `[marker]`. Sent before the marker is."""

    citation: Citation


class Text(msgspec.Struct, frozen=True, gc=False, tag="text"):
    """The answer's text goes on with this (Markdown)."""

    text: str


class Reasoning(msgspec.Struct, frozen=True, gc=False, tag="reasoning"):
    """What the model thinks before and between what it says goes on with this; no part of the answer's text."""

    text: str


class Reclassified(msgspec.Struct, frozen=True, gc=False, tag="reclassified"):
    """All text so far was reasoning: the model ended a thought that nothing had told from the text before.

    The text begins anew, and nothing is cited in it yet.
    """


class Declined(msgspec.Struct, frozen=True, gc=False, tag="declined"):
    """The model refuses to answer: the text that follows says so, and is no answer."""


class ToolCall(msgspec.Struct, frozen=True, gc=False, tag="tool_call", omit_defaults=True):
    """A call of a tool goes on with these arguments; its first piece, and no other, tells its id.

    `index` tells calls of one answer apart: 0 is the first that began, 1 the second. A name that comes in pieces
    goes on as the arguments do. A call is whoever's that asked: nothing is called here.
    """

    index: int
    arguments: str = ""
    id: str = ""
    name: str = ""
    extra: dict[str, Any] = {}
    """What else the model's server sent with the call, and wants back with it."""


class Attached(msgspec.Struct, frozen=True, gc=False, tag="attached"):
    """What the model's server sent beside the text, and wants back with it: nothing that a person reads."""

    fields: dict[str, Any]


class FollowUps(msgspec.Struct, frozen=True, gc=False, tag="follow_ups"):
    """Questions that the person may want to ask next, at most three."""

    questions: tuple[str, ...]


class Usage(msgspec.Struct, frozen=True, gc=False, tag="usage", omit_defaults=True):
    """What the model counted, in tokens."""

    prompt_tokens: int
    completion_tokens: int
    reasoning_tokens: int = 0
    """How many of the completion's were spent on reasoning."""
    cached_tokens: int = 0
    """How many of the prompt's the server had read before."""


class Done(msgspec.Struct, frozen=True, gc=False, tag="done"):
    """The answer is complete. The finish reason is the model's: stop, length, content_filter …, if it gave one."""

    finish_reason: str = "stop"
    limited_by: LimitedBy | UnsetType = UNSET
    """Whose limit it was, where an answer ended at a limit of length."""


class Failed(msgspec.Struct, frozen=True, gc=False, tag="failed"):
    """The answer ended with an error; what it said so far stands."""

    code: str
    message: str
    is_retryable: bool = False
    retry_after_seconds: float | None = None
    """When to come back, where whoever was busy has said so."""


class Stopped(msgspec.Struct, frozen=True, gc=False, tag="stopped"):
    """The answer was stopped; what it said so far stands."""

    reason: str = "asked"
    """Why: asked, unwatched (nobody followed it any more), chat_deleted …"""
    tokens_saved: int | None = None
    """About how many tokens were not made because of that; told where nobody watched."""


Event: TypeAlias = (
    Asked
    | Queued
    | Started
    | Prompted
    | Searched
    | StillReading
    | LeftOut
    | Cited
    | Text
    | Reasoning
    | Reclassified
    | Declined
    | ToolCall
    | Attached
    | FollowUps
    | Usage
    | Done
    | Failed
    | Stopped
)
Ending: TypeAlias = Done | Failed | Stopped
ENDINGS = (Done, Failed, Stopped)
SAID = (Text, Reasoning, Reclassified, ToolCall)
"""What an answer itself consists of: with the first of them it has spoken, and can't be taken back."""

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


def encode(event: Event) -> bytes:
    """Return an event as JSON, its name in `type`; never holds a line break."""
    return _encoder.encode(event)


def decode(data: bytes) -> Event:
    """Return the event that `encode` wrote.

    Raises:
        msgspec.ValidationError: the JSON is not an event.
    """
    return _decoder.decode(data)


def prefix_of(kind: type[msgspec.Struct]) -> bytes:
    """Return what the JSON of all events of a kind begins with, so that they are told apart without being decoded."""
    return b'{"type":"%b"' % str(kind.__struct_config__.tag).encode()


def name_of(event: Event) -> str:
    """Return the event's name, as it stands in `type`."""
    return str(event.__struct_config__.tag)


def error_of(failed: Failed) -> HubbubError:
    """Return the error that a failure tells of, to be raised where no events are read."""
    error = HubbubError(failed.message, code=failed.code)
    error.retryable = failed.is_retryable
    return error
