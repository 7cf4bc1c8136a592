"""Answer with a model on any server that speaks OpenAI's chat completions."""

import asyncio
import logging
from collections.abc import Awaitable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import TypeVar

from msgspec.structs import replace

from hubbub.connections.http import Http
from hubbub.connections.outside import BrokenOff, Unreachable
from hubbub.connections.replies import Deadline, StreamReply
from hubbub.core.errors import ModelError
from hubbub.core.events import Reasoning
from hubbub.core.messages import Turn
from hubbub.core.questions import Generation
from hubbub.core.tracing import CLIENT, current, step
from hubbub.core.usage import note_counted, note_uncounted
from hubbub.models import traced
from hubbub.models.address import Address
from hubbub.models.authorised import authorised
from hubbub.models.base import Completion, Limits, ModelCard, Piece, SendPiece
from hubbub.models.elision import FACTOR, Elision
from hubbub.models.faults import PAYMENT_REQUIRED, failure, is_out_of_credit, read_fault, shortened
from hubbub.models.pace import BUSY, SHORT_SECONDS, Asked, Pace
from hubbub.models.requests import JsonObject, Requests, encoded, refuses_fields
from hubbub.models.retry_after import retry_after_seconds
from hubbub.models.sse import EventTooLarge, SseDecoder
from hubbub.models.wire import Transcript

T = TypeVar("T")

_HEADERS = {"Content-Type": "application/json", "Accept": "text/event-stream"}

REFUSAL_BYTES = 64 * 1024
REFUSAL_SECONDS = 2.0
BUSY_SECONDS = 0.03
"""How long the words of a refusal may take behind its status; those of a busy server are not worth waiting for."""
MOST_NOTED = 50
"""So many kinds of what can't be read are logged of one deployment."""
FILTERED = "content_filter"
BROKEN_OFF = ("too_long", "too_large", "silent", "broke_off", "unknown_ending")
"""What an answer fails with that its server had begun to make."""
_SPACE = b" \t\r\n\xef\xbb\xbf"

logger = logging.getLogger(__name__)


