"""Sign in and out at a certified provider, as it is, as somebody hostile would have it, and while its keys rotate."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, get_args

import aiohttp
import pytest
import pytest_asyncio

from tests.servers.certified_provider import SECRET, CertifiedProvider, Mode, certified_provider, pass_forms
from tests.servers.hubbub_server import HubbubServer, hubbub_serving, scripted

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("certified provider")]
AT = "HUBBUB_IDENTITY__OIDC__CERTIFIED__"
PATH = "/api/sign-in/oidc/certified"


class Served(NamedTuple):
    """A server, and the provider that people sign in at."""

    server: HubbubServer
    provider: CertifiedProvider


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    async with certified_provider() as provider:
        settings = {AT + "ISSUER": provider.url, AT + "CLIENT_ID": "hubbub", AT + "CLIENT_SECRET": SECRET}
        settings |= {AT + "OPERATOR_GROUPS": '["of-root"]'}
        words = scripted(words=2000, pause_seconds=0.02)
        async with hubbub_serving(tmp_path_factory.mktemp("certified"), words | settings) as server:
            yield Served(server, provider)


@pytest_asyncio.fixture(loop_scope="module")
async def served(running: Served) -> Served:
    await running.provider.set(running.server.url)
    return running


@asynccontextmanager
async def browser(served: Served) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(served.server.url, cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        yield http


async def sign_in(http: aiohttp.ClientSession, login: str) -> tuple[int, Any]:
    response = await pass_forms(http, f"{PATH}?back=/api/me", login)
    is_json = response.content_type == "application/json"
    return response.status, (await response.json())["person"] if is_json else await response.text()


async def test_people_sign_in_are_in_their_groups_and_are_the_same_again(served: Served) -> None:
    async with browser(served) as ada, browser(served) as again, browser(served) as root:
        status, person = await sign_in(ada, "ada")
        assert (status, person["name"], person["is_operator"]) == (200, "ada", False)
        assert (await sign_in(again, "ada"))[1]["id"] == person["id"]
        status, operator = await sign_in(root, "root")
        assert (status, operator["is_operator"]) == (200, True)
        async with root.post("/api/collections", json={"name": "Plans"}) as response:
            plans = (await response.json())["id"]
        for subject, can_see in (("claim:certified/of-bob", False), ("claim:certified/of-ada", True)):
            grants = {"grants": [{"subject": subject, "right": "use"}]}
            async with root.put(f"/api/collections/{plans}/grants", json=grants) as response:
                assert response.status == 200
            async with ada.get("/api/collections") as response:
                assert (plans in {one["id"] for one in (await response.json())["collections"]}) is can_see


@pytest.mark.parametrize("mode", [one for one in get_args(Mode) if one != "normal"])
async def test_a_hostile_one_lets_nobody_in(served: Served, mode: Mode) -> None:
    await served.provider.set(served.server.url, mode)
    async with browser(served) as eve:
        status, text = await sign_in(eve, "eve")
        assert (status, "You are not signed in" in text) == (401, True)
        async with eve.get("/api/sign-ins") as response:
            assert response.status == 401


async def test_too_many_groups_are_refused(served: Served) -> None:
    async with browser(served) as eve:
        status, text = await sign_in(eve, "crowd")
        assert (status, "You are not signed in" in text) == (401, True)


async def test_signing_out_there_ends_what_streams_here_within_a_second(served: Served) -> None:
    async with browser(served) as ada, browser(served) as bob:
        assert (await sign_in(ada, "ada"))[0] == 200
        assert (await sign_in(bob, "bob"))[0] == 200
        async with ada.post("/api/questions", json={"text": "Speak for long."}) as response:
            answer = (await response.json())["answer"]["id"]
        async with ada.get(f"/api/answers/{answer}/events") as stream:
            await stream.content.readany()
            began = time.monotonic()
            response = await pass_forms(ada, f"{served.provider.url}/session/end", "ada")
            assert response.status == 200
            async with asyncio.timeout(5):
                while await stream.content.readany():
                    pass
            took = time.monotonic() - began
        sys.stdout.write(f"a stream ended {took:.2f} s after its person began to sign out at the provider\n")
        for http, status in ((ada, 401), (bob, 200)):
            async with http.get("/api/sign-ins") as response:
                assert response.status == status


async def test_signing_out_here_signs_out_there_too(served: Served) -> None:
    async with browser(served) as ada:
        assert (await sign_in(ada, "ada"))[0] == 200
        async with ada.post("/api/sign-out") as response:
            address = (await response.json())["address"]
        response = await pass_forms(ada, address, "ada")
        assert (response.status, str(response.url)) == (200, served.server.url + "/")
        async with ada.get(f"{PATH}?back=/api/me") as response:
            assert "/interaction/" in str(response.url), "they would have to sign in anew there"


async def test_keys_rotate_while_people_sign_in(served: Served) -> None:
    async with browser(served) as ada, browser(served) as bob:
        assert (await sign_in(ada, "ada"))[0] == 200
        await served.provider.set(served.server.url, key="second")
        assert (await sign_in(bob, "bob"))[0] == 200
        async with ada.get("/api/sign-ins") as response:
            assert response.status == 200
