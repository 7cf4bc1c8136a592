"""Sign in at OpenID Connect providers over HTTP, and send their tokens: one server, and a provider for each trouble."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from hubbub.identity.oidc_kept import LOOK_SECONDS
from tests.servers.hubbub_server import HubbubServer, hubbub_serving, scripted
from tests.servers.issuer import Issuer, new_key

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("oidc")]

ISSUERS = ("house", "other", "strict", "linking", "rotating", "liar", "late", "down", "away", "entra")
AT = "HUBBUB_IDENTITY__OIDC__"
MORE = {
    "house": {"label": "The house", "audiences": '["api://hubbub"]', "operator_groups": '["operators"]'},
    "other": {"audiences": '["api://hubbub"]'},
    "strict": {"allowed_groups": '["team"]', "allowed_domains": '["Good.example"]'},
    "linking": {"links_by_email": "true"},
    "entra": {
        "allowed_tenants": '["tenant-1"]',
        "audiences": '["api://hubbub"]',
        "subject_claim": "oid",
        "roles_claim": "roles",
        "operator_groups": '["Chat.Operator"]',
    },
    "away": {"audiences": '["api://hubbub"]'},
    "late": {"audiences": '["api://hubbub"]', "ends_session": "false"},
}


@dataclass
class Served:
    """A server, and the providers that people sign in at there."""

    server: HubbubServer
    issuers: Mapping[str, Issuer]
    folder: Path = Path()

    def __getitem__(self, name: str) -> Issuer:
        return self.issuers[name]


@asynccontextmanager
async def serving(folder: Path, issuers: Mapping[str, Issuer], **more: str) -> AsyncIterator[HubbubServer]:
    settings = scripted(words=2000, pause_seconds=0.02) | more
    for name, issuer in issuers.items():
        at = f"{AT}{name.upper()}__"
        settings |= {at + "ISSUER": issuer.url, at + "CLIENT_ID": "hubbub", at + "CLIENT_SECRET": "s3cret"}
        settings |= {at + key.upper(): value for key, value in MORE.get(name, {}).items()}
    async with hubbub_serving(folder, settings) as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    async with AsyncExitStack() as stack:
        issuers = {name: await stack.enter_async_context(Issuer()) for name in ISSUERS}
        issuers["down"].is_down = issuers["away"].is_down = True
        issuers["entra"].calls_itself = issuers["entra"].url + "/{tenantid}/v2.0"
        issuers["liar"].calls_itself = "https://other.example"
        folder = tmp_path_factory.mktemp("oidc")
        yield Served(await stack.enter_async_context(serving(folder, issuers)), issuers, folder)


@pytest_asyncio.fixture(loop_scope="module")
async def served(running: Served) -> Served:
    for issuer in running.issuers.values():
        issuer.claims = {}
        issuer.left.clear()
    return running


@asynccontextmanager
async def browser(served: Served) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(served.server.url, cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        yield http


def path_of(provider: str) -> str:
    return f"/api/sign-in/oidc/{provider}"


async def sign_in(http: aiohttp.ClientSession, provider: str = "house", back: str = "/api/me") -> tuple[int, str]:
    """Follow all redirects; return the last status and text."""
    async with http.get(path_of(provider), params={"back": back}) as response:
        return response.status, await response.text()


async def is_signed_in(http: aiohttp.ClientSession) -> bool:
    async with http.get("/api/sign-ins") as response:
        return response.status == 200


async def me(http: aiohttp.ClientSession) -> dict[str, Any]:
    async with http.get("/api/me") as response:
        assert response.status == 200
        return (await response.json())["person"]


async def ways(http: aiohttp.ClientSession) -> dict[str, bool]:
    async with http.get("/api/sign-in") as response:
        return {way["name"]: way["is_there"] for way in (await response.json())["ways"]}


async def test_a_provider_that_is_down_is_named_and_asked_no_more_than_now_and_then(served: Served) -> None:
    down = served["down"]
    async with browser(served) as ada, browser(served) as eve:
        status, text = await sign_in(ada, "down")
        assert status == 503
        assert "Try again in" in text
        assert down.url not in text
        down.is_down = False
        assert (await sign_in(eve, "down"))[0] == 503
        assert down.asked == ["discovery"]  # not asked again at once
        there = await ways(eve)
        assert (there["down"], there["The house"]) == (False, True)
        await ways(ada)
        assert served["house"].asked.count("discovery") <= 2, "nor is one that is there"
        assert not await is_signed_in(eve)


async def test_who_is_signed_in_goes_on_while_the_provider_is_down(tmp_path: Path) -> None:
    async with Issuer() as issuer, serving(tmp_path, {"house": issuer}) as server:
        served = Served(server, {"house": issuer})
        async with browser(served) as ada, browser(served) as eve:
            assert (await sign_in(ada))[0] == 200
            async with ada.post("/api/questions", json={"text": "Hello"}) as response:
                answer = (await response.json())["answer"]["id"]
            async with ada.get(f"/api/answers/{answer}/events") as stream:
                await stream.content.readany()
                async with eve.get(path_of("house"), allow_redirects=False) as response:
                    leaving = response.headers["location"]
                async with eve.get(leaving, allow_redirects=False) as response:
                    coming = response.headers["location"]
                issuer.is_down = True
                async with eve.get(coming) as response:
                    assert response.status == 503, "it can't say whose the code is"
                assert (await ways(eve))["The house"] is False
                assert await is_signed_in(ada)
                async with ada.post("/api/questions", json={"text": "Go on"}) as response:
                    assert response.status < 300
                until = asyncio.get_running_loop().time() + 1.2  # longer than what ends would last
                while asyncio.get_running_loop().time() < until:
                    async with asyncio.timeout(10):
                        assert await stream.content.readany(), "the stream goes on, too"
            issuer.is_down = False
            assert (await sign_in(eve))[0] == 200, "and with the provider it is over"


async def test_a_provider_that_does_not_answer_keeps_the_sign_in_page_waiting_for_a_moment_alone(
    tmp_path: Path,
) -> None:
    async with Issuer() as issuer, Issuer() as quick:
        issuer.hangs = True
        async with serving(tmp_path, {"house": issuer, "other": quick}) as server:
            async with browser(Served(server, {})) as ada:
                began = time.monotonic()
                assert await ways(ada) == {"The house": False, "other": True}
                assert time.monotonic() - began < 8
                began = time.monotonic()
                assert await ways(ada) == {"The house": False, "other": True}
                assert time.monotonic() - began < LOOK_SECONDS  # it is not asked again
            issuer.goes_on.set()


async def test_a_sign_in_comes_back_only_to_this_server_and_only_to_the_browser_that_began_it(served: Served) -> None:
    async with browser(served) as ada, browser(served) as eve:
        assert (await sign_in(ada))[0] == 200
        assert await is_signed_in(ada)
        async with eve.get(path_of("house"), params={"back": "//evil.example"}, allow_redirects=False) as response:
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


async def test_keys_that_rotated_are_fetched_once_and_invented_ones_no_more(served: Served) -> None:
    issuer = served["rotating"]
    async with browser(served) as ada:
        assert (await sign_in(ada, "rotating"))[0] == 200
        issuer.key = new_key("two")
        issuer.shown = [issuer.key]
        assert (await sign_in(ada, "rotating"))[0] == 200
        assert issuer.asked.count("keys") == 2
        issuer.key = new_key("invented")
        for _ in range(3):
            assert (await sign_in(ada, "rotating"))[0] == 401
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
async def test_only_who_is_allowed_gets_in(served: Served, claims: dict[str, object], status: int) -> None:
    async with browser(served) as ada:
        served["strict"].claims = claims
        assert (await sign_in(ada, "strict"))[0] == status
        assert await is_signed_in(ada) == (status == 200)


@pytest.mark.parametrize("channel", ["back", "front"])
async def test_signing_out_at_the_provider_ends_open_streams_within_a_second(served: Served, channel: str) -> None:
    issuer = served["house"]
    path = path_of("house")
    async with browser(served) as ada, browser(served) as eve:
        issuer.claims = {"sub": f"{channel}-eve", "sid": "session-of-eve"}
        assert (await sign_in(eve))[0] == 200
        issuer.claims = {"sub": f"{channel}-ada", "sid": f"session {channel}"}
        assert (await sign_in(ada))[0] == 200
        async with ada.post("/api/questions", json={"text": "Hello"}) as response:
            assert response.status < 300, await response.text()
            answer = (await response.json())["answer"]["id"]
        async with ada.get(f"/api/answers/{answer}/events") as stream:
            assert stream.status == 200
            await stream.content.readany()
            if channel == "back":
                issuer.claims = {}
                bad = (issuer.token(), issuer.logout_token(aud="other"), issuer.logout_token(sid=None))
                for token in bad:
                    async with ada.post(path + "/logout", data={"logout_token": token}) as response:
                        assert response.status == 400
                assert await is_signed_in(ada)
                token = issuer.logout_token(sid="session back")
                asking = ada.post(path + "/logout", data={"logout_token": token})
            else:
                sid = {"sid": "session front"}
                for params in ({}, sid, {"iss": issuer.url}, sid | {"iss": "https://other.example"}):
                    async with ada.get(path + "/left", params=params) as response:
                        assert response.status == 400, params
                assert await is_signed_in(ada)
                asking = eve.get(path + "/left", params=sid | {"iss": issuer.url})
            began = time.monotonic()
            async with asking as response:
                assert response.status == 200
            async with asyncio.timeout(5):  # one second, and what a busy machine takes
                while await stream.content.readany():
                    pass
            sys.stdout.write(f"a stream ended {time.monotonic() - began:.2f} s after the {channel}-channel logout\n")
        assert not await is_signed_in(ada)
        assert await is_signed_in(eve)


async def test_signing_out_here_signs_out_at_the_provider_too(served: Served) -> None:
    issuer = served["house"]
    async with browser(served) as ada:
        assert (await sign_in(ada))[0] == 200
        async with ada.post("/api/sign-out") as response:
            address = (await response.json())["address"]
        assert not await is_signed_in(ada)
        async with ada.get(address) as response:
            assert (response.status, str(response.url)) == (200, served.server.url + "/")
        [asked] = issuer.left
        assert asked["post_logout_redirect_uri"] == served.server.url + "/"
        assert asked["client_id"] == "hubbub"
        assert asked["id_token_hint"].count(".") == 2
        async with ada.post("/api/sign-out") as response:
            assert response.status == 204, "nobody is signed in any more"
        assert (await sign_in(ada, "late"))[0] == 200
        async with ada.post("/api/sign-out") as response:
            assert response.status == 204, "where the settings leave the provider's session alone"


async def test_the_token_that_signs_out_is_stored_where_only_the_browser_can_read_it(served: Served) -> None:
    url = served.server.url
    async with browser(served) as ada:
        assert (await sign_in(ada))[0] == 200
        [cookie] = [one.value for one in ada.cookie_jar if one.key == "hubbub_sign_in"]
        forged = f"hubbub_sign_in={cookie.partition('.')[0]}.{'A' * 43}"
        async with aiohttp.request("POST", f"{url}/api/sign-out", headers={"Cookie": forged}) as response:
            assert response.status == 204
        assert await is_signed_in(ada)
        async with ada.post("/api/sign-out") as response:
            token = (await response.json())["address"].partition("id_token_hint=")[2]
    files = served.folder.glob("hubbub.db*")
    stored = await asyncio.to_thread(lambda: b"".join(path.read_bytes() for path in files))
    assert token.count(".") == 2
    for part in (*token.split(".")[1:], cookie):
        assert part.encode() not in stored


async def test_a_provider_that_calls_itself_something_else_is_not_believed(served: Served) -> None:
    async with browser(served) as ada:
        assert (await sign_in(ada, "liar"))[0] == 503


async def test_two_providers_with_a_group_of_one_name_mean_two_groups(served: Served) -> None:
    async with browser(served) as ada, browser(served) as bob, browser(served) as eve:
        for http, provider in ((ada, "house"), (bob, "house"), (eve, "other")):
            served[provider].claims = {"sub": f"group-{id(http)}", "groups": ["team"]}
            assert (await sign_in(http, provider))[0] == 200
        async with ada.post("/api/collections", json={"name": "Plans"}) as response:
            plans = (await response.json())["id"]
        path = f"/api/collections/{plans}/grants"
        for subject, status in (("claim:team", 422), ("claim:nobody/team", 422), ("claim:house/team", 200)):
            async with ada.put(path, json={"grants": [{"subject": subject, "right": "use"}]}) as response:
                assert response.status == status, subject
        async with ada.post("/api/questions", json={"text": "A question"}) as response:
            chat = (await response.json())["chat"]["id"]
        for subject, status in (("claim:team", 422), ("claim:nobody/team", 422), ("claim:house/team", 201)):
            named = {"audience": "some", "subjects": [subject]}
            async with ada.post(f"/api/chats/{chat}/links", json=named) as response:
                assert response.status == status, subject
        for http, can_see in ((bob, True), (eve, False)):
            async with http.get("/api/collections") as response:
                assert (plans in {one["id"] for one in (await response.json())["collections"]}) == can_see
        served["other"].claims = {"sub": "claims-another", "groups": ["house/team", "/house/team", "../house/team"]}
        assert (await sign_in(eve, "other"))[0] == 200
        async with eve.get("/api/collections") as response:
            assert plans not in {one["id"] for one in (await response.json())["collections"]}


async def test_two_accounts_that_claim_one_e_mail_are_not_one_without_a_setting(served: Served) -> None:
    said = {"email": "Ada@example.org", "email_verified": True}
    async with browser(served) as ada, browser(served) as eve, browser(served) as again:
        served["house"].claims = said | {"sub": "mail-ada"}
        assert (await sign_in(ada))[0] == 200
        served["other"].claims = said | {"sub": "mail-eve"}
        status, text = await sign_in(eve, "other")
        assert status == 403
        assert "has your e-mail address already" in text
        assert not await is_signed_in(eve)
        served["linking"].claims = said | {"sub": "mail-eve", "email_verified": False}
        assert (await sign_in(eve, "linking"))[0] == 403
        served["linking"].claims = said | {"sub": "mail-ada"}
        assert (await sign_in(again, "linking"))[0] == 200
        assert (await me(again))["id"] == (await me(ada))["id"]


def bearer(issuer: Issuer, **claims: Any) -> dict[str, str]:
    token = issuer.token(**({"aud": "api://hubbub", "sub": "program", "sid": None} | claims))
    return {"Authorization": f"Bearer {token}"}


async def test_programs_send_tokens_of_a_provider_on_every_door(served: Served) -> None:
    house, other = served["house"], served["other"]
    async with browser(served) as http:
        for path in ("/api/me", "/api/chats", "/v1/models", "/v1/models/scripted", "/config"):
            async with http.get(path, headers=bearer(house)) as response:
                assert response.status == 200, path
                assert "Set-Cookie" not in response.headers
        body = {"model": "scripted", "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 5}
        async with http.post("/v1/chat/completions", json=body, headers=bearer(house, azp="any")) as response:
            assert response.status == 200
        ids: list[str] = []
        for headers in (bearer(house), bearer(house, jti="2"), bearer(other), bearer(house, sub="else")):
            async with http.get("/api/me", headers=headers) as response:
                ids.append((await response.json())["person"]["id"])
        assert ids[0] == ids[1]
        assert len(set(ids)) == 3, "a subject is one provider's"
        async with http.get("/api/me", headers=bearer(house, groups=["operators"])) as response:
            assert (await response.json())["person"]["is_operator"]
        async with http.get("/api/me", headers=bearer(house)) as response:
            assert not (await response.json())["person"]["is_operator"], "a token counts for its own request"
        house.claims = {"sub": "program", "groups": ["operators"]}
        async with browser(served) as ada:
            assert (await sign_in(ada))[0] == 200
            house.claims = {}
            async with http.get("/api/me", headers=bearer(house)) as response:
                said = (await response.json())["person"]
            assert (said["id"], said["is_operator"]) == (ids[0], False)
            assert (await me(ada))["is_operator"], "and takes nothing from who signed in"


async def test_tokens_of_the_shape_of_entra_id(served: Served) -> None:
    entra = served["entra"]
    of_tenant = {"iss": f"{entra.url}/tenant-1/v2.0", "tid": "tenant-1", "oid": "o-1", "ver": "2.0", "sid": None}
    crowded = {"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://graph.example"}}}
    async with browser(served) as ada, browser(served) as again:
        entra.claims = of_tenant | {"sub": "pairwise-1", "roles": ["Chat.Operator"]}
        assert (await sign_in(ada, "entra"))[0] == 200
        assert (await me(ada))["is_operator"]
        entra.claims = of_tenant | {"sub": "pairwise-2"}
        async with again.get("/api/me", headers=bearer(entra)) as response:
            assert (await response.json())["person"]["id"] == (await me(ada))["id"], "by oid, not by sub"
        entra.claims = of_tenant | {"sub": "pairwise-1", "roles": ["Chat.Operator"]} | crowded
        assert (await sign_in(again, "entra"))[0] == 200
        assert not (await me(again))["is_operator"], "of groups that are left out nothing is guessed"
        for odd in ({"tid": "tenant-2"}, {"iss": f"{entra.url}/tenant-2/v2.0", "tid": "tenant-2"}, {"oid": None}):
            entra.claims = of_tenant | {"sub": "pairwise-1"} | odd
            async with browser(served) as eve:
                assert (await sign_in(eve, "entra"))[0] == 401, odd
                async with eve.get("/api/me", headers=bearer(entra)) as response:
                    assert response.status == 401, odd


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "hubbub"},
        {"aud": ["other", "else"]},
        {"aud": None},
        {"iss": "https://other.example"},
        {"iss": None},
        {"exp": 1},
        {"exp": None},
        {"iat": int(time.time()) + 9999},
        {"nbf": int(time.time()) + 9999},
        {"sub": None},
        {"nonce": "of a sign-in"},
        {"events": {"http://schemas.openid.net/event/backchannel-logout": {}}},
        {"groups": [str(n) for n in range(1001)]},
        {"groups": [{"name": "team"}]},
    ],
)
async def test_a_token_that_says_something_else_lets_nobody_in(served: Served, claims: dict[str, Any]) -> None:
    async with browser(served) as ada:
        assert (await sign_in(ada))[0] == 200
        for path in ("/api/me", "/v1/models"):
            async with ada.get(path, headers=bearer(served["house"], **claims)) as response:
                assert response.status == 401, "not even by the sign-in beside it"
                assert "api://hubbub" not in await response.text(), "what is wrong is for the log"


async def test_tokens_that_nobody_signed_or_that_are_none(served: Served) -> None:
    house = served["house"]
    good = bearer(house)["Authorization"].removeprefix("Bearer ")
    head, body, signature = good.split(".")
    unsigned = "eyJhbGciOiJub25lIiwia2lkIjoib25lIn0"
    async with browser(served) as http:
        for token in (
            f"{head}.{body}.",
            f"{unsigned}.{body}.",
            f"{unsigned}.{body}.{signature}",
            f"{head}.{body}.{signature[:-4]}AAAA",
            f"{head}.{body[:-2]}.{signature}",
            "a.b.c",
            f"{head}.{body}.{signature}.x",
            good + "=",
        ):
            async with http.get("/api/me", headers={"Authorization": f"Bearer {token}"}) as response:
                assert response.status == 401, token
        async with http.get("/api/me", headers=bearer(served["strict"])) as response:
            assert response.status == 401, "of a provider without audiences"
        async with http.get("/api/me", headers={"api-key": good}) as response:
            assert response.status == 401, "it is no API key"
        long = bearer(house, filler="x" * 70_000)
        async with http.get("/api/me", headers=long) as response:
            assert response.status in (401, 431)


async def test_a_token_of_keys_that_rotated_is_good_and_of_keys_that_nobody_knows_nothing_is_said(
    served: Served,
) -> None:
    late = served["late"]
    async with browser(served) as http:
        late.key = new_key("two")
        late.shown = [late.key]
        async with http.get("/api/me", headers=bearer(late)) as response:
            assert response.status == 200
        for path in ("/api/me", "/v1/models"):
            async with http.get(path, headers=bearer(served["away"])) as response:
                assert response.status == 503, "the provider is down: neither good nor bad"
                assert int(response.headers["Retry-After"]) <= 30
