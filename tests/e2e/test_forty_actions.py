"""Forty things that a person does with the page in a week, each with its clicks, done in a real browser.

A click, a drop and a shortcut count as one each; typing counts as none, and neither does the key that sends it. What
the page can't do stands in the table as None: the test says how many of the forty there are.
"""

import base64
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from tests.e2e.conftest import guide_is_there, opened
from tests.e2e.steps import answer, ask, finished, press_to
from tests.e2e.test_asking import PASTE, PNG
from tests.e2e.watching import until_true
from tests.servers.hubbub_server import GUIDE, HubbubServer, hubbub_serving, scripted, through
from tests.servers.model_server import ModelServer

pytestmark = pytest.mark.asyncio(loop_scope="session")

CAN = 40
"""How many of the forty the page can do."""
MOST_CLICKS = 2
"""So many clicks the frequent twenty take."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HubbubServer]:
    async with ModelServer() as model:
        variables = through(model.base_url, "sees") | scripted("slow", words=300, pause_seconds=0.03)
        variables |= scripted("quotes", words=3) | {"HUBBUB_MODELS__QUOTES__CAN_GROUND": "false"}
        variables |= {"HUBBUB_MODELS__SEES__READS_IMAGES": "true", "HUBBUB_MODELS__SEES__REASONING_EFFORT": "low"}
        async with hubbub_serving(tmp_path_factory.mktemp("forty"), variables | GUIDE) as server:
            await guide_is_there(server.url)
            yield server


@dataclass
class Hand:
    """A person's hand: it counts what it does."""

    page: Page
    clicks: int = 0

    async def click(self, role: str, name: str | re.Pattern[str], within: Locator | None = None) -> None:
        self.clicks += 1
        await (within or self.page).get_by_role(role, name=name).first.click()  # pyright: ignore[reportArgumentType]

    async def press(self, keys: str) -> None:
        self.clicks += 1
        await self.page.keyboard.press(keys)

    async def press_to(self, keys: str, role: str, name: str) -> None:
        self.clicks += 1
        await press_to(self.page, keys, self.page.get_by_role(role, name=name))  # pyright: ignore[reportArgumentType]

    async def choose(self, name: str, option: str | re.Pattern[str]) -> None:
        self.clicks += 1
        box = self.page.get_by_role("combobox", name=name)
        value = await box.get_by_role("option", name=option).first.evaluate("one => one.value")
        await box.select_option(value)

    async def type(self, text: str) -> None:
        await self.page.get_by_role("textbox", name="Question").press_sequentially(text)

    def chat(self, title: str = "") -> Locator:
        chats = self.page.get_by_role("list", name=re.compile("^(Pinned chats|Chats)$")).get_by_role("listitem")
        return chats.filter(has_text=title).first

    async def of_chat(self, action: str | re.Pattern[str]) -> None:
        await self.click("button", "Actions", self.chat())
        await self.click("menuitem", action)

    async def of_this(self, action: str) -> None:
        await self.click("button", "This chat")
        await self.click("menuitem", action)

    def questions(self) -> Locator:
        return self.page.get_by_role("article", name="You asked")


Act: TypeAlias = Callable[[Hand], Awaitable[None]]


async def asks(hand: Hand) -> None:
    await hand.type("A new thing")
    await hand.page.keyboard.press("Enter")
    await expect(hand.questions().last).to_contain_text("A new thing")


async def begins_a_chat(hand: Hand) -> None:
    await hand.press_to("Control+Shift+O", "textbox", "Question")
    await expect(hand.questions()).to_have_count(0)


async def stops(hand: Hand) -> None:
    await hand.page.get_by_role("combobox", name="Model").select_option("slow")
    await ask(hand.page, "Slowly")
    await expect(answer(hand.page)).to_contain_text("word2")
    await hand.press("Escape")
    await expect(answer(hand.page)).to_contain_text("Stopped")


async def asks_again(hand: Hand) -> None:
    await hand.click("button", "Regenerate", answer(hand.page))
    await expect(hand.page.get_by_role("group", name="Versions")).to_contain_text("2")


async def turns_to_a_version(hand: Hand) -> None:
    await hand.page.get_by_role("button", name="Regenerate").last.click()
    await finished(hand.page)
    await hand.click("button", "Previous version")


async def copies(hand: Hand) -> None:
    await hand.press("Control+Shift+;")
    await expect(hand.page.get_by_text(re.compile("^Copied|did not allow"))).to_be_attached()


