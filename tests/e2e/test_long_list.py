"""Hundreds of chats: all can be reached by scrolling and by keys, and only what is near what is in sight is drawn."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from bench.page.measures import MORE
from bench.page.seed import seed
from tests.e2e.conftest import violations
from tests.servers.hubbub_server import hubbub_serving, scripted

pytestmark = pytest.mark.asyncio(loop_scope="session")

CHATS = 420


async def test_a_long_list_is_drawn_in_part_and_reached_whole(browser: Browser, tmp_path: Path) -> None:
    variables = scripted(words=3)
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    page = await context.new_page()
    async with hubbub_serving(tmp_path, variables) as server:
        await page.goto(server.url)
        me = await page.evaluate("fetch('/api/me').then(one => one.json())")
        await server.terminate()
    await seed(tmp_path, me["person"]["id"], chats=CHATS, opened=0, messages=2)
    async with hubbub_serving(tmp_path, variables) as server:
        await page.goto(server.url)
        rows = page.get_by_role("list", name="Chats", exact=True).get_by_role("listitem")
        await expect(rows.first).to_contain_text("The long one")
        while await page.evaluate(MORE):
            pass
        await page.evaluate("() => { const box = document.querySelector('.sidebar-chats'); box.scrollTop = 1e6; }")
        await expect(rows.last).to_contain_text(f"number {CHATS - 1}")
        await expect(rows.last).to_be_in_viewport()
        assert await rows.count() < 150
        await rows.last.get_by_role("link").focus()
        for _ in range(100):
            await page.keyboard.press("ArrowUp")
        await expect(page.get_by_role("link", name=f"A chat of long ago, number {CHATS - 101}")).to_be_focused()
        assert await violations(page) == []
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", level=1)).to_have_text(f"A chat of long ago, number {CHATS - 101}")
    await context.close()
