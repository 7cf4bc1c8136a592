"""Divide the time that an answer has among what it needs, and know whether it has begun to speak."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import TypeAlias

from msgspec.structs import replace

from hubbub.conversation.thorough import Budget
from hubbub.core.events import SAID, Event

Scope: TypeAlias = AbstractAsyncContextManager[object]
"""Ends with `TimeoutError` when the time is up for what is done in it."""
QUERY_SHARE = 0.25
SEARCH_SHARE = 0.6
"""By then the query has to be written, and the passages to be found; the rest is for the writing."""
FIRST_WORD_SHARE = 0.85
"""By then a model that writes over passages has to have begun, so that there is time left to quote them."""


class Times:
    """Scopes that end with `TimeoutError` when their part of the time is up. Without a time none ever does."""

    def __init__(self, within_seconds: float | None) -> None:
        self._began = asyncio.get_running_loop().time()
        self._within_seconds = within_seconds

    def for_query(self) -> asyncio.Timeout:
        """Return the scope in which the query is written."""
        return self._until(QUERY_SHARE)

    def for_search(self) -> asyncio.Timeout:
        """Return the scope in which the passages are found."""
        return self._until(SEARCH_SHARE)

    def within_search(self, budget: Budget) -> Budget:
        """Return a budget that ends no later than the passages have to be found."""
        if self._within_seconds is None:
            return budget
        left = self._began + SEARCH_SHARE * self._within_seconds - asyncio.get_running_loop().time()
        return replace(budget, seconds=max(0.0, min(budget.seconds, left)))

    def for_first_word(self) -> asyncio.Timeout:
        """Return the scope in which a model has to begin; once it has, the scope is to be set free."""
        return self._until(FIRST_WORD_SHARE)

    def for_all(self) -> Scope:
        """Return the scope in which everything has to be done."""
        return nullcontext() if self._within_seconds is None else self._until(1.0)

    def _until(self, share: float) -> asyncio.Timeout:
        within = self._within_seconds
        return asyncio.timeout_at(None if within is None else self._began + share * within)


class Said:
    """Passes events on, and knows whether anything of the answer itself was among them."""

    def __init__(self, send: Callable[[Event], None], first: asyncio.Timeout) -> None:
        """Take where they go, and the scope that has to see the first of them."""
        self._send = send
        self._first = first
        self.is_anything = False

    def send(self, event: Event) -> None:
        """Take the next event."""
        if not self.is_anything and isinstance(event, SAID):
            self.is_anything = True
            self._first.reschedule(None)
        self._send(event)
