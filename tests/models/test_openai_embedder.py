"""Embeddings over OpenAI's wire: batches, order, what is normalised, and what happens when the server fails."""

import asyncio
import json
import math
import os
from struct import unpack

import pytest

from hubbub.connections.http import Http
from hubbub.core.embedding import Embedder
from hubbub.core.errors import ModelError
from hubbub.models import openai_embedder
from hubbub.models.address import Secret, azure_address, compatible_address
from hubbub.models.entra import SignIn, SignIns
from hubbub.models.openai_embedder import BATCH, MAX_CHARACTERS, OpenAiEmbedder
from tests.servers.identity_server import HEADER, IdentityServer
from tests.servers.model_server import ModelServer, Script

BUSY = Script(status=429, headers={"retry-after-ms": "10"}, body=b'{"error":{"message":"slow down"}}')
NO_DIMENSIONS = Script(status=400, body=b'{"error":{"message":"This model does not support specifying dimensions."}}')


@pytest.fixture
def embedder(server: ModelServer, http: Http) -> OpenAiEmbedder:
    return OpenAiEmbedder(compatible_address(server.base_url, "embed", Secret("k")), 8, http)


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai_embedder, "FIRST_PAUSE_SECONDS", 0.01)


def numbers(vector: bytes) -> tuple[float, ...]:
    return unpack(f"<{len(vector) // 4}f", vector)


async def test_vectors_come_in_order_normalised_and_in_batches(server: ModelServer, embedder: OpenAiEmbedder) -> None:
    is_one: Embedder = embedder
    texts = ["x" * number for number in range(BATCH * 2 + 3)]
    vectors = await is_one.embed(texts)
    assert [round(one[0] / one[1]) for one in map(numbers, vectors)] == [max(1, len(text)) for text in texts]
    assert all(math.isclose(math.hypot(*numbers(vector)), 1, abs_tol=1e-6) for vector in vectors)
    assert [len(seen.body["input"]) for seen in server.seen] == [BATCH, BATCH, 3]
    assert (server.seen[0].body["model"], server.seen[0].body["dimensions"]) == ("embed", 8)
    assert server.seen[0].headers["authorization"] == "Bearer k"
    assert (embedder.name, embedder.dimensions) == ("embed/8", 8)
    assert await embedder.embed([]) == []


async def test_a_text_is_cut_where_the_model_stops_reading(server: ModelServer, embedder: OpenAiEmbedder) -> None:
    await embedder.embed(["é" * 100_000, ""], is_urgent=True)
    assert [len(text) for text in server.seen[0].body["input"]] == [MAX_CHARACTERS, 1]


async def test_a_model_without_a_choice_of_dimensions_is_asked_without_from_then_on(
    server: ModelServer, http: Http
) -> None:
    server.scripts.append(NO_DIMENSIONS)
    embedder = OpenAiEmbedder(compatible_address(server.base_url, "ada"), 1536, http)
    assert len(numbers((await embedder.embed(["a"]))[0])) == 1536
    await embedder.embed(["b"])
    assert ["dimensions" in seen.body for seen in server.seen] == [True, False, False]


async def test_a_busy_server_is_asked_again_after_as_long_as_it_says(
    server: ModelServer, embedder: OpenAiEmbedder
) -> None:
    server.scripts.extend([BUSY, Script(status=500), Script(status=503, headers={"retry-after-ms": "10"}), BUSY])
    assert len(await embedder.embed(["a"])) == 1
    assert len(server.seen) == 5


@pytest.mark.parametrize(("is_urgent", "attempts"), [(False, 6), (True, 2)])
async def test_it_is_asked_again_a_few_times_only(
    server: ModelServer, embedder: OpenAiEmbedder, is_urgent: bool, attempts: int
) -> None:
    server.script = BUSY
    with pytest.raises(ModelError, match="slow down") as caught:
        await embedder.embed(["a"], is_urgent=is_urgent)
    assert (caught.value.retryable, len(server.seen)) == (True, attempts)


async def test_a_person_does_not_wait_for_a_server_that_wants_to_be_left_alone(
    server: ModelServer, embedder: OpenAiEmbedder
) -> None:
    server.script = Script(status=429, headers={"retry-after": "60"})
    with pytest.raises(ModelError, match="at its limit") as caught:
        await embedder.embed(["a"], is_urgent=True)
    assert (caught.value.retry_after_seconds, len(server.seen)) == (60, 1)


async def test_a_refusal_is_not_tried_again(server: ModelServer, embedder: OpenAiEmbedder) -> None:
    server.script = Script(status=401, body=b'{"error":{"message":"wrong key k"}}')
    with pytest.raises(ModelError, match="Check the API key"):
        await embedder.embed(["a"])
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    "page",
    [
        b"<html>",
        b'{"data":[]}',
        b'{"data":[{"index":0,"embedding":[1,2]}]}',
        b'{"data":[{"index":0,"embedding":[0,0,0,0,0,0,0,0]}]}',
        b'{"data":[{"index":1,"embedding":[1,0,0,0,0,0,0,0]}]}',
    ],
)
async def test_what_makes_no_sense_is_said_so(server: ModelServer, embedder: OpenAiEmbedder, page: bytes) -> None:
    server.script = Script(body=page)
    with pytest.raises(ModelError, match=r"embeddings\.server") as caught:
        await embedder.embed(["a"])
    assert (caught.value.code, len(server.seen)) == ("bad_answer", 1)


async def test_a_server_that_is_not_there(http: Http) -> None:
    embedder = OpenAiEmbedder(compatible_address("http://127.0.0.1:1/v1", "m"), 8, http)
    with pytest.raises(ModelError, match="can't be reached") as caught:
        await embedder.embed(["a"], is_urgent=True)
    assert caught.value.code == "unreachable"


async def test_a_question_waits_for_no_batch(server: ModelServer, embedder: OpenAiEmbedder) -> None:
    server.script = Script(status=429, headers={"retry-after": "60"})
    background = [asyncio.create_task(embedder.embed(["a"] * 40)) for _ in range(3)]
    await server.until(lambda server: len(server.seen) == 2)  # two at a time; both are left alone for a minute now
    server.script = Script()
    assert len(await embedder.embed(["question"], is_urgent=True)) == 1
    assert len(server.seen) == 3
    for task in background:
        task.cancel()
    await asyncio.gather(*background, return_exceptions=True)


async def test_azure_without_a_key_recovers_from_a_refused_token(
    server: ModelServer, http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("AZURE_")]:
        monkeypatch.delenv(name)
    async with IdentityServer() as identity, SignIns() as sign_ins:
        monkeypatch.setenv("IDENTITY_ENDPOINT", identity.url)
        monkeypatch.setenv("IDENTITY_HEADER", HEADER)
        source = await sign_ins.source(SignIn())
        address = azure_address(server.base_url.removesuffix("/v1"), "emb", source)
        embedder = OpenAiEmbedder(address, 8, http)
        await embedder.embed(["a"])
        server.scripts.append(Script(status=401, body=json.dumps({"error": {"message": "expired"}}).encode()))
        await embedder.embed(["a"])
    assert [seen.headers["authorization"][-1] for seen in server.seen] == ["1", "1", "2"]
    assert server.seen[0].path == "/openai/v1/embeddings"
