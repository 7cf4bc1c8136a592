"""Build what says who asks: browsers' cookies, API keys, sign-ins, and accounts with passwords."""

import ipaddress
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from hubbub.app.accounts import AccountRules, Accounts
from hubbub.app.passkeys import Passkeys
from hubbub.compose.backends import name_of, open_backend
from hubbub.compose.beside_chats import (
    ChatsDatabase,
    accounts_in,
    audit_in,
    id_tokens_in,
    passkeys_in,
    people_in,
    quotas_in,
    sign_ins_in,
)
from hubbub.compose.databases import chats_of
from hubbub.compose.model_rights import faults_of_sharing
from hubbub.compose.one_folder import cookie_key_of
from hubbub.compose.providers import faults_of_names, providers_of, sources_of
from hubbub.compose.provisioning import faults_of_provisioning
from hubbub.connections.http import Http
from hubbub.connections.mail import Mail, MailServer
from hubbub.connections.threads import in_a_thread
from hubbub.core.errors import SettingsError
from hubbub.identity import webauthn
from hubbub.identity.base import Identity, Keys, People
from hubbub.identity.cookies import Cookies, WasKnown
from hubbub.identity.deeds import COMMAND_LINE, Deeds
from hubbub.identity.deeds_keys import RecordedKeys
from hubbub.identity.keys import Keyring
from hubbub.identity.oidc import Providers
from hubbub.identity.open import OpenIdentity
from hubbub.identity.passwords import Passwords
from hubbub.identity.sign_ins import SignIns
from hubbub.identity.signed_in import SignedInIdentity
from hubbub.identity.vouched import Vouched
from hubbub.settings import Settings

HOUR_SECONDS = 3600.0


@dataclass(frozen=True)
class Doors:
    """What says who asks, and what keeps those who do. Without a way to sign in there is no `sign_ins`."""

    identity: Identity
    keys: Keys | None = None
    people: People | None = None
    sign_ins: SignIns | None = None
    accounts: Accounts | None = None
    passkeys: Passkeys | None = None
    providers: Providers | None = None
    cookies: Cookies | None = None


def ways_to_sign_in(settings: Settings) -> tuple[str, ...]:
    """Return the settings by which people can sign in on the page; none: they can't."""
    ways = ("identity.accounts",) if settings.identity.accounts.is_enabled else ()
    ways = (*ways, *(f"identity.oidc.{name}" for name in settings.identity.oidc))
    return (*ways, *(f"identity.proxies.{name}" for name in settings.identity.proxies))


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches what listens on an address."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def lets_everybody_in(settings: Settings) -> bool:
    """Tell whether who reaches the server may use it without having signed in and without a key."""
    wanted = settings.identity
    if wanted.backend != "open" or wanted.needs_key:
        return False
    return wanted.open_to_everybody or not ways_to_sign_in(settings)


def identity_faults(settings: Settings) -> list[str]:
    """Return what is wrong with who is let in: other machines reach the server, and nobody would have to sign in."""
    wanted, server = settings.identity, settings.server
    faults: list[str] = []
    if wanted.needs_key and (ways := ways_to_sign_in(settings)):
        faults.append(f"identity.needs_key: closes the page, so that nobody could sign in; leave out it or {ways[0]}")
    if wanted.backend != "open" and (ways := ways_to_sign_in(settings)):
        faults.append(f'{ways[0]}: holds for the identity "open"; a class of your own decides by itself')
    if wanted.accounts.smtp.host and not wanted.accounts.url:
        faults.append("identity.accounts.url: is needed where mails are sent, since their links begin with it")
    faults += faults_of_names(settings) + faults_of_sharing(settings) + faults_of_provisioning(settings)
    if lets_everybody_in(settings) and not wanted.open_to_everybody and not is_loopback(server.host):
        faults.append(
            f"server.host: other machines reach {server.host}, and nobody would have to sign in there. Set "
            "identity.accounts.is_enabled = true to have people sign in, identity.needs_key = true to let in only "
            "programs with an API key, or identity.open_to_everybody = true to let everybody in"
        )
    return faults


