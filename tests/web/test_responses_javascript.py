"""OpenAI's Responses with OpenAI's own client for JavaScript, as it is installed for the page's tests."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hubbub.models.scripted import DEFAULT_PIECES, ScriptedModel
from tests.web.application import Hubbub, hubbub_running
from tests.web.conftest import WORDS
from tests.web.openai_clients import Caller

PROGRAM = Path(__file__).parent / "clients" / "responses.mjs"
MODULE = Path(__file__).parents[2] / "frontend" / "node_modules" / "openai" / "index.mjs"
NODE = shutil.which("node")

pytestmark = pytest.mark.skipif(
    not (NODE and MODULE.exists()), reason="needs Node and the packages of the page's tests"
)


@pytest.fixture
async def hubbub(tmp_path: Path) -> AsyncIterator[Hubbub]:
    slow = ScriptedModel(WORDS, name="slow", seconds_between=0.005)
    async with hubbub_running(tmp_path, ScriptedModel(), slow, Caller(name="caller")) as hubbub:
        yield hubbub


async def test_it_works_unchanged(hubbub: Hubbub) -> None:
    key = (await hubbub.program("javascript")).headers["Authorization"].removeprefix("Bearer ")
    assert NODE is not None
    process = await asyncio.create_subprocess_exec(
        *(NODE, PROGRAM, f"{hubbub.url}/v1", key, MODULE.as_uri()),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(30):
        out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    seen: dict[str, Any] = json.loads(out)
    assert seen["stream"] == {"status": "completed", "text": "".join(DEFAULT_PIECES)}
    assert seen["types"][0] == "response.created"
    assert seen["types"][-1] == "response.completed"
    assert seen["acknowledged"] in ("queued", "in_progress")
    text = "".join(WORDS)
    assert (seen["resumed"], seen["whole"], seen["snapshot"]) == (text, text, text)
    assert seen["numbers"] == list(range(len(seen["numbers"])))
    assert seen["followed"] == seen["numbers"][30:]
    assert seen["cancelled"] == "cancelled"
    assert seen["error"] == {"name": "NotFoundError", "status": 404, "code": "not_found"}
    assert seen["call"] == {"name": "weather", "arguments": '{"city": "Köln"}'}
    assert seen["said"] == "It is 21 °C."
