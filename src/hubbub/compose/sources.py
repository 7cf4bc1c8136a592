"""Build the sources that collections are kept equal to."""

import hashlib
from contextlib import nullcontext
from pathlib import Path

from hubbub.compose.documents import DocumentStore
from hubbub.compose.files import place_of, revealed
from hubbub.connections.guarded import Guarded
from hubbub.connections.lock import FolderLock
from hubbub.ingest.globs import Globs
from hubbub.ingest.sources.base import FolderSource, Source, SourceSync, Tell
from hubbub.ingest.sources.bucket import Bucket
from hubbub.ingest.sources.imap import Account
from hubbub.ingest.sources.mailbox import Mailbox
from hubbub.ingest.sources.oauth import Grant, Tokens
from hubbub.ingest.sources.repository import Repository
from hubbub.ingest.sources.website import Website
from hubbub.ingest.sync import FolderSync
from hubbub.settings import Settings
from hubbub.settings.ingest import (
    Synced,
    SyncedBucket,
    SyncedFolder,
    SyncedMailbox,
    SyncedRepository,
    SyncedWebsite,
)

IMAP_PORTS = {"tls": 993, "starttls": 143, "none": 143}

ROUND = "sync"
"""The work of comparing a folder: one process of all does so at a time, a server or the command line."""


def wanted_sources(settings: Settings) -> list[Synced]:
    """Return what the settings name to be synced."""
    ingest = settings.ingest
    fetched = (*ingest.buckets.values(), *ingest.mailboxes.values())
    return [*ingest.folders, *ingest.websites, *ingest.repositories, *fetched]


def where(wanted: Synced) -> str:
    """Return what a source is called: its folder or its URL."""
    match wanted:
        case SyncedFolder():
            return str(wanted.path)
        case SyncedWebsite() | SyncedRepository() | SyncedBucket():
            return wanted.url
        case SyncedMailbox():
            return f"{wanted.user} at {wanted.host}"
        case _:
            raise TypeError(f"there is no source for {type(wanted).__name__}")


def syncing_of(
    wanted: Synced, store: DocumentStore, settings: Settings, fetcher: Guarded, *, tell: Tell | None = None
) -> SourceSync:
    """Return what keeps a collection equal to a source; it may tell how much it has fetched.

    Raises:
        Invalid: the source's URL can't be used.
    """
    globs = Globs(wanted.include, wanted.exclude)
    which = getattr(wanted, "branch", "") or getattr(wanted, "endpoint", "") or getattr(wanted, "account", "")
    key = "\n".join((type(wanted).__name__, where(wanted), which, wanted.collection))
    place = settings.server.data_folder / "sources" / hashlib.sha256(key.encode()).hexdigest()[:16]
    source = _source(wanted, place, settings, fetcher, globs, tell)
    syncing = FolderSync(
        store.pipeline,
        store.library,
        store.files,
        store.origins,
        source.folder,
        globs=globs if isinstance(wanted, SyncedFolder | SyncedRepository) else None,  # others apply them themselves
        quiet_seconds=wanted.quiet_seconds if isinstance(wanted, SyncedFolder) else 0.0,
        removes_all=wanted.removes_all,
    )
    lock = settings.server.data_folder / f"source-{place.name}.lock"
    fetching = nullcontext if isinstance(wanted, SyncedFolder) else lambda: FolderLock(lock)
    return SourceSync(source, syncing, fetching, lambda: store.alone(ROUND))


def _source(
    wanted: Synced, place: Path, settings: Settings, fetcher: Guarded, globs: Globs, tell: Tell | None
) -> Source:
    document_bytes = settings.limits.document_bytes
    match wanted:
        case SyncedWebsite():
            return Website(
                fetcher,
                wanted.url,
                place,
                globs=globs,
                most_pages=wanted.most_pages,
                most_bytes=document_bytes,
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
        case SyncedBucket():
            return Bucket(
                place_of(wanted.url, wanted, is_public=wanted.is_public),
                place,
                globs=globs,
                most_files=wanted.most_files,
                most_bytes=wanted.most_bytes,
                document_bytes=document_bytes,
                tell=tell,
            )
        case SyncedMailbox():
            return Mailbox(
                _account(wanted),
                place,
                tokens=_tokens(wanted, place),
                folders=wanted.folders,
                globs=globs,
                most_mails=wanted.most_mails,
                document_bytes=document_bytes,
                tell=tell,
            )
        case SyncedFolder():
            return FolderSource(wanted.path)
        case _:
            raise TypeError(f"there is no source for {type(wanted).__name__}")


def _account(wanted: SyncedMailbox) -> Account:
    port = wanted.port or IMAP_PORTS[wanted.security]
    return Account(wanted.host, port, wanted.security, wanted.user, revealed(wanted.password), wanted.timeout_seconds)


def _tokens(wanted: SyncedMailbox, place: Path) -> Tokens | None:
    oauth = wanted.oauth
    if not oauth.token_url:
        return None
    secrets = revealed(oauth.client_secret), revealed(oauth.refresh_token)
    return Tokens(Grant(oauth.token_url, oauth.client_id, *secrets, oauth.scope), place / "token.json")
