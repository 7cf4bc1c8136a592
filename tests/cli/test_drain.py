"""How a server ends and restarts under load: open answers go on, nobody is refused, a wrong setting changes nothing."""

import asyncio
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from tests.patience import PATIENCE_SECONDS, patience
from tests.servers.hubbub_server import START_SECONDS, HubbubServer, hubbub_serving, scripted, through, workers_of
from tests.servers.model_server import ModelServer, Script
from tests.servers.reader import ask, begin_reading, read, read_all, text_of

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGHUP")

QUICK = scripted(words=20)
TOKENS = [f"word{number} " for number in range(20)]
TEXT = "".join(TOKENS)


PATIENT = {"HUBBUB_SERVER__DRAIN_SECONDS": "600"}
"""It drains for longer than its successors need to start, however busy the machine is."""


@asynccontextmanager
async def held() -> AsyncIterator[tuple[dict[str, str], asyncio.Event]]:
    """Give the settings of a model that says half of the text, and the other half once the event is set."""
    go_on = asyncio.Event()
    async with ModelServer(Script(tokens=TOKENS, held=(10, go_on))) as model:
        yield through(model.base_url) | PATIENT, go_on


@asynccontextmanager
async def reading(url: str) -> AsyncIterator[tuple[str, "asyncio.Task[str]"]]:
    """Ask, and read over one connection until left; the task returns the text."""
    async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as group:
        asked = await ask(http, url)
        task = group.create_task(read_text(http, url, asked["answer"]["id"]))
        yield asked["answer"]["id"], task


async def read_text(http: aiohttp.ClientSession, url: str, answer_id: str) -> str:
    events = await read_all(http, url, answer_id)
    assert events[-1]["type"] == "done", events[-1]
    return text_of(events)


async def readiness(url: str) -> tuple[int, list[str]]:
    async with aiohttp.ClientSession() as http, http.get(f"{url}/readyz") as response:
        return response.status, (await response.json())["reasons"]


async def until_drains(url: str) -> None:
    async with patience():
        while (found := await readiness(url)) == (200, []):
            await asyncio.sleep(0.01)
    assert found == (503, ["draining: it is about to end or to restart"])


async def until_workers(server: HubbubServer, number: int) -> None:
    async with asyncio.timeout(START_SECONDS):
        while len(workers_of(server)) != number:
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_an_open_answer_goes_on_to_its_end(tmp_path: Path, workers: str) -> None:
    async with (
        held() as (model, go_on),
        hubbub_serving(tmp_path, model | {"HUBBUB_SERVER__WORKERS": workers}) as server,
    ):
        async with reading(server.url) as (answer_id, text), aiohttp.ClientSession() as other:
            server.process.send_signal(signal.SIGTERM)
            await until_drains(server.url)
            again = await begin_reading(other, server.url, answer_id)  # who comes again finds somebody
            go_on.set()
            assert text_of(await again) == TEXT
            assert await text == TEXT
        assert await asyncio.wait_for(server.process.wait(), PATIENCE_SECONDS) == 0


async def test_the_time_is_bounded_and_a_second_signal_ends_it(tmp_path: Path) -> None:
    endless = scripted(words=5000, pause_seconds=0.1)
    for seconds, signals in (("0.5", 1), ("30", 2)):
        async with (
            hubbub_serving(tmp_path, endless | {"HUBBUB_SERVER__DRAIN_SECONDS": seconds}) as server,
            aiohttp.ClientSession() as http,
        ):
            asked = await ask(http, server.url)
            events = read(http, server.url, asked["answer"]["id"])
            assert (await anext(events))[1]
            began = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            if signals > 1:
                await until_drains(server.url)  # two at once would count as one
                server.process.send_signal(signal.SIGTERM)
            ending = [event async for _, event in events][-1]
            assert ending["code"] == "interrupted"
            assert await asyncio.wait_for(server.process.wait(), PATIENCE_SECONDS) == 0
            assert time.monotonic() - began < 15  # and not for 30 s, nor for the 500 that the answer takes


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_a_restart_takes_up_new_settings_and_interrupts_nobody(tmp_path: Path, workers: str) -> None:
    config = tmp_path / "hubbub.toml"
    config.write_text('default_model = "up"\n[models.other]\nprovider = "scripted"\n')
    async with (
        held() as (model, go_on),
        hubbub_serving(tmp_path, model | {"HUBBUB_SERVER__WORKERS": workers}) as server,
        reading(server.url) as (_, text),
    ):
        config.write_text('default_model = "up"\n[models.newer]\nprovider = "scripted"\n')
        server.process.send_signal(signal.SIGHUP)
        async with asyncio.timeout(START_SECONDS), aiohttp.ClientSession() as http:
            names: list[str] = []
            while "newer" not in names:
                async with http.get(f"{server.url}/api/models", headers={"Connection": "close"}) as response:
                    assert response.status == 200
                    names = [one["name"] for one in (await response.json())["models"]]
        go_on.set()
        assert await text == TEXT
        await until_workers(server, int(workers))
        assert await server.terminate() == 0


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_what_drains_after_a_restart_goes_on_when_the_server_is_told_to_end(tmp_path: Path, workers: str) -> None:
    log = tmp_path / "log"
    async with (
        held() as (model, go_on),
        hubbub_serving(tmp_path, model | {"HUBBUB_SERVER__WORKERS": workers}, log=log) as server,
    ):
        async with aiohttp.ClientSession() as http:
            asked = await ask(http, server.url)
            events = await begin_reading(http, server.url, asked["answer"]["id"])
            server.process.send_signal(signal.SIGHUP)
            async with patience():
                while "all workers were restarted" not in log.read_text():
                    await asyncio.sleep(0.02)
            server.process.send_signal(signal.SIGTERM)
            await until_drains(server.url)
            go_on.set()
            assert (await events)[-1]["type"] == "done"
        assert await asyncio.wait_for(server.process.wait(), PATIENCE_SECONDS) == 0


