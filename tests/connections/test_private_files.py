"""Nobody but its owner reads what the data folder holds."""

import asyncio
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import pytest

from hubbub.compose import prepare_folder
from hubbub.connections.lock import FolderLock
from hubbub.connections.private import make_private_folder, open_private
from hubbub.connections.sqlite import Connection, Sqlite
from hubbub.connections.threads import in_a_thread
from hubbub.core.errors import StoreError
from hubbub.ingest.files import Files
from tests.servers.hubbub_server import environment, hubbub_serving, scripted
from tests.servers.reader import ask, read_all

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="rights are other things there")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def open_to_others(folder: Path) -> dict[str, str]:
    """Return what others may do something with, or its owner may not use, below a folder and itself."""
    found: dict[str, str] = {}
    for path in (folder, *folder.rglob("*")):
        wanted = 0o700 if path.is_dir() else 0o600
        if mode(path) != wanted:
            found[str(path.relative_to(folder))] = oct(mode(path))
    return found


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
    with umask(0o022):
        async with Sqlite(path) as database:
            await database.write(Connection.all, "create table t (a)")
            assert [mode(tmp_path / f"hubbub.db{end}") for end in ("", "-wal", "-shm")] == [0o600] * 3


@pytest.mark.parametrize("mask", [0, 0o022, 0o777])
async def test_whatever_the_umask_is_what_is_made_is_its_owners(tmp_path: Path, mask: int) -> None:
    folder = tmp_path / "data"
    with umask(mask):
        await in_a_thread(lambda: make_some(folder))
        async with FolderLock(folder / "a.lock"), Files(folder / "files") as files, Sqlite(folder / "a.db") as database:
            await database.write(Connection.all, "create table t (a)")
            kept = await files.keep(stream(b"content"))
            assert files.path(kept.sha256).read_bytes() == b"content"
            assert open_to_others(folder) == {}


def make_some(folder: Path) -> None:
    prepare_folder(folder)
    make_private_folder(folder / "more")
    os.close(open_private(folder / "file", os.O_WRONLY | os.O_CREAT))


async def stream(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


def leave_open(folder: Path) -> None:
    """Leave a folder as an earlier version made it, whatever its own rights are."""
    for name in ("files/ab", "files/incoming"):
        (folder / name).mkdir(parents=True)
    for name in ("hubbub.db", "guide.made", "ingest.lock", f"files/ab/ab{'0' * 62}", "files/incoming/left"):
        (folder / name).touch()
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    (folder / "files").chmod(0o700)


async def test_what_an_earlier_version_left_open_is_closed(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    leave_open(folder)
    outside = tmp_path / "outside"
    outside.touch()
    outside.chmod(0o644)
    (folder / "link").symlink_to(outside)
    await in_a_thread(lambda: prepare_folder(folder))
    async with Files(folder / "files"):
        (folder / "link").unlink()
        assert open_to_others(folder) == {}
        assert mode(outside) == 0o644


async def test_a_server_leaves_nothing_open_in_a_folder_that_was(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    leave_open(folder)
    folder.chmod(0o755)
    (folder / "hubbub.db").unlink()
    launcher = ("sh", "-c", 'umask 000 && exec "$@"', "sh")
    async with hubbub_serving(folder, scripted(words=3), launcher=launcher) as server, aiohttp.ClientSession() as http:
        async with http.post(f"{server.url}/api/collections", json={"name": "Mine"}) as response:
            path = f"{server.url}/api/collections/{(await response.json())['id']}/documents"
        async with http.put(f"{path}/a.txt", data=b"Some text.") as response:
            assert response.status == 202
        await read_all(http, server.url, (await ask(http, server.url))["answer"]["id"])
        assert open_to_others(folder) == {}


AS_ANOTHER = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
"""Become a program that is nobody special: the files of whoever runs the tests are its own, all others' are not."""


def _needs_another_user() -> None:
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("only root gives files away")
    if subprocess.run([*AS_ANOTHER, "true"], capture_output=True, timeout=10, check=False).returncode:
        pytest.skip("needs the right to make a namespace of users (unshare --user)")


async def said_by(folder: Path, *command: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *(*AS_ANOTHER, sys.executable, "-m", "hubbub", *command),
        env=environment(folder, scripted(words=3)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd="/",
    )
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, output.decode()


@pytest.mark.parametrize(
    ("command", "whose"),
    [("serve", "folder"), ("check", "database"), ("serve", "nobody")],
)
async def test_what_belongs_to_another_user_is_refused_with_what_to_do(
    tmp_path: Path, command: str, whose: str
) -> None:
    _needs_another_user()
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    if whose == "folder":
        os.chown(folder, 12345, os.getegid())
        folder.chmod(0o770)  # it could be written, by the group's right
        wanted = ("belongs to the user", "chown -R")
    elif whose == "database":
        (folder / "hubbub.db").touch(0o600)
        os.chown(folder / "hubbub.db", 12345, 12345)  # as after a run as root
        wanted = ("hubbub.db can't be written", "It belongs to the user", "chown -R")
    else:
        folder.chmod(0o500)
        wanted = ("can't be written", f"chmod 700 {folder}")
    code, said = await said_by(folder, command)
    assert code == 1
    lines = [line for line in said.splitlines() if str(folder) in line and not line.startswith("data folder")]
    assert len(lines) == 1, said
    assert all(part in lines[0] for part in wanted), lines
    assert "Traceback" not in said


def test_a_file_in_its_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(StoreError, match="is no folder"):
        prepare_folder(tmp_path / "data")
