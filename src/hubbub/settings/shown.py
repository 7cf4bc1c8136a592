"""Show the settings in force, and where each comes from; secrets are never shown."""

from collections.abc import Iterator, Mapping
from typing import TypeAlias, cast

from pydantic import BaseModel, SecretStr

from hubbub.core.shown import ShownSetting
from hubbub.settings.table import HIDDEN
from hubbub.settings.tree import Settings

Keys: TypeAlias = tuple[str, ...]

DEFAULT = "default"
SECRET = "set, and not shown"  # noqa: S105 (it stands in place of one)
_SECRET_NAMES = ("secret", "password", "api_key", "token", "credential")
"""Tables whose values are free text may hold some under these names."""


class _Hidden:
    """What is not shown, nor the names of its keys."""

    def __init__(self, value: object) -> None:
        self._value = value

    def __bool__(self) -> bool:
        return bool(self._value)


def shown(settings: Settings) -> list[ShownSetting]:
    """Return all settings in force, in the order in which they are declared."""
    sources = settings.sources
    found: list[ShownSetting] = []
    for path, value in _leaves(settings, ()):
        is_secret = isinstance(value, SecretStr | _Hidden) or any(part in path[-1].lower() for part in _SECRET_NAMES)
        is_secret = is_secret and not isinstance(value, bool | int | float)
        text = (SECRET if value else "") if is_secret else _text(value)
        found.append(ShownSetting(".".join(path), text, _source_of(sources, path), is_secret))
    return found


def _leaves(table: object, above: Keys) -> Iterator[tuple[Keys, object]]:
    if isinstance(table, BaseModel):
        for name, field in type(table).model_fields.items():
            value: object = getattr(table, name)
            if HIDDEN in field.metadata:
                yield (*above, name), _Hidden(value)
            else:
                yield from _leaves(value, (*above, name))
    elif isinstance(table, Mapping) and table:
        for name, value in cast(Mapping[str, object], table).items():
            yield from _leaves(value, (*above, str(name)))
    elif isinstance(table, tuple) and any(isinstance(one, BaseModel) for one in cast(tuple[object, ...], table)):
        for place, value in enumerate(cast(tuple[object, ...], table)):
            yield from _leaves(value, (*above, str(place)))
    else:
        yield above, table


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple | list | frozenset):
        return ", ".join(str(one) for one in cast(tuple[object, ...], value))
    return "" if isinstance(value, Mapping) else str(value)


def _source_of(sources: Mapping[Keys, str], path: Keys) -> str:
    """Return where a setting was set: itself, a table or list that it stands in, or else something in it."""
    for end in range(len(path), 0, -1):
        if (known := sources.get(path[:end])) is not None:
            return known
    return next((known for place, known in sources.items() if place[: len(path)] == path), DEFAULT)
