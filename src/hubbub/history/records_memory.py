"""Keep records in memory: for tests, and where nothing shall stay."""

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from hubbub.core.errors import NotFound
from hubbub.history.asked_with import FIRST
from hubbub.history.base import Record


class MemoryRecords:
    """`Records` that are gone with their process."""

    def __init__(self, has_chat: Callable[[str], bool] = lambda _: True) -> None:
        """Take what tells whether there is a chat."""
        self._has_chat = has_chat
        self._records: dict[tuple[str, str], Record] = {}
        self._data: dict[tuple[str, str], bytes] = {}

    async def put(self, record: Record, data: bytes | None = None) -> None:
        if record.chat_id is not None and not self._has_chat(record.chat_id):
            raise NotFound("There is no such chat any more.")
        key = (record.kind, record.id)
        known = self._records.get(key)
        if known is not None and known.owner_id != record.owner_id:
            return
        self._records[key] = record if known is None else replace(record, chat_id=known.chat_id)
        if data is None:
            self._data.pop(key, None)
        else:
            self._data[key] = data

    async def exchange(self, before: Record, after: Record) -> bool:
        known = self._records.get((before.kind, before.id))
        if known is None or known.about != before.about:
            return False
        self._records[before.kind, before.id] = replace(known, updated_at=after.updated_at, about=after.about)
        return True

    async def get(self, kind: str, record_id: str) -> Record | None:
        return self._records.get((kind, record_id))

    async def data(self, kind: str, record_id: str) -> bytes | None:
        return self._data.get((kind, record_id))

    async def listed(
        self, kind: str, *, owner_id: str | None = None, limit: int, after: tuple[float, str] | None = None
    ) -> list[Record]:
        found = [one for one in self._records.values() if one.kind == kind and owner_id in (None, one.owner_id)]
        behind = [one for one in found if (one.updated_at, one.id) < (after or FIRST)]
        return sorted(behind, key=lambda one: (one.updated_at, one.id), reverse=True)[:limit]

    async def of_chat(self, kind: str, chat_id: str) -> list[Record]:
        return [one for one in self._records.values() if (one.kind, one.chat_id) == (kind, chat_id)]

    async def count(self, kind: str, owner_id: str) -> int:
        return sum((one.kind, one.owner_id) == (kind, owner_id) for one in self._records.values())

    async def size_bytes(self, kind: str, owner_id: str) -> int:
        own = [key for key, one in self._records.items() if (one.kind, one.owner_id) == (kind, owner_id)]
        return sum(len(self._data.get(key, b"")) for key in own)

    async def delete(self, kind: str, record_id: str) -> None:
        self._forget([(kind, record_id)])

    async def sweep(self, kind: str, before: float, *, held: Sequence[str] = ()) -> None:
        old = [one for one in self._records.values() if one.kind == kind and one.chat_id is None]
        self._forget([(kind, one.id) for one in old if one.updated_at < before and one.owner_id not in held])

    def take(self, chat_id: str, picture_ids: Sequence[str]) -> None:
        """Let pictures belong to a chat."""
        for key in [("picture", one) for one in picture_ids]:
            if (known := self._records.get(key)) is not None and known.chat_id is None:
                self._records[key] = replace(known, chat_id=chat_id)

    def forget_chat(self, chat_id: str) -> None:
        """Forget the records of a chat."""
        self._forget([(one.kind, one.id) for one in self._records.values() if one.chat_id == chat_id])

    def _forget(self, keys: Sequence[tuple[str, str]]) -> None:
        for key in keys:
            self._records.pop(key, None)
            self._data.pop(key, None)
