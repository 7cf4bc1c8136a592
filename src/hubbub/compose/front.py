"""Decide what the server shows to browsers: by which names, to pages of which origins, and whose page."""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass

from hubbub.core.errors import SettingsError
from hubbub.settings import Settings
from hubbub.settings.origins import ANY, origins_in
from hubbub.web.page import ForeignPage

logger = logging.getLogger(__name__)

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
LOOPBACK_HOSTS = ("127.0.0.1", "::1", "localhost")
_OPEN = (
    "lets any page that somebody happens to visit speak to this server. Name the origins, or set "
    "identity.needs_key = true, so that a page needs a key"
)


@dataclass(frozen=True)
class Front:
    """What the server shows to browsers."""

    hosts: tuple[str, ...]
    """The names that it answers to; none: any."""
    origins: tuple[str, ...]
    """Whose pages may speak to it besides its own."""
    page: ForeignPage | None
    """The page in place of its own."""


def front_of(settings: Settings) -> Front:
    """Read the page of `server.frontend`, if there is to be one, and decide the rest.

    Raises:
        SettingsError: the page can't be read, or any origin is to be let in without a key.
    """
    hosts = settings.server.allowed_hosts
    if not hosts and settings.server.host in LOOPBACK_HOSTS:
        hosts = LOOPBACK_NAMES  # a page elsewhere may point its own name at 127.0.0.1 (DNS rebinding)
    folder = settings.server.frontend
    return Front(hosts, origins_for(settings), ForeignPage(folder) if folder is not None else None)


def origins_for(settings: Settings, environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """Return the origins of the settings, else those of the samples' variables. What of these can't be used is logged.

    Raises:
        SettingsError: the settings let any origin in, and ask for no key.
    """
    needs_key = settings.identity.needs_key
    if settings.server.allowed_origins:
        if ANY in settings.server.allowed_origins and not needs_key:
            raise SettingsError([f'server.allowed_origins: "*" {_OPEN}'])
        return settings.server.allowed_origins
    if not settings.discovery.is_enabled:
        return ()
    origins, faults = origins_in(environ)
    if ANY in origins and not needs_key:
        origins.remove(ANY)
        faults.append(f'ALLOWED_ORIGIN is "*", which {_OPEN}.')
    for fault in faults:
        logger.warning("%s It is left out.", fault)
    return tuple(origins)
