"""The disk fills up: people are told, what they saw stays, and it all goes on once there is room."""

import asyncio
import errno
import shutil
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.patience import patience
from tests.servers.hubbub_server import hubbub_serving, scripted
from tests.servers.reader import ask, read, read_all, text_of

MOUNT = (
    "unshare",
    "--map-root-user",
    "--mount",
    "sh",
    "-c",
    'mount -t tmpfs -o size=8m,mode=700 tmpfs "$0" && exec "$@"',
)
"""Become a program that finds a small disk of its own at a path; the disk goes with the program."""


def _can_mount(folder: Path) -> bool:
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*MOUNT, str(folder), "true"], capture_output=True, timeout=10, check=False).returncode == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Path:
    if not _can_mount(tmp_path):
        pytest.skip("needs Linux and the right to mount a tmpfs in a namespace of its own (unshare --map-root-user)")
    return tmp_path


def fill(path: Path) -> None:
    """Write until not one page more goes in."""
    with path.open("ab", buffering=0) as file:
        for size in (65536, 4096, 512):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError as error:
                assert error.errno == errno.ENOSPC


def check(folder: Path) -> None:
    for name in ("hubbub.db", "library.db"):
        database = sqlite3.connect(folder / name)
        assert database.execute("pragma integrity_check").fetchone() == ("ok",)
        database.close()


async def refusal(http: aiohttp.ClientSession, url: str) -> dict[str, Any]:
    """Ask until there is no room left even in what the database had set aside; returns the problem."""
    for _ in range(500):
        async with http.post(f"{url}/api/questions", json={"text": "Is there room? " * 500}) as response:
            body = await response.json()
        if response.status != 202:
            assert response.content_type == "application/problem+json"
            return body
    raise AssertionError("the disk did not fill up")


async def until_ended(http: aiohttp.ClientSession, url: str, answer_id: str) -> dict[str, Any]:
    async with patience():
        while True:
            async with http.get(f"{url}/api/answers/{answer_id}") as response:
                answer = await response.json()
            if answer["state"] != "open":
                return answer
            await asyncio.sleep(0.05)


async def test_a_disk_that_fills_up(small_disk: Path) -> None:
    variables = {**scripted("quick", words=5, pause_seconds=0), **scripted("slow", words=5000, pause_seconds=0.01)}
    variables["HUBBUB_DEFAULT_MODEL"] = "quick"
    async with (
        hubbub_serving(small_disk, variables, launcher=(*MOUNT, str(small_disk))) as server,
        aiohttp.ClientSession() as http,
    ):
        inside = Path(f"/proc/{server.process.pid}/root{small_disk}")
        first = await ask(http, server.url, "Before")
        before = await read_all(http, server.url, first["answer"]["id"])
        slow_id = (await ask(http, server.url, "In the middle", model="slow"))["answer"]["id"]
        seen: list[dict[str, Any]] = []

        async def follow() -> None:
            async for number, event in read(http, server.url, slow_id):
                assert number == len(seen) + 1
                seen.append(event)

        following = asyncio.ensure_future(follow())
        await asyncio.sleep(0.3)
        fill(inside / "filling")

        problem = await refusal(http, server.url)
        assert (problem["status"], problem["code"]) == (507, "store_full")
        assert "Free some space" in problem["detail"]
        await asyncio.wait_for(following, 30)  # it is not left waiting
        assert text_of(seen)
        assert (await read_all(http, server.url, first["answer"]["id"])) == before
        async with http.get(f"{server.url}/api/chats/{first['chat']['id']}") as response:
            assert (await response.json())["messages"][1]["answer"]["text"] == text_of(before)
        async with http.get(f"{server.url}/api/answers/{slow_id}") as response:
            assert (await response.json())["text"].startswith(text_of(seen))
        async with http.post(f"{server.url}/api/collections", json={"name": "Mine"}) as response:
            assert response.status in (201, 507)  # the library has a file of its own, which may have room

        (inside / "filling").unlink()
        answer = await until_ended(http, server.url, slow_id)
        assert (answer["state"], answer["failure"]["code"]) == ("failed", "store_full")
        assert answer["text"].startswith(text_of(seen))
        again = await ask(http, server.url, "After")
        assert text_of(await read_all(http, server.url, again["answer"]["id"])) == text_of(before)
        assert (await read_all(http, server.url, slow_id))[: len(seen)] == seen
        check(inside)
        assert await server.terminate() == 0


async def test_documents_on_a_full_disk(small_disk: Path) -> None:
    async with (
        hubbub_serving(small_disk, scripted(), launcher=(*MOUNT, str(small_disk))) as server,
        aiohttp.ClientSession() as http,
    ):
        inside = Path(f"/proc/{server.process.pid}/root{small_disk}")
        async with http.post(f"{server.url}/api/collections", json={"name": "Mine"}) as response:
            path = f"/api/collections/{(await response.json())['id']}/documents"
        fill(inside / "filling")
        async with http.put(f"{server.url}{path}/a.txt", data=b"Some text. " * 5000) as response:
            assert (response.status, (await response.json())["code"]) == (507, "store_full")
        assert not list((inside / "files" / "incoming").iterdir())
        (inside / "filling").unlink()
        async with http.put(f"{server.url}{path}/a.txt", data=b"Some text. " * 5000) as response:
            assert response.status == 202
        async with asyncio.timeout(60):
            while True:
                async with http.get(server.url + path) as response:
                    [document] = (await response.json())["documents"]
                if document["state"] == "ready":
                    break
                await asyncio.sleep(0.1)
        check(inside)
