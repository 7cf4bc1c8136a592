"""Read PowerPoint presentations: a slide is a page, its title a heading, its notes follow."""

from collections.abc import Iterator
from typing import Any, BinaryIO, cast
from zipfile import BadZipFile

import pptx
from pptx.exc import PythonPptxError

from hubbub.core.errors import Invalid
from hubbub.ingest.blocks import Block, Heading, Loaded, Paragraph, Table


def load(file: BinaryIO) -> Loaded:
    """Return the slides' titles, texts, tables and notes."""
    try:
        presentation = pptx.Presentation(file)
    except (PythonPptxError, BadZipFile, KeyError, ValueError) as error:
        raise Invalid("The file is damaged. Save it anew and add it again.", code="corrupt") from error
    blocks: list[Block] = []
    pages = 0
    for pages, slide in enumerate(presentation.slides, start=1):
        title = cast(Any, slide.shapes.title)
        # A slide without a title ends the section of the one before, too.
        name = " ".join(title.text_frame.text.split()) if title is not None else ""
        blocks.append(Heading(name or f"Slide {pages}", 1, pages))
        for shape in _shapes(slide.shapes):
            if title is None or shape.shape_id != title.shape_id:
                blocks += _blocks(shape, pages)
        if slide.has_notes_slide and (frame := slide.notes_slide.notes_text_frame) and frame.text.strip():
            blocks.append(Paragraph(frame.text.strip(), pages))
    return Loaded(blocks, title=(presentation.core_properties.title or "").strip(), pages=pages)


def _shapes(shapes: Any) -> Iterator[Any]:
    """Yield all shapes, those within groups too."""
    left = list(shapes)[::-1]
    while left:
        shape = left.pop()
        if hasattr(shape, "shapes"):
            left += list(shape.shapes)[::-1]
        else:
            yield shape


def _blocks(shape: Any, page: int) -> list[Block]:
    if getattr(shape, "has_table", False):
        rows = [tuple(" ".join(cell.text.split()) for cell in row.cells) for row in shape.table.rows]
        filled = tuple(row for row in rows if any(row))
        return [Table(filled, page)] if filled else []
    if getattr(shape, "has_text_frame", False):
        lines = [" ".join(paragraph.text.split()) for paragraph in shape.text_frame.paragraphs]
        filled_lines = [line for line in lines if line]
        mark = "- " if len(filled_lines) > 1 else ""
        return [Paragraph("\n".join(mark + line for line in filled_lines), page)] if filled_lines else []
    return []
