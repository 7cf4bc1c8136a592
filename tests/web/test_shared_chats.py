"""Chats that are shared by link: who reads them, what they see, and how soon that ends. Against servers that run."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from hubbub.compose.databases import chats_in
from hubbub.connections.sqlite import Connection
from hubbub.core.people import OPERATOR
from tests.cli.commands import run
from tests.servers.hubbub_server import HubbubServer, hubbub_serving, scripted
from tests.servers.reader import ask, read_all
from tests.web.test_signing_in import ON, accounts_in, become, browser, member, status_of, told

EVERYBODY = {"HUBBUB_SHARING__CHATS_WITH_EVERYBODY": "true"}
SLOW = scripted("slow", words=200, pause_seconds=0.02)


@asynccontextmanager
async def serving(folder: Path, **more: str) -> AsyncIterator[HubbubServer]:
    variables = scripted(words=5, pause_seconds=0.0) | SLOW | ON | {"HUBBUB_DEFAULT_MODEL": "scripted"}
    async with hubbub_serving(folder, variables | more) as server:
        yield server


async def share(http: aiohttp.ClientSession, chat_id: str, **how: Any) -> tuple[int, dict[str, Any]]:
    async with http.post(f"/api/chats/{chat_id}/links", json=how) as response:
        return response.status, await told(response)


async def read(http: aiohttp.ClientSession, secret: str) -> tuple[int, dict[str, Any]]:
    async with http.post("/api/shared", json={"link": secret}) as response:
        assert response.status != 200 or "noindex" in response.headers["X-Robots-Tag"]
        assert response.headers["Referrer-Policy"] == "no-referrer"
        return response.status, await told(response)


async def asked(http: aiohttp.ClientSession, text: str, **more: Any) -> dict[str, Any]:
    """Ask, and wait for the whole answer."""
    made = await ask(http, "", text, **more)
    await read_all(http, "", made["answer"]["id"])
    return made


class Watching:
    """Somebody who has a shared chat open."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def event(self) -> tuple[str, dict[str, Any]]:
        """Return the next event and what it says."""
        while True:
            frame = (await self._response.content.readuntil(b"\n\n")).decode()
            if not frame.startswith(":"):
                name, _, data = frame.partition("\n")
                return name.removeprefix("event: "), json.loads(data.removeprefix("data: "))

    async def rest(self) -> bytes:
        return await self._response.content.read()


@asynccontextmanager
async def watching(http: aiohttp.ClientSession, secret: str) -> AsyncIterator[Watching]:
    timeout = aiohttp.ClientTimeout(total=20)
    async with http.post("/api/shared/events", json={"link": secret}, timeout=timeout) as response:
        assert response.status == 200, await response.text()
        yield Watching(response)


async def test_a_link_opens_the_chat_to_those_that_it_is_for_and_to_nobody_else(tmp_path: Path) -> None:
    async with (
        serving(tmp_path) as server,
        browser(server) as ada,
        browser(server) as bob,
        browser(server) as eve,
        browser(server) as stranger,
    ):
        await member(server, tmp_path, ada, "ada@example.org")
        bob_id = await member(server, tmp_path, bob, "bob@example.org")
        await member(server, tmp_path, eve, "eve@example.org")
        async with accounts_in(tmp_path) as (accounts, _):
            operator = await accounts.rescue(OPERATOR, "root@example.org")
        async with browser(server) as root:
            await become(root, operator.url)
            chat = (await asked(ada, "A question"))["chat"]["id"]
            for other in (bob, eve, stranger, root):
                assert (await share(other, chat))[0] in (401, 403, 404), "only whose chat it is shares it"
            _, everybody = await share(ada, chat, audience="everybody")
            assert everybody["code"] == "not_allowed", "the operator has not allowed that"
            status, signed = await share(ada, chat)
            assert status == 201
            _, some = await share(ada, chat, audience="some", subjects=[f"person:{bob_id}"])

            assert (await read(bob, signed["secret"]))[1]["title"] == "A question"
            assert (await read(eve, signed["secret"]))[0] == 200
            assert (await read(stranger, signed["secret"]))[0] == 401
            assert (await read(bob, some["secret"]))[0] == 200
            assert (await read(ada, some["secret"]))[0] == 200
            for other in (eve, root):  # an operator, too, reads other people's things only by a deed of its own
                assert (await read(other, some["secret"]))[0] == 404
            assert (await read(stranger, some["secret"]))[0] == 401
            for guess in ("", "x", signed["link"]["id"], signed["secret"][:-1], signed["secret"] + "A", chat):
                assert (await read(bob, guess))[0] == 404
                assert (await read(stranger, guess))[0] == 401, "whether there is such a link is told to nobody"
            async with bob.get(f"/api/chats/{chat}") as response:
                assert response.status == 404, "a link gives no right to the chat itself"
            listed = await told(await ada.get("/api/links"))
            assert [one["id"] for one in listed["links"]] == [some["link"]["id"], signed["link"]["id"]]
            assert signed["secret"] not in str(listed)
            assert (await told(await bob.get("/api/links")))["links"] == []
            assert await status_of(bob, f"/api/links/{signed['link']['id']}", "DELETE") == 404
        async with chats_in(tmp_path) as database:
            stored = await database.read(Connection.all, "select * from chat_link")
        assert signed["secret"] not in str(stored)


