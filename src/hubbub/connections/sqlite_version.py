"""Tell, without a hop to a thread, whether a SQLite file has changed, and keep what was read of it until then."""

import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Generic, TypeAlias, TypeVar, cast

import apsw

from hubbub.connections.wal_index import WalIndex

T = TypeVar("T")

Mark: TypeAlias = int | bytes
"""Is another one after each commit."""

SEEN_SECONDS = 1.0
"""So long what is known of a file is gone by before it is seen anew that the file is still at its place."""
MOST_KNOWN = 10_000


class Version:
    """The version of one file's content, read on a connection that does nothing else.

    SQLite has a counter of commits in memory that all connections of all processes map: there it is read, or, where
    that can't be found, by a statement. Either waits for nobody, so the event loop's thread may. Only that thread calls
    `now`.
    """

    def __init__(self) -> None:
        self._cursor: Any = None  # apsw's own types are partly unknown
        self._index: WalIndex | None = None
        self._seen_at = float("-inf")

    def begin(self, raw: apsw.Connection, index: WalIndex | None) -> None:
        """Take the connection, which nobody else uses, and where its index is in memory, if that is known."""
        raw.set_busy_handler(None)
        self._cursor = cast(Any, raw).cursor()
        self._index = index

    def end(self) -> None:
        """Look at it no more: its connection is about to be closed."""
        self._cursor = self._index = None

    def note_seen(self) -> None:
        """Note that the file was at its place just now. Any thread may call this."""
        self._seen_at = time.monotonic()

    def now(self) -> Mark | None:
        """Return what is another one after each commit, by whichever process; None where it is not known."""
        if self._index is not None:
            return self._index.now()
        if self._cursor is None:
            return None
        try:
            return self._cursor.execute("pragma data_version").fetchall()[0][0]  # to its end, which ends the read, too
        except apsw.Error:
            # It is closed, or held by who mends the file: whoever asks reads it in a thread, and is told there.
            return None

    @property
    def is_seen(self) -> bool:
        """Whether the file was at its place within the last second."""
        return time.monotonic() - self._seen_at < SEEN_SECONDS


class UntilCommitted(Generic[T]):
    """What was read of one file, kept in memory until the next commit to it, of whatever and by whichever process.

    Then all is read anew, so that nobody gets anything else than a read would find. It is kept only while the file is
    at its place, which is seen at least once a second. Only the event loop's thread uses it.
    """

    def __init__(self, version: Version) -> None:
        self._version = version
        self._of: Mark | None = None
        self._known: dict[Hashable, T] = {}
        """As found under that version."""

    async def get(self, key: Hashable, read: Callable[[], Awaitable[T]]) -> T:
        """Return what `read` returns, or has returned for the same key. Nobody may change it."""
        version = self._version.now()  # before the read: what is committed meanwhile is of another one
        if version != self._of:
            self._of, self._known = version, {}
        known = self._known
        if version is not None and key in known and self._version.is_seen:
            return known[key]
        found = known[key] = await read()
        if len(known) > MOST_KNOWN:
            del known[next(iter(known))]
        return found
