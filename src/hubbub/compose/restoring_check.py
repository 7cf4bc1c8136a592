"""Ask what was restored: a chat is read, and a question over a stored document is answered from it."""

import re
from typing import TYPE_CHECKING

import msgspec

from hubbub.compose.application import open_asking, open_engine
from hubbub.compose.backends import has_documents_in_folder
from hubbub.compose.databases import chats_of, library_in
from hubbub.connections.sqlite import Connection, Row, Sqlite
from hubbub.core.errors import StoreError
from hubbub.core.events import Event, Searched, Text
from hubbub.core.questions import Question
from hubbub.settings import Scripted, Settings
from hubbub.settings.telemetry import Telemetry
from hubbub.settings.tree import Discovery, Embedded, Embeddings, Guide

if TYPE_CHECKING:
    from hubbub.connections.postgres import Postgres

WORDS = 16
HITS = 20
ANSWER = "It answers."
_PASSAGE = "select document_id, collection_id, name, text from passage order by length(text) > 80 desc, id limit 1"
_CHAT = "select chat_id from message order by created_at desc limit 1"


class Checked(msgspec.Struct, frozen=True):
    """What answered after a restoration."""

    chats: int
    messages: int
    """Of the chat that was read; 0: there is none."""
    document: str
    """The document that was asked about; "": there is none whose passages are kept here."""
    hits: int
    """The passages that were found for the question."""


async def check_restored(settings: Settings) -> Checked:
    """Open everything as a server does, with all tables brought up to date, and ask it.

    The search is the one of the settings, by words alone; a stand-in writes the answer, so that no model elsewhere is
    asked. The question and its answer are kept nowhere.

    Raises:
        StoreError: what was restored does not answer.
    """
    model = Scripted.model_validate({"provider": "scripted", "text": ANSWER})
    alone = settings.model_copy(
        update={
            "models": {"check": model},
            "embedded": Embedded(is_enabled=False),
            "embeddings": Embeddings(provider="none"),
            "discovery": Discovery(is_enabled=False),
            "guide": Guide(is_enabled=False),
            "telemetry": Telemetry(),
        }
    )
    has_passages = settings.search.backend != "azure"
    async with open_asking(alone, needs_model=False) as application:
        async with chats_of(alone) as database:
            chat = await _one(database, _CHAT)
            counted = await _one(database, "select count(*) from chat")
        messages = 0
        if chat is not None:
            found = await application.history.chat(chat[0])
            messages = len(await application.history.messages(chat[0]))
            if found is None or not messages:
                raise StoreError(f"The chat {chat[0]} was restored and can't be read. Use another backup.")
    passage = await _passage(alone) if has_passages else None
    chats = 0 if counted is None else int(counted[0])
    if passage is None:
        return Checked(chats, messages, "", 0)
    document_id, collection_id, name, text = passage
    events: list[Event] = []
    question = " ".join(re.findall(r"\w+", text)[:WORDS]) or name
    async with open_engine(alone, needs_model=False) as (engine, _):
        await engine.answer(
            Question(question, collection_ids=(collection_id,), hits=HITS, wait_seconds=0.0), events.append
        )
    hits = [hit for event in events if isinstance(event, Searched) for hit in event.hits]
    said = "".join(event.text for event in events if isinstance(event, Text))
    if not any(hit.document_id == document_id or hit.text == text for hit in hits) or not said:
        raise StoreError(
            f"A question about “{name}” was asked after the restoration, and its answer is not from there. "
            "Use another backup."
        )
    return Checked(chats, messages, name, len(hits))


async def _passage(settings: Settings) -> Row | None:
    if has_documents_in_folder(settings):
        async with library_in(settings.server.data_folder) as library:
            return await _one(library, _PASSAGE)
    async with chats_of(settings) as database:
        return await _one(database, _PASSAGE)


async def _one(database: "Sqlite | Postgres", query: str) -> Row | None:
    if isinstance(database, Sqlite):
        return await database.read(Connection.one, query)
    row = await database.one(query)
    return None if row is None else tuple(row)
