"""One process at a time has a folder's lock, and a dead one has it no longer."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from hubbub.connections.lock import FolderLock
from tests.patience import patience

HOLDER = """
import asyncio, sys
from pathlib import Path
from hubbub.connections.lock import FolderLock

async def main():
    async with FolderLock(Path(sys.argv[1])):
        print("held", flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_the_second_waits_for_the_first(tmp_path: Path) -> None:
    order: list[str] = []

    async def hold(name: str) -> None:
        async with FolderLock(tmp_path / "lock", retry_seconds=0.01):
            order.append(f"{name} in")
            await asyncio.sleep(0.05)
            order.append(f"{name} out")

    async with asyncio.TaskGroup() as group:
        group.create_task(hold("a"))
        group.create_task(hold("b"))
    assert order in (["a in", "a out", "b in", "b out"], ["b in", "b out", "a in", "a out"])


async def test_giving_up_waiting_leaves_the_lock_free(tmp_path: Path) -> None:
    async with FolderLock(tmp_path / "lock"):
        waiting = asyncio.create_task(FolderLock(tmp_path / "lock", retry_seconds=0.01).__aenter__())
        await asyncio.sleep(0.05)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    async with patience(), FolderLock(tmp_path / "lock", retry_seconds=0.01):
        pass


async def test_whoever_waits_goes_on_to_where_the_folder_is_gone(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    async with FolderLock(folder / "lock"):
        waiting = asyncio.create_task(FolderLock(folder / "lock", retry_seconds=0.005).__aenter__())
        await asyncio.sleep(0.03)
        (folder / "lock").unlink()
        folder.rmdir()
        await asyncio.sleep(0.03)
        assert not waiting.done()
    folder.mkdir()
    async with patience():
        await (await waiting).__aexit__(None, None, None)
    with pytest.raises(OSError):
        await FolderLock(tmp_path / "nowhere" / "lock").__aenter__()


async def test_a_dead_holder_lets_go(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    holder = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", HOLDER, str(tmp_path / "lock")), env=environment, stdout=asyncio.subprocess.PIPE
    )
    assert holder.stdout is not None
    try:
        assert await holder.stdout.readline() == b"held\n"
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1), FolderLock(tmp_path / "lock", retry_seconds=0.01):
                pass
    finally:
        holder.kill()
        await holder.wait()
    async with patience(), FolderLock(tmp_path / "lock", retry_seconds=0.01):
        pass
