"""Read a file into passages or one text, in a sandbox's child.

Apart from what the child is started by: of that it would have to load much that it has no use for.
"""

import csv
import errno
import os
import re
import unicodedata
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import msgspec
from msgspec.structs import replace

from hubbub.core.documents import Completeness, Omission
from hubbub.core.errors import HubbubError, Invalid, TooLarge
from hubbub.core.reasons import because
from hubbub.ingest.base import NotInstalled
from hubbub.ingest.blocks import Block, Loaded, Table, row_line, without_hidden
from hubbub.ingest.gauge import telling
from hubbub.ingest.loaders.kinds import kind_of
from hubbub.ingest.names import title_of
from hubbub.ingest.ocr.base import Plan, Recognised, Recogniser
from hubbub.ingest.ocr.drawing import Answered, Drawing, Drawn
from hubbub.ingest.ocr.turn import OcrWanted, Turn, taking, turn
from hubbub.ingest.split import Piece, Sizes, split

MOST_CHARACTERS = 20_000_000
MOST_PASSAGES = 50_000
TITLE_LENGTH = 300
BATCH = 200
"""So many passages are decoded at a time: 30,000 at once held up the event loop for 80 ms, and their copies for 160."""
WHOLE = 0.95
"""A document of which less was read than this part of what a cruder count finds was read in part."""

NOT_NOW = "not_now"

_PACKAGES = {"markdown_it": "markdown-it-py", "PIL": "pillow"}
"""What a module's package is called where it is called otherwise."""
_OF_THE_FILE = (ValueError, ArithmeticError, EOFError, RecursionError, SyntaxError, BadZipFile, csv.Error, zlib.error)
"""Raised by code of ours, too, over bytes that are not what they should be."""
_OF_THE_MACHINE = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.EIO, errno.ENOBUFS))


class NotNow(HubbubError):
    """The machine lacked what starting or running a reader takes. It is to be tried again. `lack` is for the log."""

    code = NOT_NOW
    status = 503
    retryable = True

    def __init__(self, lack: str) -> None:
        super().__init__("The server is short of what reading a file takes. Try again in a moment.")
        self.lack = lack


class Reading(msgspec.Struct, frozen=True):
    """What a file holds, cut into passages."""

    title: str
    pages: int
    pieces: list[Piece]
    completeness: Completeness = Completeness()


class Sent(msgspec.Struct, frozen=True):
    """A `Reading` as it comes from the child: its passages in batches that are decoded one by one."""

    title: str
    pages: int
    batches: list[bytes]
    completeness: Completeness
    wants_ocr: bool = False
    """Whether nothing was read yet, since pictures are to be recognised, which takes more time."""
    drawn: list[Drawn] = msgspec.field(default_factory=list[Drawn])
    """Pictures that are to be read elsewhere, before anything else is read."""


def sent_here(
    file: int,
    name: str,
    sizes: dict[str, int],
    reads_hidden: bool = False,
    ocr: dict[str, Any] | None = None,
    is_asked_first: bool = False,
    draws: bool = False,
    answers: dict[str, Any] | None = None,
    gauge: int | None = None,
) -> Sent:
    """Return what `read_here` does, in the form that it is sent in; or that it has to be asked a second time.

    Where it `draws` it returns the pictures alone; `answers` are what they say.
    """
    plan = msgspec.convert(ocr, Plan | None)
    drawing = Drawing(plan.most_pictures) if draws and plan is not None else None
    recogniser: Recogniser | None = drawing
    if answers is not None:
        recogniser = Answered(msgspec.convert(answers, dict[str, Recognised]))
    try:
        with taking(Turn(plan, is_asked_first=is_asked_first, recogniser=recogniser)):
            reading = read_here(file, name, sizes, reads_hidden, gauge)
    except OcrWanted:
        return Sent("", 0, [], Completeness(), wants_ocr=True)
    except HubbubError:
        if drawing is None or not drawing.drawn:
            raise
        return Sent("", 0, [], Completeness(), drawn=list(drawing.drawn.values()))
    if drawing is not None:
        return Sent("", 0, [], Completeness(), drawn=list(drawing.drawn.values()))
    encode = msgspec.msgpack.Encoder().encode
    batches = [encode(reading.pieces[start : start + BATCH]) for start in range(0, len(reading.pieces), BATCH)]
    return Sent(reading.title, reading.pages, batches, reading.completeness)


