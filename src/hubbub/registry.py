"""Find a back end by its name, and import it only then.

A back end of ours is one file, one line here, and one test file that runs the seam's contract. Instead of its name a
person may give a class of their own as "package.module:Class", or the name that an installed package gives it: an entry
point of the group `hubbub.<kind>`.
"""

import difflib
import importlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

from hubbub.core.errors import SettingsError

Kind: TypeAlias = Literal[
    "search",
    "library",
    "history",
    "sessions",
    "answers",
    "identity",
    "keys",
    "model",
    "embedder",
    "loader",
    "dialect",
]

BACKENDS: Mapping[Kind, Mapping[str, str]] = {
    "search": {
        "sqlite": "hubbub.search.sqlite:SqliteSearch",
        "postgres": "hubbub.search.postgres:PostgresSearch",
        "azure": "hubbub.search.azure:azure_search",
    },
    "library": {
        "sqlite": "hubbub.search.library_sqlite:SqliteLibrary",
        "postgres": "hubbub.search.library_postgres:PostgresLibrary",
    },
    "history": {
        "sqlite": "hubbub.history.sqlite:SqliteHistory",
        "postgres": "hubbub.history.postgres:PostgresHistory",
        "memory": "hubbub.history.memory:MemoryHistory",
    },
    "sessions": {
        "sqlite": "hubbub.history.sessions_sqlite:SqliteSessions",
        "postgres": "hubbub.history.sessions_postgres:PostgresSessions",
        "memory": "hubbub.history.sessions_memory:MemorySessions",
    },
    "answers": {
        "sqlite": "hubbub.answers.sqlite:SqliteAnswers",
        "postgres": "hubbub.answers.postgres:PostgresAnswers",
        "memory": "hubbub.answers.memory:MemoryAnswers",
    },
    "identity": {
        "open": "hubbub.identity.open:OpenIdentity",
    },
    "keys": {
        "sqlite": "hubbub.identity.keys_sqlite:SqliteKeys",
        "postgres": "hubbub.identity.keys_postgres:PostgresKeys",
    },
    "model": {},  # which of ours serves a model says the `provider` of its table, and likewise with embedders
    "embedder": {},
    "loader": {},  # ours are found by the names and the bytes of files
    "dialect": {},  # ours are always there
}
GROUP = "hubbub."
"""What the groups of entry points begin with in which packages name their back ends; the kind follows."""

_installed: dict[tuple[Kind, str], str] = {}
"""Where back ends of installed packages stand that were looked up: to look reads files."""


def is_ours(kind: Kind, name: str) -> bool:
    """Tell whether a name is that of a back end that comes with Hubbub."""
    return name in BACKENDS[kind]


def place_of(kind: Kind, name: str) -> str:
    """Return where a back end stands, "package.module:Class", by its name or by that itself.

    Raises:
        SettingsError: there is none of that name, or several packages have one.
    """
    known = BACKENDS[kind]
    if name in known:
        return known[name]
    if ":" in name:
        return name
    if (kind, name) in _installed:
        return _installed[kind, name]
    from importlib.metadata import entry_points  # reads what is installed

    named = entry_points(group=GROUP + kind)
    if places := {entry.value for entry in named.select(name=name)}:
        if len(places) > 1:
            raise SettingsError([f"{kind}: several packages have a back end {name!r}: give one of {_listed(places)}"])
        _installed[kind, name] = place = places.pop()
        return place
    names = [*known, *sorted(named.names)]
    near = difflib.get_close_matches(name, names, n=1)
    meant = f"did you mean {near[0]!r}? There" if near else "there"
    there = f"{', '.join(names)}, or package.module:Class" if names else "those of package.module:Class"
    raise SettingsError([f"{kind}: there is no back end {name!r}; {meant} are {there}"])


def load(kind: Kind, name: str) -> Callable[..., Any]:
    """Return what makes a back end, its class as a rule, by its name here or as "package.module:Class".

    Raises:
        SettingsError: there is no such name, module or class, or what the module needs is not installed.
    """
    place = place_of(kind, name)
    module_name, _, attribute = place.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        missing = error.name or module_name
        is_itself = missing == module_name or module_name.startswith(f"{missing}.")
        mending = "install it, or check its spelling" if is_itself else f"install {missing}"
        raise SettingsError([f"{kind}: {place} can't be imported ({error}); {mending}"]) from error
    except Exception as error:  # whatever a module of somebody's does when it is imported
        if is_ours(kind, name):
            raise
        raise SettingsError([f"{kind}: {place} fails when it is imported ({type(error).__name__}: {error})"]) from error
    try:
        made: object = getattr(module, attribute)
    except AttributeError as error:
        raise SettingsError([f"{kind}: {module_name} has no {attribute!r}; check its spelling"]) from error
    if not callable(made):
        raise SettingsError([f"{kind}: {place} is neither a class nor a function that makes a back end"])
    return made


def lacking(back_end: object, door: type) -> list[str]:
    """Return what a back end lacks of a door, a protocol: the names of its methods and properties."""
    names = {
        name
        for kind in door.__mro__
        if getattr(kind, "_is_protocol", False) and kind.__module__ != "typing"
        for name in (*vars(kind), *inspect.get_annotations(kind))
        if not name.startswith("_")
    }
    return sorted(name for name in names if not hasattr(back_end, name))


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names))
