"""The page of the search: passages and chats without a model, narrowed down, opened at their place, asked about."""

import asyncio
import re

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.e2e.conftest import SECONDS, opened, violations
from tests.e2e.steps import ask, finished, is_too_wide, press_to
from tests.e2e.watching import until_true
from tests.ingest.documents import pdf
from tests.servers.hubbub_server import HubbubServer

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("the usual server")]

LIGHTHOUSE = "The lighthouse of Alderhaven was built in the year 1887 by Ida Brandt."
HARBOUR = "The harbour of Alderhaven freezes in most winters."


async def fill_a_collection(page: Page, url: str) -> None:
    """Make a collection with a PDF and a text in it, both read."""
    made = await page.request.post(f"{url}/api/collections", data={"name": "Harbour"})
    documents = f"{url}/api/collections/{(await made.json())['id']}/documents"
    sent = {"lighthouse.pdf": pdf([["Contents."], [LIGHTHOUSE]]), "harbour.txt": HARBOUR.encode()}
    for name, data in sent.items():
        answer = await page.request.put(
            f"{documents}/{name}", data=data, headers={"content-type": "application/octet-stream"}
        )
        assert answer.ok, await answer.text()
    async with asyncio.timeout(SECONDS):
        while {one["state"] for one in (await (await page.request.get(documents)).json())["documents"]} != {"ready"}:
            await asyncio.sleep(0.05)


def results(page: Page) -> Locator:
    return page.get_by_role("list", name="Passages found").get_by_role("listitem")


async def search_for(page: Page, words: str) -> None:
    field = page.get_by_role("searchbox", name="Search documents and chats")
    await press_to(page, "Control+Shift+F", field)
    await field.fill(words)


async def test_passages_are_found_narrowed_down_opened_and_asked_about(page: Page, server: HubbubServer) -> None:
    await fill_a_collection(page, server.url)
    await page.reload()
    await search_for(page, "alderhaven")
    await expect(results(page)).to_have_count(2)
    await expect(results(page).first.locator("mark")).to_have_text("Alderhaven")
    filters = page.get_by_role("form", name="Filters")

    await filters.get_by_role("checkbox", name=re.compile("^PDF")).check()
    await expect(results(page)).to_have_count(1)
    # What else could be chosen stays to be chosen, and the search is what the address says.
    await expect(filters.get_by_role("checkbox", name=re.compile("^TXT"))).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("searchbox", name="Search documents and chats")).to_have_value("alderhaven")
    await expect(filters.get_by_role("checkbox", name=re.compile("^PDF"))).to_be_checked()
    await expect(results(page)).to_have_count(1)

    await page.get_by_role("searchbox", name="Search documents and chats").press("ArrowDown")
    await page.keyboard.press("Enter")
    panel = page.get_by_role("region", name="Sources")
    await expect(panel.get_by_text("Page 2 of 2")).to_be_visible()
    picture = panel.get_by_role("img", name="Page 2 of lighthouse")
    await expect(picture).to_have_attribute("src", re.compile("passage="))
    await expect(picture).to_have_js_property("complete", True)
    assert await violations(page) == []
    await page.keyboard.press("Escape")

    await results(page).first.get_by_role("button", name="Ask about").click()
    goes_along = page.get_by_role("list", name="Goes with the question")
    await expect(goes_along).to_contain_text("lighthouse.pdf")
    await expect(page.get_by_role("textbox", name="Question")).to_be_focused()
    await page.go_back()
    await expect(results(page)).to_have_count(1)


async def test_filters_by_name_and_date_hold_and_are_cleared(page: Page, server: HubbubServer) -> None:
    await fill_a_collection(page, server.url)
    await page.reload()
    await search_for(page, "alderhaven")
    await expect(results(page)).to_have_count(2)
    filters = page.get_by_role("form", name="Filters")
    await filters.get_by_label("Name of the file").fill("harb")
    await expect(results(page)).to_have_count(1)
    await expect(results(page)).to_contain_text("freezes")
    await filters.get_by_label("To", exact=True).fill("2020-01-01")
    await expect(page.get_by_text("No document that you chose holds this.")).to_be_visible()
    await page.get_by_role("button", name="Search all documents").click()
    await expect(results(page)).to_have_count(2)


async def test_chats_are_found_and_opened_where_the_words_stand(page: Page) -> None:
    await ask(page, "Tell me of zeppelins")
    await finished(page)
    await search_for(page, "zeppelins")
    await page.get_by_role("button", name=re.compile("^Chats 1")).click()
    found = page.get_by_role("list", name="Chats with these words").get_by_role("link")
    await expect(found.locator("mark")).to_have_text("zeppelins")
    assert await violations(page) == []
    await found.click()
    await expect(page.get_by_role("article", name="You asked")).to_contain_text("Tell me of zeppelins")


async def test_the_search_fits_a_phone(browser: Browser, server: HubbubServer) -> None:
    async with opened(browser, server.url) as page:
        await page.set_viewport_size({"width": 360, "height": 740})
        await search_for(page, "hubbub")
        await expect(results(page).first).to_be_visible()
        assert not await is_too_wide(page)
        assert await violations(page) == []


async def test_the_search_comes_by_itself_only_when_it_is_opened(page: Page) -> None:
    # The browser makes an entry for a script some time after it has run it.
    is_there = "performance.getEntriesByType('resource').some(one => /\\/Search-[^/]*\\.js$/.test(one.name))"
    assert not await page.evaluate(is_there)
    await page.get_by_role("button", name="Search", exact=True).click()
    await expect(page.get_by_role("searchbox", name="Search documents and chats")).to_be_focused()
    await until_true(page, is_there)
