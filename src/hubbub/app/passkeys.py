"""Let people sign in with passkeys, which their devices keep, and manage them."""

import time
from collections.abc import Sequence

from hubbub.app.accounts import Accounts
from hubbub.core.errors import Conflict, Invalid, NotFound, NotSignedIn
from hubbub.core.messages import JsonObject
from hubbub.core.people import Person
from hubbub.core.readable import is_readable
from hubbub.core.reasons import because
from hubbub.identity import webauthn
from hubbub.identity.deeds import Deeds
from hubbub.identity.passkeys_sqlite import Passkey
from hubbub.identity.stores import PasskeyStore

NAME_CHARACTERS = 100
MOST_PASSKEYS = 20


class Passkeys:
    """The passkeys of people with accounts.

    A passkey is two factors in one: a device that somebody has, and that has looked who they are.
    """

    def __init__(self, store: PasskeyStore, accounts: Accounts, deeds: Deeds | None = None) -> None:
        self._deeds = deeds or Deeds()
        self._store = store
        self._accounts = accounts

    async def list(self, person: Person) -> Sequence[Passkey]:
        """Return a person's passkeys, the oldest first."""
        return await self._store.of(person.id)

    async def propose(self, person: Person, password: str, site: webauthn.Site, *, address: str) -> str:
        """Return what a browser makes a passkey by, as JSON.

        Raises:
            Invalid, TooBusy: the password is wrong (too often).
            Conflict: the person has as many as they may have.
        """
        await self._accounts.check_password(person, password, address=address)
        known = await self._store.of(person.id)
        if len(known) >= MOST_PASSKEYS:
            raise Conflict(because("passkeys_full", most=MOST_PASSKEYS))
        options, challenge = webauthn.registration_options(site, person.id, person.name, known)
        await self._store.add_challenge(challenge, person.id)
        return options

    async def add(self, person: Person, name: str, credential: JsonObject, site: webauthn.Site) -> Passkey:
        """Keep a passkey that a browser has made.

        Raises:
            Invalid: the name can't be taken, or the passkey is not the one that was asked for.
            Conflict: it is known already.
        """
        name = name.strip()
        if not 0 < len(name) <= NAME_CHARACTERS or not is_readable(name):
            raise Invalid(because("passkey_name", most=NAME_CHARACTERS))
        challenge = webauthn.challenge_in(credential)
        if not await self._store.take_challenge(challenge, person.id):
            raise Invalid(webauthn.NOT_GOOD, code="bad_passkey")
        passkey_id, public_key, count = webauthn.new_passkey(site, challenge, credential)
        passkey = Passkey(passkey_id, person.id, public_key, count, name, time.time())
        async with self._deeds.doing("passkey added", by=person, of=person.id, detail=name):
            await self._store.add(passkey)
        return passkey

    async def remove(self, person: Person, passkey_id: str) -> None:
        """Forget a passkey: nobody signs in with it any more.

        Raises:
            NotFound: the person has no such passkey.
        """
        try:
            known_id = webauthn.read_id(passkey_id)
        except Invalid:
            raise NotFound("There is no such passkey.") from None
        async with self._deeds.doing("passkey removed", by=person, of=person.id):
            await self._store.remove(person.id, known_id)

    async def forget_person(self, person_id: str) -> int:
        """Forget a person's passkeys: whoever deletes a person calls this. Returns how many they were."""
        return await self._store.forget_person(person_id)

    async def begin(self, site: webauthn.Site) -> str:
        """Return what a browser signs in by, as JSON: the same for everybody."""
        options, challenge = webauthn.sign_in_options(site)
        await self._store.add_challenge(challenge, None)
        return options

    async def sign_in(self, credential: JsonObject, site: webauthn.Site, *, address: str) -> str:
        """Return the id of whose passkey has signed a challenge of ours, which is used up.

        Raises:
            NotSignedIn: there is no such passkey, or it has not signed that.
            TooBusy: it was wrong too often from this address.
        """
        async with self._accounts.attempt(f"passkey {address}", address):
            challenge = webauthn.challenge_in(credential)
            is_ours = await self._store.take_challenge(challenge, None)
            passkey = await self._store.find(webauthn.id_of(credential)) if is_ours else None
            try:
                if passkey is None:
                    raise NotSignedIn(webauthn.NOT_GOOD, code="bad_passkey")
                count = webauthn.count_of(site, challenge, credential, passkey)
            except NotSignedIn:
                whose = passkey.person_id if passkey is not None else ""
                await self._deeds.note("sign-in", by="", of=whose, where=address, outcome="refused", detail="passkey")
                raise
            await self._store.note_use(passkey.id, count)
        return passkey.person_id
