"""The part of OData's filters that Azure AI Search knows and Hubbub uses: parsed by its grammar, then evaluated."""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeAlias

Passes: TypeAlias = Callable[[Mapping[str, Any]], bool]

_TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<word>[A-Za-z_][\w.]*)|(?P<sign>[(),/:]))")


class FilterError(ValueError):
    """The filter is not one."""


def parse_filter(text: str, fields: Collection[str]) -> Passes:
    """Return what tells whether a document passes a filter over these fields.

    Raises:
        FilterError: it is no filter, or names another field.
    """
    return _Parser(text, fields).whole()


class _Parser:
    def __init__(self, text: str, fields: Collection[str]) -> None:
        self._fields = fields
        self._tokens: list[str] = []
        place = 0
        while text[place:].strip():
            match = _TOKEN.match(text, place)
            if match is None:
                raise FilterError(f"Syntax error at position {place}.")
            self._tokens.append(match[0].strip())
            place = match.end()

    def whole(self) -> Passes:
        found = self._either()
        if self._tokens:
            raise FilterError(f"Syntax error at {self._tokens[0]}.")
        return found

    def _either(self) -> Passes:
        some = [self._all()]
        while self._took("or"):
            some.append(self._all())
        return lambda document: any(one(document) for one in some)

    def _all(self) -> Passes:
        every = [self._one()]
        while self._took("and"):
            every.append(self._one())
        return lambda document: all(one(document) for one in every)

    def _one(self) -> Passes:
        if self._took("("):
            inner = self._either()
            self._need(")")
            return inner
        if self._took("not"):
            denied = self._one()
            return lambda document: not denied(document)
        if self._tokens[1:2] == ["/"]:
            return self._any_of_a_list()
        if self._took("search.in"):
            self._need("(")
            field = self._field()
            self._need(",")
            listed = self._text()
            delimiters = " ,"
            if self._took(","):
                delimiters = self._text()
            self._need(")")
            values = {value.strip() for value in re.split(f"[{re.escape(delimiters)}]", listed)}
            return lambda document: document.get(field) in values
        field = self._field()
        operator = self._next()
        if operator not in ("eq", "ne"):
            raise FilterError(f"There is no operator {operator}.")
        value = self._text()
        return lambda document: (document.get(field) == value) is (operator == "eq")

    def _any_of_a_list(self) -> Passes:
        """`field/any()`, or `field/any(one: …)` with a condition on each element."""
        field = self._field()
        self._need("/")
        self._need("any")
        self._need("(")
        if self._took(")"):
            return lambda document: bool(document.get(field))
        name = self._next()
        self._need(":")
        outer, self._fields = self._fields, {name}
        inner = self._either()
        self._fields = outer
        self._need(")")
        return lambda document: any(inner({name: element}) for element in document.get(field) or ())

    def _next(self) -> str:
        if not self._tokens:
            raise FilterError("The filter ends too early.")
        return self._tokens.pop(0)

    def _took(self, token: str) -> bool:
        if self._tokens[:1] == [token]:
            self._tokens.pop(0)
            return True
        return False

    def _need(self, token: str) -> None:
        if not self._took(token):
            raise FilterError(f"{token} is expected.")

    def _field(self) -> str:
        name = self._next()
        if name not in self._fields:
            raise FilterError(
                f"Invalid expression: Could not find a property named '{name}' on type 'search.document'."
            )
        return name

    def _text(self) -> str:
        token = self._next()
        if not token.startswith("'"):
            raise FilterError("A text in quotes is expected.")
        return token[1:-1].replace("''", "'")
