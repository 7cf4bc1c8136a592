"""Look at a page as it changes: measure when something is shown, by its own clock, and wait for what holds on it."""

import asyncio

from playwright.async_api import Locator, Page

from tests.patience import patience

CLICK = """([button, text]) => new Promise(resolve => {
    const began = performance.now();
    const look = () => {
        const answer = [...document.querySelectorAll("article.answer")].at(-1);
        if (!answer?.textContent.includes(text)) return;
        observer.disconnect();
        resolve((performance.now() - began) / 1000);
    };
    const observer = new MutationObserver(look);
    observer.observe(document, { subtree: true, childList: true, characterData: true });
    button.click();
})"""
GROWTH = """() => {
    const growth = (window.growth = { at: performance.now(), longest: 0 });
    const note = () => {
        growth.longest = Math.max(growth.longest, performance.now() - growth.at);
        growth.at = performance.now();
    };
    new MutationObserver(note).observe(
        [...document.querySelectorAll("article.answer")].at(-1),
        { subtree: true, childList: true, characterData: true });
}"""


async def seconds_until_said(page: Page, button: Locator, text: str) -> float:
    """Click, and return after how many seconds the last answer holds the text."""
    return await page.evaluate(CLICK, [await button.element_handle(), text])


async def watch_growth(page: Page) -> None:
    """Note from now on how long the last answer stands still."""
    await page.evaluate(GROWTH)


async def longest_pause(page: Page) -> float:
    """Return for how many seconds the answer has stood still at most, since it was watched."""
    return await page.evaluate("window.growth.longest") / 1000


async def until_true(page: Page, expression: str) -> None:
    """Wait until an expression holds on the page. Playwright's own way needs `eval`, which the page forbids."""
    async with patience():
        while not await page.evaluate(expression):
            await asyncio.sleep(0.02)
