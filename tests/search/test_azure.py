"""An index of Hubbub's own at Azure AI Search: the real client speaks to a service that keeps to the contract."""

import asyncio
import logging
import ssl
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Iterable
from typing import Any, Protocol

import msgspec
import pytest
import pytest_asyncio
from azure.core.credentials import AccessToken
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import ClientAuthenticationError

from hubbub.connections.azure import open_credential
from hubbub.connections.sqlite import READERS, Sqlite
from hubbub.core.documents import Hit, Retrieval
from hubbub.core.errors import SearchError, SettingsError
from hubbub.search.azure import AzureSearch, azure_search
from hubbub.search.azure_place import AzureIndex
from hubbub.search.azure_service import BATCH_ACTIONS
from hubbub.search.sqlite import SqliteSearch
from hubbub.testing.search import EmbeddingSearchContract, TopicEmbedder, document, found, put
from tests.patience import patience
from tests.search.conftest import floats
from tests.servers.identity_server import HEADER, IdentityServer
from tests.servers.search_server import ADMIN_KEY, QUERY_KEY, Refusal, SearchServer

INDEX = "hubbub"
AWAY = Refusal(429, headers={"Retry-After": "60"})
"""Nobody waits for that."""


class TestAzureSearch(EmbeddingSearchContract):
    @pytest_asyncio.fixture
    async def search(
        self, server: SearchServer, database: Sqlite, embedder: TopicEmbedder, tls: ssl.SSLContext
    ) -> AsyncIterator[AzureSearch]:
        async with AzureSearch(AzureIndex(server.endpoint, INDEX), ADMIN_KEY, database, embedder, tls) as search:
            yield search


class Open(Protocol):
    def __call__(self, key: str | AsyncTokenCredential = ..., **settings: Any) -> AzureSearch: ...


@pytest.fixture
def opened(server: SearchServer, database: Sqlite, embedder: TopicEmbedder, tls: ssl.SSLContext) -> Open:
    """Makes a search, still to be entered; the settings are those of `AzureIndex`, or another `embedder`."""

    def make(key: str | AsyncTokenCredential = ADMIN_KEY, **settings: Any) -> AzureSearch:
        used = settings.pop("embedder", embedder)
        index = msgspec.structs.replace(AzureIndex(server.endpoint, INDEX), **settings)
        search = azure_search(index, key, database, used, tls)
        assert isinstance(search, AzureSearch)
        return search

    return make


async def embed_all(search: AzureSearch) -> None:
    while await search.embed_next():
        pass


async def ask(search: AzureSearch, query: str, **retrieval: Any) -> list[Hit]:
    return await search.find(query, ["c1"], retrieval=Retrieval(**retrieval))


# What is asked


async def test_a_hybrid_query_is_asked_as_the_contract_has_it(
    opened: Open, server: SearchServer, embedder: TopicEmbedder
) -> None:
    async with opened() as search:
        await search.find(
            "Where do 'cats' sleep?",
            ["c2", "c1"],
            limit=3,
            retrieval=Retrieval(
                semantic_ranker=True, semantic_captions=True, include_category="pets", exclude_category="it's old"
            ),
        )
    (asked,) = server.searches()
    assert asked.version == "2026-04-01"
    assert asked.headers["api-key"] == ADMIN_KEY
    assert asked.body == {
        "search": "Where do cats sleep",
        "searchFields": "title,heading,text",
        "filter": "search.in(collection_id, 'c1,c2', ',') and category eq 'pets' and category ne 'it''s old'",
        "select": "id,category",
        "top": 50,
        "vectorQueries": [
            {
                "kind": "vector",
                "vector": floats(embedder.vector("where do 'cats' sleep?")),
                "fields": "embedding",
                "k": 50,
            }
        ],
        "queryType": "semantic",
        "semanticConfiguration": "default",
        "semanticQuery": "Where do 'cats' sleep?",
        "captions": "extractive|highlight-false",
    }


