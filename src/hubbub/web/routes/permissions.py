"""Who may do what with collections, and the groups that can be given rights."""

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from hubbub.app.application import Application
from hubbub.core.people import GROUP, RIGHTS, Group, Member, Permission, Person, is_vouched_for
from hubbub.web.asker import App, Asker
from hubbub.web.bodies import Json, sends
from hubbub.web.cursors import MOST, After, Limit, page_of

router = APIRouter(prefix="/api", tags=["permissions"])

MOST_GRANTS = 500
RightName = Literal["see", "use", "write", "manage"]
NAMES = {right: name for name, right in RIGHTS.items()}


class Grant(BaseModel):
    """A right, and who has it: everybody, signed-in, person:ID, group:ID, or claim:PROVIDER/NAME."""

    model_config = ConfigDict(extra="forbid")
    subject: Annotated[str, Field(max_length=300)]
    right: RightName


class NewGrants(BaseModel):
    """Who may do what from now on, in place of what was said before."""

    model_config = ConfigDict(extra="forbid")
    grants: Annotated[list[Grant], Field(max_length=MOST_GRANTS)]

    @property
    def permissions(self) -> list[Permission]:
        """What that gives."""
        return [Permission(one.subject, RIGHTS[one.right]) for one in self.grants]


class GrantView(msgspec.Struct):
    """A right, who has it, and what that is called, where you know it."""

    subject: str
    right: str
    name: str


class Grants(msgspec.Struct):
    """Who may do what with a thing, beside whoever made it and operators."""

    grants: list[GrantView]
    may_give_to_all: bool
    """Whether you may give rights to everybody, and to everybody who is signed in."""


class Groups(msgspec.Struct):
    """Groups, by name."""

    groups: Sequence[Group]
    next: str | None
    """What gives those behind these, as `after`; None where there are none."""


class NewGroup(BaseModel):
    """A group to be made."""

    model_config = ConfigDict(extra="forbid")
    name: str


class Members(msgspec.Struct):
    """The members of a group."""

    members: Sequence[Member]
    next: str | None
    """What gives those behind these, as `after`; None where there are none."""


class NewMember(BaseModel):
    """What somebody is in a group."""

    model_config = ConfigDict(extra="forbid")
    is_manager: bool = False


@router.get("/collections/{collection_id}/grants", responses=sends(Grants))
async def show_grants(collection_id: str, app: App, person: Asker) -> Response:
    """Show who may do what with a collection that you manage."""
    return await shown(app, person, await app.collections.permissions(person, collection_id))


@router.put("/collections/{collection_id}/grants", responses=sends(Grants))
async def change_grants(collection_id: str, new: NewGrants, app: App, person: Asker) -> Response:
    """Say who may do what with a collection that you manage. What is open by a right that ends, ends within a second.

    Rights include the lesser ones: see (that it is there), use (search it, ask over it, open its documents), write
    (add and delete documents), manage (rename it, share it, delete it).
    """
    return await shown(app, person, await app.collections.share(person, collection_id, new.permissions))


@router.get("/groups", responses=sends(Groups))
async def list_groups(app: App, person: Asker, limit: Limit = MOST, after: After = None) -> Response:
    """List the groups that you are in; to operators all."""
    found = await app.groups.list(person)
    return Json(Groups(*page_of(found, lambda one: (one.name.casefold(), one.id), after, limit)))


@router.post("/groups", status_code=201, responses=sends(Group, 201))
async def make_group(new: NewGroup, app: App, person: Asker) -> Response:
    """Make a group; operators may."""
    return Json(await app.groups.make(person, new.name), status_code=201)


@router.delete("/groups/{group_id}", status_code=204)
async def delete_group(group_id: str, app: App, person: Asker) -> None:
    """Delete a group; operators and those who manage it may. What it was given it has no more."""
    await app.groups.delete(person, group_id)


@router.get("/groups/{group_id}/members", responses=sends(Members))
async def list_members(group_id: str, app: App, person: Asker, limit: Limit = MOST, after: After = None) -> Response:
    """List a group's members; operators and those who manage it may."""
    found = await app.groups.members(person, group_id)
    return Json(Members(*page_of(found, lambda one: ("", one.person_id), after, limit)))


@router.put("/groups/{group_id}/members/{person_id}", status_code=204)
async def put_member(group_id: str, person_id: str, new: NewMember, app: App, person: Asker) -> None:
    """Make somebody a member, or change what they are in the group; operators and those who manage it may."""
    await app.groups.put_member(person, group_id, Member(person_id, new.is_manager))


@router.delete("/groups/{group_id}/members/{person_id}", status_code=204)
async def remove_member(group_id: str, person_id: str, app: App, person: Asker) -> None:
    """Take somebody out of a group; everybody may leave one themselves."""
    await app.groups.remove_member(person, group_id, person_id)


async def shown(app: Application, person: Person, given: Sequence[Permission]) -> Response:
    """Return who has which right, by the names that a person knows."""
    names = {GROUP + group.id: group.name for group in await app.groups.list(person)}
    views = [GrantView(one.subject, NAMES[one.right], names.get(one.subject, "")) for one in given]
    return Json(Grants(views, is_vouched_for(person)))
