"""Reading a document of very many passages leaves the event loop to others."""

import asyncio
import time
from pathlib import Path

from hubbub.connections.sandbox import Sandbox, SandboxLimits
from hubbub.core.documents import Document
from hubbub.ingest.files import Files
from hubbub.ingest.pipeline import Pipeline
from hubbub.search.base import Library
from tests.libraries import library_in
from tests.processor import put_others_garbage_aside

PARAGRAPHS = 40_000
MOST_SECONDS = 0.05


async def test_a_document_of_many_passages_never_holds_the_loop_for_long(tmp_path: Path) -> None:
    """Processor time of the loop's own thread is measured: what else the machine does has no part in it."""
    sentence = "The quick brown fox jumps over the lazy dog, and thinks of it what it likes. " * 6
    text = "\n\n".join(f"Paragraph {number}. {sentence}" for number in range(PARAGRAPHS))
    path = tmp_path / "long.txt"
    await asyncio.to_thread(path.write_text, text)
    sandbox = Sandbox(limits=SandboxLimits(wall_seconds=120, cpu_seconds=120))
    async with (
        Files(tmp_path / "files") as files,
        library_in(tmp_path) as (library, search),
        asyncio.TaskGroup() as group,
    ):
        pipeline = Pipeline(library, search, None, files, sandbox, lock_path=tmp_path / "ingest.lock")
        working = group.create_task(pipeline.run())
        collection = await library.create("papers", owner_id="ann", is_shared=False)
        document = await pipeline.add(collection.id, "long.txt", path)
        put_others_garbage_aside()
        longest = await _longest_hold(library, document)
        working.cancel()
        assert len(await search.passages(document.id)) > PARAGRAPHS // 2
    assert longest < MOST_SECONDS


async def _longest_hold(library: Library, document: Document) -> float:
    """Return the most processor time that others took of the loop's thread in one round, until it is read."""
    longest, before = 0.0, time.thread_time()
    while True:
        await asyncio.sleep(0.001)
        now = time.thread_time()
        longest, before = max(longest, now - before), now
        found = await library.document(document.id)
        assert found is not None
        if found.state == "ready":
            return longest
        assert found.state != "failed", found.reason
