"""Whether a file has changed is seen in memory, without a statement, after every commit of every process."""

import asyncio
import ctypes
import sys
from pathlib import Path

import apsw
import pytest

from hubbub.connections.sqlite import Connection, Sqlite
from hubbub.connections.sqlite_version import Version
from hubbub.connections.wal_index import WalIndex

in_memory = pytest.mark.skipif(sys.platform != "linux", reason="only Linux says where a file is in memory")
FORM = (3007000).to_bytes(4, "little")


def opened(path: Path) -> apsw.Connection:
    raw = apsw.Connection(str(path))
    Connection(raw).all("pragma journal_mode = wal; create table if not exists kept (x); select * from kept")
    return raw


async def index_of(path: Path) -> WalIndex | None:
    return await asyncio.to_thread(WalIndex.of, str(path))


def version_of(raw: apsw.Connection, index: WalIndex | None) -> Version:
    version = Version()
    version.begin(raw, index)
    return version


async def write_elsewhere(path: Path, statement: str) -> None:
    """Run a statement in a process of its own."""
    program = "import apsw, sys; apsw.Connection(sys.argv[1]).execute(sys.argv[2]).fetchall()"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, str(path), statement)
    assert await process.wait() == 0


@pytest.mark.parametrize("is_in_memory", [pytest.param(True, marks=in_memory), False])
@pytest.mark.parametrize("name", ["a.db", "with a space.db"])
async def test_each_commit_of_any_process_is_seen(tmp_path: Path, name: str, is_in_memory: bool) -> None:
    raw, path = opened(tmp_path / name), tmp_path / name
    index = await index_of(path) if is_in_memory else None
    assert (index is not None) is is_in_memory
    version = version_of(raw, index)
    marks = [version.now()]
    for number in range(3):
        await write_elsewhere(path, f"insert into kept values ({number})")
        marks.append(version.now())
        assert version.now() == marks[-1], "nothing was committed meanwhile"
    await write_elsewhere(path, "begin; insert into kept values (9); rollback")
    assert version.now() == marks[-1]
    assert None not in marks and len(set(marks)) == 4
    version.end()
    assert version.now() is None
    raw.close()


@in_memory
async def test_a_watched_database_is_looked_at_without_a_statement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []

    def note(cursor: object, statement: str, bindings: object) -> bool:
        ran.append(statement)
        return True

    def trace(raw: apsw.Connection) -> None:
        raw.exec_trace = note

    monkeypatch.setattr(apsw, "connection_hooks", [trace])
    async with Sqlite(tmp_path / "a.db") as database:
        await database.watch()
        assert ran, "statements are seen here"
        ran.clear()
        before = database.version.now()
        assert before is not None and database.version.now() == before
        assert ran == []
        await database.write(Connection.all, "create table one (x)")
        assert database.version.now() not in (None, before)
    assert database.version.now() is None, "its memory is SQLite's no more"


async def test_a_link_leads_to_the_file(tmp_path: Path) -> None:
    raw = opened(tmp_path / "a.db")
    (tmp_path / "link.db").symlink_to(tmp_path / "a.db")
    assert (await index_of(tmp_path / "link.db") is not None) is (sys.platform == "linux")
    raw.close()


async def test_what_no_connection_has_read_is_not_found(tmp_path: Path) -> None:
    opened(tmp_path / "a.db").close()
    assert await index_of(tmp_path / "a.db") is None
    assert await index_of(tmp_path / "b.db") is None


@pytest.mark.parametrize(
    ("first", "second", "is_told"),
    [(b"\1" * 36, b"\1" * 36, True), (b"\1" * 36, b"\2" * 36, False), (b"\0" * 36, b"\0" * 36, False)],
    ids=["whole", "half written", "made anew"],
)
def test_a_header_that_is_being_written_tells_nothing(first: bytes, second: bytes, is_told: bool) -> None:
    memory = ctypes.create_string_buffer(FORM + b"\0" * 8 + first + FORM + b"\0" * 8 + second, 96)
    index = WalIndex(ctypes.addressof(memory))
    assert index.is_known
    assert index.now() == (memory.raw[:48] if is_told else None)


def test_another_form_is_not_known() -> None:
    memory = ctypes.create_string_buffer(b"\7" * 96, 96)
    assert not WalIndex(ctypes.addressof(memory)).is_known
