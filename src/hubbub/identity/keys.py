"""API keys: make them, find them in a request's headers, and say whose they are."""

import asyncio
import hashlib
import logging
import re
import secrets
import string
import time
from collections.abc import Callable, Collection, Mapping
from types import TracebackType
from typing import Generic, NamedTuple, Self, TypeVar
from weakref import WeakValueDictionary

from msgspec.structs import replace

from hubbub.core.errors import NotSignedIn, StoreError
from hubbub.core.lasting import Lasting
from hubbub.core.people import Limits, Person
from hubbub.identity.base import Key, Keys, KeysInBatch, People, is_known_id

logger = logging.getLogger(__name__)

PREFIX = "hb-"
"""What every key of ours begins with. Any other value is a key for something else, and says nothing here."""
FRESH_SECONDS = 0.5
"""How long what the store said of a key is believed. A revoked key opens nothing after that, in any worker."""
MOST_KNOWN = 10_000
MOST_UNKNOWN = 1_000
"""Of keys that there are not, so many are remembered: enough for programs that try the same one again and again."""
NOTED_SECONDS = 60.0
"""How often it is written down which keys were used."""
_LETTERS = string.ascii_letters + string.digits
_SECRET_CHARACTERS = 43  # of 62 letters: 256 bits
_FORM = re.compile(rf"{PREFIX}[0-9a-f]{{10}}-[0-9A-Za-z]{{{_SECRET_CHARACTERS}}}")

T = TypeVar("T")


def new_key(
    name: str,
    *,
    person_id: str = "",
    expires_at: float | None = None,
    owner_id: str = "",
    limits: Limits | None = None,
) -> tuple[Key, str]:
    """Return a new key, a new person's unless one is given, and the text that a program sends: `hb-<id>-<secret>`.

    The id may be seen by anybody; nobody becomes a person by knowing it.
    """
    key_id = secrets.token_hex(5)
    secret = "".join(secrets.choice(_LETTERS) for _ in range(_SECRET_CHARACTERS))
    key = Key(key_id, name, person_id or f"k{key_id}", time.time(), expires_at, owner_id=owner_id, limits=limits)
    return key, f"{PREFIX}{key_id}-{secret}"


def digest_of(text: str) -> bytes:
    """Return what a key is stored and found by. Plain SHA-256, since nobody can try all secrets of 256 bits.

    It is looked up, not compared letter by letter: how long that takes says nothing about a secret.
    """
    return hashlib.sha256(text.encode()).digest()


def key_in(headers: Mapping[str, str]) -> str | None:
    """Return the key of ours in a request's headers (names in lower case), well formed or not, if there is one.

    `Authorization: Bearer` is what OpenAI's clients send, `api-key` what Azure's do.
    """
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and (value := value.strip()).startswith(PREFIX):
        return value
    value = headers.get("api-key", "").strip()
    return value if value.startswith(PREFIX) else None


def id_in(text: str) -> str | None:
    """Return the id of a key from its text; None where it has not the form of one."""
    return text[len(PREFIX) :].partition("-")[0] if _FORM.fullmatch(text) else None


def ended_of(keys: Collection[Key], key_ids: Collection[str], now: float) -> frozenset[str]:
    """Return those of these ids that belong to no key which is good now."""
    good = {one.id for one in keys if one.revoked_at is None and (one.expires_at is None or now < one.expires_at)}
    return frozenset(key_ids) - good


class _Known(NamedTuple):
    key: Key
    person: Person | None
    """None: they are disabled, or gone."""
    until: float


