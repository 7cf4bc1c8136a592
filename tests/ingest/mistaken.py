"""Readers that fail by no fault of the file, in place of the real one."""

import signal
import time
from typing import Any


def read_here(**arguments: Any) -> Any:
    """Make a mistake."""
    return undefined  # type: ignore[name-defined] # noqa: F821


def be_killed(**arguments: Any) -> Any:
    """End as by the kernel's killer of processes that take too much memory."""
    signal.raise_signal(signal.SIGKILL)
    time.sleep(60)
