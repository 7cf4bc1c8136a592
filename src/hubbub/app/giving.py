"""Check whom somebody may give rights to, whatever the rights are to, and say how rights changed."""

from collections.abc import Iterable, Sequence

from hubbub.app.directory import Directory
from hubbub.core.errors import Invalid, NotAllowed, NotFound
from hubbub.core.people import (
    EVERYBODY,
    GROUP,
    PERSON,
    RIGHTS,
    SIGNED_IN,
    Permission,
    Person,
    Right,
    check_claim,
    is_subject,
    is_vouched_for,
)
from hubbub.search.base import Groups


class Giving:
    """Whom somebody may name who gives a right: to a collection, a document, a prompt, an assistant, or a chat."""

    def __init__(self, groups: Groups, claim_scopes: Sequence[str] = (), directory: Directory | None = None) -> None:
        """Take the groups that are kept here, the providers that others are of, and who can be named."""
        self._groups = groups
        self._claim_scopes = claim_scopes
        self._directory = directory or Directory()

    async def check(self, person: Person, before: Sequence[Permission], after: Sequence[Permission], what: str) -> None:
        """Return if a person may give these rights in place of those before; `what` is what they are to, in a message.

        Raises:
            NotFound: there is no such person, or no such group for this person.
            NotAllowed: nothing vouches for them, and it would be shared with everybody.
            Invalid: somebody can't be given rights, or is named twice.
        """
        if len({one.subject for one in after}) < len(after):
            raise Invalid("Somebody is named twice. Give each one right: it includes the lesser ones.")
        for one in after:
            if not is_subject(one.subject):
                raise Invalid(
                    "Rights are given to everybody, signed-in, person:ID, group:ID of a group here, or "
                    "claim:PROVIDER/NAME of a group that a sign-in names."
                )
            if one.subject in (EVERYBODY, SIGNED_IN) and one not in before and not is_vouched_for(person):
                raise NotAllowed(
                    "Who is known by a browser's cookie alone can share with persons and groups, not with everybody. "
                    "Sign in, or ask the operator: `hubbub collections share` does it on the machine itself."
                    if what == "collection"
                    else "Who is known by a browser's cookie alone can share with persons and groups, not with "
                    "everybody. Sign in first."
                )
            if one.right > Right.WRITE and one.subject in (EVERYBODY, SIGNED_IN):
                raise Invalid(f"A {what} can't be managed by everybody. Name persons or groups.")
        await self.check_named(person, [one.subject for one in before], [one.subject for one in after])

    async def check_named(self, person: Person, before: Iterable[str], after: Iterable[str]) -> None:
        """Return if a person may name these subjects in place of those before, which may be gone meanwhile.

        Groups that come new are their own; operators know all groups.

        Raises:
            NotFound: there is no such person, or no such group for this person.
            Invalid: it is not said at which provider a claimed group is.
        """
        after = list(after)
        for one in after:
            check_claim(one, self._claim_scopes)
        new = set(after).difference(before)
        if named := {one for one in new if one.startswith(GROUP)}:
            there = await self._groups.groups(None if person.is_operator else person.id)
            if not {GROUP + one.id for one in there}.issuperset(named):
                raise NotFound("There is no such group that you are a member of.")
        people = [one.removeprefix(PERSON) for one in after if one in new and one.startswith(PERSON)]
        await self._directory.check(person, people)


def changes_of(before: Sequence[Permission], after: Sequence[Permission]) -> str:
    """Say in one line how rights changed: what was given, and what was taken."""
    names = {right: name for name, right in RIGHTS.items()}
    had, have = set(before), {one for one in after if one.right is not Right.NONE}
    given = [f"+{one.subject}={names[one.right]}" for one in after if one in have - had]
    taken = [f"-{one.subject}={names[one.right]}" for one in before if one in had - have]
    return " ".join(given + taken) or "as before"
