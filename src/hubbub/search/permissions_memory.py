"""Permissions and groups in memory: the twins for tests and for trying things out."""

import time
from collections.abc import Callable, Sequence
from itertools import chain

from msgspec.structs import replace

from hubbub.core.documents import Collection, Document
from hubbub.core.errors import Conflict, NotFound
from hubbub.core.identifiers import new_id
from hubbub.core.people import EVERYBODY, GROUP, PERSON, Group, Member, Permission, Reader, Right
from hubbub.search.document_readers import Sight
from hubbub.search.permissions_rows import usable_group_name


class MemoryGroups:
    """Groups that are forgotten with the process."""

    def __init__(self) -> None:
        self._groups: dict[str, Group] = {}
        self._members: dict[str, dict[str, Member]] = {}
        self.drop: Callable[[str], None] = lambda subject: None
        """Takes everything from a subject that is there no more."""
        self.revision = 0

    async def groups(self, person_id: str | None = None) -> list[Group]:
        named = sorted(self._groups.values(), key=lambda group: (group.name.lower(), group.id))
        wanted = (group for group in named if person_id is None or person_id in self._members[group.id])
        return [self._shown(group, person_id or "") for group in wanted]

    async def group(self, group_id: str, person_id: str = "") -> Group | None:
        group = self._groups.get(group_id)
        return None if group is None else self._shown(group, person_id)

    async def create(self, name: str) -> Group:
        group = Group(new_id(), usable_group_name(name), time.time())
        if any(other.name.lower() == group.name.lower() for other in self._groups.values()):
            raise Conflict(f"There is a group named “{group.name}” already. Choose another name.")
        self._groups[group.id] = group
        self._members[group.id] = {}
        return group

    async def delete(self, group_id: str) -> None:
        self._groups.pop(group_id, None)
        self._members.pop(group_id, None)
        self.drop(GROUP + group_id)
        self.revision += 1

    async def members(self, group_id: str) -> list[Member]:
        return sorted(self._members.get(group_id, {}).values(), key=lambda member: member.person_id)

    async def put_member(self, group_id: str, member: Member) -> None:
        if group_id not in self._groups:
            raise NotFound("There is no such group.")
        self._members[group_id][member.person_id] = member
        self.revision += 1

    async def remove_member(self, group_id: str, person_id: str) -> None:
        self._members.get(group_id, {}).pop(person_id, None)
        self.revision += 1

    async def drop_person(self, person_id: str) -> None:
        for members in self._members.values():
            members.pop(person_id, None)
        self.drop(PERSON + person_id)
        self.revision += 1

    def of(self, reader: Reader) -> list[str]:
        """Return the subjects that a reader is by being a member."""
        return [
            GROUP + group_id
            for group_id, members in self._members.items()
            if any(PERSON + person_id in reader.subjects for person_id in members)
        ]

    def _shown(self, group: Group, person_id: str) -> Group:
        members = self._members[group.id]
        member = members.get(person_id)
        return replace(group, members=len(members), is_managed=member is not None and member.is_manager)