def read_here(
    file: int, name: str, sizes: dict[str, int], reads_hidden: bool = False, gauge: int | None = None
) -> Reading:
    """Return the passages of an open file, read in this process: a sandbox's child.

    Raises:
        Invalid, Unsupported, TooLarge: why it can't be read.
        NotInstalled, NotNow: it is not the file's fault. Any other exception is a bug.
    """
    with telling(gauge):
        loaded = loaded_here(file, name)
    loaded = replace(loaded, omitted=loaded.omitted + turn().omitted())
    loaded = without_hidden(loaded) if not reads_hidden else with_hidden(loaded)
    characters = sum(len(text) for block in loaded.blocks for text in _texts(block))
    if characters > MOST_CHARACTERS:
        raise TooLarge(because("file_too_long", characters=MOST_CHARACTERS))
    pieces = split(loaded.blocks, msgspec.convert(sizes, Sizes))
    if not pieces and loaded.omitted:
        raise Invalid(because("nothing_readable", what=loaded.omitted[0].text), code="empty")
    if not pieces:
        raise Invalid(because("no_text"), code="empty")
    if len(pieces) > MOST_PASSAGES:
        raise TooLarge(because("too_many_passages", passages=MOST_PASSAGES))
    title = storable(title_of(loaded.title)[:TITLE_LENGTH])
    pieces = [Piece(storable(p.text), p.page, storable(p.heading)) for p in pieces]
    return Reading(title, loaded.pages, pieces, completeness_of(loaded))


def loaded_here(file: int, name: str) -> Loaded:
    """Return what an open file holds, read in this process.

    Raises:
        Invalid, Unsupported, TooLarge, NotInstalled, NotNow: as `read_here` does.
    """
    try:
        with os.fdopen(file, "rb") as opened:
            return kind_of(opened, name).loader().load(opened)
    except (HubbubError, MemoryError, OcrWanted):
        raise
    except Exception as error:
        if (named := _sorted(error, name)) is error:
            raise
        raise named from error


def text_here(file: int, name: str) -> str:
    """Return the text of an open file, read in this process: a sandbox's child. Where it has pages, each is named.

    Raises:
        Invalid, Unsupported, TooLarge: why it can't be read.
    """
    texts: list[str] = []
    page: int | None = None
    for block in loaded_here(file, name).blocks:
        if block.page is not None and block.page != page:
            page = block.page
            texts.append(f"[Page {page}]")
        texts.append(_text(block))
    text = storable("\n\n".join(texts))
    if not any(texts):
        raise Invalid(because("no_text"), code="empty")
    if len(text) > MOST_CHARACTERS:
        raise TooLarge(because("file_too_long", characters=MOST_CHARACTERS))
    return text


def _text(block: Block) -> str:
    return "\n".join(map(row_line, block.rows)) if isinstance(block, Table) else block.text


def with_hidden(loaded: Loaded) -> Loaded:
    """Return what a file holds, its hidden parts at the end."""
    blocks = [*loaded.blocks, *(block for one in loaded.hidden for block in one.blocks)]
    return replace(loaded, blocks=blocks, hidden=())


def completeness_of(loaded: Loaded) -> Completeness:
    """Return how whole a file was read, by what its loader says and by the two counts of its characters."""
    characters = sum(_dense_length(text) for block in loaded.blocks for text in _texts(block))
    omitted = tuple(replace(one, text=storable(one.text)) for one in loaded.omitted)
    # What is hidden was read, too, though it is left out.
    known = characters + sum(
        _dense_length(text) for one in loaded.hidden for block in one.blocks for text in _texts(block)
    )
    if known < loaded.held * WHOLE:
        missing = loaded.held - known
        percent = max(1, round(100 * missing / loaded.held))
        words = f"about {percent} % of its text could not be read"
        omitted += (Omission("text", words, missing, loaded.held),)
    return Completeness(characters, loaded.held, omitted, turn().read_by_ocr(loaded.pages))


def _sorted(error: Exception, name: str) -> Exception:
    """Return what a loader raised as one of three kinds: something missing here, a bug of ours, or the file's fault."""
    if isinstance(error, ModuleNotFoundError) and error.name and not error.name.startswith("hubbub"):
        module = error.name.partition(".")[0]
        return NotInstalled(because("package_missing", name=Path(name).name, package=_PACKAGES.get(module, module)))
    if isinstance(error, OSError) and error.errno in _OF_THE_MACHINE:
        return NotNow(os.strerror(error.errno))
    if isinstance(error, ImportError | PermissionError):
        return error  # a library that is broken, or a fence that stands where it should not
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    is_in_ours = frame is not None and str(frame.tb_frame.f_globals.get("__name__")).startswith("hubbub.")
    if is_in_ours and not isinstance(error, _OF_THE_FILE):
        return error
    return Invalid(because("damaged"), code="corrupt")


def storable(text: str) -> str:
    """Return a text as it is shown and searched: composed, without marks that only say where a word may break.

    What UTF-8 and the databases don't take, halves of characters and NUL, is replaced.
    """
    text = unicodedata.normalize("NFC", text.encode(errors="replace").decode().replace("\0", "�"))
    return text if text.isascii() else _BREAKS.sub("", text)


_BREAKS = re.compile("[\u00ad\u2060\ufeff]|(?<![\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff])\u200b")
"""Soft hyphens, word joiners, and spaces without width except in scripts that part their words by them."""


def _texts(block: Block) -> Iterator[str]:
    if isinstance(block, Table):
        for row in block.rows:
            yield from row
    else:
        yield block.text


def _dense_length(text: str) -> int:
    """Return how many characters a text has, the usual white space aside."""
    return len(text) - text.count(" ") - text.count("\n") - text.count("\t")
