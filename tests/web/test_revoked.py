"""A key that is revoked: what was opened by it ends within a second, at every door, and the answer with it."""

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hubbub.core.events import Stopped, decode
from hubbub.identity.keys import digest_of, new_key
from hubbub.models.scripted import ScriptedModel
from hubbub.web.clients import Clients
from tests.patience import SOON_SECONDS, patience
from tests.servers.reader import ask
from tests.web.application import Hubbub, hubbub_running

SAID = [{"role": "user", "content": "Go on"}]
DOORS: dict[str, tuple[str, dict[str, Any]]] = {
    "own": ("/api/questions", {"text": "Go on", "model": "slow"}),
    "chat completions": ("/v1/chat/completions", {"model": "slow", "messages": SAID, "stream": True}),
    "responses": ("/v1/responses", {"model": "slow", "input": "Go on", "stream": True}),
    "samples": ("/chat/stream", {"messages": SAID}),
    "whole": ("/v1/chat/completions", {"model": "slow", "messages": SAID}),
}


async def revoke_all(hubbub: Hubbub) -> None:
    for key in await hubbub.keys.keys():
        await hubbub.keys.revoke(key.id, time.time())


@pytest.mark.parametrize("is_direct", [True, False], ids=["to the transport", "through send"])
@pytest.mark.parametrize("door", DOORS)
async def test_an_open_stream_is_cut_and_says_why(tmp_path: Path, door: str, *, is_direct: bool) -> None:
    slow = ScriptedModel(tuple(f"word{number} " for number in range(1000)), name="slow", seconds_between=0.02)
    async with hubbub_running(tmp_path, slow, clients=Clients() if is_direct else None) as hubbub:
        program = await hubbub.program("robot")
        path, body = DOORS[door]
        asking = asyncio.create_task(_read(program, path, body))
        async with patience():
            while not (hubbub.services.runner.open_count and hubbub.services.log.reader_count):
                await asyncio.sleep(0.005)
        await revoke_all(hubbub)
        began = time.monotonic()
        status, text = await asking
        assert time.monotonic() - began < SOON_SECONDS
        if door == "whole":
            assert status == 401
        else:
            assert status == 200
        assert "not_signed_in" in text or "has ended" in text
        while hubbub.services.runner.open_count:
            assert time.monotonic() - began < SOON_SECONDS
            await asyncio.sleep(0.005)
        [answer] = hubbub.answers.shared.answers.values()
        assert decode(answer.records[-1].data) == Stopped("revoked")


async def _read(http: aiohttp.ClientSession, path: str, body: Mapping[str, Any]) -> tuple[int, str]:
    headers = {"Accept": "text/event-stream"} if path.startswith("/api") else {}
    async with http.post(path, json=body, headers=headers) as response:
        return response.status, await response.text()


async def test_a_reader_by_another_key_of_the_same_person_reads_on(hubbub: Hubbub) -> None:
    asker, reader = await hubbub.program("asker"), await hubbub.guest()
    [key] = await hubbub.keys.keys()
    other, text = new_key("reader", person_id=key.person_id)
    await hubbub.keys.add(other, digest_of(text))
    reader.headers["Authorization"] = f"Bearer {text}"
    asked = await ask(asker, "", model="slow")
    following = f"/api/answers/{asked['answer']['id']}/events"
    async with asker.get(following) as cut, reader.get(following) as kept:
        await hubbub.keys.revoke(other.id, time.time())
        async with asyncio.timeout(SOON_SECONDS):
            assert (await kept.text()).rstrip().endswith("not_signed_in")
        assert hubbub.services.runner.open_count == 1, "the answer was asked for by the other key"
        await hubbub.services.runner.stop(asked["answer"]["id"])
        assert "event: stopped" in await cut.text()
