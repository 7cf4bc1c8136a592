"""A parser that was taken over gets nowhere: each deed is tried with native code, past Python's own fences."""

import os
import platform
import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hubbub.connections.confinement import Layers
from hubbub.connections.landlock import version
from hubbub.connections.sandbox import Crashed, Returned, Sandbox

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the fences are Linux's")

DEEDS = "tests.connections.compromised"
REFUSED = {"EPERM", "EACCES", "ENOSYS"}

needs_landlock = pytest.mark.skipif(not version(), reason="this kernel has no Landlock")


async def tried(deed: str, returns: type[Any] = str, *, files: dict[str, Path] | None = None, **arguments: Any) -> Any:
    outcome = await Sandbox().call(f"{DEEDS}:{deed}", arguments, returns, files=files)
    assert isinstance(outcome, Returned), outcome
    return outcome.value


@contextmanager
def a_database(folder: Path) -> Generator[Path]:
    """Hand out a file that anybody may read and write; nothing of it may have changed afterwards."""
    path = folder / "library.db"
    path.write_bytes(b"precious")
    path.chmod(0o666)
    for above in (folder, *folder.parents[:2]):
        above.chmod(above.stat().st_mode | 0o007)
    before = path.stat()
    yield path
    after = path.stat()
    assert (after.st_ino, after.st_size, after.st_mode) == (before.st_ino, before.st_size, before.st_mode)
    assert path.read_bytes() == b"precious"
    assert [one.name for one in folder.iterdir()] == ["library.db"]


async def test_says_which_layers_hold() -> None:
    layers = await Sandbox().layers()
    assert isinstance(layers, Layers)
    assert layers.calls == ""
    assert bool(layers.files) == (not version())


@pytest.mark.parametrize("deed", ["unlink", "rename", "truncate", "chmod"])
async def test_the_database_is_not_changed(tmp_path: Path, deed: str) -> None:
    with a_database(tmp_path) as path:
        assert await tried(deed, path=str(path)) in REFUSED


@pytest.mark.parametrize("flags", [os.O_WRONLY, os.O_RDWR, os.O_RDONLY | os.O_TRUNC, os.O_RDONLY | os.O_CREAT])
async def test_nothing_is_opened_to_write(tmp_path: Path, flags: int) -> None:
    with a_database(tmp_path) as path:
        assert await tried("open_file", path=str(path), flags=flags) in REFUSED
        assert await tried("open_file", path=str(tmp_path / "new"), flags=flags | os.O_CREAT) in REFUSED


@needs_landlock
async def test_no_file_is_in_sight(tmp_path: Path) -> None:
    with a_database(tmp_path) as path:
        for there in (str(path), str(tmp_path), "/etc/passwd", "/etc/shadow", "/proc/self/status", "/"):
            assert await tried("open_file", path=there, flags=os.O_RDONLY) in REFUSED, there
        for secret in ("mem", "environ", "maps", "fd/0"):
            path_of_parent = f"/proc/{os.getpid()}/{secret}"
            assert await tried("open_file", path=path_of_parent, flags=os.O_RDONLY) in REFUSED, secret


async def test_the_file_that_is_handed_over_can_only_be_read(tmp_path: Path) -> None:
    with a_database(tmp_path) as path:
        assert await tried("change_file_handed_over", files={"file": path}) in REFUSED
        assert await tried("open_again_to_write", files={"file": path}) in REFUSED
        assert await tried("owner_of_signals", files={"file": path}, pid=os.getpid()) in REFUSED


async def test_there_are_no_sockets_of_any_family() -> None:
    said = await tried("sockets", dict[str, str])
    assert {which: what for which, what in said.items() if what not in REFUSED} == {}


async def test_nobody_is_signalled_traced_or_limited() -> None:
    pid = os.getpid()
    for number in (0, signal.SIGCONT):
        assert await tried("signal", pid=pid, number=int(number)) in REFUSED
        assert await tried("signal", pid=-1, number=int(number)) in REFUSED
    assert await tried("signal_thread", pid=pid) in REFUSED
    assert await tried("ptrace", pid=pid) in REFUSED
    assert await tried("set_limits_of", pid=pid) in REFUSED


async def test_calls_that_reading_does_not_take_are_refused() -> None:
    said = await tried("calls", dict[str, str])
    assert {which: what for which, what in said.items() if what not in REFUSED} == {}


async def test_no_process_begins() -> None:
    assert await tried("fork") in REFUSED
    assert await tried("socket_pair") in REFUSED
    assert await tried("shared_memory") in REFUSED


async def test_threads_still_run() -> None:
    assert await tried("thread_runs") == "done"


@pytest.mark.skipif(platform.machine() != "x86_64", reason="x86_64 has three ABIs")
async def test_other_abis_are_no_way_around() -> None:
    assert await tried("call_x32") in REFUSED
    outcome = await Sandbox().call(f"{DEEDS}:call_of_another_abi", {}, object)
    assert outcome == Crashed(signal.SIGSYS)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
async def test_root_becomes_somebody_who_owns_nothing() -> None:
    ids = set(await tried("user_and_groups", list[int]))
    assert 0 not in ids
    assert len(ids) == 1  # no groups besides
