"""Find a back end by its name, and import it only then.

A back end is one file, one line here, and one test file that runs the seam's contract. Instead of a
name a person may give a class of their own as "package.module:Class".
"""

import difflib
import importlib
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from hubbub.core.errors import SettingsError

Kind: TypeAlias = Literal["search", "library", "history", "sessions", "answers", "identity", "keys"]

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
}


def load(kind: Kind, name: str) -> Any:
    """Return what makes a back end, its class as a rule, by its name here or as "package.module:Class".

    Raises:
        SettingsError: there is no such name, module or class, or what the module needs is not installed.
    """
    known = BACKENDS[kind]
    place = known.get(name, name)
    module_name, colon, attribute = place.partition(":")
    if not colon:
        near = difflib.get_close_matches(name, known, n=1)
        meant = f"did you mean {near[0]!r}? There" if near else "there"
        raise SettingsError(
            [f"{kind}: there is no back end {name!r}; {meant} are {', '.join(known)}, or package.module:Class"]
        )
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        missing = error.name or module_name
        mending = "check its spelling" if missing == module_name else f"install {missing}"
        raise SettingsError([f"{kind}: {place} can't be imported ({error}); {mending}"]) from error
    try:
        return getattr(module, attribute)
    except AttributeError as error:
        raise SettingsError([f"{kind}: {module_name} has no {attribute!r}; check its spelling"]) from error
