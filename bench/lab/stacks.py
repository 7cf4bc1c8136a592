"""The stacks that are measured: how each is started, and how each is asked."""

import dataclasses
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.lab.ends import NO_TLS, Ask, ModelServer, request

ROOT = Path(__file__).resolve().parents[2]
PEERS = Path(__file__).with_name("peers")
PEERS_BIN = ROOT / ".venv-bench" / "bin"
"""An environment of the peers' own, made by `make bench`: their packages are none of ours."""

MESSAGES = [{"role": "user", "content": "How many people can ask at once?"}]


@dataclass(frozen=True)
class Stack:
    """One way to relay a model's answer to a person."""

    name: str
    title: str
    ask: Ask
    command: Callable[[int, Path], Sequence[str]]
    """From its port and a folder of its own."""
    environment: Callable[[int, str, Path], Mapping[str, str]] = field(default=lambda port, base_url, folder: {})
    """From its port, the model server's base URL and its folder; added to a bare environment."""
    missing: Callable[[], str] = lambda: ""
    """Says what to install where it can't run."""
    most_streams: int | None = None
    """How many answers it makes at once at the most, where that is fixed."""
    is_over_tls: bool = False
    """Whether it speaks to the model server over TLS."""
    loads: Sequence[int] = ()
    """The only loads that it is measured at; none: all."""


def full_environment(stack: Stack, port: int, model: ModelServer, folder: Path) -> dict[str, str]:
    """Return a stack's environment: no proxy, key or setting of the person who runs the lab is in it.

    Raises:
        RuntimeError: it wants TLS, and the model server was built without.
    """
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    base_url = model.base_url
    if stack.is_over_tls:
        if model.tls_base_url is None:
            raise RuntimeError(NO_TLS)
        base_url = model.tls_base_url
        kept["SSL_CERT_FILE"] = str(model.certificate)
    return {**kept, "OPENAI_BASE_URL": base_url, "OPENAI_API_KEY": "none", **stack.environment(port, base_url, folder)}


def _hubbub_variables(port: int, base_url: str, folder: Path) -> dict[str, str]:
    return {
        "PYTHONPATH": str(ROOT / "src"),
        "HUBBUB_SERVER__PORT": str(port),
        "HUBBUB_SERVER__DATA_FOLDER": str(folder / "data"),
        "HUBBUB_EMBEDDED__IS_ENABLED": "false",
        "HUBBUB_EMBEDDINGS__PROVIDER": "none",
        "HUBBUB_DISCOVERY__IS_ENABLED": "false",
        "HUBBUB_ANSWERS__SILENCE_SECONDS": "600",  # idle streams are silent on purpose
        "HUBBUB_ADMISSION__RUNNING": "20000",  # what is measured is what can be carried, not what is let in
        "HUBBUB_ADMISSION__RUNNING_PER_MODEL": "20000",
        "HUBBUB_MODELS__SCRIPTED__PROVIDER": "compatible",
        "HUBBUB_MODELS__SCRIPTED__BASE_URL": base_url,
        "HUBBUB_MODELS__SCRIPTED__MODEL": "scripted",
    }


def gunicorn(app: str, *options: str) -> Callable[[int, Path], Sequence[str]]:
    """Return how a peer under gunicorn is started."""
    return lambda port, folder: [
        *(str(PEERS_BIN / "gunicorn"), "--bind", f"127.0.0.1:{port}", "--chdir", str(PEERS), "--timeout", "120"),
        *options,
        app,
    ]


def _uvicorn(port: int, folder: Path) -> Sequence[str]:
    options = ["--app-dir", str(PEERS), "--port", str(port), "--no-access-log", "--log-level", "warning"]
    return [str(PEERS_BIN / "uvicorn"), *options, "fastapi_chat:app"]


def _nginx(port: int, folder: Path) -> Sequence[str]:
    return ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]


def _nginx_files(port: int, base_url: str, folder: Path) -> dict[str, str]:
    text = (PEERS / "nginx.conf").read_text()
    upstream = base_url.removeprefix("http://").removesuffix("/v1")
    (folder / "nginx.conf").write_text(text.replace("@PORT@", str(port)).replace("@UPSTREAM@", upstream))
    return {}


def _no_peers() -> str:
    return "" if (PEERS_BIN / "gunicorn").exists() else "run `make bench`, which installs the peers"


def _no_nginx() -> str:
    return "" if shutil.which("nginx") else "install nginx (Debian: apt-get install nginx-light)"


_CHAT = Ask(request("POST", "/chat/stream", {"messages": MESSAGES}))

HUBBUB = Stack(
    "hubbub",
    "Hubbub",
    Ask(
        request("POST", "/api/questions", {"text": MESSAGES[0]["content"]}),
        request("GET", "/api/answers/{id}/events"),
        find='"answer":{"id":"',
    ),
    lambda port, folder: [sys.executable, "-m", "hubbub", "serve"],
    _hubbub_variables,
)


def _in_the_words_of(name: str, title: str, path: str, body: object) -> Stack:
    """Return Hubbub, asked in somebody else's wire format: what differs is how its events are rendered."""
    return dataclasses.replace(
        HUBBUB, name=f"hubbub-{name}", title=f"Hubbub, {title}", ask=Ask(request("POST", path, body)), loads=(50, 300)
    )


_INPUT = [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": MESSAGES[0]["content"]}]}]
_OVER_DOCUMENTS = {"messages": MESSAGES, "context": {"overrides": {}}, "session_state": None}

DIALECTS = [
    _in_the_words_of(
        "completions",
        "chat completions",
        "/v1/chat/completions",
        {"model": "scripted", "messages": MESSAGES, "stream": True},
    ),
    _in_the_words_of(
        "responses",
        "Responses",
        "/v1/responses",
        {"model": "scripted", "input": MESSAGES[0]["content"], "stream": True},
    ),
    _in_the_words_of("simple-chat", "simple chat", "/chat/stream", {"input": _INPUT}),
    _in_the_words_of("chat-protocol", "chat over documents", "/chat/stream", _OVER_DOCUMENTS),
    _in_the_words_of("chat-protocol-old", "the same before 2026", "/v0/chat/stream", _OVER_DOCUMENTS),
]

STACKS = [
    HUBBUB,
    *DIALECTS,
    dataclasses.replace(HUBBUB, name="hubbub-tls", title="Hubbub, model over TLS", is_over_tls=True),
    Stack(
        "nginx",
        "nginx",
        Ask(request("POST", "/v1/chat/completions", {"model": "scripted", "messages": MESSAGES, "stream": True})),
        _nginx,
        _nginx_files,
        missing=_no_nginx,
    ),
    Stack(
        "quart",
        "Quart, uvicorn worker",
        _CHAT,
        gunicorn("quart_chat:app", "--worker-class", "uvicorn_worker.UvicornWorker"),
        missing=_no_peers,
    ),
    Stack("fastapi", "FastAPI, uvicorn", _CHAT, _uvicorn, missing=_no_peers),
    Stack(
        "flask-gthread",
        "Flask, 100 threads",
        _CHAT,
        gunicorn("flask_chat:app", "--worker-class", "gthread", "--threads", "100"),
        missing=_no_peers,
        most_streams=100,
    ),
    Stack(
        "flask-sync",
        "Flask, 5 sync workers",
        _CHAT,
        gunicorn("flask_chat:app", "--workers", "5"),
        missing=_no_peers,
        most_streams=5,
    ),
]
