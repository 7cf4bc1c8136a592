"""Build what counts what people use, from the bounds and prices of the settings."""

import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC
from decimal import Decimal
from functools import partial, reduce
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from hubbub.answers.base import Beside, TellsEndings
from hubbub.audit.base import Audit
from hubbub.compose.beside_chats import audit_in, quotas_in
from hubbub.compose.databases import chats_of
from hubbub.compose.documents import DocumentStore
from hubbub.compose.pools import pools_of
from hubbub.connections.sqlite import Sqlite, in_one
from hubbub.connections.threads import in_a_thread
from hubbub.core.answer import Answer
from hubbub.core.embedding import Embedder
from hubbub.core.errors import SettingsError
from hubbub.history.base import SearchableHistory
from hubbub.identity.deeds import COMMAND_LINE, Deeds
from hubbub.models.catalog import Catalog
from hubbub.settings import Pool, Settings
from hubbub.usage.bounds import Bound, read_bound
from hubbub.usage.meter import Meter
from hubbub.usage.prices import Price, price_of
from hubbub.usage.quotas import Rules, counted_group
from hubbub.usage.sqlite import SqliteUsage

if TYPE_CHECKING:
    from hubbub.connections.postgres import Postgres
    from hubbub.usage.postgres import PostgresUsage


@asynccontextmanager
async def open_meter(
    settings: Settings,
    database: "Sqlite | Postgres",
    *,
    embedder: Embedder | None = None,
    clock: Callable[[], float] = time.time,
) -> AsyncGenerator[Meter]:
    """Open what counts what people use."""
    rules, prices = await in_a_thread(partial(_rules, settings)), prices_of(settings)  # a time zone is read from files
    async with usage_in(database, has_bounds=rules.is_any) as store, quotas_in(database) as quotas:
        if embedder is not None and settings.embeddings.provider in ("azure", "openai"):
            prices[embedder.name] = price_of(settings.embeddings.server.price_input, None, Decimal(0))
        pools = {member.model: name for name, pool in pools_of(settings).items() for member in pool.members}
        meter = Meter(store, rules=rules, quotas=quotas, prices=prices, pools=pools, clock=clock)
        await meter.look()
        yield meter


@asynccontextmanager
async def open_usage(settings: Settings) -> AsyncGenerator[Meter]:
    """Open what tells what was used, beside a server that may run. The data folder has to be there."""
    async with chats_of(settings) as database, open_meter(settings, database) as meter:
        yield meter


@asynccontextmanager
async def open_audit(settings: Settings) -> AsyncGenerator[Audit]:
    """Open the audit, beside a server that may run. The data folder has to be there."""
    async with chats_of(settings) as database, audit_in(database) as audit:
        yield audit


@asynccontextmanager
async def open_deeds(settings: Settings, store: DocumentStore) -> AsyncGenerator[Deeds]:
    """Open what records deeds of the command line, beside a server that may run. The data folder has to be there."""
    async with chats_of(settings) as database, audit_in(database, store.outbox) as audit:
        yield Deeds(audit, default=COMMAND_LINE)


def usage_in(database: "Sqlite | Postgres", *, has_bounds: bool = True) -> "SqliteUsage | PostgresUsage":
    """Return what keeps what was used in a database, to be opened."""
    if isinstance(database, Sqlite):
        return SqliteUsage(database, has_bounds=has_bounds)
    from hubbub.usage.postgres import PostgresUsage

    return PostgresUsage(database, has_bounds=has_bounds)


def check_over(settings: Settings, catalog: Catalog) -> None:
    """Return if the model is there that is to answer where a bound is reached.

    Raises:
        SettingsError: it is not.
    """
    over = settings.quotas.over
    if over and over not in catalog.names:
        there = ", ".join(catalog.names) or "none"
        raise SettingsError([f"quotas.over: there is no model {over!r}; there is: {there}"])


def store_with_endings(answers: object, history: object, meter: Meter) -> None:
    """Have stored with the endings of answers what they used, and what they came to for who searches chats."""
    if not isinstance(answers, TellsEndings):
        return
    writes: list[Callable[[Sequence[Answer]], Beside]] = [meter.settling]
    if isinstance(history, SearchableHistory):
        writes.append(history.indexing)

    def beside(ended: Sequence[Answer]) -> Beside:
        return reduce(lambda one, other: in_one(one, other, undo=_nothing), [write(ended) for write in writes])

    answers.beside_endings = beside


def prices_of(settings: Settings) -> dict[str, Price]:
    """Return what tokens cost, by the names of models."""
    return {
        name: price_of(table.price_input, table.price_cached, table.price_output)
        for name, table in settings.models.items()
        if not isinstance(table, Pool)
    }


async def _nothing() -> None:
    """What was stored of endings stays: storing it again changes nothing."""


def _rules(settings: Settings) -> Rules:
    quotas = settings.quotas

    def read(bounds: Sequence[str]) -> tuple[Bound, ...]:
        return tuple(map(read_bound, bounds))

    return Rules(
        server=read(quotas.server),
        group=read(quotas.group),
        person=read(quotas.person),
        key=read(quotas.key),
        groups={counted_group(name): read(bounds) for name, bounds in quotas.groups.items()},
        people={name: read(bounds) for name, bounds in quotas.people.items()},
        keys={name: read(bounds) for name, bounds in quotas.keys.items()},
        over=quotas.over,
        currency=quotas.currency,
        zone=UTC if quotas.time_zone == "UTC" else ZoneInfo(quotas.time_zone),
    )
