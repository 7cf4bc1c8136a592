import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import trustme

from hubbub.connections.sqlite import Sqlite
from hubbub.search.azure import AzureSearch
from hubbub.search.azure_place import AzureIndex
from tests.search.contract import SearchContract, TopicEmbedder
from tests.servers.search_server import ADMIN_KEY, SearchServer


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest_asyncio.fixture
async def server(authority: trustme.CA) -> AsyncIterator[SearchServer]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    async with SearchServer(tls=context) as server:
        yield server


@pytest_asyncio.fixture
async def database(tmp_path: Path) -> AsyncIterator[Sqlite]:
    async with Sqlite(tmp_path / "library.db") as database:
        yield database


class TestAzureSearch(SearchContract):
    @pytest.fixture
    def embedder(self) -> TopicEmbedder:
        return TopicEmbedder()

    @pytest_asyncio.fixture
    async def search(
        self, server: SearchServer, database: Sqlite, embedder: TopicEmbedder, tls: ssl.SSLContext
    ) -> AsyncIterator[AzureSearch]:
        async with AzureSearch(AzureIndex(server.endpoint, "hubbub"), ADMIN_KEY, database, embedder, tls) as search:
            yield search
