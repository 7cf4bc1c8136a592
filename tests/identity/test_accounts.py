"""Accounts in either database: what is counted and used up is so for all workers together."""

import asyncio
import time
from contextlib import AsyncExitStack

import pytest

from hubbub.compose.beside_chats import accounts_in, passkeys_in, people_in
from hubbub.core.errors import Conflict, HubbubError, NotFound, TooBusy
from hubbub.identity.accounts_sqlite import MOST_OF_ACCOUNT, Link
from hubbub.identity.base import People
from hubbub.identity.passkeys_sqlite import Passkey
from hubbub.identity.stores import AccountStore, PasskeyStore
from tests.places import Place

WORKERS = 2


class Workers:
    """What two workers on one database have."""

    def __init__(self) -> None:
        self.accounts: list[AccountStore] = []
        self.people: list[People] = []
        self.passkeys: list[PasskeyStore] = []


async def workers(stack: AsyncExitStack, place: Place) -> Workers:
    made = Workers()
    for _ in range(WORKERS):
        database = await stack.enter_async_context(place.database())
        made.people.append(await stack.enter_async_context(people_in(database)))
        made.accounts.append(await stack.enter_async_context(accounts_in(database)))
        made.passkeys.append(await stack.enter_async_context(passkeys_in(database)))
    return made


def link(kind: str = "invitation", email: str = "ada@example.org") -> Link:
    now = time.time()
    return Link(kind, None, email, "Ada", kind == "first", now, now + 1000)  # type: ignore[arg-type]


async def test_attempts_at_once_in_two_workers_are_not_more_than_one_by_one(place: Place) -> None:
    async with AsyncExitStack() as stack:
        one, other = (await workers(stack, place)).accounts
        begun = [
            store.begin_attempt("ada@example.org", "192.0.2.1")
            for _ in range(MOST_OF_ACCOUNT)
            for store in (one, other)
        ]
        results = await asyncio.gather(*begun, return_exceptions=True)
        refused = [result for result in results if isinstance(result, TooBusy)]
        assert len(refused) == MOST_OF_ACCOUNT
        assert all(0 < (result.retry_after_seconds or 0) <= 15 * 60 for result in refused)
        [first, *_] = [result for result in results if isinstance(result, int)]
        await one.settle_attempt(first, "ada@example.org")
        assert await other.begin_attempt("Ada@Example.org", "192.0.2.1") > 0


async def test_a_link_is_used_once_by_whoever_is_first(place: Place) -> None:
    async with AsyncExitStack() as stack:
        made = await workers(stack, place)
        await made.accounts[0].add_link(link(), b"l" * 32)
        using = [store.use_link(b"l" * 32, "hash", email="", name="") for store in made.accounts for _ in range(5)]
        results = await asyncio.gather(*using, return_exceptions=True)
        assert len([one for one in results if not isinstance(one, BaseException)]) == 1
        assert all(isinstance(one, NotFound) for one in results if isinstance(one, BaseException))
        account = await made.accounts[1].find("ADA@example.org")
        assert account is not None
        assert (account.password, account.is_active) == ("hash", True)
        with pytest.raises(Conflict):
            await made.accounts[1].add_link(link(), b"m" * 32)


async def test_of_two_operators_who_put_each_other_out_one_stays(place: Place) -> None:
    async with AsyncExitStack() as stack:
        made = await workers(stack, place)
        ann, bob = [await made.people[0].known("entra", name) for name in ("ann", "bob")]
        for person in (ann, bob):
            await made.people[0].set_operator(person.id, is_operator=True)
        puts = [
            made.people[0].set_operator(bob.id, is_operator=False),
            made.people[1].set_active(ann.id, is_active=False),
        ]
        results = await asyncio.gather(*puts, return_exceptions=True)
        assert [type(one) for one in results if one is not None] == [Conflict]
        assert await made.accounts[0].has_operator()


async def test_who_comes_by_one_subject_or_e_mail_at_once_is_one_person(place: Place) -> None:
    verified = {"email": "ada@example.org", "is_email_verified": True}
    async with AsyncExitStack() as stack:
        people = (await workers(stack, place)).people
        found = await asyncio.gather(*(one.known("entra", "1", **verified) for one in people for _ in range(5)))  # type: ignore[arg-type]
        assert len({one.id for one in found}) == 1
        others = [one.known("google", str(n), **verified) for n, one in enumerate(people)]  # type: ignore[arg-type]
        results = await asyncio.gather(*others, return_exceptions=True)
        assert all(isinstance(one, HubbubError) for one in results)
        assert len(await people[0].people()) == 1


async def test_codes_and_challenges_are_good_once(place: Place) -> None:
    async with AsyncExitStack() as stack:
        made = await workers(stack, place)
        await made.accounts[0].add_link(link(), b"l" * 32)
        ada = await made.accounts[0].use_link(b"l" * 32, "hash", email="", name="")
        person_id = ada.person.id
        await made.accounts[0].propose_totp(person_id, b"secret")
        await made.accounts[0].confirm_totp(person_id, 5, [b"a" * 32, b"b" * 32])
        used = await asyncio.gather(*(store.use_totp(person_id, 6) for store in made.accounts))
        assert sorted(used) == [False, True]
        results = await asyncio.gather(
            *(store.use_code(person_id, b"a" * 32) for store in made.accounts), return_exceptions=True
        )
        assert [type(one) for one in results if one is not None] == [NotFound]
        assert await made.accounts[1].count_codes(person_id) == 1
        await made.passkeys[0].add_challenge(b"challenge", None)
        assert not await made.passkeys[1].take_challenge(b"challenge", person_id)
        assert await made.passkeys[1].take_challenge(b"challenge", None)
        assert not await made.passkeys[0].take_challenge(b"challenge", None)
        passkey = Passkey(b"\0id", person_id, b"key", 0, "Phone", 1.0)
        await made.passkeys[0].add(passkey)
        with pytest.raises(Conflict):
            await made.passkeys[1].add(passkey)
        await made.passkeys[1].note_use(b"\0id", 7)
        await made.passkeys[1].note_use(b"\0id", 3)
        [found] = await made.passkeys[0].of(person_id)
        assert (found.sign_count, found.public_key) == (7, b"key")
        assert await made.passkeys[0].forget_person(person_id) == 1
        assert await made.accounts[0].forget_person(person_id) == 1
        assert await made.accounts[1].of(person_id) is None
