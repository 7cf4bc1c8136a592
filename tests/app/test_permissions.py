"""Rights that are given and taken away: by search, by documents, and for answers that are being made."""

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from hubbub.app.application import Application
from hubbub.app.questions import Place
from hubbub.compose.databases import library_in
from hubbub.core.errors import Invalid, NotAllowed, NotFound
from hubbub.core.events import Stopped, decode
from hubbub.core.people import (
    ANYBODY,
    CLAIM,
    EVERYBODY,
    GROUP,
    GUEST,
    OPERATOR,
    PERSON,
    SIGNED_IN,
    Member,
    Permission,
    Person,
    Right,
    is_subject,
    reader_of,
)
from hubbub.core.questions import Question
from hubbub.search.library_sqlite import SqliteLibrary
from hubbub.search.sqlite import SqliteSearch
from tests.patience import SOON_SECONDS

ANN, BOB = Person("ann"), Person("bob", groups=frozenset({"staff"}))
BROWSER = Person("b" + "0" * 25, known_by="cookie")


async def of_ann(application: Application) -> str:
    """Return a collection of Ann's, with a document."""
    made = await application.collections.make(ANN, "Leave")
    await application.documents.add(ANN, made.id, "leave.md", b"# Leave\n\nThirty days of leave.")
    await application.documents.until_read(made.id, most_seconds=30)
    return made.id


Change = Callable[[Application, str, str], Awaitable[None]]
"""Takes the application, the id of a collection and that of a group."""


async def _give(application: Application, collection_id: str, *given: tuple[str, Right]) -> None:
    await application.collections.share(OPERATOR, collection_id, [Permission(*one) for one in given])


ENDS: dict[str, tuple[str, Change]] = {
    "a permission is taken away": (PERSON + "bob", lambda app, one, group: _give(app, one)),
    "it becomes a lesser one": (PERSON + "bob", lambda app, one, group: _give(app, one, (PERSON + "bob", Right.SEE))),
    "sharing with everybody ends": (
        EVERYBODY,
        lambda app, one, group: _change(app, one),
    ),
    "a group is left": (GROUP, lambda app, one, group: app.groups.remove_member(BOB, group, "bob")),
    "a group is deleted": (GROUP, lambda app, one, group: app.groups.delete(OPERATOR, group)),
    "a claimed group has it no more": (CLAIM + "staff", lambda app, one, group: _give(app, one)),
    "the collection is deleted": (PERSON + "bob", lambda app, one, group: app.collections.delete(ANN, one)),
    "the person is forgotten": (PERSON + "bob", lambda app, one, group: app.groups.forget_person("bob")),
}


async def _change(application: Application, collection_id: str) -> None:
    await application.library.change(collection_id, is_shared=False)


@pytest.mark.parametrize("way", ENDS)
async def test_an_answer_ends_when_a_right_that_it_needs_does(application: Application, way: str) -> None:
    subject, end = ENDS[way]
    collection_id = await of_ann(application)
    group = await application.groups.make(OPERATOR, "Ours")
    await application.groups.put_member(OPERATOR, group.id, Member("bob"))
    await _give(application, collection_id, (GROUP + group.id if subject == GROUP else subject, Right.USE))
    question = Question("How many days of leave?", model="slow", collection_ids=(collection_id,))
    asked = await application.questions.ask(BOB, question, Place())
    free = await application.questions.ask(BOB, Question("Hello?", model="slow"), Place())
    if subject != EVERYBODY:
        with pytest.raises((NotFound, NotAllowed)):
            await application.documents.find(Person("tom"), "leave", [collection_id])
    assert await application.documents.find(BOB, "leave", [collection_id])
    began = time.monotonic()
    await end(application, collection_id, group.id)
    with pytest.raises((NotFound, NotAllowed)):  # and who comes now is refused at once
        await application.documents.find(BOB, "leave", [collection_id])
    async with asyncio.timeout(SOON_SECONDS):
        while application.log.is_here(asked.answer.id):
            await asyncio.sleep(0.01)
    assert time.monotonic() - began < SOON_SECONDS
    records = await application.log.records(asked.answer.id)
    assert decode(records[-1].data) == Stopped("right_ended")
    assert application.log.is_here(free.answer.id)  # what reads no documents goes on


