"""Find chats by their words."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest

from hubbub.answers.postgres import PostgresAnswers
from hubbub.answers.sqlite import SqliteAnswers
from hubbub.connections.postgres import Postgres
from hubbub.connections.sqlite import Connection, Sqlite, read_sql
from hubbub.core.answer import Answer
from hubbub.core.messages import Chat, Message
from hubbub.history import sqlite_search
from hubbub.history.base import History, Place, SearchableHistory
from hubbub.history.postgres import PostgresHistory
from hubbub.history.sqlite import SqliteHistory
from hubbub.history.words import excerpt, words_of
from tests.patience import patience
from tests.servers.postgres_server import new_database


class SearchedHistory(History, SearchableHistory, Protocol):
    """A history that can be searched."""


@dataclass
class Stores:
    history: SearchedHistory
    answers: SqliteAnswers | PostgresAnswers


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Sqlite]:
    async with Sqlite(tmp_path / "hubbub.db") as database:
        yield database


@pytest.fixture(params=["sqlite", "postgres"])
async def stores(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stores]:
    if request.param == "sqlite":
        async with Sqlite(tmp_path / "hubbub.db") as one, SqliteHistory(one) as history, SqliteAnswers(one) as answers:
            yield Stores(history, answers)
    else:
        async with (
            new_database(request.getfixturevalue("postgres_server")) as url,
            Postgres(url) as one,
            PostgresHistory(one) as history,
            PostgresAnswers(one) as answers,
        ):
            yield Stores(history, answers)


@pytest.fixture
def history(stores: Stores) -> SearchedHistory:
    return stores.history


async def found(history: SearchedHistory, query: str, owner_id: str = "ann") -> list[str]:
    return [place.message_id or place.chat_id for place in await history.find(owner_id, words_of(query), limit=50)]


async def chat(history: SearchedHistory, name: str, title: str, question: str, owner_id: str = "ann") -> None:
    await history.create(Chat(name, owner_id, title, 1.0, 1.0))
    await history.add(
        [Message(f"{name}q", name, None, "user", question, 2.0), Message(f"{name}a", name, f"{name}q", "assistant")]
    )


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("The Müller report", "muller REP"),
        ("Where is the naïve café?", "café naive"),
        ("我想翻译这个句子", "翻译"),
        ("東京の天気はどうですか", "天気"),
        ("สวัสดีครับ ยินดี", "สวัสดี"),
        ("Что такое рекурсия", "рекурс"),
        ("ما هي عاصمة فرنسا", "عاصمة"),
        ("use `foo_bar(baz)` here", "foo_bar"),
        ("C'est l'été", "l'ete"),
        ('"quoted" AND (near) * text', "quoted and NEAR"),
    ],
)
async def test_words_are_found_in_any_script(history: SearchedHistory, text: str, query: str) -> None:
    await chat(history, "c1", "Title", text)
    await chat(history, "c2", "Other", "Something else")
    assert await found(history, query) == ["c1q"]
    cut = excerpt(text, words_of(query))
    assert cut.marks
    assert "".join(cut.text[start:end] for start, end in cut.marks[:1]).strip()


async def test_all_words_have_to_be_in_one_text_and_nothing_else_is_syntax(history: SearchedHistory) -> None:
    await chat(history, "c1", "Ships", "A lighthouse at the coast")
    assert await found(history, "lighthouse coast") == ["c1q"]
    assert await found(history, "ships coast") == []
    for query in ("", "   ", '"', "owner : x", "a* OR b", "^coast", "NEAR(", "-coast"):
        assert await found(history, query) == (["c1q"] if query in ("^coast", "-coast") else [])


async def test_nobody_finds_what_is_of_others(history: SearchedHistory) -> None:
    await chat(history, "c1", "Mine", "A secret lighthouse")
    await chat(history, "c2", "Theirs", "A secret lighthouse", owner_id="bob")
    assert await found(history, "secret") == ["c1q"]
    assert await found(history, "secret", "bob") == ["c2q"]
    assert await found(history, "secret", "cy") == []


async def test_the_newest_comes_first_a_page_at_a_time(history: SearchedHistory) -> None:
    for number in range(7):
        await chat(history, f"c{number}", "Same", f"lighthouse {number}")
    pages: list[Place] = []
    before = None
    while page := await history.find("ann", ["lighthouse"], limit=3, before=before):
        pages += page
        before = page[-1].number
    assert [place.message_id for place in pages] == [f"c{number}q" for number in reversed(range(7))]


async def test_a_new_title_is_found_and_the_old_one_is_not(history: SearchedHistory) -> None:
    await chat(history, "c1", "Harbour", "x")
    await history.rename("c1", "Airport")
    assert await found(history, "airport") == ["c1"]
    assert await found(history, "harbour") == []


async def test_what_is_deleted_is_found_no_more(database: Sqlite) -> None:
    async with SqliteHistory(database) as history:
        await deletes(history)
        assert await database.read(Connection.all, "select * from searched") == []


async def test_what_is_deleted_is_found_no_more_in_postgres(postgres: Postgres) -> None:
    async with PostgresHistory(postgres) as history:
        await deletes(history)
        assert await postgres.all("select * from searched") == []


async def deletes(history: SearchedHistory) -> None:
    await chat(history, "c1", "Harbour", "lighthouse")
    await history.delete("c1")
    assert await found(history, "harbour") == await found(history, "lighthouse") == []


async def test_an_answer_is_found_from_its_ending_on(stores: Stores) -> None:
    history, answers = stores.history, stores.answers
    await chat(history, "c1", "Harbour", "Go on")
    answers.beside_endings = history.indexing
    for answer_id in ("c1a", "of no chat"):
        await answers.open(answer_id, "ann")
        await answers.append([], [Answer(answer_id, 1, "done", "The lighthouse was built in 1887")])
    assert await found(history, "lighthouse 1887") == ["c1a"]


async def test_a_failed_ending_leaves_nothing_to_find(database: Sqlite) -> None:
    async with SqliteHistory(database) as history, SqliteAnswers(database) as answers:
        await chat(history, "c1", "Harbour", "Go on")
        answers.beside_endings = history.indexing
        await answers.open("c1a", "ann")
        await database.write(
            Connection.all, "create trigger no before update of result on answer begin select raise(abort, 'no'); end"
        )
        with pytest.raises(Exception, match="database"):
            await answers.append([], [Answer("c1a", 1, "done", "lighthouse")])
        await database.write(Connection.all, "drop trigger no")
        assert await found(history, "lighthouse") == []


BEFORE = [read_sql("hubbub.history", f"{name}.sql") for name in ("schema", "fingerprint")]
OLD = """
insert into chat values ('c1', 'ann', 'Harbour', 1, 1);
insert into message (id, chat_id, parent_id, role, text, created_at, model, collections) values
  ('c1q', 'c1', null, 'user', 'Old question', 1, '', '[]'), ('c1a', 'c1', 'c1q', 'assistant', '', 1, '', '[]');
