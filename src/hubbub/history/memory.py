"""Keep chats in memory: for tests, and where nothing shall stay."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Self

from msgspec.structs import asdict, replace

from hubbub.core.errors import Conflict, NotFound
from hubbub.core.messages import Chat, Message
from hubbub.history.asked_with import pictures_of
from hubbub.history.base import ChatChanges, Kept
from hubbub.history.records_memory import MemoryRecords


class MemoryHistory:
    """A `History` that is gone with its process."""

    def __init__(self) -> None:
        self.records = MemoryRecords(self._has_chat)
        self._chats: dict[str, Chat] = {}
        self._messages: dict[str, Message] = {}
        self._fingerprints: dict[str, str] = {}
        self._annotations: dict[str, bytes] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    async def create(self, chat: Chat) -> None:
        if chat.id in self._chats:
            raise Conflict("There is a chat with this id already.")
        self._chats[chat.id] = chat

    async def chats(
        self,
        owner_id: str,
        *,
        limit: int = 200,
        after: tuple[float, str] | None = None,
        kept: Kept = "any",
        folder: str | None = None,
    ) -> list[Chat]:
        own = [chat for chat in self._chats.values() if chat.owner_id == owner_id and not chat.is_temporary]
        own = [chat for chat in own if kept == "any" or chat.is_archived == (kept == "archived")]
        own = [chat for chat in own if (kept != "pinned" or chat.is_pinned) and folder in (None, chat.folder)]
        if after is not None:
            own = [chat for chat in own if (chat.updated_at, chat.id) < after]
        return sorted(own, key=lambda chat: (chat.updated_at, chat.id), reverse=True)[:limit]

    async def chat(self, chat_id: str) -> Chat | None:
        return self._chats.get(chat_id)

    async def rename(self, chat_id: str, title: str) -> None:
        if chat := self._chats.get(chat_id):
            self._chats[chat_id] = replace(chat, title=title)

    async def change(self, chat_id: str, changes: ChatChanges) -> None:
        if chat := self._chats.get(chat_id):
            told = {name: value for name, value in asdict(changes).items() if value is not None}
            self._chats[chat_id] = replace(chat, **told)

    async def folders(self, owner_id: str) -> list[tuple[str, int]]:
        own = [chat.folder for chat in await self.chats(owner_id, limit=len(self._chats)) if chat.folder]
        return sorted(Counter(own).items(), key=lambda one: (one[0].lower(), one[0]))

    async def rename_folder(self, owner_id: str, name: str, new: str) -> None:
        for chat in await self.chats(owner_id, limit=len(self._chats), folder=name):
            if name:
                self._chats[chat.id] = replace(chat, folder=new)

    async def chat_of_files(self, files_id: str) -> str | None:
        return next((chat.id for chat in self._chats.values() if files_id and chat.files_id == files_id), None)

    async def temporary(self, before: float) -> list[str]:
        return [chat.id for chat in self._chats.values() if chat.is_temporary and chat.updated_at < before]

    async def annotation(self, chat_id: str) -> bytes | None:
        return self._annotations.get(chat_id)

    async def annotate(self, chat_id: str, content: bytes) -> None:
        if chat_id in self._chats:
            self._annotations[chat_id] = content

    async def delete(self, chat_id: str) -> Sequence[str]:
        self._chats.pop(chat_id, None)
        self._annotations.pop(chat_id, None)
        self.records.forget_chat(chat_id)
        gone = [message for message in self._messages.values() if message.chat_id == chat_id]
        for message in gone:
            del self._messages[message.id]
            self._fingerprints.pop(message.id, None)
        return [message.id for message in gone if message.role == "assistant"]

    async def add(self, messages: Sequence[Message]) -> None:
        await self.adding(messages)()

    def adding(
        self, messages: Sequence[Message], *, chat: Chat | None = None, fingerprint: str | None = None
    ) -> Callable[[], Awaitable[None]]:
        async def store() -> None:
            self._add(messages, chat, fingerprint)

        return store

    async def fingerprint(self, question_id: str) -> str | None:
        return self._fingerprints.get(question_id)

    def _add(self, messages: Sequence[Message], new: Chat | None, fingerprint: str | None) -> None:
        chats, kept, fingerprints = dict(self._chats), dict(self._messages), dict(self._fingerprints)
        if new is not None:
            if new.id in chats:
                raise Conflict("There is a chat with this id already.")
            chats[new.id] = new
        for message in messages:
            chat = chats.get(message.chat_id)
            if chat is None:
                raise NotFound("There is no such chat.")
            if message.parent_id is not None:
                parent = kept.get(message.parent_id)
                if parent is None or parent.chat_id != message.chat_id:
                    raise NotFound("The message that this one follows is not in this chat.")
            if message.id in kept:
                raise Conflict("There is a message with this id already.")
            kept[message.id] = message
            if fingerprint is not None and message.role == "user":
                fingerprints[message.id] = fingerprint
            chats[chat.id] = replace(chat, updated_at=max(chat.updated_at, message.created_at))
        self._chats, self._messages, self._fingerprints = chats, kept, fingerprints
        for message in messages:
            self.records.take(message.chat_id, pictures_of(message))

    def _has_chat(self, chat_id: str) -> bool:
        return chat_id in self._chats

    async def message(self, message_id: str) -> Message | None:
        return self._messages.get(message_id)

    async def messages(self, chat_id: str) -> list[Message]:
        own = [message for message in self._messages.values() if message.chat_id == chat_id]
        return sorted(own, key=lambda message: (message.created_at, message.role == "assistant", message.id))
