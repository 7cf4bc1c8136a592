"""Keep which groups a provider has provisioned in PostgreSQL, beside the library."""

import time
from collections.abc import Sequence

from msgspec.structs import replace

from hubbub.connections.postgres import Connection, Postgres
from hubbub.connections.sql import load_sql
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

_SQL = load_sql("hubbub.search", "postgres/provisioned.sql")
STEPS = (_SQL["create_tables"],)


class PostgresProvisionedGroups:
    """A `ProvisionedGroups` in PostgreSQL, where the library's tables are."""

    def __init__(self, database: Postgres, provider: str) -> None:
        self._database = database
        self._provider = provider

    async def open(self) -> None:
        """Make the tables."""
        await self._database.migrate("provisioned_groups", STEPS)

    async def find(self, group_id: str, *, with_members: bool = True) -> ProvisionedGroup | None:
        return await self._database.read(self._find, group_id, with_members=with_members)

    async def page(
        self, wanted: WantedGroups, offset: int, limit: int, *, with_members: bool = True
    ) -> tuple[int, Sequence[ProvisionedGroup]]:
        asked = (self._provider, wanted.id, wanted.name, wanted.external_id, wanted.member)

        async def page(connection: Connection) -> tuple[int, Sequence[ProvisionedGroup]]:
            count = await connection.one(_SQL["count"], *asked)
            rows = await connection.all(_SQL["page"], *asked, limit, offset) if limit else []
            found = [ProvisionedGroup(*row) for row in rows]
            return count[0] if count else 0, [await _whole(connection, one) for one in found] if with_members else found

        return await self._database.read(page)

    async def add(self, name: str, external_id: str, members: Sequence[str]) -> ProvisionedGroup:
        group_id, name = new_id(), usable_group_name(name)

        async def add(connection: Connection) -> ProvisionedGroup:
            await self._check_same(connection, group_id, name, external_id)
            now = time.time()
            if await connection.run(_SQL["insert_group"], group_id, name, now) == 0:  # another one was first
                raise taken(name)
            await connection.run(_SQL["add"], group_id, self._provider, external_id, now)
            await connection.run(_SQL["put_members"], group_id, list(members))
            return await self._known(connection, group_id)

        return await self._database.write(add)

    async def change(self, group_id: str, change: ChangeGroup) -> ProvisionedGroup:
        async def write(connection: Connection) -> ProvisionedGroup:
            await connection.one(_SQL["locked"], self._provider, group_id)
            before = await self._known(connection, group_id)
            after = change(before)
            name = usable_group_name(after.name)
            await self._check_same(connection, group_id, name, after.external_id)
            await connection.run(_SQL["rename"], name, group_id)
            await connection.run(_SQL["change"], after.external_id, time.time(), group_id)
            were, are = set(before.members), set(after.members)
            if were - are:
                await connection.run(_SQL["remove_members"], group_id, sorted(were - are))
            if are - were:
                await connection.run(_SQL["put_members"], group_id, sorted(are - were))
            return await self._known(connection, group_id)

        return await self._database.write(write)

    async def drop_person(self, person_id: str) -> None:
        await self._database.run(_SQL["drop_person"], self._provider, person_id)

    async def _find(self, connection: Connection, group_id: str, *, with_members: bool) -> ProvisionedGroup | None:
        row = await connection.one(_SQL["find"], self._provider, group_id)
        if row is None:
            return None
        group = ProvisionedGroup(*row)
        return await _whole(connection, group) if with_members else group

    async def _known(self, connection: Connection, group_id: str) -> ProvisionedGroup:
        if (found := await self._find(connection, group_id, with_members=True)) is None:
            raise no_group()
        return found

    async def _check_same(self, connection: Connection, group_id: str, name: str, external_id: str) -> None:
        if await connection.one(_SQL["same_name"], name, group_id):
            raise taken(name)
        if await connection.one(_SQL["same_external"], self._provider, external_id, group_id):
            raise TakenGroup(SAME_EXTERNAL)


async def _whole(connection: Connection, group: ProvisionedGroup) -> ProvisionedGroup:
    rows = await connection.all(_SQL["members"], group.id)
    return replace(group, members=tuple(row[0] for row in rows))
