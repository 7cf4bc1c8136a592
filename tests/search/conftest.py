"""What the tests of the search at Azure stand on: the service on a loopback address, over TLS."""

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import trustme

from hubbub.connections.sqlite import Sqlite
from hubbub.core.documents import Vector
from hubbub.testing.search import TopicEmbedder
from tests.servers.search_server import SearchServer


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(context)
    return context


@pytest_asyncio.fixture
async def server(authority: trustme.CA, embedder: TopicEmbedder) -> AsyncIterator[SearchServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)

    def embed(text: str) -> list[float]:
        return floats(embedder.vector(text.lower()))

    async with SearchServer(tls=context, embed=embed) as server:
        yield server


@pytest.fixture
def embedder() -> TopicEmbedder:
    return TopicEmbedder()


@pytest_asyncio.fixture
async def database(tmp_path: Path) -> AsyncIterator[Sqlite]:
    async with Sqlite(tmp_path / "library.db") as database:
        yield database


def floats(vector: Vector) -> list[float]:
    return list(memoryview(vector).cast("f"))
