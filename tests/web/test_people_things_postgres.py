"""People, links, the audit and what guests take along over HTTP are the same on PostgreSQL."""

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from hubbub.app.personal_kinds import ERASURES, KINDS, OF_NOBODY
from hubbub.connections.postgres import Postgres
from hubbub.identity.exports_postgres import PostgresExports
from hubbub.identity.jobs_postgres import PostgresJobs
from tests.databases import run_sql
from tests.places import beside, place_of
from tests.web.test_audit import (
    operator,
    test_each_deed_is_there_once_with_who_did_it_and_from_where,  # noqa: F401
)
from tests.web.test_guest_things import (
    test_all_of_it_becomes_the_persons_and_nobody_elses,  # noqa: F401
)
from tests.web.test_personal_data import (
    EXPORTS,
    FAST,
    asked_for,
    check_export,
    done,
    filled,
    more_of_every_kind,
)
from tests.web.test_shared_chats import (
    test_a_group_reads_and_who_leaves_it_reads_no_more_within_a_second,  # noqa: F401
)
from tests.web.test_signing_in import (
    browser,
    member,
    serving,
    sign_in,
    test_from_the_first_link_to_a_person_who_is_invited_disabled_and_enabled,  # noqa: F401
    told,
)


@pytest.fixture
def tmp_path(tmp_path: Path, postgres_url: str) -> Iterator[Path]:
    with beside(tmp_path, postgres_url):
        yield tmp_path


async def tables_of(database: Postgres) -> set[str]:
    rows = await run_sql(
        database, "select table_name from information_schema.tables where table_schema = current_schema()"
    )
    return {str(row[0]) for row in rows} - {"migration"}


async def tables_with(database: Postgres, word: str) -> set[str]:
    """Return the tables in which a word stands, in bytes too."""
    found: set[str] = set()
    for table in await tables_of(database):
        query = (
            f"select 1 from {table} as one where one::text like '%{word}%' or one::text like '%{word.encode().hex()}%'"
        )
        if await run_sql(database, f"{query} limit 1"):
            found.add(table)
    return found


async def test_all_tables_are_in_the_list_of_what_is_kept_of_people(postgres: Postgres) -> None:
    listed = {table for kind in KINDS for table in kind.tables} | OF_NOBODY
    assert await tables_of(postgres) - listed == set(), "a table that is new: say in `personal_kinds` whose it is"


async def test_an_export_holds_everything_and_every_machine_gives_it_out(tmp_path: Path, postgres: Postgres) -> None:
    elsewhere = tmp_path / "elsewhere"
    await asyncio.to_thread(elsewhere.mkdir, mode=0o700)
    with beside(elsewhere, place_of(tmp_path).url or ""):
        async with (
            serving(tmp_path, **FAST) as server,
            browser(server) as root,
            browser(server) as ada,
            browser(server) as eve,
        ):
            await operator(server, tmp_path, root)
            ada_id = await member(server, tmp_path, ada, "ada@example.org")
            await member(server, tmp_path, eve, "eve@example.org")
            await filled(eve)
            things = await filled(ada) | await more_of_every_kind(tmp_path, root, ada, eve, ada_id)
            job = await done(ada, await asked_for(ada, "/api/me/export"))
            assert job["state"] == "done", job
            assert [name for name, _ in EXPORTS if not job["report"][name]] == [], "in a full export there is all"
            async with eve.get(f"/api/exports/{job['id']}/file") as response:
                assert response.status == 404
            async with serving(elsewhere, **FAST) as other, browser(other) as again:
                assert (await sign_in(again, "ada@example.org"))[0] == 200
                async with again.get(f"/api/exports/{job['id']}/file") as response:
                    assert response.status == 200
                    archive = zipfile.ZipFile(io.BytesIO(await response.read()))
                    assert response.content_length == job["report"]["bytes"]
            assert archive.testzip() is None
            check_export(archive, things)
            rows = await run_sql(postgres, f"select id from chat where owner_id = '{ada_id}'")
            mine = {str(row[0]) for row in rows}
            assert {Path(name).stem for name in archive.namelist() if name.startswith("chats/")} == mine
            await run_sql(postgres, "update person_export set kept_at = 0")
            await PostgresExports(postgres).drop_old(1.0)
            async with ada.get(f"/api/exports/{job['id']}/file") as response:
                assert response.status == 404
            assert await run_sql(postgres, "select 1 from person_export_piece") == []


async def test_what_a_killed_worker_left_of_an_export_is_made_anew(postgres: Postgres) -> None:
    async def cut() -> AsyncIterator[bytes]:
        yield b"half"
        raise RuntimeError

    async def whole() -> AsyncIterator[bytes]:
        yield b"one "
        yield b"two"

    async with PostgresJobs(postgres) as jobs:
        job = await jobs.ask("export", "ada", "ada")
        exports = PostgresExports(postgres)
        with pytest.raises(RuntimeError):
            await exports.put(job.id, cut())
        assert await exports.size(job.id) is None
        await exports.drop_old(0.0)
        await exports.put(job.id, whole())
        assert await exports.size(job.id) == 7
        assert b"".join([piece async for piece in exports.pieces(job.id)]) == b"one two"
        assert await exports.drop(job.id)
        assert not await exports.drop(job.id)
        assert b"".join([piece async for piece in exports.pieces(job.id)]) == b""


async def test_an_erasure_leaves_nothing_but_what_it_says(tmp_path: Path, postgres: Postgres) -> None:
    async with (
        serving(tmp_path, **FAST) as server,
        browser(server) as root,
        browser(server) as ada,
        browser(server) as eve,
    ):
        await operator(server, tmp_path, root)
        ada_id = await member(server, tmp_path, ada, "ada@example.org")
        await member(server, tmp_path, eve, "eve@example.org")
        await filled(ada)
        await more_of_every_kind(tmp_path, root, ada, eve, ada_id)
        await done(ada, await asked_for(ada, "/api/me/export"))
        await asked_for(ada, "/api/me/erasure", {"confirm": ada_id})
        async with asyncio.timeout(30):
            while True:
                async with root.get("/api/operators/jobs") as response:
                    job = (await told(response))["jobs"][0]
                if job["state"] != "waiting":
                    break
                await asyncio.sleep(0.05)
        assert job["state"] == "done", job
        assert [name for name, _ in ERASURES if not job["report"][name]] == [], "of each kind something went"
        assert (await sign_in(ada, "ada@example.org"))[0] == 401
    staying = {table for kind in KINDS if kind.erase is None and kind.stays for table in kind.tables}
    assert await tables_with(postgres, ada_id) <= staying | {"journal"}
    assert await tables_with(postgres, "ada@example.org") <= staying
