"""A backup holds all of one moment, is restored elsewhere as it was, and is refused where anything of it is wrong."""

import asyncio
import hashlib
import json
import os
import re
import shutil
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hubbub.compose.backing_up import back_up
from hubbub.compose.backing_up_pieces import MANIFEST, PARTIAL, SUM
from hubbub.compose.databases import CHATS, chats_in, library_in
from hubbub.compose.restoring import restore
from hubbub.connections.postgres import Postgres
from hubbub.connections.sqlite import Connection
from hubbub.core.errors import Conflict, HubbubError, Invalid, NotFound, SettingsError, StoreError
from tests.cli.commands import run
from tests.compose.test_moving import PEOPLE, check, fill, leave, opened, settings_of
from tests.servers.postgres_server import new_database


async def filled(folder: Path, url: str | None = None, more: dict[str, Any] | None = None) -> None:
    async with opened(settings_of(folder, url, PEOPLE | (more or {}))) as application:
        await fill(application)
        await application.deeds.note("key made", by="ann", of="k1")


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with something of each kind; nobody changes it."""
    folder = tmp_path_factory.mktemp("kept") / "data"
    asyncio.run(filled(folder))
    return folder


@pytest.fixture(scope="session")
def kept(data: Path) -> Path:
    """A backup of that; nobody changes it."""
    asyncio.run(back_up(settings_of(data, None), data.parent / "backup", told=leave))
    return data.parent / "backup"


@pytest.fixture
def copy(kept: Path, tmp_path: Path) -> Path:
    """One of it that may be changed."""
    return Path(shutil.copytree(kept, tmp_path / "copy"))


def rows_of(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Return what a database file holds, read past the product."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        names = "select name from sqlite_schema where type = 'table' and sql not like 'create virtual%'"
        tables = [name for (name,) in database.execute(names) if not name.startswith("sqlite_")]
        changing = {"worker", "audit", "audit_outbox_id", "audit_state", "audit_taken"}
        return {
            table: sorted(database.execute(f'select * from "{table}"').fetchall(), key=repr)
            for table in tables
            if table not in changing and not table.startswith(("searched", "noted"))  # made anew when it is opened
        }


def listed(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


def files_of(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("files/??/*")}


async def test_a_data_folder_is_restored_elsewhere_as_it_was(data: Path, kept: Path, tmp_path: Path) -> None:
    done = await restore(settings_of(tmp_path / "new", None), kept, replaces=False, told=leave)
    assert done.checked.document.startswith("cat")
    assert done.checked.messages > 0
    assert done.checked.hits > 0
    for name in ("hubbub.db", "library.db"):
        assert rows_of(tmp_path / "new" / name) == rows_of(data / name)
    files = files_of(tmp_path / "new")
    assert files == files_of(data)
    assert len(files) == 3
    assert all(name == found for name, found in files.items())
    async with opened(settings_of(tmp_path / "new", None, PEOPLE)) as application:
        await check(application)


def test_only_its_owner_may_read_it_and_its_manifest_says_what_it_holds(kept: Path) -> None:
    for path in (kept, *kept.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    manifest = json.loads((kept / MANIFEST).read_text())
    for piece in manifest["pieces"]:
        content = (kept / piece["path"]).read_bytes()
        assert (piece["bytes"], piece["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    assert {piece["path"] for piece in manifest["pieces"]} | {MANIFEST, SUM} == {
        str(path.relative_to(kept)) for path in kept.rglob("*") if path.is_file()
    }
    assert manifest["schemas"]["hubbub.db"]["history"] == CHATS["history"]
    assert manifest["counts"]["library.db"]["document"] == 3


async def test_it_is_put_where_nothing_is_and_nowhere_in_the_data_folder(data: Path, kept: Path) -> None:
    before = await asyncio.to_thread(listed, kept)
    with pytest.raises(Conflict, match="overwrites nothing"):
        await back_up(settings_of(data, None), kept, told=leave)
    assert await asyncio.to_thread(listed, kept) == before
    with pytest.raises(Invalid, match="lies in the data folder"):
        await back_up(settings_of(data, None), data / "backup", told=leave)
    with pytest.raises(NotFound, match="There is no folder"):
        await back_up(settings_of(data, None), data.parent / "none" / "backup", told=leave)
    with pytest.raises(NotFound, match="nothing to back up"):
        await back_up(settings_of(data.parent / "none", None), data.parent / "other", told=leave)
    assert not any(path.name.startswith("other") for path in await asyncio.to_thread(listed, data.parent))


@pytest.mark.parametrize("what", ["files of documents", "bytes of hubbub.db"])
async def test_one_that_is_interrupted_leaves_nothing(data: Path, tmp_path: Path, what: str) -> None:
    task: asyncio.Task[object]
    loop = asyncio.get_running_loop()

    def told(done: str, count: int) -> None:
        if done == what:
            loop.call_soon_threadsafe(task.cancel)

    task = asyncio.create_task(back_up(settings_of(data, None), tmp_path / "backup", told=told))
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(listed, tmp_path) == []


async def test_what_a_kill_has_left_is_used_by_the_next_run(data: Path, kept: Path, tmp_path: Path) -> None:
    half = tmp_path / f"backup{PARTIAL}"
    await asyncio.to_thread(shutil.copytree, kept, half)
    first, second, third = sorted(half.glob("files/??/*"))
    first.write_bytes(b"half")
    third.unlink()
    at = second.stat().st_ino
    (half / "files" / "ab").mkdir(exist_ok=True)
    (half / "files" / "ab" / ("ab" * 32)).write_bytes(b"of a document that is deleted")
    await back_up(settings_of(data, None), tmp_path / "backup", told=leave)
    assert files_of(tmp_path / "backup") == files_of(data)
    assert (tmp_path / "backup" / second.relative_to(half)).stat().st_ino == at
    await restore(settings_of(tmp_path / "new", None), tmp_path / "backup", replaces=False, told=leave)


async def test_a_second_one_to_the_same_place_is_refused(data: Path, tmp_path: Path) -> None:
    begun, refused = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def told(what: str, count: int) -> None:
        loop.call_soon_threadsafe(begun.set)
        asyncio.run_coroutine_threadsafe(refused.wait(), loop).result(30)

    first = asyncio.create_task(back_up(settings_of(data, None), tmp_path / "backup", told=told))
    await begun.wait()
    with pytest.raises(Conflict, match="Another backup"):
        await back_up(settings_of(data, None), tmp_path / "backup", told=leave)
    refused.set()
    await first


async def test_originals_that_are_gone_or_damaged_are_said(data: Path, tmp_path: Path) -> None:
    await asyncio.to_thread(shutil.copytree, data, tmp_path / "data")
    gone, damaged, _ = sorted((tmp_path / "data").glob("files/??/*"))
    gone.unlink()
    damaged.write_bytes(b"other")
    manifest = await back_up(settings_of(tmp_path / "data", None), tmp_path / "backup", told=leave)
    assert manifest.missing == sorted([gone.name, damaged.name])
    assert len(files_of(tmp_path / "backup")) == 1


async def test_one_without_originals_is_searched_all_the_same(data: Path, tmp_path: Path) -> None:
    settings = settings_of(data, None)
    manifest = await back_up(settings, tmp_path / "backup", without_originals=True, told=leave)
    assert manifest.missing == []
    assert not (tmp_path / "backup" / "files").exists()
    done = await restore(settings_of(tmp_path / "new", None), tmp_path / "backup", replaces=False, told=leave)
    assert done.checked.hits > 0
    assert [note for note in done.notes if "no files of documents" in note]


def cut(folder: Path) -> None:
    os.truncate(folder / "library.db", 8192)


def change(folder: Path) -> None:
    with (folder / "hubbub.db").open("r+b") as file:
        file.seek(20_000)
        file.write(b"\xff")


def change_an_original(folder: Path) -> None:
    path = min(folder.glob("files/??/*"))
    path.write_bytes(path.read_bytes().swapcase())


def remove(folder: Path) -> None:
    (folder / "hubbub.db").unlink()


def add(folder: Path) -> None:
    (folder / "more").write_bytes(b"")


def change_manifest(folder: Path) -> None:
    path = folder / MANIFEST
    manifest = path.read_text()
    step = re.search(r'"history": (\d+)', manifest)
    assert step is not None
    path.write_text(manifest.replace(step[0], f'"history": {int(step[1]) - 1}'))


def drop_manifest(folder: Path) -> None:
    (folder / MANIFEST).unlink()


def rewritten(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change a manifest as somebody would who wants it to be believed."""
    told = json.loads((folder / MANIFEST).read_text())
    change(told)
    (folder / MANIFEST).write_text(json.dumps(told))
    (folder / SUM).write_text(hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest())


