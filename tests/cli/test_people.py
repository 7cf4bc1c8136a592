"""People in the terminal, while no server runs."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from hubbub.cli.people import first_link
from hubbub.settings import Settings

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def _accounts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUBBUB_IDENTITY__ACCOUNTS__IS_ENABLED", "true")


def link_in(result: Result) -> str:
    assert result.exit_code == 0, result.output
    [line] = result.stdout.splitlines()
    assert "/welcome#" in line
    return line


def test_people_are_invited_and_listed(hubbub: Run) -> None:
    assert "Nobody is known yet" in hubbub("people", "list").stderr
    first, second = (link_in(hubbub("people", "invite", "Ada@example.org", "--name", "Ada")) for _ in range(2))
    assert first != second
    listed = hubbub("people", "list").stdout
    assert listed.count("ada@example.org") == 1
    assert "invited until" in listed


def test_what_can_not_be_done_is_said_in_a_line(hubbub: Run) -> None:
    for arguments, said in (
        (("invite", "no address"), "no e-mail address"),
        (("reset", "ada@example.org"), "There is no person"),
        (("disable", "ada@example.org"), "There is no person"),
        (("enable", "p123"), "There is no person"),
        (("rescue", "nobody"), "no e-mail address"),
    ):
        result = hubbub("people", *arguments)
        assert result.exit_code == 1, arguments
        assert said in result.stderr
        assert len(result.stderr.splitlines()) == 1


def test_who_locked_themselves_out_gets_in_again_by_a_link(hubbub: Run) -> None:
    assert link_in(hubbub("people", "rescue", "root@example.org")).startswith("http://127.0.0.1:")


def test_the_first_link_is_new_at_each_start_as_long_as_there_is_no_operator(folder: Path) -> None:
    settings = Settings(server={"data_folder": folder})  # type: ignore[arg-type]
    first, second = first_link(settings, "http://here:1"), first_link(settings, "http://here:1")
    assert first is not None
    assert first != second
    assert "http://here:1/welcome#" in first
