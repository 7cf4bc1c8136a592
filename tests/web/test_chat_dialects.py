"""The chat samples' formats, byte for byte. `python -m tests.web.test_chat_dialects` writes what is expected anew."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import Response

from hubbub.answers.base import Record
from hubbub.core.documents import Citation, Hit, Retrieval
from hubbub.core.errors import Overloaded
from hubbub.core.events import (
    Cited,
    Done,
    Event,
    Failed,
    Prompted,
    Reasoning,
    Searched,
    Started,
    Stopped,
    Text,
    ToolCall,
    Usage,
    encode,
)
from hubbub.core.messages import Turn
from hubbub.web.dialects import chat_protocol, chat_protocol_old, simple_chat
from hubbub.web.dialects.base import Dialect
from hubbub.web.dialects.citing import Citing, source_name
from hubbub.web.dialects.thoughts import Plan
from tests.core.test_golden import GOLDEN, LOGS, events_of

PLAN = Plan(
    3, Retrieval(mode="text", exclude_category="it's old"), ("Benefits",), ("use_web_source",), ("temperature",)
)
SESSION = {"id": "s1"}
BOTH = (chat_protocol_old.SESSION, chat_protocol_old.SESSION_IN_LIBRARY)

STREAMS: dict[str, Callable[[], Dialect]] = {
    "chat-protocol": lambda: chat_protocol.stream(PLAN, SESSION),
    "chat-protocol-old": lambda: chat_protocol_old.stream(PLAN, None),
    "simple-responses": lambda: simple_chat.responses("a1"),
    "simple-choices": simple_chat.choices,
    "simple-deltas": simple_chat.deltas,
}
WHOLES: dict[str, Callable[[Sequence[Event]], Response]] = {
    "chat-protocol": partial(chat_protocol.whole, PLAN, SESSION),
    "chat-protocol-old": partial(chat_protocol_old.whole, PLAN, None, BOTH),
    "simple-responses": partial(simple_chat.whole_response, "a1"),
    "simple-choices": simple_chat.whole_message,
    "simple-deltas": simple_chat.whole_message,
}
ENDED = [log for log in LOGS if log.stem != "open"]

streams = pytest.mark.parametrize("name", STREAMS)


def records_of(events: Sequence[Event]) -> list[Record]:
    return [Record("a1", number, encode(event)) for number, event in enumerate(events, start=1)]


def rendered(name: str, events: Sequence[Event], cuts: Sequence[int] = ()) -> bytes:
    """Render a stream, the records handed over in pieces that begin at the cuts."""
    dialect, records = STREAMS[name](), records_of(events)
    edges = [0, *sorted(cuts), len(records)]
    pieces = [records[begin:end] for begin, end in pairwise(edges)]
    return dialect.opening() + b"".join(map(dialect.frames, pieces))


def lines(body: bytes) -> list[dict[str, Any]]:
    """Read a stream as strictly as any reader might: by every line break that there is in Unicode."""
    text = body.decode()
    assert text.endswith("\n") or not text
    found = [json.loads(line) for line in text.splitlines()]
    assert len(found) == body.count(b"\n")
    assert all(isinstance(line, dict) for line in found)
    return found


def expected(name: str, log: Path, ending: str) -> Path:
    return GOLDEN / name / f"{log.stem}.{ending}"


@streams
@pytest.mark.parametrize("log", LOGS, ids=lambda log: log.stem)
def test_a_stream_is_what_it_was(name: str, log: Path) -> None:
    assert rendered(name, events_of(log)) == expected(name, log, "lines").read_bytes()


@streams
@pytest.mark.parametrize("log", LOGS, ids=lambda log: log.stem)
def test_a_stream_is_the_same_however_its_records_are_cut(name: str, log: Path) -> None:
    events = events_of(log)
    whole = rendered(name, events)
    lines(whole)
    for first in range(len(events) + 1):
        for second in range(first, len(events) + 1):
            assert rendered(name, events, (first, second)) == whole
    assert rendered(name, events, range(len(events))) == whole


@streams
@pytest.mark.parametrize("log", ENDED, ids=lambda log: log.stem)
def test_a_whole_answer_is_what_it_was(name: str, log: Path) -> None:
    response = WHOLES[name](events_of(log))
    assert b"%d\n%b" % (response.status_code, response.body) == expected(name, log, "reply").read_bytes()


def searched(*names: str, text: str = "Text.", page: int | None = 1) -> Searched:
    hits = [
        Hit(f"p{number}", f"d{number}", "c1", name, "Title", text, page, "", 0.1)
        for number, name in enumerate(names, start=1)
    ]
    return Searched("query", tuple(hits))


def cited(marker: int, name: str, page: int | None = 1) -> Cited:
    return Cited(Citation(marker, f"p{marker}", f"d{marker}", name, "Title", page, ""))


GROUNDED = Started("big", "grounded")
ANSWERING = Prompted("answer", "big", (Turn("user", "Why?"),))
HOSTILE = 'a\r\nb\u2028c\u2029d\x85e\x0bf\x1cg"h\\i\0j</script>{"error":"no"}\n\n'


def test_the_first_line_is_the_context_with_what_was_found_and_four_thoughts() -> None:
    events = [GROUNDED, searched("a.pdf", "b.pdf", "a.pdf"), ANSWERING, Text("So")]
    first, _ = lines(rendered("chat-protocol", events))
    assert first["type"] == "response.context"
    assert first["session_state"] == SESSION
    assert first["context"]["data_points"] == {
        "text": ["a.pdf#page=1: Text.", "b.pdf#page=1: Text.", "a.pdf#page=1: Text."],
        "images": [],
        "citations": ["a.pdf#page=1", "b.pdf#page=1"],
        "external_results_metadata": [],
    }
    assert [thought["title"] for thought in first["context"]["thoughts"]] == [
        "Prompt to generate search query",
        "Search using generated search query",
        "Search results",
        "Prompt to generate answer",
    ]
    assert first["context"]["thoughts"][3]["description"] == [{"role": "user", "content": "Why?"}]
    props = first["context"]["thoughts"][1]["props"]
    assert (props["top"], props["filter"], props["not_applied"]) == (
        3,
        "category ne 'it''s old'",
        ["use_web_source"],
    )


def test_what_only_a_writer_can_do_is_not_applied_to_quotes() -> None:
    events = [Started("", "quotes"), searched("a.pdf"), Text("> Text"), Done()]
    first, *_ = lines(rendered("chat-protocol", events))
    assert first["context"]["thoughts"][1]["props"]["not_applied"] == ["use_web_source", "temperature"]
    assert "quoted" in first["context"]["thoughts"][3]["description"]


@pytest.mark.parametrize("name", ["chat-protocol", "chat-protocol-old"])
def test_usage_comes_with_the_last_context_but_one_and_follow_ups_with_the_last(name: str) -> None:
    used, last = lines(rendered(name, events_of(GOLDEN / "told.jsonl")))[-2:]
    usage = {"prompt_tokens": 321, "completion_tokens": 17, "reasoning_tokens": 0, "total_tokens": 338}
    for line in (used, last):
        assert line["context"]["thoughts"][-1]["props"]["token_usage"] == usage
        assert line["context"]["data_points"]["citations"] == ["Benefit_Options.pdf#page=3", "file 2.pdf"]
    assert used["context"]["followup_questions"] is None
    assert last["context"]["followup_questions"] == ["Is dental care covered?", "What does Plus cost?"]


def text_in(name: str, body: bytes) -> str:
    texts: list[str] = []
    for line in lines(body):
        delta = line.get("delta")
        texts.append(delta if isinstance(delta, str) else (delta or {}).get("content") or "")
    return "".join(texts)


@streams
def test_every_line_is_json_whatever_texts_and_documents_hold(name: str) -> None:
    names = [HOSTILE, "] [x](y)", "a#page=9.pdf", "50%.md"]
    events = [
        GROUNDED,
        Prompted("query", HOSTILE, (Turn("user", HOSTILE),)),
        searched(*names, text=HOSTILE),
        Reasoning(HOSTILE),
        *(cited(number, one) for number, one in enumerate(names, start=1)),
        Text(HOSTILE),
        ToolCall(0, HOSTILE, HOSTILE, HOSTILE),
        Text(f"{HOSTILE}`{HOSTILE}` "),
        Usage(1, 2),
        Failed(HOSTILE, HOSTILE),
    ]
    body = rendered(name, events)
    assert text_in(name, body) == f"{HOSTILE}{HOSTILE}`{HOSTILE}` "
    assert lines(body)[-1] == {"error": HOSTILE, "code": HOSTILE}
    whole = rendered(name, [*events[:-1], Done(HOSTILE)])
    assert text_in(name, whole) == f"{HOSTILE}{HOSTILE}`{HOSTILE}` "
    assert STREAMS[name]().frames([]) == b""
    assert lines(STREAMS[name]().trouble(Overloaded(HOSTILE, retry_after_seconds=1))) == [
        {"error": HOSTILE, "code": "overloaded"}
    ]


@given(st.lists(st.text(max_size=30), max_size=6), st.sampled_from(sorted(STREAMS)))
def test_any_text_arrives_as_it_was_said(pieces: list[str], name: str) -> None:
    events = [Started("big", "chat"), *map(Text, pieces), Done()]
    assert text_in(name, rendered(name, events)) == "".join(pieces)


def test_markers_become_the_names_of_what_they_cite() -> None:
    citing = Citing()
    citing.begin("grounded")
    citing.cite(cited(1, "a.pdf", 3).citation)
    citing.cite(cited(12, "b.md", None).citation)
    assert citing.text("One [1][12], `x[1]` and [2] [12].") == "One [a.pdf#page=3][b.md], `x[1]` and [2] [b.md]."
    assert citing.json(b'" [1] \\u0041\\n"') == b'" [a.pdf#page=3] A\\n"'
    assert citing.text("```\nx[1]") == "```\nx[1]"
    assert citing.text("\n`\n[1]") == "\n`\n[1]", "still in the code that three backticks opened"
    assert citing.text("\n```\n[1] and ` [12]") == "\n```\n[a.pdf#page=3] and ` "
    assert citing.rest() == "[b.md]", "a backtick that nothing closes is one"


def test_quotes_hold_no_code_but_escaped_backticks_and_brackets() -> None:
    citing = Citing()
    citing.begin("quotes")
    citing.cite(cited(1, "a.pdf", 3).citation)
    assert citing.text("> a \\` b \\[1\\] [1]\n\n") == "> a \\` b \\[1\\] [a.pdf#page=3]\n\n"
    assert citing.text("> c [1]\n\n") == "> c [a.pdf#page=3]\n\n"


def test_names_can_neither_end_a_citation_nor_change_its_address() -> None:
    assert source_name("Benefit Options-2.pdf", 3) == "Benefit Options-2.pdf#page=3"
    assert source_name("deep/down/a.md", None) == "deep/down/a.md"
    assert source_name("a]b[c#d?e%f\\g\nh: i.pdf", 1) == "a%5Db%5Bc%23d%3Fe%25f%5Cg%0Ah%3A i.pdf#page=1"


@streams
@pytest.mark.parametrize(
    ("ending", "code"),
    [
        (Failed("context_too_long", "Ours."), "context_too_long"),
        (Done("content_filter"), "content_filter"),
        (Stopped(), "stopped"),
    ],
)
def test_an_answer_that_is_not_complete_ends_with_an_error(name: str, ending: Event, code: str) -> None:
    *_, last = lines(rendered(name, [Started("big", "chat"), Text("So far"), ending]))
    assert set(last) == {"error", "code"}
    assert last["code"] == code
    assert last["error"] and last["error"] != "Ours."
    response = WHOLES[name]([Started("big", "chat"), Text("So far"), ending])
    assert response.status_code == (500 if code == "stopped" else 400)
    assert json.loads(response.body) == last


@pytest.mark.parametrize(
    ("failed", "status", "wait"),
    [
        (Failed("refused", "At its limit.", is_retryable=True), 503, "5"),
        (Failed("internal", "Ours.", is_retryable=True), 500, None),
        (Failed("refused", "Wrong key."), 500, None),
        (Failed("not_found", "No model."), 404, None),
    ],
)
def test_a_failure_has_a_status(failed: Failed, status: int, wait: str | None) -> None:
    response = chat_protocol.whole(PLAN, None, [failed])
    assert (response.status_code, response.headers.get("retry-after")) == (status, wait)


def write() -> None:
    for name in STREAMS:
        (GOLDEN / name).mkdir(exist_ok=True)
        for log in LOGS:
            expected(name, log, "lines").write_bytes(rendered(name, events_of(log)))
        for log in ENDED:
            response = WHOLES[name](events_of(log))
            expected(name, log, "reply").write_bytes(b"%d\n%b" % (response.status_code, response.body))


if __name__ == "__main__":
    write()
