"""Wait until a page has settled: it has loaded what it loads, and nothing on it changes but an answer being written."""

import asyncio
from weakref import WeakKeyDictionary

from playwright.async_api import BrowserContext, Error, Page, Request, Response

SECONDS = 30
STILL_FRAMES = 3

_open: WeakKeyDictionary[Page, set[Request]] = WeakKeyDictionary()

# Nothing that moves for ever is waited for, nor an answer that is being written.
CHANGES = """
    const isQuiet = place => (place.nodeType === 1 ? place : place.parentElement)?.closest("[aria-busy=true]");
    const isMoving = () => document.getAnimations().some(one =>
        one.playState === "running" && one.effect.getComputedTiming().endTime < Infinity);
    let changes = 0;
    const count = records => { changes += records.filter(record => !isQuiet(record.target)).length; };
    const observer = new MutationObserver(count);
    observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
"""
# Frames, because layout lags behind the document: what a list has just got has its true size only in the next one.
STILL = f"""async frames => {{
    {CHANGES}
    await document.fonts.ready;
    for (let still = 0; still < frames; still++) {{
        changes = 0;
        await new Promise(requestAnimationFrame);
        if (changes > 0 || isMoving()) still = -1;
    }}
    observer.disconnect();
}}"""


def watch(context: BrowserContext) -> None:
    """Note what the context's pages ask for, so that it can be told whether they have it."""
    context.on("page", _watch_page)


async def settled(page: Page) -> None:
    """Wait until the page asks for nothing, and neither moves nor changes for some frames.

    Raises:
        AssertionError: it went on for too long; the message says what it still asks for.
    """
    try:
        async with asyncio.timeout(SECONDS):
            while not await _is_still(page):
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"{page.url} does not settle; it asks for {[one.url for one in _open[page]]}") from None


async def _is_still(page: Page) -> bool:
    if _open[page]:
        return False
    try:
        await page.evaluate(STILL, STILL_FRAMES)
    except Error as error:
        if "context was destroyed" in error.message:  # it went to another address
            return False
        raise
    return not _open[page]


def _watch_page(page: Page) -> None:
    requests = _open[page] = set[Request]()

    def sent(request: Request) -> None:
        if "worker" not in request.url:  # of a shared worker's script it is never said that it has come
            requests.add(request)

    def answered(response: Response) -> None:
        if response.headers.get("content-type", "").startswith("text/event-stream"):  # it goes on for ever
            requests.discard(response.request)

    def over(request: Request) -> None:
        requests.discard(request)

    page.on("request", sent)
    page.on("response", answered)
    page.on("requestfinished", over)
    page.on("requestfailed", over)
