"""Contents in PostgreSQL are those of all machines, whole and once."""

import asyncio
import hashlib
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hubbub.connections.postgres import Postgres
from hubbub.core.errors import NotFound, TooLarge
from hubbub.ingest.files import Kept
from hubbub.ingest.files_postgres import PIECE_BYTES, PostgresFiles

DATA = os.urandom(2 * PIECE_BYTES + 7)


@pytest.fixture
async def files(postgres: Postgres, tmp_path: Path) -> AsyncIterator[PostgresFiles]:
    async with PostgresFiles(postgres, tmp_path / "one", most_bytes=4 * PIECE_BYTES) as files:
        yield files


@pytest.fixture
async def elsewhere(postgres: Postgres, tmp_path: Path) -> AsyncIterator[PostgresFiles]:
    """The same database on another machine."""
    async with PostgresFiles(postgres, tmp_path / "other", most_bytes=4 * PIECE_BYTES) as files:
        yield files


async def stream(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def counted(postgres: Postgres) -> tuple[int, int]:
    row = await postgres.one("select (select count(*) from file_content), (select count(*) from file_piece)")
    assert row is not None
    return row[0], row[1]


async def no() -> bool:
    return False


async def test_what_is_kept_on_one_machine_is_read_whole_on_another(
    files: PostgresFiles, elsewhere: PostgresFiles, postgres: Postgres
) -> None:
    kept = await files.keep(stream(DATA[:5], DATA[5:]))
    assert kept == Kept(hashlib.sha256(DATA).hexdigest(), len(DATA))
    paths = await asyncio.gather(*(elsewhere.here(kept.sha256) for _ in range(3)))
    assert paths[0].read_bytes() == DATA
    assert set(paths) == {elsewhere.path(kept.sha256)}
    there, here = await elsewhere.stat(kept.sha256), await files.stat(kept.sha256)
    assert there.st_size == here.st_size
    await asyncio.gather(*(one.keep(stream(DATA)) for one in (files, elsewhere, files)))
    assert await counted(postgres) == (1, 3)


async def test_what_is_too_large_or_breaks_off_is_not_there(files: PostgresFiles, postgres: Postgres) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"begun"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await files.keep(broken())
    with pytest.raises(TooLarge):
        await files.keep(stream(*[DATA] * 3))
    assert await counted(postgres) == (0, 0)


async def test_what_is_dropped_is_gone_unless_somebody_began_to_use_it(
    files: PostgresFiles, elsewhere: PostgresFiles, postgres: Postgres
) -> None:
    kept = await files.keep(stream(DATA))
    asked = 0

    async def begins_to_be_used() -> bool:
        nonlocal asked
        asked += 1
        return asked > 1

    await files.drop(kept.sha256, begins_to_be_used)
    assert (await elsewhere.here(kept.sha256)).read_bytes() == DATA
    await files.drop(kept.sha256, no)
    assert await counted(postgres) == (0, 0)
    assert not files.path(kept.sha256).exists()
    with pytest.raises(NotFound):
        await files.here(kept.sha256)


async def test_whoever_keeps_it_meanwhile_has_it(files: PostgresFiles, elsewhere: PostgresFiles) -> None:
    async with files.keeping(stream(DATA)) as kept:
        await elsewhere.drop(kept.sha256, no)
    assert (await elsewhere.here(kept.sha256)).read_bytes() == DATA


async def test_a_sweep_drops_what_nobody_refers_to_and_copies_that_are_not_needed(
    files: PostgresFiles, elsewhere: PostgresFiles, postgres: Postgres
) -> None:
    used, unused = await files.keep(stream(b"used")), await files.keep(stream(b"unused"))
    await elsewhere.here(used.sha256)
    assert await elsewhere.sweep({used.sha256}) == 0, "they are young"
    await postgres.run("update file_content set kept_at = kept_at - interval '2 hours'")
    os.utime(elsewhere.path(used.sha256), (time.time() - 7200, 0))
    assert await elsewhere.sweep({used.sha256}) == 1
    assert not elsewhere.path(used.sha256).exists()
    assert (await elsewhere.here(used.sha256)).read_bytes() == b"used"
    with pytest.raises(NotFound):
        await elsewhere.here(unused.sha256)
