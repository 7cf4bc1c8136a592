"""Read and write both places that things are moved between, in the values of PostgreSQL."""

import time
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any, Self

import msgspec

from hubbub.answers.sqlite import SqliteAnswers
from hubbub.audit.outbox import Outbox
from hubbub.audit.postgres import PostgresAudit
from hubbub.audit.sqlite import SqliteAudit
from hubbub.compose.files import beside_postgres, in_folder
from hubbub.compose.moving_tables import (
    AZURE,
    LEFT_OUT,
    NOT_THERE,
    Columns,
    Table,
    are_moved,
    is_of_library,
)
from hubbub.connections.postgres import Connection, Postgres
from hubbub.connections.sqlite import Connection as FileConnection
from hubbub.connections.sqlite import Row, Sqlite
from hubbub.core.answer import Answer
from hubbub.core.errors import Conflict, SettingsError
from hubbub.history.links_sqlite import SqliteLinks
from hubbub.history.postgres import index_text
from hubbub.history.sessions_sqlite import SqliteSessions
from hubbub.history.sqlite import SqliteHistory
from hubbub.identity.accounts_sqlite import SqliteAccounts
from hubbub.identity.cookies_sqlite import make_table
from hubbub.identity.guests_sqlite import SqliteGuests
from hubbub.identity.jobs_sqlite import PersonJobs
from hubbub.identity.keys_sqlite import SqliteKeys
from hubbub.identity.provisioned_sqlite import SqliteProvisioned
from hubbub.ingest.files import Files
from hubbub.ingest.origins import SqliteOrigins
from hubbub.search.library_postgres import PostgresLibrary
from hubbub.search.library_sqlite import SqliteLibrary
from hubbub.search.postgres import PostgresSearch
from hubbub.search.provisioned_sqlite import SqliteProvisionedGroups
from hubbub.search.sqlite import SqliteSearch
from hubbub.settings import Settings
from hubbub.usage.quotas_sqlite import SqliteQuotas
from hubbub.usage.sqlite import SqliteUsage

ALIVE_SECONDS = 15.0
_RUNS = "A server runs on it, or was killed just now. Stop it, wait a moment, and try again."
_OPEN = "An answer there is still open. Start the server once and stop it again, so that it comes to an end."
_MARK = "create table if not exists moving (name text primary key, after text not null)"


