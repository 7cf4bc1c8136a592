"""The door of the history: chats and the tree of their messages."""

from collections.abc import Sequence
from typing import Protocol

from hubbub.core.messages import Chat, Message


class History(Protocol):
    """Keeps chats. It knows questions and the places of answers; what answers say is in their logs."""

    async def create(self, chat: Chat) -> None:
        """Store a new chat.

        Raises:
            Conflict: there is one with this id.
        """
        ...

    async def chats(self, owner_id: str, *, limit: int = 200) -> list[Chat]:
        """Return a person's chats, the one last used first."""
        ...

    async def chat(self, chat_id: str) -> Chat | None: ...

    async def rename(self, chat_id: str, title: str) -> None: ...

    async def delete(self, chat_id: str) -> Sequence[str]:
        """Forget a chat with its messages; returns the ids of its answers."""
        ...

    async def add(self, messages: Sequence[Message]) -> None:
        """Append messages, all or none, and mark their chat as just used.

        Raises:
            Conflict: there is a message with one of these ids.
            NotFound: the chat or a parent is not there.
        """
        ...

    async def message(self, message_id: str) -> Message | None: ...

    async def messages(self, chat_id: str) -> list[Message]:
        """Return a chat's whole tree, oldest first, by the times that the messages carry; questions before answers."""
        ...
