"""The doors of the history: chats and the tree of their messages, and chats that a page of others keeps here."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Literal, NamedTuple, Protocol, TypeAlias, runtime_checkable

import msgspec

from hubbub.core.answer import Answer
from hubbub.core.messages import Chat, Message

Kept: TypeAlias = Literal["any", "usual", "pinned", "archived"]
"""Which chats are listed: all of them, those that are not archived, the pinned ones of those, or the archived ones."""


class ChatChanges(msgspec.Struct, frozen=True):
    """How a chat is to be kept. None changes nothing."""

    is_pinned: bool | None = None
    is_archived: bool | None = None
    folder: str | None = None
    files_id: str | None = None
    instructions: str | None = None
    assistant_id: str | None = None


class History(Protocol):
    """Keeps chats. It knows questions and the places of answers; what answers say is in their logs."""

    async def create(self, chat: Chat) -> None:
        """Store a new chat.

        Raises:
            Conflict: there is one with this id.
        """
        ...

    async def chats(
        self,
        owner_id: str,
        *,
        limit: int = 200,
        after: tuple[float, str] | None = None,
        kept: Kept = "any",
        folder: str | None = None,
    ) -> list[Chat]:
        """Return a person's chats, the one last used first; those behind one, by its `updated_at` and id.

        Temporary chats are never among them. With a folder, those in it; the empty name is that of no folder.
        """
        ...

    async def chat(self, chat_id: str) -> Chat | None: ...

    async def rename(self, chat_id: str, title: str) -> None: ...

    async def change(self, chat_id: str, changes: "ChatChanges") -> None:
        """Change how a chat is kept. Its time of use stays."""
        ...

    async def folders(self, owner_id: str) -> list[tuple[str, int]]:
        """Return the names of a person's folders, sorted, and how many chats are in each."""
        ...

    async def rename_folder(self, owner_id: str, name: str, new: str) -> None:
        """Put all chats of a folder into another one; into none, where the new name is empty."""
        ...

    async def chat_of_files(self, files_id: str) -> str | None:
        """Return the id of the chat that a collection of files belongs to."""
        ...

    async def temporary(self, before: float, *, held: Sequence[str] = ()) -> list[str]:
        """Return the ids of temporary chats that were last used before a time; none of the owners that are held."""
        ...

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


@runtime_checkable
class AnnotatedHistory(Protocol):
    """A history that keeps something beside a chat, which goes with it. What it is, its writer knows."""

    async def annotation(self, chat_id: str) -> bytes | None: ...

    async def annotate(self, chat_id: str, content: bytes) -> None:
        """Keep something in place of what was kept. Nothing happens where there is no such chat."""
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

    async def all_chats(self, owner_id: str, *, after: str = "", limit: int) -> list[Chat]:
        """Return a person's chats in the order of their ids, from behind one on: the temporary ones, too."""
        ...


@runtime_checkable
class ForgetsWords(Protocol):
    """What is searched by an index that keeps the words of what was deleted for a while."""

    async def forget_words(self) -> None:
        """Rid the index of them now, in steps between which others are served."""
        ...


class Record(msgspec.Struct, frozen=True):
    """Something that a person keeps beside their messages: a picture, a rating, a prompt, their instructions."""

    kind: str
    id: str
    """Unique among those of its kind."""
    owner_id: str
    chat_id: str | None
    """The chat that it is deleted with."""
    updated_at: float
    about: str
    """JSON."""


