"""Know who is signed in on a browser: begin, find and end sign-ins."""

import asyncio
import hashlib
import logging
import re
import secrets
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from types import TracebackType
from typing import NamedTuple, Self

from hubbub.core.errors import StoreError
from hubbub.core.lasting import Lasting
from hubbub.core.people import Person
from hubbub.identity.base import SignIn, SignInStore
from hubbub.identity.cookies import HOST_PREFIX, MOST_COOKIES
from hubbub.identity.deeds import Deeds

logger = logging.getLogger(__name__)

COOKIE = "hubbub_sign_in"
SHORT_CHARACTERS = 4096
_OF_HOST = HOST_PREFIX + COOKIE
IDLE_SECONDS = 14 * 86400.0
TOTAL_SECONDS = 90 * 86400.0
FRESH_SECONDS = 0.5
"""How long a worker goes by what it read last. Then it reads one number, which tells whether anything changed."""
MOST_KNOWN = 10_000
MOST_OF_PERSON = 50
"""So many sign-ins a person has at once; with one more the oldest ends."""
NOTED_SECONDS = 60.0
TEXT_CHARACTERS = 200
_FORM = re.compile(r"(?P<id>s[0-9a-f]{20})\.[0-9A-Za-z_-]{43}", re.ASCII)


class _Known(NamedTuple):
    sign_in: SignIn
    person: Person


class SignIns:
    """A person's sign-ins on browsers. An async context manager: it writes down which were used.

    A look-up costs a few microseconds: what was found is kept until anything about people or sign-ins changes, in any
    worker, which one read of a number tells, at most twice a second.
    """

    def __init__(
        self,
        store: SignInStore,
        *,
        idle_seconds: float = IDLE_SECONDS,
        total_seconds: float = TOTAL_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
        noted_seconds: float = NOTED_SECONDS,
        deeds: Deeds | None = None,
    ) -> None:
        self._store = store
        self._deeds = deeds or Deeds()
        self._idle_seconds = idle_seconds
        self.total_seconds = total_seconds
        self._clock = clock
        self._wall_clock = wall_clock
        self._noted_seconds = min(noted_seconds, idle_seconds / 4)
        self._idle_seconds += self._noted_seconds  # so late may a use be written down that another worker saw
        self._known: dict[str, _Known] = {}
        """By the cookie's value, of which a digest would take longer than all the rest of a look-up."""
        self._revision = -1
        self._fresh_until = float("-inf")
        self._turn = asyncio.Lock()
        self._used: dict[str, float] = {}
        self._is_used = asyncio.Event()
        self._unnoted = Lasting(logger)
        self._noting: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._noting = asyncio.create_task(self._go_on_noting(), name="sign-ins")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._noting is not None:
            self._noting.cancel()
            await asyncio.wait({self._noting})
        await self._note()

    async def begin(
        self, person_id: str, *, provider: str, provider_session: str = "", address: str = "", agent: str = ""
    ) -> str:
        """Sign a person in on a browser, and return the cookie's value, which is new each time."""
        sign_in_id = f"s{secrets.token_hex(10)}"
        cookie = f"{sign_in_id}.{secrets.token_urlsafe(32)}"
        now = self._wall_clock()
        texts = (provider_session, address[:TEXT_CHARACTERS], agent[:TEXT_CHARACTERS])
        sign_in = SignIn(sign_in_id, person_id, provider, *texts, now, now)
        async with self._deeds.doing("sign-in", by=person_id, of=person_id, where=address, detail=provider):
            await self._store.add(sign_in, _digest(cookie))
        for one in (await self._store.of(person_id))[MOST_OF_PERSON:]:
            await self.end(one.id)
        return cookie

    async def person(self, cookie: str) -> Person | None:
        """Return who is signed in by a cookie's value; None: nobody, or not any more.

        Raises:
            StoreError: the sign-ins can't be read.
        """
        known = await self._find(cookie)
        return None if known is None else known.person

    async def find(self, cookie: str) -> SignIn | None:
        """Return the sign-in itself; None as for `person`."""
        known = await self._find(cookie)
        return None if known is None else known.sign_in

    def known_id(self, cookies: Sequence[str]) -> str | None:
        """Return the id of the first of these that is good as far as is known; else of the first that may be one."""
        for cookie in cookies:
            if (known := self._known.get(cookie)) is not None:
                return known.sign_in.id
        return next((one for cookie in cookies if (one := id_in(cookie)) is not None), None)

    async def of(self, person_id: str) -> list[SignIn]:
        """Return a person's sign-ins, the newest first."""
        return [one for one in await self._store.of(person_id) if self._is_good(one)]

    async def page(self, after: str, limit: int) -> tuple[list[SignIn], str]:
        """Return anybody's sign-ins in the order of their ids, and after which to go on: "" at the end."""
        found = await self._store.page(after, limit + 1)
        return [one for one in found[:limit] if self._is_good(one)], found[limit - 1].id if len(found) > limit else ""

    async def end(self, sign_in_id: str, *, by: Person | str | None = None) -> None:
        """End a sign-in: what it has open ends within a second, in every worker."""
        async with self._deeds.doing("sign-in ended", by=by, of=sign_in_id):
            await self._store.end(self._wall_clock(), sign_in_id=sign_in_id)
        self.forget()

    async def sign_out(self, sign_in: SignIn, *, address: str) -> None:
        """End the sign-in of the browser that asks for it."""
        person_id = sign_in.person_id
        async with self._deeds.doing("sign-out", by=person_id, of=person_id, where=address):
            await self._store.end(self._wall_clock(), sign_in_id=sign_in.id)
        self.forget()

    async def end_of(self, person_id: str, *, but: str = "") -> None:
        """End all of a person's, except the one with an id."""
        async with self._deeds.doing("sign-ins ended", of=person_id, detail=f"all but {but}" if but else "all"):
            await self._store.end(self._wall_clock(), person_id=person_id, keep=but)
        self.forget()

    async def end_session(self, provider: str, provider_session: str) -> None:
        """End all that a session at a provider vouches for."""
        if provider_session:
            detail = f"by the provider {provider}"
            async with self._deeds.doing("sign-ins ended", by="", of=provider_session, detail=detail):
                await self._store.end_session(self._wall_clock(), provider, provider_session)
            self.forget()

    async def changes(self) -> int:
        """Return a number that is another one after any change of people and sign-ins; read at most twice a second."""
        if self._clock() >= self._fresh_until:
            await self._look()
        return self._revision

    async def ended(self, ids: Collection[str]) -> frozenset[str]:
        """Return those that let nobody in any more. Always asks the store, once for all.

        Raises:
            StoreError: the sign-ins can't be read.
        """
        now = self._wall_clock()
        times = {"idle_since": now - self._idle_seconds, "begun_since": now - self.total_seconds}
        return await self._store.ended(ids, **times)

    async def _find(self, cookie: str) -> _Known | None:
        if cookie not in self._known and not _FORM.fullmatch(cookie):
            return None
        if self._clock() >= self._fresh_until:
            await self._look()
        known = self._known.get(cookie)
        if known is None or not self._is_good(known.sign_in):
            looked_in = self._known
            found = await self._store.find(_digest(cookie))
            if found is None or not found[1].is_active or not self._is_good(found[0]):
                return None
            known = _Known(found[0], found[1].person)
            _remember(looked_in, cookie, known)  # into what was forgotten meanwhile, where something has changed
        self._used[known.sign_in.id] = self._wall_clock()
        if not self._is_used.is_set():
            self._is_used.set()
        return known

    async def _look(self) -> None:
        """Forget everything where anything has changed since the last look."""
        async with self._turn:  # a thousand requests ask the store once
            now = self._clock()
            if now < self._fresh_until:
                return
            revision = await self._store.revision()
            if revision != self._revision:
                self._known = {}
                self._revision = revision
            self._fresh_until = now + FRESH_SECONDS

    def _is_good(self, sign_in: SignIn) -> bool:
        now = self._wall_clock()
        used = max(sign_in.last_used, self._used.get(sign_in.id, 0.0))
        return now < used + self._idle_seconds and now < sign_in.created_at + self.total_seconds

    def forget(self) -> None:
        """Read everything anew: something of people was changed in this process."""
        self._known = {}
        self._fresh_until = float("-inf")

    async def _go_on_noting(self) -> None:
        while True:
            await self._is_used.wait()
            await self._note()
            await asyncio.sleep(self._noted_seconds)

    async def _note(self) -> None:
        """Write down which were used. What can't be written is kept for the next time."""
        used, self._used = self._used, {}
        self._is_used.clear()
        if not used:
            return
        try:
            await self._store.note_use(used)
        except StoreError as error:
            self._unnoted.met("It can't be written down which sign-ins were used", error)
            self._used = used | self._used
        except Exception:  # a bug in a store must not end the noting
            logger.exception("Writing down which sign-ins were used failed.")
        else:
            self._unnoted.over()


