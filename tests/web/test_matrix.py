"""Every route, every kind of asker, every place where a thing is named: nobody gets what is not theirs.

Made from the application's own table of routes and from the policies that stand beside it. What somebody may not see
has to answer exactly as what is not there at all.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import msgspec
import pytest

from hubbub.app.by_url import ByUrl
from hubbub.connections.addresses import networks_of
from hubbub.connections.guarded import Guarded
from hubbub.core.identifiers import new_id
from hubbub.core.people import (
    CLAIM,
    EVERYBODY,
    GROUP,
    PERSON,
    SIGNED_IN,
    Member,
    Permission,
    Person,
    Right,
)
from hubbub.identity.base import Identity, Welcome
from hubbub.models.scripted import ScriptedModel
from hubbub.web.policies import POLICIES, Policy
from tests.patience import patience
from tests.servers.reader import ask, read_all
from tests.servers.web_server import WebServer
from tests.web.application import Hubbub, hubbub_running
from tests.web.test_authorisation import BODIES, all_routes, call, put, routes, things_of

SAID = "x-person"


class HostsIdentity:
    """An application that says who asks, in a header; where it says nothing, the identity behind it does."""

    def __init__(self, behind: Identity) -> None:
        self._behind = behind

    async def person(self, headers: Mapping[str, str]) -> Person:
        if (said := headers.get(SAID)) is not None:
            return msgspec.json.decode(said, type=Person)
        return await self._behind.person(headers)

    async def welcome(self, headers: Mapping[str, str]) -> Welcome:
        return Welcome(await self.person(headers)) if SAID in headers else await self._behind.welcome(headers)


@dataclass
class World:
    """A server, who asks it, and what there is."""

    hubbub: Hubbub
    askers: dict[str, aiohttp.ClientSession]
    ids: dict[str, str]
    """The askers' ids as people."""
    things: dict[str, dict[str, str]]
    """Ids by the names of parameters: those that Ann has, those that the second key has."""
    shares: dict[str, dict[str, str]]
    """The collections that are shared in each way, and a document of each."""


SHARES: dict[str, list[tuple[str, Right]]] = {
    "everybody sees": [(EVERYBODY, Right.SEE)],
    "everybody uses": [(EVERYBODY, Right.USE)],
    "signed-in people use": [(SIGNED_IN, Right.USE)],
    "a claimed group uses": [(CLAIM + "staff", Right.USE)],
    "an own group uses": [("ours", Right.USE)],
    "bob writes": [("bob", Right.WRITE)],
    "the second key manages": [("second key", Right.MANAGE)],
    "a claimed group of an own group's id": [("spoofed", Right.MANAGE)],
}


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    async with (
        WebServer() as site,
        Guarded(listed=networks_of(["127.0.0.1"]), ports=[site.port]) as fetcher,
        hubbub_running(
            tmp_path,
            ScriptedModel(),
            ScriptedModel(name="slow", seconds_before_first=60),
            around=HostsIdentity,
            by_url=ByUrl(fetcher, "everybody", 1000),
        ) as hubbub,
    ):
        site.put("/page", "A page.")
        monkeypatch.setitem(BODIES, "NewUrl", {"url": f"{site.url}/page"})
        groups, library = hubbub.services.library.groups, hubbub.services.library
        ours = await groups.create("staff")  # as the claimed one is called
        askers = {
            "ann": await hubbub.person(),
            "bob": await hubbub.person(),
            "first key": await hubbub.program("first"),
            "second key": await hubbub.program("second"),
            "guest": await hubbub.guest(),
            "operator": await host(hubbub, Person("root", is_operator=True)),
            "host's member of staff": await host(hubbub, Person("sue", groups=frozenset({"staff"}))),
            "host's other person": await host(hubbub, Person("tom", groups=frozenset({ours.id, "ours", GROUP}))),
            "member of ours": await hubbub.program("member"),
        }
        ids: dict[str, str] = {}
        for name, http in askers.items():
            async with http.get("/api/me") as response:
                ids[name] = (await response.json())["person"]["id"]
        askers["guest"] = await hubbub.guest()  # the one before has a cookie by now
        ids["guest"] = "guest"
        await groups.put_member(ours.id, Member(ids["member of ours"]))
        things = {name: await things_of(hubbub, askers[name]) for name in ("ann", "second key")}
        named = {"ours": GROUP + ours.id, "spoofed": CLAIM + ours.id}
        shares: dict[str, dict[str, str]] = {}
        for name, given in SHARES.items():
            async with askers["ann"].post("/api/collections", json={"name": name}) as response:
                collection_id = (await response.json())["id"]
            document_id = await put(hubbub, askers["ann"], collection_id)
            permissions = [
                Permission(named.get(subject) or (PERSON + ids[subject] if subject in ids else subject), right)
                for subject, right in given
            ]
            await library.permissions.put(collection_id, permissions)
            shares[name] = {"collection_id": collection_id, "document_id": document_id}
        for owner in ("ann", "second key"):  # else they'd administrate them alone: see test_readings
            body = {"person_id": ids[owner], "reason": "Somebody asked."}
            async with askers["operator"].post("/api/operators/readings", json=body) as response:
                assert response.status == 201
        yield World(hubbub, askers, ids, things, shares)


