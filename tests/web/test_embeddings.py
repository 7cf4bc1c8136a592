"""Embeddings over HTTP: what is embedded, what is refused, and that nobody waits long for somebody else's."""

import asyncio
import base64
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openai
import pytest

from hubbub.app.limits import RequestLimits
from hubbub.core.documents import Vector
from hubbub.core.errors import ModelError
from hubbub.testing.search import TopicEmbedder
from hubbub.web.dialects.embeddings import MOST_TEXTS
from tests.patience import patience
from tests.web.application import hubbub_running
from tests.web.openai_wire import Wired, told, wired

PATH = "/v1/embeddings"


class Gated(TopicEmbedder):
    """Embeds when it may, and notes what it was asked."""

    def __init__(self) -> None:
        super().__init__("topics/4")
        self.gate = asyncio.Event()
        self.asked: list[tuple[int, bool]] = []
        self.at_once = 0
        self.most_at_once = 0

    async def embed(self, texts: Sequence[str], *, is_urgent: bool = False) -> list[Vector]:
        self.asked.append((len(texts), is_urgent))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.gate.wait()
        finally:
            self.at_once -= 1
        return await super().embed(texts)


async def test_texts_become_vectors(served: Wired) -> None:
    texts = ["a cat", "the bank", "Köln in the rain"]
    async with served.http.post(PATH, json={"model": "topics-1", "input": texts, "user": "me"}) as response:
        assert response.status == 200
        assert response.headers["x-request-id"].startswith("req_")
        reply = await response.json()
    assert (reply["object"], reply["model"]) == ("list", "topics-1")
    assert [part["index"] for part in reply["data"]] == [0, 1, 2]
    assert {part["object"] for part in reply["data"]} == {"embedding"}
    assert reply["usage"]["prompt_tokens"] == reply["usage"]["total_tokens"] == 2 + 3 + 5
    vectors = await served.embedder.embed(texts)
    assert [struct.pack("<4f", *part["embedding"]) for part in reply["data"]] == vectors
    body = {"model": "topics-1", "input": texts[0], "encoding_format": "base64", "dimensions": 4}
    async with served.http.post(PATH, json=body) as response:
        [part] = (await response.json())["data"]
    assert base64.b64decode(part["embedding"]) == vectors[0]


BAD: dict[str, tuple[dict[str, Any], int, str, str | None, str]] = {
    # what is changed in a good request: status, code, param, and a part of the message
    "no model": ({"model": None}, 400, "invalid_value", "model", "'topics-1'"),
    "another model": ({"model": "text-embedding-3-small"}, 404, "model_not_found", "model", "'topics-1'"),
    "a chat model": ({"model": "big"}, 404, "model_not_found", "model", "'topics-1'"),
    "model no string": ({"model": 1}, 400, "invalid_type", "model", "str"),
    "no input": ({"input": None}, 400, "invalid_type", "input", "list of texts"),
    "empty input": ({"input": ""}, 400, "invalid_value", "input", "empty"),
    "empty list": ({"input": []}, 400, "invalid_value", "input", "0 texts"),
    "an empty text": ({"input": ["a", " "]}, 400, "invalid_value", "input[1]", "empty"),
    "too many": ({"input": ["a"] * (MOST_TEXTS + 1)}, 400, "invalid_value", "input", "1 to 2,048"),
    "tokens": ({"input": [1, 2]}, 400, "invalid_type", "input[0]", "Send texts"),
    "lists of tokens": ({"input": [[1, 2], [3]]}, 400, "invalid_type", "input[0]", "vocabulary"),
    "an object": ({"input": {"text": "a"}}, 400, "invalid_type", "input", "list of texts"),
    "objects": ({"input": ["a", {"text": "a"}]}, 400, "invalid_type", "input[1]", "has to be a text"),
    "dimensions": ({"dimensions": 2}, 400, "invalid_value", "dimensions", "4 numbers"),
    "format": ({"encoding_format": "int8"}, 400, "invalid_type", "encoding_format", "int8"),
}


async def test_each_bad_input_is_refused_by_its_name(tmp_path: Path) -> None:
    async with wired(tmp_path, limits=RequestLimits()) as served:
        for name, (change, status, code, param, part) in BAD.items():
            body = {"model": "topics-1", "input": "a cat"} | change
            async with served.http.post(
                PATH, json={key: one for key, one in body.items() if one is not None}
            ) as response:
                assert response.status == status, (name, await response.text())
                error = await told(response)
            assert (error["type"], error["code"], error["param"]) == ("invalid_request_error", code, param), (
                name,
                error,
            )
            assert part in error["message"], (name, error)


