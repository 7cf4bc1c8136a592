"""A database whose file is removed or replaced stores nothing and says so."""

import logging
import shutil
import sys
from pathlib import Path

import pytest

from hubbub.connections.sqlite import Connection, Sqlite
from hubbub.core.errors import StoreLost


@pytest.mark.expects_errors
@pytest.mark.skipif(sys.platform == "win32", reason="open files can't be removed there")
@pytest.mark.parametrize("how", ["removed", "replaced", "moved away"])
async def test_a_lost_file_fails_writes_and_reads(tmp_path: Path, how: str, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    async with Sqlite(folder / "a.db") as database:
        await database.write(Connection.all, "create table note (text)")
        if how == "removed":
            shutil.rmtree(folder)
        elif how == "moved away":
            folder.rename(tmp_path / "old")
            folder.mkdir()
        else:
            (tmp_path / "other.db").write_bytes(b"")
            (tmp_path / "other.db").replace(folder / "a.db")
        caplog.set_level(logging.WARNING)
        for _ in range(2):
            with pytest.raises(StoreLost, match="can't store anything"):
                await database.write(Connection.all, "insert into note values ('x')")
            with pytest.raises(StoreLost, match="can't store anything"):
                await database.read(Connection.all, "select * from note")
        assert len([one for one in caplog.records if "Nothing is stored" in one.getMessage()]) == 1
        if how == "moved away":
            folder.rmdir()
            (tmp_path / "old").rename(folder)
            await database.write(Connection.all, "insert into note values ('y')")
            assert await database.read(Connection.all, "select * from note") == [("y",)]
            assert "is at its place again" in caplog.text


@pytest.mark.expects_errors
@pytest.mark.skipif(sys.platform == "win32", reason="open files can't be removed there")
@pytest.mark.parametrize("end", ["-wal", "-shm"])
async def test_without_a_file_beside_it_nothing_is_stored(tmp_path: Path, end: str) -> None:
    """What is written to a removed journal is gone with the process, and another process begins a new one."""
    async with Sqlite(tmp_path / "a.db") as database:
        await database.write(Connection.all, "create table note (text)")
        (tmp_path / f"a.db{end}").unlink()
        with pytest.raises(StoreLost, match="can't store anything"):
            await database.write(Connection.all, "insert into note values ('x')")
