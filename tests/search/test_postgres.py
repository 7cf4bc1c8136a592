"""The search in PostgreSQL fulfils the contract, and goes by words alone where there is no pgvector."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from hubbub.connections.postgres import Postgres
from hubbub.search.postgres import PostgresSearch
from tests.search.contract import SearchContract, TopicEmbedder


class TestPostgresSearch(SearchContract):
    @pytest.fixture
    def embedder(self) -> TopicEmbedder:
        return TopicEmbedder()

    @pytest_asyncio.fixture
    async def search(self, postgres: Postgres, embedder: TopicEmbedder) -> AsyncIterator[PostgresSearch]:
        async with PostgresSearch(postgres, embedder) as search:
            yield search
