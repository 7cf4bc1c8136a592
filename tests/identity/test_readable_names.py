"""Names of people and groups at each door that takes some: those of all scripts, none that hide or turn anything."""

from collections.abc import Callable

import pytest

from hubbub.core.errors import Invalid
from hubbub.core.people import is_subject
from hubbub.identity.proxy_claims import ClaimsFault, of_oauth2_proxy
from hubbub.search.permissions_rows import usable_group_name
from hubbub.web.scim.attributes import text_in
from hubbub.web.scim.errors import BadRequest


def _of_proxy(name: str) -> object:
    said = {"x-forwarded-user": name, "x-forwarded-preferred-username": name, "x-forwarded-groups": name}
    return of_oauth2_proxy(said, "")


def _as_subject(name: str) -> object:
    if not is_subject(f"claim:house/{name}"):
        raise ValueError(name)
    return name


DOORS: list[Callable[[str], object]] = [_of_proxy, _as_subject, usable_group_name, lambda name: text_in("name", name)]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    "name", ["علی\u200cرضا", "山田\u3000太郎", "ක්\u200dෂමා", "Zoë\u00a0Ål", "a\N{WOMAN}\u200d\N{ROCKET}"]
)
def test_names_of_all_scripts_are_taken(door: Callable[[str], object], name: str) -> None:
    assert door(name)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("name", ["a\0b", "a\nb", "a\x85b", "a\u2028b", "\u202eadA", "a\u2066b", "a\ud800"])
def test_names_that_hide_or_turn_something_are_refused(door: Callable[[str], object], name: str) -> None:
    with pytest.raises((ClaimsFault, BadRequest, Invalid, ValueError)):
        door(name)
