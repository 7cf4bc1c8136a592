"""Read plain text: paragraphs are what stands between empty lines."""

import re
from typing import BinaryIO

from hubbub.ingest.blocks import Block, Code, Loaded, Paragraph
from hubbub.ingest.loaders.encoding import read_text

_EMPTY_LINES = re.compile(r"\n[ \t]*\n\s*")
_RECORD = re.compile(
    r"\W{0,3}(?:\d{4}[-/.]?\d\d[-/.]?\d\d|\d{1,2}[-/.]\w{2,3}[-/.]\d{2,4}|\d{1,2}:\d\d:\d\d|[A-Z][a-z]{2} [ \d]\d \d\d:"
    r"|\d{9,}|(?:TRACE|DEBUG|INFO|NOTICE|WARN|ERROR|FATAL|CRIT)|\d{1,3}(?:\.\d{1,3}){3}\b)",
    re.IGNORECASE,
)
_FEW = 3


def load(file: BinaryIO) -> Loaded:
    """Return a text's paragraphs, their own line breaks kept. Form feeds part pages; a log is cut at its lines."""
    return read(read_text(file))


def read(text: str) -> Loaded:
    """Return a text's paragraphs."""
    sheets = text.rstrip("\f\n ").split("\f")
    pages = len(sheets) if len(sheets) > 1 else 0
    blocks: list[Block] = []
    for number, sheet in enumerate(sheets, start=1):
        parts = (part.strip() for part in _EMPTY_LINES.split(sheet))
        page = number if pages else None
        blocks += [Code(part, page) if _is_log(part) else Paragraph(part, page) for part in parts if part]
    return Loaded(blocks, pages=pages)


def _is_log(text: str) -> bool:
    """Whether most lines begin as records do: with a time, an address, or how grave they are."""
    lines = text.split("\n")
    if len(lines) < _FEW:
        return False
    begun = sum(_RECORD.match(line) is not None for line in lines)
    indented = sum(line[:1] in (" ", "\t") for line in lines)
    return begun >= _FEW and begun + indented >= len(lines) * 0.7
