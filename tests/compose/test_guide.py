"""The guide as a collection: there on a new data folder, gone where it is switched off, back where it is on again."""

from pathlib import Path

from hubbub.compose import open_application_within
from hubbub.compose.documents import GUIDE
from hubbub.core.people import OPERATOR_ID
from tests.embed.hosts import settings_in


async def names_with(folder: Path, *, is_enabled: bool, makes: str = "", deletes: str = "") -> list[str]:
    """Open everything on a folder, and return the names of the collections there."""
    settings = settings_in(folder, guide={"is_enabled": is_enabled})
    async with open_application_within(settings) as services:
        if makes:
            await services.library.create(makes, owner_id=OPERATOR_ID, is_shared=True)
        for one in await services.library.collections():
            if one.name == deletes:
                await services.pipeline.remove_collection(one.id)
        return [one.name for one in await services.library.collections()]


async def test_it_can_be_switched_off_and_on(tmp_path: Path) -> None:
    assert await names_with(tmp_path, is_enabled=True, makes="Ours") == [GUIDE, "Ours"]
    assert await names_with(tmp_path, is_enabled=False) == ["Ours"]
    assert await names_with(tmp_path, is_enabled=False) == ["Ours"]
    assert await names_with(tmp_path, is_enabled=True) == [GUIDE, "Ours"]


async def test_a_new_folder_may_begin_without_it(tmp_path: Path) -> None:
    assert await names_with(tmp_path, is_enabled=False, makes="Ours") == ["Ours"]
    assert await names_with(tmp_path, is_enabled=True) == [GUIDE, "Ours"]


async def test_where_it_was_deleted_it_stays_so(tmp_path: Path) -> None:
    assert await names_with(tmp_path, is_enabled=True, makes="Ours", deletes=GUIDE) == ["Ours"]
    assert await names_with(tmp_path, is_enabled=True) == ["Ours"]
