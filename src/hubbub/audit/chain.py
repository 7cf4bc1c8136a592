"""Chain entries by their hashes, and find where a chain is broken."""

import hashlib
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Literal, TypeAlias

import msgspec

FIRST = bytes(32)
"""What stands in place of the digest before the first."""
BEFORE_ALL = -(2**63)
"""A number that no entry stands before: a chain begins with 1, but a row may be put in with any."""
PRUNED = "audit pruned"
"""The deed that says that the entries before another one were deleted, since their time was over."""
UNREADABLE = "unreadable: this entry was changed"
Outcome: TypeAlias = Literal["done", "refused", "failed", "unknown"]
"""Unknown is what was cut off in the middle, so that nobody can tell."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """Who did what to what, from where, with what outcome. No content, no secrets: ids and names."""

    at: float
    """In seconds of the epoch."""
    who: str
    """The person's id; empty where nobody is known."""
    deed: str
    """Such as "key revoked"."""
    what: str = ""
    """The id of the thing."""
    where: str = ""
    """The network address, or "command line"."""
    outcome: Outcome = "done"
    detail: str = ""


class Kept(msgspec.Struct, frozen=True):
    """An entry as it is kept."""

    number: int
    entry: bytes
    digest: bytes


class Verdict(msgspec.Struct, frozen=True):
    """What became of checking a chain."""

    entries: int
    """How many hold, from the first on."""
    digest: bytes
    """The digest of the last of them: to be kept elsewhere, since a chain does not show that its end was cut off."""
    fault: str = ""
    """What is wrong with the next one; empty where all hold."""


def kept_of(number: int, entry: object, digest: object) -> Kept:
    """Return an entry as a row has it, whatever was put there in its place."""
    text = entry if isinstance(entry, bytes) else str(entry).encode("utf-8", "surrogateescape")
    return Kept(number, text, digest if isinstance(digest, bytes) else b"")


def entry_in(kept: object) -> Entry:
    """Return what an entry says; one that was made unreadable says that, and hides no others."""
    try:
        return msgspec.json.decode(kept_of(0, kept, b"").entry, type=Entry)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Entry(at=0.0, who="", deed=UNREADABLE, outcome="unknown")


def as_line(one: Kept) -> bytes:
    """Return an entry as it is exported: a line of JSON, with its number and its digest."""
    return b'{"number":%d,"digest":"%s",%s\n' % (one.number, one.digest.hex().encode(), one.entry[1:])


def digest_of(before: bytes, number: int, entry: bytes) -> bytes:
    """Return the digest of an entry behind another one."""
    return hashlib.sha256(before + number.to_bytes(8, "big") + entry).digest()


def pruned_until(number: int, digest: bytes) -> str:
    """Return how an entry names the last one that was deleted."""
    return f"{number}:{digest.hex()}"


async def verified(
    kept: AsyncIterator[Kept], known: tuple[int, bytes] | None = None, *, start: tuple[int, bytes] = (0, FIRST)
) -> Verdict:
    """Check a chain from its first entry on; `known` is the number and the digest of an entry as they once were.

    It goes on behind a `start` where what came before was deleted; an entry has to say so.
    """
    number, digest = start
    is_told = number == 0
    until = pruned_until(number, digest)
    async for one in kept:
        if one.number <= number:
            return Verdict(number, digest, f"Entry {one.number} stands before the first one, and is none of the chain.")
        if one.number != number + 1:
            return Verdict(number, digest, f"Entry {number + 1} is missing.")
        if not hmac.compare_digest(one.digest, digest_of(digest, one.number, one.entry)):
            return Verdict(number, digest, f"Entry {one.number} was changed, or one before it was replaced.")
        if known is not None and known[0] == one.number and not hmac.compare_digest(known[1], one.digest):
            return Verdict(number, digest, f"Entry {one.number} is not the one that was known: all was written anew.")
        if not is_told:
            told = entry_in(one.entry)
            is_told = told.deed == PRUNED and told.what == until
        number, digest = one.number, one.digest
    if not is_told:
        return Verdict(number, digest, f"The entries up to {start[0]} were deleted, and no entry says so.")
    if known is not None and known[0] > number:
        return Verdict(number, digest, f"Entries {number + 1} to {known[0]} are missing at the end.")
    return Verdict(number, digest)


async def verified_whole(
    start: Callable[[], Awaitable[tuple[int, bytes]]],
    every: Callable[[int], AsyncIterator[Kept]],
    known: tuple[int, bytes] | None,
) -> Verdict:
    """Check all that is kept. Where entries were pruned meanwhile, which moves the start, it is done again."""
    while True:
        began = await start()
        verdict = await verified(every(BEFORE_ALL), known, start=began)
        if not verdict.fault or await start() == began:
            return verdict
