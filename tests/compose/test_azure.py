"""The search at Azure, from its settings to a cited answer, through all that Hubbub is made of."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from hubbub.compose import going_on, open_document_store, open_engine
from hubbub.compose.azure import azure_faults, azure_index, azure_resources
from hubbub.compose.documents import DocumentStore
from hubbub.connections.http import Http
from hubbub.connections.sandbox import Sandbox
from hubbub.connections.sqlite import Sqlite
from hubbub.conversation.engine import Question
from hubbub.core.documents import Progress
from hubbub.core.errors import SettingsError
from hubbub.core.events import Cited, Event, Searched
from hubbub.core.people import OPERATOR_ID
from hubbub.ingest.files import Files
from hubbub.ingest.pipeline import Pipeline
from hubbub.search.azure import AzureSearch
from hubbub.search.azure_place import AzureIndex, Names
from hubbub.search.library_sqlite import SqliteLibrary
from hubbub.settings import Settings
from hubbub.testing.search import TopicEmbedder
from tests.ingest import documents
from tests.search.test_azure_sample import sample_index
from tests.servers.search_server import ADMIN_KEY, QUERY_KEY, Refusal, SearchServer


@pytest_asyncio.fixture
async def server() -> AsyncIterator[SearchServer]:
    async with SearchServer() as server:  # without TLS, which a key may do on a loopback address
        yield server


def settings_of(folder: Path, **azure: Any) -> Settings:
    return Settings(
        **{
            "server": {"data_folder": folder},
            "embedded": {"is_enabled": False},
            "embeddings": {"provider": "none"},
            "discovery": {"is_enabled": False},
            "search": {"backend": "azure", "azure": azure},
        }
    )


@asynccontextmanager
async def shelf_of(settings: Settings) -> AsyncIterator[DocumentStore]:
    async with Http() as http, open_document_store(settings, http) as store, going_on(store.pipeline.run()):
        yield store


async def settled(pipeline: Pipeline) -> Progress:
    async with asyncio.timeout(30):
        return [progress async for progress in pipeline.watch()][-1]


async def test_documents_go_through_the_pipeline_into_the_index(tmp_path: Path, server: SearchServer) -> None:
    settings = settings_of(tmp_path, endpoint=server.endpoint, index="papers", api_key=ADMIN_KEY)
    documents.word(word := tmp_path / "a.docx")
    (text := tmp_path / "b.txt").write_text("The bridge was built in 1901.")
    async with shelf_of(settings) as store:
        collection = await store.library.create("papers", owner_id="ann", is_shared=False)
        added = await store.pipeline.add(collection.id, "folder/a.docx", word)
        await store.pipeline.add(collection.id, "b.txt", text)
        assert await settled(store.pipeline) == Progress(ready=2, passages=3)
        (hit, *_) = await store.search.find("When was the bridge built?", [collection.id])
        assert (hit.name, hit.text) == ("b.txt", "The bridge was built in 1901.")
        kept = await store.library.collection(collection.id)
        assert kept is not None
        assert (kept.documents, kept.passages) == (2, 3)
        assert {one["title"] for one in server.indexes["papers"].documents.values()} == {"Handbook", ""}
        text.write_text("The bridge fell in 1950.")
        await store.pipeline.add(collection.id, "b.txt", text)
        await settled(store.pipeline)
        assert [hit.text for hit in await store.search.find("bridge", [collection.id])] == ["The bridge fell in 1950."]
        await store.pipeline.remove(added.id)
        await store.pipeline.remove_collection(collection.id)
        assert server.indexes["papers"].documents == {}


async def test_a_busy_index_gets_every_document_and_every_vector_in_the_end(
    tmp_path: Path, server: SearchServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hubbub.ingest.worker.FIRST_PAUSE_SECONDS", 0.01)
    index = AzureIndex(server.endpoint, "papers", find_seconds=0.4, write_seconds=0.4)
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(Sqlite(tmp_path / "library.db"))
        search = await stack.enter_async_context(AzureSearch(index, ADMIN_KEY, database, TopicEmbedder()))
        library = await stack.enter_async_context(SqliteLibrary(database))
        files = await stack.enter_async_context(Files(tmp_path / "files"))
        pipeline = Pipeline(library, search, search, files, Sandbox(), lock_path=tmp_path / "lock")
        collection = await library.create("papers", owner_id="ann", is_shared=False)
        for number, text in enumerate(("A kitten plays.", "The bank is closed.", "Rain is near.")):
            (path := tmp_path / f"{number}.txt").write_text(text)
            await pipeline.add(collection.id, path.name, path)
        server.refusals = deque([Refusal(503)] * 5 + [Refusal(429, headers={"Retry-After": "0.1"})] * 3)
        async with going_on(pipeline.run()):
            assert await settled(pipeline) == Progress(ready=3, passages=3, embedded=3)
        assert not server.refusals
        (best, *_) = await search.find("purring", [collection.id])
        assert best.text == "A kitten plays."


async def test_an_answer_cites_an_index_that_somebody_else_filled(tmp_path: Path, server: SearchServer) -> None:
    sample = server.indexes["gptkbindex"] = sample_index(dimensions=4)
    sample.documents["f-1"] = dict.fromkeys(sample.fields) | {
        "id": "f-1",
        "content": "The health plan covers glasses once a year.",
        "sourcepage": "Benefits.pdf#page=3",
        "sourcefile": "Benefits.pdf",
        "category": "plans",
    }
    settings = settings_of(
        tmp_path,
        endpoint=server.endpoint,
        index="gptkbindex",
        api_key=QUERY_KEY,
        fields="sample",
        query_vectors="none",
    )
    events: list[Event] = []
    for _ in range(2):
        async with open_engine(settings, needs_model=False) as (engine, library):
            (collection,) = await library.collections()  # made once
            assert (collection.name, collection.owner_id, collection.is_shared) == ("gptkbindex", OPERATOR_ID, True)
            question = Question("Does the health plan cover glasses?", collection_ids=(collection.id,))
            await engine.answer(question, events.append)
    (citation, _) = [event.citation for event in events if isinstance(event, Cited)]
    assert (citation.name, citation.page, citation.passage_id) == ("Benefits.pdf", 3, "f-1")
    (first, *_) = [event for event in events if isinstance(event, Searched)]
    assert [hit.category for hit in first.hits] == ["plans"]
    assert server.batches() == []


SAMPLE = {
    "AZURE_SEARCH_SERVICE": "gptkb-abc",
    "AZURE_SEARCH_INDEX": "gptkbindex",
    "AZURE_SEARCH_SEMANTIC_RANKER": "free",
    "AZURE_SEARCH_QUERY_REWRITING": "true",
    "AZURE_SEARCH_QUERY_LANGUAGE": "de-de",
    "AZURE_SEARCH_FIELD_NAME_EMBEDDING": "embedding3",
    "AZURE_SEARCH_ANALYZER_NAME": "de.microsoft",
    "KB_FIELDS_CONTENT": "chunk",
}


def read(environ: Mapping[str, str], *, has_key: bool = False, **azure: Any) -> AzureIndex:
    return azure_index(Settings(**{"search": {"azure": azure}}), environ, has_key=has_key)


def test_the_samples_names_fill_in_what_the_settings_leave_out() -> None:
    index = read(SAMPLE, fields="sample")
    assert index == AzureIndex(
        "https://gptkb-abc.search.windows.net",
        "gptkbindex",
        names=Names(text="chunk", embedding="embedding3"),
        is_ranked=True,
        rewriting_language="de-de",
        analyzer="de.microsoft",
    )
    given = read(
        SAMPLE, endpoint="https://else.search.windows.net/", index="mine", semantic_ranker=False, query_rewriting=False
    )
    assert given == AzureIndex("https://else.search.windows.net", "mine", analyzer="de.microsoft")
    ranked = {
        "AZURE_SEARCH_SEMANTIC_RANKER": "disabled",
        "AZURE_SEARCH_ENDPOINT": "https://x",
        "AZURE_SEARCH_INDEX": "i",
    }
    assert read(ranked) == AzureIndex("https://x", "i")


def test_half_an_index_stops_the_start() -> None:
    with pytest.raises(SettingsError) as raised:
        read({})
    assert [fault.partition(":")[0] for fault in raised.value.faults] == ["search.azure.endpoint", "search.azure.index"]
    for endpoint in ("http://x.search.windows.net", "x.search.windows.net", "http://127.0.0.1:1"):
        with pytest.raises(SettingsError, match="must begin with https"):
            read({}, endpoint=endpoint, index="i")
    assert read({}, endpoint="http://127.0.0.1:1", index="i", has_key=True).host == "127.0.0.1"
    with pytest.raises(SettingsError, match="small letters"):
        read({}, endpoint="https://x", index="My_Index")


def test_check_tells_of_half_an_index() -> None:
    azure = Settings(**{"search": {"backend": "azure"}})
    assert [fault.partition(":")[0] for fault in azure_faults(azure, {})] == [
        "search.azure.endpoint",
        "search.azure.index",
    ]
    assert azure_faults(azure, SAMPLE) == azure_faults(Settings(), {}) == ()


async def test_the_key_of_the_environment_is_used_only_where_it_is_looked_for() -> None:
    environ = {"AZURE_SEARCH_KEY": "k-1", "AZURE_SEARCH_ENDPOINT": "https://x", "AZURE_SEARCH_INDEX": "i"}
    async with AsyncExitStack() as stack:
        azure = Settings(**{"search": {"backend": "azure"}})
        assert (await azure_resources(stack, azure, environ))["credential"] == "k-1"
        own = Settings(**{"search": {"backend": "azure", "azure": {"api_key": "k-2"}}})
        assert (await azure_resources(stack, own, environ))["credential"] == "k-2"
        assert await azure_resources(stack, Settings(), environ) == {}  # the names alone switch nothing
        closed = Settings(**{"search": {"backend": "azure"}, "discovery": {"is_enabled": False}})
        with pytest.raises(SettingsError):
            await azure_resources(stack, closed, environ)


async def test_without_a_key_an_identity_signs_in() -> None:
    environ = {"AZURE_SEARCH_SERVICE": "x", "AZURE_SEARCH_INDEX": "i"}
    async with AsyncExitStack() as stack:
        table = {"credential": "managed_identity", "client_id": "1234"}
        azure = Settings(**{"search": {"backend": "azure", "azure": table}})
        resources = await azure_resources(stack, azure, environ)
        assert type(resources["credential"]).__name__ == "ManagedIdentityCredential"
