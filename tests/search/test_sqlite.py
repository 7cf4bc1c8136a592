import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from msgspec.structs import replace

from hubbub.connections.sqlite import Connection, Sqlite
from hubbub.core.documents import Document, Retrieval, Vector
from hubbub.core.errors import ModelError, SearchError
from hubbub.search import sqlite, vectors
from hubbub.search.rebuilding import is_behind
from hubbub.search.sqlite import ROOM, SCHEMA, SQL, SqliteSearch
from hubbub.testing.search import EmbeddingSearchContract, TopicEmbedder, document, found, passages, put


@pytest_asyncio.fixture
async def database(tmp_path: Path) -> AsyncIterator[Sqlite]:
    async with Sqlite(tmp_path / "hubbub.db") as database:
        yield database


class TestSqliteSearch(EmbeddingSearchContract):
    @pytest.fixture
    def embedder(self) -> TopicEmbedder:
        return TopicEmbedder()

    @pytest_asyncio.fixture
    async def search(self, database: Sqlite, embedder: TopicEmbedder) -> AsyncIterator[SqliteSearch]:
        async with SqliteSearch(database, embedder) as search:
            yield search


async def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    for turn in (1, 2):
        async with Sqlite(tmp_path / "hubbub.db") as database, SqliteSearch(database, TopicEmbedder()) as search:
            if turn == 1:
                await put(search, document(), "cats")
                await search.embed_next()
            assert await found(search, "cats") == await found(search, "kitten") == ["cats"]


async def test_another_embedder_embeds_anew(database: Sqlite) -> None:
    async with SqliteSearch(database, TopicEmbedder("topics-1")) as old:
        await put(old, document(), "cats", "dogs")
        await old.embed_next()
        async with SqliteSearch(database, TopicEmbedder("topics-2")) as new:
            assert await new.counts() == {"d1": (2, 0)}
            assert await new.embed_next(1) == ["d1"]
            assert await found(new, "kitten") == ["cats"]
            # A process that still runs with the old one neither mixes its vectors in nor fails.
            assert await found(old, "kitten") == []
            assert await found(old, "cats") == ["cats"]
            assert await old.embed_next() == []
            assert await new.counts() == {"d1": (2, 1)}


async def test_without_an_embedder_words_are_found_and_vectors_kept(database: Sqlite) -> None:
    async with SqliteSearch(database, TopicEmbedder()) as with_meanings:
        await put(with_meanings, document(1), "cats")
        await put(with_meanings, document(2), "kittens")
        await with_meanings.embed_next()
        async with SqliteSearch(database, None) as search:
            assert await found(search, "cats") == ["cats"]
            assert await found(search, "purring") == []
            assert await search.embed_next() == []
            await search.remove("d1")
        assert await found(with_meanings, "purring") == ["kittens"]
        assert await with_meanings.counts() == {"d2": (1, 1)}


