"""Assistants in a real browser: made, asked, shared, used by somebody else, and withdrawn."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page, ViewportSize, expect

from tests.e2e.conftest import violations
from tests.e2e.settled import settled
from tests.e2e.steps import address_of_chat, finished, is_too_wide, picture
from tests.servers.hubbub_server import HubbubServer

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("the usual server")]

LEFT_OUT = "1 of 2 collections of this assistant is not shared with you."


@asynccontextmanager
async def somebody(browser: Browser, server: HubbubServer, width: int, scheme: str) -> AsyncIterator[Page]:
    look = "dark" if scheme == "dark" else "light"
    size = ViewportSize(width=width, height=800)
    context = await browser.new_context(base_url=server.url, viewport=size, color_scheme=look)
    page = await context.new_page()
    await page.goto(server.url)
    await settled(page)
    yield page
    await context.close()


async def looked_at(page: Page, name: str) -> None:
    assert await violations(page) == [], name
    assert not await is_too_wide(page), name
    await picture(page, f"assistants-{name}")


async def open_assistants(page: Page) -> None:
    await page.get_by_role("button", name="How to answer").click()
    await page.get_by_role("button", name="Assistants …").click()
    await expect(page.get_by_role("dialog", name="Assistants", exact=True)).to_be_visible()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
async def test_an_assistant_is_made_asked_shared_and_withdrawn(
    browser: Browser, server: HubbubServer, width: int, scheme: str
) -> None:
    many = (somebody(browser, server, width, scheme), somebody(browser, server, width, scheme))
    async with many[0] as ada, many[1] as bob:
        bob_id = (await (await bob.request.get("/api/me")).json())["person"]["id"]
        await ada.request.post("/api/collections", data={"name": f"Ada’s notes {width}"})
        await ada.reload()
        await settled(ada)
        await open_assistants(ada)
        await expect(ada.get_by_text("There are no assistants yet.")).to_be_visible()
        await ada.get_by_role("button", name="New assistant").click()
        form = ada.get_by_role("dialog", name="New assistant")
        await form.get_by_label("Name", exact=True).fill("Lawyer")
        await form.get_by_label("What it is for").fill("Answers questions of law from our files")
        await form.get_by_label("Instructions").fill("Answer as a lawyer would.")
        await form.get_by_label("Hubbub").check()
        await form.get_by_label(f"Ada’s notes {width}").check()
        await form.get_by_label("Questions to begin with").fill("What does it cost?\nWho may sign?")
        await looked_at(ada, f"form-{width}")
        await form.get_by_role("button", name="Make the assistant").click()
        listed = ada.get_by_role("dialog", name="Assistants", exact=True)
        await expect(listed.get_by_text("Answers questions of law from our files")).to_be_visible()
        await looked_at(ada, f"list-{width}")

        await listed.get_by_role("button", name="Share “Lawyer”").click()
        sharing = ada.get_by_role("dialog", name="Share “Lawyer”")
        await sharing.get_by_label("Their id").fill(bob_id)
        await sharing.get_by_role("button", name="Add").click()
        await sharing.get_by_role("button", name="Save").click()
        await expect(sharing).to_have_count(0)
        await listed.get_by_role("button", name="Ask Lawyer").click()
        await expect(ada.get_by_role("heading", name="Lawyer")).to_be_visible()
        await expect(ada.get_by_role("button", name="Assistant: Lawyer")).to_be_visible()
        await expect(ada.get_by_role("button", name="Collections:")).to_have_count(0)
        await looked_at(ada, f"chosen-{width}")

        await bob.reload()
        await settled(bob)
        field = bob.get_by_role("textbox", name="Question")
        await field.fill("@law")
        await bob.get_by_role("option", name="Lawyer").click()
        await expect(field).to_have_value("")
        await expect(bob.get_by_text(LEFT_OUT)).to_be_visible()
        await looked_at(bob, f"left-out-{width}")
        await bob.get_by_role("button", name="Who may sign?").click()
        await finished(bob)
        await expect(bob.get_by_text(f"Asked Lawyer. {LEFT_OUT}")).to_be_visible()
        await looked_at(bob, f"answered-{width}")
        address = await address_of_chat(bob)
        await bob.goto(address)
        await expect(bob.get_by_role("button", name="Assistant: Lawyer")).to_be_visible()

        assistant_id = (await (await ada.request.get("/api/assistants")).json())["assistants"][0]["id"]
        await open_assistants(ada)
        await listed.get_by_role("button", name="Share “Lawyer”").click()
        await sharing.get_by_role("button", name="Share no longer with").click()
        await sharing.get_by_role("button", name="Save").click()
        await expect(sharing).to_have_count(0)
        assert (await bob.request.get(f"/api/assistants/{assistant_id}")).status == 404
        await field.fill("And who may not?")
        await bob.get_by_role("button", name="Send").click()
        await expect(bob.get_by_role("alert").get_by_text("is not shared with you any more")).to_be_visible()
        await expect(bob.get_by_role("status").get_by_text("The chat stays.")).to_be_visible()
        await bob.goto(address)
        await expect(bob.get_by_text("Asked Lawyer.")).to_be_visible()
        await expect(bob.get_by_role("status").get_by_text("The chat stays.")).to_be_visible()
        await looked_at(bob, f"withdrawn-{width}")
        await bob.get_by_role("button", name="Go on without it").click()
        await expect(bob.get_by_role("button", name="Collections:")).to_be_visible()
        await field.fill("Go on")
        await bob.get_by_role("button", name="Send").click()
        await finished(bob)

        await listed.get_by_role("button", name="Delete Lawyer").click()
        await ada.get_by_role("button", name="Delete", exact=True).click()
        await expect(listed.get_by_text("There are no assistants yet.")).to_be_visible()


async def test_two_who_change_one_assistant_see_both(browser: Browser, server: HubbubServer) -> None:
    async with somebody(browser, server, 390, "light") as ada:
        about = {"name": "Notary", "instructions": "Answer as a notary would."}
        made = await (await ada.request.post("/api/assistants", data=about)).json()
        for is_mine in (True, False):
            await ada.reload()
            await settled(ada)
            await open_assistants(ada)
            await ada.get_by_role("button", name="Change Notary").click()
            form = ada.get_by_role("dialog", name="Change the assistant")
            await form.get_by_label("Instructions").fill("Mine.")
            theirs = {"instructions": "Theirs."}
            assert (await ada.request.patch(f"/api/assistants/{made['id']}", data=theirs)).status == 200
            await form.get_by_role("button", name="Save the assistant").click()
            alert = form.get_by_role("alert")
            await expect(alert.get_by_text("Theirs.", exact=False).last).to_be_visible()
            await expect(form.get_by_label("Instructions")).to_have_value("Mine.")
            await looked_at(ada, f"both-{is_mine}")
            await alert.get_by_role("button", name="Keep mine" if is_mine else "Take theirs").click()
            if not is_mine:
                await expect(form.get_by_label("Instructions")).to_have_value("Theirs.")
                await form.get_by_role("button", name="Save the assistant").click()
            await expect(form).to_have_count(0)
            kept = await (await ada.request.get(f"/api/assistants/{made['id']}")).json()
            assert kept["instructions"] == ("Mine." if is_mine else "Theirs.")
