"""Let in who has signed in here or sends an API key, and others only where everybody may come in."""

from collections.abc import Collection, Mapping

from hubbub.core.errors import NotSignedIn
from hubbub.core.people import Person
from hubbub.identity.base import Welcome
from hubbub.identity.keys import id_in as key_id_in
from hubbub.identity.keys import key_in
from hubbub.identity.open import OpenIdentity
from hubbub.identity.sign_ins import SignIns, cookies_in
from hubbub.identity.vouched import Vouched

SIGN_IN = "Sign in first. Programs send an API key, as `Authorization: Bearer hb-…` or `api-key: hb-…`."


class SignedInIdentity:
    """An `Identity` with accounts or providers.

    A key wins over what a proxy or a provider's token says, that over a sign-in, and a sign-in over a browser's cookie.
    """

    def __init__(
        self, sign_ins: SignIns, others: OpenIdentity, vouched: Vouched, *, open_to_everybody: bool = False
    ) -> None:
        """Take who knows keys and browsers, too: browsers are let in only where everybody is."""
        self._sign_ins = sign_ins
        self._vouched = vouched
        self._others = others
        self._is_open = open_to_everybody

    async def person(self, headers: Mapping[str, str]) -> Person:
        person = await self._signed_in(headers)
        return person if person is not None else await self._others.person(headers)

    async def welcome(self, headers: Mapping[str, str]) -> Welcome:
        person = await self._signed_in(headers)
        return Welcome(person) if person is not None else await self._others.welcome(headers)

    def credential(self, headers: Mapping[str, str]) -> str | None:
        """Return the id of the key or of the sign-in that lets these headers in."""
        key = key_in(headers)
        if key is not None:
            return key_id_in(key)
        if (vouched := self._vouched.credential(headers)) is not None:
            return vouched
        return self._sign_ins.known_id(cookies_in(headers))

    async def ended(self, credentials: Collection[str]) -> frozenset[str]:
        sign_ins = [one for one in credentials if one.startswith("s")]  # ids of keys are hexadecimal
        vouched = [one for one in credentials if one.startswith("v")]
        keys = [one for one in credentials if not one.startswith(("s", "v"))]
        ended = await self._sign_ins.ended(sign_ins) if sign_ins else frozenset[str]()
        ended |= await self._vouched.ended(vouched) if vouched else frozenset[str]()
        return ended | (await self._others.ended(keys) if keys else frozenset[str]())

    async def _signed_in(self, headers: Mapping[str, str]) -> Person | None:
        """Return who has signed in; None where somebody comes with a key, or everybody may come in.

        Raises:
            NotSignedIn: nobody has.
        """
        if key_in(headers) is not None:
            return None
        if self._vouched.is_any and (vouched := await self._vouched.person(headers)) is not None:
            return vouched
        for cookie in cookies_in(headers):
            if (person := await self._sign_ins.person(cookie)) is not None:
                return person
        if not self._is_open:
            raise NotSignedIn(SIGN_IN)
        return None