class FolderPlace:
    """The database files of a data folder."""

    def __init__(self, chats: Sqlite, documents: Sqlite, library: SqliteLibrary, search: SqliteSearch) -> None:
        self._chats = chats
        self._documents = documents
        self.library = library
        self.search = search
        self._outbox = Outbox(documents)

    async def make_tables(self) -> None:
        """Make and bring up to date all tables, as opening each room does."""
        await make_table(self._chats)
        origins = SqliteOrigins(self._documents)
        stores = (SqliteHistory, SqliteAnswers, SqliteSessions, SqliteKeys, SqliteUsage, SqliteQuotas)
        stores = (*stores, SqliteAccounts, SqliteLinks, SqliteAudit, PersonJobs)
        async with AsyncExitStack() as stack:
            for store in stores:
                await stack.enter_async_context(store(self._chats))
            await stack.enter_async_context(self.search)
            await stack.enter_async_context(self.library)
            await stack.enter_async_context(SqliteGuests(self._chats, {}))
            await origins.open()
            await self._outbox.open()
            await SqliteProvisioned(self._chats, "").open()
            await SqliteProvisionedGroups(self._documents, "").open()

    async def empty_outbox(self, database: Postgres | None) -> None:
        """Let the audit take over what deeds in the library have left for it: the folder's, or that of a PostgreSQL."""
        if database is None:
            await SqliteAudit(self._chats, outboxes=[self._outbox]).collect()
        else:
            await PostgresAudit(database, outboxes=[self._outbox]).collect()

    def files(self, settings: Settings) -> AbstractAsyncContextManager[Files]:
        return in_folder(settings)

    async def columns(self, table: str) -> set[str]:
        return {row[0] for row in await self._all(table, f"select name from pragma_table_info('{table}')")}

    async def check_idle(self) -> None:
        """Return where no server works on it.

        Raises:
            Conflict: one does, or an answer is open.
        """
        workers = await self._all("worker", f"select 1 from worker where seen_at > {time.time() - ALIVE_SECONDS}")
        _check(workers, await self._all("answer", "select 1 from answer where result is null limit 1"))

    async def check_movable(self, *, chats: bool, documents: bool) -> None:
        """Return where the folder holds nothing that PostgreSQL has no place for.

        Raises:
            SettingsError: it does; nothing was moved.
        """
        files = [self._chats] * chats + [self._documents] * documents
        held: dict[str, str] = {}
        for file in files:
            for table in sorted(await tables_of(file) - are_moved() - LEFT_OUT):
                if await file.read(FileConnection.one, f'select 1 from "{table}" limit 1') is not None:
                    held.setdefault(NOT_THERE.get(table, f"a table that is not known here ({table})"), table)
        if held:
            folder = self._chats.path.parent
            raise SettingsError([f"server.data_folder: {folder} holds {what}. {_advice(what)}" for what in held])

    async def rows(self, table: Table, columns: Columns, after: Sequence[Any] | None, limit: int) -> list[list[Any]]:
        keys = ", ".join(table.key)
        where = f"where ({keys}) > ({', '.join('?' * len(table.key))})" if after else ""
        query = f"select {_named(columns)} from {table.name} {where} order by {keys} limit {limit}"
        return [columns.from_sqlite(row) for row in await self._all(table.name, query, tuple(after or ()))]

    async def begin(self, tables: Sequence[Table]) -> None:
        await self._write("chat", _MARK)
        if await self._all("chat", "select 1 from moving limit 1"):
            return
        for table in tables:
            if await self._all(table.name, f"select 1 from {table.name} limit 1"):
                raise _holds("server.data_folder", "the data folder", table.name)

    async def put(self, table: Table, columns: Columns, rows: Sequence[Sequence[Any]], after: Sequence[Any]) -> None:
        places = ", ".join("?" * len(columns.names))
        statement = f"insert or ignore into {table.name} ({_named(columns)}) values ({places})"
        given = [columns.to_sqlite(row) for row in rows]

        def put(connection: FileConnection) -> None:
            connection.many(statement, given)

        await self._file(table.name).write(put)
        await self.set_mark(table.name, after)

    async def link(self, table: Table, pairs: Sequence[tuple[str, str]]) -> None:
        statement = f"update {table.name} set {table.follows} = ? where id = ?"
        await self._file(table.name).write(FileConnection.many, statement, pairs)

    async def mark(self, name: str) -> list[Any] | None:
        found = await self._all("chat", "select after from moving where name = ?", (name,))
        return _read_mark(found[0][0]) if found else None

    async def set_mark(self, name: str, after: Sequence[Any]) -> None:
        await self._write("chat", "insert or replace into moving values (?, ?)", (name, _written_mark(after)))

    async def end(self) -> None:
        await self._write("chat", "drop table moving")

    async def index_chats(self) -> int:
        await self._write(
            "chat",
            "insert into noted (id) select id from (select id, created_at from chat union all "
            "select id, created_at from message) where id not in (select id from searched) order by created_at",
        )
        return int((await self._all("chat", "select count(*) from noted"))[0][0])

    async def documents_with_passages(self, after: str, limit: int) -> list[str]:
        query = "select distinct document_id from passage where document_id > ? order by document_id limit ?"
        return [row[0] for row in await self._all("passage", query, (after, limit))]

    async def passages(self, document_id: str) -> list[Row]:
        query = (
            "select document_id, collection_id, name, title, id, document_id, number, text, page, heading "
            "from passage where document_id = ? order by number"
        )
        return await self._all("passage", query, (document_id,))

    async def count_passages(self) -> int:
        return int((await self._all("passage", "select count(*) from passage"))[0][0])

    def _file(self, table: str) -> Sqlite:
        return self._documents if is_of_library(table) else self._chats

    async def _all(self, table: str, query: str, values: tuple[Any, ...] = ()) -> list[Row]:
        return await self._file(table).read(FileConnection.all, query, values)

    async def _write(self, table: str, statement: str, values: tuple[Any, ...] = ()) -> None:
        await self._file(table).write(FileConnection.all, statement, values)


