"""The doors of the answers: the store of their events, the workers that share it, where pieces come from."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Protocol, TypeAlias, runtime_checkable

import msgspec

from hubbub.core.answer import Answer
from hubbub.core.errors import StoreError
from hubbub.core.people import Person

NOBODY = 0
"""No worker has this number: its answers are there to be claimed."""


class GivenUp(StoreError):
    """The others had not heard of this worker for too long: its answers are theirs now."""

    code = "given_up"


Beside: TypeAlias = Callable[[], Awaitable[None]]
"""Stores what belongs to a new answer and is kept elsewhere, all or nothing."""


class Record(msgspec.Struct, frozen=True, gc=False):
    """One event of one answer, as stored: `data` is its JSON. No line break is in it, and no space in the id."""

    answer_id: str
    number: int
    data: bytes


class Found(msgspec.Struct, frozen=True):
    """What a store knows of an answer."""

    id: str
    owner_id: str
    grace_seconds: float | None = None
    """How long it is worked on while nobody watches; None: to its end."""
    result: Answer | None = None
    """What it came to; None while it is open."""
    stop_reason: str | None = None
    """Why it is to be stopped; told of what a worker left behind."""
    credential: str | None = None
    """The name of the key or session that it was asked with, where that can end; told of what a worker left behind."""
    trace: str | None = None
    """The `traceparent` of the trace that it was begun in, if any; told of what a worker left behind."""


class Party(msgspec.Struct, frozen=True):
    """Whom an answer is for, as far as being fair goes."""

    person_id: str
    address: str = ""
    """Where they come from, if nothing vouches for them: all from there share turns and bounds."""
    is_program: bool = False
    """Whether it is known by a key, and may let more wait."""

    @property
    def key(self) -> str:
        """What takes turns: the address where there is one, else the person."""
        return f"@{self.address}" if self.address else self.person_id


def party_of(person: Person) -> Party:
    """Return as whom a person is counted."""
    return Party(person.id, person.address, person.known_by == "key")


class Ticket(msgspec.Struct, frozen=True):
    """What an answer is let in by: for whom it is, which deployment makes it (none: ""), and about how many tokens."""

    party: Party
    deployment: str = ""
    tokens: int = 1


class Capacity(Protocol):
    """How many answers a deployment can make at the same time, as far as is known now."""

    @property
    def limit(self) -> int:
        """The most at once on this machine; 1 at least."""
        ...

    @property
    def opens_in_seconds(self) -> float:
        """How long nothing may be asked of it; 0 where it may be."""
        ...

    def reserve(self, tokens: int) -> None:
        """Take an answer of about so many tokens into account that is let in now."""
        ...


class Fixed(msgspec.Struct, frozen=True):
    """A `Capacity` that is known and stays."""

    limit: int
    opens_in_seconds: float = 0.0

    def reserve(self, tokens: int) -> None:
        """Nothing is counted here."""


class Source(Protocol):
    """Where pieces of answers come from, looked at once a round."""

    def attach(self, look_soon: Callable[[], None]) -> None:
        """Take what is to be called when there is something to look at, and nobody may be looking."""
        ...

    async def poll(self) -> int:
        """Take what has arrived and hand it on, without keeping the loop from others for more than a few ms.

        Returns how many are to be looked at again.
        """
        ...


class AnswerStore(Protocol):
    """Keeps the logs of answers. What `append` returned from is on disk."""

    async def open(
        self,
        answer_id: str,
        owner_id: str,
        grace_seconds: float | None = None,
        keep_seconds: float | None = None,
        beside: Beside | None = None,
        credential: str | None = None,
        trace: str | None = None,
    ) -> None:
        """Make an empty log of an answer that this worker makes.

        Once it has ended and `keep_seconds` have gone by since now it is forgotten, if not at once; None keeps it.

        What is stored `beside` it is in the same transaction where it is in the same database. Elsewhere it comes
        second, and there is no log where it fails. `credential` and `trace` are kept while the answer is open.

        Raises:
            Conflict: there is one with this id.
            GivenUp: the others had given this worker up, so that it would be theirs.
        """
        ...

    async def open_for_others(
        self,
        answer_id: str,
        owner_id: str,
        grace_seconds: float | None = None,
        keep_seconds: float | None = None,
        records: Sequence[Record] = (),
        beside: Beside | None = None,
        credential: str | None = None,
        trace: str | None = None,
    ) -> None:
        """Make the log of an answer that another worker makes: whichever claims it first. It begins with `records`.

        What is stored `beside` it is in the same transaction where it is in the same database. Elsewhere it comes
        first, so that whoever claims the answer finds it.

        Raises:
            Conflict: there is one with this id.
        """
        ...

    async def append(self, records: Sequence[Record], ended: Sequence[Answer] = ()) -> None:
        """Store records of any number of answers in one transaction, with what the ended ones came to.

        One call at a time; of each answer the numbers go on where they were. What is of answers that
        were forgotten is dropped.

        Raises:
            GivenUp: these answers are no longer this worker's.
            StoreError: nothing of it was stored.
        """
        ...

    async def read(self, answer_id: str, after: int = 0, *, limit: int = 1000) -> list[Record]:
        """Return up to `limit` records with numbers above `after`, in order."""
        ...

    async def find(self, answer_ids: Collection[str]) -> list[Found]:
        """Return what is known of these answers; unknown ones are left out."""
        ...

    async def forget(self, answer_ids: Collection[str]) -> None: ...


@runtime_checkable
class TellsEndings(Protocol):
    """A store that stores something beside the endings of answers: in the same transaction, in the same database."""

    beside_endings: Callable[[Sequence[Answer]], Beside] | None
    """Given answers that end, returns what is to be stored beside. Set by who composes."""


class Whole(msgspec.Struct, frozen=True):
    """All of an answer that was made elsewhere: what it came to, and the events that say so."""

    answer: Answer
    records: Sequence[Record]


@runtime_checkable
class TakesIn(Protocol):
    """A store that takes in answers that were made elsewhere."""

    async def take_in(self, owner_id: str, answers: Sequence[Whole], beside: Beside) -> None:
        """Store answers that have ended, with what goes `beside` them: all or nothing.

        It is one transaction where it is in the same database. Elsewhere it comes second, and nothing stays of the
        answers where it fails. `beside_endings` is not asked: nobody spends anything on them.

        Raises:
            Conflict: there is one with one of these ids.
        """
        ...


@runtime_checkable
class KnowsOwners(Protocol):
    """A store that says whose answers are, page by page, and keeps them longer where it has to."""

    async def owners(self, after: str, limit: int) -> list[tuple[str, str]]:
        """Return answers' ids and owners in the order of the ids, from after one on."""
        ...

    async def keep_longer(self, owner_ids: Sequence[str], until: float) -> None:
        """Keep those answers of these people that are kept for a time at least until another one (of the epoch)."""
        ...


