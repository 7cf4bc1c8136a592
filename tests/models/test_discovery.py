"""Models are found by the variables that others use too; half a back end is a sentence, not a crash."""

from collections.abc import Mapping

import pytest

from hubbub.connections.http import Http
from hubbub.core.errors import ModelError
from hubbub.core.messages import Turn
from hubbub.models.address import Address, ApiKey, Secret, compatible_address
from hubbub.models.discovery import Discovery, ask_models, discover, is_for_chat, is_for_reasoning
from hubbub.models.entra import SignIns, TokenSource
from hubbub.models.unnamed import UnnamedModel
from tests.servers.model_server import ModelServer

AZURE = {"AZURE_OPENAI_ENDPOINT": "https://x.openai.azure.com/", "AZURE_OPENAI_API_KEY": "k"}


@pytest.fixture(autouse=True)
def _no_ollama(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hubbub.models.discovery.OLLAMA_URL", "http://127.0.0.1:1")


def ollama(*names: str) -> ModelServer:
    return ModelServer(pages={"/api/tags": (200, {"models": [{"name": name} for name in names]})})


def names_of(discovery: Discovery) -> list[str]:
    return [found.card.name for found in discovery.found]


async def test_nothing_is_found_where_nothing_is(http: Http, sign_ins: SignIns) -> None:
    assert await discover({"OPENAI_API_KEY": "  "}, http, sign_ins) == Discovery()


async def test_a_key_is_enough_for_openai(http: Http, sign_ins: SignIns) -> None:
    discovery = await discover({"OPENAI_API_KEY": "sk-1"}, http, sign_ins)
    (found,) = discovery.found
    assert found.address == Address(
        "https://api.openai.com/v1",
        "gpt-4.1-mini",
        "OpenAI",
        ApiKey(Secret("sk-1")),
        length_field="max_completion_tokens",
    )
    assert (found.card.provider, found.card.can_ground, found.card.reason) == (
        "OpenAI",
        True,
        "OPENAI_API_KEY is set",
    )
    assert names_of(await discover({"OPENAI_API_KEY": "k", "OPENAI_MODEL": "gpt-5"}, http, sign_ins)) == ["gpt-5"]


@pytest.mark.parametrize(
    "variable", ["AZURE_OPENAI_CHAT_DEPLOYMENT", "AZURE_OPENAI_CHATGPT_DEPLOYMENT", "AZURE_OPENAI_CHAT_MODEL"]
)
@pytest.mark.parametrize("key", ["AZURE_OPENAI_API_KEY", "AZURE_OPENAI_KEY", "AZURE_OPENAI_API_KEY_OVERRIDE"])
async def test_azure_with_a_key_by_all_its_names(http: Http, sign_ins: SignIns, variable: str, key: str) -> None:
    environ = {"AZURE_OPENAI_ENDPOINT": "https://x.openai.azure.com/", key: "k", variable: "chat"}
    (found,) = (await discover(environ, http, sign_ins)).found
    assert (found.address.base_url, found.address.model) == ("https://x.openai.azure.com/openai/v1", "chat")
    assert (await found.address.authorization.headers(), found.card.provider) == ({"api-key": "k"}, "Azure OpenAI")
    assert found.card.reason == "AZURE_OPENAI_ENDPOINT is set"


@pytest.mark.parametrize(
    ("environ", "base_url", "reason"),
    [
        ({"AZURE_OPENAI_ENDPOINT": "https://x.example"}, "https://x.example/openai/v1", "AZURE_OPENAI_ENDPOINT"),
        ({"AZURE_OPENAI_SERVICE": "cog-1"}, "https://cog-1.openai.azure.com/openai/v1", "AZURE_OPENAI_SERVICE"),
        (
            {"OPENAI_HOST": "azure_custom", "AZURE_OPENAI_CUSTOM_URL": "https://gate.example/api/v1"},
            "https://gate.example/api/v1",
            "AZURE_OPENAI_CUSTOM_URL",
        ),
    ],
)
async def test_azure_without_a_key_is_signed_in_to(
    http: Http, sign_ins: SignIns, environ: Mapping[str, str], base_url: str, reason: str
) -> None:
    discovery = await discover({**environ, "AZURE_OPENAI_CHATGPT_DEPLOYMENT": "chat"}, http, sign_ins)
    (found,) = discovery.found
    assert isinstance(found.address.authorization, TokenSource)
    assert (found.address.base_url, discovery.faults) == (base_url, ())
    assert found.card.reason == f"{reason} is set; it is signed in to without a key"


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        (AZURE, ["AZURE_OPENAI_CHAT_DEPLOYMENT is not"]),
        ({"AZURE_OPENAI_SERVICE": "x"}, ["AZURE_OPENAI_SERVICE is set, but AZURE_OPENAI_CHAT_DEPLOYMENT is not"]),
        ({"AZURE_OPENAI_ENDPOINT": "u:pw@x"}, ["not a URL", "DEPLOYMENT is not"]),
        ({"OPENAI_HOST": "azure_custom"}, ["AZURE_OPENAI_CUSTOM_URL is not set"]),
        ({"OPENAI_HOST": "local"}, ["nothing says where that is"]),
        ({"OPENAI_HOST": "elsewhere"}, ["is none of openai, azure, azure_custom, local, ollama"]),
        ({"OPENAI_BASE_URL": "http://127.0.0.1:1/v1"}, ["can't be asked for its models"]),
        ({"OPENAI_BASE_URL": "https://api.openai.com/v1"}, ["OPENAI_API_KEY is not"]),
        ({"LOCAL_OPENAI_ENDPOINT": "http://user:pw@127.0.0.1:1/v1"}, ["LOCAL_OPENAI_ENDPOINT is set"]),
        ({"OLLAMA_HOST": "127.0.0.1:1"}, ["no Ollama answers at http://127.0.0.1:1"]),
        ({"OPENAI_HOST": "azure"}, ["nothing says where that is"]),
    ],
)
async def test_half_a_back_end_is_a_fault(
    http: Http, sign_ins: SignIns, environ: Mapping[str, str], words: list[str]
) -> None:
    discovery = await discover(environ, http, sign_ins)
    assert discovery.found == ()
    assert len(discovery.faults) == len(words)
    for fault, word in zip(discovery.faults, words, strict=True):
        assert word in fault
        assert "pw" not in fault