class PostgresPlace:
    """A PostgreSQL."""

    def __init__(self, database: Postgres, library: PostgresLibrary, search: PostgresSearch) -> None:
        self.database = database
        self.library = library
        self.search = search

    @classmethod
    async def opened(cls, stack: AsyncExitStack, database: Postgres) -> Self:
        library = await stack.enter_async_context(PostgresLibrary(database))
        return cls(database, library, await stack.enter_async_context(PostgresSearch(database, None)))

    def files(self, settings: Settings) -> AbstractAsyncContextManager[Files]:
        return beside_postgres(settings, self.database)

    async def check_idle(self) -> None:
        alive = f"select 1 from worker where seen_at > extract(epoch from clock_timestamp()) - {ALIVE_SECONDS}"
        _check(await self.database.all(alive), await self.database.all("select 1 from answer where result is null"))

    async def rows(self, table: Table, columns: Columns, after: Sequence[Any] | None, limit: int) -> list[list[Any]]:
        kinds = [columns.types[place] for place in columns.places(table.key)]
        # In the order of bytes, as SQLite has it.
        keys = ", ".join(
            f'{name} collate "C"' if kind == "text" else name for name, kind in zip(table.key, kinds, strict=True)
        )
        where = f"where ({keys}) > ({', '.join(f'${n}' for n in range(1, len(table.key) + 1))})" if after else ""
        query = f"select {_named(columns)} from {table.name} {where} order by {keys} limit {limit}"
        return [list(row) for row in await self.database.all(query, *(after or ()))]

    async def begin(self, tables: Sequence[Table]) -> None:
        await self.database.run(_MARK)
        if await self.database.one("select 1 from moving limit 1"):
            return
        for table in tables:
            if await self.database.one(f"select 1 from {table.name} limit 1"):
                raise _holds("database.url", self.database.who, table.name)

    async def put(self, table: Table, columns: Columns, rows: Sequence[Sequence[Any]], after: Sequence[Any]) -> None:
        places = ", ".join(f"${number}" for number in range(1, len(columns.names) + 1))
        statement = f"insert into {table.name} ({_named(columns)}) values ({places}) on conflict do nothing"

        async def put(connection: Connection) -> None:
            await connection.many(statement, rows)
            await _set_mark(connection, table.name, after)

        await self.database.write(put)

    async def link(self, table: Table, pairs: Sequence[tuple[str, str]]) -> None:
        statement = f"update {table.name} set {table.follows} = $1 where id = $2"
        await self.database.write(Connection.many, statement, pairs)

    async def mark(self, name: str) -> list[Any] | None:
        row = await self.database.one("select after from moving where name = $1", name)
        return None if row is None else _read_mark(row[0])

    async def set_mark(self, name: str, after: Sequence[Any]) -> None:
        await self.database.write(_set_mark, name, after)

    async def end(self) -> None:
        await self.database.run("drop table moving")

    async def index_chats(self) -> int:
        """Let chats be found by their words; returns how many texts were indexed."""
        done = 0
        while rows := await self.database.all(_UNINDEXED):
            await self.database.write(_index_all, rows)
            done += len(rows)
        return done

    async def documents_with_passages(self, after: str, limit: int) -> list[str]:
        query = (
            'select distinct document_id collate "C" from passage where document_id collate "C" > $1 '
            "order by 1 limit $2::integer"
        )
        return [row[0] for row in await self.database.all(query, after, limit)]

    async def passages(self, document_id: str) -> list[tuple[Any, ...]]:
        query = (
            "select document_id, collection_id, name, title, id, document_id, number, text, page, heading "
            "from passage where document_id = $1 order by number"
        )
        return [tuple(row) for row in await self.database.all(query, document_id)]

    async def count_passages(self) -> int:
        row = await self.database.one("select count(*) from passage")
        return 0 if row is None else int(row[0])


_UNINDEXED = """
select id, chat_id, owner_id, text, result from (
    select message.id, message.chat_id, chat.owner_id, message.text, answer.result, message.created_at
    from message join chat on chat.id = message.chat_id left join answer on answer.id = message.id
    where not chat.is_temporary
    union all
    select id, id, owner_id, title, null, created_at from chat where not is_temporary
) as one
where not exists (select 1 from searched where searched.id = one.id)
order by created_at
limit 500
"""


async def _index_all(connection: Connection, rows: Sequence[Any]) -> None:
    for key, chat_id, owner_id, text, result in rows:
        said = text if result is None else msgspec.json.decode(result, type=Answer).text
        await index_text(connection, key, chat_id, owner_id, said)


async def _set_mark(connection: Connection, name: str, after: Sequence[Any]) -> None:
    written = _written_mark(after)
    await connection.run(
        "insert into moving values ($1, $2) on conflict (name) do update set after = $2", name, written
    )


def _written_mark(after: Sequence[Any]) -> str:
    return msgspec.msgpack.encode(list(after)).hex()


def _read_mark(text: str) -> list[Any]:
    return msgspec.msgpack.decode(bytes.fromhex(text))


def _named(columns: Columns) -> str:
    return ", ".join(columns.names)


async def tables_of(file: Sqlite) -> set[str]:
    """Return the names of a file's tables, without SQLite's own and what virtual ones are kept in."""
    query = "select name from pragma_table_list where schema = 'main' and type = 'table'"
    rows = await file.read(FileConnection.all, query)
    return {name for (name,) in rows if not name.startswith("sqlite_")}


def _advice(what: str) -> str:
    kept = "PostgreSQL does not keep that yet, so nothing was moved"
    if what == AZURE:
        return f'{kept}. Set search.backend = "azure", so that documents stay in the data folder and the rest is moved'
    return f"{kept}. Stay with the data folder, or begin anew in PostgreSQL without it"


def _check(workers: Sequence[Any], open_answers: Sequence[Any]) -> None:
    if workers:
        raise Conflict(_RUNS)
    if open_answers:
        raise Conflict(_OPEN)


def _holds(setting: str, who: str, table: str) -> SettingsError:
    return SettingsError([f"{setting}: {who} holds something already ({table}). Name one that is empty"])
