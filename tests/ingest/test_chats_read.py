"""Chats are read out of others' exports: each form, and whatever somebody may have made of it."""

import json
import math
import os
import tempfile
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hubbub.core.errors import Invalid, TooLarge
from hubbub.ingest.chats.base import MOST_CHARACTERS, ReadChat, ReadMessage, Unread
from hubbub.ingest.chats.reader import portion, read
from hubbub.ingest.chats.turns import NO_ANSWER, NO_QUESTION
from tests.ingest.chat_exports import AT, gpt, gpt_node, webui

MOST = 50


def chat(content: Any) -> ReadChat:
    found = read(json.dumps(content).encode(), MOST)
    assert isinstance(found, ReadChat), found
    return found


def path(found: ReadChat) -> list[str]:
    """Return what stands on the branch that is shown: the one to the newest message."""
    one: ReadMessage | None = max(found.messages, key=lambda message: message.created_at)
    texts: list[str] = []
    while one is not None:
        texts.append(one.text)
        one = None if one.parent is None else found.messages[one.parent]
    return texts[::-1]


def check(found: ReadChat) -> None:
    """Check what holds of each chat that is read: a tree by turns, in order, of what every store takes."""
    assert 0 < len(found.messages) <= MOST
    assert len({one.key for one in found.messages}) == len(found.messages)
    answered = {one.parent for one in found.messages}
    for at, one in enumerate(found.messages):
        one.text.encode()
        one.reasoning.encode()
        assert math.isfinite(one.created_at) and "\0" not in one.text
        if one.parent is None:
            assert one.role == "user"
            continue
        above = found.messages[one.parent]
        assert one.parent < at and above.role != one.role
    assert all(one.role == "assistant" or at in answered for at, one in enumerate(found.messages))
    found.title.encode()


def test_tools_pictures_and_thoughts_of_chatgpt_are_told_in_one_answer() -> None:
    picture = {"content_type": "image_asset_pointer", "asset_pointer": "file-service://x"}
    thoughts = {"content_type": "thoughts", "thoughts": [{"summary": "Look", "content": "I look."}]}
    code = {"content_type": "code", "language": "python", "text": "print(1)"}
    output = {"content_type": "execution_output", "text": "1\n"}
    browsing = {"content_type": "tether_browsing_display", "result": "L0: secret", "title": "News"}
    cited = "So it is. \ue200cite\ue202turn0search0\ue201 And \ue200cite\ue202turn0search1\ue201."
    reference = {"matched_text": "\ue200cite\ue202turn0search0\ue201", "alt": "([Site](https://example.org))"}
    files = {
        "attachments": [{"name": "a].pdf", "mime_type": "application/pdf"}, {"name": "p", "mime_type": "image/png"}]
    }
    nodes = (
        gpt_node("0", None, "system", "You are helpful."),
        gpt_node("1", "0", "user", {"content_type": "multimodal_text", "parts": [picture, "What?"]}, metadata=files),
        gpt_node("2", "1", "assistant", thoughts),
        gpt_node("3", "2", "assistant", code, recipient="python"),
        gpt_node("4", "3", "tool", output, name="python"),
        gpt_node("5", "4", "assistant", "search(x)", recipient="browser"),
        gpt_node("6", "5", "tool", browsing, name="browser"),
        gpt_node("7", "6", "assistant", cited, metadata={"content_references": [reference]}),
        gpt_node("8", "7", "assistant", {"content_type": "novelty"}),
    )
    found = chat(gpt(*nodes, current="8"))
    check(found)
    [question, answer] = found.messages
    assert question.text == "[A picture was here.]\n\nWhat?\n\n[A file was here: a).pdf]"
    assert answer.reasoning == "Look\n\nI look."
    assert answer.text.split("\n\n") == [
        "```python\nprint(1)\n```",
        "```\n1\n```",
        "[A call of a tool was here: browser]",
        "[A tool's result was here: News]",
        "So it is. ([Site](https://example.org)) And [A source was here.].",
        "[Something was here: novelty]",
    ]
    assert [(one.code, one.values) for one in found.remarks] == [("import_parts", {"count": 6})]


def test_open_webui_has_a_tree_or_of_old_a_row() -> None:
    found = chat(webui())
    check(found)
    assert (found.origin, found.is_pinned, found.is_archived, found.created_at) == ("Open WebUI", True, True, AT)
    assert path(found) == ["Hello?", "Good day."]
    assert sorted(one.model for one in found.messages) == ["", "m:1", "m:2"]
    thought = '<details type="reasoning" done="true">\n<summary>Thought</summary>\n&gt; Well\n</details>\nHi'
    row = [
        {"role": "user", "content": "Hello?", "files": [{"type": "image", "url": "data:"}]},
        {"role": "assistant", "content": thought, "timestamp": AT * 1000},
        {"role": "user", "content": [{"type": "text", "text": "More"}, {"type": "image_url", "image_url": {}}]},
        {"role": "assistant", "content": "", "error": {"content": "no model"}, "sources": [{"source": {"name": "x"}}]},
    ]
    old = chat({"id": "old", "chat": {"title": "Old", "messages": row}})
    check(old)
    assert path(old) == [
        "Hello?\n\n[A picture was here.]",
        "Hi",
        "More\n\n[A picture was here.]",
        "[An error was here: no model]\n\n- x",
    ]
    assert old.messages[1].reasoning == "Well" and old.messages[1].created_at == AT + 0.001


def test_what_lacks_its_other_half_gets_a_line() -> None:
    nodes = (gpt_node("a", "gone", "assistant", "Hi"), gpt_node("u", "a", "user", "Well?"))
    found = chat(gpt(*nodes, gpt_node("x", "y", "user", "?"), gpt_node("y", "x", "assistant", "!"), current="nobody"))
    check(found)
    assert path(found) == [NO_QUESTION, "Hi", "Well?", NO_ANSWER]
    assert {one.code: one.values["count"] for one in found.remarks} == {"import_lost": 1, "import_circling": 2}


