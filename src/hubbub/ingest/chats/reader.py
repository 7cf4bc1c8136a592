"""Read chats out of a file, a portion at a time: what a sandbox's child is asked to do."""

import hashlib
import json
import time
from collections.abc import Mapping
from typing import Any

from hubbub.core.errors import HubbubError, Invalid, TooLarge
from hubbub.core.reasons import because
from hubbub.ingest.chats import chatgpt, open_webui, own
from hubbub.ingest.chats.base import At, Portion, ReadChat, Tree, Unread
from hubbub.ingest.chats.elements import elements
from hubbub.ingest.chats.turns import messages_of
from hubbub.ingest.chats.values import fields_of, line_of

READER = "hubbub.ingest.chats.reader:portion"
PORTION_CHARACTERS = 1_000_000
PORTION_CHATS = 200
MOST_ELEMENT_BYTES = 64 * 1024 * 1024


def portion(file: int, part: int, offset: int, most_messages: int) -> Portion:
    """Return the chats of an open file from a place on, as many as are handed over well.

    Raises:
        Invalid, TooLarge: it holds none, or is damaged.
    """
    found = Portion([], [], None)
    try:
        _fill(found, file, At(part, offset), most_messages)
    except (Invalid, TooLarge) as error:
        if error.why is None or not (found.chats or found.unread):
            raise
        found.unread.append(Unread("", error.why))  # what stands before the damage is whole
    return found


def _fill(found: Portion, file: int, at: At, most_messages: int) -> None:
    characters = 0
    for data, behind in elements(file, at):
        chat = read(data, most_messages)
        if isinstance(chat, ReadChat):
            found.chats.append(chat)
            characters += sum(len(one.text) + len(one.reasoning) for one in chat.messages)
        else:
            found.unread.append(chat)
        if characters >= PORTION_CHARACTERS or len(found.chats) + len(found.unread) >= PORTION_CHATS:
            found.next = behind
            return


def read(data: bytes, most_messages: int) -> ReadChat | Unread:
    """Return a chat, whoever exported it, or why it can't be read."""
    if len(data) > MOST_ELEMENT_BYTES:
        return Unread("", because("import_long", most=MOST_ELEMENT_BYTES))
    try:
        fields = fields_of(json.loads(data.decode(errors="replace")))
    except (ValueError, RecursionError):
        return Unread("", because("import_unreadable"))
    tree = _tree(fields)
    if tree is None:
        return Unread(line_of(fields.get("title")), because("import_unknown_chat"))
    try:
        return _chat(tree, data, most_messages)
    except HubbubError as error:
        assert error.why is not None  # noqa: S101 (all that is raised there has a reason)
        return Unread(tree.title, error.why)


def _tree(fields: Mapping[str, Any]) -> Tree | None:
    """Return a chat as a tree; whose form it has shows in its fields."""
    chat = fields_of(fields.get("chat"))
    if isinstance(fields.get("mapping"), dict):
        return chatgpt.tree_of(fields)
    if isinstance(fields.get("messages"), list) and "owner_id" in chat:
        return own.tree_of(fields)
    within = chat or fields
    if isinstance(within.get("history"), dict) or isinstance(within.get("messages"), list):
        return open_webui.tree_of(fields)
    return None


def _chat(tree: Tree, data: bytes, most_messages: int) -> ReadChat | Unread:
    times = [node.created_at for node in tree.nodes if node.created_at is not None]
    begun_at = tree.created_at or min(times, default=None) or tree.updated_at or time.time()
    messages, remarks = messages_of(tree, most=most_messages, begun_at=begun_at)
    if not messages:
        return Unread(tree.title, because("import_nothing"))
    last = max(message.created_at for message in messages)
    return ReadChat(
        tree.key or hashlib.sha256(data).hexdigest(),
        tree.origin,
        tree.title,
        min(begun_at, messages[0].created_at),
        max(tree.updated_at or 0.0, last),
        tree.is_pinned,
        tree.is_archived,
        tree.folder,
        tree.instructions,
        messages,
        remarks,
    )
