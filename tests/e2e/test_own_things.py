"""What belongs to one person, in a real browser: taking along a guest's things, API keys, and shared links."""

import asyncio
import base64
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, ViewportSize, expect

from hubbub.compose import open_people
from hubbub.core.people import OPERATOR
from hubbub.identity import totp
from hubbub.registry import load
from hubbub.settings import Settings
from tests.e2e.conftest import SECONDS, violations
from tests.e2e.settled import settled
from tests.e2e.steps import ask, finished, is_too_wide, picture
from tests.servers.hubbub_server import HubbubServer, hubbub_serving, scripted

pytestmark = pytest.mark.asyncio(loop_scope="session")
load("keys", "sqlite")
PASSWORD = "four words of mine"
LOOKS = [(1280, "light"), (390, "dark")]
DOCUMENT = "Leave\n\nEverybody has thirty days of leave a year. Part-time staff have as many weeks as all others.\n"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("own")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def open_server(folder: Path) -> AsyncIterator[HubbubServer]:
    """A server that lets everybody in, with accounts, whose people may share with everybody."""
    variables = scripted(words=20, pause_seconds=0.0) | {
        "HUBBUB_MODELS__SCRIPTED__CAN_GROUND": "false",
        "HUBBUB_IDENTITY__ACCOUNTS__IS_ENABLED": "true",
        "HUBBUB_IDENTITY__OPEN_TO_EVERYBODY": "true",
        "HUBBUB_SHARING__CHATS_WITH_EVERYBODY": "true",
    }
    async with hubbub_serving(folder, variables) as server:
        yield server


async def context_of(browser: Browser, server: HubbubServer, width: int, scheme: str) -> BrowserContext:
    look = "dark" if scheme == "dark" else "light"
    size = {"width": width, "height": 800}
    return await browser.new_context(base_url=server.url, viewport=ViewportSize(**size), color_scheme=look)


async def invitation(folder: Path, email: str) -> str:
    settings = Settings(server={"data_folder": folder}, identity={"accounts": {"is_enabled": True}})  # type: ignore[arg-type]
    async with open_people(settings) as (accounts, _):
        return (await accounts.invite(OPERATOR, email, name="Ada")).url


async def become(page: Page, url: str) -> None:
    await page.goto(url)
    await page.get_by_label("New password").fill(PASSWORD)
    await page.get_by_label("The same password again").fill(PASSWORD)
    await page.get_by_role("button", name="Make the account").click()


