"""Say who asks, and decide what they may see."""

import msgspec

GUEST_ID = "guest"
OPERATOR_ID = "operator"


class Person(msgspec.Struct, frozen=True):
    """Who asks. An operator works on the machine itself (the command line) and sees everything."""

    id: str
    name: str = ""
    groups: frozenset[str] = frozenset()
    is_operator: bool = False
    is_stranger: bool = False
    """Whether nothing but a cookie, or not even that, tells them from others: who wants to be another is another."""


GUEST = Person(id=GUEST_ID, name="Guest", is_stranger=True)
OPERATOR = Person(id=OPERATOR_ID, name="Operator", is_operator=True)


def may_see(person: Person, owner_id: str, *, is_shared: bool = False) -> bool:
    """Decide whether a thing exists for a person. Every read, stop, export and search asks here."""
    return is_shared or person.is_operator or person.id == owner_id
