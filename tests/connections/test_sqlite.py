import asyncio
import importlib
import os
import resource
import threading
import time
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from hubbub.connections.sqlite import Connection, Sqlite
from hubbub.core.errors import StoreError


async def test_closing_waits_for_a_read_whose_caller_was_cancelled(tmp_path: Path) -> None:
    has_begun = threading.Event()
    ended: list[int] = []

    def read(connection: Connection) -> None:
        has_begun.set()
        query = (
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000000) select count(*) from n"
        )
        time.sleep(0.05)
        ended.append(connection.all(query)[0][0])

    async with Sqlite(tmp_path / "a.db") as database:
        reading = asyncio.create_task(database.read(read))
        while not has_begun.is_set():
            await asyncio.sleep(0.001)
        reading.cancel()
        await asyncio.wait({reading})
    assert ended == [1000000]


async def test_a_write_waits_for_another_process_and_not_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_begun, may_end = threading.Event(), threading.Event()

    def hold(connection: Connection) -> None:
        connection.all("create table held (x)")
        has_begun.set()
        may_end.wait(10)

    async with Sqlite(tmp_path / "a.db") as one, Sqlite(tmp_path / "a.db") as other:
        holding = asyncio.create_task(one.write(hold))
        while not has_begun.is_set():
            await asyncio.sleep(0.001)
        monkeypatch.setattr("hubbub.connections.sqlite.BUSY_SECONDS", 0.05)
        with pytest.raises(StoreError, match="locked"):
            await other.write(Connection.all, "select 1")
        monkeypatch.undo()
        waiting = asyncio.create_task(other.write(Connection.all, "insert into held values (1) returning x"))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        may_end.set()
        assert await waiting == [(1,)]
        await holding


async def test_those_that_open_a_new_file_at_once_all_get_it(tmp_path: Path) -> None:
    for number in range(40):
        path = tmp_path / f"{number}.db"
        async with AsyncExitStack() as stack:
            await asyncio.gather(*(stack.enter_async_context(Sqlite(path)) for _ in range(8)))


async def test_a_reader_that_finds_no_file_to_open_says_so_and_is_opened_later(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    async with Sqlite(tmp_path / "a.db") as database:  # its readers are opened when they are first needed
        importlib.invalidate_caches()  # else whether an import looks at the disk is chance
        resource.setrlimit(resource.RLIMIT_NOFILE, (_next_file(), hard))
        try:
            with pytest.raises(StoreError):
                await database.read(lambda connection: connection.one("select 1"))
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert await database.read(lambda connection: connection.one("select 1")) == (1,)


def _next_file() -> int:
    """Return the number that the next file gets: the least that is free."""
    descriptor = os.open("/", os.O_RDONLY)
    os.close(descriptor)
    return descriptor