async def edits(hand: Hand) -> None:
    await hand.questions().last.hover()
    await hand.click("button", "Edit", hand.questions().last)
    await hand.page.get_by_role("textbox", name="Edited text").fill("Another wording")
    await hand.page.keyboard.press("Enter")
    await expect(hand.questions().last).to_contain_text("Another wording")


async def queues(hand: Hand) -> None:
    await hand.page.get_by_role("combobox", name="Model").select_option("slow")
    await ask(hand.page, "First")
    await expect(answer(hand.page)).to_contain_text("word2")
    await hand.type("And then?")
    await hand.page.keyboard.press("Enter")
    await expect(hand.page.get_by_role("list", name="Asked next")).to_contain_text("And then?")


async def opens_a_chat(hand: Hand) -> None:
    await hand.page.get_by_role("button", name="New chat").first.click()
    await hand.click("link", "A question", hand.chat("A question"))
    await expect(hand.questions().first).to_contain_text("A question")


async def finds_a_chat(hand: Hand) -> None:
    await hand.press_to("Control+k", "searchbox", "Search chats")
    await hand.page.keyboard.type("question")
    await expect(hand.page.get_by_role("list", name="Chats found")).to_contain_text("A question")
    await hand.page.keyboard.press("Enter")


async def changes_the_model(hand: Hand) -> None:
    await hand.choose("Model", "slow")


async def gives(hand: Hand, kind: str, name: str, media_type: str, data: bytes) -> None:
    hand.clicks += 1
    await hand.page.evaluate(PASTE, [name, media_type, base64.b64encode(data).decode(), kind])
    await expect(hand.page.get_by_role("list", name="Goes with the question")).to_contain_text(name)


async def pastes_a_picture(hand: Hand) -> None:
    await gives(hand, "paste", "dot.png", "image/png", PNG)


async def drops_a_file(hand: Hand) -> None:
    await gives(hand, "drop", "note.txt", "text/plain", b"Words.")


async def picks_a_file(hand: Hand) -> None:
    async with hand.page.expect_file_chooser() as chosen:
        await hand.click("button", "Attach")
    hand.clicks += 1
    await (await chosen.value).set_files([{"name": "note.txt", "mimeType": "text/plain", "buffer": b"Words."}])
    await expect(hand.page.get_by_role("list", name="Goes with the question")).to_contain_text("note.txt")


async def asks_over_a_collection(hand: Hand) -> None:
    await hand.type("#hub")
    await hand.click("option", re.compile("^Hubbub ?Collection"))
    await expect(hand.page.get_by_role("button", name="Collections: Hubbub")).to_be_visible()


async def asks_over_one_document(hand: Hand) -> None:
    await hand.type("#")
    await hand.click("option", re.compile("Document in Hubbub"))
    await expect(hand.page.get_by_role("list", name="Goes with the question")).to_be_visible()


async def opens_a_source(hand: Hand) -> None:
    await hand.page.get_by_role("combobox", name="Model").select_option("quotes")
    await asks_over_a_collection(hand)
    hand.clicks = 0
    await ask(hand.page, "What can you do?")
    await finished(hand.page)
    hand.clicks += 1
    await answer(hand.page).get_by_role("list", name="Cited sources").get_by_role("button").first.click()
    await expect(hand.page.get_by_role("region", name="Sources")).to_be_visible()


async def asks_the_guide(hand: Hand) -> None:
    await hand.click("button", "Help")
    await hand.click("button", "What can you do?")
    await expect(hand.questions().last).to_contain_text("What can you do?")


async def rates(hand: Hand) -> None:
    await hand.click("button", "Good answer", answer(hand.page))
    await expect(answer(hand.page).get_by_role("button", name="Good answer")).to_have_attribute("aria-pressed", "true")


async def rates_with_a_comment(hand: Hand) -> None:
    await hand.click("button", "Bad answer", answer(hand.page))
    await hand.page.get_by_role("textbox", name=re.compile("wrong about it")).fill("Too short")
    await hand.page.keyboard.press("Enter")


async def renames(hand: Hand) -> None:
    await hand.of_chat("Rename")
    await hand.page.get_by_role("textbox", name="Title of the chat").fill("Better")
    await hand.page.keyboard.press("Enter")
    await expect(hand.chat("Better")).to_be_visible()


async def deletes(hand: Hand) -> None:
    await hand.of_chat("Delete")
    await expect(hand.page.get_by_role("button", name="Undo")).to_be_visible()


