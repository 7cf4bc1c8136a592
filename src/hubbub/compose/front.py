"""Decide what the server shows to browsers: by which names, to pages of which origins, and whose page."""

import logging
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hubbub.compose.backends import load_backends
from hubbub.compose.identity import identity_faults, is_loopback, lets_everybody_in
from hubbub.compose.own import wire_formats
from hubbub.core.errors import SettingsError
from hubbub.settings import Settings
from hubbub.settings.origins import ANY, origins_in
from hubbub.web.dialects.base import WireFormat

if TYPE_CHECKING:
    from hubbub.web.page import ForeignPage

logger = logging.getLogger(__name__)

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
ANY_HOST = "*"
TRUSTED = (
    "server.frontend_is_trusted is set: the page may hold scripts and load some from anywhere, which can read all that "
    "its visitors may. To let it run its own files alone, leave the setting out."
)
_OPEN = (
    "lets any page that somebody happens to visit speak to this server. Name the origins, or set "
    "identity.needs_key = true, so that a page needs a key"
)


@dataclass(frozen=True)
class Front:
    """What the server shows to browsers."""

    hosts: tuple[str, ...]
    """The names that it answers to; none: any."""
    answers_addresses: bool
    """Whether it answers to plain IP addresses as well: no other site's page is found at one."""
    origins: tuple[str, ...]
    """Whose pages may speak to it besides its own."""
    page: "ForeignPage | None"
    """The page in place of its own."""
    formats: Mapping[str, WireFormat]
    """Wire formats of somebody's own, by name."""


def front_of(settings: Settings) -> Front:
    """Read the page of `server.frontend`, if there is to be one, load the back ends, and decide the rest.

    Raises:
        SettingsError: a back end can't be loaded, or isn't told what it needs.
        SettingsError: the page can't be read, any origin is to be let in without a key, or everybody would be let in
            and that is not said.
    """
    if faults := identity_faults(settings):
        raise SettingsError(faults)
    if (warning := everybody_warning(settings)) is not None:
        logger.warning("%s", warning)
    load_backends(settings)
    folder = settings.server.frontend
    is_trusted = settings.server.frontend_is_trusted
    page = _foreign_page(folder, is_trusted=is_trusted) if folder is not None else None
    if page is not None and is_trusted:
        logger.warning("%s", TRUSTED)
    return Front(*_hosts(settings), origins_for(settings), page, wire_formats(settings))


def _foreign_page(folder: Path, *, is_trusted: bool) -> "ForeignPage":
    from hubbub.web.page import ForeignPage  # what reads the settings alone has no need of HTTP

    return ForeignPage(folder, is_trusted=is_trusted)


def everybody_warning(settings: Settings) -> str | None:
    """Return what has to be said where everybody who reaches the address is let in; None where they are not."""
    if is_loopback(settings.server.host) or not lets_everybody_in(settings):
        return None
    return (
        f"Everybody who reaches {settings.server.host}:{settings.server.port} is let in, without an account or a key, "
        "since identity.open_to_everybody is set: they can ask the models and read what is shared. To have people sign "
        "in, take that out and set identity.accounts.is_enabled = true; to let in only programs with an API key, set "
        'identity.needs_key = true; to let in nobody from other machines, set server.host = "127.0.0.1".'
    )


def _hosts(settings: Settings) -> tuple[tuple[str, ...], bool]:
    """Return the names that the server answers to, and whether it answers to plain addresses.

    A page elsewhere may point its own name at this server (DNS rebinding): its requests carry that name.
    """
    named = settings.server.allowed_hosts
    if ANY_HOST in named:
        return (), True
    if named:
        return named, False
    if is_loopback(settings.server.host):
        return LOOPBACK_NAMES, False
    return (*LOOPBACK_NAMES, *machine_names()), True


def machine_names() -> tuple[str, ...]:
    """Return what this machine calls itself. May ask the network: not for the event loop's thread."""
    name = socket.gethostname().lower()
    names = (name, socket.getfqdn(name).lower(), name.partition(".")[0])
    return tuple(dict.fromkeys([*names, f"{names[-1]}.local"]))


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
