"""Fixtures: the commands in this process, for what a process of their own adds nothing to."""

import os
from collections.abc import Callable
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
