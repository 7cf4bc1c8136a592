"""Recognise text with Tesseract, by its library: no program is started."""

import importlib
import importlib.util
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from hubbub.ingest.ocr.base import Picture, Recognised

PACKAGE = "tesserocr"
_SYSTEM = ("/usr/share", "/usr/local/share", "/opt/homebrew/share")
_RULES = re.compile(r"(?m)^[\s|_~=—–.·:;'\"`-]+$")
"""Lines of a table, and specks, are read as such signs."""
_ENDS = frozenset(".!?:;…|")
"""What no sentence goes on behind."""


def is_installed() -> bool:
    """Tell whether Tesseract's library is there."""
    return importlib.util.find_spec(PACKAGE) is not None


def data_folders() -> tuple[str, ...]:
    """Return the folders of this machine in which Tesseract's languages lie: those of packages first, then Debian's."""
    found = [Path(sys.prefix, "share/tessdata")]
    for share in map(Path, _SYSTEM):
        found += [share / "tessdata", *sorted(share.glob("tesseract-ocr/*/tessdata"), reverse=True)]
    return tuple(str(folder) for folder in found if folder.is_dir())


def languages_in(folder: str, languages: Iterable[str]) -> list[str]:
    """Return which of the languages a folder has, in their order."""
    return [language for language in languages if Path(folder, f"{language}.traineddata").is_file()]


class TesseractRecogniser:
    """Recognises text in the languages that one folder has."""

    def __init__(self, folder: str, languages: Sequence[str]) -> None:
        tesserocr: Any = importlib.import_module(PACKAGE)
        self._library = tesserocr.PyTessBaseAPI(
            path=folder, lang="+".join(languages), psm=tesserocr.PSM.AUTO, oem=tesserocr.OEM.LSTM_ONLY
        )
        # Its messages go to standard error. As it is built they go to a file that it opens, and where it may not write,
        # as in a sandbox, it crashes at the first one.
        self._library.SetVariable("debug_file", "")

    def read(self, picture: Picture, *, most_seconds: float) -> Recognised | None:
        library = self._library
        library.SetImageBytes(picture.pixels, picture.width, picture.height, 1, picture.width)
        if picture.dots_per_inch:
            library.SetSourceResolution(picture.dots_per_inch)
        try:
            if not library.Recognize(max(1, int(most_seconds * 1000))):
                return None
            text = rejoined(_RULES.sub("", str(library.GetUTF8Text())))
            return Recognised(text, int(library.MeanTextConf()) if text else 0)
        finally:
            library.Clear()


def rejoined(text: str) -> str:
    """Return paragraphs whole: of widely spaced lines each was taken for one."""
    found: list[str] = []
    for part in filter(None, map(str.strip, text.split("\n\n"))):
        if found and part[0].islower() and found[-1][-1] not in _ENDS:
            found[-1] += f"\n{part}"
        else:
            found.append(part)
    return "\n\n".join(found)
