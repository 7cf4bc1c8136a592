"""Show how far the fetching of model files is."""

from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from hubbub.compose import OnFetch


@contextmanager
def fetching_shown() -> Generator[OnFetch]:
    """Show a bar a file on standard error; on something other than a terminal, a line when it begins."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        bars: dict[str, TaskID] = {}

        def on_fetch(name: str, done_bytes: int, total_bytes: int | None) -> None:
            if name not in bars:
                bars[name] = progress.add_task(f"Fetching {name}", total=total_bytes)
                if not console.is_terminal:
                    size = f" ({total_bytes / 1e6:.0f} MB)" if total_bytes else ""
                    console.print(f"Fetching {name}{size}, once …")
            progress.update(bars[name], completed=done_bytes, total=total_bytes)

        yield on_fetch
