"""Say what is read of chats that were kept elsewhere."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import msgspec

from hubbub.core.reasons import Reason

Origin: TypeAlias = Literal["Hubbub", "ChatGPT", "Open WebUI"]
MOST_CHARACTERS = 1_000_000
"""So long a message may be; what is longer is cut, which is said in it."""
MOST_CHAT_CHARACTERS = 8_000_000


class ReadMessage(msgspec.Struct):
    """A question or an answer. `parent` is the place of the message that it follows, which stands before it."""

    key: str
    """Unique in its chat, and the same whenever the chat is read."""
    parent: int | None
    role: Literal["user", "assistant"]
    text: str
    created_at: float
    model: str = ""
    reasoning: str = ""


class ReadChat(msgspec.Struct):
    """A chat as it was kept elsewhere, its messages in an order in which each follows its parent."""

    key: str
    """What names it there."""
    origin: Origin
    title: str
    created_at: float
    updated_at: float
    is_pinned: bool = False
    is_archived: bool = False
    folder: str = ""
    instructions: str = ""
    messages: list[ReadMessage] = []
    remarks: list[Reason] = []
    """What of it is not here, and what had to be put right."""


class Unread(msgspec.Struct):
    """A chat that can't be brought along, by its title; none where that is not known."""

    title: str
    why: Reason


class At(msgspec.Struct):
    """A place in a file: in which part of an archive, and how many bytes into it."""

    part: int = 0
    offset: int = 0


class Portion(msgspec.Struct):
    """Some of the chats of a file, in their order; `next` is where the others begin."""

    chats: list[ReadChat]
    unread: list[Unread]
    next: At | None


@dataclass
class Node:
    """A message of a tree as others keep it. With no role it is shown nowhere: what follows it follows its parent."""

    key: str
    parent: str | None
    role: Literal["user", "assistant", ""]
    text: str = ""
    created_at: float | None = None
    model: str = ""
    reasoning: str = ""
    missing: int = 0
    """How many things were in it that are not here."""


@dataclass
class Tree:
    """A chat as others keep it."""

    key: str
    origin: Origin
    title: str
    nodes: list[Node]
    shown: str | None
    """The last message of the branch that was shown."""
    created_at: float | None
    updated_at: float | None
    is_pinned: bool = False
    is_archived: bool = False
    folder: str = ""
    instructions: str = ""
