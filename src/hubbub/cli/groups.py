"""Make, list and delete groups, and say who is in them, in the terminal, while the server runs or not."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from rich.console import Console
from rich.table import Table

from hubbub.app.groups import Groups
from hubbub.cli.collections import library_open
from hubbub.cli.sharing import group_id_among
from hubbub.cli.terminal import printable
from hubbub.compose import open_deeds, open_directory, open_usage
from hubbub.core.errors import Invalid
from hubbub.core.people import OPERATOR, PERSON, Group, Member, is_subject
from hubbub.settings import Settings

T = TypeVar("T")

output = Console(soft_wrap=True, highlight=False)
notes = Console(stderr=True, soft_wrap=True, highlight=False)


def add(settings: Settings, name: str) -> None:
    """Make a group.

    Raises:
        Conflict, Invalid: the name is taken, or can't be one.
    """
    group = _with(settings, lambda groups: groups.make(OPERATOR, name))
    notes.print(f"The group “{printable(group.name)}” ({group.id}) was made. It has no members yet.", markup=False)


def remove(settings: Settings, name_or_id: str) -> None:
    """Delete a group; what it was given it has no more.

    Raises:
        NotFound: there is no such group.
    """

    async def delete(groups: Groups) -> None:
        await groups.delete(OPERATOR, group_id_among(name_or_id, await groups.list(OPERATOR)))

    _with(settings, delete)
    notes.print(f"The group “{printable(name_or_id)}” was deleted, and all that it was given.", markup=False)


def list_groups(settings: Settings) -> None:
    """Print all groups."""
    groups: Sequence[Group] = _with(settings, lambda groups: groups.list(OPERATOR))
    if not groups:
        notes.print("There are no groups. Make one with `hubbub groups add NAME`.")
        return
    table = Table("name", "id", "members", show_edge=False, pad_edge=False)
    for one in groups:
        table.add_row(printable(one.name), one.id, str(one.members))
    output.print(table, markup=False)


def members(
    settings: Settings, name_or_id: str, *, add: Sequence[str], remove: Sequence[str], are_managers: bool
) -> None:
    """Add persons to a group and take some out of it, by their ids; then print who is in it.

    Raises:
        NotFound: there is no such group, or nobody of such an id.
        Invalid: something is no person's id.
    """
    odd = [one for one in add if not is_subject(PERSON + one)]
    if odd:
        raise Invalid(f"{odd[0]!r} can't be a person's id. `/api/me` tells everybody their own.")

    async def change(groups: Groups) -> Sequence[Member]:
        group_id = group_id_among(name_or_id, await groups.list(OPERATOR))
        for person_id in add:
            await groups.put_member(OPERATOR, group_id, Member(person_id, are_managers))
        for person_id in remove:
            await groups.remove_member(OPERATOR, group_id, person_id)
        return await groups.members(OPERATOR, group_id)

    there = _with(settings, change)
    if not there:
        notes.print("Nobody is in this group. Add somebody with `--add PERSON-ID`.")
        return
    table = Table("person", "is", show_edge=False, pad_edge=False)
    for one in there:
        table.add_row(printable(one.person_id), "manager" if one.is_manager else "member")
    output.print(table, markup=False)


def _with(settings: Settings, work: Callable[[Groups], Awaitable[T]]) -> T:
    async def run() -> T:
        async with (
            library_open(settings) as store,
            open_deeds(settings, store) as deeds,
            open_directory(settings, store.library) as directory,
            open_usage(settings) as meter,
        ):
            return await work(Groups(store.library.groups, deeds, directory, meter.forget_group))

    return asyncio.run(run())
