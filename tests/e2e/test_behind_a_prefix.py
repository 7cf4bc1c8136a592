"""The page below a prefix that a proxy takes away before it asks the server."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.e2e.steps import address_of_chat, answer, ask, finished
from tests.servers.hubbub_server import GUIDE, HubbubServer, hubbub_serving, scripted
from tests.servers.nginx import nginx, nginx_before

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(nginx() is None, reason="no nginx is installed: run `apt-get install nginx-light`"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HubbubServer]:
    async with hubbub_serving(
        tmp_path_factory.mktemp("prefix"), scripted(words=20, pause_seconds=0.01) | GUIDE
    ) as server:
        yield server


async def test_everything_works_below_it(browser: Browser, server: HubbubServer, tmp_path: Path) -> None:
    through = f"location /hub/ {{ proxy_pass {server.url}/; proxy_buffering off; proxy_set_header Host $http_host; }}"
    async with nginx_before(tmp_path / "nginx", through) as url:
        context = await browser.new_context()
        page = await context.new_page()
        outside: list[str] = []
        page.on("request", lambda one: None if one.url.startswith(f"{url}/hub/") else outside.append(one.url))
        await page.goto(f"{url}/hub/")
        await ask(page, "Count for me")
        await finished(page)
        await expect(answer(page)).to_contain_text("word19")
        assert (await address_of_chat(page)).startswith(f"{url}/hub/c/")
        await page.reload()  # a page that is deeper
        await expect(answer(page)).to_contain_text("word19")
        await page.get_by_role("button", name="Documents", exact=True).click()
        await expect(page.get_by_role("heading", name="Documents")).to_be_visible()
        await expect(page).to_have_url(f"{url}/hub/library")
        await page.reload()
        await page.get_by_role("link", name="Hubbub").or_(page.get_by_text("What Hubbub can do")).first.wait_for()
        await page.goto(f"{url}/hub/docs/")
        await expect(page.get_by_text("/api/questions", exact=True).first).to_be_visible()
        assert [one for one in outside if not one.startswith(("data:", "blob:"))] == []
        await context.close()
