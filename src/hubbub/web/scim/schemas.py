"""Describe what is understood of SCIM here: RFC 7643, sections 5 to 7."""

from collections.abc import Sequence
from typing import Any

from hubbub.web.scim.attributes import GROUPS, USERS, Attribute, Shape

MOST_LISTED = 200
LISTED = 100
_TYPES = {"text": "string", "boolean": "boolean", "complex": "complex", "list": "complex"}


def provider_config(base: str) -> dict[str, Any]:
    """Return what the server can do."""
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": {"supported": True},
        "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": True, "maxResults": MOST_LISTED},
        "changePassword": {"supported": False},
        "sort": {"supported": False},
        "etag": {"supported": True},
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "Bearer token",
                "description": "The token of SCIM that is set for the provider.",
                "primary": True,
            }
        ],
        "meta": {"resourceType": "ServiceProviderConfig", "location": f"{base}/ServiceProviderConfig"},
    }


def resource_types(base: str) -> Sequence[dict[str, Any]]:
    """Return the kinds of resources."""
    return [
        {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
            "id": shape.name,
            "name": shape.name,
            "endpoint": f"/{shape.name}s",
            "description": description,
            "schema": shape.schema,
            "meta": {"resourceType": "ResourceType", "location": f"{base}/ResourceTypes/{shape.name}"},
        }
        for shape, description in ((USERS, "People."), (GROUPS, "Groups of people, which can be given rights."))
    ]


def schemas(base: str) -> Sequence[dict[str, Any]]:
    """Return the schemas of the resources, with the attributes that are kept."""
    return [
        {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
            "id": shape.schema,
            "name": shape.name,
            "description": f"{shape.name}s, as far as they are kept.",
            "attributes": [_described(one, shape) for one in shape.attributes.values() if one.name != "externalId"],
            "meta": {"resourceType": "Schema", "location": f"{base}/Schemas/{shape.schema}"},
        }
        for shape in (USERS, GROUPS)
    ]


def _described(attribute: Attribute, shape: Shape) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": attribute.name,
        "type": _TYPES[attribute.kind],
        "multiValued": attribute.kind == "list",
        "description": attribute.description,
        "required": attribute.is_required,
        "mutability": "immutable" if attribute.is_fixed else "readWrite",
        "returned": "default",
    }
    if attribute.kind == "text":
        is_unique = attribute is shape.attributes.get("username") or (
            shape is GROUPS and attribute is shape.attributes["displayname"]
        )
        found |= {"caseExact": attribute.is_exact, "uniqueness": "server" if is_unique else "none"}
    if attribute.parts:
        found["subAttributes"] = [_described(one, shape) for one in attribute.parts.values()]
    return found
