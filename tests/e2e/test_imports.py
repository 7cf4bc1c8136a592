"""Bring chats along from elsewhere, in a real browser."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.e2e.conftest import SECONDS, opened, violations
from tests.e2e.steps import ask, finished, is_too_wide
from tests.ingest.chat_exports import HOSTILE, gpt, gpt_node, two_branches
from tests.servers.hubbub_server import HubbubServer, hubbub_serving, scripted

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HubbubServer]:
    async with hubbub_serving(tmp_path_factory.mktemp("imports"), scripted(words=5, pause_seconds=0.0)) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, server: HubbubServer) -> AsyncIterator[Page]:
    async with opened(browser, server.url) as page:
        yield page


async def imported(page: Page, content: object) -> None:
    """Choose a file by the keyboard alone, and wait until it is said what came of it."""
    await page.get_by_role("button", name="These chats").focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("menuitem", name="Import chats").press("Enter")
    dialog = page.get_by_role("dialog", name="Import chats")
    async with page.expect_file_chooser() as chooser:
        await dialog.get_by_role("button", name="Choose a file").press("Enter")
    data = json.dumps(content).encode()
    await (await chooser.value).set_files(
        {"name": "conversations.json", "mimeType": "application/json", "buffer": data}
    )
    await expect(dialog.get_by_role("button", name="Done")).to_be_visible(timeout=SECONDS * 1000)


async def test_a_chat_with_two_branches_is_imported_and_gone_on_with(page: Page) -> None:
    await imported(page, [two_branches(), gpt(title="Nothing in it", id="empty")])
    dialog = page.get_by_role("dialog", name="Import chats")
    await expect(dialog).to_contain_text("1 chat imported")
    await expect(dialog.get_by_role("list", name="Left out")).to_contain_text("Nothing in it It holds no message")
    assert not await violations(page)
    await expect(dialog.get_by_role("button", name="Done")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="These chats")).to_be_focused()
    await page.get_by_role("link", name="A trip").first.click()
    thread = page.get_by_role("main")
    await expect(thread).to_contain_text("The Baltic.")
    await expect(thread).to_contain_text("Imported from ChatGPT")
    await expect(thread.locator(".answer em")).to_have_text("sea")
    await expect(thread).not_to_contain_text("To the mountains.")
    await thread.get_by_role("button", name="Next version").click()
    await expect(thread).to_contain_text("To the mountains.")
    await ask(page, "How high are they?")
    await finished(page)
    await page.reload()
    await expect(thread).to_contain_text("How high are they?")
    await imported(page, [two_branches()])
    await expect(page.get_by_role("dialog")).to_contain_text("1 chat was here already")


async def test_hostile_titles_and_texts_do_nothing(page: Page) -> None:
    alerts: list[str] = []
    page.on("dialog", lambda dialog: alerts.append(dialog.message))
    nodes = [gpt_node("u", None, "user", HOSTILE), gpt_node("a", "u", "assistant", f"Here: {HOSTILE} it is")]
    await imported(page, [gpt(*nodes, title=HOSTILE, id="hostile"), gpt(title=HOSTILE, id="empty")])
    await expect(page.get_by_role("list", name="Left out")).to_contain_text("<img")
    await page.get_by_role("button", name="Done").click()
    await page.locator(".chat-list a").first.click()
    await expect(page.get_by_role("main")).to_contain_text("it is")
    assert not await page.locator("img[onerror], img[src='x']").count()
    assert not alerts


async def test_what_is_no_export_is_refused_on_a_phone(browser: Browser, server: HubbubServer, tmp_path: Path) -> None:
    async with opened(browser, server.url, bears="422") as page:
        await page.set_viewport_size({"width": 360, "height": 640})
        await page.get_by_role("button", name="Menu", exact=True).click()
        await page.get_by_role("button", name="These chats").click()
        await page.get_by_role("menuitem", name="Import chats").click()
        async with page.expect_file_chooser() as chooser:
            await page.get_by_role("button", name="Choose a file").click()
        (tmp_path / "list.json").write_text("[1, 2")
        await (await chooser.value).set_files(tmp_path / "list.json")
        alert = page.get_by_role("dialog").get_by_role("alert")
        await expect(alert).to_contain_text("Save it anew and import it again", timeout=SECONDS * 1000)
        await expect(page.get_by_role("button", name="Choose a file")).to_be_focused()
        assert not await is_too_wide(page)
