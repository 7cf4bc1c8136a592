"""Say how far an ingestion has come: with bars on a terminal, with a line now and then elsewhere."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from hubbub.cli.terminal import printable
from hubbub.core import documents

LINE_SECONDS = 10.0
"""Where there is no terminal, a line comes this often, so that a log shows that the work goes on."""


class Telling:
    """Shows how many files are stored, read and embedded. `embeds` says whether anything is embedded at all."""

    def __init__(self, console: Console, collection: str, files: int, *, embeds: bool) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._console = console
        self._collection = collection
        self._files = files
        self._progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._storing = self._progress.add_task("Storing files", total=files)
        self._reading = self._progress.add_task("Reading", total=None, visible=False)
        self._embedding = self._progress.add_task("Embedding passages", total=None, visible=False) if embeds else None
        self._line = f"0 of {files} files stored"

    @contextmanager
    def shown(self) -> Generator[None]:
        """Show the bars for as long as this is entered."""
        with self._progress:
            yield

    async def run(self) -> None:
        """Print a line now and then, where there is no terminal, until cancelled."""
        while not self._console.is_terminal:
            await asyncio.sleep(LINE_SECONDS)
            self._console.print(printable(f"{self._collection}: {self._line} …"), markup=False)

    def stored(self, count: int) -> None:
        """Show that so many files are stored."""
        self._line = f"{count} of {self._files} files stored"
        self._progress.update(self._storing, completed=count)

    def worked(self, state: documents.Progress) -> None:
        """Show how far the documents of the collection have come."""
        everything = state.waiting + state.reading + state.embedding + state.ready + state.failed
        read = everything - state.waiting - state.reading
        self._line = f"{read} of {everything} documents read"
        self._line += f", {state.failed} failed" if state.failed else ""
        self._progress.update(self._reading, total=everything, completed=read, visible=True)
        if self._embedding is not None:
            self._line += f"; {state.embedded} of {state.passages} passages embedded"
            self._progress.update(self._embedding, total=state.passages, completed=state.embedded, visible=True)
