"""Let programs go on with chats: what was said in one, whoever asked, and the place of the next answer."""

import time
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from hubbub.answers.log import Log
from hubbub.app.application import Application
from hubbub.app.responses import kept_with
from hubbub.app.titles import title_of
from hubbub.core.errors import Conflict, Invalid, TooLarge
from hubbub.core.events import Asked, Done, Text
from hubbub.core.identifiers import new_id
from hubbub.core.messages import Chat, JsonObject, Message, Turn
from hubbub.core.people import Person
from hubbub.core.questions import Question
from hubbub.core.reasons import because
from hubbub.history.base import AnnotatedHistory

UNTITLED = "New chat"


class Annotation(msgspec.Struct, frozen=True, omit_defaults=True):
    """What programs keep with a chat."""

    metadata: dict[str, str] = {}
    left_out: tuple[str, ...] = ()
    """The ids of items that were deleted."""


_annotation = msgspec.json.Decoder(Annotation)


class Standing(NamedTuple):
    """How far a chat has come: its last answer, and what was said up to that and in it."""

    chat: Chat
    last_id: str | None
    turns: tuple[Turn, ...]


async def begin(app: Application, person: Person) -> Chat:
    """Store a new chat and return it."""
    now = time.time()
    chat = Chat(new_id(), person.id, UNTITLED, now, now)
    await app.history.create(chat)
    return chat


async def annotation_of(app: Application, chat_id: str) -> Annotation:
    """Return what programs keep with a chat."""
    content = await app.history.annotation(chat_id) if isinstance(app.history, AnnotatedHistory) else None
    return Annotation() if content is None else _annotation.decode(content)


async def annotate(app: Application, chat_id: str, annotation: Annotation) -> None:
    """Keep something with a chat.

    Raises:
        Invalid: this history keeps nothing with chats.
    """
    if not isinstance(app.history, AnnotatedHistory):
        raise Invalid("This server keeps nothing with conversations.")
    await app.history.annotate(chat_id, msgspec.json.encode(annotation))


async def branch_of(app: Application, chat: Chat, last_id: str | None) -> list[Message]:
    """Return the messages of a chat up to one, without what programs asked: that stands with the answers."""
    messages = {message.id: message for message in await app.history.messages(chat.id)}
    branch: list[Message] = []
    at = messages.get(last_id) if last_id else None
    while at is not None:
        branch.append(at)
        at = messages.get(at.parent_id) if at.parent_id else None
        first = await app.log.first(branch[-1].id) if branch[-1].role == "assistant" else None
        if at is not None and isinstance(first, Asked) and kept_with(first).store:
            at = messages.get(at.parent_id) if at.parent_id else None
    return branch[::-1]


async def standing(app: Application, person: Person, chat_id: str) -> Standing:
    """Return how far a chat has come, on the branch that was gone on with last.

    Raises:
        NotFound: there is none for this person.
        Conflict: its last answer is still being made.
    """
    chat = await app.access.chat(person, chat_id)
    answers = [message for message in await app.history.messages(chat_id) if message.role == "assistant"]
    if not answers:
        return Standing(chat, None, ())
    last = answers[-1]
    first = await app.log.first(last.id)
    if isinstance(first, Asked) and kept_with(first).store:
        return Standing(chat, last.id, await app.responses.said_until(person, last.id))
    if (await app.log.answer(last.id)).state == "open":
        raise Conflict("The last answer of this chat is not complete yet. Go on when it is.")
    return Standing(chat, last.id, await app.questions.branches.until(chat_id, last.id))


async def place_of_next(app: Application, chat: Chat, last_id: str | None, text: str) -> tuple[Message, Message]:
    """Return a question and the place of its answer, to be stored where the chat goes on.

    Raises:
        TooLarge: the chat has as many messages as it may have.
    """
    if len(await app.history.messages(chat.id)) >= app.limits.chat_messages:
        raise TooLarge(because("chat_full", messages=app.limits.chat_messages))
    if chat.title == UNTITLED and text.strip():
        await app.history.rename(chat.id, title_of(text))
    now = time.time()
    question = Message(new_id(), chat.id, last_id, "user", text[: app.limits.question_characters], now)
    return question, Message(new_id(), chat.id, question.id, "assistant", "", now)


async def add(app: Application, person: Person, at: Standing, turns: Sequence[Turn], echo: JsonObject) -> None:
    """Add to a chat what was said elsewhere. No model is asked: what the model said last is the answer."""
    answered = turns[-1].text if turns[-1].role == "assistant" and not turns[-1].calls else ""
    asked = turns[:-1] if answered else turns
    question = Question(text_of(asked), (*at.turns, *asked), is_verbatim=True)
    messages = await place_of_next(app, at.chat, at.last_id, question.text)
    answer_id = messages[1].id
    log: Log = app.log
    await log.open(answer_id, person.id, None, None, app.history.adding(messages))
    log.append(answer_id, Asked(question, echo))
    if answered:
        log.append(answer_id, Text(answered))
    await log.end(answer_id, Done())


def text_of(turns: Sequence[Turn]) -> str:
    """Return what stands for turns in a chat: what a person said last, or what tools returned."""
    said = [turn.text for turn in turns if turn.role == "user" and turn.text]
    results = [f"[Returned: {turn.text}]" for turn in turns if turn.call_id is not None]
    return said[-1] if said else "\n".join(results)
