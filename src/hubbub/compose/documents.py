"""Build the library with what finds in it and what fills it."""

import contextlib
import importlib.resources
import os
from collections.abc import AsyncGenerator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hubbub.audit.outbox import Outbox
from hubbub.compose.azure import azure_resources
from hubbub.compose.backends import OWN_SEARCH_BESIDE_POSTGRES, has_documents_in_folder, name_of, open_backend
from hubbub.compose.databases import chats_of, library_in
from hubbub.compose.files import beside_postgres, in_folder
from hubbub.compose.models import OnFetch, open_embedder
from hubbub.compose.one_folder import check_moved
from hubbub.compose.own import media_types_of, ocr_plan_of, setup_of
from hubbub.compose.reading_elsewhere import open_elsewhere
from hubbub.connections.http import Http
from hubbub.connections.lock import RETRY_SECONDS, FolderLock
from hubbub.connections.private import open_private
from hubbub.connections.sandbox import Sandbox, SandboxLimits
from hubbub.connections.sqlite import Sqlite
from hubbub.connections.threads import in_a_thread
from hubbub.core.documents import Collection
from hubbub.core.embedding import Embedder
from hubbub.core.errors import Conflict, SettingsError
from hubbub.core.people import OPERATOR_ID
from hubbub.core.tasks import Tasks
from hubbub.ingest.allowance import Allowance
from hubbub.ingest.files import Files
from hubbub.ingest.origins import Origins, SqliteOrigins
from hubbub.ingest.pipeline import Pipeline
from hubbub.ingest.split import Sizes
from hubbub.ingest.turns import RESERVED
from hubbub.models.late import LateMiniLm
from hubbub.registry import is_ours, place_of
from hubbub.search.base import Library, Search, Standing
from hubbub.search.own import own_search
from hubbub.settings import Settings

if TYPE_CHECKING:
    from hubbub.connections.postgres import Postgres

GUIDE = "Hubbub"
"""The collection that is made of Hubbub's own guide when the data folder is new."""
GUIDE_RETRY_SECONDS = 0.02
LEASE_RETRY_SECONDS = 0.2
SWITCHED_OFF = "guide.off"
"""The file in the data folder that says that the guide was switched off, and not deleted."""


@dataclass(frozen=True)
class DocumentStore:
    """The library, what finds in it, and what fills it."""

    library: Library
    search: Search
    files: Files
    pipeline: Pipeline
    embedder: Embedder | None
    folder: Path
    origins: Origins
    outbox: Outbox | None = None
    """Where deeds that are stored here leave what the audit is to have; None where there is no audit of them."""
    leases: "Postgres | None" = None
    """Where several machines agree on which of them does a piece of work; None: the data folder is this one's."""

    @asynccontextmanager
    async def alone(self, work: str, *, retry_seconds: float = RETRY_SECONDS) -> AsyncGenerator[None]:
        """Be the one process of all that use the library to do this work; entering waits for its turn."""
        if self.leases is None:
            async with FolderLock(self.folder / f"{work}.lock", retry_seconds=retry_seconds):
                yield
            return
        from hubbub.connections.postgres_leases import leased

        async with leased(self.leases, work, retry_seconds=max(retry_seconds, LEASE_RETRY_SECONDS)):
            yield


@asynccontextmanager
async def open_document_store(
    settings: Settings, http: Http, on_fetch: OnFetch | None = None, *, chats: "Sqlite | Postgres | None" = None
) -> AsyncGenerator[DocumentStore]:
    """Open the library. Nothing is ingested until the pipeline is run.

    The database of the chats may be given, where it is open: a PostgreSQL holds the library, too.
    """
    folder = settings.server.data_folder
    async with AsyncExitStack() as stack:
        embedder = await stack.enter_async_context(open_embedder(settings, http, on_fetch))
        database = await _database(stack, settings, chats)
        azure = await azure_resources(stack, settings)
        search = await _opened_search(stack, settings, database=database, embedder=embedder, **azure)
        names = name_of(settings, "library")
        library = await open_backend(stack, settings, "library", names, database=database, search=search)
        await _let_stand(search, library)
        origins, files = await _beside(stack, settings, database)
        pipeline = Pipeline(
            library,
            search,
            search if embedder is not None and getattr(search, "embeds", hasattr(search, "embed_next")) else None,
            files,
            await in_a_thread(partial(sandbox_of, settings, reserved=RESERVED)),
            lock_path=folder / "ingest.lock",
            sizes=Sizes(settings.ingest.passage_characters),
            readers=settings.ingest.children,
            reads_hidden=settings.ingest.reads_hidden,
            ocr=await in_a_thread(partial(ocr_plan_of, settings)),
            elsewhere=await open_elsewhere(stack, settings, http),
            keeps_earlier=settings.ingest.unreadable_update == "keep",
            can_embed=partial(_can_embed, embedder),
            allowance=Allowance(
                library,
                folder,
                payer_bytes=settings.limits.person_bytes,
                free_bytes=settings.limits.free_bytes,
            ),
            own_types=await in_a_thread(partial(media_types_of, settings)),
        )
        leases = None if isinstance(database, Sqlite) else database
        outbox = Outbox(database) if isinstance(database, Sqlite) else None
        yield DocumentStore(library, search, files, pipeline, embedder, folder, origins, outbox, leases)


