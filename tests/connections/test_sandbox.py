"""A sandbox's child does what it may, and every way that it can end is told apart."""

import asyncio
import os
import resource
import signal
import socket
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from hubbub.connections import sandboxed
from hubbub.connections.sandbox import (
    Crashed,
    Failed,
    Killed,
    Layers,
    NotStarted,
    OutOfMemory,
    Returned,
    Sandbox,
    SandboxLimits,
    TimedOut,
)
from tests.patience import patience
from tests.servers.processes import children_of, command_of

CASES = "tests.connections.sandbox_cases"
MEBIBYTE = 1024 * 1024


async def call(name: str, returns: type[Any] = object, *, limits: SandboxLimits | None = None, **arguments: Any) -> Any:
    return await Sandbox(limits=limits).call(f"{CASES}:{name}", arguments, returns)


async def test_returns_what_the_function_returned() -> None:
    assert await call("double", int, number=21) == Returned(42)


async def test_what_is_returned_must_be_of_the_type_asked_for() -> None:
    assert isinstance(await call("double", str, number=21), Crashed)


async def test_the_child_has_nothing_of_its_parents(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUBBUB_SECRET", "secret")
    outcome = await call("surroundings", dict[str, Any])
    assert isinstance(outcome, Returned)
    assert "HUBBUB_SECRET" not in outcome.value["environment"]
    assert outcome.value["input"] == ""
    assert outcome.value["is_session_leader"]
    assert outcome.value["niceness"] >= 10
    assert outcome.value["descriptors"] <= 4


async def test_what_libraries_print_does_not_mix_with_the_result() -> None:
    assert await call("print_much", int) == Returned(1)


@pytest.mark.parametrize("step_bytes", [MEBIBYTE, 1024 * MEBIBYTE])
async def test_memory_is_limited(step_bytes: int) -> None:
    limits = SandboxLimits(memory_bytes=128 * MEBIBYTE)
    assert await call("grow", limits=limits, step_bytes=step_bytes) == OutOfMemory(128 * MEBIBYTE)


async def test_time_of_the_processor_is_limited() -> None:
    assert await call("burn", limits=SandboxLimits(cpu_seconds=1)) == TimedOut(1)


async def test_time_by_the_clock_is_limited() -> None:
    for seconds in (0.3, 1.0, 3.0, 10.0):  # its start counts, too: on a busy machine it may not have begun in so little
        outcome = await call("sleep", limits=SandboxLimits(wall_seconds=seconds), seconds=60)
        if not isinstance(outcome, NotStarted):
            break
    assert outcome == TimedOut(seconds)


async def test_the_size_of_the_result_is_limited() -> None:
    outcome = await call("text_of", str, limits=SandboxLimits(result_bytes=MEBIBYTE), length=8 * MEBIBYTE)
    assert isinstance(outcome, Failed)
    assert outcome.code == "too_large"


async def test_a_named_error_keeps_its_code_and_message() -> None:
    assert await call("refuse") == Failed("corrupt", "It is damaged. Send another one.")


async def test_any_other_error_is_named_by_its_class() -> None:
    outcome = await call("fail")
    assert isinstance(outcome, Failed)
    assert (outcome.code, outcome.message) == ("ZeroDivisionError", "nothing to divide by")
    assert "in fail" in outcome.detail


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT])
async def test_a_crash_tells_its_signal(number: int) -> None:
    assert await call("die", number=int(number)) == Crashed(int(number))


async def test_ending_without_a_result_is_a_crash() -> None:
    assert isinstance(await call("die", number=-1), Crashed)


async def test_the_child_has_no_network() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert await call("connect", str, port=server.getsockname()[1]) == Returned("forbidden")


async def test_the_child_writes_no_files(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("kept")
    outcome = await call("write", path=str(precious))
    assert isinstance(outcome, Failed)
    assert outcome.code == "PermissionError"
    assert precious.read_text() == "kept"


async def test_the_child_starts_no_programs() -> None:
    outcome = await call("start")
    assert isinstance(outcome, Failed)
    assert outcome.code == "PermissionError"


async def test_children_run_a_few_at_a_time() -> None:
    sandbox = Sandbox(at_once=2)
    running = [asyncio.create_task(sandbox.call(f"{CASES}:sleep", {"seconds": 0.2}, str)) for _ in range(4)]
    while not all(task.done() for task in running):
        assert len(children()) <= 2
        await asyncio.sleep(0.02)
    assert [await task for task in running] == [Returned("awake")] * 4


async def test_a_cancelled_call_leaves_no_child() -> None:
    calling = asyncio.create_task(call("sleep", seconds=60))
    while not children():
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    assert children() == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
async def test_the_child_dies_with_its_parent() -> None:
    program = textwrap.dedent(f"""
        import asyncio
        from hubbub.connections.sandbox import Sandbox
        asyncio.run(Sandbox().call("{CASES}:sleep", {{"seconds": 60}}, object))
    """)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", program, env=environment)
    try:
        async with patience():
            while not (child := children(parent.pid)) or not is_confined_and_asleep(child[0]):
                await asyncio.sleep(0.02)
    finally:
        parent.kill()
        await parent.wait()
    async with patience():
        while is_alive(child[0]):
            await asyncio.sleep(0.01)


async def test_a_file_is_handed_over_without_its_path(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("handed over")
    outcome = await Sandbox().call(f"{CASES}:text_in", {}, str, files={"file": tmp_path / "a"})
    assert outcome == Returned("handed over")


async def test_a_file_that_is_gone_says_so(tmp_path: Path) -> None:
    outcome = await Sandbox().call(f"{CASES}:text_in", {}, str, files={"file": tmp_path / "a"})
    assert isinstance(outcome, Failed)
    assert outcome.code == "not_found"


async def test_a_child_that_cannot_start_is_told_from_one_that_fails() -> None:
    """Too few descriptors are the machine's want, and come back by themselves."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with open(os.devnull) as next_one:  # noqa: ASYNC230, PTH123 (its number is the first that is free)
        resource.setrlimit(resource.RLIMIT_NOFILE, (next_one.fileno() + 1, hard))
    try:
        assert isinstance(await call("double", int, number=21), NotStarted)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert await call("double", int, number=21) == Returned(42)


async def test_a_child_that_dies_before_the_call_did_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert isinstance(await call("double", int, number=21), NotStarted)


async def test_a_child_that_was_killed_is_told_from_one_that_asked_for_too_much() -> None:
    calling = asyncio.create_task(call("sleep", seconds=60))
    async with patience():
        while not (child := children()) or not is_confined_and_asleep(child[0]):
            await asyncio.sleep(0.01)
    os.kill(child[0], signal.SIGKILL)
    assert await calling == Killed()


def is_confined_and_asleep(pid: int) -> bool:
    """Tell whether a child has passed its last fence, the filter of system calls, and does what it was called for."""
    status = Path(f"/proc/{pid}/status").read_text()
    return "Seccomp:\t2" in status and "State:\tS" in status


def is_alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def children(parent: int | None = None) -> list[int]:
    """Return the ids of the living children of a process, or of this one, that were started for a sandbox."""
    return [pid for pid in children_of(parent or os.getpid()) if Path(sandboxed.__file__).name in command_of(pid)]


async def test_what_a_machine_confines_with_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sandbox, "_layers", None)
    with monkeypatch.context() as patched:
        patched.setattr(sys, "executable", "/nowhere/python")
        assert isinstance(await Sandbox().layers(), NotStarted)
    found = await Sandbox().layers()  # that none could be started is no answer for good
    assert isinstance(found, Layers)
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert await Sandbox().layers() is found
