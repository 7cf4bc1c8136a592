import pytest

from hubbub.history.memory import MemoryHistory
from tests.history.contract import HistoryContract


class TestMemoryHistory(HistoryContract):
    @pytest.fixture
    def history(self) -> MemoryHistory:
        return MemoryHistory()
