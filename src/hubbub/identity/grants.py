"""End what is open when what let it in ends: a stream, and an answer that is being made, hold a grant.

All grants are checked together, twice a second and only while there are any: a stream costs one entry in a dict, and
an event costs nothing.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from types import TracebackType
from typing import Self, TypeAlias

from hubbub.core.errors import HubbubError, NotAllowed, NotSignedIn
from hubbub.core.lasting import Lasting
from hubbub.core.tasks import Tasks
from hubbub.identity.base import Identity, RevocableIdentity

logger = logging.getLogger(__name__)

CHECK_SECONDS = 0.5
ASKED_AT_ONCE = 16
"""An identity that can't say it of all at once is asked about so many requests side by side."""
ASKED_SECONDS = 5.0
UNKNOWN_SECONDS = 10.0
"""How long it may stay unknown whether a grant holds. After that it doesn't."""

End: TypeAlias = Callable[[HubbubError], None]
"""Called once, with the reason."""

ENDED = "What let you in here has ended: the API key or the session was revoked, or has expired. Sign in again."
UNKNOWN = "It can't be checked now whether you may still read this. Try again."


class Held:
    """Something that is open as long as a grant holds."""

    __slots__ = ("_hold", "end", "is_over")

    def __init__(self, hold: "dict[Held, None]", end: End, is_over: Callable[[], bool] | None) -> None:
        self._hold = hold
        self.end = end
        self.is_over = is_over

    def release(self) -> None:
        """Hold the grant no more: what was open is closed."""
        self._hold.pop(self, None)


class Grant:
    """What a request was let in by: a credential, or the headers that have to be asked about again."""

    __slots__ = ("_grants", "credential", "headers", "person_id")

    def __init__(self, grants: "Grants", credential: str, person_id: str, headers: Mapping[str, str] | None) -> None:
        self._grants = grants
        self.credential = credential
        self.person_id = person_id
        self.headers = headers

    @property
    def name(self) -> str | None:
        """What finds this again in another process (`Grants.named`); None where the headers themselves are needed."""
        return self.credential if self.headers is None else None

    def hold(self, end: End, *, is_over: Callable[[], bool] | None = None) -> Held:
        """Have `end` called when this ends, until it is released or `is_over`."""
        return self._grants.hold(self, end, is_over)

    def holding(self) -> "Holding":
        """Do the work of this task while this holds; when it ends the work is cancelled, and the reason is raised.

        Raises:
            HubbubError: this has ended.
        """
        return Holding(self)


class Holding:
    """The work of a task that goes on while a grant holds: see `Grant.holding`. It is entered once."""

    __slots__ = ("_grant", "_held", "_reason", "_task")

    def __init__(self, grant: Grant) -> None:
        self._grant = grant
        self._reason: HubbubError | None = None

    def __enter__(self) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("A grant is held by the work of a task.")
        self._task = task
        self._held = self._grant.hold(self._end)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held.release()
        if self._reason is None:
            return
        if kind is None:
            self._task.uncancel()
        elif issubclass(kind, asyncio.CancelledError) and self._task.uncancel() == 0:  # else others cancel it, too
            raise self._reason from None

    def _end(self, error: HubbubError) -> None:
        self._reason = error
        self._task.cancel()


granted: ContextVar[Grant | None] = ContextVar("granted", default=None)
"""What the request that is being served was let in by; None: nothing that could end."""


class _Open:
    """What is open by one credential."""

    __slots__ = ("grant", "held", "unknown_since")

    def __init__(self, grant: Grant) -> None:
        self.grant = grant
        self.held: dict[Held, None] = {}
        self.unknown_since: float | None = None


