"""Read a file into passages in the sandbox, and say why where that fails."""

import asyncio
import csv
import errno
import math
import os
import re
import signal
import unicodedata
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import msgspec
from msgspec.structs import replace

from hubbub.connections.sandbox import (
    Crashed,
    Failed,
    Failure,
    Killed,
    NotStarted,
    OutOfMemory,
    Returned,
    Sandbox,
    TimedOut,
)
from hubbub.core.documents import Completeness, Omission
from hubbub.core.errors import HubbubError, Invalid, NotFound, TooLarge
from hubbub.core.reasons import Reason, because
from hubbub.ingest.base import NotInstalled
from hubbub.ingest.blocks import Block, Loaded, Table, without_hidden
from hubbub.ingest.gauge import Gauge, telling
from hubbub.ingest.loaders.kinds import kind_of
from hubbub.ingest.names import title_of
from hubbub.ingest.ocr.base import Plan, Recognised, Recogniser
from hubbub.ingest.ocr.elsewhere import Answered, Drawing, Drawn, Elsewhere
from hubbub.ingest.ocr.turn import OcrWanted, Turn, taking, turn
from hubbub.ingest.split import Piece, Sizes, split

MOST_CHARACTERS = 20_000_000
MOST_PASSAGES = 50_000
TITLE_LENGTH = 300
BATCH = 200
"""So many passages are decoded at a time: 30,000 at once held up the event loop for 80 ms, and their copies for 160."""
WHOLE = 0.95
"""A document of which less was read than this part of what a cruder count finds was read in part."""

READER = "hubbub.ingest.reading:sent_here"
NOT_NOW = "not_now"
MISTAKE = because("reading_mistake")

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


class ReaderKilled(NotNow):
    """A reader was killed. Where that happens each time, the document is too much for this machine: `in_the_end`."""

    def __init__(self, in_the_end: Reason) -> None:
        super().__init__("a reader was killed, as a rule since the machine's memory ran out")
        self.in_the_end = in_the_end


class ReaderFault(Exception):
    """The reader itself is wrong: a bug, not the file's fault. `detail` is its stack, for the log."""

    def __init__(self, detail: str) -> None:
        super().__init__(MISTAKE.text)
        self.detail = detail


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


async def read(
    sandbox: Sandbox,
    path: Path,
    name: str,
    sizes: Sizes | None = None,
    *,
    reads_hidden: bool = False,
    ocr: Plan | None = None,
    elsewhere: Elsewhere | None = None,
    gauge: Gauge | None = None,
) -> Reading:
    """Return the passages of a file, and of its hidden parts if these are to be read. A gauge shows how far it is.

    Pictures of text are recognised where a plan says how, in a call of its own with the time that this may take. Where
    they are read elsewhere, that call draws them, and one more reads the file with what they say.

    Raises:
        Invalid, Unsupported, TooLarge, NotFound: why it can't be read, fit for a person; `code` is one of
            encrypted, corrupt, empty, bomb, unsupported, too_large, out_of_memory, timed_out, crashed.
        NotInstalled, NotNow, ReaderFault: it is not the file's fault.
    """
    arguments = {"name": name, "sizes": msgspec.to_builtins(sizes or Sizes()), "reads_hidden": reads_hidden}
    lent = {"gauge": gauge.descriptor} if gauge is not None else None
    files = {"file": path}
    arguments |= {"ocr": msgspec.to_builtins(ocr), "is_asked_first": True}
    outcome = await sandbox.call(READER, arguments, Sent, files=files, lent=lent)
    if ocr is not None and isinstance(outcome, Returned) and outcome.value.wants_ocr:
        limits = replace(sandbox.limits, cpu_seconds=math.ceil(ocr.cpu_seconds), wall_seconds=ocr.wall_seconds)
        arguments["is_asked_first"] = False
        if ocr.is_elsewhere and elsewhere is not None:
            drawing = await sandbox.call(READER, {**arguments, "draws": True}, Sent, files=files, limits=limits)
            if not isinstance(drawing, Returned):
                raise reason(drawing)
            answers = await elsewhere.read_all(drawing.value.drawn)
            arguments["answers"] = msgspec.to_builtins(answers)
        outcome = await sandbox.call(READER, arguments, Sent, files=files, lent=lent, limits=limits)
    match outcome:
        case Returned(value=sent):
            return await _received(sent)
        case failure:
            raise reason(failure)


async def _received(sent: Sent) -> Reading:
    """Return what a child sent; others get the event loop in between."""
    pieces: list[Piece] = []
    decoder = msgspec.msgpack.Decoder(list[Piece])
    try:
        for batch in sent.batches:
            pieces += decoder.decode(batch)
            await asyncio.sleep(0)
    except msgspec.DecodeError:  # whoever took the child over wrote that
        raise reason(Crashed(0)) from None
    return Reading(sent.title, sent.pages, pieces, sent.completeness)


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


def reason(failure: Failure) -> HubbubError | ReaderFault:
    """Return a sandbox's failure as what a person may do about the file."""
    match failure:
        case TimedOut(seconds=seconds):
            return Invalid(because("reading_late", seconds=seconds), code="timed_out")
        case OutOfMemory(limit_bytes=limit_bytes):
            return TooLarge(because("reading_memory", megabytes=limit_bytes // 1024**2), code="out_of_memory")
        case Crashed(signal=number):
            how = f" ({signal.Signals(number).name})" if number else ""
            return Invalid(because("reader_crashed", how=how), code="crashed")
        case NotStarted(reason=why):
            return NotNow(f"no reader can be started ({why})")
        case Killed():
            return ReaderKilled(because("reader_killed"))
        case Failed(code=code, message=message):
            return _named(code, failure.why or message, failure.detail)


def _named(code: str, message: str | Reason, detail: str) -> HubbubError | ReaderFault:
    """Return a function's failure. A code that is no `HubbubError`'s is an exception's class: nobody foresaw it."""
    match code:
        case "not_found":
            return NotFound(message)
        case "too_large" | "bomb":
            return TooLarge(message, code=code)
        case "not_installed":
            return NotInstalled(message)
        case "not_now":
            return NotNow(detail or _text(message))
        case _ if code[:1].isupper():
            return ReaderFault(detail or f"{code}: {_text(message)}")
        case _:
            return Invalid(message, code=code)


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


def with_hidden(loaded: Loaded) -> Loaded:
    """Return what a file holds, its hidden parts at the end."""
    blocks = [*loaded.blocks, *(block for one in loaded.hidden for block in one.blocks)]
    return replace(loaded, blocks=blocks, hidden=())


def _text(message: str | Reason) -> str:
    return message.text if isinstance(message, Reason) else message


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
