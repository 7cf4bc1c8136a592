"""Ask Azure AI Search through its own client; what is the client's goes no further than this module."""

import asyncio
import json
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from struct import unpack
from types import TracebackType
from typing import Any, Self, TypeAlias, TypeVar, cast

import aiohttp
from azure.core import MatchConditions
from azure.core.credentials import AzureKeyCredential
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import AsyncRetryPolicy, SansIOHTTPPolicy
from azure.core.pipeline.transport import AioHttpTransport
from azure.core.rest import HttpRequest
from azure.search.documents import IndexDocumentsBatch
from azure.search.documents.aio import SearchClient
from azure.search.documents.indexes.aio import SearchIndexClient
from azure.search.documents.indexes.models import SearchIndex
from azure.search.documents.models import QueryCaptionResult, VectorizableTextQuery, VectorizedQuery, VectorQuery

from hubbub import __version__
from hubbub.core.documents import Vector
from hubbub.core.errors import SettingsError
from hubbub.search.azure_faults import PASSING, Fault, fault_of
from hubbub.search.azure_index import definition, faults_of
from hubbub.search.azure_place import AzureIndex, in_a_thread
from hubbub.search.azure_query import DEPTH, Ask, Found

T = TypeVar("T")
Action: TypeAlias = Mapping[str, Any]
"""One change of the index: `@search.action`, `id` and the fields."""

PREVIEW = "2025-11-01-preview"
"""The version of the service's API that knows query rewriting; the client's own does not."""
REWRITES = "generative|count-5"
CONNECTIONS = 100
BATCH_ACTIONS = 250
"""The service takes 1,000; but the client writes a batch down in one go, 1,000 passages in 60 ms."""
BATCH_BYTES = 8 * 1024 * 1024
"""The service takes 16 MB."""
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0