async def host(hubbub: Hubbub, person: Person) -> aiohttp.ClientSession:
    http = await hubbub.guest()
    http.headers[SAID] = msgspec.json.encode(person).decode()
    return http


VOUCHED = ("first key", "second key", "host's member of staff", "host's other person", "member of ours")
RIGHTS: dict[str, dict[str, Right]] = {
    "everybody sees": {},
    "everybody uses": {},
    "signed-in people use": dict.fromkeys(VOUCHED, Right.USE),
    "a claimed group uses": {"host's member of staff": Right.USE},
    "an own group uses": {"member of ours": Right.USE},
    "bob writes": {"bob": Right.WRITE},
    "the second key manages": {"second key": Right.MANAGE},
    "a claimed group of an own group's id": {"host's other person": Right.MANAGE},
}
"""What each asker may do with what is shared in each way: written down by hand, apart from the program's own way."""
OF_ALL = {"everybody sees": Right.SEE, "everybody uses": Right.USE}


def right_of(asker: str, share: str) -> Right:
    if asker in ("ann", "operator"):
        return Right.MANAGE
    return max(RIGHTS[share].get(asker, Right.NONE), OF_ALL.get(share, Right.NONE))


def policy_of(route: tuple[str, str]) -> Policy:
    return POLICIES[" ".join(route)]


def test_who_may_call_each_route_is_declared(tmp_path: Path) -> None:
    async def check() -> None:
        async with hubbub_running(tmp_path) as hubbub:
            there = {" ".join(route) for route in all_routes(hubbub)} | {"GET /api/openapi.json"}
            assert there - set(POLICIES) == set(), "say in web/policies.py who may call these"
            assert set(POLICIES) - there == set(), "there are no such routes any more"

    asyncio.run(check())


async def nobody_gets_what_is_not_theirs_by_a_path(world: World) -> None:
    """Each route with an id in its path, each asker, each owner: the answer is that for what is not there."""
    asked = 0
    for route in routes(world.hubbub):
        names = {name.split(":")[0] for name in re.findall(r"{([^}]*)}", route[1])}
        if not names & set(world.things["ann"]):
            continue
        of_nobody = {name: new_id() for name in world.things["ann"]}
        of_nobody |= {"response_id": f"resp_{new_id()}", "conversation_id": f"conv_{new_id()}"}
        for asker, http in world.askers.items():
            unknown = await answered(world, http, route, of_nobody)
            assert unknown[0] == 404, (route, asker, unknown)
            for owner, things in world.things.items():
                if asker in (owner, "operator"):
                    continue
                assert await answered(world, http, route, things) == unknown, (route, asker, owner)
                asked += 1
    assert asked > 400


