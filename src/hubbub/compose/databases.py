"""Name the database files of the data folder, and how far this version knows the tables in each."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hubbub.connections.sqlite import Sqlite
from hubbub.connections.threads import in_a_thread
from hubbub.core.errors import SettingsError
from hubbub.settings import Settings

if TYPE_CHECKING:
    from hubbub.connections.postgres import Postgres

CHATS: Mapping[str, int] = {
    "history": 9,
    "answers": 7,
    "sessions": 1,
    "identity": 2,
    "cookies": 1,
    "people": 3,
    "accounts": 1,
    "usage": 1,
    "audit": 2,
    "person_jobs": 2,
    "guests": 1,
    "links": 1,
    "recovery": 1,
    "passkeys": 1,
    "provisioned": 1,
    "quotas": 1,
}
"""The rooms that keep tables beside the chats, and how many scripts each has. A room that is given up stays here:
a newer version is told by rooms that don't stand here."""
POSTGRES: Mapping[str, int] = {
    "history": 5,
    "answers": 3,
    "sessions": 1,
    "identity": 2,
    "cookies": 1,
    "people": 1,
    "accounts": 1,
    "links": 1,
    "audit": 1,
    "guests": 1,
    "person_jobs": 3,
    "folder": 1,
    "search": 2,
    "library": 3,
    "origins": 1,
    "files": 1,
    "leases": 1,
    "usage": 1,
    "quotas": 1,
    "provisioned": 1,
    "provisioned_groups": 1,
}
"""The same for PostgreSQL, whose scripts are its own."""
LIBRARY: Mapping[str, int] = {"search": 4, "library": 8, "azure": 2, "origins": 1, "outbox": 1, "provisioned": 1}


def chats_of(settings: Settings) -> "Sqlite | Postgres":
    """Return the database of chats, answers, keys and sessions that the settings name, to be opened.

    Raises:
        SettingsError: its driver is not installed.
    """
    url = settings.database.url
    if url is None:
        return chats_in(settings.server.data_folder)
    try:
        from hubbub.connections.postgres import Postgres
    except ImportError as error:
        raise SettingsError([f"database.url: needs the package {error.name}. Install hubbub[postgres]"]) from error
    wanted = settings.database
    return Postgres(
        url.get_secret_value(),
        connections=wanted.connections,
        statement_seconds=wanted.statement_seconds,
        known=POSTGRES,
    )


def chats_in(folder: Path) -> Sqlite:
    """Return the database of chats, answers, keys and sessions, to be opened."""
    return Sqlite(folder / "hubbub.db", known=CHATS)


def library_in(folder: Path) -> Sqlite:
    """Return the database of collections, documents and passages, to be opened."""
    return Sqlite(folder / "library.db", known=LIBRARY)


async def make_tables(database: "Postgres") -> None:
    """Make all tables of Hubbub's own in a PostgreSQL, as opening each room does."""
    for room, steps in postgres_steps().items():
        await database.migrate(room, steps)


def postgres_steps() -> dict[str, Sequence[str]]:
    """Return the scripts that make and change the tables in PostgreSQL, by room. All that uses them is imported."""
    from hubbub.answers import postgres as answers
    from hubbub.app import readings_postgres as jobs
    from hubbub.audit import postgres as audit
    from hubbub.compose import guests_postgres as guests
    from hubbub.connections import postgres_leases as leases
    from hubbub.history import links_postgres as links
    from hubbub.history import postgres as history
    from hubbub.history import sessions_postgres as sessions
    from hubbub.identity import cookies_postgres as cookies
    from hubbub.identity import keys_postgres as keys
    from hubbub.identity import passkeys_postgres as passkeys
    from hubbub.identity import provisioned_postgres as provisioned
    from hubbub.identity import sign_ins_postgres as sign_ins
    from hubbub.ingest import files_postgres as files
    from hubbub.ingest import origins_postgres as origins
    from hubbub.search import library_postgres as library
    from hubbub.search import provisioned_postgres as provisioned_groups
    from hubbub.usage import postgres as usage
    from hubbub.usage import quotas_postgres as quotas

    return {
        "history": history.STEPS,
        "answers": answers.STEPS,
        "sessions": sessions.STEPS,
        "identity": keys.STEPS,
        "cookies": cookies.STEPS,
        "people": sign_ins.STEPS,
        "accounts": passkeys.STEPS,
        "links": links.STEPS,
        "audit": audit.STEPS,
        "guests": guests.STEPS,
        "person_jobs": jobs.STEPS,
        "search": library.SEARCH_STEPS,
        "library": library.STEPS,
        "origins": origins.STEPS,
        "files": files.STEPS,
        "leases": leases.STEPS,
        "usage": usage.STEPS,
        "quotas": quotas.STEPS,
        "provisioned": provisioned.STEPS,
        "provisioned_groups": provisioned_groups.STEPS,
    }


async def _lacks(settings: Settings, database: "Postgres") -> list[str]:
    """Return what a PostgreSQL lacks that Hubbub does without, each in a sentence that says what to do."""
    from hubbub.compose.files import left_in_database
    from hubbub.search.postgres_vectors import lack_of_vectors

    lacks: list[str] = []
    lack = None if settings.embeddings.provider == "none" else await lack_of_vectors(database, makes_it=False)
    if lack is not None:
        lacks.append(f"The search goes by words alone. {lack[0].upper()}{lack[1:]}")
    most = await database.one("select current_setting('max_connections')::integer")
    wanted = settings.server.workers * settings.database.connections
    if most is not None and wanted > most[0]:
        lacks.append(
            f"{settings.server.workers} workers may open {wanted} connections, and {database.who} has {most[0]}. Raise "
            "max_connections, or lower database.connections."
        )
    if (left := await left_in_database(settings, database)) is not None:
        lacks.append(left)
    return lacks


async def check_databases(settings: Settings) -> tuple[str, str, list[str]] | None:
    """Return which PostgreSQL is used, what was found there, and what is missing; None: none is used.

    Nothing is made or changed.

    Raises:
        SettingsError: a newer version wrote one, or it is no database.
        StoreError: one can't be opened.
    """
    folder = settings.server.data_folder
    found: tuple[str, str, list[str]] | None = None
    if settings.database.url is not None:
        async with chats_of(settings) as database:
            if not isinstance(database, Sqlite):
                found = (database.who, await database.describe(), await _lacks(settings, database))
    for database in (chats_in(folder), library_in(folder)):
        if await in_a_thread(database.path.exists):
            async with database:
                pass
    return found