def lead_out(folder: Path) -> None:
    rewritten(folder, lambda told: told["pieces"].append({"path": "../out", "bytes": 0, "sha256": ""}))


def miscount(folder: Path) -> None:
    rewritten(folder, lambda told: told["counts"]["hubbub.db"].update(chat=1))


def be_newer(folder: Path) -> None:
    rewritten(folder, lambda told: told["schemas"]["hubbub.db"].update(history=99))


def be_much_newer(folder: Path) -> None:
    rewritten(folder, lambda told: told["schemas"]["library.db"].update(telepathy=1))


def be_of_another_form(folder: Path) -> None:
    rewritten(folder, lambda told: told.update(format=2, pieces="elsewhere"))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (cut, r"library\.db has 8,192 bytes in place of"),
        (change, r"hubbub\.db was changed"),
        (change_an_original, r"files/../[0-9a-f]{64} was changed"),
        (remove, r"hubbub\.db can't be read \(No such file"),
        (add, "more does not belong to it"),
        (change_manifest, "was damaged or changed"),
        (drop_manifest, r"it has no manifest\.json"),
        (lead_out, r"\.\./out leads out of the backup"),
        (miscount, r"rows in chat, and its manifest says 1"),
        (be_newer, r"newer version of Hubbub.*\(history 99 in hubbub\.db; this one knows \d+\)"),
        (be_much_newer, r"newer version of Hubbub.*telepathy 1 in library\.db; this one doesn't know it"),
        (be_of_another_form, "the form 2 of backups"),
    ],
)
async def test_what_is_damaged_cut_changed_or_newer_is_refused(
    copy: Path, tmp_path: Path, spoil: Callable[[Path], None], said: str
) -> None:
    spoil(copy)
    with pytest.raises(HubbubError, match=said) as met:
        await restore(settings_of(tmp_path / "new", None), copy, replaces=False, told=leave)
    assert "\n" not in met.value.message
    assert not list((tmp_path / "new").glob("*.db")) if (tmp_path / "new").exists() else True
    assert not (tmp_path / "new" / "restoring").exists()


