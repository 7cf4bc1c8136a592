"""A child is spoken to, ends with its owner, and leaves nothing behind."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from hubbub.connections.processes import Child
from tests.patience import patience

ECHO = (sys.executable, "-uc", "import sys\nfor line in sys.stdin: print('heard', line.strip())")
STUBBORN = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = os.fork()
if child: print(child, flush=True)
time.sleep(600)
"""


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


async def ends(pid: int) -> None:
    async with patience():
        while is_running(pid):  # another process's end
            await asyncio.sleep(0.01)


async def test_it_hears_and_answers_in_lines() -> None:
    async with Child(ECHO) as child:
        await child.write_line(b"one")
        assert await child.read_line() == b"heard one"
        await child.write_line("zwölf".encode())
        assert (await child.read_line()).decode() == "heard zwölf"
        assert child.exit_code is None
    assert child.exit_code is not None


async def test_its_exit_and_last_words_can_be_seen() -> None:
    program = (sys.executable, "-c", "import sys; [print('e', n, file=sys.stderr) for n in range(50)]; sys.exit(3)")
    async with Child(program) as child:
        assert await child.read_line() == b""
        assert await child.wait() == 3
    assert child.last_words.splitlines() == [f"e {number}" for number in range(30, 50)]


async def test_leaving_kills_a_stubborn_one_and_its_children_within_the_bound() -> None:
    async with Child((sys.executable, "-c", STUBBORN), stop_seconds=0.2) as child:
        grandchild = int(await child.read_line())
        assert os.getpgid(child.pid) == child.pid
        began = time.monotonic()
    assert time.monotonic() - began < 10
    assert child.exit_code == -signal.SIGKILL
    await ends(grandchild)


async def test_a_second_cancellation_does_not_leave_it_running() -> None:
    began = asyncio.Event()

    async def own() -> None:
        async with Child((sys.executable, "-c", STUBBORN), stop_seconds=0.2) as child:
            await child.read_line()
            pids.append(child.pid)
            began.set()
            await asyncio.Event().wait()

    pids: list[int] = []
    owner = asyncio.create_task(own())
    await began.wait()
    owner.cancel()
    await asyncio.sleep(0.05)
    owner.cancel()
    with pytest.raises(asyncio.CancelledError):
        await owner
    assert not is_running(pids[0])


async def test_a_program_that_is_not_there_says_so_in_its_exit() -> None:
    async with Child(("/nowhere/to/be/found",)) as child:
        assert await child.wait() != 0
    assert "FileNotFoundError" in child.last_words


OWNER = """
import asyncio, sys
from hubbub.connections.processes import Child
async def main():
    async with Child((sys.executable, "-c", "import time; time.sleep(600)")) as child:
        print(child.pid, flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent died")
async def test_it_dies_with_an_owner_that_is_killed() -> None:
    environment = {**os.environ, "PYTHONPATH": "src"}
    owner = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OWNER, stdout=asyncio.subprocess.PIPE, env=environment
    )
    assert owner.stdout is not None
    pid = int(await owner.stdout.readline())
    await asyncio.sleep(0.3)  # it becomes its program
    assert is_running(pid)
    owner.kill()
    await owner.wait()
    await ends(pid)
