"""Read with whom a collection is to be shared, and say it in words."""

from collections.abc import Sequence

from hubbub.compose import open_directory, provider_names
from hubbub.core.documents import Collection
from hubbub.core.errors import Invalid, NotFound
from hubbub.core.people import (
    CLAIM,
    EVERYBODY,
    GROUP,
    OPERATOR,
    OPERATOR_ID,
    PERSON,
    RIGHTS,
    SIGNED_IN,
    UNSCOPED,
    Group,
    Permission,
    Right,
    is_of_provider,
    is_subject,
    scoped,
)
from hubbub.search.base import Groups, Library
from hubbub.settings import Settings

FORMS = "everybody, signed-in, group:NAME, claim:PROVIDER/NAME (a group that a sign-in names) or person:ID"


async def subject_of(text: str, groups: Groups, settings: Settings) -> str:
    """Return whom somebody means at the command line; groups go by their names or ids.

    Raises:
        Invalid: it has none of the forms, or names a group without its provider.
        NotFound: there is no such group.
    """
    if text.startswith(GROUP):
        return GROUP + (await group_id_of(text.removeprefix(GROUP), groups))
    if not is_subject(text):
        raise Invalid(f"{text!r} is nobody that a collection can be shared with. Say {FORMS}.")
    providers = provider_names(settings)
    if text.startswith(CLAIM) and not is_of_provider(text, providers):
        wanted = " or ".join(CLAIM + scoped(one, "NAME") for one in providers)
        raise Invalid(f"{text!r} doesn't say at which provider this group is. Say {wanted}.")
    return text


async def subjects_of(texts: Sequence[str], library: Library, settings: Settings) -> list[str]:
    """Return whom somebody means at the command line.

    Raises:
        Invalid: one has none of the forms, or names a group without its provider.
        NotFound: there is no such group, or nobody of such an id.
    """
    found = [await subject_of(one, library.groups, settings) for one in texts]
    if people := [one.removeprefix(PERSON) for one in found if one.startswith(PERSON)]:
        async with open_directory(settings, library) as directory:
            await directory.check(OPERATOR, people)
    return found


async def group_id_of(name_or_id: str, groups: Groups) -> str:
    """Return the id of the group of this id, else of this name.

    Raises:
        NotFound: there is none.
    """
    return group_id_among(name_or_id, await groups.groups())


def group_id_among(name_or_id: str, known: Sequence[Group]) -> str:
    """Return the id of the group of this id, else of this name, among those that are known.

    Raises:
        NotFound: there is none.
    """
    found = [one for one in known if one.id == name_or_id]
    found += [one for one in known if one.name.casefold() == name_or_id.casefold()]
    if not found:
        raise NotFound(f"There is no group “{name_or_id}”. `hubbub groups list` shows those that there are.")
    return found[0].id


async def share(library: Library, collection_id: str, subjects: Sequence[str], right: Right) -> None:
    """Give subjects this right, in place of the one that they had. `Right.NONE` takes it from them."""
    given = {one.subject: one for one in await library.permissions.of(collection_id)}
    given |= {subject: Permission(subject, right) for subject in subjects}
    await library.permissions.put(collection_id, list(given.values()))


async def seen_by(library: Library, collection: Collection) -> str:
    """Say who can do what with a collection."""
    permissions = await library.permissions.of(collection.id)
    if not permissions:
        return "the command line alone" if collection.owner_id == OPERATOR_ID else "its owner alone"
    names = {GROUP + one.id: f"the group “{one.name}”" for one in await library.groups.groups()}
    rights = {right: name for name, right in RIGHTS.items()}
    told = [
        _name(one.subject, names) + ("" if one.right is Right.USE else f" ({rights[one.right]})") for one in permissions
    ]
    return ", ".join(told)


def _name(subject: str, names: dict[str, str]) -> str:
    if subject == SIGNED_IN:
        return "everybody who is signed in"
    if subject.startswith(CLAIM):
        return f"the claimed group “{subject.removeprefix(CLAIM)}”"
    if subject.startswith(UNSCOPED):
        return f"the claimed group “{subject.removeprefix(UNSCOPED)}” of a provider that is not named (nobody, as yet)"
    if subject.startswith(PERSON):
        return f"the person {subject.removeprefix(PERSON)}"
    return names.get(subject, "everybody" if subject == EVERYBODY else subject)
