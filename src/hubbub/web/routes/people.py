"""Operators' routes about people: list, invite, disable, reset."""

from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from hubbub.app.accounts import MadeLink
from hubbub.core.errors import NotFound
from hubbub.identity.base import KnownPerson
from hubbub.web.asker import App
from hubbub.web.bodies import Json, sends, takes
from hubbub.web.cursors import MOST, After, Limit, page_of
from hubbub.web.quick import body_as
from hubbub.web.signing_in import Operator, PasswordAccounts

router = APIRouter(prefix="/api", tags=["people"])

MOST_LISTED = 200
_NEVER_KEPT = {"cache-control": "no-store"}


class PersonView(msgspec.Struct):
    """Somebody who is known here. Times are seconds of the epoch."""

    id: str
    name: str
    email: str
    is_operator: bool
    is_active: bool
    providers: list[str]
    groups: list[str]
    created_at: float
    last_signed_in: float | None


class PeopleList(msgspec.Struct):
    """People, the oldest first."""

    people: list[PersonView]
    next: str | None
    """What gives those behind these, as `after`; None where there are none."""


class PersonChange(msgspec.Struct, forbid_unknown_fields=True):
    """What is to change; what is left out stays."""

    is_active: bool | None = None
    is_operator: bool | None = None


class NewInvitation(msgspec.Struct, forbid_unknown_fields=True):
    """Who is invited."""

    email: str
    name: str = ""
    is_operator: bool = False


class LinkForSomebody(msgspec.Struct):
    """A link to pass on. It is shown this once; it may begin with a path alone, which is below the page's address."""

    url: str
    expires_at: float
    is_mailed: bool
    """Whether a mail with it was handed on."""


class InvitationView(msgspec.Struct):
    """An invitation that nobody has used."""

    email: str
    name: str
    is_operator: bool
    created_at: float
    expires_at: float


class Invitations(msgspec.Struct):
    """The invitations that nobody has used, the oldest first."""

    invitations: list[InvitationView]
    next: str | None
    """What gives those behind these, as `after`; None where there are none."""


@router.get("/people", responses=sends(PeopleList))
async def list_people(
    app: App, operator: Operator, after: str = "", limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 100
) -> Response:
    """List the people who are known here. For operators."""
    found = await app.people.people(after=after, limit=limit + 1) if app.people is not None else []
    people = [_view(one) for one in found[:limit]]
    return Json(PeopleList(people, people[-1].id if len(found) > limit else None))


@router.patch("/people/{person_id}", responses=sends(PersonView), openapi_extra=takes(PersonChange))
async def change_person(person_id: str, request: Request, operator: Operator, app: App) -> Response:
    """Disable or enable a person, or make them an operator or none. Who is disabled is signed out at once."""
    if (accounts := app.accounts) is None:  # nobody can sign in
        raise NotFound("There is no such person.")
    change = await body_as(request, PersonChange)
    if change.is_operator is not None:
        await accounts.set_operator(operator, person_id, change.is_operator)
    if change.is_active is not None:
        await accounts.set_active(operator, person_id, change.is_active)
    found = await app.people.find(person_id) if app.people is not None else None
    if found is None:
        raise NotFound("There is no such person.")
    return Json(_view(found))


@router.post("/people/{person_id}/reset", responses=sends(LinkForSomebody))
async def reset_password(person_id: str, operator: Operator, accounts: PasswordAccounts) -> Response:
    """Make a link by which a person sets a new password. It removes their second factor, too."""
    return _made(await accounts.reset(operator, person_id))


@router.get("/invitations", responses=sends(Invitations))
async def list_invitations(
    operator: Operator, accounts: PasswordAccounts, limit: Limit = MOST, after: After = None
) -> Response:
    """List the invitations that nobody has used. For operators."""
    found = await accounts.invitations()
    views = [InvitationView(one.email, one.name, one.is_operator, one.created_at, one.expires_at) for one in found]
    return Json(Invitations(*page_of(views, lambda one: (one.created_at, one.email), after, limit)))


@router.post("/invitations", status_code=201, responses=sends(LinkForSomebody, 201), openapi_extra=takes(NewInvitation))
async def invite(request: Request, operator: Operator, accounts: PasswordAccounts) -> Response:
    """Invite somebody. The link is sent by mail where that is set up; it is returned in any case."""
    new = await body_as(request, NewInvitation)
    made = await accounts.invite(operator, new.email, name=new.name, is_operator=new.is_operator)
    return _made(made, 201)


@router.delete("/invitations/{email}", status_code=204)
async def withdraw_invitation(email: str, operator: Operator, accounts: PasswordAccounts) -> Response:
    """Withdraw an invitation."""
    await accounts.withdraw(operator, email)
    return Response(status_code=204)


def _made(made: MadeLink, status_code: Literal[200, 201] = 200) -> Response:
    content = LinkForSomebody(made.url, made.expires_at, made.is_mailed)
    return Json(content, status_code=status_code, headers=_NEVER_KEPT)


def _view(one: KnownPerson) -> PersonView:
    return PersonView(
        one.id,
        one.name,
        one.email,
        one.is_operator,
        one.is_active,
        list(one.providers),
        sorted(one.groups),
        one.created_at,
        one.last_signed_in,
    )
