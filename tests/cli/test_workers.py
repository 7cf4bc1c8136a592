"""Several workers behind one address: none is missed when it dies, none is left when the server ends."""

import asyncio
import os
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from hubbub.cli.listening import Listeners
from hubbub.cli.restarts import QUICK_DEATHS, QUICK_SECONDS, SERVED_SECONDS, SLOW_SECONDS, Restarts
from hubbub.cli.workers import Workers
from hubbub.settings import load_settings
from tests.cli.commands import run
from tests.patience import patience
from tests.servers.hubbub_server import START_SECONDS, hubbub_serving, scripted, workers_of
from tests.servers.processes import command_of, descendants_of
from tests.servers.reader import ask, begin_reading, read_all, text_of
from tests.weights import chat_weights as chat_weights

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes by /proc")

WORKERS = {"HUBBUB_SERVER__WORKERS": "3"}
TWO = {"HUBBUB_SERVER__WORKERS": "2"}


async def until(condition: Callable[[], bool]) -> None:
    """Wait until it is so; workers may have to start for it."""
    async with asyncio.timeout(START_SECONDS):
        while not condition():
            await asyncio.sleep(0.02)


@asynccontextmanager
async def new_connections() -> AsyncIterator[aiohttp.ClientSession]:
    """A client that makes a connection a request, so that all workers get some."""
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(20)) as http:
        yield http


async def health(http: aiohttp.ClientSession, url: str) -> int:
    async with http.get(f"{url}/api/health") as response:
        return response.status


def connections_of(pids: list[int], port: int) -> Counter[int]:
    """Count the connections to a port that each process holds."""
    inodes: set[str] = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1].endswith(f":{port:04X}") and fields[3] == "01":
            inodes.add(f"socket:[{fields[9]}]")
    held: Counter[int] = Counter()
    for pid in pids:
        held[pid] = sum(linked(path) in inodes for path in Path(f"/proc/{pid}/fd").iterdir())
    return held


def linked(path: Path) -> str:
    try:
        return str(path.readlink())
    except FileNotFoundError:  # it has just been closed
        return ""


def test_a_death_is_made_good_at_once_but_not_again_and_again() -> None:
    restarts = Restarts()
    assert restarts.pause_after(QUICK_SECONDS * 2, has_served=True) == 0
    pauses = [restarts.pause_after(0.1, has_served=False) for _ in range(QUICK_DEATHS + 1)]
    assert pauses == [0, 0.5, 1, 2, SLOW_SECONDS, SLOW_SECONDS]
    assert restarts.is_hopeless
    assert restarts.pause_after(QUICK_SECONDS * 2, has_served=True) == 0
    assert not restarts.is_hopeless
    assert max(restarts.pause_after(3, has_served=True) for _ in range(20)) == SERVED_SECONDS
    assert restarts.is_hopeless


async def test_all_of_them_answer(tmp_path: Path) -> None:
    async with hubbub_serving(tmp_path, scripted(words=5, pause_seconds=0) | WORKERS) as server:
        pids = workers_of(server)
        assert len(pids) == 3
        port = int(server.url.rsplit(":", 1)[1])
        kept = await asyncio.gather(*(asyncio.open_connection("127.0.0.1", port) for _ in range(120)))
        await until(lambda: connections_of(pids, port).total() == 120)
        assert min(connections_of(pids, port).values()) > 15  # 40 on average, a standard deviation is 5
        for _, writer in kept:
            writer.close()
        async with aiohttp.ClientSession() as http:
            asked = await ask(http, server.url)
            events = await read_all(http, server.url, asked["answer"]["id"])
            assert events[-1]["type"] == "done"
            assert text_of(events).split()[:2] == ["word0", "word1"]
        assert await server.terminate() == 0
        assert not any(command_of(pid) for pid in pids)


async def test_one_that_is_killed_is_replaced_and_the_others_go_on(tmp_path: Path) -> None:
    async with hubbub_serving(tmp_path, WORKERS) as server, new_connections() as http:
        pids = workers_of(server)
        os.kill(pids[0], signal.SIGKILL)
        # What the kernel has put into the dead one's queue waits for its successor.
        assert await asyncio.gather(*(health(http, server.url) for _ in range(60))) == [200] * 60
        await until(lambda: len(workers_of(server)) == 3)
        after = workers_of(server)
        assert pids[0] not in after
        assert set(pids[1:]) < set(after)


