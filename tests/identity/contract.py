"""What everything that keeps API keys must do."""

import pytest
from msgspec.structs import replace

from hubbub.core.errors import Conflict
from hubbub.core.people import Limits
from hubbub.identity.base import Key, Keys
from hubbub.identity.keys import Keyring

ONE = Key("0a1b2c3d4e", "one", "k0a1b2c3d4e", 10.0)
OTHER = Key("5a1b2c3d4e", "other", "somebody", 20.0, expires_at=30.0)
DIGEST, OTHER_DIGEST = b"\0" * 32, b"\xff" * 32


class KeysContract:
    """Subclasses give a fixture `keys`."""

    async def test_a_key_is_found_by_its_digest(self, keys: Keys) -> None:
        await keys.add(ONE, DIGEST)
        await keys.add(OTHER, OTHER_DIGEST)
        assert await keys.find(DIGEST) == ONE
        assert await keys.find(OTHER_DIGEST) == OTHER
        assert await keys.find(b"") is None
        assert await keys.find(ONE.id.encode()) is None

    async def test_all_are_listed_the_oldest_first(self, keys: Keys) -> None:
        assert await keys.keys() == []
        await keys.add(OTHER, OTHER_DIGEST)
        await keys.add(ONE, DIGEST)
        assert await keys.keys() == [ONE, OTHER]

    async def test_names_and_ids_are_taken_once(self, keys: Keys) -> None:
        await keys.add(ONE, DIGEST)
        for key, digest in (
            (replace(OTHER, name=ONE.name), OTHER_DIGEST),
            (replace(OTHER, id=ONE.id), OTHER_DIGEST),
            (OTHER, DIGEST),
        ):
            with pytest.raises(Conflict):
                await keys.add(key, digest)
        assert await keys.keys() == [ONE]

    async def test_each_owner_has_names_of_their_own(self, keys: Keys) -> None:
        await keys.add(ONE, DIGEST)
        own = replace(OTHER, name=ONE.name, owner_id="p1")
        await keys.add(own, OTHER_DIGEST)
        with pytest.raises(Conflict):
            await keys.add(replace(own, id="6a1b2c3d4e"), b"1" * 32)
        await keys.add(replace(own, id="6a1b2c3d4e", owner_id="p2", created_at=30.0), b"1" * 32)
        assert [key.owner_id for key in await keys.keys()] == ["", "p1", "p2"]

    async def test_limits_come_back(self, keys: Keys) -> None:
        limits = Limits(frozenset({"chat:read", "search"}), frozenset({"a model"}), frozenset())
        limited = replace(ONE, limits=limits)
        await keys.add(limited, DIGEST)
        await keys.add(replace(OTHER, limits=Limits()), OTHER_DIGEST)
        assert await keys.find(DIGEST) == limited
        assert [key.limits for key in await keys.keys()] == [limits, Limits()]

    async def test_what_is_revoked_is_kept_and_its_name_is_free(self, keys: Keys) -> None:
        await keys.add(ONE, DIGEST)
        await keys.revoke(ONE.id, 11.0)
        await keys.revoke(ONE.id, 12.0)
        await keys.revoke("nobody", 12.0)
        revoked = replace(ONE, revoked_at=11.0)
        assert await keys.find(DIGEST) == revoked
        again = replace(OTHER, name=ONE.name)
        await keys.add(again, OTHER_DIGEST)
        assert await keys.keys() == [revoked, again]

    async def test_those_that_have_ended_are_told_apart(self, keys: Keys) -> None:
        await keys.add(ONE, DIGEST)
        await keys.add(OTHER, OTHER_DIGEST)
        now = 29.0
        keyring = Keyring(keys, wall_clock=lambda: now)
        assert await keyring.ended([]) == frozenset()
        assert await keyring.ended([ONE.id, OTHER.id, "nobody"]) == {"nobody"}
        now = 30.0
        assert await keyring.ended([ONE.id, OTHER.id]) == {OTHER.id}
        await keys.revoke(ONE.id, 11.0)
        assert await keyring.ended([ONE.id, OTHER.id]) == {ONE.id, OTHER.id}

    async def test_the_last_use_is_noted(self, keys: Keys) -> None:
        await keys.add(ONE, DIGEST)
        await keys.add(OTHER, OTHER_DIGEST)
        await keys.note_use({ONE.id: 40.0, "nobody": 1.0})
        await keys.note_use({ONE.id: 39.0, OTHER.id: 41.0})  # another worker's, which was slower to write
        assert [key.last_used for key in await keys.keys()] == [40.0, 41.0]
