"""Small files as other pages export them: made here, in their forms."""

from collections.abc import Mapping
from typing import Any

AT = 1_700_000_000.0
HOSTILE = '<img src=x onerror="alert(1)">'


def gpt_node(
    key: str, parent: str | None, role: str | None = None, content: Any = None, *, at: float | None = None, **more: Any
) -> dict[str, Any]:
    """Return a node of ChatGPT's tree; with a text as its content where that is one."""
    message: dict[str, Any] | None = None
    if role is not None:
        content = {"content_type": "text", "parts": [content]} if isinstance(content, str) else content
        metadata = {"model_slug": "gpt-9"} | more.pop("metadata", {})
        message = {"id": key, "author": {"role": role, "name": more.pop("name", None)}, "content": content}
        message |= {"create_time": at, "metadata": metadata, "recipient": "all"} | more
    return {"id": key, "parent": parent, "children": [], "message": message}


def gpt(*nodes: Mapping[str, Any], title: str = "A trip", current: str | None = None, **more: Any) -> dict[str, Any]:
    """Return a conversation of ChatGPT's."""
    key = more.pop("id", "conversation-1")
    mapping = {node["id"]: node for node in nodes}
    times = {"create_time": AT, "update_time": AT + 100}
    return {"title": title, "mapping": mapping, "current_node": current, "conversation_id": key, **times, **more}


def two_branches(**more: Any) -> dict[str, Any]:
    """Return a conversation whose first question was answered twice; the first of the two is shown."""
    return gpt(
        gpt_node("root", None),
        gpt_node("s", "root", "system", "", metadata={"is_visually_hidden_from_conversation": True}),
        gpt_node("u1", "s", "user", "Where shall we go?", at=AT + 1),
        gpt_node("a1", "u1", "assistant", "To the *sea*.", at=AT + 2),
        gpt_node("a2", "u1", "assistant", "To the mountains.", at=AT + 50),
        gpt_node("u2", "a1", "user", "Which sea?", at=AT + 10),
        gpt_node("a3", "u2", "assistant", "The Baltic.", at=AT + 11),
        current="a3",
        **more,
    )


def webui(**more: Any) -> dict[str, Any]:
    """Return a chat of Open WebUI's, one of whose answers was made again."""
    messages: dict[str, Any] = {
        "q": {"id": "q", "parentId": None, "childrenIds": ["x", "y"], "role": "user", "content": "Hello?"},
        "x": {
            "id": "x",
            "parentId": "q",
            "childrenIds": [],
            "role": "assistant",
            "content": "Good day.",
            "model": "m:1",
        },
        "y": {"id": "y", "parentId": "q", "childrenIds": [], "role": "assistant", "content": "Hi!", "model": "m:2"},
    }
    for number, message in enumerate(messages.values()):
        message["timestamp"] = int(AT) + number
    chat = {"title": "Greetings", "models": ["m:2"], "history": {"messages": messages, "currentId": "x"}}
    told = {"created_at": int(AT), "updated_at": int(AT) + 60, "archived": True, "pinned": True}
    return {"id": "webui-1", "title": "Greetings", "chat": chat, **told, **more}
