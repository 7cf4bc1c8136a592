"""Keep chats in memory: for tests, and where nothing shall stay."""

from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Self

from msgspec.structs import replace

from hubbub.core.errors import Conflict, NotFound
from hubbub.core.messages import Chat, Message


class MemoryHistory:
    """A `History` that is gone with its process."""

    def __init__(self) -> None:
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

    async def chats(self, owner_id: str, *, limit: int = 200, after: tuple[float, str] | None = None) -> list[Chat]:
        own = [chat for chat in self._chats.values() if chat.owner_id == owner_id]
        if after is not None:
            own = [chat for chat in own if (chat.updated_at, chat.id) < after]
        return sorted(own, key=lambda chat: (chat.updated_at, chat.id), reverse=True)[:limit]

    async def chat(self, chat_id: str) -> Chat | None:
        return self._chats.get(chat_id)

    async def rename(self, chat_id: str, title: str) -> None:
        if chat := self._chats.get(chat_id):
            self._chats[chat_id] = replace(chat, title=title)

    async def annotation(self, chat_id: str) -> bytes | None:
        return self._annotations.get(chat_id)

    async def annotate(self, chat_id: str, content: bytes) -> None:
        if chat_id in self._chats:
            self._annotations[chat_id] = content

    async def delete(self, chat_id: str) -> Sequence[str]:
        self._chats.pop(chat_id, None)
        self._annotations.pop(chat_id, None)
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

    async def message(self, message_id: str) -> Message | None:
        return self._messages.get(message_id)

    async def messages(self, chat_id: str) -> list[Message]:
        own = [message for message in self._messages.values() if message.chat_id == chat_id]
        return sorted(own, key=lambda message: (message.created_at, message.role == "assistant", message.id))
