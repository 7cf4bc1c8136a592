"""SCIM 2.0: a provider's provisioning service adds, changes and disables people, and keeps groups."""

from functools import partial
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from hubbub.app.provisioning import Provisioning
from hubbub.core.errors import Malformed, NotAllowed, NotFound
from hubbub.core.provisioned_groups import ProvisionedGroup
from hubbub.identity.deeds import Acting, acting
from hubbub.web.address import client_address
from hubbub.web.asker import application_of
from hubbub.web.scim.attributes import GROUPS, USERS, Shape, resource_of
from hubbub.web.scim.errors import BadRequest, Outdated, ScimJson
from hubbub.web.scim.jsons import Resource
from hubbub.web.scim.patch import patch_of
from hubbub.web.scim.resources import (
    LIST_RESPONSE,
    active_in,
    group_of,
    read,
    read_group,
    said_in,
    shown,
    user_of,
    wanted_groups,
    wanted_users,
    written,
    written_group,
)
from hubbub.web.scim.schemas import LISTED, MOST_LISTED, provider_config, resource_types, schemas

AT = "/scim/v2"
router = APIRouter(prefix=AT, tags=["scim"], include_in_schema=False)  # it describes itself: see `/Schemas`
_BEARER = "bearer"
_NOBODY = ProvisionedGroup("", "", "", 0.0, 0.0)


async def _provisioning(request: Request) -> Provisioning:
    """Return what the sender's token opens. No key, no sign-in and no proxy's word opens it."""
    if (provisioners := application_of(request).provisioners) is None:
        raise NotFound("There is nothing at this address.")
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    address = partial(client_address, request.scope)
    found = await provisioners.let_in(token.strip() if kind.lower() == _BEARER else "", address=address)
    acting.set(Acting(found.source.actor, address))
    return found


By = Annotated[Provisioning, Depends(_provisioning)]


@router.get("/ServiceProviderConfig")
async def show_config(request: Request, by: By) -> Response:
    """Say what of SCIM is understood."""
    return ScimJson(provider_config(_base(request)))


@router.get("/ResourceTypes")
async def list_resource_types(request: Request, by: By) -> Response:
    """List the kinds of resources."""
    return _described(request, resource_types(_base(request)))


@router.get("/ResourceTypes/{name}")
async def show_resource_type(name: str, request: Request, by: By) -> Response:
    """Show a kind of resource."""
    return _one_of(resource_types(_base(request)), name)


@router.get("/Schemas")
async def list_schemas(request: Request, by: By) -> Response:
    """List the schemas, with the attributes that are kept."""
    return _described(request, schemas(_base(request)))


@router.get("/Schemas/{name}")
async def show_schema(name: str, request: Request, by: By) -> Response:
    """Show a schema."""
    return _one_of(schemas(_base(request)), name)


@router.get("/Users")
async def list_users(request: Request, by: By) -> Response:
    """List the people whom this provider has provisioned."""
    wanted = wanted_users(request.query_params.get("filter", ""))
    start, count = _page(request)
    total, people = await by.people(wanted, start - 1, count)
    found = [_shown(request, USERS, user_of(one, _base(request))) for one in people]
    return _listed(found, total, start)


@router.post("/Users")
async def add_user(request: Request, by: By) -> Response:
    """Add a person, or take over the one whom this provider has signed in already."""
    body = resource_of(USERS, await _body(request))
    person = await by.add_person(said_in(body), is_active=active_in(body, default=True))
    return _answer(request, USERS, user_of(person, _base(request)), status=201)


@router.get("/Users/{person_id}")
async def show_user(person_id: str, request: Request, by: By) -> Response:
    """Show a person."""
    return _answer(request, USERS, user_of(await by.person(person_id), _base(request)))


@router.put("/Users/{person_id}")
async def replace_user(person_id: str, request: Request, by: By) -> Response:
    """Say all of a person anew. Without a word on it they stay active or not, and keep their externalId."""
    body = resource_of(USERS, await _body(request))
    await _check_user(person_id, request, by)

    def replaced(before: Resource) -> Resource:
        return {key: before[key] for key in ("active", "externalId") if key in before} | body

    person = await by.change_person(person_id, lambda one: read(one, replaced(written(one))))
    return _answer(request, USERS, user_of(person, _base(request)))


@router.patch("/Users/{person_id}")
async def change_user(person_id: str, request: Request, by: By) -> Response:
    """Change a person. Who is not active any more is signed out within a second, and keeps their things."""
    patched = patch_of(USERS, person_id, await _body(request))
    await _check_user(person_id, request, by)
    person = await by.change_person(person_id, lambda one: read(one, patched(written(one))))
    return _answer(request, USERS, user_of(person, _base(request)))


@router.delete("/Users/{person_id}", status_code=204)
async def remove_user(person_id: str, request: Request, by: By) -> Response:
    """Disable a person, take them out of this provider's groups, and forget what it said. They keep their things."""
    await _check_user(person_id, request, by)
    await by.remove_person(person_id)
    return Response(status_code=204)


@router.get("/Groups")
async def list_groups(request: Request, by: By) -> Response:
    """List the groups that this provider has provisioned."""
    wanted = wanted_groups(request.query_params.get("filter", ""))
    start, count = _page(request)
    with_members = _wants_members(request)
    total, groups = await by.groups(wanted, start - 1, count, with_members=with_members)
    found = [_shown(request, GROUPS, group_of(one, _base(request), is_whole=with_members)) for one in groups]
    return _listed(found, total, start)


