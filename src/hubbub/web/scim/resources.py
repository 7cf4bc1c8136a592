"""Write people and groups as SCIM's resources, read them from those, and leave out what was not asked for."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from hubbub.core.provisioned_groups import ProvisionedGroup, WantedGroups
from hubbub.identity.provisioned import Email, Provisioned, Said, Wanted
from hubbub.web.scim.attributes import GROUPS, USERS, Shape, within
from hubbub.web.scim.errors import BadRequest
from hubbub.web.scim.jsons import Resource, list_in, object_in
from hubbub.web.scim.paths import Term, terms_of

LIST_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
MOST_EMAILS = 20
_ALWAYS = ("schemas", "id")
_TEXTS = {"userName": "user_name", "externalId": "external_id", "displayName": "display_name"}
_NAMES = {"formatted": "formatted", "givenName": "given_name", "familyName": "family_name"}


def said_in(resource: Resource) -> Said:
    """Return what a user's resource says of a person.

    Raises:
        BadRequest: it has no userName, or too many e-mail addresses.
    """
    name: Mapping[str, str] = resource.get("name", {})
    emails = [one for one in resource.get("emails", ()) if one.get("value")]
    if not resource.get("userName"):
        raise BadRequest("invalid_value", "userName is needed.")
    if len(emails) > MOST_EMAILS:
        raise BadRequest("invalid_value", f"At most {MOST_EMAILS} e-mail addresses can be kept.")
    texts = {field: resource.get(key, "") for key, field in _TEXTS.items()}
    texts |= {field: name.get(key, "") for key, field in _NAMES.items()}
    return Said(**texts, emails=tuple(msgspec.convert(one, Email) for one in emails))


def active_in(resource: Resource, *, default: bool | None = None) -> bool:
    """Return whether a user's resource says that the person is let in.

    Raises:
        BadRequest: it doesn't say.
    """
    found = resource.get("active", default)
    if found is None:
        raise BadRequest("invalid_value", "active can't be taken away. Set it to true or false.")
    return bool(found)


def written(person: Provisioned) -> Resource:
    """Return what can be changed of a person, as a resource."""
    said = person.said
    name = {key: text for key, field in _NAMES.items() if (text := getattr(said, field))}
    emails = [
        {"value": one.value, "primary": one.primary}
        | ({"type": one.type} if one.type else {})
        | ({"display": one.display} if one.display else {})
        for one in said.emails
    ]
    found = {key: text for key, field in _TEXTS.items() if (text := getattr(said, field))}
    more = ({"name": name} if name else {}) | ({"emails": emails} if emails else {})
    return found | more | {"active": person.is_active}


def read(person: Provisioned, resource: Resource) -> Provisioned:
    """Return a person as a resource says that they are."""
    return replace(person, said=said_in(resource), is_active=active_in(resource))


def written_group(group: ProvisionedGroup) -> Resource:
    """Return what can be changed of a group, as a resource."""
    external = {"externalId": group.external_id} if group.external_id else {}
    members = {"members": [{"value": one} for one in group.members]} if group.members else {}
    return {"displayName": group.name} | external | members


def read_group(group: ProvisionedGroup, resource: Resource) -> ProvisionedGroup:
    """Return a group as a resource says that it is.

    Raises:
        BadRequest: it has no name, or a group is in it.
    """
    if not (name := resource.get("displayName")):
        raise BadRequest("invalid_value", "displayName is needed.")
    members: Sequence[Mapping[str, str]] = resource.get("members", ())
    if any(one.get("type", "User").lower() != "user" for one in members):
        raise BadRequest("invalid_value", "Only users can be members: groups in groups are not kept.")
    ids = tuple(sorted({one["value"] for one in members if one.get("value")}))
    return replace(group, name=name, external_id=resource.get("externalId", ""), members=ids)


def user_of(person: Provisioned, base: str) -> Resource:
    """Return a person as a whole resource."""
    return _whole(USERS, person.id, written(person), person.created_at, person.changed_at, f"{base}/Users/{person.id}")


def group_of(group: ProvisionedGroup, base: str, *, is_whole: bool = True) -> Resource:
    """Return a group as a resource; one whose members were not read has no version."""
    resource = written_group(group)
    for one in resource.get("members", ()):
        one |= {"type": "User", "$ref": f"{base}/Users/{one['value']}"}
    found = _whole(GROUPS, group.id, resource, group.created_at, group.changed_at, f"{base}/Groups/{group.id}")
    if not is_whole:
        del found["meta"]["version"]
    return found


def _whole(
    shape: Shape, resource_id: str, resource: Resource, created_at: float, changed_at: float, location: str
) -> Resource:
    digest = hashlib.sha256(msgspec.json.encode(resource)).hexdigest()[:16]
    meta = {
        "resourceType": shape.name,
        "created": _time(created_at),
        "lastModified": _time(changed_at),
        "location": location,
        "version": f'W/"{digest}"',
    }
    return {"schemas": [shape.schema], "id": resource_id, **resource, "meta": meta}


def shown(shape: Shape, resource: Resource, attributes: Sequence[str], excluded: Sequence[str]) -> Resource:
    """Return a resource with the attributes that are asked for alone, or without those that are not wanted."""
    if attributes:
        return _kept(resource, [_named(shape, resource, name) for name in attributes])
    if not excluded:
        return resource
    found = dict(resource)
    for name in excluded:
        key, inner = _named(shape, found, name)
        if key is None or key in _ALWAYS:
            continue
        if not inner:
            del found[key]
        else:
            found[key] = _with_parts(found[key], lambda part, inner=inner: part.lower() != inner)
    return found


def _kept(resource: Resource, names: Sequence[tuple[str | None, str]]) -> Resource:
    whole = {*_ALWAYS, *(key for key, inner in names if not inner)}
    found: Resource = {}
    for key, value in resource.items():
        parts = {inner for name, inner in names if name == key}
        if key in whole:
            found[key] = value
        elif parts:
            found[key] = _with_parts(value, lambda part, parts=parts: part.lower() in parts)
    return found


def _with_parts(value: Any, is_kept: Callable[[str], bool]) -> Any:
    """Return a value, or each item of a list, with these attributes inside alone."""
    if (items := list_in(value)) is not None:
        return [_with_parts(one, is_kept) for one in items]
    parts = object_in(value)
    return value if parts is None else {name: part for name, part in parts.items() if is_kept(name)}


def _named(shape: Shape, resource: Resource, name: str) -> tuple[str | None, str]:
    outer, _, inner = (within(shape, name.strip()) or "").lower().partition(".")
    return next((key for key in resource if key.lower() == outer), None), inner


def wanted_users(text: str) -> Wanted:
    """Return which users a filter asks for.

    Raises:
        BadRequest: it asks for something that is not looked for here.
    """
    names = {"id": "id", "username": "user_name", "externalid": "external_id", "displayname": "display_name"}
    return Wanted(**_asked(USERS, text, names))


def wanted_groups(text: str) -> WantedGroups:
    """Return which groups a filter asks for.

    Raises:
        BadRequest: it asks for something that is not looked for here.
    """
    names = {"id": "id", "displayname": "name", "externalid": "external_id"}
    return WantedGroups(**_asked(GROUPS, text, names | {"members": "member", "members.value": "member"}))


def _asked(shape: Shape, text: str, names: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for term in terms_of(text) if text.strip() else ():
        field = names.get((within(shape, term.name) or "").lower())
        if field is None or not isinstance(term.value, str):
            raise _not_looked_for(term, names)
        if found.setdefault(field, term.value) != term.value:
            raise BadRequest("invalid_filter", f"Nothing has two values of {term.name}.")
    return found


def _not_looked_for(term: Term, names: Mapping[str, str]) -> BadRequest:
    return BadRequest(
        "invalid_filter", f"Nothing is looked for by {term.name[:100]} here, but by these: {', '.join(names)}."
    )


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
