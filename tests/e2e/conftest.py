"""A real browser, and a real server for it to open."""

import asyncio
import os
import shutil
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from hubbub.web import page as page_module
from tests.e2e.settled import CHANGES, settled, watch
from tests.e2e.steps import WORDS
from tests.servers.hubbub_server import GUIDE, HubbubServer, hubbub_serving, through
from tests.servers.model_server import ModelServer, Script

ROOT = Path(__file__).parents[2]
AXE = ROOT / "frontend/node_modules/axe-core/axe.min.js"
STATIC = Path(page_module.__file__).with_name("static")
SECONDS = 30
"""How long a test waits for what is to be seen; those that measure time say less."""
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--renderer-process-limit=1",  # a page costs a tenth less CPU than with processes to spare
]


def chromium(*, is_whole: bool = False) -> str:
    """Return where Chromium is; without it the test is skipped, and fails where CI runs.

    Debian's shell of it draws no windows and costs half. Only what `is_whole` has a viewer of PDFs.
    """
    shell = () if is_whole else ("chromium-headless-shell",)
    for name in (*shell, "chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    missing = "no Chromium is installed: on Debian and Ubuntu run `apt-get install chromium`"
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)


@asynccontextmanager
async def launched(path: str) -> AsyncGenerator[Browser]:
    """A browser: each test has a context of its own in it."""
    assert (STATIC / "index.html").exists(), "the page is not built: run `make test`, or python tools/build_web.py"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        browser.on("context", watch)
        expect.set_options(timeout=SECONDS * 1000)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One for all tests of a process."""
    async with launched(chromium()) as browser:
        yield browser


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def model() -> AsyncIterator[ModelServer]:
    """A model server that says sixty numbered words at once, unless a test has a script for it."""
    async with ModelServer(Script(tokens=WORDS)) as model:
        yield model


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server(model: ModelServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HubbubServer]:
    """A server with that model, which can't write over documents.

    One for all: each test comes as somebody who is new.
    """
    async with usual_server(tmp_path_factory.mktemp("e2e"), model) as server:
        yield server


@asynccontextmanager
async def usual_server(folder: Path, model: ModelServer) -> AsyncIterator[HubbubServer]:
    """A server with a model that can't write over documents; the built-in collection has been read."""
    variables = through(model.base_url) | GUIDE | {"HUBBUB_MODELS__UP__CAN_GROUND": "false"}
    async with hubbub_serving(folder, variables) as server:
        await guide_is_there(server.url)
        yield server


async def guide_is_there(url: str) -> None:
    """Wait until the built-in collection has been read."""
    async with aiohttp.ClientSession() as http, asyncio.timeout(30):
        while True:
            async with http.get(f"{url}/api/collections") as response:
                [guide] = (await response.json())["collections"]
            async with http.get(f"{url}/api/collections/{guide['id']}/documents") as response:
                documents = (await response.json())["documents"]
            if documents and all(document["state"] == "ready" for document in documents):
                return
            await asyncio.sleep(0.1)


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, server: HubbubServer) -> AsyncIterator[Page]:
    """The page, opened by somebody who is new. An error on its console fails the test."""
    async with opened(browser, server.url) as page:
        yield page


@asynccontextmanager
async def opened(browser: Browser, url: str, *, bears: str = "nothing") -> AsyncIterator[Page]:
    """A page that has loaded, opened by somebody new; an error on its console without these words is a failure."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme="light")
    page = await context.new_page()
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    await page.goto(url)
    await settled(page)
    yield page
    await context.close()
    assert [fault for fault in faults if bears not in fault] == []


# Which says, too, whether the page was still while it was checked.
CHECK = f"""async () => {{
    {CHANGES}
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const found = await axe.run(document, {{ runOnly: tags, resultTypes: ["violations"] }});
    observer.disconnect();
    const what = ({{ id, nodes }}) => `${{id}}: ${{nodes.slice(0, 3).map(node => node.html.slice(0, 200)).join(", ")}}`;
    return [found.violations.map(what), changes > 0 || isMoving()];
}}"""


async def violations(page: Page) -> list[str]:
    """Return what axe finds wrong with the page once it has settled, and stays as it is while it is checked."""
    while True:
        await settled(page)
        if not await page.evaluate("'axe' in window"):
            session = await page.context.new_cdp_session(page)
            # Through the debugger, because the page's own policy keeps foreign scripts out.
            await session.send("Runtime.evaluate", {"expression": AXE.read_text(encoding="utf-8")})
        found, has_changed = await page.evaluate(CHECK)
        if not found or not has_changed:
            return found
