"""Try other people's clients and print which cells hold: `PYTHONPATH=src .venv/bin/python -m bench.clients --help`."""

import argparse
import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bench.clients.model import Actor
from bench.clients.report import page_of, version_of
from bench.clients.table import CELLS, CLIENTS, Client
from tests.servers.copies import copied
from tests.servers.hubbub_server import environment, hubbub_serving

HERE = Path(__file__).resolve().parent
SECONDS = 600.0
LINE_BYTES = 1 << 20
UNTOLD = "fell: nothing was told"
LEAVE = b"# Leave\n\nEverybody has thirty days of leave a year.\n"
MARKS = {"held": "yes", "fell": "NO", "nothing": "-", "missing": "not tried"}


@dataclass(frozen=True)
class Served:
    """Where the clients find Hubbub."""

    url: str
    key: str

    @property
    def variables(self) -> dict[str, str]:
        """Return what the programs read."""
        own = {"BASE_URL": f"{self.url}/v1", "SERVER": self.url, "API_KEY": self.key, "MODEL": "actor"}
        return own | {
            "OPENAI_API_KEY": self.key,
            "OPENAI_BASE_URL": own["BASE_URL"],
            "OPENAI_AGENTS_DISABLE_TRACING": "1",
        }


@asynccontextmanager
async def serving() -> AsyncIterator[Served]:
    """Serve Hubbub before a model server that acts, with a collection named Rules that a key of its own may see."""
    async with Actor() as actor:
        variables = {
            "HUBBUB_MODELS__ACTOR__PROVIDER": "compatible",
            "HUBBUB_MODELS__ACTOR__BASE_URL": actor.base_url,
            "HUBBUB_MODELS__ACTOR__MODEL": "actor",
            "HUBBUB_MODELS__ACTOR__READS_IMAGES": "true",
            "HUBBUB_MODELS__ACTOR__CALLS_TOOLS": "true",
            "HUBBUB_MODELS__ACTOR__CAN_GROUND": "true",
        }
        with tempfile.TemporaryDirectory(prefix="hubbub-clients-") as name:
            folder = Path(name)
            key = await key_of(folder, variables)
            async with hubbub_serving(folder, variables) as server:
                served = Served(server.url.rstrip("/"), key)
                await _collection(served)
                yield served


async def key_of(folder: Path, variables: dict[str, str]) -> str:
    """Return a new key for a server on this data folder."""
    process = await copied(["keys", "add", "clients"], environment(folder, variables), folder)
    try:
        return (await process.stdout.read()).decode().strip()
    finally:
        await process.end()


async def _collection(served: Served) -> None:
    headers = {"Authorization": f"Bearer {served.key}"}
    async with aiohttp.ClientSession(served.url, headers=headers) as http:
        async with http.post("/api/collections", json={"name": "Rules"}) as response:
            collection_id = (await response.json())["id"]
        async with http.put(f"/api/collections/{collection_id}/documents/leave.md", data=LEAVE) as response:
            response.raise_for_status()


async def tried(client: Client, served: Served, environments: Path) -> dict[str, str]:
    """Return what became of each cell: held, or how it fell; `nothing` where it means nothing, `missing` without it."""
    outcome = {cell: "nothing" if cell in client.without else UNTOLD for cell in CELLS}
    command = command_of(client, environments)
    if command is None:
        return {cell: "missing" if told != "nothing" else told for cell, told in outcome.items()}
    env = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "AZURE_", "HUBBUB_"))}
    env |= served.variables | {"ENVIRONMENT": str(folder_of(client, environments))}
    with tempfile.TemporaryFile() as errors:
        process = await asyncio.create_subprocess_exec(
            *command, env=env, stdout=asyncio.subprocess.PIPE, stderr=errors, limit=LINE_BYTES
        )
        assert process.stdout is not None
        try:
            async with asyncio.timeout(SECONDS):
                async for line in process.stdout:
                    _note(outcome, line.decode("utf-8", "replace"))
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
            late = f"fell: not done after {SECONDS:.0f} s"
            outcome |= {cell: late for cell, told in outcome.items() if told == UNTOLD}
        if process.returncode and not any(one == "held" for one in outcome.values()):
            errors.seek(0)
            print(errors.read().decode("utf-8", "replace")[-2000:], file=sys.stderr)
    return outcome


def _note(outcome: dict[str, str], line: str) -> None:
    """Note what a line says of a cell; others are the client's own."""
    if line.startswith('{"cell"'):
        cell = json.loads(line)
        if outcome.get(cell["cell"], "nothing") != "nothing":
            outcome[cell["cell"]] = "held" if cell["ok"] else f"fell: {cell['note']}"


def folder_of(client: Client, environments: Path) -> Path:
    """Return where a client is installed."""
    return environments / client.program.rpartition(".")[0]


def python_of(client: Client, environments: Path) -> Path:
    """Return the interpreter of a client that pip installs."""
    return folder_of(client, environments) / "bin" / "python"


def command_of(client: Client, environments: Path) -> list[str] | None:
    """Return what runs a client's program; None where it is not installed."""
    program, folder = str(HERE / "programs" / client.program), folder_of(client, environments)
    if not client.packages:
        return [sys.executable, program]
    if client.is_of_npm:
        runner = "node" if program.endswith(".mjs") else sys.executable
        return [runner, program] if (folder / "node_modules").is_dir() else None
    python = python_of(client, environments)
    return [str(python), program] if python.exists() else None


async def install(client: Client, environments: Path) -> None:
    """Install a client into an environment of its own, by the machine's own package managers."""
    folder = folder_of(client, environments)
    folder.mkdir(parents=True, exist_ok=True)
    if client.is_of_npm:
        commands = [["npm", "init", "-y"], ["npm", "install", *client.packages]]
    else:
        commands = [[sys.executable, "-m", "venv", "."], ["bin/python", "-m", "pip", "install", "-q", *client.packages]]
    for command in commands:
        process = await asyncio.create_subprocess_exec(*command, cwd=folder, stdout=asyncio.subprocess.DEVNULL)
        if await process.wait():
            print(f"{client.name} can't be installed: {' '.join(command)}", file=sys.stderr)
            return


async def _run(asked: argparse.Namespace) -> bool:
    chosen = [one for one in CLIENTS if not asked.only or any(word.lower() in one.name.lower() for word in asked.only)]
    if asked.install:
        for client in chosen:
            if client.packages and command_of(client, asked.environments) is None:
                await install(client, asked.environments)
    has_fallen = False
    outcomes: dict[str, dict[str, str]] = {}
    async with serving() as served:
        for client in chosen:
            outcome = outcomes[client.name] = await tried(client, served, asked.environments)
            print(f"\n{client.name}")
            for cell, told in outcome.items():
                kind, _, note = told.partition(": ")
                print(f"  {cell:26} {MARKS[kind]:10} {note or client.without.get(cell, '')}", flush=True)
                has_fallen = has_fallen or kind == "fell"
    if asked.page:
        versions = {one.name: await version_of(one, folder_of(one, asked.environments)) for one in chosen}
        asked.page.write_text(page_of(chosen, outcomes, versions))
    return has_fallen


def main() -> None:
    """Run what the command line asks for; exit with 1 where a cell fell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", help="names of clients, or parts of them; all if none is given")
    parser.add_argument("--environments", type=Path, default=Path.home() / ".cache" / "hubbub-clients")
    parser.add_argument("--install", action="store_true", help="install those that are missing, each by itself")
    parser.add_argument("--page", type=Path, help="where to write the outcome as a page of the documentation")
    sys.exit(asyncio.run(_run(parser.parse_args())))


if __name__ == "__main__":
    main()
