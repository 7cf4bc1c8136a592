"""The addresses of OpenAI's and Azure OpenAI's clients: the aliases, completions, and what is nowhere."""

from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest

from tests.servers.model_server import Script
from tests.web.openai_clients import client_of
from tests.web.openai_wire import Wired, told

HELLO: Any = [{"role": "user", "content": "Hello"}]
SAID = "Hello, wörld!"


@pytest.fixture
async def client(served: Wired) -> AsyncIterator[openai.AsyncOpenAI]:
    async with client_of(served.base_url, served.key) as client:
        yield client


@pytest.mark.parametrize("is_in_address", [False, True])
async def test_a_client_of_azure(served: Wired, is_in_address: bool) -> None:
    named: Any = {"azure_deployment": "big"} if is_in_address else {}
    address = served.hubbub.url
    async with openai.AsyncAzureOpenAI(
        azure_endpoint=address, api_key=served.key, api_version="2024-10-21", max_retries=0, **named
    ) as azure:
        model = "whatever" if is_in_address else "big"
        reply = await azure.chat.completions.create(model=model, messages=HELLO)
        assert (reply.choices[0].message.content, reply.model) == (SAID, "big")
        stream = await azure.chat.completions.create(model=model, messages=HELLO, stream=True)
        assert "".join([chunk.choices[0].delta.content or "" async for chunk in stream]) == SAID
        assert (await azure.completions.create(model=model, prompt="Hello")).choices[0].text == SAID
        if not is_in_address:
            assert (await azure.responses.create(model="big", input="Hello")).output_text == SAID
            assert (await azure.embeddings.create(model="topics-1", input="Hello")).data[0].embedding
            with pytest.raises(openai.NotFoundError) as caught:
                await azure.chat.completions.create(model="none", messages=HELLO)
            assert caught.value.code == "model_not_found"


async def test_names_with_odd_characters_in_an_address(served: Wired) -> None:
    body = {"messages": HELLO}
    async with served.http.post(
        "/openai/deployments/big%2BStaff%20%2B%20Handbook/chat/completions", json=body
    ) as reply:
        assert (await reply.json())["model"] == "big+Staff + Handbook"
    async with served.http.post("/openai/deployments/org/model/chat/completions", json=body) as reply:
        assert reply.status == 404
        assert "'org/model'" in (await told(reply))["message"]


async def test_azures_newer_address(served: Wired) -> None:
    async with openai.AsyncOpenAI(base_url=f"{served.hubbub.url}/openai/v1", api_key=served.key) as client:
        assert (await client.responses.create(model="big", input="Hello")).output_text == SAID
        assert "big" in [model.id async for model in client.models.list()]


UNKNOWN = [
    *("/v1/nothing", "/v1/chat/nothing", "/openai/nothing", "/openai/v1/nothing", "/openai/deployments/big/nothing"),
    *("/completions", "/responses", "/embeddings", "/v1/audio/speech"),
]


@pytest.mark.parametrize("path", UNKNOWN)
async def test_what_is_nowhere_is_404_in_openais_words(served: Wired, path: str) -> None:
    for method in ("POST", "DELETE", "PUT"):
        async with served.http.request(method, path, json={}) as response:
            assert response.status == 404
            assert (await told(response))["code"] == "not_found"


async def test_what_is_nowhere_else_is_404_too(served: Wired) -> None:
    async with served.http.post("/nothing/at/all", json={}) as response:
        assert (response.status, response.content_type) == (404, "application/problem+json")
    async with served.http.post("/", json={}) as response:
        assert response.status == 405
    async with served.http.post("/chat/nothing", json={}) as response:
        assert (response.status, list(await response.json())) == (404, ["error", "code"])


async def test_completions(client: openai.AsyncOpenAI, served: Wired) -> None:
    reply = await client.completions.create(model="big", prompt=["Hello"], max_tokens=50, best_of=1, temperature=0.5)
    assert (reply.object, reply.choices[0].text, reply.choices[0].finish_reason) == ("text_completion", SAID, "stop")
    assert reply.usage is not None and reply.usage.total_tokens == 11
    sent = served.upstream.seen[-1].body
    assert (sent["messages"], sent["temperature"], sent["max_tokens"]) == (HELLO, 0.5, 50)
    stream = await client.completions.create(
        model="big", prompt="Hello", stream=True, stream_options={"include_usage": True}
    )
    *chunks, last = [chunk async for chunk in stream]
    assert "".join(chunk.choices[0].text for chunk in chunks) == SAID
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert last.usage is not None and last.usage.prompt_tokens == 7


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"suffix": "."}, "suffix"),
        ({"echo": True}, "echo"),
        ({"n": 2}, "n"),
        ({"best_of": 3}, "best_of"),
        ({"logprobs": 1}, "logprobs"),
        ({"logit_bias": {"1": 1}}, "logit_bias"),
        ({"prompt": ["a", "b"]}, "prompt"),
        ({"prompt": [1, 2]}, "prompt"),
        ({"prompt": ""}, "prompt"),
        ({"model": None}, "model"),
        ({"unknown": 1}, "unknown"),
    ],
)
async def test_what_completions_can_not_do(served: Wired, fields: dict[str, Any], param: str) -> None:
    async with served.http.post("/v1/completions", json={"model": "big", "prompt": "Hello", **fields}) as response:
        assert response.status == 400
        assert (await told(response))["param"] == param
    assert not served.upstream.seen


@pytest.mark.parametrize("path", ["chat/completions", "responses", "completions"])
@pytest.mark.parametrize("is_stream", [False, True])
async def test_a_quota_of_the_model_is_told_as_one(served: Wired, path: str, is_stream: bool) -> None:
    body = (
        b'{"error":{"message":"Rate limit reached for tokens per min.","type":"tokens","code":"rate_limit_exceeded"}}'
    )
    served.upstream.script = Script(status=429, body=body, headers={"Retry-After": "47"})
    asked: dict[str, Any] = {"model": "big", "messages": HELLO, "stream": is_stream}
    asked |= {"prompt": "Hello", "input": "Hello", "store": False}
    for name in {"messages", "prompt", "input", "store"} - {
        "chat/completions": {"messages"},
        "responses": {"input", "store"},
        "completions": {"prompt"},
    }[path]:
        del asked[name]
    async with served.http.post(f"/v1/{path}", json=asked) as response:
        assert response.status == 429
        assert 40 <= int(response.headers["retry-after"]) <= 47
        assert (await told(response))["code"] == "rate_limit_exceeded"
