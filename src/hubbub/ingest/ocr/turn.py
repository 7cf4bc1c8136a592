"""Recognise the pictures of the file that is being read, within what that may take."""

import time
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Literal, TypeAlias

import msgspec

from hubbub.core.documents import Omission, ReadByOcr
from hubbub.core.errors import Invalid
from hubbub.core.reasons import because
from hubbub.ingest.base import NotInstalled
from hubbub.ingest.ocr.base import NAMES, Picture, Plan, Recognised, Recogniser
from hubbub.ingest.ocr.drawing import Drawing
from hubbub.ingest.ocr.tesseract import TesseractRecogniser, is_installed, languages_in

DOTS_PER_INCH = 300
"""What Tesseract is trained for."""
LEAST_CONFIDENCE = 30
"""Below that it is not text that was recognised, but the grain of a photo. It is left out."""
MOST_PAGE_SECONDS = 30.0
SHARE = 0.85
"""The part of its time that recognising may take; the rest is for what comes after."""
INSTALL = "pip install 'hubbub[ocr]'"


What: TypeAlias = Literal["page", "picture"]
"""What is read: a page, or a picture in a text."""


class OcrWanted(Exception):
    """The file has pictures to recognise, and this call has not the time for it."""


class Turn:
    """What is recognised while one file is read."""

    def __init__(
        self, plan: Plan | None = None, *, is_asked_first: bool = False, recogniser: Recogniser | None = None
    ) -> None:
        """Take how to recognise; None where that is switched off. Where it is asked first, it raises `OcrWanted`."""
        self._plan = plan
        self._is_asked_first = is_asked_first
        self._began = time.monotonic()
        self._recogniser = recogniser
        self._confidences: list[int] = []
        self._read: Counter[What] = Counter()
        self._late: Counter[What] = Counter()
        self._unclear: Counter[What] = Counter()
        self._troubles: Counter[tuple[str, What]] = Counter()
        self._passed_by = 0
        self._illegible = 0

    @property
    def is_on(self) -> bool:
        """Whether pictures can be recognised here."""
        plan = self._plan
        return plan is not None and (plan.is_elsewhere or self._recogniser is not None or is_installed())

    @property
    def most_pixels(self) -> int:
        """So many pixels a picture may have; a larger one is made smaller."""
        return (self._plan or Plan()).most_pixels

    @property
    def by(self) -> str:
        """What reads, as it is named after "read by"."""
        return NAMES[(self._plan or Plan()).way]

    @property
    def lack(self) -> str:
        """What is missing for pictures to be recognised, to stand after "hold no text"; empty where nothing is."""
        return f" (OCR is not installed: {INSTALL})" if self._plan is not None and not self.is_on else ""

    def check(self, what: str) -> None:
        """Return if pictures can be recognised; `what` says what holds nothing else.

        Raises:
            Invalid: that is switched off.
            NotInstalled: what it takes is missing. It is for the operator to mend.
        """
        if self._plan is None:
            raise Invalid(
                because("ocr_off", what=what),
                code="empty",
            )
        if not self.is_on:
            raise NotInstalled(because("ocr_missing", what=what, install=INSTALL))

    def read(self, draw: Callable[[], Picture], what: What = "page") -> Recognised | None:
        """Return what a page or a picture shows that is drawn when it is needed; None where it can't be told.

        Raises:
            OcrWanted: the call is to be made again, with the time that this takes.
            NotInstalled: none of the languages is there.
        """
        plan = self._plan
        if plan is None or not self.is_on:
            return None
        if self._is_asked_first:
            raise OcrWanted
        if isinstance(self._recogniser, Drawing) and self._recogniser.is_full:
            return None
        if (seconds := self._seconds_left(plan)) <= 0:
            self._late[what] += 1
            return None
        recogniser = self._recogniser = self._recogniser or _recogniser(plan)
        if plan.is_elsewhere:
            found = recogniser.read(draw(), most_seconds=seconds)
        else:
            found = _best(recogniser, draw(), plan.doubtful_below, min(seconds, MOST_PAGE_SECONDS))
        return self._counted(found, what, plan)

    def _counted(self, found: Recognised | None, what: What, plan: Plan) -> Recognised | None:
        if found is None:
            self._late[what] += 1
        elif found.trouble:
            self._troubles[found.trouble, what] += 1
            return None
        elif found.text and found.confidence < LEAST_CONFIDENCE and plan.way != "model":
            self._unclear[what] += what == "page"  # a picture in a text is a photo then
            return Recognised("")
        elif found.text:
            self._read[what] += 1
            self._illegible += found.illegible
            if plan.way != "model":
                self._confidences.append(found.confidence)
        return found

    def pass_by(self, count: int = 1) -> None:
        """Count pictures in a text that nobody reads."""
        self._passed_by += count

    def read_by_ocr(self, pages: int) -> ReadByOcr | None:
        """Return how much of a file of so many pages was recognised; None where nothing was."""
        read = self._read.total()
        if not read:
            return None
        count = len(self._confidences)
        mean = round(sum(self._confidences) / count) if count else 0
        what: What = "page" if self._read["page"] else "picture"
        of = pages if what == "page" else read + self._late.total() + self._unclear.total() + self._troubles.total()
        return ReadByOcr(read, max(of, read), mean, min(self._confidences, default=0), self.by, what)

    def omitted(self) -> tuple[Omission, ...]:
        """Return what was recognised with doubt, or not at all."""
        plan = self._plan
        said: list[Omission] = []
        if self._passed_by:
            why = self.lack or ("" if self.is_on else " (OCR is switched off)")
            said.append(_omission("pictures", self._passed_by, "picture", f"not read{why}"))
        if plan is None:
            return tuple(said)
        doubtful = [confidence for confidence in self._confidences if confidence < plan.doubtful_below]
        what: What = "page" if self._read["page"] else "picture"
        if doubtful:
            mean = round(sum(doubtful) / len(doubtful))
            with_doubt = f"read by {self.by} with little confidence, {mean} %"
            said.append(_omission("ocr_doubtful", len(doubtful), what, with_doubt))
        for kind, counts, words in (
            ("ocr_unclear", self._unclear, f"too unclear for {self.by}"),
            ("ocr_out_of_time", self._late, f"not read by {self.by}, for lack of {self._lacks(plan)}"),
        ):
            said += [_omission(kind, count, one, words) for one, count in counts.items() if count]
        said += [
            _omission("ocr_failed", count, one, f"not read: {trouble}")
            for (trouble, one), count in self._troubles.items()
        ]
        if self._illegible:
            said.append(_omission("ocr_illegible", self._illegible, "place", f"illegible for {self.by}"))
        return tuple(said)

    def _lacks(self, plan: Plan) -> str:
        return f"time, or since no more than {plan.most_pictures} are sent" if plan.is_elsewhere else "time"

    def _seconds_left(self, plan: Plan) -> float:
        used, passed = time.process_time(), time.monotonic() - self._began
        return min(plan.cpu_seconds * SHARE - used, plan.wall_seconds * SHARE - passed)


