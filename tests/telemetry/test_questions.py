"""Questions to a server that sends what happens to them to a collector."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from tests.patience import patience
from tests.servers.collector import Collector, facts
from tests.servers.hubbub_server import HubbubServer, hubbub_serving, through
from tests.servers.model_server import ModelServer, Script
from tests.servers.reader import ask

pytestmark = pytest.mark.asyncio(loop_scope="module")

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
CALLED = {"traceparent": f"00-{TRACE}-{PARENT}-01", "tracestate": "vendor=1"}
WORDS = ("quokka", "wombat", "numbat")
"""The words of the question, the answer and the document: none of them is ever sent."""
COMPLETIONS = "/v1/chat/completions"


@dataclass
class Served:
    server: HubbubServer
    model: ModelServer
    collector: Collector
    http: aiohttp.ClientSession

    async def ask(self, text: str = WORDS[0], **more: Any) -> tuple[int, Any]:
        body = {"model": "up", "messages": [{"role": "user", "content": text}], **more}
        async with self.http.post(self.server.url + COMPLETIONS, json=body, headers=CALLED) as response:
            return response.status, await response.json()


@asynccontextmanager
async def serving(folder: Path, variables: Mapping[str, str]) -> AsyncIterator[Served]:
    once = aiohttp.TCPConnector(force_close=True)  # between two tests a connection may have been closed
    async with Collector() as collector, ModelServer() as model, aiohttp.ClientSession(connector=once) as http:
        sent = {
            "HUBBUB_TELEMETRY__ENDPOINT": collector.url,
            "HUBBUB_TELEMETRY__METRICS_SECONDS": "0.2",
            **through(model.base_url),
            **variables,
        }
        async with hubbub_serving(folder, sent) as server:
            yield Served(server, model, collector, http)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    async with ModelServer() as well, ModelServer(Script(status=500, body=b"{}")) as ill:
        pool = {
            **through(well.base_url, "well"),
            **through(ill.base_url, "ill"),
            "HUBBUB_MODELS__BOTH__PROVIDER": "pool",
            "HUBBUB_MODELS__BOTH__MEMBERS": '[{"model": "ill"}, {"model": "well", "priority": 1}]',
        }
        async with serving(tmp_path_factory.mktemp("telemetry"), pool) as served:
            yield served


@pytest.fixture(autouse=True)
def _anew(request: pytest.FixtureRequest) -> None:
    if "served" in request.fixturenames:
        served: Served = request.getfixturevalue("served")
        served.model.script = Script(tokens=(WORDS[1], "!"))
        served.model.seen.clear()
        for kept in (served.collector.requests, served.collector.bodies):
            kept.clear()


async def test_each_step_of_a_question_is_a_span_of_the_callers_trace(served: Served) -> None:
    assert (await served.ask())[0] == 200
    await served.collector.until(lambda it: it.named("question"))
    spans = {span.name: span for span in served.collector.spans}
    assert set(spans) == {"question", "store", "admission", "chat scripted", "finish"}
    question, chat = spans["question"], spans["chat scripted"]
    assert {span.trace_id.hex() for span in spans.values()} == {TRACE}
    assert question.parent_span_id.hex() == PARENT
    assert all(span.parent_span_id == question.span_id for span in spans.values() if span is not question)
    told = facts(question.attributes)
    assert told["hubbub.answer.ending"] == "done"
    assert (told["hubbub.model"], told["hubbub.way"]) == ("up", "chat")
    assert (told["http.request.method"], told["url.path"]) == ("POST", COMPLETIONS)
    assert (question.kind, chat.kind) == (2, 3)
    told = facts(chat.attributes)
    assert told["gen_ai.operation.name"] == "chat"
    assert told["gen_ai.provider.name"] == "openai"
    assert told["gen_ai.request.model"] == "scripted"
    assert told["gen_ai.response.finish_reasons"] == ["stop"]
    assert told["gen_ai.usage.output_tokens"] == 2
    assert (told["server.address"], told["server.port"]) == ("127.0.0.1", served.model.port)
    assert 0 < told["gen_ai.response.time_to_first_chunk"] < (chat.end_time_unix_nano - chat.start_time_unix_nano) / 1e9
    for span in spans.values():
        assert question.start_time_unix_nano <= span.start_time_unix_nano
        assert span.end_time_unix_nano <= question.end_time_unix_nano


async def test_the_model_s_server_is_told_of_the_span_that_asks_it(served: Served) -> None:
    await served.ask()
    await served.collector.until(lambda it: it.named("question"))
    [chat] = served.collector.named("chat scripted")
    [seen] = served.model.seen
    assert seen.headers["traceparent"] == f"00-{TRACE}-{chat.span_id.hex()}-01"
    assert seen.headers["tracestate"] == "vendor=1"


async def test_without_a_caller_s_trace_one_begins(served: Served) -> None:
    body = {"model": "up", "messages": [{"role": "user", "content": WORDS[0]}]}
    async with served.http.post(served.server.url + COMPLETIONS, json=body) as response:
        assert response.status == 200
    await served.collector.until(lambda it: it.named("question"))
    [question] = served.collector.named("question")
    assert not question.parent_span_id
    assert question.trace_id.hex() != TRACE


async def test_what_people_write_is_never_sent(served: Served) -> None:
    await served.ask()
    served.model.script = Script(status=500, body=b'{"error": {"message": "numbat"}}')
    await served.ask()
    await served.collector.until(lambda it: len(it.named("question")) == 2)
    await served.collector.until(lambda it: it.metrics)
    await served.collector.until(lambda it: any("Reference" in line.body.string_value for line in it.lines))
    sent = b"".join(served.collector.bodies)
    assert not [word for word in WORDS if word.encode() in sent]
    assert b"sk-secret" not in sent


async def test_an_error_s_reference_leads_to_its_trace(served: Served) -> None:
    served.model.script = Script(status=401, body=b'{"error": {"message": "wrong key"}}')
    status, problem = await served.ask()
    assert status >= 400
    reference = problem["error"]["message"].partition("(Reference: ")[2][:8]
    async with served.http.get(f"{served.server.url}/api/operators/server") as response:
        errors = (await response.json())["errors"]
    assert {one["reference"]: one["trace_id"] for one in errors}[reference] == TRACE
    async with served.http.get(f"{served.server.url}/operators") as response:
        assert TRACE in await response.text()
    await served.collector.until(lambda it: it.named("question"))
    [chat], [question] = served.collector.named("chat scripted"), served.collector.named("question")
    assert chat.status.code == question.status.code == 2
    assert facts(chat.attributes)["error.type"] == facts(question.attributes)["error.type"]
    await served.collector.until(lambda it: any(facts(one.attributes).get("hubbub.reference") for one in it.lines))
    [line] = [one for one in served.collector.lines if facts(one.attributes).get("hubbub.reference") == reference]
    assert line.trace_id.hex() == TRACE


async def test_a_question_that_is_stopped_is_no_error(served: Served) -> None:
    served.model.script = Script(tokens=("a", "b"), stall_before="tokens")
    body = {"text": "Go on", "model": "up"}
    async with served.http.post(f"{served.server.url}/api/questions", json=body, headers=CALLED) as response:
        answer_id = (await response.json())["answer"]["id"]
    await served.model.until(lambda it: it.open_requests == 1)
    async with served.http.post(f"{served.server.url}/api/answers/{answer_id}/stop") as response:
        assert response.status == 202
    await served.collector.until(lambda it: it.named("question"))
    [question], [chat] = served.collector.named("question"), served.collector.named("chat scripted")
    told = facts(question.attributes)
    assert told["hubbub.answer.ending"] == "stopped"
    assert told["hubbub.answer.id"] == answer_id
    assert question.status.code == chat.status.code == 0
    assert facts(chat.attributes)["hubbub.cancelled"] is True


async def collection_of(served: Served, name: str, text: str) -> str:
    """Make a collection with a document that can be searched; returns its id."""
    async with served.http.post(f"{served.server.url}/api/collections", json={"name": name}) as response:
        collection_id = (await response.json())["id"]
    documents = f"{served.server.url}/api/collections/{collection_id}/documents"
    async with served.http.put(f"{documents}/{WORDS[2]}.txt", data=text.encode()) as response:
        assert response.status in (200, 201, 202), await response.text()
    async with patience():
        while True:
            async with served.http.get(documents) as response:
                [document] = (await response.json())["documents"]
            if document["state"] == "ready":
                return collection_id
            await asyncio.sleep(0.05)


async def test_a_question_over_documents_shows_its_query_and_its_search(served: Served) -> None:
    collection_id = await collection_of(served, "Rules", f"The {WORDS[0]} digs. The {WORDS[2]} sleeps by day.")
    first = await ask(served.http, served.server.url, f"Who digs, {WORDS[0]}?", collections=[collection_id])
    await served.collector.until(lambda it: len(it.named("question")) == 1)
    [search] = served.collector.named("search")
    told = facts(search.attributes)
    assert (told["gen_ai.operation.name"], told["hubbub.search.collections"]) == ("retrieval", 1)
    assert told["hubbub.search.hits"] >= 1
    again = {"chat_id": first["chat"]["id"], "parent_id": first["answer"]["id"], "collections": [collection_id]}
    served.collector.requests.clear()
    await ask(served.http, served.server.url, "And who sleeps?", **again)
    await served.collector.until(lambda it: it.named("question"))
    [question], [search], [query] = (served.collector.named(name) for name in ("question", "search", "query"))
    assert search.parent_span_id == query.parent_span_id == question.span_id
    assert query.end_time_unix_nano <= search.start_time_unix_nano
    assert not [word for word in WORDS if word.encode() in b"".join(served.collector.bodies)]


async def test_a_tool_that_is_called_by_mcp_is_a_trace(served: Served) -> None:
    call = {"name": "search", "arguments": {"query": WORDS[0]}}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
    headers = {**CALLED, "Accept": "application/json, text/event-stream"}
    async with served.http.post(f"{served.server.url}/mcp", json=body, headers=headers) as response:
        assert response.status == 200
        assert "result" in await response.json()
    await served.collector.until(lambda it: it.named("execute_tool search"))
    [tool] = served.collector.named("execute_tool search")
    assert (tool.trace_id.hex(), tool.parent_span_id.hex()) == (TRACE, PARENT)
    assert facts(tool.attributes)["gen_ai.tool.name"] == "search"


async def test_figures_of_the_server_are_sent_as_metrics(served: Served) -> None:
    await served.ask()
    await served.collector.until(lambda it: it.named("question"))
    await served.collector.until(lambda it: "gen_ai.client.operation.duration" in it.metrics)
    metrics = served.collector.metrics
    assert {"hubbub.open_answers", "hubbub.waiting_answers", "hubbub.readers", "hubbub.loop_lag"} <= set(metrics)
    [resource] = {
        facts(one.resource.attributes)["service.name"]
        for request in served.collector.requests
        for one in getattr(request, "resource_metrics", ())
    }
    assert resource == "hubbub"


async def test_each_attempt_at_a_model_is_seen(served: Served) -> None:
    assert (await served.ask(model="both"))[0] == 200
    await served.collector.until(lambda it: it.named("question"))
    [question] = served.collector.named("question")
    first, second = served.collector.named("chat scripted")
    assert [facts(one.attributes)["hubbub.deployment"] for one in (first, second)] == ["ill", "well"]
    assert (first.status.code, second.status.code, question.status.code) == (2, 0, 0)
    assert first.end_time_unix_nano <= second.start_time_unix_nano
    assert facts(question.attributes)["hubbub.model"] == "both"


async def test_texts_are_sent_where_the_operator_says_so(tmp_path: Path) -> None:
    async with serving(tmp_path, {"HUBBUB_TELEMETRY__INCLUDES_TEXTS": "true"}) as served:
        served.model.script = Script(tokens=(WORDS[1], "!"))
        await served.ask()
        await served.collector.until(lambda it: it.named("question"))
        [question], [chat] = served.collector.named("question"), served.collector.named("chat scripted")
    assert facts(question.attributes)["hubbub.question"] == WORDS[0]
    assert WORDS[0] in facts(chat.attributes)["gen_ai.input.messages"]
    assert f"{WORDS[1]}!" in facts(chat.attributes)["gen_ai.output.messages"]


async def test_the_variables_of_opentelemetry_count(tmp_path: Path) -> None:
    async with Collector() as collector:
        variables = {
            "HUBBUB_TELEMETRY__ENDPOINT": "",
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_EXPORTER_OTLP_HEADERS": "x-key=a%20b",
            "OTEL_SERVICE_NAME": "ours",
            "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=test",
            "OTEL_METRICS_EXPORTER": "none",
        }
        async with serving(tmp_path, variables) as served:
            await served.ask()
            await collector.until(lambda it: it.named("question"))
        assert not served.collector.requests
        assert not collector.metrics
        assert collector.heads[0]["x-key"] == "a b"
        [traces, *_] = [one for one in collector.requests if hasattr(one, "resource_spans")]
        resource = facts(traces.resource_spans[0].resource.attributes)
        assert (resource["service.name"], resource["deployment.environment.name"]) == ("ours", "test")
