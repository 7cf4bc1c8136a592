"""API keys: their form, and how they are found."""

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from hubbub.connections.sqlite import Sqlite
from hubbub.core.errors import NotSignedIn, StoreError
from hubbub.core.identifiers import is_id
from hubbub.identity.base import Key
from hubbub.identity.keys import FRESH_SECONDS, PREFIX, Keyring, digest_of, key_in, new_key
from hubbub.identity.keys_memory import MemoryKeys
from hubbub.identity.keys_sqlite import SqliteKeys
from tests.patience import patience
from tests.processor import put_others_garbage_aside


class Clock:
    seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


class WatchedKeys(MemoryKeys):
    """Counts what it is asked; waits with its answers while it is told to; fails to note while it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.looks = 0
        self.notes: list[dict[str, float]] = []
        self.goes_on = asyncio.Event()
        self.goes_on.set()
        self.noted = asyncio.Event()
        self.is_full = False

    async def find(self, digest: bytes) -> Key | None:
        self.looks += 1
        await self.goes_on.wait()
        return await super().find(digest)

    async def note_use(self, times: Mapping[str, float]) -> None:
        self.noted.set()
        if self.is_full:
            raise StoreError("The disk is full.")
        self.notes.append(dict(times))
        await super().note_use(times)

    async def made(self, name: str = "one", expires_at: float | None = None) -> tuple[Key, str]:
        key, text = new_key(name, expires_at=expires_at)
        await self.add(key, digest_of(text))
        return key, text


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def keys() -> WatchedKeys:
    return WatchedKeys()


@pytest.fixture
async def keyring(keys: WatchedKeys, clock: Clock) -> AsyncIterator[Keyring]:
    async with Keyring(keys, clock=clock, wall_clock=clock) as keyring:
        yield keyring


def test_a_key_is_known_by_its_form_and_no_two_are_alike() -> None:
    made = [new_key("one") for _ in range(200)]
    assert all(re.fullmatch(r"hb-[0-9a-f]{10}-[0-9A-Za-z]{43}", text) for _, text in made)
    assert len({text.rpartition("-")[2] for _, text in made}) == len({key.id for key, _ in made}) == 200
    key, text = made[0]
    assert text.startswith(f"{PREFIX}{key.id}-")
    assert text.rpartition("-")[2] not in repr(key)
    assert not is_id(key.person_id)
    assert new_key("two", person_id="somebody")[0].person_id == "somebody"


def test_where_a_key_is_looked_for() -> None:
    for headers in (
        {"authorization": "Bearer hb-1"},
        {"authorization": "bearer  hb-1 "},
        {"api-key": "hb-1"},
        {"authorization": "Bearer hb-1", "api-key": "hb-2"},
        {"authorization": "Bearer sk-1", "api-key": "hb-1"},
        {"authorization": "Basic aGI6", "api-key": " hb-1", "cookie": "hb-3"},
    ):
        assert key_in(headers) == "hb-1", headers
    for headers in (
        {},
        {"authorization": ""},
        {"authorization": "hb-1"},
        {"authorization": "Bearer"},
        {"authorization": "Bearer ollama"},
        {"authorization": "Basic hb-1"},
        {"authorization": "Bearer HB-1"},
        {"api-key": ""},
        {"api-key": "1234"},
        {"cookie": "hb-1"},
    ):
        assert key_in(headers) is None, headers


async def test_a_key_is_its_person(keyring: Keyring, keys: WatchedKeys) -> None:
    key, text = await keys.made("the robot")
    person = await keyring.person(text)
    assert (person.id, person.name, person.is_operator) == (key.person_id, "the robot", False)


async def test_what_is_no_key_is_not_looked_up(keyring: Keyring, keys: WatchedKeys) -> None:
    _, text = await keys.made()
    for odd in (PREFIX, text[:-1], text + "A", text + "\n", text.upper(), "hb-é", "hb-\udcff", "hb-" + "a" * 10**6):
        with pytest.raises(NotSignedIn, match="no such API key"):
            await keyring.person(odd)
    assert keys.looks == 0


async def test_the_store_is_asked_once_in_a_while(keyring: Keyring, keys: WatchedKeys, clock: Clock) -> None:
    _, text = await keys.made()
    _, unknown = new_key("unknown")
    for _ in range(100):
        await keyring.person(text)
        with pytest.raises(NotSignedIn):
            await keyring.person(unknown)
    assert keys.looks == 2
    clock.seconds += FRESH_SECONDS
    await keyring.person(text)
    assert keys.looks == 3


async def test_many_who_ask_at_once_ask_the_store_once(keyring: Keyring, keys: WatchedKeys) -> None:
    _, text = await keys.made()
    _, unknown = new_key("unknown")
    keys.goes_on.clear()
    asked = [asyncio.create_task(keyring.person(one)) for one in (text, unknown) * 50]
    while keys.looks < 2:
        await asyncio.sleep(0)
    asked[0].cancel()  # who waits for the store leaves; the next one asks it
    asked[1].cancel()
    keys.goes_on.set()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert keys.looks == 4
    assert len({answer.id for answer in answers if not isinstance(answer, BaseException)}) == 1
    assert sum(isinstance(answer, NotSignedIn) for answer in answers) == 49


async def test_a_revoked_key_is_worth_nothing_once_what_is_known_is_stale(
    keyring: Keyring, keys: WatchedKeys, clock: Clock
) -> None:
    key, text = await keys.made()
    await keyring.person(text)
    await keys.revoke(key.id, clock())
    clock.seconds += FRESH_SECONDS
    with pytest.raises(NotSignedIn, match="revoked"):
        await keyring.person(text)


async def test_a_key_expires_to_the_second(keyring: Keyring, keys: WatchedKeys, clock: Clock) -> None:
    _, text = await keys.made(expires_at=clock() + FRESH_SECONDS / 2)
    await keyring.person(text)
    clock.seconds += FRESH_SECONDS / 2
    with pytest.raises(NotSignedIn, match="expired"):
        await keyring.person(text)
    assert keys.looks == 1


async def test_nobody_fills_the_memory(keys: WatchedKeys, clock: Clock) -> None:
    async with Keyring(keys, clock=clock, most_known=20, most_unknown=10) as keyring:
        known = [(await keys.made(f"key {number}"))[1] for number in range(50)]
        unknown = [new_key("unknown")[1] for _ in range(50)]

        async def looks_for(texts: list[str]) -> int:
            before = keys.looks
            for text in texts:
                with contextlib.suppress(NotSignedIn):
                    await keyring.person(text)
            return keys.looks - before

        assert await looks_for(known + unknown) == 100
        assert await looks_for(known[30:]) == 0, "unknown keys drive known ones out"
        assert await looks_for(unknown[40:]) == 0
        assert await looks_for([known[29], unknown[39]]) == 2


async def test_use_is_noted_behind_the_requests_and_seldom(keys: WatchedKeys, clock: Clock) -> None:
    one, text = await keys.made("one")
    other, other_text = await keys.made("other")
    async with Keyring(keys, clock=clock, wall_clock=clock) as keyring:
        await keyring.person(text)
        assert keys.notes == []
        await keys.noted.wait()
        assert keys.notes == [{one.id: 1000.0}]
        for _ in range(20):
            clock.seconds += 1
            await keyring.person(text)
            await keyring.person(other_text)
            await asyncio.sleep(0)
        assert len(keys.notes) == 1
    assert keys.notes[1:] == [{one.id: 1020.0, other.id: 1020.0}]  # at the end, so that none is lost
    assert [key.last_used for key in await keys.keys()] == [1020.0, 1020.0]


async def test_what_can_t_be_noted_is_noted_later(
    keys: WatchedKeys, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    one, text = await keys.made()
    keys.is_full = True
    async with Keyring(keys, clock=clock, wall_clock=clock, noted_seconds=0.01) as keyring:
        await keyring.person(text)
        await keys.noted.wait()
        assert keys.notes == []
        assert "which API keys were used: The disk is full." in caplog.text
        keys.is_full = False
        async with patience():
            while not keys.notes:
                await asyncio.sleep(0.01)
    assert keys.notes == [{one.id: 1000.0}]


async def test_what_a_look_up_costs(tmp_path: Path) -> None:
    async with Sqlite(tmp_path / "hubbub.db") as database, SqliteKeys(database) as keys, Keyring(keys) as keyring:
        key, text = new_key("one")
        await keys.add(key, digest_of(text))
        headers = {"authorization": f"Bearer {text}"}
        await keyring.person(text)
        took: list[float] = []
        put_others_garbage_aside()
        for _ in range(3):
            began = time.thread_time()
            for _ in range(1000):
                found = key_in(headers)
                assert found is not None
                await keyring.person(found)
            took.append((time.thread_time() - began) / 1000)
    assert min(took) < 100e-6, "a look-up in memory is to be cheap beside a request's millisecond"
