"""Read a file into passages in the sandbox, and say why where that fails."""

import signal
from pathlib import Path

import msgspec

from hubbub.connections.sandbox import Crashed, Failed, Failure, OutOfMemory, Returned, Sandbox, TimedOut
from hubbub.core.errors import HubbubError, Invalid, TooLarge
from hubbub.ingest.blocks import Heading, Paragraph, Table
from hubbub.ingest.loaders.kinds import kind_of
from hubbub.ingest.split import Piece, Sizes, split

MOST_CHARACTERS = 20_000_000
MOST_PASSAGES = 50_000
TITLE_LENGTH = 300


class Reading(msgspec.Struct, frozen=True):
    """What a file holds, cut into passages."""

    title: str
    pages: int
    pieces: list[Piece]


async def read(sandbox: Sandbox, path: Path, name: str, sizes: Sizes | None = None) -> Reading:
    """Return the passages of a file.

    Raises:
        Invalid, Unsupported, TooLarge: why it can't be read, fit for a person; `code` is one of
            encrypted, corrupt, empty, bomb, unsupported, too_large, out_of_memory, timed_out, crashed.
    """
    arguments = {"path": str(path), "name": name, "sizes": msgspec.to_builtins(sizes or Sizes())}
    match await sandbox.call("hubbub.ingest.reading:read_here", arguments, Reading):
        case Returned(value=reading):
            return reading
        case failure:
            raise reason(failure)


def reason(failure: Failure) -> HubbubError:
    """Return a sandbox's failure as what a person may do about the file."""
    match failure:
        case TimedOut(seconds=seconds):
            return Invalid(
                f"Reading the file took longer than {seconds:g} seconds. Split it into smaller ones.", code="timed_out"
            )
        case OutOfMemory(limit_bytes=limit_bytes):
            return TooLarge(
                f"Reading the file needs more than {limit_bytes // 1024**2} MB of memory. Split it into smaller ones.",
                code="out_of_memory",
            )
        case Crashed(signal=number):
            how = f" ({signal.Signals(number).name})" if number else ""
            return Invalid(
                f"The file made its reader crash{how}. It may be damaged or too large: save it anew, or split it.",
                code="crashed",
            )
        case Failed(code="too_large"):
            return TooLarge(failure.message)
        case Failed(code=code, message=message):
            return Invalid(message, code=code)


def read_here(path: str, name: str, sizes: dict[str, int]) -> Reading:
    """Return the passages of a file, read in this process: a sandbox's child.

    Raises:
        Invalid, Unsupported, TooLarge: why it can't be read.
    """
    try:
        kind = kind_of(Path(path), name)
        loaded = kind.loader().load(Path(path))
        characters = sum(_length(block) for block in loaded.blocks)
        if characters > MOST_CHARACTERS:
            raise TooLarge(f"The file holds more than {MOST_CHARACTERS} characters. Split it into smaller ones.")
        pieces = split(loaded.blocks, msgspec.convert(sizes, Sizes))
    except (HubbubError, MemoryError):
        raise
    except Exception as error:  # parsers raise anything at all over damaged files
        detail = f"{type(error).__name__}: {error}"[:200]
        raise Invalid(f"The file is damaged ({detail}). Save it anew and add it again.", code="corrupt") from error
    if not pieces:
        raise Invalid("There is no text in the file. Add one that has some.", code="empty")
    if len(pieces) > MOST_PASSAGES:
        raise TooLarge(f"The file makes more than {MOST_PASSAGES} passages. Split it into smaller ones.")
    title = _storable(" ".join(loaded.title.split())[:TITLE_LENGTH])
    return Reading(title, loaded.pages, [Piece(_storable(p.text), p.page, _storable(p.heading)) for p in pieces])


def _storable(text: str) -> str:
    """Replace what UTF-8 and the databases don't take: halves of characters, and NUL."""
    return text.encode(errors="replace").decode().replace("\0", "�")


def _length(block: object) -> int:
    if isinstance(block, Table):
        return sum(len(cell) for row in block.rows for cell in row)
    return len(block.text) if isinstance(block, Paragraph | Heading) else len(getattr(block, "text", ""))
