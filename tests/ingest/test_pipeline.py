"""Documents go through the pipeline once, whatever happens on the way."""

import asyncio
import os
import resource
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hubbub.connections.sandbox import Sandbox
from hubbub.core.documents import Document, Progress
from hubbub.core.errors import Invalid, NotFound, StoreError
from hubbub.ingest import pipeline, reading, worker
from hubbub.ingest.files import Files
from hubbub.ingest.pipeline import Pipeline
from hubbub.search.base import Library
from hubbub.testing.search import TopicEmbedder
from tests.ingest import documents
from tests.ingest.keeping_search import KeepingSearch
from tests.libraries import library_with
from tests.patience import patience


class Place:
    """What one data folder's processes share, and a pipeline of one of them."""

    def __init__(self, folder: Path, files: Files, library: Library, search: KeepingSearch) -> None:
        self.folder = folder
        self.files = files
        self.library = library
        self.search = search
        self.pipeline = self.another()

    def another(self, *, embeds: bool = True, keeps_earlier: bool = True) -> Pipeline:
        """Return the pipeline of one more process."""
        return Pipeline(
            self.library,
            self.search,
            self.search if embeds else None,
            self.files,
            Sandbox(),
            lock_path=self.folder / "ingest.lock",
            readers=2,
            keeps_earlier=keeps_earlier,
        )

    async def collection(self) -> str:
        return (await self.library.create("papers", owner_id="ann", is_shared=False)).id

    async def add(self, collection_id: str, name: str, text: str) -> Document:
        return await self.pipeline.add(collection_id, name, stream(text.encode()))

    async def settled(self) -> Progress:
        """Return the progress once there is nothing left to do."""
        async with asyncio.timeout(30):
            return [progress async for progress in self.pipeline.watch()][-1]