async def looked_at(page: Page, name: str) -> None:
    assert await violations(page) == [], name
    assert not await is_too_wide(page), name
    await picture(page, name)


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
async def test_what_a_guest_did_is_taken_along(
    browser: Browser, open_server: HubbubServer, folder: Path, width: int, scheme: str
) -> None:
    context = await context_of(browser, open_server, width, scheme)
    page = await context.new_page()
    await page.goto(open_server.url)
    await ask(page, "A guest asked this")
    await finished(page)
    await become(page, open_server.url + await invitation(folder, f"guest-{width}@example.org"))
    dialog = page.get_by_role("dialog", name="Take along")
    await expect(dialog.get_by_text("1 chat", exact=True)).to_be_visible()
    await looked_at(page, f"take-along-{width}")
    await dialog.get_by_role("button", name="It isn’t mine").click()
    await page.reload()
    await expect(page.get_by_label("Question", exact=True)).to_be_visible()
    await expect(dialog).to_have_count(0)  # it was answered here; after the next sign-in it is asked again

    await sign_out_and_in(page, f"guest-{width}@example.org", width)
    await dialog.get_by_role("button", name="Take it along").click()
    await expect(page.get_by_text("It is yours now.")).to_be_visible()
    await open_menu(page, width)
    await expect(page.get_by_role("link", name="A guest asked this")).to_be_visible()
    await context.close()


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
async def test_a_key_is_made_used_and_revoked(
    browser: Browser, open_server: HubbubServer, folder: Path, width: int, scheme: str
) -> None:
    context = await context_of(browser, open_server, width, scheme)
    page = await context.new_page()
    await become(page, open_server.url + await invitation(folder, f"keys-{width}@example.org"))
    await open_menu(page, width)
    await page.get_by_role("button", name="Your account").click()
    await looked_at(page, f"account-{width}")
    await second_factor(page, folder, width)
    await page.get_by_role("link", name="API keys").click()
    await expect(page.get_by_text("You have none yet.")).to_be_visible()
    await page.get_by_label("Name").fill("Reports")
    await page.get_by_label("All that you may", exact=True).uncheck()
    await page.get_by_role("button", name="Make the key").click()
    await expect(page.get_by_role("alert").filter(has_text="needs a scope")).to_be_visible()
    await page.get_by_label("Search collections, and ask over them").check()
    await page.get_by_label("Read chats and answers").check()
    await page.get_by_label("As much as you may").uncheck()
    await page.get_by_label("At most (1)").fill("50")
    await page.get_by_role("button", name="Add a limit").click()
    await page.get_by_label("At most (2)").fill("1000")
    await page.get_by_label("Of what (2)").select_option("tokens")
    await page.get_by_label("In what time (2)").select_option("per hour")
    await page.get_by_role("button", name="Add a limit").click()
    await page.get_by_role("button", name="Remove limit 3").click()
    await looked_at(page, f"keys-{width}")
    await page.get_by_role("button", name="Make the key").click()
    secret = await page.get_by_label("The key", exact=True).input_value()
    await looked_at(page, f"key-made-{width}")
    await page.get_by_role("button", name="Done").click()
    await expect(page.get_by_text("Read chats and answers; Search collections, and ask over them")).to_contain_text(
        "at most 50 questions per day, 1000 tokens per hour"
    )
    headers = {"Authorization": f"Bearer {secret}"}
    async with aiohttp.ClientSession(open_server.url, headers=headers) as program:
        async with program.get("/api/chats") as response:
            assert response.status == 200
        async with program.post("/api/questions", json={"text": "?"}) as response:
            assert (response.status, "“chat:write”" in await response.text()) == (403, True)
        await page.get_by_role("button", name="Revoke the key Reports").click()
        await page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
        await expect(page.get_by_text("You have none yet.")).to_be_visible()
        async with asyncio.timeout(SECONDS):
            while await status_of(program, "/api/chats") != 401:
                await asyncio.sleep(0.02)
    await context.close()


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
async def test_a_chat_is_shared_read_by_somebody_else_and_ended(
    browser: Browser, open_server: HubbubServer, folder: Path, width: int, scheme: str
) -> None:
    context, theirs = (
        await context_of(browser, open_server, width, scheme),
        await context_of(browser, open_server, width, scheme),
    )
    page, other = await context.new_page(), await theirs.new_page()
    await become(page, open_server.url + await invitation(folder, f"share-{width}@example.org"))
    await expect(page.get_by_label("Question", exact=True)).to_be_visible()
    collection = await page.request.post("/api/collections", data={"name": "Handbook"})
    collection_id = (await collection.json())["id"]
    document = f"/api/collections/{collection_id}/documents/leave.md"
    put = await page.request.put(document, data=DOCUMENT)
    assert put.ok
    shown = f"/api/documents/{(await put.json())['id']}"
    async with asyncio.timeout(SECONDS):
        while (await (await page.request.get(shown)).json())["document"]["state"] != "ready":
            await asyncio.sleep(0.05)
    body = {"text": "How many days of leave does everybody have?", "collections": [collection_id]}
    asked = await (await page.request.post("/api/questions", data=body)).json()
    await page.goto(f"{open_server.url}/c/{asked['chat']['id']}")
    await finished(page)

    await page.get_by_role("banner").get_by_role("button", name="This chat").click()
    await page.get_by_role("menuitem", name="Share").click()
    dialog = page.get_by_role("dialog", name="Share")
    await dialog.get_by_label("For", exact=True).select_option("everybody")
    await dialog.get_by_label("It shows").select_option("follows")
    await looked_at(page, f"share-{width}")
    await dialog.get_by_role("button", name="Make a link").click()
    link = await dialog.get_by_label("The link", exact=True).input_value()
    await looked_at(page, f"share-made-{width}")
    await dialog.get_by_role("button", name="Done").click()

    requests: list[str] = []
    other.on("request", lambda request: requests.append(request.url))
    await other.goto(link)
    await expect(other.get_by_role("heading", level=1)).to_have_text(asked["chat"]["title"])
    await expect(other.get_by_text("thirty days of leave").first).to_be_visible()
    await expect(other.get_by_role("textbox", name="Question")).to_have_count(0)
    await looked_at(other, f"shared-{width}")
    secret = link.partition("#")[2]
    assert not [url for url in requests if secret in url.partition("#")[0]], "the secret is in no address"
    await other.locator(".cited-source").first.click()
    await expect(other.get_by_role("alert")).to_be_visible()  # the document itself is not shared
    await other.get_by_role("button", name="Close").click()

    await page.goto(f"{open_server.url}/account")
    await page.get_by_role("button", name="End the link to").click()
    await page.get_by_role("dialog").get_by_role("button", name="End the link", exact=True).click()
    await expect(page.get_by_text("None of your chats is shared.")).to_be_visible()
    await expect(other.get_by_role("heading", name="Nothing is shared here")).to_be_visible()
    await looked_at(other, f"shared-ended-{width}")
    await context.close()
    await theirs.close()


