"""The command that serves: in this process, or in several workers."""

import asyncio
import sys
from collections.abc import Callable

from rich.console import Console

from hubbub.cli.fetching import fetching_shown
from hubbub.cli.listening import Listeners
from hubbub.cli.logs import logging_to_stderr
from hubbub.cli.loops import new_loop
from hubbub.cli.notifying import READY, notify, watched_by_system
from hubbub.cli.people import first_link
from hubbub.cli.workers import Workers
from hubbub.compose import check_open_files, fetch_weights, going_on, identity_faults, prepare_folder
from hubbub.core.errors import SettingsError
from hubbub.settings import Settings

console = Console(soft_wrap=True, highlight=False)


def serve(settings: Settings, reload: Callable[[], Settings] | None = None) -> None:
    """Serve until told to stop (SIGINT or SIGTERM). `reload` reads the settings anew, for a restart (SIGHUP).

    Raises:
        SettingsError: something that the settings name can't be built.
        StoreError: the port is in use, or the data folder can't be written.
    """
    server = settings.server
    if server.workers > 1 and sys.platform == "win32":
        raise SettingsError(["server.workers: on Windows there can only be one (sockets are not inherited there)"])
    if faults := identity_faults(settings):
        raise SettingsError(faults)
    check_open_files()
    prepare_folder(server.data_folder)
    with (
        Listeners(server.host, server.port, server.workers, folder=server.data_folder) as listeners,
        logging_to_stderr(server.log_format, server.log_level, with_pid=server.workers > 1),
        asyncio.Runner(loop_factory=new_loop if server.workers == 1 else None) as runner,
    ):
        told = first_link(settings, listeners.url) if settings.identity.accounts.is_enabled else None
        runner.run(_serve(settings, listeners, reload, told))


async def _serve(
    settings: Settings, listeners: Listeners, reload: Callable[[], Settings] | None, told: str | None
) -> None:
    def say_ready() -> None:
        notify(READY)
        console.print(f"Hubbub is ready at {listeners.url} (end it with Ctrl+C)")
        if told is not None:
            console.print(told, markup=False)

    number = settings.server.workers
    workers = Workers(settings, listeners, number, reload=reload, begins_itself=number == 1)
    async with watched_by_system(), going_on(_fetch(settings)):
        await workers.run(say_ready)


async def _fetch(settings: Settings) -> None:
    """Fetch what the embedded parts lack, and show how far that is; whoever needs it waits, the others are served."""
    with fetching_shown() as on_fetch:
        await fetch_weights(settings, on_fetch)
