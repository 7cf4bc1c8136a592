"""A word finds the words that it is part of or written apart from, and those that are a letter off."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from hubbub.app.found import marked
from hubbub.connections.postgres import Postgres
from hubbub.connections.sqlite import Connection, Sqlite
from hubbub.core.compounds import backward, beginnings, compound_of, made_of, splits
from hubbub.core.documents import Hit
from hubbub.core.wording import index_terms, query_terms
from hubbub.search import sqlite
from hubbub.search.base import Search
from hubbub.search.index_words import inside
from hubbub.search.postgres import PostgresSearch
from hubbub.search.rebuilding import is_to_rebuild
from hubbub.search.sqlite import SqliteSearch
from hubbub.testing.search import document, found, passages, put

PRESSURE = "Der zulässige Wasserdruck der Anlage beträgt vier Bar, und das ist nicht wenig."
MEETING = "Die Mitgliederversammlung wird einmal im Jahr vom Vorstand einberufen."
OTHER = "Der Hausmeister ist in der Woche von sieben bis zwölf Uhr im Keller."
DUTCH = "De ledenvergadering wordt een keer per jaar door het bestuur bijeengeroepen."
FINNISH = "Jäsenkokous pidetään kerran vuodessa, ja sen kutsuu koolle hallitus."
NOTICE = "Die Frist für eine Kündigung beträgt drei Monate zum Ende des Quartals."
NOTICES = "Bei Kündigungen sind immer die längeren Fristen des Vertrags zu beachten."
NOTICE_FAR = (
    "Eine Kündigung geht schriftlich an die Verwaltung im ersten Stock, die auch den Schlüssel zum Keller und zum "
    "Dachboden entgegennimmt. Wer auszieht, streicht vorher alle Wände weiß. Für Einsprüche gilt eine Frist."
)
MADE_OF_DUTCH = "De vergadering van de leden wordt een keer per jaar door het bestuur bijeengeroepen."
MADE_OF_SWEDISH = "Mötet för varje medlem hålls en gång om året och styrelsen kallar till det."
ENGLISH = "The waterpressure of the plant is four bar, and that is not a little."


class Compounds:
    @pytest.mark.parametrize(
        ("text", "asked"),
        [
            (PRESSURE, "Wie hoch darf der Druck sein?"),
            (PRESSURE, "Druck"),
            (MEETING, "Wann kommen die Mitglieder zusammen?"),
            (MEETING, "Wie oft ist eine Versammlung?"),
            (DUTCH, "Hoe vaak is er een vergadering?"),
            (FINNISH, "Kuinka usein kokous on?"),
        ],
    )
    async def test_a_part_of_a_compound_finds_it(self, search: Search, text: str, asked: str) -> None:
        await put(search, document(1), OTHER)
        await put(search, document(2), text)
        assert (await found(search, asked))[:1] == [text]

    async def test_the_word_itself_comes_before_what_it_is_part_of(self, search: Search) -> None:
        itself = "Der zulässige Druck der Anlage beträgt vier Bar, und das ist nicht wenig."
        await put(search, document(), OTHER, PRESSURE, itself)
        assert await found(search, "Wie hoch darf der Druck sein?") == [itself, PRESSURE]

    @pytest.mark.parametrize(
        ("text", "asked"),
        [
            (NOTICE, "Wie lang ist die Kündigungsfrist?"),
            (NOTICES, "Welche Kündigungsfristen sind es?"),
            (NOTICE_FAR, "Kündigungsfrist"),
            (NOTICE, "Was umfasst Kündigungsfrist?"),
            (MADE_OF_DUTCH, "Hoe vaak is er een ledenvergadering?"),
            (MADE_OF_SWEDISH, "När är medlemsmötet?"),
        ],
    )
    async def test_a_compound_finds_the_words_that_it_is_made_of(self, search: Search, text: str, asked: str) -> None:
        await put(search, document(1), OTHER)
        await put(search, document(2), text)
        assert await found(search, asked) == [text]

    async def test_the_words_of_a_compound_come_after_it_and_the_nearer_ones_first(self, search: Search) -> None:
        itself = "Die Kündigungsfrist der Wohnung beträgt drei Monate zum Ende des Quartals."
        await put(search, document(), NOTICE_FAR, OTHER, NOTICE, PRESSURE, itself, MEETING)
        assert await found(search, "Wie lang ist die Kündigungsfrist?") == [itself, NOTICE, NOTICE_FAR]

    async def test_a_compound_of_which_one_word_is_there_finds_nothing(self, search: Search) -> None:
        await put(search, document(), OTHER, "Die Frist für den Einspruch beträgt drei Monate.")
        assert await found(search, "Wie lang ist die Kündigungsfrist?") == []

    async def test_english_compounds_are_not_taken_apart(self, search: Search) -> None:
        await put(search, document(), "The pressure of the water in the plant is four bar, and that is not a little.")
        assert await found(search, "What is the waterpressure?") == []

    async def test_english_words_are_not_taken_apart(self, search: Search) -> None:
        await put(search, document(), OTHER, ENGLISH)
        assert await found(search, "What is the pressure?") == []

    async def test_a_compound_that_was_removed_or_changed_is_found_no_more(self, search: Search) -> None:
        await put(search, document(1), PRESSURE)
        await put(search, document(2), OTHER)
        assert await found(search, "Wie hoch ist der Druck?") == [PRESSURE]
        await put(search, document(1), MEETING, generation=2)
        assert await found(search, "Wie hoch ist der Druck?") == []
        assert await found(search, "Wie oft ist eine Versammlung?") == [MEETING]
        await search.remove("d1")
        assert await found(search, "Wie oft ist eine Versammlung?") == []

    @pytest.mark.parametrize(
        ("text", "asked"),
        [
            ("The memory card lies in the drawer.", "Where is the memorycard?"),
            ("The memory cards lie in the drawer.", "Where is the memorycard?"),
            ("The memorycard lies in the drawer.", "Where is the memory card?"),
            ("The memorycard lies in the drawer.", "memory cards"),
            ("The web site tells the hours.", "What does the website tell?"),
            ("Send an email to the club.", "e-mails"),
            ("La foto copia cuesta diez céntimos.", "¿Cuánto cuesta la fotocopia?"),
            ("La fotocopia cuesta diez céntimos.", "¿Qué es una foto copia?"),
        ],
    )
    async def test_a_word_is_found_written_together_and_in_two(self, search: Search, text: str, asked: str) -> None:
        await put(search, document(1), OTHER)
        await put(search, document(2), text)
        assert await found(search, asked) == [text]

    async def test_a_word_that_is_there_is_not_looked_for_in_two(self, search: Search) -> None:
        together = "The website tells the hours."
        await put(search, document(), OTHER, together, "A web site is looked after by the club.")
        assert await found(search, "website") == [together]

    @pytest.mark.parametrize("asked", ["Who is the landlrod?", "landlrod's", "the landlodr", "lamdlord landlrod"])
    async def test_a_word_that_no_passage_has_finds_what_is_a_letter_off(self, search: Search, asked: str) -> None:
        text = "The landlord is Orme Estates."
        await put(search, document(), OTHER, text)
        assert await found(search, asked) == [text]

    async def test_a_word_that_a_passage_has_finds_nothing_a_letter_off(self, search: Search) -> None:
        await put(search, document(), "The contact is Boyle.", "The contract is long.")
        assert await found(search, "Who is the contact?") == ["The contact is Boyle."]


class TestInSqlite(Compounds):
    @pytest_asyncio.fixture
    async def search(self, tmp_path: Path) -> AsyncIterator[Search]:
        async with Sqlite(tmp_path / "library.db") as database, SqliteSearch(database, None) as search:
            yield search


async def test_an_index_of_an_earlier_version_learns_compounds_in_the_background(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "REBUILT_AT_ONCE", 2)
    texts = [PRESSURE, MEETING, OTHER]

    def put_as_before(connection: Connection) -> None:
        of = document()
        sqlite.put_passages(connection, of, passages(of, *texts))
        for row, *_, text in connection.all(sqlite.SQL["waiting_of_document"], (of.id,)):
            terms = " ".join(index_terms(text, "de"))
            connection.all(sqlite.SQL["put_terms"], (row, inside(of.collection_id), "", "", terms))
            connection.all(sqlite.SQL["not_waiting"], (row,))
        connection.all(sqlite.SQL["put_language"], ("de",))

    async with Sqlite(tmp_path / "library.db") as database:
        await database.migrate(sqlite.ROOM, sqlite.SCHEMA[:3])
        await database.write(put_as_before)
        for pause in (60.0, 0.0):  # the first is stopped in the middle; the second goes on from there
            monkeypatch.setattr(sqlite, "REBUILD_PAUSE_SECONDS", pause)
            async with SqliteSearch(database, None) as search:
                assert await found(search, "Wasserdruck", limit=1) == [PRESSURE]
                while pause == 0.0 and await database.read(is_to_rebuild):
                    await asyncio.sleep(0.01)
                assert await found(search, "Wie hoch ist der Druck?") == [PRESSURE]
        async with SqliteSearch(database, None) as search:
            assert await found(search, "Wie oft ist eine Versammlung?") == [MEETING]
            assert len(await database.read(lambda connection: connection.all("select rowid from passage_terms"))) == 3


class TestInPostgres(Compounds):
    @pytest_asyncio.fixture
    async def search(self, postgres: Postgres) -> AsyncIterator[Search]:
        async with PostgresSearch(postgres, None) as search:
            yield search


def test_highlights_show_the_words_that_a_compound_is_made_of() -> None:
    def shown(text: str) -> list[str]:
        hit = Hit("p", "d", "c", "a.txt", "", text, None, "", 1.0)
        return [text[place.start : place.end] for place in marked("Wie lang ist die Kündigungsfrist?", hit).highlights]

    assert shown(NOTICE) == ["Frist", "Kündigung"]
    assert shown("Die Frist für den Einspruch beträgt drei Monate.") == []


def test_of_what_a_compound_may_be_made_of_the_texts_tell_the_words() -> None:
    (term,) = query_terms("Systemdateien", ["de"])
    counts = {"system": 9, "datei": 5, "systemda": 1}
    assert made_of(term.splits, lambda form: counts.get(form, 0)) == ("system", "datei")
    assert made_of(term.splits, lambda form: {"system": 9}.get(form, 0)) is None
    assert all(split.last != ("nehm",) for split in splits("unternehmen", "de")), "what says nothing is no such word"
    assert splits("waterpressure", "en") == splits("haustür", "de") == ()


def test_highlights_show_the_compound() -> None:
    hit = Hit("p", "d", "c", "a.txt", "", PRESSURE, None, "", 1.0)
    (place,) = marked("Wie hoch ist der Druck?", hit).highlights
    assert PRESSURE[place.start : place.end] == "Wasserdruck"


@pytest.mark.parametrize(("asked", "written"), [("memorycard", "memory card"), ("memory card", "memorycard")])
def test_highlights_show_a_word_written_together_and_in_two(asked: str, written: str) -> None:
    hit = Hit("p", "d", "c", "a.txt", "", f"The {written} lies in the drawer.", None, "", 1.0)
    places = marked(f"Where is the {asked}?", hit).highlights
    assert " ".join(hit.text[place.start : place.end] for place in places) == written


def test_long_words_alone_are_turned_and_found_by_either_end() -> None:
    assert backward(["wasserdruck", "druck", "e-5012x-77", "wasserdruck"], "de") == ["-kcurdressaw"]
    assert backward(["waterpressure"], "en") == []
    assert beginnings("druck") == ["druck", "-kcurd"]
    assert beginnings("amt") == beginnings("e5012") == []
    assert compound_of("-kcurdressaw", "druck") == compound_of("wasserdruck", "druck") == "wasserdruck"
    assert compound_of("eindruck", "druck") is not None  # which can't be told from one
    assert compound_of("drucken", "druck") is None
    assert compound_of("formalie", "form") is None


def test_only_words_of_a_language_that_compounds_have_parts() -> None:
    parts = {text: [term.parts for term in query_terms(text, ["de", "en"])] for text in ("der Druck", "the pressure")}
    assert ("druck",) in parts["der Druck"]
    assert not any(parts["the pressure"])
    assert not any(term.parts for term in query_terms("Druck", ["en", "fr"]))
