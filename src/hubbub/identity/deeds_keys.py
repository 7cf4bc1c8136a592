"""Record the making and the revoking of API keys, whichever door does it and whatever keeps them."""

from collections.abc import Awaitable, Callable, Collection, Mapping

from hubbub.identity.base import ForgetsPerson, Key, Keys, KeysInBatch
from hubbub.identity.deeds import Deeds
from hubbub.identity.keys import ended_of


class RecordedKeys:
    """Keeps API keys where another one does, and records what becomes of them."""

    def __init__(self, keys: Keys, deeds: Deeds, *, on_ended: Callable[[str], Awaitable[None]] | None = None) -> None:
        """Take what is done behind a key, by its id, when that is revoked or deleted."""
        self._keys = keys
        self._deeds = deeds
        self._on_ended = on_ended

    async def add(self, key: Key, digest: bytes) -> None:
        detail = f"{key.name}, for {key.person_id}"
        async with self._deeds.doing("key made", of=key.id, detail=detail):
            await self._keys.add(key, digest)

    async def find(self, digest: bytes) -> Key | None:
        return await self._keys.find(digest)

    async def keys(self) -> list[Key]:
        return await self._keys.keys()

    async def revoke(self, key_id: str, at: float) -> None:
        async with self._deeds.doing("key revoked", of=key_id):
            await self._keys.revoke(key_id, at)
        if self._on_ended is not None:
            await self._on_ended(key_id)

    async def note_use(self, times: Mapping[str, float]) -> None:
        await self._keys.note_use(times)

    async def forget_person(self, person_id: str) -> int:
        if not isinstance(self._keys, ForgetsPerson):
            return 0
        if self._on_ended is not None:
            for key in await self._keys.keys():
                if key.person_id == person_id:
                    await self._on_ended(key.id)
        return await self._keys.forget_person(person_id)

    async def ended(self, key_ids: Collection[str], now: float) -> frozenset[str]:
        if isinstance(self._keys, KeysInBatch):
            return await self._keys.ended(key_ids, now)
        return ended_of(await self._keys.keys(), key_ids, now)
