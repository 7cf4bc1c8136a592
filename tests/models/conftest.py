"""The outgoing HTTP client and a scripted model server, for the models' tests."""

from collections.abc import AsyncIterator

import pytest

from hubbub.connections.http import Http
from hubbub.models.entra import SignIns
from tests.servers.model_server import ModelServer


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    async with Http() as http:
        yield http


@pytest.fixture
async def sign_ins() -> AsyncIterator[SignIns]:
    async with SignIns() as sign_ins:
        yield sign_ins


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with ModelServer() as server:
        yield server