async def test_an_older_one_is_brought_up_to_date(copy: Path, tmp_path: Path) -> None:
    """One from before there were links to chats."""
    with sqlite3.connect(copy / "hubbub.db") as database:
        database.executescript(
            "pragma journal_mode = delete; drop table chat_link; delete from migration where room = 'links'"
        )
    database.close()

    def note(told: dict[str, Any]) -> None:
        data = (copy / "hubbub.db").read_bytes()
        piece = next(piece for piece in told["pieces"] if piece["path"] == "hubbub.db")
        piece.update(bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
        told["counts"]["hubbub.db"]["migration"] -= 1
        del told["counts"]["hubbub.db"]["chat_link"], told["schemas"]["hubbub.db"]["links"]

    rewritten(copy, note)
    await restore(settings_of(tmp_path / "new", None), copy, replaces=False, told=leave)
    assert rows_of(tmp_path / "new" / "hubbub.db")["chat_link"] == []


async def test_a_folder_that_holds_something_is_replaced_only_where_that_is_said(kept: Path, tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "old", None, PEOPLE)
    async with opened(settings) as application:
        with pytest.raises(Conflict, match="A server runs on"):
            await restore(settings, kept, replaces=True, told=leave)
        assert await application.history.chats("ann") == []
    async with chats_in(tmp_path / "old") as chats:
        await chats.write(Connection.all, "delete from worker")
    with pytest.raises(SettingsError, match="holds something already"):
        await restore(settings, kept, replaces=False, told=leave)
    done = await restore(settings, kept, replaces=True, told=leave)
    assert done.replaced is not None
    assert {"hubbub.db", "library.db"} <= {path.name for path in done.replaced.iterdir()}
    assert rows_of(done.replaced / "hubbub.db")["chat"] == []
    async with opened(settings) as application:
        await check(application)


async def test_what_does_not_answer_is_not_put_in_place(copy: Path, tmp_path: Path) -> None:
    """The databases are whole, and what finds the words is not there."""
    async with library_in(copy) as library:
        await library.write(Connection.all, "delete from passage_terms")
        await library.write(Connection.all, "insert or ignore into passage_waiting select 0 where false")

    def note(told: dict[str, Any]) -> None:
        for one in ("library.db-wal", "library.db-shm"):
            (copy / one).unlink(missing_ok=True)
        data = (copy / "library.db").read_bytes()
        piece = next(piece for piece in told["pieces"] if piece["path"] == "library.db")
        piece.update(bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
        told["counts"].pop("library.db")

    rewritten(copy, note)
    with pytest.raises(StoreError, match="its answer is not from there"):
        await restore(settings_of(tmp_path / "new", None), copy, replaces=False, told=leave)
    assert not (tmp_path / "new" / "hubbub.db").exists()


async def test_the_command_line_backs_up_and_restores(data: Path, tmp_path: Path) -> None:
    code, out, err = await asyncio.to_thread(run, data, "backup", str(tmp_path / "backup"))
    assert code == 0, err
    assert "files of documents: 3" in out
    assert "as closed as the data folder" in err
    code, out, err = await asyncio.to_thread(run, tmp_path / "new", "restore", str(tmp_path / "backup"))
    assert code == 0, err
    assert "was answered from" in out
    code, _, err = await asyncio.to_thread(run, tmp_path / "new", "restore", str(tmp_path / "backup"))
    assert code == 2
    assert "say --replace" in err.replace("\n", " ")


# PostgreSQL


async def tables_in(url: str) -> dict[str, list[str]]:
    """Return what a PostgreSQL holds, row by row as text."""
    changing = {"worker", "audit", "audit_state", "lease", "migration"}
    async with Postgres(url) as database:
        query = "select table_name from information_schema.tables where table_schema = current_schema()"
        tables = [row[0] for row in await database.all(query)]
        return {
            table: sorted(row[0] for row in await database.all(f'select one::text from "{table}" as one'))
            for table in tables
            if table not in changing
        }


async def test_a_postgresql_is_restored_elsewhere_as_it_was(
    tmp_path: Path, postgres_url: str, empty_postgres_url: str
) -> None:
    await filled(tmp_path / "data", postgres_url)
    before = await tables_in(postgres_url)
    manifest = await back_up(settings_of(tmp_path / "data", postgres_url), tmp_path / "backup", told=leave)
    assert manifest.counts["postgresql"]["chat"] == len(before["chat"]) == 601
    there = settings_of(tmp_path / "new", empty_postgres_url)
    done = await restore(there, tmp_path / "backup", replaces=False, told=leave)
    assert done.checked.hits > 0
    after = await tables_in(empty_postgres_url)
    assert {name: rows for name, rows in after.items() if rows != before.get(name)} == {}
    assert after.keys() == before.keys()
    with pytest.raises(SettingsError, match="holds tables of Hubbub already"):
        await restore(there, tmp_path / "backup", replaces=False, told=leave)
    async with opened(settings_of(tmp_path / "new", empty_postgres_url, PEOPLE)) as application:
        await check(application)
        await application.library.create("One more", owner_id="ann", is_shared=False)
    async with Postgres(empty_postgres_url) as database:
        await database.run("delete from worker")
    await restore(there, tmp_path / "backup", replaces=True, told=leave)
    after = await tables_in(empty_postgres_url)
    assert {name: rows for name, rows in after.items() if rows != before.get(name)} == {}


async def test_vectors_go_along(tmp_path: Path, postgres_url: str, empty_postgres_url: str) -> None:
    minilm = {"embeddings": {"provider": "minilm"}}
    async with opened(settings_of(tmp_path / "data", postgres_url, PEOPLE | minilm)) as application:
        if application.search is None:
            pytest.skip("no search")
        await fill(application)
        async with asyncio.timeout(60), Postgres(postgres_url) as database:
            while await database.all("select 1 from passage_unembedded limit 1"):
                await asyncio.sleep(0.05)
    before = await tables_in(postgres_url)
    assert len(before["passage_embedding"]) == 3
    await back_up(settings_of(tmp_path / "data", postgres_url), tmp_path / "backup", told=leave)
    await restore(settings_of(tmp_path / "new", empty_postgres_url), tmp_path / "backup", replaces=False, told=leave)
    assert await tables_in(empty_postgres_url) == before
    async with Postgres(empty_postgres_url) as database:
        indexes = await database.all("select indexname from pg_indexes where tablename = 'passage_embedding'")
    assert "passage_embedding_near" in {row[0] for row in indexes}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"search": {"backend": "sqlite"}}, r"search\.backend: the backup has documents in PostgreSQL"),
        ({"database": {"files": "folder"}}, r"database\.files: the backup has files in the database"),
    ],
)
async def test_another_kind_of_place_is_refused_with_what_to_do(
    tmp_path: Path, postgres_url: str, empty_postgres_url: str, kept: Path, more: dict[str, Any], said: str
) -> None:
    await filled(tmp_path / "data", postgres_url)
    await back_up(settings_of(tmp_path / "data", postgres_url), tmp_path / "backup", told=leave)
    with pytest.raises(SettingsError, match="then run: hubbub move --to folder"):
        await restore(settings_of(tmp_path / "new", None), tmp_path / "backup", replaces=False, told=leave)
    with pytest.raises(SettingsError, match="then run: hubbub move --to, and the address"):
        await restore(settings_of(tmp_path / "new", empty_postgres_url), kept, replaces=False, told=leave)
    tables = more | {"database": {"url": empty_postgres_url, **more.get("database", {})}}
    with pytest.raises(SettingsError, match=said):
        await restore(settings_of(tmp_path / "new", None, tables), tmp_path / "backup", replaces=False, told=leave)


async def test_an_older_postgresql_is_brought_up_to_date_and_one_that_fails_changes_nothing(
    tmp_path: Path, postgres_server: str, postgres_url: str, empty_postgres_url: str
) -> None:
    await filled(tmp_path / "data", postgres_url)
    async with Postgres(postgres_url) as database:
        await database.run("drop table chat_link")
        await database.run("delete from migration where room = 'links'")
        await database.run("create table somebodys_own (id int)")
    manifest = await back_up(settings_of(tmp_path / "data", postgres_url), tmp_path / "backup", told=leave)
    assert manifest.left_out == ["somebodys_own"]
    await restore(settings_of(tmp_path / "new", empty_postgres_url), tmp_path / "backup", replaces=False, told=leave)
    assert (await tables_in(empty_postgres_url))["chat_link"] == []
    rewritten(
        tmp_path / "backup", lambda told: next(one for one in told["tables"] if one["name"] == "usage").update(rows=9)
    )
    async with new_database(postgres_server) as third:
        with pytest.raises(StoreError, match="usage of the backup has 0 rows, and its manifest says 9"):
            await restore(settings_of(tmp_path / "third", third), tmp_path / "backup", replaces=False, told=leave)
        assert await tables_in(third) == {}
