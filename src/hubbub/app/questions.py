"""Take a question in: store it with the place of its answer, and start the answer at the desk."""

import hashlib
import time
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from hubbub.answers.base import Found, Party, Ticket, party_of
from hubbub.answers.desk import Work
from hubbub.app.access import chat_for, check_collections, message_for
from hubbub.app.apart import credential, question_of, stop_when_revoked, work_on
from hubbub.app.application import Application, RequestLimits
from hubbub.core.answer import Answer
from hubbub.core.errors import Conflict, Invalid, NotFound, TooLarge
from hubbub.core.identifiers import is_id, new_id
from hubbub.core.messages import Chat, Message, Turn
from hubbub.core.people import Person
from hubbub.core.questions import Begun, Generation, Question

TITLE_CHARACTERS = 60

CUT_OFF = ("length", "deadline")
"""The finish reasons of answers that are complete only as far as they were let."""

Unwatched: TypeAlias = Literal["finish", "stop"]
"""What happens to an answer that nobody watches any more."""


class Asked(msgspec.Struct, frozen=True):
    """A question that is stored, and its answer, which is under way."""

    chat: Chat
    question: Message
    answer: Message


class NewQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question. Without `chat_id` it begins a chat; with the `parent_id` of an earlier one it is an edit of that."""

    text: str
    chat_id: str | None = None
    parent_id: Annotated[str | None, Meta(description="The answer that the question follows")] = None
    question_id: Annotated[str | None, Meta(description="Makes repeating the request safe; a ULID in lower case")] = (
        None
    )
    model: str | None = None
    collections: Annotated[list[str], Meta(max_length=50)] = []
    unwatched: Annotated[
        Unwatched | None,
        Meta(description="What happens to the answer when nobody watches any more; as the server is set if not given"),
    ] = None
    grace_seconds: Annotated[
        Annotated[float, Meta(ge=0, le=3600)] | None, Meta(description="How long it is still worked on then")
    ] = None
    within_seconds: Annotated[
        Annotated[float, Meta(gt=0, le=3600)] | None,
        Meta(description="By when the answer has to be there, be it as far as it has come"),
    ] = None
    wait_seconds: Annotated[
        Annotated[float, Meta(ge=0, le=600)] | None,
        Meta(description="How long the answer waits for documents that are still being read; a while if not given"),
    ] = None
    max_tokens: Annotated[
        Annotated[int, Meta(ge=1, le=10**9)] | None,
        Meta(
            description="How long the answer may get; as the model is set if not given, which is as it likes as a rule"
        ),
    ] = None


async def ask(app: Application, person: Person, new: NewQuestion) -> Asked:
    """Store a question and start its answer. The same `question_id` again returns what it began the first time.

    Raises:
        Invalid, TooLarge: the text is empty or too long, or an id has not the form of one, or the `question_id` was
            used for another question.
        NotFound: there is no such chat, message, model or collection for this person.
        TooBusy, Overloaded: as many are answered and wait as may; nothing was stored.
    """
    _check_text(new.text, app.limits.question_characters)
    if new.question_id is None:
        return await _ask(app, person, new, new_id())
    if not is_id(new.question_id):
        raise Invalid("question_id has to be 26 characters of Crockford's base 32 in lower case, like a ULID.")
    async with app.turns.of(new.question_id):
        if (stored := await app.history.message(new.question_id)) is not None:
            return await _asked_before(app, person, stored, new)
        try:
            return await _ask(app, person, new, new.question_id)
        except Conflict:  # another worker was faster
            if (stored := await app.history.message(new.question_id)) is None:
                raise
            return await _asked_before(app, person, stored, new)


async def _ask(app: Application, person: Person, new: NewQuestion, question_id: str) -> Asked:
    if new.chat_id is None and new.parent_id is not None:
        raise Invalid("parent_id needs the chat_id of the chat that it is in.")
    _check_model(app, new.model)
    collection_ids = await check_collections(app, person, new.collections)
    now = time.time()
    if new.chat_id is None:
        chat = Chat(new_id(), person.id, title_of(new.text), now, now)
    else:
        chat = await chat_for(app, person, new.chat_id)
        await _check_parent(app, person, chat, new.parent_id)
        await _check_room(app, chat)
    question = Message(question_id, chat.id, new.parent_id, "user", new.text, now, new.model or "", collection_ids)
    grace = _grace(app.limits, new.unwatched, new.grace_seconds)
    return await _start(
        app,
        person,
        chat,
        question,
        grace,
        is_new=True,
        new_chat=chat if new.chat_id is None else None,
        fingerprint=None if new.question_id is None else _fingerprint(new),
        within_seconds=new.within_seconds,
        max_tokens=new.max_tokens,
        wait_seconds=new.wait_seconds,
    )


async def ask_again(
    app: Application,
    person: Person,
    question_id: str,
    *,
    model: str | None = None,
    collection_ids: Sequence[str] | None = None,
    unwatched: Unwatched | None = None,
    grace_seconds: float | None = None,
    max_tokens: int | None = None,
    continues: str | None = None,
) -> Asked:
    """Start one more answer to a question, by the same model and over the same collections unless others are given.

    With the id of an earlier answer to it that was cut off, the new one begins with its text and goes on.

    Raises:
        NotFound: there is no such question, answer, model or collection for this person.
        Conflict: the answer to go on with is still being written.
        Invalid: it can't be gone on with: it is complete, or says nothing, or quotes.
        TooBusy, Overloaded: as many are answered and wait as may; nothing was stored.
        TooLarge: the chat has as many messages as it may have.
    """
    question = await message_for(app, person, question_id)
    if question.role != "user":
        raise NotFound("There is no such question.")
    begun: Begun | None = None
    if continues is not None:
        earlier, begun = await _begun(app, person, question, continues)
        question = msgspec.structs.replace(question, model=earlier.model, collections=earlier.collections)
    _check_model(app, model)
    changed = msgspec.structs.replace(
        question,
        model=question.model if model is None else model,
        collections=question.collections
        if collection_ids is None
        else await check_collections(app, person, collection_ids),
    )
    chat = await chat_for(app, person, question.chat_id)
    await _check_room(app, chat)
    grace = _grace(app.limits, unwatched, grace_seconds)
    return await _start(app, person, chat, changed, grace, is_new=False, max_tokens=max_tokens, begun=begun)


def title_of(text: str) -> str:
    """Return a chat's title: the beginning of its first question, cut at a word unless that would leave too little."""
    line = " ".join(text.split())
    if len(line) <= TITLE_CHARACTERS:
        return line
    cut = line[: TITLE_CHARACTERS - 1]
    at_word = cut.rpartition(" ")[0]  # runs of Chinese or Japanese have none
    return (at_word if len(at_word) >= TITLE_CHARACTERS // 2 else cut) + "…"


def _grace(limits: RequestLimits, unwatched: Unwatched | None, grace_seconds: float | None) -> float | None:
    """Return how long an answer is worked on that nobody watches; None: to its end."""
    if unwatched == "finish" or (unwatched is None and not limits.is_stopped_unwatched):
        return None
    return limits.grace_seconds if grace_seconds is None else grace_seconds


async def _start(
    app: Application,
    person: Person,
    chat: Chat,
    question: Message,
    grace_seconds: float | None,
    *,
    is_new: bool,
    new_chat: Chat | None = None,
    fingerprint: str | None = None,
    within_seconds: float | None = None,
    max_tokens: int | None = None,
    begun: Begun | None = None,
    wait_seconds: float | None = None,
) -> Asked:
    answer = Message(new_id(), chat.id, question.id, "assistant", "", time.time(), question.model, question.collections)
    asked = Question(question.text, (), question.model or None, question.collections)
    party = party_of(person)
    app.desk.check(party, app.engine.deployment_of(asked))
    work, ticket = await _work(app, party, question, answer, within_seconds, max_tokens, begun, wait_seconds)
    admission = app.desk.enter(ticket)  # who is refused leaves nothing behind
    messages = [question, answer] if is_new else [answer]
    await app.desk.start(
        answer.id,
        person.id,
        work,
        admission,
        grace_seconds=grace_seconds,
        beside=app.history.adding(messages, chat=new_chat, fingerprint=fingerprint),
        credential=credential(),
        within_seconds=within_seconds,
    )
    stop_when_revoked(app, answer.id)
    return Asked(msgspec.structs.replace(chat, updated_at=answer.created_at), question, answer)


async def _begun(app: Application, person: Person, question: Message, answer_id: str) -> tuple[Message, Begun]:
    """Return an answer to a question that was cut off, and what it had said."""
    message = await message_for(app, person, answer_id)
    if message.parent_id != question.id or message.role != "assistant":
        raise NotFound("There is no such answer to this question.")
    answer = await app.log.answer(answer_id)
    if answer.state == "open":
        raise Conflict("This answer is still being written. Wait until it ends, or stop it first.")
    if answer.state == "done" and answer.finish_reason not in CUT_OFF:
        raise Invalid("This answer is complete: there is nothing to go on with. Ask a new question.")
    if not answer.text or answer.way == "quotes":
        raise Invalid("This answer holds nothing that a model could go on with. Ask for it again.")
    return message, Begun(answer.text, answer.query or "", answer.hits)


async def rework(app: Application, found: Found) -> tuple[Work, Ticket] | None:
    """Return how to make an answer that was begun by another worker; None where its question is gone."""
    if (asked := await question_of(app, found)) is not None:
        return work_on(app, asked), Ticket(Party(found.owner_id), *app.engine.weigh(asked))
    answer = await app.history.message(found.id)
    question = await app.history.message(answer.parent_id) if answer and answer.parent_id else None
    return await _work(app, Party(found.owner_id), question, answer) if question and answer else None


async def _work(
    app: Application,
    party: Party,
    question: Message,
    answer: Message,
    within_seconds: float | None = None,
    max_tokens: int | None = None,
    begun: Begun | None = None,
    wait_seconds: float | None = None,
) -> tuple[Work, Ticket]:
    turns = await _turns_before(app, question)
    asked = Question(
        question.text,
        turns,
        answer.model or None,
        answer.collections,
        generation=Generation(max_tokens=max_tokens),
        within_seconds=within_seconds,
        continues=begun,
        wait_seconds=wait_seconds,
    )
    return work_on(app, asked), Ticket(party, *app.engine.weigh(asked))


async def _turns_before(app: Application, question: Message) -> tuple[Turn, ...]:
    """Return what was said on the branch that leads to a question."""
    if question.parent_id is None:
        return ()
    messages = {message.id: message for message in await app.history.messages(question.chat_id)}
    branch: list[Message] = []
    parent = messages.get(question.parent_id)
    while parent is not None:
        branch.append(parent)
        parent = messages.get(parent.parent_id) if parent.parent_id else None
    branch.reverse()
    answers = await app.log.answers([message.id for message in branch if message.role == "assistant"])
    return tuple(turn for message in branch if (turn := _turn(message, answers)).text)


def _turn(message: Message, answers: Mapping[str, Answer]) -> Turn:
    return Turn(message.role, answers[message.id].text if message.role == "assistant" else message.text)


async def _asked_before(app: Application, person: Person, stored: Message, new: NewQuestion) -> Asked:
    question = await message_for(app, person, stored.id)
    chat = await chat_for(app, person, question.chat_id)
    kept = await app.history.fingerprint(question.id)
    if question.role == "user" and question.text == new.text and kept in (None, _fingerprint(new)):
        for message in await app.history.messages(chat.id):
            if message.parent_id == question.id:
                return Asked(chat, question, message)
    raise Invalid("This question_id was used for another question. Make a new one.")


def _fingerprint(new: NewQuestion) -> str:
    """Return what tells a repeated request from another one under the same `question_id`."""
    whole = msgspec.structs.replace(new, question_id=None, collections=sorted(set(new.collections)))
    return hashlib.sha256(msgspec.json.encode(whole)).hexdigest()


async def _check_parent(app: Application, person: Person, chat: Chat, parent_id: str | None) -> None:
    if parent_id is None:
        return
    parent = await message_for(app, person, parent_id)
    if parent.chat_id != chat.id or parent.role != "assistant":
        raise NotFound("parent_id has to be an answer in this chat.")


async def _check_room(app: Application, chat: Chat) -> None:
    if len(await app.history.messages(chat.id)) >= app.limits.chat_messages:
        raise TooLarge(f"This chat has {app.limits.chat_messages:,} messages, the limit. Begin a new one.")


def _check_text(text: str, most_characters: int) -> None:
    if not text.strip():
        raise Invalid("The question is empty. Write something first.")
    if len(text) > most_characters:
        raise TooLarge(f"The question has {len(text):,} characters; {most_characters:,} is the limit. Shorten it.")


def _check_model(app: Application, model: str | None) -> None:
    if model:
        app.catalog.get(model)
