"""Answers that are hard to show: the page shows what was written, and goes on."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.e2e.steps import answer, ask, finished
from tests.servers.hubbub_server import hubbub_serving, through
from tests.servers.model_server import ModelServer, Script

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def model() -> AsyncIterator[ModelServer]:
    async with ModelServer() as model:
        yield model


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def url(model: ModelServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    folder: Path = tmp_path_factory.mktemp("odd")
    async with hubbub_serving(folder, through(model.base_url)) as server:
        yield server.url


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, url: str) -> AsyncIterator[Page]:
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(url)
    yield page
    await context.close()


ODD = {
    "quotes": ">" * 2000 + " deep",
    "lists": "- " * 3000 + "deep",
    "stars": "*" * 3000 + "deep" + "*" * 3000,
    "a picture's bytes": "![deep](data:image/png;base64," + "A" * 200_000 + ")",
    "places of links": "".join(f"[{number}]: http://localhost/{number}\n" for number in range(5000)) + "\ndeep [3]",
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
async def test_one_answer_that_breaks_the_parser_breaks_nothing_else(page: Page, model: ModelServer, odd: str) -> None:
    model.scripts.append(Script(tokens=[odd]))
    await ask(page, "Say something odd")
    await finished(page)
    await expect(answer(page)).to_contain_text("deep")
    model.scripts.append(Script(tokens=["A **plain** answer"]))
    await ask(page, "And now?")
    await finished(page)
    await expect(answer(page).locator("strong")).to_have_text("plain")
    await page.reload()
    await expect(answer(page).locator("strong")).to_have_text("plain")


async def test_a_link_is_whole_when_it_has_streamed(page: Page, model: ModelServer) -> None:
    address = "https://docs.example/a/long/path?q=1"
    pieces = [f"See [the manual][m].\n\n[m]: {address}"[at : at + 3] for at in range(0, 80, 3)]
    model.scripts.append(Script(tokens=pieces, seconds_between=0.03))
    await ask(page, "Where?")
    await finished(page)
    await expect(answer(page).get_by_role("link")).to_have_attribute("href", address)


async def test_the_enter_that_confirms_a_composition_sends_nothing(page: Page) -> None:
    field = page.get_by_role("textbox", name="Question")
    await field.fill("にほんご")
    await field.evaluate(
        "field => field.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', keyCode: 229, bubbles: true}))"
    )
    await expect(field).to_have_value("にほんご")
    await expect(page.get_by_role("article")).to_have_count(0)


async def test_an_answer_that_was_cut_off_goes_on(page: Page, model: ModelServer) -> None:
    model.scripts.append(Script(tokens=["As long as it ", "may get"], finish_reason="length"))
    await ask(page, "Say a lot")
    await finished(page)
    await expect(answer(page)).to_contain_text("the model’s own limit of length")
    model.scripts.append(Script(tokens=[" and then to its end."]))
    await page.get_by_role("button", name="Continue").click()
    await finished(page)
    await expect(answer(page)).to_contain_text("As long as it may get and then to its end.")
    await expect(page.get_by_role("button", name="Continue")).to_be_hidden()
    await page.reload()
    await expect(answer(page)).to_contain_text("As long as it may get and then to its end.")


async def test_what_the_model_was_not_given_is_said(page: Page, model: ModelServer) -> None:
    model.scripts.append(Script(tokens=["Long indeed."]))
    await ask(page, "A long one: " + "word " * 6000)
    await finished(page)
    await expect(answer(page)).to_contain_text("a long message only in part")
