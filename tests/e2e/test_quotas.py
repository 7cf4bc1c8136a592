"""What the page says of quotas: nothing, a quiet line, and clearly that one is used up."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.conftest import opened, violations
from tests.e2e.steps import ask, finished, picture
from tests.servers.hubbub_server import hubbub_serving, scripted

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_quota_is_told_before_and_when_it_is_used_up(browser: Browser, tmp_path: Path) -> None:
    quotas = {"HUBBUB_QUOTAS__PERSON": '["3 questions per day", "9_000_000 tokens per day"]'}
    variables = scripted(words=3, pause_seconds=0) | quotas | {"HUBBUB_QUOTAS__TIME_ZONE": "Europe/Berlin"}
    async with hubbub_serving(tmp_path, variables) as server, opened(browser, server.url, bears="429") as page:
        note = page.get_by_role("form", name="Ask").get_by_role("status")
        for _ in range(2):
            await ask(page, "Count for me")
            await finished(page)
        await expect(note).to_have_count(0)
        await ask(page, "Count for me")
        await finished(page)
        await expect(note).to_contain_text(re.compile(r"^Your quota is used up: 3 questions per day\. It begins anew "))
        assert await violations(page) == []
        await ask(page, "Once more")
        alert = page.get_by_role("alert")
        await expect(alert).to_contain_text("Your quota is used up")
        await expect(alert).not_to_contain_text(re.compile(r"\d{3} s"))
        assert await violations(page) == []
        await picture(page, "quota-over")


async def test_a_quota_that_is_nearly_used_up_is_a_quiet_line(browser: Browser, tmp_path: Path) -> None:
    variables = scripted(words=3, pause_seconds=0) | {"HUBBUB_QUOTAS__PERSON": '["5 questions per month"]'}
    async with hubbub_serving(tmp_path, variables) as server, opened(browser, server.url) as page:
        for _ in range(4):
            await ask(page, "Count for me")
            await finished(page)
        note = page.get_by_role("form", name="Ask").get_by_role("status")
        await expect(note).to_contain_text("80 % of your quota is used: 5 questions per month.")
        await page.goto(f"{server.url}/operators/usage")
        await expect(page.get_by_role("heading", name="What people use")).to_be_visible()
        assert await violations(page) == []
        await picture(page, "quota-usage")
