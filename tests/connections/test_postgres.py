"""A PostgreSQL: transactions, lost connections, migrations, and what is said where it can't be used."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
import pytest_asyncio

from hubbub.connections.postgres import Connection, Postgres
from hubbub.connections.postgres_faults import Unreachable, who_of
from hubbub.core.errors import Invalid, NotFound, SettingsError, StoreError, StoreLost


@pytest_asyncio.fixture
async def postgres(empty_postgres_url: str) -> AsyncIterator[Postgres]:
    """An empty one: what tables there are is what these tests are about."""
    async with Postgres(empty_postgres_url) as database:
        yield database


async def cut(url: str) -> int:
    """End all other connections to a database, as its operator would; return how many there were."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(
            "select count(pg_terminate_backend(pid)) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        )
    finally:
        await connection.close()


async def test_what_fails_changes_nothing(postgres: Postgres) -> None:
    await postgres.run("create table one (name text primary key)")

    async def add(connection: Connection) -> None:
        await connection.run("insert into one values ('a')")
        raise NotFound("There is no such thing.")

    with pytest.raises(NotFound):
        await postgres.write(add)
    assert await postgres.all("select * from one") == []
    with pytest.raises(StoreError):
        await postgres.run("insert into one values (null)")
    with pytest.raises(StoreLost):
        await postgres.run("insert into nowhere values (1)")


async def test_lost_connections_are_made_anew(postgres: Postgres, empty_postgres_url: str) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()
    postgres.listen(heard.put_nowait)
    async with asyncio.timeout(20):
        assert await heard.get() == ""
        assert await cut(empty_postgres_url) >= 3
        for _ in range(10):  # each of the pool may fail once
            try:
                assert await postgres.one("select 1") is not None
                break
            except Unreachable:
                continue
        else:
            pytest.fail("it was never reached again")
        while await heard.get() != "":  # it listens again
            pass
        await postgres.run("select pg_notify('hubbub', 'something')")
        while await heard.get() != "something":
            pass


async def test_a_statement_that_takes_too_long_is_ended(empty_postgres_url: str) -> None:
    async with Postgres(empty_postgres_url, statement_seconds=0.1) as database:
        with pytest.raises(StoreError, match="took too long"):
            await database.all("select pg_sleep(10)")
        assert await database.one("select 1") is not None


async def test_no_more_connections_are_opened_than_are_set(empty_postgres_url: str) -> None:
    async with Postgres(empty_postgres_url, connections=4) as database:
        database.listen(lambda payload: None)
        await asyncio.gather(
            *(database.all("select pg_sleep(0.02)") for _ in range(20)), database.commits.all("select 1")
        )
        row = await database.one("select count(*) from pg_stat_activity where datname = current_database()")
        assert row is not None and row[0] <= 4


async def test_of_many_one_migrates(empty_postgres_url: str) -> None:
    async with Postgres(empty_postgres_url) as one, Postgres(empty_postgres_url) as other:
        steps = ["create table first (id integer)", "create table second (id integer)"]
        await asyncio.gather(*(database.migrate("history", steps) for database in (one, other) * 3))
        with pytest.raises(SettingsError, match="newer version of Hubbub"):
            await other.migrate("history", steps[:1])
    with pytest.raises(SettingsError, match="it has history, which this one doesn't know"):
        async with Postgres(empty_postgres_url, known={}):
            pass


async def test_a_script_that_fails_leaves_nothing(postgres: Postgres) -> None:
    with pytest.raises(StoreError):
        await postgres.migrate("history", ["create table first (id integer); select 1 / 0"])
    assert await postgres.one("select to_regclass('first')") is not None
    assert (await postgres.all("select to_regclass('first') is null"))[0][0]
    await postgres.migrate("history", ["create table first (id integer)"])


async def test_a_database_that_is_not_there_is_named(empty_postgres_url: str) -> None:
    url = urlunsplit(urlsplit(empty_postgres_url)._replace(path="/nowhere"))
    with pytest.raises(SettingsError, match="has no such database"):
        async with Postgres(url):
            pass


async def test_it_is_said_what_was_found(postgres: Postgres) -> None:
    said = await postgres.describe()
    assert said.startswith("version 1")
    assert "it answers in" in said


def test_a_password_is_never_shown() -> None:
    assert who_of("postgresql://ann:secret@db.example.com:5433/chats") == "PostgreSQL at db.example.com:5433/chats"
    assert "secret" not in who_of("postgresql://ann:secret@[broken/chats")


async def test_what_is_asked_for_with_a_nul_is_found_nowhere(postgres: Postgres) -> None:
    await postgres.run("create table note (id text primary key)")
    await postgres.run("insert into note values ($1)", "a\0b")
    assert await postgres.all("select id from note") == [("a\ufffdb",)], "as all texts are stored"
    assert await postgres.one("select 1 from note where id = $1", "\0") is None
    assert await postgres.all("select 1 from note where id = any($1::text[])", ["\0", "a"]) == []

    async def look(connection: Connection, wanted: str) -> int:
        return len(await connection.all("select 1 from note where id = $1", wanted))

    assert await postgres.read(look, "\0") == 0
    assert await postgres.write(look, "a\0b") == 1
    with pytest.raises(Invalid, match="can't be stored"):
        await postgres.one("select 1 from note where id = $1", "\ud800")
