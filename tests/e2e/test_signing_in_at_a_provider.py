"""Sign in at a certified provider, and out again, in a real browser."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.e2e.conftest import opened, violations
from tests.servers.certified_provider import SECRET, CertifiedProvider, certified_provider
from tests.servers.hubbub_server import HubbubServer, hubbub_serving, scripted
from tests.servers.signing_proxy import SIGN_OUT, signing_proxy

pytestmark = pytest.mark.asyncio(loop_scope="session")
AT = "HUBBUB_IDENTITY__OIDC__"


class Served(NamedTuple):
    """A server with two providers, of which one is there."""

    server: HubbubServer
    provider: CertifiedProvider


@pytest_asyncio.fixture(loop_scope="session")
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with certified_provider() as provider:
        at, away = AT + "CERTIFIED__", AT + "AWAY__"
        settings = {at + "ISSUER": provider.url, at + "CLIENT_ID": "hubbub", at + "CLIENT_SECRET": SECRET}
        settings |= {at + "LABEL": "the house", away + "ISSUER": "http://127.0.0.1:9", away + "CLIENT_ID": "hubbub"}
        async with hubbub_serving(tmp_path, scripted(words=5) | settings) as server:
            await provider.set(server.url)
            yield Served(server, provider)


async def test_behind_a_proxy_nobody_signs_in_on_the_page(browser: Browser, tmp_path: Path) -> None:
    at = "HUBBUB_IDENTITY__PROXIES__FRONT__"
    settings = {at + "KIND": "oauth2-proxy", at + "ADDRESSES": '["127.0.0.1"]'}
    async with (
        hubbub_serving(tmp_path, scripted(words=5) | settings) as server,
        signing_proxy(server.url) as proxy,
        opened(browser, proxy.url, bears="401") as page,
    ):
        await expect(page.get_by_text("You are signed in before you reach this page")).to_be_visible()
        assert await violations(page) == []
        proxy.said |= {"X-Forwarded-User": "sub-ada", "X-Forwarded-Email": "ada@example.org"}
        await page.goto(proxy.url)
        await page.get_by_label("Question", exact=True).fill("Hello?")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("word4")).to_be_visible()
        await page.get_by_role("button", name="Your account", exact=True).click()
        await expect(page.locator("main").get_by_text("ada@example.org", exact=True)).to_be_visible()
        await page.get_by_role("button", name="Sign out", exact=True).click()
        await page.wait_for_url(proxy.url + SIGN_OUT)
        await page.goto(proxy.url)
        await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


async def sign_in(page: Page) -> None:
    await page.get_by_role("link", name="Sign in with the house").click()
    await page.get_by_placeholder("Enter any login").fill("ada")
    await page.get_by_placeholder("and password").fill("any")
    await page.get_by_role("button", name="Sign-in").click()
    await page.get_by_role("button", name="Continue").click()


async def test_a_shared_chat_is_there_after_signing_in(browser: Browser, served: Served) -> None:
    """The secret of its link stands behind the #, which no server sees: neither ours nor the provider."""
    async with opened(browser, served.server.url, bears="401") as page:
        await page.context.route(
            lambda url: not url.startswith("http://127.0.0.1"), lambda route: route.fulfill(body="")
        )
        await sign_in(page)
        await page.get_by_label("Question", exact=True).fill("Hello?")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("word4")).to_be_visible()
        secret = await page.evaluate(
            """async () => {
                const { chats } = await (await fetch("/api/chats")).json();
                const made = await fetch(`/api/chats/${chats[0].id}/links`, {
                    method: "POST", headers: { "Content-Type": "application/json" }, body: "{}",
                });
                return (await made.json()).secret;
            }"""
        )
        await page.context.clear_cookies()
        seen: list[str] = []
        page.context.on("request", lambda request: seen.append(request.url + (request.post_data or "")))
        await page.goto(f"{served.server.url}/shared#{secret}")
        await page.reload()  # the same document would stay where only the part behind the # is another one
        await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        seen.clear()
        await sign_in(page)
        await expect(page.get_by_text("word4")).to_be_visible()
        assert page.url == f"{served.server.url}/shared#{secret}"
        assert await page.evaluate("sessionStorage.getItem('hubbub.left')") is None
        told = [one for one in seen if secret in one.partition("#")[0]]
        assert all("/api/shared" in one for one in told), "it was sent to open the link, and for nothing else"


async def test_somebody_signs_in_asks_and_is_signed_out_at_both(browser: Browser, served: Served) -> None:
    async with opened(browser, served.server.url, bears="401") as page:
        await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        await expect(page.get_by_text("away can’t be reached at the moment")).to_be_visible()
        await expect(page.get_by_text("the house can’t be reached")).not_to_be_visible()
        assert await violations(page) == []
        # The provider's own forms want a font from elsewhere.
        await page.context.route(
            lambda url: not url.startswith("http://127.0.0.1"), lambda route: route.fulfill(body="")
        )
        await sign_in(page)
        await page.get_by_label("Question", exact=True).fill("Hello?")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("word4")).to_be_visible()
        await page.get_by_role("button", name="Your account", exact=True).click()
        await page.get_by_role("button", name="Sign out", exact=True).click()
        await page.get_by_role("button", name="Yes, sign me out").click()
        await page.wait_for_url(f"{served.server.url}/")
        await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        await page.get_by_role("link", name="Sign in with the house").click()
        await expect(page.get_by_placeholder("Enter any login")).to_be_visible()
