"""SCIM over HTTP against servers that run, on both databases: as Entra ID and Okta provision people and groups."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
import pytest_asyncio

from hubbub.compose.identity import identity_faults
from hubbub.settings import Settings
from hubbub.web.policies import POLICIES, PROVISIONER
from tests.patience import SOON_SECONDS, patience
from tests.servers.hubbub_server import HubbubServer, hubbub_serving, scripted
from tests.servers.issuer import Issuer
from tests.servers.postgres_server import new_database, template

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("scim")]

AT = "HUBBUB_IDENTITY__OIDC__"
TOKENS = {"house": "the-token-of-the-house-000000000000", "other": "another-token-of-another-one-00000"}
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
SCIM = {"Content-Type": "application/scim+json; charset=utf-8"}
NUMBERS = itertools.count(1)


@dataclass
class Served:
    """A server, the providers that people sign in at, and their provisioning services."""

    server: HubbubServer
    issuers: Mapping[str, Issuer]
    clients: Mapping[str, aiohttp.ClientSession]

    @property
    def house(self) -> "Client":
        return Client(self.clients["house"])

    @property
    def other(self) -> "Client":
        return Client(self.clients["other"])

    @asynccontextmanager
    async def browser(self) -> AsyncIterator[aiohttp.ClientSession]:
        async with aiohttp.ClientSession(self.server.url, cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
            yield http

    async def sign_in(self, http: aiohttp.ClientSession, provider: str = "house", **claims: Any) -> tuple[int, str]:
        self.issuers[provider].claims = claims
        async with http.get(f"/api/sign-in/oidc/{provider}", params={"back": "/api/me"}) as response:
            return response.status, await response.text()

    async def signed_in(self, http: aiohttp.ClientSession, provider: str = "house", **claims: Any) -> dict[str, Any]:
        """Sign in, and return who that is."""
        status, text = await self.sign_in(http, provider, **claims)
        assert status == 200, text
        async with http.get("/api/me") as response:
            return (await response.json())["person"]


class Client:
    """A provisioning service."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self._http = http

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, Any]]:
        """Return status and body."""
        more = {} if body is None else {"json": body}
        sent = {**({} if body is None else SCIM), **{name.replace("_", "-"): value for name, value in headers.items()}}
        async with self._http.request(method, f"/scim/v2{path}", headers=sent, **more) as response:
            text = await response.read()
            if text:
                assert response.content_type == "application/scim+json", text
            found = await response.json(content_type=None) if text else {}
            if response.status >= 400:
                assert found["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
                assert found["status"] == str(response.status)
                assert found["detail"]
            return response.status, found

    async def good(self, method: str, path: str, body: Any = None, status: int = 200, **headers: str) -> dict[str, Any]:
        got, found = await self.ask(method, path, body, **headers)
        assert got == status, found
        return found

    async def refused(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
        """Return the status, and SCIM's name of the error."""
        status, found = await self.ask(method, path, body, **headers)
        assert status >= 400
        return status, found.get("scimType", "")

    async def patch(self, path: str, *operations: Any, status: int = 200) -> dict[str, Any]:
        return await self.good("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)}, status)

    async def add(self, name: str, **more: Any) -> dict[str, Any]:
        body = {"schemas": [USER], "userName": f"{name}@example.org", "externalId": name, "active": True} | more
        return await self.good("POST", "/Users", body, 201)

    async def add_group(self, name: str, *members: str) -> dict[str, Any]:
        body = {"schemas": [GROUP], "displayName": name, "members": [{"value": one} for one in members]}
        return await self.good("POST", "/Groups", body, 201)


def op(op: str, path: str | None = None, value: Any = None) -> dict[str, Any]:
    return {"op": op} | ({"path": path} if path else {}) | ({} if value is None else {"value": value})


@asynccontextmanager
async def serving(folder: Path, issuers: Mapping[str, Issuer], **more: str) -> AsyncIterator[Served]:
    wanted = scripted(words=2000, pause_seconds=0.02) | more
    for name, issuer in issuers.items():
        at = f"{AT}{name.upper()}__"
        wanted |= {at + "ISSUER": issuer.url, at + "CLIENT_ID": "hubbub", at + "CLIENT_SECRET": "s3cret"}
        wanted |= {at + "SCIM__TOKEN": TOKENS[name]}
    wanted |= {f"{AT}HOUSE__OPERATOR_GROUPS": '["operators"]', f"{AT}OTHER__SCIM__KNOWN_BY": "userName"}
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(hubbub_serving(folder, wanted))
        clients = {
            name: await stack.enter_async_context(
                aiohttp.ClientSession(server.url, headers={"Authorization": f"Bearer {TOKENS[name]}"})
            )
            for name in issuers
        }
        yield Served(server, issuers, clients)


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["sqlite", "postgres"])
async def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    async with AsyncExitStack() as stack:
        more: dict[str, str] = {}
        if request.param == "postgres":
            address: str = request.getfixturevalue("postgres_server")
            url = await stack.enter_async_context(new_database(address, await template(address)))
            more = {"HUBBUB_DATABASE__URL": url, "HUBBUB_DATABASE__CONNECTIONS": "3"}
        issuers = {name: await stack.enter_async_context(Issuer()) for name in TOKENS}
        folder = tmp_path_factory.mktemp("scim")
        yield await stack.enter_async_context(serving(folder, issuers, **more))


def new_name(start: str = "ada") -> str:
    return f"{start}{next(NUMBERS)}"


async def operator(served: Served, http: aiohttp.ClientSession) -> None:
    """Let a browser be the operator's; there is one alone."""
    person = await served.signed_in(http, sub="root", name="Root", groups=["operators"])
    assert person["is_operator"]


async def deeds(http: aiohttp.ClientSession, what: str) -> list[tuple[str, str, str]]:
    """Return who did what to somebody or something, and what came of it; the newest first."""
    async with http.get("/api/operators/audit", params={"what": what, "limit": "200"}) as response:
        found = (await response.json())["lines"]
    return [(one["who"], one["deed"], one["outcome"]) for one in found if one["what"] == what]


async def test_entra_provisions_a_person_as_it_does(served: Served) -> None:
    """The requests are those that Microsoft documents for its provisioning service."""
    scim, name = served.house, new_name()
    mail = f"{name}@example.org"
    none = await scim.good("GET", '/Users?filter=userName+eq+"6d5f5f8e-7a5c-4b5e-9d3b-1f0e2a4c6b8d"')
    assert none == {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": 0,
        "startIndex": 1,
        "itemsPerPage": 0,
        "Resources": [],
    }
    body = {
        "schemas": [USER, ENTERPRISE],
        "externalId": name,
        "userName": mail,
        "active": True,
        "displayName": "Ada L",
        "emails": [{"primary": True, "type": "work", "value": mail}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": "Ada Lovelace", "familyName": "Lovelace", "givenName": "Ada"},
        "title": "Countess",
        "roles": [],
        ENTERPRISE: {"department": "Engines"},
    }
    made = await scim.good("POST", "/Users", body, 201)
    at = f"/Users/{made['id']}"
    kept = {key: body[key] for key in ("externalId", "userName", "active", "displayName", "emails", "name")}
    assert {key: made[key] for key in kept} == kept
    assert made["schemas"] == [USER]
    assert made["meta"]["location"] == f"{served.server.url.rstrip('/')}/scim/v2{at}"
    assert made["meta"]["resourceType"] == "User"
    assert await scim.good("GET", at) == made
    found = await scim.good("GET", f'/Users?filter=userName+eq+"{mail.upper()}"')
    assert (found["totalResults"], found["Resources"]) == (1, [made])
    await scim.patch(at, op("Replace", "displayName", "Ada King"), op("Add", "title", "Lady"))
    await scim.patch(
        at, op("Replace", 'emails[type eq "work"].value', f"new-{mail}"), op("Replace", "name.givenName", "A.")
    )
    changed = await scim.patch(at, op("Replace", "userName", f"new-{mail}"))
    assert (changed["userName"], changed["displayName"]) == (f"new-{mail}", "Ada King")
    assert (changed["emails"][0]["value"], changed["name"]["givenName"]) == (f"new-{mail}", "A.")
    assert (await scim.patch(at, op("Replace", "active", "False")))["active"] is False
    assert (await scim.good("GET", at))["active"] is False
    assert (await scim.patch(at, op("Replace", "active", "True")))["active"] is True
    await scim.good("DELETE", at, None, 204)
    assert await scim.refused("GET", at) == (404, "")
    assert await scim.refused("DELETE", at) == (404, "")
    assert (await scim.good("GET", f'/Users?filter=externalId+eq+"{name}"'))["totalResults"] == 0
    async with served.browser() as ada:
        assert (await served.sign_in(ada, sub=name))[0] == 403, "who was removed is not let in"
    assert (await scim.good("POST", "/Users", body, 201))["id"] == made["id"], "the same person comes back"
    async with served.browser() as ada:
        assert (await served.signed_in(ada, sub=name))["id"] == made["id"]


async def test_okta_provisions_a_person_as_it_does(served: Served) -> None:
    """The requests are those that Okta documents for SCIM 2.0. It is told to know people by userName."""
    scim, name = served.other, new_name("isaac")
    mail = f"{name}@example.org"
    await scim.good("GET", "/Users?startIndex=1&count=2")
    assert (await scim.good("GET", f"/Users?filter=userName%20eq%20%22{mail}%22&startIndex=1&count=100"))[
        "Resources"
    ] == []
    body = {
        "schemas": [USER],
        "userName": mail,
        "name": {"givenName": "Isaac", "familyName": "Newton"},
        "emails": [{"primary": True, "value": mail, "type": "work"}],
        "displayName": "Isaac Newton",
        "locale": "en-US",
        "externalId": "00u1",
        "groups": [],
        "password": "1mz050nq",
        "active": True,
    }
    made = await scim.good("POST", "/Users", body, 201)
    at = f"/Users/{made['id']}"
    assert "1mz050nq" not in str(made)
    whole = made | {"name": {"givenName": "Sir Isaac", "familyName": "Newton"}, "displayName": "Sir Isaac Newton"}
    put = await scim.good("PUT", at, whole)
    assert (put["name"], put["externalId"]) == (whole["name"], "00u1")
    del whole["externalId"], whole["active"]
    put = await scim.good("PUT", at, whole)
    assert (put["externalId"], put["active"]) == ("00u1", True), "what is not said of these stays"
    gone = await scim.good("PATCH", at, {"schemas": [PATCH], "Operations": [op("replace", None, {"active": False})]})
    assert gone["active"] is False
    async with served.browser() as http:
        assert (await served.sign_in(http, "other", sub=mail))[0] == 403
        await scim.good("PATCH", at, {"schemas": [PATCH], "Operations": [op("replace", None, {"active": True})]})
        assert (await served.signed_in(http, "other", sub=mail))["id"] == made["id"]
    assert await served.house.refused("GET", at) == (404, ""), "another provider's people are not there"


async def test_who_signed_in_before_is_the_same_person_and_keeps_everything(served: Served) -> None:
    name = new_name("early")
    async with served.browser() as http:
        person = await served.signed_in(http, sub=name, name="Early", email=f"{name}@example.org", email_verified=True)
        async with http.post("/api/questions", json={"text": "Hello"}) as response:
            chat = (await response.json())["chat"]["id"]
        made = await served.house.add(name, emails=[{"value": f"{name}@example.org"}])
        assert made["id"] == person["id"]
        await served.house.patch(f"/Users/{made['id']}", op("replace", "active", False))
        async with http.get("/api/chats") as response:
            assert response.status == 401
        await served.house.patch(f"/Users/{made['id']}", op("replace", "active", True))
        await served.signed_in(http, sub=name)
        async with http.get(f"/api/chats/{chat}") as response:
            assert response.status == 200


async def test_who_is_not_active_any_more_is_cut_off_within_a_second(served: Served) -> None:
    name = new_name("ada")
    made = await served.house.add(name)
    async with served.browser() as ada:
        assert (await served.signed_in(ada, sub=name))["id"] == made["id"]
        async with ada.post("/api/me/keys", json={"name": "Mine"}) as response:
            key = (await response.json())["key"]
        async with ada.post("/api/questions", json={"text": "Go on"}) as response:
            answer = (await response.json())["answer"]["id"]
        async with ada.get(f"/api/answers/{answer}/events") as stream:
            await stream.content.readany()
            began = time.monotonic()
            await served.house.patch(f"/Users/{made['id']}", op("Replace", "active", "False"))
            async with patience():
                while await stream.content.readany():
                    pass
            assert time.monotonic() - began < SOON_SECONDS
        async with ada.get("/api/chats") as response:
            assert response.status == 401
        assert (await served.sign_in(ada, sub=name))[0] == 403
    headers = {"Authorization": f"Bearer {key}"}
    async with aiohttp.request("GET", f"{served.server.url}/api/chats", headers=headers) as response:
        assert response.status == 401


@pytest.mark.parametrize("letter", ["x", "\u0390", "営"])  # of one, three and three letters without case: 1 to 6 bytes
async def test_a_group_may_have_a_long_name(served: Served, letter: str) -> None:
    """Entra ID lets it have 256 characters, Okta 255."""
    scim, name = served.house, new_name("Team ").ljust(256, letter)
    group = await scim.add_group(name)
    assert group["displayName"] == name
    found = await scim.good("GET", f"/Groups?filter=displayName%20eq%20%22{quote(name)}%22")
    assert [one["id"] for one in found["Resources"]] == [group["id"]]
    renamed = name[:-1] + "!"
    await scim.patch(f"/Groups/{group['id']}", op("replace", "displayName", renamed), status=204)
    async with served.browser() as root:
        await operator(served, root)
        listed, after = list[str](), ""
        while after is not None:
            query = {"limit": "1"} | ({"after": after} if after else {})
            async with root.get("/api/groups", params=query) as response:
                assert response.status == 200, await response.text()
                page = await response.json()
            listed += [one["name"] for one in page["groups"]]
            after = page["next"]
    assert renamed in listed


async def test_groups_are_such_that_rights_are_given_to(served: Served) -> None:
    scim, ada, eve = served.house, new_name("ada"), new_name("eve")
    ids = {name: (await scim.add(name))["id"] for name in (ada, eve)}
    group = await scim.add_group(new_name("Team "), ids[ada])
    at = f"/Groups/{group['id']}"
    assert [one["value"] for one in group["members"]] == [ids[ada]]
    async with served.browser() as root, served.browser() as ada_at, served.browser() as eve_at:
        await operator(served, root)
        async with root.post("/api/collections", json={"name": new_name("Plans ")}) as response:
            plans = (await response.json())["id"]
        grants = {"grants": [{"subject": f"group:{group['id']}", "right": "use"}]}
        async with root.put(f"/api/collections/{plans}/grants", json=grants) as response:
            assert response.status == 200, await response.text()

        async def sees(http: aiohttp.ClientSession) -> bool:
            async with http.get(f"/api/collections/{plans}/documents") as response:
                assert response.status in (200, 404)
                return response.status == 200

        await served.signed_in(ada_at, sub=ada)
        await served.signed_in(eve_at, sub=eve)
        assert (await sees(ada_at), await sees(eve_at)) == (True, False)
        await scim.patch(at, op("Add", "members", [{"value": ids[eve]}]), status=204)  # Entra ID
        assert (await sees(ada_at), await sees(eve_at)) == (True, True)
        await scim.patch(at, op("Remove", "members", [{"value": ids[ada]}]), status=204)  # Entra ID
        assert (await sees(ada_at), await sees(eve_at)) == (False, True)
        await scim.patch(at, op("remove", f'members[value eq "{ids[eve]}"]'), status=204)  # Okta
        assert (await sees(ada_at), await sees(eve_at)) == (False, False)
        renamed = {"id": group["id"], "displayName": new_name("Crew ")}
        await scim.patch(at, op("replace", None, renamed), op("replace", "members", [{"value": ids[ada]}]), status=204)
        shown = await scim.good("GET", at)
        assert (shown["displayName"], [one["value"] for one in shown["members"]]) == (
            renamed["displayName"],
            [ids[ada]],
        )
        asked = f'/Groups?filter=displayName+eq+"{renamed["displayName"].lower()}"'
        found = await scim.good("GET", f"{asked}&excludedAttributes=members")
        assert found["totalResults"] == 1
        assert "members" not in found["Resources"][0]
        entra = f'/Groups?filter=id+eq+"{group["id"]}"+and+members+eq+"{{}}"&attributes=id'
        assert (await scim.good("GET", entra.format(ids[ada])))["totalResults"] == 1
        assert (await scim.good("GET", entra.format(ids[eve])))["totalResults"] == 0
        assert await served.other.refused("GET", at) == (404, ""), "another provider's groups are not there"
        await scim.good("DELETE", f"/Users/{ids[ada]}", None, 204)
        assert "members" not in await scim.good("GET", at), "who is removed is in no group any more"
        assert (await scim.add(ada))["id"] == ids[ada]
        await served.signed_in(ada_at, sub=ada)
        assert await sees(ada_at) is False
        await scim.good("PUT", at, {"schemas": [GROUP], "displayName": "X" + renamed["displayName"], "members": []})
        await scim.good("DELETE", at, None, 204)
        assert await scim.refused("GET", at) == (404, "")
        async with root.get(f"/api/collections/{plans}/grants") as response:
            assert (await response.json())["grants"] == [], "what the group was given went with it"
        recorded = await deeds(root, group["id"])
        assert {who for who, _, _ in recorded} == {"scim:house"}
        assert [deed for _, deed, _ in recorded] == [
            "group deleted",
            *["provisioned group changed"] * 5,
            "group provisioned",
        ]


async def test_a_groups_quota_follows_another_name_and_goes_with_the_group(served: Served) -> None:
    scim = served.house
    group = await scim.add_group(new_name("Team "))
    at, renamed = f"/Groups/{group['id']}", new_name("Crew ")
    async with served.browser() as root:
        await operator(served, root)
        quota = {"scope": "group", "subject": group["displayName"], "bounds": ["9 questions per day"]}
        async with root.put("/api/operators/quotas", json=quota) as response:
            assert response.status == 204, await response.text()

        async def names() -> dict[str, str]:
            async with root.get("/api/operators/quotas") as response:
                return {one["subject"]: one["name"] for one in (await response.json())["quotas"]}

        assert await names() == {f"group:{group['id']}": group["displayName"]}
        await scim.patch(at, op("replace", "displayName", renamed), status=204)
        assert await names() == {f"group:{group['id']}": renamed}
        await scim.good("DELETE", at, None, 204)
        assert await names() == {}


async def test_every_deed_is_recorded_as_the_providers(served: Served) -> None:
    made = await served.house.add(name := new_name())
    at = f"/Users/{made['id']}"
    await served.house.patch(at, op("replace", "displayName", "Ada"))
    await served.house.patch(at, op("replace", "displayName", "Ada"))  # nothing new: not recorded
    await served.house.patch(at, op("replace", "active", False))
    await served.house.good("DELETE", at, None, 204)
    await served.house.add(name)
    async with served.browser() as root:
        await operator(served, root)
        recorded = await deeds(root, made["id"])
    assert recorded == [
        ("scim:house", deed, "done")
        for deed in (
            "person provisioned",
            "provisioned person removed",
            "taken out of provisioned groups",
            "disabled",
            "provisioned person changed",
            "person provisioned",
        )
    ]


async def test_the_last_operator_stays(served: Served) -> None:
    async with served.browser() as root:
        await operator(served, root)
        made = await served.house.add("root")
        at = f"/Users/{made['id']}"
        disabling = {"schemas": [PATCH], "Operations": [op("Replace", "active", "False")]}
        for method, body in (("PATCH", disabling), ("PUT", made | {"active": False}), ("DELETE", None)):
            status, told = await served.house.ask(method, at, body)
            assert status == 409, method
            assert "only operator" in told["detail"]
        both = {"schemas": [PATCH], "Operations": [op("replace", "displayName", "Not so"), *disabling["Operations"]]}
        assert await served.house.refused("PATCH", at, both) == (409, "")
        assert "displayName" not in await served.house.good("GET", at), "all of it is done, or nothing"
        async with root.get("/api/operators/server") as response:
            assert response.status == 200
        await served.house.good("PATCH", at, {"schemas": [PATCH], "Operations": [op("replace", "title", "x")]})


async def test_nobody_has_what_is_somebody_elses(served: Served) -> None:
    scim, ada, eve = served.house, new_name("ada"), new_name("eve")
    first = await scim.add(ada, emails=[{"value": f"{ada}@example.org"}])
    second = await scim.add(eve)
    for more in (
        {"userName": f"{eve}@example.org", "externalId": ada},
        {"userName": f"{ada.upper()}@EXAMPLE.org", "externalId": "x"},
        {"userName": "x", "externalId": "x", "emails": [{"value": f"{ada}@Example.org"}]},
    ):
        assert await scim.refused("POST", "/Users", {"schemas": [USER]} | more) == (409, "uniqueness"), more
    at = f"/Users/{second['id']}"
    for path, value in (
        ("userName", f"{ada}@example.org"),
        ("externalId", ada),
        ("emails", [{"value": f"{ada}@example.org"}]),
    ):
        body = {"schemas": [PATCH], "Operations": [op("replace", path, value)]}
        assert await scim.refused("PATCH", at, body) == (409, "uniqueness"), path
    assert await scim.good("GET", at) == second
    assert await scim.good("GET", f"/Users/{first['id']}") == first
    group = await scim.add_group(new_name("Team "))
    other = {"schemas": [GROUP], "displayName": group["displayName"].upper()}
    assert await scim.refused("POST", "/Groups", other) == (409, "uniqueness")
    assert await served.other.refused("POST", "/Groups", other) == (409, "uniqueness")


async def test_who_has_the_email_by_another_way_is_not_taken_over(served: Served) -> None:
    name = new_name("eve")
    async with served.browser() as http:
        await served.signed_in(http, "other", sub=name, email=f"{name}@example.org", email_verified=True)
    body = {"schemas": [USER], "userName": name, "externalId": name, "emails": [{"value": f"{name}@example.org"}]}
    status, told = await served.house.ask("POST", "/Users", body)
    assert (status, told["scimType"]) == (409, "uniqueness")
    assert "e-mail" in told["detail"]


async def test_an_external_id_that_changes_is_what_the_person_is_known_by_from_then_on(served: Served) -> None:
    before, after = new_name("before"), new_name("after")
    made = await served.house.add(before)
    await served.house.patch(f"/Users/{made['id']}", op("replace", "externalId", after))
    async with served.browser() as http:
        assert (await served.signed_in(http, sub=after))["id"] == made["id"]
        assert (await served.signed_in(http, sub=before))["id"] != made["id"]


LONG = {"schemas": [GROUP], "displayName": "x" * 257}
REFUSED: dict[str, tuple[str, str, Any, tuple[int, str]]] = {
    "no userName": ("POST", "/Users", {"schemas": [USER], "externalId": "x"}, (400, "invalidValue")),
    "no externalId": ("POST", "/Users", {"schemas": [USER], "userName": "x"}, (400, "invalidValue")),
    "another schema": ("POST", "/Users", {"schemas": [GROUP], "userName": "x"}, (400, "invalidValue")),
    "no object": ("POST", "/Users", [], (400, "invalidSyntax")),
    "a group without a name": ("POST", "/Groups", {"schemas": [GROUP]}, (400, "invalidValue")),
    "a name that is too long": (
        "POST",
        "/Groups",
        {"schemas": [GROUP], "displayName": "x" * 257},
        (400, "invalidValue"),
    ),
    "a member who is not there": (
        "POST",
        "/Groups",
        {"schemas": [GROUP], "displayName": "x", "members": [{"value": "p1"}]},
        (400, "invalidValue"),
    ),
    "a group in a group": (
        "POST",
        "/Groups",
        {"schemas": [GROUP], "displayName": "x", "members": [{"value": "p1", "type": "Group"}]},
        (400, "invalidValue"),
    ),
    "a filter": ("GET", '/Users?filter=userName+sw+"a"', None, (400, "invalidFilter")),
    "a filter of groups": ("GET", '/Groups?filter=userName+eq+"a"', None, (400, "invalidFilter")),
    "a count": ("GET", "/Users?count=many", None, (400, "invalidValue")),
    "nobody": ("GET", "/Users/p1", None, (404, "")),
    "nobody's change": ("PATCH", "/Users/p1", {"Operations": [op("replace", "active", False)]}, (404, "")),
    "nobody whole": ("PUT", "/Users/p1", {"schemas": [USER], "userName": "x", "externalId": "y"}, (404, "")),
    "no group": ("PATCH", "/Groups/g1", {"Operations": [op("add", "members", [])]}, (404, "")),
    "no group to delete": ("DELETE", "/Groups/g1", None, (404, "")),
    "no schema": ("GET", "/Schemas/x", None, (404, "")),
    "many at once": ("POST", "/Bulk", {"Operations": []}, (404, "")),
    "no such method": ("DELETE", "/Users", None, (405, "")),
    "a filter of schemas": ("GET", "/Schemas?filter=id+eq+1", None, (403, "")),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_cant_be_done_is_refused_and_says_why(served: Served, case: str) -> None:
    method, path, body, expected = REFUSED[case]
    assert await served.house.refused(method, path, body) == expected


async def test_pages_follow_each_other(served: Served) -> None:
    scim = served.other
    ids = [(await scim.add(new_name("page")))["id"] for _ in range(3)]
    total = (await scim.good("GET", "/Users?count=0"))["totalResults"]
    pages = [
        await scim.good("GET", f"/Users?startIndex={place}&count=1&attributes=id") for place in range(1, total + 1)
    ]
    assert [page["startIndex"] for page in pages] == list(range(1, total + 1))
    seen = [one["id"] for page in pages for one in page["Resources"]]
    assert (seen[-3:], len(set(seen))) == (ids, total)
    assert (await scim.good("GET", f"/Users?startIndex={total + 1}"))["Resources"] == []
    assert len((await scim.good("GET", "/Users?startIndex=-4&count=1"))["Resources"]) == 1
    assert (await scim.good("GET", "/Users?count=-1"))["Resources"] == []
    assert set((await scim.good("GET", "/Users?count=1&attributes=userName"))["Resources"][0]) == {
        *("schemas", "id", "userName")
    }


async def test_what_changed_meanwhile_is_not_overwritten(served: Served) -> None:
    made = await served.house.add(new_name())
    at, version = f"/Users/{made['id']}", made["meta"]["version"]
    assert await served.house.ask("GET", at, if_none_match=version) == (304, {})
    body = {"Operations": [op("replace", "displayName", "Ada")]}
    changed = await served.house.good("PATCH", at, body, if_match=version)
    assert changed["meta"]["version"] != version
    for method, sent in (("PATCH", body), ("PUT", made), ("DELETE", None)):
        assert await served.house.refused(method, at, sent, if_match=version) == (412, "")
    await served.house.good("PATCH", at, body, if_match="*")
    assert (await served.house.ask("GET", at, if_none_match=version))[0] == 200


async def test_two_changes_at_once_are_both_done(served: Served) -> None:
    ids = [(await served.house.add(new_name("many")))["id"] for _ in range(8)]
    group = await served.house.add_group(new_name("Many "))
    at = f"/Groups/{group['id']}"
    async with asyncio.TaskGroup() as adding:
        for one in ids:
            adding.create_task(served.house.patch(at, op("Add", "members", [{"value": one}]), status=204))
    assert {one["value"] for one in (await served.house.good("GET", at))["members"]} == set(ids)


async def test_the_server_says_what_it_understands(served: Served) -> None:
    config = await served.house.good("GET", "/ServiceProviderConfig")
    supported = {
        name: config[name]["supported"] for name in ("patch", "bulk", "filter", "changePassword", "sort", "etag")
    }
    assert supported == {name: name in ("patch", "filter", "etag") for name in supported}
    assert config["authenticationSchemes"][0]["type"] == "oauthbearertoken"
    types = await served.house.good("GET", "/ResourceTypes")
    assert [one["endpoint"] for one in types["Resources"]] == ["/Users", "/Groups"]
    assert await served.house.good("GET", "/ResourceTypes/User") == types["Resources"][0]
    found = await served.house.good("GET", "/Schemas")
    assert [one["id"] for one in found["Resources"]] == [USER, GROUP]
    assert await served.house.good("GET", f"/Schemas/{USER}") == found["Resources"][0]
    described = {one["name"]: one for one in found["Resources"][0]["attributes"]}
    assert described["userName"]["required"] is True
    assert described["userName"]["uniqueness"] == "server"


def filled(path: str) -> str:
    for name in ("person_id", "group_id"):
        path = path.replace(f"{{{name}}}", "p1")
    return path.replace("{name}", "User")


PROVISIONING = [route.split(" ") for route, policy in POLICIES.items() if policy == PROVISIONER]


async def test_nobody_else_reaches_it(served: Served) -> None:
    """No guest, no person, no operator, no key of theirs, no token of a provider, and no token that is nearly right."""
    token = TOKENS["house"]
    async with served.browser() as root:
        await operator(served, root)
        async with root.post("/api/me/keys", json={"name": new_name("Mine ")}) as response:
            key = (await response.json())["key"]
        tokens = [key, token[:-1], token + "0", token.upper(), "", served.issuers["house"].token(sub="root"), "é"]
        headers = [{"Authorization": f"Bearer {one}"} for one in tokens]
        headers += [{}, {"Authorization": f"Basic {token}"}, {"Authorization": token}, {"Cookie": f"token={token}"}]
        for method, path in PROVISIONING:
            assert path.startswith("/scim/v2/")
            for sent in headers:
                async with root.request(method, filled(path), headers=sent) as response:
                    assert response.status == 401, (method, path, sent)
                    assert response.headers["www-authenticate"] == "Bearer"
                    assert response.content_type == "application/scim+json"
        async with root.get("/api/operators/audit", params={"deed": "scim"}) as response:
            refused = [one for one in (await response.json())["lines"] if one["deed"] == "scim"]
    assert refused
    assert {one["outcome"] for one in refused} == {"refused"}


async def test_its_token_opens_nothing_else(served: Served) -> None:
    http = served.clients["house"]
    closed = [route.split(" ") for route, policy in POLICIES.items() if policy.who not in ("open", "provisioner")]
    assert len(closed) > 100
    for method, path in closed:
        async with http.request(method, path.replace("{", "").replace("}", "").replace(":path", "")) as response:
            assert response.status in (401, 404, 415, 422), (method, path)
            assert response.status == 401 or path in ("/metrics", "/operators", "/operators/usage"), (method, path)


async def test_without_a_token_in_the_settings_it_is_not_there(tmp_path: Path) -> None:
    async with hubbub_serving(tmp_path, scripted() | {"HUBBUB_IDENTITY__ACCOUNTS__IS_ENABLED": "true"}) as server:
        headers = {"Authorization": "Bearer "}
        async with aiohttp.ClientSession(server.url, headers=headers) as http:
            for method, path in PROVISIONING:
                async with http.request(method, filled(path)) as response:
                    assert response.status == 404


def settings_with(**scims: Any) -> Settings:
    oidc = {name: {"issuer": "https://id.example", "client_id": "hubbub", "scim": scim} for name, scim in scims.items()}
    return Settings.model_validate({"identity": {"oidc": oidc}})


@pytest.mark.asyncio(loop_scope="function")
async def test_settings_that_would_let_in_too_many_are_refused() -> None:
    good = "x" * 32
    assert identity_faults(settings_with(one={"token": good}, two={"token": good + "y"})) == []
    [fault] = identity_faults(settings_with(one={"token": good}, two={"token": good}))
    assert "one and two" in fault
    for wrong in ("x" * 31, "hb-" + good, good + " ", "ä" * 32):
        with pytest.raises(ValueError, match="scim"):
            settings_with(one={"token": wrong})


async def test_who_is_erased_is_not_there_any_more_and_may_be_added_anew(served: Served) -> None:
    made = await served.house.add(name := new_name())
    async with served.browser() as root:
        await operator(served, root)
        confirmed = {"confirm": made["id"]}
        async with root.post(f"/api/people/{made['id']}/erasure", json=confirmed) as response:
            assert response.status == 202, await response.text()
    async with patience():
        while (await served.house.ask("GET", f"/Users/{made['id']}"))[0] != 404:
            await asyncio.sleep(0.05)
    assert (await served.house.add(name))["id"] != made["id"]


async def test_who_was_provisioned_can_be_named_before_they_sign_in_and_after_they_were_removed(served: Served) -> None:
    async with served.browser() as root:
        await operator(served, root)
        ada = await served.house.add(new_name())
        async with root.post("/api/collections", json={"name": new_name("Leave")}) as response:
            collection_id = (await response.json())["id"]
        async with root.post("/api/groups", json={"name": new_name("Readers")}) as response:
            group_id = (await response.json())["id"]
        grants = {"grants": [{"subject": f"person:{ada['id']}", "right": "use"}]}
        for method, path, body in (
            ("PUT", f"/api/collections/{collection_id}/grants", grants),
            ("PUT", f"/api/groups/{group_id}/members/{ada['id']}", {}),
            ("PUT", f"/api/people/{ada['id']}/hold", {"reason": "Case 1"}),
        ):
            async with root.request(method, path, json=body) as response:
                assert response.status < 300, (path, await response.text())
        await served.house.good("DELETE", f"/Users/{ada['id']}", status=204)
        async with root.delete(f"/api/people/{ada['id']}/hold") as response:
            assert response.status == 204
        async with root.post(f"/api/people/{ada['id']}/erasure", json={"confirm": ada["id"]}) as response:
            assert response.status == 202, await response.text()
