"""What somebody meets who is new: the fewest are shared with, nothing covers what is to be pressed, no silence."""

import re

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.e2e.conftest import opened, violations
from tests.e2e.settled import settled
from tests.servers.hubbub_server import HubbubServer

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("the usual server")]

WIDTHS = [390, 640, 1280, 1920]
"""A phone, a laptop at 200 %, a laptop, and a wide screen."""


async def collection(page: Page, name: str) -> str:
    """Make a collection and show it; return where its documents are."""
    url = page.url.rstrip("/")
    made = await (await page.request.post(f"{url}/api/collections", data={"name": name})).json()
    await page.goto(f"{url}/library/{made['id']}")
    await settled(page)
    return f"{url}/api/collections/{made['id']}/documents"


async def is_covered(locator: Locator) -> bool:
    """Tell whether something else would take a press in the middle of an element, once that is in sight."""
    await locator.scroll_into_view_if_needed()
    return await locator.evaluate("""element => {
        const { left, top, width, height } = element.getBoundingClientRect();
        const hit = document.elementFromPoint(left + width / 2, top + height / 2);
        return !element.contains(hit) && !hit?.contains(element);
    }""")


@pytest.mark.parametrize("width", WIDTHS)
async def test_files_on_their_way_cover_no_button_of_the_library(
    browser: Browser, server: HubbubServer, width: int
) -> None:
    async with opened(browser, server.url, bears="422") as page:  # which the browser tells of the file that is refused
        await page.set_viewport_size({"width": width, "height": 800})
        await collection(page, "Harbours")
        await page.locator("main input[type=file]").first.set_input_files(
            [{"name": f"note {number}.txt", "mimeType": "", "buffer": b"A note."} for number in range(1, 13)]
        )
        rows = page.get_by_role("list", name="Documents in Harbours").get_by_role("listitem")
        await expect(rows).to_have_count(12)
        shown = page.get_by_label("Files on their way")
        await expect(shown).to_contain_text("Documents added")
        names = [re.findall(r"note \d+", text)[0] for text in await rows.all_text_contents()]
        assert names == [f"note {number}" for number in range(1, 13)]
        buttons = await page.locator("main").get_by_role("button").all()
        assert len(buttons) > 12
        assert [await one.get_attribute("aria-label") for one in buttons if await is_covered(one)] == []
        assert await violations(page) == []
        await shown.get_by_role("button", name="Hide").click()
        await expect(shown).to_have_count(0)


async def test_a_filter_without_hits_is_said_aloud(page: Page) -> None:
    documents = await collection(page, "Notes")
    response = await page.request.put(f"{documents}/note.txt", data=b"A note.")
    assert response.status == 202
    await page.reload()
    await expect(page.get_by_text("note.txt")).to_be_visible()
    said = page.get_by_role("status")
    await page.get_by_label("Filter by name").fill("nothing like it")
    await expect(said.filter(has_text="No document fits.")).to_have_count(1)
    await page.get_by_role("searchbox", name="Search chats").fill("nothing like it")
    await expect(said.filter(has_text="No chat has these words.")).to_have_count(1)
