"""Build what lets providers' SCIM clients in: for each provider with a token, its people and its groups."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hubbub.app.accounts import Accounts
from hubbub.app.provisioning import Provisioners, Provisioning, Source
from hubbub.compose.documents import DocumentStore
from hubbub.connections.sqlite import Sqlite
from hubbub.core.errors import SettingsError
from hubbub.core.provisioned_groups import ProvisionedGroups
from hubbub.identity.provisioned import ProvisionedStore
from hubbub.identity.provisioned_sqlite import SqliteProvisioned
from hubbub.search.permissions_sqlite import SqliteGroups
from hubbub.search.provisioned_sqlite import SqliteProvisionedGroups
from hubbub.settings import Settings
from hubbub.settings.scim import Scim
from hubbub.usage.meter import Meter

if TYPE_CHECKING:
    from hubbub.compose.beside_chats import ChatsDatabase


async def open_provisioners(
    settings: Settings, chats: "ChatsDatabase", store: DocumentStore, accounts: Accounts | None, meter: Meter
) -> Provisioners | None:
    """Return what lets SCIM clients in; None where no provider has a token. The tables are made in any case.

    Raises:
        SettingsError: groups can't be kept in this library.
    """
    if accounts is None:
        return None
    await _people_in(chats, "").open()
    if (groups := _groups_in(store, "")) is not None:
        await groups.open()
    found: list[tuple[str, Provisioning]] = []
    for name, scim in provisioning(settings).items():
        if (groups := _groups_in(store, name)) is None:
            raise SettingsError([f"identity: SCIM of {name} keeps groups in Hubbub's own library, and this one is not"])
        if scim.token is not None:
            source = Source(name, scim.known_by)
            parts = (_people_in(chats, name), groups, store.library.groups, accounts, meter.forget_group)
            found.append((scim.token.get_secret_value(), Provisioning(source, *parts)))
    return Provisioners(found, accounts.deeds) if found else None


def provisioning(settings: Settings) -> Mapping[str, Scim]:
    """Return the providers whose SCIM clients are let in."""
    wanted = settings.identity
    scims = {name: one.scim for name, one in (*wanted.oidc.items(), *wanted.proxies.items())}
    return {name: one for name, one in scims.items() if one.token is not None}


def faults_of_provisioning(settings: Settings) -> list[str]:
    """Return which providers have the same token."""
    seen: dict[str, str] = {}
    faults: list[str] = []
    for name, scim in provisioning(settings).items():
        token = scim.token.get_secret_value() if scim.token is not None else ""
        if (other := seen.setdefault(token, name)) != name:
            faults.append(f"identity: the providers {other} and {name} have the same scim.token; each needs its own")
    return faults


def _people_in(database: "ChatsDatabase", provider: str) -> "ProvisionedStore":
    if isinstance(database, Sqlite):
        return SqliteProvisioned(database, provider)
    from hubbub.identity.provisioned_postgres import PostgresProvisioned

    return PostgresProvisioned(database, provider)


def _groups_in(store: DocumentStore, provider: str) -> "ProvisionedGroups | None":
    """Return what keeps a provider's groups, in the library's database; None: that is somebody's own."""
    if isinstance(store.library.groups, SqliteGroups):
        return SqliteProvisionedGroups(store.outbox.database, provider) if store.outbox is not None else None
    if store.leases is None:
        return None
    from hubbub.search.provisioned_postgres import PostgresProvisionedGroups

    return PostgresProvisionedGroups(store.leases, provider)
