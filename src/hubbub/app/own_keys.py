"""Let people make API keys for themselves, list and revoke them."""

import time
from collections.abc import Collection, Sequence

from hubbub.app.access import Access
from hubbub.app.model_rights import ModelRights
from hubbub.core.errors import Conflict, Invalid, NotFound
from hubbub.core.people import Limits, Person
from hubbub.core.readable import is_readable
from hubbub.core.reasons import because
from hubbub.core.scopes import SCOPES
from hubbub.identity.base import Key, Keys
from hubbub.identity.keys import digest_of, new_key
from hubbub.usage.bounds import read_bound

NAME_CHARACTERS = 100
MOST_BOUNDS = 12
MOST_KEYS = 50
"""So many keys of one person hold at once."""


class OwnKeys:
    """The API keys that people made for themselves. A key is its person, and never has more rights.

    What keeps the keys records what becomes of them: see `RecordedKeys`.
    """

    def __init__(self, keys: Keys, access: Access, models: ModelRights) -> None:
        self._keys = keys
        self._access = access
        self._models = models

    async def list(self, person: Person) -> Sequence[Key]:
        """Return a person's own keys that are not revoked, the newest first."""
        return [key for key in reversed(await self._keys.keys()) if _is_of(key, person) and key.revoked_at is None]

    async def make(self, person: Person, name: str, limits: Limits, expires_at: float | None) -> tuple[Key, str]:
        """Make a key, and return it with its text, which is kept nowhere.

        Raises:
            Invalid: the name, a scope, a bound or the time can't be taken.
            NotFound: there is no such model or collection for the person.
            NotAllowed: they may see one of the collections, and not use it.
            Conflict: they have a key of this name, or as many as they may have.
        """
        name = name.strip()
        if not 0 < len(name) <= NAME_CHARACTERS or not is_readable(name):
            raise Invalid(because("key_name", most=NAME_CHARACTERS))
        if expires_at is not None and expires_at <= time.time():
            raise Invalid(because("key_expired"))
        self._check_scopes(limits.scopes)
        _check_quota(limits.quota)
        catalog = await self._models.catalog(person)
        for model in limits.models or ():
            catalog.get(model)
        await self._access.check_collections(person, sorted(limits.collections or ()))
        if len(await self.list(person)) >= MOST_KEYS:
            raise Conflict(because("keys_full", most=MOST_KEYS))
        key, text = new_key(name, person_id=person.id, expires_at=expires_at, owner_id=person.id, limits=limits)
        await self._keys.add(key, digest_of(text))
        return key, text

    async def revoke(self, person: Person, key_id: str) -> None:
        """Revoke a key. What it has open ends within a second.

        Raises:
            NotFound: the person has no such key.
        """
        if not any(key.id == key_id for key in await self.list(person)):
            raise NotFound("There is no such API key.")
        await self._keys.revoke(key_id, time.time())

    def _check_scopes(self, scopes: Collection[str] | None) -> None:
        if scopes is None:
            return
        if not scopes:
            raise Invalid(f"A key needs a scope at least. There are: {', '.join(SCOPES)}.")
        if unknown := sorted(set(scopes) - set(SCOPES)):
            raise Invalid(f"There is no scope {unknown[0]!r}. There are: {', '.join(SCOPES)}.")


def _check_quota(bounds: Sequence[str]) -> None:
    if len(bounds) > MOST_BOUNDS:
        raise Invalid(f"A key has up to {MOST_BOUNDS} bounds.")
    for one in bounds:
        try:
            read_bound(one)
        except ValueError as error:
            raise Invalid(f"quota: {error}") from error


def _is_of(key: Key, person: Person) -> bool:
    return key.owner_id == person.id
