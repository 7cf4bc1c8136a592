"""Say what is wrong with a setting in words that a person can act on. Never repeats what was given: it may be a key."""

import difflib
from collections.abc import Callable
from typing import TypeAlias, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from hubbub.settings.models import ModelTable
from hubbub.settings.tree import Settings, fields

Keys: TypeAlias = tuple[str, ...]
"""The names from the root of the tree to a setting."""
Spell: TypeAlias = Callable[[Keys], str]

MODEL_TABLES: dict[str, type[BaseModel]] = {
    get_args(table.model_fields["provider"].annotation)[0]: table for table in get_args(get_args(ModelTable)[0])
}
_PROVIDERS = ", ".join(MODEL_TABLES)
_SAYINGS = {
    "union_tag_not_found": f"is needed: one of {_PROVIDERS}",
    "union_tag_invalid": f"there is no such provider; choose one of {_PROVIDERS}",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_type": "must be a text, in quotes",
    "string_too_short": "must not be empty",
    "too_short": "must not be empty",
    "path_type": "must be a path, in quotes",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
}


def locate(problem: ErrorDetails) -> tuple[Keys, str | None]:
    """Return the path of the setting that a problem is about, and the provider if it is in a model's table."""
    path = tuple(str(part) for part in problem["loc"])
    provider = None
    if path[0] == "models" and len(path) > 2:
        provider, path = path[2], (*path[:2], *path[3:])
    return (*path, "provider") if problem["type"].startswith("union_tag") else path, provider


def describe(problem: ErrorDetails, spell: Spell) -> str:
    """Say what to do about a problem; settings are written as `spell` does."""
    path, provider = locate(problem)
    kind = problem["type"]
    if kind == "extra_forbidden":
        return suggest(path, spell, provider)
    if kind == "missing":
        from hubbub.settings.descriptions import description_of  # here: it reads code, which only a fault needs

        description = description_of(dict(_known(path, provider))[path])
        return f"is needed: {description[:1].lower()}{description[1:].rstrip('.')}"
    message = problem["msg"].replace("Input should be ", "must be ").replace("String should ", "must ")
    message = message.removeprefix("Value error, ")
    return _SAYINGS.get(kind, message)


def suggest(path: Keys, spell: Spell, provider: str | None = None) -> str:
    """Say that there is no setting at a path, and which one was probably meant."""
    known = [other for other, _ in _known(path, provider)]
    here = [other for other in known if other[:-1] == path[:-1]]
    tables = [(name,) for name in Settings.model_fields if len(path) == 1]
    meant = _closest(path, [*here, *tables])
    meant = meant or next((other for other in known if other[-1] == path[-1]), None)
    meant = meant or _closest(path, known)
    if meant:
        return f"there is no such setting; did you mean {spell(meant)}?"
    if here and len(path) > 1:
        return f"there is no such setting; there are {', '.join(spell(other) for other in here)}"
    return "there is no such setting; docs/reference/settings.md lists them all"


def _known(path: Keys, provider: str | None) -> list[tuple[Keys, FieldInfo]]:
    """List the settings that a person may have meant; of models, those of the one that the path is in."""
    known = [item for item in fields(Settings) if item[0] != ("models",)]
    if path[0] == "models" and len(path) > 2:
        tables = [MODEL_TABLES[provider]] if provider in MODEL_TABLES else list(MODEL_TABLES.values())
        known += [item for table in tables for item in fields(table, path[:2])]
    return known


def _closest(path: Keys, known: list[Keys]) -> Keys | None:
    spelt = {".".join(other): other for other in known}
    found = difflib.get_close_matches(".".join(path), spelt, n=1, cutoff=0.75)
    return spelt[found[0]] if found else None
