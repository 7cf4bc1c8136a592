"""Keep chats in SQLite."""

import json
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from msgspec.structs import astuple, replace

from hubbub.connections.sqlite import Connection, Row, Sqlite, Write, load_sql, read_sql
from hubbub.connections.sqlite_words import drop_deleted_words
from hubbub.core.answer import Answer
from hubbub.core.errors import Conflict, NotFound
from hubbub.core.messages import Chat, Message
from hubbub.history.asked_with import FIRST, decoded, encoded, pictures_of
from hubbub.history.base import ChatChanges, Kept, Place
from hubbub.history.records_sqlite import SqliteRecords
from hubbub.history.sqlite_search import ChatIndex, note, note_answers
from hubbub.history.words import begins_with

SCHEMA = tuple(
    read_sql("hubbub.history", f"{name}.sql")
    for name in ("schema", "fingerprint", "found", "noted", "marks", "annotation", "by_age", "assistants", "rowids")
)
_SQL = load_sql("hubbub.history", "history.sql")


class SqliteHistory:
    """A `History` in a database file."""

    def __init__(self, database: Sqlite) -> None:
        self._database = database
        self._index = ChatIndex(database)

    async def __aenter__(self) -> Self:
        await self._database.migrate("history", SCHEMA)
        self._index.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._index.stop()

    @property
    def records(self) -> SqliteRecords:
        """What is kept beside the chats."""
        return SqliteRecords(self._database)

    async def forget_words(self) -> None:
        await drop_deleted_words(self._database, _SQL["merge_words"])

    async def create(self, chat: Chat) -> None:
        await self._database.write(_create, chat)
        self._index.wake()

    async def chats(
        self,
        owner_id: str,
        *,
        limit: int = 200,
        after: tuple[float, str] | None = None,
        kept: Kept = "any",
        folder: str | None = None,
    ) -> list[Chat]:
        values = (owner_id, *(after or FIRST), kept, folder, limit)
        return [_chat_of(row) for row in await self._database.read(Connection.all, _SQL["chats"], values)]

    async def chat(self, chat_id: str) -> Chat | None:
        row = await self._database.read(Connection.one, _SQL["chat"], (chat_id,))
        return _chat_of(row) if row else None

    async def change(self, chat_id: str, changes: ChatChanges) -> None:
        await self._database.write(Connection.all, _SQL["change_chat"], (chat_id, *astuple(changes)))

    async def folders(self, owner_id: str) -> list[tuple[str, int]]:
        rows = await self._database.read(Connection.all, _SQL["folders"], (owner_id,))
        return [(name, count) for name, count in rows]

    async def rename_folder(self, owner_id: str, name: str, new: str) -> None:
        await self._database.write(Connection.all, _SQL["rename_folder"], (owner_id, name, new))

    async def chat_of_files(self, files_id: str) -> str | None:
        row = await self._database.read(Connection.one, _SQL["chat_of_files"], (files_id,))
        return row[0] if row else None

    async def temporary(self, before: float, *, held: Sequence[str] = ()) -> list[str]:
        values = (before, json.dumps(list(held)))
        return [row[0] for row in await self._database.read(Connection.all, _SQL["temporary"], values)]

    async def rename(self, chat_id: str, title: str) -> None:
        def change(connection: Connection) -> None:
            connection.all(_SQL["rename"], (title, chat_id))
            note(connection, chat_id)

        await self._database.write(change)
        self._index.wake()

    async def delete(self, chat_id: str) -> Sequence[str]:
        def drop(connection: Connection) -> list[str]:
            answer_ids = [row[0] for row in connection.all(_SQL["answers_of_chat"], (chat_id,))]
            connection.all("pragma defer_foreign_keys = on")  # messages refer to each other
            connection.all(_SQL["delete_words_of_chat"], (chat_id,))
            connection.all(_SQL["delete_searched_of_chat"], (chat_id,))
            connection.all(_SQL["delete_messages"], (chat_id,))
            connection.all(_SQL["delete_chat"], (chat_id,))
            return answer_ids

        return await self._database.write(drop)

    async def annotation(self, chat_id: str) -> bytes | None:
        row = await self._database.read(Connection.one, _SQL["annotation"], (chat_id,))
        return row[0] if row else None

    async def annotate(self, chat_id: str, content: bytes) -> None:
        await self._database.write(Connection.all, _SQL["annotate"], (chat_id, content))

    async def add(self, messages: Sequence[Message]) -> None:
        await self.adding(messages)()

    def adding(self, messages: Sequence[Message], *, chat: Chat | None = None, fingerprint: str | None = None) -> Write:
        touched = {message.chat_id: message.created_at for message in sorted(messages, key=_created_at)}
        new = None
        if chat is not None:
            new = replace(chat, updated_at=max(chat.updated_at, touched.pop(chat.id, 0.0)))
        noted = [message.id for message in messages if message.role == "user"]
        if chat is not None and chat.is_temporary:
            noted = []
        elif chat is not None and not any(begins_with(message.text, chat.title) for message in messages):
            noted.append(chat.id)

        def insert(connection: Connection) -> None:
            if new is not None:
                _insert(connection, new)
            for chat_id, at in touched.items():
                connection.all(_SQL["touch"], (at, chat_id))
                if connection.changes() == 0:
                    raise NotFound("There is no such chat.")
            added: set[tuple[str | None, str]] = set()
            for message in messages:
                parent = (message.parent_id, message.chat_id)
                is_there = message.parent_id is None or parent in added or connection.one(_SQL["is_in_chat"], parent)
                if not is_there:
                    raise NotFound("The message that this one follows is not in this chat.")
                connection.all(_SQL["add"], (*_row_of(message), fingerprint if message.role == "user" else None))
                if connection.changes() == 0:
                    raise Conflict("There is a message with this id already.")
                added.add((message.id, message.chat_id))
                if pictures := pictures_of(message):
                    connection.all(_SQL["take_pictures"], (message.chat_id, json.dumps(pictures)))
            note(connection, *noted)

        self._index.wake()
        return self._database.writing(insert)

    async def fingerprint(self, question_id: str) -> str | None:
        row = await self._database.read(Connection.one, _SQL["fingerprint"], (question_id,))
        return row[0] if row else None

    async def unused_since(self, before: float, *, held: Sequence[str], limit: int) -> list[Chat]:
        values = (before, json.dumps(list(held)), limit)
        return [_chat_of(row) for row in await self._database.read(Connection.all, _SQL["unused_since"], values)]

    async def all_chats(self, owner_id: str, *, after: str = "", limit: int) -> list[Chat]:
        rows = await self._database.read(Connection.all, _SQL["all_chats"], (owner_id, after, limit))
        return [_chat_of(row) for row in rows]

    async def message(self, message_id: str) -> Message | None:
        row = await self._database.read(Connection.one, _SQL["message"], (message_id,))
        return _message_of(row) if row else None

    async def messages(self, chat_id: str) -> list[Message]:
        return [_message_of(row) for row in await self._database.read(Connection.all, _SQL["messages"], (chat_id,))]

    async def find(self, owner_id: str, words: Sequence[str], *, limit: int, before: int | None = None) -> list[Place]:
        return await self._index.find(owner_id, words, limit, before)

    def indexing(self, answers: Sequence[Answer]) -> Write:
        self._index.wake()
        return self._database.writing(note_answers, [(answer.id, answer.text) for answer in answers])


