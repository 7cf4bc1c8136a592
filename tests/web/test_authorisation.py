"""Who may see and change what: made from the application's own table of routes, so that none is forgotten."""

import hashlib
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from fastapi.routing import APIRoute, iter_route_contexts

from hubbub.app.by_url import ByUrl
from hubbub.connections.addresses import networks_of
from hubbub.connections.guarded import Guarded
from hubbub.core.identifiers import new_id
from hubbub.core.people import OPERATOR_ID, Member, Right
from hubbub.identity.keys import PREFIX, new_key
from hubbub.identity.open import COOKIE
from hubbub.web.policies import POLICIES, PROVISIONER
from tests.ingest.documents import pdf
from tests.servers.reader import ask, read_all
from tests.servers.web_server import WebServer
from tests.web.application import Hubbub, hubbub_running

BODIES: dict[str, dict[str, Any]] = {
    "ChatChange": {"title": "Changed"},
    "ManyChats": {"ids": [], "is_pinned": True},
    "ChatsToDelete": {"ids": []},
    "FolderName": {"name": "A folder of nobody's", "new": ""},
    "NewChatFiles": {},
    "McpRequest": {"jsonrpc": "2.0", "id": 1, "method": "tools/list"},
    "Copy": {},
    "NewPrompt": {"name": "A prompt", "text": "What?"},
    "PromptChange": {"name": "A prompt", "text": "What?"},
    "NewAssistant": {"name": "An assistant", "instructions": "Answer briefly."},
    "AssistantChange": {"description": "Answers briefly."},
    "InstructionsText": {"text": ""},
    "NewRating": {"is_good": True},
    "NewQuestion": {"text": "What?"},
    "OneMoreAnswer": {},
    "NewCollection": {"name": "Another"},
    "NewName": {"name": "Renamed.pdf"},
    "DocumentChange": {"name": "Renamed.pdf"},
    "NewUrl": {"url": "https://example.org/"},
    "SearchQuery": {"query": "leave"},
    "ChatBody": {"messages": [{"role": "user", "content": "Thirty days?"}], "context": {}},
    "ChatCompletionRequest": {"model": "scripted", "messages": [{"role": "user", "content": "What?"}]},
    "CompletionRequest": {"model": "scripted", "prompt": "What?"},
    "NewItems": {"items": [{"role": "user", "content": "A secret"}]},
    "NewMetadata": {"metadata": {"topic": "A secret"}},
    "EmbeddingRequest": {"model": "toy", "input": "What?"},
    "NewResponse": {"model": "scripted", "input": "What?"},
    "NewSession": {"id": "7e57", "answers": [["What?", {}]]},
    "Uploaded": {"filename": "leave.pdf"},
    "Credentials": {"email": "a@example.org", "password": "x"},
    "Forgotten": {"email": "a@example.org"},
    "LinkSecret": {"link": "x"},
    "LinkUse": {"link": "x", "password": "x"},
    "NewPassword": {"old": "x", "new": "x"},
    "Password": {"password": "x"},
    "Code": {"code": "000000"},
    "PersonChange": {"is_active": False},
    "NewInvitation": {"email": "a@example.org"},
    "NewGrants": {"grants": []},
    "NewGroup": {"name": "Another"},
    "NewMember": {},
    "Confirmation": {"confirm": "x"},
    "ConfirmedErasure": {"confirm": "x"},
    "Handover": {"taker_id": "p1"},
    "Reason": {"reason": "x"},
    "NewReading": {"person_id": "p1", "reason": "x"},
    "NewQuota": {"scope": "server", "bounds": []},
    "NewOver": {"model": ""},
    "NewKey": {"name": "Mine"},
    "NewLink": {},
    "NewPasskey": {"name": "Mine", "credential": {}},
    "SignedChallenge": {"credential": {}},
    "SharedSecret": {"link": "x"},
    "StoreQuery": {"query": "x"},
    "NewStoreFile": {"file_id": "x"},
}
"""A body that each route with one takes, by its schema."""
IDS_IN_BODIES = {"chat_id", "parent_id", "question_id", "collections", "files", "attached", "pictures", "assistant"}
IDS_OF_THEIR_OWN = {"ids", "document_id", "file_id"}
"""Those of chats that are changed together, and of what is copied: see `test_attachments` and `test_keeping`."""
COPIED = {"Copy": "document_id", "NewStoreFile": "file_id"}
"""The bodies that name a document, and what they call it."""
IDS_TO_GO_ON_WITH = {"continues", "beside", "answer_id"}
"""Those of more answers, not of questions."""
PLAIN_IN_BODIES = {"text", "title", "model", "name", "description", "unwatched", "grace_seconds"}
PLAIN_IN_BODIES |= {"within_seconds", "messages", "input", "context", "session_state", "sessionState", "stream"}
PLAIN_IN_BODIES |= {"max_tokens", "wait_seconds", "query", "limit", "filters", "cursor", "explain"}
PLAIN_IN_BODIES |= {"audience", "subjects", "follows", "shows_name", "leaf_id", "credential"}  # see test_shared_chats
PLAIN_IN_BODIES |= {"scope", "subject", "bounds"}  # of operators: see test_quotas_set
PLAIN_IN_BODIES |= {"scopes", "models", "expires_at", "quota"}  # see test_own_keys
PLAIN_IN_BODIES |= {"is_pinned", "is_archived", "folder", "instructions", "with_instructions", "reasoning_effort"}
PLAIN_IN_BODIES |= {"is_temporary", "is_good", "comment", "url", "thorough", "starters", "drops_left_out", "version"}
PLAIN_IN_BODIES |= {"attributes", "chunking_strategy"}
PLAIN_IN_BODIES |= {"shared_with"}  # subjects: see test_document_rights
PLAIN_IN_BODIES |= {"jsonrpc", "method", "params"}  # ids in params: see test_mcp
PLAIN_IN_BODIES |= {"grants", "is_manager"}  # whoever is named there is given something, and not looked up
PLAIN_IN_BODIES |= {"id", "answers", "filename"}  # a page's own id: each person has their own
PLAIN_IN_BODIES |= {
    "confirm",
    "reason",
    "person_id",
    "taker_id",
    "minutes",
}  # of operators, or what a path names once more
PLAIN_IN_BODIES |= {"email", "password", "code", "link", "old", "new", "is_active", "is_operator"}
WITHOUT_IDS = {
    "ChatCompletionRequest",
    "CompletionRequest",
    "NewItems",
    "NewMetadata",
    "EmbeddingRequest",
    "NewResponse",
    "StoreQuery",
}
"""Whose fields name things in ways of their own, which tests of their own go into."""