class Grants:
    """All grants that are held in this process. An async context manager: it checks them while it is open."""

    def __init__(self, identity: Identity, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._identity = identity
        self._revocable = identity if isinstance(identity, RevocableIdentity) else None  # to find out takes 15 µs
        self._clock = clock
        self._open: dict[str, _Open] = {}
        self._count = 0
        self._is_needed = asyncio.Event()
        self._unknown = Lasting(logger)
        self._checking: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._checking = asyncio.create_task(self._go_on_checking(), name="grants")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._checking is not None:
            self._checking.cancel()
            await asyncio.wait({self._checking})

    def of(self, headers: Mapping[str, str], person_id: str) -> Grant | None:
        """Return what a request was let in by; None where that can't end."""
        if self._revocable is not None:
            credential = self._revocable.credential(headers)
            return None if credential is None else Grant(self, credential, person_id, None)
        self._count += 1
        return Grant(self, f"request {self._count}", person_id, dict(headers))

    def named(self, credential: str, person_id: str) -> Grant | None:
        """Return what a request was let in by that another process took; None where the identity knows no names."""
        return None if self._revocable is None else Grant(self, credential, person_id, None)

    def hold(self, grant: Grant, end: End, is_over: Callable[[], bool] | None) -> Held:
        """See `Grant.hold`."""
        known = self._open.get(grant.credential)
        if known is None:
            known = self._open[grant.credential] = _Open(grant)
            self._is_needed.set()
        held = Held(known.held, end, is_over)
        known.held[held] = None
        return held

    async def check(self) -> None:
        """Ask the identity about all that is held, and end what it lets in no more."""
        self._drop_released()
        if not self._open:
            return
        try:
            if self._revocable is not None:
                async with asyncio.timeout(ASKED_SECONDS):
                    ended = await self._revocable.ended(list(self._open))
                self._unknown.over()
                for one in self._open.values():
                    one.unknown_since = None
                self._end(ended, NotSignedIn(ENDED))
            else:
                await self._ask_each(self._identity)
        except (HubbubError, TimeoutError) as error:
            self._unknown.met("It can't be checked whether open streams may go on", error)
            for one in self._open.values():
                self._note_unknown(one)
        except Exception:  # a bug in an identity must not end the checking
            logger.exception("Checking whether open streams may go on failed.")
            for one in self._open.values():
                self._note_unknown(one)
        unknown = [key for key, one in self._open.items() if self._is_unknown_for_long(one)]
        self._end(unknown, NotSignedIn(UNKNOWN))

    async def _ask_each(self, identity: Identity) -> None:
        waiting = iter(list(self._open.values()))

        async def ask() -> None:
            for one in waiting:
                await self._ask(identity, one)

        async with Tasks() as group:
            for _ in range(min(ASKED_AT_ONCE, len(self._open))):
                group.create_task(ask())

    async def _ask(self, identity: Identity, one: _Open) -> None:
        grant = one.grant
        try:
            async with asyncio.timeout(ASKED_SECONDS):
                person = await identity.person(grant.headers or {})
        except (NotSignedIn, NotAllowed) as error:
            self._end([grant.credential], error)
        except Exception as error:  # noqa: BLE001 (it is the application's own code: whatever it is, nothing is known)
            logger.warning("An identity could not say whether an open stream may go on: %r", error)
            self._note_unknown(one)
        else:
            one.unknown_since = None
            if person.id != grant.person_id:
                self._end([grant.credential], NotSignedIn(ENDED))

    def _note_unknown(self, one: _Open) -> None:
        if one.unknown_since is None:
            one.unknown_since = self._clock()

    def _is_unknown_for_long(self, one: _Open) -> bool:
        return one.unknown_since is not None and self._clock() - one.unknown_since >= UNKNOWN_SECONDS

    def _end(self, credentials: "list[str] | frozenset[str]", error: HubbubError) -> None:
        for credential in credentials:
            one = self._open.get(credential)
            for held in list(one.held) if one is not None else ():
                held.release()
                held.end(error)

    def _drop_released(self) -> None:
        for credential, one in list(self._open.items()):
            for held in [held for held in one.held if held.is_over is not None and held.is_over()]:
                held.release()
            if not one.held:
                del self._open[credential]

    async def _go_on_checking(self) -> None:
        while True:
            await self._is_needed.wait()
            await asyncio.sleep(CHECK_SECONDS)
            await self.check()
            if not self._open:
                self._is_needed.clear()