async def test_a_compatible_server_is_asked_for_its_models(http: Http, sign_ins: SignIns) -> None:
    models = [{"id": "nomic-embed"}, {"id": "llama", "max_model_len": 32768}]
    async with ModelServer(models=models) as server:
        (found,) = (await discover({"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": "k"}, http, sign_ins)).found
        assert (found.address.model, found.card.context_tokens) == ("llama", 32768)
        assert found.card.reason == f"OPENAI_BASE_URL is {server.base_url}"
        assert server.seen[0].headers["authorization"] == "Bearer k"
        (found,) = (await discover({"LOCAL_OPENAI_ENDPOINT": server.base_url}, http, sign_ins)).found
        assert found.address.model == "llama"


async def test_a_named_model_needs_no_list(http: Http, sign_ins: SignIns) -> None:
    environ = {"LOCAL_OPENAI_ENDPOINT": "http://127.0.0.1:1/v1", "OPENAI_HOST": "local", "OPENAI_MODEL": "mine"}
    discovery = await discover(environ, http, sign_ins)
    assert (names_of(discovery), discovery.faults) == (["mine"], ())


async def test_the_search_samples_way_to_say_a_local_server(http: Http, sign_ins: SignIns) -> None:
    async with ModelServer() as server:
        environ = {"OPENAI_BASE_URL": server.base_url, "OPENAI_HOST": "local", "AZURE_OPENAI_CHATGPT_MODEL": "mine"}
        (found,) = (await discover({**environ, "OPENAI_API_KEY": ""}, http, sign_ins)).found
        assert (found.address.model, await found.address.authorization.headers()) == ("mine", {})
        assert found.card.reason == f"OPENAI_BASE_URL is {server.base_url}"
        both = {**environ, "OPENAI_API_KEY": "k", "OPENAI_MODEL": "gpt"}
        assert names_of(await discover(both, http, sign_ins)) == ["gpt", "openai/gpt"]


async def test_ollamas_first_chat_models_are_found(http: Http, sign_ins: SignIns) -> None:
    async with ollama("nomic-embed-text:latest", "a:1b", "b:1b", "c:1b", "d:1b") as server:
        for host in (f"127.0.0.1:{server.port}", f"http://127.0.0.1:{server.port}/", f"0.0.0.0:{server.port}"):
            discovery = await discover({"OLLAMA_HOST": host}, http, sign_ins)
            assert names_of(discovery) == ["a:1b", "b:1b", "c:1b"]
        assert discovery.found[0].address.base_url == server.base_url
        assert discovery.found[0].card.reason == f"Ollama runs at 127.0.0.1:{server.port}"


