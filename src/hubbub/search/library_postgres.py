"""The library in PostgreSQL, beside the search's passages."""

import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

import msgspec

from hubbub.connections.postgres import Connection, Postgres, Row, Value, plain
from hubbub.connections.sql import load_sql
from hubbub.core.documents import Collection, Completeness, Document, DocumentState, Fault, Progress, Queued
from hubbub.core.errors import Conflict, NotFound
from hubbub.core.identifiers import new_id
from hubbub.core.people import Reader, Right
from hubbub.search.base import Condition, DocumentPage, Listing
from hubbub.search.document_readers import Sight
from hubbub.search.document_readers_postgres import SQL as READERS_SQL
from hubbub.search.document_readers_postgres import PostgresReaders, put_readers, sight_of, subjects_of
from hubbub.search.giving_postgres import SQL as GIVING
from hubbub.search.giving_postgres import charged_bytes, count_kept, give_collections, give_kept
from hubbub.search.library_rows import collection_of, conditions_of, document_of, most_of, page_of, usable_name
from hubbub.search.permissions_postgres import SQL, PostgresGroups, PostgresPermissions

_SCHEMA = load_sql("hubbub.search", "postgres/schema.sql")
SEARCH_STEPS = (_SCHEMA["passages"], _SCHEMA["statistics"])
STEPS = (SQL["create_tables"], READERS_SQL["create_tables"], SQL["note_renamed_groups"])


