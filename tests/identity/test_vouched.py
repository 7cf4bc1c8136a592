"""People whom each request vouches for: asked once, again when people change, and out when they are."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hubbub.compose.databases import chats_in
from hubbub.core.errors import NotAllowed
from hubbub.identity.oidc_tokens import TokenRefused
from hubbub.identity.people_sqlite import SqlitePeople
from hubbub.identity.sign_ins import SignIns
from hubbub.identity.sign_ins_sqlite import SqliteSignIns
from hubbub.identity.vouched import OPEN_SECONDS, PROVEN_SECONDS, Proof, Vouched

ADA = {"token": "ada"}


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Tokens:
    """A source whose tokens are people's names; those in `refused` are not good any more."""

    def __init__(self) -> None:
        self.checked = 0
        self.refused: set[str] = set()
        self.expires_at = 0.0
        self.groups = frozenset({"team"})

    def value_in(self, headers: Mapping[str, str]) -> bytes | None:
        return headers["token"].encode() if "token" in headers else None

    async def proof_in(self, headers: Mapping[str, str]) -> Proof:
        self.checked += 1
        await asyncio.sleep(0)
        if headers["token"] in self.refused:
            raise TokenRefused("it was withdrawn")
        whole = not self.expires_at
        name = headers["token"]
        return Proof("house", name, name, groups=self.groups, expires_at=self.expires_at, is_whole=whole)


@asynccontextmanager
async def vouched_by(folder: Path, tokens: Tokens, clock: Clock) -> AsyncGenerator[tuple[Vouched, SqlitePeople]]:
    async with (
        chats_in(folder) as database,
        SqlitePeople(database) as people,
        SqliteSignIns(database) as store,
        SignIns(store, clock=clock, wall_clock=clock) as sign_ins,
    ):
        yield Vouched(people, [tokens], sign_ins.changes, wall_clock=clock), people


async def test_a_proof_is_checked_once_for_many_requests_and_again_after_some_time(tmp_path: Path) -> None:
    tokens, clock = Tokens(), Clock()
    async with vouched_by(tmp_path, tokens, clock) as (vouched, _):
        people = await asyncio.gather(*(vouched.person(ADA) for _ in range(50)))
        assert {person.id for person in people if person} == {people[0].id if people[0] else ""}
        assert tokens.checked == 1
        assert await vouched.person({}) is None
        clock.now += PROVEN_SECONDS + 1
        tokens.refused.add("ada")
        with pytest.raises(TokenRefused):
            await vouched.person(ADA)


async def test_a_change_of_people_counts_within_half_a_second_and_needs_no_new_check(tmp_path: Path) -> None:
    tokens, clock = Tokens(), Clock()
    async with vouched_by(tmp_path, tokens, clock) as (vouched, people):
        ada = await vouched.person(ADA)
        assert ada is not None
        assert ada.groups == {"house/team"}
        credential = vouched.credential(ADA)
        assert credential is not None
        await people.known("house", "root", is_operator=True)
        await people.set_active(ada.id, is_active=False)
        clock.now += 0.6
        with pytest.raises(NotAllowed, match="disabled"):
            await vouched.person(ADA)
        assert await vouched.ended([credential, "v0.nobody"]) == {credential, "v0.nobody"}
        await people.set_active(ada.id, is_active=True)
        clock.now += 0.6
        assert await vouched.person(ADA) == ada
        assert await vouched.ended([credential]) == frozenset()
        assert tokens.checked == 1


async def test_a_token_of_a_program_counts_for_its_request_and_what_it_opened_outlives_it_for_a_while(
    tmp_path: Path,
) -> None:
    tokens, clock = Tokens(), Clock()
    async with vouched_by(tmp_path, tokens, clock) as (vouched, people):
        signed_in = await people.known("house", "ada", name="Ada", groups=["board"], is_operator=True)
        tokens.expires_at = clock.now + 60
        ada = await vouched.person(ADA)
        assert ada is not None
        assert (ada.id, ada.groups, ada.is_operator) == (signed_in.id, {"house/team"}, False)
        known = await people.find(ada.id)
        assert known is not None
        assert (known.groups, known.is_operator) == ({"house/board"}, True)
        credential = vouched.credential(ADA)
        assert credential is not None
        clock.now += 61
        tokens.refused.add("ada")
        with pytest.raises(TokenRefused):
            await vouched.person(ADA)
        assert await vouched.ended([credential]) == frozenset()
        clock.now += OPEN_SECONDS
        assert await vouched.ended([credential]) == {credential}