class Keyring:
    """Says whose a key is, mostly from memory, and has it noted which were used. An async context manager.

    A key of somebody known has the rights and groups that they have at the time of the request, and no more.

    A look-up in memory costs 3 µs, one in SQLite 0.16 ms: that is made at most once in `FRESH_SECONDS` for a key.
    """

    def __init__(
        self,
        keys: Keys,
        people: People | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
        noted_seconds: float = NOTED_SECONDS,
        most_known: int = MOST_KNOWN,
        most_unknown: int = MOST_UNKNOWN,
    ) -> None:
        self._keys = keys
        self._people = people
        self._clock = clock
        self._wall_clock = wall_clock
        self._noted_seconds = noted_seconds
        self._known = _Bounded[_Known](most_known)
        self._unknown = _Bounded[float](most_unknown)
        self._turns: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()
        self._used: dict[str, float] = {}
        self._is_used = asyncio.Event()
        self._unnoted = Lasting(logger)
        self._noting: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._noting = asyncio.create_task(self._go_on_noting(), name="keys")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._noting is not None:
            self._noting.cancel()
            await asyncio.wait({self._noting})
        await self._note()

    async def person(self, text: str) -> Person:
        """Return whose a key is.

        Raises:
            NotSignedIn: there is no such key, or it is revoked or has expired; the message says which.
            StoreError: the keys can't be read.
        """
        known = await self._find(text)
        if known is None:
            raise NotSignedIn("There is no such API key here. Check that it is complete, and meant for this server.")
        key = known.key
        if key.revoked_at is not None:
            raise NotSignedIn("This API key was revoked. Ask whoever runs the server for another one.")
        if known.person is None:
            raise NotSignedIn("The account that this API key belongs to is disabled or gone. Ask who runs the server.")
        now = self._wall_clock()
        if key.expires_at is not None and now >= key.expires_at:
            raise NotSignedIn("This API key has expired. Ask whoever runs the server for another one.")
        self._used[key.id] = now
        self._is_used.set()
        return known.person

    async def ended(self, key_ids: Collection[str]) -> frozenset[str]:
        """Return those of these keys that are revoked, have expired or are gone. Always asks the store, once for all.

        Raises:
            StoreError: the keys can't be read.
        """
        now = self._wall_clock()
        if isinstance(self._keys, KeysInBatch):
            return await self._keys.ended(key_ids, now)
        return ended_of(await self._keys.keys(), key_ids, now)

    async def _find(self, text: str) -> _Known | None:
        if not _FORM.fullmatch(text):
            return None
        digest = digest_of(text)
        known = self._known.get(digest)
        if known is not None and self._clock() < known.until:
            return known
        async with self._turns.setdefault(digest, asyncio.Lock()):  # a thousand requests ask the store once
            known = self._known.get(digest)
            now = self._clock()
            if known is not None and now < known.until:
                return known
            unknown_until = self._unknown.get(digest)
            if unknown_until is not None and now < unknown_until:
                return None
            return await self._remember(digest, await self._keys.find(digest), now + FRESH_SECONDS)

    async def _remember(self, digest: bytes, key: Key | None, until: float) -> _Known | None:
        if key is None:
            self._unknown.put(digest, until)
            return None
        known = _Known(key, await self._person_of(key), until)
        self._known.put(digest, known)
        return known

    async def _person_of(self, key: Key) -> Person | None:
        """Return whose a key is: somebody known, as they are now, or a program that is a person of its own."""
        if self._people is None or not is_known_id(key.person_id):
            return Person(id=key.person_id, name=key.name, known_by="key", key=key.id, limits=key.limits)
        known = await self._people.find(key.person_id)
        if known is None or not known.is_active:
            return None
        # Operators see what is everybody's: so a key does that only where it is said.
        acts = key.limits is None or key.limits.scopes is None or "operate" in key.limits.scopes
        is_operator = known.is_operator and acts
        return replace(known.person, known_by="key", key=key.id, limits=key.limits, is_operator=is_operator)

    async def _go_on_noting(self) -> None:
        while True:
            await self._is_used.wait()
            await self._note()
            await asyncio.sleep(self._noted_seconds)

    async def _note(self) -> None:
        """Write down which keys were used. What can't be written is kept for the next time."""
        if not self._used:
            return
        used = dict(self._used)
        try:
            await self._keys.note_use(used)
        except StoreError as error:
            self._unnoted.met("It can't be written down which API keys were used", error)
        except Exception:  # a bug in a store must not end the noting
            logger.exception("Writing down which API keys were used failed.")
        else:
            self._unnoted.over()
            self._used = {key_id: at for key_id, at in self._used.items() if at > used.get(key_id, 0.0)}
            if not self._used:
                self._is_used.clear()


class _Bounded(Generic[T]):
    """The last things that were put in, by their digests: so many, and no more."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._things: dict[bytes, T] = {}

    def get(self, digest: bytes) -> T | None:
        return self._things.get(digest)

    def put(self, digest: bytes, thing: T) -> None:
        """Put something in; where that is one too many, what was put in first is dropped."""
        self._things.pop(digest, None)
        self._things[digest] = thing
        if len(self._things) > self._most:
            del self._things[next(iter(self._things))]
