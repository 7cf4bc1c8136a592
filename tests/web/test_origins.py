"""Pages of other origins: those that were named get in, and others get nothing."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.web.application import Hubbub, hubbub_running

FRIEND = "http://localhost:5173"
STRANGERS = [
    *("https://evil.example", "http://localhost:5174", "https://localhost:5173", "http://localhost"),
    *("http://localhost:5173.evil.example", "http://evil.localhost:5173", "null", "", "*", "HTTP://LOCALHOST:5173"),
    *("http://localhost:5173/", "http://localhost:5173, https://evil.example"),
]
PATHS = ("/config", "/chat_history/sessions", "/api/chats", "/content/x", "/api/health", "/nothing")


@pytest.fixture
async def open_to_one(tmp_path: Path) -> AsyncIterator[Hubbub]:
    async with hubbub_running(tmp_path, allowed_origins=[FRIEND, "https://www.example.org"]) as hubbub:
        yield hubbub


def cors(response: aiohttp.ClientResponse) -> dict[str, str]:
    return {
        name.lower(): value for name, value in response.headers.items() if name.lower().startswith("access-control")
    }


async def asked_first(http: aiohttp.ClientSession, path: str, origin: str, method: str = "POST") -> dict[str, str]:
    """Return what a browser is told that asks whether it may send a request."""
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    async with http.options(path, headers=headers) as response:
        told = cors(response)
        assert (response.status == 204) == bool(told)
        assert "set-cookie" not in response.headers
        if told:
            assert "Origin" in response.headers["vary"]
        return told


async def test_a_page_that_was_named_gets_in(open_to_one: Hubbub) -> None:
    http = await open_to_one.guest()
    for path in PATHS:
        async with http.get(path, headers={"Origin": FRIEND, "Sec-Fetch-Site": "cross-site"}) as response:
            assert cors(response) == {
                "access-control-allow-origin": FRIEND,
                "access-control-expose-headers": "*",
            }, path
            assert "Origin" in response.headers["vary"]
    told = await asked_first(http, "/chat_history", FRIEND)
    assert told["access-control-allow-origin"] == FRIEND
    assert "POST" in told["access-control-allow-methods"]
    assert told["access-control-allow-headers"] == "authorization, *"
    assert "access-control-allow-credentials" not in told
    headers = {"Origin": FRIEND, "Sec-Fetch-Site": "cross-site"}
    body = {"id": "a", "answers": [["What?", {}]]}
    async with http.post("/chat_history", json=body, headers=headers) as response:
        assert (response.status, response.headers["access-control-allow-origin"]) == (201, FRIEND)
    async with http.post("/chat_history", json={}, headers=headers) as response:  # it may read why it was refused
        assert (response.status, response.headers["access-control-allow-origin"]) == (422, FRIEND)
    http.cookie_jar.clear()  # a page that was opened has given one
    data = aiohttp.FormData()
    data.add_field("file", "text", filename="a.txt")
    async with http.post("/upload", data=data, headers=headers) as response:  # the guest keeps no uploads
        assert (response.status, response.headers["access-control-allow-origin"]) == (401, FRIEND)


async def test_a_page_of_ones_own_needs_no_leave(open_to_one: Hubbub) -> None:
    ann = await open_to_one.person()
    for headers in ({"Origin": open_to_one.url}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {}):
        async with ann.post("/api/collections", json={"name": str(headers)}, headers=headers) as response:
            assert response.status == 201
            assert cors(response) == {}
            assert "Origin" in response.headers["vary"]


@pytest.mark.parametrize("origin", STRANGERS)
async def test_others_get_nothing(open_to_one: Hubbub, origin: str) -> None:
    ann = await open_to_one.person()
    assert await asked_first(ann, "/chat_history", origin) == {}
    for path in PATHS:
        async with ann.get(path, headers={"Origin": origin, "Sec-Fetch-Site": "cross-site"}) as response:
            assert cors(response) == {}, path
            assert response.headers["cross-origin-resource-policy"] == "same-origin"
            assert "Origin" in response.headers["vary"]
    for site in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {}):
        for method, path in (("POST", "/chat_history"), ("POST", "/api/collections"), ("DELETE", "/api/chats/x")):
            async with ann.request(method, path, json={}, headers={"Origin": origin, **site}) as response:
                assert response.status == 403, (method, path, site)
                assert cors(response) == {}


async def test_without_names_nobody_gets_in(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    for origin in (FRIEND, *STRANGERS):
        assert await asked_first(ann, "/chat_history", origin) == {}
        async with ann.post("/chat_history", json={}, headers={"Origin": origin}) as response:
            assert response.status == 403
            assert cors(response) == {}
    async with ann.get("/config", headers={"Origin": FRIEND}) as response:
        assert cors(response) == {}
        assert "vary" not in response.headers


async def test_where_a_key_is_needed_any_page_may_ask(tmp_path: Path) -> None:
    async with hubbub_running(tmp_path, allowed_origins=["*"], needs_key=True) as hubbub:
        guest, program = await hubbub.guest(), await hubbub.program("program")
        for origin in ("https://anything.example", "null"):
            told = await asked_first(guest, "/config", origin, "GET")
            assert told["access-control-allow-origin"] == origin
            headers = {"Origin": origin, "Sec-Fetch-Site": "cross-site"}
            async with guest.get("/config", headers=headers) as response:
                assert (response.status, response.headers["access-control-allow-origin"]) == (401, origin)
            async with program.get("/config", headers=headers) as response:
                assert response.status == 200


async def test_a_name_of_the_server_comes_before_its_friends(open_to_one: Hubbub) -> None:
    http = await open_to_one.guest()
    headers = {"Host": "evil.example", "Origin": FRIEND, "Access-Control-Request-Method": "GET"}
    async with http.options("/config", headers=headers) as response:
        assert response.status == 403
    async with http.options("/config", headers={"Origin": FRIEND}) as response:  # no question of a browser
        assert response.status == 405
