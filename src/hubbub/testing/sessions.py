"""What every store of sessions must do."""

from hubbub.history.base import Session, Sessions

MANY = {"most": 100, "most_bytes": 10_000}


def session(name: str, saved_at: int, owner_id: str = "ann") -> Session:
    """Return a session of somebody."""
    return Session(name, owner_id, f"About {name}", saved_at)


class SessionsContract:
    """Subclasses give a fixture `sessions`."""

    async def test_a_session_comes_back(self, sessions: Sessions) -> None:
        await sessions.save(session("a", 1), b"content", **MANY)
        assert await sessions.content("ann", "a") == b"content"
        assert await sessions.content("ann", "b") is None
        assert await sessions.sessions("ann", limit=10) == [session("a", 1)]

    async def test_saving_again_replaces(self, sessions: Sessions) -> None:
        await sessions.save(session("a", 1), b"first", **MANY)
        await sessions.save(session("b", 2), b"other", **MANY)
        await sessions.save(Session("a", "ann", "New", 3), b"second", **MANY)
        assert await sessions.content("ann", "a") == b"second"
        assert await sessions.sessions("ann", limit=10) == [Session("a", "ann", "New", 3), session("b", 2)]

    async def test_each_person_has_ids_of_their_own(self, sessions: Sessions) -> None:
        await sessions.save(session("a", 1), b"ann's", **MANY)
        await sessions.save(session("a", 2, "bob"), b"bob's", **MANY)
        assert await sessions.content("ann", "a") == b"ann's"
        assert await sessions.delete("bob", "a")
        assert await sessions.content("bob", "a") is None
        assert await sessions.content("ann", "a") == b"ann's"
        assert await sessions.sessions("bob", limit=10) == []

    async def test_deleting_twice_says_so(self, sessions: Sessions) -> None:
        await sessions.save(session("a", 1), b"content", **MANY)
        assert await sessions.delete("ann", "a")
        assert not await sessions.delete("ann", "a")
        assert await sessions.content("ann", "a") is None

    async def test_pages_follow_each_other_without_gap_or_overlap(self, sessions: Sessions) -> None:
        for name, saved_at in (("a", 5), ("b", 5), ("c", 5), ("d", 9), ("e", 1)):
            await sessions.save(session(name, saved_at), b"", **MANY)
        await sessions.save(session("x", 7, "bob"), b"", **MANY)
        seen: list[str] = []
        after: tuple[int, str] | None = None
        while page := await sessions.sessions("ann", limit=2, after=after):
            assert len(page) <= 2
            seen += [one.id for one in page]
            after = (page[-1].saved_at, page[-1].id)
        assert seen == ["d", "c", "b", "a", "e"]

    async def test_the_newest_stay(self, sessions: Sessions) -> None:
        await sessions.save(session("x", 0, "bob"), b"12345678", **MANY)
        for saved_at, name in enumerate("abcde"):
            await sessions.save(session(name, saved_at), b"12345678", most=3, most_bytes=1000)
        assert [one.id for one in await sessions.sessions("ann", limit=10)] == ["e", "d", "c"]
        await sessions.save(session("f", 9), b"1234", most=3, most_bytes=20)
        assert [one.id for one in await sessions.sessions("ann", limit=10)] == ["f", "e", "d"]
        await sessions.save(session("g", 10), b"12345", most=3, most_bytes=16)
        assert [one.id for one in await sessions.sessions("ann", limit=10)] == ["g", "f"]
        assert await sessions.content("ann", "d") is None
        assert await sessions.content("bob", "x") == b"12345678"