async def what_is_shared_is_open_as_far_as_it_was_given(world: World) -> None:
    """Each route over a collection or a document, each asker, each way of sharing: 2xx, 403 or as if it were not."""
    asked = 0
    for route in routes(world.hubbub):
        policy = policy_of(route)
        if policy.who != "collection":
            continue
        is_last = route[0] == "DELETE"
        for asker, http in world.askers.items():
            unknown = await answered(world, http, route, {"collection_id": new_id(), "document_id": new_id()})
            for share, ids in world.shares.items():
                right = right_of(asker, share)
                if right >= policy.right and (is_last or route[1].endswith("/grants")):
                    continue  # it would be gone, or shared in another way, for those who come next
                status, said = await answered(world, http, route, ids)
                if right >= policy.right:
                    assert 200 <= status < 300, (route, asker, share, said)
                elif right >= Right.SEE:
                    assert status == 403, (route, asker, share)
                else:
                    assert (status, said) == unknown, (route, asker, share)
                asked += 1
    assert asked > 500


async def nobody_gets_what_is_not_theirs_by_a_query_or_a_body(world: World) -> None:
    """Everything that a query, a body, or a name within an address can name."""
    asked = 0
    for place in PLACES:
        for asker, http in world.askers.items():
            own = await own_of(world, asker) if place.needs_own else {}
            nothing = dict.fromkeys(place.kinds, "") | {kind: unknown_of(kind) for kind in place.kinds}
            unknown = await sent(http, place, nothing, own)
            assert unknown[0] >= 400 or unknown[1], (
                place.name,
                asker,
                unknown,
            )  # a 200 that says nothing proves nothing
            targets = [(owner, things) for owner, things in world.things.items() if asker not in (owner, "operator")]
            if "collection_id" in place.kinds or "document_id" in place.kinds:
                targets += [
                    (share, ids)
                    for share, ids in world.shares.items()
                    if right_of(asker, share) is Right.NONE and set(place.kinds) <= set(ids)
                ]
            for whose, things in targets:
                got = await sent(http, place, things, own)
                assert got == unknown, (place.name, asker, whose)
                asked += 1
            for share, ids in world.shares.items():
                if place.uses and set(place.kinds) <= set(ids) and right_of(asker, share) is Right.SEE:
                    status, _ = await sent(http, place, ids, own)
                    assert not 200 <= status < 300, (place.name, asker, share)
                    asked += 1
    assert asked > 300


async def what_may_be_used_is_used_by_every_door(world: World) -> None:
    """That the refusals above had no other reason: whoever may use a collection asks over it by each place."""
    for place in PLACES:
        if not place.uses:
            continue
        for asker, share in (
            ("bob", "bob writes"),
            ("first key", "signed-in people use"),
            ("host's member of staff", "a claimed group uses"),
            ("member of ours", "an own group uses"),
            ("guest", "everybody uses"),
            ("operator", "an own group uses"),
        ):
            own = await own_of(world, asker) if place.needs_own else {}
            status, said = await sent(world.askers[asker], place, world.shares[share], own)
            assert 200 <= status < 300, (place.name, asker, share, said)


async def lists_and_names_hold_nothing_that_is_not_theirs(world: World) -> None:
    listing = [route for route in routes(world.hubbub) if route[0] == "GET" and "{" not in route[1]]
    for asker, http in world.askers.items():
        if asker == "operator":
            continue
        seen = ""
        for method, path in listing:
            if path != "/api/answers/events":
                async with http.request(
                    method, path, params={"words": "secret"} if "found" in path else {}
                ) as response:
                    seen += await response.text()
        for owner, things in world.things.items():
            if owner != asker:
                assert not [name for name, one in things.items() if one in seen], (asker, owner)
        for share, ids in world.shares.items():
            assert (ids["collection_id"] in seen) is (right_of(asker, share) >= Right.SEE), (asker, share)


async def a_key_that_was_revoked_gets_nothing(world: World) -> None:
    http = await world.hubbub.program("soon revoked")
    things = await things_of(world.hubbub, http)
    [key] = [key for key in await world.hubbub.keys.keys() if key.name == "soon revoked"]
    await world.hubbub.keys.revoke(key.id, 1.0)
    async with patience():
        while (await answered(world, http, ("GET", "/api/me"), {}))[0] != 401:
            await asyncio.sleep(0.05)
    for route in routes(world.hubbub):
        if policy_of(route).who != "open":
            status, _ = await answered(world, http, route, things)
            assert status == 401, route


