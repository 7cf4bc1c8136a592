"""Read what an OpenAI-compatible server sends: chunks, whole completions and errors."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Annotated, TypeVar

import msgspec

from hubbub.core.errors import ModelError
from hubbub.core.events import Reasoning, ToolCall
from hubbub.core.identifiers import new_id
from hubbub.core.messages import Turn
from hubbub.core.questions import Generation
from hubbub.models.address import Address
from hubbub.models.base import Completion, Piece
from hubbub.models.halves import Halves, marked, unmarked

T = TypeVar("T")


class Fault(msgspec.Struct, frozen=True):
    """What a server says went wrong, in any of the usual shapes."""

    message: str | None = None
    type: str | None = None
    code: str | int | None = None


REFUSAL = "refusal"
"""The finish reason of a text in which the model says why it does not answer."""

_NONE = msgspec.Raw(b"null")
_Count = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]  # what is larger can't be passed on as JSON, or not to a browser


class _Delta(msgspec.Struct, gc=False):
    content: str | None = None
    reasoning_content: str | None = None  # DeepSeek, llama.cpp, vLLM
    reasoning: str | None = None  # Ollama, OpenRouter
    refusal: str | None = None
    tool_calls: msgspec.Raw = _NONE

    @property
    def has_tool_call(self) -> bool:
        return self.tool_calls is not _NONE and bytes(self.tool_calls) not in (b"null", b"[]")


class _Function(msgspec.Struct, gc=False):
    name: str | None = None
    arguments: msgspec.Raw = _NONE  # a string; an object, where a server takes the wire lightly


class _Call(msgspec.Struct, gc=False):
    index: _Count | None = None
    id: str | None = None
    function: _Function = msgspec.field(default_factory=_Function)


class _Choice(msgspec.Struct, gc=False):
    index: int = 0
    delta: _Delta | None = None
    message: _Delta | None = None
    finish_reason: str | None = None


class _Details(msgspec.Struct, gc=False):
    reasoning_tokens: _Count | None = 0


class _Usage(msgspec.Struct, gc=False):
    prompt_tokens: _Count | None = 0
    completion_tokens: _Count | None = 0
    completion_tokens_details: _Details | None = None


class _Chunk(msgspec.Struct, gc=False):
    choices: list[_Choice] | None = None
    usage: msgspec.Raw = _NONE  # counts that can't be read are no reason to lose the answer
    error: Fault | str | None = None
    object: str | None = None  # the wire's name
    message: str | None = None
    detail: msgspec.Raw = msgspec.Raw(b"")


_chunks = msgspec.json.Decoder(_Chunk)
_calls = msgspec.json.Decoder(list[_Call])
_usages = msgspec.json.Decoder(_Usage | None)
_strings = msgspec.json.Decoder(str)
_encoder = msgspec.json.Encoder()
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)  # the last: a million brackets


def request_body(address: Address, turns: Sequence[Turn], how: Generation | None = None) -> bytes:
    """Return the JSON that asks for a streamed completion; what nobody wished for is left out."""
    body: dict[str, object] = {
        "model": address.model,
        "messages": [_message(turn) for turn in turns],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if how is not None:
        wishes = msgspec.to_builtins(how)  # without those that are not set: they are named as the wire names them
        if (max_tokens := wishes.pop("max_tokens", None)) is not None:
            body[address.length_field] = max_tokens
        body |= wishes
    return _encoder.encode(body)


def _message(turn: Turn) -> dict[str, object]:
    message: dict[str, object] = {"role": turn.role, "content": turn.text}
    if turn.images:
        pictures = [{"type": "image_url", "image_url": {"url": url}} for url in turn.images]
        message["content"] = [{"type": "text", "text": turn.text}, *pictures]
    if turn.calls:
        message["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in turn.calls
        ]
    if turn.call_id is not None:
        message["tool_call_id"] = turn.call_id
    return message


def read_fault(body: bytes) -> Fault:
    """Return what the body of a refusal says; all None where it says nothing that can be read."""
    try:
        chunk = _chunks.decode(body)
    except _UNREADABLE:
        text = body.decode("utf-8", "replace").strip()
        return Fault() if text.startswith(("<", "{", "[")) else Fault(message=text or None)
    if chunk.detail and chunk.error is None and chunk.message is None:
        return Fault(message=bytes(chunk.detail).decode("utf-8", "replace").strip('"'))
    return _fault_of(chunk) or Fault(message=chunk.message)


class Transcript:
    """What a stream of chunks came to so far. Holds no text: that is handed on as it comes."""

    def __init__(self) -> None:
        self.finish_reason: str | None = None
        self._has_refused = False
        self.is_done = False
        """Whether the server said that nothing follows."""
        self.is_alive = False
        """Whether the events of the last `take` held anything of the answer, be it hidden reasoning."""
        self.fault: Fault | None = None
        self.is_nonsense = False
        """Whether an event was not a chunk."""
        self._usage = _Usage()
        self._call_indices: set[int] = set()
        self._halves: defaultdict[object, Halves] | None = None
        """What has begun of a character, of the text, of the thoughts, of each call; None as long as all were whole."""

    @property
    def has_ended(self) -> bool:
        """Whether the answer is complete, or never will be."""
        return self.is_done or self.fault is not None or self.is_nonsense

    def take(self, events: Iterable[bytes]) -> list[Piece]:
        """Return what these events say up to the first fault, texts that follow each other as one."""
        pieces: list[Piece] = []
        texts: list[str] = []
        self.is_alive = False
        for event in events:
            if self.has_ended:
                break
            if event.startswith(b"[DONE]"):
                self.is_done = True
                self._finish_halves(texts, pieces)
                break
            chunk = self._decoded(_chunks, event)
            if chunk is None:
                self.is_nonsense = True
                break
            if chunk.error is not None or chunk.object == "error":
                self.fault = _fault_of(chunk)
            if chunk.usage is not _NONE:
                self._usage = self._decoded(_usages, chunk.usage) or self._usage
            for choice in chunk.choices or ():
                if choice.index == 0:
                    self._take_choice(choice, texts, pieces)
        if texts:
            pieces.append("".join(texts))
        return pieces

    def completion(self) -> Completion:
        """Return how the answer ended."""
        usage = self._usage
        details = usage.completion_tokens_details or _Details()
        return Completion(
            REFUSAL if self._has_refused and self.finish_reason in (None, "stop") else self.finish_reason or "stop",
            usage.prompt_tokens or 0,
            usage.completion_tokens or 0,
            details.reasoning_tokens or 0,
        )

    def _take_choice(self, choice: _Choice, texts: list[str], pieces: list[Piece]) -> None:
        self.finish_reason = choice.finish_reason or self.finish_reason
        if delta := choice.delta or choice.message:
            if thought := delta.reasoning_content or delta.reasoning:
                self._put_thought(self._whole("thoughts", thought), texts, pieces)
            if text := delta.content or delta.refusal:
                self._has_refused = self._has_refused or not delta.content
                self._put_text(self._whole("text", text), texts)
            if delta.has_tool_call:
                self._take_calls(delta.tool_calls, texts, pieces)
        if choice.finish_reason:
            self._finish_halves(texts, pieces)

    def _take_calls(self, calls: msgspec.Raw, texts: list[str], pieces: list[Piece]) -> None:
        found = self._decoded(_calls, calls)
        if found is None:
            self.is_nonsense = True
            return
        for call in found:
            index = len(self._call_indices) if call.index is None else call.index
            arguments = self._whole(index, self._arguments(call.function.arguments))
            if index in self._call_indices:
                piece = ToolCall(index, arguments)
            else:  # some servers repeat id and name with each piece
                self._call_indices.add(index)
                piece = ToolCall(index, arguments, call.id or f"call_{new_id()}", call.function.name or "")
            self._put(piece, texts, pieces)

    def _arguments(self, given: msgspec.Raw) -> str:
        if bytes(given).startswith(b'"'):
            return self._decoded(_strings, given) or ""
        return "" if given is _NONE or bytes(given) == b"null" else bytes(given).decode("utf-8", "replace")

    def _decoded(self, decoder: msgspec.json.Decoder[T], data: bytes | msgspec.Raw) -> T | None:
        """Return what JSON says; None where it can't be read. Halves of characters don't make it unreadable."""
        try:
            return decoder.decode(data)
        except _UNREADABLE:
            pass
        try:
            found = decoder.decode(marked(bytes(data)))
        except _UNREADABLE:
            return None
        if self._halves is None:
            self._halves = defaultdict(Halves)
        return found

    def _whole(self, what: object, text: str) -> str:
        return text if self._halves is None else self._halves[what].take(text)

    def _finish_halves(self, texts: list[str], pieces: list[Piece]) -> None:
        for what, halves in (self._halves or {}).items():
            if rest := halves.finish():
                match what:
                    case int():
                        self._put(ToolCall(what, rest), texts, pieces)
                    case "thoughts":
                        self._put_thought(rest, texts, pieces)
                    case _:
                        self._put_text(rest, texts)

    def _put_text(self, text: str, texts: list[str]) -> None:
        self.is_alive = True
        if text:
            texts.append(text)

    def _put_thought(self, thought: str, texts: list[str], pieces: list[Piece]) -> None:
        self.is_alive = True
        if thought:
            self._put(Reasoning(thought), texts, pieces)

    def _put(self, piece: Piece, texts: list[str], pieces: list[Piece]) -> None:
        self.is_alive = True
        if texts:
            pieces.append("".join(texts))
            texts.clear()
        pieces.append(piece)


def _fault_of(chunk: _Chunk) -> Fault | None:
    match chunk:
        case _Chunk(error=Fault() as fault):
            return fault
        case _Chunk(error=str(text)):
            return Fault(message=text)
        case _Chunk(object="error"):
            return Fault(message=chunk.message)
        case _:
            return None


def failure(
    address: Address,
    fault: Fault,
    status: int | None,
    *,
    retry_after_seconds: float | None = None,
    is_told: bool = True,
) -> ModelError:
    """Return the error that a server's refusal amounts to; `status` is None within a stream.

    `is_told` says whether all came of what the server said of it: if not, nobody knows whose fault it is.
    """
    said = _shortened(unmarked(fault.message or ""), address)
    told = f": “{said}”" if said else ""
    if is_context_fault(fault):
        return ModelError(
            f"The conversation is too long for {address.model} at {address.server}{told}. "
            "Start a new chat, or choose a model with more context.",
            code="context_too_long",
            retryable=False,
            is_of_deployment=False,
        )
    if status is None:
        return ModelError(f"{address.server} gave up in the middle of the answer{told}. Ask again.", code="refused")
    hint = address.authorization.hints.get(status) or _HINTS.get(
        status, "Try again later." if status >= 500 else "Check the settings of this model."
    )
    return ModelError(
        f"{address.server} refused with status {status}{told}. {hint}",
        # what was asked for is the matter, not the server
        code=_code(status, retry_after_seconds, is_told=is_told),
        retryable=status in (408, 409, 425, 429) or status >= 500,
        retry_after_seconds=retry_after_seconds,
        is_of_deployment=status not in _OF_THE_QUESTION or not is_told,
    )


def _code(status: int, retry_after_seconds: float | None, *, is_told: bool) -> str:
    if status == 429 and retry_after_seconds is not None:
        return "model_busy"
    return "not_accepted" if status in (400, 422) and is_told else "refused"


_OF_THE_QUESTION = frozenset({400, 413, 415, 422})
_HINTS = {
    404: "Check the model's name and the base URL.",
    413: "Ask something shorter.",
    429: "It is at its limit; try again in a moment.",
}
_CONTEXT_CODES = ("context_length_exceeded", "exceed_context_size_error", "context_window_exceeded")
_CONTEXT_WORDS = ("maximum context length", "context size", "context window")  # vLLM and others give no code


def is_context_fault(fault: Fault) -> bool:
    """Decide whether the server says that the prompt doesn't fit the model."""
    if fault.code in _CONTEXT_CODES or fault.type in _CONTEXT_CODES:
        return True
    return any(words in (fault.message or "").lower() for words in _CONTEXT_WORDS)


def _shortened(text: str, address: Address) -> str:
    text = " ".join(address.authorization.hidden(text).split())
    return text if len(text) <= 200 else text[:199] + "…"
