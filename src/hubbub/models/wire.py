"""Read what an OpenAI-compatible server sends: chunks of an answer, or all of it at once.

What a well-behaved server sends is decoded into structs, which is cheap. All else is read field by field
(`loose`): what can be read counts, what can't is noted and costs nothing but itself.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

import msgspec

from hubbub.core.events import Attached, Declined, Reasoning, ToolCall
from hubbub.models.base import ATTACHMENTS, Completion, Piece
from hubbub.models.calls import Calls
from hubbub.models.endings import REFUSAL, STOP, TOOL_CALLS, meaning_of, read_reason, weight_of
from hubbub.models.faults import UNREADABLE, Fault
from hubbub.models.incremental import CharacterDecoder, marked
from hubbub.models.jsons import JsonReader
from hubbub.models.loose import BLOCKS, Fields, Loose, count_of, delta_of, mapping_of, pieces_of_calls, said_in
from hubbub.models.thoughts import SEEN, InlineThoughts, Part

CALL_BYTES = 100
"""What each piece of a tool's call counts besides its words: a server could send such pieces without end."""

_NONE = msgspec.Raw(b"null")


class _PlainDelta(msgspec.Struct, gc=False):
    content: str
    refusal: None = None
    reasoning_content: None = None
    reasoning: None = None
    thinking: None = None
    thought: None = None
    reasoning_text: None = None
    text: None = None
    tool_calls: None = None
    function_call: None = None
    error: None = None
    reasoning_details: None = None
    extra_content: None = None
    thinking_blocks: None = None
    reasoning_opaque: None = None
    provider_specific_fields: None = None


class _PlainChoice(msgspec.Struct, gc=False):
    delta: _PlainDelta
    index: Literal[0] = 0
    finish_reason: None = None
    message: None = None
    text: None = None
    error: None = None
    usage: None = None


class _PlainChunk(msgspec.Struct, gc=False):
    """What nearly all events are: one piece of text. An event with anything else that counts is no such chunk."""

    choices: tuple[_PlainChoice]
    usage: None = None
    error: None = None


class _Delta(msgspec.Struct, gc=False):
    content: str | None = None
    reasoning_content: str | None = None  # DeepSeek, llama.cpp, vLLM
    reasoning: str | None = None  # Ollama, OpenRouter
    thinking: msgspec.Raw = _NONE
    thought: msgspec.Raw = _NONE
    reasoning_text: msgspec.Raw = _NONE  # Copilot
    text: msgspec.Raw = _NONE
    refusal: str | None = None
    tool_calls: msgspec.Raw = _NONE
    function_call: msgspec.Raw = _NONE
    error: msgspec.Raw = _NONE
    reasoning_details: msgspec.Raw = _NONE
    extra_content: msgspec.Raw = _NONE
    thinking_blocks: msgspec.Raw = _NONE
    reasoning_opaque: msgspec.Raw = _NONE
    provider_specific_fields: msgspec.Raw = _NONE


class _Choice(msgspec.Struct, gc=False):
    index: int = 0
    delta: _Delta | None = None
    finish_reason: str | None = None
    message: msgspec.Raw = _NONE
    text: msgspec.Raw = _NONE
    error: msgspec.Raw = _NONE
    usage: msgspec.Raw = _NONE


class _Chunk(msgspec.Struct, gc=False):
    choices: list[_Choice]
    usage: msgspec.Raw = _NONE
    error: msgspec.Raw = _NONE
    object: str | None = None  # the wire's name


_plain_chunks = msgspec.json.Decoder(_PlainChunk)
_chunks = msgspec.json.Decoder(_Chunk)
_any = msgspec.json.Decoder()


