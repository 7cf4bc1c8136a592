"""Tell people apart by a header: an identity for the lab, where twenty people ask from one machine."""

from collections.abc import Mapping

from hubbub.core.people import GUEST, Person
from hubbub.identity.base import Welcome

HEADER = "x-lab-person"


class HeaderIdentity:
    """An `Identity` that believes whatever a header says. For measuring only: anybody could be anybody."""

    async def person(self, headers: Mapping[str, str]) -> Person:
        name = headers.get(HEADER)
        return Person(id=f"lab-{name}", name=name) if name else GUEST

    async def welcome(self, headers: Mapping[str, str]) -> Welcome:
        return Welcome(await self.person(headers))
