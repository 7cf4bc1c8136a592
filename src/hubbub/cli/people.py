"""List, invite, reset, disable and rescue people in the terminal, while the server runs or not."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from rich.console import Console
from rich.table import Table

from hubbub.app.accounts import Accounts, MadeLink
from hubbub.cli.terminal import printable
from hubbub.compose import open_people, prepare_folder
from hubbub.core.errors import NotFound
from hubbub.core.people import OPERATOR
from hubbub.identity.base import KnownPerson, People
from hubbub.settings import Settings

output = Console(soft_wrap=True, highlight=False)
notes = Console(stderr=True, soft_wrap=True, highlight=False)
AT_ONCE = 500

T = TypeVar("T")


def list_people(settings: Settings) -> None:
    """Print all people who are known, the oldest first, and the invitations that nobody has used."""
    people, invited = _run(settings, _listed)
    table = Table("e-mail", "name", "id", "signs in with", "last signed in", "state", show_edge=False, pad_edge=False)
    for one in people:
        last = "never" if one.last_signed_in is None else _moment(one.last_signed_in)
        providers = ", ".join(one.providers)
        table.add_row(printable(one.email), printable(one.name), one.id, printable(providers), last, _state(one))
    for email, until in invited:
        table.add_row(printable(email), "", "", "", "never", f"invited until {_moment(until)}")
    if people or invited:
        output.print(table, markup=False)
    else:
        notes.print("Nobody is known yet. `hubbub serve` prints a link for the first operator.")


def invite(settings: Settings, email: str, *, name: str, is_operator: bool) -> None:
    """Print a link by which somebody makes their account, and mail it where that is set up.

    Raises:
        Conflict: there is an account with this e-mail.
        Invalid: it is none.
    """
    made = _run(settings, lambda accounts, _: accounts.invite(OPERATOR, email, name=name, is_operator=is_operator))
    _print_link(settings, made, f"Pass this link on to {email.strip()}.")


def reset(settings: Settings, who: str) -> None:
    """Print a link by which a person sets a new password; it removes their second factor, too.

    Raises:
        NotFound: there is no such person with a password.
    """

    async def work(accounts: Accounts, people: People) -> MadeLink:
        return await accounts.reset(OPERATOR, await _id_of(accounts, people, who))

    _print_link(settings, _run(settings, work), f"Pass this link on to {who}.")


def set_active(settings: Settings, who: str, *, is_active: bool) -> None:
    """Enable or disable a person.

    Raises:
        NotFound: there is no such person.
        Conflict: they are the last operator.
    """

    async def work(accounts: Accounts, people: People) -> None:
        await accounts.set_active(OPERATOR, await _id_of(accounts, people, who), is_active)

    _run(settings, work)
    ended = "" if is_active else " Their sign-ins and API keys have ended; a server that runs knows within a second."
    notes.print(f"{printable(who)} is {'enabled' if is_active else 'disabled'}.{ended}", markup=False)


def rescue(settings: Settings, email: str) -> None:
    """Print a link that makes whoever has this e-mail an operator with a new password, whatever has happened.

    Raises:
        Invalid: this is no e-mail.
    """
    made = _run(settings, lambda accounts, _: accounts.rescue(OPERATOR, email))
    _print_link(settings, made, f"Open this link to be an operator as {email.strip()}.")


def first_link(settings: Settings, url: str) -> str | None:
    """Return what to tell whoever starts the server for the first time: how to become its operator; None later."""
    made = _run(settings, lambda accounts, _: accounts.first())
    if made is None:
        return None
    return (
        f"There is no operator yet. Open this link to become the operator; it can be used once, until "
        f"{_moment(made.expires_at)}:\n{_whole(made.url, url)}"
    )


async def _listed(accounts: Accounts, people: People) -> tuple[list[KnownPerson], list[tuple[str, float]]]:
    found: list[KnownPerson] = []
    while more := await people.people(after=found[-1].id if found else "", limit=AT_ONCE):
        found += more
    return found, [(one.email, one.expires_at) for one in await accounts.invitations()]


async def _id_of(accounts: Accounts, people: People, who: str) -> str:
    """Return the id of a person by that or by the e-mail of their account."""
    if (account := await accounts.find(who)) is not None:
        return account.person_id
    if (found := await people.find(who)) is not None:
        return found.id
    raise NotFound(f"There is no person {who!r}. `hubbub people list` shows all there are.")


def _run(settings: Settings, work: Callable[[Accounts, People], Awaitable[T]]) -> T:
    prepare_folder(settings.server.data_folder)

    async def run() -> T:
        async with open_people(settings) as (accounts, people):
            return await work(accounts, people)

    return asyncio.run(run())


def _print_link(settings: Settings, made: MadeLink, what: str) -> None:
    if not settings.identity.accounts.is_enabled:
        notes.print("Accounts are not enabled: set identity.accounts.is_enabled = true, and restart the server.")
    mailed = " A mail with it was handed on." if made.is_mailed else ""
    server = settings.server
    host = "localhost" if server.host in ("0.0.0.0", "::") else server.host  # noqa: S104 (replaced, not bound)
    notes.print(printable(f"{what}{mailed} It can be used once, until {_moment(made.expires_at)}."), markup=False)
    output.print(_whole(made.url, f"http://{f'[{host}]' if ':' in host else host}:{server.port}"), markup=False)


def _whole(url: str, base: str) -> str:
    return f"{base.rstrip('/')}{url}" if url.startswith("/") else url


def _state(one: KnownPerson) -> str:
    return ("operator" if one.is_operator else "member") if one.is_active else "disabled"


def _moment(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(at))
