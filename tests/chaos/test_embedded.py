"""The embedded model's process dies, or its server does: answers end with a word, and nothing is left behind."""

import asyncio
import os
import signal
from pathlib import Path

import aiohttp
import pytest

from tests.servers.hubbub_server import HubbubServer, hubbub_serving
from tests.servers.processes import command_of, descendants_of
from tests.servers.reader import ask, read, read_all, text_of
from tests.weights import chat_weights as chat_weights

VARIABLES = {"HUBBUB_EMBEDDED__IS_ENABLED": "true"}
LONG = "Write a long story about a ship that sails around the world."
GONE_SECONDS = 10

pytestmark = pytest.mark.usefixtures("chat_weights")


async def test_its_process_is_killed_in_mid_answer(tmp_path: Path) -> None:
    async with hubbub_serving(tmp_path, VARIABLES) as server, aiohttp.ClientSession() as http:
        asked = await ask(http, server.url, LONG)
        answer_id = asked["answer"]["id"]
        seen = [event async for _, event in read(http, server.url, answer_id, at_most=8)]
        (model,) = models_of(server)
        os.kill(model, signal.SIGKILL)
        events = await read_all(http, server.url, answer_id)
        assert events[: len(seen)] == seen
        assert (events[-1]["type"], events[-1]["code"], events[-1]["is_retryable"]) == ("failed", "model_died", True)
        async with http.get(f"{server.url}/api/answers/{answer_id}") as response:
            stored = await response.json()
        assert stored["state"] == "failed"
        assert stored["text"] == text_of(events)
        assert len(stored["text"].split()) > 3
        again = await ask(
            http, server.url, "Say hello.", max_tokens=3, chat_id=asked["chat"]["id"], parent_id=answer_id
        )
        events = await read_all(http, server.url, again["answer"]["id"])
        assert events[-1]["type"] == "done"
        assert text_of(events).strip()
        assert models_of(server) not in ([], [model])
        await server.terminate()


@pytest.mark.parametrize("is_kind", [True, False], ids=["SIGTERM", "SIGKILL"])
async def test_when_the_server_ends_nothing_is_left_behind(tmp_path: Path, is_kind: bool) -> None:
    variables = VARIABLES | {"HUBBUB_SERVER__DRAIN_SECONDS": "0.3"}
    async with hubbub_serving(tmp_path, variables) as server, aiohttp.ClientSession() as http:
        asked = await ask(http, server.url, LONG)
        _ = [event async for _, event in read(http, server.url, asked["answer"]["id"], at_most=4)]
        assert models_of(server)
        left = descendants_of(server.process.pid)
        if is_kind:
            await server.terminate()
        else:
            await server.kill()
        async with asyncio.timeout(GONE_SECONDS):
            while any(command_of(pid) for pid in left):
                await asyncio.sleep(0.05)


def models_of(server: HubbubServer) -> list[int]:
    """Return the process ids of the embedded models that a server runs."""
    return [pid for pid in descendants_of(server.process.pid) if "hubbub.models.local_server" in command_of(pid)]
