"""Quick routes: served past the framework's layers, and like all others to whoever asks."""

import json
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI, Request
from starlette.responses import Response
from starlette.types import Message

from hubbub.core.errors import NotFound
from hubbub.web.bodies import Json
from hubbub.web.errors import add_error_handlers
from hubbub.web.guards import HEADERS, Guards
from hubbub.web.origins import Origins
from hubbub.web.quick import QuickApp, QuickRoute

quick = APIRouter(prefix="/things", route_class=QuickRoute)


@quick.get("/{name}", response_class=Response)
async def show(request: Request) -> Response:
    name = request.path_params["name"]
    if name == "none":
        raise NotFound("There is no such thing.")
    if name == "bug":
        raise RuntimeError("secret")
    return Json({"name": name, "is_quick": "router" not in request.scope})


@pytest.fixture
def app() -> QuickApp:
    app = QuickApp()
    app.take_in(quick)
    add_error_handlers(app)
    app.add_middleware(Guards, body_bytes=100, body_seconds=1, allowed_hosts=["here"], origins=Origins())
    return app


async def asked(app: FastAPI, path: str, *, method: str = "GET", host: str = "here") -> tuple[int, dict[str, str], Any]:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "root_path": "", "query_string": b""}
    try:
        await app(scope | {"headers": [(b"host", host.encode())]}, receive, send)
    except RuntimeError as error:
        assert str(error) == "secret"  # it is the server's to log
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, json.loads(b"".join(one.get("body", b"") for one in sent))


async def test_it_is_served_past_the_layers_and_said_the_same_of(app: QuickApp) -> None:
    status, headers, body = await asked(app, "/things/one")
    assert (status, body) == (200, {"name": "one", "is_quick": True})
    assert headers.items() >= HEADERS.items()
    assert "/things/{name}" in app.openapi()["paths"]


async def test_where_the_application_is_mounted_the_framework_finds_it(app: QuickApp) -> None:
    whole = FastAPI()
    whole.mount("/below", app)
    assert (await asked(whole, "/below/things/one"))[::2] == (200, {"name": "one", "is_quick": False})


@pytest.mark.parametrize(
    ("path", "asking", "status"),
    [
        ("/things/none", {}, 404),
        ("/things/bug", {}, 500),
        ("/things/one", {"host": "elsewhere"}, 403),
        ("/things/one", {"method": "DELETE"}, 405),
        ("/things/one/more", {}, 404),
    ],
)
async def test_what_goes_wrong_is_told_as_everywhere(
    app: QuickApp, path: str, asking: dict[str, str], status: int
) -> None:
    got, headers, problem = await asked(app, path, **asking)
    assert (got, problem["status"]) == (status, status)
    assert headers["content-type"] == "application/problem+json"
    assert headers.items() >= HEADERS.items()
    assert "secret" not in str(problem)
