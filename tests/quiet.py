"""Give tests that measure time the machine for themselves, where others run beside them."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

if sys.platform != "win32":
    import fcntl


@contextmanager
def machine(*, is_alone: bool) -> Generator[None]:
    """Hold the machine while a test runs: together with others who share it, or alone. It waits for its turn.

    The processes of a run, and other runs from this folder, agree by locks on this file.
    """
    if sys.platform == "win32":
        yield
        return
    with Path(__file__).open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX if is_alone else fcntl.LOCK_SH)
        yield
