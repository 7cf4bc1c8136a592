"""Sign in, invite and sign out in a real browser, at the width of a phone and of a runner."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from hubbub.compose import open_people
from hubbub.registry import load
from hubbub.settings import Settings
from tests.e2e.conftest import violations
from tests.e2e.steps import picture
from tests.servers.hubbub_server import HubbubServer, hubbub_serving, scripted

pytestmark = pytest.mark.asyncio(loop_scope="session")
load("keys", "sqlite")
PASSWORD = "four words of mine"


@pytest_asyncio.fixture(loop_scope="session")
async def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest_asyncio.fixture(loop_scope="session")
async def guarded(folder: Path) -> AsyncIterator[HubbubServer]:
    """A server where people have to sign in."""
    variables = scripted(words=5) | {"HUBBUB_IDENTITY__ACCOUNTS__IS_ENABLED": "true"}
    async with hubbub_serving(folder, variables) as server:
        yield server


async def first_link(folder: Path) -> str:
    settings = Settings(server={"data_folder": folder}, identity={"accounts": {"is_enabled": True}})  # type: ignore[arg-type]
    async with open_people(settings) as (accounts, _):
        made = await accounts.first()
    assert made is not None
    return made.url


async def fill_password(page: Page) -> None:
    await page.get_by_label("New password").fill(PASSWORD)
    await page.get_by_label("The same password again").fill(PASSWORD)


@pytest.mark.parametrize("width", [1200, 360])
async def test_an_operator_invites_somebody_who_signs_in_and_is_disabled(
    browser: Browser, guarded: HubbubServer, folder: Path, width: int
) -> None:
    context = await browser.new_context(viewport={"width": width, "height": 800})
    theirs = await browser.new_context(viewport={"width": width, "height": 800}, color_scheme="dark")
    try:
        root, ada = await context.new_page(), await theirs.new_page()
        await root.goto(guarded.url)
        await expect(root.get_by_role("heading", name="Sign in")).to_be_visible()
        assert await violations(root) == []
        await picture(root, f"sign-in-{width}")

        await root.goto(guarded.url + await first_link(folder))
        await root.get_by_label("E-mail").fill("root@example.org")
        await root.get_by_label("Name").fill("Root")
        await fill_password(root)
        await picture(root, f"first-{width}")
        await root.get_by_role("button", name="Make the account").click()
        await expect(root.get_by_label("Question", exact=True)).to_be_visible()

        await open_from_menu(root, "People", width)
        await root.get_by_label("E-mail").fill("ada@example.org")
        await root.get_by_role("button", name="Invite", exact=True).click()
        link = await root.get_by_label("The link").input_value()
        assert link.startswith(f"{guarded.url}/welcome#")
        await root.get_by_role("button", name="Done").click()
        await expect(root.get_by_role("button", name="Withdraw the invitation of ada@example.org")).to_be_visible()
        assert await violations(root) == []
        await picture(root, f"people-{width}")

        await ada.goto(link)
        await fill_password(ada)
        await ada.get_by_role("button", name="Make the account").click()
        await expect(ada.get_by_label("Question", exact=True)).to_be_visible()
        await open_from_menu(ada, "Your account", width)
        await expect(ada.get_by_text("this browser")).to_be_visible()
        assert await violations(ada) == []
        await picture(ada, f"account-{width}")
        beside = await theirs.new_page()
        await beside.goto(guarded.url)
        await beside.get_by_label("Question", exact=True).fill("Nobody else should read this.")
        await ada.get_by_role("button", name="Sign out", exact=True).click()
        await expect(beside.get_by_role("heading", name="Sign in")).to_be_visible()
        await ada.get_by_label("E-mail").fill("ada@example.org")
        await ada.get_by_label("Password").fill("not this one")
        await ada.get_by_role("button", name="Sign in", exact=True).click()
        await expect(ada.get_by_role("alert").filter(has_text="is wrong")).to_be_visible()
        await ada.get_by_label("Password").fill(PASSWORD)
        await ada.get_by_role("button", name="Sign in", exact=True).click()
        await expect(ada.get_by_label("Question", exact=True)).to_be_visible()
        await expect(beside.get_by_label("Question", exact=True)).to_have_value("")

        await root.reload()
        await root.get_by_role("button", name="What to do with ada@example.org").click()
        await root.get_by_role("menuitem", name="Disable").click()
        await root.get_by_role("dialog").get_by_role("button", name="Disable").click()
        await expect(root.get_by_text("disabled")).to_be_visible()
        await ada.reload()
        await expect(ada.get_by_role("heading", name="Sign in")).to_be_visible()
    finally:
        await context.close()
        await theirs.close()


async def open_from_menu(page: Page, name: str, width: int) -> None:
    if width < 600:
        await page.get_by_role("button", name="Menu").click()
    await page.get_by_role("button", name=name, exact=True).click()