async def test_nobody_gets_what_is_not_theirs(world: World) -> None:
    await lists_and_names_hold_nothing_that_is_not_theirs(world)
    await nobody_gets_what_is_not_theirs_by_a_query_or_a_body(world)
    await nobody_gets_what_is_not_theirs_by_a_path(world)
    await a_key_that_was_revoked_gets_nothing(world)


async def test_everybody_gets_what_was_given_to_them(world: World) -> None:
    await what_may_be_used_is_used_by_every_door(world)
    await what_is_shared_is_open_as_far_as_it_was_given(world)


@dataclass
class Place:
    """Where a request names something, apart from a route's own ids in its path."""

    name: str
    kinds: tuple[str, ...]
    request: Callable[[dict[str, str], dict[str, str]], tuple[str, str, Any]]
    """Returns method, address and body, from the ids that are named and from ids of the asker's own."""
    needs_own: bool = False
    uses: bool = False
    """Whether naming a collection, or a document, so needs the right to use it, and does use it."""


def _chat(content: object, **more: object) -> dict[str, object]:
    return {"model": "scripted", "messages": [{"role": "user", "content": content}], **more}


def _file(document_id: str) -> list[object]:
    return [{"type": "text", "text": "What?"}, {"type": "file", "file": {"file_id": document_id}}]


def _input(document_id: str) -> list[object]:
    return [{"role": "user", "content": [{"type": "input_file", "file_id": document_id}]}]


def _search(collection_id: str) -> list[object]:
    return [{"type": "file_search", "vector_store_ids": [collection_id]}]


PLACES = [
    Place("a chat to go on with", ("chat_id",), lambda ids, own: ("POST", "/api/questions", {"text": "What?", **ids})),
    Place(
        "an answer to go on from",
        ("answer_id",),
        lambda ids, own: (
            "POST",
            "/api/questions",
            {"text": "What?", "chat_id": own["chat_id"], "parent_id": ids["answer_id"]},
        ),
        needs_own=True,
    ),
    Place(
        "collections of a question",
        ("collection_id",),
        lambda ids, own: ("POST", "/api/questions", {"text": "leave?", "collections": [ids["collection_id"]]}),
        uses=True,
    ),
    Place(
        "collections of a search",
        ("collection_id",),
        lambda ids, own: ("POST", "/api/search", {"query": "leave?", "collections": [ids["collection_id"]]}),
        uses=True,
    ),
    Place(
        "collections of one more answer",
        ("collection_id",),
        lambda ids, own: (
            "POST",
            f"/api/questions/{own['question_id']}/answers",
            {"collections": [ids["collection_id"]]},
        ),
        needs_own=True,
        uses=True,
    ),
    Place(
        "an answer that was cut off",
        ("answer_id",),
        lambda ids, own: ("POST", f"/api/questions/{own['question_id']}/answers", {"continues": ids["answer_id"]}),
        needs_own=True,
    ),
    Place(
        "answers to follow",
        ("answer_id",),
        lambda ids, own: ("GET", f"/api/answers/events?follow={ids['answer_id']}.0", None),
    ),
    Place(
        "a collection in a model's name",
        ("collection_id",),
        lambda ids, own: (
            "POST",
            "/v1/chat/completions",
            _chat("leave?") | {"model": f"scripted+{ids['collection_id']}"},
        ),
        uses=True,
    ),
    Place(
        "a collection in a deployment's name",
        ("collection_id",),
        lambda ids, own: (
            "POST",
            f"/openai/deployments/scripted+{ids['collection_id']}/chat/completions?api-version=2024-10-21",
            _chat("leave?"),
        ),
        uses=True,
    ),
    Place(
        "a collection in a completion's model",
        ("collection_id",),
        lambda ids, own: (
            "POST",
            "/v1/completions",
            {"model": f"scripted+{ids['collection_id']}", "prompt": "leave?"},
        ),
        uses=True,
    ),
    Place(
        "a model of a collection",
        ("collection_id",),
        lambda ids, own: ("GET", f"/v1/models/{quote('scripted+' + ids['collection_id'])}", None),
        uses=True,
    ),
    Place(
        "a document in a message",
        ("document_id",),
        lambda ids, own: ("POST", "/v1/chat/completions", _chat(_file(ids["document_id"]))),
        uses=True,
    ),
    Place(
        "a document in a response's input",
        ("document_id",),
        lambda ids, own: ("POST", "/v1/responses", {"model": "scripted", "input": _input(ids["document_id"])}),
        uses=True,
    ),
    Place(
        "a document at Azure's address",
        ("document_id",),
        lambda ids, own: ("POST", "/openai/v1/responses", {"model": "scripted", "input": _input(ids["document_id"])}),
        uses=True,
    ),
    Place(
        "a file for a vector store",
        ("document_id",),
        lambda ids, own: (
            "POST",
            f"/v1/vector_stores/{own['collection_id']}/files",
            {"file_id": ids["document_id"]},
        ),
        needs_own=True,
        uses=True,
    ),
    Place(
        "a document in a conversation",
        ("document_id",),
        lambda ids, own: ("POST", "/v1/conversations", {"items": _input(ids["document_id"])}),
        uses=True,
    ),
    Place(
        "a vector store to search",
        ("collection_id",),
        lambda ids, own: (
            "POST",
            "/v1/responses",
            {"model": "scripted", "input": "leave?", "tools": _search(ids["collection_id"])},
        ),
        uses=True,
    ),
    Place(
        "a collection in a response's model",
        ("collection_id",),
        lambda ids, own: ("POST", "/v1/responses", {"model": f"scripted+{ids['collection_id']}", "input": "leave?"}),
        uses=True,
    ),
    Place(
        "a response to go on from",
        ("response_id",),
        lambda ids, own: (
            "POST",
            "/v1/responses",
            {"model": "scripted", "input": "What?", "previous_response_id": ids["response_id"]},
        ),
    ),
    Place(
        "a conversation to go on with",
        ("conversation_id",),
        lambda ids, own: (
            "POST",
            "/v1/responses",
            {"model": "scripted", "input": "What?", "conversation": ids["conversation_id"]},
        ),
    ),
    Place(
        "an item of another response",
        ("response_id",),
        lambda ids, own: (
            "POST",
            "/v1/responses",
            {
                "model": "scripted",
                "input": [
                    {"type": "item_reference", "id": ids["response_id"].replace("resp_", "msg_")},
                    {"role": "user", "content": "What?"},
                ],
            },
        ),
    ),
]