class Transcript:
    """What a stream of chunks came to so far. Holds no text but the end of it that is not certain yet."""

    def __init__(self, note: Callable[[str], None] | None = None) -> None:
        """Take what is told of that which can't be read."""
        self.finish_reason: str | None = None
        """What the server said last of why it ended, in its own words."""
        self.is_settled = False
        """Whether nothing of the answer has come since it said so."""
        self.is_done = False
        """Whether the server said that nothing follows."""
        self.is_alive = False
        """Whether the events of the last `take` held anything of the answer, be it hidden reasoning."""
        self.has_thought = False
        self.fault: Fault | None = None
        self.rare_bytes = 0
        """How much came besides texts, about."""
        self._note = note or _no_note
        self._reads_plain = False
        """Whether the next event will be a piece of text, by the look of the last one."""
        self._has_unread = False
        self._has_chunk = False
        self._has_said = False
        self._has_refused = False
        self._counts = (0, 0, 0, 0)
        self._reader = JsonReader()
        self._calls = Calls()
        self._thoughts = InlineThoughts()
        self._decoders: defaultdict[object, CharacterDecoder] | None = None
        """What has begun of a character, of the text, of the thoughts, of each call; None as long as all were whole."""
        self._texts: list[str] = []
        self._pieces: list[Piece] = []

    @property
    def has_ended(self) -> bool:
        """Whether the answer is complete, or never will be."""
        return self.is_done or self.fault is not None

    @property
    def is_nonsense(self) -> bool:
        """Whether something came, and none of it was a chunk."""
        return self._has_unread and not self._has_chunk

    @property
    def has_said(self) -> bool:
        """Whether anything of an answer has come."""
        return self._has_said

    def take(self, events: Iterable[bytes]) -> list[Piece]:
        """Return what these events say up to the first fault, texts that follow each other as one."""
        self.is_alive = False
        thoughts, texts = self._thoughts, self._texts
        for event in events:
            if self._reads_plain:  # as a rule: one piece of text, and nothing else
                try:
                    text = _plain_chunks.decode(event).choices[0].delta.content
                except UNREADABLE:
                    self._reads_plain = False
                else:
                    if thoughts.is_plain and "<" not in text and text:
                        thoughts.last = text if len(text) > SEEN else thoughts.last[-SEEN:] + text
                        if "`" in text:
                            thoughts.count_marks(text)
                        texts.append(text)
                        self.is_alive = True
                        self.is_settled = False
                    else:
                        self._put_text(text)
                    continue
            if self.has_ended:
                break
            if event.startswith(b"[DONE]"):
                self._is_over()
                break
            try:
                chunk = _chunks.decode(event)
            except UNREADABLE:
                self._take_loosely(event)
                continue
            if chunk.error is not _NONE or chunk.object == "error" or any(map(_is_odd, chunk.choices)):
                self._take_loosely(event)
                continue
            self._has_chunk = True
            if chunk.usage is not _NONE:
                self._count(self._decoded(chunk.usage))
            for choice in chunk.choices:
                if choice.index == 0 and choice.delta is not None:
                    self._take_choice(choice, choice.delta)
        return self._taken()

    def finish(self) -> list[Piece]:
        """Return what was held, now that nothing more comes."""
        self._finish_all()
        return self._taken()

    def completion(self) -> Completion | None:
        """Return how the answer ended; None where the server gave a reason that nobody knows."""
        meaning = STOP if self.finish_reason is None else meaning_of(self.finish_reason)
        if meaning is None:
            return None
        if meaning == STOP:  # some servers say no more than that
            meaning = TOOL_CALLS if self._calls else REFUSAL if self._has_refused else STOP
        return Completion(meaning, *self._counts)

    def _take_choice(self, choice: _Choice, delta: _Delta) -> None:
        pieces = len(self._pieces)
        if thought := delta.reasoning_content or delta.reasoning:
            self._put_thought(self._whole("thoughts", thought))
        if text := delta.content:
            self._put_text(text if self._decoders is None else self._whole("text", text))
        elif delta.refusal:
            self._put_refusal(delta.refusal)
        if delta.tool_calls is not _NONE:
            self._take_calls(self._fields(delta.tool_calls, "tool_calls"))
        if delta.function_call is not _NONE:
            self._take_calls(self._fields(delta.function_call, "function_call"))
        if (
            delta.reasoning_details is not _NONE
            or delta.extra_content is not _NONE
            or delta.thinking_blocks is not _NONE
            or delta.reasoning_opaque is not _NONE
            or delta.provider_specific_fields is not _NONE
        ):
            fields = {name: self._decoded(getattr(delta, name)) for name in ATTACHMENTS}
            if not thought:
                self._say({name: fields[name] for name in BLOCKS})
            self._attach(fields)
        if (reason := read_reason(choice.finish_reason)) is not None:
            self._end(reason)
        elif text and len(self._pieces) == pieces and self._decoders is None:
            self._reads_plain = True

    def _take_loosely(self, event: bytes) -> None:
        values = self._reader.read(event)
        if self._reader.has_marks and self._decoders is None:
            self._decoders = defaultdict(CharacterDecoder)
        if not values and not self._reader.is_done and event.strip():
            self._unread("an event that is not JSON")
        for value in values:
            if value is not None and self.fault is None:
                self._take_value(value)
        if self._reader.is_done:
            self._is_over()

    def _take_value(self, value: object) -> None:
        chunk = Loose(value)
        self._has_chunk = self._has_chunk or chunk.is_of_the_wire
        if not chunk.is_of_the_wire:
            self._unread("an event that is no chunk")
        for usage in chunk.usages:
            self._count(usage)
        for choice in chunk.choices:
            delta = delta_of(choice, has_said=self._has_said, has_called=bool(self._calls), end=self._thoughts.last)
            self._say(delta, chunk.unread)
            self._take_calls(delta)
            self._attach(delta)
            if (reason := read_reason(choice.get("finish_reason"))) is not None:
                self._end(reason)
        for what in chunk.unread:
            self._unread(what)
        self.fault = self.fault or chunk.fault

    def _is_over(self) -> None:
        self.is_done = True
        self._finish_all()

    def _fields(self, data: msgspec.Raw, name: str) -> Fields:
        return {name: self._decoded(data)}

    def _say(self, delta: Fields, unread: list[str] | None = None) -> None:
        left: list[str] = []
        for kind, text in said_in(delta, left):
            if kind == "thought":
                self._put_thought(self._whole("thoughts", text))
            elif kind == "refusal":
                self._put_refusal(text)
            else:
                self._put_text(self._whole("text", text))
        if unread is None:
            for what in left:
                self._unread(what)
        else:
            unread += left

    def _take_calls(self, delta: Fields) -> None:
        unread: list[str] = []
        pieces = pieces_of_calls(delta, unread)
        for what in unread:
            self._unread(what)
        if not pieces:
            return
        self.rare_bytes += len(pieces) * CALL_BYTES + sum(len(str(piece)) for piece in pieces)
        self._alive()
        for piece in self._calls.take(pieces):
            self._put_call(piece)

    def _put_call(self, piece: ToolCall) -> None:
        if self._decoders is not None:
            piece = msgspec.structs.replace(piece, arguments=self._whole(piece.index, piece.arguments))
        self._put(piece)

    def _attach(self, fields: Fields) -> None:
        attached = {name: value for name in ATTACHMENTS if (value := fields.get(name))}
        if attached:
            self._alive()
            self.rare_bytes += CALL_BYTES + len(str(attached))
            self._put(Attached(attached))

    def _end(self, reason: str) -> None:
        known = self.finish_reason
        if self.is_settled and known is not None and weight_of(known) > weight_of(reason):
            reason = known  # nothing came between: the worse of them holds
        self.finish_reason = reason
        self._finish()
        self.is_settled = True

    def _count(self, usage: object) -> None:
        fields = mapping_of(usage)
        thoughts = mapping_of(fields.get("completion_tokens_details") or fields.get("output_tokens_details"))
        read = mapping_of(fields.get("prompt_tokens_details") or fields.get("input_tokens_details"))
        prompt = count_of(fields.get("prompt_tokens")) or count_of(fields.get("input_tokens"))
        completion = count_of(fields.get("completion_tokens")) or count_of(fields.get("output_tokens"))
        reasoning = count_of(thoughts.get("reasoning_tokens"))
        if count_of(fields.get("total_tokens")) == prompt + completion + reasoning:
            completion += reasoning  # as xAI counts: thoughts are no part of the completion, but paid for
        cached = count_of(read.get("cached_tokens")) or count_of(fields.get("prompt_cache_hit_tokens"))  # DeepSeek
        counts = (prompt, completion, reasoning, min(cached, prompt))
        if any(counts):
            self._counts = counts

    def _decoded(self, data: bytes | msgspec.Raw) -> object:
        """Return what JSON says; None where it can't be read. Halves of characters don't make it unreadable."""
        try:
            return _any.decode(data)
        except UNREADABLE:
            pass
        try:
            found: object = _any.decode(marked(bytes(data)))
        except UNREADABLE:
            return None
        if self._decoders is None:
            self._decoders = defaultdict(CharacterDecoder)
        return found

    def _whole(self, what: object, text: str) -> str:
        return text if self._decoders is None else self._decoders[what].take(text)

    def _finish(self) -> None:
        """Put the halves of characters that were held."""
        for what, halves in (self._decoders or {}).items():
            if rest := halves.finish():
                match what:
                    case int():
                        self._put(ToolCall(what, rest))
                    case "thoughts":
                        self._put_thought(rest)
                    case _:
                        self._put_text(rest)

    def _finish_all(self) -> None:
        """Put all that was held: calls whose names might have come, too, and what might have become a mark."""
        is_complete = self.finish_reason is not None and meaning_of(self.finish_reason) in (STOP, TOOL_CALLS)
        for piece in self._calls.finish(is_complete=is_complete):
            self._put_call(piece)
        self._finish()
        self._put_parts(self._thoughts.finish())

    def _put_text(self, text: str) -> None:
        self._alive()
        if text:
            self._put_parts(self._thoughts.take(text))

    def _put_parts(self, parts: Sequence[Part]) -> None:
        for part in parts:
            if isinstance(part, str):
                self._texts.append(part)
            else:
                self._put(part)

    def _put_refusal(self, text: str) -> None:
        self._alive()
        text = self._whole("text", text)
        if text and not self._has_refused:
            self._put_parts(self._thoughts.finish())
            self._put(Declined())
        self._has_refused = True
        if text:
            self._texts.append(text)

    def _put_thought(self, thought: str) -> None:
        self._alive()
        self.has_thought = True
        if thought:
            self._put(Reasoning(thought))

    def _alive(self) -> None:
        self.is_alive = self._has_said = True
        self.is_settled = False

    def _put(self, piece: Piece) -> None:
        if self._texts:
            self._pieces.append("".join(self._texts))
            self._texts.clear()
        self._pieces.append(piece)

    def _taken(self) -> list[Piece]:
        pieces = self._pieces
        if self._texts:
            pieces.append("".join(self._texts))
            self._texts.clear()
        if pieces:
            self._pieces = []
        return pieces

    def _unread(self, what: str) -> None:
        self._has_unread = True
        self._note(what)


def _is_odd(choice: _Choice) -> bool:
    """Tell whether there is something in a choice that is read field by field."""
    delta = choice.delta
    return (
        delta is None
        or delta.error is not _NONE
        or choice.message is not _NONE
        or choice.text is not _NONE
        or choice.error is not _NONE
        or choice.usage is not _NONE
        or delta.thinking is not _NONE
        or delta.thought is not _NONE
        or delta.reasoning_text is not _NONE
        or delta.text is not _NONE
        or (delta.reasoning is not None and delta.reasoning_content is not None)
        or (bool(delta.refusal) and bool(delta.content))
    )


def _no_note(what: str) -> None:
    """Nobody wants to know."""
