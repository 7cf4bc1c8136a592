"""What is open ends when what let it in does; an identity of one's own is asked again."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping

import pytest

from hubbub.core.errors import HubbubError, NotSignedIn, StoreError
from hubbub.core.people import Person
from hubbub.identity.base import Welcome
from hubbub.identity.grants import ASKED_AT_ONCE, UNKNOWN_SECONDS, Grant, Grants
from hubbub.identity.host import HostIdentity


class Clock:
    seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


class Listed:
    """An identity that says of all at once which have ended."""

    def __init__(self) -> None:
        self.gone: frozenset[str] = frozenset()
        self.asked: list[list[str]] = []
        self.is_broken = False

    async def person(self, headers: Mapping[str, str]) -> Person:
        return Person(headers["key"])

    async def welcome(self, headers: Mapping[str, str]) -> Welcome:
        return Welcome(await self.person(headers))

    def credential(self, headers: Mapping[str, str]) -> str | None:
        return headers.get("key")

    async def ended(self, credentials: Collection[str]) -> frozenset[str]:
        self.asked.append(sorted(credentials))
        if self.is_broken:
            raise StoreError("The keys can't be read.")
        return self.gone & frozenset(credentials)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def identity() -> Listed:
    return Listed()


@pytest.fixture
def grants(identity: Listed, clock: Clock) -> Grants:
    return Grants(identity, clock=clock)


def grant_of(grants: Grants, key: str) -> Grant:
    grant = grants.of({"key": key}, key)
    assert grant is not None
    return grant


async def test_all_are_asked_about_at_once_however_many_are_open(grants: Grants, identity: Listed) -> None:
    ended: list[HubbubError] = []
    for _ in range(1000):
        grant_of(grants, "one").hold(ended.append)
        grant_of(grants, "other").hold(ended.append)
    await grants.check()
    assert (identity.asked, ended) == ([["one", "other"]], [])
    identity.gone = frozenset({"one"})
    await grants.check()
    assert len(ended) == 1000
    assert all(isinstance(error, NotSignedIn) for error in ended)
    await grants.check()
    await grants.check()
    assert identity.asked[-1] == ["other"]
    assert len(ended) == 1000, "each is told once"


async def test_who_can_not_be_revoked_holds_nothing(grants: Grants) -> None:
    assert grants.of({}, "guest") is None


async def test_what_is_closed_is_asked_about_no_more(grants: Grants, identity: Listed) -> None:
    ended: list[HubbubError] = []
    held = grant_of(grants, "one").hold(ended.append)
    is_over = False
    grant_of(grants, "other").hold(ended.append, is_over=lambda: is_over)
    held.release()
    await grants.check()
    assert identity.asked == [["other"]]
    is_over = True
    identity.gone = frozenset({"one", "other"})
    await grants.check()
    assert (len(identity.asked), ended) == (1, [])


async def test_what_can_not_be_checked_for_long_ends(grants: Grants, identity: Listed, clock: Clock) -> None:
    ended: list[HubbubError] = []
    grant_of(grants, "one").hold(ended.append)
    identity.is_broken = True
    for _ in range(2):
        await grants.check()
        clock.seconds += UNKNOWN_SECONDS * 0.9
        identity.is_broken = False
        await grants.check()  # known again: it counts anew
        identity.is_broken = True
    assert not ended
    await grants.check()
    clock.seconds += UNKNOWN_SECONDS
    await grants.check()
    assert len(ended) == 1


async def test_work_is_cancelled_and_told_why(grants: Grants, identity: Listed) -> None:
    has_begun = asyncio.Event()

    async def work() -> None:
        with grant_of(grants, "one").holding():
            has_begun.set()
            await asyncio.Event().wait()

    working = asyncio.create_task(work())
    await has_begun.wait()
    identity.gone = frozenset({"one"})
    await grants.check()
    with pytest.raises(NotSignedIn):
        await working


async def test_a_cancellation_from_elsewhere_stays_one(grants: Grants, identity: Listed) -> None:
    has_begun = asyncio.Event()

    async def work() -> None:
        with grant_of(grants, "one").holding():
            has_begun.set()
            await asyncio.Event().wait()

    working = asyncio.create_task(work())
    await has_begun.wait()
    identity.gone = frozenset({"one"})
    await grants.check()
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working


class Sessions:
    """The application's own: who has a session, and how many are looked up at the same time."""

    def __init__(self) -> None:
        self.people: dict[str, Person] = {}
        self.running = self.most = self.asked = 0
        self.is_broken = False

    async def who(self, headers: Mapping[str, str]) -> Person | None:
        self.asked += 1
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(0)
        self.running -= 1
        if self.is_broken:
            raise RuntimeError("the application's database is gone")
        return self.people.get(headers.get("session", ""))


@pytest.fixture
async def sessions() -> AsyncIterator[Sessions]:
    sessions = Sessions()
    yield sessions


async def test_an_identity_of_ones_own_is_asked_again_a_few_at_a_time(sessions: Sessions, clock: Clock) -> None:
    grants = Grants(HostIdentity(sessions.who), clock=clock)
    ended: list[str] = []
    for number in range(100):
        name = f"s{number}"
        sessions.people[name] = Person(name)
        grant = grants.of({"session": name}, name)
        assert grant is not None
        grant.hold(lambda _, name=name: ended.append(name))
    await grants.check()
    assert (sessions.asked, sessions.most, ended) == (100, ASKED_AT_ONCE, [])
    del sessions.people["s7"]
    sessions.people["s8"] = Person("somebody else")
    await grants.check()
    assert sorted(ended) == ["s7", "s8"]
    sessions.is_broken = True
    await grants.check()
    clock.seconds += UNKNOWN_SECONDS
    await grants.check()
    assert len(ended) == 100
