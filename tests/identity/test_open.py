from collections.abc import AsyncIterator

import pytest

from hubbub.core.errors import NotSignedIn
from hubbub.core.identifiers import is_id
from hubbub.core.people import GUEST, OPERATOR, Person, may_see
from hubbub.identity.base import Welcome
from hubbub.identity.cookies import COOKIE, HOST_PREFIX
from hubbub.identity.keys import Keyring, digest_of, new_key
from hubbub.identity.keys_memory import MemoryKeys
from hubbub.identity.open import OpenIdentity

KEY, TEXT = new_key("robot")


@pytest.fixture
async def keyring() -> AsyncIterator[Keyring]:
    keys = MemoryKeys()
    await keys.add(KEY, digest_of(TEXT))
    async with Keyring(keys) as keyring:
        yield keyring


@pytest.fixture
def identity(keyring: Keyring) -> OpenIdentity:
    return OpenIdentity(keyring)


async def test_each_browser_is_a_person_of_its_own(identity: OpenIdentity) -> None:
    one, other = await identity.welcome({}), await identity.welcome({})
    assert one.cookie is not None
    assert one.person != other.person
    again = {"cookie": f"theme=dark; {COOKIE}={one.cookie[1]}"}
    assert await identity.person(again) == one.person
    assert await identity.welcome(again) == one, "the same once more, for a page that is now opened over HTTPS"
    of_host = {"cookie": f"{HOST_PREFIX}{COOKIE}={one.cookie[1]}"}
    assert await identity.welcome(of_host) == Welcome(one.person)


async def test_without_a_cookie_one_is_the_guest(identity: OpenIdentity) -> None:
    for cookie in ("", "other=1", f"{COOKIE}=short", f"{COOKIE}", "\x00;;==", f'{COOKIE}="'):
        assert await identity.person({"cookie": cookie}) == GUEST


async def test_a_key_wins_over_a_cookie(identity: OpenIdentity) -> None:
    welcome = await identity.welcome({})
    assert welcome.cookie is not None
    cookie = {"cookie": f"{COOKIE}={welcome.cookie[1]}"}
    for headers in ({"authorization": f"Bearer {TEXT}"}, {"api-key": TEXT}):
        for sent in (headers, headers | cookie):
            assert (await identity.person(sent)).id == KEY.person_id
            assert await identity.welcome(sent) == await identity.welcome(headers)
            assert (await identity.welcome(sent)).cookie is None
    with pytest.raises(NotSignedIn):
        await identity.person(cookie | {"api-key": TEXT[:-1]})


async def test_a_key_for_something_else_says_nothing(identity: OpenIdentity) -> None:
    welcome = await identity.welcome({"authorization": "Bearer ollama"})
    assert welcome.cookie is not None
    for headers in ({"authorization": "Bearer sk-1"}, {"api-key": "1"}, {"authorization": "Basic eDp5"}):
        assert await identity.person(headers) == GUEST
        cookie = {"cookie": f"{COOKIE}={welcome.cookie[1]}"}
        assert await identity.person(headers | cookie) == welcome.person


async def test_where_a_key_is_needed_nothing_else_counts(identity: OpenIdentity, keyring: Keyring) -> None:
    welcome = await identity.welcome({})
    assert welcome.cookie is not None
    closed = OpenIdentity(keyring, needs_key=True)
    assert (await closed.person({"api-key": TEXT})).id == KEY.person_id
    cookie = f"{COOKIE}={welcome.cookie[1]}"
    for headers in ({}, {"cookie": cookie}, {"authorization": "Bearer sk-1"}, {"api-key": "", "cookie": cookie}):
        with pytest.raises(NotSignedIn, match="closed"):
            await closed.person(headers)
        with pytest.raises(NotSignedIn, match="closed"):
            await closed.welcome(headers)


def test_who_may_see_what() -> None:
    ann = Person("ann")
    assert may_see(ann, "ann")
    assert not may_see(ann, "bob")
    assert may_see(ann, "bob", is_shared=True)
    assert may_see(OPERATOR, "bob")
    assert not is_id(GUEST.id)
