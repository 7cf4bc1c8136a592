"""Report what people used, in the terminal, while the server runs or not."""

import asyncio
import sys
import time
from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec
from rich.console import Console
from rich.table import Table

from hubbub.cli.collections import library_open
from hubbub.cli.terminal import printable
from hubbub.compose import open_usage, prepare_folder
from hubbub.core.people import GROUP
from hubbub.settings import Settings
from hubbub.usage.base import By, Total
from hubbub.usage.prices import to_the_cent
from hubbub.usage.reports import COLUMNS, as_csv, numbers_of, period

Form: TypeAlias = Literal["table", "csv", "json"]

output = Console(soft_wrap=True, highlight=False)
notes = Console(stderr=True, soft_wrap=True, highlight=False)


def report(settings: Settings, by: By, first: str, last: str, form: Form) -> None:
    """Print what was used on these days, by what is asked for.

    Raises:
        Invalid: they are no days.
    """
    prepare_folder(settings.server.data_folder)
    totals = asyncio.run(_totals(settings, by, first, last))
    names = asyncio.run(_names(settings)) if by == "group" and form == "table" else {}
    if form == "csv":
        sys.stdout.write(as_csv(totals))
    elif form == "json":
        lines = [dict(zip(COLUMNS, (one.name, *numbers_of(one)), strict=True)) for one in totals]
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(lines)).decode() + "\n")
    elif not totals:
        notes.print("Nothing was used on these days.")
    else:
        output.print(_table(by, totals, names, settings.quotas.currency), markup=False)


async def _totals(settings: Settings, by: By, first: str, last: str) -> list[Total]:
    async with open_usage(settings) as meter:
        start, end = period(first, last, time.time(), meter.zone)
        return await meter.report(by, start, end)


async def _names(settings: Settings) -> dict[str, str]:
    """Return what groups that were made here are called."""
    async with library_open(settings) as store:
        return {GROUP + one.id: one.name for one in await store.library.groups.groups()}


def _table(by: By, totals: list[Total], names: Mapping[str, str], currency: str) -> Table:
    heads = ("questions", "tokens in", "cached", "tokens out", "thoughts", f"money {currency}".rstrip(), "estimated")
    table = Table(by, show_edge=False, pad_edge=False)
    for head in heads:
        table.add_column(head, justify="right")
    for one in totals:
        tokens = (one.input_tokens, one.cached_tokens, one.output_tokens, one.reasoning_tokens)
        figures = (
            f"{one.questions:,}",
            *(f"{count:,}" for count in tokens),
            to_the_cent(one.money),
            f"{one.estimated:,}",
        )
        table.add_row(printable(names.get(one.name, one.name)) or "none", *figures)
    return table
