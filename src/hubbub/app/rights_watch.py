"""End answers over collections or documents, by models or by assistants, that their askers may use no more.

All are checked together, twice a second, and only after some right has changed: an answer costs one entry in a dict.
Rights to assistants are kept beside the chats: each assistant that answers somebody is looked at once a check.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import TracebackType
from typing import NamedTuple, Protocol, Self

from hubbub.core.documents import Hit
from hubbub.core.errors import HubbubError
from hubbub.core.lasting import Lasting
from hubbub.core.people import Reader
from hubbub.search.base import DocumentReaders, Permissions

logger = logging.getLogger(__name__)

CHECK_SECONDS = 0.4
ASKED_SECONDS = 5.0
UNKNOWN_SECONDS = 10.0
"""How long it may stay unknown whether a right holds. After that it doesn't."""
NO_RIGHT = "right_ended"
"""The reason that an answer is stopped for when a right that it needs ends."""


class KeepsRights(Protocol):
    """What knows the rights to collections and to single documents: a library."""

    @property
    def permissions(self) -> Permissions: ...

    @property
    def readers(self) -> DocumentReaders: ...


class Lent(NamedTuple):
    """Something that answers are made with, whose rights are not kept with those of collections."""

    id: str
    mark: Callable[[], Awaitable[object]]
    """Returns what is another one when the rights to it have changed."""
    holds: Callable[[], Awaitable[bool]]
    """Tells whether the answer's asker may still use it."""


class _Watched:
    """What an open answer needs."""

    __slots__ = ("collection_ids", "holds", "is_searched", "lent", "mark", "reader", "revision")

    def __init__(
        self,
        reader: Reader,
        collection_ids: Sequence[str],
        holds: Callable[[], Awaitable[bool]] | None,
        lent: Lent | None,
        revision: int | None,
    ) -> None:
        self.reader = reader
        self.collection_ids = collection_ids
        self.holds = holds
        self.lent = lent
        self.mark: object = None
        """Under which mark of what is lent to it it was checked last."""
        self.revision = revision
        """The one that was known when it came: what is found under another one may be of a document that is restricted
        by now. None: nobody knows under which one something was found."""
        self.is_searched = not collection_ids
        """Whether what was found for it was looked at once."""


