"""Run `hubbub serve` as a process of its own, on a free port and a data folder that outlives it."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

from tests.places import variables_of
from tests.servers.copies import Copy, can_be_copied, copied
from tests.servers.processes import children_of, command_of

START_SECONDS = 120
GUIDE = {"HUBBUB_GUIDE__IS_ENABLED": "true"}
"""For a server with the built-in collection: to read it costs several times as much as all else at its start."""


class HubbubServer:
    """A running server: its address, and the means to end it kindly or not."""

    def __init__(self, process: asyncio.subprocess.Process | Copy, url: str) -> None:
        self.process = process
        self.url = url

    async def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        await self.process.wait()

    async def terminate(self) -> int:
        """End it as an operator would; returns the exit code."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), 30)


def environment(folder: Path, variables: Mapping[str, str | None]) -> dict[str, str]:
    """Return what a `hubbub` on this data folder runs with: of the variables of HUBBUB_, its own ones alone.

    One that is None is not set at all: an earlier version may not know it.
    """
    others = {name: value for name, value in os.environ.items() if not name.startswith(("HUBBUB_", "OPENAI_"))}
    wanted: dict[str, str | None] = {
        "HUBBUB_SERVER__PORT": "0",
        "HUBBUB_SERVER__DATA_FOLDER": str(folder),
        "HUBBUB_EMBEDDED__IS_ENABLED": "false",
        "HUBBUB_EMBEDDED__THREADS": "1",  # several wait for each other by turning in a circle, at others' expense
        "HUBBUB_EMBEDDINGS__PROVIDER": "none",
        "HUBBUB_DISCOVERY__IS_ENABLED": "false",
        "HUBBUB_GUIDE__IS_ENABLED": "false",
        **variables_of(folder),
        **variables,
    }
    return others | {name: value for name, value in wanted.items() if value is not None}


@asynccontextmanager
async def hubbub_serving(
    folder: Path,
    variables: Mapping[str, str | None],
    *,
    launcher: Sequence[str] = (),
    is_fresh: bool = False,
    log: Path | None = None,
) -> AsyncIterator[HubbubServer]:
    """Start a server on a data folder and end it at last.

    It is a copy of a process that has imported it already, as are its workers, unless it is to be fresh, or there is a
    launcher: a program that becomes the one that its arguments go on with. Its errors go to the end of the log, if one
    is named.
    """
    process = await _started(environment(folder, variables), folder, launcher, is_fresh=is_fresh, log=log)
    server: HubbubServer | None = None
    try:
        async with asyncio.timeout(START_SECONDS):
            server = HubbubServer(process, await _address(process))
        yield server
    finally:
        if isinstance(process, Copy):
            await process.end()
        else:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def _started(
    variables: Mapping[str, str], folder: Path, launcher: Sequence[str], *, is_fresh: bool, log: Path | None
) -> asyncio.subprocess.Process | Copy:
    if not launcher and not is_fresh and can_be_copied(variables):
        return await copied(["serve"], variables, folder, log)
    with ExitStack() as stack:
        return await asyncio.create_subprocess_exec(
            *(*launcher, sys.executable, "-m", "hubbub", "serve"),
            env=variables,
            stdout=asyncio.subprocess.PIPE,
            stderr=None if log is None else stack.enter_context(log.open("ab")),
            cwd=folder,
        )


async def _address(process: asyncio.subprocess.Process | Copy) -> str:
    assert process.stdout is not None
    async for line in process.stdout:
        text = line.decode()
        if "http://" in text:
            return "http://" + text.split("http://", 1)[1].split()[0]
    raise AssertionError("the server ended before it listened")


def scripted(name: str = "scripted", *, words: int = 40, pause_seconds: float = 0.02) -> dict[str, str]:
    """Return the variables of a model that says so many numbered words, at a pace."""
    return {
        f"HUBBUB_MODELS__{name.upper()}__PROVIDER": "scripted",
        f"HUBBUB_MODELS__{name.upper()}__TEXT": " ".join(f"word{number}" for number in range(words)),
        f"HUBBUB_MODELS__{name.upper()}__PAUSE_SECONDS": str(pause_seconds),
    }


def through(base_url: str, name: str = "up") -> dict[str, str]:
    """Return the variables of a model that is asked at an address."""
    return {
        f"HUBBUB_MODELS__{name.upper()}__PROVIDER": "compatible",
        f"HUBBUB_MODELS__{name.upper()}__BASE_URL": base_url,
        f"HUBBUB_MODELS__{name.upper()}__MODEL": "scripted",
        f"HUBBUB_MODELS__{name.upper()}__API_KEY": "sk-secret",
    }


def workers_of(server: HubbubServer) -> list[int]:
    """Return the process ids of a server's workers (Linux)."""
    return [pid for pid in children_of(server.process.pid) if "hubbub.cli.worker" in command_of(pid)]
