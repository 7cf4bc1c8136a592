"""Whoever is named in a deed is somebody: a mistyped id is refused by every route, and nothing is done."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hubbub.core.people import OPERATOR
from hubbub.web.policies import POLICIES
from tests.cli.commands import run
from tests.web.test_audit import audited, operator
from tests.web.test_signing_in import accounts_in, browser, member, serving, told

NAMING = {"subject", "subjects", "shared_with", "person_id", "taker_id"}
"""The fields of bodies that name somebody."""
GHOST = "p0123456789abcdef012345678"
NOBODY = (GHOST, "ghost", "invited@example.org", "b0123")
ENDS = ("DELETE /api/operators/readings/{person_id}", "DELETE /api/people/{person_id}/hold")
"""Say that there is no such thing, of somebody or of nobody."""


def acts(person_id: str, ids: Mapping[str, str]) -> dict[str, tuple[str, Any]]:
    """Return a path and a body for each route by which something is done to a person, or given to them."""
    grants = {"grants": [{"subject": f"person:{person_id}", "right": "use"}]}
    member = f"/api/groups/{ids['group']}/members/{person_id}"
    return {
        "PATCH /api/people/{person_id}": (f"/api/people/{person_id}", {"is_active": True}),
        "POST /api/people/{person_id}/reset": (f"/api/people/{person_id}/reset", None),
        "POST /api/people/{person_id}/export": (f"/api/people/{person_id}/export", None),
        "POST /api/people/{person_id}/erasure": (f"/api/people/{person_id}/erasure", {"confirm": person_id}),
        "GET /api/people/{person_id}/handover": (f"/api/people/{person_id}/handover", None),
        "POST /api/people/{person_id}/handover": (f"/api/people/{ids['person']}/handover", {"taker_id": person_id}),
        "PUT /api/people/{person_id}/hold": (f"/api/people/{person_id}/hold", {"reason": "Case 1"}),
        "DELETE /api/people/{person_id}/hold": (f"/api/people/{person_id}/hold", None),
        "POST /api/operators/readings": ("/api/operators/readings", {"person_id": person_id, "reason": "Case 1"}),
        "DELETE /api/operators/readings/{person_id}": (f"/api/operators/readings/{person_id}", None),
        "PUT /api/operators/quotas": (
            "/api/operators/quotas",
            {"scope": "person", "subject": person_id, "bounds": ["50 questions per day"]},
        ),
        "PUT /api/groups/{group_id}/members/{person_id}": (member, {}),
        "DELETE /api/groups/{group_id}/members/{person_id}": (member, None),
        "PUT /api/collections/{collection_id}/grants": (f"/api/collections/{ids['collection']}/grants", grants),
        "PUT /api/prompts/{prompt_id}/grants": (f"/api/prompts/{ids['prompt']}/grants", grants),
        "PUT /api/assistants/{assistant_id}/grants": (f"/api/assistants/{ids['assistant']}/grants", grants),
        "PATCH /api/documents/{document_id}": (
            f"/api/documents/{ids['document']}",
            {"shared_with": [f"person:{person_id}"]},
        ),
        "POST /api/chats/{chat_id}/links": (
            f"/api/chats/{ids['chat']}/links",
            {"audience": "some", "subjects": [f"person:{person_id}"]},
        ),
    }


async def sent(http: aiohttp.ClientSession, route: str, path: str, body: Any) -> tuple[int, dict[str, Any]]:
    async with http.request(route.partition(" ")[0], path, json=body) as response:
        text = await response.text()
        return response.status, json.loads(text) if text else {}


async def things_of(http: aiohttp.ClientSession) -> dict[str, str]:
    """Make a thing of each kind that can be given."""
    _, me = await sent(http, "GET", "/api/me", None)
    made: dict[str, str] = {"person": me["person"]["id"]}
    for name, path, body in (
        ("group", "/api/groups", {"name": "Readers"}),
        ("collection", "/api/collections", {"name": "Leave"}),
        ("prompt", "/api/prompts", {"name": "Leave", "text": "Say leave."}),
        ("assistant", "/api/assistants", {"name": "Leave", "instructions": "Say leave."}),
    ):
        _, told = await sent(http, "POST", path, body)
        made[name] = told["id"]
    async with http.put(f"/api/collections/{made['collection']}/documents/leave.txt", data=b"Leave.") as response:
        made["document"] = (await told_id(response))["id"]
    _, asked = await sent(http, "POST", "/api/questions", {"text": "Leave?", "model": "scripted"})
    return made | {"chat": asked["chat"]["id"]}


async def told_id(response: aiohttp.ClientResponse) -> dict[str, Any]:
    said = await told(response)
    return said.get("document", said)


def fields_of(schema: Any, whole: Mapping[str, Any], seen: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yield the names of all fields in a schema."""
    if isinstance(schema, list):
        for one in schema:
            yield from fields_of(one, whole, seen)
    elif isinstance(schema, dict):
        where = schema.get("$ref", "")
        if where and where not in seen:
            yield from fields_of(whole["components"]["schemas"][where.rpartition("/")[2]], whole, seen | {where})
        yield from schema.get("properties", {})
        for one in schema.values():
            yield from fields_of(one, whole, seen)


