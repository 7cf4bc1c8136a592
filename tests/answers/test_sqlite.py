import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hubbub.answers.base import GivenUp, Record
from hubbub.answers.sqlite import KEEP_SECONDS, SCHEMA, SETTLE_SECONDS, SqliteAnswers
from hubbub.connections.sqlite import Connection, Sqlite, read_sql
from hubbub.core.answer import Answer
from hubbub.core.errors import Conflict, NotFound, StoreError
from hubbub.core.messages import Chat, Message
from hubbub.history.memory import MemoryHistory
from hubbub.history.sqlite import SqliteHistory
from hubbub.testing.answers import AnswerStoreContract, ended
from tests.databases import pages_read

WITHOUT_ROWIDS = SCHEMA[: SCHEMA.index(read_sql("hubbub.answers", "rowids.sql"))]


class Clock:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Sqlite]:
    async with Sqlite(tmp_path / "hubbub.db") as database:
        yield database


@pytest.fixture
async def store(database: Sqlite, clock: Clock) -> AsyncIterator[SqliteAnswers]:
    async with SqliteAnswers(database, clock=clock) as store:
        yield store


@pytest.fixture
async def other(store: SqliteAnswers, tmp_path: Path, clock: Clock) -> AsyncIterator[SqliteAnswers]:
    async with Sqlite(tmp_path / "hubbub.db") as database, SqliteAnswers(database, clock=clock) as other:
        yield other


async def rows(database: Sqlite, table: str) -> int:
    [[count]] = await database.read(Connection.all, f"select count(*) from {table}")
    return count


