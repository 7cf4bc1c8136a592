"""Keep things under names that people make, change and share: what prompts and assistants have in common."""

import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, TypeVar

from msgspec.structs import replace

from hubbub.app.prompt_rights import PromptRights
from hubbub.core.errors import Conflict, NotAllowed, NotFound
from hubbub.core.people import RIGHTS, Permission, Person, Right, may_list
from hubbub.core.reasons import Reason, because
from hubbub.history.base import Record, Records

T = TypeVar("T")
Found = tuple[Record, Right]

ATTEMPTS = 5
NAMES = {right: name for name, right in RIGHTS.items()}


class SharedThings(ABC, Generic[T]):
    """Things of one kind: those that persons made, and those that are shared with them."""

    kind: str
    refusals: Mapping[Right, str | Reason]
    """Why somebody who may do less may not do what takes a right."""

    def __init__(self, records: Records, rights: PromptRights) -> None:
        self._records = records
        self._rights = rights

    async def list(self, person: Person, *, limit: int = 200, after: tuple[float, str] | None = None) -> Sequence[T]:
        """Return what a person made and what is shared with them, the last changed first: those behind one."""
        found: list[Found] = []
        if may_list(person, person.id):
            own = await self._records.listed(self.kind, owner_id=person.id, limit=limit, after=after)
            found = [(one, Right.MANAGE) for one in own]
        found += [
            (record, right)
            for record, right in await self._rights.others(person)
            if after is None or (record.updated_at, record.id) < after
        ]
        found.sort(key=lambda one: (one[0].updated_at, one[0].id), reverse=True)
        return await self._seen(person, found[:limit])

    async def delete(self, person: Person, thing_id: str) -> None:
        """Forget one. Chats that went by it stay.

        Raises:
            NotFound: there is none for this person.
            NotAllowed: it is not theirs to delete.
        """
        await self._record(person, thing_id, Right.MANAGE)
        await self._rights.drop(thing_id)
        await self._records.delete(self.kind, thing_id)

    async def permissions(self, person: Person, thing_id: str) -> Sequence[Permission]:
        """Return who may do what with one, beside whoever made it.

        Raises:
            NotFound: there is none for this person.
            NotAllowed: it is not theirs to share.
        """
        await self._record(person, thing_id, Right.MANAGE)
        return await self._rights.of(thing_id)

    async def share(self, person: Person, thing_id: str, permissions: Sequence[Permission]) -> Sequence[Permission]:
        """Say who may do what with one, in place of what was said before, and return it.

        Raises:
            NotFound: there is none, no such group for this person, or nobody of such an id.
            NotAllowed: it is not theirs to share, or nothing vouches for them and it would be shared with everybody.
            Invalid: somebody can't be given rights, or is named twice.
        """
        record, _ = await self._record(person, thing_id, Right.MANAGE)
        return await self._rights.share(person, record, permissions)

    @property
    def kinds(self) -> tuple[str, str]:
        """The kinds of the records of a person that are given with the things: they themselves, and the rights."""
        return self.kind, self._rights.rights_kind

    async def given_to(self, person_id: str) -> Sequence[tuple[str, Right]]:
        """Return what a person themselves may do with things of others, for an export."""
        return await self._rights.given_to(person_id)

    async def forget_person(self, person_id: str) -> int:
        """Take from a person what they may do with things of others, and let nobody find theirs; for an erasure."""
        await self._rights.drop_all_of(person_id)
        return await self._rights.forget_person(person_id, time.time())

    @abstractmethod
    async def _seen(self, person: Person, found: Sequence[Found]) -> Sequence[T]:
        """Return things as far as a person may see them."""

    @abstractmethod
    def _version(self, record: Record) -> int:
        """Return which version of a thing this is: each change makes another one."""

    async def _made(self, person: Person, thing_id: str, about: str) -> T:
        record = Record(self.kind, thing_id, person.id, None, time.time(), about)
        await self._records.put(record)
        return (await self._seen(person, [(record, Right.MANAGE)]))[0]

    async def _change(
        self, person: Person, thing_id: str, version: int | None, about: Callable[[Record], Awaitable[str]]
    ) -> T:
        """Change a thing, of which `about` makes what is kept. None of two changes at once is lost.

        Raises:
            NotFound: there is none for this person.
            NotAllowed: it is shared with them to use.
            Conflict: it is not of this version any more; None: any version is changed.
        """
        for _ in range(ATTEMPTS):
            record, right = await self._record(person, thing_id, Right.WRITE)
            if version is not None and version != self._version(record):
                break
            changed = replace(record, updated_at=time.time(), about=await about(record))
            if await self._records.exchange(record, changed):
                return (await self._seen(person, [(changed, right)]))[0]
        raise Conflict(because("changed_meanwhile"), code="changed_meanwhile")

    async def _record(self, person: Person, thing_id: str, right: Right) -> Found:
        """Return a thing with which a person may do this, and what they may do."""
        record = await self._records.get(self.kind, thing_id)
        has = Right.NONE if record is None else await self._rights.right(person, record)
        if record is None or has is Right.NONE:
            raise NotFound(f"There is no such {self.kind}.")
        if has < right:
            raise NotAllowed(self.refusals[right])
        return record, has
