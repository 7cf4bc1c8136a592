"""Work with files on a thread of its own, so that the event loop never waits for a disk."""

import asyncio
import errno
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeAlias, TypeVar

from hubbub.core.errors import ModelError

P = ParamSpec("P")
T = TypeVar("T")

Progress: TypeAlias = Callable[[int, int | None], None]
"""Is told on the event loop how many bytes are there, and of how many (None: not known)."""


class WeightsError(ModelError):
    """A file of weights can't be had."""

    code = "weights"


class Files:
    """Runs file work in the order in which it comes."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="weights")

    async def do(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what the work returns.

        Raises:
            WeightsError: the file system refused.
        """
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: work(*args, **kwargs))
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise WeightsError("The disk is full: make room for the model's files and try again.") from error
            raise WeightsError(f"The model's files can't be kept: {error}.", retryable=False) from error

    def close(self) -> None:
        """Let the thread go once its work is done."""
        self._pool.shutdown(wait=False)
