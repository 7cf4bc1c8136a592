from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hubbub.connections.sqlite import Sqlite
from hubbub.identity.keys import Keyring, digest_of, new_key
from hubbub.identity.keys_sqlite import SqliteKeys
from hubbub.testing.keys import DIGEST, ONE, KeysContract


@pytest.fixture
async def keys(tmp_path: Path) -> AsyncIterator[SqliteKeys]:
    async with Sqlite(tmp_path / "hubbub.db") as database, SqliteKeys(database) as keys:
        yield keys


class TestSqliteKeys(KeysContract):
    async def test_another_process_finds_what_this_one_added(self, keys: SqliteKeys, tmp_path: Path) -> None:
        await keys.add(ONE, DIGEST)
        async with Sqlite(tmp_path / "hubbub.db") as database, SqliteKeys(database) as others:
            assert await others.find(DIGEST) == ONE
            await others.revoke(ONE.id, 11.0)
        found = await keys.find(DIGEST)
        assert found is not None
        assert found.revoked_at == 11.0


async def test_the_file_holds_no_secret(tmp_path: Path) -> None:
    async with Sqlite(tmp_path / "hubbub.db") as database, SqliteKeys(database) as keys, Keyring(keys) as keyring:
        key, text = new_key("one")
        await keys.add(key, digest_of(text))
        assert (await keyring.person(text)).id == key.person_id
    stored = contents(tmp_path)
    assert digest_of(text) in stored
    assert text.rpartition("-")[2].encode() not in stored


def contents(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())
