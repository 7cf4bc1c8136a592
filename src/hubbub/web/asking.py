"""Take a question in: store it with the place of its answer, and start the answer at the desk."""

import contextlib
import time
from collections.abc import Mapping, Sequence

import msgspec

from hubbub.answers.base import Ticket
from hubbub.answers.desk import Send
from hubbub.conversation.engine import Question
from hubbub.core.answer import Answer
from hubbub.core.errors import Conflict, Invalid, NotFound, StoreError, TooLarge
from hubbub.core.events import Done
from hubbub.core.identifiers import is_id, new_id
from hubbub.core.messages import Chat, Message, Turn
from hubbub.core.people import Person
from hubbub.web.access import chat_for, check_collections, message_for
from hubbub.web.services import Services

TITLE_CHARACTERS = 60


class Asked(msgspec.Struct, frozen=True):
    """A question that is stored, and its answer, which is under way."""

    chat: Chat
    question: Message
    answer: Message


async def ask(
    services: Services,
    person: Person,
    text: str,
    *,
    chat_id: str | None = None,
    parent_id: str | None = None,
    question_id: str | None = None,
    model: str | None = None,
    collection_ids: Sequence[str] = (),
) -> Asked:
    """Store a question and start its answer. The same `question_id` again returns what it began the first time.

    Raises:
        Invalid, TooLarge: the text is empty or too long, or an id has not the form of one.
        NotFound: there is no such chat, message, model or collection for this person.
        TooBusy, Overloaded: as many are answered and wait as may; nothing was stored.
        Conflict: the `question_id` was used for another question.
    """
    _check_text(text, services.limits.question_characters)
    if question_id is None:
        question_id = new_id()
    elif not is_id(question_id):
        raise Invalid("question_id has to be 26 characters of Crockford's base 32 in lower case, like a ULID.")
    async with services.turns.of(question_id):
        if (stored := await services.history.message(question_id)) is not None:
            return await _asked_before(services, person, stored, text)
        if chat_id is None and parent_id is not None:
            raise Invalid("parent_id needs the chat_id of the chat that it is in.")
        _check_model(services, model)
        collection_ids = await check_collections(services, person, collection_ids)
        now = time.time()
        if chat_id is None:
            chat = Chat(new_id(), person.id, title_of(text), now, now)
        else:
            chat = await chat_for(services, person, chat_id)
            await _check_parent(services, person, chat, parent_id)
            await _check_room(services, chat)
        question = Message(question_id, chat.id, parent_id, "user", text, now, model or "", tuple(collection_ids))
        return await _start(services, person, chat, question, is_new=True, is_new_chat=chat_id is None)


async def ask_again(
    services: Services,
    person: Person,
    question_id: str,
    *,
    model: str | None = None,
    collection_ids: Sequence[str] | None = None,
) -> Asked:
    """Start one more answer to a question, by the same model and over the same collections unless others are given.

    Raises:
        NotFound: there is no such question, model or collection for this person.
        TooBusy, Overloaded: as many are answered and wait as may; nothing was stored.
        TooLarge: the chat has as many messages as it may have.
    """
    question = await message_for(services, person, question_id)
    if question.role != "user":
        raise NotFound("There is no such question.")
    _check_model(services, model)
    changed = msgspec.structs.replace(
        question,
        model=question.model if model is None else model,
        collections=question.collections
        if collection_ids is None
        else await check_collections(services, person, collection_ids),
    )
    chat = await chat_for(services, person, question.chat_id)
    await _check_room(services, chat)
    return await _start(services, person, chat, changed, is_new=False)


def title_of(text: str) -> str:
    """Return a chat's title: the beginning of its first question, cut at a word."""
    line = " ".join(text.split())
    if len(line) <= TITLE_CHARACTERS:
        return line
    return line[: TITLE_CHARACTERS - 1].rsplit(" ", 1)[0] + "…"


async def _start(
    services: Services, person: Person, chat: Chat, question: Message, *, is_new: bool, is_new_chat: bool = False
) -> Asked:
    answer = Message(new_id(), chat.id, question.id, "assistant", "", time.time(), question.model, question.collections)
    asked = Question(question.text, (), question.model or None, question.collections)
    services.desk.check(person.id, services.engine.weigh(asked)[0])
    asked = msgspec.structs.replace(asked, turns=await _turns_before(services, question))
    admission = services.desk.enter(Ticket(person.id, *services.engine.weigh(asked)))

    async def work(send: Send) -> Done:
        return await services.engine.answer(asked, send)

    # The log first: a message whose answer has no log reads as interrupted.
    await services.desk.start(answer.id, person.id, work, admission)
    try:
        if is_new_chat:
            await services.history.create(chat)
        await services.history.add([question, answer] if is_new else [answer])
    except BaseException:
        await services.desk.stop(answer.id, reason="not_stored")
        with contextlib.suppress(StoreError):  # on a full disk nothing can be forgotten either
            if is_new_chat:
                await services.history.delete(chat.id)
            await services.log.forget([answer.id])
        raise
    return Asked(msgspec.structs.replace(chat, updated_at=answer.created_at), question, answer)


async def _turns_before(services: Services, question: Message) -> tuple[Turn, ...]:
    """Return what was said on the branch that leads to a question."""
    if question.parent_id is None:
        return ()
    messages = {message.id: message for message in await services.history.messages(question.chat_id)}
    branch: list[Message] = []
    parent = messages.get(question.parent_id)
    while parent is not None:
        branch.append(parent)
        parent = messages.get(parent.parent_id) if parent.parent_id else None
    branch.reverse()
    answers = await services.log.answers([message.id for message in branch if message.role == "assistant"])
    return tuple(turn for message in branch if (turn := _turn(message, answers)).text)


def _turn(message: Message, answers: Mapping[str, Answer]) -> Turn:
    return Turn(message.role, answers[message.id].text if message.role == "assistant" else message.text)


async def _asked_before(services: Services, person: Person, stored: Message, text: str) -> Asked:
    question = await message_for(services, person, stored.id)
    chat = await chat_for(services, person, question.chat_id)
    for message in await services.history.messages(chat.id):
        if message.parent_id == question.id and question.text == text:
            return Asked(chat, question, message)
    raise Conflict("This question_id was used for another question. Make a new one.")


async def _check_parent(services: Services, person: Person, chat: Chat, parent_id: str | None) -> None:
    if parent_id is None:
        return
    parent = await message_for(services, person, parent_id)
    if parent.chat_id != chat.id or parent.role != "assistant":
        raise NotFound("parent_id has to be an answer in this chat.")


async def _check_room(services: Services, chat: Chat) -> None:
    if len(await services.history.messages(chat.id)) >= services.limits.chat_messages:
        raise TooLarge(f"This chat has {services.limits.chat_messages:,} messages, the limit. Begin a new one.")


def _check_text(text: str, most_characters: int) -> None:
    if not text.strip():
        raise Invalid("The question is empty. Write something first.")
    if len(text) > most_characters:
        raise TooLarge(f"The question has {len(text):,} characters; {most_characters:,} is the limit. Shorten it.")


def _check_model(services: Services, model: str | None) -> None:
    if model:
        services.catalog.get(model)
