"""Say how many clients a server takes, and how long it waits for them."""

import contextlib
import sys

from hubbub.settings import Settings
from hubbub.web.clients import Bounds, Clients

if sys.platform != "win32":
    import resource

MOST_FILES = 1 << 20
"""Some systems say "as many as you like", and take no such number."""
UNKNOWN_FILES = 1024


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


def clients_for(settings: Settings) -> Clients:
    """Return what the connections of a server share. Raises the number of files that may be open.

    A quarter of them is kept for what serving needs: connections to models, databases, documents.
    """
    clients = settings.clients
    return Clients(
        Bounds(
            head_seconds=clients.head_seconds,
            idle_seconds=clients.idle_seconds,
            stall_seconds=clients.stall_seconds,
            connections=max(1, min(clients.connections, raise_open_files() * 3 // 4)),
        )
    )