async def _opened_search(
    stack: AsyncExitStack, settings: Settings, *, database: "Sqlite | Postgres", **resources: object
) -> Any:
    """Open the search. Beside one of somebody's own stands here which passages there are.

    Raises:
        SettingsError: one of somebody's own can't stand beside a PostgreSQL.
    """
    name = name_of(settings, "search")
    search = await open_backend(stack, settings, "search", name, database=database, **resources)
    if is_ours("search", name):
        return search
    if not isinstance(database, Sqlite):
        raise SettingsError([OWN_SEARCH_BESIDE_POSTGRES])
    place = await in_a_thread(partial(place_of, "search", name))
    return await stack.enter_async_context(own_search(search, database, place))


async def _database(
    stack: AsyncExitStack, settings: Settings, chats: "Sqlite | Postgres | None"
) -> "Sqlite | Postgres":
    """Return the database of the library: that of the chats where it is a PostgreSQL, and not said otherwise."""
    if has_documents_in_folder(settings):
        return await stack.enter_async_context(library_in(settings.server.data_folder))
    database = chats if chats is not None else await stack.enter_async_context(chats_of(settings))
    await check_moved(settings, database)
    return database


async def _beside(stack: AsyncExitStack, settings: Settings, database: "Sqlite | Postgres") -> tuple[Origins, Files]:
    """Open what is kept beside the library: where documents came from, and their files."""
    if isinstance(database, Sqlite):
        origins = SqliteOrigins(database)
        await origins.open()
        return origins, await stack.enter_async_context(in_folder(settings))
    from hubbub.ingest.origins_postgres import PostgresOrigins

    there = PostgresOrigins(database)
    await there.open()
    return there, await stack.enter_async_context(beside_postgres(settings, database))


def _can_embed(embedder: Embedder | None) -> bool:
    return embedder is not None and not (isinstance(embedder, LateMiniLm) and not embedder.is_ready)


async def _let_stand(search: Search, library: Library) -> None:
    """Give an index that is filled elsewhere its collection; make that if it is not there."""
    if not isinstance(search, Standing):
        return
    while True:
        for collection in await library.collections():
            if (collection.name, collection.owner_id) == (search.standing, OPERATOR_ID):
                search.stand_as(collection.id)
                return
        with contextlib.suppress(Conflict):  # another process was first
            await library.create(
                search.standing, owner_id=OPERATOR_ID, is_shared=True, description="A search index at Azure."
            )


@asynccontextmanager
async def going_on(work: Coroutine[Any, Any, None]) -> AsyncGenerator[None]:
    """Let work that never ends by itself go on in the background; if it fails, so does what it goes on beside."""
    async with Tasks() as group:
        task = group.create_task(work)
        try:
            yield
        finally:
            task.cancel()


def sandbox_of(settings: Settings, *, reserved: int = 0) -> Sandbox:
    """Return a sandbox of its own, so that who uses it waits for nobody else; with so many places over the usual.

    Where loaders of somebody's own are named it may read files: not for the event loop.
    """
    ingest = settings.ingest
    limits = SandboxLimits(ingest.memory_bytes, int(ingest.cpu_seconds), ingest.wall_seconds)
    return Sandbox(at_once=ingest.children + reserved, limits=limits, setup=setup_of(settings))


async def keep_guide(store: DocumentStore, *, is_enabled: bool = True) -> None:
    """Put Hubbub's own guide into a library that has no collection yet, and keep it up to date where it is there.

    Switched off it is removed, and comes back when it is switched on. Any number of processes may do so at once:
    one after the other.
    """
    switched_off = store.folder / SWITCHED_OFF
    async with store.alone("guide", retry_seconds=GUIDE_RETRY_SECONDS):
        if is_enabled:
            was_off = await in_a_thread(switched_off.exists)
            await _add_guide(store, comes_back=was_off)
            await in_a_thread(lambda: switched_off.unlink(missing_ok=True))
        elif (guide := await _guide(store)) is not None:
            await in_a_thread(lambda: _touch(switched_off))
            await store.pipeline.remove_collection(guide.id)
        elif not await store.library.collections():  # it would be there, were it on
            await in_a_thread(lambda: _touch(switched_off))


async def _guide(store: DocumentStore) -> Collection | None:
    collections = await store.library.collections()
    return next((one for one in collections if one.name == GUIDE and one.owner_id == OPERATOR_ID), None)


async def _add_guide(store: DocumentStore, *, comes_back: bool) -> None:
    guide = await _guide(store)
    made = store.folder / "guide.made"
    if guide is None:
        if not comes_back and (await store.library.collections() or await in_a_thread(made.exists)):
            return  # it was deleted, and stays so
        guide = await store.library.create(
            GUIDE, owner_id=OPERATOR_ID, is_shared=True, description="What Hubbub can do, and how."
        )
    await in_a_thread(lambda: _touch(made))
    pages = await in_a_thread(_guide_pages)
    for page in pages:
        with importlib.resources.as_file(page) as path:
            await store.pipeline.add(guide.id, page.name, path)
    await store.pipeline.remove_missing(guide.id, [page.name for page in pages])


def _touch(path: Path) -> None:
    os.close(open_private(path, os.O_WRONLY | os.O_CREAT))


def _guide_pages() -> list[Traversable]:
    folder = importlib.resources.files("hubbub").joinpath("guide")
    return sorted((page for page in folder.iterdir() if page.name.endswith(".md")), key=lambda page: page.name)
