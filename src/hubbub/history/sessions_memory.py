"""Keep a page's sessions in memory: for tests, and where nothing shall stay."""

from hubbub.history.base import Session


class MemorySessions:
    """A `Sessions` that is gone with its process."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], tuple[Session, bytes]] = {}

    async def save(self, session: Session, content: bytes, *, most: int, most_bytes: int) -> None:
        self._kept[session.owner_id, session.id] = (session, content)
        total_bytes = 0
        for place, one in enumerate(self._newest_first(session.owner_id), start=1):
            total_bytes += len(self._kept[one.owner_id, one.id][1])
            if place > most or total_bytes > most_bytes:
                del self._kept[one.owner_id, one.id]

    async def sessions(self, owner_id: str, *, limit: int, after: tuple[int, str] | None = None) -> list[Session]:
        own = self._newest_first(owner_id)
        return [one for one in own if after is None or (one.saved_at, one.id) < after][:limit]

    async def content(self, owner_id: str, session_id: str) -> bytes | None:
        found = self._kept.get((owner_id, session_id))
        return found[1] if found else None

    async def delete(self, owner_id: str, session_id: str) -> bool:
        return self._kept.pop((owner_id, session_id), None) is not None

    def _newest_first(self, owner_id: str) -> list[Session]:
        own = [session for session, _ in self._kept.values() if session.owner_id == owner_id]
        return sorted(own, key=lambda one: (one.saved_at, one.id), reverse=True)
