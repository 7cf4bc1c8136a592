"""The door of the identity: from a request's headers to a person."""

from collections.abc import Mapping
from typing import Protocol

import msgspec

from hubbub.core.people import Person


class Welcome(msgspec.Struct, frozen=True):
    """Who asks, and the cookie to give to the browser (name and value), where it needs one."""

    person: Person
    cookie: tuple[str, str] | None = None


class Identity(Protocol):
    """Tells people apart."""

    async def person(self, headers: Mapping[str, str]) -> Person:
        """Return who sends these headers (names in lower case).

        Raises:
            NotSignedIn: they don't say, and must.
        """
        ...

    async def welcome(self, headers: Mapping[str, str]) -> Welcome:
        """Return who opens the page, with a cookie to be known by from now on."""
        ...
