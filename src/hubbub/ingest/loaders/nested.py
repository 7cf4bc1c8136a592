"""Read files that lie within files: in archives, and attached to mails."""

import io
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeAlias

import msgspec

from hubbub.core.documents import Omission
from hubbub.core.errors import HubbubError, TooLarge
from hubbub.core.reasons import because
from hubbub.ingest.blocks import Block, Heading, Loaded, without_hidden
from hubbub.ingest.gauge import reading_one
from hubbub.ingest.loaders.kinds import kind_of

MOST_DEPTH = 4
MOST_BYTES = 256 * 1024 * 1024
MOST_NAMED = 5

Inner: TypeAlias = bytes | Callable[[], Loaded]
"""A file that lies within another one: its bytes, or what reads it there."""

_depth: ContextVar[int] = ContextVar("depth", default=0)
_left: ContextVar[list[int] | None] = ContextVar("left", default=None)


@contextmanager
def _deeper() -> Generator[list[int]]:
    left = _left.get() or [MOST_BYTES]
    depth, bound = _depth.set(_depth.get() + 1), _left.set(left)
    try:
        yield left
    finally:
        _depth.reset(depth)
        _left.reset(bound)


def inner_blocks(
    files: Iterable[tuple[str, Inner]], *, lead: str = "", of: int = 0
) -> tuple[list[Block], tuple[Omission, ...]]:
    """Return what files within a file say, each under its name, and which could not be read.

    `of` is how many files there are, where that is known.

    Raises:
        TooLarge: they hold too much, all of them together with those within them.
    """
    blocks: list[Block] = []
    omitted: list[Omission] = []
    lost: list[str] = []
    count = 0
    with _deeper() as left:
        for name, data in files:
            count += 1
            left[0] -= len(data) if isinstance(data, bytes) else 0
            if left[0] < 0:
                raise TooLarge(because("bomb", megabytes=256), code="bomb")
            if _depth.get() > MOST_DEPTH:
                lost.append(name)
                continue
            try:
                with reading_one(count - 1, of):
                    loaded = without_hidden(_loaded(data, name))
            except HubbubError as error:
                if error.code == "bomb":
                    raise
                lost += [name] if error.code != "empty" or (isinstance(data, bytes) and data.strip()) else []
                continue
            except (ValueError, KeyError, IndexError, SyntaxError, EOFError, RecursionError, OSError):
                lost.append(name)  # damaged in a way that its loader does not name
                continue
            blocks.append(Heading(f"{lead}{name}", 1))
            blocks += [_below(block) for block in loaded.blocks]
            omitted += [
                msgspec.structs.replace(
                    one, text=f"{name}: {one.text}", within=f"{name}: {one.within}" if one.within else name
                )
                for one in loaded.omitted
            ]
    if lost:
        named = ", ".join(lost[:MOST_NAMED]) + (", …" if len(lost) > MOST_NAMED else "")
        words = f"{len(lost)} of {count} files in it could not be read: {named}"
        omitted.append(Omission("files", words, len(lost), count, named))
    return blocks, tuple(omitted)


def _loaded(data: Inner, name: str) -> Loaded:
    if not isinstance(data, bytes):
        return data()
    return kind_of(io.BytesIO(data), name).loader().load(io.BytesIO(data))


def _below(block: Block) -> Block:
    """Return a block as it stands in what holds its file: its pages are not those of the whole."""
    if isinstance(block, Heading):
        return Heading(block.text, block.level + 1)
    return msgspec.structs.replace(block, page=None)
