"""The library in SQLite, beside the search's passages."""

import json
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

import msgspec

from hubbub.connections.sqlite import Bindings, Connection, Row, Sqlite, load_sql
from hubbub.connections.sqlite_version import UntilCommitted
from hubbub.connections.sqlite_words import drop_deleted_words
from hubbub.core.documents import (
    Collection,
    Completeness,
    Document,
    DocumentState,
    Fault,
    Progress,
    Queued,
)
from hubbub.core.errors import Conflict, NotFound
from hubbub.core.identifiers import new_id
from hubbub.core.people import Reader, Right
from hubbub.search import personal_sqlite
from hubbub.search.base import Condition, DocumentPage, Listing
from hubbub.search.document_readers import Sight
from hubbub.search.document_readers_sqlite import SQL as READERS_SQL
from hubbub.search.document_readers_sqlite import SqliteReaders, put_readers, sight_of, subjects_of
from hubbub.search.giving_sqlite import charged_bytes, count_kept, give_collections, give_kept
from hubbub.search.library_rows import collection_of, conditions_of, document_of, most_of, page_of, usable_name
from hubbub.search.permissions_sqlite import SqliteGroups, SqlitePermissions

STEPS = ("create_tables", "add_turns", "add_completeness", "add_permissions", "add_progress", "unscope_claims")
"""Of `library.sql`; a step after them stands in a file of its own, and the last one there again."""


