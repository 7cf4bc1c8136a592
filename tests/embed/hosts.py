"""Serve somebody else's application, with a hub in it, on a real port in this process."""

import asyncio
import socket
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from hubbub import Hub
from hubbub.settings import Settings
from tests.servers.model_server import ModelServer

WORDS = " ".join(f"word{number}" for number in range(60))


def settings_in(folder: Path, **tables: Any) -> Settings:
    """Settings of a hub that needs nothing but its folder: one model that answers at once, one that takes its time."""
    given = {
        "server": {"data_folder": folder},
        "embedded": {"is_enabled": False},
        "embeddings": {"provider": "none"},
        "discovery": {"is_enabled": False},
        "models": {
            "quick": {"provider": "scripted", "text": "It goes on."},
            "slow": {"provider": "scripted", "text": WORDS, "pause_seconds": 0.02},
        },
    }
    return Settings(**(given | tables))


def settings_of(folder: Path, server: ModelServer) -> Settings:
    """Settings with the one model that a server has."""
    return settings_in(
        folder, models={"up": {"provider": "compatible", "base_url": server.base_url, "model": "scripted"}}
    )


def hub_in(folder: Path, **more: Any) -> Hub:
    return Hub(settings_in(folder), **more)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ending = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield  # they are the test runner's

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self.ending.wait()


@asynccontextmanager
async def served(app: Any, **options: Any) -> AsyncIterator[str]:
    """Serve as uvicorn does for anybody; give the address. The application is started before and ended after."""
    config = uvicorn.Config(
        app, ws="none", lifespan="on", log_config=None, access_log=False, timeout_graceful_shutdown=2, **options
    )
    server = _Server(config)
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(server.serve([listener]))
            while not server.started:
                assert not serving.done(), "the application did not start"
                await asyncio.sleep(0.005)
            try:
                yield f"http://127.0.0.1:{listener.getsockname()[1]}"
            finally:
                server.ending.set()
