"""Keep the logs of answers in memory: for tests, and where nothing shall stay."""

import itertools
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Self

from hubbub.answers.base import NOBODY, Beside, Found, GivenUp, News, Peer, Record, Whole
from hubbub.core.answer import Answer
from hubbub.core.errors import Conflict


@dataclass
class _Kept:
    owner_id: str
    grace_seconds: float | None
    worker: int
    expires_at: float | None = None
    credential: str | None = None
    trace: str | None = None
    records: list[Record] = field(default_factory=list[Record])
    result: Answer | None = None
    stop_reason: str | None = None
    watched_at: float | None = None

    def found(self, answer_id: str) -> Found:
        return Found(answer_id, self.owner_id, self.grace_seconds, self.result)

    def orphan(self, answer_id: str) -> Found:
        return Found(
            answer_id,
            self.owner_id,
            self.grace_seconds,
            stop_reason=self.stop_reason,
            credential=self.credential,
            trace=self.trace,
        )


class Shared:
    """What the workers of one process share."""

    def __init__(self) -> None:
        self.answers: dict[str, _Kept] = {}
        self.workers: dict[int, float] = {}
        self.numbers = itertools.count(1)


class MemoryAnswers:
    """A `SharedStore` that is gone with its process. Several that are given the same `shared` are workers beside it."""

    def __init__(self, shared: Shared | None = None) -> None:
        self.shared = shared or Shared()
        self.beside_endings: Callable[[Sequence[Answer]], Beside] | None = None
        self._join()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shared.workers.pop(self._number, None)

    async def open(
        self,
        answer_id: str,
        owner_id: str,
        grace_seconds: float | None = None,
        keep_seconds: float | None = None,
        beside: Beside | None = None,
        credential: str | None = None,
        trace: str | None = None,
    ) -> None:
        self._check_member()
        if answer_id in self.shared.answers:
            raise Conflict("There is an answer with this id already.")
        expires_at = None if keep_seconds is None else time.time() + keep_seconds
        self.shared.answers[answer_id] = _Kept(owner_id, grace_seconds, self._number, expires_at, credential, trace)
        if beside is not None:
            try:
                await beside()
            except BaseException:
                self.shared.answers.pop(answer_id, None)
                raise

    async def open_for_others(
        self,
        answer_id: str,
        owner_id: str,
        grace_seconds: float | None = None,
        keep_seconds: float | None = None,
        records: Sequence[Record] = (),
        beside: Beside | None = None,
        credential: str | None = None,
        trace: str | None = None,
    ) -> None:
        if answer_id in self.shared.answers:
            raise Conflict("There is an answer with this id already.")
        if beside is not None:
            await beside()
        expires_at = None if keep_seconds is None else time.time() + keep_seconds
        kept = self.shared.answers[answer_id] = _Kept(owner_id, grace_seconds, NOBODY, expires_at, credential, trace)
        kept.records.extend(records)

    async def take_in(self, owner_id: str, answers: Sequence[Whole], beside: Beside) -> None:
        if any(one.answer.id in self.shared.answers for one in answers):
            raise Conflict("There is an answer with this id already.")
        await beside()
        for one in answers:
            self.shared.answers[one.answer.id] = _Kept(
                owner_id, None, NOBODY, records=list(one.records), result=one.answer
            )

    async def append(self, records: Sequence[Record], ended: Sequence[Answer] = ()) -> None:
        self._check_member()
        for record in records:
            if kept := self.shared.answers.get(record.answer_id):
                kept.records.append(record)
        if ended and self.beside_endings is not None:
            await self.beside_endings(ended)()
        for answer in ended:
            if kept := self.shared.answers.get(answer.id):
                self.shared.answers[answer.id] = replace(kept, result=answer, stop_reason=None, watched_at=None)

    async def read(self, answer_id: str, after: int = 0, *, limit: int = 1000) -> list[Record]:
        kept = self.shared.answers.get(answer_id)
        return kept.records[after : after + limit] if kept else []

    async def find(self, answer_ids: Collection[str]) -> list[Found]:
        return [self.shared.answers[key].found(key) for key in answer_ids if key in self.shared.answers]

    async def forget(self, answer_ids: Collection[str]) -> None:
        for answer_id in answer_ids:
            self.shared.answers.pop(answer_id, None)

    async def renew(self) -> tuple[Sequence[Peer], bool]:
        now = time.time()
        ended = {key: kept for key, kept in self.shared.answers.items() if kept.result is not None}
        await self.forget([key for key, kept in ended.items() if kept.expires_at is not None and kept.expires_at < now])
        was_given_up = self._number not in self.shared.workers
        if was_given_up:
            self._join()
        self.shared.workers[self._number] = time.time()
        makers = {kept.worker for kept in self._open().values()}
        seen = dict.fromkeys(makers, 0.0) | self.shared.workers
        peers = [Peer(number, at, number in makers) for number, at in seen.items() if number != self._number]
        return peers, was_given_up

    async def claim(self, number: int) -> list[Found]:
        self._check_member()
        self.shared.workers.pop(number, None)
        orphans = {key: kept for key, kept in self._open().items() if kept.worker == number}
        for kept in orphans.values():
            kept.worker = self._number
        return [kept.orphan(key) for key, kept in orphans.items()]

    async def mine(self) -> list[Found]:
        return [kept.orphan(key) for key, kept in self._open().items() if kept.worker == self._number]

    async def look(self, followed: Collection[str]) -> News:
        mine = {key: kept for key, kept in self._open().items() if kept.worker == self._number}
        records = [
            record for key in followed if key in self.shared.answers for record in self.shared.answers[key].records
        ]
        return News(
            records,
            {key: kept.stop_reason for key, kept in mine.items() if kept.stop_reason is not None},
            {key: kept.watched_at for key, kept in mine.items() if kept.watched_at is not None},
        )

    async def ask_to_stop(self, answer_id: str, reason: str) -> None:
        if kept := self._open().get(answer_id):
            kept.stop_reason = reason

    async def tell_watched(self, answer_ids: Collection[str]) -> None:
        for answer_id in answer_ids:
            if kept := self._open().get(answer_id):
                kept.watched_at = time.time()

    def _check_member(self) -> None:
        if self._number not in self.shared.workers:
            raise GivenUp("The other workers had not heard of this one for too long. Try again.")

    def _open(self) -> dict[str, _Kept]:
        return {key: kept for key, kept in self.shared.answers.items() if kept.result is None}

    def _join(self) -> None:
        self._number = next(self.shared.numbers)
        self.shared.workers[self._number] = time.time()
