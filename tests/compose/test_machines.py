"""What one machine took in, another one on the same PostgreSQL works with."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from hubbub.compose import check_bucket, check_databases, move, open_application_within, open_document_store
from hubbub.compose.backing_up import back_up
from hubbub.compose.sources import ROUND
from hubbub.connections.http import Http
from hubbub.connections.postgres import Postgres
from hubbub.core.errors import SettingsError
from hubbub.core.people import Person
from hubbub.settings import Settings
from tests.ingest.test_files import stream
from tests.servers.object_server import ACCOUNT, ACCOUNT_KEY, BUCKET, KEY_ID, SECRET, ObjectServer


def settings_of(folder: Path, url: str | None, bucket: dict[str, Any] | None = None) -> Settings:
    tables: dict[str, Any] = {
        "server": {"data_folder": folder},
        "discovery": {"is_enabled": False},
        "embedded": {"is_enabled": False},
        "embeddings": {"provider": "none"},
        "guide": {"is_enabled": False},
        "models": {"quick": {"provider": "scripted", "text": "one two three"}},
        "database": {"url": url} | ({} if bucket is None else {"files": "bucket", "bucket": bucket}),
    }
    return Settings.model_validate(tables)


def leave(*_: object) -> None:
    """Leave what is told."""


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


@pytest.fixture
async def server() -> AsyncIterator[ObjectServer]:
    async with ObjectServer() as server:
        yield server


def access_to(server: ObjectServer, kind: str) -> dict[str, Any]:
    """Return what the settings say of the server's bucket."""
    if kind == "azure":
        return {
            "url": f"az://{BUCKET}/kept",
            "endpoint": f"{server.url}/{ACCOUNT}",
            "account": ACCOUNT,
            "account_key": ACCOUNT_KEY,
        }
    return {
        "url": f"s3://{BUCKET}/kept",
        "endpoint": server.url,
        "region": "eu-central-1",
        "access_key_id": KEY_ID,
        "secret_access_key": SECRET,
    }


@pytest.mark.parametrize("kind", ["s3", "azure"])
async def test_files_lie_in_a_bucket_where_the_settings_say_so(
    tmp_path: Path, postgres_url: str, server: ObjectServer, kind: str
) -> None:
    ann, bucket = Person("ann"), access_to(server, kind)
    async with open_application_within(settings_of(tmp_path / "one", postgres_url, bucket)) as one:
        pets = await one.library.create("Pets", owner_id="ann", is_shared=False)
        document = await one.pipeline.add(pets.id, "cat.md", stream(b"# Cats\n\nThey sleep."), payer="person:ann")
    assert list(server.objects) == [f"kept/{document.sha256[:2]}/{document.sha256}"]
    async with Postgres(postgres_url) as database:
        assert await database.all("select sha256 from file_content") == []
    other = settings_of(tmp_path / "other", postgres_url, bucket)
    async with open_application_within(other) as there:
        stored = await there.documents.file(ann, document.id)
        assert b"They sleep." in await asyncio.to_thread(stored.path.read_bytes)
    with pytest.raises(SettingsError, match="a backup does not copy"):
        await back_up(other, tmp_path / "backup", told=leave)
    manifest = await back_up(other, tmp_path / "backup", without_originals=True, told=leave)
    assert not manifest.has_originals


@pytest.mark.parametrize("kind", ["s3", "azure"])
async def test_files_move_into_a_bucket_and_back(
    tmp_path: Path, empty_postgres_url: str, server: ObjectServer, kind: str
) -> None:
    async with open_application_within(settings_of(tmp_path / "one", None)) as one:
        pets = await one.library.create("Pets", owner_id="ann", is_shared=False)
        document = await one.pipeline.add(pets.id, "cat.md", stream(b"# Cats\n\nThey sleep."), payer="person:ann")
    bucket = access_to(server, kind)
    await move(settings_of(tmp_path / "one", empty_postgres_url, bucket), to_postgres=True, told=leave)
    assert list(server.objects) == [f"kept/{document.sha256[:2]}/{document.sha256}"]
    await asyncio.to_thread((tmp_path / "two").mkdir)
    await move(settings_of(tmp_path / "two", empty_postgres_url, bucket), to_postgres=False, told=leave)
    async with open_application_within(settings_of(tmp_path / "two", None)) as two:
        stored = await two.documents.file(Person("ann"), document.id)
        assert b"They sleep." in await asyncio.to_thread(stored.path.read_bytes)


@pytest.mark.parametrize("kind", ["s3", "azure"])
async def test_a_bucket_that_files_can_not_be_kept_in_is_told(
    tmp_path: Path, postgres_url: str, server: ObjectServer, kind: str
) -> None:
    bucket = access_to(server, kind)
    await check_bucket(settings_of(tmp_path, postgres_url, bucket))
    assert server.objects == {}
    server.is_read_only = True
    with pytest.raises(SettingsError, match="may write and delete"):
        await check_bucket(settings_of(tmp_path, postgres_url, bucket))
    with pytest.raises(SettingsError, match=r"database\.bucket: .* names no bucket"):
        async with open_application_within(settings_of(tmp_path, postgres_url, bucket | {"url": "https://x"})):
            raise AssertionError("it has opened")


async def test_files_that_were_left_in_the_database_are_told(
    tmp_path: Path, postgres_url: str, server: ObjectServer, caplog: pytest.LogCaptureFixture
) -> None:
    before = settings_of(tmp_path, postgres_url)
    async with open_application_within(before) as one:
        pets = await one.library.create("Pets", owner_id="ann", is_shared=False)
        await one.pipeline.add(pets.id, "cat.md", stream(b"# Cats\n\nThey sleep."), payer="person:ann")
    after = settings_of(tmp_path, postgres_url, access_to(server, "s3"))
    async with open_application_within(after):
        assert "(1 of them)" in caplog.text
    told = [(await check_databases(settings) or ("", "", []))[2] for settings in (before, after)]
    assert not told[0]
    assert "move --to folder" in told[1][0]


def test_a_bucket_needs_its_name_and_a_postgresql(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match=r"set database\.url"):
        settings_of(tmp_path, None, {"url": "s3://docs"})
    with pytest.raises(ValidationError, match=r"needs database\.bucket\.url"):
        settings_of(tmp_path, "postgresql://localhost/x", {})


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
