"""Keep which groups a provider has provisioned in SQLite, in the library's database."""

import json
import time
from collections.abc import Sequence

from msgspec.structs import replace

from hubbub.connections.sqlite import Connection, Sqlite, load_sql
from hubbub.core.identifiers import new_id
from hubbub.core.provisioned_groups import (
    SAME_EXTERNAL,
    ChangeGroup,
    ProvisionedGroup,
    TakenGroup,
    WantedGroups,
    no_group,
    taken,
)
from hubbub.search.permissions_rows import usable_group_name

_SQL = load_sql("hubbub.search", "provisioned.sql")
SCRIPTS = (_SQL["create_tables"],)


class SqliteProvisionedGroups:
    """A `ProvisionedGroups` in the library's database, whose tables are there."""

    def __init__(self, database: Sqlite, provider: str) -> None:
        self._database = database
        self._provider = provider

    async def open(self) -> None:
        """Make the tables."""
        await self._database.migrate("provisioned", SCRIPTS)

    async def find(self, group_id: str, *, with_members: bool = True) -> ProvisionedGroup | None:
        return await self._database.read(self._find, group_id, with_members=with_members)

    async def page(
        self, wanted: WantedGroups, offset: int, limit: int, *, with_members: bool = True
    ) -> tuple[int, Sequence[ProvisionedGroup]]:
        asked = (self._provider, wanted.id, wanted.name, wanted.external_id, wanted.member)

        def page(connection: Connection) -> tuple[int, Sequence[ProvisionedGroup]]:
            count = connection.one(_SQL["count"], asked)
            rows = connection.all(_SQL["page"], (*asked, limit, offset)) if limit else []
            found = [ProvisionedGroup(*row) for row in rows]
            return count[0] if count else 0, [_whole(connection, one) for one in found] if with_members else found

        return await self._database.read(page)

    async def add(self, name: str, external_id: str, members: Sequence[str]) -> ProvisionedGroup:
        group_id, name = new_id(), usable_group_name(name)

        def add(connection: Connection) -> ProvisionedGroup:
            self._check_same(connection, group_id, name, external_id)
            now = time.time()
            connection.all(_SQL["insert_group"], (group_id, name, now))
            connection.all(_SQL["add"], (group_id, self._provider, external_id, now))
            connection.all(_SQL["put_members"], (group_id, json.dumps(list(members))))
            return self._known(connection, group_id)

        return await self._database.write(add)

    async def change(self, group_id: str, change: ChangeGroup) -> ProvisionedGroup:
        def write(connection: Connection) -> ProvisionedGroup:
            before = self._known(connection, group_id)
            after = change(before)
            name = usable_group_name(after.name)
            self._check_same(connection, group_id, name, after.external_id)
            connection.all(_SQL["rename"], (name, group_id))
            connection.all(_SQL["change"], (after.external_id, time.time(), group_id))
            were, are = set(before.members), set(after.members)
            connection.all(_SQL["remove_members"], (group_id, json.dumps(sorted(were - are))))
            connection.all(_SQL["put_members"], (group_id, json.dumps(sorted(are - were))))
            return self._known(connection, group_id)

        return await self._database.write(write)

    async def drop_person(self, person_id: str) -> None:
        await self._database.write(Connection.all, _SQL["drop_person"], (self._provider, person_id))

    def _find(self, connection: Connection, group_id: str, *, with_members: bool) -> ProvisionedGroup | None:
        row = connection.one(_SQL["find"], (self._provider, group_id))
        if row is None:
            return None
        group = ProvisionedGroup(*row)
        return _whole(connection, group) if with_members else group

    def _known(self, connection: Connection, group_id: str) -> ProvisionedGroup:
        if (found := self._find(connection, group_id, with_members=True)) is None:
            raise no_group()
        return found

    def _check_same(self, connection: Connection, group_id: str, name: str, external_id: str) -> None:
        if connection.one(_SQL["same_name"], (name, group_id)):
            raise taken(name)
        if connection.one(_SQL["same_external"], (self._provider, external_id, group_id)):
            raise TakenGroup(SAME_EXTERNAL)


def _whole(connection: Connection, group: ProvisionedGroup) -> ProvisionedGroup:
    return replace(group, members=tuple(row[0] for row in connection.all(_SQL["members"], (group.id,))))
