"""Several workers behind the page: whoever makes the answer, the page has it."""

import os
import re
import signal
import sys
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Browser, expect

from tests.e2e.conftest import opened
from tests.e2e.steps import WHOLE, answer, ask, finished, held
from tests.servers.hubbub_server import hubbub_serving, scripted, through
from tests.servers.model_server import ModelServer
from tests.servers.processes import command_of, descendants_of

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(sys.platform != "linux", reason="workers share a port by the kernel there"),
]

TWO = {"HUBBUB_SERVER__WORKERS": "2"}
BROKEN = "net::ERR_"
"""What the browser's console says of a connection that broke off."""


async def maker(url: str) -> int:
    """Return the process that makes the one answer that is open."""
    connector = aiohttp.TCPConnector(force_close=True)  # a connection each: the kernel chooses another worker
    async with aiohttp.ClientSession(connector=connector) as http:
        for _ in range(100):
            async with http.get(f"{url}/metrics") as response:
                found = re.search(r'^hubbub_open_answers{process="(\d+)"} 1$', await response.text(), re.MULTILINE)
            if found:
                return int(found[1])
    raise AssertionError("no worker makes an answer")


async def test_reload_second_tab_and_stop_from_there(browser: Browser, tmp_path: Path) -> None:
    variables = scripted(words=4000, pause_seconds=0.05) | TWO
    async with hubbub_serving(tmp_path, variables) as server, opened(browser, server.url) as page:
        await ask(page, "Count for me")
        await expect(answer(page)).to_contain_text("word4")
        await page.reload()
        await expect(answer(page)).to_contain_text("word12")
        second = await page.context.new_page()
        await second.goto(page.url)
        await expect(answer(second)).to_contain_text("word20")
        await second.get_by_role("button", name="Stop", exact=True).click()
        said: list[list[str]] = []
        for tab in (page, second):
            await finished(tab)
            await expect(answer(tab)).to_contain_text("Stopped.")
            said.append(re.findall(r"word\d+", await answer(tab).inner_text()))
        assert said[0] == said[1] == [f"word{number}" for number in range(len(said[0]))]
        assert 20 < len(said[0]) < 4000


async def test_the_worker_that_makes_the_answer_is_killed(browser: Browser, tmp_path: Path) -> None:
    variables = scripted(words=4000, pause_seconds=0.05) | TWO
    async with (
        hubbub_serving(tmp_path, variables) as server,
        opened(browser, server.url, bears=BROKEN) as page,
    ):
        await ask(page, "Count for me")
        await expect(answer(page)).to_contain_text("word4")
        os.kill(await maker(server.url), signal.SIGKILL)
        alert = answer(page).get_by_role("alert")
        await expect(alert).to_contain_text("The answer broke off.")
        said = re.findall(r"word\d+", await answer(page).inner_text())
        assert said == [f"word{number}" for number in range(len(said))]
        assert len(said) >= 5
        await alert.get_by_role("button", name="Try again").click()
        await expect(alert).to_be_hidden()
        await expect(answer(page)).to_contain_text("word4")


async def test_another_worker_is_killed(browser: Browser, tmp_path: Path) -> None:
    script, go_on = held()
    async with (
        ModelServer(script) as model,
        hubbub_serving(tmp_path, through(model.base_url) | TWO) as server,
        opened(browser, server.url, bears=BROKEN) as page,
    ):
        await ask(page, "Count for me")
        await expect(answer(page)).to_contain_text("word9")
        pids = [pid for pid in descendants_of(server.process.pid) if "hubbub.cli.worker" in command_of(pid)]
        assert len(pids) == 2
        pids.remove(await maker(server.url))
        os.kill(pids[0], signal.SIGKILL)
        go_on.set()
        await finished(page)
        assert re.findall(r"word\d+", await answer(page).inner_text()) == WHOLE.split()
