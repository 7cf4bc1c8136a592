"""Sharing a collection on the page: with whom it can be, what is said where it can't, and that it fits a phone."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.e2e.conftest import opened, violations
from tests.e2e.settled import settled
from tests.e2e.steps import picture
from tests.servers.hubbub_server import HubbubServer, hubbub_serving, scripted

pytestmark = pytest.mark.asyncio(loop_scope="session")

SOMEBODY = "b" + "5" * 25
"""Has the form of a browser's id, as a guest tells it to others."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HubbubServer]:
    async with hubbub_serving(tmp_path_factory.mktemp("sharing"), scripted(words=3, pause_seconds=0)) as server:
        yield server


async def made(page: Page) -> None:
    await page.get_by_role("button", name="Documents", exact=True).click()
    await page.get_by_role("button", name="New collection").first.click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("textbox", name="Name").fill("Harbour")
    await dialog.get_by_role("button", name="Create").click()
    await expect(page.get_by_role("heading", name="Harbour")).to_be_visible()


async def test_a_guest_is_offered_what_they_may_give_and_told_what_not(browser: Browser, server: HubbubServer) -> None:
    async with opened(browser, server.url, bears="(Not Found)") as page:
        await made(page)
        for width in (1280, 360):
            await page.set_viewport_size({"width": width, "height": 780})
            await settled(page)
            for button in await page.locator("main").get_by_role("button").all():
                box = await button.bounding_box()
                assert box is not None and box["x"] + box["width"] <= width
        await page.get_by_role("button", name="Share").click()
        dialog = page.get_by_role("dialog", name="Share “Harbour”")
        await expect(dialog.get_by_text("hubbub collections share")).to_be_visible()
        options = dialog.get_by_role("combobox", name="Share with").get_by_role("option")
        await expect(options).to_have_text(["a person"])
        await dialog.get_by_label("Their id").fill("somebody")
        await dialog.get_by_role("button", name="Add").click()
        await dialog.get_by_role("button", name="Save").click()
        await expect(dialog.get_by_text("Nobody here is called “somebody”.")).to_be_visible()
        await dialog.get_by_role("button", name="Share no longer with somebody").click()
        await dialog.get_by_label("Their id").fill(SOMEBODY)
        await dialog.get_by_role("button", name="Add").click()
        await dialog.get_by_label(f"What {SOMEBODY} may do").select_option("write")
        assert await violations(page) == []
        await picture(page, "share")
        await dialog.get_by_role("button", name="Save").click()
        await expect(dialog).to_have_count(0)
        await page.get_by_role("button", name="Share").click()
        await expect(dialog.get_by_label(f"What {SOMEBODY} may do")).to_have_value("write")
        await dialog.get_by_role("button", name=f"Share no longer with {SOMEBODY}").click()
        await dialog.get_by_role("button", name="Save").click()
        await expect(dialog).to_have_count(0)
        await page.get_by_role("button", name="Share").click()
        await expect(dialog.get_by_text("Only whoever made it and the operators can see it.")).to_be_visible()


async def test_a_prompt_is_shared_with_somebody_who_uses_it(browser: Browser, server: HubbubServer) -> None:
    async with (
        opened(browser, server.url) as page,
        opened(browser, server.url) as other,
    ):
        other_id = await other.evaluate("fetch('/api/me').then((one) => one.json()).then((me) => me.person.id)")
        await page.get_by_role("textbox", name="Question").press_sequentially("/")
        await page.get_by_role("option", name="Prompts and instructions").click()
        dialog = page.get_by_role("dialog", name="Prompts and instructions")
        await dialog.get_by_role("textbox", name="Name").fill("French")
        await dialog.get_by_role("textbox", name="Text", exact=True).fill("Translate to French: ")
        await dialog.get_by_role("button", name="Add the prompt").click()
        await dialog.get_by_role("button", name="Share “French”").click()
        sharing = page.get_by_role("dialog", name="Share “French”")
        await expect(sharing.get_by_text("Sign in to share with everybody")).to_be_visible()
        await sharing.get_by_label("Their id").fill(other_id)
        await sharing.get_by_role("button", name="Add").click()
        await expect(sharing.get_by_label(f"What {other_id} may do")).to_have_value("use")
        assert await violations(page) == []
        await picture(page, "share-prompt")
        await sharing.get_by_role("button", name="Save").click()
        await expect(sharing).to_have_count(0)
        await expect(dialog.get_by_role("button", name="Delete French")).to_be_visible()

        field = other.get_by_role("textbox", name="Question")
        await field.press_sequentially("/fr")
        await other.get_by_role("option", name="French").click()
        await expect(field).to_have_value("Translate to French: ")
        await field.fill("")
        await field.press_sequentially("/")
        await other.get_by_role("option", name="Prompts and instructions").click()
        theirs = other.get_by_role("dialog", name="Prompts and instructions")
        await expect(theirs.get_by_role("list", name="Prompts")).to_contain_text("Shared with you")
        await expect(theirs.get_by_role("button", name="Change French")).to_have_count(0)
        await expect(theirs.get_by_role("button", name="Delete French")).to_have_count(0)
        assert await violations(other) == []
        await picture(other, "shared-prompt")


async def test_a_document_is_restricted_and_open_again(browser: Browser, server: HubbubServer) -> None:
    async with (
        opened(browser, server.url) as page,
    ):
        await made(page)
        leave = {"name": "leave.txt", "mimeType": "text/plain", "buffer": b"Thirty days of leave."}
        await page.locator("main input[type=file]").set_input_files(leave)  # type: ignore[arg-type]
        row = page.locator("li.document")
        await expect(row.get_by_role("button", name="Rename", exact=True)).to_be_visible()  # it is read
        await row.get_by_role("button", name="Who may see it", exact=True).click()
        dialog = page.get_by_role("dialog", name="Who may see “leave.txt”")
        everybody = dialog.get_by_role("radio", name="Everybody who may see the collection", exact=True)
        some = dialog.get_by_role("radio", name="Only these, of those who may see the collection", exact=True)
        await expect(everybody).to_be_checked()
        await some.check()
        await expect(dialog.get_by_text("Only those who manage the collection can see it.")).to_be_visible()
        await dialog.get_by_label("Share with").select_option("person:")
        await dialog.get_by_label("Their id").fill(SOMEBODY)
        await dialog.get_by_role("button", name="Add", exact=True).click()
        await expect(dialog.get_by_text("Those who manage the collection always see it.")).to_be_visible()
        await page.set_viewport_size({"width": 360, "height": 780})
        assert await violations(page) == []
        box = await dialog.bounding_box()
        assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 360
        await picture(page, "restrict")
        await dialog.get_by_role("button", name="Save", exact=True).click()
        await expect(dialog).to_have_count(0)
        await expect(row.get_by_text("Not for all who may see the collection")).to_be_visible()
        await row.get_by_role("button", name="Who may see it", exact=True).click()
        await expect(some).to_be_checked()
        await dialog.get_by_role("button", name=f"Share no longer with {SOMEBODY}", exact=True).click()
        await everybody.check()
        await dialog.get_by_role("button", name="Save", exact=True).click()
        await expect(dialog).to_have_count(0)
        await expect(row.get_by_text("Not for all who may see the collection")).to_have_count(0)
