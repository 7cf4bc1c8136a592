"""Run the commands of the documentation as they stand: those of a page in order, in a folder with what it names."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.ingest.chat_exports import two_branches
from tests.ingest.documents import word
from tests.servers.copies import copied, said_by
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
    own = environment(folder / "kept", scripted(words=5) | scripted("small", words=5))
    packages = {"PIP_DRY_RUN": "1", "PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_QUIET": "1"}
    return own | packages | {"PATH": f"{BIN}:{own['PATH']}", "HOME": str(folder), "COLUMNS": "120"}


async def run(command: str, folder: Path, variables: dict[str, str], server: HubbubServer) -> None:
    """Run a command to its end; one that serves until it does.

    The shell reads the words of a `hubbub`, which is a copy then; one that is named by its path begins afresh.
    """
    if command.startswith("make "):
        target = command.partition("#")[0].split()
        await ended([*target, "--dry-run"], ROOT, variables)  # the tests are run by two of them
        return
    if command.startswith("hubbub bench"):
        command += f" --url {server.url} --people 1 --seconds 1 --yes"
    if not command.startswith("hubbub "):
        await (serves if SERVING.search(command) else ended)(["bash", "-ec", command], folder, variables)
        return
    words = await ended(["bash", "-ec", f"hubbub() {{ printf '%s\\0' \"$@\"; }}; {command}"], folder, variables)
    arguments = words.removesuffix("\0").split("\0")
    if SERVING.search(command):
        process = await copied(arguments, variables, folder, subprocess.STDOUT)
        try:
            await told_address(command, process.stdout)
        finally:
            await process.end()
        return
    code, output = await said_by(arguments, variables, folder, SECONDS)
    assert code == 0, f"{command} ended with {code}:\n{output}"


async def ended(command: list[str], folder: Path, variables: dict[str, str]) -> str:
    """Run a command to its end, which has to be a good one; returns what it printed, errors included."""
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
    return output.decode()


async def serves(command: list[str], folder: Path, variables: dict[str, str]) -> None:
    """Run what serves until it says where."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env=variables | {"BIND": "127.0.0.1:0", "PYTHONUNBUFFERED": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        await told_address(command, process.stdout)
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def told_address(command: str | list[str], output: asyncio.StreamReader) -> None:
    """Read what a server says until it says where it serves."""
    told: list[str] = []
    async with asyncio.timeout(SECONDS):
        async for line in output:
            told.append(line.decode())
            if re.search(r"http://\S+", told[-1]):
                return
    raise AssertionError(f"{command} did not serve:\n{''.join(told)}")