async def test_the_end_takes_a_bounded_time_even_where_a_worker_does_not_listen(tmp_path: Path) -> None:
    async with hubbub_serving(tmp_path, TWO) as server:
        pids = workers_of(server)
        os.kill(pids[0], signal.SIGSTOP)
        began = time.monotonic()
        assert await server.terminate() == 0
        assert time.monotonic() - began < 20
        assert not any(command_of(pid) for pid in pids)


async def test_an_open_answer_ends_with_a_word(tmp_path: Path) -> None:
    variables = scripted(words=2000, pause_seconds=0.02) | TWO | {"HUBBUB_SERVER__DRAIN_SECONDS": "0.3"}
    async with hubbub_serving(tmp_path, variables) as server, aiohttp.ClientSession() as http:
        asked = await ask(http, server.url)
        reading = await begin_reading(http, server.url, asked["answer"]["id"])
        assert await server.terminate() == 0
        events = await reading
        assert (events[-1]["type"], events[-1]["code"]) == ("failed", "interrupted")


async def test_without_their_parent_they_end_and_free_the_port(tmp_path: Path) -> None:
    async with hubbub_serving(tmp_path, TWO, is_fresh=True) as server:
        pids = descendants_of(server.process.pid)
        assert len(pids) >= 2
        await server.kill()
        await until(lambda: not any(command_of(pid) for pid in pids))
        port = server.url.rsplit(":", 1)[1]
        async with (
            hubbub_serving(tmp_path, TWO | {"HUBBUB_SERVER__PORT": port}) as again,
            new_connections() as http,
        ):
            assert again.url == server.url
            assert await health(http, again.url) == 200


async def test_a_restart_of_all_refuses_nobody(tmp_path: Path) -> None:
    async with hubbub_serving(tmp_path, WORKERS) as server, new_connections() as http:
        before = set(workers_of(server))
        answers: Counter[int] = Counter()
        is_over = False

        async def visit() -> None:
            while not is_over:
                answers[await health(http, server.url)] += 1

        async with asyncio.TaskGroup() as group:
            for _ in range(8):
                group.create_task(visit())
            server.process.send_signal(signal.SIGHUP)
            await until(lambda: not before & set(workers_of(server)) and answers.total() > 100)
            await asyncio.sleep(0.2)
            is_over = True
        assert set(answers) == {200}
        assert len(workers_of(server)) == 3


async def test_a_hung_one_is_replaced_and_keeps_nobody_waiting_for_long(tmp_path: Path) -> None:
    """Its stack may hang in any way: what shows is that its event loop says nothing."""
    quick = {"HUBBUB_SERVER__SILENT_SECONDS": "2"}
    async with hubbub_serving(tmp_path, WORKERS | quick) as server, new_connections() as http:
        before = workers_of(server)
        os.kill(before[0], signal.SIGSTOP)
        began = time.monotonic()
        visits = [asyncio.create_task(health(http, server.url)) for _ in range(60)]
        await until(lambda: before[0] not in workers_of(server) and len(workers_of(server)) == 3)
        assert await asyncio.gather(*visits) == [200] * 60
        assert time.monotonic() - began < 15
        assert set(before[1:]) < set(workers_of(server))
        assert await server.terminate() == 0


async def test_one_that_was_held_up_for_a_while_drains(tmp_path: Path) -> None:
    variables = scripted(words=60, pause_seconds=0.1) | {"HUBBUB_SERVER__SILENT_SECONDS": "2"}
    async with (
        hubbub_serving(tmp_path, variables | TWO) as server,
        aiohttp.ClientSession() as http,
    ):
        before = workers_of(server)
        asked = await asyncio.gather(*(ask(http, server.url) for _ in range(4)))
        reading = [asyncio.create_task(read_all(http, server.url, one["answer"]["id"])) for one in asked]
        os.kill(before[0], signal.SIGSTOP)
        await until(lambda: len(workers_of(server)) == 3)  # its successor starts
        os.kill(before[0], signal.SIGCONT)
        events = await asyncio.gather(*reading)
        assert [one[-1]["type"] for one in events] == ["done"] * 4
        await until(lambda: before[0] not in workers_of(server))
        assert await server.terminate() == 0


async def test_all_that_were_stopped_together_go_on(tmp_path: Path) -> None:
    """So a laptop sleeps."""
    async with hubbub_serving(tmp_path, TWO | {"HUBBUB_SERVER__SILENT_SECONDS": "2"}) as server:
        before = workers_of(server)
        family = [server.process.pid, *before]
        for pid in family:
            os.kill(pid, signal.SIGSTOP)
        await asyncio.sleep(3)
        for pid in family:
            os.kill(pid, signal.SIGCONT)
        await asyncio.sleep(1.2)  # time enough to replace them wrongly
        assert workers_of(server) == before
        assert await server.terminate() == 0


