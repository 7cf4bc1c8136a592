"""Read documents into a collection from the terminal, and say what became of each."""

import asyncio
import contextlib
import shlex
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
from rich.console import Console

from hubbub.cli.fetching import fetching_shown
from hubbub.cli.logs import logging_to_stderr
from hubbub.cli.sharing import seen_by, subjects_of
from hubbub.cli.sharing import share as allow
from hubbub.cli.telling import Telling
from hubbub.cli.terminal import printable
from hubbub.compose import DocumentStore, OnFetch, fetcher_of, going_on, open_deeds, open_document_store, prepare_folder
from hubbub.connections.http import Http
from hubbub.core.documents import Collection, Document
from hubbub.core.errors import Conflict, HubbubError, Invalid, StoreError
from hubbub.core.people import EVERYBODY, OPERATOR, Right
from hubbub.identity.deeds import Deeds
from hubbub.ingest.names import usable_name
from hubbub.ingest.naming import claimed
from hubbub.ingest.urls import document_name, document_pieces, is_url
from hubbub.ingest.walk import Found, PassedBy, source_of, walk
from hubbub.settings import Settings

console = Console(stderr=True, soft_wrap=True, highlight=False)


PRIVATE = "Only `hubbub ask` sees it. To share it with everybody: hubbub collections share {name}"
SHARED = "It is seen by {seers}."


class Tally(msgspec.Struct):
    """What became of the files."""

    unchanged: int = 0
    taken: int = 0
    removed: int = 0
    seers: str = ""
    """Who sees the collection; empty: nobody but the command line."""
    refused: list[tuple[str, str]] = msgspec.field(default_factory=list[tuple[str, str]])
    """Name and reason of each file that could not be read."""
    in_part: list[tuple[str, str]] = msgspec.field(default_factory=list[tuple[str, str]])
    """Name of each file that was read in part, and what was left out."""
    by_ocr: list[tuple[str, str]] = msgspec.field(default_factory=list[tuple[str, str]])
    """Name of each file of which something was recognised on pictures, and how much."""


def ingest(
    settings: Settings,
    wanted: Sequence[str],
    collection: str,
    *,
    remove_missing: bool,
    even_if_empty: bool = False,
    share: Sequence[str] = (),
    only_for: Sequence[str] = (),
) -> int:
    """Read files, folders and URLs into the collection, and say what became of them; return how many failed.

    A collection that is made is private, unless somebody is named to share it with, who may then use it; one that is
    there is shared with them, too. Where the documents are `only_for` some, these alone see them, of those who may
    see the collection.

    Raises:
        Invalid, NotFound: it can't be shared with somebody who is named, or there is no such group.
        Conflict: documents would be removed since a folder is empty or can't be read, and `even_if_empty` was not said.
        HubbubError: nothing more can be done; what was done stays, and the same command goes on there.
    """
    urls = [one for one in wanted if is_url(one)]
    paths = [Path(one) for one in wanted if not is_url(one)]
    with logging_to_stderr(settings.server.log_format, "error"), fetching_shown() as on_fetch:
        prepare_folder(settings.server.data_folder)
        try:
            passed_by = PassedBy()
            files = asyncio.run(walk(paths, passed_by))
            if remove_missing and not even_if_empty:
                _check_there(passed_by)
            gone_from = {source_of(path) for path in paths} if remove_missing else None
            tally = asyncio.run(_ingest(settings, files, urls, collection, gone_from, share, only_for, on_fetch))
        except KeyboardInterrupt:
            console.print("Interrupted. Nothing is lost: the same command goes on where this one stopped.")
            raise
    parts = [f"{tally.taken} read", f"{tally.unchanged} unchanged"]
    parts += [f"{passed_by.skipped} skipped"] if passed_by.skipped else []
    parts += [f"{tally.removed} removed"] if tally.removed else []
    parts += [f"{len(tally.in_part)} ready in part"] if tally.in_part else []
    parts += [f"{len(tally.refused)} failed"] if tally.refused else []
    console.print(f"{collection}: {', '.join(parts)}.", markup=False)
    seen = SHARED if tally.seers else PRIVATE
    name = shlex.quote(printable(collection))
    console.print(seen.format(name=name, seers=printable(tally.seers)), markup=False)
    for folder in passed_by.unreadable:
        console.print(
            printable(f"  {folder}: The folder can't be read, so nothing in it was."), style="red", markup=False
        )
    for name, but in tally.in_part:
        console.print(printable(f"  {name}: ready, but {but}."), style="yellow", markup=False)
    for name, how_much in tally.by_ocr:
        console.print(printable(f"  {name}: {how_much}."), markup=False)
    for name, reason in tally.refused:
        console.print(printable(f"  {name}: {reason}"), style="red", markup=False)
    return len(tally.refused) + len(passed_by.unreadable)


def _check_there(passed_by: PassedBy) -> None:
    """Refuse to remove what is missing where all of it is: a share that is not mounted looks like an empty folder."""
    for folder, what in [(passed_by.unreadable, "can't be read"), (passed_by.empty, "holds no files")]:
        if folder:
            raise Conflict(
                f"The folder “{folder[0]}” {what}, so nothing was removed. Is its disk or share mounted? "
                "If its documents are to go, add --even-if-empty."
            )


