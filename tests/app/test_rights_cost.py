"""Names and rights cost the same, however much the library holds."""

import time
from pathlib import Path

from hubbub.app.application import Application
from hubbub.connections.sqlite import Connection, Sqlite, load_sql
from hubbub.core.documents import Document
from hubbub.core.people import OPERATOR, Person
from hubbub.core.questions import Question

ANN, BOB = Person("ann"), Person("bob")


SQL = load_sql("hubbub.search", "library.sql")


async def test_the_query_looks_at_no_documents_and_no_passages(application: Application, tmp_path: Path) -> None:
    def plan(connection: Connection, name: str) -> str:
        asked = {"subjects": '["person:ann"]', "most": 0, "ids": '["a"]'}
        return str(connection.all(f"explain query plan {SQL[name]}", asked))

    for name in ("named_collections", "named_seen_collections", "named_wanted_collections", "usable"):
        async with Sqlite(tmp_path / "data" / "library.db") as database:
            assert "collection" in (read := await database.read(plan, name))
        assert "document" not in read
        assert "passage" not in read
        assert name == "named_collections" or "SCAN collection" not in read


async def test_a_chat_by_a_models_name_reads_nothing_of_the_library(application: Application) -> None:
    names = await application.model_names(ANN, "quick")
    object.__setattr__(application, "library", None)  # whoever asks it fails
    assert (await application.model_names(ANN, "quick")).read("quick") == names.read("quick")
    assert await application.questions.ask(ANN, Question("Hello?", model="quick"))


async def test_names_have_no_counts_and_are_those_that_one_may_see(application: Application) -> None:
    mine = await application.collections.make(ANN, "Mine")
    theirs = await application.collections.make(BOB, "Theirs")
    shared = await application.collections.make(BOB, "Shared")
    await application.library.change(shared.id, is_shared=True)
    document = Document("d", mine.id, "a.txt", "0" * 64, 1, "text/plain", added_at=time.time())
    await application.library.add(document)
    named = await application.collections.named(ANN)
    assert [one.name for one in named] == ["Mine", "Shared"]
    assert [one.documents for one in named] == [0, 0]
    assert [one.documents for one in await application.collections.list(ANN)] == [1, 0]
    assert [one.id for one in await application.collections.named(OPERATOR)] == [mine.id, shared.id, theirs.id]
