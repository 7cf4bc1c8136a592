"""Read a chat as this page saves it, and as it stands in the archive of all that is a person's."""

from collections.abc import Mapping
from typing import Any

from hubbub.ingest.chats.base import Node, Tree
from hubbub.ingest.chats.values import (
    below_each_other,
    fields_of,
    items_of,
    key_of,
    line_of,
    seconds_of,
    string_of,
    was_here,
)


def tree_of(fields: Mapping[str, Any]) -> Tree:
    """Return a chat as a tree. The branch that is shown leads to its newest message."""
    chat = fields_of(fields.get("chat"))
    nodes = [_node(str(number), fields_of(one)) for number, one in enumerate(items_of(fields.get("messages")))]
    return Tree(
        key_of(chat.get("id")) or "",
        "Hubbub",
        line_of(chat.get("title")),
        nodes,
        None,
        seconds_of(chat.get("created_at")),
        seconds_of(chat.get("updated_at")),
        is_pinned=chat.get("is_pinned") is True,
        is_archived=chat.get("is_archived") is True,
        folder=line_of(chat.get("folder"), 100),
        instructions=string_of(chat.get("instructions")),
    )


def _node(key: str, message: Mapping[str, Any]) -> Node:
    role = message.get("role")
    answer = fields_of(message.get("answer"))
    made = Node(key_of(message.get("id")) or key, key_of(message.get("parent_id")), "")
    made.created_at = seconds_of(message.get("created_at"))
    if role == "user":
        lines = _attachments(message)
        made.role, made.missing = "user", len(lines)
        made.text = below_each_other([string_of(message.get("text")), *lines])
    elif role == "assistant":
        lines = _calls(answer) + _failure(answer)
        made.role, made.missing = "assistant", len(lines)
        made.model = line_of(answer.get("model") or message.get("model"), 100)
        made.reasoning = string_of(answer.get("reasoning"))
        made.text = below_each_other([string_of(answer.get("text")), *lines, _sources(answer)])
    return made


def _attachments(message: Mapping[str, Any]) -> list[str]:
    found = items_of(fields_of(message.get("asked_with")).get("attachments"))
    return [
        was_here("A picture" if one.get("kind") == "picture" else "A file", one.get("name"))
        for one in map(fields_of, found)
    ]


def _calls(answer: Mapping[str, Any]) -> list[str]:
    return [was_here("A call of a tool", fields_of(one).get("name")) for one in items_of(answer.get("calls"))]


def _failure(answer: Mapping[str, Any]) -> list[str]:
    failure = fields_of(answer.get("failure"))
    return [was_here("An error", failure.get("message"))] if failure else []


def _sources(answer: Mapping[str, Any]) -> str:
    """Return what an answer cites as a list: documents of elsewhere can't be opened here."""
    lines: list[str] = []
    for one in map(fields_of, items_of(answer.get("citations"))):
        page, quote = one.get("page"), line_of(one.get("quote"), 1000)
        place = f", p. {page}" if isinstance(page, int) else ""
        told = f" – “{quote}”" if quote else ""
        lines.append(f"- **[{key_of(one.get('marker'))}]** {line_of(one.get('title') or one.get('name'))}{place}{told}")
    return "\n".join(lines)
