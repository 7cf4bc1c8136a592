"""Tell, without a hop to a thread, whether anything was committed to a SQLite file."""

import time
from typing import Any, cast

import apsw

SEEN_SECONDS = 1.0
"""So long what is known of a file is gone by before it is seen anew that the file is still at its place."""


class Version:
    """The version of one file's content, read on a connection that does nothing else.

    SQLite has a counter of commits in memory that all connections of all processes map. To read it takes 5 to 20 µs,
    and it waits for nobody, so the event loop's thread may. Only that thread calls `now`.
    """

    def __init__(self) -> None:
        self._cursor: Any = None  # apsw's own types are partly unknown
        self._seen_at = float("-inf")

    def begin(self, raw: apsw.Connection) -> None:
        """Take the connection, which nobody else uses."""
        raw.set_busy_handler(None)
        self._cursor = cast(Any, raw).cursor()

    def note_seen(self) -> None:
        """Note that the file was at its place just now. Any thread may call this."""
        self._seen_at = time.monotonic()

    def now(self) -> int | None:
        """Return a number that is another one after each commit, by whichever process; None where it is not known."""
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
