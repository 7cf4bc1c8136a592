"""A group that its provider renames: models are shared with groups by name, so open answers are looked at anew."""

from msgspec.structs import replace

from hubbub.connections.postgres import Postgres
from hubbub.connections.sqlite import Sqlite
from hubbub.search.library_postgres import PostgresLibrary
from hubbub.search.library_sqlite import SqliteLibrary
from hubbub.search.provisioned_postgres import PostgresProvisionedGroups
from hubbub.search.provisioned_sqlite import SqliteProvisionedGroups
from hubbub.search.sqlite import SqliteSearch


async def test_another_name_is_another_revision_of_rights(database: Sqlite | Postgres) -> None:
    if isinstance(database, Sqlite):
        groups, library = SqliteProvisionedGroups(database, "acme"), SqliteLibrary(database)
        search = SqliteSearch(database, None)
        async with search, library:
            await groups.open()
            await _renamed(groups, library)
    else:
        groups, library = PostgresProvisionedGroups(database, "acme"), PostgresLibrary(database)
        async with library:
            await groups.open()
            await _renamed(groups, library)


async def _renamed(
    groups: SqliteProvisionedGroups | PostgresProvisionedGroups, library: SqliteLibrary | PostgresLibrary
) -> None:
    team = await groups.add("Team", "t-1", [])
    before = await library.permissions.revision()
    await groups.change(team.id, lambda group: replace(group, external_id="t-2"))
    assert await library.permissions.revision() == before
    await groups.change(team.id, lambda group: replace(group, name="Others"))
    assert await library.permissions.revision() != before
