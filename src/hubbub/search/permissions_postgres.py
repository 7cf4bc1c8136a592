"""Permissions and groups in PostgreSQL, in the library's tables, so that one statement finds what a reader may see."""

import time
from collections.abc import Sequence

from hubbub.connections.postgres import Connection, Postgres, Value
from hubbub.connections.sql import load_sql
from hubbub.core.errors import Conflict, NotFound
from hubbub.core.identifiers import new_id
from hubbub.core.people import GROUP, PERSON, Group, Member, Permission, Reader, Right
from hubbub.core.reasons import because
from hubbub.search.permissions_rows import usable_group_name

SQL = load_sql("hubbub.search", "postgres/library.sql")
_OWN = load_sql("hubbub.search", "postgres/permissions.sql")


class PostgresPermissions:
    """Permissions in the library's database, which its owner opens."""

    def __init__(self, database: Postgres) -> None:
        self._database = database

    async def of(self, collection_id: str) -> list[Permission]:
        rows = await self._database.all(_OWN["of"], collection_id)
        return [Permission(subject, Right(level)) for subject, level in rows]

    async def put(self, collection_id: str, permissions: Sequence[Permission]) -> None:
        given = {one.subject: one.right.value for one in permissions if one.right is not Right.NONE}

        async def put(connection: Connection) -> None:
            if await connection.one(SQL["has_collection"], collection_id) is None:
                raise NotFound(because("collection_gone"))
            await connection.run(_OWN["drop_of"], collection_id)
            await connection.run(_OWN["put"], collection_id, list(given), list(given.values()))

        await self._database.write(put)

    async def drop(self, subject: str) -> None:
        await self._database.write(_drop, subject)

    async def revision(self) -> int:
        row = await self._database.one(_OWN["revision"])
        return 0 if row is None else int(row[0])

    async def usable(self, asked: Sequence[tuple[Reader, Sequence[str]]]) -> list[bool]:
        async def usable(connection: Connection) -> list[bool]:
            return [len(await usable_of(connection, reader, ids)) == len(set(ids)) for reader, ids in asked]

        return await self._database.read(usable)


async def usable_of(connection: Connection, reader: Reader, collection_ids: Sequence[str]) -> list[str]:
    """Return those collections that a reader may use, in the transaction that this is called in."""
    ids = list(collection_ids)
    if reader.reads_all:
        return [row[0] for row in await connection.all(SQL["existing"], ids)]
    return [row[0] for row in await connection.all(SQL["usable"], list(reader.subjects), ids)]


class PostgresGroups:
    """Groups in the library's database, which its owner opens."""

    def __init__(self, database: Postgres) -> None:
        self._database = database

    async def groups(self, person_id: str | None = None) -> list[Group]:
        person = None if person_id is None else PERSON + person_id
        return await self._found(None, person, person)

    async def group(self, group_id: str, person_id: str = "") -> Group | None:
        found = await self._found(group_id, None, PERSON + person_id)
        return found[0] if found else None

    async def create(self, name: str) -> Group:
        group = Group(new_id(), usable_group_name(name), time.time())

        async def create(connection: Connection) -> Group:
            if await connection.run(_OWN["insert_group"], group.id, group.name, group.created_at) == 0:
                raise Conflict(f"There is a group named “{group.name}” already. Choose another name.")
            return group

        return await self._database.write(create)

    async def delete(self, group_id: str) -> None:
        async def delete(connection: Connection) -> None:
            await connection.run(_OWN["delete_group"], group_id)
            await connection.run(_OWN["delete_members"], GROUP + group_id)
            await _drop(connection, GROUP + group_id)

        await self._database.write(delete)

    async def members(self, group_id: str) -> list[Member]:
        rows = await self._database.all(_OWN["members"], GROUP + group_id)
        return [Member(person.removeprefix(PERSON), is_manager) for person, is_manager in rows]

    async def put_member(self, group_id: str, member: Member) -> None:
        async def put(connection: Connection) -> None:
            if await connection.one(_OWN["has_group"], group_id) is None:
                raise NotFound("There is no such group.")
            values = (GROUP + group_id, PERSON + member.person_id, member.is_manager)
            await connection.run(_OWN["put_member"], *values)

        await self._database.write(put)

    async def remove_member(self, group_id: str, person_id: str) -> None:
        await self._database.run(_OWN["remove_member"], GROUP + group_id, PERSON + person_id)

    async def drop_person(self, person_id: str) -> None:
        async def drop(connection: Connection) -> None:
            await connection.run(_OWN["drop_memberships"], PERSON + person_id)
            await _drop(connection, PERSON + person_id)

        await self._database.write(drop)

    async def _found(self, *asked: Value) -> list[Group]:
        rows = await self._database.all(_OWN["groups"], *asked)
        return [Group(*row[:-1], is_managed=row[-1]) for row in rows]


async def _drop(connection: Connection, subject: str) -> None:
    for statement in ("drop", "drop_reader"):
        await connection.run(_OWN[statement], subject)
