"""OpenAI's Responses where several workers serve, and where the server dies: who made one does not matter."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest

from tests.servers.hubbub_server import hubbub_serving, scripted, through, workers_of
from tests.servers.model_server import ModelServer, Script

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes by /proc")

WORKERS = {"HUBBUB_SERVER__WORKERS": "2"}
READERS = 16
"""Each with a connection of its own: that none of them comes to the second worker happens once in 30,000 times."""


@asynccontextmanager
async def new_connections(url: str) -> AsyncIterator[openai.AsyncOpenAI]:
    """A client that makes a connection a request."""
    http = openai.DefaultAsyncHttpxClient(headers={"Connection": "close"}, timeout=20)
    async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0, http_client=http) as client:
        yield client


async def read(client: openai.AsyncOpenAI, response_id: str, after: int = -1) -> list[dict[str, Any]]:
    more: Any = {} if after < 0 else {"starting_after": after}
    stream = await client.responses.retrieve(response_id, stream=True, **more)
    return [event.model_dump(exclude_unset=True) async for event in stream]


async def test_others_tell_what_one_makes(tmp_path: Path) -> None:
    variables = scripted(words=100, pause_seconds=0.01) | WORKERS
    async with hubbub_serving(tmp_path, variables) as server, new_connections(server.url) as client:
        made = await client.responses.create(model="scripted", input="Hello", background=True)
        begun = await asyncio.gather(*(client.responses.retrieve(made.id) for _ in range(READERS)))
        assert {one.status for one in begun} <= {"queued", "in_progress"}
        whole = await read(client, made.id)
        assert [event["sequence_number"] for event in whole] == list(range(len(whole)))
        assert whole[-1]["response"]["status"] == "completed"
        parts = await asyncio.gather(*(read(client, made.id, number) for number in range(READERS)))
        for number, part in enumerate(parts):
            assert part == whole[number + 1 :]
        again = await client.responses.create(model="scripted", input="Hello", background=True)
        everybody = await asyncio.gather(*(read(client, again.id) for _ in range(READERS)))  # while it is made
        assert everybody[0][-1]["response"]["status"] == "completed"
        assert all(one == everybody[0] for one in everybody)


async def test_any_of_them_cancels_and_what_it_is_made_from_is_closed(tmp_path: Path) -> None:
    async with ModelServer(Script(tokens=["word "] * 100_000, seconds_between=0.02)) as model_server:
        variables = through(model_server.base_url) | WORKERS
        async with hubbub_serving(tmp_path, variables) as server, new_connections(server.url) as client:
            made = [
                await client.responses.create(model="up", input="Hello", background=True) for _ in range(READERS // 2)
            ]
            await model_server.until(lambda one: one.open_requests == len(made), 10)
            cancelled = await asyncio.gather(*(client.responses.cancel(one.id) for one in made))
            await model_server.until(lambda one: one.open_requests == 0)
            assert {one.status for one in cancelled} == {"cancelled"}
            again = await asyncio.gather(*(client.responses.cancel(one.id) for one in made))
            assert again == cancelled


async def test_what_a_dead_worker_was_to_make_is_made_by_another(tmp_path: Path) -> None:
    async with ModelServer(Script(stall_before="first_token")) as model_server:
        variables = through(model_server.base_url) | WORKERS
        async with hubbub_serving(tmp_path, variables) as server, new_connections(server.url) as client:
            made = await client.responses.create(model="up", input="Hello", background=True)
            await model_server.until(lambda one: one.open_requests == 1, 10)
            model_server.script = Script()
            reading = asyncio.create_task(_patiently(client, made.id))
            for pid in workers_of(server):
                os.kill(pid, signal.SIGKILL)
            events = await reading
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert events[-1]["response"]["status"] == "completed"
    assert "".join(event["delta"] for event in events if event["type"].endswith("delta")) == "Hello, wörld!"


async def test_it_survives_the_servers_death(tmp_path: Path) -> None:
    async with ModelServer(Script(stall_before="first_token")) as model_server:
        variables = through(model_server.base_url)
        async with hubbub_serving(tmp_path, variables) as server, new_connections(server.url) as client:
            made = await client.responses.create(model="up", input="Hello", background=True, metadata={"a": "b"})
            await model_server.until(lambda one: one.open_requests == 1, 10)
            await server.kill()
        model_server.script = Script()
        async with hubbub_serving(tmp_path, variables) as server, new_connections(server.url) as client:
            events = await _patiently(client, made.id)
            response = await client.responses.retrieve(made.id)
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert (response.status, response.output_text, response.metadata) == ("completed", "Hello, wörld!", {"a": "b"})


async def _patiently(client: openai.AsyncOpenAI, response_id: str) -> list[dict[str, Any]]:
    """Read to the end; where the connection breaks, come again behind the last event that came, as programs do."""
    events: list[dict[str, Any]] = []
    async with asyncio.timeout(60):
        while not events or events[-1]["type"] != "response.completed":
            try:
                last = events[-1]["sequence_number"] if events else -1
                more: Any = {} if last < 0 else {"starting_after": last}
                async for event in await client.responses.retrieve(response_id, stream=True, **more):
                    events.append(event.model_dump(exclude_unset=True))  # noqa: PERF401 # a break leaves what came
            except (openai.APIConnectionError, httpx2.TransportError):
                await asyncio.sleep(0.2)
    return events
