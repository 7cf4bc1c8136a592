import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from hubbub.connections.sqlite import Sqlite
from hubbub.core.errors import ModelError, SearchError
from hubbub.search import vectors
from hubbub.search.sqlite import SqliteSearch
from tests.search.contract import SearchContract, TopicEmbedder, document, found, passages, put


@pytest_asyncio.fixture
async def database(tmp_path: Path) -> AsyncIterator[Sqlite]:
    async with Sqlite(tmp_path / "hubbub.db") as database:
        yield database


class TestSqliteSearch(SearchContract):
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
