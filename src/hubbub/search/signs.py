"""Keep the signs of vectors in memory, and find those that differ least from a query's."""

import threading
from collections import OrderedDict
from collections.abc import Container, Sequence
from typing import TYPE_CHECKING, NamedTuple

from hubbub.connections.sqlite import Connection, load_sql
from hubbub.core.documents import Vector
from hubbub.search.among import EVERYTHING, Among

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

SQL = load_sql("hubbub.search", "changes.sql")
BUDGET_BYTES = 96 * 1024 * 1024
"""How much is kept: 1.7 million vectors of 384 dimensions."""
WIDE = 2_000
WIDER = 200
"""So many vectors, and one more for each so many that there are, are chosen by the number of signs that differ."""
MOST_COLLECTIONS = 10_000
"""Of so many collections is remembered which blocks they have."""
BLOCKS = 32
"""So many blocks stand together: 16,384 vectors, whose signs and counts fit into a processor's own memory."""

Key = tuple[tuple[int, int], ...]
"""The blocks of a slab, each with its revision."""


class Slab(NamedTuple):
    """The signs of some blocks, a column of words after another one."""

    rows: "npt.NDArray[np.int64]"
    columns: "npt.NDArray[np.uint64] | npt.NDArray[np.uint8]"

    @property
    def nbytes(self) -> int:
        return self.rows.nbytes + self.columns.nbytes


class SignsCache:
    """Keeps the signs of collections within a budget, in step with the database."""

    def __init__(self, budget_bytes: int = BUDGET_BYTES) -> None:
        self._budget_bytes = budget_bytes
        self._lock = threading.Lock()
        self._slabs: OrderedDict[Key, Slab] = OrderedDict()
        self._bytes = 0
        self._keys: dict[str, tuple[tuple[int, int], list[Key]]] = {}

    def nearest(
        self,
        connection: Connection,
        vector: Vector,
        signs: bytes,
        collection_ids: Sequence[str],
        limit: int,
        among: Among = EVERYTHING,
    ) -> list[int]:
        """Return so many rows of vectors that are likely the nearest, in no order; some may be gone.

        Those are chosen whose signs differ least from the vector's, and of these the ones whose signs fit it best where
        its own numbers are great. That finds what comparing signs alone finds among five times as many.
        """
        import numpy as np  # here: it takes a while to import

        kind = _kind(signs)
        wanted = np.frombuffer(signs, kind)
        slabs: list[tuple[Slab, npt.NDArray[np.uint16]]] = []
        counts = np.zeros(8 * len(signs) + 1, np.intp)
        keys = dict.fromkeys(key for one in collection_ids for key in self._keys_of(connection, one))
        for key in keys:
            slab = self._slab(connection, key, kind, len(wanted), keys)
            if (is_kept := among.mask(slab.rows)) is not None:
                slab = Slab(slab.rows[is_kept], slab.columns[:, is_kept])
            differing = _differing(slab.columns, wanted)
            counts += np.bincount(differing, minlength=len(counts))
            slabs.append((slab, differing))
        total = int(counts.sum())
        wide = max(WIDE, limit) + total // WIDER
        most = int(np.searchsorted(np.cumsum(counts), wide)) if total > wide else len(counts)
        rows: list[npt.NDArray[np.int64]] = []
        scores: list[npt.NDArray[np.float32]] = []
        for slab, differing in slabs:
            near = np.flatnonzero(differing <= most)
            rows.append(slab.rows[near])
            if total > limit:
                scores.append(_likeness(slab.columns[:, near], vector))
        found = np.concatenate(rows) if rows else np.empty(0, np.int64)
        if len(found) <= limit:
            return found.tolist()
        return found[np.argpartition(-np.concatenate(scores), limit)[:limit]].tolist()

    def _keys_of(self, connection: Connection, collection_id: str) -> list[Key]:
        revision: tuple[int, int] = connection.all(SQL["revision"], (collection_id,))[0]
        with self._lock:
            known = self._keys.get(collection_id)
        if known is not None and known[0] == revision:
            return known[1]
        blocks = connection.all(SQL["revisions"], (collection_id,))
        keys = [tuple((block, of_block) for block, of_block in part) for part in _parts(blocks)]
        with self._lock:
            before = self._keys.get(collection_id, (revision, []))[1]
            if len(self._keys) >= MOST_COLLECTIONS:
                self._keys.clear()
            self._keys[collection_id] = revision, keys
            for key in set(before).difference(keys):
                self._drop(key)
        return keys

    def _slab(self, connection: Connection, key: Key, kind: str, words: int, used: Container[Key]) -> Slab:
        with self._lock:
            found = self._slabs.get(key)
            if found is not None:
                self._slabs.move_to_end(key)
                return found
        read = _read(connection, key, kind, words)
        with self._lock:
            # What was used last is dropped last, and nothing of this search: the next one like it would find nothing.
            while self._bytes + read.nbytes > self._budget_bytes and self._slabs:
                oldest = next(iter(self._slabs))
                if oldest in used:
                    return read
                self._drop(oldest)
            if key not in self._slabs and self._bytes + read.nbytes <= self._budget_bytes:
                self._slabs[key] = read
                self._bytes += read.nbytes
        return read

    def _drop(self, key: Key) -> None:
        found = self._slabs.pop(key, None)
        if found is not None:
            self._bytes -= found.nbytes


def _parts(blocks: Sequence[tuple[int, int, int]]) -> list[list[tuple[int, int]]]:
    """Return full blocks some at a time, and each that is still filled by itself: it is soon another one."""
    full = [(block, revision) for block, revision, is_full in blocks if is_full]
    filled = [[(block, revision)] for block, revision, is_full in blocks if not is_full]
    return [*(full[start : start + BLOCKS] for start in range(0, len(full), BLOCKS)), *filled]


def _read(connection: Connection, key: Key, kind: str, words: int) -> Slab:
    import numpy as np

    blocks = [connection.all(SQL["block"], (block,))[0] for block, _ in key]
    rows = np.frombuffer(b"".join(rows for rows, _ in blocks), "<i8")
    signs = np.frombuffer(b"".join(signs for _, signs in blocks), kind).reshape(len(rows), words)
    return Slab(rows, np.ascontiguousarray(signs.T))


def _differing(
    columns: "npt.NDArray[np.uint64] | npt.NDArray[np.uint8]", wanted: "npt.NDArray[np.uint64]"
) -> "npt.NDArray[np.uint16]":
    """Return in how many bits each vector's signs differ from the wanted ones."""
    import numpy as np

    count = columns.shape[1]
    differing = np.zeros(count, np.uint16)
    between = np.empty(count, columns.dtype)
    bits = np.empty(count, np.uint8)
    for column, word in zip(columns, wanted, strict=True):
        np.bitwise_xor(column, word, out=between)
        np.bitwise_count(between, out=bits)
        differing += bits
    return differing


def _likeness(columns: "npt.NDArray[np.uint64] | npt.NDArray[np.uint8]", vector: Vector) -> "npt.NDArray[np.float32]":
    """Return the product of a vector and others of which only the signs are known, as far as it tells these apart."""
    import numpy as np

    numbers = np.frombuffer(vector, "<f4")
    bits = np.unpackbits(np.ascontiguousarray(columns.T).view(np.uint8), axis=1, count=len(numbers))
    # Not `@`: BLAS starts a thread for each core and lets it spin, which takes three times the CPU on a busy machine.
    return np.einsum("ij,j->i", bits.astype(np.float32), numbers)


def _kind(signs: bytes) -> str:
    return "<u8" if len(signs) % 8 == 0 else "u1"
