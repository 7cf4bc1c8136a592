"""Measure one thing of the page each, as a figure that has a bound."""

import gzip
import statistics
import time
from dataclasses import dataclass

from playwright.async_api import Browser, BrowserContext, CDPSession, Page, Response, expect

from tests.servers.model_server import ModelServer, Script

SECONDS = 120_000
"""How long is waited for what has to come, in milliseconds; what takes so long has fallen anyway."""
TOKENS = 4_000
KEYS = 60
FRAMES = 300


@dataclass(frozen=True)
class Figure:
    """What was measured, in a unit, and the most that it may be."""

    name: str
    value: float
    most: float
    unit: str

    @property
    def holds(self) -> bool:
        """Whether it is within its bound."""
        return self.value <= self.most

    def __str__(self) -> str:
        verdict = "holds" if self.holds else "FALLS"
        return f"| {self.name} | {self.value:.2f} {self.unit} | {self.most:g} {self.unit} | {verdict} |"


async def session_of(page: Page) -> CDPSession:
    """Return a way to ask the browser what the page costs."""
    session = await page.context.new_cdp_session(page)
    await session.send("Performance.enable")
    return session


async def spent(session: CDPSession, name: str) -> float:
    """Return for how many seconds the page's thread has run: its scripts ("Script") or all of it ("Task")."""
    metrics = (await session.send("Performance.getMetrics"))["metrics"]
    return next(float(one["value"]) for one in metrics if one["name"] == f"{name}Duration")


async def first_load(browser: Browser, url: str) -> Figure:
    """Weigh the scripts that a new visitor loads before anything is asked."""
    context = await browser.new_context()
    page = await context.new_page()
    scripts: list[Response] = []
    page.on("response", lambda one: scripts.append(one) if one.url.endswith(".js") else None)
    await page.goto(url, wait_until="networkidle")
    await expect(page.get_by_role("textbox", name="Question", exact=True)).to_be_visible()
    weight = sum([len(gzip.compress(await one.body())) for one in scripts])
    await context.close()
    return Figure("script of the first load, gzipped", weight / 1024, 90, "KB")


INTERACTIVE = """
new MutationObserver((_, observer) => {
  if (!document.querySelector("#question")) return;
  observer.disconnect();
  const channel = new MessageChannel();
  channel.port1.onmessage = () => { globalThis.interactive = performance.now(); };
  requestAnimationFrame(() => channel.port2.postMessage(0));
}).observe(document, { childList: true, subtree: true });
"""


async def interactive(context: BrowserContext, url: str, *, times: int = 3) -> Figure:
    """Wait for the first frame in which one can type, on a processor that is four times slower."""
    taken: list[float] = []
    for _ in range(times):
        page = await context.new_page()
        session = await session_of(page)
        await session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
        await page.add_init_script(INTERACTIVE)
        await page.goto(url)
        await page.wait_for_function("globalThis.interactive !== undefined")
        taken.append(float(await page.evaluate("interactive")))
        await page.close()
    return Figure("interactive, processor 4 times slower", statistics.median(taken), 1_000, "ms")