async def _ingest(
    settings: Settings,
    files: Sequence[Found],
    urls: Sequence[str],
    name: str,
    gone_from: set[str] | None,
    share: Sequence[str],
    only_for: Sequence[str],
    on_fetch: OnFetch,
) -> Tally:
    async with (
        Http() as http,
        open_document_store(settings, http, on_fetch) as store,
        going_on(store.pipeline.run()),  # waits for as long as a server does the work
        AsyncExitStack() as stack,
    ):
        deeds = await stack.enter_async_context(open_deeds(settings, store))
        subjects = await subjects_of(share, store.library, settings)
        readers = await subjects_of(only_for, store.library, settings) or None
        if EVERYBODY in (readers or ()):
            raise Invalid("Everybody sees documents that are not restricted. Leave --only-for out.")
        collection = await operators_collection(store, deeds, name, subjects)
        await deeds.note(
            "documents ingested", of=collection.id, outcome="unknown", detail=f"{len(files)} begun{_for(readers)}"
        )
        files = await claimed(store.origins, collection.id, files)
        telling = Telling(console, name, len(files) + len(urls), embeds=store.embedder is not None)
        async with going_on(telling.run()):
            with telling.shown():
                tally = await _add(store, collection, files, readers, telling)
                fetched = await _fetch(settings, store, collection, urls, readers, tally, telling) if urls else []
                if gone_from is not None:
                    tally.removed = await _remove_missing(store, collection, files, gone_from)
                async with contextlib.aclosing(store.pipeline.watch(collection.id)) as states:
                    async for state in states:
                        telling.worked(state)
        names = {*(file.name for file in files), *fetched}
        documents = [one for one in await store.library.documents(collection.id) if one.name in names]
        tally.refused += [(one.name, one.reason) for one in documents if one.state == "failed"]
        tally.in_part = [(one.name, one.completeness.but) for one in documents if one.completeness.but]
        tally.by_ocr = [(one.name, one.completeness.ocr.text) for one in documents if one.completeness.ocr]
        tally.taken -= len(tally.refused)
        counts = (
            f"{tally.taken} read, {tally.unchanged} unchanged, {tally.removed} removed, {len(tally.refused)} failed"
        )
        await deeds.note("documents ingested", of=collection.id, detail=f"{counts}{_for(readers)}")
        if await store.library.permissions.of(collection.id):
            tally.seers = await seen_by(store.library, collection)
    return tally


async def operators_collection(store: DocumentStore, deeds: Deeds, name: str, subjects: Sequence[str]) -> Collection:
    """Return the operator's collection of a name, made where it is not there; the subjects may use it."""
    known = [one for one in await store.library.collections() if (one.name, one.owner_id) == (name, OPERATOR.id)]
    if known:
        collection = known[0]
    else:
        async with deeds.doing("collection made", detail=name):
            collection = await store.library.create(name, owner_id=OPERATOR.id, is_shared=False)
    if subjects:
        detail = " ".join(f"+{one}=use" for one in subjects)
        async with deeds.doing("collection shared", of=collection.id, detail=detail):
            await allow(store.library, collection.id, subjects, Right.USE)
    return collection


async def _remove_missing(
    store: DocumentStore, collection: Collection, files: Sequence[Found], sources: set[str]
) -> int:
    """Remove the documents whose files are not there, but for those of other folders; return how many they were."""
    owners = await store.origins.owners(collection.id)
    of_others = [name for name, source in owners.items() if source not in sources]
    return len(await store.pipeline.remove_missing(collection.id, [*(file.name for file in files), *of_others]))


async def _add(
    store: DocumentStore,
    collection: Collection,
    files: Sequence[Found],
    readers: Sequence[str] | None,
    telling: Telling,
) -> Tally:
    known = {document.name: document for document in await store.library.documents(collection.id)}
    tally = Tally(taken=len(files))
    for count, file in enumerate(files, start=1):
        try:
            document = await store.pipeline.add(collection.id, file.name, file.path, readers=readers)
        except StoreError:
            raise
        except HubbubError as error:
            tally.refused.append((file.name, error.for_operators))
        else:
            if _is_unchanged(known.get(file.name), document):
                tally.unchanged += 1
                tally.taken -= 1
        telling.stored(count)
    return tally


async def _fetch(
    settings: Settings,
    store: DocumentStore,
    collection: Collection,
    urls: Sequence[str],
    readers: Sequence[str] | None,
    tally: Tally,
    telling: Telling,
) -> list[str]:
    """Add documents by URL; return their names."""
    names: list[str] = []
    stored = tally.taken + tally.unchanged
    tally.taken += len(urls)
    async with fetcher_of(settings) as fetcher:
        for count, url in enumerate(urls, start=1):
            try:
                async with fetcher.get(url) as arrived:
                    name = usable_name(document_name(arrived))
                    known = await store.library.named(collection.id, name)
                    await store.origins.claim(collection.id, [(url, "", name)])
                    pieces = document_pieces(arrived, settings.limits.document_bytes)
                    document = await store.pipeline.add(collection.id, name, pieces, readers=readers)
            except StoreError:
                raise
            except HubbubError as error:
                tally.refused.append((url, error.for_operators))
            else:
                names.append(name)
                if _is_unchanged(known, document):
                    tally.unchanged += 1
                    tally.taken -= 1
            telling.stored(stored + count)
    return names


def _for(readers: Sequence[str] | None) -> str:
    return f", only for {' '.join(readers)}" if readers else ""


def _is_unchanged(before: Document | None, now: Document) -> bool:
    return before is not None and before.sha256 == now.sha256 and before.state == "ready"