"""


async def test_what_was_there_before_the_index_is_taken_in(database: Sqlite) -> None:
    await database.migrate("history", BEFORE)
    await database.write(Connection.all, OLD)
    async with SqliteAnswers(database) as answers:
        await answers.open("c1a", "ann")
        await answers.append([], [Answer("c1a", 1, "done", "Old answer")])
    async with SqliteHistory(database) as history:
        assert sorted(await found(history, "old")) == ["c1a", "c1q"]
        assert await found(history, "harbour") == ["c1"]
        await chat(history, "c2", "New", "Also new")
        assert await found(history, "new") == ["c2q", "c2"]


def test_an_excerpt_shows_the_words_with_what_is_around() -> None:
    text = "word " * 100 + "The Lighthouse of Alderhaven\n was built " + "word " * 100
    cut = excerpt(text, ["lighthouse", "built"])
    assert [cut.text[start:end] for start, end in cut.marks] == ["Lighthouse", "built"]
    assert cut.text.startswith("…")
    assert cut.text.endswith("…")
    assert "Alderhaven was built" in cut.text
    assert len(cut.text) < 350
    assert excerpt("Nothing of it", ["elsewhere"]).marks == []


async def test_texts_are_indexed_in_the_background_too(database: Sqlite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_search, "GATHER_SECONDS", 0.01)
    async with SqliteHistory(database) as history, patience():
        await chat(history, "c1", "Harbour", "lighthouse")
        while await database.read(Connection.one, "select 1 from noted"):
            await asyncio.sleep(0.01)
    assert await database.read(Connection.all, "select id from searched order by row") == [("c1",), ("c1q",)]


async def test_a_search_is_answered_where_nothing_can_be_written(database: Sqlite) -> None:
    async with SqliteHistory(database) as history:
        await chat(history, "c1", "Harbour", "lighthouse")
        assert await found(history, "lighthouse") == ["c1q"]
        await database.write(
            Connection.all, "create trigger no before delete on noted begin select raise(abort, 'no'); end"
        )
        await chat(history, "c2", "Airport", "lighthouse")
        assert await found(history, "lighthouse") == ["c1q"]
        await database.write(Connection.all, "drop trigger no")
        assert await found(history, "lighthouse") == ["c2q", "c1q"]


async def test_an_answer_kept_elsewhere_is_found_by_its_text(history: SearchedHistory) -> None:
    await chat(history, "c1", "Harbour", "Go on")
    await history.indexing(
        [Answer("c1a", 1, "done", "The lighthouse"), Answer("of no chat", 1, "done", "lighthouse")]
    )()
    assert await found(history, "lighthouse") == ["c1a"]


async def test_a_title_that_begins_the_question_is_found_there_and_any_other_by_itself(
    history: SearchedHistory,
) -> None:
    question = Message("c1q", "c1", None, "user", "Where  is the lighthouse of Alexandria?", 2.0)
    await history.adding([question], chat=Chat("c1", "ann", "Where is the lighthouse…", 1.0, 1.0))()
    await history.adding(
        [Message("c2q", "c2", None, "user", "Where is it?", 2.0)], chat=Chat("c2", "ann", "Lighthouses", 1.0, 1.0)
    )()
    assert await found(history, "lighthouse") == ["c2", "c1q"]
    await history.rename("c1", "Old lighthouses")
    assert sorted(await found(history, "lighthouses")) == ["c1", "c2"]


async def test_a_text_that_is_noted_twice_is_found_once(history: SearchedHistory) -> None:
    await chat(history, "c1", "Harbour", "Go on")
    await history.rename("c1", "Airport")
    await history.rename("c1", "Lighthouse")
    assert await found(history, "lighthouse") == ["c1"]
    assert await found(history, "airport") == await found(history, "harbour") == []
