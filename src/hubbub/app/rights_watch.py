"""End answers over collections, or by models, that their askers may use no more.

All are checked together, twice a second, and only after some right has changed: an answer costs one entry in a dict.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Self

from hubbub.core.errors import HubbubError
from hubbub.core.lasting import Lasting
from hubbub.core.people import Reader
from hubbub.search.base import Permissions

logger = logging.getLogger(__name__)

CHECK_SECONDS = 0.4
ASKED_SECONDS = 5.0
UNKNOWN_SECONDS = 10.0
"""How long it may stay unknown whether a right holds. After that it doesn't."""
NO_RIGHT = "right_ended"
"""The reason that an answer is stopped for when a right that it needs ends."""


class RightsWatch:
    """The open answers that need a right. An async context manager: it checks them while it is open."""

    def __init__(
        self,
        permissions: Permissions,
        stop: Callable[[str, str], None],
        is_here: Callable[[str], bool],
    ) -> None:
        """Take what knows the rights, what ends an answer that is made here, and what tells whether one is."""
        self._permissions = permissions
        self._stop = stop
        self._is_here = is_here
        self._open: dict[str, tuple[Reader, Sequence[str]]] = {}
        self._holds: dict[str, Callable[[], Awaitable[bool]]] = {}
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
    ) -> None:
        """End an answer when its reader may not use one of these collections any more.

        `holds` tells whether what else it needs holds still; it is asked when some right has changed.
        """
        self._open[answer_id] = (reader, collection_ids)
        if holds is not None:
            self._holds[answer_id] = holds
        self._unchecked.add(answer_id)
        self._is_needed.set()

    async def check(self) -> None:
        """End the answers whose rights have ended."""
        for answer_id in [one for one in self._open if not self._is_here(one)]:
            self._forget(answer_id)
        if not self._open:
            return
        asked = dict(self._open)
        try:
            async with asyncio.timeout(ASKED_SECONDS):
                revision = await self._permissions.revision()
                if revision == self._revision:
                    # Others came while the revision was read: these are asked about the next time.
                    asked = {one: needs for one, needs in asked.items() if one in self._unchecked}
                usable = await self._permissions.usable(list(asked.values())) if asked else []
                self._end([one for one, may in zip(asked, usable, strict=True) if not (may and await self._held(one))])
                self._unchecked -= asked.keys()
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

    def _end(self, answer_ids: Sequence[str]) -> None:
        for answer_id in answer_ids:
            self._forget(answer_id)
            self._stop(answer_id, NO_RIGHT)

    def _forget(self, answer_id: str) -> None:
        self._open.pop(answer_id, None)
        self._holds.pop(answer_id, None)
        self._unchecked.discard(answer_id)

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
