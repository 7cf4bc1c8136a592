import pytest

from hubbub.answers.memory import MemoryAnswers
from hubbub.testing.answers import AnswerStoreContract


class TestMemoryAnswers(AnswerStoreContract):
    @pytest.fixture
    def store(self) -> MemoryAnswers:
        return MemoryAnswers()

    @pytest.fixture
    def other(self, store: MemoryAnswers) -> MemoryAnswers:
        return MemoryAnswers(store.shared)
