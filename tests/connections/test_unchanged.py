"""A folder says that nothing in it was removed or replaced, and is believed only where that is certain."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hubbub.connections.sqlite import Connection, Sqlite
from hubbub.connections.unchanged import SURE_SECONDS, Unchanged
from hubbub.core.errors import StoreLost

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="folders don't tell there")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def settle(folder: Path) -> None:
    """Let a folder look as if its last change was a while ago."""
    os.utime(folder, (1e9, 1e9))


def removed(folder: Path) -> None:
    (folder / "a").unlink()


def replaced(folder: Path) -> None:
    (folder / "b").replace(folder / "a")


def moved(folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))
    folder.mkdir()


def gone(folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    for name in ("a", "b"):
        (folder / name).write_text(name)
    settle(folder)
    return folder


@pytest.mark.parametrize("change", [removed, replaced, moved, gone])
def test_a_change_is_seen_at_the_next_look(folder: Path, change: Callable[[Path], None]) -> None:
    unchanged = Unchanged(folder)
    unchanged.note(unchanged.look())
    assert unchanged.is_sure(unchanged.look())
    change(folder)
    assert not unchanged.is_sure(unchanged.look())


def test_nothing_is_known_at_first_nor_for_long(folder: Path) -> None:
    clock = Clock()
    unchanged = Unchanged(folder, clock=clock)
    assert not unchanged.is_sure(unchanged.look())
    unchanged.note(unchanged.look())
    assert unchanged.is_sure(unchanged.look())
    clock.now += SURE_SECONDS
    assert not unchanged.is_sure(unchanged.look())


def test_a_folder_that_has_just_changed_may_change_again_in_the_same_tick(folder: Path) -> None:
    os.utime(folder)
    unchanged = Unchanged(folder)
    unchanged.note(unchanged.look())
    assert not unchanged.is_sure(unchanged.look())


@pytest.mark.expects_errors
@pytest.mark.parametrize("end", ["", "-wal", "-shm"])
async def test_a_database_believes_its_folder_until_it_changes(
    tmp_path: Path, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    look = os.stat

    def stat(path: Any, **more: Any) -> os.stat_result:
        looked.append(Path(str(path)).name)
        return look(path, **more)

    async with Sqlite(tmp_path / "a.db") as database:
        await database.write(Connection.all, "create table note (text)")
        settle(tmp_path)
        await database.write(Connection.all, "insert into note values ('x')")
        with monkeypatch.context() as patched:
            patched.setattr("hubbub.connections.sqlite.os.stat", stat)
            for _ in range(20):
                await database.write(Connection.all, "insert into note values ('y')")
        assert looked.count("a.db-wal") < 20
        (tmp_path / f"a.db{end}").unlink()
        with pytest.raises(StoreLost):
            await database.write(Connection.all, "insert into note values ('z')")
