"""What is left of a quota, and that it is used up, in the shape of each protocol."""

import re
import struct
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import openai
import pytest

from hubbub.connections.sqlite import Sqlite
from hubbub.models.scripted import ScriptedModel
from hubbub.usage.bounds import read_bound
from hubbub.usage.meter import Meter
from hubbub.usage.prices import Price
from hubbub.usage.quotas import Rules
from hubbub.usage.sqlite import SqliteUsage
from tests.servers.reader import ask, read_all
from tests.web.application import Hubbub, hubbub_running
from tests.web.openai_clients import client_of

PRICE = Price(input=10_000, output=10_000)
TURNS = [{"role": "user", "content": "Hello"}]


@asynccontextmanager
async def bounded(folder: Path, *person: str, **more: Any) -> AsyncIterator[Hubbub]:
    rules = Rules(person=tuple(map(read_bound, person)), currency="EUR", over=more.pop("over", ""))
    async with Sqlite(folder / "hubbub.db") as database, SqliteUsage(database) as store:
        meter = Meter(store, rules=rules, prices={"scripted": PRICE, "small": PRICE})
        models = [ScriptedModel(), ScriptedModel(["a ", "little"], name="small")]
        async with hubbub_running(folder, *models, meter=meter, **more) as hubbub:
            yield hubbub


OPENAI = {
    "/v1/chat/completions": {"model": "scripted", "messages": TURNS},
    "/v1/chat/completions#stream": {"model": "scripted", "messages": TURNS, "stream": True},
    "/v1/completions": {"model": "scripted", "prompt": "Hello"},
    "/v1/responses": {"model": "scripted", "input": "Hello"},
    "/v1/responses#stream": {"model": "scripted", "input": "Hello", "stream": True},
    "/openai/deployments/scripted/chat/completions?api-version=2024-10-21": {"messages": TURNS},
}
SAMPLES = {
    "/chat": {"messages": TURNS},
    "/chat/stream": {"messages": TURNS},
    "/ask": {"messages": TURNS},
    "/v0/chat": {"messages": TURNS},
    "/v0/chat/stream": {"messages": TURNS},
}


async def refused(hubbub: Hubbub, path: str, body: Any) -> tuple[Any, Any]:
    """Return body and headers of the refusal."""
    person = await hubbub.person()
    async with person.post("/api/collections", json={"name": "For those that search"}) as response:
        assert response.status == 201
    await read_all(person, "", (await ask(person, ""))["answer"]["id"])
    async with person.post(path.partition("#")[0], json=body) as response:
        assert response.status == 429, await response.text()
        assert 0 < int(response.headers["retry-after"]) <= 86_400
        return await response.json(), response.headers


@pytest.mark.parametrize("path", OPENAI)
async def test_openais_protocols_tell_it_as_openai_does(tmp_path: Path, path: str) -> None:
    async with bounded(tmp_path, "1 questions per day") as hubbub:
        body, headers = await refused(hubbub, path, OPENAI[path])
    assert body["error"]["code"] == "rate_limit_exceeded"
    assert body["error"]["type"] == "requests"
    assert "Your quota is used up: 1 question per day" in body["error"]["message"]
    assert headers["x-ratelimit-remaining-requests"] == "0"
    assert re.fullmatch(r"(\d+h)?(\d+m)?\d+s", headers["x-ratelimit-reset-requests"])
    assert (headers.get("x-should-retry") == "false") == (int(headers["retry-after"]) > 60)


async def test_an_answer_beside_another_counts_as_one_more(tmp_path: Path) -> None:
    async with bounded(tmp_path, "2 questions per day") as hubbub:
        person = await hubbub.person()
        asked = await ask(person, "")
        path = f"/api/questions/{asked['question']['id']}/answers"
        for status in (202, 429):
            async with person.post(path, json={"model": "small", "beside": asked["answer"]["id"]}) as response:
                assert response.status == status
        async with person.get(f"/api/chats/{asked['chat']['id']}") as response:
            assert len((await response.json())["messages"]) == 3, "what is refused leaves nothing behind"


@pytest.mark.parametrize("path", SAMPLES)
async def test_the_samples_protocols_tell_it_as_they_do(tmp_path: Path, path: str) -> None:
    async with bounded(tmp_path, "1 questions per day") as hubbub:
        body, _ = await refused(hubbub, path, SAMPLES[path])
    assert "Your quota is used up" in body["error"]
    assert body["code"] == "over_quota"


async def test_our_own_tells_a_problem(tmp_path: Path) -> None:
    async with bounded(tmp_path, "1 questions per day") as hubbub:
        body, headers = await refused(hubbub, "/api/questions", {"text": "Hello"})
    assert headers["content-type"] == "application/problem+json"
    assert (body["code"], body["status"]) == ("over_quota", 429)
    assert 0 < body["retry_after_seconds"] <= 86_400


@pytest.mark.parametrize(
    ("bound", "kind", "code"),
    [
        ("60 tokens per month", "tokens", "rate_limit_exceeded"),
        ("0.00001 money per month", "insufficient_quota", "insufficient_quota"),
    ],
)
async def test_tokens_and_money_are_told_apart(tmp_path: Path, bound: str, kind: str, code: str) -> None:
    async with bounded(tmp_path, bound) as hubbub, hubbub_client(hubbub) as client:
        with pytest.raises(openai.RateLimitError) as error:
            await client.chat.completions.create(model="scripted", messages=TURNS)  # type: ignore[arg-type]
    assert (error.value.type, error.value.code) == (kind, code)


