"""Know which quotas hold: those that operators have set while the server runs, and else those of the settings."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, tzinfo
from typing import Any

import msgspec

from hubbub.core.errors import StoreError
from hubbub.core.lasting import Lasting
from hubbub.core.people import CLAIM, GROUP
from hubbub.usage.base import QuotaStore, SetQuota
from hubbub.usage.bounds import Bound, read_bounds

FRESH_SECONDS = 0.5
"""So long a worker goes by what it knows before it looks whether quotas were changed on another one."""
logger = logging.getLogger(__name__)


class Rules(msgspec.Struct, frozen=True):
    """The bounds that are set, and how they are told."""

    server: tuple[Bound, ...] = ()
    group: tuple[Bound, ...] = ()
    person: tuple[Bound, ...] = ()
    key: tuple[Bound, ...] = ()
    groups: Mapping[str, tuple[Bound, ...]] = {}
    """By `counted_group`: those of the settings may name one that was made here by its name."""
    people: Mapping[str, tuple[Bound, ...]] = {}
    keys: Mapping[str, tuple[Bound, ...]] = {}
    over: str = ""
    """The model that answers where a bound is reached; it is never refused."""
    currency: str = ""
    zone: tzinfo = UTC

    @property
    def is_any(self) -> bool:
        """Whether any bound is set."""
        named = (*self.groups.values(), *self.people.values(), *self.keys.values())
        return any((self.server, self.group, self.person, self.key, *named))

    def of_group(self, subject: str, name: str = "") -> tuple[Bound, ...]:
        """Return the bounds of a group. One that was made here has a name: its id goes before that."""
        found = self.groups.get(subject)
        if found is None and name:
            found = self.groups.get(counted_group(GROUP + name))
        return self.group if found is None else found


def counted_group(named: str) -> str:
    """Return how quotas name a group that settings or operators name, as permissions do or by a claimed name alone.

    One that was made here goes by its id or its name, in any case: "group:ID".
    """
    return named.casefold() if named.startswith(GROUP) else counted_claim(named.removeprefix(CLAIM))


def counted_claim(name: str) -> str:
    """Return how quotas name a group that a sign-in names: so, unless that reads like one that was made here."""
    return CLAIM + name if name.startswith((GROUP, CLAIM)) else name


def with_set(rules: Rules, quotas: Iterable[SetQuota]) -> Rules:
    """Return what holds where these are set in place of what the settings say."""
    changed: dict[str, Any] = {}
    named = {"group": dict(rules.groups), "person": dict(rules.people), "key": dict(rules.keys)}
    for one in quotas:
        if one.scope == "over":
            changed["over"] = next(iter(one.texts), "")
        elif one.subject:
            named[one.scope][one.subject] = read_bounds(one.texts)
        else:
            changed[one.scope] = read_bounds(one.texts)
    return msgspec.structs.replace(rules, groups=named["group"], people=named["person"], keys=named["key"], **changed)


class RulesInForce:
    """Knows the rules that hold now, whichever worker they were changed on."""

    def __init__(
        self, settings: Rules, store: QuotaStore | None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock
        self._revision = -1
        self._fresh_until = float("-inf")
        self._turn = asyncio.Lock()
        self._unknown = Lasting(logger)
        self.rules = settings

    async def look(self) -> bool:
        """Take in what was changed; tell whether anything was. The store is asked at most twice a second.

        What can't be looked up holds as it was known.
        """
        if self._store is None or self._clock() < self._fresh_until:
            return False
        async with self._turn:  # a thousand requests ask the store once
            if self._clock() < self._fresh_until:
                return False
            try:
                revision = await self._store.revision()
                is_new = revision != self._revision
                if is_new:
                    self.rules = with_set(self._settings, await self._store.quotas())
                    self._revision = revision
            except StoreError as error:
                self._unknown.met("It can't be looked up whether quotas were changed", error.for_operators)
                is_new = False
            else:
                self._unknown.over()
            self._fresh_until = self._clock() + FRESH_SECONDS
        return is_new

    def forget(self) -> None:
        """Look anew: something was changed in this process."""
        self._fresh_until = float("-inf")
