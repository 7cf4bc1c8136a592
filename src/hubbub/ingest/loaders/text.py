"""Read plain text: paragraphs are what stands between empty lines."""

import re
from typing import BinaryIO

from hubbub.ingest.blocks import Loaded, Paragraph
from hubbub.ingest.loaders.encoding import read_text

_EMPTY_LINES = re.compile(r"\n[ \t\f]*\n\s*")


def load(file: BinaryIO) -> Loaded:
    """Return a text file's paragraphs; their own line breaks are kept."""
    parts = (part.strip() for part in _EMPTY_LINES.split(read_text(file)))
    return Loaded([Paragraph(part) for part in parts if part])
