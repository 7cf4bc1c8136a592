"""An index that the Azure sample filled, read beside the documents that are kept here."""

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from hubbub.connections.sqlite import Sqlite
from hubbub.core.documents import Hit, Retrieval
from hubbub.core.errors import SearchError, SettingsError
from hubbub.core.people import ANYBODY, OPERATOR, Person, Reader, reader_of
from hubbub.search.azure import azure_search
from hubbub.search.azure_place import AzureIndex, Names
from hubbub.search.azure_sample import AzureSampleSearch
from hubbub.search.base import Standing
from hubbub.testing.search import EmbeddingSearchContract, TopicEmbedder, document, put
from tests.search.conftest import floats
from tests.servers.search_server import QUERY_KEY, Index, Refusal, SearchServer

INDEX = "gptkbindex"
NAMES = Names(embedding="embedding3")


def sample_index(*, dimensions: int, has_vectorizer: bool = True) -> Index:
    """An index as the sample's own script defines it."""
    strings = ("category", "sourcepage", "sourcefile", "storageUrl")
    profile = {"name": "embedding3-profile", "algorithm": "hnsw_config"}
    if has_vectorizer:
        profile["vectorizer"] = "text-embedding-3-large-vectorizer"
    return Index(
        {
            "name": INDEX,
            "fields": [
                {"name": "id", "type": "Edm.String", "key": True, "retrievable": True},
                {"name": "content", "type": "Edm.String", "searchable": True, "analyzer": "en.microsoft"},
                *({"name": name, "type": "Edm.String", "filterable": True, "facetable": True} for name in strings),
                *({"name": name, "type": "Collection(Edm.String)", "filterable": True} for name in ("oids", "groups")),
                {
                    "name": "embedding3",
                    "type": "Collection(Edm.Single)",
                    "searchable": True,
                    "retrievable": False,
                    "dimensions": dimensions,
                    "vectorSearchProfile": "embedding3-profile",
                },
            ],
            "semantic": {"configurations": [{"name": "default"}]},
            "vectorSearch": {"profiles": [profile], "algorithms": [{"name": "hnsw_config", "kind": "hnsw"}]},
        }
    )


@pytest.fixture
def index(server: SearchServer, embedder: TopicEmbedder) -> Index:
    index = server.indexes[INDEX] = sample_index(dimensions=4)
    for key, page, category, content in (
        ("file-a-page-1", "Pets.pdf#page=1", "pets", "The cat sleeps. It dreams."),
        ("file-a-page-2", "Pets.pdf#page=2", "pets", "Dogs bark at night."),
        ("file-b-page-1", "Money.pdf#page=7", "it's money", "The bank is closed."),
    ):
        index.documents[key] = {
            "id": key,
            "content": content,
            "category": category,
            "sourcepage": page,
            "sourcefile": page.partition("#")[0],
            "storageUrl": "https://storage/x",
            "oids": ["1"],
            "groups": [],
            "embedding3": floats(embedder.vector(content.lower())),
        }
    return index


def make(
    server: SearchServer, database: Sqlite, embedder: TopicEmbedder | None, tls: ssl.SSLContext, **settings: Any
) -> AzureSampleSearch:
    place = msgspec.structs.replace(AzureIndex(server.endpoint, INDEX, NAMES), **settings)
    search = azure_search(place, QUERY_KEY, database, embedder, tls)
    assert isinstance(search, AzureSampleSearch)
    search.stand_as("theirs")
    return search


@pytest_asyncio.fixture
async def search(
    server: SearchServer, index: Index, database: Sqlite, embedder: TopicEmbedder, tls: ssl.SSLContext
) -> AsyncIterator[AzureSampleSearch]:
    async with make(server, database, embedder, tls) as search:
        yield search


class TestDocumentsKeptHere(EmbeddingSearchContract):
    """Whatever is put beside the index is searched as ever."""


async def test_it_is_read_with_names_and_pages(search: AzureSampleSearch, server: SearchServer) -> None:
    assert isinstance(search, Standing)
    assert search.standing == INDEX
    hits = await search.find("cat", ["theirs"])
    assert hits[0] == Hit(
        passage_id="file-a-page-1",
        document_id="Pets.pdf",
        collection_id="theirs",
        name="Pets.pdf",
        title="",
        text="The cat sleeps. It dreams.",
        page=1,
        heading="",
        score=hits[0].score,
        category="pets",
    )
    (asked,) = server.searches()
    assert asked.body == {
        "search": "cat",
        "select": "id,content,sourcepage,sourcefile,category",
        "top": 50,
        "vectorQueries": [{"kind": "text", "text": "cat", "fields": "embedding3", "k": 50}],
    }
    assert {one.method for one in server.seen} == {"GET", "POST"}
    assert server.batches() == []


