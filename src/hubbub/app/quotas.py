"""Show, set and remove quotas: what operators set holds in place of what the settings say for the same subject."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import msgspec

from hubbub.app.directory import Directory
from hubbub.core.errors import Conflict, Invalid, NotFound
from hubbub.core.people import GROUP, Group, Person, is_of_provider, scoped
from hubbub.core.reasons import because
from hubbub.identity.base import Keys
from hubbub.identity.deeds import Deeds
from hubbub.models.catalog import Catalog
from hubbub.search.base import Groups
from hubbub.usage.base import QuotaScope, QuotaStore, SetQuota
from hubbub.usage.bounds import Bound, Scope, read_bound
from hubbub.usage.meter import Meter
from hubbub.usage.quotas import counted_group

MOST_BOUNDS = 6
"""So many bounds of one subject: what was, and what is now, is to stand in one entry of the audit."""
SUBJECT_CHARACTERS = 300
BOUND_CHARACTERS = 40
Source: TypeAlias = Literal["settings", "set"]
_Place: TypeAlias = tuple[QuotaScope, str]


class QuotaInForce(msgspec.Struct, frozen=True):
    """What holds for a subject, or for each; texts are bounds, or the model of "over"; none: nothing is bounded."""

    scope: QuotaScope
    subject: str
    texts: tuple[str, ...]
    source: Source
    set_by: str = ""
    set_at: float | None = None
    in_settings: tuple[str, ...] | None = None
    """What would hold if it were not set; None: the settings say nothing of this subject."""


class Quotas:
    """The quotas that hold. Whoever asks here is an operator."""

    def __init__(
        self,
        meter: Meter,
        catalog: Catalog,
        directory: Directory,
        groups: Groups,
        keys: Keys | None = None,
        providers: Sequence[str] = (),
        deeds: Deeds | None = None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take all models, and the groups that were made here.

        `providers` are those whose groups can be named; none: any group can be.
        """
        self._meter = meter
        self._catalog = catalog
        self._directory = directory
        self._groups = groups
        self._keys = keys
        self._providers = providers
        self._deeds = deeds or Deeds()
        self._clock = clock

    async def list(self) -> Sequence[QuotaInForce]:
        """Return what holds: for all together, for each group, person and key, for those that are named, and over."""
        in_settings = await self._in_settings()
        set_here: dict[_Place, SetQuota] = {(one.scope, one.subject): one for one in await self._set()}
        found: list[QuotaInForce] = []
        for scope, subject in [*in_settings, *(place for place in set_here if place not in in_settings)]:
            said = in_settings.get((scope, subject))
            if (one := set_here.get((scope, subject))) is not None:
                found.append(QuotaInForce(scope, subject, one.texts, "set", one.set_by, one.set_at, said))
            elif said is not None:
                found.append(QuotaInForce(scope, subject, said, "settings", in_settings=said))
        order = ("server", "group", "person", "key", "over")
        return sorted(found, key=lambda one: (order.index(one.scope), one.subject))

    async def set(self, by: Person, scope: Scope, subject: str, bounds: Sequence[str]) -> None:
        """Set what holds for a subject, or for each; no bounds: nothing is bounded, whatever the settings say.

        Raises:
            Invalid: a bound can't be read, there are too many, or the subject can't be one.
            NotFound: there is no such group, person or key.
            Conflict: somebody else has changed it at the same moment.
        """
        texts = _texts(bounds)
        subject = await self._named(scope, subject)
        await self._check(by, scope, subject)
        await self._change(by, scope, subject, texts)

    async def set_over(self, by: Person, model: str) -> None:
        """Set which model answers where a bound is reached; empty: none does.

        Raises:
            NotFound: there is no such model.
            Conflict: somebody else has changed it at the same moment.
        """
        if model and model not in self._catalog.names:
            raise NotFound(because("quota_model", name=model[:100]), code="quota_model")
        await self._change(by, "over", "", (model,) if model else ())

    async def remove(self, by: Person, scope: QuotaScope, subject: str) -> None:
        """Remove what was set: what the settings say holds again.

        Raises:
            NotFound: nothing was set.
            Conflict: somebody else has changed it at the same moment.
        """
        await self._change(by, scope, await self._named(scope, subject), None)

    async def _named(self, scope: QuotaScope, subject: str) -> str:
        """Return how a quota names whom it is for: a group that was made here can be named by its name alone.

        Raises:
            NotFound: there is no group of that name or id that was made here.
        """
        subject = subject.strip()
        if scope != "group" or not subject:
            return subject
        set_here = {one.subject for one in await self._set() if one.scope == scope}
        is_known = subject in set_here or subject in self._meter.of_settings.groups
        if is_known and not subject.startswith(GROUP):
            return subject
        if (found := _made_here(subject.removeprefix(GROUP), await self._groups.groups())) is not None:
            return found
        if subject.startswith(GROUP) and subject not in set_here:  # else its group is gone, and it can be removed
            raise NotFound(because("quota_no_group", name=subject.removeprefix(GROUP)[:100]), code="quota_no_group")
        return counted_group(subject)

    async def _check(self, by: Person, scope: Scope, subject: str) -> None:
        if len(subject) > SUBJECT_CHARACTERS:
            raise Invalid(f"A name or an id has up to {SUBJECT_CHARACTERS} characters.")
        if scope == "server" and subject:
            raise Invalid("The quota of the server holds for all together: leave out for whom.")
        if not subject:
            return
        if scope == "group" and not (subject.startswith(GROUP) or is_of_provider(subject, self._providers)):
            raise Invalid(because("quota_group", name=subject[:100], example=scoped(self._providers[0], subject[:100])))
        if scope == "person":
            await self._directory.check(by, [subject])
        if scope == "key" and self._keys is not None:
            held = {key.id for key in await self._keys.keys() if key.revoked_at is None}
            if subject not in held:
                raise NotFound(because("quota_key", id=subject[:100]), code="quota_key")

    async def _change(self, by: Person, scope: QuotaScope, subject: str, texts: tuple[str, ...] | None) -> None:
        store = self._store()
        known = next((one for one in await self._set() if (one.scope, one.subject) == (scope, subject)), None)
        if texts is None and known is None:
            raise NotFound(because("quota_unset"), code="quota_unset")
        said = (await self._in_settings()).get((scope, subject))
        before, after = said if known is None else known.texts, said if texts is None else texts
        wanted = None if texts is None else SetQuota(scope, subject, texts, by.id, self._clock())
        detail = f"{_whose(scope, subject)}; before: {_shortly(before)}; after: {_shortly(after)}"
        deed = "quota removed" if texts is None else "quota set"
        async with self._deeds.doing(deed, by=by, of=subject or scope, detail=detail):
            if not await store.change(scope, subject, known=known, wanted=wanted):
                raise Conflict(because("changed_meanwhile"), code="changed_meanwhile")
        self._meter.forget_quotas()

    async def _set(self) -> Sequence[SetQuota]:
        return await self._meter.quotas.quotas() if self._meter.quotas is not None else []

    def _store(self) -> QuotaStore:
        if self._meter.quotas is None:
            raise Invalid("Nothing is kept here that could be counted: no quota can be set.")
        return self._meter.quotas

    async def _in_settings(self) -> Mapping[_Place, tuple[str, ...]]:
        rules = self._meter.of_settings
        groups = await self._by_id(rules.groups)
        found: dict[_Place, tuple[str, ...]] = {}
        each: dict[QuotaScope, tuple[Bound, ...]] = {
            "server": rules.server,
            "group": rules.group,
            "person": rules.person,
            "key": rules.key,
        }
        named: dict[QuotaScope, Mapping[str, tuple[Bound, ...]]] = {
            "group": groups,
            "person": rules.people,
            "key": rules.keys,
        }
        found |= {(scope, ""): _written(bounds) for scope, bounds in each.items() if bounds}
        found |= {(scope, one): _written(bounds) for scope, of in named.items() for one, bounds in of.items()}
        if rules.over:
            found["over", ""] = (rules.over,)
        return found

    async def _by_id(self, groups: Mapping[str, tuple[Bound, ...]]) -> Mapping[str, tuple[Bound, ...]]:
        """Return the bounds of groups, those that were made here by their ids, which go before their names."""
        if not any(one.startswith(GROUP) for one in groups):
            return groups
        made = await self._groups.groups()
        named = {one: _made_here(one.removeprefix(GROUP), made) if one.startswith(GROUP) else one for one in groups}
        by_name_first = sorted(groups, key=lambda one: named[one] == one)
        return {named[one] or one: groups[one] for one in by_name_first}


