"""Say where an index at Azure AI Search is, and what it is like."""

from typing import Literal
from urllib.parse import urlsplit

import msgspec


class Names(msgspec.Struct, frozen=True):
    """What the fields of an index are called that somebody else fills."""

    key: str = "id"
    text: str = "content"
    page: str = "sourcepage"
    """Holds "file.pdf#page=3"."""
    file: str = "sourcefile"
    category: str = "category"
    embedding: str = "embedding"
    oids: str = "oids"
    """Lists the people who may see a passage; applied where the index has it. Empty: never."""
    groups: str = "groups"
    """Lists the groups who may, likewise."""


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
    has_unrestricted: bool = True
    """Whether all see the passages that list nobody, where somebody else fills it."""
    provider: str = ""
    """Whose groups such an index lists; empty: those of the application around Hubbub."""
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


def page_of(source: str) -> tuple[str, int | None]:
    """Return the file's name and the page that "file.pdf#page=3" tells of."""
    name, mark, page = source.rpartition("#page=")
    return (name, int(page)) if mark and page.isdecimal() and page.isascii() else (source, None)