async def test_a_failing_embedder_is_reported_once(database: Sqlite, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    embedder = TopicEmbedder()
    async with SqliteSearch(database, embedder) as search:
        await put(search, document(), "cats")
        for failure in (ModelError("gone"), ModelError("gone"), None, None, ModelError("gone again")):
            embedder.failure = failure
            assert await found(search, "cats") == ["cats"]
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO", "WARNING"]


async def test_an_embedder_that_hangs_holds_no_search_up(database: Sqlite, monkeypatch: pytest.MonkeyPatch) -> None:
    class Hanging(TopicEmbedder):
        async def embed(self, texts: object, *, is_urgent: bool = False) -> list[bytes]:
            await asyncio.Event().wait()
            raise AssertionError

    monkeypatch.setattr(vectors, "EMBED_SECONDS", 0.05)
    async with SqliteSearch(database, Hanging()) as search:
        await put(search, document(), "cats")
        assert await found(search, "cats") == ["cats"]


async def test_what_changed_while_it_was_embedded_is_left_for_the_next_time(database: Sqlite) -> None:
    class Slow(TopicEmbedder):
        async def embed(self, texts: object, *, is_urgent: bool = False) -> list[bytes]:
            if self.calls == 0:
                await put(search, document(), "new cats", generation=2)
            return await super().embed(texts, is_urgent=is_urgent)  # type: ignore[arg-type]

    async with SqliteSearch(database, Slow()) as search:
        await put(search, document(), "old money")
        assert await search.embed_next() == ["d1"]
        assert await found(search, "purring") == ["new cats"]


async def test_a_failed_put_leaves_what_was_there(database: Sqlite) -> None:
    async with SqliteSearch(database, TopicEmbedder()) as search:
        await put(search, document(1), "cats")
        await search.embed_next()
        (one,) = passages(document(1), "dogs", generation=2)
        with pytest.raises(Exception, match="UNIQUE"):
            await search.put(document(1), [one, one])
        assert await found(search, "kitten") == ["cats"]


async def test_a_database_that_fails_is_a_search_error(database: Sqlite) -> None:
    async with SqliteSearch(database, None) as search:
        await database.write(lambda connection: connection.all("drop table passage_terms"))
        with pytest.raises(SearchError, match="could not be done"):
            await search.find("cats", ["c1"])


async def test_every_index_stays_in_step(database: Sqlite) -> None:
    async with SqliteSearch(database, TopicEmbedder()) as search:
        for generation in range(5):
            await put(search, document(generation % 2), *(["cats"] * 100), generation=generation)
            await search.embed_next(100)
        await database.write(
            lambda connection: connection.all("insert into passage_terms (passage_terms) values ('integrity-check')")
        )
        rows = await database.read(
            lambda connection: connection.one(
                "select (select count(*) from passage_embedding), (select count(*) from passage_terms_docsize), "
                "(select count(*) from passage_waiting), (select passages from collection_passages), "
                "(select count(distinct block) = (select count(*) from sign_block) from passage_embedding)"
            )
        )
        assert rows == (200, 200, 0, 200, 1)


async def test_a_file_is_found_by_its_name(database: Sqlite) -> None:
    async with SqliteSearch(database, None) as search:
        await put(search, Document("d1", "c1", "benefits-plus.pdf", "0" * 64, 1), "Dental care is covered.")
        await put(search, Document("d2", "c1", "benefits-standard.pdf", "0" * 64, 1), "Dental care is covered.")
        (best, *_) = await search.find("Is dental care covered by the standard plan?", ["c1"])
        assert best.name == "benefits-standard.pdf"


async def test_of_many_words_the_rarest_count(database: Sqlite) -> None:
    async with SqliteSearch(database, None) as search:
        common = " ".join(f"word{number}" for number in range(60))
        await put(search, document(), *([common] * 5), "The zeppelin has landed.")
        assert (await found(search, f"{common} zeppelin", limit=1)) == ["The zeppelin has landed."]


@pytest.mark.parametrize("asked", ["Wie hoch ist die Kaution für eine kitten?", "Kaution kitten?"])
async def test_vectors_of_a_model_for_another_language_come_behind_the_words(database: Sqlite, asked: str) -> None:
    class English(TopicEmbedder):
        languages = frozenset({"en"})

    about = ["Die Kaution beträgt 1500 Euro.", "Die Kaution wird nach dem Auszug zurückgezahlt.", "Keine Kaution."]
    others = [f"Das ist purring {number}." for number in range(60)]
    for embedder in (English(), TopicEmbedder("topics-2")):
        async with SqliteSearch(database, embedder) as search:
            await put(search, document(), *about, *others)
            while await search.embed_next(100):
                pass
            by_words = [hit.text for hit in await search.find(asked, ["c1"], retrieval=Retrieval(mode="text"))]
            hybrid = [hit.text for hit in await search.find(asked, ["c1"])]
            assert set(by_words) == set(about)
            assert (hybrid[:3] == by_words) == isinstance(embedder, English)


async def test_the_nearest_by_their_signs_are_the_nearest(database: Sqlite) -> None:
    dimensions, count = 384, 4_000
    chance = np.random.default_rng(7)
    made = chance.normal(size=(40, dimensions))[chance.integers(0, 40, count)] + chance.normal(size=(count, dimensions))
    made /= np.linalg.norm(made, axis=1, keepdims=True)

    class Chance(TopicEmbedder):
        def vector(self, text: str) -> Vector:
            return made[int(text.rpartition(" ")[2])].astype("<f4").tobytes()

    embedder = Chance()
    embedder.dimensions = dimensions
    async with SqliteSearch(database, embedder) as search:
        await put(search, document(), *(f"text {number}" for number in range(count)))
        while await search.embed_next(500):
            pass
        right = 0
        for asked in range(20):
            exact = np.argsort(-(made @ made[asked]))[:10]
            hits = await search.find(f"text {asked}", ["c1"], limit=10, retrieval=Retrieval(mode="vectors"))
            right += len({hit.text for hit in hits} & {f"text {number}" for number in exact})
        assert right / 200 >= 0.98


async def test_many_documents_are_removed_together(database: Sqlite) -> None:
    async with SqliteSearch(database, TopicEmbedder()) as search:
        for number in range(120):
            await put(search, document(number), "cats", "dogs")
        while await search.embed_next(100):
            pass
        await search.remove_many([f"d{number}" for number in range(119)])
        assert await search.counts() == {"d119": (2, 2)}
        assert await found(search, "kitten", limit=3) == ["cats", "dogs"]


async def test_what_waits_to_be_embedded_is_found_by_its_index(database: Sqlite) -> None:
    async with SqliteSearch(database, None):
        plan = await database.read(lambda connection: connection.all(f"explain query plan {SQL['unembedded']}", (1,)))
        assert "passage_unembedded" in str(plan)


OLD_PUT = "insert into passage values (null, ?, 'd1', 'c1', ?, null, '', ?, 'old.txt', '', ?)"


async def _old_index(database: Sqlite, texts: Sequence[str]) -> None:
    """Make what the version before had: the words in one table, the vectors in another, both kept by SQLite."""
    await database.migrate(ROOM, SCHEMA[:1])
    embedder = TopicEmbedder()

    def fill(connection: Connection) -> None:
        connection.all(
            "create virtual table passage_vector using vec0 "
            "(collection_id text partition key, embedding float[4], chunk_size=64)"
        )
        connection.all("insert into vector_space values (1, ?, 4)", (embedder.name,))
        for number, text in enumerate(texts):
            connection.all(OLD_PUT, (f"p{number}", number, text, 1))
            row = connection.all("select row from passage where number = ?", (number,))[0][0]
            connection.all("insert into passage_vector values (?, 'c1', ?)", (row, embedder.vector(text)))

    await database.write(fill)


async def test_an_index_of_an_earlier_version_is_searched_at_once_and_brought_up_to_date(
    database: Sqlite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "REBUILT_AT_ONCE", 10)
    texts = [*(f"about cats {number}" for number in range(60)), "L'indemnité est versée."]
    await _old_index(database, texts)
    for pause in (60.0, 0.0):  # the first is stopped in the middle; the second goes on from there
        monkeypatch.setattr(sqlite, "REBUILD_PAUSE_SECONDS", pause)
        async with SqliteSearch(database, TopicEmbedder()) as search:
            assert len(await found(search, "cats", limit=100)) == 61  # words and meanings, all but none
            assert len(await found(search, "purring", limit=100)) == 61
            await search.remove("unknown")
            while pause == 0.0 and await database.read(is_behind):
                await asyncio.sleep(0.01)
    async with SqliteSearch(database, TopicEmbedder()) as search:
        assert await found(search, "indemnité", limit=1) == ["L'indemnité est versée."]
        by_words = await search.find("cats", ["c1"], limit=100, retrieval=Retrieval(mode="text"))
        assert len(by_words) == 60
        assert await search.counts() == {"d1": (61, 61)}
        assert await search.embed_next() == []
        tables = await database.read(lambda connection: connection.all("select name from sqlite_schema"))
        assert not {"passage_words", "passage_vector"} & {row[0] for row in tables}
        await put(search, document(), "new")
        assert await found(search, "cats") == []


async def test_a_renamed_document_is_found_by_its_new_name_and_keeps_its_vectors(database: Sqlite) -> None:
    async def rows(name: str) -> int:
        query = "select count(*) from passage_terms where passage_terms match ?"
        found = await database.read(lambda connection: connection.one(query, (f"title : {name}",)))
        return found[0] if found else 0

    async with SqliteSearch(database, TopicEmbedder()) as search:
        await put(search, replace(document(1), name="zq17.txt", title=""), "cats", "birds")
        await put(search, replace(document(2), name="other.txt", title=""), "dogs")
        while await search.embed_next():
            pass
        counts = await search.counts()
        assert (await rows('"zq17"*'), await rows('"xk42"*')) == (2, 0)
        assert await search.rename("d1", "xk42.txt")
        assert await search.rename("unknown", "xk42.txt")
        assert (await rows('"zq17"*'), await rows('"xk42"*')) == (0, 2)
        assert await search.counts() == counts == {"d1": (2, 2), "d2": (1, 1)}
        assert [hit.name for hit in await search.find("cats", ["c1"], limit=1)] == ["xk42.txt"]
