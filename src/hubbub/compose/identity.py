"""Build what says who asks: browsers' cookies, API keys, sign-ins, and accounts with passwords."""

import ipaddress
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hubbub.app.accounts import AccountRules, Accounts
from hubbub.compose.backends import name_of, open_backend
from hubbub.compose.databases import chats_of
from hubbub.compose.one_folder import cookie_key_of
from hubbub.connections.http import Http
from hubbub.connections.mail import Mail, MailServer
from hubbub.connections.sqlite import Sqlite
from hubbub.core.errors import SettingsError
from hubbub.identity.accounts_sqlite import SqliteAccounts
from hubbub.identity.base import Identity, Keys, People, SignInStore
from hubbub.identity.cookies import Cookies, WasKnown
from hubbub.identity.keys import Keyring
from hubbub.identity.oidc import Client, Provider, Providers
from hubbub.identity.open import OpenIdentity
from hubbub.identity.passwords import Passwords
from hubbub.identity.people_sqlite import SqlitePeople
from hubbub.identity.sign_ins import SignIns
from hubbub.identity.sign_ins_sqlite import SqliteSignIns
from hubbub.identity.signed_in import SignedInIdentity
from hubbub.settings import Settings

if TYPE_CHECKING:
    from hubbub.connections.postgres import Postgres

HOUR_SECONDS = 3600.0


@dataclass(frozen=True)
class Doors:
    """What says who asks, and what keeps those who do. Without a way to sign in there is no `sign_ins`."""

    identity: Identity
    people: People | None = None
    sign_ins: SignIns | None = None
    accounts: Accounts | None = None
    providers: Providers | None = None


def ways_to_sign_in(settings: Settings) -> tuple[str, ...]:
    """Return the settings by which people can sign in on the page; none: they can't."""
    ways = ("identity.accounts",) if settings.identity.accounts.is_enabled else ()
    return (*ways, *(f"identity.oidc.{name}" for name in settings.identity.oidc))


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
    database: "Sqlite | Postgres",
    given: Identity | None,
    was_known: WasKnown,
    http: Http,
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
    keys: Keys = await open_backend(stack, "keys", name_of(settings, "keys"), database=database)
    keyring = await stack.enter_async_context(Keyring(keys))
    cookies = Cookies(await cookie_key_of(database), was_known)
    if not ways_to_sign_in(settings):
        resources = {"keyring": keyring, "needs_key": wanted.needs_key, "cookies": cookies}
        return Doors(await open_backend(stack, "identity", wanted.backend, **resources))
    people = await open_people_in(stack, database)
    sign_ins = await open_sign_ins(stack, settings, database)
    others = OpenIdentity(keyring, cookies=cookies)
    identity = SignedInIdentity(sign_ins, others, open_to_everybody=wanted.open_to_everybody)
    accounts = await open_accounts(stack, settings, database, keys=keys, sign_ins=sign_ins, people=people)
    return Doors(identity, people, sign_ins, accounts, _providers(settings, http))


@asynccontextmanager
async def open_people(settings: Settings) -> AsyncGenerator[tuple[Accounts, People]]:
    """Open what keeps people and accounts, beside a server that may run. The data folder has to be there."""
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(chats_of(settings))
        keys: Keys = await open_backend(stack, "keys", name_of(settings, "keys"), database=database)
        people = await open_people_in(stack, database)
        sign_ins = await open_sign_ins(stack, settings, database)
        yield await open_accounts(stack, settings, database, keys=keys, sign_ins=sign_ins, people=people), people


async def open_people_in(stack: AsyncExitStack, database: "Sqlite | Postgres") -> People:
    """Open what keeps people in a database."""
    if isinstance(database, Sqlite):
        return await stack.enter_async_context(SqlitePeople(database))
    from hubbub.identity.people_postgres import PostgresPeople

    return await stack.enter_async_context(PostgresPeople(database))


async def open_sign_ins_in(stack: AsyncExitStack, database: "Sqlite | Postgres") -> SignInStore:
    """Open what keeps sign-ins in a database."""
    if isinstance(database, Sqlite):
        return await stack.enter_async_context(SqliteSignIns(database))
    from hubbub.identity.sign_ins_postgres import PostgresSignIns

    return await stack.enter_async_context(PostgresSignIns(database))


async def open_sign_ins(stack: AsyncExitStack, settings: Settings, database: "Sqlite | Postgres") -> SignIns:
    """Open the sign-ins of people on browsers."""
    store = await open_sign_ins_in(stack, database)
    wanted = settings.identity
    idle, total = wanted.idle_hours * HOUR_SECONDS, wanted.sign_in_hours * HOUR_SECONDS
    return await stack.enter_async_context(SignIns(store, idle_seconds=idle, total_seconds=total))


async def open_accounts(
    stack: AsyncExitStack,
    settings: Settings,
    database: "Sqlite | Postgres",
    *,
    keys: Keys,
    sign_ins: SignIns,
    people: People,
) -> Accounts:
    """Open the accounts with passwords."""
    wanted = settings.identity.accounts
    if isinstance(database, Sqlite):
        store = await stack.enter_async_context(SqliteAccounts(database))
    else:
        from hubbub.identity.accounts_postgres import PostgresAccounts

        store = await stack.enter_async_context(PostgresAccounts(database))
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
    return Accounts(store, people, sign_ins, keys, passwords, rules, mail)


def _providers(settings: Settings, http: Http) -> Providers:
    return Providers(
        {
            name: Provider(
                Client(
                    name=name,
                    label=one.label or name,
                    issuer=one.issuer,
                    client_id=one.client_id,
                    client_secret=one.client_secret.get_secret_value() if one.client_secret else "",
                    scopes=one.scopes,
                    groups_claim=one.groups_claim,
                    roles_claim=one.roles_claim,
                    operator_groups=frozenset(one.operator_groups),
                    allowed_groups=frozenset(one.allowed_groups),
                    allowed_domains=frozenset(domain.lower() for domain in one.allowed_domains),
                    allowed_tenants=one.allowed_tenants,
                ),
                http,
            )
            for name, one in settings.identity.oidc.items()
        }
    )
