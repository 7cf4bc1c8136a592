"""Build the sources that collections are kept equal to."""

import hashlib
from contextlib import nullcontext
from pathlib import Path

from hubbub.compose.documents import DocumentStore
from hubbub.connections.guarded import Guarded
from hubbub.connections.lock import FolderLock
from hubbub.ingest.globs import Globs
from hubbub.ingest.sources.base import FolderSource, Source, SourceSync
from hubbub.ingest.sources.repository import Repository
from hubbub.ingest.sources.website import Website
from hubbub.ingest.sync import FolderSync
from hubbub.settings import Settings
from hubbub.settings.ingest import Synced, SyncedFolder, SyncedRepository, SyncedWebsite

ROUND = "sync"
"""The work of comparing a folder: one process of all does so at a time, a server or the command line."""


def wanted_sources(settings: Settings) -> list[Synced]:
    """Return what the settings name to be synced."""
    ingest = settings.ingest
    return [*ingest.folders, *ingest.websites, *ingest.repositories]


def where(wanted: Synced) -> str:
    """Return what a source is called: its folder or its URL."""
    match wanted:
        case SyncedFolder():
            return str(wanted.path)
        case SyncedWebsite() | SyncedRepository():
            return wanted.url
        case _:
            raise TypeError(f"there is no source for {type(wanted).__name__}")


def syncing_of(wanted: Synced, store: DocumentStore, settings: Settings, fetcher: Guarded) -> SourceSync:
    """Return what keeps a collection equal to a source.

    Raises:
        Invalid: the source's URL can't be used.
    """
    globs = Globs(wanted.include, wanted.exclude)
    key = "\n".join((type(wanted).__name__, where(wanted), getattr(wanted, "branch", ""), wanted.collection))
    place = settings.server.data_folder / "sources" / hashlib.sha256(key.encode()).hexdigest()[:16]
    source = _source(wanted, place, settings, fetcher, globs)
    syncing = FolderSync(
        store.pipeline,
        store.library,
        store.files,
        store.origins,
        source.folder,
        globs=None if isinstance(wanted, SyncedWebsite) else globs,  # it applies them to URLs
        quiet_seconds=wanted.quiet_seconds if isinstance(wanted, SyncedFolder) else 0.0,
        removes_all=wanted.removes_all,
    )
    lock = settings.server.data_folder / f"source-{place.name}.lock"
    fetching = nullcontext if isinstance(wanted, SyncedFolder) else lambda: FolderLock(lock)
    return SourceSync(source, syncing, fetching, lambda: store.alone(ROUND))


def _source(wanted: Synced, place: Path, settings: Settings, fetcher: Guarded, globs: Globs) -> Source:
    match wanted:
        case SyncedWebsite():
            return Website(
                fetcher,
                wanted.url,
                place,
                globs=globs,
                most_pages=wanted.most_pages,
                most_bytes=settings.limits.document_bytes,
                pause_seconds=wanted.pause_seconds,
            )
        case SyncedRepository():
            return Repository(
                wanted.url,
                place,
                branch=wanted.branch,
                total_seconds=wanted.total_seconds,
                most_bytes=wanted.most_bytes,
                most_files=wanted.most_files,
            )
        case SyncedFolder():
            return FolderSource(wanted.path)
        case _:
            raise TypeError(f"there is no source for {type(wanted).__name__}")