async def test_an_answer_goes_on_while_another_right_holds(application: Application) -> None:
    collection_id = await of_ann(application)
    await _give(application, collection_id, (PERSON + "bob", Right.USE), (SIGNED_IN, Right.USE))
    question = Question("How many days of leave?", model="slow", collection_ids=(collection_id,))
    asked = [await application.questions.ask(who, question, Place()) for who in (BOB, ANN)]
    await _give(application, collection_id, (SIGNED_IN, Right.USE))
    await application.rights.check()
    await application.rights.check()
    assert all(application.log.is_here(one.answer.id) for one in asked)


async def test_a_search_finds_what_its_reader_may_use_at_that_moment(application: Application) -> None:
    collection_id = await of_ann(application)
    for who, finds in ((ANN, 1), (BOB, 0), (GUEST, 0), (OPERATOR, 1)):
        assert len(await application.search.find("leave", [collection_id], reader=reader_of(who))) == finds
    assert await application.search.find("leave", [collection_id], reader=ANYBODY) == []
    await _give(application, collection_id, (SIGNED_IN, Right.USE))
    for who, finds in ((ANN, 1), (BOB, 1), (GUEST, 0), (BROWSER, 0), (OPERATOR, 1)):
        assert len(await application.search.find("leave", [collection_id], reader=reader_of(who))) == finds


async def test_seeing_is_not_using_and_using_is_not_writing(application: Application) -> None:
    collection_id = await of_ann(application)
    [document] = await application.documents.list(ANN, collection_id)
    await _give(application, collection_id, (PERSON + "bob", Right.SEE))
    assert [one.id for one in await application.collections.list(BOB)] == [collection_id]
    assert await application.collections.named(BOB) == []
    assert [one.name for one in await application.documents.list(BOB, collection_id)] == ["leave.md"]
    for refused in (
        application.documents.show(BOB, document.id),
        application.documents.find(BOB, "leave", [collection_id]),
        application.questions.ask(BOB, Question("leave?", collection_ids=(collection_id,))),
        application.collections.permissions(BOB, collection_id),
    ):
        with pytest.raises(NotAllowed):
            await refused
    await _give(application, collection_id, (PERSON + "bob", Right.USE))
    assert (await application.documents.show(BOB, document.id))[0].name == "leave.md"
    with pytest.raises(NotAllowed):
        await application.documents.delete(BOB, document.id)
    await _give(application, collection_id, (PERSON + "bob", Right.WRITE))
    await application.documents.delete(BOB, document.id)
    with pytest.raises(NotAllowed):
        await application.collections.delete(BOB, collection_id)
    await _give(application, collection_id, (PERSON + "bob", Right.MANAGE))
    await application.collections.share(BOB, collection_id, [])
    with pytest.raises(NotFound):  # that was their own right, too
        await application.collections.permissions(BOB, collection_id)


