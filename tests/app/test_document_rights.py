"""Documents that are restricted: shared answers, what is kept between steps, exports, erasure and folders."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from hubbub.app.application import Application
from hubbub.app.questions import Place
from hubbub.app.rights_watch import RightsWatch
from hubbub.audit.base import Filter
from hubbub.compose import open_application_within
from hubbub.conversation.searches import Searches
from hubbub.core.documents import Hit
from hubbub.core.errors import Conflict, Invalid, NotAllowed, NotFound
from hubbub.core.people import (
    EVERYBODY,
    GROUP,
    OPERATOR,
    PERSON,
    Limits,
    Member,
    Permission,
    Person,
    Right,
    reader_of,
)
from hubbub.core.questions import Generation, Question, Turn
from hubbub.settings import Settings

ANN, BOB, CAT, DAN = (Person(name) for name in ("ann", "bob", "cat", "dan"))
SECRET = "quokka"


@pytest.fixture
async def sharing(tmp_path: Path) -> AsyncIterator[Application]:
    """An application that answers the same question of several people once."""
    tables = {
        "server": {"data_folder": tmp_path / "data"},
        "discovery": {"is_enabled": False},
        "embedded": {"is_enabled": False},
        "embeddings": {"provider": "none"},
        "guide": {"is_enabled": False},
        "answers": {"shares_identical": True},
        "models": {"quick": {"provider": "scripted"}},
        "default_model": "quick",
    }
    async with open_application_within(Settings.model_validate(tables)) as application:
        yield application


async def of_ann(application: Application, *, only: Person | None = BOB) -> tuple[str, str, str]:
    """Return a collection of Ann's that everybody may use, with a document for all and one that is only for Bob."""
    made = await application.collections.make(ANN, "Leave")
    shown = await application.documents.add(ANN, made.id, "leave.md", b"# Leave\n\nThirty days of leave.")
    text = f"# Bonus\n\nA bonus of leave: a {SECRET}.".encode()
    secret = await application.documents.add(ANN, made.id, "bonus.md", text)
    await application.documents.until_read(made.id, most_seconds=30)
    await application.collections.share(OPERATOR, made.id, [Permission(EVERYBODY, Right.USE)])
    if only is not None:
        await application.document_rights.restrict(ANN, secret.id, [PERSON + only.id])
    return made.id, shown.id, secret.id


async def answered(application: Application, person: Person, place: str, **more: object) -> str:
    """Return all that a question got."""
    question = Question("What is the bonus of leave?", model="quick", collection_ids=(place,), **more)  # type: ignore[arg-type]
    answer_id = await application.questions.ask(person, question)
    records = [record async for some in application.log.follow(answer_id) for record in some]
    return b" ".join(record.data for record in records).decode()


async def test_answers_are_shared_by_those_with_the_same_sight_of_documents(sharing: Application) -> None:
    place, _, secret = await of_ann(sharing)
    people = (ANN, BOB, CAT, DAN) * 3
    told = await asyncio.gather(*(answered(sharing, one, place) for one in people))
    assert [SECRET in one for one in told] == [person in (ANN, BOB) for person in people]
    asked = await sharing.access.readable(CAT, [place], may_share=True)
    assert asked == await sharing.access.readable(DAN, [place], may_share=True)  # these two share
    assert asked != await sharing.access.readable(BOB, [place], may_share=True)
    # What was begun before a document was restricted is not gone along with afterwards.
    await sharing.document_rights.restrict(ANN, secret, None)
    before = await sharing.access.readable(CAT, [place], may_share=True)
    await sharing.document_rights.restrict(ANN, secret, [])
    assert before != await sharing.access.readable(CAT, [place], may_share=True) != asked


