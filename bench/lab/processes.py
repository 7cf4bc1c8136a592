"""Run a process tree on one core, and read from /proc what it uses and whether a port is its own."""

import contextlib
import os
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")
CPUCLOCK_SCHED = 2


@dataclass(frozen=True)
class Cores:
    """Which core the server under test has, and which one both ends of the lab share."""

    server: int
    ends: int

    @classmethod
    def choose(cls) -> Self:
        """Return the first and the last core that this process may use.

        Raises:
            SystemExit: it may use one only.
        """
        allowed = sorted(os.sched_getaffinity(0))
        if len(allowed) < 2:
            raise SystemExit("The lab needs two processor cores: one for the server, one for both ends.")
        return cls(allowed[0], allowed[-1])


class Tree:
    """A process and its children, as /proc knows them now."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def pids(self) -> list[int]:
        """Return all of them, the first first."""
        found = [self.pid]
        for pid in found:  # grows while it is gone through
            for children in PROC.glob(f"{pid}/task/*/children"):
                found += [int(child) for child in _text(children).split()]
        return found

    def cpu_seconds(self) -> float:
        """Return the processor time, user and system, that they have had; it never falls.

        What lives is exact to the microsecond, its ended threads included. Ended children count once their parent has
        waited for them, to a tick (10 ms).
        """
        return sum(_own_seconds(pid) + _ended_children_seconds(pid) for pid in self.pids())

    def resident_kilobytes(self) -> int:
        """Return the resident memory; what processes share is counted in each."""
        pages = (int(text.split()[1]) for pid in self.pids() if (text := _text(PROC / f"{pid}/statm")))
        return sum(pages) * os.sysconf("SC_PAGE_SIZE") // 1024

    def listens_on(self, port: int) -> bool:
        """Return whether the listener on a port of loopback is one of theirs, and of nobody else."""
        sockets = {
            parts[9]
            for line in _text(PROC / "net/tcp").splitlines()[1:]
            if (parts := line.split())[3] == "0A" and int(parts[1].rpartition(":")[2], 16) == port
        }
        own: set[str] = set()
        for pid in self.pids():
            for handle in PROC.glob(f"{pid}/fd/*"):
                try:
                    own.add(str(handle.readlink()).removeprefix("socket:[").rstrip("]"))
                except OSError:
                    continue
        return bool(sockets) and sockets <= own


def _own_seconds(pid: int) -> float:
    """Return what all threads of a process have had, from its clock (linux/posix-timers.h); 0 when it has gone."""
    with contextlib.suppress(OSError):
        return time.clock_gettime((~pid << 3) | CPUCLOCK_SCHED)
    return 0.0


def _ended_children_seconds(pid: int) -> float:
    """Return what the children had that a process has waited for, and theirs; 0 when it has gone."""
    if not (stat := _text(PROC / f"{pid}/stat")):
        return 0.0
    user, system = stat.rpartition(")")[2].split()[13:15]
    return (int(user) + int(system)) / TICKS


def _text(path: Path) -> str:
    """Return a file of /proc; empty when the process has gone meanwhile."""
    try:
        return path.read_text()
    except OSError:
        return ""


def allow_many_files() -> None:
    """Let this process and its children open as many files as they may: a stream takes one or two."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def busy_seconds(core: int) -> float:
    """Return how long a core has been busy since the machine started, time stolen by its host included."""
    line = next(line for line in _text(PROC / "stat").splitlines() if line.startswith(f"cpu{core} "))
    user, nice, system, _idle, _waiting, *others = (int(part) for part in line.split()[1:9])
    return (user + nice + system + sum(others)) / TICKS


def free_port() -> int:
    """Return a port of loopback that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def pinned(
    command: Sequence[str],
    core: int,
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    log: Path | None = None,
) -> Iterator[subprocess.Popen[str]]:
    """Run a command on one core; it and its children are ended at last. Its output goes to `log`, or can be read."""
    with (log or Path(os.devnull)).open("a") as sink:
        process = subprocess.Popen(
            ["taskset", "-c", str(core), *command],
            env=None if environment is None else dict(environment),
            cwd=folder,
            stdout=sink if log else subprocess.PIPE,
            stderr=subprocess.STDOUT if log else None,
            text=True,
        )
        try:
            yield process
        finally:
            _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    family = Tree(process.pid).pids()
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        for pid in family:  # those that it started, by their ids
            if PROC.joinpath(str(pid)).exists():
                os.kill(pid, signal.SIGKILL)
        process.wait()
    if process.stdout:
        process.stdout.close()


def wait_until_listening(tree: Tree, process: subprocess.Popen[str], port: int, seconds: float = 60) -> None:
    """Return once the tree listens on the port.

    Raises:
        RuntimeError: it ended first, took too long, or the port is somebody else's.
    """
    deadline = time.monotonic() + seconds
    while not tree.listens_on(port):
        if process.poll() is not None:
            raise RuntimeError(f"it ended with code {process.returncode} before it listened")
        if time.monotonic() > deadline:
            raise RuntimeError(f"nothing of it listens on port {port} after {seconds:g} s")
        time.sleep(0.05)