class Records(Protocol):
    """Keeps records, in the database of the chats that they are deleted with."""

    async def put(self, record: Record, data: bytes | None = None) -> None:
        """Store a record, in place of the one with its kind and id if that has the same owner.

        Raises:
            NotFound: its chat is not there.
        """
        ...

    async def exchange(self, before: Record, after: Record) -> bool:
        """Store what a record is after a change if it is still as it was before; returns whether it was. Data stays."""
        ...

    async def get(self, kind: str, record_id: str) -> Record | None: ...

    async def data(self, kind: str, record_id: str) -> bytes | None:
        """Return what was stored with a record."""
        ...

    async def listed(
        self, kind: str, *, owner_id: str | None = None, limit: int, after: tuple[float, str] | None = None
    ) -> list[Record]:
        """Return records of a person, or of all, the last changed first; those behind one, by its time and id."""
        ...

    async def of_chat(self, kind: str, chat_id: str) -> list[Record]: ...

    async def count(self, kind: str, owner_id: str) -> int: ...

    async def size_bytes(self, kind: str, owner_id: str) -> int:
        """Return how many bytes of data a person's records have."""
        ...

    async def delete(self, kind: str, record_id: str) -> None: ...

    async def sweep(self, kind: str, before: float, *, held: Sequence[str] = ()) -> None:
        """Forget records that belong to no chat and were last changed before a time; none of owners that are held."""
        ...


@runtime_checkable
class RecordsOfPersons(Protocol):
    """Records that are found and forgotten by their owner, whatever kind they are of."""

    async def owned(self, owner_id: str, *, after: tuple[str, str] = ("", ""), limit: int) -> list[Record]:
        """Return a person's records of all kinds in the order of kind and id, from behind one on."""
        ...

    async def forget_owned(self, owner_id: str) -> int:
        """Forget them all; returns how many they were."""
        ...


@runtime_checkable
class GivableRecords(Protocol):
    """Records that can become somebody else's."""

    async def give(self, kinds: Sequence[str], giver_id: str, taker_id: str) -> None:
        """Give all of these kinds that somebody has to somebody else: all or nothing."""
        ...


@runtime_checkable
class KeepsRecords(Protocol):
    """A history that keeps records beside its chats. Beside another one they are kept in memory alone."""

    @property
    def records(self) -> Records: ...


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


Audience: TypeAlias = Literal["everybody", "signed-in", "some"]
"""Whom a link is for: anybody who has it, whoever is signed in, or the subjects that it names."""


class ChatLink(msgspec.Struct, frozen=True):
    """A link by which others read a chat. Its secret is known to nobody but who has it. Times are of the epoch."""

    id: str
    chat_id: str
    owner_id: str
    owner_name: str
    """Empty: it is not shown."""
    audience: Audience
    subjects: tuple[str, ...]
    created_at: float
    expires_at: float | None = None
    ended_at: float | None = None
    follows: bool = False
    """Whether it shows the chat as it is; else as it was when the link was made."""

    def holds(self, now: float) -> bool:
        """Tell whether it opens anything."""
        return self.ended_at is None and (self.expires_at is None or now < self.expires_at)


class ListedLink(NamedTuple):
    """A link, and the title of its chat."""

    link: ChatLink
    title: str


class ChatLinks(Protocol):
    """Keeps links to chats, each by its secret's digest. A chat that is deleted takes its links along."""

    async def add(self, link: ChatLink, digest: bytes, content: bytes | None) -> None:
        """Store a new one, and the chat as it is now where it is to be shown so."""
        ...

    async def find(self, digest: bytes) -> ChatLink | None:
        """Return the one with a digest, even if it was ended or has expired."""
        ...

    async def content(self, link_id: str) -> bytes | None:
        """Return the chat as it was; None where the link follows it, or was ended."""
        ...

    async def of(self, owner_id: str | None) -> list[ListedLink]:
        """Return somebody's that hold, the newest first; None: everybody's."""
        ...

    async def end(self, link_id: str, at: float) -> None:
        """Let one open nothing any more, and forget the chat as it was."""
        ...


@runtime_checkable
class LinksOfPersons(Protocol):
    """Links that are found and forgotten by who is named in them."""

    async def all_of(self, owner_id: str) -> list[ChatLink]:
        """Return somebody's, the newest first: those that were ended or have expired, too."""
        ...

    async def forget_person(self, person_id: str) -> int:
        """Forget somebody's, and name them no more in those of others; returns how many of theirs there were."""
        ...