async def test_words_alone_and_meanings_alone_are_asked_for_alone(opened: Open, server: SearchServer) -> None:
    async with opened() as search:
        await ask(search, "cats", mode="text")
        await ask(search, "cats", mode="vectors")
        assert await ask(search, "??", mode="text") == []  # no word of it is left: nothing is asked
    by_words, by_meaning = (one.body for one in server.searches())
    assert by_words == {
        "search": "cats",
        "searchFields": "title,heading,text",
        "filter": "search.in(collection_id, 'c1', ',')",
        "select": "id,category",
        "top": 50,
    }
    assert set(by_meaning) == {"filter", "select", "top", "vectorQueries"}


async def test_the_ranker_is_asked_where_the_settings_or_the_question_say_so(
    opened: Open, server: SearchServer
) -> None:
    async with opened(is_ranked=True) as search:
        await ask(search, "cats")
        await ask(search, "cats", semantic_ranker=False, semantic_captions=True)
    async with opened(semantic_configuration="") as search:
        await ask(search, "cats", semantic_ranker=True)
        assert "semantic_ranker" not in search.tunes
    assert [one.body.get("queryType") for one in server.searches()] == ["semantic", None, None]
    assert all("captions" not in one.body for one in server.searches())


async def test_a_query_can_be_written_anew_by_the_service(opened: Open, server: SearchServer) -> None:
    async with opened(rewriting_language="de-de") as search:
        assert "query_rewriting" in search.tunes
        await ask(search, "Katzen", semantic_ranker=True, query_rewriting=True)
        await ask(search, "Katzen", semantic_ranker=True)
        await ask(search, "Katzen", query_rewriting=True)  # it needs the ranker
    first, *others = server.searches()
    assert first.version == "2025-11-01-preview"
    assert (first.body["queryRewrites"], first.body["queryLanguage"]) == ("generative|count-5", "de-de")
    assert [one.version for one in others] == ["2026-04-01"] * 2
    async with opened() as search:
        assert "query_rewriting" not in search.tunes


async def test_hits_carry_what_the_ranker_says(opened: Open, server: SearchServer) -> None:
    async with opened() as search:
        await put(search, document(), "red apples. More of them.", "red wine", "green pears")
        server.indexes[INDEX].documents["d1-1-0"]["category"] = "fruit"
        hits = await ask(search, "red apples", semantic_ranker=True, semantic_captions=True)
        assert [hit.text for hit in hits] == ["red apples. More of them.", "red wine"]
        assert hits[0].reranker_score is not None
        assert hits[1].reranker_score is not None
        assert hits[0].reranker_score > hits[1].reranker_score
        assert (hits[0].caption, hits[0].category) == ("red apples", "fruit")
        least = hits[0].reranker_score
        better = await ask(search, "red apples", semantic_ranker=True, minimum_reranker_score=least)
        assert [hit.text for hit in better] == ["red apples. More of them."]
        assert len(await ask(search, "red apples", minimum_reranker_score=least)) == 2  # none was at work
        assert [hit.text for hit in await ask(search, "red", exclude_category="fruit")] == ["red wine"]
        assert [hit.text for hit in await ask(search, "red", include_category="fruit")] == [hits[0].text]
        assert await ask(search, "red", include_category="' or category ne '") == []


# The index


async def test_the_index_is_made_once(opened: Open, server: SearchServer) -> None:
    async with opened(), opened():
        pass
    made = [one for one in server.seen if one.method == "PUT"]
    assert len(made) == 1
    assert made[0].headers["If-None-Match"] == "*"
    fields = server.indexes[INDEX].fields
    assert set(fields) == {
        *("id", "document_id", "collection_id", "number", "page", "heading", "text", "name", "title"),
        *("category", "embedding"),
    }
    assert fields["embedding"]["dimensions"] == 4
    assert fields["text"]["analyzer"] == "en.microsoft"
    assert server.indexes[INDEX].rankers == {"default"}


async def test_two_processes_may_make_it_at_once(opened: Open, server: SearchServer) -> None:
    async def enter() -> None:
        async with opened():
            pass

    await asyncio.gather(*(enter() for _ in range(4)))
    assert INDEX in server.indexes


async def test_an_embedder_that_comes_later_gets_its_field(opened: Open, server: SearchServer) -> None:
    async with opened(embedder=None) as search:
        await put(search, document(), "cats")
        assert "embedding" not in server.indexes[INDEX].fields
        assert await found(search, "cats") == ["cats"]
        assert await ask(search, "cats", mode="vectors") == []
        assert await search.embed_next() == []
    async with opened() as search:
        await embed_all(search)
        assert await found(search, "purring") == ["cats"]


