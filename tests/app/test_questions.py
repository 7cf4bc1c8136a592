"""Asking without HTTP: what holds by whatever door a question comes."""

import time
from contextlib import aclosing

import pytest

from hubbub.answers.base import Found, Party
from hubbub.app.again import Again
from hubbub.app.application import Application
from hubbub.app.questions import Place
from hubbub.core.errors import Malformed, NotFound
from hubbub.core.events import Done, Event
from hubbub.core.identifiers import new_id
from hubbub.core.messages import Message, Turn
from hubbub.core.people import Person
from hubbub.core.questions import Question

ANN, BOB = Person("ann"), Person("bob")


async def events_of(application: Application, person: Person, answer_id: str) -> list[Event]:
    async with aclosing(application.answers.follow(person, answer_id)) as following:
        return [event async for event in following]


async def test_a_question_in_a_chat_and_one_apart_are_answered_alike(application: Application) -> None:
    asked = await application.questions.ask(ANN, Question("Hello?"), Place())
    answer_id = await application.questions.ask(ANN, Question("Hello?"))
    for one in (asked.answer.id, answer_id):
        assert isinstance((await events_of(application, ANN, one))[-1], Done)
    within, apart = [await application.answers.show(ANN, one) for one in (asked.answer.id, answer_id)]
    assert within.text == apart.text == "This is a scripted answer."
    assert [one.id for one in await application.chats.list(ANN)] == [asked.chat.id]
    assert await application.chats.list(BOB) == []
    with pytest.raises(NotFound):
        await application.answers.show(BOB, answer_id)


async def test_nobody_asks_over_the_collections_of_others(application: Application) -> None:
    mine = await application.collections.make(ANN, "Mine")
    question = Question("What?", collection_ids=(mine.id,))
    assert await application.questions.ask(ANN, question)
    for place in (None, Place()):
        with pytest.raises(NotFound, match="no such collection"):
            await application.questions.ask(BOB, question, place)


async def test_nobody_asks_again_over_what_is_shared_no_more(application: Application) -> None:
    mine = await application.collections.make(ANN, "Mine")
    await application.library.change(mine.id, is_shared=True)
    asked = await application.questions.ask(BOB, Question("What?", collection_ids=(mine.id,)), Place())
    assert await application.questions.ask_again(BOB, asked.question.id)
    await application.library.change(mine.id, is_shared=False)
    with pytest.raises(NotFound, match="no such collection"):
        await application.questions.ask_again(BOB, asked.question.id)
    assert await application.questions.ask_again(BOB, asked.question.id, Again(collection_ids=()))


async def test_what_was_begun_elsewhere_is_taken_over_with_all_that_was_asked(application: Application) -> None:
    first = await application.questions.ask(ANN, Question("One?"), Place())
    await events_of(application, ANN, first.answer.id)
    place = Place(first.chat.id, first.answer.id)
    asked = await application.questions.ask(ANN, Question("Two?", model="quick"), place)
    apart = await application.questions.ask(ANN, Question("Three?", (Turn("user", "Before."),)))
    for answer_id in (asked.answer.id, apart):
        await events_of(application, ANN, answer_id)
        taken = await application.questions.take_over(Found(answer_id, "ann"))
        assert taken is not None
        work, ticket = taken
        sent: list[Event] = []
        assert isinstance(await work(sent.append), Done)
        assert (ticket.party, ticket.deployment) == (Party("ann"), "quick")
        assert sent
    await application.chats.delete(ANN, asked.chat.id)
    assert await application.questions.take_over(Found(asked.answer.id, "ann")) is None


async def test_an_image_somewhere_else_is_refused_by_every_door(application: Application) -> None:
    turn = Turn("user", "Look.", ("https://elsewhere.example/a.png",))
    with pytest.raises(Malformed, match="image"):
        await application.questions.ask(ANN, Question("Look.", (turn,), is_verbatim=True))


async def test_a_programs_question_may_stand_in_a_chat(application: Application) -> None:
    first = await application.questions.ask(ANN, Question("One?"), Place())
    await events_of(application, ANN, first.answer.id)
    asked = Message(new_id(), first.chat.id, first.answer.id, "user", "Two?", time.time())
    answer = Message(new_id(), first.chat.id, asked.id, "assistant", "", time.time())
    turns = await application.questions.branches.until(first.chat.id, first.answer.id)
    answer_id = await application.questions.ask(ANN, Question("Two?", turns), keep_seconds=1, within=(asked, answer))
    assert answer_id == answer.id
    assert isinstance((await events_of(application, ANN, answer_id))[-1], Done)
    shown = await application.chats.show(ANN, first.chat.id)
    assert [one.text for one in shown.messages if one.role == "user"] == ["One?", "Two?"]
    assert [turn.text for turn in turns] == ["One?", "This is a scripted answer."]
