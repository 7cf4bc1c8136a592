"""Say where an index at Azure AI Search is and what it is like, and open it."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Literal, TypeVar
from urllib.parse import urlsplit

import msgspec

from hubbub.core.errors import SettingsError

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

    from hubbub.search.azure_service import Service

T = TypeVar("T")


class Names(msgspec.Struct, frozen=True):
    """What the fields of an index are called that somebody else fills."""

    key: str = "id"
    text: str = "content"
    page: str = "sourcepage"
    """Holds "file.pdf#page=3"."""
    file: str = "sourcefile"
    category: str = "category"
    embedding: str = "embedding"


class AzureIndex(msgspec.Struct, frozen=True):
    """An index at Azure AI Search."""

    endpoint: str
    index: str
    names: Names | None = None
    """None where Hubbub makes and fills it."""
    query_vectors: Literal["service", "embedder", "none"] = "service"
    """What makes a query's vector where somebody else fills it; of our own it is the embedder."""
    semantic_configuration: str = "default"
    """Empty where there is no semantic ranker."""
    is_ranked: bool = False
    """Whether that ranker is used where a retrieval doesn't say."""
    rewriting_language: str = ""
    """The language that queries can be written anew in; empty where that can't be had."""
    analyzer: str = "en.microsoft"
    connect_seconds: float = 5.0
    find_seconds: float = 10.0
    write_seconds: float = 60.0

    @property
    def host(self) -> str:
        """The endpoint's host."""
        return urlsplit(self.endpoint).hostname or self.endpoint

    @property
    def tunes(self) -> frozenset[str]:
        """What of a retrieval is gone by."""
        tunes = {"mode", "minimum_score", "include_category", "exclude_category"}
        if self.semantic_configuration:
            tunes |= {"semantic_ranker", "semantic_captions", "minimum_reranker_score"}
            tunes |= {"query_rewriting"} if self.rewriting_language else set[str]()
        return frozenset(tunes)


@asynccontextmanager
async def open_service(
    place: AzureIndex, credential: "str | AsyncTokenCredential", tls: ssl.SSLContext | None
) -> "AsyncGenerator[Service]":
    """Open the service; nothing is sent yet.

    Raises:
        SettingsError: Azure's client is not installed.
    """
    made = await in_a_thread(_service)  # the import reads hundreds of files
    async with made(place, credential, tls=tls) as service:
        yield service


async def in_a_thread(work: Callable[[], T]) -> T:
    """Do work that blocks in a thread of its own."""
    thread = ThreadPoolExecutor(1, "azure")
    try:
        return await asyncio.get_running_loop().run_in_executor(thread, work)
    finally:
        thread.shutdown(wait=False)


def _service() -> "type[Service]":
    try:
        from hubbub.search.azure_service import Service
    except ImportError as error:
        raise SettingsError(
            [f"Azure AI Search needs a part that is not installed ({error.name}). Run: pip install 'hubbub[azure]'"]
        ) from error
    return Service


def page_of(source: str) -> tuple[str, int | None]:
    """Return the file's name and the page that "file.pdf#page=3" tells of."""
    name, mark, page = source.rpartition("#page=")
    return (name, int(page)) if mark and page.isdecimal() and page.isascii() else (source, None)
