import pytest

from hubbub.identity.keys_memory import MemoryKeys
from tests.identity.contract import KeysContract


class TestMemoryKeys(KeysContract):
    @pytest.fixture
    def keys(self) -> MemoryKeys:
        return MemoryKeys()
