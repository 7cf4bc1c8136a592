"""Two models answer a question beside each other, and the chat goes on from the answer that is kept."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from tests.e2e.conftest import opened, violations
from tests.e2e.steps import WHOLE, answer, ask, finished, held
from tests.servers.hubbub_server import HubbubServer, hubbub_serving, through
from tests.servers.model_server import ModelServer, Script

pytestmark = pytest.mark.asyncio(loop_scope="session")

FAILS = Script(status=500, body=b"{}")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def left() -> AsyncIterator[ModelServer]:
    async with ModelServer(Script(tokens=["From the left."])) as model:
        yield model


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def right() -> AsyncIterator[ModelServer]:
    async with ModelServer(Script(tokens=["From the right."])) as model:
        yield model


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server(
    left: ModelServer, right: ModelServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[HubbubServer]:
    variables = through(left.base_url, "left") | through(right.base_url, "right")
    async with hubbub_serving(tmp_path_factory.mktemp("two"), variables) as server:
        yield server


def side(page: Page, model: str) -> Locator:
    return page.get_by_role("group", name=model, exact=True)


async def compare(page: Page, text: str = "Which is better?") -> None:
    await page.get_by_role("combobox", name="Model", exact=True).select_option("left")
    await page.get_by_role("button", name="How to answer").click()
    await page.get_by_role("combobox", name="Compare with").select_option("right")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("combobox", name="Second model")).to_have_value("right")
    await ask(page, text)


async def test_both_stream_each_is_stopped_alone_and_the_chat_goes_on_from_one(
    page: Page, left: ModelServer, right: ModelServer
) -> None:
    one, go_on_left = held()
    other, go_on_right = held()
    left.scripts.append(one)
    right.scripts.append(other)
    await compare(page)
    for model in ("left", "right"):
        await expect(side(page, model).locator(".markdown")).to_contain_text("word9")
    await side(page, "left").get_by_role("button", name="Stop this one").click()
    await expect(side(page, "left")).to_contain_text("Stopped.")
    go_on_left.set()
    await expect(side(page, "right").get_by_role("button", name="Stop this one")).to_be_visible()
    go_on_right.set()
    await expect(side(page, "right").locator(".markdown")).to_have_text(WHOLE)

    await page.reload()
    await expect(side(page, "left")).to_contain_text("Stopped.")
    await expect(side(page, "right").locator(".markdown")).to_have_text(WHOLE)
    await side(page, "right").get_by_role("button", name="Keep this one").click()
    await expect(page.get_by_role("region", name="Two answers, beside each other")).to_have_count(0)
    await expect(answer(page)).to_be_focused()
    await expect(page.get_by_role("group", name="Versions")).to_have_text("2/2")
    await expect(page.get_by_role("combobox", name="Model", exact=True)).to_have_value("right")
    await expect(page.get_by_role("combobox", name="Second model")).to_have_count(0)

    await ask(page, "And then?")
    await finished(page)
    said = [turn["content"].strip() for turn in right.seen[-1].body["messages"]]
    assert said[-2:] == [WHOLE, "And then?"]
    await page.reload()
    await expect(page.get_by_role("article", name=re.compile("^(You asked|Answer)$"))).to_have_count(4)
    await expect(page.get_by_role("group", name="Versions")).to_have_text("2/2")


async def test_one_that_fails_leaves_the_other_alone_and_is_tried_again_in_its_place(
    page: Page, left: ModelServer
) -> None:
    left.scripts.append(FAILS)
    await compare(page)
    await expect(side(page, "right").locator(".markdown")).to_have_text("From the right.")
    await expect(side(page, "left").get_by_role("alert")).to_contain_text("refused with status 500")
    await page.reload()
    await expect(side(page, "right").locator(".markdown")).to_have_text("From the right.")
    await side(page, "left").get_by_role("button", name="Try again").click()
    await expect(side(page, "left").locator(".markdown")).to_have_text("From the left.")
    await expect(side(page, "left").get_by_role("button", name="Regenerate")).to_be_visible()
    names = await page.locator(".side-model").all_inner_texts()
    assert names == ["left", "right"]


async def test_what_is_asked_before_one_is_kept_waits_for_that(page: Page, left: ModelServer) -> None:
    await compare(page)
    for model in ("left", "right"):
        await expect(side(page, model).get_by_role("button", name="Regenerate")).to_be_visible()
    await page.get_by_role("textbox", name="Question", exact=True).fill("And then?")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("list", name="Asked next")).to_contain_text("And then?")
    await side(page, "left").get_by_role("button", name="Keep this one").click()
    await finished(page)
    await expect(page.get_by_role("article", name="You asked").last).to_contain_text("And then?")
    assert [turn["content"] for turn in left.seen[-1].body["messages"]][-2:] == ["From the left.", "And then?"]


async def test_escape_stops_both(page: Page, left: ModelServer, right: ModelServer) -> None:
    waits = [held(), held()]
    left.scripts.append(waits[0][0])
    right.scripts.append(waits[1][0])
    await compare(page)
    for model in ("left", "right"):
        await expect(side(page, model).locator(".markdown")).to_contain_text("word9")
    await page.keyboard.press("Escape")
    for model in ("left", "right"):
        await expect(side(page, model)).to_contain_text("Stopped.")
    for _, go_on in waits:
        go_on.set()


@pytest.mark.parametrize("width", [360, 1280])
async def test_they_stand_below_or_beside_each_other_and_the_keyboard_keeps_one(
    browser: Browser, server: HubbubServer, width: int
) -> None:
    async with opened(browser, server.url) as page:
        await page.set_viewport_size({"width": width, "height": 800})
        await compare(page)
        for model in ("left", "right"):
            await expect(side(page, model).get_by_role("button", name="Regenerate")).to_be_visible()
        assert await violations(page) == []
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        boxes = [await side(page, model).bounding_box() for model in ("left", "right")]
        assert boxes[0] is not None
        assert boxes[1] is not None
        assert (boxes[0]["y"] == boxes[1]["y"]) is (width > 1000)
        assert all(box["x"] >= 0 and box["x"] + box["width"] <= width for box in boxes if box)
        await page.get_by_role("button", name="Keep this one: right").focus()
        await page.keyboard.press("Enter")
        await expect(answer(page)).to_be_focused()
        await expect(answer(page).locator(".markdown")).to_have_text("From the right.")
        await expect(page.get_by_role("status").filter(has_text="Kept.")).to_have_count(1)