async def test_settings_that_are_wrong_leave_the_server_as_it_is(tmp_path: Path) -> None:
    config = tmp_path / "hubbub.toml"
    config.write_text("")
    log = tmp_path / "log"
    async with hubbub_serving(tmp_path, QUICK, log=log) as server:
        config.write_text("[server]\nprot = 1\n")
        server.process.send_signal(signal.SIGHUP)
        async with patience():
            while "settings: " not in log.read_text():
                await asyncio.sleep(0.02)
        assert "the server goes on as it is" in log.read_text()
        assert await readiness(server.url) == (200, [])
        assert not workers_of(server)
        assert await server.terminate() == 0


async def test_one_that_is_started_while_the_other_drains_gets_the_port_and_the_questions(tmp_path: Path) -> None:
    async with (
        held() as (model, go_on),
        hubbub_serving(tmp_path, model) as old,
        reading(old.url) as (answer_id, text),
    ):
        old.process.send_signal(signal.SIGTERM)
        port = {"HUBBUB_SERVER__PORT": old.url.rsplit(":", 1)[1]}
        async with aiohttp.ClientSession() as http:
            asking = asyncio.create_task(ask(http, old.url))
            async with hubbub_serving(tmp_path, model | port) as new:
                assert new.url == old.url
                asked = await asking
                go_on.set()
                assert await read_text(http, new.url, asked["answer"]["id"]) == TEXT
                assert await read_text(http, new.url, answer_id) == TEXT
                assert await text == TEXT
                assert await asyncio.wait_for(old.process.wait(), PATIENCE_SECONDS) == 0
                assert await readiness(new.url) == (200, [])
                assert await new.terminate() == 0


@asynccontextmanager
async def probing(url: str) -> AsyncIterator[None]:
    """Connect anew all the time until left; fails where one connection is refused."""

    async def probe() -> None:
        while True:
            async with aiohttp.ClientSession() as http, http.get(f"{url}/livez") as response:
                assert response.status == 200
            await asyncio.sleep(0.02)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(probe())
        yield
        task.cancel()


async def test_one_that_is_told_to_end_right_after_its_start_keeps_the_port_for_the_next(tmp_path: Path) -> None:
    """Nothing is open there, but an answer is on the one before it, which has left the port."""
    slow = scripted(words=6000, pause_seconds=0.1) | PATIENT
    async with hubbub_serving(tmp_path, slow) as first, aiohttp.ClientSession() as http:
        port = {"HUBBUB_SERVER__PORT": first.url.rsplit(":", 1)[1]}
        asked = await ask(http, first.url)
        events = asyncio.create_task(read_all(http, first.url, asked["answer"]["id"]))
        async with AsyncExitStack() as stack, probing(first.url):
            servers = [first]
            for _ in range(3):
                servers[-1].process.send_signal(signal.SIGTERM)
                servers.append(await stack.enter_async_context(hubbub_serving(tmp_path, slow | port)))
            async with http.post(f"{first.url}/api/answers/{asked['answer']['id']}/stop") as response:
                assert response.status == 202
            assert (await events)[-1]["type"] == "stopped"
            for one in servers[:-1]:
                assert await asyncio.wait_for(one.process.wait(), PATIENCE_SECONDS) == 0
            assert await readiness(first.url) == (200, [])


AS_SYSTEMD = """
import os, socket, sys
listener = socket.create_server(("127.0.0.1", 0))
open("port", "w").write(str(listener.getsockname()[1]))
os.set_inheritable(os.dup2(listener.fileno(), 3), True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[1], sys.argv[1:])
"""


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_a_socket_of_systemds_is_served_on(tmp_path: Path, workers: str) -> None:
    launcher = (sys.executable, "-c", AS_SYSTEMD)
    async with hubbub_serving(tmp_path, QUICK | {"HUBBUB_SERVER__WORKERS": workers}, launcher=launcher) as server:
        assert server.url.rsplit(":", 1)[1] == (tmp_path / "port").read_text()
        assert await readiness(server.url) == (200, [])
        assert await server.terminate() == 0


async def test_systemd_is_told(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as system:
        system.bind("\0" + str(tmp_path / "notify"))
        system.setblocking(False)
        loop = asyncio.get_running_loop()
        variables = {"NOTIFY_SOCKET": f"@{tmp_path}/notify", "WATCHDOG_USEC": "400000"}
        async with asyncio.timeout(START_SECONDS), hubbub_serving(tmp_path, QUICK | variables) as server:
            told: list[bytes] = []
            while told.count(b"WATCHDOG=1") < 5 or b"READY=1" not in told:
                told.append(await loop.sock_recv(system, 64))
            server.process.send_signal(signal.SIGTERM)
            while told[-1] != b"STOPPING=1":
                told.append(await loop.sock_recv(system, 64))
