"""List, show, rename and delete a person's chats."""

from collections.abc import Sequence

import msgspec
from msgspec.structs import asdict, replace

from hubbub.answers.log import Log
from hubbub.answers.runner import Runner
from hubbub.app.access import Access
from hubbub.app.attachments import Attachments
from hubbub.app.prompts import checked_instructions
from hubbub.app.ratings import Rating, Ratings
from hubbub.core.answer import Answer
from hubbub.core.errors import Invalid
from hubbub.core.messages import AskedWith, Chat, Message, Role
from hubbub.core.people import Person, may_list
from hubbub.core.reasons import because
from hubbub.history.base import ChatChanges, History, Kept
from hubbub.identity.deeds import Deeds

TITLE_CHARACTERS = 200
DELETED = "chat_deleted"
"""The reason that answers in a chat are stopped for when it is deleted."""


FOLDER_CHARACTERS = 100
MOST_AT_ONCE = 200
"""So many chats can be changed at once."""
TEMPORARY_SECONDS = 3600.0
"""A temporary chat that nobody left for good is deleted so long after its last use."""


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
    asked_with: AskedWith
    answer: Answer | None
    rating: Rating | None


class ChatWithMessages(msgspec.Struct):
    """A chat and the tree of its messages, oldest first."""

    chat: Chat
    messages: list[MessageWithAnswer]


class Chats:
    """The chats of people."""

    def __init__(
        self,
        access: Access,
        history: History,
        runner: Runner,
        log: Log,
        attachments: Attachments,
        ratings: Ratings,
        deeds: Deeds | None = None,
    ) -> None:
        self._deeds = deeds or Deeds()
        self._access = access
        self._history = history
        self._runner = runner
        self._log = log
        self._attachments = attachments
        self._ratings = ratings

    async def list(
        self,
        person: Person,
        *,
        limit: int = 200,
        after: tuple[float, str] | None = None,
        kept: Kept = "usual",
        folder: str | None = None,
    ) -> Sequence[Chat]:
        """Return a person's chats, the one last used first: those behind one, by its `updated_at` and id."""
        if not may_list(person, person.id):
            return []
        return await self._history.chats(person.id, limit=limit, after=after, kept=kept, folder=folder)

    async def show(self, person: Person, chat_id: str) -> ChatWithMessages:
        """Return a chat with the tree of its messages, and what each answer is now.

        Raises:
            NotFound: there is none for this person.
        """
        chat = await self._access.chat(person, chat_id)
        messages = await self._history.messages(chat_id)
        answers = await self._log.answers([message.id for message in messages if message.role == "assistant"])
        ratings = await self._ratings.of_chat(chat_id)
        told = [_with_answer(one, answers.get(one.id), ratings.get(one.id)) for one in messages]
        return ChatWithMessages(chat, told)

    async def rename(self, person: Person, chat_id: str, title: str) -> Chat:
        """Give a chat another title, and return it.

        Raises:
            NotFound: there is none for this person.
            Invalid: the title is empty or too long.
        """
        chat = await self._access.chat(person, chat_id)
        title = " ".join(title.split())
        if not 0 < len(title) <= TITLE_CHARACTERS:
            raise Invalid(because("title", most=TITLE_CHARACTERS))
        await self._history.rename(chat_id, title)
        return replace(chat, title=title)

    async def change(self, person: Person, chat_id: str, changes: ChatChanges) -> Chat:
        """Pin or archive a chat, put it into a folder, or say what models are told in it; returns it.

        Raises:
            NotFound: there is none for this person.
            Invalid: the folder's name or the instructions are too long.
        """
        chat = await self._access.chat(person, chat_id)
        changes = _checked(changes)
        await self._history.change(chat_id, changes)
        return replace(chat, **{name: one for name, one in asdict(changes).items() if one is not None})

    async def change_many(self, person: Person, chat_ids: Sequence[str], changes: ChatChanges) -> None:
        """Change many chats in the same way, all or none.

        Raises:
            NotFound: one of them is not there for this person; nothing was changed.
            Invalid: there are too many, or the folder's name is too long.
        """
        changes = _checked(changes)
        for chat_id in await self._all(person, chat_ids):
            await self._history.change(chat_id, changes)

    async def delete_many(self, person: Person, chat_ids: Sequence[str]) -> None:
        """Delete many chats.

        Raises:
            NotFound: one of them is not there for this person; nothing was deleted.
            Invalid: there are too many.
        """
        for chat_id in await self._all(person, chat_ids):
            await self._delete(person, chat_id)

    async def _all(self, person: Person, chat_ids: Sequence[str]) -> Sequence[str]:
        if len(chat_ids) > MOST_AT_ONCE:
            raise Invalid(because("chats_at_once", most=MOST_AT_ONCE))
        return [(await self._access.chat(person, one)).id for one in dict.fromkeys(chat_ids)]

    async def folders(self, person: Person) -> Sequence[tuple[str, int]]:
        """Return the names of a person's folders, and how many chats are in each."""
        return await self._history.folders(person.id) if may_list(person, person.id) else []

    async def rename_folder(self, person: Person, name: str, new: str) -> None:
        """Put all of a person's chats in a folder into another one; into none, where the new name is empty.

        Raises:
            Invalid: the new name is too long.
        """
        new = _checked(ChatChanges(folder=new)).folder or ""
        if may_list(person, person.id):
            await self._history.rename_folder(person.id, name, new)

    async def sweep(self, now: float, *, held: Sequence[str] = ()) -> None:
        """Delete the temporary chats that nobody uses any more; none of the owners that are held."""
        for chat_id in await self._history.temporary(now - TEMPORARY_SECONDS, held=held):
            await self.discard(chat_id)

    async def delete(self, person: Person, chat_id: str) -> None:
        """Delete a chat with all its messages and files. Answers that are under way are stopped.

        Raises:
            NotFound: there is none for this person.
        """
        await self._access.chat(person, chat_id)
        await self._delete(person, chat_id)

    async def discard(self, chat_id: str) -> None:
        """Delete a chat, whosever it is: what does so for many records it for all of them."""
        chat = await self._history.chat(chat_id)
        await self._forget(chat, await self._history.delete(chat_id))

    async def _delete(self, person: Person, chat_id: str) -> None:
        chat = await self._history.chat(chat_id)
        async with self._deeds.doing("chat deleted", by=person, of=chat_id):
            answer_ids = await self._history.delete(chat_id)  # first: from here on no answer can come to it
        await self._forget(chat, answer_ids)

    async def _forget(self, chat: Chat | None, answer_ids: Sequence[str]) -> None:
        for answer_id in answer_ids:
            await self._runner.stop(answer_id, reason=DELETED)
        await self._log.forget(answer_ids)
        if chat is not None:
            await self._attachments.remove_files(chat)


def _checked(changes: ChatChanges) -> ChatChanges:
    if changes.folder is not None:
        changes = replace(changes, folder=" ".join(changes.folder.split()))
        if len(changes.folder or "") > FOLDER_CHARACTERS:
            raise Invalid(because("folder", most=FOLDER_CHARACTERS))
    if changes.instructions is not None:
        changes = replace(changes, instructions=checked_instructions(changes.instructions))
    return changes


def _with_answer(message: Message, answer: Answer | None, rating: Rating | None) -> MessageWithAnswer:
    return MessageWithAnswer(**asdict(message), answer=answer, rating=rating)
