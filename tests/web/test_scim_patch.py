"""PATCH, filters and shown attributes of SCIM: as RFC 7644 has them, and as Entra ID and Okta send them."""

from typing import Any

import pytest

from hubbub.core.provisioned_groups import WantedGroups
from hubbub.identity.provisioned import Wanted
from hubbub.web.scim.attributes import GROUPS, USERS, resource_of
from hubbub.web.scim.errors import BadRequest
from hubbub.web.scim.patch import patch_of
from hubbub.web.scim.resources import shown, wanted_groups, wanted_users

ADA = {
    "userName": "ada@example.org",
    "externalId": "1",
    "displayName": "Ada",
    "name": {"givenName": "Ada", "familyName": "Lovelace"},
    "emails": [{"value": "ada@example.org", "type": "work", "primary": True}, {"value": "a@home.example"}],
    "active": True,
}
TEAM = {"displayName": "Team", "members": [{"value": "p1"}, {"value": "p2"}]}
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
CORE = "urn:ietf:params:scim:schemas:core:2.0:User"


def patched(shape: Any, resource: dict[str, Any], *operations: Any) -> dict[str, Any]:
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": list(operations)}
    before = repr(resource)
    changed = patch_of(shape, "p1", body)(resource)
    assert repr(resource) == before, "the resource itself is not touched"
    return changed


def op(op: str, path: str | None = None, *value: Any) -> dict[str, Any]:
    return {"op": op} | ({"path": path} if path is not None else {}) | ({"value": value[0]} if value else {})


WORK = {"value": "ada@example.org", "type": "work", "primary": True}
HOME = {"value": "a@home.example"}
USER_PATCHES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "Entra disables": (op("Replace", "active", "False"), {"active": False}),
    "Entra enables": (op("Replace", "active", "True"), {"active": True}),
    "Okta disables": (op("replace", None, {"active": False}), {"active": False}),
    "a text": (op("Replace", "displayName", "Ada L"), {"displayName": "Ada L"}),
    "any case of a name": (op("replace", "DISPLAYNAME", "Ada L"), {"displayName": "Ada L"}),
    "the schema before it": (op("replace", f"{CORE}:displayName", "Ada L"), {"displayName": "Ada L"}),
    "inside": (op("Replace", "name.givenName", "A."), {"name": {"givenName": "A.", "familyName": "Lovelace"}}),
    "a complex one is merged": (
        op("replace", "name", {"givenName": "A."}),
        {"name": ADA["name"] | {"givenName": "A."}},
    ),  # type: ignore[operator]
    "Entra's dotted keys": (
        op("Replace", None, {"name.givenName": "A.", "name.familyName": "L.", "displayName": "A. L."}),
        {"name": {"givenName": "A.", "familyName": "L."}, "displayName": "A. L."},
    ),
    "Entra's paths as keys": (
        op("Add", None, {'emails[type eq "work"].value': "new@example.org", f"{ENTERPRISE}:department": "Engines"}),
        {"emails": [WORK | {"value": "new@example.org"}, HOME]},
    ),
    "one item's part": (
        op("Replace", 'emails[type eq "work"].value', "new@example.org"),
        {"emails": [WORK | {"value": "new@example.org"}, HOME]},
    ),
    "an item that is not there is added": (
        op("Add", 'emails[type eq "other"].value', "o@example.org"),
        {"emails": [WORK, HOME, {"type": "other", "value": "o@example.org"}]},
    ),
    "a list is added to": (
        op("add", "emails", [{"value": "b@example.org"}]),
        {"emails": [WORK, HOME, {"value": "b@example.org"}]},
    ),
    "what is there is not added again": (op("add", "emails", [HOME]), {}),
    "one primary": (
        op("add", "emails", [{"value": "b@example.org", "primary": True}]),
        {"emails": [WORK | {"primary": False}, HOME, {"value": "b@example.org", "primary": True}]},
    ),
    "a list is replaced": (
        op("replace", "emails", [{"value": "b@example.org"}]),
        {"emails": [{"value": "b@example.org"}]},
    ),
    "an item is removed": (op("remove", 'emails[type eq "work"]'), {"emails": [HOME]}),
    "by what is primary": (op("remove", "emails[primary eq true]"), {"emails": [HOME]}),
    "a text of true means it, too": (op("remove", 'emails[primary eq "True"]'), {"emails": [HOME]}),
    "what is not kept": (op("Replace", 'phoneNumbers[type eq "mobile"].value', "1"), {}),
    "an extension": (op("Add", f"{ENTERPRISE}:manager", "p2"), {}),
    "a title": (op("Add", "title", "Countess"), {}),
    "its own id": (op("replace", None, {"id": "p1", "displayName": "A"}), {"displayName": "A"}),
    "a part of the name that is not kept": (op("Add", "name.middleName", "K."), {}),
}