async def takes_back(hand: Hand) -> None:
    await deletes(hand)
    hand.clicks = 0
    await hand.click("button", "Undo")
    await expect(hand.chat("A question")).to_be_visible()


async def pins(hand: Hand) -> None:
    await hand.of_chat("Pin")
    await expect(hand.page.get_by_role("list", name="Pinned chats")).to_be_visible()


async def archives(hand: Hand) -> None:
    await hand.of_chat("Archive")
    await expect(hand.page.get_by_text("Your chats will be kept here.")).to_be_visible()


async def puts_into_a_folder(hand: Hand) -> None:
    await hand.of_chat("Folder …")
    await hand.page.get_by_role("combobox", name=re.compile("^Folder")).fill("Work")
    await hand.page.keyboard.press("Enter")
    await expect(hand.page.get_by_role("option", name="Work (1)")).to_be_attached()


async def lists_the_archive(hand: Hand) -> None:
    await hand.choose("Which chats", "Archived")


async def deletes_many(hand: Hand) -> None:
    await hand.click("button", "These chats")
    await hand.click("menuitem", "Select chats")
    await hand.click("button", re.compile("^All$"))
    await hand.click("button", "Delete", hand.page.get_by_role("toolbar"))
    await expect(hand.page.get_by_text("Your chats will be kept here.")).to_be_visible()


async def saves(hand: Hand) -> None:
    async with hand.page.expect_download():
        await hand.of_this("Save as Markdown")


async def talks_in_passing(hand: Hand) -> None:
    await begins_a_chat(hand)
    await hand.click("button", "How to answer")
    await hand.click("checkbox", re.compile("^Temporary chat"))
    await expect(hand.page.get_by_text("deleted when you leave it")).to_be_visible()


async def uses_a_prompt(hand: Hand) -> None:
    make = 'fetch("/api/prompts", {method: "POST", headers: {"Content-Type": "application/json"}, body: BODY})'
    await hand.page.evaluate(make.replace("BODY", '\'{"name": "French", "text": "To French: "}\''))
    await hand.type("/fre")
    await expect(hand.page.get_by_role("option", name=re.compile("^French"))).to_be_visible()
    await hand.press("Enter")
    await expect(hand.page.get_by_role("textbox", name="Question")).to_have_value("To French: ")


async def writes_instructions(hand: Hand) -> None:
    await hand.click("button", "How to answer")
    await hand.click("button", "Prompts and instructions …")
    await hand.page.get_by_role("textbox", name="Instructions for all chats").fill("Be brief.")
    await hand.click("button", re.compile("^Save$"))
    await expect(hand.page.get_by_text("Saved.")).to_be_visible()


async def lets_it_think_harder(hand: Hand) -> None:
    await hand.click("button", "How to answer")
    await hand.choose("Thinking", "high")


async def shares(hand: Hand) -> None:
    await hand.of_this("Share")
    await hand.click("button", re.compile("^Make a link"), hand.page.get_by_role("dialog"))
    await expect(hand.page.get_by_role("dialog").get_by_role("textbox", name="The link")).to_be_visible()


# A machine that tests run on has neither voices nor a microphone: what stands in for them says what it was told.
VOICE = """
globalThis.spoken = [];
speechSynthesis.speak = (one) => { spoken.push(one.text); setTimeout(() => one.onend(new Event("end")), 10); };
true
"""
MICROPHONE = """
globalThis.webkitSpeechRecognition = globalThis.SpeechRecognition = class {
  start() {
    const result = Object.assign([{ transcript: " How long is a day? " }], { isFinal: true });
    setTimeout(() => this.onresult({ resultIndex: 0, results: [result] }), 10);
  }
  stop() { setTimeout(() => this.onend(), 10); }
};
"""


async def has_it_read_aloud(hand: Hand) -> None:
    await hand.page.evaluate(VOICE)
    await hand.click("button", "Read aloud", answer(hand.page))
    await until_true(hand.page, "spoken.length > 0")
    said = await hand.page.evaluate("spoken.join(' ')")
    assert said.split()[:2] == (await answer(hand.page).locator(".block").first.inner_text()).split()[:2]
    await expect(answer(hand.page).get_by_role("button", name="Read aloud")).to_be_visible()


async def dictates(hand: Hand) -> None:
    await hand.page.add_init_script(MICROPHONE)
    await hand.page.reload()
    await hand.click("button", "Dictate")
    await expect(hand.page.get_by_role("textbox", name="Question")).to_have_value("How long is a day?")
    await hand.click("button", "Stop dictating")
    await expect(hand.page.get_by_role("button", name="Dictate", exact=True)).to_be_visible()


