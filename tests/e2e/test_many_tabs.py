"""Many tabs of one browser, which has six connections to a server: they share one for what is being answered."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.e2e.steps import answer, ask
from tests.e2e.watching import longest_pause, seconds_until_said, watch_growth
from tests.servers.counting_proxy import CountingProxy, counting_proxy
from tests.servers.hubbub_server import HubbubServer, hubbub_serving, scripted

pytestmark = pytest.mark.asyncio(loop_scope="session")

WORDS = 10_000
"""So many that no answer ends by itself, however long the tabs take to open."""
PAUSE_SECONDS = 0.2
"""Between two words: tabs that show more of them at once fill the processor, which no test here is about."""
TABS = 12
BROWSERS_CONNECTIONS = 6
"""So many connections to one server has a browser: where all hold streams, nothing else gets through."""
STOP_SECONDS = 1.0
LEAD_SECONDS = 1.0


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HubbubServer]:
    variables = scripted(words=WORDS, pause_seconds=PAUSE_SECONDS) | {"HUBBUB_ADMISSION__RUNNING_PER_PERSON": "50"}
    async with hubbub_serving(tmp_path_factory.mktemp("tabs"), variables) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def proxy(server: HubbubServer) -> AsyncIterator[CountingProxy]:
    async with counting_proxy(int(server.url.rpartition(":")[2])) as proxy:
        yield proxy


async def streaming(context: BrowserContext, url: str) -> Page:
    [page] = await all_streaming(context, url, 1)
    return page


async def all_streaming(context: BrowserContext, url: str, count: int) -> list[Page]:
    """Open so many tabs, and ask in one after the other only then: what streams costs more than what loads."""
    tabs = [await context.new_page() for _ in range(count)]
    for tab in tabs:
        await tab.goto(url)
    for tab in tabs:
        await ask(tab, "Count for me")
    for tab in tabs:
        await expect(answer(tab)).to_contain_text("word3")
    return tabs


async def words(page: Page) -> list[str]:
    return re.findall(r"word\d+", await answer(page).text_content() or "")


async def goes_on(page: Page, count: int) -> None:
    """Wait until the answer has so many words more, none missing and none twice."""
    before = len(await words(page))
    await expect(answer(page)).to_contain_text(f"word{before + count} ")
    said = await words(page)
    assert said == [f"word{number}" for number in range(len(said))]


async def all_go_on(tabs: Sequence[Page], count: int) -> None:
    await asyncio.gather(*(goes_on(tab, count) for tab in tabs))


async def at_rest_one_stream(proxy: CountingProxy) -> None:
    """See that what the browser holds comes to be one connection, and never took all that it has."""
    await proxy.until(lambda it: it.streams == 1)
    assert proxy.most_streams < BROWSERS_CONNECTIONS


@pytest.mark.quiet
async def test_twelve_tabs_stream_over_one_connection_and_each_can_be_stopped(
    browser: Browser, proxy: CountingProxy
) -> None:
    context = await browser.new_context()
    tabs = await all_streaming(context, proxy.url, TABS)
    await at_rest_one_stream(proxy)
    await all_go_on(tabs, 5)  # hidden ones, too
    opened = proxy.opened_streams
    assert opened <= 2 * TABS  # one for each question, and some for connections that were made again
    for tab in tabs:
        stop = tab.get_by_role("button", name="Stop", exact=True)
        assert await seconds_until_said(tab, stop, "Stopped.") < STOP_SECONDS
        said = await words(tab)
        assert said == [f"word{number}" for number in range(len(said))]
    await proxy.until(lambda it: it.streams == 0)
    assert proxy.most_streams < BROWSERS_CONNECTIONS
    assert proxy.opened_streams <= opened + TABS
    await context.close()


async def pause_after_closing_the_first(browser: Browser, proxy: CountingProxy, *, has_workers: bool) -> float:
    """Close the first of three tabs; return for how many seconds another one's answer stood still at most."""
    context = await browser.new_context()
    if not has_workers:
        await context.add_init_script("delete globalThis.SharedWorker")
    first, second, third = [await streaming(context, proxy.url) for _ in range(3)]
    await at_rest_one_stream(proxy)
    for tab in (second, third):
        await watch_growth(tab)
    await first.close()
    await all_go_on([second, third], 15)
    longest = max([await longest_pause(tab) for tab in (second, third)])
    await at_rest_one_stream(proxy)
    await context.close()
    return longest


@pytest.mark.quiet
@pytest.mark.parametrize("has_workers", [True, False], ids=["they share a worker", "one of them leads"])
async def test_the_first_tab_is_closed(browser: Browser, proxy: CountingProxy, *, has_workers: bool) -> None:
    pauses: list[float] = []
    while len(pauses) < 3 and (not pauses or min(pauses) >= LEAD_SECONDS):  # other work on the machine is not ours
        pauses.append(await pause_after_closing_the_first(browser, proxy, has_workers=has_workers))
    assert min(pauses) < LEAD_SECONDS, pauses


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
    await all_go_on(tabs, 15)
    await at_rest_one_stream(proxy)
    await context.close()


async def test_a_browser_without_shared_workers(browser: Browser, proxy: CountingProxy) -> None:
    context = await browser.new_context()
    await context.add_init_script("delete globalThis.SharedWorker")
    page = await streaming(context, proxy.url)
    await goes_on(page, 5)
    await at_rest_one_stream(proxy)
    await context.close()
