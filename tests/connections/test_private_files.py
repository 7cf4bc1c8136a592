"""Nobody but its owner reads what the data folder holds."""

import os
import stat
import sys
from pathlib import Path

import pytest

from hubbub.compose import prepare_folder
from hubbub.connections.sqlite import Connection, Sqlite
from hubbub.core.errors import StoreError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="rights are other things there")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_folder_that_others_may_look_into_is_closed(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(0o755)
    prepare_folder(folder)
    assert mode(folder) == 0o700


@pytest.mark.parametrize("rights", [0o1777, 0o777])
def test_a_place_of_everybody_is_refused_and_left_as_it_is(tmp_path: Path, rights: int) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(rights)
    with pytest.raises(StoreError, match="Everybody may write"):
        prepare_folder(folder)
    assert mode(folder) == rights


@pytest.mark.parametrize("is_there", [False, True])
async def test_a_database_is_its_owners_alone(tmp_path: Path, is_there: bool) -> None:
    path = tmp_path / "hubbub.db"
    if is_there:
        path.touch()
        path.chmod(0o644)
    before = os.umask(0o022)
    try:
        async with Sqlite(path) as database:
            await database.write(Connection.all, "create table t (a)")
            assert [mode(tmp_path / f"hubbub.db{end}") for end in ("", "-wal", "-shm")] == [0o600] * 3
    finally:
        os.umask(before)
