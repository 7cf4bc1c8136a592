"""The library: many documents, found by name, sorted, renamed and deleted."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from tests.e2e.conftest import violations
from tests.servers.hubbub_server import HubbubServer, hubbub_serving, scripted

pytestmark = pytest.mark.asyncio(loop_scope="session")

MANY = 102
"""More than are shown at first."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HubbubServer]:
    """A server of its own, which goes on reading when the test is over."""
    async with hubbub_serving(tmp_path_factory.mktemp("library"), scripted(words=3)) as server:
        yield server


async def filled(page: Page, name: str) -> Locator:
    """Make a collection of the person who looks, with many documents; return the list of them."""
    url = page.url.rstrip("/")
    made = await (await page.request.post(f"{url}/api/collections", data={"name": name})).json()
    documents = f"{url}/api/collections/{made['id']}/documents"
    for number in range(MANY):
        body = f"Note {number}." if number else "nothing of a PDF follows"
        file = f"note-{number:03}.txt" if number else "broken.pdf"
        response = await page.request.put(f"{documents}/{file}", data=body.encode())
        assert response.status == 202
    await page.goto(f"{url}/library/{made['id']}")
    return page.get_by_role("list", name=f"Documents in {name}").get_by_role("listitem")


async def test_many_documents_are_found_sorted_renamed_and_deleted(page: Page) -> None:
    rows = await filled(page, "Notes")
    await expect(page.get_by_label("Which documents")).to_contain_text("Could not be read (1)")
    await expect(rows).to_have_count(100)
    await page.get_by_role("button", name="Show more").click()
    await expect(rows).to_have_count(MANY)

    await page.get_by_role("button", name="Rename this collection").click()
    await page.get_by_role("dialog").get_by_label("Name").fill("Hubbub notes")
    await page.get_by_role("dialog").get_by_role("button", name="Rename").click()
    rows = page.get_by_role("list", name="Documents in Hubbub notes").get_by_role("listitem")
    await expect(rows).to_have_count(MANY)

    await page.get_by_label("Order").select_option("By name")
    await expect(rows.first).to_contain_text("broken.pdf")
    await page.get_by_label("Which documents").select_option("failed")
    await expect(rows).to_have_count(1)
    await page.get_by_label("Which documents").select_option("")
    await page.get_by_label("Filter by name").fill("NOTE-00")
    await expect(rows).to_have_count(9)
    assert await violations(page) == []

    await rows.first.get_by_role("button", name="Rename").click()
    await page.get_by_role("dialog").get_by_label("Name of the file").fill("harbour.txt")
    await page.get_by_role("dialog").get_by_role("button", name="Rename").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(rows).to_have_count(8)
    await expect(page.get_by_role("heading", name="Hubbub notes")).to_be_focused()

    await page.get_by_role("button", name="Select", exact=True).click()
    await rows.first.get_by_role("checkbox").check()
    await page.get_by_role("button", name="All", exact=True).click()
    await expect(page.get_by_text("8 documents selected")).to_be_visible()
    await rows.first.get_by_role("checkbox").uncheck()
    assert await violations(page) == []
    await page.get_by_role("toolbar", name="Selected documents").get_by_role("button", name="Delete").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(rows).to_have_count(1)
    await page.get_by_label("Filter by name").fill("harb")
    await expect(rows).to_have_count(1)
    await expect(rows.first).to_contain_text("harbour.txt")
    await expect(page.get_by_label("Which documents")).to_contain_text(f"All ({MANY - 7})")
