"""The audit in PostgreSQL: one chain, whoever appends at the same time; and nothing is changed."""

import asyncio

import pytest

from hubbub.audit.chain import Entry
from hubbub.audit.postgres import PostgresAudit, record
from hubbub.connections.postgres import Connection, Postgres
from hubbub.core.errors import StoreError


async def test_entries_of_many_at_once_are_one_chain(postgres: Postgres) -> None:
    async with PostgresAudit(postgres) as audit:
        await asyncio.gather(*(audit.recording("ann", f"deed {number}")() for number in range(20)))
        verdict = await audit.verify()
        assert (verdict.entries, verdict.fault) == (20, "")


@pytest.mark.parametrize("script", ["update audit set entry = '{}'", "delete from audit", "truncate audit"])
async def test_nothing_is_changed_or_deleted(postgres: Postgres, script: str) -> None:
    async with PostgresAudit(postgres) as audit:
        await audit.recording("ann", "signed in")()
        with pytest.raises(StoreError, match="append-only"):
            await postgres.run(script)
        assert (await audit.verify()).entries == 1


async def test_a_deed_that_is_undone_leaves_no_entry(postgres: Postgres) -> None:
    async with PostgresAudit(postgres) as audit:

        async def deed(connection: Connection) -> None:
            await record(connection, Entry(at=1.0, who="ann", deed="thing made"))
            raise KeyError("undone")

        with pytest.raises(KeyError):
            await postgres.write(deed)
        assert (await audit.verify()).entries == 0