async def status_of(http: aiohttp.ClientSession, path: str) -> int:
    async with http.get(path) as response:
        return response.status


async def second_factor(page: Page, folder: Path, width: int) -> None:
    """Set an app up, and be shown recovery codes."""
    password = page.get_by_label("Password", exact=True)
    await password.fill(PASSWORD)
    await page.get_by_role("button", name="Set up an app").click()
    secret = base64.b32decode((await page.locator("code.account-secret").inner_text()).replace(" ", ""))
    code = totp.code_of(secret, int(time.time()) // totp.STEP_SECONDS)
    await page.get_by_label("Code that the app shows").fill(code)
    await page.get_by_role("button", name="Confirm").click()
    await expect(page.get_by_role("list", name="Recovery codes").get_by_role("listitem")).to_have_count(10)
    await looked_at(page, f"codes-{width}")
    await page.get_by_role("button", name="Done").click()
    await expect(page.get_by_text("10 recovery codes are left.")).to_be_visible()


async def open_menu(page: Page, width: int) -> None:
    if width < 600:
        await page.get_by_role("button", name="Menu").click()


async def sign_out_and_in(page: Page, email: str, width: int) -> None:
    await open_menu(page, width)
    await page.get_by_role("button", name="Your account").click()
    async with page.expect_navigation():
        await page.get_by_role("button", name="Sign out", exact=True).click()
    await settled(page)
    await open_menu(page, width)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await page.get_by_label("E-mail").fill(email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()


async def test_sharing_begins_with_a_person_though_it_could_be_with_everybody(
    browser: Browser, open_server: HubbubServer, folder: Path
) -> None:
    context = await context_of(browser, open_server, 1280, "light")
    page = await context.new_page()
    await become(page, open_server.url + await invitation(folder, "sharer@example.org"))
    await expect(page.get_by_label("Question", exact=True)).to_be_visible()
    made = await (await page.request.post("/api/collections", data={"name": "Plans"})).json()
    await page.goto(f"/library/{made['id']}")
    await page.get_by_role("button", name="Share", exact=True).click()
    dialog = page.get_by_role("dialog", name="Share “Plans”")
    whom = dialog.get_by_label("Share with")
    await expect(whom.get_by_role("option")).to_have_text(["a person", "everybody who is signed in", "everybody"])
    await expect(whom).to_have_value("person:")
    await expect(dialog.get_by_role("button", name="Add")).to_be_disabled()
    await context.close()