def id_in(cookie: str) -> str | None:
    """Return the id of a sign-in from its cookie's value, which is no secret; None where it has not the form of one."""
    found = _FORM.fullmatch(cookie)
    return found["id"] if found else None


def cookies_in(headers: Mapping[str, str]) -> list[str]:
    """Return the values of our cookies in a request's headers: first those that only this very host can have set."""
    text = headers.get("cookie", "")
    return list(_soon_again(text) if len(text) <= SHORT_CHARACTERS else _cookies_in(text))


def _cookies_in(text: str) -> tuple[str, ...]:
    # Read by hand, as in `cookies`: the standard library's parser gives up at the first odd cookie.
    of_host: list[str] = []
    others: list[str] = []
    for part in text.split(";"):
        name, _, value = part.partition("=")
        name = name.strip()
        if name in (COOKIE, _OF_HOST) and len(of_host) + len(others) < MOST_COOKIES:
            (others if name == COOKIE else of_host).append(value.strip())
    return (*of_host, *others)


_soon_again = lru_cache(maxsize=256)(_cookies_in)
"""A request is asked who sends it, and by what it was let in."""


def _remember(known: dict[str, _Known], cookie: str, one: _Known) -> None:
    known.pop(cookie, None)
    known[cookie] = one
    if len(known) > MOST_KNOWN:
        del known[next(iter(known))]


def _digest(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode()).digest()