class SqliteLibrary:
    """A library in a database that holds the search's table `passage` too. Enter it before use."""

    def __init__(self, database: Sqlite) -> None:
        self._database = database
        self._sql: dict[str, str] = {}
        self._asked: UntilCommitted[list[Row]] = UntilCommitted(database.version)
        """What each question over the same documents reads."""
        self._readable: UntilCommitted[tuple[list[Row], Sight]] = UntilCommitted(database.version)
        self.permissions = SqlitePermissions(database)
        self.readers = SqliteReaders(database)
        self.groups = SqliteGroups(database)

    async def __aenter__(self) -> Self:
        self._sql = await self._database.read(lambda connection: load_sql("hubbub.search", "library.sql"))
        steps = [*(self._sql[name] for name in STEPS), READERS_SQL["create_tables"], self._sql["note_renamed_groups"]]
        await self._database.migrate("library", steps)
        await self._database.watch()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is open but the database, which is its owner's to close."""

    async def collections(self, *, reader: Reader | None = None) -> list[Collection]:
        if reader is None or reader.reads_all:
            return [collection_of(row) for row in await self._all("collections", {"id": None, "most": most_of(reader)})]
        seen = await self._all("seen_collections", {"subjects": json.dumps(reader.subjects)})
        return [collection_of(row) for row in seen]

    async def named_collections(
        self, *, reader: Reader | None = None, ids: Sequence[str] | None = None
    ) -> list[Collection]:
        wanted = None if ids is None else json.dumps(list(ids))
        if reader is None or reader.reads_all:
            rows = await self._all("named_collections", {"ids": wanted, "most": most_of(reader)})
        else:
            subjects = {"subjects": json.dumps(reader.subjects)}
            if wanted is None:
                rows = await self._all("named_seen_collections", subjects)
            else:
                rows = await self._asked_again("named_wanted_collections", {"ids": wanted, **subjects})
        return [collection_of(row) for row in rows]

    async def readable(self, reader: Reader, ids: Sequence[str]) -> tuple[list[Collection], Sight]:
        if reader.reads_all:
            return await self.named_collections(reader=reader, ids=ids), await self._database.read(
                sight_of, reader, ids
            )
        asked = {"ids": json.dumps(list(ids)), "subjects": json.dumps(reader.subjects)}

        def look(connection: Connection) -> tuple[list[Row], Sight]:
            return connection.all(self._sql["named_wanted_collections"], asked), sight_of(connection, reader, ids)

        rows, sight = await self._readable.get(tuple(asked.values()), lambda: self._database.read(look))
        return [collection_of(row) for row in rows], sight

    async def collection(self, collection_id: str) -> Collection | None:
        rows = await self._all("collections", {"id": collection_id, "most": most_of(None)})
        return collection_of(rows[0]) if rows else None

    async def create(self, name: str, *, owner_id: str, is_shared: bool, description: str = "") -> Collection:
        collection = Collection(
            id=new_id(),
            name=usable_name(name),
            owner_id=owner_id,
            is_shared=is_shared,
            description=description,
            created_at=time.time(),
        )
        return await self._database.write(self._create, collection)

    def _create(self, connection: Connection, collection: Collection) -> Collection:
        values = {
            "id": collection.id,
            "name": collection.name,
            "owner_id": collection.owner_id,
            "description": collection.description,
            "created_at": collection.created_at,
        }
        if connection.one(
            self._sql["has_collection_named"], {"owner_id": collection.owner_id, "name": collection.name}
        ):
            raise Conflict(f"There is a collection named “{collection.name}” already. Choose another name.")
        connection.all(self._sql["insert_collection"], values)
        if collection.is_shared:
            connection.all(self._sql["let_everybody_use"], {"id": collection.id})
        return collection

    async def change(
        self, collection_id: str, *, name: str | None = None, is_shared: bool | None = None
    ) -> Collection | None:
        name = usable_name(name) if name is not None else None

        def change(connection: Connection) -> None:
            known = connection.all(self._sql["collections"], {"id": collection_id, "most": most_of(None)})
            if not known:
                return
            owned = {"owner_id": known[0][2], "name": name}
            if name not in (None, known[0][1]) and connection.one(self._sql["has_collection_named"], owned):
                raise Conflict(f"There is a collection named “{name}” already. Choose another name.")
            connection.all(self._sql["change_collection"], {"id": collection_id, "name": name})
            if is_shared is not None:
                everybody = "let_everybody_use" if is_shared else "let_everybody_nothing"
                connection.all(self._sql[everybody], {"id": collection_id})

        await self._database.write(change)
        return await self.collection(collection_id)

    async def delete(self, collection_id: str) -> None:
        await self._write("delete_collection", {"id": collection_id})

    async def documents(self, collection_id: str, *, reader: Reader | None = None) -> list[Document]:
        of_collection = {"collection_id": collection_id, "subjects": subjects_of(reader)}
        return [document_of(row) for row in await self._all("documents", of_collection)]

    async def listed(self, collection_id: str, listing: Listing, *, reader: Reader | None = None) -> DocumentPage:
        after, after_id = listing.after or (None, None)
        values = {
            "collection_id": collection_id,
            "words": listing.words.strip(),
            "condition": listing.condition,
            "ids": None if listing.ids is None else json.dumps(list(listing.ids)),
            "after": after,
            "after_id": after_id,
            "limit": listing.limit + 1,
            "subjects": subjects_of(reader),
        }
        return page_of(await self._all(listing.query, values), listing.limit)

    async def conditions(self, collection_id: str, *, reader: Reader | None = None) -> Mapping[Condition, int]:
        of_collection = {"collection_id": collection_id, "subjects": subjects_of(reader)}
        return conditions_of(await self._all("conditions", of_collection))

    async def document(self, document_id: str, *, reader: Reader | None = None) -> Document | None:
        rows = await self._all("document", {"id": document_id, "subjects": subjects_of(reader)})
        return document_of(rows[0]) if rows else None

    async def named(self, collection_id: str, name: str, *, reader: Reader | None = None) -> Document | None:
        wanted = {"collection_id": collection_id, "name": name, "subjects": subjects_of(reader)}
        rows = await self._all("document_named", wanted)
        return document_of(rows[0]) if rows else None

    async def add(self, document: Document, *, payer: str = "", readers: Sequence[str] | None = None) -> Document:
        return await self._database.write(self._add, document, payer, readers)

    def _add(self, connection: Connection, document: Document, payer: str, readers: Sequence[str] | None) -> Document:
        if not connection.one(self._sql["has_collection"], {"id": document.collection_id}):
            raise NotFound("There is no such collection any more. Choose another one.")
        values = {
            "id": document.id,
            "collection_id": document.collection_id,
            "name": document.name,
            "sha256": document.sha256,
            "size_bytes": document.size_bytes,
            "media_type": document.media_type,
            "title": document.title,
            "added_at": document.added_at,
            "payer": payer,
        }
        stored = connection.all(self._sql["put_document"], values)
        document_id = stored[0][0]
        if readers is not None:
            put_readers(connection, document_id, readers)
        return document_of(connection.all(self._sql["document"], {"id": document_id, "subjects": None})[0])

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
        values = {"state": state, "reason": reason, "fault": fault, "title": title, "pages": pages, "now": time.time()}
        values["completeness"] = None if completeness is None else msgspec.json.encode(completeness).decode()
        return await self._write("mark", {**values, "id": document.id, "sha256": document.sha256}) > 0

    async def rename(self, document_id: str, name: str) -> bool:
        """Give a document another name; see `Renames`."""
        return await self._write("rename", {"id": document_id, "name": name}) > 0

    async def advance(self, document: Document, read: float) -> None:
        await self._write("advance", {"id": document.id, "sha256": document.sha256, "read": read})

    async def forget(self, document_id: str) -> None:
        await self._write("forget", {"id": document_id})

    async def unfinished(self) -> list[Document]:
        return [document_of(row) for row in await self._all("unfinished")]

    async def queue(self, most_of_each: int = 8) -> list[Queued]:
        rows = await self._all("queue", {"most": most_of_each})
        return [Queued(document_of(row[:-2]), owner_id=row[-2], payer=row[-1]) for row in rows]

    async def retry(self, faults: Sequence[Fault]) -> int:
        return await self._write("retry", {"faults": json.dumps(list(faults))})

    async def kept_bytes(self, payer: str) -> int:
        return int((await self._all("kept_bytes", {"payer": payer}))[0][0])

    async def refers_to(self, sha256: str) -> bool:
        return bool(await self._all("refers_to", {"sha256": sha256}))

    async def drop_failed(self, before: float) -> int:
        return await self._write("drop_failed", {"before": before})

    async def unread(
        self, collection_ids: Sequence[str], *, limit: int, reader: Reader | None = None
    ) -> list[Document]:
        ids = json.dumps(list(collection_ids))
        chosen = {"collection_ids": ids, "limit": limit, "subjects": subjects_of(reader)}
        return [document_of(row) for row in await self._asked_again("unread", chosen)]

    async def progress(self, collection_id: str | None = None) -> Progress:
        def count(connection: Connection) -> Progress:
            chosen = {"collection_id": collection_id}
            states = dict(connection.all(self._sql["states"], chosen))
            passages, embedded = connection.all(self._sql["passages"], chosen)[0]
            return Progress(**states, passages=passages, embedded=embedded)

        return await self._database.read(count)

    async def contents(self) -> set[str]:
        return {row[0] for row in await self._all("contents")}

    async def count_kept(self, owner_id: str) -> dict[str, int]:
        return await self._database.read(count_kept, owner_id)

    async def charged_bytes(self, owner_id: str) -> int:
        return await self._database.read(charged_bytes, owner_id)

    async def give(self, giver_id: str, taker_id: str) -> None:
        await self._database.write(give_kept, giver_id, taker_id)

    async def give_collections(self, giver_id: str, taker_id: str) -> None:
        await self._database.write(give_collections, giver_id, taker_id)

    async def given(self, subject: str) -> list[tuple[str, Right]]:
        return await self._database.read(personal_sqlite.given, subject)

    async def paid(self, payer: str) -> list[str]:
        return await self._database.read(personal_sqlite.paid, payer)

    async def forget_words(self) -> None:
        """Rid the index of the words of passages that were deleted, in steps between which others are served."""
        await drop_deleted_words(self._database, personal_sqlite.MERGE_WORDS)

    async def forget_payer(self, payer: str) -> int:
        return await self._database.write(personal_sqlite.forget_payer, payer)

    async def _all(self, query: str, bindings: Bindings = ()) -> list[Row]:
        def look(connection: Connection) -> list[Row]:
            return connection.all(self._sql[query], bindings)

        return await self._database.read(look)

    async def _asked_again(self, query: str, bindings: Mapping[str, str | int | None]) -> list[Row]:
        """Do the same for what is asked often and seldom changes: it is read once between two commits."""
        return await self._asked.get((query, *bindings.values()), lambda: self._all(query, bindings))

    async def _write(self, query: str, bindings: Bindings) -> int:
        def change(connection: Connection) -> int:
            connection.all(self._sql[query], bindings)
            return connection.changes()

        return await self._database.write(change)
