"""What a search keeps of its indexes in memory says what the database says, whoever has changed that."""

import random
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from hubbub.connections.sqlite import Connection, Sqlite
from hubbub.core.documents import Retrieval, Vector
from hubbub.search import index_words, postings, signs
from hubbub.search.index_words import Frequencies, find_words
from hubbub.search.sqlite import SqliteSearch
from hubbub.testing.search import TopicEmbedder, document, put

WORDS = "harbour invoice lantern meadow orchard pelican quarry river saddle timber umbrella violin".split()
TOPICS = "kitten bank storm".split()
QUESTIONS = ("harbour invoice", "lantern meadow pelican", "river kitten", "timber", "violin bank orchard saddle")


@pytest_asyncio.fixture
async def database(tmp_path: Path) -> AsyncIterator[Sqlite]:
    async with Sqlite(tmp_path / "library.db") as database:
        yield database


def text(chance: random.Random) -> str:
    return " ".join(chance.choices(WORDS + TOPICS, k=chance.randint(3, 25)))


async def seen(search: SqliteSearch) -> list[object]:
    """Return all that is found: by words in any order, since what a passage weighs depends on the others' lengths."""
    every: list[object] = []
    for question in QUESTIONS:
        for collections in (["c1"], ["c1", "c2"]):
            by_words = await search.find(question, collections, limit=300, retrieval=Retrieval(mode="text"))
            every.append(sorted((hit.passage_id, hit.name) for hit in by_words))
            by_vectors = await search.find(question, collections, limit=300, retrieval=Retrieval(mode="vectors"))
            every.append([hit.passage_id for hit in by_vectors])
    return every


@pytest.mark.parametrize("kept_changes", [postings.KEPT_CHANGES, 7])
@pytest.mark.parametrize("budget", [1 << 26, 2_000])
async def test_a_search_that_runs_for_long_finds_what_a_new_one_finds(
    database: Sqlite, monkeypatch: pytest.MonkeyPatch, kept_changes: int, budget: int
) -> None:
    monkeypatch.setattr(postings, "KEPT_CHANGES", kept_changes)
    monkeypatch.setattr(postings.PostingsCache.__init__, "__defaults__", (budget,))
    monkeypatch.setattr(signs.SignsCache.__init__, "__defaults__", (budget,))
    chance = random.Random(3)
    async with (
        Sqlite(database.path) as elsewhere,
        SqliteSearch(database, TopicEmbedder()) as running,
        SqliteSearch(elsewhere, TopicEmbedder()) as writing,
    ):
        for number in range(20):
            await put(writing, document(number, f"c{number % 3}"), *(text(chance) for _ in range(4)))
        for step in range(30):
            number = chance.randrange(25)
            match chance.choice(("put", "put", "remove", "rename", "embed")):
                case "put":
                    texts = [text(chance) for _ in range(chance.randint(1, 6))]
                    await put(writing, document(number, f"c{number % 3}"), *texts, generation=step + 2)
                case "remove":
                    await writing.remove(f"d{number}")
                case "rename":
                    await writing.rename(f"d{number}", f"{chance.choice(WORDS)}.md")
                case _:
                    await writing.embed_next(50)
            async with SqliteSearch(database, TopicEmbedder()) as fresh:
                assert await seen(running) == await seen(fresh)


async def test_words_weigh_what_fts5_says(database: Sqlite) -> None:
    chance = random.Random(5)
    frequencies = Frequencies()
    moments: list[tuple[list[int], list[int]]] = []

    def both(connection: Connection) -> None:
        for question in ("lantern meadow pelican", "orchard violin"):
            match = " OR ".join(f'"{term}"' for term in index_words.index_terms(question, "en"))
            ranked = connection.all("select rowid from passage_terms(?) order by rank, rowid limit 10", (match,))
            rows = find_words(connection, frequencies, question, "en", ["c1"], 10)
            moments.append((rows, [row for (row,) in ranked]))

    async with SqliteSearch(database, None) as search:
        for number in range(40):  # each word is in few passages, so that its rarity counts
            texts = [" ".join([*chance.choices(WORDS, k=2), *(["filler"] * chance.randint(1, 30))]) for _ in range(3)]
            await put(search, document(number), *texts)
            if number > 10:
                await database.read(both)
        held = " AND ".join(f'"{term}"' for term in index_words.index_terms("lantern meadow pelican", "en"))
        all_three = await database.read(lambda connection: connection.all("select 1 from passage_terms(?)", (held,)))
        assert not all_three, "those that hold all come first here, and not in FTS5"
    for found, ranked in moments:
        common = len(set(found) & set(ranked))
        assert common >= len(ranked) - 1
        assert found[0] in ranked[:2]


