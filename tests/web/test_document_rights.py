"""A document that is restricted to others is not there, by whatever door somebody comes."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from hubbub.core.people import EVERYBODY, PERSON, Permission, Right
from hubbub.models.scripted import ScriptedModel
from tests.ingest.documents import pdf
from tests.patience import SOON_SECONDS
from tests.servers.postgres_server import new_database, template
from tests.servers.reader import ask, read_all
from tests.web.application import Hubbub, hubbub_running
from tests.web.test_documents import listed, put

SECRET = "quokka"
NAME = "bonus.pdf"
WORDS = tuple(f"word{number} " for number in range(2000))


@pytest.fixture(params=["sqlite", "postgres"])
async def hubbub(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Hubbub]:
    kind, database = request.param, None
    slow = ScriptedModel(WORDS, name="slow", seconds_between=0.02)
    async with AsyncExitStack() as stack:
        if kind == "postgres":
            server: str = request.getfixturevalue("postgres_server")
            database = await stack.enter_async_context(new_database(server, await template(server)))
        running = hubbub_running(tmp_path, ScriptedModel(), slow, database=database)
        yield await stack.enter_async_context(running)


@dataclass
class Scene:
    """Ann's collection, which everybody may use, with a document for all and one that is only for Bob."""

    hubbub: Hubbub
    ann: aiohttp.ClientSession
    bob: aiohttp.ClientSession
    cat: aiohttp.ClientSession
    collection_id: str
    shown_id: str
    secret_id: str
    ids: dict[str, str]


async def id_of(http: aiohttp.ClientSession) -> str:
    async with http.get("/api/me") as response:
        return (await response.json())["person"]["id"]


@pytest.fixture
async def scene(hubbub: Hubbub) -> Scene:
    ann, bob, cat = [await hubbub.person() for _ in range(3)]
    async with ann.post("/api/collections", json={"name": "Rules"}) as response:
        place = (await response.json())["id"]
    await put(ann, place, "leave.txt", b"Everybody has thirty days of leave.")
    await put(ann, place, NAME, pdf([[f"The bonus of leave is a {SECRET}."]]))
    documents = await listed(hubbub, ann, place)
    await hubbub.services.library.permissions.put(place, [Permission(EVERYBODY, Right.USE)])
    ids = {"ann": await id_of(ann), "bob": await id_of(bob), "cat": await id_of(cat)}
    secret_id = documents[NAME]["id"]
    status, told = await change(ann, secret_id, {"shared_with": [PERSON + ids["bob"]]})
    assert (status, told["is_restricted"]) == (200, True)
    return Scene(hubbub, ann, bob, cat, place, documents["leave.txt"]["id"], secret_id, ids)


