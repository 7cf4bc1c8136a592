"""Contents in a database or a bucket are those of all machines, whole and once."""

import asyncio
import hashlib
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from hubbub.connections.object_store import ObjectStore
from hubbub.connections.postgres import Postgres
from hubbub.core.errors import NotFound, StoreError, TooLarge
from hubbub.ingest.files import Files, Kept
from hubbub.ingest.files_bucket import BucketFiles
from hubbub.ingest.files_postgres import PIECE_BYTES, PostgresFiles
from tests.ingest.places import bucket_at
from tests.servers.object_server import ObjectServer
from tests.servers.postgres_server import new_database, template

DATA = os.urandom(2 * PIECE_BYTES + 7)
MOST_BYTES = 4 * PIECE_BYTES


@dataclass
class Place:
    """Where files lie that two machines share."""

    machine: Callable[[Path], Files]
    """Returns the files as a machine with this folder has them."""
    postgres: Postgres | None = None
    bucket: ObjectServer | None = None

    async def held(self) -> int:
        """Return how many contents lie there."""
        if self.bucket is not None:
            return len([key for key in self.bucket.objects if key.startswith("kept/")])
        assert self.postgres is not None
        row = await self.postgres.one("select count(*) from file_content")
        assert row is not None
        return row[0]

    async def age(self) -> None:
        """Let all be older by two hours."""
        if self.postgres is not None:
            await self.postgres.run("update file_content set kept_at = kept_at - interval '2 hours'")
        if self.bucket is not None:
            self.bucket.modified = {key: at - timedelta(hours=2) for key, at in self.bucket.modified.items()}


@pytest.fixture
async def server() -> AsyncIterator[ObjectServer]:
    async with ObjectServer() as server:
        yield server


@pytest.fixture(params=["postgres", "s3", "azure"])
async def place(request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    if request.param == "postgres":
        address: str = request.getfixturevalue("postgres_server")
        async with new_database(address, await template(address)) as url, Postgres(url) as database:
            yield Place(lambda folder: PostgresFiles(database, folder, most_bytes=MOST_BYTES), postgres=database)
        return
    async with ObjectServer() as server:
        where = bucket_at(server, request.param, "kept")
        server.objects["others/ab/" + "ab" * 32] = b"somebody else's"
        yield Place(lambda folder: BucketFiles(ObjectStore(where), folder, most_bytes=MOST_BYTES), bucket=server)


@pytest.fixture
async def machines(place: Place, tmp_path: Path) -> AsyncIterator[tuple[Files, Files]]:
    async with AsyncExitStack() as stack:
        yield (
            await stack.enter_async_context(place.machine(tmp_path / "one")),
            await stack.enter_async_context(place.machine(tmp_path / "other")),
        )


@pytest.fixture
def files(machines: tuple[Files, Files]) -> Files:
    return machines[0]


@pytest.fixture
def elsewhere(machines: tuple[Files, Files]) -> Files:
    return machines[1]


async def stream(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def no() -> bool:
    return False


async def test_what_is_kept_on_one_machine_is_read_whole_on_another(
    files: Files, elsewhere: Files, place: Place
) -> None:
    kept = await files.keep(stream(DATA[:5], DATA[5:]))
    assert kept == Kept(hashlib.sha256(DATA).hexdigest(), len(DATA))
    paths = await asyncio.gather(*(elsewhere.here(kept.sha256) for _ in range(3)))
    assert paths[0].read_bytes() == DATA
    assert set(paths) == {elsewhere.path(kept.sha256)}
    there, here = await elsewhere.stat(kept.sha256), await files.stat(kept.sha256)
    assert there.st_size == here.st_size
    await asyncio.gather(*(one.keep(stream(DATA)) for one in (files, elsewhere, files)))
    assert await place.held() == 1


async def test_what_is_too_large_or_breaks_off_is_not_there(files: Files, place: Place) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"begun"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await files.keep(broken())
    with pytest.raises(TooLarge):
        await files.keep(stream(*[DATA] * 3))
    assert await place.held() == 0


async def test_what_is_dropped_is_gone_unless_somebody_began_to_use_it(
    files: Files, elsewhere: Files, place: Place
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
    await files.drop(kept.sha256, no)  # it is gone already
    assert await place.held() == 0
    assert not files.path(kept.sha256).exists()
    with pytest.raises(NotFound):
        await files.here(kept.sha256)


async def test_whoever_keeps_it_meanwhile_has_it(files: Files, elsewhere: Files) -> None:
    async with files.keeping(stream(DATA)) as kept:
        await elsewhere.drop(kept.sha256, no)
    assert (await elsewhere.here(kept.sha256)).read_bytes() == DATA


async def test_a_sweep_drops_what_nobody_refers_to_and_copies_that_are_not_needed(
    files: Files, elsewhere: Files, place: Place
) -> None:
    used, unused = await files.keep(stream(b"used")), await files.keep(stream(b"unused"))
    await elsewhere.here(used.sha256)
    assert await elsewhere.sweep({used.sha256}) == 0, "they are young"
    await place.age()
    again = await files.keep(stream(b"again"))
    os.utime(elsewhere.path(used.sha256), (time.time() - 7200, 0))
    assert await elsewhere.sweep({used.sha256}) == 1
    assert not elsewhere.path(used.sha256).exists()
    assert (await elsewhere.here(used.sha256)).read_bytes() == b"used"
    assert (await elsewhere.here(again.sha256)).read_bytes() == b"again"
    with pytest.raises(NotFound):
        await elsewhere.here(unused.sha256)


async def test_what_is_kept_again_is_young_again(files: Files, elsewhere: Files, place: Place) -> None:
    kept = await files.keep(stream(DATA))
    await place.age()
    await files.keep(stream(DATA))
    assert await elsewhere.sweep(set()) == 0
    assert (await elsewhere.here(kept.sha256)).read_bytes() == DATA


@pytest.mark.parametrize("place", ["s3", "azure"], indirect=True)
async def test_a_sweep_leaves_what_is_not_hubbubs(files: Files, place: Place) -> None:
    assert place.bucket is not None
    name = "ab" * 32
    names = ["kept/notes.txt", "kept/ab/abc", f"kept/cd/{name}", f"kept/ab/deep/{name}", f"kept2/ab/{name}"]
    theirs = dict.fromkeys(names, b"theirs")
    place.bucket.objects |= theirs
    assert await files.sweep(set()) == 0
    assert theirs.items() <= place.bucket.objects.items()


@pytest.mark.parametrize("place", ["s3", "azure"], indirect=True)
async def test_a_bucket_that_fails_is_not_taken_for_a_file_that_is_gone(files: Files, place: Place) -> None:
    assert place.bucket is not None
    kept = await files.keep(stream(DATA))
    files.path(kept.sha256).unlink()
    place.bucket.status = 403
    with pytest.raises(StoreError) as caught:
        await files.here(kept.sha256)
    assert "refuses the credentials" in caught.value.for_operators
    assert "s3://" not in caught.value.message
    with pytest.raises(StoreError):
        await files.keep(stream(b"more"))
    place.bucket.status = 0
    assert (await files.here(kept.sha256)).read_bytes() == DATA


async def test_a_bucket_that_is_not_there_is_not_taken_for_a_file_that_is_gone(
    server: ObjectServer, tmp_path: Path
) -> None:
    where = bucket_at(server, "s3")
    async with BucketFiles(ObjectStore(replace(where, url="s3://missing")), tmp_path) as files:
        with pytest.raises(StoreError):
            await files.here("ab" * 32)
