"""What a person does with the page, done by a real browser against a real server."""

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.e2e.conftest import opened, usual_server, violations
from tests.e2e.steps import WHOLE, answer, ask, finished, held, help_chat, is_too_wide, press_to
from tests.ingest.documents import pdf
from tests.servers.hubbub_server import HubbubServer
from tests.servers.model_server import ModelServer

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server(model: ModelServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HubbubServer]:
    """A server of its own, whose operators see these tests' incidents alone."""
    async with usual_server(tmp_path_factory.mktemp("page"), model) as server:
        yield server


async def test_chat_streams_and_stays(page: Page, model: ModelServer) -> None:
    script, go_on = held()
    model.scripts.append(script)
    await ask(page, "Count for me")
    await expect(answer(page)).to_contain_text("word9")
    assert "word59" not in await answer(page).inner_text()
    go_on.set()
    await finished(page)
    await expect(answer(page)).to_contain_text(WHOLE)
    await expect(page.get_by_role("list", name="Chats", exact=True)).to_contain_text("Count for me")
    await page.reload()
    await expect(answer(page)).to_contain_text(WHOLE)
    assert await violations(page) == []


async def test_a_question_goes_to_the_model_alone_unless_documents_are_chosen(page: Page) -> None:
    await expect(page.get_by_role("button", name="Collections: No documents")).to_be_visible()
    await ask(page, "What is the capital of France?")
    await finished(page)
    await expect(answer(page)).to_contain_text("word59")
    await help_chat(page)
    await ask(page, "What can you do?")
    await finished(page)
    await expect(answer(page)).to_contain_text("Quoted from your documents")
    await page.get_by_role("button", name="New chat").first.click()
    await expect(page.get_by_role("button", name="Collections: No documents")).to_be_visible()


async def test_stop_keeps_what_was_said(page: Page, model: ModelServer) -> None:
    script, _ = held()
    model.scripts.append(script)
    await ask(page, "Count for me")
    await expect(answer(page)).to_contain_text("word9")
    await page.get_by_role("button", name="Stop", exact=True).click()
    await finished(page)
    await page.reload()
    await expect(answer(page)).to_contain_text("word9")
    assert "word59" not in await answer(page).inner_text()


async def test_refresh_and_a_second_tab_in_mid_answer(page: Page, model: ModelServer) -> None:
    script, go_on = held()
    model.scripts.append(script)
    await ask(page, "Count for me")
    await expect(answer(page)).to_contain_text("word9")
    await page.reload()
    await expect(answer(page)).to_contain_text("word9")
    second = await page.context.new_page()
    await second.goto(page.url)
    await expect(answer(second)).to_contain_text("word9")
    go_on.set()
    for tab in (page, second):
        await finished(tab)
        # the words once each, in order: no gap, none twice
        assert re.findall(r"word\d+", await answer(tab).inner_text()) == WHOLE.split()


async def test_edit_and_regenerate_make_branches(page: Page) -> None:
    await ask(page, "First wording")
    await finished(page)
    await page.get_by_role("button", name="Regenerate").last.click()
    await expect(page.get_by_role("group", name="Versions")).to_contain_text("2")
    await finished(page)
    await page.get_by_role("article", name="You asked").hover()
    await page.get_by_role("button", name="Edit").click()
    await page.get_by_role("textbox", name="Edited text").fill("Second wording")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("article", name="You asked")).to_contain_text("Second wording")
    await finished(page)
    await page.get_by_role("button", name="Previous version").first.click()
    await expect(page.get_by_role("article", name="You asked")).to_contain_text("First wording")


