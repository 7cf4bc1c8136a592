"""Long reads have a place of their own, a bound and a deadline."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import apsw
import pytest
import pytest_asyncio

from hubbub.connections import read_pool
from hubbub.connections.read_pool import ReadPool
from hubbub.connections.sqlite import Connection, Sqlite
from hubbub.core.errors import Overloaded, StoreError
from tests.patience import patience

LONG = "with recursive n(i) as (select 1 union all select i + 1 from n limit 20000000) select count(*) from n"
ENDLESS = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n"


@pytest_asyncio.fixture
async def database(tmp_path: Path) -> AsyncIterator[Sqlite]:
    async with Sqlite(tmp_path / "hubbub.db") as database:
        yield database


def never_ends(connection: Connection) -> None:
    connection.all(ENDLESS)


def one(connection: Connection) -> int:
    return int(connection.all("select 1")[0][0])


async def test_what_takes_too_long_is_stopped_and_its_thread_serves_on(database: Sqlite) -> None:
    pool = ReadPool(database, "search", threads=1, seconds=0.05)
    with pytest.raises(StoreError, match="took too long"):
        await pool.read(never_ends)
    patient = ReadPool(database, "search", threads=1, seconds=5)
    assert await patient.read(one) == 1
    assert await pool.read(one) == 1


async def test_what_is_given_up_ends_at_once(database: Sqlite) -> None:
    pool = ReadPool(database, "search", threads=1, seconds=60)
    running, waiting = (asyncio.create_task(pool.read(never_ends)) for _ in range(2))
    await asyncio.sleep(0)
    for task in (running, waiting):
        task.cancel()
    await asyncio.wait((running, waiting))
    async with patience():
        assert await pool.read(one) == 1


async def test_what_is_given_up_between_two_statements_ends_too(database: Sqlite) -> None:
    begins, goes_on = threading.Event(), threading.Event()
    said: list[str] = []

    def lasts(connection: Connection) -> None:
        begins.set()
        goes_on.wait()  # no statement is under way
        try:
            connection.all(
                "with recursive n(i) as (select 1 union all select i + 1 from n limit 20000000) select count(*) from n"
            )
            said.append("went on to its end")
        except apsw.InterruptError:
            said.append("was stopped")
            raise

    pool = ReadPool(database, "search", threads=1, seconds=60)
    reading = asyncio.create_task(pool.read(lasts))
    await asyncio.to_thread(begins.wait)
    reading.cancel()
    await asyncio.wait({reading})
    goes_on.set()
    async with patience():
        assert await pool.read(one) == 1
    assert said == ["was stopped"]


async def test_other_reads_do_not_wait_for_long_ones(database: Sqlite) -> None:
    pool = ReadPool(database, "search", seconds=60)
    long = [asyncio.create_task(pool.read(never_ends)) for _ in range(60)]
    await asyncio.sleep(0)
    began = time.monotonic()
    assert await database.read(one) == 1
    assert time.monotonic() - began < 10
    for task in long:
        task.cancel()
    await asyncio.wait(long)


async def test_past_the_bound_it_refuses(database: Sqlite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_pool, "MOST_WAITING", 3)
    pool = ReadPool(database, "search", seconds=60)
    long = [asyncio.create_task(pool.read(never_ends)) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded) as refused:
        await pool.read(one)
    assert refused.value.retry_after_seconds > 0
    for task in long:
        task.cancel()
    await asyncio.wait(long)
    assert await pool.read(one) == 1
