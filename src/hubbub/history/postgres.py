"""Keep chats in PostgreSQL."""

import json
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from msgspec.structs import astuple

from hubbub.connections.postgres import Connection, Postgres, PostgresWrite, Row, plain
from hubbub.connections.sql import load_sql, read_sql
from hubbub.core.answer import Answer
from hubbub.core.errors import Conflict, NotFound
from hubbub.core.messages import Chat, Message
from hubbub.history.asked_with import FIRST, decoded, encoded, pictures_of
from hubbub.history.base import ChatChanges, Kept, Place
from hubbub.history.postgres_words import query_of, vector_of
from hubbub.history.records_postgres import PostgresRecords
from hubbub.history.words import begins_with

STEPS = tuple(
    read_sql("hubbub.history", f"postgres/{name}.sql")
    for name in ("schema", "marks", "annotation", "by_age", "assistants")
)
_SQL = load_sql("hubbub.history", "postgres/history.sql")
_LAST = 2**62


class PostgresHistory:
    """A `History` in PostgreSQL. NULs in texts, which PostgreSQL can't keep, are replaced."""

    def __init__(self, database: Postgres) -> None:
        self._database = database

    async def __aenter__(self) -> Self:
        await self._database.migrate("history", STEPS)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    @property
    def records(self) -> PostgresRecords:
        """What is kept beside the chats."""
        return PostgresRecords(self._database)

    async def create(self, chat: Chat) -> None:
        await self._database.write(_create, chat)

    async def chats(
        self,
        owner_id: str,
        *,
        limit: int = 200,
        after: tuple[float, str] | None = None,
        kept: Kept = "any",
        folder: str | None = None,
    ) -> list[Chat]:
        rows = await self._database.all(_SQL["chats"], owner_id, *(after or FIRST), kept, folder, limit)
        return [Chat(*row) for row in rows]

    async def change(self, chat_id: str, changes: ChatChanges) -> None:
        values = [plain(one) if isinstance(one, str) else one for one in astuple(changes)]
        await self._database.run(_SQL["change_chat"], chat_id, *values)

    async def folders(self, owner_id: str) -> list[tuple[str, int]]:
        return [(name, count) for name, count in await self._database.all(_SQL["folders"], owner_id)]

    async def rename_folder(self, owner_id: str, name: str, new: str) -> None:
        await self._database.run(_SQL["rename_folder"], owner_id, plain(name), plain(new))

    async def chat_of_files(self, files_id: str) -> str | None:
        row = await self._database.one(_SQL["chat_of_files"], files_id)
        return row[0] if row else None

    async def temporary(self, before: float, *, held: Sequence[str] = ()) -> list[str]:
        return [row[0] for row in await self._database.all(_SQL["temporary"], before, list(held))]

    async def chat(self, chat_id: str) -> Chat | None:
        row = await self._database.one(_SQL["chat"], chat_id)
        return Chat(*row) if row else None

    async def rename(self, chat_id: str, title: str) -> None:
        async def change(connection: Connection) -> None:
            row = await connection.one(_SQL["rename"], plain(title), chat_id)
            if row is not None:
                await index_text(connection, chat_id, chat_id, row[0], title)

        await self._database.write(change)

    async def delete(self, chat_id: str) -> Sequence[str]:
        async def drop(connection: Connection) -> list[str]:
            answer_ids = [row[0] for row in await connection.all(_SQL["answers_of_chat"], chat_id)]
            await connection.run(_SQL["delete_chat"], chat_id)
            return answer_ids

        return await self._database.write(drop)

    async def unused_since(self, before: float, *, held: Sequence[str], limit: int) -> list[Chat]:
        return [Chat(*row) for row in await self._database.all(_SQL["unused_since"], before, list(held), limit)]

    async def all_chats(self, owner_id: str, *, after: str = "", limit: int) -> list[Chat]:
        return [Chat(*row) for row in await self._database.all(_SQL["all_chats"], owner_id, after, limit)]

    async def annotation(self, chat_id: str) -> bytes | None:
        row = await self._database.one(_SQL["annotation"], chat_id)
        return row[0] if row else None

    async def annotate(self, chat_id: str, content: bytes) -> None:
        async def keep(connection: Connection) -> None:
            await connection.run(_SQL["annotate"], chat_id, content)

        await self._database.write(keep)

    async def add(self, messages: Sequence[Message]) -> None:
        await self.adding(messages)()

    def adding(
        self, messages: Sequence[Message], *, chat: Chat | None = None, fingerprint: str | None = None
    ) -> PostgresWrite:
        touched = {message.chat_id: message.created_at for message in sorted(messages, key=_created_at)}

        async def insert(connection: Connection) -> None:
            if chat is not None:
                begins = any(begins_with(message.text, chat.title) for message in messages)
                await _create(connection, chat, is_indexed=not begins)
            owners = dict[str, str | None]()  # None: its words are found nowhere
            for chat_id, at in sorted(touched.items()):  # in one order everywhere: none waits for another
                row = await connection.one(_SQL["touch"], at, chat_id)
                if row is None:
                    raise NotFound("There is no such chat.")
                owners[chat_id] = row[0]
            added: set[tuple[str | None, str]] = set()
            for message in messages:
                parent = (message.parent_id, message.chat_id)
                is_there = message.parent_id is None or parent in added
                if not is_there and await connection.one(_SQL["is_in_chat"], *parent) is None:
                    raise NotFound("The message that this one follows is not in this chat.")
                kept = fingerprint if message.role == "user" else None
                if await connection.run(_SQL["add"], *_row_of(message), kept) == 0:
                    raise Conflict("There is a message with this id already.")
                added.add((message.id, message.chat_id))
                if pictures := pictures_of(message):
                    await connection.run(_SQL["take_pictures"], message.chat_id, pictures)
                if message.role == "user" and (owner_id := owners[message.chat_id]) is not None:
                    await index_text(connection, message.id, message.chat_id, owner_id, message.text)

        return self._database.writing(insert)

    async def fingerprint(self, question_id: str) -> str | None:
        row = await self._database.one(_SQL["fingerprint"], question_id)
        return row[0] if row else None

    async def message(self, message_id: str) -> Message | None:
        row = await self._database.one(_SQL["message"], message_id)
        return _message_of(row) if row else None

    async def messages(self, chat_id: str) -> list[Message]:
        return [_message_of(row) for row in await self._database.all(_SQL["messages"], chat_id)]

    async def find(self, owner_id: str, words: Sequence[str], *, limit: int, before: int | None = None) -> list[Place]:
        query = query_of(owner_id, words)
        if not query:
            return []
        last = _LAST if before is None else before
        return [
            Place(row, chat_id, None if key == chat_id else key)
            for row, key, chat_id in await self._database.all(_SQL["find"], query, owner_id, last, limit)
        ]

    def indexing(self, answers: Sequence[Answer]) -> PostgresWrite:
        texts = [(answer.id, answer.text) for answer in answers if answer.text]

        async def index(connection: Connection) -> None:
            for answer_id, text in texts:
                found = await connection.one(_SQL["owner_of_message"], answer_id)
                if found is not None:
                    await index_text(connection, answer_id, found[0], found[1], text)

        return self._database.writing(index)


