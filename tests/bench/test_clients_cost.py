"""What dialects cost, compared: each is served, and its cost is seen."""

from pathlib import Path

import aiohttp

from bench.clients.cost import DIALECTS, Dialect, Side, measure
from tests.servers.hubbub_server import hubbub_serving, through
from tests.servers.model_server import ModelServer


async def test_each_dialect_is_served_and_costs_something(tmp_path: Path) -> None:
    async with (
        ModelServer() as model,
        hubbub_serving(tmp_path, through(model.base_url)) as server,
        aiohttp.ClientSession() as http,
    ):
        side = Side(server.url, server.process.pid, http)
        for dialect in DIALECTS:
            found = await measure(dialect, (side, side), count=2, rounds=1)
            assert len(found) == 1, dialect.name
            assert min(found[0]) > 0
        elsewhere = Dialect("elsewhere", "/v1/nothing", DIALECTS[0].body)
        assert await measure(elsewhere, (side, side), count=1, rounds=1) == []
