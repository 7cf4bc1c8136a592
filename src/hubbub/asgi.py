"""Give the application to any ASGI server, as `hubbub.asgi:app`; it is built from the settings when it is asked for."""

from typing import cast

import uvicorn
from fastapi import FastAPI

from hubbub.answers.runner import Runner
from hubbub.app.application import Application
from hubbub.cli.serving import Server
from hubbub.compose.web import web_application
from hubbub.settings import load_settings


def create() -> FastAPI:
    """Return the application that the settings ask for: hubbub.toml and HUBBUB_ variables, as for `hubbub serve`.

    Reads and makes files: call it before the event loop runs.

    Raises:
        SettingsError: one line a fault.
        StoreError: the data folder can't be written.
    """
    return web_application(load_settings())


def server_of(config: uvicorn.Config) -> uvicorn.Server:
    """Return a server for our application that drains when it is told to end."""

    def runner() -> Runner:
        return cast(Application, cast(FastAPI, config.app).state.application).runner

    return Server(config, runner, load_settings().server.drain_seconds)


def __getattr__(name: str) -> FastAPI:
    """Build the application once somebody asks for it: importing this module does nothing."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    app = globals()["app"] = create()
    return app
