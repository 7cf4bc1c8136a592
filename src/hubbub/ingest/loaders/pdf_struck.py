"""Mark in a PDF's text what annotations strike out on its pages."""

import re
from collections.abc import Sequence

from hubbub.ingest.loaders.looks import STRUCK, marked
from hubbub.ingest.loaders.pdf_layout import Part


def with_struck(found: Sequence[Part], struck: Sequence[str]) -> tuple[list[Part], list[str]]:
    """Return a page's pieces with these lines marked, and those lines whose place on it can't be told."""
    parts = list(found)
    unplaced: list[str] = []
    for line in struck:
        pattern = re.compile(r"(?<!\w)" + r"\s+".join(map(re.escape, line.split())) + r"(?!\w)")
        places = [number for number, part in enumerate(parts) for _ in pattern.finditer(_text(part))]
        if len(places) == 1:
            parts[places[0]] = _marked(parts[places[0]], pattern)
        else:
            unplaced.append(line)
    return parts, unplaced


def _text(part: Part) -> str:
    return part if isinstance(part, str) else "\n".join(text for row in part for _, text in row)


def _marked(part: Part, pattern: re.Pattern[str]) -> Part:
    def mark(text: str) -> str:
        return pattern.sub(lambda line: marked(line[0], STRUCK), text)

    return mark(part) if isinstance(part, str) else [[(column, mark(text)) for column, text in row] for row in part]
