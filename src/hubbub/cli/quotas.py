"""List, set and remove quotas in the terminal, while the server runs or not."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from rich.console import Console
from rich.table import Table

from hubbub.app.application import Application
from hubbub.app.quotas import QuotaInForce
from hubbub.cli.terminal import printable
from hubbub.compose import open_operated, prepare_folder
from hubbub.core.people import OPERATOR
from hubbub.settings import Settings
from hubbub.usage.base import QuotaScope
from hubbub.usage.bounds import Scope, read_bound
from hubbub.usage.refusals import in_words

T = TypeVar("T")

output = Console(soft_wrap=True, highlight=False)
notes = Console(stderr=True, soft_wrap=True, highlight=False)


def list_quotas(settings: Settings) -> None:
    """Print the quotas that hold."""
    found, names = _with(settings, _listed)
    if not found:
        notes.print("No quota is set: everybody may use as much as they ask for. Set one with `hubbub quotas set`.")
        return
    table = Table("for", "id or name", "at most", "from", show_edge=False, pad_edge=False)
    for one in found:
        name = names.get(one.subject, "")
        subject = f"{one.subject} ({name})" if name and name != one.subject else one.subject
        bounds = _bounds(one, settings.quotas.currency)
        table.add_row(_whose(one), printable(subject), printable(bounds), printable(_source(one, names)))
    output.print(table, markup=False)


def set_quota(settings: Settings, scope: Scope, subject: str, bounds: Sequence[str]) -> None:
    """Set a quota.

    Raises:
        Invalid: a bound can't be read, or the subject can't be one.
        NotFound: there is no such group, person or key.
    """
    _with(settings, lambda app: app.quotas.set(OPERATOR, scope, subject, bounds))
    notes.print("The quota is set; a server that runs goes by it within a second.")


def set_over(settings: Settings, model: str) -> None:
    """Set which model answers where a bound is reached; empty: none does.

    Raises:
        NotFound: there is no such model.
    """
    _with(settings, lambda app: app.quotas.set_over(OPERATOR, model))
    said = f"{printable(model)} answers" if model else "who asks is refused"
    notes.print(f"Where a bound is reached, {said}; a server that runs goes by it within a second.", markup=False)


def remove_quota(settings: Settings, scope: QuotaScope, subject: str) -> None:
    """Remove what was set.

    Raises:
        NotFound: nothing was set.
    """
    _with(settings, lambda app: app.quotas.remove(OPERATOR, scope, subject))
    notes.print("It is removed: what the settings say holds again, on a server that runs within a second.")


async def _listed(app: Application) -> tuple[Sequence[QuotaInForce], dict[str, str]]:
    found = await app.quotas.list()
    return found, await app.operating.names({one.subject for one in found} | {one.set_by for one in found})


def _bounds(one: QuotaInForce, currency: str) -> str:
    if one.scope == "over":
        return f"{one.texts[0]} answers" if one.texts else "who asks is refused"
    return ", ".join(in_words(read_bound(text), currency or "money") for text in one.texts) or "no bound"


def _whose(one: QuotaInForce) -> str:
    if one.scope == "over":
        return "where one is reached"
    if one.scope == "server":
        return "all together"
    return one.scope if one.subject else f"each {one.scope}"


def _source(one: QuotaInForce, names: dict[str, str]) -> str:
    if one.source == "settings" or one.set_at is None:
        return "the settings"
    by = names.get(one.set_by) or one.set_by or "somebody"
    return f"set by {by}, {time.strftime('%Y-%m-%d %H:%M UTC', time.gmtime(one.set_at))}"


def _with(settings: Settings, work: Callable[[Application], Awaitable[T]]) -> T:
    async def run() -> T:
        async with open_operated(settings) as app:
            return await work(app)

    prepare_folder(settings.server.data_folder)
    return asyncio.run(run())
