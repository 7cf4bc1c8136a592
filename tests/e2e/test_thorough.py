"""A thorough question on the page: offered where it helps, its searches shown as steps, live and afterwards."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.e2e.conftest import guide_is_there, opened, violations
from tests.e2e.steps import answer, ask, finished, held, help_chat, is_too_wide, picture
from tests.servers.hubbub_server import GUIDE, HubbubServer, hubbub_serving, through
from tests.servers.model_server import ModelServer, Script

pytestmark = pytest.mark.asyncio(loop_scope="session")
CHOICE = "Search thoroughly: several searches, which takes longer"
QUERIES = ["waiting in line", "limits of a person"]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def writing_server(model: ModelServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HubbubServer]:
    """A server whose model writes over documents."""
    async with hubbub_serving(tmp_path_factory.mktemp("thorough"), through(model.base_url) | GUIDE) as server:
        await guide_is_there(server.url)
        yield server


async def options(page: Page) -> None:
    await page.get_by_role("button", name="How to answer", exact=True).click()
    await expect(page.get_by_role("combobox", name="Length of answers")).to_be_visible()


async def test_its_searches_are_steps(browser: Browser, writing_server: HubbubServer, model: ModelServer) -> None:
    async with opened(browser, writing_server.url) as page:
        await options(page)
        choice = page.get_by_role("checkbox", name=CHOICE)
        await expect(choice).to_have_count(0)  # without documents there is nothing to search
        await page.keyboard.press("Escape")
        await help_chat(page)
        await options(page)
        await choice.check()
        await page.keyboard.press("Escape")
        await expect(page.get_by_text("searches several times, then writes and cites.")).to_be_visible()
        writing, go_on = held()
        reading, read = held(0)
        model.scripts += [Script(tokens=["\n".join(QUERIES)]), reading, writing]
        question = "Why do I wait?"
        await ask(page, question)
        steps = answer(page).get_by_role("list", name="Searches", exact=True).get_by_role("listitem")
        await expect(steps).to_have_count(3)
        for step, query in zip(await steps.all(), [question, *QUERIES], strict=True):
            await expect(step).to_contain_text(query)
        await picture(page, "steps")
        read.set()
        go_on.set()
        await finished(page)
        await page.reload()
        await finished(page)
        await answer(page).get_by_text("What was found", exact=True).click()
        await expect(steps.first).to_contain_text(question)
        assert not await is_too_wide(page)
        assert await violations(page) == []