async def test_a_step_of_a_loop_reads_no_document_that_was_restricted_since(application: Application) -> None:
    place, _, secret = await of_ann(application, only=None)
    searches = Searches(application.library)
    question = Question(
        "bonus?", collection_ids=(place,), reader=reader_of(CAT), generation=Generation(tools=({"name": "look"},))
    )
    hit = Hit("p", secret, place, "bonus.md", "", SECRET, None, "", 1.0)
    searches.keep(question, "bonus", [hit])
    step = msgspec.structs.replace(question, since=(Turn("user", "It says 3."),))
    assert await searches.kept(step) is not None
    await application.document_rights.restrict(ANN, secret, [PERSON + "bob"])
    assert await searches.kept(step) is None


async def test_a_document_that_is_still_read_is_not_named_to_others(application: Application) -> None:
    place, _, secret = await of_ann(application)
    known = await application.library.document(secret)
    assert known is not None
    await application.library.mark(known, "reading")
    for person, is_named in ((CAT, False), (BOB, True)):
        assert ("bonus.md" in await answered(application, person, place, wait_seconds=0.0)) is is_named


async def test_who_may_say_who_sees_a_document(application: Application) -> None:
    place, shown, secret = await of_ann(application)
    rights = application.document_rights
    with pytest.raises(NotFound):
        await rights.restrict(CAT, secret, None)
    for person in (BOB, CAT):
        with pytest.raises(NotAllowed):
            await rights.restrict(person, shown, [])
    ours = await application.groups.make(OPERATOR, "Ours")
    with pytest.raises(NotFound):  # whether there is such a group is not hers to know
        await rights.restrict(ANN, secret, [GROUP + ours.id])
    await rights.restrict(OPERATOR, secret, [GROUP + ours.id, GROUP + ours.id])
    await rights.restrict(ANN, secret, [GROUP + ours.id, PERSON + "dan"])  # what is there may stay
    document, _ = await application.documents.show(ANN, secret)
    assert await rights.readers(ANN, document) == [GROUP + ours.id, PERSON + "dan"]
    for odd in ([EVERYBODY], ["dan"], [PERSON], [f"person:{number}" for number in range(501)]):
        with pytest.raises(Invalid):
            await rights.restrict(ANN, secret, odd)
    limited = Person("ann", limits=Limits(scopes=frozenset({"documents:write"})))
    with pytest.raises(NotAllowed):
        await rights.restrict(limited, secret, None)
    with pytest.raises(NotAllowed):  # an operator administrates it, and reads it within a reading
        await application.documents.show(Person("root", is_operator=True), secret)
    await application.groups.put_member(OPERATOR, ours.id, Member("cat"))
    assert (await application.documents.show(CAT, secret))[0].is_restricted
    await application.groups.delete(OPERATOR, ours.id)
    with pytest.raises(NotFound):
        await application.documents.show(CAT, secret)
    with pytest.raises(NotFound):
        await application.documents.show(BOB, secret)
    assert (await application.documents.list(CAT, place))[0].id == shown


async def test_a_list_lets_nobody_into_a_collection(application: Application) -> None:
    place, _, secret = await of_ann(application)
    await application.collections.share(OPERATOR, place, [])
    with pytest.raises(NotFound):
        await application.documents.show(BOB, secret)
    await application.collections.share(OPERATOR, place, [Permission(PERSON + "bob", Right.SEE)])
    assert [one.name for one in await application.documents.list(BOB, place)] == ["bonus.md", "leave.md"]
    with pytest.raises(NotAllowed):
        await application.documents.show(BOB, secret)


async def test_a_name_that_is_hidden_is_not_written_over(application: Application) -> None:
    place, _, secret = await of_ann(application)
    await application.collections.share(ANN, place, [Permission(PERSON + "cat", Right.WRITE)])
    with pytest.raises(Conflict):
        await application.documents.add(CAT, place, "bonus.md", b"mine")
    with pytest.raises(NotFound):
        await application.documents.delete(CAT, secret)
    replaced = await application.documents.add(ANN, place, "bonus.md", b"# Bonus\n\nNo more.")
    assert (replaced.id, replaced.is_restricted) == (secret, True)


