"""Carry what a model's server wants back through the `encrypted_content` of reasoning items.

A chat completion has fields for it; a response has none but this. It is not secret: whoever sends it back may have
made it up, as the fields of a chat completion.
"""

import base64
import binascii
from typing import Any

import msgspec

from hubbub.app.messages import THOUGHT
from hubbub.core.messages import JsonObject
from hubbub.models.base import ATTACHMENTS

_MARK = "hubbub1."
_NAMES = frozenset({*ATTACHMENTS, THOUGHT})


class Opaque(msgspec.Struct, frozen=True, omit_defaults=True):
    """What goes back to the model's server with a turn: fields of the turn, and of its calls by their ids."""

    turn: dict[str, Any] = {}
    calls: dict[str, dict[str, Any]] = {}


def packed(opaque: Opaque) -> str:
    """Return it as the `encrypted_content` of an item."""
    return _MARK + base64.urlsafe_b64encode(msgspec.json.encode(opaque)).decode()


def unpacked(content: object) -> Opaque:
    """Return what an `encrypted_content` holds; nothing where it is another server's."""
    if not isinstance(content, str) or not content.startswith(_MARK):
        return Opaque()
    try:
        opaque = msgspec.json.decode(base64.urlsafe_b64decode(content[len(_MARK) :]), type=Opaque)
    except (binascii.Error, ValueError):
        return Opaque()
    return Opaque({name: value for name, value in opaque.turn.items() if name in _NAMES}, opaque.calls)


def thought_in(item: JsonObject) -> str:
    """Return the thought that a reasoning item shows; empty where it shows none."""
    content = item.get("content")
    if not isinstance(content, list):
        return ""
    parts = [part for part in content if isinstance(part, dict)]  # pyright: ignore[reportUnknownVariableType]
    texts = [part.get("text") for part in parts]  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    return "".join(text for text in texts if isinstance(text, str))  # pyright: ignore[reportUnknownVariableType]
