"""Writes that wait together share a transaction, and nothing else: not their order, not their failures."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import apsw
import pytest
import pytest_asyncio

from hubbub.connections.group_commit import LONG_SECONDS, MOST_TOGETHER
from hubbub.connections.sqlite import Connection, Sqlite
from hubbub.core.errors import NotFound, StoreError, StoreFull
from tests.patience import patience


class Commits:
    """Counts the transactions that changed something."""

    def __init__(self) -> None:
        self.number = 0

    def __call__(self, raw: apsw.Connection) -> None:
        def count() -> bool:
            self.number += 1
            return False

        raw.set_commit_hook(count)


@pytest.fixture
def commits() -> Iterator[Commits]:
    counter = Commits()
    apsw.connection_hooks.append(counter)
    yield counter
    apsw.connection_hooks.remove(counter)


@pytest_asyncio.fixture
async def database(tmp_path: Path, commits: Commits) -> AsyncIterator[Sqlite]:
    async with Sqlite(tmp_path / "a.db") as database:
        await database.write(Connection.all, "create table thing (name text primary key, size blob)")
        await database.write(Connection.all, "create table part (thing text references thing (name))")
        await database.write(Connection.all, "pragma max_page_count = 200")
        commits.number = 0
        yield database


class Held:
    """Keeps the writing thread busy, so that calls wait together."""

    def __init__(self) -> None:
        self._has_begun = threading.Event()
        self._may_end = threading.Event()

    async def begin(self, database: Sqlite) -> None:
        def wait(_: Connection) -> None:
            self._has_begun.set()
            self._may_end.wait(10)

        self._task = asyncio.create_task(database.write(wait))
        while not self._has_begun.is_set():
            await asyncio.sleep(0.001)

    async def queue(self, *calls: "asyncio.Task[None]") -> list[BaseException | None]:
        """Let the calls wait behind each other, then all of them go; return what came of each."""
        await asyncio.sleep(0.001)  # each begins to wait
        self._may_end.set()
        await self._task
        return await asyncio.gather(*calls, return_exceptions=True)


@pytest_asyncio.fixture
async def held(database: Sqlite, commits: Commits) -> Held:
    held = Held()
    await held.begin(database)
    commits.number = -1  # its own commit is not counted
    return held


def put(database: Sqlite, name: str, size: int = 1) -> "asyncio.Task[None]":
    def insert(connection: Connection) -> None:
        connection.all("insert into thing values (?, zeroblob(?))", (name, size))

    return asyncio.create_task(database.write(insert))


def refuse(database: Sqlite, name: str) -> "asyncio.Task[None]":
    def insert(connection: Connection) -> None:
        connection.all("insert into thing values (?, null)", (name,))
        raise NotFound("There is no such thing.")

    return asyncio.create_task(database.write(insert))


async def names(database: Sqlite) -> list[str]:
    return [row[0] for row in await database.read(Connection.all, "select name from thing order by rowid")]


async def test_what_waits_shares_one_commit_in_the_order_of_the_calls(
    database: Sqlite, held: Held, commits: Commits
) -> None:
    assert await held.queue(*(put(database, f"{number}") for number in range(20))) == [None] * 20
    assert await names(database) == [f"{number}" for number in range(20)]
    assert commits.number == 1


async def test_a_call_sees_what_the_one_before_did_and_gets_its_own_result(database: Sqlite, held: Held) -> None:
    def add(connection: Connection) -> int:
        connection.all("insert into thing values ((select count(*) from thing), null)")
        return connection.changes() * 100 + connection.all("select count(*) from thing")[0][0]

    calls = [asyncio.create_task(database.write(add)) for _ in range(5)]
    await held.queue()
    assert await asyncio.gather(*calls) == [101, 102, 103, 104, 105]


async def test_one_that_fails_is_undone_alone(database: Sqlite, held: Held, commits: Commits) -> None:
    a, refused, again, b = await held.queue(
        put(database, "a"), refuse(database, "x"), put(database, "a"), put(database, "b")
    )
    assert (a, b) == (None, None)
    assert isinstance(refused, NotFound)
    assert isinstance(again, StoreError)
    assert await names(database) == ["a", "b"]
    assert commits.number == 1


@pytest.mark.parametrize(("added", "runs"), [("abc", "abc"), ("abac", "abaabac")])
async def test_only_where_one_fails_all_are_run_again(database: Sqlite, held: Held, added: str, runs: str) -> None:
    ran: list[str] = []

    def add(connection: Connection, name: str) -> None:
        ran.append(name)
        connection.all("insert into thing (name) values (?)", (name,))

    outcomes = await held.queue(*(asyncio.create_task(database.write(add, name)) for name in added))
    assert [isinstance(outcome, StoreError) for outcome in outcomes] == [
        name in added[:place] for place, name in enumerate(added)
    ]
    assert "".join(ran) == runs
    assert await names(database) == sorted(set(added))


async def test_a_constraint_that_only_the_commit_checks_fails_its_call_alone(database: Sqlite, held: Held) -> None:
    def orphan(connection: Connection) -> None:
        connection.all("pragma defer_foreign_keys = on")
        connection.all("insert into part values ('nobody')")

    a, failed, b = await held.queue(put(database, "a"), asyncio.create_task(database.write(orphan)), put(database, "b"))
    assert (a, b) == (None, None)
    assert isinstance(failed, StoreError)
    assert await names(database) == ["a", "b"]
    assert await database.read(Connection.all, "select * from part") == []


async def test_where_the_disk_is_full_what_still_fits_is_stored(database: Sqlite, held: Held) -> None:
    outcomes = await held.queue(
        put(database, "a"), put(database, "large", 1_400_000), put(database, "b"), put(database, "larger", 1_500_000)
    )
    assert [type(outcome) for outcome in outcomes] == [type(None), StoreFull, type(None), StoreFull]
    assert await names(database) == ["a", "b"]
    assert (await database.read(Connection.all, "pragma integrity_check")) == [("ok",)]


async def test_a_call_that_is_given_up_before_its_turn_is_left_out(database: Sqlite, held: Held) -> None:
    calls = [put(database, name) for name in "abc"]
    await asyncio.sleep(0)
    calls[1].cancel()
    outcomes = await held.queue(*calls)
    assert isinstance(outcomes[1], asyncio.CancelledError)
    assert await names(database) == ["a", "c"]


async def test_who_was_quick_does_not_wait_for_all_the_rest(database: Sqlite, held: Held, commits: Commits) -> None:
    def slow(connection: Connection) -> None:
        connection.all("insert into thing values (random(), null)")
        time.sleep(LONG_SECONDS * 1.5)

    await held.queue(*(asyncio.create_task(database.write(slow)) for _ in range(4)))
    assert commits.number == 4


async def test_the_number_that_goes_together_is_bounded(database: Sqlite, held: Held, commits: Commits) -> None:
    await held.queue(*(put(database, f"{number}") for number in range(MOST_TOGETHER * 2 + 1)))
    assert commits.number == 3
    assert len(await names(database)) == MOST_TOGETHER * 2 + 1


async def test_closing_does_what_waits_and_takes_no_more(tmp_path: Path, database: Sqlite) -> None:
    async with Sqlite(tmp_path / "b.db") as other:
        await other.write(Connection.all, "create table thing (name text primary key, size blob)")
        waiting = [put(other, f"{number}") for number in range(10)]
        await asyncio.sleep(0)
    assert await asyncio.gather(*waiting) == [None] * 10
    with pytest.raises(RuntimeError, match="closed"):
        await put(other, "late")
    assert not (tmp_path / "b.db-wal").exists()
    async with Sqlite(tmp_path / "b.db") as other:
        assert len(await names(other)) == 10


async def test_what_can_not_be_opened_leaves_no_thread(tmp_path: Path) -> None:
    (tmp_path / "folder.db").mkdir()
    with pytest.raises(StoreError):
        await Sqlite(tmp_path / "folder.db").__aenter__()
    async with patience():
        while any(thread.name == "write-folder" for thread in threading.enumerate()):
            await asyncio.sleep(0.01)


class Total:
    """How many things there are, as the writing thread knows it."""

    def __init__(self) -> None:
        self.number = -1

    def add(self, connection: Connection, name: str) -> bool:
        """Put a thing, and leave the total to the end; returns whether it was known."""
        is_known = self.number >= 0
        if not is_known:
            self.number = connection.all("select count(*) from thing")[0][0]
        connection.all("insert into thing values (?, null)", (name,))
        self.number += 1
        connection.at_end(lambda at_end: at_end.all("insert or replace into thing values ('total', ?)", (self.number,)))
        return is_known


def count_in(database: Sqlite, name: str) -> "asyncio.Task[bool]":
    return asyncio.create_task(database.write(lambda connection: connection.known(Total).add(connection, name)))


async def total(database: Sqlite) -> int:
    return (await database.read(Connection.all, "select size from thing where name = 'total'"))[0][0]


async def test_what_is_known_of_a_file_is_known_by_the_next_writes_until_somebody_else_writes(
    database: Sqlite, tmp_path: Path
) -> None:
    async with Sqlite(tmp_path / "a.db") as other:
        assert [await count_in(database, name) for name in "ab"] == [False, True]
        await other.write(Connection.all, "insert into thing values ('theirs', null)")
        assert [await count_in(database, name) for name in "cd"] == [False, True]
    assert await total(database) == 6  # the first total among them


async def test_what_is_known_of_a_file_is_forgotten_where_a_write_is_undone(database: Sqlite) -> None:
    assert [await count_in(database, name) for name in "ab"] == [False, True]
    with pytest.raises(StoreError):
        await count_in(database, "a")
    assert not await count_in(database, "c")
    assert await total(database) == 4


@pytest.mark.parametrize(("added", "runs"), [("abc", "abcABC"), ("abac", "abaaAbBacC")])
async def test_what_is_left_to_the_end_is_done_after_all_calls_or_with_each_that_does_not_fail(
    database: Sqlite, held: Held, added: str, runs: str
) -> None:
    ran: list[str] = []

    def add(connection: Connection, name: str) -> None:
        def at_end(connection: Connection) -> None:
            ran.append(name.upper())
            connection.all("insert into thing (name) values (?)", (name.upper(),))

        connection.at_end(at_end)
        ran.append(name)
        connection.all("insert into thing (name) values (?)", (name,))

    await held.queue(*(asyncio.create_task(database.write(add, name)) for name in added))
    assert "".join(ran) == runs
    assert sorted(await names(database)) == sorted({*added, *added.upper()})
