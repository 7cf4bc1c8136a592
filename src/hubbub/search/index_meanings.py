"""Keep the index of vectors: their signs say which may be near a query, the vectors themselves which are."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from struct import pack
from typing import NamedTuple

from hubbub.connections.sqlite import Connection, load_sql
from hubbub.core.documents import Vector
from hubbub.search.among import EVERYTHING, Among
from hubbub.search.signs import SignsCache

SQL = {**load_sql("hubbub.search", "search.sql"), **load_sql("hubbub.search", "changes.sql")}
RESCORED = 400
"""So many that are likely the nearest by their signs are compared by their vectors."""
BLOCK = 512
"""How many vectors' signs stand together: 28 KiB of 384 dimensions. The last block is written anew with each batch."""

_IS_POSITIVE = bytes(ord("0") if byte & 0x80 else ord("1") for byte in range(256))


class Embedded(NamedTuple):
    """The vector of a passage."""

    row: int
    collection_id: str
    vector: Vector


def use_space(connection: Connection, name: str, dimensions: int) -> None:
    """Make room for an embedder's vectors; those of another one are dropped, to be made anew."""
    if connection.one(SQL["space"]) != (name, dimensions):
        connection.all(SQL["forget_vectors"])
        connection.all(SQL["name_space"], (name, dimensions))


def put_vectors(connection: Connection, embedded: Iterable[Embedded]) -> None:
    """Store the vectors of passages that have none."""
    by_collection = defaultdict[str, list[Embedded]](list)
    for one in embedded:
        by_collection[one.collection_id].append(one)
    for collection_id, waiting in by_collection.items():
        while waiting:
            waiting = _fill(connection, collection_id, waiting)


def _fill(connection: Connection, collection_id: str, waiting: list[Embedded]) -> list[Embedded]:
    """Put as many into the collection's open block as it takes, and return the rest."""
    found = connection.one(SQL["open_block"], (collection_id,))
    block, rows, signs = found or (connection.all(SQL["new_block"], (collection_id,))[0][0], b"", b"")
    room = BLOCK - len(rows) // 8
    taken = waiting[:room]
    rows += b"".join(pack("<q", one.row) for one in taken)
    signs += b"".join(signs_of(one.vector) for one in taken)
    connection.many(SQL["put_vector"], ((one.row, collection_id, block, one.vector) for one in taken))
    ((revision,),) = connection.all(SQL["next_revision"])
    connection.all(SQL["fill_block"], (rows, signs, int(len(rows) // 8 >= BLOCK), revision, block))
    return waiting[room:]


def blocks_of(connection: Connection, rows: Sequence[int]) -> list[int]:
    """Return the blocks that hold signs of these rows."""
    return [row[0] for row in connection.all(SQL["blocks_of"], (json.dumps(rows),))]


def tidy(connection: Connection, blocks: Iterable[int]) -> None:
    """Drop blocks of which no row is left; those of which less than half is left are written anew."""
    for block in blocks:
        ((alive,),) = connection.all(SQL["alive_count"], (block,))
        if not alive:
            connection.all(SQL["drop_block"], (block,))
            continue
        size = connection.one(SQL["block_bytes"], (block,))
        if size is not None and alive * 2 < size[0] // 8:
            left = [Embedded(*row) for row in connection.all(SQL["alive"], (block,))]
            connection.all(SQL["drop_block"], (block,))
            put_vectors(connection, left)


def find_near(
    connection: Connection,
    cache: SignsCache,
    vector: Vector,
    collection_ids: Sequence[str],
    depth: int,
    among: Among = EVERYTHING,
) -> list[int]:
    """Return the rows of these collections whose vectors are the nearest, nearest first; of `among` only."""
    candidates = cache.nearest(connection, vector, signs_of(vector), collection_ids, max(RESCORED, 2 * depth), among)
    if not candidates:
        return []
    bindings = {
        "rows": json.dumps(candidates),
        "collection_ids": json.dumps(list(collection_ids)),
        "vector": vector,
        "limit": depth,
    }
    return [row[0] for row in connection.all(SQL["nearest"], bindings)]


def signs_of(vector: Vector) -> bytes:
    """Return a bit a dimension, 1 where it is positive, filled up with zeros to whole bytes."""
    bits = vector[3::4].translate(_IS_POSITIVE)  # the sign is the last byte's first bit
    size = (len(bits) + 7) // 8
    return (int(bits, 2) << (8 * size - len(bits))).to_bytes(size, "big")
