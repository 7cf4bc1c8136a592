"""Work beside other workers: keep this one's lease, follow what the others do, take over from those that died."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from hubbub.answers.base import NOBODY, Cluster, Found, GivenUp, Peer, TellsNews
from hubbub.answers.log import Log
from hubbub.answers.runner import HOLD_SECONDS, UNWATCHED, Runner
from hubbub.core.errors import StoreError, StoreLost
from hubbub.core.lasting import Lasting

logger = logging.getLogger(__name__)

RENEW_SECONDS = 1.0
DRAINING_RENEW_SECONDS = 0.25
"""How often one that drains looks whether the others have come to their ends."""
LEASE_SECONDS = 5.0
"""A worker that has not been heard of for so long, by the clock of who listens, is given up."""
ENDED_SECONDS = 1.5
"""One whose process is known to have ended is given up after so long: it would have been heard of."""
LONG_GONE_SECONDS = 15.0
"""One that has been silent for so long when it is first seen is given up at once: a server starts anew."""
LISTENED_SHARE = 0.4
"""Whoever comes new believes what others wrote of themselves for the rest of the lease, and listens so much of it."""
AWAY_SHARE = 0.5
"""Whoever was so much of a lease late itself, as when the machine slept, lets the others' leases begin anew."""
TAKEN_AT_ONCE = 50
"""So many answers are taken over before this worker says again that it lives: about 0.1 s."""
BLIND_SECONDS = 6.0
"""After so long without a word from a store on another machine readers are told that there is nothing to be had."""
REFUSED_SECONDS = 2.5
"""After so long where the store can't be reached, which is a word: it may be back in a moment, as after a restart."""
CHECK_SECONDS = 5.0
"""How often the store is asked for answers that are this worker's but not made here. As a rule there are none."""
LOOK_SECONDS = 0.05
"""How often the others' journals are looked at while answers are followed or made here."""
NEWS_GAP_SECONDS = 0.01
"""What is told within so long is looked at once."""
IDLE_SECONDS = 0.25
WATCH_SECONDS = 2.0
"""How often the others are told that somebody watches here."""


LOST = "the database was removed or replaced while the server runs; put it back, or restart the server"
"""The reason at /readyz, which anybody may read."""
SILENT = StoreError("The database does not answer now. What is written goes on once it does.")
"""What readers are told then."""