def unknown_of(kind: str) -> str:
    return {"response_id": "resp_", "conversation_id": "conv_"}.get(kind, "") + new_id()


async def own_of(world: World, asker: str) -> dict[str, str]:
    asked = await ask(world.askers[asker], "", "My own")
    await read_all(world.askers[asker], "", asked["answer"]["id"])
    async with world.askers[asker].post("/api/collections", json={"name": new_id()}) as response:
        collection_id = (await response.json())["id"]
    return {"chat_id": asked["chat"]["id"], "question_id": asked["question"]["id"], "collection_id": collection_id}


async def sent(http: aiohttp.ClientSession, place: Place, ids: dict[str, str], own: dict[str, str]) -> tuple[int, str]:
    """Return status and body of what is answered, without the ids that were named and what is new each time."""
    method, address, body = place.request({kind: ids[kind] for kind in place.kinds}, own)
    async with http.request(method, address, json=body) as response:
        text = await response.text()
    tells = response.status >= 400 or method == "GET"
    return response.status, without(text, [*ids.values(), *own.values()]) if tells else ""


async def answered(
    world: World, http: aiohttp.ClientSession, route: tuple[str, str], ids: dict[str, str]
) -> tuple[int, str]:
    status, said = await call(world.hubbub, http, route, ids)
    return status, without(said, list(ids.values())) if status >= 400 else ""


def without(text: str, ids: list[str]) -> str:
    for one in sorted(filter(None, ids), key=len, reverse=True):
        text = text.replace(one, "ID").replace(re.sub("^(resp|conv)_", "", one), "ID")
    text = re.sub(r"^retry: \d+", "", text)  # which is made up each time
    return re.sub(r"(resp|conv|msg)_ID", "ID", text)
