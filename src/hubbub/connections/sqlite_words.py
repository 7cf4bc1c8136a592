"""Rid an index of words of those that were deleted: until its parts are merged it keeps them, found by nobody."""

import asyncio

from hubbub.connections.sqlite import Connection, Sqlite

PAGES = 32
"""So many pages are written in a step, which takes some 4 ms of the thread that writes."""
PAUSE_SECONDS = 0.01


async def drop_deleted_words(database: Sqlite, merging: str) -> None:
    """Write an index anew, step by step, by the statement that merges so many of its pages.

    See sqlite.org/fts5.html, 6.9: a negative number begins with the whole index.
    """
    pages = -PAGES
    while await database.write(_merged, merging, pages):
        pages = PAGES
        await asyncio.sleep(PAUSE_SECONDS)


def _merged(connection: Connection, merging: str, pages: int) -> bool:
    before = connection.total_changes()
    connection.all(merging, (pages,))
    return connection.total_changes() - before > 1  # the statement is one itself
