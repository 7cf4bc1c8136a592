"""What a person does on the page again and again."""

import re

from playwright.async_api import Locator, Page, expect

WHOLE = " ".join(f"word{number}" for number in range(60))


async def help_chat(page: Page) -> None:
    """Begin a chat over the guide."""
    menu = page.get_by_role("button", name="Menu")
    if await menu.is_visible():
        await menu.click()
    await page.get_by_role("button", name="Help").click()
    await expect(page.get_by_role("button", name=re.compile("^Collections: Hubbub"))).to_be_visible()


async def ask(page: Page, text: str) -> None:
    await page.get_by_role("textbox", name="Question").fill(text)
    await page.get_by_role("button", name="Send").click()


def answer(page: Page) -> Locator:
    return page.get_by_role("article", name="Answer").last


async def finished(page: Page) -> None:
    await expect(page.get_by_role("button", name="Stop", exact=True)).to_be_hidden(timeout=20_000)
    await expect(page.get_by_role("button", name="Regenerate").last).to_be_visible()
