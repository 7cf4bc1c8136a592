"""People and their sign-ins, in a real database that several workers share."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from hubbub.compose.databases import chats_of
from hubbub.compose.identity import open_people_in, open_sign_ins_in
from hubbub.core.errors import Conflict, NotAllowed, NotFound
from hubbub.identity.base import People
from hubbub.identity.sign_ins import MOST_OF_PERSON, SignIns, cookies_in, id_in
from hubbub.settings import Settings
from tests.databases import run_sql


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def _files(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.iterdir() if path.is_file()]


@asynccontextmanager
async def worker(settings: Settings, clock: Clock | None = None) -> AsyncGenerator[tuple[People, SignIns]]:
    clock = clock or Clock()
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(chats_of(settings))
        people = await open_people_in(stack, database)
        store = await open_sign_ins_in(stack, database)
        seconds = {"idle_seconds": 1000, "total_seconds": 5000}
        yield people, await stack.enter_async_context(SignIns(store, **seconds, clock=clock, wall_clock=clock))


async def test_a_person_is_made_once_for_a_subject_and_brought_up_to_date(chats_settings: Settings) -> None:
    async with worker(chats_settings) as (people, _):
        first = await people.known("entra", "1", name="Ada", email="ada@example.org", groups=["b", "a", "a"])
        again = await people.known("entra", "1", name="Ada L.", email="ada@example.org", groups=["c"], is_operator=True)
        other = await people.known("google", "1", name="Ada", email="ada@example.org")
        found = await people.find(first.id)
        listed = await people.people()
    assert first.groups == {"a", "b"}
    assert not first.is_operator
    assert again.id == first.id
    assert (again.name, again.groups, again.is_operator) == ("Ada L.", {"c"}, True)
    assert other.id != first.id, "an e-mail address never says who somebody is"
    assert found is not None
    assert found.providers == ("entra",)
    assert [one.id for one in listed] == [first.id, other.id]


async def test_a_sign_in_is_found_by_its_cookie_alone_which_is_stored_nowhere(chats_settings: Settings) -> None:
    async with worker(chats_settings) as (people, sign_ins):
        ada = await people.known("entra", "1", name="Ada")
        cookie = await sign_ins.begin(ada.id, provider="entra", agent="Browser")
        person = await sign_ins.person(cookie)
        sign_in_id = id_in(cookie)
        wrong = [await sign_ins.person(one) for one in ("", "x", cookie[:-1] + "!", f"{sign_in_id}.{'a' * 43}")]
    assert person == ada
    assert wrong == [None] * 4
    secret = cookie.partition(".")[2].encode()
    assert not any(secret in one for one in _files(chats_settings.server.data_folder))


async def test_each_sign_in_has_a_new_cookie_and_a_person_so_many_at_most(chats_settings: Settings) -> None:
    clock = Clock()
    async with worker(chats_settings, clock) as (people, sign_ins):
        ada = await people.known("entra", "1")
        cookies: list[str] = []
        for _ in range(MOST_OF_PERSON + 2):
            clock.now += 1
            cookies.append(await sign_ins.begin(ada.id, provider="entra"))
        good = [cookie for cookie in cookies if await sign_ins.person(cookie) is not None]
    assert len(set(cookies)) == len(cookies)
    assert good == cookies[2:]


@pytest.mark.parametrize("way", ["one", "all", "session", "disabled"])
async def test_what_ends_in_one_worker_has_ended_in_the_others(chats_settings: Settings, way: str) -> None:
    there = Clock()
    async with worker(chats_settings) as (people, sign_ins), worker(chats_settings, there) as (_, elsewhere):
        ada, root = await people.known("entra", "1"), await people.known("entra", "2", is_operator=True)
        cookie = await sign_ins.begin(ada.id, provider="entra", provider_session="s1")
        other = await sign_ins.begin(root.id, provider="entra", provider_session="s2")
        assert await elsewhere.person(cookie) == ada
        match way:
            case "one":
                await sign_ins.end(id_in(cookie) or "")
            case "all":
                await sign_ins.end_of(ada.id)
            case "session":
                await sign_ins.end_session("entra", "s1")
            case _:
                await people.set_active(ada.id, is_active=False)
        ended = await elsewhere.ended([id_in(cookie) or "", id_in(other) or "", "nonsense"])
        there.now += 0.6
        assert await elsewhere.person(cookie) is None
        assert await elsewhere.person(other) == root
        assert await sign_ins.person(cookie) is None
    assert ended == {id_in(cookie), "nonsense"}


async def test_what_changes_of_a_person_reaches_the_other_workers(chats_settings: Settings) -> None:
    there = Clock()
    async with worker(chats_settings) as (people, sign_ins), worker(chats_settings, there) as (_, elsewhere):
        ada = await people.known("entra", "1", groups=["team"])
        cookie = await sign_ins.begin(ada.id, provider="entra")
        assert await elsewhere.person(cookie) == ada
        await people.known("entra", "1", groups=[])
        there.now += 0.6
        person = await elsewhere.person(cookie)
    assert person is not None
    assert person.groups == frozenset()


async def test_a_sign_in_ends_when_it_is_idle_or_old(chats_settings: Settings) -> None:
    clock = Clock()
    async with worker(chats_settings, clock) as (people, sign_ins):
        ada = await people.known("entra", "1")
        idle = await sign_ins.begin(ada.id, provider="entra")
        used = await sign_ins.begin(ada.id, provider="entra")
        for _ in range(9):
            clock.now += 500
            assert await sign_ins.person(used) == ada
        assert await sign_ins.person(idle) is None
        assert await sign_ins.ended([id_in(idle) or ""]) == {id_in(idle)}
        clock.now += 600
        assert await sign_ins.person(used) is None, "it is too old, however much it is used"
        assert await sign_ins.ended([id_in(used) or ""]) == {id_in(used)}


async def test_what_is_known_is_not_asked_again(chats_settings: Settings) -> None:
    """Costs one read of a number in half a second, however many ask."""
    clock = Clock()
    async with worker(chats_settings, clock) as (people, sign_ins), chats_of(chats_settings) as database:
        ada = await people.known("entra", "1")
        cookie = await sign_ins.begin(ada.id, provider="entra")
        assert await sign_ins.person(cookie) == ada
        await run_sql(database, "update person set name = 'behind its back'")
        clock.now += 0.6
        assert await sign_ins.person(cookie) == ada


async def test_a_disabled_person_is_not_let_in_and_the_last_operator_stays_one(chats_settings: Settings) -> None:
    async with worker(chats_settings) as (people, _):
        ada = await people.known("entra", "1", is_operator=True)
        with pytest.raises(Conflict):
            await people.set_active(ada.id, is_active=False)
        bob = await people.known("entra", "2")
        await people.set_operator(bob.id, is_operator=True)
        await people.set_active(ada.id, is_active=False)
        with pytest.raises(Conflict):
            await people.set_operator(bob.id, is_operator=False)
        with pytest.raises(NotAllowed):
            await people.known("entra", "1", is_operator=True)
        with pytest.raises(NotFound):
            await people.set_active("nobody", is_active=False)
        found = await people.find(bob.id)
    assert found is not None
    assert found.is_operator, "what was refused has changed nothing"


def test_a_cookie_of_this_very_host_goes_before_others() -> None:
    headers = {"cookie": 'a="; hubbub_sign_in=planted; b; __Host-hubbub_sign_in=own'}
    assert cookies_in(headers) == ["own", "planted"]