@pytest.fixture(autouse=True)
async def _site(hubbub: Hubbub, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """A page to be fetched by URL."""
    async with WebServer() as site, Guarded(listed=networks_of(["127.0.0.1"]), ports=[site.port]) as fetcher:
        site.put("/page", "A page.")
        monkeypatch.setitem(BODIES, "NewUrl", {"url": f"{site.url}/page"})
        object.__setattr__(hubbub.services, "by_url", ByUrl(fetcher, "everybody", 1000))
        yield


PLAIN_IN_PATHS = {"name": "new.txt", "number": "1"}
PLAIN_IN_PATHS |= {"job_id": "j1"}  # see test_personal_data
PLAIN_IN_PATHS |= {"person_id": "p1", "sign_in_id": "s1", "email": "a@example.org"}  # see test_signing_in
PLAIN_IN_PATHS |= {"key_id": "0a1b2c3d4e", "link_id": "l1", "passkey_id": "AAAA"}  # see tests of their own
IDS_IN_PATHS = {"conversation_id", "group_id", "item_id"}
IDS_IN_PATHS |= {"picture_id", "prompt_id", "assistant_id"}
IDS_IN_PATHS |= {"chat_id", "question_id", "answer_id", "collection_id", "document_id", "response_id", "session_id"}
OF_SHARED = {"collection_id", "document_id"}
OPEN_TO_ALL = {"/api/health", "/api/docs", "/livez", "/readyz"}
"""What anybody may call, even where a key is needed. The API's description is a page, too, and comes with the source.
"""
WAYS_IN = {"/api/sign-in", "/api/sign-in/link", "/api/sign-in/forgotten", "/api/sign-out"}
WAYS_IN |= {f"/api/sign-in/oidc/{{name}}{end}" for end in ("", "/back", "/logout", "/left")}
WAYS_IN |= {"/api/sign-in/passkey", "/api/sign-in/passkey/options"}
"""For who is not signed in yet: they go by a password or a link, not by who asks."""

Route = tuple[str, str]


def routes(hubbub: Hubbub) -> list[Route]:
    """Return method and path of every route of the API; deletions come last, of parts before the wholes.

    Those of provisioning are closed to all who ask here: `test_scim` tries each of them with each credential.
    """
    return [one for one in all_routes(hubbub) if POLICIES.get(" ".join(one)) != PROVISIONER]


def all_routes(hubbub: Hubbub) -> list[Route]:
    """Return them all."""
    found: list[Route] = []
    for route in iter_route_contexts(hubbub.app.routes):
        assert route.path is not None
        if isinstance(route.original_route, APIRoute):
            found += [(method, route.path) for method in route.original_route.methods]
        else:
            assert route.path == "/api/openapi.json", (
                f"{route.path} is no route of the API: cover it by a test of its own"
            )
    assert len(found) > 15
    return sorted(one for one in found if one[0] != "DELETE") + sorted(
        (one for one in found if one[0] == "DELETE"), key=lambda one: (one[1].count("/"), one[1]), reverse=True
    )


def parameters(path: str) -> set[str]:
    return {name.split(":")[0] for name in re.findall(r"{([^}]*)}", path)}


def filled(path: str, ids: dict[str, str]) -> str:
    values = {**PLAIN_IN_PATHS, **ids}
    return re.sub(r"{([^}]*)}", lambda found: quote(values[found[1].split(":")[0]], safe=""), path)


def schema_of_body(hubbub: Hubbub, route: Route) -> str | None:
    operation = hubbub.app.openapi()["paths"].get(route[1].replace(":path", ""), {}).get(route[0].lower(), {})
    content = operation.get("requestBody", {}).get("content", {})
    reference = content.get("application/json", {}).get("schema", {}).get("$ref")
    return reference.rsplit("/", 1)[1] if reference else None


def body_of(name: str, ids: dict[str, str]) -> dict[str, Any]:
    if name == "NewName":  # each thing gets another one: of one owner, two collections can't have the same
        return {"name": f"{hashlib.sha256(repr(sorted(ids.items())).encode()).hexdigest()[:12]}.pdf"}
    if name in COPIED:
        return {COPIED[name]: ids.get("document_id", "x")}
    return BODIES[name]


async def call(hubbub: Hubbub, http: aiohttp.ClientSession, route: Route, ids: dict[str, str]) -> tuple[int, str]:
    """Return the status and what the body says: the code of an error, else all of its text."""
    method, path = route
    name = schema_of_body(hubbub, route)
    more: dict[str, Any] = {"json": body_of(name, ids)} if name else {"data": b"new text"} if method == "PUT" else {}
    async with http.request(method, filled(path, ids), **more) as response:
        if path.endswith("/events") and response.status == 200:
            return 200, ""  # it would go on for ever
        if response.status >= 400:
            told = await response.json()
            return response.status, told["error"]["code"] if path.startswith("/v1/") else told["code"]
        return response.status, repr(await response.read())


async def forged(hubbub: Hubbub, victim: aiohttp.ClientSession, how: str) -> aiohttp.ClientSession:
    """Return somebody who makes up a cookie; knows everything about the victim but the secret in the cookie."""
    [cookie] = victim.cookie_jar
    async with victim.get("/api/me") as response:
        person_id = (await response.json())["person"]["id"]
    values = {
        "the person's id": person_id,
        "the id, as long as a secret": person_id.ljust(43, "A"),
        "a hash of the secret": hashlib.sha256(cookie.value.encode()).hexdigest()[:43],
        "cut": cookie.value[:-1],
        "longer": cookie.value + "A",
        "other letters": cookie.value.swapcase(),
        "operator": OPERATOR_ID.ljust(43, " "),
        "empty": "",
    }
    http = await hubbub.guest()
    http.headers["Cookie"] = f'{COOKIE}="{values[how]}"'
    return http


@pytest.fixture
async def program(hubbub: Hubbub) -> aiohttp.ClientSession:
    return await hubbub.program("program")


@pytest.fixture
async def things(hubbub: Hubbub, ann: aiohttp.ClientSession) -> dict[str, str]:
    """What belongs to Ann, by the names that paths give to ids."""
    return await things_of(hubbub, ann)


async def things_of(hubbub: Hubbub, ann: aiohttp.ClientSession) -> dict[str, str]:
    async with ann.post("/api/collections", json={"name": "Ann's", "description": "secret"}) as response:
        collection_id = (await response.json())["id"]
    document_id = await put(hubbub, ann, collection_id)
    asked = await ask(ann, "", "A secret", collections=[collection_id], model="slow")
    body = {"model": "slow", "input": "A secret", "background": True}
    async with ann.post("/v1/responses", json=body) as response:
        response_id = (await response.json())["id"]
    session_id = new_id()
    async with ann.post("/chat_history", json={"id": session_id, "answers": [["A secret", {}]]}) as response:
        assert response.status == 201
    async with ann.post("/v1/conversations", json=BODIES["NewItems"]) as response:
        conversation_id = (await response.json())["id"]
    async with ann.get(f"/v1/conversations/{conversation_id}/items") as response:
        item_id = (await response.json())["data"][0]["id"]
    async with ann.get("/api/me") as response:
        person_id = (await response.json())["person"]["id"]
    group = await hubbub.services.library.groups.create(f"Group of {person_id}")
    await hubbub.services.library.groups.put_member(group.id, Member(person_id, is_manager=True))
    return {
        "group_id": group.id,
        "conversation_id": conversation_id,
        "item_id": item_id,
        "response_id": response_id,
        "chat_id": asked["chat"]["id"],
        "question_id": asked["question"]["id"],
        "answer_id": asked["answer"]["id"],
        "collection_id": collection_id,
        "document_id": document_id,
        "session_id": session_id,
        "picture_id": await put_picture(ann),
        "prompt_id": await put_prompt(ann),
        "assistant_id": await put_assistant(ann),
    }


async def put_picture(http: aiohttp.ClientSession) -> str:
    headers = {"Content-Type": "image/png"}
    async with http.post(
        "/api/pictures?name=secret.png", data=b"\x89PNG\r\n\x1a\n secret", headers=headers
    ) as response:
        return (await response.json())["id"]


async def put_prompt(http: aiohttp.ClientSession) -> str:
    async with http.post("/api/prompts", json={"name": "A secret", "text": "Say the secret."}) as response:
        return (await response.json())["id"]


async def put_assistant(http: aiohttp.ClientSession) -> str:
    async with http.post("/api/assistants", json={"name": "A secret", "instructions": "Say the secret."}) as response:
        return (await response.json())["id"]


async def put(hubbub: Hubbub, http: aiohttp.ClientSession, collection_id: str) -> str:
    data = pdf([["Thirty days of leave."]])
    async with http.put(f"/api/collections/{collection_id}/documents/leave.pdf", data=data) as response:
        document_id = (await response.json())["id"]
    async for _ in hubbub.services.pipeline.watch(collection_id):
        pass
    return document_id


async def with_document(
    hubbub: Hubbub, http: aiohttp.ClientSession, route: Route, things: dict[str, str]
) -> dict[str, str]:
    """Return things with a document that is there: more than one route deletes it."""
    if route[0] != "DELETE" or "document_id" not in parameters(route[1]):
        return things
    return {**things, "document_id": await put(hubbub, http, things["collection_id"])}


async def test_every_route_and_every_field_is_known(hubbub: Hubbub) -> None:
    schemas = hubbub.app.openapi()["components"]["schemas"]
    for route in routes(hubbub):
        assert parameters(route[1]) <= IDS_IN_PATHS | set(PLAIN_IN_PATHS), f"{route}: classify its parameters here"
        if name := schema_of_body(hubbub, route):
            assert name in BODIES, f"{route}: give a body for it here"
            fields = set(schemas[name]["properties"]) if name not in WITHOUT_IDS else set[str]()
            known = IDS_IN_BODIES | IDS_OF_THEIR_OWN | IDS_TO_GO_ON_WITH | PLAIN_IN_BODIES
            assert fields <= known, f"{name}: classify its fields here"


async def test_other_peoples_things_do_not_exist(
    hubbub: Hubbub,
    ann: aiohttp.ClientSession,
    bob: aiohttp.ClientSession,
    program: aiohttp.ClientSession,
    things: dict[str, str],
) -> None:
    ways = ("the person's id", "the id, as long as a secret", "a hash of the secret", "cut", "longer", "other letters")
    strangers = {way: await forged(hubbub, ann, way) for way in (*ways, "operator", "empty")}
    strangers |= {"bob": bob, "guest": await hubbub.guest(), "program": program}
    before = await hubbub.services.history.messages(things["chat_id"])
    with_ids = [route for route in routes(hubbub) if parameters(route[1]) & IDS_IN_PATHS]
    for who, http in strangers.items():
        for route in with_ids:
            assert await call(hubbub, http, route, things) == (404, "not_found"), f"{who}: {route}"
    assert await hubbub.services.history.messages(things["chat_id"]) == before
    chat = await hubbub.services.history.chat(things["chat_id"])
    assert chat is not None
    assert chat.title == "A secret"
    assert [one.name for one in await hubbub.services.library.documents(things["collection_id"])] == ["leave.pdf"]
    assert (await hubbub.services.log.answer(things["answer_id"])).state in ("open", "done")
    for route in with_ids:  # and for their owner all of it works, so that no 404 above had another reason
        status, said = await call(hubbub, ann, route, await with_document(hubbub, ann, route, things))
        assert 200 <= status < 300, (route, said)


async def test_a_programs_things_exist_for_it_alone(
    hubbub: Hubbub, bob: aiohttp.ClientSession, program: aiohttp.ClientSession
) -> None:
    things = await things_of(hubbub, program)
    strangers = {"bob": bob, "guest": await hubbub.guest(), "another program": await hubbub.program("another")}
    covered = routes(hubbub)
    for who, http in strangers.items():
        for route in covered:
            status, said = await call(hubbub, http, route, things)
            if parameters(route[1]) & IDS_IN_PATHS:
                assert (status, said) == (404, "not_found"), f"{who}: {route}"
            else:
                assert not any(one in said for one in things.values()), f"{who}: {route}"
    seen = "".join([(await call(hubbub, program, route, things))[1] for route in covered if route[0] == "GET"])
    assert all(one in seen for name, one in things.items() if name != "picture_id")  # which is shown as it is
    for route in covered:
        if parameters(route[1]) & IDS_IN_PATHS:
            status, said = await call(hubbub, program, route, await with_document(hubbub, program, route, things))
            assert 200 <= status < 300, (route, said)


@pytest.mark.parametrize("needs_key", [False, True])
async def test_who_sends_a_key_that_holds_not_is_let_in_nowhere(tmp_path: Path, needs_key: bool) -> None:
    async with hubbub_running(tmp_path, needs_key=needs_key) as hubbub:
        person, program = await hubbub.guest(), await hubbub.program("program")
        async with program.get("/api/me") as response:
            own = (await response.json())["person"]["id"]
        good = program.headers["Authorization"].removeprefix("Bearer ")
        _, unknown = new_key("unknown")
        key_id, secret = good.removeprefix(PREFIX).split("-")
        bad = [
            *(
                unknown,
                good[:-1],
                f"{good}A",
                f"{PREFIX}{key_id}-{secret.swapcase()}",
                f"{PREFIX}{key_id}-{unknown[-43:]}",
                f"{PREFIX}{key_id}",
            ),
            *(
                f"{PREFIX}{secret}",
                f"{PREFIX}{own}",
                PREFIX,
                f"{PREFIX}\u00e9",
                f"{good} {good}",
                f"{PREFIX}{'a' * 4000}",
            ),
        ]
        headers = [{"Authorization": f"Bearer {key}"} for key in bad] + [{"api-key": key} for key in bad]
        if needs_key:
            headers += [{}, {"Authorization": "Bearer sk-1"}, {"Authorization": f"Basic {good}"}, {"api-key": "sk-1"}]
        asked = 0
        for route in routes(hubbub):
            if route[1] in OPEN_TO_ALL | WAYS_IN:
                continue
            for sent in headers:
                method, path = route
                async with person.request(method, filled(path, dict.fromkeys(IDS_IN_PATHS, "x")), headers=sent) as got:
                    assert (got.status, got.headers.get("www-authenticate")) == (401, "Bearer"), (route, sent)
                    told = await got.json()
                    assert told.get("code") == "not_signed_in" or told["error"]["code"] == "invalid_api_key"
                    assert not got.cookies
                    asked += 1
        assert asked > 300
        for path in OPEN_TO_ALL:
            async with person.get(path, headers=headers[0], allow_redirects=False) as got:
                assert got.status in (200, 307), path


async def test_lists_show_own_things_only(
    hubbub: Hubbub,
    ann: aiohttp.ClientSession,
    bob: aiohttp.ClientSession,
    program: aiohttp.ClientSession,
    things: dict[str, str],
) -> None:
    asked = {
        "/api/chats/found": "/api/chats/found?words=secret",
        "/api/answers/events": "/api/answers/events?follow=a.0",
    }
    paths = [path for method, path in routes(hubbub) if method == "GET" and not parameters(path)]
    without = [("GET", asked.get(path, path)) for path in paths]
    for http in (bob, program, await hubbub.guest(), await forged(hubbub, ann, "the person's id")):
        for route in without:
            status, said = await call(hubbub, http, route, {})
            assert status in (200, 404), route
            assert "secret" not in said
            assert not any(one in said for one in things.values())
    seen = "".join([(await call(hubbub, ann, route, {}))[1] for route in without])
    assert things["chat_id"] in seen
    assert things["collection_id"] in seen


async def test_other_peoples_ids_in_bodies_do_not_exist(
    hubbub: Hubbub,
    ann: aiohttp.ClientSession,
    bob: aiohttp.ClientSession,
    program: aiohttp.ClientSession,
    things: dict[str, str],
) -> None:
    own = await ask(bob, "", "Bob's")
    await read_all(bob, "", own["answer"]["id"])
    stolen: dict[str, dict[str, Any]] = {
        "chat_id": {"chat_id": things["chat_id"]},
        "parent_id": {"chat_id": own["chat"]["id"], "parent_id": things["answer_id"]},
        "question_id": {"question_id": things["question_id"]},
        "collections": {"collections": [things["collection_id"]]},
        "files": {"files": things["collection_id"]},
        "attached": {"attached": [things["document_id"]]},
        "pictures": {"pictures": [things["picture_id"]]},
        "assistant": {"assistant": things["assistant_id"]},
    }
    assert set(stolen) == IDS_IN_BODIES
    for http in (bob, program, await hubbub.guest()):
        for body in stolen.values():
            body = {**body, "text": "A secret"}
            async with http.post("/api/questions", json=body) as response:
                assert response.status == 404, body
        path = f"/api/questions/{own['question']['id']}/answers"
        for body in (stolen["collections"], *({name: things["answer_id"]} for name in sorted(IDS_TO_GO_ON_WITH))):
            async with http.post(path, json=body) as response:
                assert response.status == 404
    assert len(await hubbub.services.history.messages(own["chat"]["id"])) == 2
    assert len(await hubbub.services.history.messages(things["chat_id"])) == 2


async def test_what_is_shared_can_be_read_and_not_written(
    hubbub: Hubbub,
    ann: aiohttp.ClientSession,
    bob: aiohttp.ClientSession,
    program: aiohttp.ClientSession,
    things: dict[str, str],
) -> None:
    library = hubbub.services.library
    shared = await library.create("Shared", owner_id=OPERATOR_ID, is_shared=True)
    kept = await library.document(things["document_id"])
    assert kept is not None
    added = await hubbub.services.pipeline.add(shared.id, "leave.pdf", hubbub.services.files.path(kept.sha256))
    async for _ in hubbub.services.pipeline.watch(shared.id):
        pass
    ids = {"collection_id": shared.id, "document_id": added.id}
    covered = [route for route in routes(hubbub) if parameters(route[1]) & OF_SHARED]
    assert len(covered) > 5
    for http in (bob, program, await hubbub.guest()):
        for route in covered:
            status, said = await call(hubbub, http, route, ids)
            if POLICIES[" ".join(route)].right <= Right.USE:
                assert status == 200, route
            else:
                assert (status, said) == (403, "not_allowed"), route
        asked = await ask(http, "", "How many days of leave?", collections=[shared.id])
        assert (await read_all(http, "", asked["answer"]["id"]))[-1]["type"] == "done"
    async with bob.get("/api/collections") as response:
        [seen] = (await response.json())["collections"]
    assert (seen["is_shared"], seen["is_mine"], seen["documents"]) == (True, False, 1)


async def test_ids_that_are_none(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    for odd in (new_id(), "x", "' or 1=1 --", "\0", "ä\u2028", "%2e%2e", "a" * 5000, "{chat_id}", "\ufeff"):
        for route in routes(hubbub):
            if ids := parameters(route[1]) & IDS_IN_PATHS:
                status, said = await call(hubbub, ann, route, dict.fromkeys(ids, odd))
                assert (status, said) == (404, "not_found"), (route, odd)


async def test_a_cookie_is_found_beside_any_others(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    await ask(ann, "", "Mine")
    [cookie] = ann.cookie_jar
    own = f"{COOKIE}={cookie.value}"
    others = (
        'json={"a": "b, c"}',
        'open="',
        "spaces=a b",
        "no-value",
        "=nameless",
        "caf\u00e9=1",
        "a=b; a=c",
        "; ;",
        "@[]=1",
    )
    http = await hubbub.guest()
    for other in others:
        for header in (f"{other}; {own}", f"{own}; {other}", f"{other};{own};{other}"):
            async with http.get("/api/chats", headers={"Cookie": header}) as response:
                assert len((await response.json())["chats"]) == 1, header