class OpenAiModel:
    """A model at an address. It holds no connection of its own: the HTTP client does."""

    def __init__(
        self, address: Address, card: ModelCard, http: Http, limits: Limits | None = None, pace: Pace | None = None
    ) -> None:
        self.pace = pace or Pace()
        self._address = address
        self.card = card
        self._http = http
        self._limits = limits or Limits()
        self._requests = Requests(address)
        self._noted: set[str] = set()
        self._facts = traced.facts_of(address, card.name)
        self._step_name = f"chat {address.model}"

    async def complete(self, turns: Sequence[Turn], send: SendPiece, how: Generation | None = None) -> Completion:
        if self.card.reasoning_effort and (how is None or how.reasoning_effort is None):
            how = replace(how or Generation(), reasoning_effort=self.card.reasoning_effort)
        asked = self.pace.began()
        patience = _Patience(self._limits, self._address, asked)
        body = self._requests.body(turns, how)
        try:
            while True:
                with step(self._step_name, CLIENT) as attempt:
                    traced.asked(attempt, self._facts, turns, how)
                    waited = self.pace.seconds_since(asked.began) if attempt.is_recorded else 0.0
                    heard = traced.Heard(send) if attempt.takes_texts else None
                    try:
                        completion = await self._attempt(body, heard or send, patience)
                    except _FieldsRefused as refusal:  # each names a field that was sent: soon there is none left
                        body = refusal.body
                        attempt.fail("fields_refused")
                        continue
                    finally:
                        if heard is not None:
                            heard.note(attempt)
                    traced.answered(attempt, completion, asked.first_seconds, waited)
                self._note_spent(turns, completion, has_spoken=asked.has_spoken)
                return completion
        except BaseException as error:
            # What was refused costs nothing. What was broken off, here or there, may have been read, and is paid for.
            if asked.has_spoken or not isinstance(error, ModelError) or error.code in BROKEN_OFF:
                note_uncounted(self.card.name, turns, has_output=asked.has_spoken)
            raise
        finally:
            asked.ended()

    def _note_spent(self, turns: Sequence[Turn], completion: Completion, *, has_spoken: bool) -> None:
        counted = completion.prompt_tokens, completion.cached_tokens, completion.completion_tokens
        if any(counted):
            note_counted(self.card.name, *counted, completion.reasoning_tokens)
        elif has_spoken or completion.finish_reason != FILTERED:  # a prompt that is filtered is not paid for
            note_uncounted(self.card.name, turns, has_output=has_spoken)

    async def _attempt(self, body: JsonObject, send: SendPiece, patience: "_Patience") -> Completion:
        address = self._address
        post = partial(
            self._http.streams.request,
            "POST",
            address.url("chat/completions"),
            body=encoded(body),
            connect_seconds=self._limits.connect_seconds,
        )
        request = authorised(address.authorization, post, current().headers(_HEADERS))
        try:
            async with AsyncExitStack() as stack:
                reply = await patience.within(stack.enter_async_context(request))
                patience.asked.headers(reply.headers)
                if not 200 <= reply.status < 300:
                    return await self._refused(reply, body, patience)
                if reply.headers.get("content-type", "").startswith("text/html"):
                    raise self._nonsense()
                return await self._answered(reply, send, patience)
        except Unreachable as error:
            raise ModelError(
                "The model's server can't be reached. Try again in a moment.",
                code="unreachable",
                detail=f"{address.server} can't be reached: {error}. Check that it runs, and the base URL.",
            ) from error
        except BrokenOff as error:
            raise self._broke_off(str(error)) from error

    async def _answered(self, reply: StreamReply, send: SendPiece, patience: "_Patience") -> Completion:
        """Take a stream, or a whole answer: what has come says which it is, whatever the header says."""
        first = b""
        while chunk := await patience.within(reply.chunk()):
            first += chunk
            if first.lstrip(_SPACE) or len(first) > self._limits.answer_bytes:
                break
            patience.shows_life()
        if first.lstrip(_SPACE)[:1] in (b"{", b"["):
            return await self._whole(first, reply, send, patience)
        return await self._streamed(first, reply, send, patience)

    async def _streamed(self, first: bytes, reply: StreamReply, send: SendPiece, patience: "_Patience") -> Completion:
        transcript = Transcript(self._note)
        reading = _Reading(transcript, self._limits, send, patience)
        broken: Exception | None = None
        try:
            reading.take(first)
            while reading.wants_more and not reading.has_text:  # the first piece comes as soon as it can
                reading.take(await patience.within(reply.chunk()))
            if reading.wants_more:
                await reply.pour(reading.take, patience.deadline)
        except EventTooLarge as error:
            broken = ModelError(
                "The model's server sent too much in a single piece. Ask again.",
                code="too_large",
                detail=f"{self._address.server}: a single piece is over {self._limits.event_bytes:,} bytes.",
            )
            broken.__cause__ = error
        except _AnswerTooLarge as error:
            raise self._too_large(is_of_deployment=False) from error
        except TimeoutError:
            broken = patience.over()
        except (BrokenOff, ModelError) as error:
            broken = error
        reading.finish()
        if broken is not None and not transcript.is_settled and transcript.fault is None:
            raise broken  # else all of the answer has come; only the closing words are missing
        if transcript.is_done and not reply.is_complete:
            await reply.drain()
        return self._ended(transcript, patience.asked, is_whole=False)

    async def _whole(self, first: bytes, reply: StreamReply, send: SendPiece, patience: "_Patience") -> Completion:
        """Take an answer in one piece, as servers give it that can't stream, or an error under status 200."""
        limit = self._limits.answer_bytes
        body, got_bytes, elision = [first], len(first), None
        while chunk := await patience.within(reply.chunk()):
            patience.shows_life()
            got_bytes += len(chunk)
            if elision is None:
                body.append(chunk)
                if got_bytes > limit:  # a picture may stand beside the text
                    elision = Elision()
                    elision.feed(b"".join(body))
                    body.clear()
            else:
                elision.feed(chunk)
            if elision is not None and (elision.kept_bytes > limit or got_bytes > FACTOR * limit):
                raise self._too_large(is_of_deployment=True)  # nothing was said yet, and another one may do better
        transcript = Transcript(self._note)
        pieces = transcript.take([b"".join(body) if elision is None else elision.finish()])
        for piece in (*pieces, *transcript.finish()):
            patience.asked.spoke()
            send(piece)
        return self._ended(transcript, patience.asked, is_whole=True)

    def _ended(self, transcript: Transcript, asked: Asked, *, is_whole: bool) -> Completion:
        """Return how the answer ended. One that came whole needs no reason to have ended.

        Raises:
            ModelError: it failed, or nobody knows how it ended.
        """
        fault = transcript.fault
        if fault is not None:
            if fault.code == FILTERED:
                return Completion(FILTERED)
            code = fault.code if isinstance(fault.code, int) and 400 <= fault.code < 600 else None
            raise failure(self._address, fault, None if transcript.has_said else code)
        if transcript.is_nonsense:
            raise self._nonsense()
        if transcript.finish_reason is None and not (transcript.has_said if is_whole else transcript.is_done):
            raise self._nonsense() if is_whole else self._broke_off("the connection ended")
        completion = transcript.completion()
        if completion is None:
            reason = shortened(transcript.finish_reason or "", self._address)
            raise ModelError(
                "The model's server ended the answer in a way that is not known here, so that it may be incomplete. "
                "What it said is kept. Ask again.",
                code="unknown_ending",
                detail=f"{self._address.server} ended the answer with “{reason}”.",
            )
        if tokens := completion.prompt_tokens + completion.completion_tokens:
            asked.used(tokens)
        return completion

    async def _refused(self, reply: StreamReply, sent: JsonObject, patience: "_Patience") -> Completion:
        try:
            async with asyncio.timeout(BUSY_SECONDS if reply.status in BUSY else REFUSAL_SECONDS):
                body = await reply.body(REFUSAL_BYTES)
            is_told = True
        except (BrokenOff, TimeoutError):
            body, is_told = b"", False
        fault = read_fault(body)
        if fault.code == FILTERED:  # Azure says so of the prompt in a 400, of the answer in a finish reason
            return Completion(FILTERED)
        if refuses_fields(reply.status) and (left := self._requests.without(sent, fault)) is not None:
            raise _FieldsRefused(left)
        if is_out_of_credit(fault, reply.status):  # says nothing of how much the server can do
            patience.asked.refused(PAYMENT_REQUIRED, 0)
            raise failure(self._address, fault, reply.status)
        told = retry_after_seconds(reply.headers, default_seconds=0)
        patience.asked.refused(reply.status, told)
        wait = (told or SHORT_SECONDS) if reply.status in BUSY else None
        raise failure(self._address, fault, reply.status, retry_after_seconds=wait, is_told=is_told)

    def _note(self, what: str) -> None:
        """Log what can't be read, once for each kind of it."""
        if what not in self._noted and len(self._noted) < MOST_NOTED:
            self._noted.add(what)
            logger.warning("%s sent %r, which can't be read. The rest of its answers is.", self._address.server, what)

    def _nonsense(self) -> ModelError:
        return ModelError(
            "The model's server answered with something else than an answer. Try another model.",
            code="bad_answer",
            detail=f"{self._address.server} answered with something that is not a chat completion. Check the base URL.",
        )

    def _broke_off(self, why: str) -> ModelError:
        return ModelError(
            "The model's server broke off before the answer was complete. Ask again.",
            code="broke_off",
            detail=f"{self._address.server} broke off before the answer was complete: {why}.",
        )

    def _too_large(self, *, is_of_deployment: bool) -> ModelError:
        return ModelError(
            f"The answer is over {self._limits.answer_bytes:,} bytes, the limit. Ask for something shorter.",
            code="too_large",
            detail=f"{self._address.server} sent too much: the answer is over the limit.",
            retryable=False,
            is_of_deployment=is_of_deployment,
        )


