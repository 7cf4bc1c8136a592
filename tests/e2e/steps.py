"""What a person does on the page again and again."""

import re

from playwright.async_api import Locator, Page, expect

WHOLE = " ".join(f"word{number}" for number in range(60))


async def new_chat_without_documents(page: Page) -> None:
    """Let the next question go to the model alone."""
    await page.get_by_role("button", name=re.compile("^Collections")).click()
    for box in await page.get_by_role("checkbox", checked=True).all():
        await box.uncheck()
    await page.keyboard.press("Escape")


async def ask(page: Page, text: str) -> None:
    await page.get_by_role("textbox", name="Question").fill(text)
    await page.get_by_role("button", name="Send").click()


def answer(page: Page) -> Locator:
    return page.get_by_role("article", name="Answer").last


async def finished(page: Page) -> None:
    await expect(page.get_by_role("button", name="Stop", exact=True)).to_be_hidden(timeout=20_000)
    await expect(page.get_by_role("button", name="Regenerate").last).to_be_visible()
