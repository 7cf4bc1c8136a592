"""What is typed, asked or sent when the page is left, loaded anew or without its server is not lost."""

import re

import pytest
from playwright.async_api import Browser, Dialog, Page, Route, expect

from tests.e2e.conftest import opened
from tests.e2e.settled import settled
from tests.e2e.steps import answer, ask, finished, held
from tests.servers.hubbub_server import HubbubServer
from tests.servers.model_server import ModelServer

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("the usual server")]


async def test_what_waits_and_what_is_edited_outlives_leaving_and_reloading(page: Page, model: ModelServer) -> None:
    script, go_on = held()
    model.scripts.append(script)
    await ask(page, "First")
    await expect(answer(page)).to_contain_text("word2")
    field = page.get_by_role("textbox", name="Question")
    await field.fill("Second")
    await field.press("Enter")
    await expect(page.get_by_role("list", name="Asked next")).to_contain_text("Second")
    await page.reload()
    await expect(field).to_have_value("Second")
    go_on.set()
    await finished(page)

    first = page.get_by_role("article", name="You asked").first
    edited = page.get_by_role("textbox", name="Edited text")
    await first.get_by_role("button", name="Edit").click()
    await edited.fill("First, but better")
    await page.get_by_role("button", name="New chat").first.click()
    await expect(page.get_by_role("article")).to_have_count(0)
    await page.go_back()
    await expect(edited).to_have_value("First, but better")
    await page.reload()
    await expect(edited).to_have_value("First, but better")
    await edited.press("Escape")
    await page.reload()
    await expect(first).to_contain_text("First")
    await expect(edited).to_have_count(0)


async def test_a_question_without_a_server_is_asked_once_that_is_back(browser: Browser, server: HubbubServer) -> None:
    async with opened(browser, server.url, bears="net::ERR") as page:
        await page.context.set_offline(True)
        await page.get_by_role("textbox", name="Question").fill("Anybody there?")
        await page.get_by_role("button", name="Send").click()
        await expect(page.get_by_role("alert").filter(has_text="Not sent.")).to_be_visible()
        await page.context.set_offline(False)
        await finished(page)
        await expect(page.get_by_role("article", name="You asked")).to_have_count(1)


async def test_the_browser_asks_before_files_on_their_way_are_left_and_faults_come_first(page: Page) -> None:
    waiting: list[Route] = []
    dialogs: list[str] = []

    async def stay(dialog: Dialog) -> None:
        dialogs.append(dialog.type)
        await dialog.dismiss()

    page.on("dialog", stay)
    await page.route(re.compile("/documents/.*txt$"), lambda route: waiting.append(route))  # they are never sent
    await page.get_by_role("button", name="Documents", exact=True).click()
    await page.get_by_role("button", name="New collection").first.click()
    await page.get_by_role("dialog").get_by_role("textbox", name="Name").fill("Harbours")
    await page.keyboard.press("Enter")
    await settled(page)
    files = [("one.txt", b"One."), ("two.txt", b"Two."), ("setup.exe", b"MZ\0\0")]
    await page.locator("main input[type=file]").first.set_input_files(
        [{"name": name, "mimeType": "", "buffer": data} for name, data in files]
    )
    await expect(page.get_by_label("Files on their way").get_by_role("listitem").first).to_contain_text("setup.exe")
    await page.close(run_before_unload=True)
    await expect(page.get_by_label("Files on their way")).to_contain_text("one.txt")
    assert dialogs == ["beforeunload"]


async def test_a_deleted_chat_leaves_the_focus_beside_it_and_a_dialog_asks_before_a_text_is_lost(page: Page) -> None:
    for text in ("Older", "Newer", "Newest"):
        await page.get_by_role("button", name="New chat").first.click()
        await ask(page, text)
        await finished(page)
    await page.get_by_role("link", name="Newer").focus()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("menuitem", name="Share")).to_be_focused()
    await page.keyboard.press("End")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("link", name="Newer")).to_have_count(0)
    await expect(page.get_by_role("link", name="Older")).to_be_focused()

    await page.get_by_role("button", name="This chat").click()
    await page.get_by_role("menuitem", name="Instructions for this chat").click()
    dialog = page.get_by_role("dialog", name="Instructions for this chat")
    await dialog.get_by_role("textbox").press_sequentially("Be brief.")
    await page.keyboard.press("Escape")
    await expect(dialog.get_by_role("alert")).to_contain_text("not saved")
    await expect(dialog.get_by_role("textbox")).to_have_value("Be brief.")
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
