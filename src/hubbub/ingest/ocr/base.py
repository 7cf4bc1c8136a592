"""The door of text recognition: what a recogniser is given, and what it returns."""

from typing import Protocol

import msgspec


class Picture(msgspec.Struct, frozen=True):
    """A page as a picture."""

    pixels: bytes
    """Grey values row by row, one byte a pixel, without padding."""
    width: int
    height: int
    dots_per_inch: int = 0
    """0 where nothing tells it."""


class Recognised(msgspec.Struct, frozen=True):
    """What was recognised on a picture. Without text, the picture shows none."""

    text: str
    confidence: int = 0
    """How sure the recogniser is of its words on average, in percent."""


class Recogniser(Protocol):
    """What recognises text. It is made and called in a sandbox's child."""

    def read(self, picture: Picture, *, most_seconds: float) -> Recognised | None:
        """Return the text of a picture in reading order, its paragraphs parted by empty lines.

        None: it would have taken longer than `most_seconds`.
        """
        ...


class Plan(msgspec.Struct, frozen=True):
    """How the pictures of one file are read."""

    languages: tuple[str, ...] = ("deu", "eng")
    """Tesseract's names of the languages that are looked for."""
    folders: tuple[str, ...] = ()
    """Where the languages' data may lie; the folder that has most of them is taken."""
    doubtful_below: int = 60
    """A page that is read with less confidence is doubtful, in percent."""
    cpu_seconds: float = 300.0
    wall_seconds: float = 600.0