async def test_the_index_embeds_the_query_itself(search: AzureSampleSearch) -> None:
    hits = await search.find("purring", ["theirs"], retrieval=Retrieval(mode="vectors"))
    assert hits[0].text == "The cat sleeps. It dreams."


@pytest.mark.parametrize("query_vectors", ["embedder", "none"])
async def test_the_embedder_or_nobody_embeds_it_where_the_settings_say_so(
    server: SearchServer,
    index: Index,
    database: Sqlite,
    embedder: TopicEmbedder,
    tls: ssl.SSLContext,
    query_vectors: str,
) -> None:
    async with make(server, database, embedder, tls, query_vectors=query_vectors) as search:
        hits = await search.find("interest", ["theirs"], retrieval=Retrieval(mode="vectors"))
        assert [hit.name for hit in hits[:1]] == (["Money.pdf"] if query_vectors == "embedder" else [])
        (best,) = (await search.find("bank", ["theirs"]))[:1]
        assert best.name == "Money.pdf"
    assert all(query["kind"] == "vector" for one in server.searches() for query in one.body.get("vectorQueries", ()))


async def test_an_embedding_model_that_did_not_fill_it_is_told(
    server: SearchServer, database: Sqlite, embedder: TopicEmbedder, tls: ssl.SSLContext
) -> None:
    server.indexes[INDEX] = sample_index(dimensions=3072, has_vectorizer=False)
    for query_vectors in ("embedder", "service"):
        async with make(server, database, embedder, tls, query_vectors=query_vectors) as search:
            with pytest.raises(SearchError, match=r"search\.azure\.query_vectors"):
                await search.find("cat", ["theirs"])


async def test_categories_and_the_ranker_hold(search: AzureSampleSearch) -> None:
    async def found(**retrieval: Any) -> list[Hit]:
        return await search.find("the cat sleeps", ["theirs"], retrieval=Retrieval(**retrieval))

    assert {hit.category for hit in await found(exclude_category="it's money")} == {"pets"}
    assert {hit.name for hit in await found(include_category="it's money")} == {"Money.pdf"}
    first, *_ = await found(semantic_ranker=True, semantic_captions=True)
    assert (first.name, first.caption) == ("Pets.pdf", "The cat sleeps")
    assert first.reranker_score
    (again,) = await found(semantic_ranker=True, minimum_reranker_score=first.reranker_score)
    assert again.passage_id == first.passage_id


async def test_other_collections_are_searched_here_and_only_theirs_there(
    search: AzureSampleSearch, server: SearchServer
) -> None:
    await put(search, document(1, "mine"), "My cat is grey.")
    await put(search, document(2, "others"), "Their cat is black.")
    assert [hit.text for hit in await search.find("cat", ["mine"])] == ["My cat is grey."]
    assert server.searches() == []
    both = await search.find("cat", ["mine", "theirs"], limit=2)
    assert {hit.text for hit in both} == {"My cat is grey.", "The cat sleeps. It dreams."}
    assert [hit.score for hit in both] == sorted((hit.score for hit in both), reverse=True)
    assert len(await search.find("cat", ["mine", "theirs"], limit=1)) == 1
    assert await search.find("cat", []) == []
    await search.remove("d1")
    assert await search.find("cat", ["mine"]) == []


async def test_another_name_of_a_field_is_used(
    server: SearchServer, index: Index, database: Sqlite, embedder: TopicEmbedder, tls: ssl.SSLContext
) -> None:
    for one in index.definition["fields"]:
        one["name"] = "chunk" if one["name"] == "content" else one["name"]
    for stored in index.documents.values():
        stored["chunk"] = stored.pop("content")
    async with make(server, database, embedder, tls, names=Names(text="chunk", embedding="embedding3")) as search:
        assert (await search.find("cat", ["theirs"]))[0].text == "The cat sleeps. It dreams."


async def test_an_index_that_is_not_there_stops_the_start(
    server: SearchServer, database: Sqlite, embedder: TopicEmbedder, tls: ssl.SSLContext
) -> None:
    with pytest.raises(SettingsError, match="There is no index “gptkbindex”"):
        await make(server, database, embedder, tls).__aenter__()


async def test_a_service_that_is_away_at_the_start_holds_nothing_up(
    server: SearchServer, index: Index, database: Sqlite, tls: ssl.SSLContext, caplog: pytest.LogCaptureFixture
) -> None:
    server.refusals = deque([Refusal(503, headers={"Retry-After": "60"})])
    async with make(server, database, None, tls) as search:
        assert "The search is not ready" in caplog.text
        assert (await search.find("cat", ["theirs"]))[0].name == "Pets.pdf"


