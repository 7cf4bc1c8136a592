"""Say how much of a file is read while it is read: a number in memory that the reader's process shares."""

import mmap
import os
import struct
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeAlias

Tell: TypeAlias = Callable[[float], None]

_NUMBER = struct.Struct("=d")

_tell: ContextVar[Tell | None] = ContextVar("tell", default=None)


class Gauge:
    """Shows what a reader says. The reader is not trusted: whatever it writes is read as a number from 0 to 1."""

    def __init__(self, descriptor: int, shared: mmap.mmap) -> None:
        self.descriptor = descriptor
        """To be lent to the reader's process."""
        self._shared = shared

    @property
    def part(self) -> float:
        """Return which part of the file is read, 0 to 1."""
        (part,) = _NUMBER.unpack_from(self._shared)
        return min(part, 1.0) if part > 0 else 0.0  # what is no number is not above 0


@contextmanager
def gauge() -> Generator[Gauge | None]:
    """Make a gauge, for one file; None where the machine has no memory or descriptors left for it."""
    try:
        descriptor = _memory()
    except OSError:
        yield None
        return
    try:
        shared = mmap.mmap(descriptor, _NUMBER.size)  # which takes a descriptor of its own
    except OSError:
        os.close(descriptor)
        yield None
        return
    try:
        with shared:
            yield Gauge(descriptor, shared)
    finally:
        os.close(descriptor)


def _memory() -> int:
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("gauge")
    else:
        import tempfile  # which no reader needs: they write into the gauge alone

        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    os.truncate(descriptor, _NUMBER.size)
    return descriptor


@contextmanager
def telling(descriptor: int | None) -> Generator[None]:
    """Let what `read_so_far` is told be seen through a gauge's descriptor; in the reader's process."""
    if descriptor is None:
        yield
        return
    shared = mmap.mmap(descriptor, _NUMBER.size)

    def tell(part: float) -> None:
        _NUMBER.pack_into(shared, 0, part)

    token = _tell.set(tell)
    try:
        yield
    finally:
        _tell.reset(token)


def read_so_far(done: int, of: int) -> None:
    """Say that so many of a file's pages, sheets or parts are read. It costs too little to be done seldom."""
    if of > 0 and (tell := _tell.get()) is not None:
        tell(min(done / of, 1.0))


@contextmanager
def reading_one(number: int, of: int) -> Generator[None]:
    """Let what is said within mean one of several parts, by its number from 0; say when that part is read."""
    outer = _tell.get()
    if outer is None or of <= 0:
        yield
        return
    token = _tell.set(lambda part: outer(min((number + part) / of, 1.0)))
    try:
        yield
    finally:
        _tell.reset(token)
        outer(min((number + 1) / of, 1.0))
