"""Keep the index of vectors: their signs say which may be near a query, the vectors themselves which are."""

import json
from collections.abc import Iterable, Sequence

from hubbub.connections.sqlite import Connection, Row, load_sql
from hubbub.core.documents import Vector

SQL = load_sql("hubbub.search", "search.sql")
RESCORED = 400
"""So many of the nearest by their signs are compared by their vectors."""
MAX_NEIGHBOURS = 4_096
"""sqlite-vec gives no more neighbours than these."""
CHUNK = 1024
"""Vectors a chunk. sqlite-vec gives each collection whole chunks, which are small: 48 KiB of signs of 384 dimensions."""

_IS_POSITIVE = bytes(ord("0") if byte & 0x80 else ord("1") for byte in range(256))


def use_space(connection: Connection, wanted: tuple[str, int] | None) -> None:
    """Make room for the vectors of an embedder (name, dimensions); those of another one are dropped, to be made anew.

    Where none is wanted, those that are there are kept.
    """
    there = connection.one(SQL["space"])
    if wanted is not None and there != wanted:
        connection.all(SQL["forget_vectors"])
        connection.all(SQL["name_space"], wanted)
        there = wanted
    if there is not None and connection.one("select 1 from sqlite_schema where name = 'passage_signs'") is None:
        _make_signs(connection, there[1])


def _make_signs(connection: Connection, dimensions: int) -> None:
    connection.all(
        f"create virtual table passage_signs using vec0 ("
        f"collection_id text partition key, signs bit[{8 * _bytes_for(dimensions)}], chunk_size={CHUNK})"
    )


def put_vector(connection: Connection, row: int, collection_id: str, vector: Vector) -> None:
    """Store the vector of a passage that has none."""
    connection.all(SQL["put_vector"], (row, vector))
    connection.all(SQL["put_signs"], (row, collection_id, signs_of(vector)))


def drop_signs(connection: Connection, rows: Iterable[Row]) -> None:
    """Drop the signs of rows; one by one, since sqlite-vec would look through all for a set of them."""
    if connection.one(SQL["space"]) is not None:
        connection.many(SQL["remove_signs"], ((row[0],) for row in rows))


def find_near(connection: Connection, vector: Vector, collection_ids: Sequence[str], depth: int) -> list[int]:
    """Return the rows of these collections whose vectors are the nearest, nearest first."""
    signs = signs_of(vector)
    candidates: list[tuple[float, int]] = []
    most = min(max(RESCORED, depth), MAX_NEIGHBOURS)
    for collection_id in collection_ids:  # one query a collection: a partition can only be named by "="
        bindings = {"signs": signs, "limit": most, "collection_id": collection_id}
        candidates += [(distance, row) for row, distance in connection.all(SQL["find_signs"], bindings)]
    rows = [row for _, row in sorted(candidates)[:most]]
    return nearest(connection, vector, rows, depth)


def nearest(connection: Connection, vector: Vector, rows: Sequence[int], depth: int) -> list[int]:
    """Return those of some rows that have a vector, nearest first."""
    bindings = {"rows": json.dumps(rows), "vector": vector, "limit": depth}
    return [row[0] for row in connection.all(SQL["nearest"], bindings)]


def signs_of(vector: Vector) -> bytes:
    """Return a bit a dimension, 1 where it is positive, filled up with zeros to whole bytes."""
    bits = vector[3::4].translate(_IS_POSITIVE)  # the sign is the last byte's first bit
    size = _bytes_for(len(bits))
    return (int(bits, 2) << (8 * size - len(bits))).to_bytes(size, "big")


def _bytes_for(dimensions: int) -> int:
    return (int(dimensions) + 7) // 8
