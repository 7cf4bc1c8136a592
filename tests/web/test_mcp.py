"""The Model Context Protocol, by its official SDK as the client, against a server on a real port."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import aiohttp
import pytest
from mcp import Client
from mcp.client.streamable_http import create_mcp_http_client, streamable_http_client

from hubbub.connections.sqlite import Sqlite
from hubbub.core.errors import ModelError
from hubbub.core.people import Limits
from hubbub.identity.keys import digest_of, new_key
from hubbub.models.scripted import ScriptedModel
from hubbub.usage.bounds import read_bound
from hubbub.usage.meter import Meter
from hubbub.usage.quotas import Rules
from hubbub.usage.sqlite import SqliteUsage
from tests.web.application import Hubbub, hubbub_running
from tests.web.openai_wire import Wired, collection

Mode = Literal["legacy", "auto"]
MODES: tuple[Mode, ...] = ("legacy", "auto")
TOOLS = ["search", "open_passage", "list_collections", "ask_assistant", "list_assistants"]
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


@asynccontextmanager
async def connected(url: str, key: str, mode: Mode = "auto") -> AsyncIterator[Client]:
    async with (
        create_mcp_http_client(headers={"Authorization": f"Bearer {key}"}) as http,
        Client(streamable_http_client(f"{url}/mcp", http_client=http), mode=mode) as client,
    ):
        yield client


async def key_with(hubbub: Hubbub, limits: Limits) -> str:
    key, secret = new_key(repr(limits)[:80], limits=limits)
    await hubbub.keys.add(key, digest_of(secret))
    return secret


def text_of(result: Any) -> str:
    (content,) = result.content
    return content.text


async def told(http: aiohttp.ClientSession, body: Any, **headers: str) -> tuple[int, dict[str, Any]]:
    async with http.post("/mcp", json=body, headers={"Mcp-Protocol-Version": "2025-06-18"} | headers) as response:
        return response.status, await response.json()


@pytest.mark.parametrize("mode", MODES)
async def test_a_client_finds_the_tools_searches_and_opens_what_it_found(served: Wired, mode: Mode) -> None:
    async with connected(served.hubbub.url, served.key, mode) as client:
        assert client.server_info is not None and client.server_info.name == "hubbub"
        assert client.protocol_version == ("2025-11-25" if mode == "legacy" else "2026-07-28")
        tools = (await client.list_tools()).tools
        assert [tool.name for tool in tools] == TOOLS
        assert all(tool.annotations and tool.annotations.read_only_hint for tool in tools)

        listed = await client.call_tool("list_collections", {})
        assert {"id": served.collection_id, "name": "Staff + Handbook", "description": ""} in (
            listed.structured_content or {}
        )["collections"]

        found = await client.call_tool(
            "search", {"query": "how many days of leave?", "collections": ["Staff + Handbook"], "limit": 3}
        )
        assert not found.is_error
        assert "thirty days of leave" in text_of(found)
        first = (found.structured_content or {})["passages"][0]
        assert (first["name"], first["collection_id"]) == ("leave.md", served.collection_id)
        opened = await client.call_tool(
            "open_passage", {"document_id": first["document_id"], "passage_id": first["passage_id"]}
        )
        assert (opened.structured_content or {})["passages"][0]["text"] == first["text"]


async def test_the_passages_around_one_are_opened(served: Wired) -> None:
    text = "\n\n".join(f"# Part {number}\n\n{f'Sentence {number} of this text. ' * 40}" for number in range(8))
    address = f"/api/collections/{served.collection_id}/documents/parts.md"
    async with served.http.put(address, data=text.encode()) as response:
        document_id = (await response.json())["id"]
    async for _ in served.hubbub.services.pipeline.watch(served.collection_id):
        pass
    async with served.http.get(f"/api/documents/{document_id}") as response:
        ids = [passage["id"] for passage in (await response.json())["passages"]]
    async with connected(served.hubbub.url, served.key) as client:

        async def opened(**arguments: Any) -> list[str]:
            result = await client.call_tool("open_passage", {"document_id": document_id, **arguments})
            return [one["passage_id"] for one in (result.structured_content or {})["passages"]]

        assert len(ids) > 5
        assert await opened() == ids[:2]
        assert await opened(passage_id=ids[3], before=2, after=0) == ids[1:4]
        assert await opened(passage_id=ids[-1], before=0, after=10) == ids[-1:]


async def test_what_goes_wrong_in_a_tool_is_told_to_the_model(served: Wired) -> None:
    async with connected(served.hubbub.url, served.key) as client:
        for name, arguments, words in (
            ("search", {"query": ""}, "can't be used"),
            ("search", {"query": "leave", "limit": 21}, "can't be used"),
            ("search", {"query": "leave", "pages": 2}, "can't be used"),
            ("search", {"query": "leave", "collections": ["Nobody's"]}, "no collection"),
            ("open_passage", {"document_id": "none"}, "no such document"),
        ):
            result = await client.call_tool(name, arguments)
            assert result.is_error
            assert words in text_of(result)


async def test_nobody_reads_what_is_somebody_elses(served: Wired) -> None:
    hubbub = served.hubbub
    ann = await hubbub.program("ann")
    theirs = await collection(hubbub, ann, "Ann's", b"The marzipan is in the safe.")
    async with ann.get(f"/api/collections/{theirs}/documents") as response:
        [document] = (await response.json())["documents"]
    async with connected(hubbub.url, served.key) as client:
        for arguments in ({"query": "marzipan"}, {"query": "marzipan", "collections": [theirs]}):
            assert "safe" not in text_of(await client.call_tool("search", arguments))
        result = await client.call_tool("open_passage", {"document_id": document["id"]})
        assert result.is_error
        assert "Ann's" not in text_of(await client.call_tool("list_collections", {}))
    async with connected(hubbub.url, ann.headers["Authorization"].removeprefix("Bearer ")) as client:
        assert "safe" in text_of(await client.call_tool("search", {"query": "marzipan"}))


async def test_a_key_is_held_to_its_scopes_and_collections(served: Wired) -> None:
    hubbub = served.hubbub
    async with served.http.put(
        f"/api/collections/{served.collection_id}/grants", json={"grants": [{"subject": "everybody", "right": "use"}]}
    ) as response:
        assert response.status == 200, await response.text()
    searching = await key_with(hubbub, Limits(scopes=frozenset({"search"})))
    async with connected(hubbub.url, searching) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == ["search"]
        assert "thirty days" in text_of(await client.call_tool("search", {"query": "days of leave"}))
    chatting = await key_with(hubbub, Limits(scopes=frozenset({"chat:read"})))
    http = await hubbub.guest()
    http.headers["Authorization"] = f"Bearer {chatting}"
    for name, arguments in (("search", {"query": "leave"}), ("list_collections", {})):
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": arguments}}
        status, answer = await told(http, call)
        assert (status, answer["result"]["isError"]) == (200, True)
        assert "scope" in answer["result"]["content"][0]["text"]
    elsewhere = await key_with(hubbub, Limits(collections=frozenset({"another"})))
    async with connected(hubbub.url, elsewhere) as client:
        assert "thirty days" not in text_of(await client.call_tool("search", {"query": "days of leave"}))
        named = await client.call_tool("search", {"query": "leave", "collections": [served.collection_id]})
        assert named.is_error


async def shared_assistant(served: Wired, **about: Any) -> str:
    """Return the id of an assistant that everybody may ask."""
    async with served.http.post("/api/assistants", json={"name": "Lawyer"} | about) as response:
        assistant_id = (await response.json())["id"]
    grants = {"grants": [{"subject": "everybody", "right": "use"}]}
    async with served.http.put(f"/api/assistants/{assistant_id}/grants", json=grants) as response:
        assert response.status == 200, await response.text()
    return assistant_id


async def test_assistants_are_listed_and_asked_with_the_rights_of_the_key(served: Wired) -> None:
    hubbub, ask = served.hubbub, {"question": "How many days of leave?"}
    open_id = await shared_assistant(served, instructions="Answer as a lawyer would.", description="Knows the law")
    over_id = await shared_assistant(served, name="Clerk", collections=[served.collection_id])
    async with served.http.post("/api/assistants", json={"name": "Mine", "instructions": "Be brief."}) as response:
        mine_id = (await response.json())["id"]
    ann = await hubbub.program("ann")
    theirs = ann.headers["Authorization"].removeprefix("Bearer ")
    async with connected(hubbub.url, served.key) as client:
        listed = (await client.call_tool("list_assistants", {})).structured_content or {}
        assert [one["id"] for one in listed["assistants"]] == [mine_id, over_id, open_id]
        given = await client.call_tool("ask_assistant", {"assistant": "clerk", **ask})
        assert not given.is_error, text_of(given)
        fields = given.structured_content or {}
        assert fields == {"answer": text_of(given), "citations": [], "left_out": ""}
    async with connected(hubbub.url, theirs) as client:
        listed = (await client.call_tool("list_assistants", {})).structured_content or {}
        assert listed["assistants"] == [{"id": open_id, "name": "Lawyer", "description": "Knows the law"}]
        assert not (await client.call_tool("ask_assistant", {"assistant": open_id, **ask})).is_error
        for name, words in (("Clerk", "not shared with you"), (mine_id, "no model named"), ("None", "no model named")):
            refused = await client.call_tool("ask_assistant", {"assistant": name, **ask})
            assert refused.is_error, name
            assert words in text_of(refused)
            assert "brief" not in text_of(refused)
    reading = await key_with(hubbub, Limits(scopes=frozenset({"chat:read"})))
    async with connected(hubbub.url, reading) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == ["list_assistants"]


async def test_a_question_to_an_assistant_counts_as_any_other(tmp_path: Path) -> None:
    async with Sqlite(tmp_path / "usage.db") as database, SqliteUsage(database) as store:
        meter = Meter(store, rules=Rules(person=(read_bound("1 questions per day"),)))
        async with hubbub_running(tmp_path, ScriptedModel(["Thirty [1]."]), meter=meter) as hubbub:
            http = await hubbub.program("ann")
            place = await collection(hubbub, http, "Ours", b"There are thirty days of leave.")
            async with http.post("/api/assistants", json={"name": "Lawyer", "collections": [place]}) as response:
                assert response.status == 201
            asked = {"assistant": "Lawyer", "question": "How many days of leave?"}
            async with connected(hubbub.url, http.headers["Authorization"].removeprefix("Bearer ")) as client:
                given = await client.call_tool("ask_assistant", asked)
                [cited] = (given.structured_content or {})["citations"]
                assert text_of(given).startswith("Thirty [1].\n\n[1] ")
                assert f"document_id {cited['document_id']}" in text_of(given)
                refused = await client.call_tool("ask_assistant", asked)
            assert refused.is_error
            assert "1 question per day" in text_of(refused)


async def test_an_answer_that_fails_is_told_as_a_failure(tmp_path: Path) -> None:
    model = ScriptedModel(error=ModelError("The model is on holiday."), error_after=2)
    async with hubbub_running(tmp_path, model) as hubbub:
        http = await hubbub.program("ann")
        async with http.post("/api/assistants", json={"name": "Lawyer"}) as response:
            assert response.status == 201
        async with connected(hubbub.url, http.headers["Authorization"].removeprefix("Bearer ")) as client:
            result = await client.call_tool("ask_assistant", {"assistant": "Lawyer", "question": "What?"})
        assert result.is_error
        assert "on holiday" in text_of(result)


async def test_a_key_that_is_no_key_is_asked_for_one(hubbub: Hubbub) -> None:
    http = await hubbub.guest()
    _, unknown = new_key("nobody's")
    async with http.post("/mcp", json=PING, headers={"Authorization": f"Bearer {unknown}"}) as response:
        assert response.status == 401
        assert response.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", -32700),
        (b"{", -32700),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"a": "\xff"}}', -32700),
        (b"[]", -32600),
        (b'{"jsonrpc": "1.0", "id": 1, "method": "ping"}', -32600),
        (b'{"jsonrpc": "2.0", "id": null, "method": "ping"}', -32600),
        (b'{"jsonrpc": "2.0", "id": 1}', -32600),
    ],
)
async def test_what_is_no_request_is_refused(ann: aiohttp.ClientSession, body: bytes, code: int) -> None:
    async with ann.post("/mcp", data=body, headers={"Content-Type": "application/json"}) as response:
        assert response.status == 400
        answer = await response.json()
        assert (response.content_type, answer["jsonrpc"], answer["error"]["code"]) == ("application/json", "2.0", code)


async def test_the_wire_of_both_kinds_of_revisions(ann: aiohttp.ClientSession) -> None:
    assert await told(ann, PING) == (200, {"id": 1, "jsonrpc": "2.0", "result": {}})
    async with ann.post("/mcp", json={"jsonrpc": "2.0", "method": "notifications/initialized"}) as response:
        assert (response.status, await response.read()) == (202, b"")
    async with ann.get("/mcp", headers={"Accept": "text/event-stream"}) as response:
        assert response.status == 405

    status, answer = await told(ann, PING | {"method": "prompts/list"})
    assert (status, answer["error"]["code"]) == (200, -32601)
    status, answer = await told(ann, PING | {"method": "tools/call", "params": {"name": "delete"}})
    assert (status, answer["error"]["code"]) == (200, -32602)
    hello = PING | {"method": "initialize", "params": {"protocolVersion": "2025-03-26"}}
    assert (await told(ann, hello))[1]["result"]["protocolVersion"] == "2025-03-26"
    hello["params"] = {"protocolVersion": "1999-01-01"}
    assert (await told(ann, hello))[1]["result"]["protocolVersion"] == "2025-11-25"

    status, answer = await told(ann, PING, **{"Mcp-Protocol-Version": "2031-01-01"})
    assert (status, answer["error"]["code"]) == (400, -32022)
    assert "2026-07-28" in answer["error"]["data"]["supported"]
    meta = {"_meta": {"io.modelcontextprotocol/protocolVersion": "2026-07-28"}}
    modern = {"Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/list"}
    listing = PING | {"method": "tools/list", "params": meta}
    assert (await told(ann, listing, **modern))[0] == 200
    for wrong in ({"Mcp-Method": "tools/call"}, {"Mcp-Protocol-Version": "2025-06-18"}):
        status, answer = await told(ann, listing, **(modern | wrong))
        assert (status, answer["error"]["code"]) == (400, -32020)
    status, answer = await told(
        ann, PING | {"method": "prompts/list", "params": meta}, **(modern | {"Mcp-Method": "prompts/list"})
    )
    assert (status, answer["error"]["code"]) == (404, -32601)
