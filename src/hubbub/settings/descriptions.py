"""Read what stands below a setting in the code, for who needs to be told. No server reads that when it starts."""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from functools import cache
from itertools import pairwise

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from hubbub.settings.table import Table
from hubbub.settings.tree import Settings


def description_of(field: FieldInfo) -> str:
    """Return a field's docstring in one line; empty where it has none, or where the code came without its source."""
    return _docstrings().get(id(field), "")


@cache
def _docstrings() -> dict[int, str]:
    return {
        id(field): docs[name]
        for table in (Settings, *_below(Table))
        for docs in [{name: doc for one in reversed(table.__mro__) for name, doc in _attributes(one)}]
        for name, field in table.model_fields.items()
        if name in docs
    }


def _below(table: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for one in table.__subclasses__():
        yield one
        yield from _below(one)


def _attributes(table: type) -> Iterator[tuple[str, str]]:
    """Return the attributes that a class describes, each with what stands below it."""
    if not issubclass(table, (Table, Settings)):
        return
    try:
        made = ast.parse(textwrap.dedent(inspect.getsource(table))).body[0]
    except OSError:
        return
    for attribute, below in pairwise(made.body if isinstance(made, ast.ClassDef) else ()):
        match attribute, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(doc))):
                yield name, " ".join(doc.split())
            case _:
                pass
