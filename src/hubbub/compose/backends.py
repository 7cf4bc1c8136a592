"""Open back ends by their names."""

import inspect
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from typing import Any

from hubbub.answers.base import SharedStore
from hubbub.compose.databases import postgres_steps
from hubbub.core.embedding import Embedder
from hubbub.core.errors import HubbubError, SettingsError
from hubbub.core.options import NAME, options_for
from hubbub.history.base import History, Sessions
from hubbub.identity.base import Identity, Keys
from hubbub.ingest.base import Loader
from hubbub.models.base import Model
from hubbub.registry import Kind, is_ours, lacking, load
from hubbub.search.base import Search
from hubbub.settings import OwnTable, Settings
from hubbub.web.dialects.base import WireFormat

logger = logging.getLogger(__name__)

GUIDE = "docs/how-to/own-back-ends.md says what each kind promises"
DOORS: Mapping[Kind, type] = {
    "search": Search,
    "history": History,
    "sessions": Sessions,
    "answers": SharedStore,
    "identity": Identity,
    "keys": Keys,
    "model": Model,
    "embedder": Embedder,
    "loader": Loader,
    "dialect": WireFormat,
}
"""What a back end of somebody's own has to fulfil."""
_BESIDE_CHATS: Mapping[Kind, tuple[str, str]] = {
    "history": ("history", "backend"),
    "answers": ("history", "answers"),
    "sessions": ("history", "sessions"),
    "keys": ("identity", "keys"),
    "search": ("search", "backend"),
    "library": ("search", "library"),
}
"""The back ends that share the database of the chats, and the settings that name them."""
OWN_SEARCH_BESIDE_POSTGRES = "search.backend: a search of your own can't be used with database.url yet; leave one out"
IN_FOLDER = ("sqlite", "azure")
"""The searches that keep their library in SQLite, also beside a PostgreSQL, where that is said."""


def load_backends(settings: Settings) -> None:
    """Import the back ends that the settings name, and check what they are told.

    Opening them reads no files any more.

    Raises:
        SettingsError: there is no such back end, it can't be imported, or it isn't told what it needs.
    """
    if settings.database.url is not None:
        postgres_steps()
    faults: list[str] = []
    for kind, name, table, path in _named(settings):
        try:
            if kind == "library" and not is_ours(kind, name):
                raise SettingsError(
                    [
                        "search.library: a library of your own can't be used yet, since rights and counts are kept "
                        "beside it. Leave this out; what finds passages can be your own (search.backend)"
                    ]
                )
            if kind == "search" and not is_ours(kind, name) and settings.database.url is not None:
                raise SettingsError([OWN_SEARCH_BESIDE_POSTGRES])
            made = load(kind, name)
            if is_ours(kind, name):
                if table:
                    raise SettingsError([f"{path}: {name!r} comes with Hubbub and takes no such table; leave it out"])
            else:
                options_for(made, table, path)
        except SettingsError as error:
            faults += error.faults
    if faults:
        raise SettingsError(list(dict.fromkeys(faults)))


def backend_faults(settings: Settings) -> tuple[str, ...]:
    """Return what is wrong with the back ends that the settings name, a line each."""
    try:
        load_backends(settings)
    except SettingsError as error:
        return error.faults
    return ()


def _named(settings: Settings) -> Iterator[tuple[Kind, str, Mapping[str, Any], str]]:
    """Yield the back ends that the settings name, with what each is told, and where that stands."""
    own = settings.backends
    yield "identity", settings.identity.backend, own.identity, "backends.identity"
    for kind in _BESIDE_CHATS:
        yield kind, name_of(settings, kind), table_of(settings, kind), f"backends.{kind}"
    if settings.embeddings.provider == "own":
        yield "embedder", settings.embeddings.backend, own.embedder, "backends.embedder"
    for name, table in settings.models.items():
        if isinstance(table, OwnTable):
            yield "model", table.backend, table.settings, f"models.{name}.settings"
    for name, chosen in own.loaders.items():
        yield "loader", chosen.backend, chosen.settings, f"backends.loaders.{name}.settings"
    for name, chosen in own.dialects.items():
        yield "dialect", chosen.backend, chosen.settings, f"backends.dialects.{name}.settings"


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


def table_of(settings: Settings, kind: Kind) -> Mapping[str, Any]:
    """Return what a back end is told of which there is one."""
    table: Mapping[str, Any] = getattr(settings.backends, kind, {})
    return table


async def open_backend(stack: AsyncExitStack, settings: Settings, kind: Kind, name: str, /, **resources: object) -> Any:
    """Open a back end of which there is one for as long as the stack; see `open_chosen`.

    Raises:
        SettingsError: as `open_chosen` does.
    """
    if kind == "library" and not is_ours(kind, name):
        load_backends(settings)  # says why not
    return await open_chosen(stack, kind, name, table_of(settings, kind), f"backends.{kind}", **resources)


async def open_chosen(
    stack: AsyncExitStack, kind: Kind, name: str, table: Mapping[str, Any], path: str, /, **resources: object
) -> Any:
    """Open a back end for as long as the stack: its class takes the resources that its parameters name.

    One of somebody's own is told what stands in its table, and has to fulfil the door of its kind.

    Raises:
        SettingsError: there is no such back end, it can't be imported, or, somebody's own, it can't be opened.
    """
    made = load(kind, name)
    wanted = inspect.signature(made).parameters
    given = {parameter: resource for parameter, resource in resources.items() if parameter in wanted}
    if is_ours(kind, name):
        backend = made(**given)
        return await stack.enter_async_context(backend) if hasattr(backend, "__aenter__") else backend
    try:
        backend = made_own(kind, name, made, table, path, given, resources)
        if hasattr(backend, "__aenter__"):
            backend = await stack.enter_async_context(backend)
    except HubbubError:
        raise
    except Exception as error:  # whatever the code of others does when it begins
        logger.debug("%s can't be opened", name, exc_info=True)
        raise SettingsError([f"{kind}: {name} can't be opened ({type(error).__name__}: {error})"]) from error
    if missing := lacking(backend, DOORS[kind]):
        raise SettingsError([f"{kind}: {name} has no {', '.join(missing)}; {GUIDE}"])
    return backend


def made_own(
    kind: Kind,
    name: str,
    made: Callable[..., Any],
    table: Mapping[str, Any],
    path: str,
    given: Mapping[str, object] | None = None,
    offered: Mapping[str, object] | None = None,
) -> Any:
    """Return a back end of somebody's own, made of what it is told and given.

    Raises:
        SettingsError: it wants a parameter that nobody gives, or is told what it doesn't know.
    """
    arguments = {**(given or {}), **options_for(made, table, path)}
    for parameter, one in inspect.signature(made).parameters.items():
        is_needed = one.default is one.empty and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
        if is_needed and parameter not in arguments:
            there = ", ".join(sorted({*(offered or {}), NAME}))
            raise SettingsError([f"{kind}: {name} wants a parameter {parameter!r}; what it can be given is: {there}"])
    return made(**arguments)
