"""Sign people in with a password, and let them and operators manage accounts."""

import hashlib
import re
import secrets
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import NamedTuple

from hubbub.connections.mail import Mail
from hubbub.core.errors import Conflict, Invalid, NotFound, NotSignedIn
from hubbub.core.people import Person
from hubbub.core.readable import is_readable
from hubbub.core.reasons import because
from hubbub.identity import recovery, totp
from hubbub.identity.accounts_sqlite import PROVIDER, Account, Link, LinkKind
from hubbub.identity.base import Keys, KnownPerson, People
from hubbub.identity.deeds import Deeds
from hubbub.identity.passwords import Passwords, check_password
from hubbub.identity.people_sqlite import compared
from hubbub.identity.sign_ins import SignIns
from hubbub.identity.stores import AccountStore

WRONG = "The e-mail address or the password is wrong."
WRONG_CODE = "The code is wrong, or was used already. Wait for the next one, and check the clock of your phone."
_EMAIL = re.compile(r"[^@\s\x00-\x1f<>()\",;:]{1,64}@[^@\s\x00-\x1f<>()\",;:]{1,189}")
NAME_CHARACTERS = 100
_MAIL = """Hello,

{why}

{link}

The link can be used once, until {until}. If you did not expect this mail, you need do nothing.
"""


@dataclass(frozen=True)
class AccountRules:
    """What holds for accounts here."""

    is_enabled: bool = True
    url: str = ""
    """What links begin with; empty: they are paths."""
    password_characters: int = 12
    invitation_seconds: float = 72 * 3600.0
    reset_seconds: float = 3600.0


class MadeLink(NamedTuple):
    """A link for somebody, and whether a mail with it was handed to the mail server."""

    url: str
    expires_at: float
    is_mailed: bool


