"""Only cookies that were issued here say who sends them; which of several counts; those from before there was a key."""

import hashlib
import re
import secrets
from pathlib import Path

import pytest

from hubbub.connections.sqlite import Sqlite
from hubbub.identity.cookies import COOKIE, HOST_PREFIX, OLD_SECONDS, CookieKey, Cookies, new_cookie_key
from hubbub.identity.cookies_sqlite import cookie_key_in

OF_HOST = HOST_PREFIX + COOKIE


async def whose(cookies: Cookies, *sent: tuple[str, str]) -> str | None:
    known = await cookies.find({"cookie": "; ".join(f"{name}={value}" for name, value in sent)})
    return None if known is None else known.person_id


@pytest.fixture
def cookies() -> Cookies:
    return Cookies(new_cookie_key())


async def test_only_what_was_issued_here_counts(cookies: Cookies) -> None:
    person_id = cookies.new_person_id()
    value = cookies.value_of(person_id)
    assert re.fullmatch(r"b[0-9a-f]{25}", person_id)
    assert await whose(cookies, (COOKIE, value)) == person_id
    other = cookies.new_person_id()
    forged = [
        secrets.token_urlsafe(32),
        other + value[26:],
        value[:-1],
        value[:-1] + ("A" if value[-1] != "A" else "B"),
        value.upper(),
        f"{value} {value}",
        Cookies(new_cookie_key()).value_of(person_id),
        "",
    ]
    for one in forged:
        assert await whose(cookies, (COOKIE, one)) is None
        assert await whose(cookies, (OF_HOST, one)) is None
        assert await whose(cookies, (COOKIE, one), (COOKIE, value)) == person_id, "any that was issued counts"


async def test_one_that_only_this_host_can_set_wins(cookies: Cookies) -> None:
    own, planted = cookies.new_person_id(), cookies.new_person_id()
    for order in (1, -1):
        sent = [(COOKIE, cookies.value_of(planted)), (OF_HOST, cookies.value_of(own))][::order]
        assert await whose(cookies, *sent) == own


async def test_old_ones_are_of_people_who_were_known_by_then() -> None:
    now = 1000.0
    mine, planted = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    person_id = "b" + hashlib.sha256(mine.encode()).hexdigest()[:25]
    asked: list[tuple[str, float]] = []

    async def was_known(who: str, before: float) -> bool:
        asked.append((who, before))
        return who == person_id

    cookies = Cookies(CookieKey(b"0" * 32, 1000.0), was_known, clock=lambda: now)
    assert await whose(cookies, (COOKIE, planted), (COOKIE, mine)) == person_id
    assert await whose(cookies, (COOKIE, planted)) is None
    assert await whose(cookies, (COOKIE, mine)) == person_id
    assert [before for _, before in asked] == [1000.0, 1000.0], "each is looked up once"
    assert await whose(cookies, (COOKIE, mine), (COOKIE, cookies.value_of("b" + "1" * 25))) == "b" + "1" * 25
    assert await whose(cookies, (COOKIE, cookies.value_of(person_id))) == person_id, "the new one is the same person's"
    now += OLD_SECONDS + 1
    assert await whose(cookies, (COOKIE, mine)) is None


async def test_all_workers_on_a_database_have_the_same_key(tmp_path: Path) -> None:
    async with Sqlite(tmp_path / "hubbub.db") as one, Sqlite(tmp_path / "hubbub.db") as other:
        first = await cookie_key_in(one)
        assert await cookie_key_in(other) == first
        assert len(first.secret) == 32
    async with Sqlite(tmp_path / "other.db") as elsewhere:
        assert (await cookie_key_in(elsewhere)).secret != first.secret
