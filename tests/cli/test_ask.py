"""Asking in the terminal."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from tests.cli.commands import start

Invoke = Callable[..., Result]


@pytest.fixture(autouse=True)
def _model(hubbub: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUBBUB_MODELS__SCRIPTED__PROVIDER", "scripted")
    monkeypatch.setenv("HUBBUB_MODELS__SCRIPTED__TEXT", "Thirty days, it says. [1] *Not* \x1b[2J less.")


def ingested(hubbub: Invoke, folder: Path) -> None:
    documents = folder.parent / "documents"
    documents.mkdir()
    (documents / "leave.md").write_text("# Rules\n\n## Leave\n\nEverybody has thirty days of leave a year.\n")
    assert hubbub("ingest", str(documents), "--collection", "rules").exit_code == 0


def test_chatting(hubbub: Invoke) -> None:
    result = hubbub("ask", "Hello?")
    assert result.exit_code == 0
    assert result.stdout.startswith("Thirty days, it says. [1] *Not*")
    assert "\x1b" not in result.stdout


def test_asking_documents_lists_the_sources(hubbub: Invoke, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ingested(hubbub, folder)
    monkeypatch.setenv("HUBBUB_MODELS__SCRIPTED__CAN_GROUND", "false")
    result = hubbub("ask", "How many days of leave?", "--collection", "rules")
    assert result.exit_code == 0
    assert "Everybody has thirty days of leave a year. [1]" in result.stdout
    assert "Sources" in result.stdout
    assert "[1] leave.md › Rules › Leave" in result.stdout
    assert "Quoted from your documents" in result.stderr
    monkeypatch.setenv("HUBBUB_MODELS__SCRIPTED__CAN_GROUND", "true")
    result = hubbub("ask", "How many days of leave?", "--collection", "rules")
    assert "Thirty days, it says." in result.stdout
    assert "[1] leave.md › Rules › Leave" in result.stdout


def test_what_is_not_there(hubbub: Invoke, folder: Path) -> None:
    result = hubbub("ask", "x", "--collection", "nothing")
    assert result.exit_code == 1
    assert result.stderr.splitlines() == ["hubbub: There is no collection 'nothing' here. There is: none yet."]
    ingested(hubbub, folder)
    for more in ((), ("--collection", "rules")):
        result = hubbub("ask", "x", "--model", "nobody", *more)
        assert result.exit_code == 1
        assert result.stderr.splitlines() == ["hubbub: There is no model named 'nobody' here. There is: scripted."]
    assert "There is: 'rules'." in hubbub("ask", "x", "--collection", "nothing").stderr


def test_no_model_at_all(hubbub: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PROVIDER", "TEXT"):
        monkeypatch.delenv(f"HUBBUB_MODELS__SCRIPTED__{name}")
    result = hubbub("ask", "x")
    assert result.exit_code == 1
    assert "There is no model to chat with." in result.stderr


def test_it_streams(folder: Path) -> None:
    variables = {
        "HUBBUB_MODELS__SLOW__PROVIDER": "scripted",
        "HUBBUB_MODELS__SLOW__TEXT": "First then a very long wait",
        "HUBBUB_MODELS__SLOW__PAUSE_SECONDS": "20",
    }
    with start(folder, "ask", "x", variables=variables) as process:
        assert process.stdout is not None
        assert process.stdout.read(5) == "First"  # and not only at the end
        process.kill()


def test_searching_thoroughly_shows_each_search(hubbub: Invoke, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ingested(hubbub, folder)
    monkeypatch.setenv("HUBBUB_MODELS__SCRIPTED__TEXT", "thirty days of leave")
    result = hubbub("ask", "How many days of leave?", "--collection", "rules", "--thorough")
    assert result.exit_code == 0
    assert "Searched for: How many days of leave?" in result.stderr
    assert "Searched for: thirty days of leave" in result.stderr
    assert "thirty days of leave" in result.stdout
    assert "Searched for" not in hubbub("ask", "How many days of leave?", "--collection", "rules").stderr


def test_names_of_collections_are_read_in_any_case(hubbub: Invoke, folder: Path) -> None:
    ingested(hubbub, folder)
    result = hubbub("ask", "How many days of leave?", "--collection", "Rules")
    assert result.exit_code == 0
    assert "[1] leave.md" in result.stdout
    assert hubbub("collections", "rename", "RULES", "Leave").exit_code == 0


def test_what_was_not_done_is_said(
    hubbub: Invoke, folder: Path, big_model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert hubbub("ask", "Hello?").stderr == ""
    ingested(hubbub, folder)
    result = hubbub("ask", "Hello?")
    assert result.stderr.splitlines() == [
        "No documents were searched. To ask them, add --collection and a name: 'rules'"
    ]
    monkeypatch.setenv("HUBBUB_MODELS__BIG__MAX_TOKENS", "2")
    result = hubbub("ask", "How many days of leave?", "--collection", "rules", "--model", "big")
    assert result.stdout.startswith("word0 word1\n")
    assert result.stderr.splitlines() == [
        "The answer reached the limit of length that is set for this model: it is cut off here."
    ]
