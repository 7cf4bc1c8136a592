"""A search finds nothing of documents that are restricted to others, in whatever index it looks."""

import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
import pytest_asyncio

from hubbub.connections.postgres import Postgres
from hubbub.connections.sqlite import Sqlite
from hubbub.core.documents import Document, Hit, Retrieval
from hubbub.core.people import Permission, Reader, Right
from hubbub.search import postgres_vectors
from hubbub.search.azure import azure_search
from hubbub.search.azure_place import AzureIndex
from hubbub.search.base import Explains, Library
from hubbub.search.document_readers_sqlite import RIGHTS_SQL
from hubbub.search.library_postgres import PostgresLibrary
from hubbub.search.library_sqlite import SqliteLibrary
from hubbub.search.own import own_search
from hubbub.search.postgres import PostgresSearch
from hubbub.search.sqlite import SqliteSearch
from hubbub.testing.search import TopicEmbedder, put
from tests.servers.postgres_server import new_database, template
from tests.servers.search_server import ADMIN_KEY, SearchServer

BOB, CAT, EVE = (Reader(name, (f"person:{name}", "everybody")) for name in ("bob", "cat", "eve"))
MODES = ("hybrid", "text", "vectors")
KINDS = ("own", "sqlite", "postgres")


@pytest_asyncio.fixture(params=KINDS)
async def both(request: pytest.FixtureRequest, tmp_path: Any) -> AsyncIterator[tuple[Library, Any]]:
    """A library and its search, of each kind."""
    async with AsyncExitStack() as stack:
        if request.param == "postgres":
            server: str = request.getfixturevalue("postgres_server")
            address = await stack.enter_async_context(new_database(server, await template(server)))
            database = await stack.enter_async_context(Postgres(address))
            search = await stack.enter_async_context(PostgresSearch(database, TopicEmbedder()))
            yield await stack.enter_async_context(PostgresLibrary(database)), search
        else:
            file = await stack.enter_async_context(Sqlite(tmp_path / "library.db"))
            search: Any = SqliteSearch(file, TopicEmbedder())
            if request.param == "own":
                elsewhere = await stack.enter_async_context(Sqlite(tmp_path / "own.db"))
                its_own = await stack.enter_async_context(SqliteSearch(elsewhere, TopicEmbedder()))
                search = own_search(its_own, file, "here")
            await stack.enter_async_context(search)
            yield await stack.enter_async_context(SqliteLibrary(file)), search


async def filled(library: Library, search: Any, *, hidden: int = 1) -> tuple[str, Document, list[Document]]:
    """Return a collection that everybody may use, with a document for all, and such as are only for Bob."""
    collection = await library.create("Pets", owner_id="ann", is_shared=True)
    documents: list[Document] = []
    for number in range(hidden + 1):
        readers = ["person:bob"] if number else None
        document = Document(f"d{number}", collection.id, f"{number}.txt", "0" * 64, 1)
        documents.append(await library.add(document, readers=readers))
    await put(search, documents[0], "The kitten is in the rain.", "A storm, and a bank.")
    for document in documents[1:]:
        await put(search, document, *(f"kitten purring cat {number}" for number in range(40)))
    while await search.embed_next(500):
        pass
    return collection.id, documents[0], documents[1:]


def documents_of(hits: list[Hit]) -> set[str]:
    return {hit.document_id for hit in hits}


@pytest.mark.parametrize("mode", MODES)
async def test_others_find_what_there_is_besides(both: tuple[Library, Any], mode: Any) -> None:
    library, search = both
    place, shown, hidden = await filled(library, search)
    how = Retrieval(mode=mode)
    bobs = await search.find("purring kitten", [place], retrieval=how, limit=100, reader=BOB)
    assert documents_of(bobs) >= {hidden[0].id}
    for reader in (CAT, EVE):
        hits = await search.find("purring kitten", [place], retrieval=how, limit=5, reader=reader)
        assert documents_of(hits) == {shown.id}
        if hasattr(search, "find_among"):
            both_ids = [shown.id, hidden[0].id]
            hits = await search.find_among("purring kitten", [place], both_ids, retrieval=how, limit=5, reader=reader)
            assert documents_of(hits) == {shown.id}
            assert await search.find_among("kitten", [place], both_ids[1:], retrieval=how, reader=reader) == []
    assert await search.find("purring kitten", [place], retrieval=how, limit=100) == bobs
    await library.permissions.put(place, [Permission("everybody", Right.USE), Permission("person:eve", Right.MANAGE)])
    assert await search.find("purring kitten", [place], retrieval=how, limit=100, reader=EVE) == bobs
    await library.readers.put(hidden[0].id, [])
    assert documents_of(await search.find("purring kitten", [place], retrieval=how, reader=BOB)) == {shown.id}
    await library.readers.put(hidden[0].id, None)
    assert await search.find("purring kitten", [place], retrieval=how, limit=100, reader=CAT) == bobs


