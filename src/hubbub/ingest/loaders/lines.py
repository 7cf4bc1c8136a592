"""Read source code, settings and logs: texts whose lines belong together as they stand."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from hubbub.ingest.blocks import Block, Code, Loaded
from hubbub.ingest.loaders.encoding import read_text

WHOLE_LENGTH = 1800
"""A section that is no longer stays together."""
PART_LENGTH = 900
LEAD_LENGTH = 120
"""A longer line is not repeated in the parts of what it stands over."""
MOST_LEADS = 6
_NAMED = re.compile(r"\[{1,2}[^\[\]\n]+\]{1,2}[ \t]*$")
"""A line that names a section of settings, [test]."""
_SETTING = re.compile(r"[ \t]*[\w.\"'-]+[ \t]*[=:]")
_GAP = re.compile(r"\n(?:[ \t\f]*\n)+")


def load(file: BinaryIO) -> Loaded:
    """Return a file's lines, parted where empty ones stand before one that is not indented."""
    return Loaded(blocks_of(read_text(file)))


def blocks_of(text: str) -> list[Block]:
    """Return code for a text's sections: a definition with the empty lines that are in it.

    The parts of a long one are led by the lines that they stand below: what is less indented, or names the section.
    """
    has_names = _has_names(text)
    blocks: list[Block] = []
    name = ""
    for section in _sections(text):
        lines = section.split("\n") if has_names or len(section) > WHOLE_LENGTH else []
        if name and not _NAMED.match(lines[0]):
            section, lines = f"{name}\n{section}", [name, *lines]
        blocks += map(Code, _cut(lines, has_names) if len(section) > WHOLE_LENGTH else [section])
        if has_names:
            name = next((line for line in reversed(lines) if _NAMED.match(line)), name)
    return blocks


def _has_names(text: str) -> bool:
    """Tell whether a text is of settings whose sections have names, as .ini and .toml are."""
    lines = [line for line in text.split("\n", 200)[:200] if line.strip() and line.lstrip()[0] not in "#;"]
    names = sum(_NAMED.match(line) is not None for line in lines)
    return names > 0 and names + sum(_SETTING.match(line) is not None for line in lines) > len(lines) * 0.8


def _cut(lines: list[str], has_names: bool) -> Iterator[str]:
    """Yield parts of lines, each led by the lines that it stands below."""
    above: list[tuple[int, str]] = []  # the lines that the next one stands below, with their indents
    part: list[str] = []
    length = 0
    for line in lines:
        if part and length + len(line) > PART_LENGTH:
            yield "\n".join(part)
            part, length = [], 0
        if line.strip():
            indent = len(line) - len(line.lstrip())
            if has_names:
                indent = 0 if _NAMED.match(line) else indent + 1
            while above and above[-1][0] >= indent:
                above.pop()
            if not part:
                part = [one for _, one in above[-MOST_LEADS:] if len(one) <= LEAD_LENGTH]
                length = sum(map(len, part))
            above.append((indent, line))
        part.append(line)
        length += len(line) + 1
    if part:
        yield "\n".join(part)


def _sections(text: str) -> Iterator[str]:
    start = 0
    for gap in _GAP.finditer(text):
        if text[gap.end() : gap.end() + 1] not in (" ", "\t", "") and text[start : gap.start()].strip():
            yield text[start : gap.start()].rstrip()
            start = gap.end()
    if rest := text[start:].rstrip():
        yield rest.lstrip("\n")
