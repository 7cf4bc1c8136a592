"""Fixtures: the application on a port, and people who use it."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from hubbub.models.scripted import ScriptedModel
from tests.web.application import Hubbub, hubbub_running
from tests.web.openai_wire import Wired, wired

WORDS = tuple(f"word{number} " for number in range(200))


@pytest.fixture
def quick() -> ScriptedModel:
    """A model that answers at once."""
    return ScriptedModel()


@pytest.fixture
async def hubbub(tmp_path: Path, quick: ScriptedModel) -> AsyncIterator[Hubbub]:
    slow = ScriptedModel(WORDS, name="slow", seconds_between=0.02)
    silent = ScriptedModel(name="silent", seconds_before_first=60)
    async with hubbub_running(tmp_path, quick, slow, silent) as hubbub:
        yield hubbub


@pytest.fixture
async def ann(hubbub: Hubbub) -> aiohttp.ClientSession:
    return await hubbub.person()


@pytest.fixture
async def bob(hubbub: Hubbub) -> aiohttp.ClientSession:
    return await hubbub.person()


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Wired]:
    """The application between OpenAI's clients and a scripted model server."""
    async with wired(tmp_path) as served:
        yield served