class TestSqliteAnswers(AnswerStoreContract):
    async def test_a_batch_is_stored_whole_or_not_at_all(self, store: SqliteAnswers) -> None:
        await store.open("a", "ann")
        await store.open("b", "ann")
        records, answer = ended("a")
        await store.append(records, [answer])
        with pytest.raises(StoreError):
            await store.append([Record("b", 1, b"1"), *records], [answer])
        assert await store.read("b") == []
        await store.append([Record("b", 1, b"1")])
        assert await store.read("b") == [Record("b", 1, b"1")]

    async def test_the_journal_is_settled_and_cleared(
        self, store: SqliteAnswers, database: Sqlite, clock: Clock, other: SqliteAnswers
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
            most = max(most, await rows(database, "journal"))
        assert await rows(database, "portion") < 100 / SETTLE_SECONDS * 2
        assert most <= 2 * (SETTLE_SECONDS + KEEP_SECONDS + 3)
        [peer], _ = await other.renew()
        assert [found.id for found in await other.claim(peer.number)] == ["a", "b"]
        assert await other.read("a") == written

    async def test_whoever_looks_again_and_again_misses_nothing(
        self, store: SqliteAnswers, clock: Clock, other: SqliteAnswers
    ) -> None:
        await store.open("a", "ann")
        seen: list[Record] = []
        for number in range(1, 61):
            await store.append([Record("a", number, b"%d" % number)])
            clock.seconds += 0.5
            if number % 3 == 0:
                seen += (await other.look({"a"})).records
        assert [record.number for record in seen] == list(range(1, 61))

    async def test_what_is_on_its_way_while_it_joins_anew_is_not_stored(
        self, store: SqliteAnswers, database: Sqlite, other: SqliteAnswers
    ) -> None:
        await store.open("a", "ann")
        [peer], _ = await other.renew()
        await other.claim(peer.number)
        waits = (store.renew(), database.write(nap), database.write(nap), store.append([Record("a", 1, b"late")]))
        (_, was_given_up), _, _, outcome = await asyncio.gather(*waits, return_exceptions=True)
        assert was_given_up
        assert isinstance(outcome, GivenUp)
        await other.append([Record("a", 1, b"of the other")])
        assert await store.read("a") == [Record("a", 1, b"of the other")]

    async def test_who_has_left_is_heard_to_the_end_and_leaves_nothing_behind(
        self, store: SqliteAnswers, database: Sqlite, tmp_path: Path
    ) -> None:
        async with Sqlite(tmp_path / "hubbub.db") as its_own:
            async with SqliteAnswers(its_own) as leaving:
                await leaving.open("a", "ann")
                await leaving.append([Record("a", 1, b"1")])
                assert len((await store.look({"a"})).records) == 1
                records, answer = ended("a", first=2)
                await leaving.append(records, [answer])
            assert list((await store.look({"a"})).records) == records
            assert await rows(database, "journal") == 2
            async with SqliteAnswers(its_own):
                assert await rows(database, "journal") == 0
        assert await store.read("a") == [Record("a", 1, b"1"), *records]

    async def test_what_it_was_asked_with_is_forgotten_with_its_end(
        self, store: SqliteAnswers, database: Sqlite
    ) -> None:
        await store.open("a", "ann", credential="key-1")
        records, answer = ended("a")
        await store.append(records, [answer])
        assert await database.read(Connection.all, "select credential from answer") == [(None,)]


def nap(connection: Connection) -> None:
    time.sleep(0.05)  # longer than calls share a transaction


async def test_a_database_of_the_first_form_is_brought_up_to_date(tmp_path: Path) -> None:
    records, _ = ended("done", "one", "two")
    async with Sqlite(tmp_path / "hubbub.db") as database:
        await database.migrate(
            "answers", [(Path(__file__).parents[2] / "src/hubbub/answers/sql/schema.sql").read_text()]
        )

        def fill(connection: Connection) -> None:
            connection.all("insert into answer values ('done', 'ann', 1, '{}'), ('open', 'ann', 1, null)")
            connection.many("insert into event values (?, ?, ?)", [(r.answer_id, r.number, r.data) for r in records])
            connection.all("insert into event values ('open', 1, 'x')")

        await database.write(fill)
        async with SqliteAnswers(database) as store:
            assert await store.read("done") == records
            [peer], _ = await store.renew()
            assert (peer.number, peer.seen_at) == (0, 0)
            assert [found.id for found in await store.claim(0)] == ["open"]
            assert await store.read("open") == [Record("open", 1, b"x")]


async def test_a_database_without_rowids_keeps_all_it_holds(tmp_path: Path) -> None:
    columns = "id, owner_id, opened_at, result, worker, place, grace_seconds, stop_reason, watched_at, expires_at"
    columns += ", credential, trace"
    rows = [
        ("done", "ann", 1.0, b"{}", None, None, None, None, None, 9.0, None, None),
        ("open", "bob", 2.0, None, 3, 4, 5.0, "revoked", 6.0, 7.0, "key", "00-trace"),
    ]
    portions = [("done", 2, b"two"), ("done", 4, b"four"), ("open", 1, b"one")]
    async with Sqlite(tmp_path / "hubbub.db") as database:
        await database.migrate("answers", WITHOUT_ROWIDS)

        def fill(connection: Connection) -> None:
            connection.many(f"insert into answer ({columns}) values ({', '.join('?' * 12)})", rows)
            connection.many("insert into portion values (?, ?, ?)", portions)

        await database.write(fill)
        await database.migrate("answers", SCHEMA)
        assert await database.read(Connection.all, f"select {columns} from answer order by id") == rows
        assert await database.read(Connection.all, "select * from portion order by 1, 2") == portions
        await database.write(Connection.all, "delete from answer where id = 'done'")  # with its portions
        assert await database.read(Connection.all, "select * from portion") == portions[2:]


async def test_an_answer_is_found_without_reading_the_long_ones_beside_it(store: SqliteAnswers, tmp_path: Path) -> None:
    ids = [f"answer{number}" for number in range(30)]
    for one in ids:
        await store.open(one, "ann")
        await store.append([Record(one, 1, b"x" * 300_000)], [Answer(one, 1, "done", "long " * 60_000)])
    for query in (
        "select owner_id from answer where id = ?",
        "select 1 from portion where answer_id = ? and last_number = 0",
    ):
        pages = pages_read(str(tmp_path / "hubbub.db"), query, [(one,) for one in ids])
        assert pages < 4 * len(ids)  # each text alone is 73 pages


@pytest.mark.parametrize("way", ["open", "open_for_others"])
async def test_a_chat_its_question_and_its_answer_come_in_one_transaction(
    store: SqliteAnswers, database: Sqlite, way: str
) -> None:
    opened = getattr(store, way)
    chat = Chat("c1", "ann", "Normandy", 1.0, 1.0)
    messages = [Message("m1", "c1", None, "user", "Where is it?", 2.0), Message("a1", "c1", "m1", "assistant")]
    async with SqliteHistory(database) as history:
        await opened("a1", "ann", beside=history.adding(messages, chat=chat, fingerprint="same"))
        assert await history.messages("c1") and await history.fingerprint("m1") == "same"
        lost = history.adding([Message("m2", "c2", "nowhere", "user")], chat=Chat("c2", "ann", "Lost", 1.0, 1.0))
        with pytest.raises(NotFound):
            await opened("a2", "ann", beside=lost)
        assert (await history.chat("c2"), await store.find(["a2"])) == (None, [])
        with pytest.raises(Conflict):
            await opened("a1", "ann", beside=history.adding([], chat=Chat("c3", "ann", "Twice", 1.0, 1.0)))
        assert await history.chat("c3") is None


async def test_what_is_stored_elsewhere_and_fails_leaves_no_log(store: SqliteAnswers) -> None:
    history = MemoryHistory()
    with pytest.raises(NotFound):
        await store.open("a1", "ann", beside=history.adding([Message("a1", "c1", None, "assistant")]))
    assert await store.find(["a1"]) == []
