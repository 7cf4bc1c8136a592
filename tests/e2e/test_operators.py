"""The operators' pages in a real browser: what they show, that they are live, and that axe has nothing against them."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from hubbub.registry import load
from tests.e2e.conftest import violations
from tests.e2e.steps import is_too_wide, picture
from tests.e2e.test_signing_in import PASSWORD, first_link
from tests.servers.hubbub_server import HubbubServer, hubbub_serving, scripted

pytestmark = pytest.mark.asyncio(loop_scope="session")
load("keys", "sqlite")
SECTIONS = (
    *("Server and models", "Usage and quotas", "Groups", "Collections and jobs"),
    *("Sign-ins", "Audit", "People’s data", "Settings"),
)
VIEWS = ((360, 740, "light"), (1280, 800, "dark"), (1920, 1080, "light"))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[HubbubServer, str]]:
    """A server where people sign in, and the cookies of its operator, who has asked something."""
    folder = tmp_path_factory.mktemp("operators")
    variables = scripted(words=5, pause_seconds=0.0) | {
        "HUBBUB_IDENTITY__ACCOUNTS__IS_ENABLED": "true",
        "HUBBUB_QUOTAS__PERSON": '["500 questions per day"]',
        "HUBBUB_IDENTITY__ACCOUNTS__SMTP__PASSWORD": "geheim-geheim",
    }
    async with hubbub_serving(folder, variables) as server:
        yield server, await first_link(folder)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def state(browser: Browser, served: tuple[HubbubServer, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a browser keeps of which the operator has signed in."""
    server, link = served
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(server.url + link)
    await page.get_by_label("E-mail").fill("root@example.org")
    await page.get_by_label("Name").fill("Root")
    await page.get_by_label("New password").fill(PASSWORD)
    await page.get_by_label("The same password again").fill(PASSWORD)
    await page.get_by_role("button", name="Make the account").click()
    await page.get_by_label("Question", exact=True).fill("How long is the leave?")
    await page.get_by_label("Question", exact=True).press("Enter")
    await expect(page.get_by_text("word4")).to_be_visible()
    answer = await page.request.post(
        f"{server.url}/api/collections", data={"name": "Plans"}, headers={"Origin": server.url}
    )
    assert answer.ok
    path = tmp_path_factory.mktemp("state") / "state.json"
    path.write_text(json.dumps(await context.storage_state()))
    await context.close()
    return path


@pytest.mark.parametrize(("width", "height", "scheme"), VIEWS)
async def test_every_page_is_there_fits_and_pleases_axe(
    browser: Browser, served: tuple[HubbubServer, str], state: Path, width: int, height: int, scheme: str
) -> None:
    server, _ = served
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        storage_state=state,
        is_mobile=width < 500,
        has_touch=width < 500,
    )
    page = await context.new_page()
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    await page.goto(f"{server.url}/operate")
    for name in SECTIONS:
        await page.get_by_role("navigation", name="Operators’ pages").get_by_role("link", name=name, exact=True).click()
        await expect(page.get_by_role("heading", name=name, level=2, exact=True)).to_be_visible()
        await expect(page.locator(".operators-section [aria-busy]")).to_have_count(0)
        await _has_its_content(page, name)
        await picture(page, f"{name.split()[0]}-{width}-{scheme}")
        assert await violations(page) == [], name
        assert not await is_too_wide(page), f"{name} is too wide"
    await context.close()
    assert faults == []


async def _has_its_content(page: Page, name: str) -> None:
    section = page.locator(".operators-section")
    match name:
        case "Server and models":
            await expect(section.get_by_role("rowheader", name="scripted")).to_be_visible()
        case "Usage and quotas":
            await expect(section.get_by_text("500 questions per day")).to_be_visible()
            await expect(section.get_by_role("rowheader", name="scripted")).to_be_visible()
            await section.get_by_label("Show").select_option("person")
            await expect(section.get_by_role("rowheader", name="Root")).to_be_visible()
        case "Collections and jobs":
            await expect(section.get_by_role("link", name="Plans")).to_be_visible()
        case "Sign-ins":
            await expect(section.get_by_role("rowheader", name="Root").first).to_be_visible()
        case "Audit":
            await expect(section.get_by_role("rowheader", name="collection made")).to_be_visible()
            await section.get_by_role("button", name="Verify").click()
            await expect(section.get_by_text("entries hold")).to_be_visible()
        case "Settings":
            await section.get_by_label("Name").fill("smtp.password")
            await expect(section.get_by_text("set, and not shown")).to_be_visible()
            await expect(section.get_by_text("HUBBUB_IDENTITY__ACCOUNTS__SMTP__PASSWORD")).to_be_visible()
            assert "geheim" not in await page.content()
        case _:
            pass


