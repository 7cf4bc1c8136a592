"""Bring along the chats that a person has in exports of this page or of others."""

import logging
import time
from collections.abc import AsyncIterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from hubbub.answers.base import Beside, Record, TakesIn, Whole
from hubbub.answers.log import Log
from hubbub.app.limits import RequestLimits
from hubbub.app.prompts import INSTRUCTIONS_CHARACTERS
from hubbub.app.spooled import spooled
from hubbub.app.titles import title_of
from hubbub.connections.sandbox import Failed, Returned, Sandbox, SandboxLimits
from hubbub.connections.sqlite import in_one
from hubbub.core.answer import Answer, fold
from hubbub.core.errors import Conflict, HubbubError, Invalid, TooBusy
from hubbub.core.events import Done, Event, Reasoning, Started, Text, encode
from hubbub.core.identifiers import derived_id
from hubbub.core.messages import AskedWith, Chat, Message
from hubbub.core.people import Person
from hubbub.core.reasons import Reason, Value, because
from hubbub.history.base import History, SearchableHistory
from hubbub.identity.deeds import Deeds
from hubbub.ingest.chats.base import At, Portion, ReadChat, ReadMessage
from hubbub.ingest.chats.reader import READER
from hubbub.ingest.reading import MISTAKE, ReaderFault, reason

logger = logging.getLogger(__name__)

MOST_CHATS = 5_000
RETRY_SECONDS = 5.0
LIMITS = SandboxLimits(memory_bytes=1024**3, cpu_seconds=60, wall_seconds=120.0)
"""Of one portion."""


class ImportedChat(msgspec.Struct):
    """A chat that is here now."""

    id: str
    title: str
    messages: int


class ImportRemark(msgspec.Struct):
    """What is to be said of a chat, by its title; of the file where there is none. `reason` is stable."""

    title: str
    text: str
    reason: str
    values: dict[str, Value]


class Imported(msgspec.Struct):
    """What came of a file."""

    chats: list[ImportedChat] = []
    """Those that were imported."""
    already_there: int = 0
    """How many were there before. They stay as they are."""
    left_out: list[ImportRemark] = []
    """The chats that were not imported, and why."""
    remarks: list[ImportRemark] = []
    """What of the imported ones is not here, or was put right."""

    @property
    def count(self) -> int:
        """How many chats of the file were looked at."""
        return len(self.chats) + self.already_there + len(self.left_out)


