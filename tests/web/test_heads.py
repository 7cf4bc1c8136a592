"""HEAD is answered wherever GET is: the same status and headers, without a body, and without an end to wait for."""

import aiohttp
import pytest

from tests.servers.reader import ask
from tests.web.application import Hubbub
from tests.web.openai_wire import Wired

VARYING = {"date", "x-request-id"}


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/big", "/v1/models/none", "/api/chats", "/livez"])
async def test_it_says_what_get_says(served: Wired, path: str) -> None:
    async with served.http.get(path) as got, served.http.head(path) as response:
        assert response.status == got.status
        assert await response.read() == b""
        headers = [{k: v for k, v in one.headers.items() if k.lower() not in VARYING} for one in (got, response)]
        assert headers[1] == headers[0]
        assert int(response.headers["content-length"]) == len(await got.read()) > 0


async def test_it_ends_where_a_stream_would_go_on(ann: aiohttp.ClientSession, hubbub: Hubbub) -> None:
    asked = await ask(ann, "", "Slowly", model="slow")
    path = f"/api/answers/{asked['answer']['id']}/events"
    async with ann.head(path) as response:
        assert (response.status, response.content_type) == (200, "text/event-stream")
    body = {"model": "slow", "input": "Slowly", "background": True}
    async with ann.post("/v1/responses", json=body) as response:
        response_id = (await response.json())["id"]
    async with ann.head(f"/v1/responses/{response_id}?stream=true") as response:
        assert (response.status, response.content_type) == (200, "text/event-stream")
    assert hubbub.services.runner.open_count == 2  # and what is made goes on


async def test_what_has_no_get_has_no_head(served: Wired) -> None:
    async with served.http.head("/v1/embeddings") as response:
        assert (response.status, response.headers["allow"]) == (405, "POST")
    async with served.http.post("/v1/models", json={}) as response:
        assert (response.status, response.headers["allow"]) == (405, "GET, HEAD")
    async with served.http.head("/v1/nothing") as response:
        assert response.status == 404
