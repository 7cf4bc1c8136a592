"""Let everybody in: each browser and each API key is a person of its own, and all other programs share the guest."""

import hashlib
import secrets
from collections.abc import Mapping

from hubbub.core.errors import NotSignedIn
from hubbub.core.people import GUEST, Person
from hubbub.identity.base import Welcome
from hubbub.identity.keys import Keyring, key_in

COOKIE = "hubbub_browser"
_SECRET_CHARACTERS = 43  # of secrets.token_urlsafe(32)


class OpenIdentity:
    """An `Identity` without accounts. The cookie is a secret; the person's id is a hash of it.

    A key wins over a cookie. Keys that are not ours say nothing: many clients have to be given one, whatever it is.
    Where a key is needed, cookies say nothing either, since everybody is given one who asks: no browser is let in.
    """

    def __init__(self, keyring: Keyring, *, needs_key: bool = False) -> None:
        self._keyring = keyring
        self._needs_key = needs_key

    async def person(self, headers: Mapping[str, str]) -> Person:
        return await self._of_key(headers) or _of_cookie(headers) or GUEST

    async def welcome(self, headers: Mapping[str, str]) -> Welcome:
        if known := await self._of_key(headers) or _of_cookie(headers):
            return Welcome(known)
        secret = secrets.token_urlsafe(32)
        return Welcome(_person_of(secret), (COOKIE, secret))

    async def _of_key(self, headers: Mapping[str, str]) -> Person | None:
        key = key_in(headers)
        if key is not None:
            return await self._keyring.person(key)
        if self._needs_key:
            raise NotSignedIn(
                "This server answers only programs that send an API key of its own, as `Authorization: Bearer hb-…` "
                "or `api-key: hb-…`; to browsers it is closed. Ask whoever runs it for a key."
            )
        return None


def _of_cookie(headers: Mapping[str, str]) -> Person | None:
    # Read by hand: the standard library's parser gives up at the first odd cookie, and on localhost every program
    # sets cookies that all others are sent.
    for part in headers.get("cookie", "").split(";"):
        name, _, value = part.partition("=")
        if name.strip() == COOKIE and len(secret := value.strip()) == _SECRET_CHARACTERS:
            return _person_of(secret)
    return None


def _person_of(secret: str) -> Person:
    return Person(id="b" + hashlib.sha256(secret.encode()).hexdigest()[:25], name="You", known_by="cookie")