class Membership:
    """This worker's place among those that share a store. An async context manager, to be entered after the runner."""

    def __init__(
        self,
        cluster: Cluster,
        log: Log,
        runner: Runner,
        *,
        clock: Callable[[], float] = time.monotonic,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self._cluster = cluster
        self._log = log
        self._runner = runner
        self._clock = clock
        self._lease_seconds = lease_seconds
        self._renewed_at = float("-inf")
        self._told_at = float("-inf")
        self._heard: dict[int, tuple[float, float]] = {}
        """By worker, when it last said that it lives, and since when that is known here."""
        self._orphans: deque[Found] = deque()
        """Answers that are claimed and still to be taken over."""
        self._astray: frozenset[str] = frozenset()
        """Answers that are this worker's but were not made here when that was looked at last."""
        self._checked_at = clock()
        self._newest = 0
        """The highest number of another worker before this one began to drain: later ones succeed it."""
        self._drains_since: float | None = None
        self._watched: dict[str, float] = {}
        """By answer made here, when it was last watched elsewhere."""
        self._blind = Lasting(logger)
        self._telling: asyncio.TimerHandle | None = None
        """Tells the readers, unless the store is heard of before."""
        self._task: asyncio.Task[None] | None = None
        self._tells_news = isinstance(cluster, TellsNews)
        self._now = cluster.now if isinstance(cluster, TellsNews) else time.time
        """The time by the clock of what the store says."""

    @property
    def size(self) -> int:
        """How many workers there are, this one included."""
        return 1 + len(self._heard)

    async def __aenter__(self) -> Self:
        await self._renew()
        if isinstance(self._cluster, TellsNews):
            self._cluster.on_news = self._log.remote.begins.set
        self._task = asyncio.create_task(self._go_on(), name="membership")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._telling is not None:
            self._telling.cancel()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    @property
    def _is_near(self) -> bool:
        """Whether others can do something now that matters here at once."""
        return bool(len(self._log.remote) or (self._heard and self._runner.open_count))

    async def _go_on(self) -> None:
        begins = self._log.remote.begins
        while True:
            try:
                # A store that tells of news is looked at beside that, too: what it tells may be lost with a connection.
                pause_seconds = LOOK_SECONDS if self._is_near and not self._tells_news else IDLE_SECONDS
                async with asyncio.timeout(0 if self._orphans and not self._runner.is_closing else pause_seconds):
                    await begins.wait()
            except TimeoutError:
                pass
            if self._tells_news:
                await asyncio.sleep(NEWS_GAP_SECONDS)
            begins.clear()
            try:
                renew_seconds = DRAINING_RENEW_SECONDS if self._runner.is_draining else RENEW_SECONDS
                if self._clock() - self._renewed_at >= renew_seconds:
                    await self._renew()
                await self._take_some_over()
                if self._is_near:
                    await self._look()
                for answer_id in self._log.unwatched(self._seconds_unwatched):
                    self._runner.stop_here(answer_id, UNWATCHED)  # to wait for its end would delay all others
            except GivenUp:
                self._renewed_at = float("-inf")  # and it finds so
            except StoreError as error:
                self._blind.met("The other workers can't be seen", error.for_operators)
                if self._tells_news:
                    self._tell_within(REFUSED_SECONDS)
                await asyncio.sleep(RENEW_SECONDS)
            except Exception:  # a bug here must not cost this worker its place
                logger.exception("Looking at the other workers failed.")
                await asyncio.sleep(RENEW_SECONDS)

    async def _renew(self) -> None:
        try:
            others, was_given_up = await self._cluster.renew()
        except StoreError as error:
            self._runner.store_trouble = LOST if isinstance(error, StoreLost) else "the last write failed"
            if isinstance(error, StoreLost):
                self._log.hinder(error)
            raise
        self._runner.store_trouble = ""
        self._log.hinder(None)
        self._blind.over()
        if self._tells_news:
            self._wait_for_word()
        now = self._clock()
        was_away = now - self._renewed_at > AWAY_SHARE * self._lease_seconds
        self._renewed_at = now
        if was_given_up:
            logger.warning("The other workers had given this one up; its answers are theirs now.")
            self._orphans.clear()
            self._runner.claimed_count = 0
            await self._runner.let_go_all()
        silent = self._silent(others, was_away=was_away)
        self._runner.is_needed = self._sees_open(others)
        if self._runner.is_draining:  # another worker goes on with what the silent ones left
            if any(peer.number > self._newest and peer.seen_at for peer in others):
                self._runner.has_successor.set()
        else:
            self._newest = max((peer.number for peer in others), default=0)
            for peer in silent:
                await self._claim(peer)
            if now - self._checked_at >= CHECK_SECONDS:
                await self._claim_strays()
        if len(self._log.remote):
            await self._log.remote.check(is_thorough=was_away)

    def _wait_for_word(self) -> None:
        """Let the readers be told where nothing more is heard of the store. A call to it may take long to fail."""
        if self._telling is not None:
            self._telling.cancel()
            self._telling = None
        self._tell_within(BLIND_SECONDS)

    def _tell_within(self, seconds: float) -> None:
        """Let the readers be told after so long at the most, unless the store is heard of before."""
        loop = asyncio.get_running_loop()
        if self._telling is not None:
            if self._telling.when() <= loop.time() + seconds:
                return
            self._telling.cancel()
        self._telling = loop.call_later(seconds, self._log.hinder, SILENT)

    def _silent(self, others: Sequence[Peer], *, was_away: bool) -> list[Peer]:
        """Note what was heard of the others; return those that are to be given up.

        By this worker's own clock, which does not jump, but for what was before it came.
        """
        now, before = self._clock(), self._heard
        self._heard = {}
        silent: list[Peer] = []
        for peer in others:
            seen_at, since = before.get(peer.number, (None, now))
            age = self._now() - peer.seen_at
            if seen_at is None:
                since = now - min(max(age, 0.0), (1 - LISTENED_SHARE) * self._lease_seconds)
            elif seen_at != peer.seen_at or was_away:
                since = now
            self._heard[peer.number] = (peer.seen_at, since)
            has_left = peer.seen_at == 0
            is_long_gone = seen_at is None and age >= LONG_GONE_SECONDS
            patience_seconds = min(ENDED_SECONDS, self._lease_seconds) if peer.has_ended else self._lease_seconds
            if has_left or is_long_gone or now - since >= patience_seconds:
                silent.append(peer)
        return silent

    def _sees_open(self, others: Sequence[Peer]) -> bool:
        """Tell whether living workers make answers, or some wait for a worker that may still come."""
        if self._runner.is_draining and self._drains_since is None:
            self._drains_since = self._clock()
        waits = self._drains_since is None or self._clock() - self._drains_since < HOLD_SECONDS
        oldest = self._now() - self._lease_seconds
        return any(peer.has_open and (waits if peer.number == NOBODY else peer.seen_at > oldest) for peer in others)

    async def _claim(self, peer: Peer) -> None:
        orphans = await self._cluster.claim(peer.number)
        self._heard.pop(peer.number, None)
        self._orphans.extend(orphans)
        self._runner.claimed_count = len(self._orphans)
        if orphans and peer.number == NOBODY:
            logger.info("%d answers are begun here for a worker that drains.", len(orphans))
        elif orphans:
            logger.warning("Worker %d is gone; %d open answers are taken over from it.", peer.number, len(orphans))

    async def _take_some_over(self) -> None:
        if self._runner.is_closing:  # whoever comes next claims them once this worker has left
            return
        for _ in range(min(len(self._orphans), TAKEN_AT_ONCE)):
            orphan = self._orphans.popleft()
            try:
                await self._runner.take_over(orphan)
            except StoreError as error:
                logger.warning("An answer can't be taken over yet: %s", error)
                self._astray |= {orphan.id}
            except Exception:  # a bug here must not keep the others from being taken over
                logger.exception("An answer could not be taken over.")
                self._astray |= {orphan.id}
            finally:
                self._runner.claimed_count = len(self._orphans)

    async def _claim_strays(self) -> None:
        """Take answers over that this worker was to make, and does not: nobody else would.

        Whatever was on its way from or to the store when that was looked at is not there a second time.
        """
        self._checked_at = self._clock()
        on_the_way = {orphan.id for orphan in self._orphans}
        strays = [
            one for one in await self._cluster.mine() if not self._log.is_here(one.id) and one.id not in on_the_way
        ]
        for stray in strays:
            if stray.id in self._astray and await self._log.remote.is_open(stray.id):
                logger.warning("An answer that nobody makes is taken over.")
                self._orphans.append(stray)
                self._runner.claimed_count = len(self._orphans)
        self._astray = frozenset(stray.id for stray in strays)

    async def _look(self) -> None:
        elsewhere = self._log.remote
        news = await self._cluster.look(elsewhere.ids)
        await elsewhere.take(news.records)
        self._watched = dict(news.watched)
        for answer_id, reason in news.stops.items():
            self._runner.stop_here(answer_id, reason)
        if elsewhere.with_grace and self._clock() - self._told_at >= WATCH_SECONDS:
            self._told_at = self._clock()
            await self._cluster.tell_watched(elsewhere.with_grace)

    def _seconds_unwatched(self, answer_id: str) -> float:
        watched_at = self._watched.get(answer_id)
        return float("inf") if watched_at is None else self._now() - watched_at - 2 * WATCH_SECONDS
