"""Write what became of the clients as a page of the documentation."""

import asyncio
import importlib.metadata
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.clients.table import CELLS, Client

_HEAD = """# Other people's clients

What each client does against Hubbub, unchanged, with a model server that does what it is asked. One command prints this
table and fails where a cell falls; each client is installed into an environment of its own:

    PYTHONPATH=src .venv/bin/python -m bench.clients --install --page docs/reference/clients.md

"""
_MARKS = {"held": "yes", "nothing": "-", "missing": "not tried"}
_PACKAGE = re.compile(r"(?P<name>@?[^@\[]+)")


async def version_of(client: Client, folder: Path) -> str:
    """Return the version of a client as it is installed; of several packages that of the last but those beside it."""
    package = next((one for one in client.packages if "/" in one), client.packages[0] if client.packages else "openai")
    found = _PACKAGE.match(package)
    name = found["name"] if found else package
    if client.is_of_npm:
        file = folder / "node_modules" / name / "package.json"
        return str(json.loads(file.read_text())["version"]) if file.exists() else ""
    if not client.packages:
        return importlib.metadata.version(name)
    python = folder / "bin" / "python"
    if not python.exists():
        return ""
    code = f"import importlib.metadata as one; print(one.version({name!r}))"
    process = await asyncio.create_subprocess_exec(str(python), "-c", code, stdout=asyncio.subprocess.PIPE)
    told, _ = await process.communicate()
    return told.decode().strip()


def page_of(clients: Sequence[Client], outcomes: Mapping[str, Mapping[str, str]], versions: Mapping[str, str]) -> str:
    """Return the page: a row for each client, then why a cell means nothing where it does."""
    rows = ["| client | version | " + " | ".join(CELLS) + " |", "|---" * (len(CELLS) + 2) + "|"]
    for client in clients:
        marks = [_MARKS.get(outcomes[client.name][cell].partition(": ")[0], "**NO**") for cell in CELLS]
        rows.append(f"| {client.name} | {versions[client.name]} | " + " | ".join(marks) + " |")
    reasons: dict[str, dict[str, list[str]]] = {}
    for client in clients:
        for cell, reason in client.without.items():
            reasons.setdefault(reason, {}).setdefault(client.name, []).append(cell)
    lines = [f"- {_sentence(reason)}: {_named(found)}." for reason, found in reasons.items()]
    return _HEAD + "\n".join(rows) + "\n\nWhere a cell means nothing:\n\n" + "\n".join(lines) + "\n"


def _sentence(reason: str) -> str:
    return reason[0].upper() + reason[1:]


def _named(without: Mapping[str, Sequence[str]]) -> str:
    """Return clients with their cells; those of which the same cells mean nothing stand together."""
    together: dict[tuple[str, ...], list[str]] = {}
    for name, cells in without.items():
        together.setdefault(tuple(cells), []).append(name)
    return "; ".join(f"{', '.join(names)} ({', '.join(cells)})" for cells, names in together.items())
