"""Share chats by link: read-only, as they were or as they are, until the link is ended."""

import hashlib
import secrets
import time
from collections.abc import Sequence

import msgspec

from hubbub.app.access import Access
from hubbub.app.chats import Chats, ChatWithMessages, MessageWithAnswer
from hubbub.app.giving import Giving
from hubbub.core.answer import AnswerState
from hubbub.core.documents import Citation
from hubbub.core.errors import Conflict, Invalid, NotAllowed, NotFound
from hubbub.core.messages import Role
from hubbub.core.people import (
    CLAIM,
    EVERYBODY,
    GROUP,
    PERSON,
    SIGNED_IN,
    Person,
    is_subject,
    is_vouched_for,
)
from hubbub.core.reasons import because
from hubbub.history.base import Audience, ChatLink, ChatLinks, ListedLink
from hubbub.identity.base import People
from hubbub.identity.deeds import Deeds
from hubbub.search.base import Groups

NO_LINK = "This link opens nothing: it was ended, has expired, or is not for you. Ask who gave it to you."
MOST_LINKS = 200
"""So many links of one person hold at once."""
MOST_SUBJECTS = 100
SECRET_BYTES = 32


class SharedMessage(msgspec.Struct):
    """A question or an answer, as others see it: without thoughts, and of what was found only what is cited."""

    role: Role
    text: str
    created_at: float
    state: AnswerState | None
    """How far an answer is; None for a question."""
    is_quoted: bool
    """Whether the answer quotes, and no model wrote it."""
    citations: tuple[Citation, ...]


class SharedChat(msgspec.Struct):
    """A chat as a link shows it."""

    title: str
    owner_name: str
    """Empty: it is not shown."""
    follows: bool
    made_at: float
    """When the link was made: what it shows is from then, unless it follows the chat."""
    messages: list[SharedMessage]


class NewShare(msgspec.Struct, frozen=True):
    """How a chat is to be shared."""

    audience: Audience
    subjects: tuple[str, ...] = ()
    follows: bool = False
    shows_name: bool = False
    expires_at: float | None = None
    leaf_id: str | None = None
    """The message that the branch to be shown ends with; None: the newest. A link that follows shows the newest."""


