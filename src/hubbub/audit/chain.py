"""Chain entries by their hashes, and find where a chain is broken."""

import hashlib
import hmac
from collections.abc import AsyncIterator
from typing import Literal, TypeAlias

import msgspec

FIRST = bytes(32)
"""What stands in place of the digest before the first."""
Outcome: TypeAlias = Literal["done", "refused", "failed"]


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


def digest_of(before: bytes, number: int, entry: bytes) -> bytes:
    """Return the digest of an entry behind another one."""
    return hashlib.sha256(before + number.to_bytes(8, "big") + entry).digest()


async def verified(kept: AsyncIterator[Kept], known: tuple[int, bytes] | None = None) -> Verdict:
    """Check a chain from its first entry on; `known` is the number and the digest of an entry as they once were."""
    number, digest = 0, FIRST
    async for one in kept:
        if one.number != number + 1:
            return Verdict(number, digest, f"Entry {number + 1} is missing.")
        if not hmac.compare_digest(one.digest, digest_of(digest, one.number, one.entry)):
            return Verdict(number, digest, f"Entry {one.number} was changed, or one before it was replaced.")
        if known is not None and known[0] == one.number and not hmac.compare_digest(known[1], one.digest):
            return Verdict(number, digest, f"Entry {one.number} is not the one that was known: all was written anew.")
        number, digest = one.number, one.digest
    if known is not None and known[0] > number:
        return Verdict(number, digest, f"Entries {number + 1} to {known[0]} are missing at the end.")
    return Verdict(number, digest)