class Peer(msgspec.Struct, frozen=True):
    """Another worker on the same store."""

    number: int
    seen_at: float
    """When it last said that it lives, in seconds since the epoch; 0: it has left without ending its answers."""
    has_open: bool = True
    """Whether answers are open that are its to make."""
    has_ended: bool = False
    """Whether its process is known to have ended."""


class News(msgspec.Struct, frozen=True):
    """What the other workers did."""

    records: Sequence[Record]
    """Of the answers that are followed here and made elsewhere; in order, some perhaps for a second time."""
    stops: Mapping[str, str]
    """The answers made here that are to be stopped, with the reasons."""
    watched: Mapping[str, float]
    """When answers made here were last watched elsewhere, in seconds since the epoch."""


class Cluster(Protocol):
    """The workers that share a store, as one of them sees them."""

    async def renew(self) -> tuple[Sequence[Peer], bool]:
        """Say that this worker lives. Return the others, and whether they had given this one up: then it joins anew."""
        ...

    async def claim(self, number: int) -> list[Found]:
        """Give up another worker, and return its open answers, which are this worker's now. No two get the same.

        Raises:
            GivenUp: this worker was given up itself.
        """
        ...

    async def mine(self) -> list[Found]:
        """Return the open answers that are this worker's, as the store has it."""
        ...

    async def look(self, followed: Collection[str]) -> News:
        """Return what has happened since the last look, to these answers that are made elsewhere, and to those here."""
        ...

    async def ask_to_stop(self, answer_id: str, reason: str) -> None:
        """Let the worker that makes an answer know that it is to be stopped."""
        ...

    async def tell_watched(self, answer_ids: Collection[str]) -> None:
        """Let the workers that make these answers know that somebody watches here."""
        ...


@runtime_checkable
class TellsNews(Protocol):
    """A cluster on several machines: it tells when others have stored something, and has a clock that all share."""

    on_news: Callable[[], None]
    """Called when `look` may find something. Set by who looks."""

    def now(self) -> float:
        """Return the time by the clock that `Peer.seen_at` and `News.watched` are of."""
        ...


class SharedStore(AnswerStore, Cluster, Protocol):
    """A store of answers that several workers share."""