def _omission(kind: str, count: int, what: str, words: str) -> Omission:
    return Omission(kind, f"{count} {what}{' was' if count == 1 else 's were'} {words}", count)


def _recogniser(plan: Plan) -> Recogniser:
    folder = max(plan.folders, key=lambda one: len(languages_in(one, plan.languages)), default="")
    languages = languages_in(folder, plan.languages) if folder else []
    if not languages:
        raise NotInstalled(
            f"Reading pictures of text (OCR) has no data for {', '.join(plan.languages)} on this server. Run there: "
            f"{INSTALL}, or name the folder that holds it as ingest.ocr.data_folder. The file is tried again by itself."
        )
    return TesseractRecogniser(folder, languages)


def _best(recogniser: Recogniser, picture: Picture, doubtful_below: int, seconds: float) -> Recognised | None:
    """Return what is recognised; of a page of little confidence, what is of the way round that reads best."""
    ends = time.monotonic() + seconds
    best = recogniser.read(picture, most_seconds=seconds)
    if best is None or not best.text or best.confidence >= doubtful_below:
        return best
    for quarters in (1, 3, 2):
        if (left := ends - time.monotonic()) <= 0:
            break
        found = recogniser.read(_turned(picture, quarters), most_seconds=left)
        if found is not None and found.text and found.confidence > best.confidence:
            best = found
        if best.confidence >= doubtful_below:
            break
    return best


def _turned(picture: Picture, quarters: int) -> Picture:
    """Return a picture turned by so many quarters."""
    import numpy as np  # of the pages alone that need it: it takes 60 ms and 30 MB

    rows: Any = np.frombuffer(picture.pixels, np.uint8).reshape(picture.height, picture.width)
    turned = np.ascontiguousarray(np.rot90(rows, quarters))
    return msgspec.structs.replace(
        picture, pixels=turned.tobytes(), width=int(turned.shape[1]), height=int(turned.shape[0])
    )


_turn: ContextVar[Turn] = ContextVar("turn")


def turn() -> Turn:
    """Return what recognises pictures for the file that is being read: nothing, where nobody said how."""
    return _turn.get(None) or Turn()


@contextmanager
def taking(one: Turn) -> Generator[Turn]:
    """Let the loaders that are called within recognise pictures by this."""
    token = _turn.set(one)
    try:
        yield one
    finally:
        _turn.reset(token)