async def open_doors(
    stack: AsyncExitStack,
    settings: Settings,
    database: ChatsDatabase,
    given: Identity | None,
    was_known: WasKnown,
    http: Http,
    deeds: Deeds | None = None,
) -> Doors:
    """Open what says who asks. An identity that is given does so in place of the one that the settings name.

    Raises:
        SettingsError: the settings contradict each other, or something can't be opened.
    """
    wanted = settings.identity
    if wanted.needs_key and (given is not None or wanted.backend != "open"):
        raise SettingsError(['identity.needs_key: holds for the identity "open"; another one decides by itself'])
    if given is not None:
        return Doors(given)
    deeds = deeds or Deeds()
    keys = await open_recorded_keys(stack, settings, database, deeds)
    has_people = bool(ways_to_sign_in(settings))
    people = await stack.enter_async_context(people_in(database)) if has_people else None
    keyring = await stack.enter_async_context(Keyring(keys, people))
    cookies = Cookies(await cookie_key_of(database), was_known)
    if people is None:
        resources = {"keyring": keyring, "needs_key": wanted.needs_key, "cookies": cookies}
        return Doors(await open_backend(stack, settings, "identity", wanted.backend, **resources), keys)
    sign_ins = await open_sign_ins(stack, settings, database, deeds)
    others = OpenIdentity(keyring, cookies=cookies)
    providers = providers_of(settings, http, id_tokens_in(database))
    vouched = Vouched(people, sources_of(settings, providers, http), sign_ins.changes)
    identity = SignedInIdentity(sign_ins, others, vouched, open_to_everybody=wanted.open_to_everybody)
    accounts = await open_accounts(stack, settings, database, keys=keys, sign_ins=sign_ins, people=people, deeds=deeds)
    await in_a_thread(webauthn.load)
    passkeys = Passkeys(await stack.enter_async_context(passkeys_in(database)), accounts, deeds)
    return Doors(identity, keys, people, sign_ins, accounts, passkeys, providers, cookies)


async def open_recorded_keys(
    stack: AsyncExitStack, settings: Settings, database: ChatsDatabase, deeds: Deeds
) -> RecordedKeys:
    """Open what keeps the API keys, and records what becomes of them: the quota of one that ends goes with it."""
    kept = await open_backend(stack, settings, "keys", name_of(settings, "keys"), database=database)
    quotas = await stack.enter_async_context(quotas_in(database))
    return RecordedKeys(kept, deeds, on_ended=partial(quotas.forget, "key"))


@asynccontextmanager
async def open_people(settings: Settings) -> AsyncGenerator[tuple[Accounts, People]]:
    """Open what keeps people and accounts, beside a server that may run. The data folder has to be there."""
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(chats_of(settings))
        deeds = Deeds(await stack.enter_async_context(audit_in(database)), default=COMMAND_LINE)
        keys = await open_recorded_keys(stack, settings, database, deeds)
        people = await stack.enter_async_context(people_in(database))
        sign_ins = await open_sign_ins(stack, settings, database, deeds)
        yield (
            await open_accounts(stack, settings, database, keys=keys, sign_ins=sign_ins, people=people, deeds=deeds),
            people,
        )


async def open_sign_ins(
    stack: AsyncExitStack, settings: Settings, database: ChatsDatabase, deeds: Deeds | None = None
) -> SignIns:
    """Open the sign-ins of people on browsers."""
    store = await stack.enter_async_context(sign_ins_in(database))
    wanted = settings.identity
    idle, total = wanted.idle_hours * HOUR_SECONDS, wanted.sign_in_hours * HOUR_SECONDS
    return await stack.enter_async_context(SignIns(store, idle_seconds=idle, total_seconds=total, deeds=deeds))


async def open_accounts(
    stack: AsyncExitStack,
    settings: Settings,
    database: ChatsDatabase,
    *,
    keys: Keys,
    sign_ins: SignIns,
    people: People,
    deeds: Deeds | None = None,
) -> Accounts:
    """Open the accounts with passwords."""
    wanted = settings.identity.accounts
    store = await stack.enter_async_context(accounts_in(database))
    passwords = stack.enter_context(Passwords())
    smtp = wanted.smtp
    mail = None
    if smtp.host:
        secret = smtp.password.get_secret_value() if smtp.password else ""
        server = MailServer(smtp.host, smtp.port, smtp.security, smtp.user, secret, smtp.sender, smtp.timeout_seconds)
        mail = await stack.enter_async_context(Mail(server))
    rules = AccountRules(
        is_enabled=wanted.is_enabled,
        url=wanted.url.rstrip("/"),
        password_characters=wanted.password_characters,
        invitation_seconds=wanted.invitation_hours * HOUR_SECONDS,
        reset_seconds=wanted.reset_minutes * 60.0,
    )
    return Accounts(store, people, sign_ins, keys, passwords, rules, mail, deeds)
