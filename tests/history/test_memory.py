import pytest

from hubbub.history.memory import MemoryHistory
from hubbub.history.sessions_memory import MemorySessions
from tests.history.contract import HistoryContract
from tests.history.sessions_contract import SessionsContract


class TestMemoryHistory(HistoryContract):
    @pytest.fixture
    def history(self) -> MemoryHistory:
        return MemoryHistory()


class TestMemorySessions(SessionsContract):
    @pytest.fixture
    def sessions(self) -> MemorySessions:
        return MemorySessions()