async def _create(connection: Connection, chat: Chat, *, is_indexed: bool = True) -> None:
    """Store a chat. A title that begins the question is found there: it is not indexed a second time."""
    values = (chat.id, chat.owner_id, plain(chat.title), chat.created_at, chat.updated_at)
    values += (chat.is_pinned, chat.is_archived, plain(chat.folder))
    values += (chat.is_temporary, chat.files_id, plain(chat.instructions), plain(chat.assistant_id))
    if await connection.run(_SQL["create_chat"], *values) == 0:
        raise Conflict("There is a chat with this id already.")
    if is_indexed and not chat.is_temporary:
        await index_text(connection, chat.id, chat.id, chat.owner_id, chat.title)


async def index_text(connection: Connection, key: str, chat_id: str, owner_id: str, text: str) -> None:
    """Let a text be found: a message's, or the title of a chat, whose `key` is the chat's id. It replaces what it was.

    Part of the transaction that stores the text.
    """
    await connection.run(_SQL["index"], key, chat_id, owner_id, vector_of(owner_id, text))


def _created_at(message: Message) -> float:
    return message.created_at


def _row_of(message: Message) -> tuple[str | float | None, ...]:
    return (
        message.id,
        message.chat_id,
        message.parent_id,
        message.role,
        plain(message.text),
        message.created_at,
        message.model,
        json.dumps(message.collections),
        plain(encoded(message.asked_with)),
    )


def _message_of(row: Row) -> Message:
    *fields, collections, asked_with = row
    return Message(*fields, collections=tuple(json.loads(collections)), asked_with=decoded(asked_with))
