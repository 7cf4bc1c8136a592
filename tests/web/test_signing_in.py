"""Accounts over HTTP, against servers that run: sign-ins, links, limits, and what is closed without a sign-in."""

import asyncio
import base64
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import pytest
import pytest_asyncio

from hubbub.app.accounts import Accounts
from hubbub.compose import open_keys, open_people
from hubbub.core.people import OPERATOR, Person
from hubbub.identity import totp
from hubbub.identity.base import People
from hubbub.identity.keys import digest_of, new_key
from hubbub.registry import load
from hubbub.settings import Settings
from tests.patience import PATIENCE_SECONDS, SOON_SECONDS, patience
from tests.places import settings_of
from tests.servers.hubbub_server import HubbubServer, hubbub_serving, scripted

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("signing in")]
load("keys", "sqlite")  # which reads files: not on the loop's thread
ON = {"HUBBUB_IDENTITY__ACCOUNTS__IS_ENABLED": "true"}
PASSWORD = "four words of mine"
OTHER_PASSWORD = "another five words of mine"


@asynccontextmanager
async def accounts_in(folder: Path) -> AsyncIterator[tuple[Accounts, People]]:
    """What `hubbub people` works with, beside a server that runs."""
    settings = settings_of(folder, identity={"accounts": {"is_enabled": True}})
    async with open_people(settings) as opened:
        yield opened


@asynccontextmanager
async def serving(folder: Path, **more: str) -> AsyncIterator[HubbubServer]:
    async with hubbub_serving(folder, scripted(words=1500, pause_seconds=0.02) | ON | more) as server:
        yield server


class Shared(NamedTuple):
    """A server that tests share: each has people of its own."""

    server: HubbubServer
    folder: Path


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shared]:
    folder = tmp_path_factory.mktemp("signing-in")
    async with serving(folder) as server:
        yield Shared(server, folder)


@asynccontextmanager
async def browser(server: HubbubServer, agent: str = "Browser") -> AsyncIterator[aiohttp.ClientSession]:
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(server.url, cookie_jar=jar, headers={"User-Agent": agent}) as http:
        yield http


def secret_in(url: str) -> str:
    return url.partition("#")[2]


async def told(response: aiohttp.ClientResponse) -> dict[str, Any]:
    return await response.json(content_type=None)


async def become(http: aiohttp.ClientSession, url: str, email: str = "", password: str = PASSWORD) -> str:
    """Use a link, and return the person's id."""
    body = {"link": secret_in(url), "password": password, "email": email, "name": ""}
    async with http.put("/api/sign-in/link", json=body) as response:
        assert response.status == 200, await response.text()
        return (await told(response))["id"]


async def sign_in(http: aiohttp.ClientSession, email: str, password: str = PASSWORD, code: str = "") -> tuple[int, str]:
    """Return the status and the code of the error."""
    body = {"email": email, "password": password, "code": code}
    async with http.post("/api/sign-in", json=body) as response:
        return response.status, (await told(response)).get("code", "")


async def member(server: HubbubServer, folder: Path, http: aiohttp.ClientSession, email: str) -> str:
    async with accounts_in(folder) as (accounts, _):
        made = await accounts.invite(OPERATOR, email)
    return await become(http, made.url)


async def status_of(http: aiohttp.ClientSession, path: str = "/api/chats", method: str = "GET") -> int:
    async with http.request(method, path) as response:
        return response.status


