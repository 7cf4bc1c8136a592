"""Check and export the audit in the terminal, while the server runs or not."""

import asyncio
import contextlib
import sys
from contextlib import aclosing

from rich.console import Console

from hubbub.audit.chain import Kept, Verdict, as_line
from hubbub.compose import open_audit, prepare_folder
from hubbub.core.errors import Invalid
from hubbub.settings import Settings

output = Console(soft_wrap=True, highlight=False)
notes = Console(stderr=True, soft_wrap=True, highlight=False)

FOLLOWED_SECONDS = 0.5
"""How often it is looked for new entries."""


def verify(settings: Settings, known: str | None) -> bool:
    """Check the audit and print what was found; returns whether all of it holds.

    Raises:
        Invalid: what is known has not the form of a number and a digest.
    """
    expected = None if known is None else _known(known)
    prepare_folder(settings.server.data_folder)
    verdict = asyncio.run(_verified(settings, expected))
    last = f"{verdict.entries}:{verdict.digest.hex()}"
    if verdict.fault:
        notes.print(f"The audit does not hold. {verdict.fault} {verdict.entries:,} entries before that hold.")
        return False
    output.print(last, markup=False)
    notes.print(
        f"All {verdict.entries:,} entries hold. Keep the line above elsewhere, and give it to --known later: that "
        "finds out whether the end was cut off, or all was written anew."
    )
    return True


def export(settings: Settings, after: int) -> None:
    """Print the entries above a number as JSON, one a line."""
    prepare_folder(settings.server.data_folder)
    asyncio.run(_export(settings, after))


def follow(settings: Settings, after: int | None) -> None:
    """Print entries as they come, as JSON, one a line, until interrupted; those above a number first."""
    prepare_folder(settings.server.data_folder)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_follow(settings, after))


async def _follow(settings: Settings, after: int | None) -> None:
    async with open_audit(settings) as audit:
        last = await audit.last() if after is None else after
        while True:
            async with aclosing(audit.entries(last)) as entries:
                async for one in entries:
                    _print(one)
                    last = one.number
            sys.stdout.flush()
            await asyncio.sleep(FOLLOWED_SECONDS)


def _print(one: Kept) -> None:
    sys.stdout.write(as_line(one).decode())


async def _verified(settings: Settings, known: tuple[int, bytes] | None) -> Verdict:
    async with open_audit(settings) as audit:
        return await audit.verify(known)


async def _export(settings: Settings, after: int) -> None:
    async with open_audit(settings) as audit, aclosing(audit.entries(after)) as entries:
        async for one in entries:
            _print(one)


def _known(text: str) -> tuple[int, bytes]:
    number, _, digest = text.partition(":")
    try:
        found = int(number), bytes.fromhex(digest)
    except ValueError:
        found = (0, b"")
    if found[0] < 1 or len(found[1]) != 32:
        raise Invalid("--known has to be a number and a digest, such as `hubbub audit verify` prints.")
    return found
