"""What the page weighs, and what it costs while an answer grows."""

import gzip
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, CDPSession, Response, expect

from tests.e2e.conftest import opened
from tests.e2e.steps import answer, ask
from tests.servers.hubbub_server import hubbub_serving, through
from tests.servers.model_server import ModelServer, Script

pytestmark = pytest.mark.asyncio(loop_scope="session")

FIRST_SCRIPT_BYTES = 90 * 1024
TOKENS = 4000


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def model() -> AsyncIterator[ModelServer]:
    async with ModelServer() as model:
        yield model


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def url(model: ModelServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    async with hubbub_serving(tmp_path_factory.mktemp("weight"), through(model.base_url)) as server:
        yield server.url


async def test_the_first_load_is_light(browser: Browser, url: str) -> None:
    scripts: list[Response] = []
    async with opened(browser, "about:blank") as page:
        page.on("response", lambda one: scripts.append(one) if one.url.endswith(".js") else None)
        await page.goto(url, wait_until="networkidle")
        await expect(page.get_by_role("textbox", name="Question")).to_be_visible()
        sizes = {one.url.rpartition("/")[2]: len(gzip.compress(await one.body())) for one in scripts}
    assert 0 < sum(sizes.values()) <= FIRST_SCRIPT_BYTES, sizes


async def scripting(session: CDPSession) -> float:
    """Return for how many seconds of the processor's time scripts have run."""
    metrics = (await session.send("Performance.getMetrics"))["metrics"]
    return next(one["value"] for one in metrics if one["name"] == "ScriptDuration")


@pytest.mark.quiet
@pytest.mark.parametrize(
    ("kind", "piece", "opening"),
    [("prose", "and some ", ""), ("code", "x = f(y)\n", "```python\n"), ("list", "- an *item*\n", "")],
)
async def test_a_long_answer_costs_little_a_token(
    browser: Browser, model: ModelServer, url: str, kind: str, piece: str, opening: str
) -> None:
    tokens = [piece] * TOKENS if kind != "prose" else [*([piece] * 99 + [".\n\n"]) * (TOKENS // 100)]
    async with opened(browser, url) as page:
        model.scripts.append(Script(tokens=[opening, *tokens], seconds_between=0.001))
        session = await page.context.new_cdp_session(page)
        await session.send("Performance.enable", {"timeDomain": "threadTicks"})
        before = await scripting(session)
        await ask(page, "Go on")
        await expect(page.get_by_role("button", name="Regenerate")).to_be_visible(timeout=60_000)
        taken = await scripting(session) - before
        length = await answer(page).locator(".markdown").evaluate("one => one.textContent.length")
    assert length > TOKENS * 5
    assert 0 < taken * 1000 / TOKENS <= (0.5 if kind == "prose" else 1.0)