def test_what_keeps_all_of_them_from_starting_is_told_once(folder: Path) -> None:
    code, out, err = run(
        folder, "serve", "--port", "0", "--workers", "3", variables={"HUBBUB_SEARCH__BACKEND": "no.such.module:Class"}
    )
    assert (code, out) == (2, "")
    told = [line for line in err.splitlines() if line.startswith("settings: ")]
    assert len(told) == 1
    assert "no.such.module" in told[0]


async def test_a_port_in_use_is_told_although_workers_share_theirs(tmp_path: Path, folder: Path) -> None:
    async with hubbub_serving(tmp_path, TWO) as server:
        port = server.url.rsplit(":", 1)[1]
        loop = asyncio.get_running_loop()
        code, _, err = await loop.run_in_executor(None, lambda: run(folder, "serve", "--port", port, "--workers", "2"))
        assert code == 1
        assert re.search(r"Can't listen on 127\.0\.0\.1:\d+ \(Address already in use\)", err)


DIES_AT_ONCE = """
import os, sys
os.write(1, b'{"type": "ready"}\\n')
sys.exit(3)
"""


@pytest.mark.expects_errors
async def test_one_that_dies_again_and_again_is_tried_slowly_and_keeps_nobody_waiting(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = load_settings({"server": {"data_folder": tmp_path}})
    with Listeners("127.0.0.1", 0, 2) as listeners:
        port = int(listeners.url.rsplit(":", 1)[1])
        program = (sys.executable, "-c", DIES_AT_ONCE)
        running = asyncio.create_task(Workers(settings, listeners, 2, program=program).run(lambda: None))
        await until(lambda: caplog.text.count(f"failed {QUICK_DEATHS} times in a row") == 2)
        assert "exit code 3" in caplog.text
        with pytest.raises(ConnectionRefusedError):  # their sockets are closed: behind them nobody would answer
            await asyncio.open_connection("127.0.0.1", port)
        os.kill(os.getpid(), signal.SIGTERM)
        async with patience():
            await running


async def test_ingestion_goes_on_when_the_one_that_does_it_dies(tmp_path: Path) -> None:
    async with hubbub_serving(tmp_path, TWO) as server, new_connections() as http:
        async with http.post(f"{server.url}/api/collections", json={"name": "Mine"}) as response:
            collection = f"{server.url}/api/collections/{(await response.json())['id']}/documents"
        for number, pid in enumerate(workers_of(server)):
            os.kill(pid, signal.SIGKILL)  # one of the two is it
            async with http.put(f"{collection}/{number}.txt", data=b"Hubbub is chat and search.") as response:
                assert response.status in (200, 201, 202), await response.text()
            states: list[str] = []
            async with asyncio.timeout(START_SECONDS):
                while len(states) <= number or set(states) != {"ready"}:
                    await asyncio.sleep(0.1)
                    async with http.get(collection) as response:
                        states = [one["state"] for one in (await response.json())["documents"]]


@pytest.mark.usefixtures("chat_weights")
async def test_there_is_one_embedded_model_for_all_and_a_new_one_when_its_holder_dies(tmp_path: Path) -> None:
    def models() -> list[int]:
        return [pid for pid in descendants_of(server.process.pid) if "hubbub.models.local_server" in command_of(pid)]

    async def answered() -> str:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(120)) as http:
            asked = await ask(http, server.url, "Say hello.", max_tokens=3)
            return (await read_all(http, server.url, asked["answer"]["id"]))[-1]["type"]

    async with hubbub_serving(tmp_path, TWO | {"HUBBUB_EMBEDDED__IS_ENABLED": "true"}) as server:
        assert await asyncio.gather(*(answered() for _ in range(4))) == ["done"] * 4
        (model,) = models()
        holder = next(pid for pid in workers_of(server) if model in descendants_of(pid))
        os.kill(holder, signal.SIGKILL)
        async with new_connections() as http:  # some of them wait for the successor
            assert await asyncio.gather(*(health(http, server.url) for _ in range(60))) == [200] * 60
        await until(lambda: len(models()) == 1 and models() != [model])
        assert await asyncio.gather(*(answered() for _ in range(2))) == ["done"] * 2
        assert len(models()) == 1
        assert await server.terminate() == 0
