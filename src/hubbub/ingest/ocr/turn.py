"""Recognise the pictures of the file that is being read, within what that may take."""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import msgspec

from hubbub.core.documents import Omission, ReadByOcr
from hubbub.core.errors import Invalid
from hubbub.core.reasons import because
from hubbub.ingest.base import NotInstalled
from hubbub.ingest.ocr.base import Picture, Plan, Recognised, Recogniser
from hubbub.ingest.ocr.tesseract import TesseractRecogniser, is_installed, languages_in

MOST_PIXELS = 10_000_000
"""An A4 page of 300 dots an inch has 8.7 million. Larger pictures are made smaller."""
DOTS_PER_INCH = 300
"""What Tesseract is trained for."""
LEAST_CONFIDENCE = 30
"""Below that it is not text that was recognised, but the grain of a photo. It is left out."""
MOST_PAGE_SECONDS = 30.0
SHARE = 0.85
"""The part of its time that recognising may take; the rest is for what comes after."""
INSTALL = "pip install 'hubbub[ocr]'"


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
        self._late = 0
        self._unclear = 0

    @property
    def is_on(self) -> bool:
        """Whether pictures can be recognised here."""
        return self._plan is not None and (self._recogniser is not None or is_installed())

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

    def read(self, draw: Callable[[], Picture]) -> Recognised | None:
        """Return what a page shows that is drawn when it is needed; None where it can't be told.

        Raises:
            OcrWanted: the call is to be made again, with the time that this takes.
            NotInstalled: none of the languages is there.
        """
        plan = self._plan
        if plan is None or not self.is_on:
            return None
        if self._is_asked_first:
            raise OcrWanted
        if (seconds := self._seconds_left(plan)) <= 0:
            self._late += 1
            return None
        recogniser = self._recogniser = self._recogniser or _recogniser(plan)
        found = _best(recogniser, draw(), plan.doubtful_below, min(seconds, MOST_PAGE_SECONDS))
        if found is None:
            self._late += 1
        elif found.text and found.confidence < LEAST_CONFIDENCE:
            self._unclear += 1
            return Recognised("")
        elif found.text:
            self._confidences.append(found.confidence)
        return found

    def read_by_ocr(self, pages: int) -> ReadByOcr | None:
        """Return how much of a file of so many pages was recognised; None where nothing was."""
        count = len(self._confidences)
        if not count:
            return None
        mean = round(sum(self._confidences) / count)
        return ReadByOcr(count, max(pages, count), mean, min(self._confidences))

    def omitted(self) -> tuple[Omission, ...]:
        """Return what was recognised with doubt, or not at all."""
        plan = self._plan
        if plan is None:
            return ()
        doubtful = [confidence for confidence in self._confidences if confidence < plan.doubtful_below]
        said = (
            ("ocr_doubtful", len(doubtful), "read by OCR with little confidence, {confidence} %"),
            ("ocr_unclear", self._unclear, "too unclear for OCR"),
            ("ocr_out_of_time", self._late, "not read by OCR, for lack of time"),
        )
        words = round(sum(doubtful) / len(doubtful)) if doubtful else 0
        return tuple(
            Omission(
                kind, f"{count} {'page was' if count == 1 else 'pages were'} {text.format(confidence=words)}", count
            )
            for kind, count, text in said
            if count
        )

    def _seconds_left(self, plan: Plan) -> float:
        used, passed = time.process_time(), time.monotonic() - self._began
        return min(plan.cpu_seconds * SHARE - used, plan.wall_seconds * SHARE - passed)


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
