"""Whatever way a server takes to say something, it is read as that: an oracle knows what was meant."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hubbub.core.answer import fold
from hubbub.models.base import Piece
from hubbub.models.sse import SseDecoder
from hubbub.models.wire import Transcript
from tests.models.quirks import D, sent
from tests.models.test_quirks import events_of

WORDS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="<`[◁|") | st.sampled_from('🎈ö你\\"'), min_size=1
)
NAMES = st.sampled_from(["weather", "get_time", "f"])


@dataclass(frozen=True)
class Meant:
    """What a server means to say."""

    thoughts: str
    text: str
    calls: tuple[tuple[str, dict[str, str]], ...]


@st.composite
def meant(draw: st.DrawFn) -> Meant:
    thoughts = draw(st.just("") | WORDS.map(str.strip))
    text = draw(WORDS.map(lambda word: f"a{word}"))
    calls = draw(st.lists(st.tuples(NAMES, st.dictionaries(WORDS, WORDS, max_size=2)), max_size=3))
    return Meant(thoughts, text, tuple(calls))


def cut(draw: st.DrawFn, text: str, most: int = 4) -> list[str]:
    places = sorted(draw(st.lists(st.integers(0, len(text)), max_size=most)))
    return [text[start:end] for start, end in zip([0, *places], [*places, len(text)], strict=True)]


NOISE: tuple[Any, ...] = (
    b": OPENROUTER PROCESSING\n\n",
    b"data: ping\n\n",
    b'data: {"choices":[{"del\n\n',
    None,
    [],
    {"type": "ping"},
    {"choices": None},
    {"choices": []},
    {"choices": [None]},
    {"choices": [], "usage": {"prompt_tokens": "many"}},
    D({}),
    D(None),
    D({"role": "assistant", "content": None, "tool_calls": None, "function_call": None}),
    D({"content": [], "tool_calls": []}),
    D({"content": [{"type": "image_url", "image_url": {"url": "x"}}]}),
    D({"tool_calls": [None]}),
    {"choices": [{"index": 1, "delta": {"content": "another choice"}}]},
    {**D({}), "error": None, "usage": None},
)


def said(draw: st.DrawFn, text: str) -> dict[str, Any]:
    """A piece of text, in one of the forms that servers have for it."""
    forms: list[Any] = [
        D(text),
        D({"content": text, "reasoning_content": None, "tool_calls": None}, ""),
        D({"content": [{"type": "text", "text": text}]}),
        D({"content": [text, None]}),
        D({"content": {"type": "text", "text": text}}),
        {"choices": [{"index": "0", "delta": {"content": text}}]},
        {"choices": {"index": None, "delta": {"content": text}, "finish_reason": "null"}},
        {"choices": [{"delta": {}, "text": None, "index": 0}, {"index": 0, "delta": text}], "usage": 7},
    ]
    return draw(st.sampled_from(forms))


def thought(draw: st.DrawFn, text: str) -> dict[str, Any]:
    forms: list[Any] = [
        D({"reasoning_content": text}),
        D({"reasoning": text, "content": ""}),
        D({"reasoning": text, "reasoning_content": text}),
        D({"thinking": text}),
        D({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": text}]}]}),
        D({"content": [{"type": "reasoning", "text": text}]}),
    ]
    return draw(st.sampled_from(forms))


def calls_of(draw: st.DrawFn, calls: Sequence[tuple[str, dict[str, str]]]) -> list[dict[str, Any]]:
    """The pieces of calls: numbered they may come between each other, else one after the other, each with an id."""
    is_numbered = draw(st.booleans())
    streams: list[list[dict[str, Any]]] = []
    for number, (name, arguments) in enumerate(calls):
        parts = cut(draw, json.dumps(arguments, ensure_ascii=False), 3)
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
        streams.append(pieces)
    told: list[dict[str, Any]] = [stream.pop(0) for stream in streams] if is_numbered else []
    while any(streams):
        left = [stream for stream in streams if stream]
        told.append((draw(st.sampled_from(left)) if is_numbered else left[0]).pop(0))
    return [D({"tool_calls": [piece]}) for piece in told]


@st.composite
def streams(draw: st.DrawFn) -> tuple[Meant, list[Any]]:
    what = draw(meant())
    events: list[Any] = []
    if what.thoughts and draw(st.booleans()):
        opener, closer = draw(
            st.sampled_from([("<think>", "</think>"), ("<Thinking>\n", "</Thinking>"), ("[THINK]", "[/THINK]")])
        )
        gap = draw(st.sampled_from(["", "\n\n"]))
        events += [said(draw, part) for part in cut(draw, f"{opener}{what.thoughts}{closer}{gap}{what.text}", 8)]
    else:
        events += [thought(draw, part) for part in cut(draw, what.thoughts) if part]
        events += [said(draw, part) for part in cut(draw, what.text)]
    events += calls_of(draw, what.calls)
    for place, noise in draw(st.lists(st.tuples(st.integers(0, 30), st.sampled_from(NOISE)), max_size=5)):
        events.insert(place % (len(events) + 1), noise)
    return what, [*events, D({}, "tool_calls" if what.calls else "stop")]


def read(chunks: Sequence[bytes]) -> tuple[Transcript, list[Piece]]:
    decoder, transcript = SseDecoder(1024 * 1024), Transcript()
    pieces: list[Piece] = []
    for chunk in chunks:
        pieces += transcript.take(decoder.feed(chunk))
    return transcript, [*pieces, *transcript.take(decoder.finish()), *transcript.finish()]


def check(what: Meant, transcript: Transcript, pieces: Sequence[Piece]) -> None:
    answer = fold("a", events_of(pieces))
    assert answer.text == what.text
    assert answer.reasoning.strip() == what.thoughts
    assert [(call.name, json.loads(call.arguments)) for call in answer.calls] == list(what.calls)
    completion = transcript.completion()
    assert completion is not None and completion.finish_reason == ("tool_calls" if what.calls else "stop")
    assert transcript.fault is None


@given(streams(), st.integers(1, 200))
def test_a_stream_comes_to_what_was_meant(stream: tuple[Meant, list[Any]], size: int) -> None:
    what, events = stream
    data = b"".join(map(sent, events))
    check(what, *read([data]))
    check(what, *read([data[start : start + size] for start in range(0, len(data), size)]))


@given(meant(), st.data())
def test_a_whole_reply_comes_to_the_same(what: Meant, data: st.DataObject) -> None:
    message: dict[str, Any] = {"role": "assistant"}
    if data.draw(st.booleans()):
        message["content"] = [{"type": "text", "text": what.text}]
        message["reasoning_content"] = what.thoughts or None
    else:
        message["content"] = f"<think>{what.thoughts}</think>\n\n{what.text}" if what.thoughts else what.text
    if what.calls:
        message["tool_calls"] = [
            {
                "id": f"c{number}",
                "type": "function",
                "function": {"name": name, "arguments": data.draw(st.sampled_from([arguments, json.dumps(arguments)]))},
            }
            for number, (name, arguments) in enumerate(what.calls)
        ]
    transcript = Transcript()
    pieces = transcript.take([json.dumps({"choices": [{"message": message, "finish_reason": "stop"}]}).encode()])
    check(what, transcript, [*pieces, *transcript.finish()])
