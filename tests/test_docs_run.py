"""Run the commands of the documentation as they stand: those of a page in order, in a folder with what it names."""

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.ingest.chat_exports import two_branches
from tests.ingest.documents import word
from tests.servers.hubbub_server import HubbubServer, environment, hubbub_serving, scripted

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PAGES = [ROOT / "README.md", ROOT / "docs" / "quickstart.md", *sorted((ROOT / "docs" / "how-to").glob("*.md"))]
BLOCK = re.compile(r"^```(console|sh)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SERVING = re.compile(r"hubbub serve\b|^gunicorn\b")
SECONDS = 60.0

pytestmark = pytest.mark.asyncio(loop_scope="module")


def commands(page: Path) -> list[str]:
    """Return the commands of a page's blocks, whole: a line that ends with a backslash goes on."""
    found: list[str] = []
    for kind, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        lines = text.replace("\\\n", "").splitlines()
        if kind == "console":
            assert all(line.startswith("$ ") for line in lines), f"{page.name}: a console block holds commands alone"
            lines = [line.removeprefix("$ ") for line in lines]
        found += [line for line in lines if line.strip() and not line.startswith("#")]
    return found


WITH_COMMANDS = [page for page in PAGES if commands(page)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HubbubServer]:
    """The server that pages suppose on http://127.0.0.1:8000."""
    async with hubbub_serving(tmp_path_factory.mktemp("server"), scripted(words=5, pause_seconds=0.01)) as server:
        yield server


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=lambda page: page.relative_to(ROOT).as_posix())
async def test_the_commands_of_a_page_work(page: Path, tmp_path: Path, server: HubbubServer) -> None:
    variables = furnished(tmp_path) | {"DATA": str(tmp_path / "data")}
    for command in commands(page):
        await run(command.replace("http://127.0.0.1:8000", server.url), tmp_path, variables, server)


def furnished(folder: Path) -> dict[str, str]:
    """Put what the pages speak of into a folder; returns the environment of somebody who works in it."""
    (folder / "data").mkdir()
    (folder / "data" / "leave.md").write_text("# Leave\n\nThere are thirty days of leave.\n")
    (folder / "conversations.json").write_text(json.dumps([two_branches()]))
    (folder / "handbook").symlink_to("data")
    (folder / "Documents").mkdir()
    (folder / "Documents" / "handbook").symlink_to(folder / "data")
    (folder / "minutes").mkdir()
    word(folder / "minutes" / "2026-03.docx")
    (folder / "app/backend/static").mkdir(parents=True)
    (folder / "app/backend/static/index.html").write_text("<!doctype html><title>Theirs</title>")
    for name in ("examples", "hubbub", "Makefile"):
        (folder / name).symlink_to(ROOT if name == "hubbub" else ROOT / name)
    (folder / ".venv").symlink_to(BIN.parent)
    own = environment(folder / "kept", scripted(words=5))
    packages = {"PIP_DRY_RUN": "1", "PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_QUIET": "1"}
    return own | packages | {"PATH": f"{BIN}:{own['PATH']}", "HOME": str(folder), "COLUMNS": "120"}


async def run(command: str, folder: Path, variables: dict[str, str], server: HubbubServer) -> None:
    """Run a command to its end; one that serves until it does."""
    if command.startswith("make "):
        target = command.partition("#")[0].split()
        await ended([*target, "--dry-run"], ROOT, variables)  # the tests are run by two of them
        return
    if command.startswith("hubbub bench"):
        command += f" --url {server.url} --people 1 --seconds 1"
    if SERVING.search(command):
        await serves(command, folder, variables)
    else:
        await ended(["bash", "-ec", command], folder, variables)


async def ended(command: list[str], folder: Path, variables: dict[str, str]) -> None:
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env=variables,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(b"y\n"), SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, f"{command} ended with {process.returncode}:\n{output.decode()}"


async def serves(command: str, folder: Path, variables: dict[str, str]) -> None:
    process = await asyncio.create_subprocess_exec(
        *("bash", "-ec", f"exec {command}"),
        cwd=folder,
        env=variables | {"BIND": "127.0.0.1:0", "PYTHONUNBUFFERED": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    told: list[str] = []
    try:
        async with asyncio.timeout(SECONDS):
            assert process.stdout is not None
            async for line in process.stdout:
                told.append(line.decode())
                if re.search(r"http://\S+", told[-1]):
                    break
            else:
                raise AssertionError(f"{command} did not serve:\n{''.join(told)}")
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
