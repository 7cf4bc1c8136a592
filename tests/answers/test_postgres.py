import asyncio
from collections.abc import AsyncIterator

import pytest

from hubbub.answers.base import GivenUp, Record
from hubbub.answers.journal import KEEP_SECONDS, SETTLE_SECONDS
from hubbub.answers.postgres import PostgresAnswers
from hubbub.connections.postgres import Postgres
from hubbub.testing.answers import AnswerStoreContract, ended


class Clock:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(postgres: Postgres, clock: Clock) -> AsyncIterator[PostgresAnswers]:
    async with PostgresAnswers(postgres, clock=clock) as store:
        yield store


@pytest.fixture
async def other(store: PostgresAnswers, postgres_url: str, clock: Clock) -> AsyncIterator[PostgresAnswers]:
    async with Postgres(postgres_url, connections=3) as database, PostgresAnswers(database, clock=clock) as other:
        yield other


async def rows(database: Postgres, table: str) -> int:
    [[count]] = await database.all(f"select count(*) from {table}")
    return count


class TestPostgresAnswers(AnswerStoreContract):
    async def test_a_batch_that_is_sent_again_is_stored_once(self, store: PostgresAnswers, postgres: Postgres) -> None:
        await store.open("a", "ann")
        records, answer = ended("a", "one", "two")
        batch = store._journal.batch(records, [answer])
        await store._append(batch, None)
        await store.append(records, [answer])
        assert await store.read("a") == records
        assert await rows(postgres, "journal") == await rows(postgres, "portion") == 1

    async def test_the_journal_is_settled_and_cleared(
        self, store: PostgresAnswers, postgres: Postgres, clock: Clock, other: PostgresAnswers
    ) -> None:
        await store.open("a", "ann")
        await store.open("b", "ann")
        written: list[Record] = []
        most = 0
        for number in range(1, 101):
            record = Record("a", number, b"%d" % number)
            await store.append([record, Record("b", number, b"-")])
            written.append(record)
            clock.seconds += 0.5
            if number % 10 == 0:
                assert await store.read("a") == await other.read("a") == written
                assert await store.read("a", number - 3) == written[-3:]
            most = max(most, await rows(postgres, "journal"))
        assert await rows(postgres, "portion") < 100 / SETTLE_SECONDS * 2
        assert most <= 2 * (SETTLE_SECONDS + KEEP_SECONDS + 3)
        [peer], _ = await other.renew()
        assert [found.id for found in await other.claim(peer.number)] == ["a", "b"]
        assert await other.read("a") == written

    async def test_whoever_looks_again_and_again_misses_nothing(
        self, store: PostgresAnswers, clock: Clock, other: PostgresAnswers
    ) -> None:
        await store.open("a", "ann")
        seen: list[Record] = []
        for number in range(1, 61):
            await store.append([Record("a", number, b"%d" % number)])
            clock.seconds += 0.5
            if number % 3 == 0:
                seen += (await other.look({"a"})).records
        assert [record.number for record in seen] == list(range(1, 61))

    async def test_who_has_left_is_heard_to_the_end_and_leaves_nothing_behind(
        self, store: PostgresAnswers, postgres: Postgres, postgres_url: str
    ) -> None:
        async with Postgres(postgres_url) as its_own:
            async with PostgresAnswers(its_own) as leaving:
                await leaving.open("a", "ann")
                await leaving.append([Record("a", 1, b"1")])
                assert len((await store.look({"a"})).records) == 1
                records, answer = ended("a", first=2)
                await leaving.append(records, [answer])
            assert list((await store.look({"a"})).records) == records
            assert await rows(postgres, "journal") == 2
            async with PostgresAnswers(its_own):
                assert await rows(postgres, "journal") == 0
        assert await store.read("a") == [Record("a", 1, b"1"), *records]

    async def test_what_comes_late_after_it_was_given_up_is_not_stored(
        self, store: PostgresAnswers, other: PostgresAnswers
    ) -> None:
        await store.open("a", "ann")
        late = store._journal.batch([Record("a", 1, b"late")], [])
        [peer], _ = await other.renew()
        await other.claim(peer.number)
        await store.renew()
        with pytest.raises(GivenUp):
            await store._append(late, None)
        await other.append([Record("a", 1, b"of the other")])
        assert await store.read("a") == [Record("a", 1, b"of the other")]

    async def test_followers_and_makers_are_told_of_what_others_store(
        self, store: PostgresAnswers, other: PostgresAnswers
    ) -> None:
        told, told_maker = asyncio.Event(), asyncio.Event()
        await store.renew()
        await store.open("a", "ann")
        await other.look({"a"})
        async with asyncio.timeout(5):
            other.on_news, store.on_news = told.set, told_maker.set
            await asyncio.sleep(0.05)  # both listen by now
            told.clear(), told_maker.clear()
            await store.append([Record("a", 1, b"1")])
            await told.wait()
            assert not told_maker.is_set()
            await other.ask_to_stop("a", "asked")
            await told_maker.wait()
