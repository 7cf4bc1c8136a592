"""Settle what is sent along with a question in a chat: pictures, files, instructions, and how it is to be written."""

from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from hubbub.app.assistants_asked import AskingAssistants, with_assistant
from hubbub.app.attachments import Attachments
from hubbub.app.prompts import Prompts
from hubbub.core.answer import Answer
from hubbub.core.messages import AskedAssistant, AskedWith, Chat, Message, Turn
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
    assistant_id: str | None = None
    """The assistant that is asked, now and later in this chat; empty: none; None: the chat's."""


class SentAlong:
    """Settles it when a question is asked, and restores it for further answers."""

    def __init__(
        self, attachments: Attachments, prompts: Prompts, history: History, assistants: AskingAssistants
    ) -> None:
        self._attachments = attachments
        self._prompts = prompts
        self._history = history
        self.assistants = assistants

    async def settle(
        self, person: Person, sent: Sent, question: Question, chat: Chat, *, is_new: bool
    ) -> tuple[Question, Chat, AskedWith]:
        """Return question and chat with what is sent along, and what is to be kept of it with the question.

        Raises:
            NotFound: something that is named is not there for this person.
            NotAllowed: the assistant is not theirs to ask, or none of its collections is.
            Invalid: there are too many pictures, the model reads none, or the files are another chat's.
        """
        question, by_assistant, assistant = await self._to_assistant(person, sent, question, chat)
        told = await self._prompts.instructions(person) if sent.has_instructions else ""
        told = "\n\n".join(text for text in (by_assistant, told, chat.instructions) if text)
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
        assistant_id = "" if assistant is None else assistant.id
        if chat.assistant_id != assistant_id:
            chat = replace(chat, assistant_id=assistant_id)
            if not is_new:
                await self._history.change(chat.id, ChatChanges(assistant_id=assistant_id))
        effort = question.generation.reasoning_effort or ""
        asked_with = AskedWith(attachments, told, effort, assistant, is_thorough=question.is_thorough)
        return await self._with(question, asked_with), chat, asked_with

    async def _to_assistant(
        self, person: Person, sent: Sent, question: Question, chat: Chat
    ) -> tuple[Question, str, AskedAssistant | None]:
        """Return a question as it goes to an assistant, what that tells the model, and which it was; None: none."""
        assistant_id = chat.assistant_id if sent.assistant_id is None else sent.assistant_id
        if not assistant_id:
            return question, "", None
        settled = await self.assistants.settle(
            person,
            assistant_id,
            is_of_chat=assistant_id == chat.assistant_id,
            model=question.model,
            collection_ids=(*question.collection_ids, *([sent.files_id] if sent.files_id else [])),
        )
        files = {sent.files_id, chat.files_id}  # which are settled apart
        ids = tuple(one for one in settled.collection_ids if one not in files or one in question.collection_ids)
        question = replace(with_assistant(question, settled), model=settled.model, collection_ids=ids)
        return question, settled.instructions, settled.asked

    async def asked_again(self, person: Person, stored: Message, chat: Chat) -> tuple[Message, AskedAssistant | None]:
        """Return a stored question without what its assistant may ask for this person no more, and what that was.

        None is kept of the assistant where all is as it was, or there is none.

        Raises:
            NotFound, NotAllowed: the assistant is not there for them any more, or none of its collections is.
        """
        before = stored.asked_with.assistant
        if before is None:
            return stored, None
        ids = [one for one in stored.collections if one != chat.files_id]
        left = await self.assistants.still_there(person, before.id, ids)
        if len(left) == len(ids):
            return stored, None
        kept = tuple(one for one in stored.collections if one in left or one == chat.files_id)
        gone = len(ids) - len(left)
        return replace(stored, collections=kept), replace(before, left_out=before.left_out + gone)

    async def restored(self, stored: Message) -> Question:
        """Return a stored question as it was asked, without what was said before it."""
        question = Question(stored.text, (), stored.model or None, stored.collections)
        return await self._with(question, stored.asked_with)

    async def _with(self, question: Question, asked_with: AskedWith) -> Question:
        if asked_with == AskedWith():
            return question
        effort, assistant = asked_with.reasoning_effort or None, asked_with.assistant
        most = question.generation.max_tokens or (assistant.max_tokens if assistant is not None else None)
        return replace(
            question,
            images=await self._attachments.images(asked_with),
            instructions=Instructions(asked_with.instructions) if asked_with.instructions else None,
            generation=replace(question.generation, reasoning_effort=effort, max_tokens=most),
            assistant_id=assistant.id if assistant is not None else "",
            is_thorough=asked_with.is_thorough or (assistant is not None and assistant.is_thorough),
        )

    async def turn(self, message: Message, answers: Mapping[str, Answer]) -> Turn:
        """Return what a message of a chat says to a model."""
        if message.role == "assistant":
            return Turn("assistant", answers[message.id].text)
        return Turn("user", message.text, await self._attachments.images(message.asked_with))


def with_length(question: Question, max_tokens: int | None) -> Question:
    """Return a question that is answered at this length; None: as it was, or as the model is set."""
    if max_tokens is None:
        return question
    return replace(question, generation=replace(question.generation, max_tokens=max_tokens))
