"""A PostgreSQL that says nothing, be it that its machine stands still or that the network is cut."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio

from hubbub.answers.base import Record
from hubbub.answers.cluster import Membership
from hubbub.answers.log import Log
from hubbub.answers.postgres import PostgresAnswers
from hubbub.answers.runner import Runner
from hubbub.connections.postgres import Postgres
from hubbub.connections.postgres_faults import Unreachable
from hubbub.connections.postgres_leases import leased
from hubbub.core.errors import StoreError
from hubbub.core.events import Text
from tests.patience import PATIENCE_SECONDS
from tests.servers.network import Network

TOLD_SECONDS = 10.0


@pytest_asyncio.fixture
async def network(postgres_url: str) -> AsyncIterator[Network]:
    """The network before the tests' own PostgreSQL, which listens at a socket in a folder or at a port."""
    parts = urlsplit(postgres_url)
    folder = parse_qs(parts.query).get("host", [""])[0]
    target = f"{folder}/.s.PGSQL.{parts.port or 5432}" if folder else parts.port or 5432
    async with Network(target) as network:
        yield network


def behind(network: Network, postgres_url: str) -> str:
    """Return the address of a database behind a network."""
    return f"postgresql://postgres@127.0.0.1:{network.port}{urlsplit(postgres_url).path}?sslmode=disable"


@pytest_asyncio.fixture
async def database(network: Network, postgres_url: str) -> AsyncIterator[Postgres]:
    async with Postgres(behind(network, postgres_url)) as database:
        yield database
        network.mend()


async def seconds_until(it: asyncio.Future[object] | asyncio.Task[object]) -> float:
    began = time.monotonic()
    await asyncio.wait({it}, timeout=PATIENCE_SECONDS)
    return time.monotonic() - began


@asynccontextmanager
async def followed(database: Postgres) -> AsyncGenerator[tuple[Log, AsyncGenerator[Sequence[Record]]]]:
    """Give a log with an open answer, and what follows that and has read its first event."""
    async with (
        PostgresAnswers(database) as store,
        Log(store) as log,
        Runner(log, store) as runner,
        Membership(store, log, runner),
    ):
        await log.open("a", "ann")
        log.append("a", Text("one"))
        reading = log.follow("a")
        assert len(await anext(reading)) == 1
        yield log, reading


async def second(log: Log) -> Record:
    """Return the answer's second event, once it can be read."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                [record] = await anext(log.follow("a", 1))
            except StoreError:
                await asyncio.sleep(0.05)
            else:
                return record


async def test_whoever_waits_for_it_is_told_in_time(network: Network, database: Postgres) -> None:
    listens = asyncio.Event()
    database.listen(lambda payload: listens.set())
    await asyncio.wait_for(listens.wait(), PATIENCE_SECONDS)
    await database.one("select 1")
    network.cut()
    asking = [asyncio.create_task(database.one("select 1")), asyncio.create_task(database.commits.one("select 1"))]
    for one in asking:
        assert await seconds_until(one) < TOLD_SECONDS
        assert isinstance(one.exception(), Unreachable)
    network.mend()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                assert await database.one("select 1") is not None
                break
            except Unreachable:
                continue


async def test_once_it_is_known_to_be_silent_nobody_waits_for_it(network: Network, database: Postgres) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()
    database.listen(heard.put_nowait)
    await asyncio.wait_for(heard.get(), PATIENCE_SECONDS)
    network.cut()
    asking = [asyncio.create_task(database.one("select 1")) for _ in range(30)]  # more than there are connections
    done, waits = await asyncio.wait(asking, timeout=PATIENCE_SECONDS)
    assert not waits
    assert all(isinstance(one.exception(), Unreachable) for one in done)
    before = network.connection_count
    for _ in range(30):
        with pytest.raises(Unreachable):
            await database.one("select 1")
    assert network.connection_count - before < 5, "who listens tries, and nobody else"
    network.mend()
    await asyncio.wait_for(heard.get(), PATIENCE_SECONDS)
    assert await database.one("select 1") is not None


async def test_what_was_sent_before_it_fell_silent_is_stored_once_and_nothing_in_its_place(
    network: Network, postgres_url: str
) -> None:
    async with (
        Postgres(behind(network, postgres_url), statement_seconds=1) as database,
        PostgresAnswers(database) as store,
    ):
        await store.open("a", "ann")
        await store.append([Record("a", 1, b"1")])
        network.cut()  # the statement comes through later
        appending = asyncio.create_task(store.append([Record("a", 2, b"2")]))
        _, late = await asyncio.wait({appending}, timeout=20)
        assert late, "it was said that it is not stored, and nobody knows that"
        network.mend()
        await asyncio.wait_for(appending, PATIENCE_SECONDS)
        await store.append([Record("a", 3, b"3")])
        async with Postgres(postgres_url) as direct, PostgresAnswers(direct) as other:
            assert [record.data for record in await other.read("a")] == [b"1", b"2", b"3"]


async def test_readers_are_told_and_go_on_afterwards(network: Network, database: Postgres) -> None:
    async with followed(database) as (log, reading):
        network.cut()
        log.append("a", Text("two"))
        told = asyncio.ensure_future(anext(reading))
        assert await seconds_until(told) < TOLD_SECONDS
        assert isinstance(told.exception(), StoreError)
        network.mend()
        record = await second(log)
        assert record.number == 2
        assert b"two" in record.data


async def test_readers_are_told_sooner_where_it_can_not_be_reached(
    network: Network, database: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hubbub.answers.cluster.BLIND_SECONDS", 1000.0)
    async with followed(database) as (log, reading):
        target, network.target = network.target, 1  # nothing listens there
        await network.break_off()
        with pytest.raises(StoreError):
            await asyncio.wait_for(anext(reading), PATIENCE_SECONDS)
        network.target = target
        log.append("a", Text("two"))
        record = await second(log)
        assert b"two" in record.data


async def test_whoever_wants_a_lease_waits_for_a_database_that_is_away(network: Network, database: Postgres) -> None:
    target, network.target = network.target, 1  # nothing listens there
    await network.break_off()

    async def work() -> None:
        async with leased(database, "work", retry_seconds=0.01):
            pass

    working = asyncio.create_task(work())
    _, waits = await asyncio.wait({working}, timeout=2)
    assert waits, working.exception()  # what it raised would end the worker
    network.target = target
    await asyncio.wait_for(working, PATIENCE_SECONDS)
