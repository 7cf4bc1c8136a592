"""Programs without a key or a cookie: each finds its own things by their ids, and is shown nobody's."""

import aiohttp

from hubbub.identity.cookies import COOKIE
from tests.servers.reader import ask, read_all
from tests.web.application import Hubbub

LISTS = ("/api/chats", "/api/collections", "/v1/models", "/chat_history/sessions", "/list_uploaded")


async def test_what_guests_did_is_found_by_its_id_and_listed_nowhere(
    hubbub: Hubbub, ann: aiohttp.ClientSession
) -> None:
    one, other = await hubbub.guest(), await hubbub.guest()
    asked = await ask(one, "", "A secret plan")
    async with one.post("/api/collections", json={"name": "Secret files"}) as response:
        assert response.status == 201
        collection_id = (await response.json())["id"]
    async with one.post("/chat_history", json={"id": "s1", "answers": [["A secret plan", {}]]}) as response:
        assert response.status == 201
    for http in (one, other, ann):
        for path in LISTS:
            async with http.get(path) as response:
                assert response.status == 200
                text = (await response.text()).lower()
                assert "secret" not in text, path
                assert collection_id not in text, path
    assert (await read_all(one, "", asked["answer"]["id"]))[-1]["type"] == "done"
    for path in (f"/api/chats/{asked['chat']['id']}", f"/api/collections/{collection_id}/documents"):
        async with one.get(path) as response:
            assert response.status == 200, path
        async with ann.get(path) as response:
            assert response.status == 404, path
    for model, status in ((f"scripted+{collection_id}", 200), ("scripted+Secret files", 404)):
        body = {"model": model, "messages": [{"role": "user", "content": "What?"}]}
        async with one.post("/v1/chat/completions", json=body) as response:
            assert response.status == status, await response.text()


async def test_guests_keep_no_uploads(hubbub: Hubbub) -> None:
    guest = await hubbub.guest()
    form = aiohttp.FormData()
    form.add_field("file", b"text", filename="a.txt")
    async with guest.post("/upload", data=form) as response:
        assert response.status == 401


async def test_a_planted_cookie_makes_nobody(hubbub: Hubbub) -> None:
    victim = await hubbub.guest()
    planted = {"Cookie": f"{COOKIE}={'a' * 43}"}
    async with victim.get("/api/me", headers=planted) as response:
        issued = response.cookies[COOKIE].value
        assert issued != "a" * 43
    other = await hubbub.guest()
    async with other.get("/api/me", headers={"Cookie": f"{COOKIE}={'a' * 43}; {COOKIE}={issued}"}) as response:
        assert COOKIE not in response.cookies, "it is known by the one that was issued"
        assert (await response.json())["person"]["id"] == issued.partition(".")[0]
