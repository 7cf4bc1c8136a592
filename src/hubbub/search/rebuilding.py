"""Bring an index that an earlier version made up to date, and search it until that is done."""

from collections.abc import Iterable, Sequence

from hubbub.connections.sqlite import Connection, load_sql
from hubbub.core.documents import Vector
from hubbub.core.terms import STOP_WORDS, words
from hubbub.core.wording import language_of
from hubbub.search.fusion import fuse
from hubbub.search.index_meanings import Embedded, put_vectors
from hubbub.search.index_words import MAX_TERMS, inside, put_terms

SQL = {**load_sql("hubbub.search", "search.sql"), **load_sql("hubbub.search", "changes.sql")}


def is_behind(connection: Connection) -> bool:
    """Tell whether passages wait to be indexed, or an earlier version's index is still there."""
    return connection.one(SQL["is_waiting"]) is not None or bool(_before(connection))


def is_to_rebuild(connection: Connection) -> bool:
    """Tell whether `rebuild_some` has anything to do."""
    return is_behind(connection) or connection.one(SQL["is_unturned"]) is not None


def rebuild_some(connection: Connection, limit: int) -> bool:
    """Index some of the passages that wait, the last ones first; False where none is left and all is in order.

    What one transaction has done, the next process finds done.
    """
    before = _before(connection)
    waiting = connection.all(SQL["waiting"], (limit,))
    embedded: list[Embedded] = []
    for row, collection_id, *_, is_embedded in waiting:
        if is_embedded and "passage_vector" in before:
            found = connection.one(SQL["vector_before"], (row,))
            if found is not None:
                embedded.append(Embedded(row, collection_id, found[0]))
    put_vectors(connection, embedded)
    for passage in waiting:
        put_terms(connection, [passage])
    if len(waiting) < limit:
        for table in before:
            connection.all(f"drop table {table}")
        return _turn_some(connection, limit)
    return True


def _turn_some(connection: Connection, limit: int) -> bool:
    """Index some passages anew whose long words are not there back to front; False where none is left."""
    around: dict[str, str] = {}
    for row in connection.all(SQL["unturned"], (limit,)):
        document_id = row[-1]
        if document_id not in around:
            texts = connection.all(SQL["first_texts"], (document_id,))
            around[document_id] = language_of("\n".join(text for (text,) in texts))
        connection.all(SQL["drop_terms_of"], row[:1])
        put_terms(connection, [row[:-1]], around[document_id])
    connection.all(SQL["turned"], (limit,))
    return connection.one(SQL["is_unturned"]) is not None


def remove_before(connection: Connection, rows: Iterable[int]) -> None:
    """Drop the vectors of rows from an earlier version's index, where there is one."""
    if "passage_vector" in _before(connection):
        connection.many(SQL["remove_vector_before"], ((row,) for row in rows))


def find_before(
    connection: Connection,
    query: str,
    vector: Vector | None,
    collection_ids: Sequence[str],
    depth: int,
    found: Sequence[int],
    near: Sequence[int],
) -> tuple[list[int], list[int]]:
    """Return both rankings with what only an earlier version's index holds."""
    before = _before(connection)
    old_words: list[int] = []
    if query and "passage_words" in before and (wanted := _quoted(query)):
        collections = " OR ".join(map(inside, collection_ids))
        match = f"inside : ({collections}) AND {{title heading text}} : ({' OR '.join(wanted)})"
        old_words = [row[0] for row in connection.all(SQL["find_words_before"], {"match": match, "limit": depth})]
    old_near: list[int] = []
    if vector is not None and "passage_vector" in before:
        for collection_id in collection_ids:
            bindings = {"vector": vector, "limit": depth, "collection_id": collection_id}
            old_near += [row[0] for row in connection.all(SQL["find_vectors_before"], bindings)]
    both = [[row for row, _ in fuse(pair)][:depth] for pair in ((found, old_words), (near, old_near))]
    return both[0], both[1]


def _before(connection: Connection) -> list[str]:
    return [row[0] for row in connection.all(SQL["tables_before"])]


def _quoted(query: str) -> list[str]:
    found = list(dict.fromkeys(words(query)))
    return [f'"{word}"' for word in [word for word in found if word not in STOP_WORDS][:MAX_TERMS] or found[:MAX_TERMS]]
