"""The application with bounds, and with models that cost something."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from hubbub.app.application import Application
from hubbub.compose import open_application_within
from hubbub.settings import Settings

Serve: TypeAlias = Callable[..., AbstractAsyncContextManager[Application]]

MODELS: dict[str, Any] = {
    "quick": {"provider": "scripted", "text": "one two three four", "price_input": "2.5", "price_output": "10"},
    "small": {"provider": "scripted", "text": "small talk"},
    "slow": {"provider": "scripted", "text": "word " * 50, "pause_seconds": 0.05, "price_output": "1"},
}


@pytest.fixture
def opened(tmp_path: Path) -> Serve:
    """Opens the application on one folder, with these quotas and models of its own."""

    @asynccontextmanager
    async def open_one(models: dict[str, Any] | None = None, **quotas: Any) -> AsyncIterator[Application]:
        tables = {
            "server": {"data_folder": tmp_path / "data"},
            "discovery": {"is_enabled": False},
            "embedded": {"is_enabled": False},
            "embeddings": {"provider": "none"},
            "guide": {"is_enabled": False},
            "models": models or MODELS,
            "default_model": "quick" if models is None else "",
            "quotas": quotas,
        }
        async with open_application_within(Settings.model_validate(tables)) as application:
            yield application

    return open_one
