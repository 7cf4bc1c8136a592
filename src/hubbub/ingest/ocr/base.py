"""The door of text recognition: what a recogniser is given, and what it returns."""

from typing import Literal, Protocol, TypeAlias

import msgspec

Way: TypeAlias = Literal["tesseract", "model", "azure"]
"""Who reads pictures: a library in the sandbox, a model of the catalogue, or Azure Document Intelligence."""
NAMES: dict[Way, str] = {"tesseract": "OCR", "model": "a model", "azure": "Azure Document Intelligence"}
"""What follows "read by"."""


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
    """How sure the recogniser is of its words on average, in percent; 0 where it does not say."""
    illegible: int = 0
    """So many places it could not read, and said so."""
    trouble: str = ""
    """Why nothing can be told of the picture, such as "refused by the model"; empty where something can."""


class Recogniser(Protocol):
    """What recognises text. It is made and called in a sandbox's child."""

    def read(self, picture: Picture, *, most_seconds: float) -> Recognised | None:
        """Return the text of a picture in reading order, its paragraphs parted by empty lines.

        None: it would have taken longer than `most_seconds`.
        """
        ...


class PictureReader(Protocol):
    """What recognises text somewhere else, over the network. It is called in the server."""

    async def read(self, png: bytes) -> Recognised:
        """Return the text of a picture, as `Recogniser` does; `trouble` says why nothing can be told of it.

        Raises:
            ModelError: it can't be reached now, is busy or fails. It may be tried again where that is retryable.
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
    way: Way = "tesseract"
    most_pictures: int = 50
    """So many pictures of one file are sent elsewhere."""

    @property
    def is_elsewhere(self) -> bool:
        """Whether pictures leave this machine to be read."""
        return self.way != "tesseract"

    @property
    def most_pixels(self) -> int:
        """The pixels of a picture: an A4 page of 300 dots an inch has 8.7 million. Models make theirs smaller."""
        return 3_000_000 if self.way == "model" else 10_000_000
