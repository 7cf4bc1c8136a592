"""Name the database files of the data folder, and how far this version knows the tables in each."""

from collections.abc import Mapping
from pathlib import Path

from hubbub.connections.sqlite import Sqlite

CHATS: Mapping[str, int] = {"history": 4, "answers": 4, "sessions": 1, "identity": 1, "cookies": 1}
"""The rooms that keep tables beside the chats, and how many scripts each has. A room that is given up stays here:
a newer version is told by rooms that don't stand here."""
LIBRARY: Mapping[str, int] = {"search": 2, "library": 4, "azure": 1, "origins": 1}


def chats_in(folder: Path) -> Sqlite:
    """Return the database of chats, answers, keys and sessions, to be opened."""
    return Sqlite(folder / "hubbub.db", known=CHATS)


def library_in(folder: Path) -> Sqlite:
    """Return the database of collections, documents and passages, to be opened."""
    return Sqlite(folder / "library.db", known=LIBRARY)


async def check_databases(folder: Path) -> None:
    """Return if this version can use those databases that are there; nothing is made or changed.

    Raises:
        SettingsError: a newer version wrote one, or it is no database.
        StoreError: one can't be opened.
    """
    for database in (chats_in(folder), library_in(folder)):
        if database.path.exists():
            async with database:
                pass
