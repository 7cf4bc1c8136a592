"""Choose what keeps people, links, guests' things, quotas and the audit, by the database that the chats are in."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from hubbub.app.readings import ReadingStore
from hubbub.app.readings_sqlite import SqliteReadings
from hubbub.audit.outbox import Outbox
from hubbub.audit.sqlite import SqliteAudit
from hubbub.connections.sqlite import Sqlite
from hubbub.history.links_sqlite import SqliteLinks
from hubbub.identity.accounts_sqlite import SqliteAccounts
from hubbub.identity.id_tokens_sqlite import SqliteIdTokens
from hubbub.identity.jobs_sqlite import PersonJobs
from hubbub.identity.passkeys_sqlite import SqlitePasskeys
from hubbub.identity.people_sqlite import SqlitePeople
from hubbub.identity.sign_ins_sqlite import SqliteSignIns
from hubbub.identity.stores import ExportStore, IdTokens
from hubbub.usage.quotas_sqlite import SqliteQuotas

if TYPE_CHECKING:
    from hubbub.audit.postgres import PostgresAudit
    from hubbub.connections.postgres import Postgres
    from hubbub.history.links_postgres import PostgresLinks
    from hubbub.identity.accounts_postgres import PostgresAccounts
    from hubbub.identity.jobs_postgres import PostgresJobs
    from hubbub.identity.passkeys_postgres import PostgresPasskeys
    from hubbub.identity.people_postgres import PostgresPeople
    from hubbub.identity.sign_ins_postgres import PostgresSignIns
    from hubbub.usage.quotas_postgres import PostgresQuotas

ChatsDatabase: TypeAlias = "Sqlite | Postgres"


def people_in(database: ChatsDatabase) -> "SqlitePeople | PostgresPeople":
    """Return what keeps people, to be opened."""
    if isinstance(database, Sqlite):
        return SqlitePeople(database)
    from hubbub.identity.people_postgres import PostgresPeople

    return PostgresPeople(database)


def sign_ins_in(database: ChatsDatabase) -> "SqliteSignIns | PostgresSignIns":
    """Return what keeps sign-ins, to be opened."""
    if isinstance(database, Sqlite):
        return SqliteSignIns(database)
    from hubbub.identity.sign_ins_postgres import PostgresSignIns

    return PostgresSignIns(database)


def id_tokens_in(database: ChatsDatabase) -> IdTokens:
    """Return what keeps ID tokens, beside sign-ins that are open."""
    if isinstance(database, Sqlite):
        return SqliteIdTokens(database)
    from hubbub.identity.sign_ins_postgres import PostgresIdTokens

    return PostgresIdTokens(database)


def accounts_in(database: ChatsDatabase) -> "SqliteAccounts | PostgresAccounts":
    """Return what keeps accounts, to be opened."""
    if isinstance(database, Sqlite):
        return SqliteAccounts(database)
    from hubbub.identity.accounts_postgres import PostgresAccounts

    return PostgresAccounts(database)


def passkeys_in(database: ChatsDatabase) -> "SqlitePasskeys | PostgresPasskeys":
    """Return what keeps passkeys, to be opened."""
    if isinstance(database, Sqlite):
        return SqlitePasskeys(database)
    from hubbub.identity.passkeys_postgres import PostgresPasskeys

    return PostgresPasskeys(database)


def links_in(database: ChatsDatabase) -> "SqliteLinks | PostgresLinks":
    """Return what keeps links to chats, to be opened behind the chats."""
    if isinstance(database, Sqlite):
        return SqliteLinks(database)
    from hubbub.history.links_postgres import PostgresLinks

    return PostgresLinks(database)


def audit_in(database: ChatsDatabase, outbox: Outbox | None = None) -> "SqliteAudit | PostgresAudit":
    """Return the audit, to be opened. It takes over what deeds in another file leave in its outbox."""
    outboxes: Sequence[Outbox] = [outbox] if outbox is not None else []
    if isinstance(database, Sqlite):
        return SqliteAudit(database, outboxes=outboxes)
    from hubbub.audit.postgres import PostgresAudit

    return PostgresAudit(database, outboxes=outboxes)


def quotas_in(database: ChatsDatabase) -> "SqliteQuotas | PostgresQuotas":
    """Return what keeps the quotas that operators set, to be opened."""
    if isinstance(database, Sqlite):
        return SqliteQuotas(database)
    from hubbub.usage.quotas_postgres import PostgresQuotas

    return PostgresQuotas(database)


def jobs_in(database: ChatsDatabase) -> "PersonJobs | PostgresJobs":
    """Return what keeps erasures and holds, to be opened."""
    if isinstance(database, Sqlite):
        return PersonJobs(database)
    from hubbub.identity.jobs_postgres import PostgresJobs

    return PostgresJobs(database)


def exports_in(database: ChatsDatabase) -> ExportStore | None:
    """Return what keeps exports, beside jobs that are open; None: they are files on this one machine."""
    if isinstance(database, Sqlite):
        return None
    from hubbub.identity.exports_postgres import PostgresExports

    return PostgresExports(database)


def readings_in(database: ChatsDatabase) -> ReadingStore:
    """Return what keeps which operators read whose things, beside jobs that are open."""
    if isinstance(database, Sqlite):
        return SqliteReadings(database)
    from hubbub.app.readings_postgres import PostgresReadings

    return PostgresReadings(database)
