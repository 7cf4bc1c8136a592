"""Tell by one look at a folder that nothing in it was removed or replaced: three looks at files cost three times it."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

Look: TypeAlias = tuple[int, int, int]

SETTLED_SECONDS = 2.5
"""So old a folder's last change has to be: the clocks of file systems go in steps, FAT's in those of two seconds."""
SURE_SECONDS = 1.0
"""So long a folder is trusted; then its files are looked at, whatever it says."""


class Unchanged:
    """Knows that a folder is as it was when files in it were last looked at, or that they have to be looked at anew."""

    def __init__(self, folder: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = str(folder)
        self._clock = clock
        self._known: Look | None = None
        self._until = 0.0

    def look(self) -> Look | None:
        """Return what is to be seen of the folder; None where that tells nothing."""
        if sys.platform == "win32":  # there a folder may learn of its changes later
            return None
        try:
            found = os.stat(self._folder)  # noqa: PTH116 — with each commit: a Path costs twice as much
        except OSError:
            return None
        return found.st_dev, found.st_ino, found.st_mtime_ns

    def is_sure(self, look: Look | None) -> bool:
        """Tell whether the files are as they were, as far as this look tells."""
        return look is not None and look == self._known and self._clock() < self._until

    def note(self, look: Look | None) -> None:
        """Note that the files were found in order after this look; None: that nothing is known of them."""
        is_settled = look is not None and time.time() - look[2] / 1e9 > SETTLED_SECONDS
        self._known = look if is_settled else None
        self._until = self._clock() + SURE_SECONDS
