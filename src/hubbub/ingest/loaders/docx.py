"""Read Word documents: headings, paragraphs, lists and tables in their order."""

import re
from typing import Any, BinaryIO, cast
from zipfile import BadZipFile

import docx
from docx.opc.exceptions import OpcError
from docx.table import Table as WordTable
from docx.text.paragraph import Paragraph as WordParagraph

from hubbub.core.errors import Invalid
from hubbub.ingest.blocks import Block, Heading, Loaded, Paragraph, Table

_HEADING = re.compile(r"heading ([1-9])$", re.IGNORECASE)


def load(file: BinaryIO) -> Loaded:
    """Return a document's blocks. Headings are known by the names of their styles, which Word keeps in English."""
    try:
        document = docx.Document(file)
    except (OpcError, BadZipFile, KeyError, ValueError) as error:
        raise Invalid("The file is damaged. Save it anew and add it again.", code="corrupt") from error
    blocks: list[Block] = []
    items: list[str] = []
    for part in document.iter_inner_content():
        if isinstance(part, WordParagraph) and _is_item(part):
            items += [f"- {part.text.strip()}"] if part.text.strip() else []
            continue
        blocks += [Paragraph("\n".join(items))] if items else []
        items = []
        block = _table(part) if isinstance(part, WordTable) else _paragraph(part)
        blocks += [block] if block else []
    blocks += [Paragraph("\n".join(items))] if items else []
    title = document.core_properties.title or ""
    first = next((block.text for block in blocks if isinstance(block, Heading)), "")
    return Loaded(blocks, title=title.strip() or first)


def _paragraph(paragraph: WordParagraph) -> Block | None:
    text = paragraph.text.strip()
    if not text:
        return None
    style = _style(paragraph)
    if style == "Title":
        return Heading(text, 0)  # over all others, whose first level is 1
    # Below a title, which is the whole document's heading of level 1.
    return Heading(text, int(named.group(1))) if (named := _HEADING.match(style)) else Paragraph(text)


def _table(table: WordTable) -> Block | None:
    rows: list[tuple[str, ...]] = []
    for row in table.rows:
        cells: list[str] = []
        last = None
        for cell in row.cells:
            if cell._tc is not last:  # pyright: ignore[reportPrivateUsage] (a merged cell comes once a column)
                cells.append(" ".join(cell.text.split()))
            last = cell._tc  # pyright: ignore[reportPrivateUsage]
        if any(cells):
            rows.append(tuple(cells))
    return Table(tuple(rows)) if rows else None


def _is_item(paragraph: WordParagraph) -> bool:
    # Numbering has no public name.
    properties = cast(Any, paragraph._p).pPr  # pyright: ignore[reportPrivateUsage]
    is_numbered = properties is not None and properties.numPr is not None
    return (is_numbered or _style(paragraph).startswith("List")) and not _HEADING.match(_style(paragraph))


def _style(paragraph: WordParagraph) -> str:
    return (paragraph.style.name if paragraph.style is not None else None) or ""
