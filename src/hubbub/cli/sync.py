"""Keep a collection equal to a source from the terminal: once, or again and again."""

import asyncio
import contextlib
import shlex
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any, TypeAlias

from rich.console import Console

from hubbub.cli.fetching import fetching_shown
from hubbub.cli.ingest import PRIVATE, operators_collection
from hubbub.cli.logs import logging_to_stderr
from hubbub.cli.sharing import subjects_of
from hubbub.cli.telling import Telling
from hubbub.cli.terminal import printable
from hubbub.compose import (
    DocumentStore,
    OnFetch,
    fetcher_of,
    going_on,
    open_deeds,
    open_document_store,
    prepare_folder,
    syncing_of,
    where,
)
from hubbub.connections.http import Http
from hubbub.connections.object_store import is_bucket
from hubbub.core.documents import Collection
from hubbub.core.errors import HubbubError, StoreError
from hubbub.ingest.globs import Globs
from hubbub.ingest.sources.repository import is_repository
from hubbub.ingest.sync import STILL_WRITTEN, Round
from hubbub.ingest.urls import is_url
from hubbub.settings import Settings
from hubbub.settings.ingest import Synced, SyncedBucket, SyncedFolder, SyncedRepository, SyncedWebsite

PENDING_SECONDS = 30.0
"""How long a single run waits for files that are still being written."""
ROUND_SECONDS = 1.0
"""Between two rounds of a single run."""
TELL_SECONDS = 5.0
"""So often it is said how much was fetched."""

Once: TypeAlias = Callable[[], Awaitable[Round]]

console = Console(stderr=True, soft_wrap=True, highlight=False)


def sync(
    settings: Settings,
    wanted: Synced,
    *,
    every_seconds: float | None = None,
    share: Sequence[str] = (),
) -> int:
    """Make the collection equal to the source, and say what became of it; returns how much could not be done.

    With `every_seconds` it goes on until it is interrupted.

    Raises:
        NotFound, Invalid: the source is not there, or can't be read; nothing was removed.
        HubbubError: nothing more can be done; what was done stays, and the same command goes on there.
    """
    Globs(wanted.include, wanted.exclude).check()
    with logging_to_stderr(settings.server.log_format, "error"), fetching_shown() as on_fetch:
        prepare_folder(settings.server.data_folder)
        try:
            return asyncio.run(_sync(settings, wanted, every_seconds, share, on_fetch))
        except KeyboardInterrupt:
            console.print("Interrupted. Nothing is lost: the same command goes on where this one stopped.")
            raise


def source_of(
    text: str,
    collection: str,
    *,
    include: Sequence[str],
    exclude: Sequence[str],
    even_if_empty: bool,
    branch: str = "",
    settings: Settings | None = None,
) -> Synced:
    """Return the source that a text names: a git repository, a bucket, a website or a folder.

    A bucket or a mailbox that the settings tell of goes by its name there.
    """
    shared: dict[str, Any] = {
        "collection": collection,
        "include": tuple(include),
        "exclude": tuple(exclude),
        "removes_all": even_if_empty,
    }
    if settings is not None:
        named = settings.ingest.buckets | settings.ingest.mailboxes
        if text in named:
            given = {name: value for name, value in shared.items() if value}
            return named[text].model_copy(update=given)
    if is_bucket(text):
        return SyncedBucket.model_validate({"url": text, **shared})
    if is_repository(text):
        return SyncedRepository.model_validate({"url": text, "branch": branch, **shared})
    if is_url(text):
        return SyncedWebsite.model_validate({"url": text, **shared})
    return SyncedFolder.model_validate({"path": text, **shared})


async def _sync(
    settings: Settings,
    wanted: Synced,
    every_seconds: float | None,
    share: Sequence[str],
    on_fetch: OnFetch,
) -> int:
    async with (
        Http() as http,
        fetcher_of(settings) as fetcher,
        open_document_store(settings, http, on_fetch) as store,
        going_on(store.pipeline.run()),  # waits for as long as a server does the work
        AsyncExitStack() as stack,
    ):
        subjects = await subjects_of(share, store.library, settings)
        deeds = await stack.enter_async_context(open_deeds(settings, store))
        collection = await operators_collection(store, deeds, wanted.collection, subjects)
        syncing = syncing_of(wanted, store, settings, fetcher, tell=_Fetched(wanted.collection).tell)

        async def once() -> Round:
            done = await syncing.once(collection.id)
            if done.did_something:
                await deeds.note("folder synced", of=collection.id, detail=f"{where(wanted)}: {done.counts}")
            return done

        if every_seconds is None:
            return await _report(store, collection, await _settled(once))
        await _go_on(once, wanted.collection, every_seconds)
        return 0