class _FieldsRefused(Exception):
    """The server doesn't take a field; `body` is the request without it."""

    def __init__(self, body: JsonObject) -> None:
        super().__init__()
        self.body = body


class _AnswerTooLarge(ValueError):
    """The answer is over the limit."""


class _Reading:
    """Takes a stream's bytes and sends the text in them."""

    def __init__(self, transcript: Transcript, limits: Limits, send: SendPiece, patience: "_Patience") -> None:
        self.has_text = False
        self.wants_more = True
        self._transcript = transcript
        self._decoder = SseDecoder(limits.event_bytes)
        self._room_bytes = limits.answer_bytes
        self._send = send
        self._patience = patience
        self._comments = 0

    def take(self, chunk: bytes) -> bool:
        """Take what has arrived, empty at the end, and say whether the answer goes on.

        Raises:
            EventTooLarge, _AnswerTooLarge: it is over a limit.
        """
        decoder, transcript = self._decoder, self._transcript
        try:
            events = decoder.feed(chunk) if chunk else decoder.finish()
        except EventTooLarge as error:
            self._tell(transcript.take(error.events))  # what came before it stands, however the bytes were cut
            raise
        self._tell(transcript.take(events))
        if transcript.is_alive:
            self._patience.heard()
        elif events or (decoder.comments > self._comments and not transcript.is_settled):
            self._patience.shows_life()
        self._comments = decoder.comments
        self.wants_more = bool(chunk) and not transcript.has_ended
        return self.wants_more

    def finish(self) -> None:
        """Send what was held, now that nothing more comes."""
        for piece in self._transcript.finish():
            self._send(piece)

    def _tell(self, pieces: Sequence[Piece]) -> None:
        for piece in pieces:
            self._room_bytes -= _size(piece)
            if self._room_bytes < self._transcript.rare_bytes:
                raise _AnswerTooLarge
            self._send(piece)
            self.has_text = True
        if self._room_bytes < self._transcript.rare_bytes:
            raise _AnswerTooLarge


