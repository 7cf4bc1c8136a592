"""Let everybody in: each browser is a person of its own, and programs without a cookie share the guest."""

import hashlib
import secrets
from collections.abc import Mapping

from hubbub.core.people import GUEST, Person
from hubbub.identity.base import Welcome

COOKIE = "hubbub_browser"
_SECRET_CHARACTERS = 43  # of secrets.token_urlsafe(32)


class OpenIdentity:
    """An `Identity` without accounts. The cookie is a secret; the person's id is a hash of it."""

    async def person(self, headers: Mapping[str, str]) -> Person:
        secret = _secret_in(headers)
        return _person_of(secret) if secret else GUEST

    async def welcome(self, headers: Mapping[str, str]) -> Welcome:
        if secret := _secret_in(headers):
            return Welcome(_person_of(secret))
        secret = secrets.token_urlsafe(32)
        return Welcome(_person_of(secret), (COOKIE, secret))


def _secret_in(headers: Mapping[str, str]) -> str | None:
    # Read by hand: the standard library's parser gives up at the first odd cookie, and on localhost every program
    # sets cookies that all others are sent.
    for part in headers.get("cookie", "").split(";"):
        name, _, value = part.partition("=")
        if name.strip() == COOKIE and len(secret := value.strip()) == _SECRET_CHARACTERS:
            return secret
    return None


def _person_of(secret: str) -> Person:
    return Person(id="b" + hashlib.sha256(secret.encode()).hexdigest()[:25], name="You")
