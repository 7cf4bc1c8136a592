"""List, show, rename and delete a person's chats."""

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from hubbub.answers.desk import Desk
from hubbub.answers.log import Log
from hubbub.app.access import Access
from hubbub.core.answer import Answer
from hubbub.core.errors import Invalid
from hubbub.core.messages import Chat, Message, Role
from hubbub.core.people import Person, may_list
from hubbub.history.base import History
from hubbub.identity.deeds import Deeds

TITLE_CHARACTERS = 200
DELETED = "chat_deleted"
"""The reason that answers in a chat are stopped for when it is deleted."""


class MessageWithAnswer(msgspec.Struct):
    """A message of a chat's tree; an assistant's carries what its answer is now."""

    id: str
    chat_id: str
    parent_id: str | None
    role: Role
    text: str
    created_at: float
    model: str
    collections: tuple[str, ...]
    answer: Answer | None


class ChatWithMessages(msgspec.Struct):
    """A chat and the tree of its messages, oldest first."""

    chat: Chat
    messages: list[MessageWithAnswer]


class Chats:
    """The chats of people."""

    def __init__(self, access: Access, history: History, desk: Desk, log: Log, deeds: Deeds | None = None) -> None:
        self._deeds = deeds or Deeds()
        self._access = access
        self._history = history
        self._desk = desk
        self._log = log

    async def list(self, person: Person, *, limit: int = 200, after: tuple[float, str] | None = None) -> Sequence[Chat]:
        """Return a person's chats, the one last used first: those behind one, by its `updated_at` and id."""
        if not may_list(person, person.id):
            return []
        return await self._history.chats(person.id, limit=limit, after=after)

    async def show(self, person: Person, chat_id: str) -> ChatWithMessages:
        """Return a chat with the tree of its messages, and what each answer is now.

        Raises:
            NotFound: there is none for this person.
        """
        chat = await self._access.chat(person, chat_id)
        messages = await self._history.messages(chat_id)
        answers = await self._log.answers([message.id for message in messages if message.role == "assistant"])
        return ChatWithMessages(chat, [_with_answer(message, answers.get(message.id)) for message in messages])

    async def rename(self, person: Person, chat_id: str, title: str) -> Chat:
        """Give a chat another title, and return it.

        Raises:
            NotFound: there is none for this person.
            Invalid: the title is empty or too long.
        """
        chat = await self._access.chat(person, chat_id)
        title = " ".join(title.split())
        if not 0 < len(title) <= TITLE_CHARACTERS:
            raise Invalid(f"A title has 1 to {TITLE_CHARACTERS} characters.")
        await self._history.rename(chat_id, title)
        return replace(chat, title=title)

    async def delete(self, person: Person, chat_id: str) -> None:
        """Delete a chat with all its messages. Answers that are under way are stopped.

        Raises:
            NotFound: there is none for this person.
        """
        await self._access.chat(person, chat_id)
        async with self._deeds.doing("chat deleted", by=person, of=chat_id):
            answer_ids = await self._history.delete(chat_id)  # first: from here on no answer can come to it
        await self._forget(answer_ids)

    async def discard(self, chat_id: str) -> None:
        """Delete a chat, whosever it is: what does so for many records it for all of them."""
        await self._forget(await self._history.delete(chat_id))

    async def _forget(self, answer_ids: Sequence[str]) -> None:
        for answer_id in answer_ids:
            await self._desk.stop(answer_id, reason=DELETED)
        await self._log.forget(answer_ids)


def _with_answer(message: Message, answer: Answer | None) -> MessageWithAnswer:
    return MessageWithAnswer(**msgspec.structs.asdict(message), answer=answer)
