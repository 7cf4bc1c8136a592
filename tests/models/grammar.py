"""A grammar of what real servers send for one answer, and an oracle that knows what each sentence of it means.

What is meant is drawn first; then a way to say it: its fields missing, null, of other types, in other places, repeated,
in pieces, between noise, with signs of an end that is none. `sent_as` says it in bytes, in the ways that servers frame
their events.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from tests.models.quirks import DONE, D, sent

_MARKS = re.compile(r"<[^ ]|</|\[/?[tT]|[◁|]")
WORDS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="◁|") | st.sampled_from('🎈ö你\\"`< \n'),
    min_size=1,
).filter(lambda word: not _MARKS.search(word) and not word.endswith("<"))
PLAIN_WORDS = st.text(st.sampled_from("abcdeö你 .\n"), min_size=1)
NAMES = st.sampled_from(["weather", "get_time", "f"])


@dataclass(frozen=True)
class Meant:
    """What a server means to say."""

    thoughts: str = ""
    text: str = ""
    calls: tuple[tuple[str, dict[str, str]], ...] = ()
    is_unopened: bool = False
    """Whether the thoughts come as text first, and only what closes them tells what they were."""
    fault: str = ""
    """What the server says went wrong at the end."""


@dataclass
class Stream:
    """What is meant, and the events that say it."""

    meant: Meant
    events: list[Any] = field(default_factory=list[Any])


@st.composite
def meant(draw: st.DrawFn) -> Meant:
    is_unopened = draw(st.integers(0, 5)) == 0
    thoughts = draw(PLAIN_WORDS if is_unopened else st.just("") | WORDS).strip()
    text = draw(WORDS.map(lambda word: f"a{word}"))
    calls = draw(st.lists(st.tuples(NAMES, st.dictionaries(WORDS, WORDS, max_size=2)), max_size=3))
    fault = draw(st.sampled_from(["", "", "", "the GPU fell off"]))
    return Meant(thoughts, text, tuple(calls), is_unopened and thoughts != "", fault)


def cut(draw: st.DrawFn, text: str, most: int = 4) -> list[str]:
    places = sorted(draw(st.lists(st.integers(0, len(text)), max_size=most)))
    return [text[start:end] for start, end in zip([0, *places], [*places, len(text)], strict=True)]


NOISE: tuple[Any, ...] = (
    b": OPENROUTER PROCESSING\n\n",
    b"data: ping\n\n",
    b"data: \n\n",
    b"retry: 3000\n\n",
    b"event: ping\ndata: {}\n\n",
    b"id: 7\nevent: message\n\n",
    b'data: {"choices":[{"del\n\n',
    b"data: {'choices': []}\n\n",
    b'data: "ping"\n\n',
    b"data: NaN\n\n",
    None,
    [],
    7,
    {"type": "ping"},
    {"type": "status", "message": "warming up"},
    {"choices": None},
    {"choices": []},
    {"choices": [None]},
    {"choices": "none"},
    {"choices": [], "usage": {"prompt_tokens": "many"}},
    {"choices": [], "usage": None, "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {}}]},
    D({}),
    D(None),
    D([]),
    D({"role": None, "content": None}),
    D({"role": "assistant", "content": None, "tool_calls": None, "function_call": None, "reasoning_content": None}),
    D({"content": [], "tool_calls": []}),
    D({"content": [{"type": "image_url", "image_url": {"url": "x"}}]}),
    D({"content": [{"type": "text", "text": None}], "annotations": [{"url": "x"}]}),
    D({"tool_calls": [None]}),
    D({"tool_calls": "none", "function_call": {}}),
    D({"function_call": {"name": "", "arguments": ""}}),
    D({}, content_filter_results={"error": {"code": "content_filter_error", "message": "too slow"}}),
    D({}, "", stop_reason=None, logprobs={"content": []}),
    {"choices": [{"index": 1, "delta": {"content": "another choice"}, "finish_reason": "length"}]},
    {"choices": [{"index": "2", "delta": {"tool_calls": [{"index": 0, "id": "z", "function": {"name": "no"}}]}}]},
    {**D({}), "error": None, "usage": None},
    {**D({}), "error": {}, "base_resp": {"status_code": 0, "status_msg": ""}},
)
EARLY_ENDS: tuple[Any, ...] = (D({}, "stop"), D("", "stop"), D({"content": None}, "eos"), D({}, {"type": "stop"}))


def said(draw: st.DrawFn, text: str) -> Any:
    """A piece of text, in one of the forms that servers have for it."""
    parts = cut(draw, text, 2)
    forms: list[Any] = [
        D(text),
        D(text),
        D({"content": text, "reasoning_content": None, "tool_calls": None}, ""),
        D({"content": text, "refusal": None, "role": 7, "audio": None}, "null", logprobs=None),
        D({"content": text, "reasoning_content": "", "tool_calls": [], "function_call": None}),
        D({"content": [{"type": "text", "text": text}]}),
        D({"content": [{"type": "text", "text": part} for part in parts]}),
        D({"content": [text, None]}),
        D({"content": {"type": "text", "text": text}}),
        D({"content": {"type": "text", "text": {"value": text, "annotations": []}}}),
        D({"type": "text_delta", "text": text}),
        D([{"content": text}]),
        {"choices": [{"index": "0", "delta": {"content": text}}]},
        {"choices": {"index": None, "delta": {"content": text}, "finish_reason": "null"}},
        {"choices": [{"delta": {}, "text": None, "index": 0}, {"index": 0, "delta": text}], "usage": 7},
        {"choices": [{"index": 0, "text": text, "logprobs": None}]},
        {"choices": [{"index": 0, "text": text, "delta": {"content": text}}]},
        {"choices": [{"index": 1, "delta": {"content": "no"}}, {"index": 0, "delta": {"content": text}}]},
        {"choices": {"0": {"index": 0, "delta": {"content": text}}}},
        {"delta": {"content": text}, "index": 0},
        [D(text)],
        json.dumps(D(text)),
    ]
    return draw(st.sampled_from(forms))


def thought(draw: st.DrawFn, text: str) -> Any:
    """A piece of a thought that stands apart."""
    details = [{"type": "reasoning.text", "text": text, "index": 0, "format": None}]
    forms: list[Any] = [
        D({"reasoning_content": text}),
        D({"reasoning_content": text, "content": None}),
        D({"reasoning": text, "content": ""}),
        D({"reasoning": text, "reasoning_content": text}),
        D({"reasoning": text, "reasoning_details": details}),
        D({"reasoning_details": details}),
        D({"thinking": text}),
        D({"thought": text, "content": None}),
        D({"reasoning_text": text, "content": ""}),
        D({"reasoning": {"content": text}}),
        D({"reasoning": {"content": text}, "tool_calls": None}),
        D({"reasoning_content": [{"type": "text", "text": text}]}),
        D({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": text}]}]}),
        D({"content": [{"type": "reasoning", "text": text}]}),
        D({"content": [{"type": "thinking", "thinking": text}], "reasoning_content": text}),
        {"choices": [{"index": 0, "delta": {"reasoning": text, "role": None}, "finish_reason": None}]},
    ]
    return draw(st.sampled_from(forms))


def calls_of(draw: st.DrawFn, calls: Sequence[tuple[str, dict[str, str]]]) -> list[Any]:
    """The pieces of calls: numbered they may come between each other, else one after the other, each with an id."""
    is_numbered = draw(st.booleans())
    streams: list[list[dict[str, Any]]] = []
    for number, (name, arguments) in enumerate(calls):
        parts: list[Any] = [*cut(draw, json.dumps(arguments, ensure_ascii=False), 3)]
        if draw(st.integers(0, 4)) == 0:
            parts = [arguments]  # an object in place of a string
        late_name = draw(st.booleans())
        pieces: list[dict[str, Any]] = []
        for place, part in enumerate(parts):
            piece: dict[str, Any] = {"function": {"arguments": part}}
            if is_numbered:
                piece["index"] = draw(st.sampled_from([number, str(number), float(number)]))
            if place == 0 or draw(st.booleans()):
                piece["id"] = f"call_{number}"
            if (place == 0 and not late_name) or (place == len(parts) - 1 and late_name):
                piece["function"]["name"] = name
            pieces.append(piece)
        if late_name:
            pieces.insert(0, {**pieces[0], "function": None})
        if is_numbered and arguments and draw(st.integers(0, 3)) == 0:  # an empty object stands in their place first
            pieces.insert(0, {**pieces[0], "function": {"arguments": "{}"}})
        if is_numbered and arguments and draw(st.integers(0, 3)) == 0:  # all of it once more
            pieces.append({"index": number, "id": f"call_{number}", "function": {"arguments": json.dumps(arguments)}})
        streams.append(pieces)
    told: list[dict[str, Any]] = [stream.pop(0) for stream in streams] if is_numbered else []
    while any(streams):
        left = [stream for stream in streams if stream]
        told.append((draw(st.sampled_from(left)) if is_numbered else left[0]).pop(0))
    return [D({"tool_calls": [piece]}) for piece in told]


def end_of(draw: st.DrawFn, what: Meant) -> Any:
    """How it ends: well, or with an error in any place that servers have for it."""
    if not what.fault:
        reasons = (
            ["tool_calls", "function_call", "tool_use", "stop"] if what.calls else ["stop", "STOP", "end_turn", "eos"]
        )
        return draw(st.sampled_from([D({}, reason) for reason in reasons]))
    error = {"message": what.fault, "code": 502}
    forms: list[Any] = [
        {"error": error},
        {"error": what.fault},
        {"error": json.dumps({"error": error})},
        [{"error": error}],
        {"object": "error", **error},
        {"type": "error", "error": error},
        {"message": what.fault},
        D({}, "error", error=error),
        D({"error": what.fault}, None),
        {**D({}, "error"), "error": {"message": "Provider returned error", "metadata": {"raw": json.dumps(error)}}},
        {"choices": None, "base_resp": {"status_code": 1013, "status_msg": what.fault}},
        b"event: error\ndata: " + what.fault.encode() + b"\n\n",
        b"error: " + json.dumps(error).encode() + b"\n\n",
        b'{"error":{"message":"' + what.fault.encode() + b'"}}\n\n',
    ]
    return draw(st.sampled_from(forms))


@st.composite
def streams(draw: st.DrawFn) -> Stream:
    """Draw what is meant, and a way to say it."""
    what = draw(meant())
    events: list[Any] = []
    if what.is_unopened:
        events += [said(draw, part) for part in cut(draw, f"{what.thoughts}\n</think>\n\n{what.text}", 8)]
    elif what.thoughts and draw(st.booleans()):
        opener, closer = draw(
            st.sampled_from([("<think>", "</think>"), ("<Thinking>\n", "</Thinking>"), ("[THINK]", "[/THINK]")])
        )
        gap = draw(st.sampled_from(["", "\n\n"]))
        events += [said(draw, part) for part in cut(draw, f"{opener}{what.thoughts}{closer}{gap}{what.text}", 8)]
    else:
        events += [thought(draw, part) for part in cut(draw, what.thoughts) if part]
        events += [said(draw, part) for part in cut(draw, what.text)]
    if not what.is_unopened:
        for early in draw(st.lists(st.sampled_from(EARLY_ENDS), max_size=1)):
            events.insert(draw(st.integers(0, len(events))), early)
    calls = calls_of(draw, what.calls)
    if draw(st.booleans()):
        events += calls
    else:  # between what is said
        places = sorted(draw(st.lists(st.integers(0, len(events)), min_size=len(calls), max_size=len(calls))))
        for place, call in reversed(list(zip(places, calls, strict=True))):
            events.insert(place, call)
    for place, noise in draw(st.lists(st.tuples(st.integers(0, 40), st.sampled_from(NOISE)), max_size=5)):
        events.insert(place % (len(events) + 1), noise)
    return Stream(what, [*events, end_of(draw, what)])


def sent_as(draw: st.DrawFn, events: Sequence[Any]) -> bytes:
    """Return the bytes of a stream, framed in one of the ways that servers have for it."""
    framing = draw(st.sampled_from(["usual", "usual", "close", "narrow", "crlf", "glued", "twice"]))
    frames: list[bytes] = []
    is_open = False  # whether another event may be glued to the last
    for event in events:
        frame = event if isinstance(event, bytes) else sent(event)
        is_json = frame.startswith((b"data: {", b"data: [{"))
        if framing == "close" and is_json:
            frame = frame[:-1]
        elif framing == "narrow":
            frame = frame.replace(b"data: ", b"data:", 1)
        elif framing == "twice" and is_json:
            frame = b"data: " + frame
        elif framing == "glued" and isinstance(event, dict | list) and is_open and draw(st.booleans()):
            frames[-1] = frames[-1][:-2] + frame.removeprefix(b"data: ")
            continue
        is_open = isinstance(event, dict)
        frames.append(frame)
    data = b"".join([*frames, DONE])
    return data.replace(b"\n\n", b"\r\n\r\n") if framing == "crlf" else data


def cut_bytes(draw: st.DrawFn, data: bytes) -> list[bytes]:
    """Return bytes as a network might bring them."""
    places = sorted(draw(st.lists(st.integers(0, len(data)), max_size=8)))
    return [data[start:end] for start, end in zip([0, *places], [*places, len(data)], strict=True)]
