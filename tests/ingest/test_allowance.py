"""What is kept is bounded, for each who is charged and for the disk; what is dropped makes room at once."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hubbub.connections.sandbox import Sandbox
from hubbub.core.errors import StoreFull, TooLarge
from hubbub.ingest import allowance
from hubbub.ingest.allowance import Allowance
from hubbub.ingest.files import Files
from hubbub.ingest.pipeline import Pipeline
from hubbub.search.base import Library, Search
from tests.libraries import library_in

KIBIBYTE = 1024


class Place:
    """A pipeline with an allowance of 64 KiB a payer."""

    def __init__(self, folder: Path, files: Files, library: Library, search: Search, *, free_bytes: int = 1) -> None:
        self.files = files
        self.library = library
        self.search = search
        bounds = Allowance(self.library, folder, payer_bytes=64 * KIBIBYTE, free_bytes=free_bytes)
        lock_path = folder / "ingest.lock"
        self.pipeline = Pipeline(
            self.library, self.search, None, files, Sandbox(), lock_path=lock_path, allowance=bounds
        )

    async def collection(self) -> str:
        return (await self.library.create("papers", owner_id="ann", is_shared=False)).id


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with Files(tmp_path / "files") as files, library_in(tmp_path) as (library, search):
        yield Place(tmp_path, files, library, search)


async def pieces(size_bytes: int, first: bytes = b"x", going_on: asyncio.Event | None = None) -> AsyncIterator[bytes]:
    yield first
    if going_on is not None:
        await going_on.wait()
    yield b"\0" * (size_bytes - len(first))


def contents(folder: Path) -> list[str]:
    return [path.name for path in (folder / "files").glob("*/*")]


async def test_a_payer_has_an_allowance_and_others_have_theirs(place: Place, tmp_path: Path) -> None:
    collection_id = await place.collection()
    await place.pipeline.add(collection_id, "a", pieces(40 * KIBIBYTE, b"a"), payer="ann")
    with pytest.raises(TooLarge, match=r"limits\.person_bytes") as caught:
        await place.pipeline.add(collection_id, "b", pieces(40 * KIBIBYTE, b"b"), payer="ann")
    assert caught.value.code == "over_allowance"
    assert len(contents(tmp_path)) == 1  # nothing is left of what was refused
    await place.pipeline.add(collection_id, "b", pieces(40 * KIBIBYTE, b"b"), payer="bob")
    await place.pipeline.add(collection_id, "c", pieces(400 * KIBIBYTE, b"c"))


async def test_uploads_at_the_same_time_count_together(place: Place, tmp_path: Path) -> None:
    collection_id = await place.collection()
    going_on = asyncio.Event()
    adding = [
        asyncio.create_task(
            place.pipeline.add(collection_id, str(n), pieces(30 * KIBIBYTE, bytes([n]), going_on), payer="ann")
        )
        for n in range(8)
    ]
    going_on.set()
    outcomes = await asyncio.gather(*adding, return_exceptions=True)
    assert await place.library.kept_bytes("ann") <= 64 * KIBIBYTE
    assert all(isinstance(one, TooLarge) for one in outcomes if isinstance(one, BaseException))
    assert len(contents(tmp_path)) == len([one for one in outcomes if not isinstance(one, BaseException)])


async def test_replacing_and_removing_make_room_at_once(place: Place, tmp_path: Path) -> None:
    collection_id = await place.collection()
    for n in range(10):
        added = await place.pipeline.add(collection_id, "a", pieces(30 * KIBIBYTE, bytes([n])), payer="ann")
    assert contents(tmp_path) == [added.sha256]
    other = await place.pipeline.add(collection_id, "b", pieces(30 * KIBIBYTE, bytes([9])), payer="ann")
    assert other.sha256 == added.sha256
    await place.pipeline.remove(added.id)
    assert contents(tmp_path) == [added.sha256]  # the other one has the same content
    await place.pipeline.remove(other.id)
    assert contents(tmp_path) == []


async def test_a_content_that_is_dropped_and_kept_at_the_same_time_stays(place: Place, tmp_path: Path) -> None:
    collection_id = await place.collection()
    for _ in range(20):
        old = await place.pipeline.add(collection_id, "old", pieces(5000))
        _, new = await asyncio.gather(
            place.pipeline.remove(old.id), place.pipeline.add(collection_id, "new", pieces(5000))
        )
        assert contents(tmp_path) == [new.sha256]
        await place.pipeline.remove(new.id)


async def test_uploads_leave_some_of_the_disk_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allowance, "LARGEST_SHARE_OF_DISK", 1)  # so that no disk has as much as is to be left
    async with Files(tmp_path / "files") as files, library_in(tmp_path) as (library, search):
        place = Place(tmp_path, files, library, search, free_bytes=1 << 60)
        collection_id = await place.collection()
        with pytest.raises(StoreFull, match="room"):
            await place.pipeline.add(collection_id, "a", pieces(100))
        assert contents(tmp_path) == []