@pytest.mark.parametrize("case", USER_PATCHES)
def test_a_user_is_changed(case: str) -> None:
    operation, changes = USER_PATCHES[case]
    assert patched(USERS, ADA, operation) == ADA | changes


def test_a_removed_attribute_is_gone() -> None:
    for operation in (
        op("Remove", "displayName"),
        op("Replace", "displayName", None),
        op("replace", "displayName", ""),
    ):
        assert "displayName" not in patched(USERS, ADA, operation)
    assert patched(USERS, ADA, op("remove", "name.givenName"))["name"] == {"familyName": "Lovelace"}
    assert patched(USERS, ADA, op("remove", 'emails[type eq "none"]')) == ADA


GROUP_PATCHES: dict[str, tuple[list[Any], list[str]]] = {
    "Entra adds": ([op("Add", "members", [{"value": "p3"}])], ["p1", "p2", "p3"]),
    "Entra adds one that is no list": ([op("Add", "members", {"value": "p3"})], ["p1", "p2", "p3"]),
    "one that is there": ([op("add", "members", [{"value": "p1"}])], ["p1", "p2"]),
    "Entra removes by the value": ([op("Remove", "members", [{"value": "p2"}])], ["p1"]),
    "Okta removes by the path": ([op("remove", 'members[value eq "p2"]')], ["p1"]),
    "all": ([op("remove", "members")], []),
    "all are replaced": ([op("replace", "members", [{"value": "p9"}])], ["p9"]),
    "Okta without a path": ([op("replace", None, {"members": [{"value": "p9"}]})], ["p9"]),
    "by nothing": ([op("replace", "members", [])], []),
    "several in a row": (
        [op("Remove", "members", [{"value": "p1"}]), op("Add", "members", [{"value": "p4"}])],
        ["p2", "p4"],
    ),
    "ids are exact": ([op("remove", 'members[value eq "P2"]')], ["p1", "p2"]),
}


@pytest.mark.parametrize("case", GROUP_PATCHES)
def test_a_group_is_changed(case: str) -> None:
    operations, members = GROUP_PATCHES[case]
    changed = patched(GROUPS, TEAM, *operations)
    assert [one["value"] for one in changed.get("members", [])] == members
    assert changed["displayName"] == "Team"


def test_okta_renames_a_group() -> None:
    assert patched(GROUPS, TEAM, op("replace", None, {"id": "p1", "displayName": "Crew"})) == TEAM | {
        "displayName": "Crew"
    }


