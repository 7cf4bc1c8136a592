"""Many tabs of one browser, which has six connections to a server: they share one for what is being answered."""

import re
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.e2e.steps import answer, ask
from tests.servers.counting_proxy import CountingProxy, counting_proxy
from tests.servers.hubbub_server import HubbubServer, hubbub_serving, scripted

pytestmark = pytest.mark.asyncio(loop_scope="module")

WORDS = 1500
TABS = 12


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HubbubServer]:
    variables = scripted(words=WORDS, pause_seconds=0.02) | {"HUBBUB_ADMISSION__RUNNING_PER_PERSON": "50"}
    async with hubbub_serving(tmp_path_factory.mktemp("tabs"), variables) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="module")
async def proxy(server: HubbubServer) -> AsyncIterator[CountingProxy]:
    async with counting_proxy(int(server.url.rpartition(":")[2])) as proxy:
        yield proxy


async def streaming(context: BrowserContext, url: str) -> Page:
    page = await context.new_page()
    await page.goto(url)
    await ask(page, "Count for me")
    await expect(answer(page)).to_contain_text("word3")
    return page


async def count(page: Page) -> int:
    return len(await words(page))


async def words(page: Page) -> list[str]:
    return re.findall(r"word\d+", await answer(page).text_content() or "")


@pytest.mark.quiet
async def test_twelve_tabs_stream_over_one_connection_and_each_can_be_stopped(
    browser: Browser, proxy: CountingProxy
) -> None:
    context = await browser.new_context()
    tabs = [await streaming(context, proxy.url) for _ in range(TABS)]
    before = [await count(tab) for tab in tabs]
    assert proxy.streams == 1
    for tab, words_before in zip(tabs, before, strict=True):  # hidden ones, too
        await expect(answer(tab)).to_contain_text(f"word{words_before + 10}")
    for tab in tabs:
        asked_at = time.monotonic()
        await tab.get_by_role("button", name="Stop", exact=True).evaluate("button => button.click()")
        await expect(answer(tab)).to_contain_text("Stopped.")
        assert time.monotonic() - asked_at < 1
        said = await words(tab)
        assert said == [f"word{number}" for number in range(len(said))]
    assert proxy.most_streams <= 2  # for a moment: the next one opens as the one before closes
    await context.close()


@pytest.mark.quiet
async def test_the_first_tab_is_closed(browser: Browser, proxy: CountingProxy) -> None:
    context = await browser.new_context()
    first, second, third = [await streaming(context, proxy.url) for _ in range(3)]
    await first.close()
    for tab in (second, third):
        before = await count(tab)
        await expect(answer(tab)).to_contain_text(f"word{before + 5}", timeout=1000)
    assert proxy.most_streams <= 2  # for a moment: the next one opens as the one before closes
    for tab in (second, third):
        said = await words(tab)
        assert said == [f"word{number}" for number in range(len(said))]
    await context.close()


async def test_the_worker_that_the_tabs_share_dies(browser: Browser, proxy: CountingProxy) -> None:
    context = await browser.new_context()
    tabs = [await streaming(context, proxy.url) for _ in range(2)]
    session = await browser.new_browser_cdp_session()
    targets = (await session.send("Target.getTargets"))["targetInfos"]
    workers = [
        one["targetId"] for one in targets if one["type"] == "shared_worker" and one["url"].startswith(proxy.url)
    ]
    assert len(workers) == 1
    await session.send("Target.closeTarget", {"targetId": workers[0]})
    for tab in tabs:
        before = await count(tab)
        await expect(answer(tab)).to_contain_text(f"word{before + 60}", timeout=10_000)
        said = await words(tab)
        assert said == [f"word{number}" for number in range(len(said))]
    assert proxy.streams == 1
    await context.close()


async def test_a_browser_without_shared_workers(browser: Browser, proxy: CountingProxy) -> None:
    context = await browser.new_context()
    await context.add_init_script("delete globalThis.SharedWorker")
    page = await streaming(context, proxy.url)
    before = await count(page)
    await expect(answer(page)).to_contain_text(f"word{before + 5}")
    assert proxy.streams == 1
    await context.close()


async def test_tabs_without_shared_workers_follow_one_that_leads(browser: Browser, proxy: CountingProxy) -> None:
    context = await browser.new_context()
    await context.add_init_script("delete globalThis.SharedWorker")
    first, second, third = [await streaming(context, proxy.url) for _ in range(3)]
    assert proxy.streams == 1
    await first.close()
    for tab in (second, third):
        before = await count(tab)
        await expect(answer(tab)).to_contain_text(f"word{before + 60}", timeout=10_000)
    assert proxy.streams == 1
    for tab in (second, third):
        said = await words(tab)
        assert said == [f"word{number}" for number in range(len(said))]
    await context.close()
