"""Liveness and readiness are told apart: what can't answer now is alive all the same."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from hubbub.connections.http import Http
from hubbub.core.errors import StoreError, StoreLost
from hubbub.models.address import Secret, compatible_address
from hubbub.models.base import ModelCard
from hubbub.models.openai import OpenAiModel
from hubbub.models.scripted import ScriptedModel
from tests.servers.model_server import ModelServer, Script
from tests.servers.reader import ask, read_all
from tests.web.application import hubbub_running

READY = (200, {"status": "ready", "reasons": []})


async def told(http: aiohttp.ClientSession, path: str) -> tuple[int, object]:
    async with http.get(path) as response:
        assert response.headers["cache-control"] == "no-store"
        return response.status, await response.json()


def not_ready(reason: str) -> tuple[int, object]:
    return 503, {"status": "not_ready", "reasons": [reason]}


async def test_while_no_model_can_answer_nobody_is_sent_here(tmp_path: Path) -> None:
    async with ModelServer() as server, Http() as http:
        server.scripts.extend([Script(reset_before="headers")] * 3)
        address = compatible_address(server.base_url, "scripted", Secret("key"))
        model = OpenAiModel(address, ModelCard("m", "test", 8192, can_ground=True), http)
        async with hubbub_running(tmp_path, model) as hubbub:
            ann = await hubbub.person()

            async def ending() -> str:
                asked = await ask(ann, "", "Hello")
                return (await read_all(ann, "", asked["answer"]["id"]))[-1]["type"]

            for _ in range(3):
                assert await told(ann, "/readyz") == READY
                assert await ending() == "failed"
            assert await told(ann, "/readyz") == not_ready("models: none can answer")
            assert await told(ann, "/livez") == (200, {"status": "ok"})
            assert await ending() == "done"
            assert await told(ann, "/readyz") == READY


async def test_while_nothing_can_be_stored_nobody_is_sent_here(tmp_path: Path) -> None:
    async def fail() -> None:
        raise StoreError("The disk is full.")

    async with hubbub_running(tmp_path) as hubbub, asyncio.timeout(10):
        ann = await hubbub.person()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(hubbub.answers, "renew", fail)
            while await told(ann, "/readyz") == READY:
                await asyncio.sleep(0.02)
            assert await told(ann, "/readyz") == not_ready("store: the last write failed")
            assert (await told(ann, "/livez"))[0] == 200
        while await told(ann, "/readyz") != READY:
            await asyncio.sleep(0.02)


async def test_while_the_store_is_gone_readers_are_told_an_end_and_operators_why(tmp_path: Path) -> None:
    async def fail() -> None:
        raise StoreLost("The server can't store anything now.", detail="/data/hubbub.db can't be found any more.")

    silent = ScriptedModel(("word",), seconds_before_first=3600.0)
    async with hubbub_running(tmp_path, silent) as hubbub, asyncio.timeout(10):
        ann = await hubbub.person()
        answer = f"/api/answers/{(await ask(ann, ''))['answer']['id']}"
        with pytest.MonkeyPatch.context() as patch:
            async with ann.get(f"{answer}/events") as response:
                patch.setattr(hubbub.answers, "renew", fail)
                assert (await response.text()).endswith("event: trouble\ndata: store_lost\n\n")
            reason = "the database was removed or replaced while the server runs"
            assert await told(ann, "/readyz") == not_ready(f"store: {reason}; put it back, or restart the server")
            async with ann.get(answer) as response:
                shown = await response.json()
            assert (shown["state"], shown["failure"]["code"]) == ("failed", "store_lost")
            async with ann.get(f"{answer}/events", params={"after": shown["number"]}) as response:
                assert response.status == 507
                text = await response.text()
            assert "can't store anything now" in text and "hubbub.db" not in text
        while await told(ann, "/readyz") != READY:
            await asyncio.sleep(0.02)
        async with ann.get(answer) as response:
            assert (await response.json())["state"] == "open", "it goes on where the store is there again"


async def test_while_it_drains_nobody_is_sent_here(tmp_path: Path) -> None:
    async with hubbub_running(tmp_path) as hubbub:
        ann = await hubbub.person()
        hubbub.services.runner.drain()
        assert await told(ann, "/readyz") == not_ready("draining: it is about to end or to restart")
        assert (await told(ann, "/livez"))[0] == 200
