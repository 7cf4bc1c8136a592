"""Move everything from the data folder into a PostgreSQL, or back: resumable, and compared at the end."""

import hashlib
import importlib
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from hubbub.compose.backends import has_documents_in_folder
from hubbub.compose.databases import chats_in, chats_of, library_in, make_tables
from hubbub.compose.moving_tables import AUDIT, DOCUMENTS, MARKS, REST, Columns, Table, columns_of, plainly
from hubbub.connections.sqlite import Sqlite
from hubbub.connections.threads import in_a_thread
from hubbub.core.documents import Document, Passage
from hubbub.core.errors import NotFound, SettingsError, StoreError
from hubbub.ingest.files import Files
from hubbub.search.library_sqlite import SqliteLibrary
from hubbub.search.sqlite import SqliteSearch
from hubbub.settings import Settings

if TYPE_CHECKING:
    from hubbub.compose.moving_places import FolderPlace, PostgresPlace

Told: TypeAlias = Callable[[str, int], None]
"""Is told what is being moved, and how many of it have been so far."""


class Sum(msgspec.Struct, frozen=True):
    """What a table holds, so that two can be compared."""

    rows: int
    digest: str
    """A sum of the hashes of all rows: the same in any order."""


async def move(
    settings: Settings, *, to_postgres: bool, only_documents: bool = False, without_audit: bool = False, told: Told
) -> dict[str, Sum]:
    """Copy all tables and files, and return what each holds now. What is there already is not copied again.

    The place that is left keeps what it has. Documents stay in the data folder where the settings say so.

    Raises:
        SettingsError: one of both can't be used, the other holds something else already, or the data folder holds what
            PostgreSQL has no place for; nothing was moved.
        Conflict: a server runs, or an answer is still open.
        StoreError: what arrived is not what was there.
    """
    has_documents = not has_documents_in_folder(settings)
    if only_documents and not has_documents:
        raise SettingsError(["search.backend: keeps documents in the data folder. Leave it out to move them"])
    chats = () if only_documents else (*REST, *(() if without_audit else AUDIT))
    tables = (*chats, *(DOCUMENTS if has_documents else ()))
    async with _places(settings) as (folder, postgres):
        source, target = (folder, postgres) if to_postgres else (postgres, folder)
        await folder.check_movable(chats=not only_documents, documents=has_documents)
        await source.check_idle()
        await target.check_idle()
        await folder.empty_outbox(postgres.database if only_documents else None)
        await target.begin([table for table in tables if table.name not in MARKS])
        columns = {
            table.name: await columns_of(postgres.database, table, await folder.columns(table.name)) for table in tables
        }
        for table in tables:
            await _copy(source, target, table, columns[table.name], told)
        if has_documents:
            await _copy_passages(source, target, told)
            await _copy_files(settings, source, target, told)
        if not only_documents:
            told("words of chats", await target.index_chats())
        sums = await _compared(source, target, tables, columns, told)
        if has_documents:
            sums["passage"] = await _compared_passages(source, target)
        await target.end()
        return sums


@asynccontextmanager
async def _places(settings: Settings) -> "AsyncGenerator[tuple[FolderPlace, PostgresPlace]]":
    """Open both, with all their tables."""
    if settings.database.url is None:
        raise SettingsError(["database.url: is needed to move from a PostgreSQL, or name one with --to"])
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(chats_of(settings))
        if isinstance(database, Sqlite):
            raise SettingsError(["database.url: names no PostgreSQL"])
        await in_a_thread(lambda: importlib.import_module("hubbub.compose.moving_places"))  # it reads files
        from hubbub.compose.moving_places import FolderPlace, PostgresPlace

        await make_tables(database)
        data = settings.server.data_folder
        chats = await stack.enter_async_context(chats_in(data))
        library = await stack.enter_async_context(library_in(data))
        folder = FolderPlace(chats, library, SqliteLibrary(library), SqliteSearch(library, None))
        await folder.make_tables()
        yield folder, await PostgresPlace.opened(stack, database)


