"""Read source code, settings and logs: texts whose lines belong together as they stand."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from hubbub.ingest.blocks import Block, Code, Loaded
from hubbub.ingest.loaders.encoding import read_text

_GAP = re.compile(r"\n(?:[ \t\f]*\n)+")


def load(file: BinaryIO) -> Loaded:
    """Return a file's lines, parted where empty ones stand before one that is not indented."""
    return Loaded(blocks_of(read_text(file)))


def blocks_of(text: str) -> list[Block]:
    """Return code for a text's sections: a definition with the empty lines that are in it."""
    return [Code(section) for section in _sections(text)]


def _sections(text: str) -> Iterator[str]:
    start = 0
    for gap in _GAP.finditer(text):
        if text[gap.end() : gap.end() + 1] not in (" ", "\t", "") and text[start : gap.start()].strip():
            yield text[start : gap.start()].rstrip()
            start = gap.end()
    if rest := text[start:].rstrip():
        yield rest.lstrip("\n")
