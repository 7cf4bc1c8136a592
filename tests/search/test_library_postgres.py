"""The library in PostgreSQL fulfils the contract."""

from collections.abc import AsyncIterator

import pytest

from hubbub.connections.postgres import Connection, Postgres
from hubbub.core.documents import Document
from hubbub.search.library_postgres import PostgresLibrary
from hubbub.testing.library import LibraryContract, PutPassages


@pytest.fixture
async def library(postgres: Postgres) -> AsyncIterator[PostgresLibrary]:
    async with PostgresLibrary(postgres) as library:
        yield library


class TestPostgresLibrary(LibraryContract):
    @pytest.fixture
    def put_passages(self, postgres: Postgres) -> PutPassages:
        async def put(document: Document, passages: int, embedded: int) -> None:
            async def insert(connection: Connection) -> None:
                for number in range(passages):
                    row = await connection.one(
                        "insert into passage (id, document_id, collection_id, number, heading, text, name, title) "
                        "values ($1, $2, $3, $4, '', '', '', '') returning row_id",
                        f"{document.id}-{number}",
                        document.id,
                        document.collection_id,
                        number,
                    )
                    if number >= embedded and row is not None:
                        values = (row[0], document.id, document.collection_id)
                        await connection.run("insert into passage_unembedded values ($1, $2, $3)", *values)

            await postgres.write(insert)

        return put