class Faulty(Exception):
    """A fault on its way to who knows whether to try again."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


class Service:
    """An index at Azure AI Search. An async context manager: one session, closed when all requests have ended."""

    def __init__(
        self, place: AzureIndex, credential: str | AsyncTokenCredential, *, tls: ssl.SSLContext | None = None
    ) -> None:
        self._place = place
        self._has_key = isinstance(credential, str)
        self._credential = AzureKeyCredential(credential) if isinstance(credential, str) else credential
        self._tls = tls
        self._stack = AsyncExitStack()
        self._opened: tuple[SearchClient, SearchIndexClient] | None = None

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            resolver = aiohttp.AsyncResolver()
            stack.push_async_callback(resolver.close)
            connector = aiohttp.TCPConnector(limit=CONNECTIONS, resolver=resolver, ssl=self._tls or True)
            session = await stack.enter_async_context(
                aiohttp.ClientSession(
                    connector=connector,
                    cookie_jar=aiohttp.DummyCookieJar(),
                    auto_decompress=False,  # the client's transport does that
                    trust_env=False,
                )
            )
            # The client finds out what system it runs on, for which it reads files.
            clients = await in_a_thread(partial(self._clients, session))
            for client in clients:
                await stack.enter_async_context(client)
            self._stack = stack.pop_all()
        self._opened = clients
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    def _clients(self, session: aiohttp.ClientSession) -> tuple[SearchClient, SearchIndexClient]:
        shared: dict[str, Any] = {
            "transport": AioHttpTransport(session=session, session_owner=False, use_env_settings=False),
            "connection_timeout": self._place.connect_seconds,
            # Its own tries wait for as long as the service says, and know nothing of our time-outs.
            "retry_policy": AsyncRetryPolicy.no_retries(),
            "http_logging_policy": SansIOHTTPPolicy[Any, Any](),  # it would log a dozen lines a query
            "user_agent": f"hubbub/{__version__}",
        }
        place, credential = self._place, self._credential
        return (
            SearchClient(place.endpoint, place.index, credential, **shared),
            SearchIndexClient(place.endpoint, credential, **shared),
        )

    @property
    def _client(self) -> SearchClient:
        return self._both[0]

    @property
    def _both(self) -> tuple[SearchClient, SearchIndexClient]:
        if self._opened is None:
            raise RuntimeError("Service is used outside of its context")
        return self._opened

    async def search(
        self, ask: Ask, *, select: Sequence[str], embedding: str, searched: Sequence[str] | None = None
    ) -> list[Found]:
        """Return what the service finds, best first.

        Raises:
            SearchError: it could not answer, or not within `find_seconds`.
        """

        async def look() -> list[Found]:
            search: Any = self._client.search  # the hits' own types are unknown
            pages: AsyncIterator[dict[str, Any]] = await search(
                search_text=ask.words or None,
                search_fields=list(searched) if searched and ask.words else None,
                filter=ask.where or None,
                top=ask.depth,
                select=list(select),
                vector_queries=_vector_queries(ask, embedding) or None,
                query_type="semantic" if ask.ranker else None,
                semantic_configuration_name=ask.ranker or None,
                semantic_query=ask.query if ask.ranker else None,
                query_caption="extractive" if ask.has_captions else None,
                query_caption_highlight_enabled=False if ask.has_captions else None,
                raw_request_hook=_rewriting(ask.language) if ask.language else None,
            )
            found: list[Found] = []
            async for hit in pages:
                found.append(_found(hit))
                if len(found) == ask.depth:
                    break
            return found

        return await self._patiently(look, self._place.find_seconds)

    async def count(self) -> int:
        """Return how many documents the index has; a key that may only search is enough.

        Raises:
            SearchError: it could not answer.
        """
        return await self._patiently(lambda: self._client.get_document_count(), self._place.find_seconds)

    async def change(self, actions: Sequence[Action]) -> set[str]:
        """Make changes to the index; returns the ids of those to be merged that are not there.

        They go in batches, in order. What the service refuses for the moment is tried again.

        Raises:
            SearchError: not all of them could be made; some may have been.
        """
        missing = set[str]()
        for batch in _batches(actions):
            missing |= await self._change(batch)
        return missing

    async def make(self, *, dimensions: int | None, analyzer: str, ranker: str) -> None:
        """Make the index if it is not there, and give it a field for vectors if it lacks one.

        Raises:
            SettingsError: there is another one of that name.
            SearchError: it could not answer.
        """
        client = self._both[1]
        wanted = definition(self._place.index, dimensions=dimensions, analyzer=analyzer, ranker=ranker)

        async def look() -> SearchIndex | None:
            try:
                return await client.get_index(wanted.name)
            except ResourceNotFoundError:
                return None

        async def create() -> SearchIndex:
            try:
                return await client.create_or_update_index(wanted, match_condition=MatchConditions.IfMissing)
            except ResourceModifiedError:  # another process was first
                return await client.get_index(wanted.name)

        found = await self._patiently(look, self._place.find_seconds)
        if found is None:
            found = await self._patiently(create, self._place.write_seconds)
        if faults := faults_of(found, wanted):
            raise SettingsError(faults)
        if {field.name for field in wanted.fields} - {field.name for field in found.fields}:
            await self._patiently(lambda: client.create_or_update_index(wanted), self._place.write_seconds)

    @staticmethod
    def floats(vector: Vector) -> list[float]:
        """Return a vector as the service takes it."""
        return list(unpack(f"<{len(vector) // 4}f", vector))

    async def _change(self, batch: Sequence[Action]) -> set[str]:
        waiting = {str(action["id"]): action for action in batch}
        missing = set[str]()

        async def send() -> None:
            results = await self._client.index_documents(
                IndexDocumentsBatch(actions=cast(Any, list(waiting.values()))), raw_response_hook=_not_too_large
            )
            refused: dict[str, int] = {}
            for result in results:
                action = waiting.get(result.key)
                if action is None:
                    continue
                if result.succeeded:
                    del waiting[result.key]
                elif result.status_code == 404 and action["@search.action"] == "merge":
                    del waiting[result.key]
                    missing.add(result.key)
                else:
                    refused[result.key] = result.status_code
            if lasting := sorted({status for status in refused.values() if status not in PASSING}):
                raise Faulty(
                    Fault(
                        f"The index “{self._place.index}” does not take some passages "
                        f"({', '.join(map(str, lasting))}). Was it made by Hubbub?"
                    )
                )
            if waiting:
                raise Faulty(Fault(f"Azure AI Search at {self._place.host} is busy indexing.", is_passing=True))

        await self._patiently(send, self._place.write_seconds)
        return missing

    async def _patiently(self, call: Callable[[], Awaitable[T]], seconds: float) -> T:
        """Do what is asked for; try again what may pass, as long as there is time."""
        last: Fault | None = None
        pause = FIRST_PAUSE_SECONDS
        deadline = asyncio.get_running_loop().time() + seconds
        try:
            async with asyncio.timeout_at(deadline):
                while True:
                    try:
                        async with self._mapped():
                            return await self._signed_in(call)
                    except Faulty as faulty:
                        last = faulty.fault
                        wait = last.wait_seconds or pause
                        if not last.is_passing or asyncio.get_running_loop().time() + wait >= deadline:
                            raise last.error from faulty.__cause__
                    await asyncio.sleep(wait)
                    pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
        except TimeoutError as error:
            late = Fault(f"Azure AI Search at {self._place.host} did not answer within {seconds:g} s.", is_passing=True)
            raise late.error from error

    async def _signed_in(self, call: Callable[[], Awaitable[T]]) -> T:
        try:
            return await call()
        except ClientAuthenticationError as error:
            if self._has_key or error.status_code != 401:
                raise
            return await call()  # the client has dropped the token that was refused, and asks for a new one

    @asynccontextmanager
    async def _mapped(self) -> AsyncGenerator[None]:
        try:
            yield
        except AzureError as error:
            raise Faulty(fault_of(error, self._place.index, self._place.host)) from error
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            # The client trips over a reply of another shape than it expects: that of a proxy, say.
            raise Faulty(Fault(f"What answers at {self._place.host} is not Azure AI Search.")) from error


def _vector_queries(ask: Ask, embedding: str) -> list[VectorQuery]:
    if ask.vector is not None:
        return [VectorizedQuery(vector=Service.floats(ask.vector), k_nearest_neighbors=DEPTH, fields=embedding)]
    if ask.is_embedded_there:
        return [VectorizableTextQuery(text=ask.query, k_nearest_neighbors=DEPTH, fields=embedding)]
    return []


def _found(hit: dict[str, Any]) -> Found:
    captions = cast("list[QueryCaptionResult]", hit.get("@search.captions") or [])
    return Found(
        fields=hit,
        score=float(hit["@search.score"]),
        reranker_score=hit.get("@search.reranker_score"),
        caption=captions[0].text or "" if captions else "",
    )


def _rewriting(language: str) -> Callable[[PipelineRequest[Any]], None]:
    """Return what asks for the query to be rewritten, which the client has no parameters for."""

    def add(request: PipelineRequest[Any]) -> None:
        asked = request.http_request
        body = {**json.loads(asked.content), "queryRewrites": REWRITES, "queryLanguage": language}
        headers = {name: value for name, value in asked.headers.items() if name.lower() != "content-length"}
        url = f"{asked.url.partition('?')[0]}?api-version={PREVIEW}"
        request.http_request = HttpRequest(asked.method, url, headers=headers, json=body)

    return add


def _not_too_large(response: PipelineResponse[Any, Any]) -> None:
    """Refuse before the client does: it would halve the batch, and fails at that (12.0.0)."""
    if response.http_response.status_code == 413:
        raise HttpResponseError(response=response.http_response)


def _batches(actions: Sequence[Action]) -> Generator[list[Action]]:
    batch: list[Action] = []
    size = 0
    for action in actions:
        length = len(json.dumps(action)) + 2
        if batch and (len(batch) == BATCH_ACTIONS or size + length > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(action)
        size += length
    if batch:
        yield batch