class Accounts:
    """Accounts with an e-mail address and a password."""

    def __init__(
        self,
        store: AccountStore,
        people: People,
        sign_ins: SignIns,
        keys: Keys,
        passwords: Passwords,
        rules: AccountRules,
        mail: Mail | None = None,
        deeds: Deeds | None = None,
    ) -> None:
        self.rules = rules
        self.deeds = deeds or Deeds()
        self._store = store
        self._people = people
        self._sign_ins = sign_ins
        self._keys = keys
        self._passwords = passwords
        self._mail = mail

    @property
    def sends_mail(self) -> bool:
        """Whether who forgot a password can be sent a link."""
        return self._mail is not None

    async def sign_in(self, email: str, password: str, code: str, *, address: str) -> str:
        """Return the id of who has this e-mail and password, and the code of their app where they have one.

        Takes as long, and says the same, whether there is such an account or not.

        Raises:
            NotSignedIn: something is wrong, or only the code is missing (`code_needed`).
            TooBusy: it was wrong too often.
            Overloaded: too many sign in at once.
        """
        attempt_id = await self._store.begin_attempt(email, address)
        account = await self._store.find(email)
        fits = await self._passwords.fits(password, account.password if account else None)
        if account is None or not fits or not account.is_active:
            known = account.person_id if account else ""
            await self.deeds.note("sign-in", by="", of=known, where=address, outcome="refused", detail=PROVIDER)
            raise NotSignedIn(WRONG, code="wrong_credentials")
        if account.totp_secret is not None:
            if not code.strip():
                await self._store.settle_attempt(attempt_id, "")
                raise NotSignedIn("Enter the code that your authenticator app shows.", code="code_needed")
            await self._use_code(account, account.totp_secret, code, address)
        await self._store.settle_attempt(attempt_id, email)
        if account.password and self._passwords.is_outdated(account.password):
            await self._store.set_password(account.person_id, await self._passwords.hash(password))
        return account.person_id

    async def begin(self, person_id: str, *, address: str, agent: str) -> str:
        """Begin a sign-in on a browser, and return its cookie."""
        return await self._sign_ins.begin(person_id, provider=PROVIDER, address=address, agent=agent)

    async def change_password(self, person: Person, old: str, new: str, *, keep: str, address: str) -> None:
        """Change one's own password. All other sign-ins of the person end.

        Raises:
            NotSignedIn, TooBusy: the old one is wrong (too often).
            Invalid: the new one can't be taken.
        """
        account = await self._own(person)
        await self._check_again(account, old, address)
        self._check(new, account.email, person.name)
        hashed = await self._passwords.hash(new)
        async with self.deeds.doing("password changed", by=person, of=person.id, where=address):
            await self._store.set_password(person.id, hashed, keep=keep)
        self._sign_ins.forget()

    async def has_second_factor(self, person: Person) -> bool | None:
        """Tell whether a code of an app is asked for; None where the person has no password here."""
        account = await self._store.of(person.id)
        return None if account is None else account.totp_secret is not None

    async def propose_second_factor(self, person: Person, password: str, *, address: str) -> tuple[str, str]:
        """Return a secret for an authenticator app, as text and as an otpauth: address.

        Raises:
            NotSignedIn, TooBusy: the password is wrong (too often).
        """
        account = await self._own(person)
        await self._check_again(account, password, address)
        secret = totp.new_secret()
        await self._store.propose_totp(person.id, secret)
        return totp.text_of(secret), totp.address_of(secret, account.email)

    async def confirm_second_factor(self, person: Person, code: str) -> Sequence[str]:
        """Ask for a code at each sign-in from now on. Returns recovery codes, which are kept nowhere.

        Raises:
            Invalid: the code is wrong.
        """
        account = await self._own(person)
        step = totp.step_of(account.totp_proposed, code) if account.totp_proposed else None
        if step is None:
            raise Invalid(WRONG_CODE, code="wrong_code")
        codes, digests = _recovery_codes()
        async with self.deeds.doing("second factor added", by=person, of=person.id):
            await self._store.confirm_totp(person.id, step, digests)
        return codes

    async def renew_recovery_codes(self, person: Person, password: str, *, address: str) -> Sequence[str]:
        """Return new recovery codes in place of the earlier ones.

        Raises:
            NotSignedIn, TooBusy: the password is wrong (too often).
            Conflict: there is no second factor that they could stand in for.
        """
        account = await self._own(person)
        if account.totp_secret is None:
            raise Conflict(because("recovery_needs_app"))
        await self._check_again(account, password, address)
        codes, digests = _recovery_codes()
        async with self.deeds.doing("recovery codes made", by=person, of=person.id, where=address):
            await self._store.put_codes(person.id, digests)
        return codes

    async def count_recovery_codes(self, person: Person) -> int:
        """Return how many recovery codes of a person's are left."""
        return await self._store.count_codes(person.id)

    async def remove_second_factor(self, person: Person, password: str, *, address: str) -> None:
        """Ask for no code any more.

        Raises:
            NotSignedIn, TooBusy: the password is wrong (too often).
        """
        await self._check_again(await self._own(person), password, address)
        async with self.deeds.doing("second factor removed", by=person, of=person.id, where=address):
            await self._store.remove_totp(person.id)

    async def forgot(self, email: str, *, address: str) -> None:
        """Send a link for a new password to who has this e-mail. Says nothing of whether anybody has.

        Raises:
            NotFound: no mail is sent here.
            TooBusy: too often.
        """
        if self._mail is None:
            raise NotFound("This server sends no mail. Ask whoever runs it for a link.")
        await self._store.begin_attempt(f"forgotten {compared(email)}", address)
        account = await self._store.find(email)
        found = account if account is not None and account.is_active else None
        # Where there is nobody a link is stored all the same, for nobody: it takes as long.
        link = self._link("forgotten", self.rules.reset_seconds, person_id=found.person_id if found else None)
        known = found.person_id if found else ""
        async with self.deeds.doing("password reset asked for", by="", of=known, where=address):
            url = await self._add(link)
        if found is not None:
            self._send(found.email, url, link, "Somebody, probably you, asked for a new password for Hubbub.")

    async def look_at(self, secret: str) -> Link:
        """Return what a link is for, without using it.

        Raises:
            NotFound: it is not good any more.
        """
        link = await self._store.link(_digest(secret))
        if link.kind == "forgotten" and link.person_id is None:
            raise NotFound("This link is for nobody.")
        return link

    async def use_link(self, secret: str, password: str, *, name: str, email: str, address: str) -> KnownPerson:
        """Set a password by a link, which is good no more then; makes the account where there is none.

        Raises:
            NotFound: the link is not good any more.
            Invalid: the password, the name or the e-mail can't be taken; the link is good still.
            Conflict: there is an account with this e-mail.
        """
        link = await self.look_at(secret)
        if link.kind == "first":
            email = _checked_email(email)
        name = _checked_name(name)
        self._check(password, email or link.email, name)
        hashed = await self._passwords.hash(password)
        async with self.deeds.doing("link used", by="", where=address, detail=link.kind):
            person = await self._store.use_link(_digest(secret), hashed, email=email, name=name)
        self._sign_ins.forget()
        return person

    async def invite(self, by: Person, email: str, *, name: str = "", is_operator: bool = False) -> MadeLink:
        """Invite somebody, in place of an earlier invitation of theirs.

        Raises:
            Invalid: this is no e-mail address.
            Conflict: there is an account with it.
        """
        email = compared(_checked_email(email))
        lasting = self.rules.invitation_seconds
        link = self._link("invitation", lasting, email=email, name=_checked_name(name), is_operator=is_operator)
        detail = "as an operator" if is_operator else ""
        async with self.deeds.doing("invited", by=by, of=email, detail=detail):
            url = await self._add(link)
        return MadeLink(url, link.expires_at, self._send(email, url, link, "You are invited to use Hubbub."))

    async def invitations(self) -> list[Link]:
        """Return the invitations that nobody has used."""
        return await self._store.invitations()

    async def withdraw(self, by: Person, email: str) -> None:
        """Let an invitation be good no more.

        Raises:
            NotFound: there is none.
        """
        async with self.deeds.doing("invitation withdrawn", by=by, of=email):
            await self._store.withdraw(email)

    async def reset(self, by: Person, person_id: str, *, makes_operator: bool = False) -> MadeLink:
        """Make a link by which a person sets a new password; their second factor is removed when it is used.

        Raises:
            NotFound: there is no such person, or they don't sign in with a password.
        """
        account = await self._store.of(person_id)
        if account is None:
            raise NotFound("There is no such person with a password.")
        link = self._link("reset", self.rules.reset_seconds, person_id=person_id, is_operator=makes_operator)
        detail = "makes an operator" if makes_operator else ""
        async with self.deeds.doing("password reset", by=by, of=person_id, detail=detail):
            url = await self._add(link)
        is_mailed = not makes_operator and self._send(account.email, url, link, "Here you set a new password.")
        return MadeLink(url, link.expires_at, is_mailed)

    async def set_active(self, by: Person | None, person_id: str, is_active: bool) -> None:
        """Enable a person, or disable them: then their sign-ins and API keys end.

        Raises:
            NotFound: there is no such person.
            Conflict: they are the last operator.
        """
        async with self.deeds.doing("enabled" if is_active else "disabled", by=by, of=person_id):
            await self._people.set_active(person_id, is_active)
        await self.note_active(person_id, is_active)

    async def note_active(self, person_id: str, is_active: bool) -> None:
        """Look at people anew, since somebody was enabled or disabled; who was disabled has no API keys any more."""
        self._sign_ins.forget()
        if not is_active:
            now = time.time()
            for key in await self._keys.keys():
                if key.person_id == person_id and key.revoked_at is None:
                    await self._keys.revoke(key.id, now)

    async def set_operator(self, by: Person, person_id: str, is_operator: bool) -> None:
        """Make a person an operator, or one no more.

        Raises:
            NotFound: there is no such person.
            Conflict: they are the last operator.
        """
        deed = "made an operator" if is_operator else "made a member"
        async with self.deeds.doing(deed, by=by, of=person_id):
            await self._people.set_operator(person_id, is_operator)
        self._sign_ins.forget()

    async def check_password(self, person: Person, password: str, *, address: str) -> None:
        """Return if this is the person's password.

        Raises:
            NotFound: they have none here.
            Invalid, TooBusy: it is wrong (too often).
        """
        await self._check_again(await self._own(person), password, address)

    @asynccontextmanager
    async def attempt(self, what: str, address: str) -> AsyncGenerator[None]:
        """Count what is done meanwhile as an attempt that failed, unless it ends well.

        Raises:
            TooBusy: too many have failed.
        """
        attempt_id = await self._store.begin_attempt(what, address)
        yield
        await self._store.settle_attempt(attempt_id, what)

    async def first(self) -> MadeLink | None:
        """Make the link for the first operator, in place of an earlier one; None where there is an operator."""
        if await self._store.has_operator():
            return None
        link = self._link("first", self.rules.reset_seconds, is_operator=True)
        async with self.deeds.doing("link for the first operator made"):
            return MadeLink(await self._add(link), link.expires_at, False)

    async def rescue(self, by: Person, email: str) -> MadeLink:
        """Make a link that lets whoever runs the machine in again as an operator, whatever has happened.

        The one for an account that there is sets its password, enables it and removes its second factor.
        """
        account = await self._store.find(email) if email else None
        if account is not None:
            return await self.reset(by, account.person_id, makes_operator=True)
        wanted = compared(_checked_email(email))
        link = self._link("invitation", self.rules.reset_seconds, email=wanted, is_operator=True)
        async with self.deeds.doing("operator rescued", by=by, of=wanted):
            return MadeLink(await self._add(link), link.expires_at, False)

    async def find(self, email: str) -> Account | None:
        """Return the account with an e-mail."""
        return await self._store.find(email)

    async def of(self, person_id: str) -> Account | None:
        """Return a person's account."""
        return await self._store.of(person_id)

    async def forget_person(self, person_id: str) -> int:
        """Forget a person's account: whoever deletes a person calls this. Returns how many they had."""
        return await self._store.forget_person(person_id)

    async def _own(self, person: Person) -> Account:
        account = await self._store.of(person.id)
        if account is None:
            raise NotFound("You don't sign in with a password here.")
        return account

    async def _check_again(self, account: Account, password: str, address: str) -> None:
        attempt_id = await self._store.begin_attempt(account.email, address)
        if not await self._passwords.fits(password, account.password):
            raise Invalid("The present password is wrong.", code="wrong_password")
        await self._store.settle_attempt(attempt_id, account.email)

    async def _use_code(self, account: Account, secret: bytes, code: str, address: str) -> None:
        digest = recovery.digest_in(code)
        if digest is not None and await self._used_recovery_code(account.person_id, digest, address):
            return
        step = totp.step_of(secret, code, after=account.totp_step)
        if step is None or not await self._store.use_totp(account.person_id, step):
            refused = {"of": account.person_id, "where": address, "detail": "wrong code"}
            await self.deeds.note("sign-in", by="", outcome="refused", **refused)
            raise NotSignedIn(WRONG_CODE, code="wrong_code")

    async def _used_recovery_code(self, person_id: str, digest: bytes, address: str) -> bool:
        try:
            async with self.deeds.doing("recovery code used", by=person_id, of=person_id, where=address):
                await self._store.use_code(person_id, digest)
        except NotFound:
            return False
        return True

    def _check(self, password: str, *told: str) -> None:
        check_password(password, fewest=self.rules.password_characters, told=" ".join(told))

    def _link(
        self,
        kind: LinkKind,
        lasting_seconds: float,
        *,
        person_id: str | None = None,
        email: str = "",
        name: str = "",
        is_operator: bool = False,
    ) -> Link:
        now = time.time()
        return Link(kind, person_id, email, name, is_operator, now, now + lasting_seconds)

    async def _add(self, link: Link) -> str:
        secret = secrets.token_urlsafe(32)
        await self._store.add_link(link, _digest(secret))
        return f"{self.rules.url}/welcome#{secret}"  # what stands after the # is sent to no server, and logged by none

    def _send(self, to: str, url: str, link: Link, why: str) -> bool:
        if self._mail is None:
            return False
        until = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(link.expires_at))
        self._mail.send(to, "Hubbub: your link", _MAIL.format(why=why, link=url, until=until))
        return True


def _checked_email(email: str) -> str:
    email = email.strip()
    if not _EMAIL.fullmatch(email):
        raise Invalid(because("email"))
    return email


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if len(name) > NAME_CHARACTERS or not is_readable(name):
        raise Invalid(because("person_name", most=NAME_CHARACTERS))
    return name


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _recovery_codes() -> tuple[Sequence[str], Sequence[bytes]]:
    codes = recovery.new_codes()
    return codes, [digest for code in codes if (digest := recovery.digest_in(code)) is not None]
