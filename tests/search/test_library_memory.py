"""The library in memory fulfils the contract."""

import pytest

from hubbub.core.documents import Document
from hubbub.search.library_memory import MemoryLibrary
from hubbub.testing.library import LibraryContract, PutPassages


class TestMemoryLibrary(LibraryContract):
    @pytest.fixture
    def counts(self) -> dict[str, tuple[int, int]]:
        return {}

    @pytest.fixture
    def library(self, counts: dict[str, tuple[int, int]]) -> MemoryLibrary:
        async def count_passages() -> dict[str, tuple[int, int]]:
            return counts

        return MemoryLibrary(count_passages)

    @pytest.fixture
    def put_passages(self, counts: dict[str, tuple[int, int]]) -> PutPassages:
        async def put(document: Document, passages: int, embedded: int) -> None:
            counts[document.id] = (passages, embedded)

        return put
