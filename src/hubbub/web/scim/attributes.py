"""List the attributes of users and groups that are kept, and find them by the names that clients give them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from hubbub.core.readable import is_readable
from hubbub.web.scim.errors import BadRequest
from hubbub.web.scim.jsons import Resource, list_in, object_in

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
_URN = "urn:"
TEXT_CHARACTERS = 256

Kind: TypeAlias = Literal["text", "boolean", "complex", "list"]


@dataclass(frozen=True)
class Attribute:
    """An attribute, as RFC 7643 has it."""

    name: str
    kind: Kind = "text"
    parts: Mapping[str, "Attribute"] = field(default_factory=dict[str, "Attribute"])
    """The attributes inside it, by their names in lower case."""
    description: str = ""
    is_required: bool = False
    is_exact: bool = False
    """Whether case counts."""
    is_fixed: bool = False
    """Whether it can't be changed once it is there."""


@dataclass(frozen=True)
class Shape:
    """A kind of resource: its schema, and the attributes that are kept of it."""

    schema: str
    name: str
    attributes: Mapping[str, Attribute]
    ignored: frozenset[str]
    """Those of its schema that nothing here uses, in lower case: clients may send them."""
    read_only: frozenset[str] = frozenset({"id", "meta", "schemas"})


def _by_name(*attributes: Attribute) -> Mapping[str, Attribute]:
    return {one.name.lower(): one for one in attributes}


USERS = Shape(
    USER,
    "User",
    _by_name(
        Attribute("userName", description="The name by which the provider finds the person.", is_required=True),
        Attribute("externalId", description="The provider's own id of the person.", is_exact=True),
        Attribute("displayName", description="What the person is called."),
        Attribute(
            "name",
            "complex",
            _by_name(
                Attribute("formatted", description="The whole name."),
                Attribute("givenName", description="The first name."),
                Attribute("familyName", description="The last name."),
            ),
            description="The parts of the name.",
        ),
        Attribute(
            "emails",
            "list",
            _by_name(
                Attribute("value", description="The address.", is_required=True),
                Attribute("type", description='Such as "work".'),
                Attribute("primary", "boolean", description="Whether it is the one to write to."),
                Attribute("display", description="How it is shown."),
            ),
            description="E-mail addresses.",
        ),
        Attribute("active", "boolean", description="Whether the person is let in."),
    ),
    frozenset(
        {
            *("nickname", "profileurl", "title", "usertype", "preferredlanguage", "locale", "timezone", "password"),
            *("phonenumbers", "ims", "photos", "addresses", "entitlements", "roles", "x509certificates"),
        }
    ),
    frozenset({"id", "meta", "schemas", "groups"}),
)
GROUPS = Shape(
    GROUP,
    "Group",
    _by_name(
        Attribute("displayName", description="The group's name, which is no other one's.", is_required=True),
        Attribute("externalId", description="The provider's own id of the group.", is_exact=True),
        Attribute(
            "members",
            "list",
            _by_name(
                Attribute("value", description="A user's id.", is_required=True, is_exact=True, is_fixed=True),
                Attribute("display", description="Not kept.", is_fixed=True),
                Attribute("type", description='"User"; groups in groups are refused.', is_fixed=True),
                Attribute("$ref", description="The user's address.", is_fixed=True),
            ),
            description="The people in the group.",
        ),
    ),
    frozenset(),
)
_IN_NAMES = {"honorificprefix", "honorificsuffix", "middlename"}


def within(shape: Shape, name: str) -> str | None:
    """Return an attribute's name without the schema before it; None: it is one of an extension."""
    if not name.lower().startswith(_URN):
        return name
    start = f"{shape.schema}:"
    return name[len(start) :] if name.lower().startswith(start.lower()) else None


def text_in(name: str, value: object) -> str:
    """Return a value that has to be a text.

    Raises:
        BadRequest: it is none, is too long, or some of it can't be seen.
    """
    if not isinstance(value, str) or len(value) > TEXT_CHARACTERS or not is_readable(value):
        raise BadRequest(
            "invalid_value", f"{name} has to be a text of at most {TEXT_CHARACTERS} characters, all of them to be seen."
        )
    return value.strip()


def boolean_in(name: str, value: object) -> bool:
    """Return a value that has to be true or false; Entra ID sends these as texts, too.

    Raises:
        BadRequest: it is neither.
    """
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise BadRequest("invalid_value", f"{name} has to be true or false.")
    return value


def value_of(attribute: Attribute, value: object, *, where: str = "") -> Any:
    """Return a value as an attribute takes it, with the names as the schema writes them; None: it has none.

    Raises:
        BadRequest: it can't be one of this attribute.
    """
    name = f"{where}{attribute.name}"
    if value is None:
        return None
    match attribute.kind:
        case "text":
            return text_in(name, value) or None
        case "boolean":
            return boolean_in(name, value)
        case "complex":
            return parts_of(attribute, value, where=name) or None
        case "list":
            return items_of(attribute, value, where=name) or None


def parts_of(attribute: Attribute, value: object, *, where: str) -> Resource:
    """Return the attributes inside a value.

    Raises:
        BadRequest: it has none, or one of them can't be used.
    """
    if (parts := object_in(value)) is None:
        raise BadRequest("invalid_value", f"{where} has to be an object.")
    found: Resource = {}
    for key, one in parts.items():
        part = attribute.parts.get(key.lower())
        if part is not None and (known := value_of(part, one, where=f"{where}.")) is not None:
            found[part.name] = known
    return found


def items_of(attribute: Attribute, value: object, *, where: str) -> list[Resource]:
    """Return the items of a list; one that is no list is its only item, and a text is an item's value.

    Raises:
        BadRequest: an item has no value.
    """
    items: list[Resource] = []
    seen: dict[str, Resource] = {}
    found = list_in(value)
    for one in [value] if found is None else found:
        item = parts_of(attribute, {"value": one} if isinstance(one, str) else one, where=where)
        if "value" not in item:
            raise BadRequest("invalid_value", f"Each of {where} needs a value.")
        if (same := seen.get(item["value"])) is not None:
            same.update(item)
            continue
        seen[item["value"]] = item
        items.append(item)
    return items


def resource_of(shape: Shape, body: object) -> Resource:
    """Return what a body says of a resource, as far as that is kept.

    Raises:
        BadRequest: it is no resource of this kind, or can't be used.
    """
    if (said := object_in(body)) is None:
        raise BadRequest("malformed", "The body has to be a JSON object.")
    found: Resource = {}
    for key, value in said.items():
        if key.lower() == "schemas":
            _check_schemas(shape, value)
            continue
        name = within(shape, key)
        attribute = shape.attributes.get(name.lower()) if name is not None else None
        if attribute is not None and (known := value_of(attribute, value)) is not None:
            found[attribute.name] = known
    return found


def _check_schemas(shape: Shape, value: object) -> None:
    names = [one.lower() for one in list_in(value) or () if isinstance(one, str)]
    if shape.schema.lower() not in names:
        raise BadRequest("invalid_value", f"schemas has to hold {shape.schema}.")


def is_ignored_part(attribute: Attribute, part: str) -> bool:
    """Tell whether an attribute inside another one is of the schema, but not kept."""
    return attribute.name == "name" and part.lower() in _IN_NAMES
