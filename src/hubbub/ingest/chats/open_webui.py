"""Read a chat as Open WebUI exports it: a `history` of messages by their ids, or, of old, a list of messages."""

import re
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

_DETAILS = re.compile(
    r'<details type="(reasoning|tool_calls|code_interpreter)"([^>]{0,4000})>(.*?)</details>', re.DOTALL
)
_SUMMARY = re.compile(r"<summary>.*?</summary>", re.DOTALL)
_NAME = re.compile(r'\bname="([^"]*)"')


def tree_of(fields: Mapping[str, Any]) -> Tree:
    """Return a chat as a tree."""
    chat = fields_of(fields.get("chat")) or fields
    history = fields_of(chat.get("history"))
    by_id = fields_of(history.get("messages"))
    listed = items_of(chat.get("messages"))
    nodes = [_node(key, fields_of(one)) for key, one in by_id.items()] if by_id else _in_a_row(listed)
    system = fields_of(chat.get("params")).get("system")
    return Tree(
        key_of(fields.get("id")) or key_of(chat.get("id")) or "",
        "Open WebUI",
        line_of(fields.get("title")) or line_of(chat.get("title")),
        nodes,
        key_of(history.get("currentId")) if by_id else nodes[-1].key if nodes else None,
        seconds_of(fields.get("created_at")) or seconds_of(chat.get("timestamp")),
        seconds_of(fields.get("updated_at")),
        is_pinned=fields.get("pinned") is True,
        is_archived=fields.get("archived") is True,
        instructions=string_of(system) or string_of(chat.get("system")),
    )


def _in_a_row(listed: list[Any]) -> list[Node]:
    """Return messages that follow each other, unless they say themselves what they follow."""
    nodes: list[Node] = []
    for number, one in enumerate(map(fields_of, listed)):
        node = _node(key_of(one.get("id")) or str(number), one)
        if "parentId" not in one:
            node.parent = nodes[-1].key if nodes else None
        nodes.append(node)
    return nodes


def _node(key: str, message: Mapping[str, Any]) -> Node:
    role = message.get("role")
    made = Node(key_of(key) or "", key_of(message.get("parentId")), "", created_at=seconds_of(message.get("timestamp")))
    if role not in ("user", "assistant"):
        return made
    made.role = "user" if role == "user" else "assistant"
    made.model = line_of(message.get("model"), 100) if role == "assistant" else ""
    lost: list[str] = []
    thoughts: list[str] = []
    texts = [_said(text, thoughts, lost) if role == "assistant" else text for text in _parts(message, lost)]
    lines = [*_files(message), *_error(message)]
    lost += lines
    made.text = below_each_other([*texts, *lines, _sources(message)])
    made.reasoning, made.missing = below_each_other(thoughts), len(lost)
    return made


def _parts(message: Mapping[str, Any], lost: list[str]) -> list[str]:
    content = message.get("content")
    if isinstance(content, str):
        return [string_of(content)]
    texts: list[str] = []
    for part in map(fields_of, items_of(content)):
        if isinstance(part.get("text"), str):
            texts.append(string_of(part["text"]))
        else:
            kind = str(part.get("type", ""))
            lost.append(was_here("A picture") if "image" in kind else was_here("Something", kind))
            texts.append(lost[-1])
    return texts


def _said(text: str, thoughts: list[str], lost: list[str]) -> str:
    """Return what an answer says without its thoughts, which are kept apart, and with lines for calls of tools."""

    def replaced(match: re.Match[str]) -> str:
        if match[1] == "reasoning":
            lines = _SUMMARY.sub("", match[3]).strip().split("\n")
            thoughts.append("\n".join([line.removeprefix("&gt;").removeprefix(">").strip() for line in lines]))
            return ""
        name = _NAME.search(match[2])
        lost.append(was_here("A call of a tool", name[1] if name else match[1]))
        return f"\n\n{lost[-1]}\n\n"

    # Without an end there is nothing to find, and each beginning would be looked through to the end of the text.
    last = text.rfind("</details>")
    return text if last < 0 else _DETAILS.sub(replaced, text[: last + 10]) + text[last + 10 :]


def _files(message: Mapping[str, Any]) -> list[str]:
    lines: list[str] = []
    for one in map(fields_of, items_of(message.get("files"))):
        is_picture = one.get("type") == "image" or str(one.get("content_type", "")).startswith("image/")
        lines.append(was_here("A picture" if is_picture else "A file", one.get("name")))
    return lines


def _error(message: Mapping[str, Any]) -> list[str]:
    error = message.get("error")
    return [was_here("An error", fields_of(error).get("content"))] if error else []


def _sources(message: Mapping[str, Any]) -> str:
    found = [fields_of(one) for name in ("sources", "citations") for one in items_of(message.get(name))]
    names = [line_of(fields_of(one.get("source")).get("name")) for one in found]
    return "\n".join([f"- {name}" for name in dict.fromkeys(names) if name])