async def test_another_index_of_that_name_stops_the_start(opened: Open, server: SearchServer) -> None:
    async with opened(embedder=TopicEmbedder()):
        pass
    wide = TopicEmbedder("wide")
    wide.dimensions = 1536
    with pytest.raises(SettingsError, match="have 4 dimensions, the embedder's 1536"):
        await opened(embedder=wide).__aenter__()
    server.indexes[INDEX].definition["fields"] = [{"name": "id", "type": "Edm.String", "key": True}]
    with pytest.raises(SettingsError, match="was not made by Hubbub") as raised:
        await opened().__aenter__()
    assert 'search.azure.fields = "sample"' in str(raised.value)


@pytest.mark.parametrize(("key", "said"), [(QUERY_KEY, "admin key"), ("no-key-at-all", "Roles have to be switched on")])
async def test_a_key_that_will_not_do_stops_the_start(opened: Open, key: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said) as raised:
        await opened(key).__aenter__()
    assert key not in str(raised.value)


async def test_a_service_that_is_away_at_the_start_is_used_once_it_is_there(
    opened: Open, server: SearchServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.refusals = deque([AWAY])
    async with opened() as search:
        assert "The search is not ready" in caplog.text
        await put(search, document(), "cats")
        assert await found(search, "cats") == ["cats"]


async def test_without_azures_client_it_says_what_to_install(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "hubbub.search.azure_service", raising=False)
    monkeypatch.setitem(sys.modules, "azure.search.documents.aio", None)
    with pytest.raises(SettingsError, match=r"pip install 'hubbub\[azure\]'"):
        await opened().__aenter__()


# What is put


async def test_many_passages_go_in_batches(opened: Open, server: SearchServer) -> None:
    async with opened() as search:
        await put(search, document(), *(f"cat {number}" for number in range(2 * BATCH_ACTIONS + 1)))
        assert [len(one.body["value"]) for one in server.batches()] == [BATCH_ACTIONS, BATCH_ACTIONS, 1]
        await search.remove("d1")
        assert server.indexes[INDEX].documents == {}


async def test_what_is_throttled_is_sent_again_and_only_that(opened: Open, server: SearchServer) -> None:
    server.document_statuses = {"d1-1-1": deque([503, 429]), "d1-1-2": deque([409])}
    async with opened() as search:
        await put(search, document(), "cats", "dogs", "birds")
        sent = [[action["id"] for action in one.body["value"]] for one in server.batches()]
        assert sent == [["d1-1-0", "d1-1-1", "d1-1-2"], ["d1-1-1", "d1-1-2"], ["d1-1-1"]]
        assert len(await found(search, "cats dogs birds")) == 3


async def test_a_busy_service_is_left_alone_for_as_long_as_it_says(opened: Open, server: SearchServer) -> None:
    async with opened() as search:
        await put(search, document(), "cats")
        server.refusals = deque([Refusal(429, headers={"Retry-After": "0.2"}), Refusal(503)])
        began = asyncio.get_running_loop().time()
        assert await found(search, "cats") == ["cats"]
        assert 0.2 + 0.5 < asyncio.get_running_loop().time() - began < 5


async def test_a_wait_that_is_too_long_is_not_begun(opened: Open, server: SearchServer) -> None:
    async with opened() as search:
        server.refusals = deque([AWAY])
        async with patience():
            with pytest.raises(SearchError, match=r"busy \(429\). It asks to be left alone for 60 s") as raised:
                await found(search, "cats")
        assert raised.value.retryable


async def test_a_put_that_fails_leaves_what_was_there(opened: Open, server: SearchServer) -> None:
    async with opened() as search:
        await put(search, document(), "old cats", "old dogs")
        server.document_statuses = {"d1-2-1": deque([400])}
        with pytest.raises(SearchError, match=r"does not take some passages \(400\)"):
            await put(search, document(), "new cats", "new dogs", generation=2)
        assert "d1-2-0" in server.indexes[INDEX].documents  # it is there, and does not count
        assert sorted(await found(search, "cats dogs")) == ["old cats", "old dogs"]
        assert [one.text for one in await search.passages("d1")] == ["old cats", "old dogs"]
        await embed_all(search)
        assert set(server.indexes[INDEX].documents) == {"d1-1-0", "d1-1-1"}


async def test_a_put_that_lasts_too_long_is_given_up(opened: Open, server: SearchServer) -> None:
    server.document_statuses = {"d1-1-0": deque([503] * 100)}
    async with opened(write_seconds=0.7) as search:
        with pytest.raises(SearchError, match=r"busy indexing|did not answer within"):
            await put(search, document(), "cats")


async def test_a_batch_that_is_too_large_is_said_to_be(opened: Open, server: SearchServer) -> None:
    async with opened() as search:
        server.batch_limit = 300
        with pytest.raises(SearchError, match=r"no batch of this size \(413\)"):
            await put(search, document(), "cats " * 100, "dogs " * 100)


async def test_an_index_that_forgets_slowly_shows_nothing_that_is_gone(opened: Open, server: SearchServer) -> None:
    async with opened() as search:
        await put(search, document(1), "old cats")
        await put(search, document(2), "other cats")
        index = server.indexes[INDEX]
        index.seen_documents = dict(index.documents)
        await put(search, document(1), "new cats", generation=2)
        assert await found(search, "cats") == ["other cats"]
        await search.remove("d2")
        assert await found(search, "cats") == []
        index.seen_documents = None
        assert await found(search, "cats") == ["new cats"]


async def test_what_could_not_be_deleted_is_deleted_later(opened: Open, server: SearchServer) -> None:
    async with opened() as search:
        await put(search, document(1), "cats")
        server.refusals = deque([AWAY])
        with pytest.raises(SearchError):
            await search.remove("d1")
        assert await found(search, "cats") == []
        assert await search.passages("d1") == []
        assert set(server.indexes[INDEX].documents) == {"d1-1-0"}
        await search.embed_next()
        assert server.indexes[INDEX].documents == {}


async def test_what_is_being_put_is_no_stray(opened: Open, server: SearchServer, database: Sqlite) -> None:
    """Not where looking for strays has to wait, either: here others keep those who read the database."""

    async def keep_reading() -> None:
        while True:
            await database.read(lambda _: time.sleep(0.01))

    async def put_all(search: AzureSearch, numbers: Iterable[int]) -> None:
        for number in numbers:
            await put(search, document(number), "the bridge")

    async with opened(embedder=None) as search:
        others = [asyncio.create_task(keep_reading()) for _ in range(READERS)]
        await asyncio.gather(*(put_all(search, range(first, 160, 8)) for first in range(8)))
        for other in others:
            other.cancel()
        counted = {document_id for document_id, (passages, _) in (await search.counts()).items() if passages}
        assert {one["document_id"] for one in server.indexes[INDEX].documents.values()} == counted
        assert len(counted) == 160


async def test_what_the_index_has_lost_comes_back(opened: Open, server: SearchServer) -> None:
    async with opened() as search:
        await put(search, document(), "cats", "kittens")
        del server.indexes[INDEX].documents["d1-1-0"]
        await embed_all(search)
        await embed_all(search)
        assert await search.counts() == {"d1": (2, 2)}
        assert sorted(await found(search, "purring")) == ["cats", "kittens"]


async def test_an_index_that_was_deleted_is_filled_anew_at_the_next_start(opened: Open, server: SearchServer) -> None:
    async with opened() as search:
        await put(search, document(), "cats")
        await embed_all(search)
        server.indexes.clear()
        with pytest.raises(SearchError, match="There is no index"):
            await found(search, "cats")
    async with opened() as search:
        await embed_all(search)
        assert await found(search, "cats") == await found(search, "purring") == ["cats"]
        assert await search.counts() == {"d1": (1, 1)}


async def test_everything_is_there_after_a_restart(opened: Open, server: SearchServer) -> None:
    async with opened() as search:
        await put(search, document(), "cats")
        await embed_all(search)
    sent = len(server.batches())
    async with opened() as search:
        assert await found(search, "cats") == await found(search, "purring") == ["cats"]
        await embed_all(search)
        assert len(server.batches()) == sent


async def test_the_documents_move_with_the_search(
    opened: Open, server: SearchServer, database: Sqlite, embedder: TopicEmbedder
) -> None:
    """From SQLite to Azure, to another index, and back: nothing has to be read again."""
    async with SqliteSearch(database, embedder) as here:
        await put(here, document(), "cats", "kittens")
        while await here.embed_next():
            pass
    for index in (INDEX, "another"):
        async with opened(index=index) as search:
            await embed_all(search)
            assert sorted(await found(search, "purring")) == ["cats", "kittens"]
            assert len(server.indexes[index].documents) == 2
    async with SqliteSearch(database, embedder) as here:
        assert await found(here, "cats") == ["cats"]
        while await here.embed_next():
            pass
        assert sorted(await found(here, "purring")) == ["cats", "kittens"]


async def test_without_an_embedder_they_move_at_the_start(opened: Open, database: Sqlite) -> None:
    async with SqliteSearch(database, None) as here:
        await put(here, document(), *(f"cat {number}" for number in range(300)))
    async with opened(embedder=None) as search:
        assert len(await found(search, "cat", limit=300)) == 300


async def test_another_embedder_embeds_anew(opened: Open, server: SearchServer) -> None:
    async with opened() as search:
        await put(search, document(), "cats")
        await embed_all(search)
    async with opened(embedder=TopicEmbedder("topics-2")) as search:
        assert await search.counts() == {"d1": (1, 0)}
        assert await search.embed_next() == ["d1"]


# What goes wrong


@pytest.mark.parametrize(
    ("refusal", "said", "is_passing"),
    [
        (Refusal(401), "does not know who asks", False),
        (Refusal(403), "refuses this key or identity", False),
        (Refusal(404), "There is no index “hubbub”", False),
        (Refusal(400, "InvalidRequestParameter"), r"did not accept what it was asked \(400, InvalidReq", False),
        (Refusal(400, details="InvalidVectorQuery"), "made by another embedding model", False),
        (Refusal(502, body=b"<html>Bad gateway", headers={"Retry-After": "60"}), r"failed \(502\)", True),
        (Refusal(200, body=b"<html>Welcome"), "is not Azure AI Search", False),
        (Refusal(200), "is not Azure AI Search", False),
        (Refusal(302, headers={"Location": "/elsewhere"}), r"did not accept|is not Azure", False),
    ],
)
async def test_a_refusal_is_told_in_our_words(
    opened: Open, server: SearchServer, refusal: Refusal, said: str, is_passing: bool
) -> None:
    async with opened() as search:
        server.refusals = deque([refusal] * 9)
        with pytest.raises(SearchError, match=said) as raised:
            await found(search, "cats")
        assert raised.value.retryable is is_passing
        told = raised.value.for_operators
        assert ("127.0.0.1" in told) or (INDEX in told)
        for private in (ADMIN_KEY, refusal.message, "cats", "html"):
            assert private not in told
        for inner in ("127.0.0.1", INDEX):
            assert inner not in raised.value.message


async def test_vectors_of_another_length_are_told_apart(opened: Open, server: SearchServer) -> None:
    async with opened() as search:
        server.indexes[INDEX].fields["embedding"]["dimensions"] = 1536
        with pytest.raises(SearchError, match="made by another embedding model"):
            await found(search, "cats")


async def test_a_service_that_does_not_answer_is_given_up_in_time(opened: Open, server: SearchServer) -> None:
    async with opened():
        pass  # the index is there
    async with opened(find_seconds=0.2) as search:
        server.held = asyncio.Event()
        with pytest.raises(SearchError, match=r"did not answer within 0\.2 s"):
            await found(search, "cats")


async def test_who_goes_away_leaves_no_request_behind(opened: Open, server: SearchServer) -> None:
    async with opened() as search:
        server.held = asyncio.Event()
        finding = asyncio.create_task(found(search, "cats"))
        while not server.searches():
            await asyncio.sleep(0.01)
        finding.cancel()
        with pytest.raises(asyncio.CancelledError):
            await finding
        async with patience():
            while not server.searches()[0].is_left:
                await asyncio.sleep(0.01)


async def test_a_host_that_is_not_there_is_said_to_be(
    database: Sqlite, tls: ssl.SSLContext, caplog: pytest.LogCaptureFixture
) -> None:
    index = AzureIndex("https://127.0.0.1:9", INDEX, find_seconds=0.3)
    async with AzureSearch(index, ADMIN_KEY, database, TopicEmbedder(), tls) as search:
        with pytest.raises(SearchError, match=r"can't be reached"):
            await found(search, "cats")


async def test_a_certificate_that_is_not_trusted_is_not_trusted(server: SearchServer, database: Sqlite) -> None:
    index = AzureIndex(server.endpoint, INDEX, find_seconds=0.3)
    async with AzureSearch(index, ADMIN_KEY, database, None) as search:
        with pytest.raises(SearchError, match=r"can't be reached"):
            await found(search, "cats")
    assert server.seen == []


async def test_nothing_of_a_query_or_a_key_is_logged(
    opened: Open, server: SearchServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with opened() as search:
        await put(search, document(), "cats")
        server.refusals = deque([Refusal(503)])
        await found(search, "secret cats")
    assert ADMIN_KEY not in caplog.text
    assert "secret cats" not in caplog.text


# Who asks


class Tokens:
    """A credential of azure-identity's kind."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.scopes: list[str] = []

    async def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        self.scopes += scopes
        return AccessToken(self.token, 2**40)

    async def close(self) -> None: ...

    async def __aenter__(self) -> "Tokens":
        return self

    async def __aexit__(self, *_: object) -> None: ...


async def test_an_identity_signs_in_and_its_token_is_renewed_when_it_is_refused(
    opened: Open, server: SearchServer
) -> None:
    tokens = Tokens("first")
    server.tokens = {"first"}
    async with opened(tokens) as search:
        await put(search, document(), "cats")
        await found(search, "cats")
        asked = len(tokens.scopes)
        tokens.token, server.tokens = "second", {"second"}
        assert await found(search, "cats") == ["cats"]
        assert len(tokens.scopes) == asked + 1
    assert set(tokens.scopes) == {"https://search.azure.com/.default"}
    assert "api-key" not in server.seen[-1].headers


async def test_an_identity_that_is_refused_twice_is_refused(opened: Open, server: SearchServer) -> None:
    server.tokens = {"first"}
    async with opened(Tokens("first")) as search:
        server.tokens = set()
        with pytest.raises(SearchError, match="does not know who asks"):
            await found(search, "cats")
    assert len(server.searches()) == 2


async def test_a_challenge_with_claims_is_answered_by_azures_own_client(opened: Open, server: SearchServer) -> None:
    tokens = Tokens("first")
    server.tokens = {"first"}
    async with opened(tokens) as search:
        challenge = 'Bearer authorization_uri="https://x", error="insufficient_claims", claims="eyJhIjoxfQ=="'
        server.refusals = deque([Refusal(401, headers={"WWW-Authenticate": challenge})])
        assert await found(search, "cats") == []
    assert len(server.searches()) == 2


async def test_an_identity_that_gives_no_token_is_told(opened: Open, server: SearchServer) -> None:
    class Tokenless(Tokens):
        async def get_token(self, *scopes: str, **_: Any) -> AccessToken:
            raise ClientAuthenticationError("a long story about tenants")

    with pytest.raises(SettingsError, match="No token for Azure AI Search") as raised:
        await opened(Tokenless("")).__aenter__()
    assert "tenants" not in str(raised.value)
    assert server.seen == []


async def test_a_managed_identity_signs_in_and_a_token_that_has_ended_is_replaced(
    opened: Open, server: SearchServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with IdentityServer(seconds=0) as identity:  # a token has ended when it comes
        monkeypatch.setenv("IDENTITY_ENDPOINT", identity.url)
        monkeypatch.setenv("IDENTITY_HEADER", HEADER)
        server.tokens = {f"token-{number}" for number in range(1, 9)}
        async with open_credential("managed_identity", client_id="1234") as credential, opened(credential) as search:
            await put(search, document(), "cats")
            server.tokens -= {f"token-{number}" for number in range(1, identity.tokens + 1)}
            assert await found(search, "cats") == ["cats"]
        assert {(one["resource"], one["client_id"]) for one in identity.asked} == {("https://search.azure.com", "1234")}
        assert len(server.searches()) == 1  # none was refused
