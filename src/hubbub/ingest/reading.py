"""Read a file into passages in the sandbox, and say why where that fails."""

import asyncio
import math
import signal
from pathlib import Path

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
from hubbub.core.errors import HubbubError, Invalid, NotFound, TooLarge
from hubbub.core.reasons import Reason, because
from hubbub.ingest.base import NotInstalled
from hubbub.ingest.gauge import Gauge
from hubbub.ingest.ocr.base import Plan
from hubbub.ingest.ocr.elsewhere import Elsewhere
from hubbub.ingest.reader import NotNow, Reading, Sent
from hubbub.ingest.split import Piece, Sizes

READER = "hubbub.ingest.reader:sent_here"
MISTAKE = because("reading_mistake")


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


def _text(message: str | Reason) -> str:
    return message.text if isinstance(message, Reason) else message
