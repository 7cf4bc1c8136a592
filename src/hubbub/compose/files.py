"""Open the place where the files of documents lie."""

import logging
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from pydantic import SecretStr

from hubbub.connections.object_store import ObjectStore, Place
from hubbub.core.errors import Invalid, SettingsError
from hubbub.ingest.files import Files
from hubbub.settings import Settings
from hubbub.settings.bucket import BucketAccess

if TYPE_CHECKING:
    from hubbub.connections.postgres import Postgres


logger = logging.getLogger(__name__)

CHECK = b"Hubbub looks whether it may write, read and delete here."


def in_folder(settings: Settings) -> Files:
    """Return the files of the data folder, to be entered."""
    return Files(settings.server.data_folder / "files", most_bytes=settings.limits.document_bytes)


@asynccontextmanager
async def beside_postgres(settings: Settings, database: "Postgres") -> AsyncGenerator[Files]:
    """Open the files of a library in PostgreSQL.

    Raises:
        SettingsError: the bucket can't be opened as the settings name it. Whether it is there is not asked.
    """
    here, most_bytes = settings.server.data_folder / "fetched", settings.limits.document_bytes
    match settings.database.files:
        case "folder":
            files = in_folder(settings)
        case "bucket":
            from hubbub.ingest.files_bucket import BucketFiles

            store = await _opened(settings)
            files = BucketFiles(store, here, most_bytes=most_bytes)
        case "database":
            from hubbub.ingest.files_postgres import PostgresFiles

            files = PostgresFiles(database, here, most_bytes=most_bytes)
    if (left := await left_in_database(settings, database)) is not None:
        logger.warning(left)
    async with files:
        yield files


async def left_in_database(settings: Settings, database: "Postgres") -> str | None:
    """Return what to do about files that lie in the database and are not looked for there; None where none do."""
    kept_in = settings.database.files
    if kept_in == "database" or await database.one("select 1 where to_regclass('file_content') is not null") is None:
        return None
    row = await database.one("select count(*) from file_content")
    if row is None or row[0] == 0:
        return None
    return (
        f'database.files is "{kept_in}", but the database holds files, too, which are not looked for there '
        f'({row[0]} of them). Set it to "database", run hubbub move --to folder, and from there move to an empty '
        "PostgreSQL with the new setting."
    )


async def check_bucket(settings: Settings) -> None:
    """See that files can be kept in the bucket: a small object is written, read and deleted.

    Raises:
        SettingsError: they can't; it says why.
    """
    store = await _opened(settings)
    key = f"{store.prefix}/check-{secrets.token_hex(8)}".lstrip("/")
    try:
        await store.put(key, CHECK)
        _, pieces = await store.get(key)
        is_same = b"".join([piece async for piece in pieces]) == CHECK
        await store.delete(key)
    except Invalid as error:
        raise SettingsError([f"database.bucket: {error.message}"]) from error
    if not is_same:
        raise SettingsError([f"database.bucket: “{store.name}” does not return what was written to it"])


async def _opened(settings: Settings) -> ObjectStore:
    bucket = settings.database.bucket
    try:
        store = ObjectStore(place_of(bucket.url, bucket))
        await store.open()
    except Invalid as error:
        raise SettingsError([f"database.bucket: {error.message}"]) from error
    return store


def place_of(url: str, access: BucketAccess, *, is_public: bool = False) -> Place:
    """Return where a bucket is, and who signs in there."""
    secret = access.account_key if access.account_key is not None else access.secret_access_key
    return Place(
        url,
        access.endpoint,
        access.region,
        access.account,
        access.access_key_id,
        revealed(secret),
        revealed(access.session_token),
        revealed(access.sas_token),
        is_public,
    )


def revealed(secret: SecretStr | None) -> str:
    """Return a secret as what it is for wants it; empty where there is none."""
    return "" if secret is None else secret.get_secret_value()
