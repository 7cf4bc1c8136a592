"""Where tests have chats kept: a data folder, or a PostgreSQL beside one."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hubbub.compose.databases import chats_in
from hubbub.connections.postgres import Postgres
from hubbub.connections.sqlite import Sqlite
from hubbub.settings import Settings

_BESIDE: dict[Path, str] = {}


@dataclass(frozen=True)
class Place:
    """A data folder, and the address of the PostgreSQL that keeps its chats, if one does."""

    folder: Path
    url: str | None = None

    def database(self) -> Sqlite | Postgres:
        """Return the database, to be opened: by several workers at once, if need be."""
        return Postgres(self.url) if self.url else chats_in(self.folder)


@contextmanager
def beside(folder: Path, url: str) -> Iterator[Path]:
    """Have what tests start on a folder keep its chats in a PostgreSQL."""
    _BESIDE[folder] = url
    try:
        yield folder
    finally:
        del _BESIDE[folder]


def place_of(folder: Path) -> Place:
    """Return where what tests start on a folder keeps its chats."""
    return Place(folder, _BESIDE.get(folder))


def variables_of(folder: Path) -> dict[str, str]:
    """Return the variables by which a process on a folder finds its database."""
    return {"HUBBUB_DATABASE__URL": _BESIDE[folder]} if folder in _BESIDE else {}


def settings_of(folder: Path, **tables: Any) -> Settings:
    """Return settings by which this process finds it."""
    database = {"database": {"url": _BESIDE[folder]}} if folder in _BESIDE else {}
    return Settings.model_validate({"server": {"data_folder": folder}} | database | tables)
