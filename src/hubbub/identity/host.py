"""Let the application that Hubbub is a part of say who asks."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from hubbub.core.errors import NotSignedIn
from hubbub.core.people import Person
from hubbub.identity.base import Welcome

Who: TypeAlias = Callable[[Mapping[str, str]], Awaitable[Person | None]]
"""Returns who sends these headers (names in lower case); None: nobody who is known."""


class HostIdentity:
    """An `Identity` that asks a function of the application's. Who is not known there has to sign in there."""

    def __init__(self, who: Who) -> None:
        self._who = who

    async def person(self, headers: Mapping[str, str]) -> Person:
        person = await self._who(headers)
        if person is None:
            raise NotSignedIn("Sign in first.")
        return person

    async def welcome(self, headers: Mapping[str, str]) -> Welcome:
        return Welcome(await self.person(headers))
