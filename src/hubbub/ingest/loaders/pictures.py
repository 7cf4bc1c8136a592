"""Read pictures of text: scans and photos in PNG, JPEG, TIFF and WebP."""

import importlib
from collections.abc import Iterator
from typing import Any, BinaryIO

from hubbub.core.errors import Invalid, TooLarge
from hubbub.core.reasons import because
from hubbub.ingest.blocks import Block, Loaded
from hubbub.ingest.gauge import read_so_far
from hubbub.ingest.loaders.scanned import scanned_blocks
from hubbub.ingest.ocr.base import Picture
from hubbub.ingest.ocr.turn import turn

FORMATS = ("PNG", "JPEG", "TIFF", "WEBP")
MOST_DECODED = 64_000_000
"""Pixels of one picture, before it is made smaller: 192 MB in colour."""
MOST_FRAMES = 500
FEW_DOTS = 150
"""Pictures of fewer dots an inch, such as those of a screen, are read better when they are doubled."""


def load(file: BinaryIO) -> Loaded:
    """Return the text of each page of a picture, marked as recognised.

    Raises:
        Invalid: it is damaged, or shows no text.
        TooLarge: it has too many pixels or pages.
        NotInstalled: nothing is there that recognises text.
    """
    recognises = turn()
    recognises.check("The file is a picture.")
    blocks: list[Block] = []
    pages = 0
    try:
        for number, frame, of in _frames(file):
            pages = of
            found = recognises.read(lambda frame=frame: grey(frame))
            if found is not None and found.text:
                blocks += scanned_blocks(found, number)
            read_so_far(number, of)
    except (OSError, SyntaxError, ValueError, KeyError, EOFError) as error:  # so Pillow says that a file is damaged
        raise Invalid(because("picture_damaged"), code="corrupt") from error
    if not blocks and not recognises.omitted():
        raise Invalid(because("picture_has_no_text"), code="empty")
    return Loaded(blocks, pages=pages)


def _frames(file: BinaryIO) -> Iterator[tuple[int, Any, int]]:
    """Yield each page with its number from 1, and how many there are."""
    library: Any = importlib.import_module("PIL.Image")
    library.MAX_IMAGE_PIXELS = None  # it warns of large ones; they are refused below
    with library.open(file, formats=FORMATS) as opened:
        frames = int(getattr(opened, "n_frames", 1)) if opened.format == "TIFF" else 1  # others move
        if frames > MOST_FRAMES:
            raise TooLarge(because("too_many_frames", pages=MOST_FRAMES))
        for number in range(frames):
            opened.seek(number)
            if opened.width * opened.height > MOST_DECODED:
                raise TooLarge(because("too_many_pixels", megapixels=MOST_DECODED // 1_000_000))
            yield number + 1, opened, frames


def grey(opened: Any) -> Picture:
    """Return a picture in grey, upright, on white, and of a size that is read well."""
    operations: Any = importlib.import_module("PIL.ImageOps")
    picture = operations.exif_transpose(opened)
    if picture.mode.startswith("I"):  # 16 bits a pixel
        picture = picture.point(_upper_byte)
    if "A" in picture.getbands() or "transparency" in picture.info:
        coloured = picture.convert("RGBA")
        picture = coloured.copy()
        picture.paste((255, 255, 255), (0, 0, *coloured.size))
        picture.alpha_composite(coloured)
    picture = picture.convert("L")
    dots, most_pixels = _dots_per_inch(opened), turn().most_pixels
    scale = min(1.0, (most_pixels / max(1, picture.width * picture.height)) ** 0.5)
    if dots < FEW_DOTS and picture.width * picture.height * 4 <= most_pixels:
        scale = 2.0
    if scale != 1.0:
        picture = picture.resize((max(1, round(picture.width * scale)), max(1, round(picture.height * scale))))
    return Picture(picture.tobytes(), picture.width, picture.height, round(dots * scale))


def _upper_byte(value: Any) -> Any:
    return value / 256  # Pillow takes no other form of it for such pictures


def _dots_per_inch(opened: Any) -> int:
    try:
        dots = round(float(opened.info["dpi"][0]))
    except (KeyError, TypeError, ValueError, IndexError, ZeroDivisionError, OverflowError):
        return 0
    return dots if 70 <= dots <= 2400 else 0