async def test_a_word_in_most_passages_weighs_what_fts5_says_too(database: Sqlite) -> None:
    async with SqliteSearch(database, None) as search:
        for number in range(9):
            await put(search, document(number), f"lantern {'meadow ' * number}", "lantern lantern", "pelican")

    def look(connection: Connection) -> None:
        cache = postings.PostingsCache()
        moment = cache.catch_up(connection)
        read = cache.term(connection, moment, "lantern")
        ranks = dict(connection.all("select rowid, rank from passage_terms('text : lantern')"))
        rarity = postings.idf(moment.passages, len(ranks))
        assert read.rows.tolist() == sorted(ranks)
        assert read.weights.tolist() == pytest.approx([-ranks[row] / rarity for row in sorted(ranks)], rel=1e-4)

    await database.read(look)


async def test_what_was_read_stays_within_its_budget(database: Sqlite) -> None:
    chance = random.Random(6)
    async with SqliteSearch(database, None) as search:
        await put(search, document(), *(text(chance) for _ in range(200)))

    def look(connection: Connection) -> None:
        cache = postings.PostingsCache(3_000)
        moment = cache.catch_up(connection)
        for word in (*WORDS, *TOPICS):
            (term,) = index_words.index_terms(word, "en")
            once, again = cache.term(connection, moment, term), cache.term(connection, moment, term)
            assert once.rows.tolist() == again.rows.tolist() != []
            assert sum(map(postings.size_of, cache.kept())) <= 3_000

    await database.read(look)


async def test_the_nearest_are_found_where_signs_alone_tell_little(database: Sqlite) -> None:
    dimensions, count = 128, 8_000
    made = np.random.default_rng(9).normal(size=(count, dimensions))
    made /= np.linalg.norm(made, axis=1, keepdims=True)

    class Chance(TopicEmbedder):
        def vector(self, text: str) -> Vector:
            return made[int(text.rpartition(" ")[2])].astype("<f4").tobytes()

    embedder = Chance()
    embedder.dimensions = dimensions
    async with SqliteSearch(database, embedder) as search:
        await put(search, document(), *(f"text {number}" for number in range(count)))
        while await search.embed_next(1_000):
            pass
        right = 0
        for asked in range(20):
            exact = np.argsort(-(made @ made[asked]))[:10]
            hits = await search.find(f"text {asked}", ["c1"], limit=10, retrieval=Retrieval(mode="vectors"))
            right += len({hit.text for hit in hits} & {f"text {number}" for number in exact})
        assert right / 200 >= 0.9  # 0.82 by signs alone


async def test_why_a_passage_is_found_is_what_the_indexes_say_of_it(database: Sqlite) -> None:
    async with SqliteSearch(database, TopicEmbedder()) as search:
        await put(search, document(), "A kitten in the harbour.", "A purring cat.", "The harbour.", "Nothing of it.")
        while await search.embed_next(100):
            pass
        hits = await search.find("kitten harbour", ["c1"], limit=3)
        ids = [hit.passage_id for hit in hits]
        why = await search.explain("kitten harbour", ["c1"], ids, depth=3)
        assert list(why[ids[0]].terms) and why[ids[0]].words_rank == why[ids[0]].vectors_rank == 1
        for hit in hits:
            one = why[hit.passage_id]
            ranks = [rank for rank in (one.words_rank, one.vectors_rank) if rank is not None]
            assert hit.score == pytest.approx(sum(1 / (60 + rank) for rank in ranks))
        cat = next(why[hit.passage_id] for hit in hits if hit.text == "A purring cat.")
        assert (cat.words_rank, cat.terms) == (None, ())
        assert cat.similarity == pytest.approx(1.0, abs=0.01)
        assert await search.explain("kitten", ["another"], ids) == {}


async def test_a_word_is_found_as_soon_as_a_document_has_it(database: Sqlite) -> None:
    async with SqliteSearch(database, None) as search:
        await put(search, document(1), "The harbour.")
        for number, word in enumerate(("lantern", "meadow"), start=2):
            assert await search.find(f"harbour {word}", ["c1"], limit=1) != []
            assert await search.find(word, ["c1"]) == []
            await put(search, document(number), f"A {word}.")
            assert [hit.text for hit in await search.find(word, ["c1"])] == [f"A {word}."]


async def test_what_is_left_is_found_when_most_that_held_a_word_is_gone(database: Sqlite) -> None:
    async with SqliteSearch(database, None) as search:
        for number, text in enumerate(("The harbour lantern.", "A harbour.", "This harbour."), start=1):
            await put(search, document(number), text)
        assert len(await search.find("lantern harbour", ["c1"])) == 3
        await search.remove(document(1).id)
        await search.remove(document(2).id)
        assert [hit.text for hit in await search.find("lantern harbour", ["c1"])] == ["This harbour."]
