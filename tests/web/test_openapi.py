"""The API's own description."""

import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.servers.hubbub_server import hubbub_serving, scripted
from tests.web.application import Hubbub


@pytest.fixture
async def document(hubbub: Hubbub, ann: aiohttp.ClientSession) -> dict[str, Any]:
    async with ann.get("/api/openapi.json") as response:
        assert response.status == 200
        return await response.json()


def references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [one for value in node.values() for one in references(value)]
    return [one for value in node for one in references(value)] if isinstance(node, list) else []


def resolve(document: dict[str, Any], reference: str) -> Any:
    node: Any = document
    assert reference.startswith("#/")
    for part in reference.removeprefix("#/").split("/"):
        node = node[part]
    return node


async def test_each_reference_leads_somewhere(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    found = set(references(document))
    assert len(found) > 20
    for reference in found:
        assert resolve(document, reference)
    schemas = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert schemas <= found, "schemas that nothing refers to"


async def test_each_route_is_described(document: dict[str, Any]) -> None:
    operations = [(path, method, one) for path, item in document["paths"].items() for method, one in item.items()]
    assert len(operations) > 15
    assert len({one["operationId"] for _, _, one in operations}) == len(operations)
    for path, method, operation in operations:
        where = f"{method} {path}"
        assert operation["summary"], where
        assert operation["description"].endswith("."), where
        responses = operation["responses"]
        good = {status: one for status, one in responses.items() if status.startswith("2")}
        assert good, where
        for status, response in good.items():
            assert response["description"], where
            if status != "204":
                [(media_type, content)] = response["content"].items()
                assert content["schema"] if media_type == "application/json" else True, where
        default = responses["default"]
        problem = resolve(document, default["$ref"]) if "$ref" in default else default
        [media_type] = problem["content"]
        is_ours = path.startswith(("/api/", "/livez", "/readyz", "/mcp"))
        assert media_type == ("application/problem+json" if is_ours else "application/json")
        assert "422" not in responses, "the framework's own form of a refusal, which we don't send"
        assert (
            method in ("get", "delete")
            or "requestBody" in operation
            or path.endswith(("/stop", "/cancel", "/sign-out", "/reset", "/export"))
            or path.endswith(("/me/guest", "/sign-in/passkey/options"))
        ), where


async def test_it_says_what_is_sent(document: dict[str, Any], ann: aiohttp.ClientSession) -> None:
    schema = document["paths"]["/api/me"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    async with ann.get("/api/me") as response:
        assert set(await response.json()) == set(resolve(document, schema["$ref"])["required"])
    problem = document["components"]["schemas"]["Problem"]
    async with ann.get("/api/nothing") as response:
        assert set(json.loads(await response.text())) == set(problem["required"])


WHOLE = {
    "/api/me/passkeys": "one or two for each device of a person",
    "/api/me/jobs": "the last of each kind",
    "/api/sign-ins": "one for each browser of a person",
    "/api/models": "what the settings name",
    "/v1/models": "as OpenAI's clients know it",
    "/v1/vector_stores/{collection_id}/files/{document_id}/content": "the text of one document",
    "/api/sign-in": "ways to sign in",
    "/api/usage": "quotas",
    "/api/operators/quotas": "quotas",
    "/api/operators/settings": "settings",
    "/api/operators/server": "one server",
    "/api/operators/holds": "made by hand, one for a lawsuit",
    "/api/operators/readings": "acts of one operator that still hold",
    "/readyz": "reasons",
    "/config": "as the sample's page knows it",
    "/chat_history/sessions": "as the sample's page knows it, with a token of its own",
}
"""Lists that come whole, and why: of what there is little, or in somebody else's form."""


async def test_each_list_comes_in_pages(document: dict[str, Any]) -> None:
    """A list takes how much is wanted and where to go on, and says where it goes on."""
    lacking: list[str] = []
    for path, item in document["paths"].items():
        content = item.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema", {})
        if "$ref" in schema:
            schema = resolve(document, schema["$ref"])
        fields = schema.get("properties", {})
        is_one_thing = path.rpartition("/")[2].startswith("{") or path.endswith("/grants")
        if is_one_thing or path in WHOLE or not any(field.get("type") == "array" for field in fields.values()):
            continue
        taken = {one["name"] for one in item["get"].get("parameters", ())}
        if not ({"after", "before", "offset"} & taken and "limit" in taken and {"next", "has_more"} & fields.keys()):
            lacking.append(f"{path} {sorted(taken)} {sorted(fields)}")
    assert not lacking, "\n".join(lacking)
    assert document["paths"].keys() >= WHOLE.keys()


async def test_no_number_is_too_large_for_a_clear_answer(tmp_path: Path) -> None:
    asked = 0
    async with hubbub_serving(tmp_path, scripted()) as server, aiohttp.ClientSession(server.url) as http:
        async with http.get("/api/openapi.json") as response:
            paths: dict[str, Any] = (await response.json())["paths"]
        for path, item in paths.items():
            given = [one for one in item.get("get", {}).get("parameters", []) if _is_number(one["schema"])]
            if not given or path == "/api/operators/audit/lines":  # which is followed without an end
                continue
            for large in (2**63, 10**30):
                query = {one["name"]: str(large) for one in given if one["in"] == "query" and one["name"] != "limit"}
                async with http.get(path.format_map(_Each(str(large))), params=query) as response:
                    assert response.status < 500, (path, await response.text())
                    asked += 1
    assert asked > 5


def _is_number(schema: dict[str, Any]) -> bool:
    kinds = [schema, *schema.get("anyOf", [])]
    return any(kind.get("type") in ("integer", "number") for kind in kinds)


class _Each(dict[str, str]):
    """Has the same for every name."""

    def __init__(self, value: str) -> None:
        self._value = value

    def __missing__(self, key: str) -> str:
        return self._value