def _made_here(named: str, groups: Sequence[Group]) -> str | None:
    """Return how a quota names the group of this id, else of this name, among those that were made here."""
    found = [one for one in groups if one.id == named]
    found += [one for one in groups if one.name.casefold() == named.casefold()]
    return GROUP + found[0].id if found else None


def _texts(bounds: Sequence[str]) -> tuple[str, ...]:
    """Return bounds as they are kept.

    Raises:
        Invalid: one can't be read, there are too many, or two are of the same.
    """
    if len(bounds) > MOST_BOUNDS:
        raise Invalid(because("quota_bounds", most=MOST_BOUNDS))
    found: dict[tuple[Any, ...], str] = {}
    for text in bounds:
        try:
            bound = read_bound(text)
        except ValueError as error:
            raise Invalid(because("quota_bound", text=text[:60])) from error
        if len(bound.text) > BOUND_CHARACTERS:
            raise Invalid(because("quota_bound", text=text[:60]))
        if (bound.measure, bound.window) in found:
            raise Invalid(because("quota_twice", text=bound.text))
        found[bound.measure, bound.window] = bound.text
    return tuple(found.values())


def _written(bounds: Sequence[Bound]) -> tuple[str, ...]:
    return tuple(one.text for one in bounds)


def _shortly(texts: Sequence[str] | None) -> str:
    """Return texts so short that those before and after a change stand in one entry of the audit."""
    if texts is None:
        return "not set"
    return ", ".join(one.replace(" per ", "/") for one in texts) or "none"


def _whose(scope: QuotaScope, subject: str) -> str:
    if scope in ("server", "over"):
        return scope
    return scope if subject else f"each {scope}"
