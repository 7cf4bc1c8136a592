"""Measure processor time where other tests have left much in this process."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def others_garbage_aside() -> Iterator[None]:
    """Let no collection in here look through what was there before: that alone can take half a second."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