@asynccontextmanager
async def hubbub_client(hubbub: Hubbub) -> AsyncIterator[openai.AsyncOpenAI]:
    program = await hubbub.program("p")
    key = program.headers["Authorization"].removeprefix("Bearer ")
    async with client_of(f"{hubbub.url}/v1", key) as client:
        yield client


async def test_what_is_left_is_told_in_openais_headers(tmp_path: Path) -> None:
    bounds = ("3 questions per hour", "90 questions per day", "9000 tokens per day")
    async with bounded(tmp_path, *bounds) as hubbub, hubbub_client(hubbub) as client:
        for left in (2, 1, 0):
            reply = await client.chat.completions.with_raw_response.create(
                model="scripted",
                messages=TURNS,  # type: ignore[arg-type]
            )
            headers = reply.headers
            assert headers["x-ratelimit-limit-requests"] == "3"
            assert headers["x-ratelimit-remaining-requests"] == str(left)
            assert re.fullmatch(r"(\d+m)?\d+s|1h0m0s", headers["x-ratelimit-reset-requests"])
            assert headers["x-ratelimit-limit-tokens"] == "9000"
            assert 0 < int(headers["x-ratelimit-remaining-tokens"]) < 9000


async def test_nothing_is_told_where_no_quota_is_set(hubbub: Hubbub) -> None:
    program = await hubbub.program("p")
    async with program.get("/api/usage") as response:
        assert await response.json() == {"bounds": [], "over": None, "currency": ""}
    async with program.post("/v1/chat/completions", json=OPENAI["/v1/chat/completions"]) as response:
        assert not [name for name in response.headers if name.lower().startswith("x-ratelimit-limit-tokens")]


async def test_everybody_sees_what_they_have_used(tmp_path: Path) -> None:
    async with bounded(tmp_path, "5 questions per day", "2 money per month") as hubbub:
        person = await hubbub.person()
        for _ in range(4):
            await read_all(person, "", (await ask(person, ""))["answer"]["id"])
        async with person.get("/api/usage") as response:
            questions, money = (await response.json())["bounds"]
        assert (questions["limit"], questions["used"], questions["remaining"]) == (5, 4, 1)
        assert (questions["is_near"], questions["is_over"]) == (True, False)
        assert questions["text"] == "5 questions per day"
        assert time.time() < questions["resets_at"] <= time.time() + 86_400
        assert (money["limit"], money["text"], money["is_near"]) == ("2.00", "2.00 EUR per month", False)
        assert money["used"].startswith("0.0001")


async def test_a_smaller_model_answers_over_v1_too(tmp_path: Path) -> None:
    async with bounded(tmp_path, "1 questions per day", over="small") as hubbub, hubbub_client(hubbub) as client:
        texts = [
            (await client.chat.completions.create(model="scripted", messages=TURNS)).choices[0].message.content  # type: ignore[arg-type]
            for _ in range(2)
        ]
    assert texts == ["This is a scripted answer.", "a little"]


async def test_operators_read_reports_and_others_do_not(tmp_path: Path) -> None:
    async with bounded(tmp_path, "9 questions per day", has_local_operators=True) as hubbub:
        person = await hubbub.person()
        await read_all(person, "", (await ask(person, ""))["answer"]["id"])
        async with person.get("/api/operators/usage?by=model") as response:
            assert response.status == 200
            (line,) = (await response.json())["lines"]
        assert (line["name"], line["questions"], line["estimated"]) == ("scripted", 1, 0)
        assert float(line["money"]) == (line["input_tokens"] + line["output_tokens"]) / 1e6
        async with person.get("/api/operators/usage?by=person&format=csv") as response:
            rows = (await response.text()).splitlines()
            assert rows[0].startswith("name,questions,records")
            assert len(rows) == 2
        for query, status in (("by=shoe", 422), ("from=yesterday", 422), ("from=2026-01-02&to=2026-01-01", 422)):
            async with person.get(f"/api/operators/usage?{query}") as response:
                assert response.status == status
        async with person.get("/operators/usage") as response:
            page = await response.text()
            assert response.status == 200
            assert "By model" in page
            assert "<rect" in page
        async with person.get("/metrics") as response:
            figures = await response.text()
        assert re.search(r'hubbub_model_output_tokens_total\{process="\d+",model="scripted"\} 5\n', figures)
        for path in ("/api/operators/usage", "/operators/usage"):
            async with person.get(path, headers={"x-forwarded-for": "203.0.113.9"}) as response:
                assert response.status == 404


class Numbers:
    """An embedder that makes a vector of the length of a text."""

    name, dimensions = "numbers/2", 2

    async def embed(self, texts: Sequence[str], *, is_urgent: bool = False) -> list[bytes]:
        return [struct.pack("<2f", 1.0, len(text)) for text in texts]


async def test_embeddings_count_as_tokens_and_as_no_question(tmp_path: Path) -> None:
    bounds = ("1 questions per day", "100 tokens per day")
    async with bounded(tmp_path, *bounds, embedder=Numbers(), has_local_operators=True) as hubbub:
        program = await hubbub.program("p")
        body = {"model": "numbers", "input": ["a" * 160, "b" * 160]}
        async with program.post("/v1/embeddings", json=body) as response:
            assert response.status == 200
            assert response.headers["x-ratelimit-remaining-tokens"] == "20"
        async with program.post("/v1/embeddings", json=body) as response:
            assert response.status == 429
            assert (await response.json())["error"]["type"] == "tokens"
        async with program.get("/api/usage") as response:
            assert [bound["used"] for bound in (await response.json())["bounds"]] == [0, 80]
        async with program.get("/api/operators/usage?by=model") as response:
            (line,) = (await response.json())["lines"]
    assert (line["name"], line["questions"], line["input_tokens"], line["estimated"]) == ("numbers/2", 0, 80, 1)
