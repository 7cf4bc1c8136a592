"""Both ends of a measurement, compiled from C: the scripted model server and the readers."""

import json
import shutil
import subprocess
import tempfile
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from bench.lab.processes import Tree, pinned

SOURCES = Path(__file__).with_name("generator")
OPTIONS = ("-O2", "-Wall", "-std=gnu11")
NO_TLS = "install OpenSSL's headers and command (Debian: apt-get install libssl-dev openssl)"
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
    """0: the model server is told when to end them; then the last token says that it is the last."""
    times: int = 1
    ramp: float = 1.0
    settle: float = 0.5
    window: float = 3.0
    grace: float = 5.0
    patience: float = 15.0
    """How long after the ramp to wait for streams that have not spoken."""
    late: int = 0
    """So many of the streams begin one by one once all others flow; their first tokens are noted apart."""
    late_rate: float = 40.0
    """How many of them begin a second."""


def request(method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> bytes:
    """Return a whole HTTP request, as browsers send it in the essentials."""
    data = b"" if body is None else json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
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
            subprocess.run([compiler, *OPTIONS, "-o", program, source], check=True)
        _compile_tls(compiler, Path(folder))
        yield Path(folder)


def _compile_tls(compiler: str, folder: Path) -> None:
    """Make what the model server needs to speak TLS as well, where OpenSSL's headers and command are there."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    build = [compiler, *OPTIONS, "-DWITH_TLS", "-o", str(folder / "model_server_tls"), str(SOURCES / "model_server.c")]
    sign = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    sign += ["-days", "2", "-subj", "/CN=the lab", "-addext", "subjectAltName=IP:127.0.0.1"]
    sign += ["-addext", "keyUsage=critical,digitalSignature,keyCertSign"]
    try:
        subprocess.run([*build, "-lssl", "-lcrypto"], check=True, capture_output=True)
        subprocess.run([*sign, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    except (subprocess.CalledProcessError, OSError):
        certificate.unlink(missing_ok=True)


class ModelServer:
    """The running model server."""

    def __init__(self, pid: int, port: int, tls_port: int | None = None, certificate: Path | None = None) -> None:
        self.tree = Tree(pid)
        self.port = port
        self._tls_port = tls_port
        self.certificate = certificate
        """What a client has to trust for `tls_base_url`."""

    @property
    def base_url(self) -> str:
        """The address of its API."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def tls_base_url(self) -> str | None:
        """The address of the same API over TLS, if it was built with it."""
        return None if self._tls_port is None else f"https://127.0.0.1:{self._tls_port}/v1"

    def script(self, *, tokens: int, rate: float, first_ms: float = 0, hold: bool = False, slots: int = 0) -> None:
        """Set what every answer is from now on, and clear the counts.

        No tokens: answers end when told to. Slots: so many are answered at once, others wait in the order they came.
        """
        self._get(f"/script?tokens={tokens}&rate={rate}&first_ms={first_ms}&hold={int(hold)}&slots={slots}")

    def finish(self) -> None:
        """Let every open answer end with its next token."""
        self._get("/finish")

    def seen(self) -> dict[str, Any]:
        """Return its counts."""
        return self._get("/seen")

    def _get(self, path: str) -> dict[str, Any]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as reply:
            return json.load(reply)


@contextmanager
def model_server(programs: Path, core: int) -> Iterator[ModelServer]:
    """Run the model server on a core."""
    certificate: Path | None = programs / "certificate.pem"
    command = [str(programs / "model_server")]
    if certificate and certificate.exists():
        command = [str(programs / "model_server_tls"), str(certificate), str(programs / "key.pem")]
    else:
        certificate = None
    with pinned(command, core) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        yield ModelServer(process.pid, told["port"], told.get("tls_port"), certificate)


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
        for field in fields(plan):
            command += [f"--{field.name}", str(getattr(plan, field.name))]
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
