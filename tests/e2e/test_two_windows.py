"""Several windows and chats at once: what is done in one is seen in the others, and nothing waits to be looked at."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.e2e.conftest import opened
from tests.e2e.steps import address_of_chat, answer, ask, finished, held
from tests.servers.hubbub_server import HubbubServer, hubbub_serving, scripted
from tests.servers.model_server import ModelServer

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("the usual server")]


def questions(page: Page, text: str) -> Locator:
    return page.get_by_role("article", name="You asked").filter(has_text=text)


async def test_a_window_shows_what_is_asked_in_another_one(page: Page) -> None:
    await ask(page, "First")
    await finished(page)
    other = await page.context.new_page()
    await other.goto(await address_of_chat(page))
    await finished(other)
    for one, two, text in ((page, other, "Second"), (other, page, "Third")):
        await ask(one, text)
        await finished(one)
        await expect(questions(two, text)).to_be_visible()
        await finished(two)
    await answer(page).get_by_role("button", name="Regenerate").click()
    await expect(answer(other)).to_contain_text("1/2")
    await other.get_by_role("button", name="This chat").click()
    await other.get_by_role("menuitem", name="Delete").click()
    await expect(other.get_by_role("article")).to_have_count(0)


async def test_what_waits_is_sent_while_another_chat_is_shown(page: Page, model: ModelServer) -> None:
    script, go_on = held()
    model.scripts.append(script)
    await ask(page, "First")
    await expect(answer(page)).to_contain_text("word2")
    field = page.get_by_role("textbox", name="Question")
    await field.fill("Second")
    await field.press("Enter")
    await expect(page.get_by_role("list", name="Asked next")).to_contain_text("Second")
    address = await address_of_chat(page)
    await page.get_by_role("button", name="New chat").first.click()
    await expect(page.get_by_role("article")).to_have_count(0)
    async with page.expect_response("**/api/questions") as asked:
        go_on.set()
    assert (await asked.value).request.post_data_json["text"] == "Second"
    assert page.url != address
    await page.go_back()
    await expect(questions(page, "Second")).to_have_count(1)
    await finished(page)
    await expect(page.get_by_role("article", name="You asked")).to_have_count(2)


async def test_what_was_to_go_along_with_a_waiting_question_outlives_a_reload(page: Page, model: ModelServer) -> None:
    script, go_on = held()
    model.scripts.append(script)
    await ask(page, "First")
    await expect(answer(page)).to_contain_text("word2")
    await page.locator("input[name=attached]").set_input_files(
        [{"name": "plan.txt", "mimeType": "text/plain", "buffer": b"The plan."}]
    )
    attached = page.get_by_role("list", name="Goes with the question")
    await expect(attached).to_contain_text("plan.txt")
    await expect(attached).to_contain_text("Ready")
    field = page.get_by_role("textbox", name="Question")
    await field.fill("Second")
    await field.press("Enter")
    await expect(page.get_by_role("list", name="Asked next")).to_contain_text("Second (with 1 file)")
    await page.reload()
    await expect(field).to_have_value("Second")
    await expect(attached).to_contain_text("plan.txt")
    go_on.set()
    await finished(page)


async def test_nothing_that_waits_in_a_temporary_chat_is_stored(
    browser: Browser, server: HubbubServer, model: ModelServer
) -> None:
    script, go_on = held()
    model.scripts.append(script)
    async with opened(browser, server.url, bears="404") as page:  # which the browser tells when it is looked for
        await page.get_by_role("button", name="How to answer").click()
        await page.get_by_role("checkbox", name=re.compile("^Temporary chat")).check()
        await page.keyboard.press("Escape")
        await ask(page, "First")
        await expect(answer(page)).to_contain_text("word2")
        field = page.get_by_role("textbox", name="Question")
        await field.fill("Secret that waits")
        await field.press("Enter")
        await expect(page.get_by_role("list", name="Asked next")).to_contain_text("Secret")
        await field.fill("Secret that is typed")
        stored = "JSON.stringify({...sessionStorage})"
        assert "Secret" not in await page.evaluate(stored)
        await page.reload()
        assert "Secret" not in await page.evaluate(stored)
        go_on.set()


async def test_an_address_that_leads_nowhere_says_so_and_shows_the_way_back(page: Page) -> None:
    for address in ("/nowhere", "/c/one/two", "/search/more"):
        await page.goto(page.url.split("/", 3)[0] + "//" + page.url.split("/", 3)[2] + address)
        await expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
        await expect(page.get_by_role("textbox", name="Question")).to_have_count(0)
    await page.get_by_role("button", name="Go to your chats").click()
    await expect(page.get_by_role("textbox", name="Question")).to_be_visible()


async def test_who_opens_a_link_is_asked_to_sign_in_for_nothing(browser: Browser, tmp_path: Path) -> None:
    async with hubbub_serving(
        tmp_path, scripted(words=5) | {"HUBBUB_IDENTITY__ACCOUNTS__IS_ENABLED": "true"}
    ) as server:
        context = await browser.new_context()
        page = await context.new_page()
        refused: list[str] = []
        page.on("response", lambda response: refused.append(response.url) if response.status == 401 else None)
        await page.goto(f"{server.url}/welcome#nothing")
        await expect(page.get_by_text("This link can’t be used")).to_be_visible()
        assert refused == []
        await page.goto(f"{server.url}/")
        await expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
        assert len(refused) == 1  # who is here: all else is asked once that is known
        await context.close()
