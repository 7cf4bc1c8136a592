"""Log what stays wrong when it begins and when it is over, and seldom between."""

import logging
import time
from collections.abc import Callable

AGAIN_SECONDS = 600.0
"""What lasts is said again after so long: logs are cut into files by time."""


class Lasting:
    """A trouble that is met again and again while it lasts, such as a full disk."""

    def __init__(self, logger: logging.Logger, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._logger = logger
        self._clock = clock
        self._said: tuple[str, str] | None = None
        self._said_at = 0.0

    def met(self, what: str, why: object) -> None:
        """Say what doesn't work and why, unless that was said before."""
        now, told = self._clock(), (what, str(why))
        if told != self._said or now - self._said_at >= AGAIN_SECONDS:
            self._logger.warning("%s: %s", *told)
            self._said, self._said_at = told, now

    def over(self) -> None:
        """Say that it works again, if it did not."""
        if self._said is not None:
            self._logger.warning("This is over: %s", self._said[0])
            self._said = None
