"""What all commands share: flags, help, faults of the settings, and `check`."""

import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

import hubbub as package
from tests.cli.commands import run

Invoke = Callable[..., Result]


def test_version_and_help(hubbub: Invoke) -> None:
    assert hubbub("--version").output.strip() == package.__version__
    told = hubbub("--help")
    assert told.exit_code == 0
    for command in ("serve", "ask", "ingest", "collections", "keys", "check", "bench"):
        assert command in told.output
        assert hubbub(command, "--help").exit_code == 0
    assert hubbub("nothing").exit_code == 2
    assert "Usage" in hubbub().output


def test_saying_the_version_imports_nothing_heavy() -> None:
    """It took 0.9 s of processor time while each command's modules were imported for all."""
    command = "import sys; from hubbub.cli.main import app; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", command], capture_output=True, check=True, text=True).stdout.split()
    assert not {"fastapi", "starlette", "aiohttp", "apsw", "pydantic", "uvicorn", "msgspec"} & set(loaded)


def test_as_a_module(folder: Path) -> None:
    assert run(folder, "--version") == (0, f"{package.__version__}\n", "")


def test_faults_of_the_settings_are_told_a_line_each(
    hubbub: Invoke, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder.parent / "hubbub.toml").write_text('[server]\nprot = 1\nport = "x"\n[models.m]\nprovider = "openai"\n')
    monkeypatch.setenv("HUBBUB_LIMITS__CHAT_MESSAGES", "many")
    for command in (("serve",), ("check",), ("ask", "x"), ("ingest", ".", "--collection", "x"), ("keys", "list")):
        result = hubbub(*command)
        assert result.exit_code == 2
        lines = [line for line in result.stderr.splitlines() if line]
        assert len(lines) > 3
        assert all(line.startswith("settings: ") for line in lines)
        for part in ("did you mean", "HUBBUB_LIMITS__CHAT_MESSAGES", "server.port", "models.m"):
            assert part in result.stderr
    assert not folder.exists()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("HUBBUB_DEFAULT_MODEL", "nobody"),
        ("HUBBUB_SEARCH__BACKEND", "nothing"),
        ("HUBBUB_SEARCH__BACKEND", "no.such.module:Class"),
        ("HUBBUB_HISTORY__ANSWERS", "json:Nothing"),
    ],
)
def test_settings_that_only_building_finds_wrong(
    hubbub: Invoke, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    result = hubbub("serve", "--port", "0")
    assert result.exit_code == 2, result.output
    assert result.stderr.startswith("settings: ")
    assert len(result.stderr.splitlines()) == 1


def test_check_says_what_is_used_and_what_is_wrong(
    hubbub: Invoke, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = hubbub("check")
    assert result.exit_code == 1
    assert "There is no model" in result.stdout
    assert "Ready" not in result.stdout
    monkeypatch.setenv("HUBBUB_MODELS__ONE__PROVIDER", "scripted")
    monkeypatch.setenv("HUBBUB_MODELS__TWO__PROVIDER", "scripted")
    monkeypatch.setenv("HUBBUB_DEFAULT_MODEL", "two")
    result = hubbub("check")
    assert result.exit_code == 0
    for part in ("data folder", str(folder), "SQLite 3.", "one", "it follows a script", "words only", "✓ Ready"):
        assert part in result.stdout
    models = [line.split()[2] for line in result.stdout.splitlines() if line.startswith("model ")]
    assert models == ["two", "one"]
    monkeypatch.setenv("HUBBUB_DEFAULT_MODEL", "three")
    result = hubbub("check")
    assert result.exit_code == 1
    assert "✗ default_model: there is no model 'three'; there is: one, two" in result.stdout


def test_check_asks_each_model_for_a_token(hubbub: Invoke, big_model: str) -> None:
    told = hubbub("check")
    assert told.exit_code == 0, told.stdout
    assert "it answered in" in told.stdout
    urllib.request.urlopen(f"{big_model.removesuffix('/v1')}/script", b'{"status":401}').close()
    told = hubbub("check")
    assert told.exit_code == 1
    assert "✗ big: " in told.stdout and "status 401" in told.stdout and "Check the API key" in told.stdout
    assert "Ready" not in told.stdout


def test_check_says_what_is_wrong_with_servers(hubbub: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUBBUB_MODELS__BIG__PROVIDER", "azure")
    monkeypatch.setenv("HUBBUB_MODELS__BIG__ENDPOINT", "https://x.example")
    monkeypatch.setenv("HUBBUB_MODELS__BIG__DEPLOYMENT", "d")
    monkeypatch.setenv("HUBBUB_EMBEDDINGS__PROVIDER", "azure")
    monkeypatch.setenv("HUBBUB_EMBEDDINGS__SERVER__URL", "https://x.example")
    result = hubbub("check")
    assert result.exit_code == 1
    assert "✗ embeddings.server.model: is needed" in result.stdout
    monkeypatch.setenv("HUBBUB_EMBEDDINGS__SERVER__MODEL", "e")
    result = hubbub("check")
    assert result.exit_code == 1
    assert "✗ big: " in result.stdout  # nobody can sign in here: that is tried, and said
    assert "✗ embeddings" not in result.stdout
    assert "meanings by e/1536 (azure)" in result.stdout
    monkeypatch.setenv("HUBBUB_MODELS__BIG__CREDENTIAL", "developer_cli")
    monkeypatch.setenv("HUBBUB_MODELS__BIG__TENANT_ID", "not a tenant!")
    result = hubbub("check")
    assert result.exit_code == 1
    assert "✗ Azure's credential can't be made" in result.stdout


def test_check_says_what_browsers_are_shown(hubbub: Invoke, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUBBUB_MODELS__M__PROVIDER", "scripted")
    (folder.parent / "index.html").write_text("<!doctype html>")
    monkeypatch.setenv("HUBBUB_SERVER__FRONTEND", str(folder.parent))
    monkeypatch.setenv("HUBBUB_SERVER__ALLOWED_ORIGINS", '["https://www.example.org"]')
    told = hubbub("check")
    assert told.exit_code == 0
    assert "server.frontend is set; Hubbub's own is not shown" in told.output
    assert "https://www.example.org" in told.output
    monkeypatch.setenv("HUBBUB_SERVER__ALLOWED_ORIGINS", '["*"]')
    told = hubbub("check")
    assert told.exit_code == 1
    assert '✗ server.allowed_origins: "*" lets any page' in told.output


def test_check_of_a_folder_that_can_t_be_written(hubbub: Invoke, folder: Path) -> None:
    folder.write_text("a file")
    result = hubbub("check")
    assert result.exit_code == 1
    assert f"✗ The data folder {folder} can't be written" in result.stdout


def test_a_folder_that_can_t_be_written(hubbub: Invoke, folder: Path) -> None:
    folder.write_text("a file")
    document = folder.parent / "a.txt"
    document.write_text("x")
    for command in (("serve", "--port", "0"), ("ask", "x"), ("ingest", str(document), "--collection", "x")):
        result = hubbub(*command)
        assert result.exit_code == 1
        assert result.stderr.startswith(f"hubbub: The data folder {folder} can't be written")
        assert len(result.stderr.splitlines()) == 1
    result = hubbub("serve", "--port", "0", "--data", str(folder / "below"))
    assert (result.exit_code, "can't be written" in result.stderr) == (1, True)
