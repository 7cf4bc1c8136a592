"""Every error is told in one form, and nothing that is sent makes the server fail."""

from typing import Any

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hubbub.core.errors import (
    Conflict,
    HubbubError,
    Invalid,
    Malformed,
    ModelError,
    NotAllowed,
    NotFound,
    NotSignedIn,
    Overloaded,
    SearchError,
    StoreError,
    StoreFull,
    TooBusy,
    TooLarge,
    Unsupported,
)
from hubbub.core.identifiers import new_id
from tests.servers.reader import ask
from tests.web.application import Hubbub

KINDS = (
    Malformed, NotSignedIn, NotAllowed, NotFound, Conflict, TooLarge, Unsupported, Invalid, ModelError, SearchError,
    StoreError, StoreFull,
)  # fmt: skip


def check(response: aiohttp.ClientResponse, problem: dict[str, Any]) -> None:
    assert response.content_type == "application/problem+json"
    assert problem["status"] == response.status
    assert problem["title"]
    assert problem["code"].replace("_", "").isalpha() and problem["code"].islower()
    detail = problem["detail"]
    assert detail.endswith(".")
    for inside in ("Traceback", "Error(", "Exception", ".py", "<class", "object at"):
        assert inside not in detail


async def test_each_kind_of_error(hubbub: Hubbub, ann: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch) -> None:
    errors: list[HubbubError] = [kind("It is so. Do that.") for kind in KINDS]
    errors += [TooBusy("Wait.", retry_after_seconds=2.6), Overloaded("Wait.", retry_after_seconds=0.1)]
    for error in errors:

        async def fail(owner_id: str, *, error: HubbubError = error, **options: object) -> None:
            raise error

        monkeypatch.setattr(hubbub.services.history, "chats", fail)
        async with ann.get("/api/chats") as response:
            problem = await response.json()
        check(response, problem)
        assert (response.status, problem["code"], problem["detail"]) == (error.status, error.code, error.message)
        wait = {TooBusy: "3", Overloaded: "1"}.get(type(error))  # type: ignore[call-overload]
        assert response.headers.get("retry-after") == wait


async def test_a_sentence_is_told_by_its_code_and_values_too(ann: aiohttp.ClientSession) -> None:
    async with ann.post("/api/questions", json={"text": "x" * 1001}) as response:
        problem = await response.json()
    check(response, problem)
    assert (problem["code"], problem["reason"]) == ("too_large", "question_too_long")
    assert problem["values"] == {"characters": 1001, "most": 1000}
    assert problem["detail"] == "The question has 1,001 characters; 1,000 is the limit. Shorten it."


async def test_wrong_addresses_and_wrong_methods(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    for method, path, status in (
        ("GET", "/api", 404),
        ("GET", "/api/", 404),
        ("GET", "/api/nothing", 404),
        ("POST", "/api/nothing", 404),
        ("DELETE", "/api/nothing/at/all", 404),
        ("GET", "/api/chats/", 404),
        ("GET", "/api/../api/nothing", 404),
        ("GET", "/assets/nothing.js", 404),
        ("GET", "/docs/nothing", 404),
        ("GET", "/api/questions", 405),
        ("PUT", "/api/questions", 405),
        ("DELETE", "/api/chats", 405),
        ("POST", "/api/chats/x", 405),
        ("TRACE", "/api/me", 405),
        ("POST", "/", 405),
        ("DELETE", "/c/x", 404),
        ("POST", "/api/openapi.json", 405),
    ):
        async with ann.request(method, path) as response:
            assert response.status == status, (method, path)
            problem = await response.json()
        check(response, problem)
        assert ("allow" in response.headers) is (status == 405), (method, path)
    async with ann.put("/api/questions") as response:
        assert response.headers["allow"] == "POST"


NAMES = st.sampled_from(
    [
        "text",
        "chat_id",
        "parent_id",
        "question_id",
        "model",
        "collections",
        "name",
        "description",
        "title",
        "\ud800",
        "",
    ]
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(alphabet=st.characters(exclude_categories=()), max_size=40),
    st.sampled_from(["scripted", "x", new_id(), "\ud800", "\0", "a" * 2000, 10**400]),
)
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4))
BODIES = st.one_of(
    st.dictionaries(NAMES | st.text(max_size=5), VALUES, max_size=6),
    st.fixed_dictionaries(
        {"text": st.text(alphabet=st.characters(exclude_categories=()), min_size=1, max_size=50)},
        optional={
            "model": st.sampled_from(["scripted", "nobody", "", None]),
            "collections": st.lists(st.text(max_size=4), max_size=2),
            "question_id": st.sampled_from([new_id(), "0" * 26, "z" * 26]),
            "chat_id": st.text(max_size=4) | st.none(),
            "parent_id": st.text(max_size=4) | st.none(),
        },
    ),
    st.fixed_dictionaries({"name": st.text(max_size=120)}, optional={"description": st.text(max_size=200)}),
    VALUES,
)


@settings(max_examples=120, derandomize=True, suppress_health_check=list(HealthCheck))
@given(body=BODIES)
def _check_bodies(body: Any, seen: list[Any]) -> None:
    seen.append(body)


async def test_no_body_makes_the_server_fail(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    bodies: list[Any] = []
    _check_bodies(seen=bodies)
    question_id = (await ask(ann, ""))["question"]["id"]
    paths = ("/api/questions", f"/api/questions/{question_id}/answers", "/api/collections")
    accepted = 0
    for body in bodies:
        for path in paths:
            async with ann.post(path, json=body) as response:
                said = await response.json()
            assert response.status in (201, 202, 400, 404, 409, 413, 422), (path, body)
            if response.status >= 400:
                check(response, said)
            accepted += response.status < 300
    assert accepted > 5
    for path in ("/api/chats", "/api/collections"):  # and what was stored can be shown
        async with ann.get(path) as response:
            assert response.status == 200