class PostgresLibrary:
    """A library in a database that holds the search's passages too. Enter it before use."""

    def __init__(self, database: Postgres) -> None:
        self._database = database
        self.permissions = PostgresPermissions(database)
        self.readers = PostgresReaders(database)
        self.groups = PostgresGroups(database)

    async def __aenter__(self) -> Self:
        await self._database.migrate("search", SEARCH_STEPS)  # its counts stand in the library's queries
        await self._database.migrate("library", STEPS)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is open but the database, which is its owner's to close."""

    async def given(self, subject: str) -> list[tuple[str, Right]]:
        return [(row[0], Right(row[1])) for row in await self._database.all(GIVING["given"], subject)]

    async def paid(self, payer: str) -> list[str]:
        return [row[0] for row in await self._database.all(GIVING["paid"], payer)]

    async def forget_payer(self, payer: str) -> int:
        return await self._database.write(Connection.run, GIVING["forget_payer"], payer)

    async def count_kept(self, owner_id: str) -> dict[str, int]:
        return await self._database.read(count_kept, owner_id)

    async def charged_bytes(self, owner_id: str) -> int:
        return await self._database.read(charged_bytes, owner_id)

    async def give(self, giver_id: str, taker_id: str) -> None:
        await self._database.write(give_kept, giver_id, taker_id)

    async def give_collections(self, giver_id: str, taker_id: str) -> None:
        await self._database.write(give_collections, giver_id, taker_id)

    async def collections(self, *, reader: Reader | None = None) -> list[Collection]:
        if reader is None or reader.reads_all:
            return [collection_of(row) for row in await self._all("collections", None, most_of(reader))]
        return [collection_of(row) for row in await self._all("seen_collections", list(reader.subjects))]

    async def named_collections(
        self, *, reader: Reader | None = None, ids: Sequence[str] | None = None
    ) -> list[Collection]:
        wanted = None if ids is None else list(ids)
        if reader is None or reader.reads_all:
            rows = await self._all("named_collections", wanted, most_of(reader))
        elif wanted is None:
            rows = await self._all("named_seen_collections", list(reader.subjects))
        else:
            rows = await self._all("named_wanted_collections", list(reader.subjects), wanted)
        return [collection_of(row) for row in rows]

    async def readable(self, reader: Reader, ids: Sequence[str]) -> tuple[list[Collection], Sight]:
        async def look(connection: Connection) -> tuple[list[Row], Sight]:
            sight = await sight_of(connection, reader, ids)
            if reader.reads_all:
                return await connection.all(SQL["named_collections"], list(ids), most_of(reader)), sight
            asked = (list(reader.subjects), list(ids))
            return await connection.all(SQL["named_wanted_collections"], *asked), sight

        rows, sight = await self._database.read(look)
        return [collection_of(row) for row in rows], sight

    async def collection(self, collection_id: str) -> Collection | None:
        rows = await self._all("collections", collection_id, most_of(None))
        return collection_of(rows[0]) if rows else None

    async def create(self, name: str, *, owner_id: str, is_shared: bool, description: str = "") -> Collection:
        collection = Collection(
            id=new_id(),
            name=plain(usable_name(name)),
            owner_id=owner_id,
            is_shared=is_shared,
            description=plain(description),
            created_at=time.time(),
        )

        async def create(connection: Connection) -> Collection:
            values = (collection.id, collection.name, owner_id, collection.description, collection.created_at)
            if await connection.run(SQL["insert_collection"], *values) == 0:
                raise _taken(collection.name)
            if is_shared:
                await connection.run(SQL["let_everybody_use"], collection.id)
            return collection

        return await self._database.write(create)

    async def change(
        self, collection_id: str, *, name: str | None = None, is_shared: bool | None = None
    ) -> Collection | None:
        name = plain(usable_name(name)) if name is not None else None

        async def change(connection: Connection) -> None:
            if await connection.one(SQL["has_collection"], collection_id) is None:
                return
            if name is not None and await connection.run(SQL["change_collection"], collection_id, name) == 0:
                raise _taken(name)
            if is_shared is not None:
                everybody = "let_everybody_use" if is_shared else "let_everybody_nothing"
                await connection.run(SQL[everybody], collection_id)

        await self._database.write(change)
        return await self.collection(collection_id)

    async def delete(self, collection_id: str) -> None:
        await self._run("delete_collection", collection_id)

    async def documents(self, collection_id: str, *, reader: Reader | None = None) -> list[Document]:
        return [document_of(row) for row in await self._all("documents", subjects_of(reader), collection_id)]

    async def listed(self, collection_id: str, listing: Listing, *, reader: Reader | None = None) -> DocumentPage:
        after, after_id = listing.after or (None, None)
        ids = None if listing.ids is None else list(listing.ids)
        which = (subjects_of(reader), collection_id, plain(listing.words.strip()), listing.condition, ids)
        rows = await self._all(listing.query, *which, after, after_id, listing.limit + 1)
        return page_of(rows, listing.limit)

    async def conditions(self, collection_id: str, *, reader: Reader | None = None) -> Mapping[Condition, int]:
        return conditions_of(await self._all("conditions", subjects_of(reader), collection_id))

    async def document(self, document_id: str, *, reader: Reader | None = None) -> Document | None:
        rows = await self._all("document", subjects_of(reader), document_id)
        return document_of(rows[0]) if rows else None

    async def named(self, collection_id: str, name: str, *, reader: Reader | None = None) -> Document | None:
        rows = await self._all("document_named", subjects_of(reader), collection_id, plain(name))
        return document_of(rows[0]) if rows else None

    async def add(self, document: Document, *, payer: str = "", readers: Sequence[str] | None = None) -> Document:
        async def add(connection: Connection) -> Document:
            if await connection.one(SQL["has_collection"], document.collection_id) is None:
                raise NotFound("There is no such collection any more. Choose another one.")
            stored = await connection.one(
                SQL["put_document"],
                document.id,
                document.collection_id,
                plain(document.name),
                document.sha256,
                document.size_bytes,
                document.media_type,
                plain(document.title),
                document.added_at,
                payer,
            )
            assert stored is not None  # noqa: S101 (it returns what it put)
            if readers is not None:
                await put_readers(connection, stored[0], readers)
            return document_of((await connection.all(SQL["document"], None, stored[0]))[0])

        return await self._database.write(add)

    async def mark(
        self,
        document: Document,
        state: DocumentState,
        *,
        reason: str = "",
        fault: Fault = "",
        title: str | None = None,
        pages: int | None = None,
        completeness: Completeness | None = None,
    ) -> bool:
        how_whole = None if completeness is None else plain(msgspec.json.encode(completeness).decode())
        titled = None if title is None else plain(title)
        values = (state, plain(reason), fault, time.time(), titled, pages, how_whole)
        return await self._run("mark", document.id, document.sha256, *values) > 0

    async def rename(self, document_id: str, name: str) -> bool:
        """Give a document another name; see `Renames`."""
        return await self._run("rename", document_id, plain(name)) > 0

    async def advance(self, document: Document, read: float) -> None:
        await self._run("advance", document.id, document.sha256, read)

    async def forget(self, document_id: str) -> None:
        await self._run("forget", document_id)

    async def unfinished(self) -> list[Document]:
        return [document_of(row) for row in await self._all("unfinished")]

    async def queue(self, most_of_each: int = 8) -> list[Queued]:
        return await self._queue(most_of_each, None)

    async def free_queue(self, worker: str, most_of_each: int = 8) -> list[Queued]:
        return await self._queue(most_of_each, worker)

    async def _queue(self, most_of_each: int, worker: str | None) -> list[Queued]:
        rows = await self._all("queue", most_of_each, worker)
        return [Queued(document_of(row[:-2]), owner_id=row[-2], payer=row[-1]) for row in rows]

    async def take(self, document: Document, worker: str, seconds: float) -> bool:
        return await self._run("take", document.id, document.sha256, worker, seconds) > 0

    async def keep(self, worker: str, document_ids: Sequence[str], seconds: float) -> None:
        await self._run("keep", worker, seconds, list(document_ids))

    async def let_go(self, document_id: str, worker: str) -> None:
        await self._run("let_go", document_id, worker)

    async def retry(self, faults: Sequence[Fault]) -> int:
        return await self._run("retry", list(faults))

    async def kept_bytes(self, payer: str) -> int:
        return int((await self._all("kept_bytes", payer))[0][0])

    async def refers_to(self, sha256: str) -> bool:
        return bool(await self._all("refers_to", sha256))

    async def drop_failed(self, before: float) -> int:
        return await self._run("drop_failed", before)

    async def unread(
        self, collection_ids: Sequence[str], *, limit: int, reader: Reader | None = None
    ) -> list[Document]:
        rows = await self._all("unread", subjects_of(reader), list(collection_ids), limit)
        return [document_of(row) for row in rows]

    async def progress(self, collection_id: str | None = None) -> Progress:
        async def count(connection: Connection) -> Progress:
            states = {row[0]: row[1] for row in await connection.all(SQL["states"], collection_id)}
            passages, embedded = (await connection.all(SQL["passages"], collection_id))[0]
            return Progress(**states, passages=passages, embedded=embedded)

        return await self._database.read(count)

    async def contents(self) -> set[str]:
        return {row[0] for row in await self._all("contents")}

    async def _all(self, query: str, *values: Value) -> list[Row]:
        return await self._database.all(SQL[query], *values)

    async def _run(self, query: str, *values: Value) -> int:
        return await self._database.run(SQL[query], *values)


def _taken(name: str) -> Conflict:
    return Conflict(f"There is a collection named “{name}” already. Choose another name.")
