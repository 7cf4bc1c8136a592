from hubbub.core.identifiers import is_id
from hubbub.core.people import GUEST, OPERATOR, Person, may_see
from hubbub.identity.open import COOKIE, OpenIdentity


async def test_each_browser_is_a_person_of_its_own() -> None:
    identity = OpenIdentity()
    one, other = await identity.welcome({}), await identity.welcome({})
    assert one.cookie is not None
    assert one.person != other.person
    again = {"cookie": f"theme=dark; {COOKIE}={one.cookie[1]}"}
    assert await identity.person(again) == one.person
    assert (await identity.welcome(again)).cookie is None
    assert one.cookie[1] not in one.person.id


async def test_without_a_cookie_one_is_the_guest() -> None:
    identity = OpenIdentity()
    for cookie in ("", "other=1", f"{COOKIE}=short", f"{COOKIE}", "\x00;;==", f'{COOKIE}="'):
        assert await identity.person({"cookie": cookie}) == GUEST


def test_who_may_see_what() -> None:
    ann = Person("ann")
    assert may_see(ann, "ann")
    assert not may_see(ann, "bob")
    assert may_see(ann, "bob", is_shared=True)
    assert may_see(OPERATOR, "bob")
    assert not is_id(GUEST.id)