async def changes_the_look(hand: Hand) -> None:
    await hand.click("button", re.compile("look$"))


async def makes_a_collection(hand: Hand) -> None:
    await hand.click("button", re.compile("^Collections"))
    async with hand.page.expect_file_chooser() as chosen:
        await hand.click("button", "Add documents")
    hand.clicks += 1
    await (await chosen.value).set_files([{"name": "note.txt", "mimeType": "text/plain", "buffer": b"Words."}])
    await hand.page.get_by_role("dialog").get_by_role("textbox").first.fill("Mine")
    await hand.click("button", re.compile("^Add$"), hand.page.get_by_role("dialog"))
    await expect(hand.page.get_by_role("complementary", name="Files on their way")).to_be_visible()


async def shows_the_keys(hand: Hand) -> None:
    await hand.press("Control+/")
    await expect(hand.page.get_by_role("dialog", name="Keys")).to_be_visible()


async def searches(hand: Hand) -> None:
    await hand.press_to("Control+Shift+F", "searchbox", "Search documents and chats")
    await hand.page.keyboard.type("hubbub")
    await expect(hand.page.get_by_role("list", name="Passages found").get_by_role("listitem").first).to_be_visible()


async def changes_the_language(hand: Hand) -> None:
    await hand.choose("Language", "Deutsch")
    await expect(hand.page.get_by_role("button", name="Neuer Chat").first).to_be_visible()


async def compares(hand: Hand) -> None:
    await hand.click("button", "How to answer")
    await hand.choose("Compare with", "quotes")
    await ask(hand.page, "Which is better?")
    await hand.click("button", "Keep this one: quotes")
    await expect(hand.page.get_by_role("group", name="Versions")).to_contain_text("2/2")
    await expect(hand.page.get_by_role("combobox", name="Model", exact=True)).to_have_value("quotes")


FREQUENT: dict[str, Act | None] = {
    "ask": asks,
    "begin a chat": begins_a_chat,
    "stop an answer": stops,
    "have it answered again": asks_again,
    "turn to another version": turns_to_a_version,
    "copy an answer": copies,
    "edit a question": edits,
    "ask the next thing while it answers": queues,
    "open a chat": opens_a_chat,
    "find a chat by its words": finds_a_chat,
    "change the model": changes_the_model,
    "paste a picture": pastes_a_picture,
    "drop a file": drops_a_file,
    "pick a file": picks_a_file,
    "ask over a collection": asks_over_a_collection,
    "open a source": opens_a_source,
    "use a prompt of one's own": uses_a_prompt,
    "rate an answer": rates,
    "delete a chat": deletes,
    "undo that": takes_back,
}
OTHERS: dict[str, Act | None] = {
    "ask over one document": asks_over_one_document,
    "ask the guide": asks_the_guide,
    "say why an answer is bad": rates_with_a_comment,
    "rename a chat": renames,
    "pin a chat": pins,
    "archive a chat": archives,
    "put a chat into a folder": puts_into_a_folder,
    "look into the archive": lists_the_archive,
    "delete many chats": deletes_many,
    "save a chat": saves,
    "talk without a trace": talks_in_passing,
    "write instructions": writes_instructions,
    "let it think harder": lets_it_think_harder,
    "add documents to a collection": makes_a_collection,
    "share a chat by a link": shares,
    "compare two models side by side": compares,
    "have an answer read aloud": has_it_read_aloud,
    "dictate a question": dictates,
    "search documents without a model": searches,
    "change the language of the page": changes_the_language,
}


async def test_the_table_says_what_is_missing() -> None:
    assert (len(FREQUENT), len(OTHERS)) == (20, 20)
    assert sum(act is not None for act in (FREQUENT | OTHERS).values()) == CAN


@pytest.mark.parametrize("name", [name for name, act in (FREQUENT | OTHERS).items() if act is not None])
async def test_it_is_done_in_a_few_clicks(browser: Browser, server: HubbubServer, name: str) -> None:
    act = (FREQUENT | OTHERS)[name]
    assert act is not None
    async with opened(browser, server.url) as page:
        await page.get_by_role("combobox", name="Model").select_option("sees")
        await ask(page, "A question")
        await finished(page)
        hand = Hand(page)
        await act(hand)
    assert hand.clicks <= (MOST_CLICKS if name in FREQUENT else 5), f"{name}: {hand.clicks} clicks"
