"""What a person does on the page again and again."""

import asyncio
import re

from playwright.async_api import Locator, Page, expect

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


async def undo(page: Page, told: str) -> None:
    """Undo what a notice tells of."""
    notice = page.locator(".notice").filter(has_text=told)
    await notice.get_by_role("button", name="Undo").click()
