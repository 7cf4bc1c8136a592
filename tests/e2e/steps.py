"""What a person does on the page again and again."""

import asyncio
import os
import re
from pathlib import Path

from playwright.async_api import Locator, Page, expect

from tests.e2e.settled import settled
from tests.servers.model_server import Script

WORDS = [f"word{number} " for number in range(60)]
WHOLE = "".join(WORDS).strip()


def held(count: int = 10) -> tuple[Script, asyncio.Event]:
    """Return a script that says so many of the words, and the others once the event is set."""
    go_on = asyncio.Event()
    return Script(tokens=WORDS, held=(count, go_on)), go_on


async def help_chat(page: Page) -> None:
    """Begin a chat over the guide."""
    menu = page.get_by_role("button", name="Menu")
    if await menu.is_visible():
        await menu.click()
    await page.get_by_role("button", name="Help").click()
    await expect(page.get_by_role("button", name=re.compile("^Collections: Hubbub"))).to_be_visible()


async def ask(page: Page, text: str) -> None:
    """Ask, and see that the question is shown."""
    questions = page.get_by_role("article", name="You asked")
    before = await questions.count()
    await page.get_by_role("textbox", name="Question").fill(text)
    await page.get_by_role("button", name="Send").click()
    await expect(questions).to_have_count(before + 1)


def answer(page: Page) -> Locator:
    return page.get_by_role("article", name="Answer").last


async def finished(page: Page) -> None:
    """Wait until the last question has an answer, and that has ended."""
    last = page.get_by_role("article", name=re.compile("^(You asked|Answer)$")).last
    await expect(last.get_by_role("button", name="Regenerate")).to_be_visible()


async def address_of_chat(page: Page) -> str:
    """Return where the chat is, once the address says so."""
    await page.wait_for_url("**/c/*")
    return page.url


async def press_to(page: Page, keys: str, field: Locator) -> None:
    """Press keys that lead to a field once the page listens to them, and wait until what is typed goes there."""
    await settled(page)
    await page.keyboard.press(keys)
    await expect(field).to_be_focused()


async def is_too_wide(page: Page) -> bool:
    """Tell whether the settled page has to be scrolled sideways."""
    await settled(page)
    # Not innerWidth: a phone's browser zooms out of a page that is too wide, and that grows with it.
    return await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


async def picture(page: Page, name: str) -> None:
    """Keep a picture of the settled page for a person to look at, where HUBBUB_SHOTS names a folder for them."""
    if folder := os.environ.get("HUBBUB_SHOTS"):
        await settled(page)
        await page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


async def undo(page: Page, told: str) -> None:
    """Undo what a notice tells of."""
    notice = page.locator(".notice").filter(has_text=told)
    await notice.get_by_role("button", name="Undo").click()
