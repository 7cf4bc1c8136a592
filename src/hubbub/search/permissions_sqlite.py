"""Permissions and groups in SQLite, in the library's tables, so that one statement finds what a reader may see."""

import json
import time
from collections.abc import Sequence
from functools import partial

from hubbub.connections.sqlite import Connection, Sqlite, load_sql
from hubbub.connections.sqlite_version import UntilCommitted
from hubbub.core.errors import Conflict, NotFound, SearchError, StoreError
from hubbub.core.identifiers import new_id
from hubbub.core.people import GROUP, PERSON, Group, Member, Permission, Reader, Right, scoped
from hubbub.core.reasons import because
from hubbub.search.permissions_rows import usable_group_name

SQL = load_sql("hubbub.search", "permissions.sql")
RIGHTS_SQL = load_sql("hubbub.search", "library.sql")


class SqlitePermissions:
    """Permissions in the library's database, which its owner opens.

    The number that tells whether any has changed, which is asked for all the time, is kept until the next commit.
    """

    def __init__(self, database: Sqlite) -> None:
        self._database = database
        self._revision: UntilCommitted[int] = UntilCommitted(database.version)

    async def of(self, collection_id: str) -> list[Permission]:
        rows = await self._database.read(lambda connection: connection.all(SQL["of"], {"collection_id": collection_id}))
        return [Permission(subject, Right(level)) for subject, level in rows]

    async def put(self, collection_id: str, permissions: Sequence[Permission]) -> None:
        def put(connection: Connection) -> None:
            if not connection.one(RIGHTS_SQL["has_collection"], {"id": collection_id}):
                raise NotFound(because("collection_gone"))
            connection.all(SQL["drop_of"], {"collection_id": collection_id})
            for one in permissions:
                if one.right is not Right.NONE:
                    values = {"collection_id": collection_id, "subject": one.subject, "level": one.right.value}
                    connection.all(SQL["put"], values)

        await self._database.write(put)

    async def drop(self, subject: str) -> None:
        await self._database.write(_drop, subject)

    async def unscoped(self) -> list[tuple[str, str]]:
        """Return the collections and the groups of rights from before groups carried their provider."""
        rows = await self._database.read(lambda connection: connection.all(SQL["unscoped"]))
        return [(name, group) for name, group in rows]

    async def scope(self, provider: str) -> None:
        """Let these groups be those of one provider; empty: of the application around Hubbub."""

        def scope(connection: Connection) -> None:
            connection.all(SQL["scope"], {"scope": scoped(provider, "") if provider else ""})
            connection.all(SQL["drop_unscoped"])  # what was given anew meanwhile

        await self._database.write(scope)

    async def revision(self) -> int:
        read = partial(self._database.read, lambda connection: _number(connection, SQL["revision"]))
        return await self._revision.get("", read)

    async def usable(self, asked: Sequence[tuple[Reader, Sequence[str]]]) -> list[bool]:
        def usable(connection: Connection) -> list[bool]:
            return [len(usable_of(connection, reader, ids)) == len(set(ids)) for reader, ids in asked]

        return await self._database.read(usable)


def usable_of(connection: Connection, reader: Reader, collection_ids: Sequence[str]) -> list[str]:
    """Return those collections that a reader may use, in the transaction that this is called in."""
    ids = json.dumps(list(collection_ids))
    if reader.reads_all:
        return [row[0] for row in connection.all(RIGHTS_SQL["existing"], {"ids": ids})]
    asked = {"ids": ids, "subjects": json.dumps(reader.subjects)}
    return [row[0] for row in connection.all(RIGHTS_SQL["usable"], asked)]


async def usable_now(database: Sqlite, reader: Reader | None, collection_ids: Sequence[str]) -> list[str]:
    """Return those collections that a reader may use now, for a search elsewhere; without a reader all of them."""
    if reader is None:
        return list(collection_ids)
    try:
        return await database.read(usable_of, reader, collection_ids)
    except StoreError as error:
        raise SearchError("The search could not be done. Try again.", detail=error.for_operators) from error


class SqliteGroups:
    """Groups in the library's database, which its owner opens.

    Those of a person, which many questions ask for, are kept in memory until the next commit.
    """

    def __init__(self, database: Sqlite) -> None:
        self._database = database
        self._of_persons: UntilCommitted[list[Group]] = UntilCommitted(database.version)

    async def groups(self, person_id: str | None = None) -> list[Group]:
        if person_id is None:
            return await self._found({"id": None, "of": None, "person": None})
        person = PERSON + person_id
        asked: dict[str, str | None] = {"id": None, "of": person, "person": person}
        found = await self._of_persons.get(person, partial(self._found, asked))
        return list(found)

    async def group(self, group_id: str, person_id: str = "") -> Group | None:
        found = await self._found({"id": group_id, "of": None, "person": PERSON + person_id})
        return found[0] if found else None

    async def create(self, name: str) -> Group:
        group = Group(new_id(), usable_group_name(name), time.time())

        def create(connection: Connection) -> Group:
            if connection.one(SQL["has_group_named"], {"name": group.name}):
                raise Conflict(f"There is a group named “{group.name}” already. Choose another name.")
            values = {"id": group.id, "name": group.name, "created_at": group.created_at}
            connection.all(SQL["insert_group"], values)
            return group

        return await self._database.write(create)

    async def delete(self, group_id: str) -> None:
        def delete(connection: Connection) -> None:
            connection.all(SQL["delete_group"], {"id": group_id})
            connection.all(SQL["delete_members"], {"subject": GROUP + group_id})
            _drop(connection, GROUP + group_id)

        await self._database.write(delete)

    async def members(self, group_id: str) -> list[Member]:
        subject = {"subject": GROUP + group_id}
        rows = await self._database.read(lambda connection: connection.all(SQL["members"], subject))
        return [Member(person.removeprefix(PERSON), bool(is_manager)) for person, is_manager in rows]

    async def put_member(self, group_id: str, member: Member) -> None:
        def put(connection: Connection) -> None:
            if not connection.one(SQL["has_group"], {"id": group_id}):
                raise NotFound("There is no such group.")
            values = {"subject": GROUP + group_id, "person": PERSON + member.person_id}
            connection.all(SQL["put_member"], {**values, "is_manager": int(member.is_manager)})

        await self._database.write(put)

    async def remove_member(self, group_id: str, person_id: str) -> None:
        values = {"subject": GROUP + group_id, "person": PERSON + person_id}
        await self._database.write(lambda connection: connection.all(SQL["remove_member"], values))

    async def drop_person(self, person_id: str) -> None:
        def drop(connection: Connection) -> None:
            connection.all(SQL["drop_memberships"], {"person": PERSON + person_id})
            _drop(connection, PERSON + person_id)

        await self._database.write(drop)

    async def _found(self, asked: dict[str, str | None]) -> list[Group]:
        rows = await self._database.read(lambda connection: connection.all(SQL["groups"], asked))
        return [Group(*row[:-1], is_managed=bool(row[-1])) for row in rows]


def _drop(connection: Connection, subject: str) -> None:
    for statement in ("drop", "drop_reader"):
        connection.all(SQL[statement], {"subject": subject})


def _number(connection: Connection, statement: str) -> int:
    row = connection.one(statement)
    return 0 if row is None else int(row[0])