async def test_who_may_be_given_what(application: Application) -> None:
    collection_id = await of_ann(application)
    ours = await application.groups.make(OPERATOR, "Ours")
    theirs = await application.groups.make(OPERATOR, "Theirs")
    await application.groups.put_member(OPERATOR, ours.id, Member("ann"))
    await application.collections.share(ANN, collection_id, [Permission(GROUP + ours.id, Right.WRITE)])
    with pytest.raises(NotFound):  # whether there is such a group is not hers to know
        await application.collections.share(ANN, collection_id, [Permission(GROUP + theirs.id, Right.USE)])
    with pytest.raises(Invalid):
        await application.collections.share(ANN, collection_id, [Permission(EVERYBODY, Right.MANAGE)])
    with pytest.raises(Invalid):
        await application.collections.share(ANN, collection_id, 2 * [Permission(PERSON + "bob", Right.USE)])
    for odd in ("", "bob", PERSON, PERSON + "guest", "person:a\nb", "x" * 400, "GROUP:1", "everybody "):
        assert not is_subject(odd)
        with pytest.raises(Invalid):
            await application.collections.share(ANN, collection_id, [Permission(odd, Right.USE)])
    await application.groups.remove_member(ANN, ours.id, "ann")
    kept = await application.collections.permissions(ANN, collection_id)
    assert kept == [Permission(GROUP + ours.id, Right.WRITE)]
    await application.collections.share(ANN, collection_id, kept)  # what is there may stay
    browsers = await application.collections.make(BROWSER, "Notes")
    await application.collections.share(BROWSER, browsers.id, [Permission(PERSON + "ann", Right.USE)])
    with pytest.raises(NotAllowed):
        await application.collections.share(BROWSER, browsers.id, [Permission(EVERYBODY, Right.USE)])


async def test_managers_say_who_is_in_their_group_and_nobody_else_does(application: Application) -> None:
    group = await application.groups.make(OPERATOR, "Ours")
    with pytest.raises(NotAllowed):
        await application.groups.make(ANN, "Mine")
    with pytest.raises(NotFound):
        await application.groups.members(ANN, group.id)
    await application.groups.put_member(OPERATOR, group.id, Member("ann", is_manager=True))
    await application.groups.put_member(ANN, group.id, Member("bob"))
    assert [one.person_id for one in await application.groups.members(ANN, group.id)] == ["ann", "bob"]
    for refused in (
        application.groups.members(BOB, group.id),
        application.groups.put_member(BOB, group.id, Member("tom")),
        application.groups.remove_member(BOB, group.id, "ann"),
        application.groups.delete(BOB, group.id),
    ):
        with pytest.raises(NotAllowed):
            await refused
    await application.groups.remove_member(BOB, group.id, "bob")
    assert await application.groups.list(BOB) == []
    assert await application.groups.list(GUEST) == []
    named = Person("tom", groups=frozenset({group.id, "Ours"}))  # as a provider might
    assert await application.groups.list(named) == []


async def test_who_shares_a_collection_does_not_stand_in_for_the_operators(application: Application) -> None:
    planted = await application.collections.make(BOB, "Handbook")
    await application.collections.share(BOB, planted.id, [Permission(EVERYBODY, Right.USE)])
    real = await application.library.create("Handbook", owner_id=OPERATOR.id, is_shared=True)
    assert await application.collections.ids(ANN, ["Handbook"]) == (real.id,)
    assert (await application.model_names(ANN)).read("quick+handbook").collection_ids == (real.id,)
    assert await application.collections.ids(BOB, ["Handbook"]) == (planted.id,)


async def test_an_old_data_folder_keeps_what_was_shared(tmp_path: Path) -> None:
    async with library_in(tmp_path) as database, SqliteSearch(database, None), SqliteLibrary(database):
        pass
    with sqlite3.connect(tmp_path / "library.db") as old:  # as it was before there were permissions
        old.executescript(
            "drop table permission; drop table people_group; drop table group_member; drop table rights_revision;"
            "drop index collection_owner; drop trigger collection_removed; drop trigger document_restricted;"
            "drop trigger document_reader_added; drop trigger document_reader_removed;"
            "alter table collection add column is_shared integer not null default 0;"
            "delete from migration where room = 'library' and step = 4;"
            "insert into collection values ('a', 'All', 'operator', '', 1.0, 1), ('p', 'Private', 'ann', '', 1.0, 0);"
        )
    old.close()
    async with library_in(tmp_path) as database, SqliteLibrary(database) as library:
        assert [(one.name, one.is_shared) for one in await library.collections()] == [("All", True), ("Private", False)]
        assert [one.id for one in await library.named_collections(reader=reader_of(GUEST))] == ["a"]
        assert [one.id for one in await library.named_collections(reader=reader_of(ANN))] == ["a", "p"]
