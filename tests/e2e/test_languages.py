"""The page in other languages: the browser's, the chosen one, and one that is read from right to left."""

import re

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.conftest import STATIC, violations
from tests.e2e.settled import settled
from tests.e2e.steps import is_too_wide
from tests.e2e.watching import until_true
from tests.servers.hubbub_server import HubbubServer
from tests.servers.model_server import ModelServer, Script

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("the usual server")]


async def test_the_browser_chooses_the_language_and_the_person_another_one(
    browser: Browser, server: HubbubServer
) -> None:
    context = await browser.new_context(locale="fr-CA", viewport={"width": 1280, "height": 800})
    page = await context.new_page()
    await page.goto(server.url)
    question = page.get_by_role("textbox", name="Question", exact=True)
    await expect(question).to_have_attribute("placeholder", "Posez une question")
    await expect(page.locator("html")).to_have_attribute("lang", "fr")
    await question.fill("Bonjour")

    await page.get_by_role("combobox", name="Langue").select_option("ja")
    await expect(page.locator("html")).to_have_attribute("lang", "ja")
    await expect(page.get_by_role("button", name="新しいチャット").first).to_be_visible()
    await expect(page.get_by_role("textbox", name="質問", exact=True)).to_have_value("Bonjour")
    await page.reload()
    await expect(page.get_by_role("button", name="新しいチャット").first).to_be_visible()
    await context.close()


@pytest.mark.parametrize("width", [360, 1280])
async def test_arabic_is_read_from_right_to_left(browser: Browser, server: HubbubServer, width: int) -> None:
    context = await browser.new_context(locale="ar", viewport={"width": width, "height": 800})
    page = await context.new_page()
    await page.goto(server.url)
    question = page.get_by_role("textbox", name="السؤال", exact=True)
    await expect(question).to_be_visible()
    await expect(page.locator("html")).to_have_attribute("dir", "rtl")
    assert not await is_too_wide(page)
    if width > 1000:
        box = await page.get_by_role("navigation").first.bounding_box()
        assert box is not None
        assert box["x"] > width / 2
    assert await violations(page) == []
    await context.close()


async def test_what_the_server_says_of_a_failure_is_said_in_the_language_of_the_page(
    browser: Browser, server: HubbubServer, model: ModelServer
) -> None:
    context = await browser.new_context(locale="de")
    page = await context.new_page()
    await page.goto(server.url)
    model.scripts.append(Script(status=500, body=b"{}"))
    await page.get_by_role("textbox", name="Frage", exact=True).fill("Geht das?")
    await page.keyboard.press("Enter")
    alert = page.get_by_role("alert")
    await expect(alert).to_contain_text(re.compile(r"Der Server des Modells hat abgelehnt\. .*\(Referenz: \w{8}\)"))
    await expect(alert).not_to_contain_text("status")
    await context.close()


async def test_each_catalogue_is_built_once() -> None:
    names = [path.name.partition("-")[0] for path in (STATIC / "assets").glob("*.js")]
    languages = ["ar", "de", "es", "fr", "ja"]  # each the page's, and the operators' pages'
    assert sorted(name for name in names if name in languages) == sorted(2 * languages)


async def test_only_the_language_that_is_read_is_loaded(browser: Browser, server: HubbubServer) -> None:
    context = await browser.new_context(locale="de-AT")
    page = await context.new_page()
    await page.goto(server.url)
    await expect(page.get_by_role("textbox", name="Frage", exact=True)).to_be_visible()
    names = "performance.getEntriesByType('resource').map(one => one.name.split('/').pop().split('-')[0])"
    await until_true(page, f"{names}.includes('de')")  # an entry comes some time after the script has run
    await settled(page)
    loaded = await page.evaluate(names)
    assert [name for name in loaded if name in ("ar", "de", "es", "fr", "ja")] == ["de"]
    await context.close()