async def test_a_group_reads_and_who_leaves_it_reads_no_more_within_a_second(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, browser(server) as root, browser(server) as bob:
        async with accounts_in(tmp_path) as (accounts, _):
            operator = await accounts.rescue(OPERATOR, "root@example.org")
        await become(root, operator.url)
        bob_id = await member(server, tmp_path, bob, "bob@example.org")
        async with root.post("/api/groups", json={"name": "Readers"}) as response:
            group = (await told(response))["id"]
        chat = (await asked(root, "A question"))["chat"]["id"]
        subjects = {"audience": "some", "subjects": [f"group:{group}"]}
        assert (await share(root, chat, **subjects))[0] == 404, "it is not a group of theirs"
        root_id = (await told(await root.get("/api/me")))["person"]["id"]
        for person_id in (root_id, bob_id):
            async with root.put(f"/api/groups/{group}/members/{person_id}", json={}) as response:
                assert response.status < 300
        _, made = await share(root, chat, **subjects)
        async with watching(bob, made["secret"]) as reader:
            assert (await reader.event())[0] == "chat"
            began = time.monotonic()
            assert await status_of(root, f"/api/groups/{group}/members/{bob_id}", "DELETE") < 300
            assert (await reader.event())[0] == "ended"
            assert time.monotonic() - began < 5
        assert (await read(bob, made["secret"]))[0] == 404


async def test_what_is_shown_is_the_branch_with_what_is_cited_and_no_more(tmp_path: Path) -> None:
    async with serving(tmp_path, **EVERYBODY) as server, browser(server) as ada, browser(server) as stranger:
        await member(server, tmp_path, ada, "ada@example.org")
        async with ada.post("/api/collections", json={"name": "Handbook"}) as response:
            collection = (await told(response))["id"]
        text = b"Leave\n\nEverybody has thirty days of leave a year.\n\nThe password of the safe is swordfish.\n"
        async with ada.put(f"/api/collections/{collection}/documents/leave.md", data=text) as response:
            document = (await told(response))["id"]
        async with asyncio.timeout(20):
            while (await told(await ada.get(f"/api/documents/{document}")))["document"]["state"] != "ready":
                await asyncio.sleep(0.05)
        first = await asked(ada, "How many days of leave does everybody have?", collections=[collection])
        chat = first["chat"]["id"]
        edited = await asked(ada, "A secret that was edited away", chat_id=chat, parent_id=first["answer"]["id"])
        last = await asked(ada, "Instead of it", chat_id=chat, parent_id=first["answer"]["id"])
        _, was = await share(ada, chat, audience="everybody")
        _, then = await share(ada, chat, audience="everybody", leaf_id=first["answer"]["id"], shows_name=True)
        assert (await share(ada, chat, audience="everybody", leaf_id="nothing"))[0] == 404
        status, shown = await read(stranger, was["secret"])
        assert status == 200
        assert [one["role"] for one in shown["messages"]] == ["user", "assistant"] * 2
        assert shown["messages"][2]["text"] == "Instead of it"
        assert "edited away" not in str(shown)
        assert shown["owner_name"] == ""
        assert set(shown["messages"][1]) == {"role", "text", "created_at", "state", "is_quoted", "citations"}
        person = (await told(await ada.get("/api/me")))["person"]
        for hidden in (person["id"], "ada@example.org", chat, edited["question"]["id"], last["answer"]["id"]):
            assert hidden not in str(shown), hidden
        status, shorter = await read(stranger, then["secret"])
        assert len(shorter["messages"]) == 2
        for citation in shown["messages"][1]["citations"]:
            assert await status_of(stranger, f"/api/documents/{citation['document_id']}") == 401
        assert await status_of(stranger, f"/api/documents/{document}") == 401
        async with stranger.get("/shared") as response:
            assert response.headers["X-Robots-Tag"] == "noindex, nofollow"
            assert response.headers["Referrer-Policy"] == "no-referrer"


async def test_what_a_model_was_told_is_shown_by_no_link(tmp_path: Path) -> None:
    """Instructions of an assistant, of a person and of a chat are in what models are told, and in no message."""
    async with serving(tmp_path, **EVERYBODY) as server, browser(server) as ada, browser(server) as stranger:
        await member(server, tmp_path, ada, "ada@example.org")
        await ada.put("/api/me/instructions", json={"text": "My own swordfish"})
        starters = ["A swordfish to start with"]
        body = {"name": "Clerk", "description": "Of swordfish", "instructions": "Tell no swordfish"}
        async with ada.post("/api/assistants", json=body | {"starters": starters}) as response:
            assistant = (await told(response))["id"]
        first = await asked(ada, "A question", assistant=assistant, with_instructions=True)
        chat = first["chat"]["id"]
        async with ada.patch(f"/api/chats/{chat}", json={"instructions": "The swordfish of this chat"}) as response:
            assert response.status == 200
        await asked(ada, "Another question", chat_id=chat, parent_id=first["answer"]["id"])
        async with ada.get(f"/api/chats/{chat}") as response:
            assert "swordfish" in await response.text(), "it is there to be hidden"
        for follows in (False, True):
            _, made = await share(ada, chat, audience="everybody", follows=follows)
            _, shown = await read(stranger, made["secret"])
            async with watching(stranger, made["secret"]) as reader:
                _, streamed = await reader.event()
            for seen in (shown, streamed):
                assert [one["text"] for one in seen["messages"]][::2] == ["A question", "Another question"]
                assert len(seen["messages"]) == 4
                for hidden in ("swordfish", "Clerk", assistant):
                    assert hidden not in str(seen), (follows, hidden)


async def test_it_stays_as_it_was_or_follows_and_ends_within_a_second(tmp_path: Path) -> None:
    async with (
        serving(tmp_path, **EVERYBODY, HUBBUB_SERVER__WORKERS="2") as server,
        browser(server) as ada,
        browser(server) as bob,
        browser(server) as stranger,
    ):
        await member(server, tmp_path, ada, "ada@example.org")
        await member(server, tmp_path, bob, "bob@example.org")
        first = await asked(ada, "First")
        chat = first["chat"]["id"]
        _, fixed = await share(ada, chat, audience="everybody")
        _, follows = await share(ada, chat, audience="everybody", follows=True)
        async with watching(stranger, follows["secret"]) as live, watching(stranger, fixed["secret"]) as still:
            assert len((await live.event())[1]["messages"]) == 2
            assert len((await still.event())[1]["messages"]) == 2
            made = await ask(ada, "", "Second", chat_id=chat, parent_id=first["answer"]["id"], model="slow")
            texts: list[str] = []
            while not texts or texts[-1].count("word") < 60:
                shown = (await live.event())[1]["messages"]
                texts.append(shown[3]["text"] if len(shown) > 3 else "")
            assert len(set(texts)) > 2, "it grows while it is read"
            assert len((await read(stranger, fixed["secret"]))[1]["messages"]) == 2
            for link, reader in ((follows, live), (fixed, still)):
                began = time.monotonic()
                assert await status_of(ada, f"/api/links/{link['link']['id']}", "DELETE") == 204
                rest = await reader.rest()
                assert time.monotonic() - began < 5, "0.4 s between two looks, and some for a busy machine"
                assert rest.count(b"event: ended") == 1
                assert (await read(bob, link["secret"]))[0] == 404
        async with ada.post(f"/api/answers/{made['answer']['id']}/stop", json={}) as response:
            assert response.status < 300

        # Who is signed out, and a chat that is deleted, end it, too.
        _, signed = await share(ada, chat)
        async with watching(bob, signed["secret"]) as reader, watching(ada, signed["secret"]) as own:
            await reader.event()
            await own.event()
            began = time.monotonic()
            assert await status_of(bob, "/api/sign-out", "POST") == 204
            assert b"not_signed_in" in await reader.rest()
            assert await status_of(ada, f"/api/chats/{chat}", "DELETE") == 204
            assert b"not_found" in await own.rest()
            assert time.monotonic() - began < 5
        assert (await told(await ada.get("/api/links")))["links"] == []


async def test_the_operator_takes_everybody_back_lists_and_ends(tmp_path: Path) -> None:
    async with serving(tmp_path, **EVERYBODY) as server, browser(server) as ada, browser(server) as stranger:
        await member(server, tmp_path, ada, "ada@example.org")
        chat = (await asked(ada, "Of nobody's business"))["chat"]["id"]
        _, made = await share(ada, chat, audience="everybody")
        _, soon = await share(ada, chat, audience="everybody", expires_at=time.time() + 1.0)
        for wrong in ({"expires_at": 1.0}, {"audience": "some"}, {"audience": "some", "subjects": ["everybody"]}):
            assert (await share(ada, chat, **wrong))[0] == 422, wrong
        assert (await read(stranger, made["secret"]))[0] == 200
        async with watching(stranger, soon["secret"]) as reader:
            await reader.event()
            assert b"ended" in await reader.rest(), "its time is over"
        listed = await asyncio.to_thread(run, tmp_path, "links", "list")
        assert made["link"]["id"] in listed[1]
        assert "business" not in listed[1]
        async with watching(stranger, made["secret"]) as reader:
            await reader.event()
            ended = await asyncio.to_thread(run, tmp_path, "links", "end", made["link"]["id"])
            assert ended[0] == 0
            assert b"event: ended" in await reader.rest()
        again = await asyncio.to_thread(run, tmp_path, "links", "end", made["link"]["id"])
        assert again[0] == 1
        _, other = await share(ada, chat, audience="everybody")
    async with serving(tmp_path) as server, browser(server) as stranger:
        assert (await read(stranger, other["secret"]))[0] == 401, "it is not allowed any more"


async def test_what_a_disabled_person_shared_opens_nothing_until_they_are_enabled(tmp_path: Path) -> None:
    async with serving(tmp_path, **EVERYBODY) as server, browser(server) as root, browser(server) as ada:
        async with accounts_in(tmp_path) as (accounts, _):
            operator = await accounts.rescue(OPERATOR, "root@example.org")
        await become(root, operator.url)
        ada_id = await member(server, tmp_path, ada, "ada@example.org")
        chat = (await asked(ada, "A question"))["chat"]["id"]
        _, made = await share(ada, chat, audience="everybody")
        async with browser(server) as stranger, watching(stranger, made["secret"]) as reader:
            assert (await reader.event())[0] == "chat"
            async with root.patch(f"/api/people/{ada_id}", json={"is_active": False}) as response:
                assert response.status == 200
            began = time.monotonic()
            assert (await reader.event())[0] == "ended"
            assert time.monotonic() - began < 5
            assert (await read(stranger, made["secret"]))[0] == 401, "it might be for somebody who signs in"
            async with root.patch(f"/api/people/{ada_id}", json={"is_active": True}) as response:
                assert response.status == 200
            assert (await read(stranger, made["secret"]))[0] == 200
