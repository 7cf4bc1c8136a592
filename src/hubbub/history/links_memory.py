"""Keep links to chats in memory, beside a history there."""

import time

from msgspec.structs import replace

from hubbub.history.base import ChatLink, History, ListedLink


class MemoryLinks:
    """A `ChatLinks` that is gone with its process."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._links: dict[bytes, ChatLink] = {}
        self._contents: dict[str, bytes | None] = {}

    async def add(self, link: ChatLink, digest: bytes, content: bytes | None) -> None:
        self._links[digest] = link
        self._contents[link.id] = content

    async def find(self, digest: bytes) -> ChatLink | None:
        link = self._links.get(digest)
        return link if link is not None and await self._history.chat(link.chat_id) is not None else None

    async def content(self, link_id: str) -> bytes | None:
        return self._contents.get(link_id)

    async def of(self, owner_id: str | None) -> list[ListedLink]:
        found: list[ListedLink] = []
        for link in sorted(self._links.values(), key=lambda one: (-one.created_at, one.id)):
            chat = await self._history.chat(link.chat_id)
            if chat is not None and owner_id in (None, link.owner_id) and link.holds(time.time()):
                found.append(ListedLink(link, chat.title))
        return found

    async def end(self, link_id: str, at: float) -> None:
        for digest, link in self._links.items():
            if link.id == link_id and link.ended_at is None:
                self._links[digest] = replace(link, ended_at=at)
                self._contents[link_id] = None
