"""Keep what a provider publishes, and fetch it anew where that is due."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import msgspec

from hubbub.core.errors import Overloaded

logger = logging.getLogger(__name__)

KEPT_SECONDS = 3600.0
"""How long it is believed. While the provider is down, it goes on being believed."""
RETRY_SECONDS = 30.0
"""The shortest time between two attempts to fetch it again: a token with an invented kid costs no more."""
LOOK_SECONDS = 2.0
"""How long the sign-in page waits to find out whether a provider is there."""
OUT_OF_USE = "This way to sign in does not work at the moment. Who is signed in already can go on."

T = TypeVar("T")


class Kept(Generic[T]):
    """What a provider publishes. It is fetched for the first time when it is needed."""

    def __init__(
        self,
        label: str,
        fetch: Callable[[], Awaitable[T]],
        look: Callable[[], Awaitable[object]] | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take how it is fetched, and a cheaper request that shows that the provider is there."""
        self._label = label
        self._fetch = fetch
        self._look = look or fetch
        self._clock = clock
        self._turn = asyncio.Lock()
        self._looking = asyncio.Lock()
        self._value: T | None = None
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")
        self._looked_at = float("-inf")
        self._is_there = True

    async def get(self, *, is_key_unknown: bool = False) -> T:
        """Return it; fetched anew where that is due, or a token names a key that is not in it.

        Raises:
            Overloaded: it was never fetched, and can't be now.
        """
        async with self._turn:
            now = self._clock()
            is_due = is_key_unknown or now >= self._fetched_at + KEPT_SECONDS
            if is_due and now >= self._tried_at + RETRY_SECONDS:
                try:
                    self._value, self._fetched_at = await self._fetch(), now
                    # An unknown kid is looked for at once after a rotation; from then on at most twice a minute.
                    self._tried_at = now if is_key_unknown else float("-inf")
                    self.note(is_there=True)
                except (OSError, ValueError, TimeoutError, msgspec.MsgspecError) as error:
                    self._tried_at = now
                    self.note(is_there=False)
                    logger.warning(
                        "Signing in by %s does not work: %s. Tried again in %g s at the earliest.",
                        self._label,
                        str(error) or type(error).__name__,
                        RETRY_SECONDS,
                    )
            if self._value is None:
                wait = max(1.0, self._tried_at + RETRY_SECONDS - now)
                raise Overloaded(f"{OUT_OF_USE} Try again in {wait:.0f} seconds.", retry_after_seconds=wait)
            return self._value

    def note(self, *, is_there: bool) -> None:
        """Note whether the provider answered just now."""
        self._is_there = is_there
        self._looked_at = self._clock()

    async def is_there(self) -> bool:
        """Tell whether the provider answers at the moment; it is asked at most once in `RETRY_SECONDS`."""
        if self._clock() < self._looked_at + RETRY_SECONDS or self._looking.locked():
            return self._is_there
        async with self._looking:
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._look()
                self.note(is_there=True)
            except (OSError, ValueError, TimeoutError, msgspec.MsgspecError) as error:
                self.note(is_there=False)
                logger.warning("%s can't be reached: %s", self._label, str(error) or "it does not answer in time")
        return self._is_there
