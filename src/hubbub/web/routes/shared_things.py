"""What the routes of prompts and of assistants have in common."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from hubbub.app.shared_things import SharedThings
from hubbub.core.people import Person
from hubbub.web.cursors import cursor, cursor_of

OF_VERSION = "The version that you have seen: where there is a later one, nothing is changed"


class Dated(Protocol):
    """Something with a place in a list."""

    @property
    def id(self) -> str: ...

    @property
    def updated_at(self) -> float: ...


T = TypeVar("T", bound=Dated)


async def page_of(
    things: SharedThings[T], person: Person, limit: int, after: str | None
) -> tuple[Sequence[T], str | None]:
    """Return a page of a person's things and of those shared with them, and what gives the one behind it, if any."""
    found = await things.list(person, limit=limit + 1, after=None if after is None else cursor(after))
    listed = found[:limit]
    return listed, cursor_of(listed[-1].updated_at, listed[-1].id) if len(found) > limit else None