class Importing:
    """Imports chats."""

    def __init__(self, history: History, log: Log, reader: Sandbox, limits: RequestLimits, deeds: Deeds) -> None:
        """Take where chats are kept, and where files are read."""
        self._history = history
        self._log = log
        self._reader = reader
        self._limits = limits
        self._deeds = deeds
        self._running: set[str] = set()

    async def take(self, person: Person, pieces: AsyncIterable[bytes]) -> Imported:
        """Import the chats of a file; each is there as a whole or not at all, and once however often it is sent.

        Raises:
            TooBusy: one of this person's is being imported.
            TooLarge: the file is over the limit, or unpacks to too much.
            Invalid: no chats are in it, or it can't be read.
        """
        store = self._log.store
        if not isinstance(store, TakesIn):
            raise Invalid(because("imports_not_kept"))
        if person.id in self._running:
            raise TooBusy(because("import_running"), retry_after_seconds=RETRY_SECONDS)
        self._running.add(person.id)
        try:
            async with (
                spooled(pieces, most_bytes=self._limits.document_bytes) as path,
                self._deeds.doing("chats imported", by=person),
            ):
                return await self._import(person, path, store)
        finally:
            self._running.discard(person.id)

    async def _import(self, person: Person, path: Path, store: TakesIn) -> Imported:
        done = Imported()
        at: At | None = At()
        while at is not None:
            try:
                portion = await self._portion(path, at)
            except HubbubError as error:
                if not done.count:
                    raise
                done.left_out.append(_remark("", error.why or error.message))
                break
            for chat in portion.chats:
                await self._take(person, chat, store, done)
            done.left_out += [_remark(one.title, one.why) for one in portion.unread]
            at = portion.next
            if at is not None and done.count >= MOST_CHATS:
                done.left_out.append(_remark("", because("import_many", most=MOST_CHATS)))
                break
        if done.left_out and all(one.reason == "import_unknown_chat" for one in done.left_out) and not _has(done):
            raise Invalid(because("import_unknown"), code="unsupported")
        return done

    async def _portion(self, path: Path, at: At) -> Portion:
        arguments: dict[str, Any] = {
            "part": at.part,
            "offset": at.offset,
            "most_messages": self._limits.chat_messages,
        }
        outcome = await self._reader.call(READER, arguments, Portion, files={"file": path}, limits=LIMITS)
        if isinstance(outcome, Returned):
            return outcome.value
        error = reason(outcome)
        if isinstance(error, ReaderFault):
            detail = outcome.detail if isinstance(outcome, Failed) else ""
            logger.error("chats can't be imported for a mistake of ours: %s", detail or error.detail)
            raise Invalid(MISTAKE) from error
        raise error

    async def _take(self, person: Person, read: ReadChat, store: TakesIn, done: Imported) -> None:
        chat = _chat(person, read)
        own = await self._history.chat(read.key) if read.origin == "Hubbub" else None
        is_own = own is not None and own.owner_id == person.id
        if is_own or await self._history.chat(chat.id) is not None:
            done.already_there += 1
            return
        messages = [_message(chat, read, number) for number in range(len(read.messages))]
        answers = [
            _answer(message, one) for message, one in zip(messages, read.messages, strict=True) if one.role != "user"
        ]
        try:
            await store.take_in(person.id, answers, self._kept(chat, messages, [one.answer for one in answers]))
        except Conflict:
            is_there = await self._history.chat(chat.id) is not None  # another request was faster
            done.already_there += is_there
            if not is_there:
                done.left_out.append(_remark(chat.title, because("import_taken")))
            return
        done.chats.append(ImportedChat(chat.id, chat.title, len(messages)))
        done.remarks += [_remark(chat.title, remark) for remark in read.remarks]

    def _kept(self, chat: Chat, messages: Sequence[Message], answers: Sequence[Answer]) -> Beside:
        """Return what stores a chat, so that its words are found. What it cost elsewhere counts for nobody here."""
        adding = self._history.adding(messages, chat=chat)
        if not isinstance(self._history, SearchableHistory):
            return adding

        async def undo() -> None:
            await self._history.delete(chat.id)

        return in_one(adding, self._history.indexing(answers), undo=undo)


def _has(done: Imported) -> bool:
    return bool(done.chats or done.already_there)


def _remark(title: str, why: Reason | str) -> ImportRemark:
    if isinstance(why, str):
        return ImportRemark(title, why, "", {})
    return ImportRemark(title, why.text, why.code, why.values)


def _chat(person: Person, read: ReadChat) -> Chat:
    """Return a chat under an id that follows from whose it is and what it was: a second time it is the same."""
    now = time.time()
    first = next((one.text for one in read.messages if one.role == "user"), "")
    return Chat(
        derived_id(person.id, read.origin, read.key),
        person.id,
        read.title or title_of(first[:1000]) or read.origin,
        min(read.created_at, now),
        min(read.updated_at, now),
        is_pinned=read.is_pinned,
        is_archived=read.is_archived,
        folder=read.folder,
        instructions=read.instructions.strip()[:INSTRUCTIONS_CHARACTERS],
    )


def _message(chat: Chat, read: ReadChat, number: int) -> Message:
    one = read.messages[number]
    parent = None if one.parent is None else _id_of(chat, read.messages[one.parent])
    is_answer = one.role == "assistant"
    return Message(
        _id_of(chat, one),
        chat.id,
        parent,
        one.role,
        "" if is_answer else one.text,
        one.created_at,
        asked_with=AskedWith(imported_from=read.origin) if is_answer else AskedWith(),
    )


def _id_of(chat: Chat, message: ReadMessage) -> str:
    return derived_id(chat.id, message.key)


def _answer(message: Message, read: ReadMessage) -> Whole:
    """Return the answer that a message stands for, as if it had just been made. Nobody's usage is counted."""
    events: Sequence[Event] = (
        Started(read.model, "chat"),
        *((Reasoning(read.reasoning),) if read.reasoning else ()),
        *((Text(read.text),) if read.text else ()),
        Done(),
    )
    records = [Record(message.id, number, encode(event)) for number, event in enumerate(events, 1)]
    return Whole(fold(message.id, events), records)
