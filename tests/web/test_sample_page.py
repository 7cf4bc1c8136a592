"""What the page of the Azure sample asks for when it starts."""

from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hubbub.connections.http import Http
from hubbub.identity.open import COOKIE
from hubbub.models.address import compatible_address
from hubbub.models.base import ModelCard
from hubbub.models.openai import OpenAiModel
from hubbub.testing.search import TopicEmbedder
from hubbub.web.choices import SamplePage
from tests.web.application import Hubbub, hubbub_running

INDEX = "<!doctype html><title>Sample</title><script type=module src=/assets/index-B1a2c3D4.js></script>"
KEYS = {
    *("showMultimodalOptions", "showSemanticRankerOption", "showQueryRewritingOption", "showReasoningEffortOption"),
    *("streamingEnabled", "defaultReasoningEffort", "reasoningEffortOptions", "defaultRetrievalReasoningEffort"),
    *("showVectorOption", "showUserUpload", "showLanguagePicker", "showSpeechInput", "showSpeechOutputBrowser"),
    *("showSpeechOutputAzure", "showChatHistoryBrowser", "showChatHistoryCosmos", "showAgenticRetrievalOption"),
    *("ragSearchTextEmbeddings", "ragSearchImageEmbeddings", "ragSendTextSources", "ragSendImageSources"),
    *("webSourceEnabled", "sharepointSourceEnabled"),
}


async def got(http: aiohttp.ClientSession, path: str) -> tuple[int, Any]:
    async with http.get(path) as response:
        assert response.content_type == "application/json", path
        return response.status, await response.json()


async def test_the_page_starts(tmp_path: Path) -> None:
    page = tmp_path / "page"
    page.mkdir()
    (page / "index.html").write_text(INDEX)
    async with hubbub_running(tmp_path, foreign_page=page) as hubbub:
        ann = await hubbub.guest()
        async with ann.get("/") as response:
            assert await response.text() == INDEX
        assert [cookie.key for cookie in ann.cookie_jar] == [COOKIE]
        status, setup = await got(ann, "/auth_setup")
        assert status == 200
        assert setup == {
            "useLogin": False,
            "requireAccessControl": False,
            "enableUnauthenticatedAccess": True,
            "msalConfig": {
                "auth": {
                    "clientId": "",
                    "authority": "",
                    "redirectUri": "/redirect",
                    "postLogoutRedirectUri": "/",
                    "navigateToLoginRequestUrl": False,
                },
                "cache": {"cacheLocation": "localStorage", "storeAuthStateInCookie": False},
            },
            "loginRequest": {"scopes": [".default"]},
            "tokenRequest": {"scopes": []},
        }
        status, error = await got(ann, "/.auth/me")
        assert (status, error["error"]) == (404, "Nobody is signed in here.")
        status, config = await got(ann, "/config")
        assert status == 200
        assert set(config) == KEYS
        assert len(KEYS) == 23
        shown = {name for name, value in config.items() if value is True}
        assert shown == {"streamingEnabled", "ragSendTextSources"}  # the search here has no embedder
        assert config["reasoningEffortOptions"] == []


async def test_who_counts_as_signed_in_is_offered_uploads_and_history(tmp_path: Path) -> None:
    async with hubbub_running(tmp_path, sample_page=SamplePage(signs_in=True, browser_history=True)) as hubbub:
        ann, guest = await hubbub.person(), await hubbub.guest()
        assert (await got(ann, "/auth_setup"))[1]["useLogin"] is True
        _, [known] = await got(ann, "/.auth/me")
        async with ann.get("/api/me") as response:
            person = (await response.json())["person"]
        claims = {claim["typ"]: claim["val"] for claim in known["user_claims"]}
        assert claims == {"preferred_username": person["name"], "oid": person["id"]}
        assert known["access_token"]
        assert known["expires_on"] > "2026"
        assert (await got(guest, "/.auth/me"))[0] == 404
        config = (await got(ann, "/config"))[1]
        assert {name for name, value in config.items() if value is True} == {
            *("streamingEnabled", "ragSendTextSources"),
            *("showUserUpload", "showChatHistoryCosmos", "showChatHistoryBrowser"),
        }


async def test_what_the_search_goes_by_is_offered(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    class Everything:
        tunes = frozenset({"mode", "semantic_ranker", "query_rewriting"})

    object.__setattr__(hubbub.services, "search", Everything())
    assert (await got(ann, "/config"))[1]["showVectorOption"] is False  # there is nothing that makes vectors
    object.__setattr__(hubbub.services, "embedder", TopicEmbedder())
    config = (await got(ann, "/config"))[1]
    for name in ("showVectorOption", "ragSearchTextEmbeddings", "showSemanticRankerOption", "showQueryRewritingOption"):
        assert config[name] is True, name


async def test_how_hard_to_think_is_offered_where_a_model_is_set_to_reason(tmp_path: Path) -> None:
    async with Http() as http:
        card = ModelCard("thinker", "here", 8192, can_ground=True, reasoning_effort="low")
        thinker = OpenAiModel(compatible_address("http://127.0.0.1:9/v1", "thinker"), card, http)
        async with hubbub_running(tmp_path, thinker) as hubbub:
            config = (await got(await hubbub.person(), "/config"))[1]
    assert config["showReasoningEffortOption"] is True
    assert config["reasoningEffortOptions"] == ["low", "medium", "high"]
    assert config["defaultReasoningEffort"] == "low"


async def test_nothing_is_read_aloud(ann: aiohttp.ClientSession) -> None:
    async with ann.post("/speech", json={"text": "Hello"}) as response:
        assert (response.status, (await response.json())["error"]) == (400, "Speech is not enabled.")


@pytest.mark.parametrize("path", ["/auth_setup/x", "/.auth/refresh", "/.auth", "/config/x", "/content", "/upload/x"])
async def test_no_page_is_where_clients_expect_an_answer(ann: aiohttp.ClientSession, path: str) -> None:
    status, error = await got(ann, path)
    assert (status, error["error"]) == (404, "There is nothing at this address.")


async def test_errors_have_the_samples_form(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    refused: list[tuple[str, str, dict[str, Any], int]] = [
        ("GET", "/upload", {}, 405),
        ("POST", "/config", {"json": {}}, 405),
        ("POST", "/delete_uploaded", {"data": b"x"}, 415),
        ("POST", "/delete_uploaded", {"data": b"{", "headers": {"Content-Type": "application/json"}}, 400),
        ("POST", "/delete_uploaded", {"json": {"filename": 1}}, 422),
        ("POST", "/delete_uploaded", {"json": {"filename": "x" * 20_000}}, 413),
        ("POST", "/chat_history", {"json": {}, "headers": {"Sec-Fetch-Site": "cross-site"}}, 403),
        ("GET", "/config", {"headers": {"Authorization": "Bearer hb-1-2"}}, 401),
        ("GET", "/config", {"headers": {"Host": "evil.example"}}, 403),
    ]
    for method, path, more, status in refused:
        async with ann.request(method, path, **more) as response:
            assert (response.status, response.content_type) == (status, "application/json"), (method, path)
            error = await response.json()
            assert isinstance(error["error"], str), (method, path)
            if status == 415:
                assert error["error"] == "request must be json"
            if status == 401:
                assert response.headers["www-authenticate"] == "Bearer"
