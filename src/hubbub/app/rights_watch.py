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
        self._open: dict[str, tuple[Reader, Sequence[str]]] = {}
        self._holds: dict[str, Callable[[], Awaitable[bool]]] = {}
        self._lent: dict[str, Lent] = {}
        self._marks: dict[str, object] = {}
        """Under which mark of what is lent to it an answer was checked last."""
        self._unchecked: set[str] = set()
        """Those that came since the last check: rights may have changed since theirs were looked up."""
        self._unsearched: dict[str, int | None] = {}
        """Those for which nothing was found yet when they were last looked at, each with the revision that was known
        when it came: what is found under another one may be of a document that is restricted by now."""
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
        self._open[answer_id] = (reader, collection_ids)
        if holds is not None:
            self._holds[answer_id] = holds
        if lent is not None:
            self._lent[answer_id] = lent
        self._unchecked.add(answer_id)
        if collection_ids:
            # Under which revision something was found already, as where an answer is taken over, nobody knows.
            self._unsearched[answer_id] = self._revision if self._hits(answer_id) is None else None
        self._is_needed.set()

    async def check(self) -> None:
        """End the answers whose rights have ended."""
        for answer_id in [one for one in self._open if not self._is_here(one)]:
            self._forget(answer_id)
        if not self._open:
            return
        asked = dict(self._open)
        found = {one: hits for one, (_, ids) in asked.items() if ids and (hits := self._hits(one)) is not None}
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

    async def _check_usable(self, asked: dict[str, tuple[Reader, Sequence[str]]], revision: int) -> None:
        if revision == self._revision:
            # Others came while the revision was read: these are asked about the next time.
            asked = {one: needs for one, needs in asked.items() if one in self._unchecked}
        over_collections = {one: needs for one, needs in asked.items() if needs[1]}
        usable = await self._permissions.usable(list(over_collections.values())) if over_collections else []
        may_use = dict(zip(over_collections, usable, strict=True))
        self._end([one for one in asked if not (may_use.get(one, True) and await self._held(one))])
        self._unchecked -= asked.keys()

    async def _check_lent(self, *, is_changed: bool) -> None:
        """End the answers that were lent what their askers may use no more; groups may have changed, too."""
        marks: dict[str, object] = {}
        for answer_id, lent in list(self._lent.items()):
            if lent.id not in marks:
                marks[lent.id] = await lent.mark()
            if is_changed or answer_id not in self._marks or self._marks[answer_id] != marks[lent.id]:
                if not await lent.holds():
                    self._end([answer_id])
                elif answer_id in self._lent:
                    self._marks[answer_id] = marks[lent.id]

    async def _check_found(self, found: Mapping[str, Sequence[Hit]], revision: int) -> None:
        """End the answers for which passages of documents were found that are restricted to others by now."""
        is_changed = revision != self._revision
        asked = {
            one: (self._open[one][0], list({hit.document_id for hit in hits}))
            for one, hits in found.items()
            if one in self._open and (is_changed or self._unsearched.get(one, revision) != revision)
        }
        closed = await self._readers.closed(list(asked.values())) if asked else []
        self._end([one for one, ids in zip(asked, closed, strict=True) if ids])
        for one in found:
            self._unsearched.pop(one, None)

    def _end(self, answer_ids: Sequence[str]) -> None:
        for answer_id in answer_ids:
            self._forget(answer_id)
            self._stop(answer_id, NO_RIGHT)

    def _forget(self, answer_id: str) -> None:
        self._open.pop(answer_id, None)
        self._holds.pop(answer_id, None)
        self._lent.pop(answer_id, None)
        self._marks.pop(answer_id, None)
        self._unchecked.discard(answer_id)
        self._unsearched.pop(answer_id, None)

    async def _held(self, answer_id: str) -> bool:
        holds = self._holds.get(answer_id)
        return holds is None or await holds()

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