@pytest.fixture
async def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    monkeypatch.setattr(worker, "FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(worker, "POLL_SECONDS", 0.05)
    monkeypatch.setattr(pipeline, "WATCH_SECONDS", 0.02)
    kept = library_with(KeepingSearch, tmp_path, TopicEmbedder())
    async with Files(tmp_path / "files") as files, kept as (library, search):
        yield Place(tmp_path, files, library, search)


@asynccontextmanager
async def running(process: Pipeline) -> AsyncIterator[None]:
    task = asyncio.create_task(process.run())
    try:
        yield
        assert not task.done(), "the worker gave up"
    finally:
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            await task


async def stream(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def test_a_document_becomes_ready(place: Place) -> None:
    collection_id = await place.collection()
    documents.word(path := place.folder / "a.docx")
    added = await place.pipeline.add(collection_id, "folder/a.docx", path)
    assert (added.state, added.size_bytes) == ("waiting", path.stat().st_size)
    assert added.media_type.endswith("wordprocessingml.document")
    async with running(place.pipeline):
        assert await place.settled() == Progress(ready=1, passages=2, embedded=2)
    document, (leave, pay) = place.search.kept[added.id]
    assert document.title == "Handbook"
    assert {leave.document_id, pay.document_id} == {added.id}
    stored = await place.library.document(added.id)
    assert stored is not None
    assert (stored.state, stored.title) == ("ready", "Handbook")


async def test_how_much_of_a_document_is_read_is_seen_while_it_is_read(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "PROGRESS_SECONDS", 0.01)
    collection_id = await place.collection()
    page = [f"Line {number} of the page says what it has to." for number in range(40)]
    added = await place.pipeline.add(collection_id, "long.pdf", stream(documents.pdf([page] * 300)))
    seen: list[float] = []
    async with running(place.pipeline), asyncio.timeout(30):
        while (document := await place.library.document(added.id)) and document.state in ("waiting", "reading"):
            seen.append(document.progress)
            await asyncio.sleep(0.005)
        assert document is not None
        await place.settled()
    between = [one for one in seen if 0 < one < 1]
    assert between
    assert seen == sorted(seen)
    ready = await place.library.document(added.id)
    assert ready is not None
    assert (ready.state, ready.progress) == ("ready", 1.0)


async def test_without_an_embedder_reading_is_all(place: Place) -> None:
    await place.add(await place.collection(), "a.txt", "Hello.")
    async with running(place.another(embeds=False)):
        assert await place.settled() == Progress(ready=1, passages=1)


async def test_a_bad_file_fails_with_its_reason_and_the_others_go_on(place: Place) -> None:
    collection_id = await place.collection()
    names = ["a.txt", "b.pdf", "c.txt", "d.exe", "e.txt"]
    added = [await place.add(collection_id, name, "MZ\0\0\1\2\3" if "exe" in name else name) for name in names]
    async with running(place.pipeline):
        assert await place.settled() == Progress(ready=3, failed=2, passages=3, embedded=3)
    failed = await place.library.document(added[1].id)
    assert failed is not None
    assert "not PDF" in failed.reason


@pytest.mark.parametrize("keeps_earlier", [True, False])
async def test_a_new_version_that_can_t_be_read_leaves_no_old_text_in_its_name(
    place: Place, keeps_earlier: bool
) -> None:
    collection_id = await place.collection()
    first = await place.add(collection_id, "a.txt", "Notice period is three months.")
    async with running(place.another(keeps_earlier=keeps_earlier)):
        await place.settled()
        assert place.search.kept[first.id][0].title == ""
        await place.pipeline.add(collection_id, "a.txt", stream(bytes(range(256)) * 8))
        assert (await place.settled()).failed == 1
        stored = await place.library.document(first.id)
        assert stored is not None
        assert "not text" in stored.reason
        if keeps_earlier:
            document, (passage,) = place.search.kept[first.id]
            assert (document.title, passage.text) == ("a.txt (earlier version)", "Notice period is three months.")
            assert stored.reason.endswith("What was read of its earlier version is still found, and says so.")
        else:
            assert first.id not in place.search.kept
            assert stored.reason.endswith("What was read of its earlier version is no longer found.")
        await place.add(collection_id, "a.txt", "Notice period is four months.")
        await place.settled()
        document, (passage,) = place.search.kept[first.id]
        assert (document.title, passage.text) == ("", "Notice period is four months.")


async def test_unchanged_content_is_not_read_again(place: Place) -> None:
    collection_id = await place.collection()
    first = await place.add(collection_id, "a.txt", "Hello.")
    async with running(place.pipeline):
        await place.settled()
        again = await place.add(collection_id, "a.txt", "Hello.")
        assert (again.id, again.state) == (first.id, "ready")
        changed = await place.add(collection_id, "a.txt", "Hello again.")
        assert (changed.id, changed.state) == (first.id, "waiting")
        await place.settled()
    assert place.search.puts["a.txt"] == 2
    assert place.search.kept[first.id][1][0].text == "Hello again."


async def test_a_failed_document_is_read_again_when_it_is_added_again(place: Place) -> None:
    collection_id = await place.collection()
    added = await place.add(collection_id, "a.pdf", "no PDF")
    async with running(place.pipeline):
        assert (await place.settled()).failed == 1
        assert (await place.add(collection_id, "a.pdf", "no PDF")).state == "waiting"
        assert (await place.settled()).failed == 1
    assert added.id in {document.id for document in await place.library.documents(collection_id)}


async def test_work_goes_on_where_a_cancelled_run_left_it(place: Place) -> None:
    collection_id = await place.collection()
    for number in range(6):
        await place.add(collection_id, f"{number}.txt", f"Text {number}.")
    for _ in range(4):
        async with running(place.pipeline):
            await asyncio.sleep(0.08)
    async with running(place.pipeline):
        assert await place.settled() == Progress(ready=6, passages=6, embedded=6)


async def test_work_goes_on_where_a_dead_process_left_it(place: Place) -> None:
    collection_id = await place.collection()
    reading = await place.add(collection_id, "a.txt", "Half read.")
    embedded = await place.add(collection_id, "b.txt", "Embedded, but not marked.")
    await place.library.mark(reading, "reading")
    async with running(place.pipeline):
        await place.settled()
    await place.library.mark(embedded, "embedding")
    async with running(place.pipeline):
        assert (await place.settled()).ready == 2


async def test_one_process_works_and_the_next_takes_over(place: Place) -> None:
    collection_id = await place.collection()
    first, second = place.another(), place.another()
    async with running(second):
        async with running(first):
            await asyncio.gather(*(place.add(collection_id, f"{n}.txt", f"Text {n}.") for n in range(4)))
            await place.settled()
        await place.add(collection_id, "late.txt", "Late.")
        assert (await place.settled()).ready == 5
    assert set(place.search.puts.values()) == {1}


async def test_what_fails_outside_is_tried_again(place: Place) -> None:
    place.search.failing_puts = 2
    place.search.failing_embeddings = 2
    await place.add(await place.collection(), "a.txt", "Hello.")
    async with running(place.pipeline):
        assert (await place.settled()).ready == 1


@pytest.mark.expects_errors
async def test_a_bug_that_one_document_meets_stops_no_other(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    put = place.search.put

    async def stumble(document: Document, passages: list[object]) -> None:
        if document.name == "a.txt":
            raise ZeroDivisionError
        await put(document, passages)  # type: ignore[arg-type]

    monkeypatch.setattr(place.search, "put", stumble)
    collection_id = await place.collection()
    for name in ("a.txt", "b.txt"):
        await place.add(collection_id, name, name)
    async with running(place.pipeline):
        progress = await place.settled()
    assert (progress.ready, progress.failed) == (1, 1)


async def test_too_few_descriptors_fail_no_document(place: Place) -> None:
    """What the machine lacks comes back; then everything is read, and nothing was marked as failed."""
    collection_id = await place.collection()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    async with running(place.pipeline):
        await place.add(collection_id, "first.txt", "It reads, and has all that it holds open.")
        await place.settled()
        for number in range(3):
            await place.add(collection_id, f"{number}.txt", f"Text {number}.")
        with open(os.devnull) as next_one:  # noqa: ASYNC230, PTH123 (its number is the first that is free)
            resource.setrlimit(resource.RLIMIT_NOFILE, (next_one.fileno() + 1, hard))
        try:
            async with patience():
                while not await _has_reason(place, collection_id):
                    await asyncio.sleep(0.01)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert not any(one.state == "failed" for one in await place.library.documents(collection_id))
        assert (await place.settled()).ready == 4


async def _has_reason(place: Place, collection_id: str) -> bool:
    """Tell whether it is said of a document why it is not read yet; the library may lack a descriptor, too."""
    try:
        return any(document.reason for document in await place.library.documents(collection_id))
    except StoreError:
        return False


async def test_what_a_package_is_missing_for_says_what_to_install_and_is_tried_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "FIRST_MISSING_SECONDS", 0.05)
    (packages := place.folder / "site-packages").mkdir()
    away = packages / "markdown_it"
    away.mkdir()
    (away / "__init__.py").write_text("raise ModuleNotFoundError('No module', name='markdown_it')")
    monkeypatch.setattr(sys, "path", [str(packages), *sys.path])
    collection_id = await place.collection()
    added = await place.add(collection_id, "a.md", "# Hello")
    async with running(place.pipeline):
        async with patience():
            while not (known := await place.library.document(added.id)) or known.state != "failed":
                await asyncio.sleep(0.01)
        assert "pip install markdown-it-py" in known.reason
        (away / "__init__.py").unlink()
        away.rmdir()
        async with patience():
            while not (known := await place.library.document(added.id)) or known.state != "ready":
                await asyncio.sleep(0.01)


@pytest.mark.expects_errors
async def test_a_mistake_of_ours_is_logged_with_its_stack_and_tried_again_after_a_restart(
    place: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    added = await place.add(await place.collection(), "a.txt", "Hello.")
    reader = "tests.ingest.mistaken:read_here"
    monkeypatch.setattr(reading, "READER", reader)
    async with running(place.pipeline):
        assert (await place.settled()).failed == 1
    known = await place.library.document(added.id)
    assert known is not None
    assert "mistake" in known.reason
    assert "in read_here" in caplog.text  # its stack
    assert "NameError" not in known.reason
    monkeypatch.undo()
    async with running(place.another()), patience():
        while not (known := await place.library.document(added.id)) or known.state != "ready":
            await asyncio.sleep(0.01)


async def test_a_reader_that_is_killed_each_time_is_too_much_for_the_machine(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "READER", "tests.ingest.mistaken:be_killed")
    added = await place.add(await place.collection(), "a.txt", "Hello.")
    async with running(place.pipeline):
        assert (await place.settled()).failed == 1
    known = await place.library.document(added.id)
    assert known is not None
    assert "memory" in known.reason


async def test_content_replaced_while_it_is_read_is_read_too(place: Place) -> None:
    collection_id = await place.collection()
    place.search.may_put.clear()
    added = await place.add(collection_id, "a.txt", "Old.")
    async with running(place.pipeline):
        await place.search.is_putting.wait()
        await place.add(collection_id, "a.txt", "New.")
        place.search.may_put.set()
        assert (await place.settled()).ready == 1
    assert [passage.text for passage in place.search.kept[added.id][1]] == ["New."]


async def test_a_document_removed_while_it_is_read_leaves_nothing(place: Place) -> None:
    collection_id = await place.collection()
    place.search.may_put.clear()
    added = await place.add(collection_id, "a.txt", "Gone.")
    async with running(place.pipeline):
        await place.search.is_putting.wait()
        await place.pipeline.remove(added.id)
        place.search.may_put.set()
        await place.add(collection_id, "b.txt", "Here.")
        assert (await place.settled()).ready == 1
        assert added.id not in place.search.kept


async def test_removes_what_is_missing(place: Place) -> None:
    collection_id = await place.collection()
    for name in ("a.txt", "b.txt", "c.txt"):
        await place.add(collection_id, name, name)
    async with running(place.pipeline):
        await place.settled()
    removed = await place.pipeline.remove_missing(collection_id, ["b.txt", "new.txt"])
    assert [document.name for document in removed] == ["a.txt", "c.txt"]
    assert [document.name for document, _ in place.search.kept.values()] == ["b.txt"]
    await place.pipeline.remove_collection(collection_id)
    assert place.search.kept == {}
    assert await place.library.collections() == []


async def test_files_that_nobody_refers_to_are_dropped(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    collection_id = await place.collection()
    kept = await place.add(collection_id, "a.txt", "Kept.")
    gone = await place.add(collection_id, "b.txt", "Gone.")
    await place.pipeline.remove(gone.id)
    sweep = place.files.sweep
    swept = asyncio.Event()

    async def sweep_at_once(used: set[str]) -> int:
        dropped = await sweep(used, young_seconds=-1)
        swept.set()
        return dropped

    monkeypatch.setattr(place.files, "sweep", sweep_at_once)
    async with running(place.pipeline):
        await swept.wait()
        await place.settled()
    assert place.files.path(kept.sha256).exists()
    assert not place.files.path(gone.sha256).exists()


@pytest.mark.parametrize("name", ["", "  ", "a\0b", "x" * 501, "a\nb", "\ud800"])
async def test_refuses_names_that_cannot_be_used(place: Place, name: str) -> None:
    with pytest.raises(Invalid):
        await place.add(await place.collection(), name, "Hello.")


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "..\\x", "%2e%2e/x"])
async def test_a_name_is_only_a_name(place: Place, name: str) -> None:
    added = await place.add(await place.collection(), name, f"Text of {name}")
    assert added.name == name
    assert place.files.path(added.sha256).is_relative_to(place.folder / "files")


async def test_a_collection_must_be_there(place: Place) -> None:
    with pytest.raises(NotFound):
        await place.add("none", "a.txt", "Hello.")
