"""What is read once between two commits: it is never anything else than a read would find, whoever committed."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from hubbub.app.model_rights import ModelRights
from hubbub.app.own_groups import OwnGroups
from hubbub.connections.sqlite import Connection, Sqlite
from hubbub.core.documents import Document
from hubbub.core.errors import StoreLost
from hubbub.core.identifiers import new_id
from hubbub.core.people import Group, Member, Permission, Person, Reader, Right
from hubbub.models.catalog import Catalog
from hubbub.models.scripted import ScriptedModel
from hubbub.search.library_sqlite import SqliteLibrary
from hubbub.search.sqlite import SqliteSearch
from tests.patience import patience

ANN = "ann"
Seen: TypeAlias = tuple[list[str], list[str], bool, bool, list[str]]
BOB = Reader("bob", ("person:bob", "everybody"))


@pytest.fixture
async def workers(tmp_path: Path) -> AsyncIterator[list[SqliteLibrary]]:
    """Two libraries over one file, as two workers have them."""
    async with AsyncExitStack() as stack:
        found: list[SqliteLibrary] = []
        for _ in range(2):
            database = await stack.enter_async_context(Sqlite(tmp_path / "library.db"))
            await stack.enter_async_context(SqliteSearch(database, None))
            found.append(await stack.enter_async_context(SqliteLibrary(database)))
        yield found


@pytest.fixture
async def keepers(workers: list[SqliteLibrary]) -> Group:
    group = await workers[0].groups.create("Keepers")
    await workers[0].groups.put_member(group.id, Member(ANN))
    return group


async def names(library: SqliteLibrary) -> list[str]:
    return [one.name for one in await library.groups.groups(ANN)]


def is_at_once(asked: Coroutine[Any, Any, object]) -> bool:
    """Tell whether something is answered without waiting for anything, such as a thread."""
    try:
        asked.send(None)
    except StopIteration:
        return True
    asked.close()
    return False


@pytest.mark.usefixtures("keepers")
async def test_groups_that_were_found_are_found_again_without_a_read(workers: list[SqliteLibrary]) -> None:
    assert await names(workers[0]) == ["Keepers"]
    assert is_at_once(workers[0].groups.groups(ANN))
    assert not is_at_once(workers[0].groups.groups("bob"))


async def test_a_change_by_any_worker_is_seen_by_all_at_the_next_look(
    workers: list[SqliteLibrary], keepers: Group
) -> None:
    here, there = workers
    for changed, expected in (
        (here.groups.remove_member(keepers.id, ANN), []),
        (there.groups.put_member(keepers.id, Member(ANN)), ["Keepers"]),
        (there.groups.delete(keepers.id), []),
    ):
        before = [await names(one) for one in workers]
        await changed
        assert [await names(one) for one in workers] == [expected, expected] != before


async def test_a_name_that_was_given_past_the_groups_is_seen_too(workers: list[SqliteLibrary], keepers: Group) -> None:
    here, there = workers
    assert await names(here) == ["Keepers"]

    def rename(connection: Connection) -> None:
        connection.all("update people_group set name = 'Others' where id = ?", (keepers.id,))

    await there._database.write(rename)  # as another program would
    assert await names(here) == ["Others"]


async def test_what_is_given_out_is_nobody_elses(workers: list[SqliteLibrary], keepers: Group) -> None:
    (await workers[0].groups.groups(ANN)).clear()
    assert [one.id for one in await workers[0].groups.groups(ANN)] == [keepers.id]


async def test_a_model_is_gone_with_the_group_at_the_next_request_of_another_worker(
    workers: list[SqliteLibrary], keepers: Group
) -> None:
    here, there = workers
    catalog = Catalog([ScriptedModel(name="vault"), ScriptedModel()])
    rights = ModelRights(catalog, {"vault": ["group:Keepers"]}, OwnGroups(there.groups))
    ann = Person(ANN)
    holds = rights.holding(ann, "vault")
    assert holds is not None
    for is_member in (True, False, True, False):
        if is_member:
            await here.groups.put_member(keepers.id, Member(ANN))
        else:
            await here.groups.remove_member(keepers.id, ANN)
        assert ("vault" in (await rights.catalog(ann)).names, await holds()) == (is_member, is_member)


@pytest.mark.usefixtures("keepers")
@pytest.mark.expects_errors
@pytest.mark.skipif(sys.platform == "win32", reason="open files can't be removed there")
async def test_groups_of_a_file_that_is_gone_are_told_no_more(workers: list[SqliteLibrary], tmp_path: Path) -> None:
    assert await names(workers[0]) == ["Keepers"]
    (tmp_path / "library.db").rename(tmp_path / "elsewhere.db")
    with pytest.raises(StoreLost):
        async with patience():
            while True:
                await names(workers[0])
                await asyncio.sleep(0.01)
    (tmp_path / "elsewhere.db").rename(tmp_path / "library.db")
    assert await names(workers[0]) == ["Keepers"]


async def a_collection(library: SqliteLibrary) -> str:
    """Return one of Ann's that Bob may use."""
    made = await library.create("Sources", owner_id=ANN, is_shared=False)
    await library.permissions.put(made.id, [Permission("person:bob", Right.USE)])
    return made.id