def test_what_is_too_long_is_cut_or_left_out() -> None:
    found = chat(gpt(gpt_node("u", None, "user", "x" * (MOST_CHARACTERS + 5)), gpt_node("a", "u", "assistant", "y")))
    assert found.messages[0].text.endswith("\n\n[5 more characters were here.]")
    assert [one.code for one in found.remarks] == ["import_cut"]
    many = [gpt_node(f"n{at}", None, "user", "x" * MOST_CHARACTERS) for at in range(9)]
    left = read(json.dumps(gpt(*many)).encode(), MOST)
    assert isinstance(left, Unread) and left.why.code == "import_long"
    deep = read(b'{"mapping":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001, MOST)
    assert isinstance(deep, Unread)


def test_a_long_row_of_one_side_with_many_ends_does_not_grow_without_bound() -> None:
    nodes = [gpt_node("n0", None, "assistant", "x" * 1000)]
    for at in range(1, 3000):
        nodes += [gpt_node(f"n{at}", f"n{at - 1}", "assistant", "x" * 1000), gpt_node(f"u{at}", f"n{at}", "user", "?")]
    found = read(json.dumps(gpt(*nodes)).encode(), 10**6)
    assert isinstance(found, Unread) and found.why.code == "import_long"


KEYS = st.sampled_from(["a", "b", "c", "d", "", "é"])
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(),
    st.text(st.characters(), max_size=20),
    st.sampled_from(
        ["\ud800", "\0", "user", "assistant", "text", "\ue200\ue201", '<details type="reasoning"></details>']
    ),
    KEYS,
)
JSON = st.recursive(
    ODD, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)


def either(usual: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(usual, usual, usual, JSON)


def fields(**usual: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries({}, optional={name: either(one) for name, one in usual.items()})


ROLES = st.sampled_from(["user", "assistant", "tool", "system"])
CONTENT = fields(
    content_type=st.sampled_from(["text", "code", "multimodal_text", "thoughts", "execution_output"]),
    parts=st.lists(JSON, max_size=3),
    text=st.text(max_size=10),
    thoughts=st.lists(JSON, max_size=2),
)
METADATA = fields(model_slug=ODD, attachments=st.lists(fields(name=ODD, mime_type=ODD)), content_references=JSON)
NODE = fields(
    parent=st.none() | KEYS,
    message=fields(
        author=fields(role=ROLES, name=ODD), content=CONTENT, create_time=ODD, metadata=METADATA, recipient=ODD
    ),
)
MAPPING = fields(
    title=ODD, mapping=st.dictionaries(KEYS, either(NODE), max_size=6), current_node=KEYS, create_time=ODD, id=ODD
)
TURN = fields(
    id=KEYS,
    parentId=st.none() | KEYS,
    parent_id=st.none() | KEYS,
    role=ROLES,
    content=st.text(max_size=10),
    text=st.text(max_size=10),
    timestamp=ODD,
    created_at=ODD,
    files=st.lists(fields(type=ODD, name=ODD)),
    error=JSON,
    sources=st.lists(JSON, max_size=2),
    answer=fields(text=st.text(max_size=10), model=ODD, citations=st.lists(JSON, max_size=2), failure=JSON, calls=JSON),
)
HISTORY = fields(messages=st.dictionaries(KEYS, either(TURN), max_size=6), currentId=KEYS)
WEBUI = fields(
    id=ODD, title=ODD, chat=fields(title=ODD, history=HISTORY, messages=st.lists(TURN, max_size=5), params=JSON)
)
OWN = fields(chat=fields(owner_id=ODD, id=ODD, title=ODD, folder=ODD), messages=st.lists(either(TURN), max_size=6))


@settings(deadline=None, max_examples=400)
@given(st.one_of(MAPPING, WEBUI, OWN, JSON))
def test_whatever_a_chat_looks_like_it_is_read_or_it_is_said_why_not(content: Any) -> None:
    found = read(json.dumps(content).encode(), MOST)
    if isinstance(found, ReadChat):
        check(found)
    else:
        assert found.why.text


@settings(deadline=None, max_examples=200)
@given(st.lists(MAPPING, max_size=3), st.data())
def test_whatever_a_file_looks_like_it_is_read_or_refused(content: Any, data: st.DataObject) -> None:
    whole = json.dumps(content).encode()
    at = data.draw(st.integers(0, len(whole)))
    mangled = whole[:at] + data.draw(st.binary(max_size=4)) + whole[data.draw(st.integers(at, len(whole))) :]
    with tempfile.TemporaryFile() as file:
        file.write(mangled)
        file.flush()
        os.lseek(file.fileno(), 0, os.SEEK_SET)
        try:
            portion(file.fileno(), 0, 0, MOST)
        except (Invalid, TooLarge) as error:
            assert error.why is not None and error.why.text


def test_a_file_is_read_on_from_where_a_portion_ended(monkeypatch: Any) -> None:
    monkeypatch.setattr("hubbub.ingest.chats.reader.PORTION_CHATS", 2)
    made = [gpt(gpt_node("u", None, "user", f"Question {at}"), id=f"c{at}") for at in range(5)]
    with tempfile.TemporaryFile() as file:
        file.write(json.dumps(made).encode())
        file.flush()
        at, keys = 0, list[str]()
        while True:
            os.lseek(file.fileno(), 0, os.SEEK_SET)
            found = portion(file.fileno(), 0, at, MOST)
            keys += [one.key for one in found.chats]
            if found.next is None:
                break
            at = found.next.offset
    assert keys == [f"c{number}" for number in range(5)]
