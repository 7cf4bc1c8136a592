"""Move everything between the data folder and a PostgreSQL, in the terminal."""

import asyncio
import time

from rich.console import Console
from rich.table import Table

from hubbub.compose import move as moved
from hubbub.compose import prepare_folder
from hubbub.settings import Settings

SHOW_SECONDS = 1.0
output = Console(soft_wrap=True, highlight=False)
notes = Console(stderr=True, soft_wrap=True, highlight=False)


class _Progress:
    """Says how far it has come: each thing when it begins, and now and then how much of it there is."""

    def __init__(self) -> None:
        self._what = ""
        self._shown_at = 0.0

    def __call__(self, what: str, count: int) -> None:
        now = time.monotonic()
        if what != self._what or now - self._shown_at >= SHOW_SECONDS:
            self._what, self._shown_at = what, now
            notes.print(f"{what}: {count:,}", markup=False)


def move(settings: Settings, *, to_postgres: bool, only_documents: bool, without_audit: bool) -> None:
    """Move, and print what has arrived.

    Raises:
        SettingsError, Conflict, StoreError: as `hubbub.compose.move` does.
    """
    prepare_folder(settings.server.data_folder)
    moving = moved(
        settings,
        to_postgres=to_postgres,
        only_documents=only_documents,
        without_audit=without_audit,
        told=_Progress(),
    )
    sums = asyncio.run(moving)
    table = Table("table", "rows", "sum", show_edge=False, pad_edge=False)
    for name, one in sums.items():
        table.add_row(name, f"{one.rows:,}", one.digest[:16])
    output.print(table)
    notes.print("Everything has arrived, compared row by row. What was left behind is as it was.")
