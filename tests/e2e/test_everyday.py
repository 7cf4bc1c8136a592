"""What a person does with the page in a week, one thing after the other."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.e2e.conftest import SECONDS, opened, violations
from tests.e2e.settled import settled
from tests.e2e.steps import address_of_chat, answer, ask, finished, held, help_chat, press_to
from tests.ingest.documents import pdf
from tests.servers.hubbub_server import GUIDE, HubbubServer, hubbub_serving, scripted, through
from tests.servers.model_server import ModelServer

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server(model: ModelServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HubbubServer]:
    """A server with a quick model and one that waits where its script says so."""
    variables = scripted("quick", words=5, pause_seconds=0.0) | through(model.base_url, "slow") | GUIDE
    async with hubbub_serving(tmp_path_factory.mktemp("everyday"), variables) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, server: HubbubServer) -> AsyncIterator[Page]:
    async with opened(browser, server.url) as page:
        yield page


async def choose_model(page: Page, name: str) -> None:
    await page.get_by_role("combobox", name="Model").select_option(name)


async def answered(page: Page, *questions: str) -> None:
    for question in questions:
        await ask(page, question)
        await finished(page)


async def new_chat(page: Page) -> None:
    await page.get_by_role("button", name="New chat").first.click()


async def test_a_chat_is_found_by_its_words_and_opened_at_the_place(page: Page) -> None:
    await answered(page, "Where is the lighthouse of Alderhaven?", *(f"And then {number}?" for number in range(8)))
    await new_chat(page)
    await answered(page, "Something else")
    await press_to(page, "Control+k", page.get_by_role("searchbox", name="Search chats"))
    await page.keyboard.type("alderhav")
    found = page.get_by_role("list", name="Chats found")
    await expect(found.get_by_role("listitem")).to_have_count(1)
    await expect(found.locator("mark")).to_have_text("Alderhaven")
    assert await violations(page) == []
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("article", name="You asked").first).to_be_in_viewport()
    await expect(page.get_by_role("article", name="You asked").first).to_contain_text("lighthouse")
    await page.get_by_role("searchbox", name="Search chats").fill("word3")
    await expect(page.get_by_role("list", name="Chats found").get_by_role("listitem")).to_have_count(2)
    await page.get_by_role("searchbox", name="Search chats").fill("nowhere at all")
    chats = page.get_by_role("navigation", name="Chats and documents")
    await expect(chats.get_by_text("No chat has these words")).to_be_visible()


async def test_a_row_that_has_just_come_lies_over_no_other(page: Page) -> None:
    watch = """() => {
        window.overlaps = [];
        const look = () => {
            const rows = [...document.querySelectorAll(".chat-open")].map(row => row.getBoundingClientRect());
            rows.slice(1).forEach((row, at) => row.top < rows[at].bottom && window.overlaps.push([rows[at], row]));
        };
        new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
    }"""
    await page.evaluate(watch)
    for text in ("First", "Second"):
        await new_chat(page)
        await answered(page, text)
    await expect(page.get_by_role("list", name="Chats", exact=True).get_by_role("listitem")).to_have_count(2)
    assert await page.evaluate("window.overlaps") == []


async def test_all_chats_are_in_the_list(page: Page, server: HubbubServer) -> None:
    ask_many = """async count => {
        for (let number = 0; number < count; number++) {
            const body = JSON.stringify({ text: `Question ${number}`, model: "quick" });
            await fetch("api/questions", { method: "POST", headers: { "Content-Type": "application/json" }, body });
        }
    }"""
    await page.evaluate(ask_many, 125)
    await page.reload()
    chats = page.get_by_role("list", name="Chats", exact=True).get_by_role("listitem")
    await expect(chats.filter(has_text="Question 124")).to_have_count(1)
    await chats.last.scroll_into_view_if_needed()
    await expect(chats).to_have_count(125)
    await chats.last.scroll_into_view_if_needed()
    await expect(chats.last).to_contain_text("Question 0")
    await expect(page.get_by_role("button", name="Show more")).to_be_hidden()


async def test_any_chat_can_be_renamed_and_deleted_by_touch(browser: Browser, server: HubbubServer) -> None:
    context = await browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    page = await context.new_page()
    await page.goto(server.url)
    await answered(page, "First chat")
    await page.get_by_role("button", name="New chat").tap()
    await answered(page, "Second chat")
    await page.get_by_role("button", name="Menu").tap()
    first = page.get_by_role("list", name="Chats", exact=True).get_by_role("listitem").filter(has_text="First chat")
    await first.get_by_role("button", name="Actions").tap()
    assert await violations(page) == []
    await page.get_by_role("menuitem", name="Rename").tap()
    await page.get_by_role("textbox", name="Title of the chat").fill("A better name")
    await page.keyboard.press("Enter")
    renamed = (
        page.get_by_role("list", name="Chats", exact=True).get_by_role("listitem").filter(has_text="A better name")
    )
    await renamed.get_by_role("button", name="Actions").tap()
    await page.get_by_role("menuitem", name="Delete").tap()
    await expect(renamed).to_have_count(0)
    await page.get_by_role("button", name="Undo").tap()
    await expect(renamed).to_have_count(1)
    await context.close()


async def test_a_menu_is_used_by_the_keyboard(page: Page) -> None:
    await answered(page, "A question")
    item = page.get_by_role("list", name="Chats", exact=True).get_by_role("listitem").first
    button = item.get_by_role("button", name="Actions")
    await button.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("menuitem", name="Share")).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("menuitem", name="Rename")).to_be_focused()
    await page.keyboard.press("End")
    await expect(page.get_by_role("menuitem", name="Delete")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(button).to_be_focused()


async def test_a_branch_that_is_turned_to_stays_in_place_and_is_remembered(page: Page) -> None:
    await answered(page, *(f"Question {number}" for number in range(6)))
    third = page.get_by_role("article", name="You asked").nth(2)
    await third.hover()
    await third.get_by_role("button", name="Edit").click()
    await page.get_by_role("textbox", name="Edited text").fill("Another third question")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("article", name="You asked").last).to_contain_text("Another third question")
    await finished(page)
    switcher = page.get_by_role("group", name="Versions")
    for name, text in (
        ("Previous version", "Question 2"),
        ("Next version", "Another"),
        ("Previous version", "Question 2"),
    ):
        await settled(page)
        before = await switcher.bounding_box()
        await switcher.get_by_role("button", name=name).click()
        await expect(page.get_by_role("article", name="You asked").nth(2)).to_contain_text(text)
        await settled(page)
        after = await switcher.bounding_box()
        assert before is not None
        assert after is not None
        assert (
            abs(after["y"] - before["y"]) < 3 or text == "Another"
        )  # at the end of a shorter one there is less to scroll
    await page.reload()
    await expect(page.get_by_role("article", name="You asked").nth(2)).to_contain_text("Question 2")
    await expect(page.get_by_role("article", name="You asked")).to_have_count(6)


async def test_each_ending_is_said(page: Page) -> None:
    said = """() => {
        window.said = [];
        const status = document.querySelector("[aria-live=polite].visually-hidden");
        const note = (changes) => {
            for (const { addedNodes } of changes) for (const one of addedNodes) window.said.push(one.textContent);
        };
        new MutationObserver(note).observe(status, { childList: true, subtree: true, characterData: true });
    }"""
    await page.evaluate(said)
    await answered(page, "One", "Two", "Three")
    async with asyncio.timeout(SECONDS):
        while await page.evaluate("window.said.filter(text => text === 'Answer complete.').length") < 3:
            await asyncio.sleep(0.05)


async def test_what_is_said_does_not_silence_what_was_said_just_before(page: Page) -> None:
    await answered(page, "One")
    said = page.locator("[aria-live=polite].visually-hidden")
    await expect(said).to_contain_text("Answer complete.")
    await page.keyboard.press("Control+Shift+;")
    await expect(said).to_contain_text(re.compile("Answer complete.*(Copied|did not allow)"))


async def test_model_and_collections_belong_to_their_chat(page: Page, model: ModelServer) -> None:
    chosen = page.get_by_role("combobox", name="Model")
    script, _ = held()
    model.scripts.append(script)
    await choose_model(page, "slow")
    await ask(page, "Slowly")
    await expect(answer(page)).to_contain_text("word3")
    await page.get_by_role("button", name="Stop", exact=True).click()
    await finished(page)
    first = await address_of_chat(page)
    await new_chat(page)
    await choose_model(page, "quick")
    await answered(page, "Quickly")
    await page.goto(first)
    await expect(chosen).to_have_value("slow")
    await help_chat(page)
    await answered(page, "What can you do?")
    await new_chat(page)
    await expect(page.get_by_role("button", name="Collections: No documents")).to_be_visible()
    await expect(chosen).to_have_value("quick")


async def test_what_is_asked_while_an_answer_is_written_comes_next(page: Page, model: ModelServer) -> None:
    script, go_on = held()
    model.scripts.append(script)
    await choose_model(page, "slow")
    await ask(page, "First")
    await expect(answer(page)).to_contain_text("word2")
    field = page.get_by_role("textbox", name="Question")
    for text in ("Second", "Third"):
        await field.fill(text)
        await field.press("Enter")
    waiting = page.get_by_role("list", name="Asked next")
    await expect(waiting.get_by_role("listitem")).to_have_count(2)
    assert await violations(page) == []
    await waiting.get_by_role("button", name="Take back: Third").click()
    await expect(field).to_have_value("Third")
    go_on.set()
    await expect(page.get_by_role("article", name="You asked")).to_have_count(2)
    await expect(page.get_by_role("article", name="You asked").last).to_contain_text("Second")
    await expect(waiting).to_be_hidden()


async def test_a_chat_is_saved_as_markdown_and_json(page: Page) -> None:
    await answered(page, "What: is/this?")
    for item, ending in (("Save as Markdown", ".md"), ("Save as JSON", ".json")):
        await page.get_by_role("button", name="This chat").click()
        async with page.expect_download() as download:
            await page.get_by_role("menuitem", name=item).click()
        saved = await download.value
        assert saved.suggested_filename == f"What is this{ending}" or saved.suggested_filename.endswith(ending)
        text = await asyncio.to_thread(Path(await saved.path()).read_text)
        assert "word4" in text
        assert (json.loads(text)["messages"][0]["text"] if ending == ".json" else text).find("What: is/this?") >= 0


async def test_the_whole_chat_is_on_paper(page: Page, tmp_path: Path) -> None:
    await answered(page, *(f"Question number {number}" for number in range(25)))  # 50 messages, of which 40 are shown
    await page.reload()
    await expect(page.get_by_role("button", name=re.compile("^Show earlier"))).to_be_visible()
    await page.evaluate("dispatchEvent(new Event('beforeprint'))")
    await page.emulate_media(media="print")
    await settled(page)
    await expect(page.get_by_role("article", name="You asked").first).to_contain_text("Question number 0")
    await expect(page.get_by_role("textbox", name="Question")).to_be_hidden()
    await expect(page.get_by_role("list", name="Chats", exact=True)).to_be_hidden()
    height = await page.evaluate("document.documentElement.scrollHeight")
    last = await page.get_by_role("article", name="Answer").last.bounding_box()
    assert last is not None
    assert height + 1 >= last["y"] + last["height"] > 2000


async def test_files_that_cannot_be_read_are_refused_at_once_and_counted(page: Page, tmp_path: Path) -> None:
    good = tmp_path / f"{'a very long name ' * 6}.pdf"
    good.write_bytes(pdf([["A page."]]))
    film = tmp_path / "film.mp4"
    film.write_bytes(b"\0\0\0\x18ftypmp42" + b"\0" * 1000)
    sent: list[str] = []
    page.on("request", lambda one: sent.append(one.url) if one.method == "PUT" else None)
    await page.locator("input[name=documents]").first.set_input_files([good, film])
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("textbox").first.fill("Harbour")
    await dialog.get_by_role("button", name="Add", exact=True).click()
    panel = page.get_by_role("complementary", name="Files on their way")
    await expect(panel).to_contain_text("1 of 2 added, 1 failed")
    await expect(panel).to_contain_text("can’t be read")
    assert [url for url in sent if "film" in url] == []
    for width in (390, 1280):
        await page.set_viewport_size({"width": width, "height": 800})
        await settled(page)
        box, send = await panel.bounding_box(), await page.get_by_role("button", name="Send").bounding_box()
        assert box is not None
        assert send is not None
        assert box["y"] + box["height"] < send["y"]
        assert await panel.evaluate("one => [...one.querySelectorAll('p')].every(p => p.scrollWidth <= p.clientWidth)")
    assert await violations(page) == []


async def test_the_keys_are_named_and_work(page: Page) -> None:
    await expect(page.get_by_role("textbox", name="Question")).to_be_visible()
    await page.keyboard.press("Control+/")
    await expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    assert await violations(page) == []
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await answered(page, "A question")
    await page.keyboard.press("Control+Shift+O")
    await expect(page.get_by_role("heading", name="What would you like to know?")).to_be_visible()
    await expect(page.get_by_role("textbox", name="Question")).to_be_focused()


async def test_the_operators_page_is_kept_fresh_in_place(page: Page, server: HubbubServer) -> None:
    await page.clock.install()
    await page.goto(f"{server.url}/operators")
    who = page.locator("#who")
    before = await who.inner_text()
    marked = await page.evaluate("document.querySelector('h1').dataset.mark = 'same page'")
    async with asyncio.timeout(SECONDS):
        while await who.inner_text() == before:  # it names the second, which goes on without the page's clock
            await page.clock.run_for(11_000)
            await asyncio.sleep(0.1)
    assert await page.locator("h1").get_attribute("data-mark") == marked
    assert await violations(page) == []
    await page.get_by_role("checkbox", name=re.compile("^Pause")).check()
    await settled(page)  # what was asked for before has come
    paused = await who.inner_text()
    await page.clock.run_for(30_000)
    assert await who.inner_text() == paused


@pytest.mark.parametrize("language", ["en", "de", "ar"])
async def test_the_tools_of_a_question_lie_beside_each_other_on_a_phone(
    browser: Browser, server: HubbubServer, language: str
) -> None:
    context = await browser.new_context(viewport={"width": 360, "height": 740}, locale=language)
    page = await context.new_page()
    await page.goto(server.url)
    await settled(page)
    await page.evaluate("document.querySelector('.pill-select option').textContent = 'a-model-of-135-m'")
    boxes = await page.evaluate(
        "[...document.querySelectorAll('.composer-tools :is(button, select)')].map(one => one.getBoundingClientRect())"
        ".map(({ left, right }) => [left, right]).sort(([a], [b]) => a - b)"
    )
    await context.close()
    assert len(boxes) >= 5
    assert all(right <= left + 0.5 for (_, right), (left, _) in pairwise(boxes)), boxes
