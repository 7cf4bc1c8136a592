"""Make, list and revoke API keys in the terminal, while the server runs or not."""

import asyncio
import time
import unicodedata
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from hubbub.cli.terminal import printable
from hubbub.compose import open_keys, prepare_folder
from hubbub.core.errors import Invalid, NotFound
from hubbub.identity.base import Key
from hubbub.identity.keys import FRESH_SECONDS, digest_of, new_key
from hubbub.settings import Settings

output = Console(soft_wrap=True, highlight=False)
notes = Console(stderr=True, soft_wrap=True, highlight=False)

DAY_SECONDS = 24 * 3600
NAME_CHARACTERS = 100


def add(settings: Settings, name: str, *, expires_days: float | None, same_person_as: str | None) -> None:
    """Make a key and print it: alone on standard output, so that a script can take it.

    Raises:
        Conflict: there is a key with this name.
        Invalid: it can't be a name.
        NotFound: there is no key that it is to be the same person as.
    """
    name = name.strip()
    if not 0 < len(name) <= NAME_CHARACTERS or any(unicodedata.category(one)[0] == "C" for one in name):
        raise Invalid(f"The name of a key has 1 to {NAME_CHARACTERS} characters, all of them to be seen.")
    expires_at = None if expires_days is None else time.time() + expires_days * DAY_SECONDS
    prepare_folder(settings.server.data_folder)
    key, text = asyncio.run(_add(settings, name, expires_at, same_person_as))
    output.print(text, markup=False)
    until = "until it is revoked" if expires_at is None else f"until {_moment(expires_at)}"
    notes.print(f"The key {key.name!r} holds {until}. It is shown this once and kept nowhere: store it now.")


def list_keys(settings: Settings) -> None:
    """Print all keys, the oldest first."""
    prepare_folder(settings.server.data_folder)
    keys = asyncio.run(_keys(settings))
    if not keys:
        notes.print("There are no API keys. Make one with `hubbub keys add NAME`.")
        return
    table = Table("name", "id", "made", "last used", "state", "person", show_edge=False, pad_edge=False)
    for key in keys:
        used = "never" if key.last_used is None else _moment(key.last_used)
        table.add_row(printable(key.name), key.id, _moment(key.created_at), used, _state(key), key.person_id)
    output.print(table, markup=False)


def revoke(settings: Settings, name_or_id: str) -> None:
    """Let a key be worth nothing from now on.

    Raises:
        NotFound: there is no such key.
    """
    prepare_folder(settings.server.data_folder)
    key = asyncio.run(_revoke(settings, name_or_id))
    if key.revoked_at is None:
        notes.print(f"The key {key.name!r} ({key.id}) is revoked; a server that runs knows within {FRESH_SECONDS:g} s.")
    else:
        notes.print(f"The key {key.name!r} ({key.id}) was revoked already, {_moment(key.revoked_at)}.")


async def _add(settings: Settings, name: str, expires_at: float | None, same_person_as: str | None) -> tuple[Key, str]:
    async with open_keys(settings) as keys:
        person_id = "" if same_person_as is None else _named(await keys.keys(), same_person_as).person_id
        key, text = new_key(name, person_id=person_id, expires_at=expires_at)
        await keys.add(key, digest_of(text))
        return key, text


async def _keys(settings: Settings) -> list[Key]:
    async with open_keys(settings) as keys:
        return await keys.keys()


async def _revoke(settings: Settings, name_or_id: str) -> Key:
    """Revoke a key; returns what it was before."""
    async with open_keys(settings) as keys:
        key = _named(await keys.keys(), name_or_id)
        await keys.revoke(key.id, time.time())
        return key


def _named(keys: Sequence[Key], name_or_id: str) -> Key:
    """Return the key with an id or a name; of several with one name the last, since that is the one that may hold."""
    found = [key for key in keys if key.id == name_or_id] or [key for key in keys if key.name == name_or_id]
    if not found:
        raise NotFound(f"There is no API key {name_or_id!r}. `hubbub keys list` shows all there are.")
    return found[-1]


def _state(key: Key) -> str:
    if key.revoked_at is not None:
        return f"revoked {_moment(key.revoked_at)}"
    if key.expires_at is None:
        return "holds"
    return f"{'expired' if key.expires_at <= time.time() else 'holds until'} {_moment(key.expires_at)}"


def _moment(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(at))
