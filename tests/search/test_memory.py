import pytest

from hubbub.search.memory import MemorySearch
from hubbub.testing.search import EmbeddingSearchContract, TopicEmbedder


class TestMemorySearch(EmbeddingSearchContract):
    @pytest.fixture
    def embedder(self) -> TopicEmbedder:
        return TopicEmbedder()

    @pytest.fixture
    def search(self, embedder: TopicEmbedder) -> MemorySearch:
        return MemorySearch(embedder)


async def test_without_an_embedder_there_is_nothing_to_embed() -> None:
    assert await MemorySearch().embed_next() == []