async def test_without_an_embedder_there_is_no_such_model(tmp_path: Path) -> None:
    async with (
        hubbub_running(tmp_path) as hubbub,
        (await hubbub.guest()).post(PATH, json={"model": "any", "input": "a"}) as response,
    ):
        error = await told(response)
        assert (response.status, error["code"]) == (404, "model_not_found")
        assert "embeddings.provider" in error["message"]


@pytest.mark.parametrize(
    ("failure", "status", "code", "retry_after"),
    [
        (ModelError("Too many texts wait.", code="busy"), 503, "overloaded", "5"),
        (ModelError("It is closed.", code="closed", retryable=False), 502, "closed", None),
        (ModelError("It failed.", code="failed"), 502, "failed", None),
    ],
)
async def test_an_embedder_that_fails(
    served: Wired, failure: ModelError, status: int, code: str, retry_after: str | None
) -> None:
    served.embedder.failure = failure
    async with served.http.post(PATH, json={"model": "topics-1", "input": "a"}) as response:
        error = await told(response)
        assert (response.status, error["type"], error["code"]) == (status, "server_error", code)
        assert response.headers.get("retry-after") == retry_after
        assert response.headers.get("x-should-retry") == (None if failure.retryable else "false")


async def test_many_are_embedded_piece_by_piece_and_nobodys_search_waits(tmp_path: Path) -> None:
    embedder = Gated()
    async with (
        hubbub_running(tmp_path, embedder=embedder, limits=RequestLimits()) as hubbub,
        openai.AsyncOpenAI(base_url=f"{hubbub.url}/v1", api_key="sk-any", max_retries=0, timeout=60) as client,
    ):
        assert (await client.models.retrieve("topics")).id == "topics"
        texts = ["a cat", "money"] * 500
        asking = [asyncio.create_task(client.embeddings.create(model="topics", input=texts)) for _ in range(40)]
        done, _ = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
        error = next(iter(done)).exception()
        assert isinstance(error, openai.InternalServerError)
        assert (error.status_code, error.code, error.response.headers["retry-after"]) == (503, "overloaded", "10")
        embedder.gate.set()
        replies = await asyncio.gather(*asking, return_exceptions=True)
    kept = [reply for reply in replies if not isinstance(reply, BaseException)]
    assert len(kept) == 32
    assert all(len(reply.data) == 1000 for reply in kept)
    assert kept[0].data[0].embedding[0] > 0.9 and kept[0].data[999].embedding[1] > 0.9
    assert embedder.most_at_once == 2
    assert {is_urgent for _, is_urgent in embedder.asked} == {False}
    assert max(size for size, _ in embedder.asked) == 16


async def test_who_leaves_is_not_embedded_for(tmp_path: Path) -> None:
    embedder = Gated()
    async with hubbub_running(tmp_path, embedder=embedder) as hubbub:
        guest = await hubbub.guest()
        asking = asyncio.create_task(guest.post(PATH, json={"model": "topics/4", "input": ["a"] * 100}).__aenter__())
        async with patience():
            while not embedder.at_once:
                await asyncio.sleep(0.005)
            asking.cancel()
            while embedder.at_once:
                await asyncio.sleep(0.005)
        embedder.gate.set()
        async with guest.post(PATH, json={"model": "topics", "input": "a"}) as response:
            assert response.status == 200
    assert [size for size, _ in embedder.asked] == [16, 1]


async def test_a_short_request_passes_long_ones_by(tmp_path: Path) -> None:
    embedder = Gated()
    embedder.gate.set()
    body = {"model": "topics", "input": ["a"] * 1600}
    async with hubbub_running(tmp_path, embedder=embedder) as hubbub:
        http = await hubbub.guest()
        long = [asyncio.create_task(http.post(PATH, json=body).__aenter__()) for _ in range(3)]
        while len(embedder.asked) < 5:
            await asyncio.sleep(0)
        async with http.post(PATH, json={"model": "topics", "input": "a"}) as response:
            assert response.status == 200
        assert len(embedder.asked) < 250, "most of the 300 pieces of the others are still to come"
        for task in long:
            task.cancel()
        await asyncio.wait(long)
