"""Passkeys in a real browser, whose authenticator is the debugger's: made, used, tampered with, removed."""

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, CDPSession, Page, expect

from hubbub.registry import load
from tests.e2e.conftest import violations
from tests.e2e.steps import picture
from tests.e2e.test_own_things import become, invitation
from tests.servers.hubbub_server import HubbubServer, hubbub_serving, scripted

pytestmark = pytest.mark.asyncio(loop_scope="session")
load("keys", "sqlite")
PASSWORD = "four words of mine"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("passkeys")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def guarded(folder: Path) -> AsyncIterator[HubbubServer]:
    variables = scripted(words=5) | {"HUBBUB_IDENTITY__ACCOUNTS__IS_ENABLED": "true"}
    async with hubbub_serving(folder, variables) as server:
        server.url = server.url.replace("127.0.0.1", "localhost")  # a passkey needs a name
        yield server


async def authenticator(page: Page) -> tuple[CDPSession, str]:
    """Give the page a device that says yes to everything."""
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    made = await session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    return session, made["authenticatorId"]


async def add_passkey(page: Page, server: HubbubServer, name: str) -> None:
    await page.goto(f"{server.url}/account")
    await page.get_by_label("Name of the passkey").fill(name)
    await page.get_by_label("Your password").fill(PASSWORD)
    await page.get_by_role("button", name="Add a passkey").click()
    await expect(page.get_by_role("button", name=f"Remove the passkey {name}")).to_be_visible()


async def signed_by(page: Page) -> dict[str, Any]:
    """Have the page's device sign a challenge, and return what it would send, without sending it."""
    return await page.evaluate(
        """async () => {
            const response = await fetch("/api/sign-in/passkey/options", {method: "POST"});
            const {options} = await response.json();
            const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
            return (await navigator.credentials.get({publicKey})).toJSON();
        }"""
    )


async def send(server: HubbubServer, credential: Any, **headers: str) -> int:
    async with aiohttp.ClientSession(server.url) as http:
        body = {"credential": credential}
        async with http.post("/api/sign-in/passkey", json=body, headers=headers) as response:
            return response.status


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
async def test_a_passkey_signs_in_without_password_and_is_removed(
    browser: Browser, guarded: HubbubServer, folder: Path, width: int, scheme: str
) -> None:
    look = "dark" if scheme == "dark" else "light"
    context = await browser.new_context(viewport={"width": width, "height": 800}, color_scheme=look)
    page = await context.new_page()
    session, device = await authenticator(page)
    await become(page, guarded.url + await invitation(folder, f"ada-{width}@example.org"))
    await expect(page.get_by_label("Question", exact=True)).to_be_visible()
    await page.goto(f"{guarded.url}/account")
    await page.get_by_label("Name of the passkey").fill("Laptop")
    await page.get_by_label("Your password").fill("not this one")
    await page.get_by_role("button", name="Add a passkey").click()
    await expect(page.get_by_role("alert").filter(has_text="password is wrong")).to_be_visible()
    await add_passkey(page, guarded, "Laptop")
    assert await violations(page) == []
    await picture(page, f"passkeys-{width}")
    kept = await session.send("WebAuthn.getCredentials", {"authenticatorId": device})
    assert len(kept["credentials"]) == 1

    await page.get_by_role("button", name="Sign out", exact=True).click()
    by_passkey = page.get_by_role("button", name="Sign in with a passkey")
    await expect(by_passkey).to_be_visible()
    assert await violations(page) == []
    await picture(page, f"sign-in-{width}")
    await by_passkey.click()
    await expect(page.get_by_label("Question", exact=True)).to_be_visible()
    await page.goto(f"{guarded.url}/account")
    await expect(page.get_by_text("last used").first).to_be_visible()

    await page.get_by_role("button", name="Remove the passkey Laptop").click()
    await page.get_by_role("dialog").get_by_role("button", name="Remove", exact=True).click()
    await expect(page.get_by_role("button", name="Remove the passkey Laptop")).to_have_count(0)
    await page.get_by_role("button", name="Sign out", exact=True).click()
    await by_passkey.click()
    await expect(page.get_by_role("alert").filter(has_text="can't be used here")).to_be_visible()
    await context.close()


async def test_what_a_passkey_has_signed_is_good_once_here_and_as_it_was_signed(
    browser: Browser, guarded: HubbubServer, folder: Path
) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    session, device = await authenticator(page)
    await become(page, guarded.url + await invitation(folder, "eve@example.org"))
    await expect(page.get_by_label("Question", exact=True)).to_be_visible()
    await add_passkey(page, guarded, "Phone")

    good = await signed_by(page)
    assert await send(guarded, good) == 200
    assert await send(guarded, good) == 401, "a challenge is good once"

    async def changed(part: str, change: Any) -> int:
        credential = await signed_by(page)
        credential["response"][part] = change(credential["response"][part])
        return await send(guarded, credential)

    def of_another_site(text: str) -> str:
        said = json.loads(base64.urlsafe_b64decode(text + "=="))
        said["origin"] = "https://evil.example"
        return base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")

    assert await changed("clientDataJSON", of_another_site) == 401
    assert await changed("signature", lambda text: "MEUCIQ" + text[6:]) == 401
    assert await changed("authenticatorData", lambda text: text[:10] + "AAAA" + text[14:]) == 401
    unknown = await signed_by(page)
    assert await send(guarded, unknown | {"id": "AAAA", "rawId": "AAAA"}) == 401

    # A device that did not look who the person is.
    await session.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
    refused = await page.evaluate(
        """async () => {
            const response = await fetch("/api/sign-in/passkey/options", {method: "POST"});
            const {options} = await response.json();
            options.userVerification = "discouraged";
            const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
            return (await navigator.credentials.get({publicKey})).toJSON();
        }"""
    )
    assert await send(guarded, refused) == 401
    await session.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": True})
    assert await send(guarded, await signed_by(page)) == 200  # so that those that failed count no more
    for odd in (
        {},
        {"id": 1},
        {"response": 1},
        {"response": {"clientDataJSON": "x"}},
        {"response": {"clientDataJSON": 1}},
    ):
        assert await send(guarded, odd) == 422, odd
    assert await send(guarded, await signed_by(page)) == 200
    await context.close()


async def test_a_copied_device_whose_count_goes_back_is_refused(
    browser: Browser, guarded: HubbubServer, folder: Path
) -> None:
    """A signature count that does not grow says that there are two devices with one key (WebAuthn, 6.1.1)."""
    context = await browser.new_context()
    page = await context.new_page()
    session, device = await authenticator(page)
    await become(page, guarded.url + await invitation(folder, "copied@example.org"))
    await expect(page.get_by_label("Question", exact=True)).to_be_visible()
    await add_passkey(page, guarded, "Stick")
    assert await send(guarded, await signed_by(page)) == 200
    [credential] = (await session.send("WebAuthn.getCredentials", {"authenticatorId": device}))["credentials"]
    await session.send(
        "WebAuthn.removeCredential", {"authenticatorId": device, "credentialId": credential["credentialId"]}
    )
    copy = credential | {"signCount": 0}
    await session.send("WebAuthn.addCredential", {"authenticatorId": device, "credential": copy})
    assert await send(guarded, await signed_by(page)) == 401
    await context.close()
