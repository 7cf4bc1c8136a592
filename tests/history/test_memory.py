import pytest

from hubbub.history.memory import MemoryHistory
from hubbub.history.records_memory import MemoryRecords
from hubbub.history.sessions_memory import MemorySessions
from tests.history.contract import HistoryContract
from tests.history.records_contract import RecordsContract
from tests.history.sessions_contract import SessionsContract


class TestMemoryHistory(HistoryContract):
    @pytest.fixture
    def history(self) -> MemoryHistory:
        return MemoryHistory()


class TestMemorySessions(SessionsContract):
    @pytest.fixture
    def sessions(self) -> MemorySessions:
        return MemorySessions()


class TestMemoryRecords(RecordsContract):
    @pytest.fixture
    def kept(self) -> tuple[MemoryHistory, MemoryRecords]:
        history = MemoryHistory()
        return history, history.records