async def test_a_continued_answer_doesn_t_go_on_with_what_is_hidden_by_now(application: Application) -> None:
    place, _, secret = await of_ann(application, only=None)
    asked = await application.questions.ask(
        CAT, Question("What is the bonus of leave?", model="slow", collection_ids=(place,)), Place()
    )
    async with asyncio.timeout(30):
        while not application.log.hits(asked.answer.id):
            await asyncio.sleep(0.01)
    hits = application.log.hits(asked.answer.id)
    assert secret in {hit.document_id for hit in hits or ()}
    await application.access.check_hits(CAT, hits or ())
    began = asyncio.get_running_loop().time()
    await application.document_rights.restrict(ANN, secret, [PERSON + "bob"])
    async with asyncio.timeout(5):
        while application.log.is_here(asked.answer.id):
            await asyncio.sleep(0.01)
    print(f"ended {asyncio.get_running_loop().time() - began:.2f} s after the right")  # noqa: T201
    assert (await application.log.answer(asked.answer.id)).stop_reason == "right_ended"
    with pytest.raises(Invalid):
        await application.access.check_hits(CAT, hits or ())


async def test_who_is_gone_leaves_the_lists_and_a_guest_takes_their_place_along(application: Application) -> None:
    place, _, secret = await of_ann(application)
    readers = application.library.readers
    assert await readers.given(PERSON + "bob") == [secret]
    await application.groups.forget_person("bob")  # as an erasure does
    assert await readers.given(PERSON + "bob") == []
    known = await application.library.document(secret)
    assert known is not None
    assert known.is_restricted  # nobody is left, and nobody is let in
    with pytest.raises(NotFound):
        await application.documents.show(CAT, secret)
    await application.document_rights.restrict(ANN, secret, [PERSON + "guest-of-old"])
    await application.library.give("guest-of-old", "dan")  # type: ignore[attr-defined]
    assert await readers.of(secret) == [PERSON + "dan"]
    assert (await application.documents.list(DAN, place))[0].id == secret


async def test_each_change_is_in_the_audit(application: Application) -> None:
    _, _, secret = await of_ann(application)
    await application.document_rights.restrict(ANN, secret, [PERSON + "cat"])
    await application.document_rights.restrict(ANN, secret, None)
    audit = application.audit
    assert audit is not None
    await audit.collect()
    noted = [entry for _, entry in (await audit.find(Filter(deed="document shared"))).entries][::-1]
    assert {(one.who, one.what, one.outcome) for one in noted} == {("ann", secret, "done")}
    assert [one.detail.partition(": ")[2] for one in noted] == [
        "+person:bob",
        "+person:cat -person:bob",
        "restricted no more",
    ]


async def test_the_watch_misses_no_change_whenever_something_is_found(application: Application) -> None:
    place, shown, secret = await of_ann(application, only=None)
    found: dict[str, tuple[Hit, ...]] = {}
    ended: list[str] = []
    watch = RightsWatch(application.library, lambda one, _: ended.append(one), lambda one: one not in ended, found.get)

    def find(answer_id: str, document_id: str) -> None:
        found[answer_id] = (Hit("p", document_id, place, "bonus.md", "", SECRET, None, "", 1.0),)

    reader = reader_of(CAT)
    watch.add("searched before", reader, (place,))
    watch.add("searches long", reader, (place,))
    watch.add("another document", reader, (place,))
    find("searched before", secret)
    find("another document", shown)
    await watch.check()
    assert ended == []
    await application.document_rights.restrict(ANN, secret, [])
    await watch.check()
    assert ended == ["searched before"]
    find("searches long", secret)  # its search began before
    find("taken over", secret)
    watch.add("taken over", reader, (place,))  # as it was found by the worker that died
    await watch.check()
    assert sorted(ended) == ["searched before", "searches long", "taken over"]
    await watch.check()
    assert len(ended) == 3
