"""How many tokens a response would read, by OpenAI's own SDK: estimated, and nothing is asked for it."""

from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest

from tests.web.openai_clients import client_of
from tests.web.openai_wire import PNG, WEATHER, Wired

FUNCTION: dict[str, Any] = {"type": "function", "strict": False, **WEATHER["function"]}


@pytest.fixture
async def client(served: Wired) -> AsyncIterator[openai.AsyncOpenAI]:
    async with client_of(served.base_url, served.key) as client:
        yield client


async def test_all_that_is_read_is_counted(served: Wired, client: openai.AsyncOpenAI) -> None:
    async def count(said: Any, **more: Any) -> int:
        counted = await client.responses.input_tokens.count(model="big", input=said, **more)
        assert counted.object == "response.input_tokens"
        return counted.input_tokens

    plain = await count("word " * 400)
    assert 400 <= plain <= 800
    assert await count([{"role": "user", "content": "word " * 400}]) == plain
    assert await count("漢" * 9_000) > 8_192  # more than the model reads at once
    search = {"type": "file_search", "vector_store_ids": [served.collection_id]}
    pictured = [
        {"type": "input_text", "text": "word " * 400},
        {"type": "input_image", "image_url": PNG, "detail": "auto"},
    ]
    assert await count("word " * 400, instructions="Be brief, and polite.") > plain
    assert await count("word " * 400, tools=[FUNCTION]) > plain
    assert await count("word " * 100, tools=[search]) > await count("word " * 100)
    assert await count([{"role": "user", "content": pictured}]) > plain
    assert not served.upstream.seen
    earlier = await client.responses.create(model="big", input="word " * 400)
    assert await count("And?", previous_response_id=earlier.id) > plain
    conversation = await client.conversations.create(items=[{"role": "user", "content": "word " * 400}])
    assert await count("And?", conversation=conversation.id) > plain
    assert len(served.upstream.seen) == 1


async def test_what_a_response_refuses_is_refused(served: Wired, client: openai.AsyncOpenAI) -> None:
    count = client.responses.input_tokens.count
    with pytest.raises(openai.NotFoundError):
        await count(model="none", input="x")
    for wrong, param in (
        ({"input": ""}, "input"),
        ({"input": "x", "previous_response_id": "resp_none"}, "previous_response_id"),
        (
            {"input": "x", "tools": [{"type": "file_search", "vector_store_ids": ["none"]}]},
            "tools[0].vector_store_ids[0]",
        ),
        ({"input": "x", "personality": "friendly"}, "personality"),
    ):
        fields: Any = wrong
        with pytest.raises(openai.BadRequestError) as caught:
            await count(model="big", **fields)
        assert caught.value.param == param
    assert not served.upstream.seen
