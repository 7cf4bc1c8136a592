"""Hash and check passwords with argon2id: slow by intention, so in threads of their own, and few at once."""

import asyncio
import base64
import secrets
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

from hubbub.core.errors import Invalid, Overloaded
from hubbub.core.reasons import because

MEMORY_KIB, PASSES, PARALLELISM = 47_104, 1, 1
"""46 MiB once over, the first of the equal choices of OWASP's Password Storage Cheat Sheet: 44 ms here."""
AT_ONCE = 2
"""So many are worked on at once in a process: they take 92 MiB, and two cores."""
MOST_WAITING = 32
"""So many wait, a second or so; who comes beyond that is told to come back."""
MOST_CHARACTERS = 256
FEWEST_DIFFERENT = 5


T = TypeVar("T")


def _random(size_bytes: int) -> str:
    return base64.b64encode(secrets.token_bytes(size_bytes)).decode().rstrip("=")


_OF_NOBODY = f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={PARALLELISM}${_random(16)}${_random(32)}"
"""What no password fits, and is checked where there is no account: that takes as long."""


class Passwords:
    """Hashes passwords. A context manager: it ends its threads."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(PASSES, MEMORY_KIB, PARALLELISM, type=Type.ID)
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="passwords")
        self._under_way = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)  # to wait would hold up the loop

    async def hash(self, password: str) -> str:
        """Return what a password is stored as.

        Raises:
            Overloaded: too many wait already.
        """
        return await self._apart(lambda: self._hasher.hash(_composed(password)))

    async def fits(self, password: str, stored: str | None) -> bool:
        """Tell whether a password is the one that was stored. Takes as long where none was, and says no then.

        Raises:
            Overloaded: too many wait already.
        """
        return await self._apart(lambda: self._fits(password, stored))

    def is_outdated(self, stored: str) -> bool:
        """Tell whether a password has to be hashed anew, since it was with less effort."""
        return self._hasher.check_needs_rehash(stored)

    def _fits(self, password: str, stored: str | None) -> bool:
        try:
            return self._hasher.verify(stored or _OF_NOBODY, _composed(password)) and stored is not None
        except (VerificationError, InvalidHashError):
            return False

    async def _apart(self, work: Callable[[], T]) -> T:
        if self._under_way >= AT_ONCE + MOST_WAITING:
            raise Overloaded("Too many people sign in at this moment. Try again.", retry_after_seconds=2)
        self._under_way += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._under_way -= 1


def check_password(password: str, *, fewest: int, told: str = "") -> None:
    """Return if a password is hard enough to guess for somebody with these words about them.

    Raises:
        Invalid: it is too short, too long, or too plain; the message says which.
    """
    if len(password) < fewest:
        raise Invalid(because("password_too_short", fewest=fewest))
    if len(password) > MOST_CHARACTERS:
        raise Invalid(because("password_too_long", most=MOST_CHARACTERS))
    plain = password.casefold()
    if len(set(plain)) < FEWEST_DIFFERENT or plain in told.casefold().split():
        raise Invalid(because("password_plain"))


def _composed(password: str) -> str:
    """Return a password in the form that does not depend on the keyboard (NIST SP 800-63B, 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)
