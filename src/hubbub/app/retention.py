"""Delete what is older than it may get, in small steps between which others are served."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hubbub.answers.base import AnswerStore, KnowsOwners
from hubbub.app.access import owner_ids
from hubbub.app.application import Application
from hubbub.core.people import OPERATOR_ID
from hubbub.history.base import AgingHistory, AgingSessions
from hubbub.identity.stores import JobStore

DAY_SECONDS = 86_400.0
AT_ONCE = 20
PAUSE_SECONDS = 0.02
"""Between two steps: a step takes a few milliseconds of the thread that writes."""
AUDIT_AT_ONCE = 500
HELD_SECONDS = 30 * DAY_SECONDS


@dataclass(frozen=True)
class Ages:
    """How old things may get, in days; 0: as old as they like."""

    chats_days: float = 0.0
    documents_days: float = 0.0
    audit_days: float = 0.0
    exports_days: float = 7.0


class Retention:
    """Deletes what is too old, and nothing of who is held."""

    def __init__(
        self,
        app: Application,
        answers: AnswerStore,
        jobs: JobStore,
        ages: Ages,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._app = app
        self._answers = answers
        self._jobs = jobs
        self._ages = ages
        self._clock = clock

    async def round(self) -> dict[str, int]:
        """Delete all that is too old now; returns how many of what. It can be cut off and done again at any point."""
        held = await self.keep_held()
        counts = {
            "chats": await self._chats(held),
            "sessions of pages": await self._sessions(held),
            "documents": await self._documents(held),
        }
        done = {name: count for name, count in counts.items() if count}
        if done:
            detail = ", ".join(f"{count} {name}" for name, count in done.items())
            await self._app.deeds.note("deleted for their age", by="", where="the server", detail=detail)
        if not held and (pruned := await self._audit()):
            done["lines of the audit"] = pruned
        return done

    async def keep_held(self) -> list[str]:
        """Keep the answers that would be forgotten by themselves of who is held; returns whose things are held.

        Those are persons and whatever else is made of their ids: see `owner_ids`.
        """
        held = [owner for hold in await self._jobs.holds() for owner in owner_ids(hold.person_id)]
        if held and isinstance(self._answers, KnowsOwners):
            await self._answers.keep_longer(held, self._clock() + HELD_SECONDS)
        return held

    async def _chats(self, held: Sequence[str]) -> int:
        history, count = self._app.history, 0
        if not self._ages.chats_days or not isinstance(history, AgingHistory):
            return 0
        before = self._before(self._ages.chats_days)
        while chats := await history.unused_since(before, held=held, limit=AT_ONCE):
            for chat in chats:
                await self._app.chats.discard(chat.id)
            count += len(chats)
            await asyncio.sleep(PAUSE_SECONDS)
        return count

    async def _sessions(self, held: Sequence[str]) -> int:
        sessions, count = self._app.sessions, 0
        if not self._ages.chats_days or not isinstance(sessions, AgingSessions):
            return 0
        before = self._before(self._ages.chats_days)
        while gone := await sessions.forget_before(before, held=held, limit=AT_ONCE):
            count += gone
            await asyncio.sleep(PAUSE_SECONDS)
        return count

    async def _documents(self, held: Sequence[str]) -> int:
        """Delete what people added. What the operator ingested follows its folders."""
        count = 0
        if not self._ages.documents_days:
            return 0
        before = self._before(self._ages.documents_days)
        spared = {OPERATOR_ID, *held}
        for collection in await self._app.library.named_collections():
            if collection.owner_id in spared:
                continue
            for document in await self._app.library.documents(collection.id):
                if document.added_at < before:
                    await self._app.pipeline.remove(document.id)
                    count += 1
                    await asyncio.sleep(PAUSE_SECONDS)
        return count

    async def _audit(self) -> int:
        audit, count = self._app.audit, 0
        if not self._ages.audit_days or audit is None:
            return 0
        before = self._before(self._ages.audit_days)
        while gone := await audit.prune(before, most=AUDIT_AT_ONCE):
            count += gone
            await asyncio.sleep(PAUSE_SECONDS)
        return count

    def _before(self, days: float) -> float:
        return self._clock() - days * DAY_SECONDS
