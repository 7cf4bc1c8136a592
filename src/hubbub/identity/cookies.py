"""Know a browser by a cookie that was issued here: a person's id, and a code that nobody makes without our key.

Browsers send every cookie of a name that fits, and pages of a neighbouring name or path can add some. One that was not
issued here says nothing; of several that were, the one whose name begins with `__Host-` wins, since only this very host
can set that (https://www.rfc-editor.org/rfc/rfc6265bis, 4.1.3.2).
"""

import base64
import hashlib
import hmac
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import TypeAlias

import msgspec

COOKIE = "hubbub_browser"
HOST_PREFIX = "__Host-"
"""Before the name where the page is opened over HTTPS."""
KEY_BYTES = 32
OLD_SECONDS = 90 * 86400.0
"""How long browsers are still known by cookies from before there was a key. The page replaces one when it is opened."""
MOST_OLD = MOST_CHECKED = 10_000
_PERSON_ID = "b[0-9a-f]{25}"
_FORM = re.compile(rf"(?P<person_id>{_PERSON_ID})\.(?P<code>[0-9A-Za-z_-]{{43}})", re.ASCII)
_OLD_FORM = re.compile(r"[0-9A-Za-z_-]{43}", re.ASCII)
MOST_COOKIES = 20
"""So many of the name are looked at: who plants more only harms themselves."""

WasKnown: TypeAlias = Callable[[str, float], Awaitable[bool]]
"""Tells whether a person kept something here before a time, in seconds of the epoch."""


def is_of_browser(person_id: str) -> bool:
    """Tell whether an id is that of somebody who is known by a cookie alone."""
    return re.fullmatch(_PERSON_ID, person_id) is not None


class CookieKey(msgspec.Struct, frozen=True):
    """What cookies are made with, and when it was made itself."""

    secret: bytes
    created_at: float


def new_cookie_key() -> CookieKey:
    """Return a key that nobody knows."""
    return CookieKey(secrets.token_bytes(KEY_BYTES), time.time())


class Known(msgspec.Struct, frozen=True):
    """Who sends a cookie, and whether it is one that only this host can have set."""

    person_id: str
    is_of_host: bool


class Cookies:
    """Issues cookies, and tells whose one is."""

    def __init__(
        self, key: CookieKey, was_known: WasKnown | None = None, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._key = key
        self._was_known = was_known
        self._clock = clock
        self._old: OrderedDict[str, bool] = OrderedDict()
        self._checked: OrderedDict[str, str] = OrderedDict()
        """The people of cookies that were found to be ours, by their values: a code takes 20 µs to make."""

    def new_person_id(self) -> str:
        """Return the id of somebody who was not here before."""
        return "b" + secrets.token_hex(13)[:25]

    def value_of(self, person_id: str) -> str:
        """Return the cookie's value that a person is known by."""
        return f"{person_id}.{self._code(person_id)}"

    async def find(self, headers: Mapping[str, str]) -> Known | None:
        """Return who sends these headers (names in lower case), by the cookies in them; None: nobody who is known."""
        others: list[str] = []
        for number, (name, value) in enumerate(_cookies_in(headers)):
            if number == MOST_COOKIES:
                break
            if name != COOKIE and (person_id := self._person_id(value)) is not None:
                return Known(person_id, is_of_host=True)
            if name == COOKIE:
                others.append(value)
        for value in others:
            if (person_id := self._person_id(value)) is not None:
                return Known(person_id, is_of_host=False)
        for value in others:
            if (person_id := await self._of_old(value)) is not None:
                return Known(person_id, is_of_host=False)
        return None

    def _person_id(self, value: str) -> str | None:
        if (known := self._checked.get(value)) is not None:
            return known
        found = _FORM.fullmatch(value)
        if found is None or not hmac.compare_digest(self._code(found["person_id"]), found["code"]):
            return None
        self._checked[value] = found["person_id"]
        if len(self._checked) > MOST_CHECKED:
            self._checked.popitem(last=False)
        return found["person_id"]

    def _code(self, person_id: str) -> str:
        code = hmac.digest(self._key.secret, b"browser " + person_id.encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(code).decode().rstrip("=")

    async def _of_old(self, value: str) -> str | None:
        """Return who has a cookie from before there was a key: only people who kept something here by then."""
        created_at = self._key.created_at
        if self._was_known is None or self._clock() > created_at + OLD_SECONDS or not _OLD_FORM.fullmatch(value):
            return None
        person_id = "b" + hashlib.sha256(value.encode()).hexdigest()[:25]
        is_known = self._old.get(person_id)
        if is_known is None:
            is_known = self._old[person_id] = await self._was_known(person_id, created_at)
            if len(self._old) > MOST_OLD:
                self._old.popitem(last=False)
        return person_id if is_known else None


def _cookies_in(headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the name and value of each cookie that is one of ours by its name."""
    # Read by hand: the standard library's parser gives up at the first odd cookie, and on localhost every program
    # sets cookies that all others are sent.
    for part in headers.get("cookie", "").split(";"):
        name, _, value = part.partition("=")
        if (name := name.strip()) in (COOKIE, HOST_PREFIX + COOKIE):
            yield name, value.strip()
