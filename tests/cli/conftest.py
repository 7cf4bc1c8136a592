"""Fixtures: the commands in this process, for what a process of their own adds nothing to."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from hubbub.cli.main import app
from tests.cli.commands import environment


@pytest.fixture(autouse=True)
def _blocking_calls_fail() -> None:
    """Not here: a command opens files and imports modules on a loop that serves nobody yet."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder that is not there yet."""
    return tmp_path / "data"


@pytest.fixture
def hubbub(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    for name in list(os.environ):
        if name.startswith(("HUBBUB_", "OPENAI_")):
            monkeypatch.delenv(name)
    for name, value in environment(folder).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(folder.parent)

    def invoke(*arguments: str) -> Result:
        result = CliRunner().invoke(app, list(arguments))
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


@pytest.fixture
def big_model(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Set up a model "big" on a server of its own; yields the server's base URL."""
    root = Path(__file__).parents[2]
    program = [sys.executable, "-m", "tests.servers.model_server", "--port", "0", "--rate", "1000", "--first", "0"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True, cwd=root) as server:
        try:
            assert server.stdout is not None
            base_url = server.stdout.readline().strip()
            monkeypatch.setenv("HUBBUB_MODELS__BIG__PROVIDER", "compatible")
            monkeypatch.setenv("HUBBUB_MODELS__BIG__BASE_URL", base_url)
            monkeypatch.setenv("HUBBUB_MODELS__BIG__MODEL", "scripted")
            yield base_url
        finally:
            server.terminate()
