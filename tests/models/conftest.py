"""The outgoing HTTP client and a scripted model server, for the models' tests."""

from collections.abc import AsyncIterator

import pytest

from hubbub.connections.http import Http
from tests.servers.model_server import ModelServer


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    async with Http() as http:
        yield http


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with ModelServer() as server:
        yield server