async def streaming(context: BrowserContext, url: str, model: ModelServer, kind: str) -> Figure:
    """Let an answer of 4,000 tokens grow, of prose or in one block of code."""
    prose = [*(["and some "] * 99), ".\n\n"] * (TOKENS // 100)
    tokens = prose if kind == "prose" else ["```python\n", *["x = f(y)\n"] * TOKENS]
    model.scripts.append(Script(tokens=tokens, seconds_between=0.001))
    page = await context.new_page()
    await page.goto(url)
    session = await session_of(page)
    before = await spent(session, "Script")
    await page.get_by_role("textbox", name="Question", exact=True).fill("Go on")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Regenerate")).to_be_visible(timeout=SECONDS)
    taken = await spent(session, "Script") - before
    await page.close()
    return Figure(f"scripting a token of {kind}", taken * 1000 / TOKENS, 0.5 if kind == "prose" else 1.0, "ms")


GO = """id => { history.pushState(null, "", `/c/${id}`); dispatchEvent(new PopStateEvent("popstate")); }"""


async def open_chat(page: Page, chat_id: str) -> None:
    """Open a chat by its address, without loading the page anew, and wait for its end."""
    await page.evaluate(GO, chat_id)
    await expect(page.locator(".answer .markdown").last).to_contain_text("A queue keeps", timeout=SECONDS)


async def long_chat(context: BrowserContext, url: str, chat_id: str) -> list[Figure]:
    """Open a chat of a thousand messages, and type in it."""
    page = await context.new_page()
    await page.goto(url)
    await expect(page.locator(".chat-open").first).to_be_visible()
    begun = time.perf_counter()
    await open_chat(page, chat_id)
    opening = (time.perf_counter() - begun) * 1000
    session = await session_of(page)
    field = page.get_by_role("textbox", name="Question", exact=True)
    await field.press_sequentially("warm")
    before = await spent(session, "Task")
    await field.press_sequentially("abcdefghi " * (KEYS // 10))
    await page.evaluate("new Promise(requestAnimationFrame)")
    typing = (await spent(session, "Task") - before) * 1000 / KEYS
    await page.close()
    return [
        Figure("opening a chat of 1,000 messages", opening, 1_000, "ms"),
        Figure("typing in it, a key", typing, 10, "ms"),
    ]


SCROLL = """frames => new Promise(resolve => {
  const box = document.querySelector(".sidebar-chats");
  box.scrollTop = 0;
  const times = [];
  const step = now => {
    times.push(now);
    if (times.length > frames) return resolve(times.slice(1).map((one, index) => one - times[index]));
    box.scrollTop += box.scrollHeight / frames;
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
})"""


async def sidebar(context: BrowserContext, url: str, chats: int) -> Figure:
    """Load the whole list, and scroll from its beginning to its end."""
    page = await context.new_page()
    await page.goto(url)
    items = page.locator(".sidebar-chats li")
    await expect(items.first).to_be_visible()
    while (known := await items.count()) < chats:
        await page.evaluate("document.querySelector('.sidebar-more')?.click()")
        await page.wait_for_function(
            "known => document.querySelectorAll('.sidebar-chats li').length > known", arg=known, timeout=SECONDS
        )
    session = await session_of(page)
    before = await spent(session, "Task")
    gaps: list[float] = await page.evaluate(SCROLL, FRAMES)
    work = (await spent(session, "Task") - before) * 1000 / FRAMES
    await page.close()
    print(f"  (frames of the sidebar: {1000 / statistics.mean(gaps):.0f} a second, longest {max(gaps):.0f} ms)")
    return Figure(f"work a frame, scrolling {chats:,} chats", work, 1000 / 60, "ms")


async def heap(context: BrowserContext, url: str, chat_ids: list[str], *, few: int = 5) -> Figure:
    """Open many chats one after the other: what is kept of them must not grow with their number."""
    page = await context.new_page()
    await page.goto(url)
    session = await page.context.new_cdp_session(page)
    after_few = 0.0
    for number, chat_id in enumerate(chat_ids, 1):
        await page.evaluate(GO, chat_id)
        await expect(page.locator("h1")).to_have_text(f"To be opened {number - 1}", timeout=SECONDS)
        await expect(page.locator(".answer .markdown").last).to_be_visible(timeout=SECONDS)
        if number == few:
            after_few = await _used(session)
    after_all = await _used(session)
    await page.close()
    return Figure(f"heap after {len(chat_ids)} chats, of that after {few}", after_all / after_few, 1.2, "times")


async def _used(session: CDPSession) -> float:
    for _ in range(3):  # what one collection lets go of may hold on to more
        await session.send("HeapProfiler.collectGarbage")
    return float((await session.send("Runtime.getHeapUsage"))["usedSize"])
