"""Operators set quotas on the page, see where each comes from, and are told what to do where one can't be set."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.conftest import violations
from tests.e2e.steps import is_too_wide, picture
from tests.e2e.test_signing_in import PASSWORD, first_link
from tests.servers.hubbub_server import hubbub_serving, scripted

pytestmark = pytest.mark.asyncio(loop_scope="session")
VIEWS = ((390, 844, "dark"), (1280, 800, "light"), (1920, 1080, "dark"))


@pytest.mark.parametrize(("width", "height", "scheme"), VIEWS)
async def test_a_quota_is_set_changed_and_removed(
    browser: Browser, tmp_path: Path, width: int, height: int, scheme: str
) -> None:
    variables = scripted(words=3, pause_seconds=0) | {
        "HUBBUB_IDENTITY__ACCOUNTS__IS_ENABLED": "true",
        "HUBBUB_QUOTAS__PERSON": '["500 questions per day"]',
    }
    async with hubbub_serving(tmp_path, variables) as server:
        context = await browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if scheme == "dark" else "light",
            is_mobile=width < 500,
            has_touch=width < 500,
        )
        page = await context.new_page()
        await page.goto(server.url + await first_link(tmp_path))
        await page.get_by_label("E-mail").fill("root@example.org")
        await page.get_by_label("Name").fill("Root")
        await page.get_by_label("New password").fill(PASSWORD)
        await page.get_by_label("The same password again").fill(PASSWORD)
        await page.get_by_role("button", name="Make the account").click()
        await expect(page.get_by_label("Question", exact=True)).to_be_visible()
        await page.goto(f"{server.url}/operate/usage")
        row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="Each person"))
        await expect(row).to_contain_text(re.compile("the settings.*500 questions per day"))

        await page.get_by_role("button", name="Set a quota").click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_role("combobox", name="For").select_option("An API key")
        await dialog.get_by_label("Id of the API key").fill("0000000000")
        await dialog.get_by_label("At most (1)").fill("9")
        await dialog.get_by_role("button", name="Save").click()
        await expect(dialog.get_by_role("alert")).to_contain_text("There is no API key with the id")
        assert await violations(page) == []
        await dialog.get_by_role("combobox", name="For").select_option("A person")
        await dialog.get_by_label("E-mail or id of a person").fill("root@example.org")
        await dialog.get_by_role("button", name="Add a limit").click()
        await dialog.get_by_label("At most (2)").fill("2.5")
        await dialog.get_by_label("Of what (2)").select_option("money")
        await dialog.get_by_label("In what time (2)").select_option("month")
        await picture(page, f"quota-form-{width}-{scheme}")
        await dialog.get_by_role("button", name="Save").click()
        await expect(dialog).to_have_count(0)
        mine = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="The person Root"))
        await expect(mine).to_contain_text(re.compile("set by Root.*9 questions per day.*2.50 money per month"))

        made = await page.request.post(f"{server.url}/api/groups", data={"name": "Crew"})
        assert made.status == 201
        await page.get_by_role("button", name="Set a quota").click()
        await dialog.get_by_role("combobox", name="For").select_option("A group")
        await dialog.get_by_label("Name of a group here").fill("crew")
        await dialog.get_by_label("At most (1)").fill("90")
        await dialog.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("rowheader", name="The group Crew")).to_be_visible()

        await row.get_by_role("button", name="Change: Each person").click()
        await dialog.get_by_label("As much as is asked for").check()
        await dialog.get_by_role("button", name="Save").click()
        await expect(row).to_contain_text(re.compile("set by Root.*as much as is asked for"))
        await page.get_by_label("Where one is reached").select_option("scripted answers")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("button", name="As in the settings")).to_be_visible()
        await row.scroll_into_view_if_needed()
        await picture(page, f"quotas-set-{width}-{scheme}")
        assert await violations(page) == []
        assert not await is_too_wide(page)
        await row.get_by_role("button", name="Remove: Each person").click()
        await expect(row).to_contain_text(re.compile("the settings.*500 questions per day"))
        await page.get_by_role("button", name="As in the settings").click()
        await expect(page.get_by_label("Where one is reached")).to_have_value("")
        await context.close()
