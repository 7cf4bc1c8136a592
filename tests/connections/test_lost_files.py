"""A database whose file is removed or replaced stores nothing and says so."""

import logging
import shutil
import sys
from pathlib import Path

import pytest

from hubbub.connections.sqlite import Connection, Sqlite
from hubbub.core.errors import StoreFull


@pytest.mark.expects_errors
@pytest.mark.skipif(sys.platform == "win32", reason="open files can't be removed there")
@pytest.mark.parametrize("how", ["removed", "replaced"])
async def test_a_lost_file_fails_writes_and_reads(tmp_path: Path, how: str, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    async with Sqlite(folder / "a.db") as database:
        await database.write(Connection.all, "create table note (text)")
        if how == "removed":
            shutil.rmtree(folder)
        else:
            (tmp_path / "other.db").write_bytes(b"")
            (tmp_path / "other.db").replace(folder / "a.db")
        caplog.set_level(logging.ERROR)
        for _ in range(2):
            with pytest.raises(StoreFull, match="can't store anything"):
                await database.write(Connection.all, "insert into note values ('x')")
            with pytest.raises(StoreFull, match="can't store anything"):
                await database.read(Connection.all, "select * from note")
        assert len([one for one in caplog.records if "Nothing is stored" in one.getMessage()]) == 1