async def test_the_host_that_is_asked_for_comes_first_and_names_are_unique(http: Http, sign_ins: SignIns) -> None:
    async with ollama("gpt") as server:
        environ = {
            **AZURE,
            "AZURE_OPENAI_CHAT_DEPLOYMENT": "gpt",
            "OPENAI_API_KEY": "k",
            "OPENAI_MODEL": "gpt",
            "OLLAMA_HOST": f"127.0.0.1:{server.port}",
        }
        assert names_of(await discover(environ, http, sign_ins)) == ["gpt", "azure/gpt", "ollama/gpt"]
        discovery = await discover({**environ, "OPENAI_HOST": "azure"}, http, sign_ins)
        assert names_of(discovery) == ["gpt", "openai/gpt", "ollama/gpt"]
        assert discovery.found[0].card.provider == "Azure OpenAI"
        assert discovery.found[1].address.model == "gpt"


@pytest.mark.parametrize("page", [{"data": "none"}, {"other": 1}, [1]])
async def test_a_list_that_makes_no_sense_is_said_so(http: Http, page: object) -> None:
    async with ModelServer(pages={"/v1/models": (200, page)}) as server:
        with pytest.raises(ConnectionError, match="can't be read"):
            await ask_models(compatible_address(server.base_url, ""), http)
    async with ModelServer(pages={"/v1/models": (403, {})}) as server:
        with pytest.raises(ConnectionError, match="403"):
            await ask_models(compatible_address(server.base_url, ""), http)


async def test_a_list_is_read_in_any_form(http: Http) -> None:
    pages: list[tuple[object, list[str]]] = [
        ({"data": None}, []),  # openhuman 4121
        ({"data": [{"id": "a", "max_model_len": "many"}, None, {"id": None}, "b"]}, ["a", "b"]),
        ({"models": [{"name": "a"}]}, ["a"]),
        ([{"id": "a"}], ["a"]),
    ]
    for page, names in pages:
        async with ModelServer(pages={"/v1/models": (200, page)}) as server:
            assert [one.id for one in await ask_models(compatible_address(server.base_url, ""), http)] == names


async def test_a_server_that_refuses_the_key_fails_in_its_own_place(http: Http, sign_ins: SignIns) -> None:
    refusal = (401, {"error": {"message": "Incorrect API key provided"}})
    async with ModelServer(pages={"/v1/models": refusal}) as server, ollama("llama") as other:
        environ = {
            "OPENAI_BASE_URL": server.base_url,
            "OPENAI_API_KEY": "sk-1",
            "OLLAMA_HOST": f"127.0.0.1:{other.port}",
        }
        discovery = await discover(environ, http, sign_ins)
        assert [found.card.name for found in discovery.all] == [f"127.0.0.1:{server.port}", "llama"]
        (fault,) = discovery.faults
        assert "status 401" in fault and "Incorrect API key provided" in fault and "Check the API key" in fault
        model = UnnamedModel(discovery.all[0].address, discovery.all[0].card, http)
        with pytest.raises(ModelError, match="refused with status 401") as caught:
            await model.complete([Turn("user", "Hi")], lambda piece: None)
        assert "Check the API key" in caught.value.for_operators and not caught.value.retryable
    async with ModelServer(port=server.port, models=[{"id": "late"}]) as server:  # it is well now
        assert (await model.complete([Turn("user", "Hi")], lambda piece: None)).finish_reason == "stop"
        assert server.seen[-1].body["model"] == "late"


def test_models_that_think_for_long_are_known_by_their_names() -> None:
    names = ["o3-mini", "gpt-5", "deepseek-r1:7b", "qwq", "gpt-4.1", "llama3.2", "mistral-small", "gpt-4o"]
    assert [name for name in names if is_for_reasoning(name)] == ["o3-mini", "gpt-5", "deepseek-r1:7b", "qwq"]


def test_embedders_and_the_like_are_not_for_chat() -> None:
    names = ["text-embedding-3-small", "llama3.2:3b", "all-minilm", "whisper-1", "gpt-4.1", "qwen3"]
    assert [name for name in names if is_for_chat(name)] == ["llama3.2:3b", "gpt-4.1", "qwen3"]
