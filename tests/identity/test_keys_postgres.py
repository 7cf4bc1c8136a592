import asyncio
from collections.abc import AsyncIterator

import pytest

from hubbub.connections.postgres import Postgres
from hubbub.identity.cookies_postgres import cookie_key_in
from hubbub.identity.keys_postgres import PostgresKeys
from hubbub.testing.keys import DIGEST, ONE, KeysContract


@pytest.fixture
async def keys(postgres: Postgres) -> AsyncIterator[PostgresKeys]:
    async with PostgresKeys(postgres) as keys:
        yield keys


class TestPostgresKeys(KeysContract):
    async def test_another_machine_finds_what_this_one_added(self, keys: PostgresKeys, postgres_url: str) -> None:
        await keys.add(ONE, DIGEST)
        async with Postgres(postgres_url) as database, PostgresKeys(database) as others:
            assert await others.find(DIGEST) == ONE
            await others.revoke(ONE.id, 11.0)
        found = await keys.find(DIGEST)
        assert found is not None
        assert found.revoked_at == 11.0


async def test_all_workers_have_one_key_for_cookies(postgres: Postgres, postgres_url: str) -> None:
    async with Postgres(postgres_url) as other:
        keys = await asyncio.gather(*(cookie_key_in(one) for one in (postgres, other) * 3))
    assert len({key.secret for key in keys}) == 1