async def naming_routes(http: aiohttp.ClientSession) -> set[str]:
    """Return the routes that name somebody in their path or body and do something; providers' are apart."""
    async with http.get("/api/openapi.json") as response:
        whole = await told(response)
    found = {route for route in POLICIES if "{person_id}" in route and "/scim/" not in route}
    for path, methods in whole["paths"].items():
        for method, described in methods.items():
            if NAMING & set(fields_of(described.get("requestBody", {}), whole)):
                found.add(f"{method.upper()} {path}")
    return found


async def test_every_route_that_names_a_person_refuses_what_names_nobody(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, browser(server) as root, browser(server) as ada:
        await operator(server, tmp_path, root)
        ada_id = await member(server, tmp_path, ada, "ada@example.org")
        async with accounts_in(tmp_path) as (accounts, _):
            await accounts.invite(OPERATOR, "invited@example.org")
        ids = await things_of(root)
        assert await naming_routes(root) == set(acts(GHOST, ids)), "say here how the others name somebody"
        before = len(await audited(root))
        for nobody in NOBODY:
            for route, (path, body) in acts(nobody, ids).items():
                status, said = await sent(root, route, path, body)
                assert status == 404, (route, nobody, status, said)
                if route not in (*ENDS, "PATCH /api/people/{person_id}", "POST /api/people/{person_id}/reset"):
                    assert said["code"] == "nobody_named", (route, said)
                    assert nobody in said["detail"]
        of_ghost = [(one["deed"], one["outcome"]) for one in (await audited(root))[before:] if GHOST in str(one)]
        assert not [one for one in of_ghost if one[1] == "done"]
        for route, (path, body) in acts(ada_id, ids).items():
            if "erasure" not in route:
                status, said = await sent(root, route, path, body)
                assert status < 300 or (route in ENDS and status == 404), (route, status, said)


async def test_who_is_gone_stays_on_a_list_and_can_be_taken_off_it(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, browser(server) as root, browser(server) as ada:
        await operator(server, tmp_path, root)
        ada_id = await member(server, tmp_path, ada, "ada@example.org")
        ids = await things_of(root)
        path, body = acts(ada_id, ids)["PUT /api/collections/{collection_id}/grants"]
        assert (await sent(root, "PUT", path, body))[0] == 200
        async with accounts_in(tmp_path) as (_, people):
            await people.forget_person(ada_id)  # type: ignore[attr-defined]
        assert (await sent(root, "PUT", path, body))[0] == 200, "who was named before may still be named"
        assert (await sent(root, "PUT", path, {"grants": []}))[0] == 200
        assert (await sent(root, "PUT", path, body))[0] == 404


async def test_it_is_not_told_who_has_an_e_mail(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, browser(server) as root, browser(server) as ada, browser(server) as eve:
        await operator(server, tmp_path, root)
        for http, email in ((ada, "ada@example.org"), (eve, "eve@example.org")):
            await member(server, tmp_path, http, email)
        _, made = await sent(ada, "POST", "/api/collections", {"name": "Leave"})
        told = []
        for email in ("eve@example.org", "ivy@example.org"):
            body = {"grants": [{"subject": f"person:{email}", "right": "use"}]}
            status, said = await sent(ada, "PUT", f"/api/collections/{made['id']}/grants", body)
            told.append((status, said["code"], said["detail"].replace(email, "")))
        assert told[0] == told[1]
        assert told[0][:2] == (404, "nobody_named")


@pytest.mark.parametrize("command", ["share", "members", "hold", "erase", "export"])
def test_the_command_line_refuses_the_same(tmp_path: Path, command: str) -> None:
    folder, on = tmp_path / "data", {"HUBBUB_IDENTITY__ACCOUNTS__IS_ENABLED": "true"}
    words: dict[str, tuple[str, ...]] = {
        "share": ("collections", "share", "Guide", "--with", f"person:{GHOST}"),
        "members": ("groups", "members", "Readers", "--add", GHOST),
        "hold": ("people", "hold", GHOST, "--reason", "Case 1"),
        "erase": ("people", "erase", GHOST, "--yes"),
        "export": ("people", "export", GHOST, "--to", str(tmp_path / "x.zip")),
    }
    assert run(folder, "groups", "add", "Readers", variables=on)[0] == 0
    if command == "share":
        (tmp_path / "leave.txt").write_text("Leave.")
        assert run(folder, "ingest", str(tmp_path / "leave.txt"), "--collection", "Guide", variables=on)[0] == 0
    code, _, err = run(folder, *words[command], variables=on)
    assert code == 1, err
    assert GHOST in err
    assert "Nobody here is called" in err
