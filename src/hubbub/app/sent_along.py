"""Settle what is sent along with a question in a chat: pictures, files, instructions, and how it is to be written."""

from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from hubbub.app.attachments import Attachments
from hubbub.app.prompts import Prompts
from hubbub.core.answer import Answer
from hubbub.core.messages import AskedWith, Chat, Message, Turn
from hubbub.core.people import Person
from hubbub.core.questions import Instructions, Question
from hubbub.history.base import ChatChanges, History


class Sent(msgspec.Struct, frozen=True):
    """What is sent along with a question."""

    picture_ids: tuple[str, ...] = ()
    files_id: str | None = None
    """The chat's files, which are searched for this question."""
    document_ids: tuple[str, ...] = ()
    """Those of them that were sent with this question."""
    has_instructions: bool = False
    """Whether the model is told what the person tells with each question."""


class SentAlong:
    """Settles it when a question is asked, and restores it for further answers."""

    def __init__(self, attachments: Attachments, prompts: Prompts, history: History) -> None:
        self._attachments = attachments
        self._prompts = prompts
        self._history = history

    async def settle(
        self, person: Person, sent: Sent, question: Question, chat: Chat, *, is_new: bool
    ) -> tuple[Question, Chat, AskedWith]:
        """Return question and chat with what is sent along, and what is to be kept of it with the question.

        Raises:
            NotFound: something that is named is not there for this person.
            Invalid: there are too many pictures, the model reads none, or the files are another chat's.
        """
        told = await self._prompts.instructions(person) if sent.has_instructions else ""
        told = "\n\n".join(text for text in (told, chat.instructions) if text)
        files_id = await self._attachments.files_of(person, None if is_new else chat, sent.files_id)
        if files_id:
            question = replace(question, collection_ids=(*question.collection_ids, files_id))
        attachments = await self._attachments.named(
            person, sent.picture_ids, sent.document_ids, files_id or chat.files_id, question
        )
        if files_id and chat.files_id != files_id:
            chat = replace(chat, files_id=files_id)
            if not is_new:
                await self._history.change(chat.id, ChatChanges(files_id=files_id))
        effort = question.generation.reasoning_effort or ""
        asked_with = AskedWith(attachments, told, effort, question.is_thorough)
        return await self._with(question, asked_with), chat, asked_with

    async def restored(self, stored: Message) -> Question:
        """Return a stored question as it was asked, without what was said before it."""
        question = Question(stored.text, (), stored.model or None, stored.collections)
        return await self._with(question, stored.asked_with)

    async def _with(self, question: Question, asked_with: AskedWith) -> Question:
        if asked_with == AskedWith():
            return question
        effort = asked_with.reasoning_effort or None
        return replace(
            question,
            images=await self._attachments.images(asked_with),
            instructions=Instructions(asked_with.instructions) if asked_with.instructions else None,
            generation=replace(question.generation, reasoning_effort=effort),
            is_thorough=asked_with.is_thorough,
        )

    async def turn(self, message: Message, answers: Mapping[str, Answer]) -> Turn:
        """Return what a message of a chat says to a model."""
        if message.role == "assistant":
            return Turn("assistant", answers[message.id].text)
        return Turn("user", message.text, await self._attachments.images(message.asked_with))


def with_length(question: Question, max_tokens: int | None) -> Question:
    """Return a question that is answered at this length; None: as the model is set."""
    return replace(question, generation=replace(question.generation, max_tokens=max_tokens))
