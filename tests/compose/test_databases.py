"""What the composition knows of the databases is what the back ends make."""

from pathlib import Path

from hubbub.compose import prepare_folder
from hubbub.compose.application import open_application
from hubbub.compose.backends import load_backends
from hubbub.compose.databases import CHATS, LIBRARY, POSTGRES, chats_in, library_in, postgres_steps
from hubbub.connections.postgres import Postgres
from hubbub.connections.sqlite import Connection, Sqlite
from hubbub.connections.threads import in_a_thread
from hubbub.search.azure_ledger import Ledger
from hubbub.settings import load_settings


async def steps(database: Sqlite) -> dict[str, int]:
    return dict(await database.read(Connection.all, "select room, max(step) from migration group by room"))


async def test_all_rooms_stand_there_with_as_many_scripts_as_they_have(tmp_path: Path) -> None:
    flags = {
        "server": {"data_folder": tmp_path},
        "embedded": {"is_enabled": False},
        "embeddings": {"provider": "none"},
        "discovery": {"is_enabled": False},
        "identity": {"accounts": {"is_enabled": True}},
    }
    settings = await in_a_thread(lambda: load_settings(flags))
    await in_a_thread(lambda: prepare_folder(tmp_path))
    await in_a_thread(lambda: load_backends(settings))
    async with open_application(settings), chats_in(tmp_path) as chats, library_in(tmp_path) as library:
        await Ledger(library).open("an index", None)
        assert await steps(chats) == CHATS
        assert await steps(library) == LIBRARY


async def test_the_same_holds_for_postgres(tmp_path: Path, empty_postgres_url: str) -> None:
    flags = {
        "server": {"data_folder": tmp_path},
        "database": {"url": empty_postgres_url},
        "identity": {"accounts": {"is_enabled": True}},
        "embedded": {"is_enabled": False},
        "embeddings": {"provider": "none"},
        "discovery": {"is_enabled": False},
    }
    settings = await in_a_thread(lambda: load_settings(flags))
    await in_a_thread(lambda: prepare_folder(tmp_path))
    await in_a_thread(lambda: load_backends(settings))
    async with open_application(settings), Postgres(empty_postgres_url) as database:
        rows = await database.all("select room, max(step) from migration group by room")
        own = {room: steps for room, steps in POSTGRES.items() if room != "folder"}  # only beside documents in a folder
        assert dict(rows) == own == {room: len(scripts) for room, scripts in postgres_steps().items()}
    assert not await in_a_thread(lambda: list(tmp_path.glob("*.db")))