@router.post("/Groups")
async def add_group(request: Request, by: By) -> Response:
    """Make a group, that rights can be given to."""
    said = read_group(_NOBODY, resource_of(GROUPS, await _body(request)))
    group = await by.add_group(said.name, said.external_id, said.members)
    return _answer(request, GROUPS, group_of(group, _base(request)), status=201)


@router.get("/Groups/{group_id}")
async def show_group(group_id: str, request: Request, by: By) -> Response:
    """Show a group."""
    with_members = _wants_members(request)
    group = await by.group(group_id, with_members=with_members)
    return _answer(request, GROUPS, group_of(group, _base(request), is_whole=with_members))


@router.put("/Groups/{group_id}")
async def replace_group(group_id: str, request: Request, by: By) -> Response:
    """Say all of a group anew. Without a word on it, it keeps its externalId."""
    body = resource_of(GROUPS, await _body(request))
    await _check_group(group_id, request, by)

    def replaced(before: ProvisionedGroup) -> Resource:
        return ({"externalId": before.external_id} if before.external_id else {}) | body

    group = await by.change_group(group_id, lambda one: read_group(one, replaced(one)))
    return _answer(request, GROUPS, group_of(group, _base(request)))


@router.patch("/Groups/{group_id}")
async def change_group(group_id: str, request: Request, by: By) -> Response:
    """Change a group: who is put in has its rights at once, who is taken out has them no more."""
    patched = patch_of(GROUPS, group_id, await _body(request))
    await _check_group(group_id, request, by)
    group = await by.change_group(group_id, lambda one: read_group(one, patched(written_group(one))))
    if not _names(request, "attributes"):
        return Response(status_code=204)  # it may have members by the thousand
    return _answer(request, GROUPS, group_of(group, _base(request)))


@router.delete("/Groups/{group_id}", status_code=204)
async def remove_group(group_id: str, request: Request, by: By) -> Response:
    """Delete a group; what it was given it has no more."""
    await _check_group(group_id, request, by)
    await by.remove_group(group_id)
    return Response(status_code=204)


def _base(request: Request) -> str:
    return f"{str(request.base_url).rstrip('/')}{AT}"


async def _body(request: Request) -> Any:
    try:
        return msgspec.json.decode(await request.body() or b"null")
    except msgspec.DecodeError as error:
        raise Malformed("The request's body is not valid JSON.") from error


def _page(request: Request) -> tuple[int, int]:
    """Return the first place of a page, counted from 1, and how many there may be on it."""
    start, count = (_number(request, name, usual) for name, usual in (("startIndex", 1), ("count", LISTED)))
    return min(max(start, 1), 2**31), min(max(count, 0), MOST_LISTED)


def _number(request: Request, name: str, usual: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return usual
    try:
        return int(text[:12])
    except ValueError as error:
        raise BadRequest("invalid_value", f"{name} has to be a whole number.") from error


def _names(request: Request, name: str) -> list[str]:
    return [one for one in request.query_params.get(name, "").split(",") if one.strip()]


def _wants_members(request: Request) -> bool:
    """Tell whether members have to be read, of which there may be thousands."""
    names = [one.strip().rpartition(":")[2].partition(".")[0].lower() for one in _names(request, "attributes")]
    excluded = [one.strip().rpartition(":")[2].lower() for one in _names(request, "excludedAttributes")]
    return "members" in names if names else "members" not in excluded


def _shown(request: Request, shape: Shape, resource: Resource) -> Resource:
    return shown(shape, resource, _names(request, "attributes"), _names(request, "excludedAttributes"))


def _answer(request: Request, shape: Shape, resource: Resource, *, status: int = 200) -> Response:
    version = resource["meta"].get("version")
    headers = {"etag": version} if version else {}
    if request.method == "GET" and version in _versions(request, "if-none-match"):
        return Response(status_code=304, headers=headers)
    if status == 201:
        headers["location"] = resource["meta"]["location"]
    return ScimJson(_shown(request, shape, resource), status_code=status, headers=headers)


def _versions(request: Request, header: str) -> list[str]:
    return [one.strip() for one in request.headers.get(header, "").split(",") if one.strip()]


async def _check_user(person_id: str, request: Request, by: Provisioning) -> None:
    if wanted := _versions(request, "if-match"):
        _check_version(user_of(await by.person(person_id), _base(request)), wanted)


async def _check_group(group_id: str, request: Request, by: Provisioning) -> None:
    if wanted := _versions(request, "if-match"):
        _check_version(group_of(await by.group(group_id), _base(request)), wanted)


def _check_version(resource: Resource, wanted: list[str]) -> None:
    if "*" not in wanted and resource["meta"]["version"] not in wanted:
        raise Outdated("It was changed meanwhile. Read it again, then change it.")


def _listed(found: list[Resource], total: int, start: int) -> Response:
    counts = {"totalResults": total, "startIndex": start, "itemsPerPage": len(found)}
    return ScimJson({"schemas": [LIST_RESPONSE], **counts, "Resources": found})


def _described(request: Request, found: Any) -> Response:
    if "filter" in request.query_params:
        raise NotAllowed("These can't be filtered.")  # as RFC 7644 has it, section 4
    return _listed(list(found), len(found), 1)


def _one_of(found: Any, name: str) -> Response:
    for one in found:
        if one["id"].lower() == name.lower():
            return ScimJson(one)
    raise NotFound("There is no such resource.")