REFUSED: dict[str, tuple[Any, str]] = {
    "no op": ({"path": "active", "value": True}, "invalid_value"),
    "another op": (op("move", "active", True), "invalid_value"),
    "a path that is none": (op("replace", "emails[", "x"), "invalid_path"),
    "an unknown attribute": (op("replace", "shoeSize", 42), "invalid_path"),
    "an unknown one inside": (op("replace", "emails.colour", "red"), "invalid_path"),
    "a filter where there is no list": (op("replace", 'name[givenName eq "x"]', "x"), "invalid_path"),
    "a filter that is not understood": (op("replace", 'emails[type co "w"].value', "x"), "invalid_filter"),
    "a filter by what is not there": (op("replace", 'emails[colour eq "w"].value', "x"), "invalid_filter"),
    "nothing is meant": (op("replace", 'emails[type eq "none"].value', "x@example.org"), "no_target"),
    "remove without a path": (op("remove"), "no_target"),
    "no value": (op("replace", "displayName"), "invalid_value"),
    "neither true nor false": (op("replace", "active", "maybe"), "invalid_value"),
    "a number for a text": (op("replace", "displayName", 4), "invalid_value"),
    "too long": (op("replace", "displayName", "x" * 257), "invalid_value"),
    "a zero byte": (op("replace", "displayName", "a\0b"), "invalid_value"),
    "the id": (op("replace", "id", "p2"), "mutability"),
    "the id, without a path": (op("replace", None, {"id": "p2"}), "mutability"),
    "meta": (op("replace", "meta.version", "x"), "mutability"),
    "no object without a path": (op("add", None, "x"), "invalid_value"),
    "an e-mail without a value": (op("add", "emails", [{"type": "work"}]), "invalid_value"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_change_is_refused_and_says_why(case: str) -> None:
    operation, code = REFUSED[case]
    with pytest.raises(BadRequest) as refused:
        patched(USERS, ADA, op("replace", "displayName", "not kept"), operation)
    assert refused.value.code == code


@pytest.mark.parametrize("body", [None, [], {}, {"Operations": []}, {"Operations": {}}, {"Operations": ["x"]}])
def test_what_is_no_patch_is_refused(body: Any) -> None:
    with pytest.raises(BadRequest) as refused:
        patch_of(USERS, "p1", body)
    assert refused.value.code == "malformed"


FILTERS = {
    "": Wanted(),
    'userName eq "ada@example.org"': Wanted(user_name="ada@example.org"),
    'USERNAME EQ "Ada"': Wanted(user_name="Ada"),
    f'{CORE}:userName eq "ada"': Wanted(user_name="ada"),
    'externalId eq "1" and displayName eq "A and B"': Wanted(external_id="1", display_name="A and B"),
    r'userName eq "a\"b\\c"': Wanted(user_name=r'a"b\c'),
    'id eq "p1"': Wanted(id="p1"),
}


@pytest.mark.parametrize("text", FILTERS)
def test_a_filter_is_understood(text: str) -> None:
    assert wanted_users(text) == FILTERS[text]


def test_groups_are_looked_for_by_member_too() -> None:
    text = 'id eq "g1" and members eq "p1"'  # as Entra ID asks whether somebody is in one
    assert wanted_groups(text) == WantedGroups(id="g1", member="p1")
    assert wanted_groups('members.value eq "p1" and displayName eq "T"') == WantedGroups(member="p1", name="T")


@pytest.mark.parametrize(
    "text",
    [
        *('userName co "a"', 'userName eq "a" or userName eq "b"', 'not (userName eq "a")', 'title eq "x"'),
        *("userName pr", "userName", "userName eq", 'userName eq "a', 'userName eq "a" and', "active eq true", "eq"),
        *('userName eq "a" externalId eq "b"', '(userName eq "a")', 'emails[type eq "work"]', "userName eq 4", "\0"),
        'userName eq "a" and userName eq "b"',
        " and ".join(['userName eq "a"'] * 6),
        f'userName eq "{"x" * 2000}"',
    ],
)
def test_another_filter_is_refused(text: str) -> None:
    with pytest.raises(BadRequest) as refused:
        wanted_users(text)
    assert refused.value.code == "invalid_filter"


WHOLE = {"schemas": [CORE], "id": "p1", **ADA, "meta": {"version": "1"}}


def test_only_what_is_asked_for_is_shown() -> None:
    def keys(attributes: str = "", excluded: str = "") -> Any:
        return shown(USERS, WHOLE, [a for a in attributes.split(",") if a], [e for e in excluded.split(",") if e])

    assert keys() == WHOLE
    assert list(keys("userName")) == ["schemas", "id", "userName"]
    assert keys("id,USERNAME") == keys(f"{CORE}:userName")
    assert keys("name.givenName")["name"] == {"givenName": "Ada"}
    assert keys("name.givenName,name.familyName")["name"] == ADA["name"]
    assert keys("emails.value,emails.type")["emails"][0] == {"value": "ada@example.org", "type": "work"}
    assert list(keys("nothing")) == ["schemas", "id"]
    assert list(keys(excluded="emails,name,id,schemas,meta")) == [
        *("schemas", "id", "userName", "externalId", "displayName", "active")
    ]
    assert keys(excluded="name.givenName")["name"] == {"familyName": "Lovelace"}


def test_a_resource_is_read_by_names_of_any_case_and_without_what_is_not_kept() -> None:
    body = {
        "schemas": [CORE, ENTERPRISE],
        "USERNAME": "ada",
        "Active": "true",
        "title": "Countess",
        "password": "secret",
        ENTERPRISE: {"department": "Engines"},
        "emails": {"Value": "ada@example.org", "colour": "red"},
        "nothing": None,
    }
    assert resource_of(USERS, body) == {"userName": "ada", "active": True, "emails": [{"value": "ada@example.org"}]}
    for wrong in ({"schemas": []}, {"schemas": "x"}, {"schemas": [CORE + "s"]}, {"name": "Ada"}, {"emails": [4]}):
        with pytest.raises(BadRequest):
            resource_of(USERS, wrong)
