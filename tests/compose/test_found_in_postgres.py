"""What is said of a PostgreSQL before it is used: what it lacks, and documents that would be missed."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from hubbub.compose import check_databases
from hubbub.compose.databases import library_in
from hubbub.compose.one_folder import MARK, check_moved
from hubbub.connections.postgres import Postgres
from hubbub.connections.threads import in_a_thread
from hubbub.core.documents import Document
from hubbub.core.errors import SettingsError
from hubbub.search.library_sqlite import SqliteLibrary
from hubbub.search.sqlite import SqliteSearch
from hubbub.settings import Settings


def settings_of(folder: Path, url: str, **database: Any) -> Settings:
    return Settings.model_validate({"server": {"data_folder": folder}, "database": {"url": url, **database}})


async def test_what_it_lacks_is_said_with_what_to_do(tmp_path: Path, empty_postgres_url: str) -> None:
    connection = await asyncpg.connect(empty_postgres_url)
    try:
        await connection.execute(
            "do $$ begin create role hubbub_plain login; exception when duplicate_object then null; end $$; "
            "grant create on schema public to hubbub_plain"
        )
        name = urlsplit(empty_postgres_url)
        plain = urlunsplit(name._replace(netloc=f"hubbub_plain:@{name.netloc.rpartition('@')[2]}"))
        found = await check_databases(settings_of(tmp_path, plain, connections=900))
        assert found is not None
        who, said, lacks = found
        assert who.startswith("PostgreSQL at ")
        assert "pgvector 0." in said
        assert lacks[0].startswith("The search goes by words alone.")
        assert "Run `create extension vector` there as a superuser." in lacks[0]
        assert "Raise max_connections, or lower database.connections." in lacks[1]
        await connection.execute("create extension vector")
        found = await check_databases(settings_of(tmp_path, plain))
        assert found is not None
        assert found[2] == []
    finally:
        await connection.execute("drop owned by hubbub_plain")
        await connection.close()


async def test_documents_that_lie_in_the_folder_still_are_not_missed(tmp_path: Path, empty_postgres_url: str) -> None:
    settings = settings_of(tmp_path, empty_postgres_url)
    async with library_in(tmp_path) as database, SqliteSearch(database, None), SqliteLibrary(database) as library:
        collection = await library.create("Pets", owner_id="ann", is_shared=False)
        await library.add(Document("d1", collection.id, "cat.md", "0" * 64, 1))
    async with Postgres(empty_postgres_url) as postgres:
        await check_moved(settings, postgres)  # this folder never belonged to a PostgreSQL
        await in_a_thread(lambda: (tmp_path / MARK).write_text("x"))
        with pytest.raises(SettingsError, match="hubbub move --documents --to"):
            await check_moved(settings, postgres)
