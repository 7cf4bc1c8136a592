"""Follow answers that other workers make: what they store is taken in, and pushed to the readers here."""

import asyncio
from collections.abc import Iterable

from hubbub.answers.base import AnswerStore, Record
from hubbub.answers.entry import Entry, share
from hubbub.core.events import ENDINGS, decode


class RemoteAnswers:
    """The open answers that are followed here and made by other workers.

    Somebody else has to call `take` with what those store, and `check` now and then. Records that
    come twice are dropped; where one is missing, the answer is read anew.
    """

    def __init__(self, store: AnswerStore) -> None:
        self._store = store
        self._entries: dict[str, Entry] = {}
        self._with_grace: set[str] = set()
        self.begins = asyncio.Event()
        """Set when one more answer is followed; to be cleared by who looks."""

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def reader_count(self) -> int:
        """How many readers follow them."""
        return sum(entry.watchers for entry in self._entries.values())

    @property
    def ids(self) -> frozenset[str]:
        """The answers' ids."""
        return frozenset(self._entries)

    @property
    def with_grace(self) -> frozenset[str]:
        """The ids of those that are stopped when nobody watches."""
        return frozenset(self._with_grace)

    async def is_open(self, answer_id: str) -> bool:
        """Tell whether there is such an answer and it has not ended."""
        found = await self._store.find([answer_id])
        return bool(found) and found[0].result is None

    async def entry(self, answer_id: str) -> Entry | None:
        """Return an answer that is open; None where there is none. It is kept until it is forgotten."""
        if entry := self._entries.get(answer_id):
            return entry
        found = await self._store.find([answer_id])
        if not found or found[0].result is not None:
            return None
        if entry := self._entries.get(answer_id):  # somebody else came first
            return entry
        # In place before it is read: what is taken in the meantime comes twice, but is not missed.
        entry = self._entries[answer_id] = Entry(answer_id)
        if found[0].grace_seconds is not None:
            self._with_grace.add(answer_id)
        self.begins.set()
        try:
            await self._read(entry)
        except BaseException:
            if not entry.watchers:
                self.forget(entry)
            raise
        return entry

    def forget(self, entry: Entry) -> None:
        """Follow an answer no more."""
        if self._entries.get(entry.id) is entry:
            del self._entries[entry.id]
            self._with_grace.discard(entry.id)

    def release_all(self) -> None:
        """Let all readers look for themselves what is the matter."""
        for entry in list(self._entries.values()):
            entry.release_all()

    def hand_over(self, answer_id: str) -> None:
        """Let those who follow an answer go on elsewhere: it is made here from now on, or gone."""
        entry = self._entries.get(answer_id)
        if entry is not None:
            self.forget(entry)
            entry.is_over = True
            entry.release_all()

    async def take(self, records: Iterable[Record]) -> None:
        """Take in what other workers have stored, in order, perhaps with records that are known already."""
        by_answer: dict[str, list[Record]] = {}
        for record in records:
            by_answer.setdefault(record.answer_id, []).append(record)
        for answer_id, of_it in by_answer.items():
            entry = self._entries.get(answer_id)
            if entry is not None and not self._add(entry, of_it):
                await self._read(entry)

    async def check(self, *, is_thorough: bool = False) -> None:
        """Look whether answers have ended or gone without anybody having told.

        `is_thorough`: after so long a pause that what was told meanwhile may be told no more.
        """
        found = {one.id: one for one in await self._store.find(self.ids)}
        for answer_id, entry in list(self._entries.items()):
            if answer_id not in found:
                self.hand_over(answer_id)
            elif is_thorough or found[answer_id].result is not None:
                await self._read(entry)

    async def _read(self, entry: Entry) -> None:
        while records := await self._store.read(entry.id, entry.number):
            if entry.has_ended or not self._add(entry, records):
                return

    def _add(self, entry: Entry, records: list[Record]) -> bool:
        """Publish the next records; False where one before them is missing."""
        known = entry.number
        fresh = [record for record in records if record.number > known]
        if not fresh or entry.has_ended:
            return True
        if fresh[0].number != known + 1:
            return False
        entry.publish(fresh, share(len(self._entries)))
        if isinstance(decode(fresh[-1].data), ENDINGS):
            self.forget(entry)
            entry.end()
        return True
