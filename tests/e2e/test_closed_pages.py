"""Every address of the page opened directly, by whoever it is not for: each says what it is and what to do."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.e2e.conftest import violations
from tests.e2e.steps import is_too_wide, picture
from tests.servers.hubbub_server import HubbubServer, hubbub_serving, scripted

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def open_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HubbubServer]:
    """A server without accounts."""
    async with hubbub_serving(tmp_path_factory.mktemp("open"), scripted(words=5)) as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def guests(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HubbubServer]:
    """A server where people may sign in, and need not."""
    variables = scripted(words=5) | {
        "HUBBUB_IDENTITY__ACCOUNTS__IS_ENABLED": "true",
        "HUBBUB_IDENTITY__OPEN_TO_EVERYBODY": "true",
    }
    async with hubbub_serving(tmp_path_factory.mktemp("guests"), variables) as server:
        yield server


async def heading(page: Page, name: str) -> None:
    await expect(page.locator("main").get_by_role("heading", name=name, exact=True)).to_be_visible()


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("path", ["/account", "/keys", "/people"])
async def test_where_there_are_no_accounts_it_is_said(
    browser: Browser, open_server: HubbubServer, path: str, width: int
) -> None:
    context = await browser.new_context(viewport={"width": width, "height": 800})
    page = await context.new_page()
    await page.goto(open_server.url + path)
    await heading(page, "There are no accounts here")
    await expect(page.get_by_role("button", name="Sign in")).to_have_count(0)
    await expect(page.get_by_role("alert")).to_have_count(0)
    assert not await is_too_wide(page)
    assert await violations(page) == []
    await picture(page, f"closed{path.replace('/', '-')}-{width}")
    await page.get_by_role("button", name="Go to your chats").click()
    await expect(page.get_by_role("textbox", name="Question", exact=True)).to_be_visible()
    await context.close()


@pytest.mark.parametrize("path", ["/account", "/keys", "/people"])
async def test_a_guest_is_led_to_signing_in(browser: Browser, guests: HubbubServer, path: str) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(guests.url + path)
    await heading(page, "Sign in to open this page")
    await expect(page.get_by_role("alert")).to_have_count(0)
    await page.locator("main").get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()
    await context.close()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/c/01jd0000000000000000000000", "This chat is not there, or not yours."),
        ("/library/01jd0000000000000000000000", "This collection is not there"),
        ("/shared#withdrawn", "Nothing is shared here"),
        ("/welcome#used-up", ""),
    ],
)
async def test_what_is_not_there_is_said_to_be_gone(
    browser: Browser, open_server: HubbubServer, path: str, said: str
) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    await page.goto(open_server.url + path)
    await expect(page.get_by_text(re.compile(re.escape(said) if said else r"\w")).first).to_be_visible()
    assert faults == []
    await picture(page, f"gone{re.sub(r'[^a-z]+', '-', path)}")
    await context.close()
