"""Azure OpenAI without a key: tokens come from a loopback identity endpoint, by azure-identity's own credentials."""

import asyncio
import json
import logging
import os
import time
from collections.abc import AsyncIterator

import pytest

from hubbub.connections.http import Http
from hubbub.core.errors import ModelError
from hubbub.models.address import azure_address
from hubbub.models.base import ModelCard
from hubbub.models.discovery import discover
from hubbub.models.entra import EARLY_SECONDS, RETRY_SECONDS, SCOPE, SignIn, SignIns, TokenSource
from hubbub.models.openai import OpenAiModel
from hubbub.testing.models import QUESTION, Heard, ask
from tests.patience import patience
from tests.servers.identity_server import HEADER, IdentityServer
from tests.servers.model_server import ModelServer, Script

CARD = ModelCard("m", "test", 8192, can_ground=True)
MANAGED = SignIn("managed_identity")
DAY = 86_400.0
REFUSED = Script(
    status=401,
    headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
    body=b'{"error":{"code":"401","message":"Unauthorized. Access token is missing, invalid or expired."}}',
)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def identity(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[IdentityServer]:
    for name in [name for name in os.environ if name.startswith(("AZURE_", "MSI_", "IDENTITY_"))]:
        monkeypatch.delenv(name)
    async with IdentityServer(clock=clock, seconds=DAY) as identity:
        monkeypatch.setenv("IDENTITY_ENDPOINT", identity.url)
        monkeypatch.setenv("IDENTITY_HEADER", HEADER)
        yield identity


@pytest.fixture
async def source(identity: IdentityServer, clock: Clock) -> AsyncIterator[TokenSource]:
    async with SignIns(clock=clock, seconds=5) as sign_ins:
        yield await sign_ins.source(MANAGED)


@pytest.fixture
def model(server: ModelServer, http: Http, source: TokenSource) -> OpenAiModel:
    address = azure_address(server.base_url.removesuffix("/v1"), "chat", source)
    return OpenAiModel(address, CARD, http)


def shown(server: ModelServer) -> list[str]:
    return [seen.headers["authorization"].removeprefix("Bearer ") for seen in server.seen]


async def token_of(source: TokenSource) -> str:
    return (await source.headers())["Authorization"].removeprefix("Bearer ")


async def test_a_token_of_the_identity_endpoint_is_shown_to_the_model(
    identity: IdentityServer, server: ModelServer, model: OpenAiModel
) -> None:
    assert identity.asked == []  # nothing is asked for before it is needed
    heard, _ = await ask(model)
    await ask(model)
    assert "".join(heard) == "Hello, wörld!"
    assert shown(server) == ["token-1", "token-1"]
    assert all("api-key" not in seen.headers for seen in server.seen)
    assert server.seen[0].path == "/openai/v1/chat/completions"
    (query,) = identity.asked
    assert query == {"api-version": "2019-08-01", "resource": SCOPE.removesuffix("/.default")}


async def test_what_discovery_finds_without_a_key_answers(
    identity: IdentityServer, server: ModelServer, http: Http, sign_ins: SignIns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hubbub.models.discovery.OLLAMA_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AZURE_CLIENT_ID", "an-identity-of-mine")
    environ = {"AZURE_OPENAI_ENDPOINT": server.base_url.removesuffix("/v1"), "AZURE_OPENAI_CHAT_DEPLOYMENT": "chat"}
    (found,) = (await discover(environ, http, sign_ins)).found
    await ask(OpenAiModel(found.address, found.card, http))
    assert shown(server) == ["token-1"]
    assert identity.asked[0]["client_id"] == "an-identity-of-mine"


async def test_a_hundred_requests_ask_for_one_token(
    identity: IdentityServer, server: ModelServer, model: OpenAiModel
) -> None:
    identity.open.clear()
    async with asyncio.TaskGroup() as group:
        for _ in range(100):
            group.create_task(ask(model))
        await identity.came.wait()
        identity.open.set()
    assert shown(server) == ["token-1"] * 100
    assert len(identity.asked) == 1


async def test_a_hundred_requests_after_the_token_s_end_ask_for_one(
    identity: IdentityServer, server: ModelServer, model: OpenAiModel, clock: Clock
) -> None:
    await ask(model)
    clock.now += DAY + 1
    await asyncio.gather(*(ask(model) for _ in range(100)))
    assert shown(server) == ["token-1"] + ["token-2"] * 100
    assert len(identity.asked) == 2


@pytest.mark.parametrize(("seconds", "refresh_in"), [(3600.0, None), (DAY, 1800.0)])
async def test_a_token_is_replaced_before_its_end_while_the_old_one_serves(
    identity: IdentityServer, source: TokenSource, clock: Clock, seconds: float, refresh_in: float | None
) -> None:
    identity.seconds, identity.refresh_in = seconds, refresh_in
    replaced_after = refresh_in if refresh_in is not None else seconds - EARLY_SECONDS
    assert await token_of(source) == "token-1"
    clock.now += replaced_after - 5
    assert await token_of(source) == "token-1"
    assert len(identity.asked) == 1
    clock.now += 10
    identity.open.clear()
    identity.came.clear()
    assert [await token_of(source) for _ in range(100)] == ["token-1"] * 100  # nobody waits for the new one
    await identity.came.wait()
    identity.open.set()
    async with patience():
        while await token_of(source) == "token-1":
            await asyncio.sleep(0)
    assert await token_of(source) == "token-2"
    assert len(identity.asked) == 2


async def test_the_old_token_serves_while_replacing_it_fails(
    identity: IdentityServer, source: TokenSource, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    identity.seconds = 3600
    await source.headers()
    clock.now += 3600 - EARLY_SECONDS + 1
    identity.refusals.append((403, {}, b'{"statusCode": 403, "message": "Forbidden"}'))
    with caplog.at_level(logging.WARNING, "hubbub"):
        assert await token_of(source) == "token-1"
        async with patience():
            while not any(record.name == "hubbub.models.entra" for record in caplog.records):
                await asyncio.sleep(0)
    assert [await token_of(source) for _ in range(10)] == ["token-1"] * 10
    assert len(identity.asked) == 2  # it is left alone for a moment
    clock.now += RETRY_SECONDS + 1
    async with patience():
        while await token_of(source) == "token-1":
            await asyncio.sleep(0)
    assert len(identity.asked) == 3


async def test_a_token_that_is_refused_in_mid_life_is_replaced_and_the_request_made_again(
    identity: IdentityServer, server: ModelServer, model: OpenAiModel
) -> None:
    await ask(model)
    server.scripts.append(REFUSED)
    heard, completion = await ask(model)
    assert ("".join(heard), completion.finish_reason) == ("Hello, wörld!", "stop")
    assert shown(server) == ["token-1", "token-1", "token-2"]


async def test_many_refused_at_once_get_one_new_token(
    identity: IdentityServer, server: ModelServer, model: OpenAiModel
) -> None:
    await ask(model)
    server.scripts.extend([REFUSED] * 20)
    await asyncio.gather(*(ask(model) for _ in range(20)))
    assert sorted(shown(server)) == ["token-1"] * 21 + ["token-2"] * 20
    assert identity.tokens == 2


async def test_a_second_refusal_is_an_error_that_says_what_to_check(
    identity: IdentityServer, server: ModelServer, model: OpenAiModel
) -> None:
    await ask(model)
    server.script = REFUSED
    for _ in range(3):
        heard = Heard()
        with pytest.raises(ModelError, match="role Cognitive Services OpenAI User") as caught:
            await model.complete(QUESTION, heard)
        assert (caught.value.code, caught.value.retryable, heard) == ("refused", False, [])
        assert "status 401" in caught.value.detail
    assert identity.tokens == 2  # not one more for every question
    assert shown(server) == ["token-1", "token-1", "token-2", "token-2", "token-2"]


async def test_throttling_is_waited_for(identity: IdentityServer, server: ModelServer, model: OpenAiModel) -> None:
    identity.refusals.append((429, {"Retry-After": "0"}, b'{"error":"too_many_requests","error_description":"x"}'))
    identity.refusals.append((500, {"Retry-After": "0"}, b'{"statusCode": 500, "message": "Internal error"}'))
    await ask(model)
    assert shown(server) == ["token-1"]
    assert len(identity.asked) == 3


WORDS = "canary-words-of-the-service"


@pytest.mark.parametrize(
    ("status", "body", "words", "retryable"),
    [
        (400, {"error": "invalid_request", "error_description": WORDS}, "status 400", False),
        (403, {"statusCode": 403, "message": WORDS}, "status 403", False),
        (501, {"statusCode": 501, "message": WORDS}, "status 501", True),
        (200, {"access_token": "token-canary", "nothing": "else"}, "holds none", True),
        (200, [WORDS], "holds none", True),
    ],
)
async def test_no_token_is_an_error_of_our_own_words(
    identity: IdentityServer,
    model: OpenAiModel,
    server: ModelServer,
    status: int,
    body: object,
    words: str,
    retryable: bool,
) -> None:
    identity.refusals.append((status, {}, json.dumps(body).encode()))
    with pytest.raises(ModelError, match="Azure gave no token") as caught:
        await ask(model)
    assert (caught.value.code, caught.value.retryable) == ("no_credential", retryable)
    assert words in caught.value.detail
    assert "canary" not in str(caught.value)
    assert server.seen == []
    await ask(model)  # the next one tries again
    assert shown(server) == ["token-1"]


async def test_an_endpoint_that_is_down_is_an_error(
    model: OpenAiModel, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:1/msi/token")
    with pytest.raises(ModelError, match="can't be reached") as caught:
        await ask(model)
    assert (caught.value.code, caught.value.retryable) == ("no_credential", True)
    assert server.seen == []


async def test_an_endpoint_that_hangs_is_given_up(identity: IdentityServer, server: ModelServer, http: Http) -> None:
    identity.open.clear()
    async with SignIns(seconds=0.2) as sign_ins:
        source = await sign_ins.source(MANAGED)
        with pytest.raises(ModelError, match=r"within 0.2 s") as caught:
            await source.headers()
    assert caught.value.code == "no_credential"


async def test_whoever_leaves_takes_the_token_from_nobody(
    identity: IdentityServer, server: ModelServer, model: OpenAiModel
) -> None:
    identity.open.clear()
    asking = [asyncio.create_task(ask(model)) for _ in range(3)]
    await identity.came.wait()
    asking[0].cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking[0]
    identity.open.set()
    await asyncio.gather(*asking[1:])
    assert shown(server) == ["token-1", "token-1"]
    assert len(identity.asked) == 1


async def test_a_token_comes_even_if_all_have_left(
    identity: IdentityServer, server: ModelServer, model: OpenAiModel
) -> None:
    identity.open.clear()
    asking = asyncio.create_task(ask(model))
    await identity.came.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    identity.open.set()
    await ask(model)
    assert len(identity.asked) == 1


async def test_leaving_ends_the_asking(identity: IdentityServer) -> None:
    identity.open.clear()
    async with SignIns() as sign_ins:
        source = await sign_ins.source(MANAGED)
        waiting = asyncio.create_task(source.headers())
        await identity.came.wait()
    with pytest.raises(ModelError, match="closed"):
        await waiting


async def test_a_sign_in_is_shared(identity: IdentityServer) -> None:
    async with SignIns() as sign_ins:
        one, same = await sign_ins.source(MANAGED), await sign_ins.source(SignIn("managed_identity"))
        other = await sign_ins.source(SignIn("managed_identity", client_id="x"))
    assert one is same
    assert one is not other


async def test_a_token_shows_nowhere(
    identity: IdentityServer,
    server: ModelServer,
    model: OpenAiModel,
    source: TokenSource,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.DEBUG):
        await ask(model)
        server.scripts.append(Script(status=400, body=b'{"error":{"message":"no: Bearer token-1"}}'))
        with pytest.raises(ModelError, match="no: Bearer …") as caught:
            await ask(model)
    assert shown(server)[0] == "token-1"
    told = [caplog.text, f"{source!r} {source} {vars(source)}", repr(caught.value), repr(model)]
    assert all("token-1" not in text for text in told)
    assert HEADER not in caplog.text