async def test_the_audit_is_live_and_a_group_is_made(
    browser: Browser, served: tuple[HubbubServer, str], state: Path
) -> None:
    server, _ = served
    context = await browser.new_context(storage_state=state)
    audit, page = await context.new_page(), await context.new_page()
    await audit.goto(f"{server.url}/operate/audit")
    await expect(audit.get_by_role("rowheader", name="collection made")).to_be_visible()
    await page.goto(f"{server.url}/operate/groups")
    await page.get_by_label("Name of a new group").fill("Readers")
    await page.get_by_role("button", name="Make it").click()
    await page.locator("summary", has_text="Readers").click()
    await page.get_by_label("E-mail or id of a person").fill("root@example.org")
    await page.get_by_role("button", name="Put in").click()
    await expect(page.get_by_role("button", name="Take Root out of Readers")).to_be_visible()
    await audit.bring_to_front()
    await expect(audit.get_by_role("rowheader", name="member put into a group")).to_be_visible()
    await context.close()


async def test_a_long_name_of_a_group_breaks_no_page(
    browser: Browser, served: tuple[HubbubServer, str], state: Path
) -> None:
    server, _ = served
    context = await browser.new_context(storage_state=state, viewport={"width": 390, "height": 800})
    page = await context.new_page()
    await page.goto(f"{server.url}/operate/groups")
    await page.get_by_label("Name of a new group").fill("x" * 256)
    await page.get_by_role("button", name="Make it").click()
    await page.locator("summary", has_text="xxx").click()
    assert not await is_too_wide(page)
    await page.get_by_role("button", name="Delete the group").click()
    dialog = page.get_by_role("dialog", name="Delete xxx")
    await expect(dialog).to_be_visible()
    assert await dialog.evaluate("dialog => dialog.scrollWidth <= dialog.clientWidth")
    assert not await is_too_wide(page)
    await picture(page, "long-name-390")
    await dialog.get_by_role("button", name="Delete").click()
    await expect(page.locator("summary", has_text="xxx")).to_have_count(0)
    await context.close()


async def test_ones_own_data_is_exported_on_the_account_page(
    browser: Browser, served: tuple[HubbubServer, str], state: Path
) -> None:
    server, _ = served
    context = await browser.new_context(storage_state=state)
    page = await context.new_page()
    await page.goto(f"{server.url}/account")
    await page.get_by_role("button", name="Export", exact=True).click()
    await expect(page.get_by_text("It is ready.")).to_be_visible()
    async with page.expect_download() as saving:
        await page.get_by_role("link", name="Save").click()
    assert (await saving.value).suggested_filename.endswith(".zip")
    assert await violations(page) == []
    await page.get_by_role("button", name="Delete everything").first.click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Delete everything").click()
    await expect(page.get_by_text("only operator who can sign in")).to_be_visible()
    await context.close()


async def test_things_are_counted_and_handed_over(
    browser: Browser, served: tuple[HubbubServer, str], state: Path
) -> None:
    server, _ = served
    context, other = await browser.new_context(storage_state=state), await browser.new_context()
    sent = {"Origin": server.url}
    made = await context.request.post(
        f"{server.url}/api/invitations", data={"email": "eve@example.org", "name": "Eve"}, headers=sent
    )
    link = {"link": (await made.json())["url"].partition("#")[2], "password": PASSWORD}
    assert (await other.request.put(f"{server.url}/api/sign-in/link", data=link, headers=sent)).ok
    page = await context.new_page()
    await page.goto(f"{server.url}/operate")
    await page.get_by_role("link", name="People’s data", exact=True).click()
    await page.get_by_label("E-mail or id of a person").fill("root@example.org")
    await page.get_by_role("button", name="Erase").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Hand over to").fill("eve@example.org")
    await expect(dialog.get_by_text("All else that is kept of Root · root@example.org is deleted")).to_be_visible()
    await dialog.get_by_role("button", name="Cancel").click()
    await page.get_by_role("button", name="Hand over").click()
    await expect(dialog.get_by_text("Collections: 1, documents in them: 0, assistants: 0, prompts: 0")).to_be_visible()
    await expect(dialog.get_by_role("button", name="Hand over")).to_be_disabled()
    await dialog.get_by_label("Hand over to").fill("eve@example.org")
    assert await violations(page) == []
    await dialog.get_by_role("button", name="Hand over").click()
    await expect(page.get_by_role("row", name="Handover")).to_contain_text("1 collections handed over")
    await context.close()
    await other.close()