class RightsWatch:
    """The open answers that need a right. An async context manager: it checks them while it is open."""

    def __init__(
        self,
        library: KeepsRights,
        stop: Callable[[str, str], None],
        is_here: Callable[[str], bool],
        hits: Callable[[str], Sequence[Hit] | None],
    ) -> None:
        """Take what knows the rights, what ends an answer that is made here, and what tells whether one is.

        `hits` returns what was found for such an answer; None before its search.
        """
        self._permissions = library.permissions
        self._readers = library.readers
        self._stop = stop
        self._is_here = is_here
        self._hits = hits
        self._open: dict[str, _Watched] = {}
        self._unchecked: set[str] = set()
        """Those that came since the last check: rights may have changed since theirs were looked up."""
        self._revision: int | None = None
        self._unknown = Lasting(logger)
        self._unknown_since: float | None = None
        self._is_needed = asyncio.Event()
        self._checking: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._checking = asyncio.create_task(self._go_on_checking(), name="rights")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._checking is not None:
            self._checking.cancel()
            await asyncio.wait({self._checking})

    def add(
        self,
        answer_id: str,
        reader: Reader,
        collection_ids: Sequence[str],
        holds: Callable[[], Awaitable[bool]] | None = None,
        lent: Lent | None = None,
    ) -> None:
        """End an answer when its reader may not use one of these collections, or what is lent to it, any more.

        `holds` tells whether what else it needs holds still; it is asked when some right has changed.
        """
        # Under which revision something was found already, as where an answer is taken over, nobody knows.
        revision = self._revision if not collection_ids or self._hits(answer_id) is None else None
        self._open[answer_id] = _Watched(reader, collection_ids, holds, lent, revision)
        self._unchecked.add(answer_id)
        self._is_needed.set()

    async def check(self) -> None:
        """End the answers whose rights have ended."""
        for answer_id in [one for one in self._open if not self._is_here(one)]:
            self._forget(answer_id)
        if not self._open:
            return
        asked = dict(self._open)
        found = {
            answer_id: hits
            for answer_id, one in asked.items()
            if one.collection_ids and (hits := self._hits(answer_id)) is not None
        }
        try:
            async with asyncio.timeout(ASKED_SECONDS):
                revision = await self._permissions.revision()
                await self._check_lent(is_changed=revision != self._revision)
                await self._check_usable(asked, revision)
                await self._check_found(found, revision)
                self._revision = revision
        except (HubbubError, TimeoutError) as error:
            self._unknown.met("It can't be checked whether open answers may go on", error)
            self._note_unknown()
        except Exception:  # a bug in a store must not end the checking
            logger.exception("Checking the rights of open answers failed.")
            self._note_unknown()
        else:
            self._unknown.over()
            self._unknown_since = None

    async def _check_usable(self, asked: dict[str, _Watched], revision: int) -> None:
        if revision == self._revision:
            # Others came while the revision was read: these are asked about the next time.
            asked = {answer_id: one for answer_id, one in asked.items() if answer_id in self._unchecked}
        over = {answer_id: (one.reader, one.collection_ids) for answer_id, one in asked.items() if one.collection_ids}
        may_use = dict(zip(over, await self._permissions.usable(list(over.values())), strict=True)) if over else {}
        ended = [
            answer_id
            for answer_id, one in asked.items()
            if not (may_use.get(answer_id, True) and (one.holds is None or await one.holds()))
        ]
        self._end(ended)
        self._unchecked -= asked.keys()

    async def _check_lent(self, *, is_changed: bool) -> None:
        """End the answers that were lent what their askers may use no more; groups may have changed, too."""
        marks: dict[str, object] = {}
        for answer_id, one in list(self._open.items()):
            if (lent := one.lent) is None:
                continue
            if lent.id not in marks:
                marks[lent.id] = await lent.mark()
            if is_changed or one.mark is None or one.mark != marks[lent.id]:
                if not await lent.holds():
                    self._end([answer_id])
                else:
                    one.mark = marks[lent.id]

    async def _check_found(self, found: Mapping[str, Sequence[Hit]], revision: int) -> None:
        """End the answers for which passages of documents were found that are restricted to others by now."""
        is_changed = revision != self._revision
        asked = {
            answer_id: (one.reader, list({hit.document_id for hit in hits}))
            for answer_id, hits in found.items()
            if (one := self._open.get(answer_id)) is not None
            and (is_changed or not (one.is_searched or one.revision == revision))
        }
        closed = await self._readers.closed(list(asked.values())) if asked else []
        self._end([one for one, ids in zip(asked, closed, strict=True) if ids])
        for answer_id in found:
            if (one := self._open.get(answer_id)) is not None:
                one.is_searched = True

    def _end(self, answer_ids: Sequence[str]) -> None:
        for answer_id in answer_ids:
            self._forget(answer_id)
            self._stop(answer_id, NO_RIGHT)

    def _forget(self, answer_id: str) -> None:
        self._open.pop(answer_id, None)
        self._unchecked.discard(answer_id)

    def _note_unknown(self) -> None:
        now = asyncio.get_running_loop().time()
        self._unknown_since = now if self._unknown_since is None else self._unknown_since
        if now - self._unknown_since >= UNKNOWN_SECONDS:
            self._end(list(self._open))

    async def _go_on_checking(self) -> None:
        while True:
            await self._is_needed.wait()
            await asyncio.sleep(CHECK_SECONDS)
            await self.check()
            if not self._open:
                self._is_needed.clear()
