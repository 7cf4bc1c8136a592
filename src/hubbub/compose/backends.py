"""Open back ends by their names."""

import inspect
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

from hubbub.compose.databases import postgres_steps
from hubbub.core.errors import SettingsError
from hubbub.registry import Kind, load
from hubbub.settings import Settings

_BESIDE_CHATS: Mapping[Kind, tuple[str, str]] = {
    "history": ("history", "backend"),
    "answers": ("history", "answers"),
    "sessions": ("history", "sessions"),
    "keys": ("identity", "keys"),
    "search": ("search", "backend"),
    "library": ("search", "library"),
}
"""The back ends that share the database of the chats, and the settings that name them."""
IN_FOLDER = ("sqlite", "azure")
"""The searches that keep their library in SQLite, also beside a PostgreSQL, where that is said."""


def load_backends(settings: Settings) -> None:
    """Import the back ends that the settings name, so that opening them reads no files any more.

    Raises:
        SettingsError: there is no such back end, or it can't be imported.
    """
    if settings.database.url is not None:
        postgres_steps()
    for kind in _BESIDE_CHATS:
        load(kind, name_of(settings, kind))
    load("identity", settings.identity.backend)


def has_documents_in_folder(settings: Settings) -> bool:
    """Tell whether the library stays in the data folder: always without a PostgreSQL, else where that is said."""
    wanted = settings.search
    return settings.database.url is None or (wanted.backend in IN_FOLDER and "backend" in wanted.model_fields_set)


def name_of(settings: Settings, kind: Kind) -> str:
    """Return the back end that keeps something beside the chats: PostgreSQL's own where there is one.

    Raises:
        SettingsError: it can't be used with the database that is set.
    """
    table, field = _BESIDE_CHATS[kind]
    of_kind = getattr(settings, table)
    name: str = getattr(of_kind, field)
    if settings.database.url is None:
        if name == "postgres":
            raise SettingsError([f'{table}.{field}: "postgres" needs database.url; set it, or leave this out'])
        return name
    if kind == "library" and has_documents_in_folder(settings):
        return name
    if field not in of_kind.model_fields_set:
        return "postgres"
    if kind == "search" and name in IN_FOLDER:
        return name
    if name in ("sqlite", "memory"):
        raise SettingsError([f'{table}.{field}: "{name}" can\'t be used with database.url; leave one of them out'])
    return name


async def open_backend(stack: AsyncExitStack, kind: Kind, name: str, **resources: object) -> Any:
    """Open a back end for as long as the stack: its class takes the resources that its parameters name.

    Raises:
        SettingsError: there is no such back end, or it can't be imported.
    """
    made = load(kind, name)
    wanted = inspect.signature(made).parameters
    backend = made(**{name: resource for name, resource in resources.items() if name in wanted})
    return await stack.enter_async_context(backend) if hasattr(backend, "__aenter__") else backend
