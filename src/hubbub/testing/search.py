"""What every search promises, and what those promise that make their vectors later."""

import asyncio
from collections.abc import Sequence
from struct import pack
from typing import Protocol

import pytest
from msgspec.structs import replace

from hubbub.core.documents import Document, Passage, Retrieval, RetrievalMode, Vector
from hubbub.core.errors import ModelError
from hubbub.search.base import EmbedsLater, Narrowing, Renames, Search

TOPICS = (("cat", "kitten", "purring"), ("money", "bank", "interest"), ("rain", "storm", "weather"))


class SearchThatEmbedsLater(Search, EmbedsLater, Protocol):
    """A search that makes its vectors in the background, and tells how far that is."""

    async def counts(self) -> dict[str, tuple[int, int]]:
        """Return how many passages each document has, and how many of them have a vector."""
        ...


class TopicEmbedder:
    """Embeds by a few known topics, so that likeness of meaning is plain to see."""

    def __init__(self, name: str = "topics-1") -> None:
        self.name = name
        self.dimensions = 4
        self.failure: ModelError | None = None
        self.calls = 0

    async def embed(self, texts: Sequence[str], *, is_urgent: bool = False) -> list[Vector]:
        self.calls += 1
        await asyncio.sleep(0)
        if self.failure:
            raise self.failure
        return [self.vector(text.lower()) for text in texts]

    def vector(self, text: str) -> Vector:
        """Return the vector of a text in lower case: how much of it is about each topic."""
        counts = [float(sum(text.count(word) for word in topic)) for topic in TOPICS] + [0.01]
        length = sum(count * count for count in counts) ** 0.5
        return pack("<4f", *(count / length for count in counts))


def document(number: int = 1, collection_id: str = "c1", *, title: str = "") -> Document:
    """Return the record of a document, each number another one."""
    return Document(f"d{number}", collection_id, f"file{number}.md", "0" * 64, 1, title=title)


def passages(of: Document, *texts: str, generation: int = 1) -> list[Passage]:
    """Return passages of a document with these texts."""
    return [
        Passage(f"{of.id}-{generation}-{number}", of.id, number, text, page=number + 1, heading="Part › One")
        for number, text in enumerate(texts)
    ]


async def put(search: Search, of: Document, *texts: str, generation: int = 1) -> list[Passage]:
    """Put passages with these texts in place of those that a document had, and return them."""
    made = passages(of, *texts, generation=generation)
    await search.put(of, made)
    return made


async def found(search: Search, query: str, *collection_ids: str, limit: int = 8) -> list[str]:
    """Return the texts of the hits for a query."""
    return [hit.text for hit in await search.find(query, collection_ids or ("c1",), limit=limit)]


HOSTILE = [
    '"', '""', "'", "''", "*", "a*", "^a", "NEAR(a b)", "a AND", "AND OR NOT", "NOT", "text:a", "{text}:a", "a + b",
    "(", ")", "()", "-a", "a -b", "\\", ";--", "a\0b", "\0", "%", "_", "²", "￼", "💥", "?",
    "x" * 100_000, "word " * 20_000, "' or 1=1; drop table passage; --", 'a" OR inside : "c2', "c2", "ﬀ İ ß",
]  # fmt: skip


