"""A model server fails in every way they do: the person is told in a sentence, and keeps what was said."""

import re
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from tests.servers.hubbub_server import HubbubServer, hubbub_serving
from tests.servers.model_server import ModelServer, Script, event
from tests.servers.reader import ask, read, read_all, text_of

FAULTS: Mapping[str, tuple[Script, str, str]] = {
    "401": (Script(status=401, body=b'{"error":{"message":"wrong key sk-secret"}}'), "refused", ""),
    "403": (Script(status=403, body=b"<html>no</html>"), "refused", ""),
    "404": (Script(status=404, body=b'{"error":{"message":"no such model"}}'), "refused", ""),
    "429": (
        Script(status=429, headers={"Retry-After": "7"}, body=b'{"error":{"message":"slow down"}}'),
        "model_busy",
        "",
    ),
    "500": (Script(status=500, body=b"Internal Server Error"), "refused", ""),
    "503": (Script(status=503, body=b""), "refused", ""),
    "silent before the reply": (Script(stall_before="headers"), "too_long", ""),
    "silent before the first token": (Script(stall_before="first_token"), "too_long", ""),
    "silent in the middle": (Script(stall_before="tokens"), "silent", "Hello, wörld!"),
    "breaks off before the reply": (Script(reset_before="headers"), "broke_off", ""),
    "breaks off before the first token": (Script(reset_before="first_token"), "broke_off", ""),
    "breaks off in the middle": (Script(reset_before="tokens", seconds_between=0.02), "broke_off", "Hello, wörld!"),
    "ends early": (Script(ends_early=True, has_done=False), "broke_off", "Hello, wörld!"),
    "error in a 200": (
        Script(
            raw=[event("Half"), b'data: {"error":{"message":"the GPU is on fire","code":500}}\n\n'],
            seconds_between=0.02,
        ),
        "refused",
        "Half",
    ),
    "nonsense": (Script(raw=[b"data: {{{\n\n"]), "bad_answer", ""),
    "a page": (Script(raw=[b"<html>"], headers={"Content-Type": "text/html"}), "bad_answer", ""),
    "endless line": (Script(tokens=["Half"], endless=b"x" * 50_000), "too_large", "Half"),
    "endless answer": (Script(tokens=[], endless=event("blah " * 2000)), "too_large", "blah"),
}
"""By name: what the server does, the code that the answer ends with, and the text that is kept (its beginning)."""


@asynccontextmanager
async def serving(folder: Path, base_url: str, *, first_token_seconds: str = "0.6") -> AsyncIterator[HubbubServer]:
    variables = {
        "HUBBUB_MODELS__UP__PROVIDER": "compatible",
        "HUBBUB_MODELS__UP__BASE_URL": base_url,
        "HUBBUB_MODELS__UP__MODEL": "scripted",
        "HUBBUB_MODELS__UP__API_KEY": "sk-secret",
        "HUBBUB_ANSWERS__FIRST_TOKEN_SECONDS": first_token_seconds,
        "HUBBUB_ANSWERS__SILENCE_SECONDS": "0.6",
        "HUBBUB_ANSWERS__BUSY_SECONDS": "0",
        "HUBBUB_ANSWERS__EVENT_BYTES": "200000",
        "HUBBUB_ANSWERS__ANSWER_BYTES": "200000",
    }
    async with hubbub_serving(folder, variables) as server:
        yield server


async def shown(http: aiohttp.ClientSession, url: str, asked: dict[str, Any]) -> dict[str, Any]:
    """Return the answer as a page that is loaded anew shows it."""
    async with http.get(f"{url}/api/chats/{asked['chat']['id']}") as response:
        [_, message] = (await response.json())["messages"]
    return message["answer"]


def check_sentence(text: str) -> None:
    assert re.search(r"\.( \(Reference: [0-9a-f]{8}\))?$", text), text
    assert len(text) > 20
    for inside in ("Traceback", "Error(", "aiohttp", "sk-secret", "<html", "\n"):
        assert inside not in text


async def test_every_fault_is_told_and_what_was_said_is_kept(tmp_path: Path) -> None:
    before: list[tuple[dict[str, Any], dict[str, Any]]] = []
    async with (
        ModelServer() as model,
        serving(tmp_path, model.base_url) as server,
        aiohttp.ClientSession() as http,
    ):
        for name, (script, code, kept) in FAULTS.items():
            model.script = script
            asked = await ask(http, server.url, name)
            events = await read_all(http, server.url, asked["answer"]["id"])
            text = text_of(events)
            assert (events[-1]["type"], events[-1]["code"]) == ("failed", code), (name, events[-1])
            check_sentence(events[-1]["message"])
            assert text.startswith(kept), name
            assert bool(text) is bool(kept), name
            answer = await shown(http, server.url, asked)
            assert (answer["state"], answer["text"], answer["failure"]["code"]) == ("failed", text, code), name
            before.append((asked, answer))
        assert len(model.seen) == len(FAULTS)
        await model.until(lambda model: model.open_requests == 0)
        model.script = Script()
        asked = await ask(http, server.url, "And all is well again")
        assert text_of(await read_all(http, server.url, asked["answer"]["id"])) == "Hello, wörld!"
        await server.terminate()
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    async with serving(tmp_path, f"http://127.0.0.1:{port}/v1") as server, aiohttp.ClientSession() as http:
        for asked, answer in before:
            assert await shown(http, server.url, asked) == answer
        asked = await ask(http, server.url, "Is anybody there?")
        last = (await read_all(http, server.url, asked["answer"]["id"]))[-1]
        assert (last["type"], last["code"], last["is_retryable"]) == ("failed", "unreachable", True)
        check_sentence(last["message"])


async def test_leaving_in_the_middle_leaves_upstream_alone(tmp_path: Path) -> None:
    pace = Script(tokens=[f"word{number} " for number in range(60)], seconds_between=0.02)
    async with ModelServer(pace) as model, serving(tmp_path, model.base_url) as server, aiohttp.ClientSession() as http:
        asked = await ask(http, server.url)
        async for _ in read(http, server.url, asked["answer"]["id"], at_most=5):
            pass
        await model.until(lambda model: model.open_requests == 0, 10)
        assert model.seen[0].is_complete
        await read_all(http, server.url, asked["answer"]["id"])  # what the model has sent is stored a little later
        assert (await shown(http, server.url, asked))["text"] == "".join(pace.tokens)
