"""The search in PostgreSQL fulfils the contract, and goes by words alone where there is no pgvector."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from hubbub.connections.postgres import Postgres
from hubbub.core.documents import Retrieval
from hubbub.core.people import Member, Permission, Reader, Right
from hubbub.search import postgres_vectors, postgres_words
from hubbub.search.library_postgres import PostgresLibrary
from hubbub.search.postgres import PostgresSearch
from hubbub.testing.search import EmbeddingSearchContract, TopicEmbedder, document, found, put


class TestPostgresSearch(EmbeddingSearchContract):
    @pytest.fixture
    def embedder(self) -> TopicEmbedder:
        return TopicEmbedder()

    @pytest_asyncio.fixture
    async def search(self, postgres: Postgres, embedder: TopicEmbedder) -> AsyncIterator[PostgresSearch]:
        async with PostgresSearch(postgres, embedder) as search:
            yield search


async def test_another_embedder_embeds_anew(postgres: Postgres) -> None:
    async with PostgresSearch(postgres, TopicEmbedder("topics-1")) as old:
        await put(old, document(), "cats", "dogs")
        await old.embed_next()
        async with PostgresSearch(postgres, TopicEmbedder("topics-2")) as new:
            assert await new.counts() == {"d1": (2, 0)}
            assert await new.embed_next(1) == ["d1"]
            assert await found(new, "kitten") == ["cats"]
            # A process that still runs with the old one neither mixes its vectors in nor fails.
            assert await found(old, "kitten") == []
            assert await found(old, "cats") == ["cats"]
            assert await old.embed_next() == []
            assert await new.counts() == {"d1": (2, 1)}


async def test_several_workers_embed_each_passage_once(postgres: Postgres) -> None:
    embedder = TopicEmbedder()
    async with PostgresSearch(postgres, embedder) as one, PostgresSearch(postgres, embedder) as other:
        await put(one, document(), *(f"cat {number}" for number in range(20)))
        embedder.calls = 0
        await asyncio.gather(*(search.embed_next(5) for search in (one, other) * 2))
        assert embedder.calls == 4
        assert await one.counts() == {"d1": (20, 20)}


async def test_words_alone_are_found_without_pgvector(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # As where none is installed.
    await postgres.run("drop extension if exists vector cascade")
    monkeypatch.setitem(postgres_vectors.SQL, "extension", "select null::text, null::text")
    async with PostgresSearch(postgres, TopicEmbedder()) as search:
        await put(search, document(), "The cats sleep.", "The bank is closed.")
        assert not search.embeds
        assert await search.embed_next() == []
        assert await found(search, "cat") == ["The cats sleep."]
        assert await found(search, "purring") == []
    assert "goes by words alone" in caplog.text
    assert "has no pgvector. Install it" in caplog.text
    monkeypatch.undo()
    async with PostgresSearch(postgres, TopicEmbedder()) as search:  # it was installed
        assert await search.embed_next() == ["d1", "d1"]
        assert (await found(search, "purring"))[0] == "The cats sleep."


async def test_the_index_of_many_vectors_looks_on_where_others_are_nearer(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_vectors, "EXACT", 0)
    async with PostgresSearch(postgres, TopicEmbedder()) as search:
        await put(search, document(1, "others"), *(f"cat {number}" for number in range(400)))
        await put(search, document(2, "mine"), "a kitten in the rain", "the bank")
        while await search.embed_next(100):
            pass
        vectors = Retrieval(mode="vectors")
        hits = await search.find("purring", ["mine"], retrieval=vectors)
        assert [hit.text for hit in hits] == ["a kitten in the rain", "the bank"]


async def test_a_reader_finds_what_they_may_use_at_that_moment(postgres: Postgres) -> None:
    async with PostgresSearch(postgres, TopicEmbedder()) as search, PostgresLibrary(postgres) as library:
        collection = await library.create("Pets", owner_id="ann", is_shared=False)
        await put(search, document(1, collection.id), "cats")
        await search.embed_next()
        group = await library.groups.create("Friends")
        await library.groups.put_member(group.id, Member("bob"))
        bob, ann = Reader(subjects=("person:bob",)), Reader(subjects=("person:ann",))
        assert [hit.text for hit in await search.find("cat", [collection.id], reader=ann)] == ["cats"]
        assert await search.find("cat", [collection.id], reader=bob) == []
        before = await library.permissions.revision()
        await library.permissions.put(collection.id, [Permission(f"group:{group.id}", Right.USE)])
        assert await library.permissions.revision() > before
        assert [hit.text for hit in await search.find("cat", [collection.id], reader=bob)] == ["cats"]
        assert [one.right for one in await library.named_collections(reader=bob)] == [Right.USE]
        await library.groups.remove_member(group.id, "bob")
        assert await search.find("cat", [collection.id], reader=bob) == []
        assert await library.permissions.usable([(ann, [collection.id]), (bob, [collection.id])]) == [True, False]


async def test_words_of_a_language_are_found_by_its_stems(postgres: Postgres) -> None:
    async with PostgresSearch(postgres, None) as search:
        german = "Die Versicherungen zahlen für Schäden an Häusern, wenn der Sturm sie verursacht hat und nicht früher."
        await put(search, document(), german, "Nothing of the kind is written here at all.")
        assert await found(search, "Welche Versicherung zahlt einen Schaden am Haus?") == [german]
        await put(search, document(2), "'; drop table passage; -- \\' it's a\0 cat's \\ life")
        assert await found(search, "it's the cat's life") != []


async def test_a_narrowed_search_looks_on_in_the_index_where_many_documents_are_left(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_vectors, "EXACT", 1)
    async with PostgresSearch(postgres, TopicEmbedder()) as search:
        await put(search, document(1), *(f"cat {number}" for number in range(400)))
        await put(search, document(2), "a kitten in the rain", "the bank")
        while await search.embed_next(100):
            pass
        hits = await search.find_among("purring", ["c1"], ["d2"], retrieval=Retrieval(mode="vectors"))
        assert [hit.text for hit in hits] == ["a kitten in the rain", "the bank"]


async def test_what_is_put_while_its_document_is_renamed_gets_the_new_name(postgres: Postgres) -> None:
    async with PostgresSearch(postgres, None) as search:
        await put(search, document(1), "old cats")
        await asyncio.gather(put(search, document(1), "new cats"), search.rename("d1", "xk42.txt"))
        await search.rename("d1", "xk42.txt")
        (hit,) = await search.find("xk42", ["c1"])
        assert (hit.text, hit.name) == ("new cats", "xk42.txt")


async def test_frequent_words_are_known_by_the_statistics_where_these_are_not_too_old(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_words, "MOST_RATED", 30)  # so far a word is counted
    async with PostgresSearch(postgres, None) as search:
        await put(search, document(), *(f"walnut {'maple' if one % 2 else 'birch'} w{one}" for one in range(40)))
        assert await _held(postgres, 40) == [30, 20, 1]
        await postgres.run("analyze passage_terms")
        assert await _held(postgres, 40) == [40, 20, 1]
        assert await _held(postgres, 81) == [30, 20, 1]


async def _held(postgres: Postgres, total: int) -> list[int]:
    """Return in how many passages words are, for who has looked for none yet; what is nowhere is left out."""
    words = postgres_words.terms_of("walnut maple w7 nowhere", [], "en")
    return [one.held for one in await postgres.read(postgres_words.TermCounts().of, words, total, ["en"])]