class SearchContract:
    """Subclasses give a fixture `search`, empty."""

    async def test_words_are_found_as_soon_as_they_are_put(self, search: Search) -> None:
        of = document(title="Pets")
        (cats, _) = await put(search, of, "The castle's cats sleep.", "A bridge over the river.")
        (hit, *_) = await search.find("Do cats sleep?", ["c1"])
        assert (hit.passage_id, hit.document_id, hit.collection_id) == (cats.id, of.id, "c1")
        assert (hit.name, hit.title, hit.text) == ("file1.md", "Pets", cats.text)
        assert (hit.page, hit.heading) == (1, "Part › One")

    async def test_words_are_found_as_soon_as_they_are_put_though_they_were_searched_before(
        self, search: Search
    ) -> None:
        """What is said about a word that nothing holds, or that little holds, is not remembered for long."""
        await put(search, document(), "The aardvark digs.", "The wombat digs.")
        assert await found(search, "pangolin") == []
        await put(search, document(2), "The pangolin rolls up.")
        assert await found(search, "pangolin") == ["The pangolin rolls up."]
        assert set(await found(search, "pangolin wombat")) == {"The pangolin rolls up.", "The wombat digs."}

    async def test_the_best_come_first_and_none_twice(self, search: Search) -> None:
        await put(search, document(), "red apple", "red", "red apple tart with apple", "green pear")
        hits = await search.find("red apple tart", ["c1"])
        assert hits[0].text == "red apple tart with apple"
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
        assert len({hit.passage_id for hit in hits}) == len(hits) == 3

    async def test_another_form_of_a_word_is_found(self, search: Search) -> None:
        await put(search, document(), "They were planning new bridges.", "Nothing.")
        assert await found(search, "Who plans a bridge?") == ["They were planning new bridges."]

    async def test_titles_and_headings_are_found(self, search: Search) -> None:
        await put(search, document(title="Handbook of gardens"), "Water it.")
        assert await found(search, "gardens") == await found(search, "part one") == ["Water it."]

    async def test_passages_come_in_reading_order(self, search: Search) -> None:
        made = passages(document(), "a", "b", "c")
        await search.put(document(), made[::-1])
        assert await search.passages("d1") == made

    @pytest.mark.parametrize("query", HOSTILE, ids=lambda query: repr(query[:20]))
    async def test_no_query_can_break_it_or_leave_its_collection(self, search: Search, query: str) -> None:
        await put(search, document(1, "c1"), "a word of mine")
        await put(search, document(2, "c2"), "a word of others")
        assert set(await found(search, query)) <= {"a word of mine"}
        assert await found(search, "mine") == ["a word of mine"]

    async def test_an_odd_collection_name_is_only_a_name(self, search: Search) -> None:
        for number, name in enumerate(['"', "—", "c1 OR c2", "*"]):
            await put(search, document(number, name), f"word {number}")
            assert await found(search, "word", name) == [f"word {number}"]


