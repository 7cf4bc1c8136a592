"""Hold one state of SQLite files while others write to them, and copy it page by page."""

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import apsw

from hubbub.connections.private import open_private
from hubbub.connections.sqlite import Row, store_errors

PAGES = 256
"""As many are copied in a step, 1 MiB: between two steps the copying can be stopped."""
LOCK_SECONDS = 120.0
"""A writer of the library may be in the middle of a document for that long."""
PAUSE_SECONDS = 0.002


class HeldFile:
    """A database file of which one state can be held. Its methods block; call one at a time, from any thread."""

    def __init__(self, path: Path) -> None:
        """Open the file, which has to be there.

        Raises:
            StoreError: it can't be opened.
        """
        self.path = path
        with store_errors():
            self._raw = cast(Any, apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE))
            self._raw.set_busy_handler(_patience())
            self._raw.execute("pragma query_only = on; pragma wal_autocheckpoint = 0")

    def hold(self) -> None:
        """Hold the state that is there now, until it is released: what is written later is not seen here."""
        with store_errors():
            self._raw.execute("begin")
            self._raw.execute("select count(*) from sqlite_schema").fetchall()  # a snapshot begins with its first read

    def release(self) -> None:
        """Let go of the state."""
        with store_errors():
            if self._raw.in_transaction:
                self._raw.execute("rollback")

    def close(self) -> None:
        """Let go of the state, and close the file."""
        self.release()
        self._raw.close()

    def all(self, query: str) -> list[Row]:
        """Return the rows of a query over the state."""
        with store_errors():
            return list(self._raw.execute(query))

    def tables(self) -> list[str]:
        """Return the names of the ordinary tables."""
        query = (
            "select name from pragma_table_list where schema = 'main' and type = 'table' "
            "and name not like 'sqlite~_%' escape '~' order by name"
        )
        return [str(row[0]) for row in self.all(query)]

    def count(self, table: str) -> int:
        """Return how many rows a table has."""
        return int(self.all(f'select count(*) from "{table}"')[0][0])  # noqa: S608 (a name that `tables` gave)

    def schemas(self) -> dict[str, int]:
        """Return how many scripts each room has run."""
        rows = self.all("select room, max(step) from migration group by room") if "migration" in self.tables() else []
        return {str(room): int(step) for room, step in rows}

    def copy(self, target: Path, told: Callable[[int], None]) -> None:
        """Copy the state that is held to a file of its owner's alone. `told` is given the copied bytes after each step.

        What `told` raises ends the copying.

        Raises:
            StoreError: it can't be read or written.
        """
        os.close(open_private(target, os.O_RDWR | os.O_CREAT | os.O_TRUNC))
        size = int(self.all("pragma page_size")[0][0])
        with store_errors():
            made = cast(Any, apsw.Connection(str(target), flags=apsw.SQLITE_OPEN_READWRITE))
            try:
                # Nobody else uses it, and what a crash leaves half is made anew.
                made.execute("pragma journal_mode = off; pragma synchronous = off")
                with made.backup("main", self._raw, "main") as copying:
                    while not copying.done:
                        copying.step(PAGES)
                        told((copying.page_count - copying.remaining) * size)
            finally:
                made.close()


class WriteLock:
    """Keeps others from writing to a database file, for an instant."""

    def __init__(self, path: Path) -> None:
        with store_errors():
            self._raw = cast(Any, apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE))
            self._raw.set_busy_handler(_patience())
            self._raw.execute("pragma wal_autocheckpoint = 0")

    def take(self) -> None:
        """Wait for whoever writes, then keep others from it.

        Raises:
            StoreError: somebody wrote all the time.
        """
        with store_errors():
            self._raw.execute("begin immediate")

    def free(self) -> None:
        """Let others write again."""
        with store_errors():
            if self._raw.in_transaction:
                self._raw.execute("rollback")

    def close(self) -> None:
        self.free()
        self._raw.close()


def damage_of(path: Path) -> str:
    """Return what is wrong with a database file that nobody uses; "" where nothing is.

    Raises:
        StoreError: it can't be opened, or is no database.
    """
    with store_errors():
        raw = cast(Any, apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE))
        try:
            raw.execute("pragma query_only = on")
            found: Sequence[Row] = list(raw.execute("pragma integrity_check(3)"))
            if found != [("ok",)]:
                return "; ".join(str(row[0]) for row in found)
            loose = list(raw.execute("pragma foreign_key_check"))
            return f"{len(loose)} rows of {loose[0][0]} refer to nothing" if loose else ""
        finally:
            raw.close()


def _patience() -> Callable[[int], bool]:
    until = 0.0

    def waits(tries: int) -> bool:
        nonlocal until
        now = time.monotonic()
        if tries == 0:
            until = now + LOCK_SECONDS
        if now >= until:
            return False
        time.sleep(PAUSE_SECONDS)
        return True

    return waits