async def test_from_the_first_link_to_a_person_who_is_invited_disabled_and_enabled(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, browser(server) as root, browser(server) as ada:
        for path in ("/api/chats", "/api/me", "/api/models", "/api/collections", "/v1/models"):
            async with root.get(path) as response:
                body = await told(response)
                assert response.status == 401, path
                assert "Sign in first" in str(body)
        async with root.get("/") as response:
            assert response.status == 200, "the page is there, and shows how to sign in"
            assert "Set-Cookie" not in response.headers
        async with root.get("/api/sign-in") as response:
            ways = await told(response)
        assert [way["kind"] for way in ways["ways"]] == ["password"]
        assert not ways["is_open_to_everybody"]

        async with accounts_in(tmp_path) as (accounts, _):
            first = await accounts.first()
            replaced, first = first, await accounts.first()
            assert first is not None
            assert replaced is not None
        body = {"link": secret_in(replaced.url), "password": PASSWORD, "email": "root@example.org"}
        async with root.put("/api/sign-in/link", json=body) as response:
            assert response.status == 404, "a newer link replaces it"
        root_id = await become(root, first.url, "Root@Example.org")
        async with root.put("/api/sign-in/link", json=body | {"link": secret_in(first.url)}) as response:
            assert response.status == 404, "a link is used once"
        async with root.get("/api/me") as response:
            me = (await told(response))["person"]
        assert (me["id"], me["is_operator"], me["is_signed_in"]) == (root_id, True, True)
        assert await status_of(root, "/metrics") == 200
        async with accounts_in(tmp_path) as (accounts, _):
            assert await accounts.first() is None

        async with root.post("/api/invitations", json={"email": "ada@example.org", "name": "Ada"}) as response:
            made = await told(response)
            assert response.status == 201
            assert not made["is_mailed"]
        async with root.get("/api/invitations") as response:
            assert [one["email"] for one in (await told(response))["invitations"]] == ["ada@example.org"]
        ada_id = await become(ada, made["url"])
        assert await status_of(ada) == 200
        for path in ("/api/people", "/api/invitations", "/metrics", "/operators"):
            assert await status_of(ada, path) == 404, path
        async with ada.patch(f"/api/people/{root_id}", json={"is_active": False}) as response:
            assert response.status == 404
        async with root.patch(f"/api/people/{root_id}", json={"is_active": False}) as response:
            assert response.status == 409, "the last operator stays"

        async with root.patch(f"/api/people/{ada_id}", json={"is_active": False}) as response:
            assert response.status == 200
        assert await status_of(ada) == 401
        assert await sign_in(ada, "ada@example.org") == (401, "wrong_credentials")
        async with root.patch(f"/api/people/{ada_id}", json={"is_active": True}) as response:
            assert (await told(response))["is_active"]
        assert await status_of(ada) == 401, "an ended sign-in stays ended"
        assert await sign_in(ada, " ADA@example.org ") == (200, "")


async def test_a_person_lists_and_ends_sign_ins_and_each_is_a_new_one(shared: Shared) -> None:
    server, folder = shared
    async with (
        browser(server, "Laptop") as laptop,
        browser(server, "Phone") as phone,
        browser(server, "Stranger") as stranger,
    ):
        await member(server, folder, laptop, "ada-lists@example.org")
        [before] = [cookie.value for cookie in laptop.cookie_jar]
        assert await sign_in(phone, "ada-lists@example.org") == (200, "")
        assert await sign_in(laptop, "ada-lists@example.org") == (200, "")
        [after] = [cookie.value for cookie in laptop.cookie_jar]
        assert before != after
        async with aiohttp.ClientSession(server.url, headers={"Cookie": f"hubbub_sign_in={before}"}) as old:
            assert await status_of(old) == 401, "signing in again ends the one before"
        async with laptop.get("/api/sign-ins") as response:
            views = (await told(response))["sign_ins"]
        assert [(one["agent"], one["is_current"]) for one in views] == [("Laptop", True), ("Phone", False)]

        await member(server, folder, stranger, "eve-lists@example.org")
        assert await status_of(stranger, f"/api/sign-ins/{views[1]['id']}", "DELETE") == 404
        assert await status_of(phone) == 200
        assert await status_of(laptop, f"/api/sign-ins/{views[1]['id']}", "DELETE") == 204
        assert await status_of(phone) == 401
        assert await sign_in(phone, "ada-lists@example.org") == (200, "")
        assert await status_of(laptop, "/api/sign-ins/others", "DELETE") == 204
        assert (await status_of(phone), await status_of(laptop)) == (401, 200)

        assert await sign_in(phone, "ada-lists@example.org") == (200, "")
        async with laptop.put("/api/me/password", json={"old": "no", "new": OTHER_PASSWORD}) as response:
            assert (response.status, (await told(response))["code"]) == (422, "wrong_password")
        async with laptop.put("/api/me/password", json={"old": PASSWORD, "new": OTHER_PASSWORD}) as response:
            assert response.status == 204
        assert (await status_of(phone), await status_of(laptop)) == (401, 200), "a new password ends the others"
        assert await sign_in(phone, "ada-lists@example.org") == (401, "wrong_credentials")
        assert await sign_in(phone, "ada-lists@example.org", OTHER_PASSWORD) == (200, "")
        assert await status_of(laptop, "/api/sign-out", "POST") == 204
        assert await status_of(laptop) == 401
        assert [cookie.value for cookie in laptop.cookie_jar] == []


async def test_an_open_stream_ends_within_a_second_of_the_sign_in_in_any_worker(tmp_path: Path) -> None:
    async with serving(tmp_path, HUBBUB_SERVER__WORKERS="2") as server, browser(server) as ada:
        person_id = await member(server, tmp_path, ada, "ada@example.org")
        async with accounts_in(tmp_path) as (accounts, _):
            await accounts.reset(OPERATOR, person_id)
            root = await accounts.rescue(OPERATOR, "root@example.org")
            async with browser(server) as http:
                await become(http, root.url)
            async with ada.post("/api/questions", json={"text": "Speak for long."}) as response:
                assert response.status < 300, await response.text()
                answer = (await told(response))["answer"]["id"]
            async with ada.get(
                f"/api/answers/{answer}/events", timeout=aiohttp.ClientTimeout(total=PATIENCE_SECONDS)
            ) as stream:
                await stream.content.readuntil(b"\n\n")
                began = time.monotonic()
                await accounts.set_active(OPERATOR, person_id, is_active=False)
                rest = await stream.content.read()
                took_seconds = time.monotonic() - began
    assert took_seconds < SOON_SECONDS, "it is half a second between two looks"
    assert b"not_signed_in" in rest


async def test_disabling_a_person_revokes_their_keys(shared: Shared) -> None:
    server, folder = shared
    async with browser(server) as ada, browser(server) as program:
        person_id = await member(server, folder, ada, "ada-keys@example.org")
        settings = Settings(server={"data_folder": folder})  # type: ignore[arg-type]
        async with open_keys(settings) as keys, accounts_in(folder) as (accounts, _):
            key, text = new_key("of Ada", person_id=person_id)
            await keys.add(key, digest_of(text))
            program.headers["Authorization"] = f"Bearer {text}"
            assert await status_of(program, "/v1/models") == 200
            assert await status_of(program, "/api/sign-ins") == 401, "a key manages no sign-ins"
            await accounts.set_active(OPERATOR, person_id, is_active=False)
            async with patience():  # for a moment a worker goes by what it knows of a key
                while await status_of(program, "/v1/models") != 401:
                    await asyncio.sleep(0.02)


async def test_attempts_are_limited_also_at_once_and_whether_there_is_such_an_account_or_not(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, browser(server) as ada, browser(server) as attacker:
        await member(server, tmp_path, ada, "ada@example.org")
        for email in ("ada@example.org", "nobody@example.org"):
            tries = await asyncio.gather(*(sign_in(attacker, email, f"guess {n}") for n in range(16)))
            assert sorted(tries) == [(401, "wrong_credentials")] * 10 + [(429, "too_many_attempts")] * 6
        assert await sign_in(ada, "ada@example.org") == (429, "too_many_attempts")
        for number in range(30):
            await sign_in(attacker, f"{number}@example.org", "guess")
        assert await sign_in(ada, "else@example.org") == (429, "too_many_attempts"), "the address has had its share"
        async with accounts_in(tmp_path) as (accounts, _):
            made = await accounts.rescue(OPERATOR, "ada@example.org")
        await become(ada, made.url)
        assert await status_of(ada, "/api/people") == 200, "a link lets an operator in all the same"


@pytest.mark.quiet
async def test_a_refusal_takes_as_long_where_there_is_no_such_account(tmp_path: Path) -> None:
    async with accounts_in(tmp_path) as (accounts, _):
        made = await accounts.invite(OPERATOR, "ada@example.org")
        await accounts.use_link(secret_in(made.url), PASSWORD, name="", email="", address="")
        times: dict[str, list[float]] = {"ada@example.org": [], "nobody@example.org": []}
        for number in range(8):
            for email, taken in times.items():
                began = time.perf_counter()
                with pytest.raises(Exception, match="e-mail address or the password"):
                    await accounts.sign_in(email, "guess", "", address=str(number))
                taken.append(time.perf_counter() - began)
    known, unknown = (min(taken) for taken in times.values())  # what else the machine does only adds
    assert 0.7 < known / unknown < 1.4


async def test_the_second_factor_is_asked_for_and_each_code_is_good_once(shared: Shared) -> None:
    server, folder = shared
    async with browser(server) as ada, browser(server) as other:
        await member(server, folder, ada, "ada-factor@example.org")
        async with ada.post("/api/me/second-factor", json={"password": PASSWORD}) as response:
            secret = (await told(response))["secret"]
        raw = base64.b32decode(secret)
        step = int(time.time()) // totp.STEP_SECONDS
        assert await sign_in(other, "ada-factor@example.org") == (200, ""), "it counts once a code was sent"
        async with ada.put("/api/me/second-factor", json={"code": "000000"}) as response:
            assert (response.status, (await told(response))["code"]) == (422, "wrong_code")
        async with ada.put("/api/me/second-factor", json={"code": totp.code_of(raw, step)}) as response:
            assert response.status == 200
        assert await sign_in(other, "ada-factor@example.org") == (401, "code_needed")
        assert await sign_in(other, "ada-factor@example.org", "wrong", "000000") == (401, "wrong_credentials")
        used = totp.code_of(raw, step)
        assert await sign_in(other, "ada-factor@example.org", code=used) == (401, "wrong_code"), "it set the factor up"
        new = totp.code_of(raw, step + 1)
        assert await sign_in(other, "ada-factor@example.org", code=new) == (200, "")
        assert await sign_in(other, "ada-factor@example.org", code=new) == (401, "wrong_code")


async def test_a_recovery_code_stands_in_for_the_app_once(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, browser(server) as ada, browser(server) as other:
        person_id = await member(server, tmp_path, ada, "ada@example.org")
        renewing = {"password": PASSWORD}
        async with ada.post("/api/me/second-factor/codes", json=renewing) as response:
            assert response.status == 409, "there is no factor yet"
        async with ada.post("/api/me/second-factor", json=renewing) as response:
            raw = base64.b32decode((await told(response))["secret"])
        code = totp.code_of(raw, int(time.time()) // totp.STEP_SECONDS)
        async with ada.put("/api/me/second-factor", json={"code": code}) as response:
            codes = (await told(response))["codes"]
        assert len(set(codes)) == 10
        assert await sign_in(other, "ada@example.org", "wrong", codes[0]) == (401, "wrong_credentials")
        assert await sign_in(other, "ada@example.org", code=codes[0].upper().replace("-", " ")) == (200, "")
        assert await sign_in(other, "ada@example.org", code=codes[0]) == (401, "wrong_code"), "it is good once"
        async with ada.get("/api/me/account") as response:
            assert (await told(response))["recovery_codes"] == 9
        async with ada.post("/api/me/second-factor/codes", json={"password": "not mine"}) as response:
            assert (await told(response))["code"] == "wrong_password"
        async with ada.post("/api/me/second-factor/codes", json=renewing) as response:
            newer = (await told(response))["codes"]
        assert await sign_in(other, "ada@example.org", code=codes[1]) == (401, "wrong_code"), "newer ones replace it"
        at_once = await asyncio.gather(*(sign_in(other, "ada@example.org", code=newer[0]) for _ in range(4)))
        assert sorted(at_once) == [(200, ""), *[(401, "wrong_code")] * 3]
        stored = await asyncio.to_thread(lambda: b"".join(path.read_bytes() for path in tmp_path.glob("hubbub.db*")))
        for one in (newer[1], newer[1].replace("-", "")):
            assert one.encode() not in stored
        async with accounts_in(tmp_path) as (accounts, _):
            await become(other, (await accounts.reset(OPERATOR, person_id)).url)
            assert await accounts.count_recovery_codes(Person(person_id)) == 0


async def test_pages_of_others_sign_nobody_in_and_out(shared: Shared) -> None:
    server, folder = shared
    async with browser(server) as ada:
        await member(server, folder, ada, "ada-pages@example.org")
        foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
        body = {"email": "ada-pages@example.org", "password": PASSWORD}
        async with ada.post("/api/sign-in", json=body, headers=foreign) as response:
            assert response.status == 403
        async with ada.post("/api/sign-in", data=body) as response:
            assert response.status == 415, "a plain form is no JSON"
        async with ada.post("/api/sign-out", headers=foreign) as response:
            assert response.status == 403
        assert await status_of(ada) == 200


async def test_nothing_that_lets_somebody_in_is_stored_in_plain(shared: Shared) -> None:
    server, folder = shared
    async with browser(server) as ada:
        async with accounts_in(folder) as (accounts, _):
            made = await accounts.invite(OPERATOR, "ada-plain@example.org")
        await become(ada, made.url)
        [cookie] = [cookie.value for cookie in ada.cookie_jar]
    stored = await asyncio.to_thread(lambda: b"".join(path.read_bytes() for path in folder.glob("hubbub.db*")))
    for secret in (PASSWORD, secret_in(made.url), cookie, cookie.partition(".")[2]):
        assert secret.encode() not in stored
    assert b"$argon2id$" in stored


async def test_over_tls_the_cookie_can_be_set_by_this_host_alone(shared: Shared) -> None:
    """A proxy on this machine says that the page is opened over HTTPS."""
    server, folder = shared
    async with browser(server) as ada:
        await member(server, folder, ada, "ada-tls@example.org")
        body = {"email": "ada-tls@example.org", "password": PASSWORD}
        async with ada.post("/api/sign-in", json=body, headers={"X-Forwarded-Proto": "https"}) as response:
            [cookie] = [one for one in response.headers.getall("Set-Cookie") if "hubbub_sign_in=s" in one]
    assert cookie.startswith("__Host-hubbub_sign_in=")
    assert {"HttpOnly", "Secure", "Path=/", "SameSite=lax"} <= {part.strip() for part in cookie.split(";")}
    assert "Domain" not in cookie
