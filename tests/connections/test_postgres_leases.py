"""Of all processes on a database one does a piece of work; another one goes on where it is not heard of."""

import asyncio

import pytest

from hubbub.connections.postgres import Postgres
from hubbub.connections.postgres_leases import leased
from hubbub.core.errors import StoreError


async def test_one_at_a_time_does_it(postgres: Postgres) -> None:
    inside = 0

    async def work(name: str) -> None:
        nonlocal inside
        async with leased(postgres, name, retry_seconds=0.01):
            inside += 1
            assert inside == 1
            await asyncio.sleep(0)
            await postgres.one("select 1")
            inside -= 1

    await asyncio.gather(*(work("guide") for _ in range(5)))


async def test_other_work_does_not_wait(postgres: Postgres) -> None:
    async with asyncio.timeout(30), leased(postgres, "guide"), leased(postgres, "syncing"):
        rows = await postgres.all("select name from lease order by name")
    assert [row[0] for row in rows] == ["guide", "syncing"]
    assert await postgres.all("select name from lease where until > now()") == []


async def test_who_is_not_heard_of_is_replaced_and_ends_what_it_did(postgres: Postgres) -> None:
    taken = asyncio.Event()

    async def other() -> None:
        async with leased(postgres, "guide", retry_seconds=0.01):
            taken.set()
            await asyncio.Event().wait()

    with pytest.raises(StoreError):
        async with leased(postgres, "guide", seconds=1.0):
            waiting = asyncio.create_task(other())
            # As if its machine had stood still past the end of its lease.
            await postgres.run("update lease set until = now() - interval '1 second', holder = 'asleep'")
            try:
                await taken.wait()
                await asyncio.Event().wait()
            finally:
                waiting.cancel()
