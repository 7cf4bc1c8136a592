"""What every store of links to chats must do."""

import time

from msgspec.structs import replace

from hubbub.core.messages import Chat
from hubbub.history.base import ChatLink, ChatLinks, History, ListedLink

DIGEST, OTHER_DIGEST = b"\0" * 32, b"\xff" * 32
LINK = ChatLink("l1", "chat", "ann", "Ann", "some", ("person:bob", "group:1"), 10.0, follows=True)
OTHER = ChatLink("l2", "chat", "bob", "", "everybody", (), 20.0)


class LinksContract:
    """Subclasses give a fixture `kept`: the links, and the history whose chats they are to."""

    async def test_a_link_is_found_by_its_digest_and_listed(self, kept: tuple[ChatLinks, History]) -> None:
        links, history = kept
        await history.create(Chat("chat", "ann", "About it", 1.0, 1.0))
        await links.add(LINK, DIGEST, None)
        await links.add(OTHER, OTHER_DIGEST, b"as it was")
        assert await links.find(DIGEST) == LINK
        assert await links.find(b"") is None
        assert (await links.content("l1"), await links.content("l2")) == (None, b"as it was")
        assert await links.of("ann") == [ListedLink(LINK, "About it")]
        assert await links.of(None) == [ListedLink(OTHER, "About it"), ListedLink(LINK, "About it")]

    async def test_what_is_ended_holds_no_more_and_its_content_is_gone(self, kept: tuple[ChatLinks, History]) -> None:
        links, history = kept
        await history.create(Chat("chat", "ann", "About it", 1.0, 1.0))
        await links.add(LINK, DIGEST, b"as it was")
        await links.end("l1", 11.0)
        await links.end("l1", 12.0)
        await links.end("nothing", 12.0)
        assert await links.find(DIGEST) == replace(LINK, ended_at=11.0)
        assert await links.content("l1") is None
        assert await links.of("ann") == []

    async def test_what_has_expired_is_not_listed(self, kept: tuple[ChatLinks, History]) -> None:
        links, history = kept
        await history.create(Chat("chat", "ann", "About it", 1.0, 1.0))
        later = replace(LINK, expires_at=time.time() + 100)
        await links.add(later, DIGEST, None)
        await links.add(replace(OTHER, expires_at=time.time() - 1), OTHER_DIGEST, None)
        assert await links.of(None) == [ListedLink(later, "About it")]

    async def test_a_chat_that_is_deleted_takes_its_links_along(self, kept: tuple[ChatLinks, History]) -> None:
        links, history = kept
        await history.create(Chat("chat", "ann", "About it", 1.0, 1.0))
        await links.add(LINK, DIGEST, None)
        await history.delete("chat")
        assert await links.find(DIGEST) is None
        assert await links.of(None) == []
