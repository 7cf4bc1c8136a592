"""Say who asks, what they are a part of, and decide what they may see."""

from collections.abc import Collection, Iterable, Sequence
from enum import IntEnum
from typing import Literal

import msgspec

from hubbub.core.errors import Invalid
from hubbub.core.readable import is_readable

GUEST_ID = "guest"
OPERATOR_ID = "operator"


class Limits(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an API key may of what its person may. None: all of it."""

    scopes: frozenset[str] | None = None
    models: frozenset[str] | None = None
    collections: frozenset[str] | None = None
    """Their ids."""
    quota: tuple[str, ...] = ()
    """How much may be used by it, besides what the settings say, as bounds such as "50 questions per day"."""


class Person(msgspec.Struct, frozen=True):
    """Who asks. An operator works on the machine itself (the command line) and sees everything."""

    id: str
    name: str = ""
    groups: frozenset[str] = frozenset()
    """Those that a sign-in names. A provider's carry its name: see `scoped`."""
    is_operator: bool = False
    known_by: Literal["account", "key", "cookie", "nothing"] = "account"
    """What vouches for who it is. Cookies and nothing don't: anybody has as many of these as they like."""
    address: str = ""
    """Where a request of theirs comes from, where nothing vouches for them: with it they are counted."""
    key: str = ""
    """The id of the API key that a request of theirs came with."""
    ids: frozenset[str] = frozenset()
    """What providers call them, each with its provider: see `scoped`."""
    limits: Limits | None = None
    """What that key may of what the person may; None: all of it."""


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


class Right(IntEnum):
    """What somebody may do with a collection. Each includes those before it."""

    NONE = 0
    SEE = 1
    """See that it is there, and the names of its documents."""
    USE = 2
    """Search it, ask over it, and open its documents."""
    WRITE = 3
    """Add, replace and delete documents."""
    MANAGE = 4
    """Rename it, share it, delete it."""


RIGHTS = {"see": Right.SEE, "use": Right.USE, "write": Right.WRITE, "manage": Right.MANAGE}
"""The rights that can be given, by the names that the wire and the command line have for them."""

EVERYBODY = "everybody"
"""Whoever may use the server, with a credential or without one."""
SIGNED_IN = "signed-in"
"""Whoever something vouches for: an account, a provider, an API key."""
PERSON, GROUP, CLAIM = "person:", "group:", "claim:"
"""What a subject begins with: a person's id, the id of a group that is kept here, the name of a group that a provider
claims. The last two are apart, so that no claim makes anybody a member of a group of ours."""
UNSCOPED = "unscoped:"
"""Begins a subject that named a claimed group before groups carried their provider. It stands for nobody."""
SUBJECT_CHARACTERS = 300


class Permission(msgspec.Struct, frozen=True):
    """What a subject may do: a person, a group, everybody who is signed in, or everybody."""

    subject: str
    right: Right


class Group(msgspec.Struct, frozen=True):
    """A group that is kept here."""

    id: str
    name: str
    created_at: float = 0.0
    """Seconds since the epoch."""
    members: int = 0
    is_managed: bool = False
    """Whether the person that it was looked up for manages it."""


class Member(msgspec.Struct, frozen=True):
    """A person in a group."""

    person_id: str
    is_manager: bool = False


class Reader(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who searches, as permissions name them. The groups that are kept here are looked up where permissions are."""

    person_id: str = ""
    subjects: tuple[str, ...] = ()
    reads_all: bool = False
    ids: tuple[str, ...] = ()
    """What providers call them: for what lists people by those ids."""
    sight: str = ""
    """Tells questions of anybody apart that were asked between other changes of rights, so that who shares an answer
    has the same sight of restricted documents."""


ANYBODY = Reader("", (EVERYBODY,))
"""Who has no rights but those that everybody has."""


def is_vouched_for(person: Person) -> bool:
    """Tell whether an account, a provider or a key says who somebody is: anybody has as many cookies as they like."""
    return person.known_by not in ("cookie", "nothing")


def reader_of(person: Person) -> Reader:
    """Return who a person is to permissions."""
    vouched = (SIGNED_IN,) if is_vouched_for(person) else ()
    claimed = (CLAIM + name for name in sorted(person.groups))
    return Reader(
        person.id, (PERSON + person.id, EVERYBODY, *vouched, *claimed), person.is_operator, tuple(sorted(person.ids))
    )


def scoped(provider: str, name: str) -> str:
    """Return what a provider's group or person is called here: two providers may each have one of the same name.

    A provider's name has no slash, what it names may have some: the first one ends the provider's.
    """
    return f"{provider}/{name}"


def claims_of(reader: Reader, provider: str = "") -> Iterable[str]:
    """Return the groups that a provider claims for a reader, by the names that they have there.

    Without a provider they are those of an application around Hubbub, as it names them.
    """
    start = CLAIM + scoped(provider, "") if provider else CLAIM
    return (one.removeprefix(start) for one in reader.subjects if one.startswith(start))


def ids_of(reader: Reader, provider: str = "") -> list[str]:
    """Return what a provider calls a reader; without one, their id here."""
    if not provider:
        return [reader.person_id] if reader.person_id else []
    start = scoped(provider, "")
    return [one.removeprefix(start) for one in reader.ids if one.startswith(start)]


def is_of_provider(subject: str, providers: Collection[str]) -> bool:
    """Tell whether the claimed group that a subject names says of which of these providers it is; true of none."""
    provider, slash, name = subject.removeprefix(CLAIM).partition("/")
    return not providers or (provider in providers and bool(slash and name))


def check_claim(subject: str, providers: Sequence[str]) -> None:
    """Return if a subject names no claimed group, or says at which of these providers that is.

    Raises:
        Invalid: two providers may each have a group of that name.
    """
    if subject.startswith(CLAIM) and not is_of_provider(subject, providers):
        raise Invalid(
            f"Say at which provider the group {subject.removeprefix(CLAIM)!r} is, as in "
            f"{CLAIM}{scoped(providers[0], 'NAME')}."
        )


def is_subject(text: str) -> bool:
    """Tell whether something can be given a right. The guest can't: it is everybody without a credential."""
    if text in (EVERYBODY, SIGNED_IN):
        return True
    named = next((text.removeprefix(kind) for kind in (PERSON, GROUP, CLAIM) if text.startswith(kind)), "")
    return bool(named.strip()) and is_readable(text) and len(text) <= SUBJECT_CHARACTERS and named != GUEST_ID
