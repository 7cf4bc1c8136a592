"""Back up and restore in the terminal."""

import asyncio
import signal
import sys
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console

from hubbub.cli.terminal import printable
from hubbub.compose.backing_up import back_up
from hubbub.compose.restoring import restore as restored
from hubbub.settings import Settings

T = TypeVar("T")

SHOW_SECONDS = 1.0
output = Console(soft_wrap=True, highlight=False)
notes = Console(stderr=True, soft_wrap=True, highlight=False)


class Progress:
    """Says how far it has come: each thing when it begins, and now and then how much of it there is."""

    def __init__(self) -> None:
        self._what = ""
        self._shown_at = 0.0

    def __call__(self, what: str, count: int) -> None:
        now = time.monotonic()
        if (what != self._what and now - self._shown_at >= SHOW_SECONDS / 10) or now - self._shown_at >= SHOW_SECONDS:
            self._what, self._shown_at = what, now
            notes.print(f"{what}: {count:,}" if count else what, markup=False)


def backup(settings: Settings, target: Path, *, without_originals: bool) -> None:
    """Make a backup and print what it holds.

    Raises:
        HubbubError: as `hubbub.compose.backing_up.back_up` does.
    """
    manifest = _run(back_up(settings, target, without_originals=without_originals, told=Progress()))
    size = sum(piece.bytes for piece in manifest.pieces)
    for database, tables in manifest.counts.items():
        output.print(f"{database}: {sum(tables.values()):,} rows in {len(tables):,} tables", markup=False)
    files = sum(piece.path.startswith("files/") for piece in manifest.pieces)
    output.print(f"files of documents: {files:,}")
    output.print(printable(f"{size:,} bytes in {target}, as it was at {manifest.made_at}"), markup=False)
    for table in manifest.left_out:
        notes.print(f"The table {printable(table)} is not Hubbub's, and was left out.", markup=False)
    if manifest.missing:
        notes.print(
            f"{len(manifest.missing):,} files of documents are gone or damaged where they are kept. The backup is "
            "without them; its manifest names them.",
            style="red",
        )
    notes.print("It holds chats, keys and passwords' hashes in the clear: keep it as closed as the data folder.")


def restore(settings: Settings, backup: Path, *, replaces: bool) -> None:
    """Restore a backup and print what answered.

    Raises:
        HubbubError: as `hubbub.compose.restoring.restore` does.
    """
    done = _run(restored(settings, backup, replaces=replaces, told=Progress()))
    checked = done.checked
    output.print(f"Restored as it was at {done.manifest.made_at}; checked by sums and by the rows of each table.")
    output.print(f"chats: {checked.chats:,}; one with {checked.messages:,} messages was read")
    if checked.document:
        told = f"A question about “{checked.document}” was answered from {checked.hits:,} passages."
        output.print(printable(told), markup=False)
    else:
        output.print("No document's passages are kept here, so no question was asked.")
    if done.replaced is not None:
        notes.print(printable(f"What was there before is in {done.replaced}. Delete it when it is needed no more."))
    for note in done.notes:
        notes.print(printable(note), markup=False)


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Run it; a SIGTERM ends it as Ctrl+C does, so that nothing half is left."""

    async def run() -> T:
        task = asyncio.ensure_future(work)
        if sys.platform != "win32":
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        try:
            return await task
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None

    return asyncio.run(run())
