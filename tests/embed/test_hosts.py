"""Hubbub as a part of applications written with FastAPI, Quart and Starlette, served as anybody's are."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from fastapi import Depends, FastAPI, HTTPException
from openai import AsyncOpenAI, NotFoundError
from quart import Quart, abort, request, session
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

import hubbub.fastapi
import hubbub.quart
from hubbub import Hub
from hubbub.core.people import Person
from hubbub.web.clients import Clients
from hubbub.web.protocol import protocol_for
from tests.embed.hosts import WORDS, hub_in, served, settings_in, settings_of
from tests.patience import patience
from tests.servers.model_server import ModelServer, Script
from tests.servers.reader import ask, read, read_all, text_of

PREFIX = "/deep/hub"


def fastapi_host(hub: Hub, **options: Any) -> FastAPI:
    app = FastAPI(lifespan=hub.lifespan, **options)

    @app.get("/own")
    async def own() -> str:
        return "mine"

    app.include_router(hubbub.fastapi.router(hub, prefix=PREFIX))
    return app


def quart_host(hub: Hub) -> Quart:
    app = Quart(__name__)
    app.secret_key = "for tests"

    @app.while_serving
    async def open_hub() -> AsyncIterator[None]:
        async with hub:
            yield

    @app.get("/own")
    async def own() -> str:
        return "mine"

    app.register_blueprint(hubbub.quart.blueprint(hub, prefix=PREFIX))
    return app


def starlette_host(hub: Hub) -> Starlette:
    async def own(request: object) -> PlainTextResponse:
        return PlainTextResponse("mine")

    return Starlette(routes=[Route("/own", own), Mount(PREFIX, hub.asgi)], lifespan=hub.lifespan)


HOSTS: list[Callable[[Hub], Any]] = [fastapi_host, quart_host, starlette_host]


@pytest.fixture(params=HOSTS, ids=lambda host: host.__name__.partition("_")[0])
def host(request: pytest.FixtureRequest) -> Callable[[Hub], Any]:
    return request.param


@pytest.fixture
async def url(host: Callable[[Hub], Any], tmp_path: Path) -> AsyncIterator[str]:
    async with served(host(hub_in(tmp_path))) as url:
        yield url


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar, connector=aiohttp.TCPConnector(limit=0)) as http:
        yield http


async def test_the_whole_api_stands_below_the_prefix(url: str, http: aiohttp.ClientSession) -> None:
    async with http.get(f"{url}/own") as response:
        assert "mine" in await response.text()
    hub = url + PREFIX
    async with http.get(f"{hub}/api/me") as response:
        assert response.status == 200
        assert response.headers["x-content-type-options"] == "nosniff"
    asked = await ask(http, hub, model="slow")
    events = await read_all(http, hub, asked["answer"]["id"])
    assert text_of(events) == WORDS
    async with http.get(f"{hub}/api/answers/{asked['answer']['id']}/events?after={len(events)}") as response:
        assert response.status == 204
        assert "content-type" not in response.headers
    async with http.get(f"{hub}/api/chats") as response:
        assert [chat["id"] for chat in (await response.json())["chats"]] == [asked["chat"]["id"]]
    async with http.delete(f"{hub}/api/chats/{asked['chat']['id']}") as response:
        assert response.status == 204
    async with http.get(f"{hub}/api/openapi.json") as response:
        described = await response.json()
        assert "/api/questions" in described["paths"]
        assert described["servers"] == [{"url": PREFIX}]


async def test_answers_stream_while_they_are_made(url: str, http: aiohttp.ClientSession) -> None:
    hub = url + PREFIX
    asked = await ask(http, hub, model="slow")
    clock = asyncio.get_running_loop().time
    times = [clock() async for _, event in read(http, hub, asked["answer"]["id"]) if event["type"] == "text"]
    assert len(times) > 5
    assert times[-1] - times[0] > 0.5


async def test_errors_keep_their_shapes(url: str, http: aiohttp.ClientSession) -> None:
    hub = url + PREFIX
    posted = {"headers": {"Content-Type": "application/json"}}
    refused: list[tuple[int, str, str, str, Mapping[str, Any]]] = [
        (404, "not_found", "GET", "/api/nothing", {}),
        (404, "not_found", "GET", "/nothing/at/all", {}),
        (404, "not_found", "GET", "/", {}),
        (404, "not_found", "GET", "/api/answers/none", {}),
        (405, "method_not_allowed", "DELETE", "/api/models", {}),
        (415, "unsupported", "POST", "/api/questions", {"data": b"text"}),
        (422, "invalid", "POST", "/api/questions", {"json": {"text": 1}}),
        (400, "malformed", "POST", "/api/questions", {"data": b"{", **posted}),
        (403, "not_allowed", "POST", "/api/questions", {"json": {"text": "x"}, "headers": {"Origin": "http://x.org"}}),
        (413, "too_large", "POST", "/api/questions", {"data": io.BytesIO(b" " * 2_000_000), **posted}),
    ]
    for status, code, method, path, options in refused:
        async with http.request(method, hub + path, **options) as response:
            assert (response.status, response.content_type) == (status, "application/problem+json"), path
            assert (await response.json())["code"] == code, path
    async with http.get(f"{url}/nothing") as response:
        assert response.status == 404
        assert response.content_type != "application/problem+json"  # that is the outer application's


async def test_the_chat_samples_are_answered_and_refused_in_their_formats(
    url: str, http: aiohttp.ClientSession
) -> None:
    asked = {"messages": [{"role": "user", "content": "Go on"}]}
    async with http.post(f"{url}{PREFIX}/chat/stream", json=asked) as response:
        lines = [json.loads(line) async for line in response.content]
    assert "".join(line["delta"]["content"] or "" for line in lines) == "It goes on."
    async with http.post(f"{url}{PREFIX}/chat", data=b"text") as response:
        assert (response.status, (await response.json())["error"]) == (415, "request must be json")


async def test_openais_client_takes_the_prefix_as_its_address(url: str) -> None:
    async with AsyncOpenAI(base_url=f"{url}{PREFIX}/v1", api_key="none") as client:
        chunks = await client.chat.completions.create(
            model="slow", messages=[{"role": "user", "content": "Go on"}], stream=True
        )
        assert "".join([chunk.choices[0].delta.content or "" async for chunk in chunks if chunk.choices]) == WORDS
        with pytest.raises(NotFoundError) as caught:
            await client.chat.completions.create(model="none", messages=[{"role": "user", "content": "Go on"}])
        assert isinstance(caught.value.body, dict)
        assert caught.value.body["type"] == "invalid_request_error"


@pytest.mark.expects_errors
async def test_a_bug_is_told_and_reaches_the_hosts_log(
    host: Callable[[Hub], Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def who(headers: Mapping[str, str]) -> Person:
        raise LookupError("a bug of the host's")

    async with served(host(hub_in(tmp_path, identity=who))) as url, aiohttp.ClientSession() as http:
        async with http.get(f"{url}{PREFIX}/api/me") as response:
            assert (response.status, (await response.json())["code"]) == (500, "internal")
        async with http.get(f"{url}/own") as response:
            assert response.status == 200
    assert "a bug of the host's" in caplog.text


async def test_documents_go_in_and_come_out(url: str, http: aiohttp.ClientSession) -> None:
    hub = url + PREFIX
    content = b"The house is blue. " * 20_000
    async with http.post(f"{hub}/api/collections", json={"name": "Mine"}) as response:
        collection = await response.json()

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 50_000):
            yield content[start : start + 50_000]
            await asyncio.sleep(0)

    async with http.put(f"{hub}/api/collections/{collection['id']}/documents/house.txt", data=pieces()) as response:
        assert response.status in (201, 202), await response.text()
        document = await response.json()
    async with http.get(f"{hub}/api/documents/{document['id']}/file") as response:
        assert await response.read() == content


async def test_who_leaves_is_noticed_at_once(host: Callable[[Hub], Any], tmp_path: Path) -> None:
    """The connection is cut while an answer streams that is to stop then: the model server sees it end."""
    script = Script(tokens=[f"word{number} " for number in range(500)], seconds_between=0.02)
    async with ModelServer(script) as server, served(host(Hub(settings_of(tmp_path, server)))) as url:
        async with aiohttp.ClientSession() as http:
            asked = await ask(http, url + PREFIX, unwatched="stop", grace_seconds=0)
            async for _, event in read(http, url + PREFIX, asked["answer"]["id"]):
                if event["type"] == "text":
                    break
        await server.until(lambda server: not server.open_requests)
        assert not server.seen[-1].is_complete


async def test_who_leaves_in_the_middle_of_an_upload_leaves_nothing(url: str, http: aiohttp.ClientSession) -> None:
    hub = url + PREFIX
    async with http.post(f"{hub}/api/collections", json={"name": "Mine"}) as response:
        collection = await response.json()
    cookie = "; ".join(f"{one.key}={one.value}" for one in http.cookie_jar)
    path = f"{PREFIX}/api/collections/{collection['id']}/documents/half.txt"
    head = f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\nContent-Length: 1000000\r\n\r\n"
    before = {task.get_name() for task in asyncio.all_tasks()}
    _, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
    writer.write(head.encode() + b"half of it")
    await writer.drain()
    while before == {task.get_name() for task in asyncio.all_tasks()}:
        await asyncio.sleep(0.01)
    writer.transport.abort()
    async with patience():
        while any(path in task.get_name() for task in asyncio.all_tasks()):
            await asyncio.sleep(0.01)
    async with http.get(f"{hub}/api/collections/{collection['id']}/documents") as response:
        assert (await response.json())["documents"] == []


async def test_start_and_end_are_the_hosts(host: Callable[[Hub], Any], tmp_path: Path) -> None:
    before = asyncio.all_tasks()
    for _ in range(2):  # the folder is free again
        async with served(host(hub_in(tmp_path))) as url, aiohttp.ClientSession() as http:
            await ask(http, url + PREFIX, model="slow")
        assert asyncio.all_tasks() == before


async def test_answers_are_ended_with_a_word(host: Callable[[Hub], Any], tmp_path: Path) -> None:
    async with served(host(hub_in(tmp_path))) as url, aiohttp.ClientSession() as http:
        asked = await ask(http, url + PREFIX, model="slow")
    async with hub_in(tmp_path) as hub:
        *_, last = [event async for event in hub.follow(asked["answer"]["id"])]
        assert getattr(last, "code", None) == "interrupted"


async def test_the_host_says_who_asks(host: Callable[[Hub], Any], tmp_path: Path) -> None:
    async def who(headers: Mapping[str, str]) -> Person | None:
        name = headers.get("x-user")
        return Person(name, name.title()) if name else None

    async with served(host(hub_in(tmp_path, identity=who))) as url:
        hub = url + PREFIX
        async with aiohttp.ClientSession() as nobody, nobody.get(f"{hub}/api/chats") as response:
            assert (response.status, (await response.json())["code"]) == (401, "not_signed_in")
        async with aiohttp.ClientSession(headers={"X-User": "ann"}) as ann:
            async with ann.get(f"{hub}/api/me") as response:
                person = (await response.json())["person"]
                assert (person["id"], person["name"], person["is_operator"]) == ("ann", "Ann", False)
                assert not response.cookies
            answer_id = (await ask(ann, hub))["answer"]["id"]
            assert (await read_all(ann, hub, answer_id))[-1]["type"] == "done"
        headers = {"X-User": "bob"}
        async with aiohttp.ClientSession() as bob, bob.get(f"{hub}/api/answers/{answer_id}", headers=headers) as found:
            assert found.status == 404


async def test_a_session_that_the_host_ends_ends_its_open_streams(host: Callable[[Hub], Any], tmp_path: Path) -> None:
    sessions = {"s1": Person("ann"), "s2": Person("ann")}

    async def who(headers: Mapping[str, str]) -> Person | None:
        return sessions.get(headers.get("x-session", ""))

    long = {"slow": {"provider": "scripted", "text": WORDS * 10, "pause_seconds": 0.02}}
    within = Hub(settings_in(tmp_path, models=long), identity=who)
    async with served(host(within)) as url, aiohttp.ClientSession() as http:
        hub = url + PREFIX
        one, other = {"X-Session": "s1"}, {"X-Session": "s2"}
        async with http.post(f"{hub}/api/questions", json={"text": "Go on", "model": "slow"}, headers=other) as asked:
            answer_id = (await asked.json())["answer"]["id"]
        following = f"{hub}/api/answers/{answer_id}/events"
        async with http.get(following, headers=one) as cut, http.get(following, headers=other) as kept:
            await cut.content.readline()
            del sessions["s1"]
            assert (await cut.text()).rstrip().endswith("event: trouble\ndata: not_signed_in")
            async with http.post(f"{hub}/api/answers/{answer_id}/stop", headers=other) as stopped:
                assert stopped.status == 202
            assert "event: stopped" in await kept.text()


async def test_nobody_is_an_operator_for_coming_from_here(url: str, http: aiohttp.ClientSession) -> None:
    for path in ("/metrics", "/operators"):
        async with http.get(url + PREFIX + path) as response:
            assert response.status == 404


async def test_operators_of_the_host_are_ours(host: Callable[[Hub], Any], tmp_path: Path) -> None:
    async def who(headers: Mapping[str, str]) -> Person:
        return Person("root", is_operator=True)

    async with served(host(hub_in(tmp_path, identity=who))) as url, aiohttp.ClientSession() as http:
        async with http.get(f"{url}{PREFIX}/operators") as response:
            assert response.status == 200
            text = await response.text()
        assert 'href="metrics"' in text
        for path in ("operators?still=true", "metrics"):
            async with http.get(f"{url}{PREFIX}/{path}") as response:
                assert response.status == 200


async def test_what_fastapi_depends_on_holds(tmp_path: Path) -> None:
    async def signed_in(user: str = "") -> None:
        if user != "ann":
            raise HTTPException(401, "Not here")

    hub = hub_in(tmp_path)
    app = FastAPI(lifespan=hub.lifespan)
    app.include_router(hubbub.fastapi.router(hub), prefix=PREFIX, dependencies=[Depends(signed_in)])
    async with served(app) as url, aiohttp.ClientSession() as http:
        for query, status in (("", 401), ("?user=ann", 200)):
            async with http.get(f"{url}{PREFIX}/api/models{query}") as response:
                assert response.status == status


async def test_what_quart_does_before_requests_holds_and_its_session_says_who_asks(tmp_path: Path) -> None:
    async def who(headers: Mapping[str, str]) -> Person | None:
        return Person(session["user"]) if "user" in session else None

    app = quart_host(hub_in(tmp_path, identity=who))

    @app.post("/sign-in")
    async def sign_in() -> str:
        session["user"] = (await request.get_json())["user"]
        return ""

    @app.before_request
    async def only_by_day() -> None:
        if "night" in request.args:
            abort(418)

    @app.after_request
    async def sign(response: Any) -> Any:
        response.headers["x-by"] = "host"
        return response

    jar = aiohttp.CookieJar(unsafe=True)
    async with served(app) as url, aiohttp.ClientSession(cookie_jar=jar) as http:
        async with http.get(f"{url}{PREFIX}/api/me?night") as response:
            assert response.status == 418
        async with http.get(f"{url}{PREFIX}/api/me") as response:
            assert (response.status, response.headers["x-by"]) == (401, "host")
        async with http.post(f"{url}/sign-in", json={"user": "ann"}):
            pass
        async with http.get(f"{url}{PREFIX}/api/me") as response:
            assert (await response.json())["person"]["id"] == "ann"


async def test_quarts_limit_for_bodies_is_told_in_our_shape(tmp_path: Path) -> None:
    app = quart_host(hub_in(tmp_path))
    app.config["MAX_CONTENT_LENGTH"] = 10_000
    jar = aiohttp.CookieJar(unsafe=True)
    async with served(app) as url, aiohttp.ClientSession(cookie_jar=jar) as http:
        async with http.post(f"{url}{PREFIX}/api/collections", json={"name": "Mine"}) as response:
            collection = await response.json()
        path = f"{PREFIX}/api/collections/{collection['id']}/documents/large.txt"
        async with http.put(url + path, data=b"x" * 20_000) as response:
            assert (response.status, (await response.json())["code"]) == (413, "too_large")


@pytest.mark.parametrize("name", ["fastapi", "quart"])
async def test_streams_go_the_hosts_way_even_where_the_server_offers_another(tmp_path: Path, name: str) -> None:
    """Under our own protocol answers can be written past the application; what the host does to responses holds."""
    hub = hub_in(tmp_path)
    if name == "fastapi":
        app: Any = fastapi_host(hub, middleware=[Middleware(GZipMiddleware, minimum_size=0)])
    else:
        app = quart_host(hub)
    async with served(app, http=protocol_for(Clients())) as url, aiohttp.ClientSession() as http:
        asked = await ask(http, url + PREFIX, model="slow")
        assert text_of(await read_all(http, url + PREFIX, asked["answer"]["id"])) == WORDS


async def test_a_hub_that_is_not_open_says_how_to_open_it(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"lifespan=hub\.lifespan"):
        await hub_in(tmp_path).asgi({"type": "http"}, _never, _never)


async def _never(*_: object) -> Any:
    raise AssertionError


async def test_a_server_can_run_it_alone_with_the_page_at_the_root(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    hub = await loop.run_in_executor(None, lambda: Hub(settings_in(tmp_path), has_page=True))
    async with served(hub.asgi) as url, aiohttp.ClientSession() as http:
        asked = await ask(http, url)
        assert (await read_all(http, url, asked["answer"]["id"]))[-1]["type"] == "done"
        async with http.get(url, headers={"Accept": "text/html"}) as response:
            assert response.content_type == "text/html"


async def test_a_prefix_of_the_servers_own_comes_on_top(host: Callable[[Hub], Any], tmp_path: Path) -> None:
    app = host(hub_in(tmp_path))

    @asynccontextmanager
    async def nothing(app: object) -> AsyncIterator[None]:
        yield

    async with served(app, root_path="/outer") as url, aiohttp.ClientSession() as http:
        async with http.get(f"{url}{PREFIX}/api/openapi.json") as response:
            assert response.status == 200, await response.text()
            assert json.loads(await response.text())["servers"] == [{"url": f"/outer{PREFIX}"}]
        async with http.get(f"{url}{PREFIX}/api/nothing") as response:
            assert (await response.json())["code"] == "not_found"
