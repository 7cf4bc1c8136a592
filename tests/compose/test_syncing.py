"""Folders of the settings are kept equal to their collections, by one process of all on a data folder."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from hubbub.compose import DocumentStore, going_on, open_document_store, prepare_folder
from hubbub.compose.syncing import keep_synced
from hubbub.connections.http import Http
from hubbub.core.people import OPERATOR_ID
from hubbub.search import library_sqlite, sqlite
from hubbub.settings import Settings
from hubbub.settings.ingest import SyncedFolder, SyncedWebsite, Urls
from tests.patience import patience
from tests.servers.web_server import WebServer

LOADED = (library_sqlite, sqlite)
"""What the store loads by name: to read their SQL would hold up the loop."""


class Place:
    """A folder, the settings that name it, and the store that it is synced into."""

    def __init__(self, root: Path, settings: Settings, store: DocumentStore) -> None:
        self.folder = root / "docs"
        self.settings = settings
        self.store = store

    async def names(self) -> dict[str, list[str]]:
        """Return the names of the documents, by their collections."""
        found = await self.store.library.named_collections()
        return {one.name: [each.name for each in await self.store.library.documents(one.id)] for one in found}

    async def until(self, is_so: Callable[[dict[str, list[str]]], bool]) -> None:
        async with patience():
            while not is_so(await self.names()):
                await asyncio.sleep(0.02)


def settings_for(root: Path) -> Settings:
    wanted = {"path": root / "docs", "collection": "Docs", "every_seconds": 0.05, "quiet_seconds": 0.01}
    defaults = Settings()
    return defaults.model_copy(
        update={
            "server": defaults.server.model_copy(update={"data_folder": root / "data"}),
            "embeddings": defaults.embeddings.model_copy(update={"provider": "none"}),
            "ingest": defaults.ingest.model_copy(update={"folders": (SyncedFolder.model_validate(wanted),)}),
        }
    )


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = settings_for(tmp_path)
    prepare_folder(made.server.data_folder)
    (tmp_path / "docs").mkdir()
    return made


@pytest_asyncio.fixture
async def place(tmp_path: Path, settings: Settings) -> AsyncIterator[Place]:
    async with Http() as http, open_document_store(settings, http) as store:
        yield Place(tmp_path, settings, store)


async def test_a_website_is_followed_like_a_folder(place: Place) -> None:
    async with WebServer() as site:
        wanted = {"url": site.url, "collection": "Site", "every_seconds": 0.05, "pause_seconds": 0}
        changed = {
            "folders": (),
            "websites": (SyncedWebsite.model_validate(wanted),),
            "urls": Urls(networks=("127.0.0.1",), ports=(site.port,)),
        }
        ingest = place.settings.ingest.model_copy(update=changed)
        site.put("/a", "text of a")
        site.put("/sitemap.xml", f"<urlset><url><loc>{site.url}/a</loc></url></urlset>", "text/xml")
        async with going_on(keep_synced(place.store, place.settings.model_copy(update={"ingest": ingest}))):
            await place.until(lambda names: names.get("Site") == ["a.html"])
            site.put("/b", "text of b")
            site.put("/sitemap.xml", f"<urlset><url><loc>{site.url}/b</loc></url></urlset>", "text/xml")
            await place.until(lambda names: names.get("Site") == ["b.html"])


async def test_a_collection_is_made_and_follows_its_folder(place: Place) -> None:
    (place.folder / "a.txt").write_text("a")
    async with going_on(keep_synced(place.store, place.settings)):
        await place.until(lambda names: names.get("Docs") == ["a.txt"])
        (made,) = await place.store.library.named_collections()
        assert (made.owner_id, made.is_shared) == (OPERATOR_ID, False)
        (place.folder / "b.txt").write_text("b")
        (place.folder / "a.txt").unlink()
        await place.until(lambda names: names["Docs"] == ["b.txt"])


async def test_several_processes_sync_a_folder_once(place: Place) -> None:
    (place.folder / "a.txt").write_text("a")
    async with AsyncExitStack() as stack:
        for _ in range(3):
            await stack.enter_async_context(going_on(keep_synced(place.store, place.settings)))
        await place.until(lambda names: names.get("Docs") == ["a.txt"])
        assert list(await place.names()) == ["Docs"]


async def test_a_collection_that_is_deleted_comes_back(place: Place) -> None:
    (place.folder / "a.txt").write_text("a")
    async with going_on(keep_synced(place.store, place.settings)):
        await place.until(lambda names: names.get("Docs") == ["a.txt"])
        (made,) = await place.store.library.named_collections()
        await place.store.pipeline.remove_collection(made.id)
        await place.until(lambda names: names.get("Docs") == ["a.txt"])


async def test_a_folder_that_is_away_is_said_once_and_keeps_its_documents(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    (place.folder / "a.txt").write_text("a")
    caplog.set_level(logging.INFO)

    def said(words: str) -> int:
        return sum(words in record.getMessage() for record in caplog.records)

    async with going_on(keep_synced(place.store, place.settings)):
        await place.until(lambda names: names.get("Docs") == ["a.txt"])
        away = place.folder.rename(place.folder.with_name("away"))
        async with patience():
            while not said("can't be synced now"):
                await asyncio.sleep(0.02)
        assert (await place.names())["Docs"] == ["a.txt"]
        (away / "b.txt").write_text("b")
        away.rename(place.folder)
        await place.until(lambda names: names["Docs"] == ["a.txt", "b.txt"])
    assert said("can't be synced now: ") == 1  # for as many rounds as it was away


async def test_without_folders_nothing_is_done(place: Place) -> None:
    async with patience():
        await keep_synced(place.store, place.settings.model_copy(update={"ingest": Settings().ingest}))
    assert await place.names() == {}
