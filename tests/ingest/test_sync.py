"""A collection is kept equal to a folder."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Sequence
from pathlib import Path

import pytest

from hubbub.connections.sandbox import Sandbox
from hubbub.connections.sqlite import Sqlite
from hubbub.connections.threads import in_a_thread
from hubbub.core.documents import Document, DocumentState
from hubbub.core.errors import NotFound, StoreError
from hubbub.ingest.files import Files
from hubbub.ingest.globs import Globs
from hubbub.ingest.origins import Origins, SqliteOrigins
from hubbub.ingest.pipeline import Pipeline
from hubbub.ingest.sync import FolderSync, Round
from hubbub.search.base import Library, Search
from tests.libraries import library_in


class Counting(Pipeline):
    """A pipeline that counts what it stores, and may be struck."""

    stored = 0
    strikes_after: int | None = None

    async def add(
        self,
        collection_id: str,
        name: str,
        source: Path | AsyncIterable[bytes],
        *,
        payer: str = "",
        readers: Sequence[str] | None = None,
    ) -> Document:
        added = await super().add(collection_id, name, source, payer=payer, readers=readers)
        self.stored += 1
        if self.stored == self.strikes_after:
            raise StoreError("The disk is away.")
        return added


class Place:
    """A folder, and the collection that is kept equal to it."""

    def __init__(self, folder: Path, files: Files, origins: Origins, library: Library, search: Search) -> None:
        self.folder = folder / "docs"
        self.folder.mkdir()
        self.files = files
        self.origins = origins
        self.library = library
        self.pipeline = Counting(library, search, None, files, Sandbox(), lock_path=folder / "ingest.lock")
        self.collection_id = ""

    async def start(self) -> None:
        self.collection_id = (await self.library.create("docs", owner_id="ann", is_shared=False)).id

    def syncing(
        self,
        folder: Path | None = None,
        *,
        globs: Globs | None = None,
        quiet_seconds: float = 0,
        removes_all: bool = False,
    ) -> FolderSync:
        return FolderSync(
            self.pipeline,
            self.library,
            self.files,
            self.origins,
            folder or self.folder,
            globs=globs,
            quiet_seconds=quiet_seconds,
            removes_all=removes_all,
        )

    async def round(self, folder: Path | None = None) -> Round:
        return await self.syncing(folder).once(self.collection_id)

    async def mark_all(self, state: DocumentState) -> None:
        for document in await self.library.documents(self.collection_id):
            await self.library.mark(document, state)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    async def held(self) -> dict[str, str]:
        """Return what the documents say, by name."""
        return {
            one.name: self.files.path(one.sha256).read_text()
            for one in await self.library.documents(self.collection_id)
        }


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with (
        Files(tmp_path / "files") as files,
        library_in(tmp_path) as (library, search),
        Sqlite(tmp_path / "library.db") as database,
    ):
        origins = SqliteOrigins(database)
        await origins.open()
        place = Place(tmp_path, files, origins, library, search)
        await place.start()
        yield place


async def test_what_is_added_changed_renamed_and_deleted(place: Place) -> None:
    place.write("a.txt", "a")
    place.write("below/b.txt", "b")
    place.write("c.txt", "c")
    done = await place.round()
    assert (done.added, done.changed, done.removed, done.unchanged) == (3, 0, 0, 0)
    assert await place.held() == {"a.txt": "a", "below/b.txt": "b", "c.txt": "c"}
    place.write("a.txt", "A")
    (place.folder / "below/b.txt").rename(place.folder / "below/d.txt")
    (place.folder / "c.txt").unlink()
    done = await place.round()
    assert (done.added, done.changed, done.removed, done.unchanged) == (1, 1, 2, 0)
    assert await place.held() == {"a.txt": "A", "below/d.txt": "b"}
    assert (await place.round()).unchanged == 2


async def test_a_renamed_file_moves_its_document_and_is_not_read_again(place: Place) -> None:
    for name in ("a.txt", "b.txt", "c.txt"):
        place.write(name, name)
    await place.round()
    await place.mark_all("ready")
    ids = {one.id for one in await place.library.documents(place.collection_id)}
    for document_id in ids:
        await place.library.readers.put(document_id, ["person:bob"])
    (place.folder / "a.txt").rename(place.folder / "d.txt")
    (place.folder / "below").mkdir()
    (place.folder / "b.txt").rename(place.folder / "below/b.txt")
    (place.folder / "c.txt").rename(place.folder / "c.csv")  # which is read in another way
    done = await place.round()
    assert (done.moved, done.added, done.removed, place.pipeline.stored) == (2, 1, 1, 4)
    assert await place.held() == {"d.txt": "a.txt", "below/b.txt": "b.txt", "c.csv": "c.txt"}
    now = await place.library.documents(place.collection_id)
    assert len(ids & {one.id for one in now}) == 2
    assert [await place.library.readers.of(one.id) for one in now] == [["person:bob"]] * 3  # also of the one read anew
    assert (await place.round()).unchanged == 3


@pytest.mark.parametrize("step", ["rename", "note", "forget"])
async def test_a_move_that_is_broken_off_goes_on(place: Place, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    place.write("a.txt", "a")
    await place.round()
    await place.mark_all("ready")
    (place.folder / "a.txt").rename(place.folder / "b.txt")

    async def struck(*_: object) -> None:
        raise StoreError("The disk is away.")

    with monkeypatch.context() as patched, pytest.raises(StoreError):
        patched.setattr(place.library if step == "rename" else place.origins, step, struck)
        await place.round()
    done = await place.round()
    assert done.added + done.changed == 0
    assert await place.held() == {"b.txt": "a"}
    assert (place.pipeline.stored, (await place.round()).unchanged) == (1, 1)


async def test_two_files_that_change_names_with_each_other_are_both_right(place: Place) -> None:
    a, b = place.write("a.txt", "a"), place.write("b.txt", "b")
    await place.round()
    await place.mark_all("ready")
    a.rename(place.folder / "c")
    b.rename(a)
    (place.folder / "c").rename(b)
    await place.round()
    assert await place.held() == {"a.txt": "b", "b.txt": "a"}


async def test_nothing_is_read_that_did_not_change(place: Place) -> None:
    for number in range(20):
        place.write(f"{number}.txt", str(number))
    await place.round()
    (place.folder / "3.txt").touch()
    done = await place.round()
    assert (place.pipeline.stored, done.unchanged) == (21, 20)  # its time is another, its content is not
    await place.round()
    assert place.pipeline.stored == 21


async def test_a_change_that_keeps_size_and_time_is_seen(place: Place) -> None:
    path = place.write("a.txt", "one")
    before = path.stat()
    await place.round()
    path.write_text("two")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    await place.round()
    assert await place.held() == {"a.txt": "two"}


async def test_a_folder_that_is_gone_or_empty_deletes_nothing(place: Place) -> None:
    place.write("a.txt", "a")
    await place.round()
    away = place.folder.rename(place.folder.parent / "away")
    with pytest.raises(NotFound, match="mounted"):
        await place.round()
    place.folder.mkdir()
    done = await place.round()
    assert "nothing was removed" in done.held_back
    assert await place.held() == {"a.txt": "a"}
    place.folder.rmdir()
    away.rename(place.folder)
    assert (await place.round()).unchanged == 1
    (place.folder / "a.txt").unlink()
    done = await place.syncing(removes_all=True).once(place.collection_id)
    assert (done.removed, done.held_back) == (1, "")
    assert await place.held() == {}


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root reads every folder")
async def test_what_lies_below_a_folder_that_can_t_be_read_stays(place: Place) -> None:
    place.write("a.txt", "a")
    place.write("below/b.txt", "b")
    await place.round()
    (place.folder / "below").chmod(0)
    try:
        done = await place.round()
    finally:
        (place.folder / "below").chmod(0o700)
    assert "below" in done.held_back
    assert set(await place.held()) == {"a.txt", "below/b.txt"}


async def test_a_file_that_is_still_being_written_is_left_until_it_is_quiet(place: Place) -> None:
    syncing = place.syncing(quiet_seconds=0.3)
    path = place.write("a.txt", "begun")
    deadline = asyncio.get_running_loop().time() + 20
    writes = 0
    while writes < 8:
        with path.open("a") as file:
            file.write(".")
        writes += 1
        done = await syncing.once(place.collection_id)
        if place.pipeline.stored:
            break  # this machine was slow: the file was quiet for that long
        assert done.pending == ["a.txt"]
    while done.pending:
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.02)
        done = await syncing.once(place.collection_id)
    assert await place.held() == {"a.txt": "begun" + "." * writes}


async def test_a_file_that_changes_while_it_is_stored_is_stored_later(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = place.write("a.txt", "first")
    read = place.files.read

    async def read_slowly(*arguments: object) -> AsyncGenerator[bytes]:
        async for piece in read(*arguments):  # type: ignore[arg-type]
            yield piece
            if not changed:
                changed.append(True)
                await in_a_thread(lambda: path.write_text("second, and longer"))

    changed: list[bool] = []
    monkeypatch.setattr(place.files, "read", read_slowly)
    syncing = place.syncing()
    done = await syncing.once(place.collection_id)
    assert done.pending == ["a.txt"]
    assert await place.held() == {}
    await syncing.once(place.collection_id)
    assert await place.held() == {"a.txt": "second, and longer"}


async def test_no_link_leads_out_of_the_folder(place: Place) -> None:
    secret = place.folder.parent / "secret.txt"
    secret.write_text("secret")
    (place.folder / "out.txt").symlink_to(secret)
    place.write("a.txt", "a")
    (place.folder / "within.txt").symlink_to("a.txt")
    done = await place.round()
    assert await place.held() == {"a.txt": "a", "within.txt": "a"}
    assert [path for path, _ in done.skips] == ["out.txt"]


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="the system does not say what a descriptor is of")
async def test_a_link_put_in_a_file_s_place_leads_nowhere(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = place.folder.parent / "secret.txt"
    secret.write_text("secret")
    path = place.write("a.txt", "a")
    named = place.library.named

    async def swap_then_look(collection_id: str, name: str) -> Document | None:
        await in_a_thread(swap)
        return await named(collection_id, name)

    def swap() -> None:
        path.unlink(missing_ok=True)
        path.symlink_to(secret)

    monkeypatch.setattr("hubbub.ingest.sync._stamp", lambda found: "1 1 1 1 1")  # as if nothing gave it away
    monkeypatch.setattr(place.library, "named", swap_then_look)
    done = await place.round()
    assert done.pending == ["a.txt"]
    assert await place.held() == {}


async def test_two_folders_keep_their_files_apart(place: Place) -> None:
    other = place.folder.parent / "other" / "docs"
    other.mkdir(parents=True)
    place.write("readme.txt", "first")
    (other / "readme.txt").write_text("second")
    (other / "only.txt").write_text("only")
    await place.round()
    await place.round(other)
    assert await place.held() == {"readme.txt": "first", "docs/readme.txt": "second", "only.txt": "only"}
    assert (await place.round()).unchanged == 1
    assert (await place.round(other)).unchanged == 2
    (other / "only.txt").unlink()
    (other / "readme.txt").write_text("SECOND")
    await place.round(other)
    await place.round()
    assert await place.held() == {"readme.txt": "first", "docs/readme.txt": "SECOND"}


async def test_a_folder_that_was_moved_keeps_its_documents_names(place: Place) -> None:
    place.write("a.txt", "a")
    await place.round()
    moved = place.folder.rename(place.folder.parent / "moved")
    done = await place.round(moved)
    assert (done.added, done.unchanged) == (0, 1)
    assert await place.held() == {"a.txt": "a"}


async def test_what_somebody_removed_or_replaced_comes_back(place: Place) -> None:
    place.write("a.txt", "a")
    place.write("b.txt", "b")
    syncing = place.syncing()
    await syncing.once(place.collection_id)
    document = await place.library.named(place.collection_id, "a.txt")
    assert document is not None
    await place.pipeline.remove(document.id)
    await syncing.once(place.collection_id)
    assert await place.held() == {"a.txt": "a", "b.txt": "b"}
    await place.pipeline.add(place.collection_id, "b.txt", _once(b"not b"))
    await place.round()
    assert await place.held() == {"a.txt": "a", "b.txt": "b"}


async def test_documents_that_came_from_elsewhere_stay(place: Place) -> None:
    await place.pipeline.add(place.collection_id, "sent.txt", _once(b"sent"))
    path = place.write("a.txt", "a")
    place.write("b.txt", "b")
    await place.round()
    path.unlink()
    await place.round()
    assert await place.held() == {"b.txt": "b", "sent.txt": "sent"}


async def test_patterns_choose_and_what_they_leave_out_goes(place: Place) -> None:
    place.write("a.txt", "a")
    place.write("drafts/b.txt", "b")
    place.write("c.md", "c")
    await place.round()
    globs = Globs(include=("*.txt",), exclude=("drafts",))
    done = await place.syncing(globs=globs).once(place.collection_id)
    assert (done.removed, done.skipped) == (2, 2)
    assert await place.held() == {"a.txt": "a"}


async def test_a_refused_file_is_said_and_tried_again_once_it_changes(place: Place) -> None:
    place.files._most_bytes = 10  # pyright: ignore[reportPrivateUsage]
    path = place.write("a.txt", "far too long for this limit")
    syncing = place.syncing()
    for _ in range(3):
        done = await syncing.once(place.collection_id)
        assert [name for name, _ in done.refused] == ["a.txt"]
    path.write_text("short")
    done = await syncing.once(place.collection_id)
    assert (done.added, done.refused) == (1, [])


@pytest.mark.parametrize("strike", [1, 2, 5, 9])
async def test_what_broke_off_goes_on(place: Place, strike: int) -> None:
    files = {f"{number}.txt": str(number) for number in range(9)}
    for name, text in files.items():
        place.write(name, text)
    place.pipeline.strikes_after = strike
    with pytest.raises(StoreError):
        await place.round()
    place.pipeline.strikes_after = None
    await place.round()
    assert await place.held() == files
    (place.folder / "0.txt").unlink()
    (place.folder / f"{strike - 1}.txt").unlink(missing_ok=True)
    await place.round()
    assert set(await place.held()) == set(files) - {"0.txt", f"{strike - 1}.txt"}


async def test_names_that_no_collection_takes_are_refused(place: Place) -> None:
    deep = "/".join(["d" * 100] * 6)
    place.write(f"{deep}/a.txt", "a")
    place.write("b.txt", "b")
    done = await place.round()
    assert len(done.refused) == 1
    assert await place.held() == {"b.txt": "b"}


async def _once(data: bytes) -> AsyncGenerator[bytes]:
    yield data
