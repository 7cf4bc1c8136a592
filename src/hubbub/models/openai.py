"""Answer with a model on any server that speaks OpenAI's chat completions."""

import asyncio
from collections.abc import Awaitable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import TypeVar

from msgspec.structs import replace

from hubbub.connections.http import Http
from hubbub.connections.outside import BrokenOff, Unreachable
from hubbub.connections.replies import Deadline, StreamReply
from hubbub.core.errors import ModelError
from hubbub.core.events import Reasoning, ToolCall
from hubbub.core.messages import Turn
from hubbub.core.questions import Generation
from hubbub.models.address import Address
from hubbub.models.authorised import authorised
from hubbub.models.base import Completion, Limits, ModelCard, Piece, SendPiece
from hubbub.models.pace import BUSY, SHORT_SECONDS, Asked, Pace
from hubbub.models.retry_after import retry_after_seconds
from hubbub.models.sse import EventTooLarge, SseDecoder
from hubbub.models.wire import Transcript, failure, read_fault, request_body

T = TypeVar("T")

_HEADERS = {"Content-Type": "application/json", "Accept": "text/event-stream"}

REFUSAL_BYTES = 64 * 1024
REFUSAL_SECONDS = 2.0
BUSY_SECONDS = 0.03
"""How long the words of a refusal may take behind its status; those of a busy server are not worth waiting for."""
CALL_BYTES = 100
"""What each piece of a tool's call counts besides its words: a server could send such pieces without end."""
AFTERMATH_SECONDS = 2.0
"""How long the token counts may come after the finish reason."""


class OpenAiModel:
    """A model at an address. It holds no connection of its own: the HTTP client does."""

    def __init__(
        self, address: Address, card: ModelCard, http: Http, limits: Limits | None = None, pace: Pace | None = None
    ) -> None:
        self.pace = pace or Pace()
        self._address = address
        self._card = card
        self._http = http
        self._limits = limits or Limits()

    @property
    def card(self) -> ModelCard:
        return self._card

    async def complete(self, turns: Sequence[Turn], send: SendPiece, how: Generation | None = None) -> Completion:
        address = self._address
        if self._card.reasoning_effort and (how is None or how.reasoning_effort is None):
            how = replace(how or Generation(), reasoning_effort=self._card.reasoning_effort)
        asked = self.pace.began()
        patience = _Patience(self._limits, address, asked)
        post = partial(
            self._http.streams.request,
            "POST",
            address.url("chat/completions"),
            body=request_body(address, turns, how),
            connect_seconds=self._limits.connect_seconds,
        )
        request = authorised(address.authorization, post, _HEADERS)
        try:
            async with AsyncExitStack() as stack:
                stack.callback(asked.ended)
                reply = await patience.within(stack.enter_async_context(request))
                asked.headers(reply.headers)
                if not 200 <= reply.status < 300:
                    return await self._refused(reply, patience)
                media_type = reply.headers.get("content-type", "")
                if media_type.startswith("text/html"):
                    raise self._nonsense()
                if media_type.startswith("application/json"):
                    return await self._whole(reply, send, patience)
                return await self._streamed(reply, send, patience)
        except Unreachable as error:
            raise ModelError(
                f"{address.server} can't be reached: {error}. Check that it runs, and the base URL.",
                code="unreachable",
            ) from error
        except BrokenOff as error:
            raise self._broke_off(str(error)) from error

    async def _streamed(self, reply: StreamReply, send: SendPiece, patience: "_Patience") -> Completion:
        reading = _Reading(SseDecoder(self._limits.event_bytes), self._limits.answer_bytes, send, patience)
        try:
            while reading.wants_more and not reading.has_text:  # the first piece comes as soon as it can
                reading.take(await patience.within(reply.chunk()))
            if reading.wants_more:
                await reply.pour(reading.take, patience.deadline)
        except EventTooLarge as error:
            raise ModelError(
                f"{self._address.server} sent too much: a single piece is over {self._limits.event_bytes:,} bytes. "
                "Ask again.",
                code="too_large",
            ) from error
        except _AnswerTooLarge as error:
            raise self._too_large(is_of_deployment=False) from error
        except TimeoutError as error:
            if reading.transcript.finish_reason is None:
                raise patience.over() from error
        except (BrokenOff, ModelError):
            if reading.transcript.finish_reason is None:
                raise  # else all of the text has come; only the closing words are missing
        transcript = reading.transcript
        self._raise_for_fault(transcript)
        if transcript.is_done:
            await reply.drain()
        elif transcript.finish_reason is None:
            raise self._broke_off("the connection ended")
        return _counted(transcript, patience.asked)

    async def _whole(self, reply: StreamReply, send: SendPiece, patience: "_Patience") -> Completion:
        """Take an answer in one piece, as servers give it that can't stream, or an error under status 200."""
        limit = self._limits.answer_bytes
        body = await patience.within(reply.body(limit + 1))
        if len(body) > limit:
            raise self._too_large(is_of_deployment=True)  # nothing of it was said yet, and another one may do better
        transcript = Transcript()
        for piece in transcript.take([body]):
            patience.asked.spoke()
            send(piece)
        self._raise_for_fault(transcript)
        if transcript.finish_reason is None:
            raise self._nonsense()
        return _counted(transcript, patience.asked)

    async def _refused(self, reply: StreamReply, patience: "_Patience") -> Completion:
        try:
            async with asyncio.timeout(BUSY_SECONDS if reply.status in BUSY else REFUSAL_SECONDS):
                body = await reply.body(REFUSAL_BYTES)
            is_told = True
        except (BrokenOff, TimeoutError):
            body, is_told = b"", False
        fault = read_fault(body)
        if fault.code == "content_filter":  # Azure says so of the prompt in a 400, of the answer in a finish reason
            return Completion("content_filter")
        told = retry_after_seconds(reply.headers, default_seconds=0)
        patience.asked.refused(reply.status, told)
        wait = (told or SHORT_SECONDS) if reply.status in BUSY else None
        raise failure(self._address, fault, reply.status, retry_after_seconds=wait, is_told=is_told)

    def _raise_for_fault(self, transcript: Transcript) -> None:
        if transcript.fault is not None:
            raise failure(self._address, transcript.fault, None)
        if transcript.is_nonsense:
            raise self._nonsense()

    def _nonsense(self) -> ModelError:
        return ModelError(
            f"{self._address.server} answered with something that is not a chat completion. Check the base URL.",
            code="bad_answer",
        )

    def _broke_off(self, why: str) -> ModelError:
        return ModelError(
            f"{self._address.server} broke off before the answer was complete: {why}. Ask again.", code="broke_off"
        )

    def _too_large(self, *, is_of_deployment: bool) -> ModelError:
        return ModelError(
            f"{self._address.server} sent too much: the answer is over {self._limits.answer_bytes:,} bytes. "
            "Ask for something shorter.",
            code="too_large",
            retryable=False,
            is_of_deployment=is_of_deployment,
        )


