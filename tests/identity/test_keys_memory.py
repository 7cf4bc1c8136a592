import pytest

from hubbub.identity.keys_memory import MemoryKeys
from hubbub.testing.keys import KeysContract


class TestMemoryKeys(KeysContract):
    @pytest.fixture
    def keys(self) -> MemoryKeys:
        return MemoryKeys()
