"""The doors of the history: chats and the tree of their messages, and chats that a page of others keeps here."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, runtime_checkable

import msgspec

from hubbub.core.answer import Answer
from hubbub.core.messages import Chat, Message


class History(Protocol):
    """Keeps chats. It knows questions and the places of answers; what answers say is in their logs."""

    async def create(self, chat: Chat) -> None:
        """Store a new chat.

        Raises:
            Conflict: there is one with this id.
        """
        ...

    async def chats(self, owner_id: str, *, limit: int = 200, after: tuple[float, str] | None = None) -> list[Chat]:
        """Return a person's chats, the one last used first; those behind one, by its `updated_at` and id."""
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

    def adding(
        self, messages: Sequence[Message], *, chat: Chat | None = None, fingerprint: str | None = None
    ) -> Callable[[], Awaitable[None]]:
        """Return what does `add` when it is called, after it has stored a new `chat`: both or neither.

        `fingerprint` is kept with the question among the messages. Whoever stores something else in the same
        database may do this in the same transaction: see `AnswerStore.open`.
        """
        ...

    async def fingerprint(self, question_id: str) -> str | None:
        """Return what was kept with a question; None where nothing was."""
        ...

    async def message(self, message_id: str) -> Message | None: ...

    async def messages(self, chat_id: str) -> list[Message]:
        """Return a chat's whole tree, oldest first, by the times that the messages carry; questions before answers."""
        ...


class Place(msgspec.Struct, frozen=True):
    """Where words were found: in a message, or in the title of a chat (its `message_id` is None)."""

    number: int
    """Places with greater numbers are newer."""
    chat_id: str
    message_id: str | None


@runtime_checkable
class SearchableHistory(Protocol):
    """A history whose titles, questions and answers can be searched. What is stored can be found at once."""

    async def find(self, owner_id: str, words: Sequence[str], *, limit: int, before: int | None = None) -> list[Place]:
        """Return places of a person's chats where all words stand, the newest first; those before a number.

        A word stands for all that begin with it; case and accents make no difference.
        """
        ...

    def indexing(self, answers: Sequence[Answer]) -> Callable[[], Awaitable[None]]:
        """Return what lets answers that have ended be found, to be stored beside their endings."""
        ...


@runtime_checkable
class AgingHistory(Protocol):
    """A history that finds the chats that nobody has used for long."""

    async def unused_since(self, before: float, *, held: Sequence[str], limit: int) -> list[Chat]:
        """Return chats that were used last before a time, the oldest first; none of the owners that are held."""
        ...


class Session(msgspec.Struct, frozen=True):
    """A chat that a page keeps here as a whole, in a form of its own. Ids are the page's: each person has their own."""

    id: str
    owner_id: str
    title: str
    saved_at: int
    """Milliseconds since the epoch."""


class Sessions(Protocol):
    """Keeps sessions. What is in them is bytes here."""

    async def save(self, session: Session, content: bytes, *, most: int, most_bytes: int) -> None:
        """Store a session in place of the one that had its id.

        Of its owner's the newest stay: at most so many, and at most so many bytes together.
        """
        ...

    async def sessions(self, owner_id: str, *, limit: int, after: tuple[int, str] | None = None) -> list[Session]:
        """Return a person's sessions, the one last saved first; those behind one, by its `saved_at` and id."""
        ...

    async def content(self, owner_id: str, session_id: str) -> bytes | None: ...

    async def delete(self, owner_id: str, session_id: str) -> bool:
        """Forget a session; returns whether there was one."""
        ...


@runtime_checkable
class AgingSessions(Protocol):
    """Sessions of which the old ones can be forgotten, whosever they are."""

    async def forget_before(self, before: float, *, held: Sequence[str], limit: int) -> int:
        """Forget sessions that were saved last before a time (seconds of the epoch), so many at most; returns how many.

        None of the owners that are held.
        """
        ...
