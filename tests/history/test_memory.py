import pytest

from hubbub.history.links_memory import MemoryLinks
from hubbub.history.memory import MemoryHistory
from hubbub.history.records_memory import MemoryRecords
from hubbub.history.sessions_memory import MemorySessions
from tests.history.contract import HistoryContract
from tests.history.links_contract import LinksContract
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


class TestMemoryLinks(LinksContract):
    @pytest.fixture
    def kept(self) -> tuple[MemoryLinks, MemoryHistory]:
        history = MemoryHistory()
        return MemoryLinks(history), history


class TestMemoryRecords(RecordsContract):
    @pytest.fixture
    def kept(self) -> tuple[MemoryHistory, MemoryRecords]:
        history = MemoryHistory()
        return history, history.records