async def test_what_is_explained_is_what_is_found(both: tuple[Library, Any]) -> None:
    library, search = both
    if not isinstance(search, Explains):
        pytest.skip("this search doesn't explain")
    place, _, hidden = await filled(library, search)
    ids = [f"{hidden[0].id}-1-{number}" for number in range(3)]
    assert set(await search.explain("kitten", [place], ids, depth=100, reader=BOB)) == set(ids)
    assert await search.explain("kitten", [place], ids, depth=100, reader=CAT) == {}


async def test_the_index_of_many_vectors_looks_on_behind_documents_of_others(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_vectors, "EXACT", 0)
    async with PostgresSearch(postgres, TopicEmbedder()) as search, PostgresLibrary(postgres) as library:
        place, shown, _ = await filled(library, search, hidden=12)
        hits = await search.find("purring", [place], retrieval=Retrieval(mode="vectors"), reader=CAT)
        assert documents_of(hits) == {shown.id}
        assert len(hits) == 2


async def test_an_index_of_an_earlier_version_hides_them_too(database: Sqlite) -> None:
    async with SqliteSearch(database, TopicEmbedder()) as search, SqliteLibrary(database) as library:
        place, shown, _ = await filled(library, search)

        def make_old(connection: Any) -> None:  # all of it waits again, and stands in the earlier index
            connection.all(
                "create virtual table passage_words using fts5 (inside, name, title, heading, text, "
                "content = '', contentless_delete = 1)"
            )
            connection.all(
                "insert into passage_words (rowid, inside, name, title, heading, text) "
                "select row, 'c' || lower(hex(collection_id)) || 'x', name, title, heading, text from passage"
            )
            connection.all("insert or ignore into passage_waiting select row from passage")

        await database.write(make_old)
        bobs = await search.find("purring kitten", [place], limit=100, retrieval=Retrieval(mode="text"), reader=BOB)
        assert len(documents_of(bobs)) == 2
        cats = await search.find("purring kitten", [place], limit=100, retrieval=Retrieval(mode="text"), reader=CAT)
        assert documents_of(cats) == {shown.id}


async def test_where_nothing_is_restricted_one_look_into_an_empty_index_says_so(database: Sqlite) -> None:
    async with SqliteSearch(database, None), SqliteLibrary(database):

        def plan(connection: Any, name: str) -> str:
            asked = {"ids": '["c"]', "subjects": '["person:bob"]'}
            return str(connection.all(f"explain query plan {RIGHTS_SQL[name]}", asked))

        for name in ("closed", "sight"):
            assert "USING INDEX document_restricted (collection_id=?)" in (read := await database.read(plan, name))
            assert "SCAN document" not in read


async def test_an_index_at_azure_is_told_to_leave_them_out(
    database: Sqlite, server: SearchServer, embedder: TopicEmbedder, tls: ssl.SSLContext
) -> None:
    azure = AzureIndex(server.endpoint, "hubbub")
    async with (
        azure_search(azure, ADMIN_KEY, database, embedder, tls) as search,
        SqliteLibrary(database) as library,
    ):
        place, shown, hidden = await filled(library, search, hidden=2)
        for mode in MODES:
            how = Retrieval(mode=mode)  # type: ignore[arg-type]
            assert documents_of(await search.find("purring kitten", [place], limit=5, retrieval=how, reader=CAT)) == {
                shown.id
            }
            found = documents_of(await search.find("purring kitten", [place], limit=90, retrieval=how, reader=BOB))
            assert found >= {one.id for one in hidden}
        filters = [one.body["filter"] for one in server.searches()]
        assert f"not search.in(document_id, '{hidden[0].id},{hidden[1].id}', ',')" in filters[0]
        assert "document_id" not in filters[1]
