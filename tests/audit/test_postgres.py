"""The audit in PostgreSQL: one chain for all machines, each entry in the transaction of its deed."""

import asyncio

import pytest

from hubbub.audit.chain import Entry
from hubbub.audit.postgres import PostgresAudit
from hubbub.connections.postgres import Postgres
from hubbub.core.errors import StoreError
from hubbub.identity.deeds import Deeds
from hubbub.identity.deeds_keys import RecordedKeys
from hubbub.identity.keys import digest_of, new_key
from hubbub.identity.keys_postgres import PostgresKeys
from tests.databases import run_sql

AT_ONCE = 30


async def test_what_two_machines_do_at_once_is_one_chain(postgres: Postgres, postgres_url: str) -> None:
    async with Postgres(postgres_url) as other, PostgresAudit(postgres) as here, PostgresAudit(other) as there:
        entries = [Entry(at=1.0, who=f"p{number}", deed="key made") for number in range(AT_ONCE)]
        await asyncio.gather(*(audit.recording(entry)() for entry in entries for audit in (here, there)))
        assert [one.number async for one in here.entries()] == list(range(1, 2 * AT_ONCE + 1))
        verdict = await there.verify()
    assert (verdict.entries, verdict.fault) == (2 * AT_ONCE, "")


async def test_a_deed_and_its_entry_are_one_transaction(postgres: Postgres) -> None:
    async with PostgresAudit(postgres) as audit, PostgresKeys(postgres) as kept:
        keys = RecordedKeys(kept, Deeds(audit))
        key, text = new_key("robot")
        await keys.add(key, digest_of(text))
        assert await run_sql(postgres, "select audit.xmin = api_key.xmin from audit, api_key") == [(True,)]
        await keys.revoke(key.id, 5.0)
        last = "select audit.xmin = api_key.xmin from audit, api_key order by number desc limit 1"
        assert await run_sql(postgres, last) == [(True,)]
        assert await audit.last() == 2


async def test_a_deed_whose_entry_can_not_be_stored_is_not_done(postgres: Postgres) -> None:
    async with PostgresAudit(postgres) as audit, PostgresKeys(postgres) as kept:
        keys = RecordedKeys(kept, Deeds(audit))
        await run_sql(postgres, "alter table audit add constraint full_up check (false) not valid")
        key, text = new_key("robot")
        with pytest.raises(StoreError):
            await keys.add(key, digest_of(text))
        assert await keys.keys() == []


async def test_the_audit_can_not_be_emptied_at_once(postgres: Postgres) -> None:
    async with PostgresAudit(postgres) as audit:
        await audit.recording(Entry(at=1.0, who="ann", deed="key made"))()
        with pytest.raises(StoreError):
            await run_sql(postgres, "truncate audit")
        assert await audit.last() == 1