async def _copy(source: Any, target: Any, table: Table, columns: Columns, told: Told) -> None:
    done = 0
    after = await target.mark(table.name)
    while rows := await source.rows(table, columns, after, table.at_once):
        after = [rows[-1][place] for place in columns.places(table.key)]
        if table.follows:  # what it names may not be there yet
            at = columns.names.index(table.follows)
            rows = [[None if place == at else value for place, value in enumerate(row)] for row in rows]
        await target.put(table, columns, rows, after)
        done += len(rows)
        told(table.name, done)
    if table.follows:
        await _link(source, target, table, columns)


async def _link(source: Any, target: Any, table: Table, columns: Columns) -> None:
    """Let rows follow others of their table, which are all there by now."""
    key, follows = columns.places([table.key[-1], table.follows])
    after = None
    while rows := await source.rows(table, columns, after, table.at_once):
        after = [rows[-1][place] for place in columns.places(table.key)]
        await target.link(table, [(row[follows], row[key]) for row in rows if row[follows] is not None])


async def _copy_passages(source: Any, target: Any, told: Told) -> None:
    """Store passages document by document: each place makes its own index of them. Their vectors are made anew."""
    done = 0
    after = (await target.mark("passage") or [""])[0]
    while ids := await source.documents_with_passages(after, 50):
        for document_id in ids:
            rows = await source.passages(document_id)
            _, collection_id, name, title = rows[0][:4]
            document = Document(document_id, collection_id, name, "", 0, title=title)
            await target.search.put(document, [Passage(*row[4:]) for row in rows])
            done += len(rows)
            told("passages", done)
        after = ids[-1]
        await target.set_mark("passage", [after])


async def _copy_files(settings: Settings, source: Any, target: Any, told: Told) -> None:
    if settings.database.files == "folder":
        return
    async with AsyncExitStack() as stack:
        files: dict[bool, Files] = {}
        for place in (source, target):
            files[place is source] = await stack.enter_async_context(place.files(settings))
        old, new = files[True], files[False]
        done = 0
        for sha256 in sorted(await source.library.contents()):
            try:
                path = await old.here(sha256)
                await new.keep(old.read(path))
            except NotFound:
                continue  # it is missed there, too
            done += 1
            told("files", done)


async def _compared(
    source: Any, target: Any, tables: Sequence[Table], columns: dict[str, Columns], told: Told
) -> dict[str, Sum]:
    """Return what each table holds at the target.

    Raises:
        StoreError: it is not what the source holds.
    """
    sums: dict[str, Sum] = {}
    for table in tables:
        before = await _sum(source, table, columns[table.name])
        sums[table.name] = await _sum(target, table, columns[table.name])
        if before != sums[table.name]:
            raise StoreError(
                f"Of {table.name} {before.rows:,} rows were there, and {sums[table.name].rows:,} have arrived, or they "
                "differ. Nothing was deleted. Empty the place that was moved to, and move again."
            )
        told(f"{table.name} compared", before.rows)
    return sums


async def _compared_passages(source: Any, target: Any) -> Sum:
    before, after = await source.count_passages(), await target.count_passages()
    if before != after:
        raise StoreError(f"There were {before:,} passages, and {after:,} have arrived. Move again.")
    return Sum(after, "")


async def _sum(place: Any, table: Table, columns: Columns) -> Sum:
    count, total, after = 0, 0, None
    while rows := await place.rows(table, columns, after, table.at_once):
        after = [rows[-1][one] for one in columns.places(table.key)]
        count += len(rows)
        for row in rows:
            digest = hashlib.blake2b(msgspec.msgpack.encode(plainly(row)), digest_size=16).digest()
            total = (total + int.from_bytes(digest, "big")) % 2**128
    return Sum(count, f"{total:032x}")
