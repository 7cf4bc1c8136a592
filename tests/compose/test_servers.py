"""Models and embedders of the settings, with and without a key, and what the environment adds to them."""

from typing import Any

import pytest

from hubbub.compose import choose_models, open_embedder
from hubbub.connections.http import Http
from hubbub.core.errors import SettingsError
from hubbub.settings import Settings
from hubbub.testing.models import ask
from tests.servers.identity_server import HEADER, IdentityServer
from tests.servers.model_server import ModelServer

SERVER = {"url": "https://x.example", "model": "emb"}
AZURE = {"AZURE_OPENAI_ENDPOINT": "https://x.example", "AZURE_OPENAI_EMB_DEPLOYMENT": "emb"}


def with_embedder(provider: str, **server: Any) -> Settings:
    return Settings.model_validate({"embeddings": {"provider": provider, "server": server}})


async def test_a_model_of_azure_without_a_key_signs_in(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Http() as http, ModelServer() as server, IdentityServer() as identity:
        monkeypatch.setenv("IDENTITY_ENDPOINT", identity.url)
        monkeypatch.setenv("IDENTITY_HEADER", HEADER)
        table = {"provider": "azure", "endpoint": server.base_url.removesuffix("/v1"), "deployment": "d"}
        own = {**table, "client_id": "mine", "credential": "managed_identity", "scope": "https://gov.example/.default"}
        settings = Settings.model_validate(
            {
                "models": {"a": table, "b": table, "own": own, "key": {**table, "api_key": "k"}},
                "discovery": {"is_enabled": False},
            }
        )
        async with choose_models(settings, http) as chosen:
            for model in chosen.models:
                await ask(model)
        assert [seen.headers.get("authorization", "")[-7:] for seen in server.seen] == [
            "token-1",
            "token-1",  # the same sign-in is shared
            "token-2",
            "",
        ]
        assert server.seen[3].headers["api-key"] == "k"
        assert (identity.asked[1]["client_id"], identity.asked[1]["resource"]) == ("mine", "https://gov.example")


@pytest.mark.parametrize(
    ("provider", "server", "environ", "faults"),
    [
        ("azure", {}, {}, ["url: is needed", "model: is needed"]),
        ("azure", {"url": "https://x"}, {}, ["AZURE_OPENAI_EMB_DEPLOYMENT"]),
        ("azure", {"model": "m"}, {"AZURE_OPENAI_ENDPOINT": "x"}, ["not a URL"]),
        ("openai", {}, {}, ["OPENAI_API_KEY"]),
    ],
)
async def test_half_an_embedder_stops_the_start(
    provider: str, server: dict[str, str], environ: dict[str, str], faults: list[str]
) -> None:
    async with Http() as http:
        with pytest.raises(SettingsError) as caught:
            async with open_embedder(with_embedder(provider, **server), http, environ=environ):
                pass
    assert len(caught.value.faults) == len(faults)
    assert all(words in fault for words, fault in zip(faults, caught.value.faults, strict=True))


@pytest.mark.parametrize(
    ("settings", "environ", "name"),
    [
        (with_embedder("azure", **SERVER), {}, "emb/1536"),
        (with_embedder("azure", **SERVER, dimensions=8), {"AZURE_OPENAI_EMB_DIMENSIONS": "9"}, "emb/8"),
        (with_embedder("azure"), {**AZURE, "AZURE_OPENAI_EMB_DIMENSIONS": "3072"}, "emb/3072"),
        (with_embedder("openai"), {"OPENAI_API_KEY": "k"}, "text-embedding-3-small/1536"),
        (with_embedder("openai", url="http://127.0.0.1:1/v1", model="m", dimensions=4), {}, "m/4"),
    ],
)
async def test_what_the_settings_leave_out_the_environment_says(
    settings: Settings, environ: dict[str, str], name: str
) -> None:
    async with Http() as http, open_embedder(settings, http, environ=environ) as embedder:
        assert embedder is not None
        assert embedder.name == name


async def test_a_key_of_the_environment_is_for_its_own_endpoint_only(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Http() as http, ModelServer() as server, IdentityServer() as identity:
        monkeypatch.setenv("IDENTITY_ENDPOINT", identity.url)
        monkeypatch.setenv("IDENTITY_HEADER", HEADER)
        here = server.base_url.removesuffix("/v1")
        environ = {**AZURE, "AZURE_OPENAI_API_KEY": "k", "OPENAI_API_KEY": "k"}
        async with open_embedder(with_embedder("azure", url=here), http, environ=environ) as embedder:
            assert embedder is not None
            await embedder.embed(["a"])
        async with open_embedder(with_embedder("openai", url=server.base_url), http, environ=environ) as embedder:
            assert embedder is not None
            await embedder.embed(["a"])
        own = {**environ, "AZURE_OPENAI_ENDPOINT": here}
        async with open_embedder(with_embedder("azure"), http, environ=own) as embedder:
            assert embedder is not None
            await embedder.embed(["a"])
        shown = [(seen.headers.get("authorization"), seen.headers.get("api-key")) for seen in server.seen]
        assert shown == [("Bearer token-1", None), (None, None), (None, "k")]


async def test_what_the_environment_says_of_an_embedder_does_not_replace_the_one_of_this_machine() -> None:
    settings = Settings.model_validate({"embeddings": {"provider": "none"}})
    async with Http() as http, open_embedder(settings, http, environ={**AZURE, "AZURE_OPENAI_API_KEY": "k"}) as none:
        assert none is None
    assert Settings().embeddings.provider == "minilm"