class MemoryPermissions:
    """Permissions that are forgotten with the process."""

    def __init__(self, collections: dict[str, Collection], groups: MemoryGroups) -> None:
        self._collections = collections
        self._groups = groups
        self._given: dict[str, dict[str, Right]] = {}
        self._revision = 0
        self.readers: dict[str, set[str]] = {}
        """Of each restricted document to whom it is."""
        groups.drop = self._drop

    async def of(self, collection_id: str) -> list[Permission]:
        return [Permission(*one) for one in sorted(self._given.get(collection_id, {}).items())]

    async def put(self, collection_id: str, permissions: Sequence[Permission]) -> None:
        if collection_id not in self._collections:
            raise NotFound("There is no such collection.")
        self._given[collection_id] = {one.subject: one.right for one in permissions if one.right is not Right.NONE}
        self._revision += 1

    async def drop(self, subject: str) -> None:
        self._drop(subject)

    async def revision(self) -> int:
        return self._revision + self._groups.revision

    async def usable(self, asked: Sequence[tuple[Reader, Sequence[str]]]) -> list[bool]:
        return [len(self.usable_of(reader, ids)) == len(set(ids)) for reader, ids in asked]

    def usable_of(self, reader: Reader, collection_ids: Sequence[str]) -> list[str]:
        """Return those collections that a reader may use."""
        return [one for one in dict.fromkeys(collection_ids) if self.right_of(reader, one) >= Right.USE]

    def right_of(self, reader: Reader, collection_id: str) -> Right:
        """Return what a reader may do with a collection."""
        collection = self._collections.get(collection_id)
        if collection is None:
            return Right.NONE
        if reader.reads_all or PERSON + collection.owner_id in reader.subjects:
            return Right.MANAGE
        given = self._given.get(collection_id, {})
        return max(given.get(one, Right.NONE) for one in chain(reader.subjects, self._groups.of(reader)))

    def is_shared(self, collection_id: str) -> bool:
        """Tell whether everybody may use a collection."""
        return self._given.get(collection_id, {}).get(EVERYBODY, Right.NONE) >= Right.USE

    def share(self, collection_id: str, *, is_shared: bool) -> None:
        """Let everybody use a collection, or take from everybody what they may."""
        given = self._given.setdefault(collection_id, {})
        before = given.pop(EVERYBODY, Right.NONE)
        if is_shared:
            given[EVERYBODY] = max(before, Right.USE)
        self._revision += 1

    def forget(self, collection_id: str) -> None:
        """Forget what was given for a collection that is there no more."""
        self._given.pop(collection_id, None)
        self._revision += 1

    def is_closed(self, reader: Reader | None, document: Document) -> bool:
        """Tell whether a document is restricted to others."""
        readers = self.readers.get(document.id)
        if reader is None or reader.reads_all or readers is None:
            return False
        is_named = not readers.isdisjoint({*reader.subjects, *self._groups.of(reader)})
        return not is_named and self.right_of(reader, document.collection_id) < Right.MANAGE

    def restrict(self, document_id: str, subjects: Sequence[str] | None) -> None:
        """Restrict a document to these; None: no more."""
        self.readers.pop(document_id, None)
        if subjects is not None:
            self.readers[document_id] = set(subjects)
        self._revision += 1

    def _drop(self, subject: str) -> None:
        for given in self._given.values():
            given.pop(subject, None)
        for readers in self.readers.values():
            readers.discard(subject)
        self._revision += 1


class MemoryReaders:
    """Who may read single documents, forgotten with the process."""

    def __init__(self, permissions: MemoryPermissions, documents: dict[str, Document]) -> None:
        self._permissions = permissions
        self._documents = documents

    async def of(self, document_id: str) -> list[str] | None:
        readers = self._permissions.readers.get(document_id)
        return None if readers is None else sorted(readers)

    async def put(self, document_id: str, subjects: Sequence[str] | None) -> None:
        if (known := self._documents.get(document_id)) is None:
            raise NotFound("There is no such document.")
        self._documents[document_id] = replace(known, is_restricted=subjects is not None)
        self._permissions.restrict(document_id, subjects)

    async def closed(self, asked: Sequence[tuple[Reader, Sequence[str]]]) -> list[list[str]]:
        return [[one for one in ids if self._is_closed(reader, one)] for reader, ids in asked]

    async def sight_of(self, reader: Reader, collection_ids: Sequence[str]) -> Sight:
        there = [
            one.id for one in self._documents.values() if one.collection_id in collection_ids and one.is_restricted
        ]
        sees_any = not all(self._is_closed(reader, one) for one in there)
        return Sight(bool(there), sees_any, await self._permissions.revision())

    async def given(self, subject: str) -> list[str]:
        return sorted(one for one, readers in self._permissions.readers.items() if subject in readers)

    def closed_of(self, reader: Reader) -> list[str]:
        """Return all documents that are restricted to others."""
        return [one for one in self._documents if self._is_closed(reader, one)]

    def _is_closed(self, reader: Reader, document_id: str) -> bool:
        known = self._documents.get(document_id)
        return known is not None and self._permissions.is_closed(reader, known)
