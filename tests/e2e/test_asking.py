"""Pictures and files straight into a question; prompts, instructions, ratings; chats that are kept in order, or not."""

import asyncio
import base64
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from tests.e2e.conftest import SECONDS, guide_is_there, opened, violations
from tests.e2e.steps import address_of_chat, answer, ask, finished, is_too_wide, undo
from tests.ingest.documents import pdf
from tests.servers.hubbub_server import GUIDE, HubbubServer, hubbub_serving, scripted, through
from tests.servers.model_server import ModelServer

pytestmark = pytest.mark.asyncio(loop_scope="session")

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
PASTE = """async ([name, type, data, kind]) => {
    const bytes = Uint8Array.from(atob(data), one => one.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], name, { type }));
    const field = document.getElementById("question");
    if (kind === "paste") field.dispatchEvent(new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true }));
    else window.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def model() -> AsyncIterator[ModelServer]:
    async with ModelServer() as model:
        yield model


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server(model: ModelServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HubbubServer]:
    """A server with a model that reads pictures and thinks, and one that does neither and only quotes."""
    variables = through(model.base_url, "sees") | scripted("blind", words=5, pause_seconds=0.0)
    variables |= {"HUBBUB_MODELS__SEES__READS_IMAGES": "true", "HUBBUB_MODELS__BLIND__CAN_GROUND": "false"}
    variables |= {"HUBBUB_MODELS__SEES__REASONING_EFFORT": "medium"}
    async with hubbub_serving(tmp_path_factory.mktemp("asking"), variables | GUIDE) as server:
        await guide_is_there(server.url)
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, server: HubbubServer) -> AsyncIterator[Page]:
    async with opened(browser, server.url) as page:
        await choose_model(page, "sees")
        yield page


async def choose_model(page: Page, name: str) -> None:
    await page.get_by_role("combobox", name="Model").select_option(name)


def attached(page: Page) -> Locator:
    return page.get_by_role("list", name="Goes with the question").get_by_role("listitem")


async def give(page: Page, kind: str, name: str, media_type: str, data: bytes) -> None:
    await page.evaluate(PASTE, [name, media_type, base64.b64encode(data).decode(), kind])


@pytest.mark.parametrize("kind", ["paste", "drop"])
async def test_a_picture_goes_into_the_question(page: Page, model: ModelServer, kind: str) -> None:
    await give(page, kind, "dot.png", "image/png", PNG)
    await expect(attached(page)).to_contain_text(["dot.png"])
    await expect(attached(page).locator("img")).to_be_visible()
    assert await violations(page) == []
    await ask(page, "What is this?")
    await finished(page)
    question = page.get_by_role("article", name="You asked")
    await expect(question.get_by_role("img", name="dot.png")).to_be_visible()
    assert "data:image/png;base64," in str(model.seen[-1].body)
    await expect(attached(page)).to_have_count(0)
    await page.reload()
    await expect(question.get_by_role("img", name="dot.png")).to_be_visible()
    assert await violations(page) == []


async def test_a_model_that_reads_no_pictures_is_named_at_once(page: Page) -> None:
    await choose_model(page, "blind")
    await give(page, "paste", "dot.png", "image/png", PNG)
    await page.get_by_role("textbox", name="Question").fill("What is this?")
    await expect(page.get_by_role("alert")).to_contain_text("blind can’t read pictures. sees can.")
    await expect(page.get_by_role("button", name="Send")).to_be_disabled()
    assert await violations(page) == []
    await choose_model(page, "sees")
    await expect(page.get_by_role("button", name="Send")).to_be_enabled()
    await choose_model(page, "blind")
    await page.get_by_role("button", name="Remove dot.png").click()
    await expect(page.get_by_role("button", name="Send")).to_be_enabled()


async def test_files_are_searched_in_this_chat_and_survive_a_reload(
    page: Page, server: HubbubServer, tmp_path: Path
) -> None:
    path = tmp_path / "lighthouse.pdf"
    path.write_bytes(pdf([["The lighthouse of Alderhaven was built in the year 1887 by Ida Brandt."]]))
    await choose_model(page, "blind")  # its answers are quotes
    await page.locator("input[name=attached]").set_input_files([path])
    await page.get_by_role("textbox", name="Question").fill("When was the lighthouse of Alderhaven built?")
    await expect(attached(page)).to_contain_text([re.compile("Being read|Ready")])
    await page.reload()
    await expect(attached(page)).to_contain_text([re.compile("Being read|Ready")])
    await expect(page.get_by_role("textbox", name="Question")).to_have_value(re.compile("^When was"))
    await page.get_by_role("button", name="Send").click()
    await finished(page)
    await expect(answer(page)).to_contain_text("1887")
    await expect(page.get_by_role("button", name=re.compile("^Collections: Files of this chat"))).to_be_visible()
    await ask(page, "Who built the lighthouse of Alderhaven?")
    await finished(page)
    await expect(answer(page)).to_contain_text("Ida Brandt")
    await page.get_by_role("button", name=re.compile("^Collections")).click()
    await expect(page.get_by_role("checkbox", name="Files of this chat")).to_be_checked()
    assert await violations(page) == []
    await page.keyboard.press("Escape")
    await page.get_by_role("list", name="Sent with the question").get_by_role("button").click()
    dialog = page.get_by_role("dialog", name="lighthouse.pdf")
    await expect(dialog).to_be_visible()
    assert await violations(page) == []
    await dialog.get_by_role("textbox", name="Name").fill("Harbour")
    await dialog.get_by_role("button", name="Add", exact=True).click()
    await expect(page.get_by_text("“lighthouse.pdf” is in Harbour as well.")).to_be_visible()
    await page.get_by_role("button", name="New chat").first.click()
    await expect(page.get_by_role("button", name="Collections: No documents")).to_be_visible()


async def test_what_cannot_be_read_is_said_before_anything_is_asked(page: Page) -> None:
    await page.locator("input[name=attached]").set_input_files(
        [
            {"name": "setup.exe", "mimeType": "", "buffer": b"MZ\0\0"},
            {"name": "broken.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7\nnothing of a PDF follows"},
        ]
    )
    await expect(attached(page).nth(0)).to_contain_text("Will not be sent. Files of this kind can’t be read.")
    await expect(attached(page).nth(1)).to_contain_text("damaged")
    for width in (360, 1280):
        await page.set_viewport_size({"width": width, "height": 800})
        assert not await is_too_wide(page)
    assert await violations(page) == []


async def test_a_file_that_is_still_being_read_is_waited_for(page: Page) -> None:
    await choose_model(page, "blind")
    text = "Nothing of note happens here at all. " * 60_000 + "The harbour of Alderhaven opens at six."
    await page.locator("input[name=attached]").set_input_files(
        [{"name": "long.txt", "mimeType": "text/plain", "buffer": text.encode()}]
    )
    await expect(attached(page)).to_contain_text([re.compile("Being read|Ready")])
    await ask(page, "When does the harbour of Alderhaven open?")
    await finished(page)
    await expect(answer(page)).to_contain_text("opens at six")


async def test_an_answer_is_rated_with_a_comment(page: Page, server: HubbubServer) -> None:
    await ask(page, "A question to be rated")
    await finished(page)
    await answer(page).get_by_role("button", name="Bad answer").click()
    await page.get_by_role("textbox", name=re.compile("wrong about it")).fill("It is not so.")
    assert await violations(page) == []
    await page.keyboard.press("Enter")
    async with asyncio.timeout(SECONDS):
        while (newest := await newest_rating(page, server)).get("comment") != "It is not so.":
            await asyncio.sleep(0.02)
    assert newest["question"] == "A question to be rated"
    await page.reload()
    bad = answer(page).get_by_role("button", name="Bad answer")
    await expect(bad).to_have_attribute("aria-pressed", "true")
    await bad.click()
    await expect(bad).to_have_attribute("aria-pressed", "false")


async def newest_rating(page: Page, server: HubbubServer) -> dict[str, str]:
    response = await page.request.get(f"{server.url}/api/operators/ratings")
    return next(iter((await response.json())["ratings"]), {})


async def act(page: Page, title: str, action: str, *, among: str = "Chats") -> None:
    item = page.get_by_role("list", name=among, exact=True).get_by_role("listitem").filter(has_text=title)
    await item.get_by_role("button", name="Actions").click()
    await page.get_by_role("menuitem", name=action).click()


async def test_chats_are_pinned_put_into_folders_and_archived(page: Page) -> None:
    for text in ("First", "Second", "Third"):
        await page.get_by_role("button", name="New chat").first.click()
        await ask(page, text)
        await finished(page)
    chats = page.get_by_role("list", name="Chats", exact=True).get_by_role("listitem")
    await act(page, "First", "Pin")
    await expect(page.get_by_role("list", name="Pinned chats")).to_contain_text("First")
    await expect(chats).to_have_count(2)
    await act(page, "Second", "Folder …")
    await page.get_by_role("combobox", name=re.compile("^Folder")).fill("Work")
    assert await violations(page) == []
    await page.keyboard.press("Enter")
    which = page.get_by_role("combobox", name="Which chats")
    await expect(which.get_by_role("option", name="Work (1)")).to_be_attached()
    await which.select_option("Work (1)")
    await expect(chats).to_have_count(1)
    await which.select_option("All chats")
    await act(page, "Third", "Archive")
    await expect(chats).to_have_count(1)
    await undo(page, "Archived “Third”.")
    await expect(chats).to_have_count(2)
    await page.get_by_role("button", name="These chats").click()
    await page.get_by_role("menuitem", name="Select chats").click()
    await page.get_by_role("button", name="All", exact=True).click()
    await expect(page.get_by_text("3 chats selected")).to_be_visible()
    assert await violations(page) == []
    await page.get_by_role("toolbar").get_by_role("button", name="Archive").click()
    await expect(page.get_by_text("Your chats will be kept here.")).to_be_visible()
    await which.select_option("Archived")
    await expect(chats).to_have_count(3)
    await page.get_by_role("button", name="These chats").click()
    await page.get_by_role("menuitem", name="Select chats").click()
    await page.get_by_role("checkbox", name="Select Third").check()
    await page.get_by_role("toolbar").get_by_role("button", name="Delete").click()
    await expect(chats).to_have_count(2)
    await undo(page, "Deleted “Third”.")
    await expect(chats).to_have_count(3)


async def test_prompts_come_after_a_slash_and_collections_after_a_number_sign(page: Page) -> None:
    field = page.get_by_role("textbox", name="Question")
    await field.press_sequentially("/")
    await page.get_by_role("option", name=re.compile("^Prompts and instructions")).click()
    dialog = page.get_by_role("dialog", name="Prompts and instructions")
    await dialog.get_by_role("textbox", name="Name").fill("French")
    await dialog.get_by_role("textbox", name="Text", exact=True).fill("Translate to French: ")
    await dialog.get_by_role("button", name="Add the prompt").click()
    await expect(dialog.get_by_role("list", name="Prompts")).to_contain_text("French")
    assert await violations(page) == []
    await dialog.get_by_role("button", name="Close").click()
    await field.fill("")
    await field.press_sequentially("/fr")
    await expect(page.get_by_role("listbox", name="Suggestions").get_by_role("option")).to_have_count(1)
    assert await violations(page) == []
    await page.keyboard.press("Enter")
    await expect(field).to_have_value(re.compile("^Translate to French:"))
    await field.fill("")
    await field.press_sequentially("What about #hub")
    await page.get_by_role("option", name=re.compile("^Hubbub ?Collection")).click()
    await expect(page.get_by_role("button", name=re.compile("^Collections: Hubbub"))).to_be_visible()
    await expect(field).to_have_value("What about ")


async def test_one_document_is_asked_alone(page: Page) -> None:
    field = page.get_by_role("textbox", name="Question")
    await field.press_sequentially("#")
    document = page.get_by_role("option", name=re.compile("Document in Hubbub")).first
    await expect(document).to_be_visible()
    await document.click()
    await expect(attached(page)).to_contain_text([re.compile("Being read|Ready")])
    await expect(page.get_by_role("button", name="Collections: Files of this chat")).to_be_visible()


async def test_models_are_told_ones_instructions_and_how_hard_to_think(page: Page, model: ModelServer) -> None:
    await page.get_by_role("button", name="How to answer").click()
    await page.get_by_role("combobox", name="Thinking").select_option("high")
    await page.get_by_role("combobox", name="Length of answers").select_option("Short")
    assert await violations(page) == []
    await page.get_by_role("button", name="Prompts and instructions …").click()
    dialog = page.get_by_role("dialog", name="Prompts and instructions")
    await dialog.get_by_role("textbox", name="Instructions for all chats").fill("Be brief.")
    await dialog.get_by_role("button", name="Save", exact=True).click()
    await expect(dialog.get_by_text("Saved.")).to_be_visible()
    await dialog.get_by_role("button", name="Close").click()
    await ask(page, "Hello")
    await finished(page)
    asked = str(model.seen[-1].body)
    assert "Be brief." in asked
    assert "high" in asked
    assert "300" in asked
    await page.get_by_role("button", name="This chat").click()
    await page.get_by_role("menuitem", name="Instructions for this chat").click()
    await page.get_by_role("textbox", name=re.compile("^What models are told")).fill("Speak like a pirate.")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await ask(page, "And now?")
    await finished(page)
    assert "pirate" in str(model.seen[-1].body)


async def test_a_temporary_chat_is_gone_when_it_is_left(browser: Browser, server: HubbubServer) -> None:
    async with opened(browser, server.url, bears="404") as page:  # which the browser tells when it is looked for
        await leave_a_temporary_chat(page)


async def leave_a_temporary_chat(page: Page) -> None:
    await page.get_by_role("button", name="How to answer").click()
    await page.get_by_role("checkbox", name=re.compile("^Temporary chat")).check()
    await page.keyboard.press("Escape")
    await expect(page.get_by_text("deleted when you leave it")).to_be_visible()
    assert await violations(page) == []
    await ask(page, "A secret plan")
    await finished(page)
    await expect(page.get_by_text("Your chats will be kept here.")).to_be_visible()
    await expect(page.get_by_text("deleted when you leave it")).to_be_visible()
    chat_id = (await address_of_chat(page)).rpartition("/")[2]
    await page.get_by_role("button", name="New chat").first.click()
    await expect(page.get_by_text("deleted when you leave it")).to_be_hidden()
    status = f"fetch('api/chats/{chat_id}').then(response => response.status)"
    async with asyncio.timeout(SECONDS):
        while await page.evaluate(status.replace("'api", f"'{page.url.split('/c/')[0].rstrip('/')}/api")) != 404:
            await asyncio.sleep(0.02)
    assert chat_id not in await page.evaluate("JSON.stringify({ ...localStorage, ...sessionStorage })")
