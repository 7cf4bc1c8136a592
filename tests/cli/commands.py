"""Run `hubbub` as a process: with a data folder and variables of its own, and nothing of this machine's."""

import os
from collections.abc import Mapping
from pathlib import Path

from tests.servers.copies import Command

SECONDS = 30
PLAIN = {
    "HUBBUB_EMBEDDED__IS_ENABLED": "false",
    "HUBBUB_EMBEDDINGS__PROVIDER": "none",
    "HUBBUB_DISCOVERY__IS_ENABLED": "false",
    "HUBBUB_GUIDE__IS_ENABLED": "false",
}


def environment(folder: Path, variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the variables for a process that works on a folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HUBBUB_", "OPENAI_"))}
    return kept | PLAIN | {"HUBBUB_SERVER__DATA_FOLDER": str(folder), "COLUMNS": "200"} | dict(variables or {})


def start(folder: Path, *arguments: str, variables: Mapping[str, str] | None = None) -> Command:
    """Start a command; its output is for the caller to read."""
    return Command(arguments, environment(folder, variables), folder.parent)


def run(folder: Path, *arguments: str, variables: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    """Run a command to its end; returns exit code, standard output and standard error."""
    with start(folder, *arguments, variables=variables) as process:
        try:
            out, err = process.communicate(timeout=SECONDS)
        finally:
            process.kill()
        assert "Traceback" not in err + out, err
        return process.wait(), out, err