async def test_many_at_once_share_the_session(search: AzureSampleSearch) -> None:
    everybody = await asyncio.gather(*(search.find("cat", ["theirs"]) for _ in range(50)))
    assert all(hits[0].name == "Pets.pdf" for hits in everybody)


ANN = reader_of(Person("1", groups=frozenset({"g1", "it's, odd"})))
BOB = reader_of(Person("2"))
SHARED = (
    "create table if not exists collection (id text, owner_id text);"
    "create table if not exists permission (collection_id text, subject text, level integer);"
    "create table if not exists group_member (group_subject text, person_subject text);"
    "create table if not exists document (id text, collection_id text, is_restricted integer);"
    "create table if not exists document_reader (document_id text, subject text);"
    "create index if not exists document_restricted on document (collection_id) where is_restricted = 1;"
    "insert into collection values ('theirs', 'operator');"
    "insert into permission values ('theirs', 'everybody', 2)"
)


async def test_who_is_listed_with_a_passage_finds_it(
    search: AzureSampleSearch, server: SearchServer, index: Index, database: Sqlite
) -> None:
    await database.write(lambda connection: connection.all(SHARED))
    index.documents["file-a-page-2"] |= {"oids": [], "groups": ["g1"]}
    index.documents["file-b-page-1"] |= {"oids": [], "groups": []}
    words = Retrieval(mode="text")

    async def found(reader: Reader | None) -> set[str]:
        hits = [
            await search.find(query, ["theirs"], retrieval=words, reader=reader) for query in ("cat", "dogs", "bank")
        ]
        return {hit.passage_id for some in hits for hit in some}

    assert await found(ANN) == {"file-a-page-1", "file-a-page-2", "file-b-page-1"}
    assert await found(BOB) == {"file-b-page-1"}
    assert await found(ANYBODY) == {"file-b-page-1"}
    assert await found(reader_of(OPERATOR)) == await found(ANN) == await found(None)
    filters = [one.body["filter"] for one in server.searches() if "search" in one.body and "filter" in one.body]
    assert filters[0] == (
        "(oids/any(one: search.in(one, '1', ',')) or "
        "groups/any(one: (one eq 'g1' or one eq 'it''s, odd')) or (not oids/any() and not groups/any()))"
    )
    assert filters[3] == "(oids/any(one: search.in(one, '2', ',')) or (not oids/any() and not groups/any()))"
    asked = [one.body for one in server.searches() if "search" not in one.body]
    assert asked == [{"filter": f"{name}/any()", "top": 1, "select": "id"} for name in ("oids", "groups")]


async def test_what_lists_nobody_can_be_hidden(
    server: SearchServer, index: Index, database: Sqlite, tls: ssl.SSLContext
) -> None:
    await database.write(lambda connection: connection.all(SHARED))
    index.documents["file-b-page-1"]["oids"] = []
    async with make(server, database, None, tls, query_vectors="none", has_unrestricted=False) as search:
        assert await search.find("bank", ["theirs"], reader=BOB) == []
        assert await search.find("cat", ["theirs"], reader=ANN) != []
        assert await search.find("cat", ["theirs"], reader=ANYBODY) == []


async def test_an_index_without_such_lists_is_not_asked_for_them(
    server: SearchServer, index: Index, database: Sqlite, tls: ssl.SSLContext
) -> None:
    await database.write(lambda connection: connection.all(SHARED))
    index.definition["fields"] = [one for one in index.definition["fields"] if one["name"] not in ("oids", "groups")]
    async with make(server, database, None, tls, query_vectors="none") as search:
        assert await search.find("cat", ["theirs"], reader=BOB) != []
        assert "filter" not in server.searches()[-1].body


async def test_while_it_is_not_known_who_may_see_what_nothing_is_shown(
    server: SearchServer, index: Index, database: Sqlite, tls: ssl.SSLContext
) -> None:
    await database.write(lambda connection: connection.all(SHARED))
    async with make(server, database, None, tls, query_vectors="none") as search:
        server.refusals.append(Refusal(400, "", "The field 'oids' is not filterable."))
        with pytest.raises(SearchError):
            await search.find("bank", ["theirs"], reader=BOB)
        assert await search.find("cat", ["theirs"], reader=BOB) == []


async def test_the_index_is_searched_by_whom_it_is_shared_with_alone(
    search: AzureSampleSearch, server: SearchServer, database: Sqlite
) -> None:
    await database.write(lambda connection: connection.all(SHARED.rpartition(";")[0]))
    assert await search.find("bank", ["theirs"], reader=ANN) == []
    assert server.searches() == []