class SharedChats:
    """Links to chats."""

    def __init__(
        self,
        links: ChatLinks,
        chats: Chats,
        access: Access,
        groups: Groups,
        *,
        with_everybody: bool,
        has_sign_in: bool,
        people: People | None = None,
        giving: Giving | None = None,
        deeds: Deeds | None = None,
    ) -> None:
        """Take whether anybody with a link may be let in, whether people can sign in, and whom links can be for.

        `people` knows who was disabled: nothing is shared in their name any more, until they are enabled again.
        """
        self._deeds = deeds or Deeds()
        self._giving = giving or Giving(groups)
        self.with_everybody = with_everybody
        self._links = links
        self._chats = chats
        self._access = access
        self._groups = groups
        self._people = people
        self._has_sign_in = has_sign_in

    async def share(self, person: Person, chat_id: str, new: NewShare) -> tuple[ListedLink, str]:
        """Make a link to a chat; returns it and its secret, which is kept nowhere.

        Raises:
            NotFound: there is no such chat, message or group for this person, or nobody of such an id.
            NotAllowed: it is somebody else's chat, or the operator doesn't allow everybody.
            Invalid: somebody can't be named, nobody is, or the time is over.
            Conflict: the person has as many links as they may have.
        """
        shown = await self._chats.show(person, chat_id)
        if shown.chat.owner_id != person.id:
            raise NotAllowed(because("chat_not_shared"))
        await self._check(person, new)
        if len(await self._links.of(person.id)) >= MOST_LINKS:
            raise Conflict(because("links_full", most=MOST_LINKS))
        secret = secrets.token_urlsafe(SECRET_BYTES)
        name = person.name if new.shows_name and is_vouched_for(person) else ""
        link = ChatLink(
            f"l{secrets.token_hex(10)}",
            chat_id,
            person.id,
            name,
            new.audience,
            new.subjects if new.audience == "some" else (),
            time.time(),
            new.expires_at,
            follows=new.follows,
        )
        content = None if new.follows else msgspec.json.encode(_as_it_was(link, shown, new.leaf_id))
        detail = f"{link.id}, for {', '.join(link.subjects) or link.audience}"
        async with self._deeds.doing("chat shared by link", by=person, of=chat_id, detail=detail):
            await self._links.add(link, _digest(secret), content)
        return ListedLink(link, shown.chat.title), secret

    async def list(self, person: Person) -> Sequence[ListedLink]:
        """Return a person's links that hold, the newest first."""
        return await self._links.of(person.id)

    async def end(self, person: Person, link_id: str) -> None:
        """Let a link open nothing any more. Who has it open sees that within a second.

        Raises:
            NotFound: the person has no such link.
        """
        if not any(one.link.id == link_id for one in await self._links.of(person.id)):
            raise NotFound("There is no such link.")
        async with self._deeds.doing("link to a chat ended", by=person, of=link_id):
            await self._links.end(link_id, time.time())

    async def find(self, person: Person | None, secret: str) -> ChatLink:
        """Return the link with a secret, if it holds and is for who asks; None is somebody who is not let in.

        Raises:
            NotFound: it is not.
        """
        link = await self._links.find(_digest(secret))
        if link is None or not link.holds(time.time()) or not await self._is_for(link, person):
            raise NotFound(NO_LINK)
        if self._people is not None and (owner := await self._people.find(link.owner_id)) and not owner.is_active:
            raise NotFound(NO_LINK)
        return link

    async def show(self, link: ChatLink) -> SharedChat:
        """Return the chat that a link shows.

        Raises:
            NotFound: it was ended, or the chat deleted, at this moment.
        """
        if link.follows:
            return _as_it_is(link, await self._chats.show(Person(link.owner_id), link.chat_id))
        content = await self._links.content(link.id)
        if content is None:
            raise NotFound(NO_LINK)
        return msgspec.json.decode(content, type=SharedChat)

    async def _check(self, person: Person, new: NewShare) -> None:
        if new.audience == "everybody" and not self.with_everybody:
            raise NotAllowed(because("not_with_everybody"))
        if new.expires_at is not None and new.expires_at <= time.time():
            raise Invalid(because("link_expired"))
        if new.audience != "some":
            return
        named = [one for one in new.subjects if is_subject(one) and one not in (EVERYBODY, SIGNED_IN)]
        if not named or len(named) < len(new.subjects) or len(named) > MOST_SUBJECTS:
            raise Invalid(f"Name 1 to {MOST_SUBJECTS} of person:ID, group:ID or claim:PROVIDER/NAME.")
        as_anybody = msgspec.structs.replace(person, is_operator=False)  # whose links are for groups of their own
        await self._giving.check_named(as_anybody, (), named)

    async def _is_for(self, link: ChatLink, person: Person | None) -> bool:
        if person is not None and person.id == link.owner_id:
            return True
        if link.audience == "everybody":
            return self.with_everybody
        if person is None:
            return False
        if link.audience == "signed-in":  # where nobody can sign in, whoever is let in is meant
            return is_vouched_for(person) or not self._has_sign_in
        subjects = {PERSON + person.id, *(CLAIM + name for name in person.groups)}
        if not subjects.isdisjoint(link.subjects):
            return True
        return any(one.startswith(GROUP) for one in link.subjects) and not (await self._groups_of(person)).isdisjoint(
            link.subjects
        )

    async def _groups_of(self, person: Person) -> set[str]:
        return {GROUP + group.id for group in await self._groups.groups(person.id)}


def _as_it_was(link: ChatLink, shown: ChatWithMessages, leaf_id: str | None) -> SharedChat:
    chat = _as_it_is(link, shown, leaf_id)
    for message in chat.messages:
        message.state = "stopped" if message.state == "open" else message.state
    return chat


def _as_it_is(link: ChatLink, shown: ChatWithMessages, leaf_id: str | None = None) -> SharedChat:
    messages = [_shown(one) for one in _branch(shown.messages, leaf_id)]
    return SharedChat(shown.chat.title, link.owner_name, link.follows, link.created_at, messages)


def _branch(messages: Sequence[MessageWithAnswer], leaf_id: str | None) -> list[MessageWithAnswer]:
    """Return the messages from the first one to a leaf, or to the newest: what was edited away is nobody's business.

    Raises:
        NotFound: there is no such message in this chat.
    """
    by_id = {one.id: one for one in messages}
    if leaf_id is not None and leaf_id not in by_id:
        raise NotFound("There is no such message in this chat.")
    one = by_id[leaf_id] if leaf_id is not None else messages[-1] if messages else None
    found: list[MessageWithAnswer] = []
    while one is not None and len(found) < len(messages):
        found.append(one)
        one = by_id.get(one.parent_id) if one.parent_id is not None else None
    return found[::-1]


def _shown(message: MessageWithAnswer) -> SharedMessage:
    answer = message.answer
    if message.role != "assistant" or answer is None:
        return SharedMessage(message.role, message.text, message.created_at, None, False, ())
    is_quoted = answer.way == "quotes"
    return SharedMessage("assistant", answer.text, message.created_at, answer.state, is_quoted, answer.citations)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