def a_document(collection_id: str) -> Document:
    return Document(new_id(), collection_id, "a.txt", "a" * 64, 1, "text/plain")


async def seen(library: SqliteLibrary, collection_id: str) -> Seen:
    """Return what a question of Bob's over a collection goes by, each as its look-up tells it."""
    named = await library.named_collections(reader=BOB, ids=[collection_id])
    readable, sight = await library.readable(BOB, [collection_id])
    unread = await library.unread([collection_id], limit=9, reader=BOB)
    names = [one.name for one in named], [one.name for one in readable]
    return *names, sight.are_any, sight.sees_any, [one.name for one in unread]


async def test_questions_over_the_same_documents_read_what_they_need_once(workers: list[SqliteLibrary]) -> None:
    library = workers[0]
    mine, other = await a_collection(library), "another"
    looks: list[Callable[[str, Reader], Coroutine[Any, Any, object]]] = [
        lambda place, reader: library.named_collections(reader=reader, ids=[place]),
        lambda place, reader: library.readable(reader, [place]),
        lambda place, reader: library.unread([place], limit=9, reader=reader),
    ]
    for look in looks:
        await look(mine, BOB)
        assert is_at_once(look(mine, BOB))
        assert not is_at_once(look(other, BOB))
        assert not is_at_once(look(mine, Reader("cat", ("person:cat", "everybody"))))


async def test_what_a_question_goes_by_is_seen_changed_by_all_workers_at_the_next_look(
    workers: list[SqliteLibrary],
) -> None:
    here, there = workers
    place = await a_collection(here)
    document = a_document(place)
    nothing: Seen = ([], [], False, False, [])
    named: Seen = (["Sources"], ["Sources"], False, False, [])
    changes: list[tuple[Callable[[], Awaitable[object]], Seen]] = [
        (lambda: there.add(document), (*named[:4], ["a.txt"])),
        (lambda: here.mark(document, "ready"), named),
        (lambda: there.readers.put(document.id, ["person:cat"]), (*named[:2], True, False, [])),
        (lambda: here.readers.put(document.id, ["person:bob"]), (*named[:2], True, True, [])),
        (lambda: here.readers.put(document.id, None), named),
        (lambda: there.permissions.drop("person:bob"), nothing),
        (lambda: here.permissions.put(place, [Permission("everybody", Right.USE)]), named),
        (lambda: there.change(place, name="Sources", is_shared=False), nothing),
        (lambda: here.change(place, is_shared=True), named),
        (lambda: there.delete(place), nothing),
    ]
    for change, expected in changes:
        before = [await seen(one, place) for one in workers]
        await change()
        assert [await seen(one, place) for one in workers] == [expected, expected] != before


@pytest.mark.expects_errors
@pytest.mark.skipif(sys.platform == "win32", reason="open files can't be removed there")
async def test_collections_of_a_file_that_is_gone_are_told_no_more(
    workers: list[SqliteLibrary], tmp_path: Path
) -> None:
    place = await a_collection(workers[0])
    assert (await seen(workers[0], place))[0] == ["Sources"]
    (tmp_path / "library.db").rename(tmp_path / "elsewhere.db")
    with pytest.raises(StoreLost):
        async with patience():
            while True:
                await seen(workers[0], place)
                await asyncio.sleep(0.01)
