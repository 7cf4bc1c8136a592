"""Ask Azure AI Search through its own client; what is the client's goes no further than this module."""

import asyncio
import re
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeAlias, TypeVar

import aiohttp
import msgspec
from azure.core import MatchConditions
from azure.core.credentials import AzureKeyCredential
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceNotFoundError,
)
from azure.core.pipeline.policies import AsyncRetryPolicy, SansIOHTTPPolicy
from azure.core.pipeline.transport import AioHttpTransport
from azure.core.rest import HttpRequest
from azure.search.documents.aio import SearchClient
from azure.search.documents.indexes.aio import SearchIndexClient
from azure.search.documents.indexes.models import SearchIndex

from hubbub import __version__
from hubbub.connections.threads import in_a_thread
from hubbub.core.errors import SettingsError
from hubbub.search.azure_faults import PASSING, Fault, fault_of
from hubbub.search.azure_index import definition, faults_of
from hubbub.search.azure_place import AzureIndex
from hubbub.search.azure_query import Ask, Found, query_body

T = TypeVar("T")
Action: TypeAlias = Mapping[str, Any]
"""One change of the index: `@search.action`, `id` and the fields."""

API_VERSION = "2026-04-01"
PREVIEW = "2025-11-01-preview"
"""The version that knows query rewriting."""
CONNECTIONS = 100
BATCH_ACTIONS = 1_000
"""The service takes no more."""
BATCH_BYTES = 4 * 1024 * 1024
"""The service takes 16 MB; but while that much is encrypted, nobody else is served."""
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0


class Faulty(Exception):
    """A fault on its way to who knows whether to try again."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


_NO_FIELD = re.compile("could not find a property named", re.IGNORECASE)
"""How the service says that an index has no such field."""


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
        place = self._place

        def parts() -> dict[str, Any]:
            """Return what a client is made of; two may not share it."""
            return {
                "transport": AioHttpTransport(
                    session=session,
                    session_owner=False,
                    use_env_settings=False,
                    connection_timeout=place.connect_seconds,
                    read_timeout=max(place.find_seconds, place.write_seconds),
                ),
                # Its own tries wait for as long as the service says, and know nothing of our time-outs.
                "retry_policy": AsyncRetryPolicy.no_retries(),
                "http_logging_policy": SansIOHTTPPolicy[Any, Any](),  # it would log a dozen lines a query
                "user_agent": f"hubbub/{__version__}",
            }

        return (
            SearchClient(place.endpoint, place.index, self._credential, **parts()),
            SearchIndexClient(place.endpoint, self._credential, **parts()),
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
        self, ask: Ask, *, select: Sequence[str], embedding: str, searched: Sequence[str] = ()
    ) -> list[Found]:
        """Return what the service finds, best first.

        Raises:
            SearchError: it could not answer, or not within `find_seconds`.
        """
        body = msgspec.json.encode(query_body(ask, select=select, embedding=embedding, searched=searched))
        version = PREVIEW if ask.language else API_VERSION

        async def look() -> list[Found]:
            answer = await self._post("search.post.search", body, version)
            return [_found(hit) for hit in answer["value"]]

        return await self._patiently(look, self._place.find_seconds)

    async def count(self) -> int:
        """Return how many documents the index has; a key that may only search is enough.

        Raises:
            SearchError: it could not answer.
        """
        return await self._patiently(lambda: self._client.get_document_count(), self._place.find_seconds)

    async def has_list(self, field: str, key: str) -> bool:
        """Tell whether the index has a list of texts of this name that can be filtered by; any key may ask so.

        Raises:
            SearchError: it could not say, or the field is there and can't be filtered by.
        """
        body = msgspec.json.encode({"filter": f"{field}/any()", "top": 1, "select": key})

        async def look() -> bool:
            try:
                await self._post("search.post.search", body, API_VERSION)
            except HttpResponseError as error:
                if error.status_code == 400 and _NO_FIELD.search(str(error.message)):
                    return False
                raise
            return True

        return await self._patiently(look, self._place.find_seconds)

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

    async def make(self, *, dimensions: int | None, analyzer: str, ranker: str) -> bool:
        """Make the index if it is not there, and tell whether it was made; one without vectors gets a field for them.

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

        async def create() -> SearchIndex | None:
            try:
                return await client.create_or_update_index(wanted, match_condition=MatchConditions.IfMissing)
            except HttpResponseError as error:
                if error.status_code == 412:  # another process was first
                    return None
                raise

        found = await self._patiently(look, self._place.find_seconds)
        if found is None:
            if await self._patiently(create, self._place.write_seconds):
                return True
            found = await self._patiently(look, self._place.find_seconds) or wanted
        if faults := faults_of(found, wanted):
            raise SettingsError(faults)
        if {field.name for field in wanted.fields} - {field.name for field in found.fields}:
            await self._patiently(lambda: client.create_or_update_index(wanted), self._place.write_seconds)
        return False

    async def _change(self, waiting: dict[str, bytes]) -> set[str]:
        missing = set[str]()

        async def send() -> None:
            answer = await self._post("search.index", b'{"value":[' + b",".join(waiting.values()) + b"]}", API_VERSION)
            refused = set[int]()
            for result in answer["value"]:
                key, status = result["key"], result["statusCode"]
                if result["status"] or status == 404:  # only what is to be merged has to be there
                    missing.update([key] if status == 404 else ())
                    waiting.pop(key, None)
                else:
                    refused.add(status)
            if lasting := sorted(refused - PASSING):
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

    async def _post(self, operation: str, body: bytes, version: str) -> Any:
        """Send a request through the client's pipeline, past its models.

        Those write 16 vectors of 1,536 numbers down in 93 ms, for which the loop stands still (12.0.0); and they know
        nothing of query rewriting, and of what to do with a batch that is too large.
        """
        request = HttpRequest(
            "POST",
            f"/indexes('{self._place.index}')/docs/{operation}",
            params={"api-version": version},
            headers={"Accept": "application/json;odata.metadata=none", "Content-Type": "application/json"},
            content=body,
        )
        response = await self._client.send_request(request)
        if response.status_code not in (200, 207):
            kind = ClientAuthenticationError if response.status_code == 401 else HttpResponseError
            raise kind(response=response)
        return response.json()

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


def _found(hit: dict[str, Any]) -> Found:
    captions: list[dict[str, str | None]] = hit.get("@search.captions") or [{}]
    return Found(
        fields=hit,
        score=float(hit["@search.score"]),
        reranker_score=hit.get("@search.rerankerScore"),
        caption=captions[0].get("text") or "",
    )


def _batches(actions: Sequence[Action]) -> Generator[dict[str, bytes]]:
    """Yield the actions as JSON, by their ids, as many as the service takes at once."""
    batch: dict[str, bytes] = {}
    size = 0
    for action in actions:
        written = msgspec.json.encode(action)
        if batch and (len(batch) == BATCH_ACTIONS or size + len(written) > BATCH_BYTES):
            yield batch
            batch, size = {}, 0
        batch[str(action["id"])] = written
        size += len(written) + 1
    if batch:
        yield batch
