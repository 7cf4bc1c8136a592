"""Hold everything that Hubbub works with, put together by the composition module."""

import asyncio
from dataclasses import dataclass, field
from functools import partial
from typing import Literal
from weakref import WeakValueDictionary

from hubbub.answers.desk import Desk
from hubbub.answers.log import Log
from hubbub.app.embeddings import PieceByPiece
from hubbub.connections.sandbox import Sandbox
from hubbub.connections.watchdog import Watchdog
from hubbub.conversation.engine import Engine
from hubbub.core.embedding import Embedder
from hubbub.history.base import History, Sessions
from hubbub.identity.base import Identity
from hubbub.identity.grants import Grants
from hubbub.ingest.files import Files
from hubbub.ingest.pipeline import Pipeline
from hubbub.models.catalog import Catalog
from hubbub.search.base import Library, Search


@dataclass(frozen=True)
class RequestLimits:
    """How much may be sent."""

    question_characters: int = 32_000
    document_bytes: int = 50 * 1024 * 1024
    body_bytes: int = 1024 * 1024
    picture_bytes: int = 28 * 1024 * 1024
    """The largest body of a question that may hold pictures; its texts stay below `body_bytes`."""
    chat_messages: int = 2000
    image_hosts: tuple[str, ...] = ()
    """Where images may be that model servers are to fetch; others have to be sent along."""
    is_stopped_unwatched: bool = False
    """Whether an answer is stopped when nobody watches it any more, where its question doesn't say."""
    grace_seconds: float = 20.0
    """How long it is still worked on then, where its question doesn't say."""
    body_seconds: float = 30.0
    kept_seconds: float = 30 * 86400.0
    """How long answers in no chat are kept that are to be stored."""


@dataclass(frozen=True)
class SamplePage:
    """What the page of the Azure sample is told that it may offer."""

    signs_in: bool = False
    """Whether people count as signed in there, by the cookie that they are known by here."""
    browser_history: bool = False


class Turns:
    """Lets requests that are about the same thing in one after the other."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def of(self, key: str) -> asyncio.Lock:
        """Return the lock of a thing; it is there for as long as somebody uses it."""
        return self._locks.setdefault(key, asyncio.Lock())


@dataclass(frozen=True)
class ProtocolChoices:
    """How programs are answered that speak the protocols of the chat samples, where their requests leave it open."""

    default: Literal["new", "old"] = "new"
    bare: Literal["chat", "documents"] = "chat"
    collections: tuple[str, ...] = ()
    has_history: bool = True


@dataclass(frozen=True)
class Application:
    """Everything that is built once and used by all requests."""

    identity: Identity
    grants: Grants
    """What is open, by what let it in."""
    desk: Desk
    log: Log
    history: History
    sessions: Sessions
    engine: Engine
    catalog: Catalog
    search: Search
    library: Library
    files: Files
    pipeline: Pipeline
    pictures: Sandbox
    """Where pages are drawn: not where documents are read, so that looking waits for no ingestion."""
    embedder: Embedder | None = None
    """What the search makes vectors with; None where it goes by words alone."""
    limits: RequestLimits = RequestLimits()
    protocols: ProtocolChoices = ProtocolChoices()
    sample_page: SamplePage = SamplePage()
    watchdog: Watchdog = field(default_factory=Watchdog)
    has_local_operators: bool = False
    """Whether whoever sits at the machine itself counts as an operator."""
    turns: Turns = field(default_factory=Turns)
    embedding: PieceByPiece = field(default_factory=partial(PieceByPiece, 2, 32, retry_seconds=10.0))
    """For programs' requests for embeddings."""
