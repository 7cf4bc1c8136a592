"""Let everybody in: each browser and each API key is a person of its own, and all other programs share the guest."""

from collections.abc import Collection, Mapping

from hubbub.core.errors import NotSignedIn
from hubbub.core.people import GUEST, Person
from hubbub.identity.base import Welcome
from hubbub.identity.cookies import COOKIE, Cookies, new_cookie_key
from hubbub.identity.keys import Keyring, id_in, key_in


class OpenIdentity:
    """An `Identity` without accounts. A browser is known by a cookie that was issued here.

    A key wins over a cookie. Keys that are not ours say nothing: many clients have to be given one, whatever it is.
    Where a key is needed, cookies say nothing either, since everybody is given one who asks: no browser is let in.
    """

    def __init__(self, keyring: Keyring, *, needs_key: bool = False, cookies: Cookies | None = None) -> None:
        """Take what knows the keys and the cookies: without cookies of the server's, those of this process alone."""
        self._keyring = keyring
        self._needs_key = needs_key
        self._cookies = cookies or Cookies(new_cookie_key())

    async def person(self, headers: Mapping[str, str]) -> Person:
        if (of_key := await self._of_key(headers)) is not None:
            return of_key
        known = await self._cookies.find(headers)
        return GUEST if known is None else _browser(known.person_id)

    async def welcome(self, headers: Mapping[str, str]) -> Welcome:
        if (of_key := await self._of_key(headers)) is not None:
            return Welcome(of_key)
        known = await self._cookies.find(headers)
        person_id = self._cookies.new_person_id() if known is None else known.person_id
        is_set = known is not None and known.is_of_host
        return Welcome(_browser(person_id), None if is_set else (COOKIE, self._cookies.value_of(person_id)))

    def credential(self, headers: Mapping[str, str]) -> str | None:
        """Return the id of the key that lets these headers in; a cookie can't be revoked."""
        key = key_in(headers)
        return None if key is None else id_in(key)

    async def ended(self, credentials: Collection[str]) -> frozenset[str]:
        return await self._keyring.ended(credentials)

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


def _browser(person_id: str) -> Person:
    return Person(id=person_id, name="You", known_by="cookie")