def _size(piece: Piece) -> int:
    """Return how many bytes a text or a thought takes, about; the transcript counts the rest."""
    if type(piece) is str:  # as a rule; a match takes three times as long
        text = piece
    elif type(piece) is Reasoning:
        text = piece.text
    else:
        return 0
    return len(text) if text.isascii() else len(text.encode())


class _Patience:
    """Bounds each wait for the server. What belongs to the answer renews it; signs of life extend it for a while."""

    def __init__(self, limits: Limits, address: Address, asked: Asked) -> None:
        self.asked = asked
        self._limits = limits
        self._address = address
        self._clock = asyncio.get_running_loop().time
        began = self._clock()
        self._end = began + limits.total_seconds
        self.deadline = Deadline(min(began + limits.first_token_seconds, self._end))
        self._has_begun = False
        self._quiet_seconds = max(limits.silence_seconds, limits.thinking_seconds)
        self._quiet_until = began + max(limits.first_token_seconds, limits.thinking_seconds)
        """How long it may say nothing, be it that it shows that it is alive."""

    async def within(self, waiting: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout_at(self.deadline.at):
                return await waiting
        except TimeoutError as error:
            raise self.over() from error

    def heard(self) -> None:
        """Take note that something of the answer has come; a hidden thought counts, too."""
        if not self._has_begun:
            self._has_begun = True
            self.asked.spoke()
        now = self._clock()
        self._quiet_until = now + self._quiet_seconds
        self.deadline.at = min(now + self._limits.silence_seconds, self._end)

    def shows_life(self) -> None:
        """Take note that the server is alive, though it says nothing."""
        limits = self._limits
        wait = limits.silence_seconds if self._has_begun else limits.first_token_seconds
        self.deadline.at = min(max(self._clock() + wait, self.deadline.at), self._quiet_until, self._end)

    def over(self) -> ModelError:
        """Return the error that tells for what there was no patience any more."""
        server, limits = "The model's server", self._limits
        detail = f"{self._address.server} was waited for in vain."
        if self.deadline.at >= self._end:
            text = f"{server} did not finish the answer within {limits.total_seconds:g} s. Ask for something shorter."
            return ModelError(text, code="too_long", detail=detail)
        is_at_most = self.deadline.at >= self._quiet_until
        if self._has_begun:
            seconds = self._quiet_seconds if is_at_most else limits.silence_seconds
            text = f"{server} fell silent in the middle of the answer for {seconds:g} s. Ask again."
            return ModelError(text, code="silent", detail=detail)
        seconds = max(limits.first_token_seconds, limits.thinking_seconds) if is_at_most else limits.first_token_seconds
        text = f"{server} did not begin to answer within {seconds:g} s. Try again, or another model."
        return ModelError(text, code="too_long", detail=detail)
