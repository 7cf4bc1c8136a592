"""Read a conversation as ChatGPT exports it: a `mapping` from ids to nodes, each with its parent and a message."""

import re
from collections.abc import Mapping
from typing import Any

from hubbub.ingest.chats.base import Node, Tree
from hubbub.ingest.chats.values import (
    below_each_other,
    fenced,
    fields_of,
    items_of,
    key_of,
    line_of,
    seconds_of,
    string_of,
    was_here,
)

_MARK = re.compile("\ue200[^\ue200\ue201]*\ue201")
"""What points to a source in texts: nothing but ChatGPT's own page can show it."""
_THOUGHTS = ("thoughts", "reasoning_recap")
_CONTEXT = ("user_editable_context", "model_editable_context")


def tree_of(fields: Mapping[str, Any]) -> Tree:
    """Return a conversation as a tree."""
    nodes = [_node(key, fields_of(node)) for key, node in fields_of(fields.get("mapping")).items()]
    return Tree(
        key_of(fields.get("conversation_id")) or key_of(fields.get("id")) or "",
        "ChatGPT",
        line_of(fields.get("title")),
        nodes,
        key_of(fields.get("current_node")),
        seconds_of(fields.get("create_time")),
        seconds_of(fields.get("update_time")),
        is_pinned=fields.get("is_starred") is True or seconds_of(fields.get("pinned_time")) is not None,
        is_archived=fields.get("is_archived") is True,
    )


def _node(key: str, node: Mapping[str, Any]) -> Node:
    message = fields_of(node.get("message"))
    metadata = fields_of(message.get("metadata"))
    content = fields_of(message.get("content"))
    role = fields_of(message.get("author")).get("role")
    made = Node(key_of(key) or "", key_of(node.get("parent")), "", created_at=seconds_of(message.get("create_time")))
    is_hidden = metadata.get("is_visually_hidden_from_conversation") is True or content.get("content_type") in _CONTEXT
    if is_hidden or role not in ("user", "assistant", "tool"):
        return made
    made.role = "user" if role == "user" else "assistant"
    made.model = line_of(metadata.get("model_slug"), 100) if role == "assistant" else ""
    if content.get("content_type") in _THOUGHTS:
        made.reasoning = _thoughts(content)
    else:
        _fill(made, message, content, metadata)
    return made


def _thoughts(content: Mapping[str, Any]) -> str:
    thoughts = [fields_of(one) for one in items_of(content.get("thoughts"))]
    texts = [string_of(one.get(name)) for one in thoughts for name in ("summary", "content")]
    return below_each_other([*texts, string_of(content.get("content"))])


def _fill(made: Node, message: Mapping[str, Any], content: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
    is_tool = fields_of(message.get("author")).get("role") == "tool"
    recipient = message.get("recipient")
    lost: list[str] = []
    if is_tool:
        texts = _of_tool(message, content, lost)
    elif made.role == "assistant" and isinstance(recipient, str) and recipient not in ("", "all"):
        texts = _of_call(recipient, content, lost)
    else:
        texts = [_with_sources(text, metadata, lost) for text in _parts(content, lost)]
    has_picture = any(line.startswith("[A picture") for line in lost)
    for one in map(fields_of, items_of(metadata.get("attachments"))):
        is_picture = str(one.get("mime_type", one.get("mimeType", ""))).startswith("image/")
        if not (is_picture and has_picture):  # else it stands among the parts
            lost.append(was_here("A picture" if is_picture else "A file", one.get("name")))
            texts.append(lost[-1])
    made.text, made.missing = below_each_other(texts), len(lost)


def _of_tool(message: Mapping[str, Any], content: Mapping[str, Any], lost: list[str]) -> list[str]:
    """Return what a tool said: what code has put out is kept, of other results a line says what they were."""
    if content.get("content_type") == "execution_output":
        text = string_of(content.get("text"))
        return [fenced(text)] if text.strip() else []
    pictures = [text for text in _parts(content, []) if text.startswith("[A picture was here")]
    name = fields_of(message.get("author")).get("name")
    lines = pictures or [was_here("A tool's result", content.get("title") or content.get("url") or name)]
    lost += lines
    return lines


def _of_call(recipient: str, content: Mapping[str, Any], lost: list[str]) -> list[str]:
    """Return what a tool was called with: code is kept, of other calls a line says what was called."""
    code = string_of(content.get("text"))
    if recipient == "python" and code.strip():
        return [fenced(code, "python")]
    lost.append(was_here("A call of a tool", recipient))
    return [lost[-1]]


def _parts(content: Mapping[str, Any], lost: list[str]) -> list[str]:
    kind = content.get("content_type")
    if kind == "code":
        language = content.get("language")
        return [fenced(string_of(content.get("text")), language if isinstance(language, str) else "")]
    texts = [_part(part, lost) for part in items_of(content.get("parts"))]
    if string_of(content.get("text")).strip():
        texts.append(string_of(content.get("text")))
    if kind not in ("text", "multimodal_text") and not any(text.strip() for text in texts):
        lost.append(was_here("Something", kind))
        texts.append(lost[-1])
    return texts


def _part(part: object, lost: list[str]) -> str:
    if isinstance(part, str):
        return string_of(part)
    fields = fields_of(part)
    if string_of(fields.get("text")).strip():
        return string_of(fields.get("text"))
    kind = str(fields.get("content_type", ""))
    what = "A picture" if "image" in kind else "A recording" if "audio" in kind or "video" in kind else "Something"
    lost.append(was_here(what, kind if what == "Something" else ""))
    return lost[-1]


def _with_sources(text: str, metadata: Mapping[str, Any], lost: list[str]) -> str:
    """Return a text with links in place of what pointed to sources, as far as the export says where they led."""
    if "\ue200" not in text:
        return text
    found = [fields_of(one) for one in items_of(metadata.get("content_references"))]
    links = {string_of(one.get("matched_text")): string_of(one.get("alt")) for one in found}

    def link(match: re.Match[str]) -> str:
        known = links.get(match[0], "")
        if not known:
            lost.append(was_here("A source"))
        return known or lost[-1]

    return _MARK.sub(link, text)
