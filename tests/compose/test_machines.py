"""What one machine took in, another one on the same PostgreSQL works with."""

import asyncio
from pathlib import Path
from typing import Any

from hubbub.compose import open_application_within, open_document_store
from hubbub.compose.sources import ROUND
from hubbub.connections.http import Http
from hubbub.connections.postgres import Postgres
from hubbub.core.people import Person
from hubbub.settings import Settings
from tests.ingest.test_files import stream


def settings_of(folder: Path, url: str) -> Settings:
    tables: dict[str, Any] = {
        "server": {"data_folder": folder},
        "discovery": {"is_enabled": False},
        "embedded": {"is_enabled": False},
        "embeddings": {"provider": "none"},
        "guide": {"is_enabled": False},
        "models": {"quick": {"provider": "scripted", "text": "one two three"}},
        "database": {"url": url},
    }
    return Settings.model_validate(tables)


async def test_a_file_that_came_elsewhere_is_downloaded_and_copied(tmp_path: Path, postgres_url: str) -> None:
    ann = Person("ann")
    async with (
        open_application_within(settings_of(tmp_path / "one", postgres_url)) as one,
        open_application_within(settings_of(tmp_path / "other", postgres_url)) as other,
    ):
        pets = await one.library.create("Pets", owner_id="ann", is_shared=False)
        more = await other.library.create("More", owner_id="ann", is_shared=False)
        document = await one.pipeline.add(pets.id, "cat.md", stream(b"# Cats\n\nThey sleep."), payer="person:ann")
        copied = await other.attachments.copy(ann, document.id, more.id)
        assert copied.sha256 == document.sha256
    async with open_application_within(settings_of(tmp_path / "third", postgres_url)) as third:
        stored = await third.documents.file(ann, copied.id)
        assert b"They sleep." in await asyncio.to_thread(stored.path.read_bytes)


async def test_folders_are_compared_by_one_machine_at_a_time(
    tmp_path: Path, postgres_url: str, postgres: Postgres
) -> None:
    async with (
        Http() as http,
        open_document_store(settings_of(tmp_path, postgres_url), http) as store,
        store.alone(ROUND),
    ):
        assert [row[0] for row in await postgres.all("select name from lease where until > now()")] == [ROUND]
    assert await postgres.all("select name from lease") == []