async def test_upload_a_pdf_and_open_the_citation(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "lighthouse.pdf"
    path.write_bytes(
        pdf([["A page about ships."], ["The lighthouse of Alderhaven was built in the year 1887 by Ida Brandt."]])
    )
    await page.locator("input[name=documents]").first.set_input_files(path)
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("textbox").first.fill("Harbour")
    assert await violations(page) == []
    await dialog.get_by_role("button", name="Add", exact=True).click()
    arriving = page.get_by_role("complementary", name="Files on their way")
    await expect(arriving).to_contain_text(re.compile("ready", re.IGNORECASE))
    await ask(page, "When was the lighthouse of Alderhaven built?")
    await finished(page)
    await expect(answer(page)).to_contain_text("1887")
    await answer(page).get_by_role("button", name=re.compile("1")).first.click()
    sources = page.get_by_role("region", name="Sources")
    await expect(sources.locator("mark").first).to_contain_text("1887")
    await expect(sources).to_contain_text("page 2", ignore_case=True)
    await sources.get_by_role("button", name="Page", exact=True).click()
    picture = sources.locator("img")
    await expect(picture).to_be_visible()
    assert await picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 300
    assert await violations(page) == []


async def test_a_file_that_cannot_be_read_says_why(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "broken.pdf"
    path.write_bytes(b"%PDF-1.7\nnothing of a PDF follows")
    await page.locator("input[name=documents]").first.set_input_files(path)
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("textbox").first.fill("Harbour")
    await dialog.get_by_role("button", name="Add", exact=True).click()
    await expect(page.get_by_role("complementary", name="Files on their way")).to_contain_text("damaged")


async def test_a_document_read_in_part_says_what_is_missing(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "fax.pdf"
    path.write_bytes(pdf([["Cover sheet of the fax."], None, None]))
    await page.locator("input[name=documents]").first.set_input_files(path)
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("textbox").first.fill("Faxes")
    await dialog.get_by_role("button", name="Add", exact=True).click()
    said = "Ready, but 2 of 3 pages hold no text"
    await expect(page.get_by_role("complementary", name="Files on their way")).to_contain_text(said)
    await page.goto(f"{page.url.rstrip('/')}/library")
    await page.get_by_role("link", name="Faxes").click()
    await expect(page.get_by_role("list", name="Documents in Faxes")).to_contain_text(said)
    assert await violations(page) == []


async def test_dark_and_light(page: Page) -> None:
    whole = page.locator("html")
    background = "getComputedStyle(document.documentElement).backgroundColor"
    light = await page.evaluate(background)
    assert await violations(page) == []
    await page.get_by_role("button", name="Dark look").click()
    await expect(whole).not_to_have_css("background-color", light)
    assert await violations(page) == []
    dark = await page.evaluate(background)
    assert dark != light
    await page.reload()
    await expect(whole).to_have_css("background-color", dark)


async def test_with_the_keyboard_only(page: Page) -> None:
    await help_chat(page)
    await expect(page.get_by_role("textbox", name="Question")).to_be_focused()
    await page.keyboard.type("What can you do?")
    await page.keyboard.press("Enter")
    await finished(page)
    await expect(answer(page)).to_contain_text("exact passage")
    chip = answer(page).locator(".chip").first
    for _ in range(40):
        if await chip.evaluate("chip => chip === document.activeElement"):
            break
        await page.keyboard.press("Shift+Tab")
    await expect(chip).to_be_focused()
    await page.keyboard.press("Enter")
    sources = page.get_by_role("region", name="Sources")
    await expect(sources.get_by_role("button", name="Close")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(sources).to_be_hidden()
    await expect(chip).to_be_focused()
    await press_to(page, "Control+k", page.get_by_role("searchbox", name="Search chats"))


@pytest.mark.parametrize("width", [390, 1920])
async def test_no_width_is_too_narrow_or_too_wide(page: Page, width: int) -> None:
    await page.set_viewport_size({"width": width, "height": 640})
    await help_chat(page)
    await expect(page.get_by_role("heading", name="What would you like to know")).to_be_in_viewport(ratio=1)
    await ask(page, "What can you do?")
    await finished(page)
    assert not await is_too_wide(page)
    assert await violations(page) == []


async def test_a_server_that_goes_away_and_comes_back(
    browser: Browser, server: HubbubServer, model: ModelServer
) -> None:
    script, go_on = held()
    async with opened(browser, server.url, bears="net::ERR_INTERNET_DISCONNECTED") as page:
        model.scripts.append(script)
        await ask(page, "Count for me")
        await expect(answer(page)).to_contain_text("word9")
        await page.context.set_offline(True)
        go_on.set()
        await page.wait_for_timeout(500)
        await page.context.set_offline(False)
        await finished(page)
        assert re.findall(r"word\d+", await answer(page).inner_text()) == WHOLE.split()


@pytest.mark.parametrize("width", [390, 1280])
async def test_the_page_for_operators(page: Page, server: HubbubServer, width: int) -> None:
    assert server.process.pid is not None
    os.kill(server.process.pid, signal.SIGSTOP)  # an incident
    await asyncio.sleep(1)
    os.kill(server.process.pid, signal.SIGCONT)
    await page.set_viewport_size({"width": width, "height": 844})
    held_up = page.get_by_role("heading", name=re.compile("held up for")).first
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        async with asyncio.timeout(30):
            while await held_up.count() == 0:  # it is noted a moment after the server goes on
                await page.goto(f"{server.url}/operators?still=true")
        assert not await is_too_wide(page)
        assert await violations(page) == []


async def test_nothing_is_loaded_from_elsewhere(page: Page, server: HubbubServer) -> None:
    elsewhere: list[str] = []
    page.on("request", lambda request: None if request.url.startswith(server.url) else elsewhere.append(request.url))
    await page.reload()
    await help_chat(page)
    await ask(page, "What can you do?")
    await finished(page)
    await page.goto(f"{server.url}/docs/")
    await expect(page.get_by_text("/api/questions", exact=True).first).to_be_visible()
    assert [url for url in elsewhere if not url.startswith(("data:", "blob:"))] == []