async def change(http: aiohttp.ClientSession, document_id: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    async with http.patch(f"/api/documents/{document_id}", json=body) as response:
        return response.status, await response.json()


async def get(http: aiohttp.ClientSession, path: str) -> tuple[int, str]:
    async with http.get(path) as response:
        return response.status, (await response.read()).decode(errors="replace")


async def post(http: aiohttp.ClientSession, path: str, body: Any, **headers: str) -> tuple[int, str]:
    async with http.post(path, json=body, headers=headers) as response:
        return response.status, await response.text()


async def asked(http: aiohttp.ClientSession, place: str, **more: Any) -> list[dict[str, Any]]:
    begun = await ask(http, "", "What is the bonus of leave?", collections=[place], **more)
    return await read_all(http, "", begun["answer"]["id"])


DOORS = (
    "list",
    "list by id",
    "count",
    "conditions",
    "show",
    "file",
    "page",
    "question",
    "thorough",
    "search",
    "search narrowed",
    "facets",
    "completions",
    "responses",
    "file_search",
    "file by id",
    "vector store",
    "vector stores",
    "vector store's search",
    "filtered",
    "mcp search",
    "mcp open",
    "sample's chat",
    "sample's content",
    "rename",
    "delete",
    "share",
    "copy",
)


async def through(scene: Scene, http: aiohttp.ClientSession, door: str) -> tuple[int, str]:
    """Return what comes by a door."""
    place, secret, query = scene.collection_id, scene.secret_id, "What is the bonus of leave?"
    said = [{"role": "user", "content": query}]
    document = f"/api/documents/{secret}"
    match door:
        case "list":
            return await get(http, f"/api/collections/{place}/documents")
        case "list by id":
            return await get(http, f"/api/collections/{place}/documents?id={secret}&words=bonus")
        case "count":
            _, text = await get(http, "/api/collections")
            return 200, text
        case "conditions":
            return await get(http, f"/api/collections/{place}/documents?limit=1&words=nothing")
        case "show":
            return await get(http, document)
        case "file":
            return await get(http, f"{document}/file")
        case "page":
            return await get(http, f"{document}/pages/1")
        case "question":
            return 200, str(await asked(http, place))
        case "thorough":
            return 200, str(await asked(http, place, thorough=True))
        case "search" | "facets":
            return await post(http, "/api/search", {"query": "bonus leave", "collections": [place]})
        case "search narrowed":
            return await post(
                http, "/api/search", {"query": "bonus", "collections": [place], "filters": {"name": "*.pdf"}}
            )
        case "completions":
            return await post(http, "/v1/chat/completions", {"model": f"scripted+{place}", "messages": said})
        case "responses":
            return await post(http, "/v1/responses", {"model": f"scripted+{place}", "input": query})
        case "file_search":
            tools = [{"type": "file_search", "vector_store_ids": [place]}]
            body = {"model": "scripted", "input": query, "tools": tools, "include": ["file_search_call.results"]}
            return await post(http, "/v1/responses", body)
        case "file by id":
            parts = [{"type": "text", "text": query}, {"type": "file", "file": {"file_id": secret}}]
            body = {"model": "scripted", "messages": [{"role": "user", "content": parts}]}
            return await post(http, "/v1/chat/completions", body)
        case "vector store":
            return await get(http, f"/v1/vector_stores/{place}")
        case "vector stores":
            return await get(http, "/v1/vector_stores")
        case "vector store's search":
            return await post(http, f"/v1/vector_stores/{place}/search", {"query": "bonus"})
        case "filtered":
            filters = {"type": "eq", "key": "filename", "value": NAME}
            return await post(http, f"/v1/vector_stores/{place}/search", {"query": "bonus", "filters": filters})
        case "mcp search" | "mcp open":
            called = {"name": "search", "arguments": {"query": "bonus", "collections": [place]}}
            if door == "mcp open":
                called = {"name": "open_passage", "arguments": {"document_id": secret}}
            body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": called}
            return await post(http, "/mcp", body, **{"Mcp-Protocol-Version": "2025-06-18"})
        case "sample's chat":
            return await post(http, "/chat", {"messages": said, "context": {}})
        case "sample's content":
            return await get(http, f"/content/{NAME}")
        case "rename":
            async with http.patch(document, json={"name": "other.pdf"}) as response:
                return response.status, await response.text()
        case "delete":
            async with http.delete(document) as response:
                return response.status, await response.text()
        case "share":
            async with http.patch(document, json={"shared_with": None}) as response:
                return response.status, await response.text()
        case _:
            made = await post(http, "/api/collections", {"name": "Copies"})
            _, text = await get(http, "/api/collections")
            mine = next(one["id"] for one in _decoded(text)["collections"] if one["name"] == "Copies")
            assert made[0] in (201, 409)
            return await post(http, f"/api/collections/{mine}/copies", {"document_id": secret})


def _decoded(text: str) -> Any:
    return msgspec.json.decode(text)


TELLING = {
    "question",
    "thorough",
    "search",
    "facets",
    "search narrowed",
    "file_search",
    "vector store's search",
    "filtered",
    "mcp search",
}
"""Doors by which those who may see it get its text."""
GONE = {"show", "file", "page", "sample's content", "rename", "delete", "share", "copy"}
"""Doors that say it is not there."""


COUNTED = ("count", "vector store", "vector stores", "conditions", "list", "search", "facets")
"""Doors at which it could be counted."""


async def test_what_is_not_for_somebody_shows_by_no_door(scene: Scene) -> None:
    before = {door: await through(scene, scene.cat, door) for door in DOORS}
    unknown = replace(scene, secret_id="a" * 26)
    for door, (status, text) in before.items():
        assert SECRET not in text, (door, text)
        assert NAME not in text, (door, text)
        if door in GONE:
            assert status == 404, (door, text)
            if door != "sample's content":  # the same as what never was
                assert await through(unknown, scene.cat, door) == (status, text)
    # It is not counted: what is told is the same when it is gone.
    before = {door: await through(scene, scene.cat, door) for door in COUNTED}
    async with scene.ann.delete(f"/api/documents/{scene.secret_id}") as response:
        assert response.status == 204
    for door in COUNTED:
        assert _without_scores(await through(scene, scene.cat, door)) == _without_scores(before[door]), door


def _without_scores(told: tuple[int, str]) -> Any:
    """Return what was told, but for how rare words are in all that is indexed."""
    return told[0], re.sub(r'"(score|weight|words_score|id|request_id)":[^,}\]]+', "", told[1])


async def test_it_is_there_for_whom_it_is_and_who_manages_the_collection(scene: Scene) -> None:
    for http in (scene.ann, scene.bob):
        for door in (*TELLING, "show", "file", "page", "list", "mcp open", "sample's content"):
            status, text = await through(scene, http, door)
            assert status == 200, (door, text)
            assert SECRET in text or NAME in text or door in ("file", "page", "sample's content"), (door, text)


async def test_who_manages_the_collection_says_to_whom_and_is_told(scene: Scene) -> None:
    path, bob = f"/api/documents/{scene.secret_id}", PERSON + scene.ids["bob"]
    assert _decoded((await get(scene.ann, path))[1])["shared_with"] == [bob]
    assert _decoded((await get(scene.bob, path))[1])["shared_with"] is None
    assert (await change(scene.bob, scene.secret_id, {"shared_with": None}))[0] == 403
    assert (await change(scene.cat, scene.shown_id, {"shared_with": []}))[0] == 403
    for odd in (["everybody"], ["bob"], [PERSON + "guest"], ["x" * 400], "everybody", [1]):
        assert (await change(scene.ann, scene.secret_id, {"shared_with": odd}))[0] in (400, 422), odd
    group = await scene.hubbub.services.library.groups.create("Theirs")
    assert (await change(scene.ann, scene.secret_id, {"shared_with": [f"group:{group.id}"]}))[0] == 404
    assert (await change(scene.ann, scene.secret_id, {}))[0] in (400, 422)
    status, told = await change(scene.ann, scene.secret_id, {"shared_with": [], "name": "gift.pdf"})
    assert (status, told["name"], told["is_restricted"]) == (200, "gift.pdf", True)
    assert (await get(scene.bob, path))[0] == 404
    assert (await change(scene.ann, scene.secret_id, {"shared_with": None}))[0] == 200
    assert (await get(scene.cat, path))[0] == 200


async def test_a_hidden_document_is_neither_replaced_nor_told_of(scene: Scene) -> None:
    given = [Permission(EVERYBODY, Right.USE), Permission(PERSON + scene.ids["cat"], Right.WRITE)]
    await scene.hubbub.services.library.permissions.put(scene.collection_id, given)
    async with scene.cat.put(f"/api/collections/{scene.collection_id}/documents/{NAME}", data=b"mine") as response:
        assert response.status == 409
    kept = await scene.hubbub.services.library.document(scene.secret_id)
    assert kept is not None
    assert kept.name == NAME
    async with scene.bob.get(f"/api/documents/{scene.secret_id}/file") as response:
        assert response.status == 200
    # Who may write puts a new one in its place where they see it; it stays restricted.
    given.append(Permission(PERSON + scene.ids["bob"], Right.WRITE))
    await scene.hubbub.services.library.permissions.put(scene.collection_id, given)
    replaced = await put(scene.bob, scene.collection_id, NAME, pdf([[f"Another {SECRET}."]]))
    assert (replaced["id"], replaced["is_restricted"]) == (scene.secret_id, True)
    assert (await get(scene.cat, f"/api/documents/{scene.secret_id}"))[0] == 404


async def test_a_copy_is_restricted_as_what_it_is_of(scene: Scene) -> None:
    async with scene.bob.post("/api/collections", json={"name": "Copies"}) as response:
        mine = (await response.json())["id"]
    await scene.hubbub.services.library.permissions.put(mine, [Permission(EVERYBODY, Right.USE)])
    status, text = await post(scene.bob, f"/api/collections/{mine}/copies", {"document_id": scene.secret_id})
    assert status == 202, text
    copied = _decoded(text)
    assert copied["is_restricted"]
    assert (await get(scene.bob, f"/api/documents/{copied['id']}"))[0] == 200
    assert (await get(scene.cat, f"/api/documents/{copied['id']}"))[0] == 404
    async with scene.cat.get(f"/api/collections/{mine}/documents") as response:
        assert (await response.json())["documents"] == []


async def test_what_is_open_over_it_ends_with_the_right_within_a_second(scene: Scene) -> None:
    question = {"collections": [scene.collection_id], "model": "slow"}
    used = await ask(scene.bob, "", "What is the bonus of leave?", **question)
    not_used = await ask(scene.cat, "", "How many days of leave?", **question)
    log = scene.hubbub.services.log
    async with asyncio.timeout(SOON_SECONDS):
        while not (log.hits(used["answer"]["id"]) and log.hits(not_used["answer"]["id"])):
            await asyncio.sleep(0.01)
    clock = asyncio.get_running_loop().time
    began = clock()
    assert (await change(scene.ann, scene.secret_id, {"shared_with": []}))[0] == 200
    *_, ending = await read_all(scene.bob, "", used["answer"]["id"])
    assert clock() - began < SOON_SECONDS
    assert (ending["type"], ending["reason"]) == ("stopped", "right_ended")
    assert log.is_here(not_used["answer"]["id"])
    # What was said before it ended is not gone on with.
    again = {"continues": used["answer"]["id"]}
    status, text = await post(scene.bob, f"/api/questions/{used['question']['id']}/answers", again)
    assert status >= 400, text
