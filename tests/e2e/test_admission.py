"""What the page says of an answer that waits, that is refused, and that nobody watched."""

import asyncio
import re
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Browser, expect

from tests.e2e.conftest import SECONDS, opened, violations
from tests.e2e.steps import address_of_chat, answer, ask, finished
from tests.servers.hubbub_server import hubbub_serving, scripted
from tests.servers.metrics import metrics_of

pytestmark = pytest.mark.asyncio(loop_scope="session")
ONE_AT_ONCE = {"HUBBUB_ADMISSION__RUNNING_PER_MODEL": "1", "HUBBUB_ADMISSION__WAITING_PER_MODEL": "1"}


async def test_who_waits_sees_the_place_and_who_is_refused_keeps_the_question(browser: Browser, tmp_path: Path) -> None:
    variables = scripted(words=4000, pause_seconds=0.05) | ONE_AT_ONCE
    async with hubbub_serving(tmp_path, variables) as server, opened(browser, server.url, bears="503") as page:
        await ask(page, "Count for me")
        await expect(answer(page)).to_contain_text("word3")
        second, third = await page.context.new_page(), await page.context.new_page()
        for tab in (second, third):
            await tab.goto(server.url)
        await ask(second, "Count again")
        await expect(answer(second)).to_contain_text("You are next")
        assert await violations(second) == []
        await ask(third, "Count once more")
        await expect(third.get_by_role("alert")).to_contain_text(re.compile(r"Not sent\..* Try again in \d+ s"))
        assert await violations(third) == []
        await third.get_by_role("button", name="Take back").click()
        await expect(third.get_by_role("textbox", name="Question")).to_have_value("Count once more")
        await second.get_by_role("button", name="Stop", exact=True).click()
        await expect(answer(second)).to_contain_text("Stopped before it began.")
        await third.get_by_role("button", name="Send").click()
        await expect(answer(third)).to_contain_text("You are next")


async def test_an_answer_that_nobody_watched_says_so(browser: Browser, tmp_path: Path) -> None:
    variables = scripted(words=4000, pause_seconds=0.05) | {
        "HUBBUB_ANSWERS__UNWATCHED": "stop",
        "HUBBUB_ANSWERS__GRACE_SECONDS": "2",  # the page has to begin to watch in this time
    }
    async with hubbub_serving(tmp_path, variables) as server, opened(browser, server.url) as page:
        await ask(page, "Count for me")
        await expect(answer(page)).to_contain_text("word3")
        address = await address_of_chat(page)
        await page.goto("about:blank")
        async with aiohttp.ClientSession() as http, asyncio.timeout(SECONDS):
            while (await metrics_of(http, server.url))["hubbub_unwatched_stops_total"] == 0:
                await asyncio.sleep(0.1)
        await page.goto(address)
        await finished(page)
        await expect(answer(page)).to_contain_text("Stopped, since nobody was watching.")
