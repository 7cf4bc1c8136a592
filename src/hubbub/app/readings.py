"""Let an operator read another person's things: by an act that says why, is recorded, and ends by itself."""

import time
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from hubbub.app.directory import Directory
from hubbub.core.errors import Invalid, NotAllowed, NotFound
from hubbub.core.people import OPERATOR_ID, Person
from hubbub.core.reasons import because
from hubbub.identity.deeds import Deeds

REASON_CHARACTERS = 300
MOST_MINUTES = 24 * 60.0
UNREAD = because("reading_needed")


class Reading(msgspec.Struct, frozen=True):
    """An operator reads what a person may read, until a time (seconds of the epoch)."""

    operator_id: str
    person_id: str
    reason: str
    until: float


class ReadingStore(Protocol):
    """Keeps readings."""

    async def put(self, reading: Reading) -> None:
        """Store one, in place of that of the same two people."""
        ...

    async def drop(self, operator_id: str, person_id: str) -> bool:
        """Forget one; tells whether it was there."""
        ...

    async def of(self, operator_id: str, now: float) -> Sequence[Reading]:
        """Return an operator's that have not ended."""
        ...

    async def about(self, person_id: str) -> Sequence[Reading]:
        """Return those that a person began, and those of their things."""
        ...

    async def forget_person(self, person_id: str) -> int:
        """Forget them; returns how many they were."""
        ...


class MemoryReadings:
    """Readings of this process alone."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Reading] = {}

    async def put(self, reading: Reading) -> None:
        self._known[reading.operator_id, reading.person_id] = reading

    async def drop(self, operator_id: str, person_id: str) -> bool:
        return self._known.pop((operator_id, person_id), None) is not None

    async def of(self, operator_id: str, now: float) -> Sequence[Reading]:
        return [one for one in self._known.values() if one.operator_id == operator_id and one.until > now]

    async def about(self, person_id: str) -> Sequence[Reading]:
        return [one for key, one in self._known.items() if person_id in key]

    async def forget_person(self, person_id: str) -> int:
        gone = [key for key in self._known if person_id in key]
        for key in gone:
            del self._known[key]
        return len(gone)


class Readings:
    """Begins and ends readings, and says whose things an operator reads now."""

    def __init__(
        self,
        store: ReadingStore | None = None,
        deeds: Deeds | None = None,
        directory: Directory | None = None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store or MemoryReadings()
        self._deeds = deeds or Deeds()
        self._directory = directory or Directory()
        self._clock = clock

    async def begin(self, by: Person, person_id: str, reason: str, minutes: float) -> Reading:
        """Let an operator read a person's things for so many minutes.

        Raises:
            NotAllowed: it is no operator.
            NotFound: this is nobody's id.
            Invalid: there is no reason, or the time is too long.
        """
        reason = " ".join(reason.split())
        if not by.is_operator:
            raise NotAllowed(because("operators_only"))
        if not 0 < len(reason) <= REASON_CHARACTERS:
            raise Invalid(because("hold_reason", most=REASON_CHARACTERS))
        if not 0 < minutes <= MOST_MINUTES:
            raise Invalid(f"A reading lasts at most {MOST_MINUTES:,.0f} minutes.")
        await self._directory.check(by, [person_id])
        reading = Reading(by.id, person_id, reason, self._clock() + minutes * 60)
        detail = f"for {minutes:g} minutes: {reason}"
        async with self._deeds.doing("reading of a person's things begun", by=by, of=person_id, detail=detail):
            await self._store.put(reading)
        return reading

    async def end(self, by: Person, person_id: str) -> None:
        """End a reading of one's own.

        Raises:
            NotFound: there is none.
        """
        if person_id not in await self.owners(by):
            raise NotFound("There is no such reading.")
        async with self._deeds.doing("reading of a person's things ended", by=by, of=person_id):
            await self._store.drop(by.id, person_id)

    async def of(self, person: Person) -> Sequence[Reading]:
        """Return an operator's readings that go on."""
        return await self._store.of(person.id, self._clock())

    async def about(self, person_id: str) -> Sequence[Reading]:
        """Return those that a person began, and those of their things, if they are kept still."""
        return await self._store.about(person_id)

    async def forget_person(self, person_id: str) -> int:
        """Forget them: whoever deletes a person calls this. Returns how many they were."""
        return await self._store.forget_person(person_id)

    async def owners(self, person: Person) -> list[str]:
        """Return whose things an operator reads now."""
        return [one.person_id for one in await self.of(person)]

    async def check(self, person: Person, owner_id: str, what: str) -> None:
        """Return if a person may read a thing of its owner; that an operator reads another's is recorded.

        Raises:
            NotAllowed: it is an operator who has not begun to read this person's things.
        """
        if owner_id == person.id or not needs_reading(person):
            return
        if owner_id not in await self.owners(person):
            raise NotAllowed(UNREAD, code="reading_needed")
        await self._deeds.note("read as an operator", by=person, of=what, detail=f"of {owner_id}")


def needs_reading(person: Person) -> bool:
    """Tell whether it is an operator who can't read everything anyhow: at the machine itself all files are open."""
    return person.is_operator and person.id != OPERATOR_ID
