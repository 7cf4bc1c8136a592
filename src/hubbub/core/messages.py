"""The words of a conversation: turns, chats and the tree of their messages."""

from typing import Any, Literal, TypeAlias

import msgspec

JsonObject: TypeAlias = dict[str, object]
Role: TypeAlias = Literal["system", "user", "assistant", "tool"]


class Call(msgspec.Struct, frozen=True, omit_defaults=True):
    """A call of a tool that a model asks for. `arguments` is JSON as the model wrote it: it may be broken."""

    id: str
    name: str
    arguments: str
    extra: dict[str, Any] = {}
    """What else the model's server sent with the call: it goes back to it unchanged."""


class Turn(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing said, as a model reads it."""

    role: Role
    text: str
    images: tuple[str, ...] = ()
    """Pictures that the text is about: addresses, or `data:` URLs."""
    calls: tuple[Call, ...] = ()
    """What an assistant asked for besides what it said."""
    call_id: str | None = None
    """The call that this turn of a tool answers."""
    extra: dict[str, Any] = {}
    """What else the model's server sent with an assistant's turn: it goes back to it unchanged."""
    places: tuple[int, ...] = ()
    """How much of the text comes before each picture, in characters; empty: the pictures follow the text."""
    details: tuple[str, ...] = ()
    """How closely each picture is to be looked at, in the wire's words; empty where nobody says."""


def parts_of(turn: Turn) -> list[JsonObject]:
    """Return the text and the pictures of a turn in their order, as chat completions have them."""
    parts: list[JsonObject] = []
    at = 0
    places = turn.places or (len(turn.text),) * len(turn.images)
    details = turn.details or ("",) * len(turn.images)
    for address, place, detail in zip(turn.images, places, details, strict=True):
        if text := _between(turn.text, at, place):
            parts.append({"type": "text", "text": text})
        at = max(at, place)
        parts.append({"type": "image_url", "image_url": {"url": address, **({"detail": detail} if detail else {})}})
    if text := _between(turn.text, at, len(turn.text)):
        parts.append({"type": "text", "text": text})
    return parts


def _between(text: str, begin: int, end: int) -> str:
    """Return the part of a text between two pictures, without the line break that parts are put together with."""
    part = text[begin:end]
    return part[1:] if begin and part.startswith("\n") else part


class Chat(msgspec.Struct, frozen=True):
    """A conversation. Times are seconds since the epoch."""

    id: str
    owner_id: str
    title: str
    created_at: float
    updated_at: float
    is_pinned: bool = False
    is_archived: bool = False
    folder: str = ""
    """The name of the folder that it is in; empty: none."""
    is_temporary: bool = False
    """Whether it is listed and found nowhere, and deleted once it is left."""
    files_id: str = ""
    """The collection of the files that were sent with its questions; empty: there are none."""
    instructions: str = ""
    """What models are told with each question of it."""
    assistant_id: str = ""
    """The assistant that its questions go to; empty: none."""


class Attachment(msgspec.Struct, frozen=True):
    """A picture or a file that was sent with a question."""

    kind: Literal["picture", "file"]
    id: str
    """Of the picture, or of the document."""
    name: str
    media_type: str
    size_bytes: int


class AskedAssistant(msgspec.Struct, frozen=True, omit_defaults=True):
    """The assistant that a question went to, as it was then. What it told the model is among the instructions."""

    id: str
    name: str
    version: int = 1
    collections: int = 0
    """How many collections it had."""
    left_out: int = 0
    """How many of them were not asked: they were not shared with the person."""
    max_tokens: int | None = None
    is_thorough: bool = False


class AskedWith(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a question was asked besides its words: another answer to it is made in the same way."""

    attachments: tuple[Attachment, ...] = ()
    instructions: str = ""
    """What the model is told by the assistant, by the person with each question, and with each of this chat."""
    reasoning_effort: str = ""
    assistant: AskedAssistant | None = None
    is_thorough: bool = False
    """Whether it is searched for in several steps."""
    beside: str = ""
    """Of an answer: the other answer to the question that it stands beside, for the person to keep one; empty: none."""
    imported_from: str = ""
    """Of an answer: where it was made, if not here, as "ChatGPT". What it says goes to models as other answers do."""


class Message(msgspec.Struct, frozen=True):
    """A node of a chat's tree: a question (role user), or the place of an answer (role assistant).

    An answer's id is its message's id; its text lives in the answer's log, not here.
    Editing a question adds a sibling of it; regenerating adds a sibling of the answer.
    """

    id: str
    chat_id: str
    parent_id: str | None
    role: Role
    text: str = ""
    created_at: float = 0.0
    model: str = ""
    collections: tuple[str, ...] = ()
    asked_with: AskedWith = AskedWith()
