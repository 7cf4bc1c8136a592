"""Keep API keys in memory, for tests: whoever makes keys elsewhere does not reach them."""

from collections.abc import Mapping

from msgspec.structs import replace

from hubbub.core.errors import Conflict
from hubbub.identity.base import Key


class MemoryKeys:
    """A `Keys` that is gone with its process."""

    def __init__(self) -> None:
        self._keys: dict[str, Key] = {}
        self._ids: dict[bytes, str] = {}

    async def add(self, key: Key, digest: bytes) -> None:
        if any(
            (one.name, one.owner_id) == (key.name, key.owner_id) and one.revoked_at is None
            for one in self._keys.values()
        ):
            raise Conflict(f"There is an API key {key.name!r} already. Revoke it first, or choose another name.")
        if key.id in self._keys or digest in self._ids:
            raise Conflict("There is an API key with this id already.")
        self._keys[key.id] = key
        self._ids[digest] = key.id

    async def find(self, digest: bytes) -> Key | None:
        key_id = self._ids.get(digest)
        return self._keys[key_id] if key_id is not None else None

    async def keys(self) -> list[Key]:
        return sorted(self._keys.values(), key=lambda key: (key.created_at, key.id))

    async def revoke(self, key_id: str, at: float) -> None:
        key = self._keys.get(key_id)
        if key is not None and key.revoked_at is None:
            self._keys[key_id] = replace(key, revoked_at=at)

    async def note_use(self, times: Mapping[str, float]) -> None:
        for key_id, at in times.items():
            if key := self._keys.get(key_id):
                self._keys[key_id] = replace(key, last_used=max(key.last_used or 0.0, at))
