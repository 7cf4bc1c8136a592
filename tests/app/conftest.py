"""The application as `hubbub serve` has it, without anything that serves it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hubbub.app.application import Application
from hubbub.compose import open_application_within
from hubbub.settings import Settings


@pytest.fixture
async def application(tmp_path: Path) -> AsyncIterator[Application]:
    tables = {
        "server": {"data_folder": tmp_path / "data"},
        "discovery": {"is_enabled": False},
        "embedded": {"is_enabled": False},
        "embeddings": {"provider": "none"},
        "guide": {"is_enabled": False},
        "models": {"quick": {"provider": "scripted"}, "slow": {"provider": "scripted", "pause_seconds": 60}},
        "default_model": "quick",
    }
    async with open_application_within(Settings.model_validate(tables)) as application:
        yield application
