"""Record deeds: who did what to what, from where, and what came of it."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

from hubbub.audit.base import Audit
from hubbub.audit.chain import Entry, Outcome
from hubbub.connections.joining import joining
from hubbub.core.errors import HubbubError, NotAllowed, NotSignedIn, TooBusy
from hubbub.core.people import OPERATOR_ID, Person

logger = logging.getLogger(__name__)

DETAIL_CHARACTERS = 300
REFUSED_SECONDS = 60.0
MOST_REFUSED_OF_ADDRESS = 20
MOST_REFUSED = 300
"""So many refusals are recorded in that time, one by one: whoever tries a door ten thousand times fills no disk."""


class Acting(NamedTuple):
    """Who a request, or a command, comes from; the address is only made where it is recorded."""

    who: str
    where: Callable[[], str]


acting: ContextVar[Acting | None] = ContextVar("acting", default=None)
"""Set by the doors: the web for each request."""

COMMAND_LINE = Acting(OPERATOR_ID, lambda: "command line")


class Doing:
    """A deed under way. What is known only once it is done is put in here by whoever does it.

    Where nothing is named before, it is named by the id of what the write returns.
    """

    __slots__ = ("by", "deed", "detail", "of", "where")

    def __init__(self, deed: str, by: str, of: str, where: str, detail: str) -> None:
        self.deed = deed
        self.by = by
        self.of = of
        self.where = where
        self.detail = detail

    def entry(self, outcome: Outcome, at: float, *, detail: str = "") -> Entry:
        """Return what is recorded of it."""
        texts = {"who": self.by, "deed": self.deed, "what": self.of, "where": self.where}
        texts["detail"] = detail or self.detail
        plain = {name: _plain(text) for name, text in texts.items()}
        return Entry(at=at, outcome=outcome, **plain)


class Deeds:
    """Records deeds in the audit, where there is one, and in the log.

    It costs one entry a deed, and nothing where nothing is done: no question, no token and no look is recorded.
    """

    def __init__(
        self, audit: Audit | None = None, *, default: Acting | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        """Take where deeds are kept, and who acts where no door says it."""
        self._audit = audit
        self._default = default or Acting("", lambda: "")
        self._clock = clock
        self._refusals = _Refusals(clock)

    @asynccontextmanager
    async def doing(
        self,
        deed: str,
        *,
        by: Person | str | None = None,
        of: str = "",
        where: str | None = None,
        detail: str = "",
    ) -> AsyncGenerator[Doing]:
        """Record the deed that the block does.

        Its entry goes into the transaction of the block's first write to a database that the audit knows, else it is
        written behind the block: in any case before anything is acknowledged. Where the block raises, and nothing was
        stored, the entry says so: what was refused, what failed, and what was cut off so that nobody knows.
        """
        doing = self._doing(deed, by, of, where, detail)
        if self._audit is None:
            try:
                yield doing
            except HubbubError as error:
                self._tell(doing, _outcome_of(error))
                raise
            self._tell(doing, "done")
            return
        joined = self._audit.joining(lambda result: self._done(doing, result))
        token = joining.set(joined)
        try:
            yield doing
        except asyncio.CancelledError:
            if not joined.is_stored:
                await asyncio.shield(self._append(doing, "unknown"))
            raise
        except Exception as error:
            if not isinstance(error, HubbubError) or _is_recorded(error):
                await self._append_failure(doing, error)
            raise
        finally:
            joined.is_open = False
            joining.reset(token)
        if joined.is_stored:
            self._tell(doing, "done")
            await self._audit.collect()
        else:
            await self._append(doing, "done")

    async def note(
        self,
        deed: str,
        *,
        by: Person | str | None = None,
        of: str = "",
        where: str | None = None,
        outcome: Outcome = "done",
        detail: str = "",
    ) -> None:
        """Record something that happened, in a transaction of its own."""
        doing = self._doing(deed, by, of, where, detail)
        if outcome == "refused":
            await self._refuse(doing)
        else:
            await self._append(doing, outcome)

    def _doing(self, deed: str, by: Person | str | None, of: str, where: str | None, detail: str) -> Doing:
        who = by.id if isinstance(by, Person) else by
        now = acting.get() or self._default
        is_told = who is None or where is None
        return Doing(
            deed,
            now.who if who is None else who,
            of,
            (now.where() if is_told else "") if where is None else where,
            detail,
        )

    def _done(self, doing: Doing, result: Any) -> Entry:
        if not doing.of and isinstance(made := getattr(result, "id", ""), str):
            doing.of = made
            doing.by = doing.by or made  # somebody who makes an account is nobody before
        return doing.entry("done", self._clock())

    async def _append(self, doing: Doing, outcome: Outcome, *, detail: str = "") -> None:
        self._tell(doing, outcome)
        if self._audit is not None:
            await self._audit.recording(doing.entry(outcome, self._clock(), detail=detail))()

    async def _append_failure(self, doing: Doing, error: Exception) -> None:
        """Record that a deed was refused or failed. Why it did is what is raised on, whether or not that succeeds."""
        try:
            if isinstance(error, HubbubError) and _outcome_of(error) == "refused":
                await self._refuse(doing)
            else:
                await self._append(doing, "failed", detail=error.code if isinstance(error, HubbubError) else "internal")
        except HubbubError as fault:
            logger.warning("It can't be recorded that this failed: %s. %s", doing.deed, fault.for_operators)

    async def _refuse(self, doing: Doing) -> None:
        is_told, unrecorded = self._refusals.count(doing.where)
        if not is_told:
            self._tell(doing, "refused")
            return
        more = f"{doing.detail} and {unrecorded:,} more refusals before it".strip() if unrecorded else ""
        await self._append(doing, "refused", detail=more)

    def _tell(self, doing: Doing, outcome: Outcome) -> None:
        told = {"by": doing.by, "of": doing.of, "from": doing.where, "outcome": outcome, "detail": doing.detail}
        logger.info("%s %s", doing.deed, " ".join(f"{name}={_plain(value)}" for name, value in told.items() if value))


class _Refusals:
    """Counts refusals, so that they are recorded one by one only as far as a person could read them."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._recent: deque[tuple[float, str]] = deque()
        self._unrecorded = 0

    def count(self, address: str) -> tuple[bool, int]:
        """Tell whether one is to be recorded, and how many were not since the last that was."""
        now = self._clock()
        while self._recent and self._recent[0][0] <= now - REFUSED_SECONDS:
            self._recent.popleft()
        of_address = sum(1 for _, one in self._recent if one == address)
        if len(self._recent) >= MOST_REFUSED or of_address >= MOST_REFUSED_OF_ADDRESS:
            self._unrecorded += 1
            return False, 0
        self._recent.append((now, address))
        unrecorded, self._unrecorded = self._unrecorded, 0
        return True, unrecorded


def _is_recorded(error: HubbubError) -> bool:
    """Tell whether it is recorded that a deed came to this: not where nothing was there, or nothing could be meant."""
    return isinstance(error, NotSignedIn | NotAllowed | TooBusy) or error.status >= 500


def _outcome_of(error: HubbubError) -> Outcome:
    return "failed" if error.status >= 500 else "refused"


def _plain(text: str) -> str:
    """Return a text of one line, that nothing takes for more than it is."""
    return "".join(one if one.isprintable() else " " for one in text)[:DETAIL_CHARACTERS]
