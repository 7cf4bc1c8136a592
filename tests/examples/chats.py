"""Run the examples as their READMEs say, against a model server that is a program of its own."""

import asyncio
import contextlib
import json
import os
import re
import shlex
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.servers.processes import descendants_of

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
START_SECONDS = 90
END_SECONDS = 40
QUESTION = {"messages": [{"role": "user", "content": "Go on"}]}


def command_in(readme: Path) -> list[str]:
    """The command by which a README has its example run."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", readme.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    [line] = [line for block in blocks for line in block.splitlines() if line.startswith("gunicorn ")]
    return shlex.split(line)


@dataclass
class Example:
    """An example that serves."""

    url: str
    workers: int
    process: asyncio.subprocess.Process

    async def terminate(self) -> int:
        """End it as an operator would, and if need be in the hard way; returns the exit code."""
        family = [self.process.pid, *descendants_of(self.process.pid)]
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return await asyncio.wait_for(self.process.wait(), END_SECONDS)
        except TimeoutError:
            for pid in family:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            return await self.process.wait()


def environment(folder: Path, base_url: str, variables: Mapping[str, str]) -> dict[str, str]:
    """Of HUBBUB_ and OPENAI_ only what is given; the commands are those of this Python's environment."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(("HUBBUB_", "OPENAI_"))}
    return others | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "src"),
        "PYTHONUNBUFFERED": "1",
        "BIND": "127.0.0.1:0",
        "OPENAI_BASE_URL": base_url,
        "OPENAI_MODEL": "scripted",
        "OPENAI_API_KEY": "none",
        "HUBBUB_SERVER__DATA_FOLDER": str(folder),
        "HUBBUB_EMBEDDED__IS_ENABLED": "false",
        "HUBBUB_EMBEDDINGS__PROVIDER": "none",
        **variables,
    }


@asynccontextmanager
async def example(
    name: str, folder: Path, base_url: str, variables: Mapping[str, str] | None = None
) -> AsyncIterator[Example]:
    """Run one on a free port until left; all its workers serve by then."""
    variables = environment(folder, base_url, variables or {})
    process = await asyncio.create_subprocess_exec(
        *command_in(EXAMPLES / name / "README.md"),
        env=variables,
        cwd=EXAMPLES / name,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    workers = int(variables.get("WEB_CONCURRENCY") or 2 * len(os.sched_getaffinity(0)) + 1)
    ready = "Booting worker" if name == "flask_chat" else "Application startup complete"
    one = Example("", workers, process)
    count, log = 0, list[str]()
    try:
        async with asyncio.timeout(START_SECONDS):
            while count < workers:
                log.append((await process.stderr.readline()).decode())
                assert log[-1], "it ended before it served:\n" + "".join(log)
                if found := re.search(r"Listening at: (http://\S+)", log[-1]):
                    one.url = found[1]
                count += ready in log[-1]
        reading = asyncio.create_task(process.stderr.read())  # a full pipe would hold it up
        yield one
    finally:
        await one.terminate()
    await reading


@asynccontextmanager
async def model_program() -> AsyncIterator[str]:
    """Run the scripted model server, and give its base URL."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.servers.model_server"), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield (await process.stdout.readline()).decode().strip()
    finally:
        process.kill()
        await process.wait()


async def seen(http: aiohttp.ClientSession, base_url: str) -> dict[str, int]:
    """What the model server has seen; `open` is how many answers it makes now."""
    async with http.get(base_url.removesuffix("/v1") + "/seen") as response:
        return await response.json()


async def script(http: aiohttp.ClientSession, base_url: str, **fields: Any) -> None:
    """Let the model server follow another script from now on."""
    async with http.post(base_url.removesuffix("/v1") + "/script", json=fields) as response:
        assert response.status == 200


async def scripted(http: aiohttp.ClientSession, base_url: str, *, tokens: int, seconds: float) -> list[str]:
    """Let each answer be of so many tokens in so many seconds; returns them."""
    said = [f"word{number} " for number in range(tokens)]
    await script(http, base_url, tokens=said, seconds_between=seconds / tokens)
    return said


async def chat(http: aiohttp.ClientSession, url: str) -> str:
    """Ask, and return the answer; each line has to be well formed."""
    pieces: list[str] = []
    async for line in lines(http, url):
        assert set(line) == {"delta"}, line
        assert set(line["delta"]) == {"content"}
        pieces.append(line["delta"]["content"])
    return "".join(pieces)


async def lines(http: aiohttp.ClientSession, url: str) -> AsyncIterator[dict[str, Any]]:
    """Ask, and yield what comes, line by line."""
    async with http.post(f"{url}/chat/stream", json=QUESTION) as response:
        assert response.status == 200, await response.text()
        assert response.content_type == "application/x-ndjson"
        async for line in response.content:
            assert line.endswith(b"\n")
            yield json.loads(line)
