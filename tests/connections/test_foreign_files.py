"""A data folder that this version can't use is refused with one line, and left as it is."""

from pathlib import Path

import pytest

from hubbub.connections.sqlite import Connection, Sqlite
from hubbub.core.errors import SettingsError
from tests.servers.copies import said_by
from tests.servers.hubbub_server import environment, scripted

STEPS = ["create table one (id text)", "create table two (id text)"]


async def test_a_newer_versions_tables_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "hubbub.db"
    async with Sqlite(path) as database:
        await database.migrate("history", STEPS)
    before = path.read_bytes()
    async with Sqlite(path) as database:
        with pytest.raises(SettingsError, match=r"newer version of Hubbub \(history 2, this one knows 1\)"):
            await database.migrate("history", STEPS[:1])
        await database.migrate("history", STEPS)  # the version that wrote it goes on
        assert await database.read(Connection.all, "select count(*) from two") == [(0,)]
    assert path.read_bytes() == before


async def test_a_newer_versions_new_tables_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "hubbub.db"
    async with Sqlite(path) as database:
        await database.migrate("history", STEPS)
        await database.migrate("my_package.history", ["select 1"] * 9)  # of a back end of somebody's own
        await database.migrate("shares", ["select 1"] * 2)
    before = path.read_bytes()
    for known, how in (({"history": 2}, "it has shares, which"), ({"history": 1, "shares": 2}, "history 2, this one")):
        with pytest.raises(SettingsError, match=f"newer version of Hubbub \\({how}"):
            await Sqlite(path, known=known).__aenter__()
    async with Sqlite(path, known={"history": 2, "shares": 3}) as database:
        with pytest.raises(SettingsError, match="need a name with a dot"):
            await database.migrate("notes", STEPS)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "content", [b"no database at all, but long enough to be looked at" * 100, b"SQLite format 3\0" * 64]
)
async def test_a_file_that_is_no_database_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "hubbub.db"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match=r"hubbub.db is no database, or is damaged") as raised:
        async with Sqlite(path):
            pass
    assert len(raised.value.faults) == 1 and "\n" not in raised.value.message
    assert path.read_bytes() == content


NEWER = {
    "steps": [
        ("hubbub.db", [(room, 99) for room in ("answers", "history", "identity")]),
        ("library.db", [("search", 99)]),
    ],
    "room": [("hubbub.db", [("news", 1)]), ("library.db", [("news", 1)])],
}


@pytest.mark.parametrize(
    ("command", "newer"),
    [
        (["keys", "list"], "steps"),
        (["ask", "hello"], "room"),
        (["ingest", "x.md", "--collection", "x"], "steps"),
        (["serve"], "steps"),
        (["serve"], "room"),
        (["collections", "list"], "room"),
        (["check"], "room"),
    ],
)
async def test_every_program_says_so_in_a_line(tmp_path: Path, command: list[str], newer: str) -> None:
    folder = tmp_path / "kept"
    folder.mkdir(mode=0o700)
    for name, rows in NEWER[newer]:
        async with Sqlite(folder / name) as database:
            await database.migrate("history", [])
            await database.write(Connection.many, "insert into migration values (?, ?)", rows)
    (tmp_path / "x.md").write_text("text")
    code, said = await said_by(command, environment(folder, scripted(words=3)), tmp_path)
    assert code == (1 if command == ["check"] else 2), said
    assert len([line for line in said.splitlines() if "newer version of Hubbub" in line]) == 1, said
    assert "Traceback" not in said
