"""Take JSON for what it is: an object, a list, or something else."""

from collections.abc import Mapping
from typing import Any, TypeAlias, cast

Resource: TypeAlias = dict[str, Any]


def object_in(value: object) -> Mapping[str, Any] | None:
    """Return a value that is an object; None: it is none."""
    return cast(Mapping[str, Any], value) if isinstance(value, Mapping) else None


def list_in(value: object) -> list[Any] | None:
    """Return a value that is a list; None: it is none."""
    return cast(list[Any], value) if isinstance(value, list) else None
