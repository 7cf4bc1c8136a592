"""What a guest did is taken along by who signs in on that browser: against servers that run."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from hubbub.compose.databases import chats_in, library_in
from hubbub.compose.guests import KINDS
from hubbub.connections.sqlite import Connection
from hubbub.identity.cookies import COOKIE
from hubbub.identity.guests_sqlite import SqliteGuests
from tests.patience import patience
from tests.servers.hubbub_server import HubbubServer, hubbub_serving, scripted
from tests.servers.reader import ask, read_all
from tests.web.test_attachments import PNG
from tests.web.test_signing_in import ON, browser, member, sign_in, told

OPEN = ON | {"HUBBUB_IDENTITY__OPEN_TO_EVERYBODY": "true"}
NOTHING = {"chats": 0, "collections": 0, "documents": 0, "sessions": 0, "keys": 0}


@asynccontextmanager
async def serving(folder: Path, **more: str) -> AsyncIterator[HubbubServer]:
    async with hubbub_serving(folder, scripted(words=5, pause_seconds=0.0) | OPEN | more) as server:
        yield server


async def get(http: aiohttp.ClientSession, path: str) -> dict[str, Any]:
    async with http.get(path) as response:
        assert response.status == 200, (path, await response.text())
        return await told(response)


async def be_a_guest(http: aiohttp.ClientSession) -> dict[str, str]:
    """Ask, keep a document and a session; returns the ids."""
    person = (await get(http, "/api/me"))["person"]
    async with http.post("/api/collections", json={"name": "Notes"}) as response:
        collection_id = (await told(response))["id"]
    path = f"/api/collections/{collection_id}/documents/leave.txt"
    async with http.put(path, data=b"Thirty days of leave.") as response:
        document_id = (await told(response))["id"]
    async with http.post("/chat_history", json={"id": "7e57", "answers": [["What?", {}]]}) as response:
        assert response.status == 201
    asked = await ask(http, "", "Zebra crossings?")
    await read_all(http, "", asked["answer"]["id"])
    ids = {"guest": person["id"], "collection": collection_id, "document": document_id}
    return ids | {"chat": asked["chat"]["id"], "answer": asked["answer"]["id"]}


async def test_all_of_it_becomes_the_persons_and_nobody_elses(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, browser(server) as ada, browser(server) as eve, browser(server) as copy:
        ids = await be_a_guest(ada)
        [cookie] = [one for one in ada.cookie_jar if one.key == COOKIE]
        copy.headers["Cookie"] = f"{COOKIE}={cookie.value}"
        async with ada.post("/api/me/guest") as response:
            assert response.status == 401, "nobody has signed in"
        await member(server, tmp_path, ada, "ada@example.org")
        assert (await get(ada, "/api/chats"))["chats"] == []
        assert await get(ada, "/api/me/guest") == NOTHING | {
            "chats": 1,
            "collections": 1,
            "documents": 1,
            "sessions": 1,
        }
        async with ada.post("/api/collections", json={"name": "Notes"}) as response:
            assert response.status == 201
        async with ada.post("/api/me/guest") as response:
            assert (response.status, (await told(response))["chats"]) == (200, 1)
        assert COOKIE not in [one.key for one in ada.cookie_jar], "the browser is no guest any more"

        assert [one["id"] for one in (await get(ada, "/api/chats"))["chats"]] == [ids["chat"]]
        [found] = (await get(ada, "/api/chats/found?words=zebra"))["found"]
        assert found["chat"]["id"] == ids["chat"]
        assert (await get(ada, f"/api/chats/{ids['chat']}"))["messages"][1]["answer"]["state"] == "done"
        assert (await get(ada, f"/api/answers/{ids['answer']}"))["state"] == "done"
        assert (await get(ada, f"/api/documents/{ids['document']}"))["document"]["name"] == "leave.txt"
        assert [one["id"] for one in (await get(ada, "/chat_history/sessions"))["sessions"]] == ["7e57"]
        names = {one["id"]: one["name"] for one in (await get(ada, "/api/collections"))["collections"]}
        assert names[ids["collection"]] == "Notes (2)", "the person has one of that name"

        # The cookie opens nothing any more, neither to who kept a copy of it nor to who signs in with one.
        assert (await get(copy, "/api/chats"))["chats"] == []
        async with copy.get(f"/api/chats/{ids['chat']}") as response:
            assert response.status == 404
        await ask(copy, "", "Later")
        await member(server, tmp_path, eve, "eve@example.org")
        [theirs] = [one for one in eve.cookie_jar if one.key == "hubbub_sign_in"]
        both = {"Cookie": f"{COOKIE}={cookie.value}; hubbub_sign_in={theirs.value}"}
        async with aiohttp.ClientSession(server.url, headers=both) as http:
            assert await get(http, "/api/me/guest") == NOTHING
            async with http.post("/api/me/guest") as response:
                assert response.status == 404


async def test_pictures_files_of_chats_and_words_of_ones_own_come_along(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, browser(server) as ada, browser(server) as bob:
        ids = await be_a_guest(ada)
        async with ada.post("/api/pictures?name=dot.png", data=PNG) as response:
            picture = (await told(response))["id"]
        async with ada.post("/api/chat-files", json={"chat_id": ids["chat"]}) as response:
            files = (await told(response))["id"]
        async with ada.put(f"/api/collections/{files}/documents/pier.txt", data=b"The pier is closed.") as response:
            document = (await told(response))["id"]
        async with ada.put("/api/me/instructions", json={"text": "Be brief."}) as response:
            assert response.status == 200
        await member(server, tmp_path, bob, "bob@example.org")
        await member(server, tmp_path, ada, "ada@example.org")
        async with ada.post("/api/me/guest") as response:
            assert response.status == 200
        for http, status in ((ada, 200), (bob, 404)):
            for path in (f"/api/pictures/{picture}", f"/api/documents/{document}"):
                async with http.get(path) as response:
                    assert response.status == status, path
        assert (await get(ada, "/api/me/instructions"))["text"] == "Be brief."
        async with ada.put(f"/api/collections/{files}/documents/more.txt", data=b"The ferry goes.") as response:
            assert response.status in (201, 202), "the files are still those of a chat of theirs"
        assert files not in [one["id"] for one in (await get(ada, "/api/collections"))["collections"]]


async def test_a_cookie_that_was_not_issued_here_takes_nothing(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, browser(server) as victim, browser(server) as eve:
        ids = await be_a_guest(victim)
        [good] = [one.value for one in victim.cookie_jar if one.key == COOKIE]
        await member(server, tmp_path, eve, "eve@example.org")
        [sign] = [one.value for one in eve.cookie_jar if one.key == "hubbub_sign_in"]
        code = good.partition(".")[2]
        forged = (ids["guest"], f"{ids['guest']}.", f"{ids['guest']}.{code[:-1]}", f"{ids['guest']}.{code.swapcase()}")
        for value in (*forged, f"{ids['guest']}.{'A' * 43}", "guest", f"b{'0' * 25}.{code}"):
            headers = {"Cookie": f"{COOKIE}={value}; hubbub_sign_in={sign}"}
            async with aiohttp.ClientSession(server.url, headers=headers) as http:
                assert await get(http, "/api/me/guest") == NOTHING
                async with http.post("/api/me/guest") as response:
                    assert response.status == 404, value
        for body in ({"guest_id": ids["guest"]}, {"id": ids["guest"]}):
            async with eve.post("/api/me/guest", json=body) as response:
                assert response.status == 404
        foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
        async with victim.post("/api/me/guest", headers=foreign) as response:
            assert response.status == 403
        assert [one["id"] for one in (await get(victim, "/api/chats"))["chats"]] == [ids["chat"]]


async def test_a_crash_between_the_two_files_is_made_good_at_the_next_start(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, browser(server) as ada:
        ids = await be_a_guest(ada)
        person_id = await member(server, tmp_path, ada, "ada@example.org")
        async with chats_in(tmp_path) as database, SqliteGuests(database, KINDS) as store:
            await store.begin(ids["guest"], person_id)  # and here the process ends
        await server.kill()
    async with serving(tmp_path) as server, browser(server) as ada:
        assert await sign_in(ada, "ada@example.org") == (200, "")
        assert [one["id"] for one in (await get(ada, "/api/chats"))["chats"]] == [ids["chat"]]
        mine = [one["id"] for one in (await get(ada, "/api/collections"))["collections"] if one["is_mine"]]
        assert mine == [ids["collection"]]
        async with chats_in(tmp_path) as database, SqliteGuests(database, KINDS) as store:
            assert await store.unfinished() == []


async def test_nothing_is_given_where_one_part_of_it_can_not_be(tmp_path: Path) -> None:
    """An answer that is being written stays where it is, and with it all the rest; once it is there all goes."""
    slow = scripted(words=1000, pause_seconds=0.02)
    async with serving(tmp_path, **slow) as server, browser(server) as ada:
        guest_id = (await get(ada, "/api/me"))["person"]["id"]
        asked = await ask(ada, "", "Speak for long.")
        await member(server, tmp_path, ada, "ada@example.org")
        async with ada.post("/api/me/guest") as response:
            assert (response.status, (await told(response))["code"]) == (409, "conflict")
        async with library_in(tmp_path) as library:
            assert await library.read(Connection.one, "select count(*) from collection where owner_id like 'p%'") == (
                0,
            )
        [guest] = [one.value for one in ada.cookie_jar if one.key == COOKIE]
        async with aiohttp.ClientSession(server.url, headers={"Cookie": f"{COOKIE}={guest}"}) as http:
            assert guest.startswith(guest_id)
            async with http.post(f"/api/answers/{asked['answer']['id']}/stop", json={}) as response:
                assert response.status < 300
        async with patience():
            while True:
                async with ada.post("/api/me/guest") as response:
                    if response.status == 200:
                        break
                await asyncio.sleep(0.02)
        assert len((await get(ada, "/api/chats"))["chats"]) == 1
