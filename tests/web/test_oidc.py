"""Sign in at an OpenID Connect provider over HTTP, against servers that run."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from tests.servers.hubbub_server import HubbubServer, hubbub_serving, scripted
from tests.servers.issuer import Issuer, new_key

PATH = "/api/sign-in/oidc/house"


@asynccontextmanager
async def serving(folder: Path, issuer: Issuer, **more: str) -> AsyncIterator[HubbubServer]:
    at = "HUBBUB_IDENTITY__OIDC__HOUSE__"
    settings = {at + "ISSUER": issuer.url, at + "CLIENT_ID": "hubbub", at + "CLIENT_SECRET": "s3cret"}
    settings |= {at + name.upper(): value for name, value in more.items()}
    async with hubbub_serving(folder, scripted(words=2000, pause_seconds=0.02) | settings) as server:
        yield server


@asynccontextmanager
async def browser(server: HubbubServer) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(server.url, cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        yield http


async def sign_in(http: aiohttp.ClientSession, back: str = "/api/me") -> tuple[int, str]:
    """Follow all redirects; return the last status and text."""
    async with http.get(PATH, params={"back": back}) as response:
        return response.status, await response.text()


async def is_signed_in(http: aiohttp.ClientSession) -> bool:
    async with http.get("/api/sign-ins") as response:
        return response.status == 200


async def test_people_sign_in_go_on_while_the_provider_is_down_and_survive_new_keys(tmp_path: Path) -> None:
    async with (
        Issuer() as issuer,
        serving(tmp_path, issuer, label="The house") as server,
        browser(server) as ada,
        browser(server) as bob,
        browser(server) as eve,
    ):
        issuer.is_down = True
        status, text = await sign_in(ada)
        assert status == 503
        assert "Try again in" in text
        assert issuer.url not in text
        issuer.is_down = False
        await sign_in(eve)
        assert issuer.asked == ["discovery"]  # not asked again at once
        async with ada.get("/api/sign-in") as response:
            way = (await response.json())["ways"]
        assert way == [{"kind": "address", "name": "The house", "address": PATH}]
        assert not await is_signed_in(bob)


async def test_a_sign_in_comes_back_only_to_this_server_and_only_to_the_browser_that_began_it(tmp_path: Path) -> None:
    async with Issuer() as issuer, serving(tmp_path, issuer) as server, browser(server) as ada, browser(server) as eve:
        assert (await sign_in(ada))[0] == 200
        assert await is_signed_in(ada)
        async with eve.get(PATH, params={"back": "//evil.example"}, allow_redirects=False) as response:
            leaving = response.headers["location"]
            cookie = response.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert "max-age=600" in cookie
        async with eve.get(leaving, allow_redirects=False) as response:
            coming = response.headers["location"]
        async with aiohttp.ClientSession() as other, other.get(coming) as response:
            assert response.status == 401  # another browser's
        async with eve.get(coming, allow_redirects=False) as response:
            assert (response.status, response.headers["location"]) == (303, "/")
        async with eve.get(coming, allow_redirects=False) as response:
            assert response.status == 401  # once


async def test_keys_that_rotated_are_fetched_once_and_invented_ones_no_more(tmp_path: Path) -> None:
    async with Issuer() as issuer, serving(tmp_path, issuer) as server, browser(server) as ada:
        assert (await sign_in(ada))[0] == 200
        issuer.key = new_key("two")
        issuer.shown = [issuer.key]
        assert (await sign_in(ada))[0] == 200
        assert issuer.asked.count("keys") == 2
        issuer.key = new_key("invented")
        for _ in range(3):
            assert (await sign_in(ada))[0] == 401
        assert issuer.asked.count("keys") == 2


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"nonce": "other"}, 401),
        ({"aud": "other"}, 401),
        ({"iss": "https://other.example"}, 401),
        ({"exp": 1}, 401),
        ({"groups": ["else"]}, 403),
        ({"groups": ["team"], "email": "a@good.example", "email_verified": False}, 403),
        ({"groups": ["team"], "email": "a@evil.example", "email_verified": True}, 403),
        ({"groups": ["team"], "email": "a@good.example", "email_verified": True}, 200),
    ],
)
async def test_only_who_is_allowed_gets_in(tmp_path: Path, claims: dict[str, object], status: int) -> None:
    allowed = {"allowed_groups": '["team"]', "allowed_domains": '["Good.example"]'}
    async with Issuer() as issuer, serving(tmp_path, issuer, **allowed) as server, browser(server) as ada:
        issuer.claims = claims
        assert (await sign_in(ada))[0] == status
        assert await is_signed_in(ada) == (status == 200)


async def test_signing_out_at_the_provider_ends_open_streams_within_a_second(tmp_path: Path) -> None:
    async with Issuer() as issuer, serving(tmp_path, issuer) as server, browser(server) as ada:
        assert (await sign_in(ada))[0] == 200
        async with ada.post("/api/questions", json={"text": "Hello"}) as response:
            assert response.status < 300, await response.text()
            answer = (await response.json())["answer"]["id"]
        async with ada.get(f"/api/answers/{answer}/events") as stream:
            assert stream.status == 200
            await stream.content.readany()
            for bad in (issuer.token(), issuer.logout_token(aud="other"), issuer.logout_token(sid=None)):
                async with ada.post(PATH + "/logout", data={"logout_token": bad}) as response:
                    assert response.status == 400
            assert await is_signed_in(ada)
            async with ada.post(PATH + "/logout", data={"logout_token": issuer.logout_token()}) as response:
                assert response.status == 200
            async with asyncio.timeout(1.5):  # one second, and what a busy machine takes
                while await stream.content.readany():
                    pass
        assert not await is_signed_in(ada)


async def test_a_provider_that_calls_itself_something_else_is_not_believed(tmp_path: Path) -> None:
    async with Issuer() as issuer, serving(tmp_path, issuer) as server, browser(server) as ada:
        issuer.calls_itself = "https://other.example"
        assert (await sign_in(ada))[0] == 503
