"""Keep vectors in PostgreSQL: half precision, in pgvector's HNSW where there are many."""

import logging
from collections.abc import Sequence

from hubbub.connections.postgres import Connection, Postgres
from hubbub.connections.sql import load_sql
from hubbub.core.documents import Vector
from hubbub.core.errors import StoreError

SQL = load_sql("hubbub.search", "postgres/search.sql")
EXACT = 5_000
"""Among so many vectors the nearest are found by comparing all: it takes some milliseconds, and misses none."""
MOST_INDEXED_DIMENSIONS = 4_000
"""pgvector's HNSW takes no longer halves; such are compared one by one."""
INLINE_DIMENSIONS = 3_500
"""Longer ones don't fit into the row's page."""
NOT_ALLOWED = (
    "pgvector is not switched on in this database, and this role may not do so. Run `create extension vector` there as "
    "a superuser."
)
OLDEST = (0, 8)
"""The first pgvector that looks on in an index where a filter leaves too few."""

log = logging.getLogger(__name__)


async def has_vectors(database: Postgres) -> bool:
    """Tell whether pgvector is there, made in this database where that is allowed. What is wrong is logged."""
    lack = await lack_of_vectors(database)
    if lack is None:
        return True
    log.warning("The search goes by words alone: %s", lack)
    return False


async def lack_of_vectors(database: Postgres, *, makes_it: bool = True) -> str | None:
    """Return what keeps vectors from being stored, and what to do; None: nothing does."""
    ((there, to_be_had),) = await database.all(SQL["extension"])
    if there is None and to_be_had is None:
        return f"{database.who} has no pgvector. Install it on the server, {OLDEST[0]}.{OLDEST[1]} or newer."
    if there is None and not makes_it:
        row = await database.one(SQL["may_make_it"])
        if row is None or not row[0]:
            return NOT_ALLOWED
    if there is None and makes_it:
        try:
            await database.run("create extension if not exists vector")
        except StoreError:
            return NOT_ALLOWED
    version = there or to_be_had
    if _numbers(version) < OLDEST:
        return f"pgvector {version} is too old. Install {OLDEST[0]}.{OLDEST[1]} or newer."
    return None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdecimal())


async def use_space(connection: Connection, name: str, dimensions: int) -> None:
    """Make room for an embedder's vectors; those of another one are dropped, to be made anew."""
    await connection.all("select pg_advisory_xact_lock(hashtextextended('vector_space', 7))")
    known = await connection.one(SQL["space"])
    if known is not None and tuple(known) == (name, dimensions):
        return
    await connection.script("set local statement_timeout = 0")  # all passages begin to wait for a vector
    await connection.script(SQL["forget_vectors"])
    await make_vectors(connection, dimensions)
    await connection.run(SQL["name_space"], name, dimensions)


async def make_vectors(connection: Connection, dimensions: int, *, is_indexed: bool = True) -> None:
    """Make the table of vectors, and their index where there can be one."""
    storage = "plain" if dimensions <= INLINE_DIMENSIONS else "external"
    await connection.script(SQL["make_vectors"] % {"dimensions": int(dimensions), "storage": storage})
    if is_indexed and dimensions <= MOST_INDEXED_DIMENSIONS:
        await connection.script(SQL["index_vectors"])


async def put_vectors(
    connection: Connection, name: str, dimensions: int, rows: Sequence[int], vectors: Sequence[Vector]
) -> list[str] | None:
    """Store the vectors of those rows that still wait for one, and return their documents; None: not their space."""
    there = await connection.one(SQL["lock_space"])
    if there is None or there[0] != name:
        return None
    flat = memoryview(b"".join(vectors)).cast("f").tolist()
    return [row[0] for row in await connection.all(SQL["put_vectors"], list(rows), flat, dimensions)]


async def find_near(
    connection: Connection,
    vector: Vector,
    collection_ids: Sequence[str],
    embedded: int,
    depth: int,
    document_ids: list[str] | None = None,
    but: Sequence[str] = (),
) -> list[int]:
    """Return the rows of these collections whose vectors are the nearest, nearest first. So many have one.

    Where documents are named, those of others are left out; where none are, those of `but`.
    """
    if embedded < 1:
        return []
    values = memoryview(vector).cast("f").tolist()
    if document_ids is None and but:
        statement = "nearest_but_of_few" if embedded <= EXACT else "nearest_but_of_many"
        found = await connection.all(SQL[statement], values, list(collection_ids), depth, list(but))
        return [row[0] for row in found]
    if document_ids is None:
        statement = "nearest_of_few" if embedded <= EXACT else "nearest_of_many"
        return [row[0] for row in await connection.all(SQL[statement], values, list(collection_ids), depth)]
    counted = await connection.one(SQL["count_of"], document_ids)
    statement = "nearest_among_few" if counted is None or counted[0] <= EXACT else "nearest_among_many"
    found = await connection.all(SQL[statement], values, list(collection_ids), depth, document_ids)
    return [row[0] for row in found]