def _counted(transcript: Transcript, asked: Asked) -> Completion:
    completion = transcript.completion()
    if tokens := completion.prompt_tokens + completion.completion_tokens:
        asked.used(tokens)
    return completion


class _AnswerTooLarge(ValueError):
    """The answer is over the limit."""


class _Reading:
    """Takes a stream's bytes and sends the text in them."""

    def __init__(self, decoder: SseDecoder, room_bytes: int, send: SendPiece, patience: "_Patience") -> None:
        self.transcript = Transcript()
        self.has_text = False
        self.wants_more = True
        self._decoder = decoder
        self._room_bytes = room_bytes
        self._send = send
        self._patience = patience

    def take(self, chunk: bytes) -> bool:
        """Take what has arrived, empty at the end, and say whether the answer goes on.

        Raises:
            EventTooLarge, _AnswerTooLarge: it is over a limit.
        """
        try:
            events = self._decoder.feed(chunk) if chunk else self._decoder.finish()
        except EventTooLarge as error:
            self._tell(error.events)  # what came before it stands, however the bytes were cut
            raise
        self._tell(events)
        transcript = self.transcript
        self._patience.heard(is_alive=transcript.is_alive, has_finished=transcript.finish_reason is not None)
        self.wants_more = bool(chunk) and not transcript.has_ended
        return self.wants_more

    def _tell(self, events: Sequence[bytes]) -> None:
        for piece in self.transcript.take(events):
            self._room_bytes -= _size(piece)
            if self._room_bytes < 0:
                raise _AnswerTooLarge
            self._send(piece)
            self.has_text = True


def _size(piece: Piece) -> int:
    """Return how many bytes a piece takes, about."""
    match piece:
        case ToolCall():
            return CALL_BYTES + len(piece.id) + len(piece.name) + len(piece.arguments)
        case Reasoning(text) | str(text):
            return len(text) if text.isascii() else len(text.encode())


class _Patience:
    """Bounds each wait for the server. Only what belongs to the answer renews it; comments and trickles don't."""

    def __init__(self, limits: Limits, address: Address, asked: Asked) -> None:
        self.asked = asked
        self._limits = limits
        self._address = address
        self._clock = asyncio.get_running_loop().time
        began = self._clock()
        self._end = began + limits.total_seconds
        self.deadline = Deadline(min(began + limits.first_token_seconds, self._end))
        self._has_begun = False
        self._has_finished = False

    async def within(self, waiting: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout_at(self.deadline.at):
                return await waiting
        except TimeoutError as error:
            raise self.over() from error

    def heard(self, *, is_alive: bool, has_finished: bool) -> None:
        if has_finished and not self._has_finished:
            self._has_finished = True
            self.deadline.at = min(self._clock() + AFTERMATH_SECONDS, self._end)
        elif is_alive and not has_finished:
            self._has_begun = True
            self.asked.spoke()  # a hidden thought is a sign of life, too
            self.deadline.at = min(self._clock() + self._limits.silence_seconds, self._end)

    def over(self) -> ModelError:
        """Return the error that tells for what there was no patience any more."""
        server, limits = self._address.server, self._limits
        if self.deadline.at >= self._end:
            text = f"{server} did not finish the answer within {limits.total_seconds:g} s. Ask for something shorter."
            return ModelError(text, code="too_long")
        if self._has_begun:
            text = f"{server} fell silent in the middle of the answer for {limits.silence_seconds:g} s. Ask again."
            return ModelError(text, code="silent")
        text = f"{server} did not begin to answer within {limits.first_token_seconds:g} s. Try again, or another model."
        return ModelError(text, code="too_long")
