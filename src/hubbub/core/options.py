"""Check what a back end of one's own is told, by the class that it brings for that."""

import dataclasses
import difflib
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, cast, get_type_hints

import msgspec

from hubbub.core.errors import SettingsError

NAME = "settings"
"""The parameter of a back end that takes what it is told."""


def options_for(made: Callable[..., object], table: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Return the argument `settings` for what makes a back end; none where it takes none.

    The parameter's annotation checks the table, which stands at a path of the settings: a model of pydantic, or a
    struct of msgspec or a dataclass. Without one of these the table is given as it is.

    Raises:
        SettingsError: the table has keys that the back end doesn't know, or values that it can't take.
    """
    if NAME not in inspect.signature(made).parameters:
        if table:
            raise SettingsError([f"{path}: {made.__name__} takes no settings; leave this table out"])
        return {}
    kind = _annotated(made, path)
    if hasattr(kind, "model_validate"):
        return {NAME: _by_pydantic(kind, table, path)}
    if hasattr(kind, "__struct_fields__") or dataclasses.is_dataclass(kind):
        return {NAME: _by_msgspec(kind, table, path)}
    return {NAME: dict(table)}


def _annotated(made: Callable[..., object], path: str) -> Any:
    try:
        return get_type_hints(made.__init__ if inspect.isclass(made) else made).get(NAME)
    except NameError as error:
        raise SettingsError([f"{path}: the annotations of {made.__name__} can't be resolved ({error})"]) from error


def _by_pydantic(kind: Any, table: Mapping[str, Any], path: str) -> object:
    try:
        return kind.model_validate(dict(table), extra="forbid")
    except ValueError as error:
        problems: list[dict[str, Any]] = getattr(error, "errors", list)()
        if not problems:
            raise SettingsError([f"{path}: {error}"]) from None
        raise SettingsError([_problem(kind, one, path) for one in problems]) from None  # the cause holds what was given


def _problem(kind: Any, problem: Mapping[str, Any], path: str) -> str:
    place = tuple(str(part) for part in problem["loc"])
    full = ".".join((path, *place))
    if problem["type"] == "extra_forbidden":
        return _unknown(full, list(kind.model_fields) if len(place) == 1 else [])
    if problem["type"] == "missing":
        return f"{full}: is needed"
    message = str(problem["msg"]).removeprefix("Value error, ")
    return f"{full}: {message.replace('Input should be ', 'must be ')}"


def _by_msgspec(kind: Any, table: Mapping[str, Any], path: str) -> object:
    if faults := list(_strangers(msgspec.inspect.type_info(kind), table, path)):
        raise SettingsError(faults)
    try:
        return msgspec.convert(table, kind, strict=False)  # variables of the environment are texts
    except msgspec.ValidationError as error:
        said, _, place = str(error).partition(" - at `$")
        raise SettingsError([f"{path}{place.rstrip('`')}: {said[:1].lower()}{said[1:]}"]) from None


def _strangers(kind: msgspec.inspect.Type, value: object, path: str) -> Iterator[str]:
    """Yield a fault for each key that a struct doesn't have, nor those within it."""
    if not isinstance(kind, msgspec.inspect.StructType | msgspec.inspect.DataclassType):
        return
    if not isinstance(value, Mapping):
        return
    known = {field.encode_name: field.type for field in kind.fields}
    for name, inner in cast(Mapping[str, object], value).items():
        if name not in known:
            yield _unknown(f"{path}.{name}", list(known))
        else:
            yield from _strangers(known[name], inner, f"{path}.{name}")


def _unknown(full: str, known: Sequence[str]) -> str:
    name = full.rpartition(".")[2]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]}?" if near else f"; there are {_listed(known)}" if known else ""
    return f"{full}: there is no such setting{hint}"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
