"""API keys that people make for themselves: against servers that run, and every route of the API."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hubbub.compose import open_keys
from hubbub.compose.databases import chats_in
from hubbub.connections.sqlite import Connection
from hubbub.core.people import OPERATOR, Limits
from hubbub.core.scopes import SCOPES as ALL_SCOPES
from hubbub.identity.keys import digest_of, new_key
from hubbub.settings import Settings
from hubbub.web.policies import POLICIES, SCOPES, WITHOUT_SCOPE
from tests.patience import PATIENCE_SECONDS, SOON_SECONDS, patience
from tests.servers.hubbub_server import HubbubServer, hubbub_serving, scripted
from tests.servers.reader import ask
from tests.web.application import Hubbub
from tests.web.test_authorisation import BODIES, IDS_IN_PATHS, OPEN_TO_ALL, WAYS_IN, filled, routes, schema_of_body
from tests.web.test_signing_in import ON, accounts_in, browser, member, status_of, told

MODELS = scripted(words=1500, pause_seconds=0.02) | scripted("other", words=3, pause_seconds=0.0)


@asynccontextmanager
async def serving(folder: Path, **more: str) -> AsyncIterator[HubbubServer]:
    async with hubbub_serving(folder, MODELS | ON | more) as server:
        yield server


async def make(http: aiohttp.ClientSession, **what: Any) -> tuple[int, dict[str, Any]]:
    async with http.post("/api/me/keys", json={"name": "reports"} | what) as response:
        return response.status, await told(response)


@asynccontextmanager
async def program(server: HubbubServer, secret: str) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(server.url, headers={"Authorization": f"Bearer {secret}"}) as http:
        yield http


async def get(http: aiohttp.ClientSession, path: str) -> dict[str, Any]:
    async with http.get(path) as response:
        assert response.status == 200, (path, await response.text())
        return await told(response)


async def post(http: aiohttp.ClientSession, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    async with http.post(path, json=body) as response:
        return response.status, await told(response)


async def test_a_key_is_made_shown_once_listed_and_revoked_by_its_person_alone(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, browser(server) as ada, browser(server) as eve:
        ada_id = await member(server, tmp_path, ada, "ada@example.org")
        await member(server, tmp_path, eve, "eve@example.org")
        later = time.time() + 1000
        status, made = await make(ada, scopes=["chat:read", "search"], expires_at=later)
        assert status == 201
        assert (made["key"]["scopes"], made["key"]["expires_at"]) == (["chat:read", "search"], later)
        assert await make(eve, scopes=["search"]) != (409, made), "each person has names of their own"
        assert (await make(ada))[0] == 409
        listed = await get(ada, "/api/me/keys")
        assert [one["id"] for one in listed["keys"]] == [made["key"]["id"]]
        assert made["secret"] not in str(listed)
        async with chats_in(tmp_path) as database:
            everything = await database.read(Connection.all, "select * from api_key")
        assert made["secret"].rpartition("-")[2] not in str(everything)

        async with program(server, made["secret"]) as reports:
            me = (await get(reports, "/api/me"))["person"]
            assert (me["id"], me["is_signed_in"], me["is_operator"]) == (ada_id, False, False)
            for path, method in (("/api/me/keys", "GET"), ("/api/me/keys", "POST"), ("/api/sign-ins", "GET")):
                assert await status_of(reports, path, method) in (401, 403), "a key makes no keys"
            key_path = f"/api/me/keys/{made['key']['id']}"
            assert await status_of(eve, key_path, "DELETE") == 404
            assert await status_of(reports, "/api/chats") == 200
            assert await status_of(ada, key_path, "DELETE") == 204
            async with patience():
                while await status_of(reports, "/api/chats") != 401:
                    await asyncio.sleep(0.02)
        assert (await get(ada, "/api/me/keys"))["keys"] == []
        assert (await make(ada))[0] == 201, "the name is free again"
        for wrong in ({"scopes": []}, {"scopes": ["all"]}, {"expires_at": 1.0}, {"name": " "}, {"name": "a\nb"}):
            assert (await make(ada, **wrong))[0] == 422, wrong
        for nothing in ({"name": "x", "models": ["none"]}, {"name": "x", "collections": ["none"]}):
            assert (await make(ada, **nothing))[0] == 404, nothing


async def test_a_key_has_a_quota_that_its_person_has_not(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, browser(server) as ada:
        await member(server, tmp_path, ada, "ada@example.org")
        for wrong in (["2 a day"], ["many questions per day"], ["1 questions per week"], ["1 questions per day"] * 13):
            status, refused = await make(ada, quota=wrong)
            assert status == 422, (wrong, refused)
        quota = ["3 questions per day", "1000000 tokens per month"]
        _, made = await make(ada, quota=quota)
        assert made["key"]["quota"] == quota
        assert [one["quota"] for one in (await get(ada, "/api/me/keys"))["keys"]] == [quota]
        async with program(server, made["secret"]) as reports:
            body = {"text": "Hello", "model": "other"}
            at_once = await asyncio.gather(*(post(reports, "/api/questions", body) for _ in range(8)))
            assert sorted(status for status, _ in at_once) == [202] * 3 + [429] * 5
            refused = next(said for status, said in at_once if status == 429)
            assert "quota of this API key is used up: 3 questions per day" in refused["detail"]
            said = {"model": "other", "messages": [{"role": "user", "content": "Hello"}]}
            assert (await post(reports, "/v1/chat/completions", said))[0] == 429
            [bound] = [one for one in (await get(reports, "/api/usage"))["bounds"] if one["measure"] == "questions"]
            assert (bound["used"], bound["limit"]) == (3, 3)
        assert (await post(ada, "/api/questions", body))[0] == 202
        _, other = await make(ada, name="other", quota=["1 questions per day"])
    async with serving(tmp_path) as server, program(server, made["secret"]) as reports:
        assert (await post(reports, "/api/questions", body))[0] == 429, "it is counted across a restart"
        async with program(server, other["secret"]) as fresh:
            assert (await post(fresh, "/api/questions", body))[0] == 202, "each key has its own"


async def test_a_revoked_key_ends_its_open_stream_within_a_second_and_leaves_its_persons_others(tmp_path: Path) -> None:
    async with serving(tmp_path, HUBBUB_SERVER__WORKERS="2") as server, browser(server) as ada:
        await member(server, tmp_path, ada, "ada@example.org")
        _, made = await make(ada, scopes=["chat:write"])
        async with program(server, made["secret"]) as reports:
            asked = await ask(reports, "", "Speak for long.", model="scripted")
            path = f"/api/answers/{asked['answer']['id']}/events"
            async with reports.get(path, timeout=aiohttp.ClientTimeout(total=PATIENCE_SECONDS)) as stream:
                await stream.content.readuntil(b"\n\n")
                began = time.monotonic()
                assert await status_of(ada, f"/api/me/keys/{made['key']['id']}", "DELETE") == 204
                rest = await stream.content.read()
                took_seconds = time.monotonic() - began
        assert b"not_signed_in" in rest
        assert await status_of(ada) == 200
    assert took_seconds < SOON_SECONDS, "it is half a second between two looks"


async def test_rights_are_those_of_the_person_at_the_time_of_each_request(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, browser(server) as root, browser(server) as ada:
        async with accounts_in(tmp_path) as (accounts, _):
            first = await accounts.first()
            assert first is not None
        body = {"link": first.url.partition("#")[2], "password": "four words of mine", "email": "root@example.org"}
        async with root.put("/api/sign-in/link", json=body) as response:
            root_id = (await told(response))["id"]
        ada_id = await member(server, tmp_path, ada, "ada@example.org")
        _, plain = await make(ada)
        _, reading = await make(ada, name="reading", scopes=["chat:read"])
        asked = await ask(root, "", "A secret", model="other")
        secret_chat = f"/api/chats/{asked['chat']['id']}"
        async with program(server, plain["secret"]) as all_of_it, program(server, reading["secret"]) as limited:
            assert await status_of(all_of_it, "/api/people") == 404
            async with root.patch(f"/api/people/{ada_id}", json={"is_operator": True}) as response:
                assert response.status == 200
            await until(all_of_it, "/api/people", 200)
            assert (await get(all_of_it, "/api/me"))["person"]["is_operator"]
            async with limited.get("/api/people") as response:
                refused = await told(response)
                assert (response.status, refused["code"]) == (403, "scope_missing")
                assert "“operate”" in refused["detail"]
            assert await status_of(limited, secret_chat) == 404, "reading one's chats is not reading everybody's"
            async with root.patch(f"/api/people/{ada_id}", json={"is_operator": False}) as response:
                assert response.status == 200
            await until(all_of_it, "/api/people", 404)

            # A group of ours that the person joins and leaves.
            async with root.post("/api/groups", json={"name": "Readers"}) as response:
                group = (await told(response))["id"]
            async with root.post("/api/collections", json={"name": "Handbook"}) as response:
                collection = (await told(response))["id"]
            grants = {"grants": [{"subject": f"group:{group}", "right": "use"}]}
            async with root.put(f"/api/collections/{collection}/grants", json=grants) as response:
                assert response.status == 200
            documents = f"/api/collections/{collection}/documents"
            assert await status_of(all_of_it, documents) == 404
            async with root.put(f"/api/groups/{group}/members/{ada_id}", json={}) as response:
                assert response.status < 300
            assert await status_of(all_of_it, documents) == 200
            assert await status_of(root, f"/api/groups/{group}/members/{ada_id}", "DELETE") < 300
            assert await status_of(all_of_it, documents) == 404
            async with accounts_in(tmp_path) as (accounts, _):
                await accounts.set_active(OPERATOR, ada_id, is_active=False)
            await until(all_of_it, "/api/me", 401)
        assert root_id


async def test_groups_that_a_provider_claims_are_the_keys_too(tmp_path: Path) -> None:
    settings = Settings(server={"data_folder": tmp_path})  # type: ignore[arg-type]
    async with serving(tmp_path) as server, browser(server) as root:
        await member(server, tmp_path, root, "root@example.org")
        async with root.post("/api/collections", json={"name": "Handbook"}) as response:
            collection = (await told(response))["id"]
        grants = {"grants": [{"subject": "claim:entra/staff", "right": "use"}]}
        async with root.put(f"/api/collections/{collection}/grants", json=grants) as response:
            assert response.status == 200
        async with accounts_in(tmp_path) as (_, people), open_keys(settings) as keys:
            person = await people.known("entra", "subject", name="Ada", groups=["staff"])
            key, secret = new_key("of Ada", person_id=person.id, owner_id=person.id)
            await keys.add(key, digest_of(secret))
            async with program(server, secret) as http:
                path = f"/api/collections/{collection}/documents"
                assert await status_of(http, path) == 200
                await people.known("entra", "subject", name="Ada", groups=[])
                await until(http, path, 404)


async def test_models_and_collections_of_a_key_hold_at_every_door(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, browser(server) as ada:
        await member(server, tmp_path, ada, "ada@example.org")
        ids: list[str] = []
        for name in ("One", "Two"):
            async with ada.post("/api/collections", json={"name": name}) as response:
                ids.append((await told(response))["id"])
        one, two = ids
        async with ada.put(f"/api/collections/{two}/documents/leave.txt", data=b"Thirty days.") as response:
            document = (await told(response))["id"]
        _, made = await make(ada, models=["other"], collections=[one])
        async with program(server, made["secret"]) as http:
            assert [model["name"] for model in (await get(http, "/api/models"))["models"]] == ["other"]
            names = [model["id"] for model in (await get(http, "/v1/models"))["data"]]
            assert not [name for name in names if name.startswith("scripted") or "Two" in name]
            assert {f"other+{name}" for name in ("One", "search")} <= set(names)
            assert [found["id"] for found in (await get(http, "/api/collections"))["collections"]] == [one]
            for path in (f"/api/collections/{two}/documents", f"/api/documents/{document}", f"/content/{document}"):
                assert await status_of(http, path) == 404, path
            for body in ({"query": "days", "collections": [two]}, {"query": "days", "collections": ["Two"]}):
                assert (await post(http, "/api/search", body))[0] == 404
            assert (await post(http, "/api/search", {"query": "days"}))[1]["results"] == []
            for body in ({"text": "What?", "model": "scripted"}, {"text": "What?"}):
                status, refused = await post(http, "/api/questions", body)
                assert (status, refused["code"]) == (403, "model_not_allowed"), body
            status, refused = await post(http, "/api/questions", {"text": "?", "model": "other", "collections": [two]})
            assert status == 404
            assert (await post(http, "/api/questions", {"text": "What?", "model": "other"}))[0] == 202
            chat = {"messages": [{"role": "user", "content": "What?"}]}
            for path in ("/v1/chat/completions", "/chat", "/ask"):
                status, refused = await post(http, path, chat | {"model": "scripted"})
                assert status in (403, 404), path
            status, _ = await post(http, "/v1/chat/completions", chat | {"model": "other"})
            assert status == 200
            assert (await post(http, "/v1/chat/completions", chat | {"model": "other+Two"}))[0] == 404
            status, _ = await post(http, "/v1/responses", {"model": "scripted", "input": "What?"})
            assert status in (403, 404)
        _, talking = await make(ada, name="talking", scopes=["chat:write"])
        async with program(server, talking["secret"]) as http:
            body = {"text": "What?", "model": "other", "collections": [one]}
            status, refused = await post(http, "/api/questions", body)
            assert (status, refused["code"]) == (403, "scope_missing")
            assert "“search”" in refused["detail"]


async def until(http: aiohttp.ClientSession, path: str, status: int) -> None:
    """Wait until a path answers with a status: half a second a worker goes by what it knows of a key."""
    async with patience():
        while await status_of(http, path) != status:
            await asyncio.sleep(0.02)


def test_every_route_says_what_a_key_needs_for_it() -> None:
    for_people = {route for route in POLICIES if route.split()[1].startswith(("/api/me/", "/api/sign"))}
    opened = {route for route, policy in POLICIES.items() if policy.who in ("open", "provisioner")}  # no key counts
    assert set(POLICIES) == set(SCOPES) | WITHOUT_SCOPE | for_people | opened
    assert not set(SCOPES) & (WITHOUT_SCOPE | for_people | opened)
    assert set(SCOPES.values()) == set(ALL_SCOPES)


@pytest.mark.parametrize("scope", ALL_SCOPES)
async def test_a_key_with_one_scope_may_call_the_routes_of_that_scope_alone(hubbub: Hubbub, scope: str) -> None:
    """The matrix: each scope × every route of the application's own table."""
    key, secret = new_key(scope, limits=Limits(scopes=frozenset({scope})))
    await hubbub.keys.add(key, digest_of(secret))
    http = await hubbub.guest()
    http.headers["Authorization"] = f"Bearer {secret}"
    area, _, what = scope.partition(":")
    good = {scope} | ({f"{area}:read"} if what == "write" else set())
    refused = allowed = 0
    for route in routes(hubbub):
        method, path = route
        name = " ".join(route)
        if path in OPEN_TO_ALL | WAYS_IN:
            continue
        needed = SCOPES.get(name)
        schema = schema_of_body(hubbub, route)
        more: dict[str, Any] = {"json": BODIES[schema]} if schema else {"data": b"text"} if method == "PUT" else {}
        async with http.request(method, filled(path, dict.fromkeys(IDS_IN_PATHS, "x")), **more) as response:
            if path.endswith("/events") and response.status == 200:
                continue
            text = await response.text()
        if needed in good or name in WITHOUT_SCOPE:
            assert "scope_missing" not in text, (name, text)
            allowed += 1
        else:
            assert response.status == 403, (name, text)
            assert needed is None or needed in text, (name, text)
            refused += 1
    assert refused > 20
    assert allowed >= len(WITHOUT_SCOPE)
