"""Say how many clients a server takes, and how long it waits for them."""

import contextlib
import logging
import os
import sys

from hubbub.core.errors import SettingsError
from hubbub.settings import Settings
from hubbub.web.address import Proxies
from hubbub.web.clients import MOST_FILES, SPARE_CONNECTIONS, Bounds, Clients

if sys.platform != "win32":
    import resource

logger = logging.getLogger(__name__)

UNKNOWN_FILES = 1024
FEWEST_FILES = 64
"""Databases, models' connections and a reader of documents take some fifty: with fewer, what begins breaks half way."""
FEW_CONNECTIONS = 512
"""Below it the operator is told at the start."""


def raise_open_files() -> int:
    """Let this process open as many files, which connections are, as the system lets it; return how many."""
    if sys.platform == "win32":
        return UNKNOWN_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):  # macOS has limits that it doesn't name here
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_FILES if soft == resource.RLIM_INFINITY else soft


def check_open_files() -> None:
    """Raise the number of files that this process may open, and see that it can serve with them.

    Raises:
        SettingsError: it can't.
    """
    if (files := raise_open_files()) < FEWEST_FILES:
        raise SettingsError(
            [
                f"The system lets this process open {files} files, and a server needs {FEWEST_FILES} at the least. "
                "Raise the limit (ulimit -n, LimitNOFILE); 65536 is usual for a server"
            ]
        )


def clients_for(settings: Settings) -> Clients:
    """Return what the connections of a server share. Raises the number of files that may be open.

    A quarter of those that are not open yet is kept for connections to models, databases and documents.
    """
    clients = settings.clients
    files = raise_open_files()
    free = files - _open_files()
    most = max(1, free * 3 // 4)
    if most < min(clients.connections, FEW_CONNECTIONS):
        logger.warning(
            "The system lets this process open %d files, so that it takes %d connections at once. "
            "Raise the limit (ulimit -n, LimitNOFILE); 65536 is usual for a server.",
            files,
            most,
        )
    return Clients(
        Bounds(
            head_seconds=clients.head_seconds,
            idle_seconds=clients.idle_seconds,
            stall_seconds=clients.stall_seconds,
            connections=min(clients.connections, most),
            spare_connections=max(1, min(SPARE_CONNECTIONS, free // 8)),
            address_share=clients.address_share,
            answer_share=clients.answer_share,
            files=files,
        ),
        Proxies(settings.server.trusted_proxies),
    )


def _open_files() -> int:
    """Return about how many files are open: a new one gets the lowest number that is free."""
    number = os.open(os.devnull, os.O_RDONLY)
    os.close(number)
    return number
