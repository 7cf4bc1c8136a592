"""Work beside other workers: keep this one's lease, follow what the others do, take over from those that died."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from hubbub.answers.base import Crew, Peer
from hubbub.answers.desk import UNWATCHED, Desk
from hubbub.answers.log import Log
from hubbub.core.errors import StoreError

logger = logging.getLogger(__name__)

RENEW_SECONDS = 1.0
LEASE_SECONDS = 5.0
"""A worker that has not been heard of for so long, by the clock of who listens, is given up."""
LONG_GONE_SECONDS = 15.0
"""One that by its own account has been silent for so long is given up at once: a server starts anew."""
LOOK_SECONDS = 0.05
"""How often the others' journals are looked at while answers are followed or made here."""
IDLE_SECONDS = 0.25
WATCH_SECONDS = 2.0
"""How often the others are told that somebody watches here."""


class Membership:
    """This worker's place among those that share a store. An async context manager, to be entered after the desk."""

    def __init__(
        self,
        crew: Crew,
        log: Log,
        desk: Desk,
        *,
        clock: Callable[[], float] = time.monotonic,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self._crew = crew
        self._log = log
        self._desk = desk
        self._clock = clock
        self._lease_seconds = lease_seconds
        self._renewed_at = float("-inf")
        self._told_at = float("-inf")
        self._heard: dict[int, tuple[float, float]] = {}
        """By worker, when it last said that it lives, and when that was noticed here."""
        self._watched: dict[str, float] = {}
        """By answer made here, when it was last watched elsewhere."""
        self._task: asyncio.Task[None] | None = None

    @property
    def size(self) -> int:
        """How many workers there are, this one included."""
        return 1 + len(self._heard)

    async def __aenter__(self) -> Self:
        await self._renew()
        self._task = asyncio.create_task(self._go_on(), name="membership")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    @property
    def _is_near(self) -> bool:
        """Whether others can do something now that matters here at once."""
        return bool(len(self._log.elsewhere) or (self._heard and self._desk.open_count))

    async def _go_on(self) -> None:
        begins = self._log.elsewhere.begins
        while True:
            try:
                async with asyncio.timeout(LOOK_SECONDS if self._is_near else IDLE_SECONDS):
                    await begins.wait()
            except TimeoutError:
                pass
            begins.clear()
            try:
                if self._clock() - self._renewed_at >= RENEW_SECONDS:
                    await self._renew()
                if self._is_near:
                    await self._look()
                for answer_id in self._log.unwatched(self._seconds_unwatched):
                    await self._desk.stop(answer_id, reason=UNWATCHED)
            except StoreError as error:
                logger.warning("The other workers can't be seen: %s", error)
                await asyncio.sleep(RENEW_SECONDS)
            except Exception:  # a bug here must not cost this worker its place
                logger.exception("Looking at the other workers failed.")
                await asyncio.sleep(RENEW_SECONDS)

    async def _renew(self) -> None:
        others, was_given_up = await self._crew.renew()
        self._renewed_at = self._clock()
        if was_given_up:
            logger.warning("The other workers had given this one up; its answers are theirs now.")
            await self._desk.let_go_all()
        for peer in self._silent(others):
            await self._take_over(peer)
        if len(self._log.elsewhere):
            await self._log.elsewhere.check()

    def _silent(self, others: Sequence[Peer]) -> list[Peer]:
        now = self._clock()
        before = self._heard
        self._heard = {
            peer.number: (
                peer.seen_at,
                now if before.get(peer.number, (0,))[0] != peer.seen_at else before[peer.number][1],
            )
            for peer in others
        }
        return [
            peer
            for peer in others
            if now - self._heard[peer.number][1] >= self._lease_seconds
            or time.time() - peer.seen_at >= LONG_GONE_SECONDS
        ]

    async def _take_over(self, peer: Peer) -> None:
        orphans = await self._crew.claim(peer.number)
        self._heard.pop(peer.number, None)
        if orphans:
            logger.warning("Worker %d is gone; %d open answers are taken over from it.", peer.number, len(orphans))
        for orphan in orphans:
            await self._desk.take_over(orphan)

    async def _look(self) -> None:
        elsewhere = self._log.elsewhere
        news = await self._crew.look(elsewhere.ids)
        await elsewhere.take(news.records)
        self._watched = dict(news.watched)
        for answer_id, reason in news.stops.items():
            await self._desk.stop(answer_id, reason=reason)
        if elsewhere.with_grace and self._clock() - self._told_at >= WATCH_SECONDS:
            self._told_at = self._clock()
            await self._crew.tell_watched(elsewhere.with_grace)

    def _seconds_unwatched(self, answer_id: str) -> float:
        watched_at = self._watched.get(answer_id)
        return float("inf") if watched_at is None else time.time() - watched_at - 2 * WATCH_SECONDS
