"""Read filters and paths of SCIM: as much of both as providers' provisioning services send."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from hubbub.web.scim.attributes import Attribute, Shape, is_ignored_part, within
from hubbub.web.scim.errors import BadRequest

FILTER_CHARACTERS = 2_000
MOST_TERMS = 5
_NAME = r"[A-Za-z$][\w$.:-]*"
_TERM = re.compile(rf'\s*({_NAME})\s+(\w+)(?:\s+("(?:[^"\\]|\\.)*"|true|false|null|-?\d+(?:\.\d+)?))?\s*', re.ASCII)
_AND = re.compile(r"and\s", re.IGNORECASE)
_PATH = re.compile(rf"(?P<name>{_NAME})(?:\[(?P<filter>.*)\](?:\.(?P<part>[\w$]+))?)?", re.ASCII | re.DOTALL)


class Term(NamedTuple):
    """An attribute, by its name in lower case, and what it has to be equal to."""

    name: str
    value: Any


class Path(NamedTuple):
    """Where in a resource something is to be changed."""

    attribute: Attribute
    terms: tuple[Term, ...] | None
    """Which items of a list; None: all."""
    part: Attribute | None
    """The attribute inside; None: all of it."""


def terms_of(text: str) -> tuple[Term, ...]:
    """Return what a filter asks for: comparisons by `eq`, joined by `and`.

    Raises:
        BadRequest: it asks for anything else.
    """
    terms: list[Term] = []
    at = 0
    while len(text) <= FILTER_CHARACTERS and len(terms) < MOST_TERMS:
        found = _TERM.match(text, at)
        if found is None or found[2].lower() != "eq" or found[3] is None:
            break
        terms.append(Term(found[1].lower(), _literal(found[3])))
        if found.end() == len(text):
            return tuple(terms)
        joined = _AND.match(text, found.end())
        if joined is None:
            break
        at = joined.end()
    raise BadRequest(
        "invalid_filter",
        f'This filter is not understood: {text[:200]!r}. Compare with eq, join with and: userName eq "ada".',
    )


def path_of(shape: Shape, text: str) -> Path | None:
    """Return where a path leads; None: to an attribute that is not kept.

    Raises:
        BadRequest: it leads nowhere, or to what can't be changed.
    """
    known = within(shape, text)
    if known is None:
        return None
    found = _PATH.fullmatch(known)
    if found is None:
        raise _leads_nowhere(text)
    name, _, inner = found["name"].partition(".")
    name = name.lower()
    if name in shape.read_only:
        raise BadRequest("mutability", f"{name} can't be changed.")
    if name in shape.ignored:
        return None
    attribute = shape.attributes.get(name)
    if attribute is None or (found["filter"] is not None and (inner or attribute.kind != "list")):
        raise _leads_nowhere(text)
    part = None
    if inner := inner or found["part"] or "":
        part = attribute.parts.get(inner.lower())
        if part is None:
            if is_ignored_part(attribute, inner):
                return None
            raise _leads_nowhere(text)
    terms = None if found["filter"] is None else _terms_in(attribute, found["filter"])
    return Path(attribute, terms, part)


def fits(item: Mapping[str, Any], attribute: Attribute, terms: tuple[Term, ...] | None) -> bool:
    """Tell whether an item of a list is meant."""
    return all(_equals(item, attribute.parts[term.name], term.value) for term in terms or ())


def _equals(item: Mapping[str, Any], part: Attribute, value: object) -> bool:
    is_there = item.get(part.name, False if part.kind == "boolean" else None)
    if isinstance(is_there, str) and isinstance(value, str) and not part.is_exact:
        return is_there.casefold() == value.casefold()
    return is_there == value


def _terms_in(attribute: Attribute, text: str) -> tuple[Term, ...]:
    terms = terms_of(text)
    for term in terms:
        if term.name not in attribute.parts:
            raise BadRequest("invalid_filter", f"{attribute.name} has no {term.name}.")
    return tuple(
        Term(one.name, one.value.lower() == "true")
        if attribute.parts[one.name].kind == "boolean" and isinstance(one.value, str)
        else one
        for one in terms
    )


def _literal(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise BadRequest("invalid_filter", f"This is no value of a filter: {text[:100]}.") from error


def _leads_nowhere(text: str) -> BadRequest:
    return BadRequest("invalid_path", f"There is no attribute at the path {text[:200]!r}.")
