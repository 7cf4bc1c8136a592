"""Say who asks, and decide what they may see."""

from typing import Literal

import msgspec

GUEST_ID = "guest"
OPERATOR_ID = "operator"


class Person(msgspec.Struct, frozen=True):
    """Who asks. An operator works on the machine itself (the command line) and sees everything."""

    id: str
    name: str = ""
    groups: frozenset[str] = frozenset()
    is_operator: bool = False
    known_by: Literal["account", "key", "cookie", "nothing"] = "account"
    """What vouches for who it is. Cookies and nothing don't: anybody has as many of these as they like."""
    address: str = ""
    """Where a request of theirs comes from, where nothing vouches for them: with it they are counted."""
    key: str = ""
    """The id of the API key that a request of theirs came with."""


GUEST = Person(id=GUEST_ID, name="Guest", known_by="nothing")
OPERATOR = Person(id=OPERATOR_ID, name="Operator", is_operator=True)


def may_list(person: Person, owner_id: str, *, is_shared: bool = False) -> bool:
    """Decide whether a thing may be shown to a person who doesn't name it.

    Programs without a credential all are the guest: each finds its own things again by ids that nobody guesses.
    """
    return may_see(person, owner_id, is_shared=is_shared) and (is_shared or person.id != GUEST_ID)


def may_see(person: Person, owner_id: str, *, is_shared: bool = False) -> bool:
    """Decide whether a thing exists for a person. Every read, stop, export and search asks here."""
    return is_shared or person.is_operator or person.id == owner_id