def _create(connection: Connection, chat: Chat) -> None:
    _insert(connection, chat)
    note(connection, chat.id)


def _insert(connection: Connection, chat: Chat) -> None:
    values = (chat.id, chat.owner_id, chat.title, chat.created_at, chat.updated_at)
    values += (chat.is_pinned, chat.is_archived, chat.folder)
    values += (chat.is_temporary, chat.files_id, chat.instructions, chat.assistant_id)
    connection.all(_SQL["create_chat"], values)
    if connection.changes() == 0:
        raise Conflict("There is a chat with this id already.")


def _created_at(message: Message) -> float:
    return message.created_at


def _row_of(message: Message) -> tuple[str | float | None, ...]:
    return (
        message.id,
        message.chat_id,
        message.parent_id,
        message.role,
        message.text,
        message.created_at,
        message.model,
        json.dumps(message.collections),
        encoded(message.asked_with),
    )


def _message_of(row: Row) -> Message:
    *fields, collections, asked_with = row
    return Message(*fields, collections=tuple(json.loads(collections)), asked_with=decoded(asked_with))


def _chat_of(row: Row) -> Chat:
    fields = list(row)
    for place in (5, 6, 8):  # whether it is pinned, archived, temporary
        fields[place] = bool(row[place])
    return Chat(*fields)