class _Fetched:
    """Says now and then how much a source has brought."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._told = time.monotonic()

    def tell(self, done: int, total: int) -> None:
        """Say so many of how many, unless that was just said."""
        if (now := time.monotonic()) - self._told >= TELL_SECONDS:
            self._told = now
            console.print(printable(f"{self._name}: {done} of {total} files fetched."), markup=False)


async def _settled(once: Once) -> Round:
    """Compare until no file is still being written, or until that takes too long."""
    done = await once()
    until = asyncio.get_running_loop().time() + PENDING_SECONDS
    while done.pending and asyncio.get_running_loop().time() < until:
        await asyncio.sleep(ROUND_SECONDS)
        done = _both(done, await once())
    return done


def _both(first: Round, second: Round) -> Round:
    """Return what two rounds did together: what the first one stored is unchanged in the second."""
    second.unchanged -= first.added + first.changed + first.moved
    second.added += first.added
    second.changed += first.changed
    second.removed += first.removed
    second.moved += first.moved
    return second


async def _report(store: DocumentStore, collection: Collection, done: Round) -> int:
    """Wait until all is read, and say what became of it; return how much could not be done."""
    telling = Telling(console, collection.name, done.added + done.changed, embeds=store.embedder is not None)
    telling.stored(done.added + done.changed)
    async with going_on(telling.run()):
        with telling.shown():
            async with contextlib.aclosing(store.pipeline.watch(collection.id)) as states:
                async for state in states:
                    telling.worked(state)
    documents = await store.library.documents(collection.id)
    failed = [one for one in documents if one.state == "failed"]
    in_part = [one for one in documents if one.completeness.but]
    counts = done.counts
    counts += f", {len(in_part)} ready in part" if in_part else ""
    counts += f", {len(failed)} failed" if failed else ""
    console.print(printable(f"{collection.name}: {counts}."), markup=False)
    if not await store.library.permissions.of(collection.id):
        console.print(PRIVATE.format(name=shlex.quote(printable(collection.name))), markup=False)
    _say_rest(done)
    for one in in_part:
        console.print(printable(f"  {one.name}: ready, but {one.completeness.but}."), style="yellow", markup=False)
    for one in documents:
        if (ocr := one.completeness.ocr) is not None:
            console.print(printable(f"  {one.name}: {ocr.text}."), markup=False)
    for one in failed:
        console.print(printable(f"  {one.name}: {one.reason}"), style="red", markup=False)
    return len(failed) + len(done.refused) + len(done.pending) + bool(done.held_back)


def _say_rest(done: Round) -> None:
    for path, why in done.skips:
        console.print(printable(f"  {path}: skipped, since {why}."), markup=False)
    for path in done.pending:
        console.print(printable(f"  {path}: left for the next time, since {STILL_WRITTEN}."), markup=False)
    for name, why in done.refused:
        console.print(printable(f"  {name}: {why}"), style="red", markup=False)
    if done.held_back:
        console.print(printable(f"  {done.held_back}"), style="red", markup=False)


async def _go_on(once: Once, name: str, every_seconds: float) -> None:
    """Compare again and again, and say what was done where something was; until interrupted."""
    told: tuple[str, ...] = ()
    while True:
        try:
            done = await once()
        except StoreError:
            raise
        except HubbubError as error:
            now: tuple[str, ...] = (error.for_operators,)
            done = None
        else:
            now = (*(f"{name}: {why}" for name, why in done.refused), *([done.held_back] if done.held_back else []))
        if done is not None and done.did_something:
            console.print(printable(f"{name}: {done.counts}."), markup=False)
        if now != told:
            for line in now:
                console.print(printable(f"  {line}"), style="red", markup=False)
            told = now
        await asyncio.sleep(every_seconds)
