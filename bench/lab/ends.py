"""Both ends of a measurement, compiled from C: the scripted model server and the readers."""

import json
import shutil
import subprocess
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.lab.processes import Tree, pinned

SOURCES = Path(__file__).with_name("generator")
NO_COMPILER = "There is no C compiler here. Install one (Debian: apt-get install gcc libc6-dev)."


@dataclass(frozen=True)
class Ask:
    """How a stack is asked: one whole request, or two, the second with the id that follows `find` in the reply."""

    first: bytes
    second: bytes | None = None
    find: str = ""


@dataclass(frozen=True)
class Plan:
    """How many streams of how many tokens are opened, over which time, and when they are counted (seconds)."""

    streams: int
    tokens: int
    times: int = 1
    ramp: float = 1.0
    settle: float = 0.5
    window: float = 3.0
    grace: float = 5.0


def request(method: str, path: str, body: object = None) -> bytes:
    """Return a whole HTTP request, as browsers send it in the essentials."""
    data = b"" if body is None else json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n"
    if body is not None:
        head += f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n"
    return head.encode() + b"\r\n" + data


@contextmanager
def compiled() -> Iterator[Path]:
    """Compile both programs and give the folder that they are in.

    Raises:
        SystemExit: there is no C compiler; the text says what to install.
    """
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise SystemExit(NO_COMPILER)
    with tempfile.TemporaryDirectory(prefix="hubbub-lab-") as folder:
        for name in ("model_server", "readers"):
            source, program = SOURCES / f"{name}.c", Path(folder, name)
            subprocess.run([compiler, "-O2", "-Wall", "-std=gnu11", "-o", program, source], check=True)
        yield Path(folder)


class ModelServer:
    """The running model server."""

    def __init__(self, pid: int, port: int) -> None:
        self.tree = Tree(pid)
        self.port = port

    @property
    def base_url(self) -> str:
        """The address of its API."""
        return f"http://127.0.0.1:{self.port}/v1"

    def script(self, *, tokens: int, rate: float, first_ms: float = 0, hold: bool = False) -> None:
        """Set what every answer is from now on, and clear the counts."""
        self._get(f"/script?tokens={tokens}&rate={rate}&first_ms={first_ms}&hold={int(hold)}")

    def seen(self) -> dict[str, Any]:
        """Return its counts."""
        return self._get("/seen")

    def _get(self, path: str) -> dict[str, Any]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as reply:
            return json.load(reply)


@contextmanager
def model_server(programs: Path, core: int) -> Iterator[ModelServer]:
    """Run the model server on a core."""
    with pinned([str(programs / "model_server")], core) as process:
        assert process.stdout is not None
        yield ModelServer(process.pid, json.loads(process.stdout.readline())["port"])


def read_streams(
    programs: Path,
    core: int,
    port: int,
    ask: Ask,
    plan: Plan,
    *,
    on_window: Callable[[], None] = lambda: None,
    trace: Path | None = None,
) -> dict[str, Any]:
    """Open streams and return what the readers saw. `on_window` is called when the window opens and when it closes."""
    with tempfile.TemporaryDirectory(prefix="hubbub-lab-") as folder:
        command = [str(programs / "readers"), "--port", str(port)]
        for name in ("streams", "tokens", "times", "ramp", "settle", "window", "grace"):
            command += [f"--{name}", str(getattr(plan, name))]
        Path(folder, "first").write_bytes(ask.first)
        command += ["--first", f"{folder}/first"]
        if ask.second is not None:
            Path(folder, "second").write_bytes(ask.second)
            command += ["--second", f"{folder}/second", "--find", ask.find]
        if trace:
            command += ["--trace", str(trace)]
        met: dict[str, Any] = {}
        with pinned(command, core) as process:
            assert process.stdout is not None
            for line in process.stdout:
                told = json.loads(line)
                met |= told
                if "window" in told:
                    on_window()
        if "requests" not in met:
            raise RuntimeError("the readers ended early")
        return met