class EmbeddingSearchContract(SearchContract):
    """Subclasses give a fixture `search` that embeds with the fixture `embedder`, a `TopicEmbedder`.

    It goes by the mode and the minimum score of a `Retrieval`.
    """

    async def test_meanings_are_found_once_embedded(self, search: SearchThatEmbedsLater) -> None:
        await put(search, document(), "The kitten plays.", "The bank is closed.", "A storm came.")
        assert await found(search, "purring") == []
        assert await search.embed_next(2) == ["d1", "d1"]
        assert await search.counts() == {"d1": (3, 2)}
        assert await search.embed_next(2) == ["d1"]
        assert await search.embed_next(2) == []
        assert (await found(search, "purring"))[0] == "The kitten plays."
        assert (await found(search, "weather"))[0] == "A storm came."

    @pytest.mark.parametrize(
        ("mode", "expected"), [("hybrid", {"purring kittens", "the word feline"}), ("text", {"the word feline"})]
    )
    async def test_words_or_meanings_alone_are_searched_where_that_is_asked_for(
        self, search: SearchThatEmbedsLater, mode: RetrievalMode, expected: set[str]
    ) -> None:
        await put(search, document(), "purring kittens", "the word feline")
        while await search.embed_next():
            pass
        hits = await search.find("feline cat", ["c1"], limit=2, retrieval=Retrieval(mode=mode))
        assert {hit.text for hit in hits} == expected
        (best, *_) = await search.find("feline cat", ["c1"], retrieval=Retrieval(mode="vectors"))
        assert best.text == "purring kittens"

    async def test_other_collections_are_not_searched(self, search: SearchThatEmbedsLater) -> None:
        await put(search, document(1, "c1"), "cats here")
        await put(search, document(2, "c2"), "cats there")
        await put(search, document(3, "c2s"), "cats nowhere")  # ids that have one stem are two ids
        while await search.embed_next():
            pass
        assert await found(search, "cats", "c1") == ["cats here"]
        assert await found(search, "kitten", "c2") == ["cats there"]
        assert sorted(await found(search, "cats", "c1", "c2", "c1")) == ["cats here", "cats there"]
        assert await search.find("cats", []) == []
        assert await found(search, "cats", "c9") == []

    async def test_a_thousand_collections_are_searched_as_one(self, search: SearchThatEmbedsLater) -> None:
        await put(search, document(1, "c7"), "cats")
        await search.embed_next()
        assert await found(search, "cats or kittens", *(f"c{number}" for number in range(1_000))) == ["cats"]

    async def test_no_more_than_the_limit_come(self, search: SearchThatEmbedsLater) -> None:
        await put(search, document(), *(f"cat number {number}" for number in range(20)))
        assert len(await found(search, "cat", limit=3)) == 3
        assert len(await found(search, "cat", limit=12)) == 12
        await search.embed_next(20)
        assert len(await found(search, "cat", limit=1_000_000)) == 20
        assert await found(search, "cat", limit=0) == []

    async def test_putting_again_replaces(self, search: SearchThatEmbedsLater) -> None:
        await put(search, document(), "old cats", "old dogs")
        await search.embed_next()
        await put(search, document(), "new birds", generation=2)
        assert await found(search, "cats dogs") == []
        assert await found(search, "birds") == ["new birds"]
        assert await search.counts() == {"d1": (1, 0)}
        await put(search, document(), "newer fish", generation=2)  # the same ids
        assert await found(search, "birds fish") == ["newer fish"]

    async def test_what_is_removed_is_gone(self, search: SearchThatEmbedsLater) -> None:
        await put(search, document(1), "cats")
        kept = await put(search, document(2), "cats too", "dogs")
        await search.embed_next()
        await search.remove("d1")
        await search.remove("unknown")
        assert sorted(await found(search, "kitten")) == ["cats too", "dogs"]
        assert await search.passages("d1") == []
        assert await search.passages("d2") == kept
        assert await search.counts() == {"d2": (2, 2)}

    async def test_a_renamed_document_is_found_by_its_new_name_and_keeps_its_vectors(
        self, search: SearchThatEmbedsLater
    ) -> None:
        if not isinstance(search, Renames):
            pytest.skip("this search can't rename")
        await put(search, replace(document(1), name="zq17.txt", title=""), "cats", "birds")
        await put(search, replace(document(2), name="other.txt", title=""), "dogs")
        while await search.embed_next():
            pass
        assert await search.rename("d1", "xk42.txt")
        assert await search.rename("unknown", "xk42.txt")
        assert await search.counts() == {"d1": (2, 2), "d2": (1, 1)}
        words = Retrieval(mode="text")
        assert await search.find("zq17", ["c1"], retrieval=words) == []
        assert {hit.text for hit in await search.find("xk42", ["c1"], retrieval=words)} == {"cats", "birds"}
        assert [hit.name for hit in await search.find("kitten", ["c1"], limit=1)] == ["xk42.txt"]

    async def test_a_narrowed_search_finds_what_many_others_outrank(self, search: SearchThatEmbedsLater) -> None:
        if not isinstance(search, Narrowing):
            pytest.skip("this search can't keep to some documents")
        for number in range(60):
            await put(search, document(number), "cats cats cats")
        await put(search, document(99), "a long text in which cats are named but once among much else")
        while await search.embed_next(100):
            pass
        for query in ("cats", "purring"):  # by words, and by meaning alone
            for one in ("d0", "d31", "d59", "d99"):  # of 61 that `find` returns 8 of
                (hit,) = await search.find_among(query, ["c1"], [one, "d-none"])
                assert hit.document_id == one
        assert await search.find_among("cats", ["c2"], ["d99"]) == []
        assert await search.find_among("cats", ["c1"], []) == []

    async def test_words_serve_while_the_embedder_fails(
        self, search: SearchThatEmbedsLater, embedder: TopicEmbedder
    ) -> None:
        await put(search, document(), "cats")
        embedder.failure = ModelError("It is not to be had.")
        assert await found(search, "cats") == ["cats"]
        with pytest.raises(ModelError):
            await search.embed_next()
        embedder.failure = None
        assert await search.embed_next() == ["d1"]

    async def test_searching_and_putting_at_once_shows_all_or_none(self, search: SearchThatEmbedsLater) -> None:
        await put(search, document(), *(f"cat {number}" for number in range(8)))

        async def replace() -> None:
            for generation in range(2, 12):
                await put(search, document(), *(f"cat {number}" for number in range(8)), generation=generation)
                await search.embed_next()

        async def look() -> None:
            for _ in range(30):
                hits = await search.find("cat", ["c1"])
                assert len({hit.passage_id.split("-")[1] for hit in hits}) == 1
                assert len(hits) == 8

        await asyncio.gather(replace(), look(), look())

    async def test_hits_below_the_minimum_score_are_left_out(self, search: SearchThatEmbedsLater) -> None:
        await put(search, document(), "red apple tart", "red wine")
        hits = await search.find("red apple tart", ["c1"])
        assert len(hits) == 2
        good = await search.find("red apple tart", ["c1"], retrieval=Retrieval(minimum_score=hits[0].score))
        assert good == hits[:1]
