"""Read plain text: paragraphs are what stands between empty lines."""

import quopri
import re
from typing import BinaryIO

from hubbub.ingest.blocks import Block, Code, Loaded, Paragraph, Table
from hubbub.ingest.loaders.encoding import decode, read_text
from hubbub.ingest.loaders.labels import codec_of

_EMPTY_LINES = re.compile(r"\n[ \t]*\n\s*")
_RECORD = re.compile(
    r"\W{0,3}(?:\d{4}[-/.]?\d\d[-/.]?\d\d|\d{1,2}[-/.]\w{2,3}[-/.]\d{2,4}|\d{1,2}:\d\d:\d\d|[A-Z][a-z]{2} [ \d]\d \d\d:"
    r"|\d{9,}|(?:TRACE|DEBUG|INFO|NOTICE|WARN|ERROR|FATAL|CRIT)|\d{1,3}(?:\.\d{1,3}){3}\b)",
    re.IGNORECASE,
)
_FEW = 3
_BORDER = re.compile(r"[ \t]*[+|:=-]*--[ +|:=-]*$")
_CARD = re.compile(r"\s*BEGIN:(?:VCARD|VCALENDAR)\s*\n", re.IGNORECASE)
_FOLD = re.compile(r"\n[ \t]")
_QUOTED = re.compile(
    r"^([^:\n]*);ENCODING=QUOTED-PRINTABLE([^:\n]*):((?:[^\n]*=\n)*[^\n]*)", re.MULTILINE | re.IGNORECASE
)
_CHARSET = re.compile(r";CHARSET=([\w.-]+)", re.IGNORECASE)
_ENTRY = re.compile(r"\n(?=BEGIN:(?:VCARD|VEVENT|VTODO|VJOURNAL)[ \t]*\n)", re.IGNORECASE)
_BINARY = re.compile(
    r"^((?:[\w-]+\.)?(?:PHOTO|LOGO|SOUND|KEY|ATTACH)\b[^:\n]*:)(?:data:[^,\n]*,)?[A-Za-z0-9+/=]{100,}[ \t]*$",
    re.MULTILINE | re.IGNORECASE,
)
_ESCAPED = re.compile(r"\\([nN,;\\])")


def load(file: BinaryIO) -> Loaded:
    """Return a text's paragraphs, their own line breaks kept. Form feeds part pages; a log is cut at its lines."""
    return read(read_text(file))


def read(text: str) -> Loaded:
    """Return a text's paragraphs."""
    if _CARD.match(text):
        text = _unfolded(text)
    sheets = text.rstrip("\f\n ").split("\f")
    pages = len(sheets) if len(sheets) > 1 else 0
    blocks: list[Block] = []
    for number, sheet in enumerate(sheets, start=1):
        parts = (part.strip() for part in _EMPTY_LINES.split(sheet))
        page = number if pages else None
        for part in parts:
            if part and (found := _drawn(part, page)):
                blocks += found
            elif part:
                blocks.append(Code(part, page) if _is_log(part) else Paragraph(part, page))
    return Loaded(blocks, pages=pages)


def _unfolded(text: str) -> str:
    """Return a calendar's or an address card's lines whole, without what only their format needs (RFC 5545, 6350)."""
    text = _ENTRY.sub("\n\n", _FOLD.sub("", _QUOTED.sub(_decoded, text)))
    text = _BINARY.sub(lambda found: f"{found[1]}(not read)", text)
    return _ESCAPED.sub(lambda found: "\n  " if found[1] in "nN" else found[1], text)


def _decoded(found: re.Match[str]) -> str:
    """Return a line of an old address card without its encoding."""
    parameters = f"{found[1]}{found[2]}"
    named = _CHARSET.search(parameters)
    data = quopri.decodestring(found[3].encode())
    value = decode(data, codec_of(named[1]) if named else None) if data.strip() else ""
    return f"{_CHARSET.sub('', parameters)}:{value}"


def _drawn(text: str, page: int | None) -> list[Block]:
    """Return a table that is drawn with bars and a line below its names, and the lines around it; [] where none is."""
    if "|" not in text or "--" not in text:
        return []
    lines = text.split("\n")
    drawn = [place for place, line in enumerate(lines) if "|" in line or _BORDER.match(line)]
    first, last = drawn[0], drawn[-1]
    rows = [line.strip() for line in lines[first : last + 1] if not _BORDER.match(line)]
    place = next((place for place in drawn if not _BORDER.match(lines[place])), last)
    is_named = place < last and _BORDER.match(lines[place + 1]) is not None
    if not is_named or len(rows) < _FEW or len(drawn) != last + 1 - first or len({row.count("|") for row in rows}) > 1:
        return []
    is_framed = all(row.startswith("|") and row.endswith("|") for row in rows)
    cells = [tuple(cell.strip() for cell in (row[1:-1] if is_framed else row).split("|")) for row in rows]
    above, below = ("\n".join(some).strip() for some in (lines[:first], lines[last + 1 :]))
    found: list[Block] = [Paragraph(above, page)] if above else []
    return [*found, Table(tuple(cells), page), *([Paragraph(below, page)] if below else [])]


def _is_log(text: str) -> bool:
    """Whether most lines begin as records do: with a time, an address, or how grave they are."""
    lines = text.split("\n")
    if len(lines) < _FEW:
        return False
    begun = sum(_RECORD.match(line) is not None for line in lines)
    indented = sum(line[:1] in (" ", "\t") for line in lines)
    return begun >= _FEW and begun + indented >= len(lines) * 0.7
