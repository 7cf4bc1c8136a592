"""The audit: in the deed's own transaction, append-only, and a change of it is found."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import apsw
import asyncpg
import pytest

from hubbub.audit import postgres
from hubbub.audit.base import Audit, Filter
from hubbub.audit.chain import FIRST, PRUNED, UNREADABLE, Entry, Kept, digest_of, verified_whole
from hubbub.audit.postgres import PostgresAudit
from hubbub.audit.sqlite import SqliteAudit, record
from hubbub.connections.postgres import Connection as PostgresConnection
from hubbub.connections.postgres import Postgres
from hubbub.connections.sqlite import Connection, Sqlite
from hubbub.core.errors import StoreError
from tests.cli.commands import run
from tests.databases import run_sql
from tests.places import Place

DEEDS = ["signed in", "key made", "key revoked", "collection shared", "signed out"]


@pytest.fixture
async def database(place: Place) -> AsyncIterator[Sqlite | Postgres]:
    async with place.database() as database:
        yield database


@pytest.fixture
async def audit(database: Sqlite | Postgres) -> AsyncIterator[SqliteAudit | PostgresAudit]:
    made = PostgresAudit if isinstance(database, Postgres) else SqliteAudit
    async with made(database, clock=lambda: 1000.0) as audit:  # type: ignore[arg-type]
        for deed in DEEDS:
            await audit.recording(Entry(at=1000.0, who="ann", deed=deed, what="k1", where="192.0.2.1"))()
        yield audit


def meddled(path: Path, script: str) -> None:
    """Change a database as somebody with access to the file would, triggers and all."""
    with apsw.Connection(str(path)) as raw:
        raw.execute(
            f"drop trigger if exists audit_is_not_changed; drop trigger if exists audit_is_not_deleted; {script}"
        )


async def meddled_at(place: Place, script: str) -> None:
    """Do so in either database."""
    if place.url is None:
        await asyncio.to_thread(meddled, place.folder / "hubbub.db", script)
        return
    script = script.replace("x'", "'\\x").replace("zeroblob(32)", "decode(repeat('00', 32), 'hex')")
    connection = await asyncpg.connect(place.url)
    try:
        await connection.execute(f"alter table audit disable trigger all; {script}")
    finally:
        await connection.close()


async def test_entries_are_told_in_order_and_hold(audit: Audit) -> None:
    entries = [json.loads(one.entry) async for one in audit.entries()]
    assert [one["deed"] for one in entries] == DEEDS
    expected = {"at": 1000.0, "who": "ann", "deed": "signed in", "what": "k1", "where": "192.0.2.1"}
    assert entries[0] == expected | {"outcome": "done", "detail": ""}
    assert [one.number async for one in audit.entries(3)] == [4, 5]
    verdict = await audit.verify()
    assert (verdict.entries, verdict.fault) == (5, "")


async def test_a_deed_that_is_undone_leaves_no_entry_and_the_other_way_round(
    database: Sqlite | Postgres, audit: Audit
) -> None:
    def deed(connection: Connection, *, fails: bool) -> None:
        connection.all("create table if not exists thing (name text)")
        connection.all("insert into thing values ('a')")
        record(connection, Entry(at=1.0, who="ann", deed="thing made"))
        if fails:
            raise KeyError("undone")

    async def deed_there(connection: PostgresConnection, *, fails: bool) -> None:
        await connection.run("create table if not exists thing (name text)")
        await connection.run("insert into thing values ('a')")
        await postgres.record(connection, Entry(at=1.0, who="ann", deed="thing made"))
        if fails:
            raise KeyError("undone")

    done: Any = deed if isinstance(database, Sqlite) else deed_there
    await database.write(done, fails=False)
    with pytest.raises(KeyError, match="undone"):
        await database.write(done, fails=True)
    assert await run_sql(database, "select count(*) from thing") == [(1,)]
    verdict = await audit.verify()
    assert (verdict.entries, verdict.fault) == (6, "")


@pytest.mark.parametrize("script", ["update audit set entry = '{}'", "delete from audit where number = 5"])
async def test_nothing_is_changed_or_deleted(database: Sqlite | Postgres, audit: Audit, script: str) -> None:
    with pytest.raises(StoreError):
        await run_sql(database, script)
    assert (await audit.verify()).entries == 5


MEDDLING = {
    "an entry changed": (
        "update audit set entry = '{}' where number = 3",
        2,
        "Entry 3 was changed",
    ),
    "an entry removed": ("delete from audit where number = 2", 1, "Entry 2 is missing"),
    "two exchanged": (
        "update audit set number = 99 where number = 2; update audit set number = 2 where number = 3; "
        "update audit set number = 3 where number = 99",
        1,
        "Entry 2 was changed",
    ),
    "one put in before the first": ("insert into audit values (0, '{}', zeroblob(32))", 0, "Entry 0 stands before"),
    "one put in far before": (
        "insert into audit (number, entry, digest) select -7, entry, digest from audit where number = 3",
        0,
        "Entry -7 stands before",
    ),
    "a digest emptied": ("update audit set digest = x'' where number = 2", 1, "Entry 2 was changed"),
    "no JSON any more": ("update audit set entry = 'gone' where number = 4", 3, "Entry 4 was changed"),
    "one put in": ("insert into audit values (6, '{}', zeroblob(32))", 5, "Entry 6 was changed"),
}


@pytest.mark.parametrize(("script", "holding", "fault"), MEDDLING.values(), ids=list(MEDDLING))
async def test_meddling_is_found(place: Place, audit: Audit, script: str, holding: int, fault: str) -> None:
    await meddled_at(place, script)
    verdict = await audit.verify()
    assert verdict.entries == holding
    assert fault in verdict.fault
    assert len((await audit.find(Filter())).entries) >= holding, "what is left can be looked at"


@pytest.mark.parametrize("value", ["x'ff'", "5", "''"])
@pytest.mark.parametrize("column", ["entry", "digest"])
async def test_a_row_of_another_kind_is_found_and_hides_no_others(tmp_path: Path, column: str, value: str) -> None:
    async with Sqlite(tmp_path / "hubbub.db") as database, SqliteAudit(database) as audit:
        for deed in DEEDS:
            await audit.recording(Entry(at=1000.0, who="ann", deed=deed))()
        await asyncio.to_thread(
            meddled, tmp_path / "hubbub.db", f"update audit set {column} = {value} where number = 3"
        )
        assert "Entry 3 was changed" in (await audit.verify()).fault
        found = [entry.deed for _, entry in (await audit.find(Filter())).entries]
        expected = [*DEEDS[:2], UNREADABLE, *DEEDS[3:]] if column == "entry" else DEEDS
        assert found == expected[::-1]


async def test_entries_that_are_pruned_while_they_are_checked_are_no_fault(audit: Audit) -> None:
    starts = [(0, FIRST), (2, b"2" * 32)]
    every = [one async for one in audit.entries()]
    seen = 0

    async def start() -> tuple[int, bytes]:
        return starts[min(seen, 1)] if seen < 2 else (0, FIRST)

    async def rows(after: int) -> AsyncIterator[Kept]:
        nonlocal seen
        seen += 1
        for one in every[2 if seen == 1 else 0 :]:
            yield one

    assert (await verified_whole(start, rows, None)).fault == ""


async def test_a_cut_end_and_a_chain_written_anew_are_found_by_what_was_known(place: Place, audit: Audit) -> None:
    before = await audit.verify()
    known = (before.entries, before.digest)
    assert (await audit.verify(known)).fault == ""
    forged = digest_of(FIRST, 1, b"{}")
    await meddled_at(place, "delete from audit where number > 3")
    assert (await audit.verify()).fault == ""
    assert (await audit.verify(known)).fault == "Entries 4 to 5 are missing at the end."
    script = f"delete from audit; insert into audit values (1, '{{}}', x'{forged.hex()}')"
    await meddled_at(place, script)
    assert (await audit.verify()).fault == ""
    assert "not the one that was known" in (await audit.verify((1, before.digest))).fault


def test_the_command_line_verifies_and_exports(tmp_path: Path) -> None:
    folder = tmp_path / "data"

    async def record_some() -> None:
        folder.mkdir(mode=0o700)
        async with Sqlite(folder / "hubbub.db") as database, SqliteAudit(database) as audit:
            for deed in DEEDS:
                await audit.recording(Entry(at=1000.0, who="ann", deed=deed))()

    asyncio.run(record_some())
    code, known, _ = run(folder, "audit", "verify")
    assert (code, known.startswith("5:")) == (0, True)
    code, lines, _ = run(folder, "audit", "export", "--after", "3")
    assert [json.loads(line)["number"] for line in lines.splitlines()] == [4, 5]
    meddled(folder / "hubbub.db", "delete from audit where number = 5")
    code, _, told = run(folder, "audit", "verify", "--known", known.strip())
    assert code == 1
    assert "Entries 5 to 5 are missing at the end." in told


async def test_the_oldest_entries_are_pruned_by_an_entry_that_says_so_and_the_rest_holds(
    database: Sqlite | Postgres, audit: Audit
) -> None:
    await audit.recording(Entry(at=5000.0, who="ann", deed="later"))()
    assert await audit.prune(2000.0, most=3) == 3
    assert await audit.prune(2000.0, most=3) == 2
    assert await audit.prune(1000.0, most=3) == 0, "what is left is newer, the entry of the pruning included"
    assert [json.loads(one.entry)["deed"] async for one in audit.entries()] == ["later", PRUNED, PRUNED]
    verdict = await audit.verify()
    assert verdict.fault == ""
    await audit.recording(Entry(at=6000.0, who="ann", deed="later still"))()
    assert (await audit.verify((verdict.entries, verdict.digest))).fault == ""


async def test_a_start_that_no_entry_tells_of_is_found(place: Place, audit: Audit) -> None:
    third = [one async for one in audit.entries()][2]
    await meddled_at(
        place,
        f"insert into audit_start values (3, x'{third.digest.hex()}'); delete from audit where number <= 3",
    )
    assert "no entry says so" in (await audit.verify()).fault
