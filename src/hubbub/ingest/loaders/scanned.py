"""Turn recognised text into blocks that say so."""

from collections.abc import Iterable, Iterator

from hubbub.ingest.blocks import Block, Heading, Paragraph
from hubbub.ingest.loaders.pdf_text import both_forms, mended, words_of
from hubbub.ingest.ocr.base import Recognised
from hubbub.ingest.ocr.turn import turn

MARK_LEVEL = 10
"""The level of the mark among headings: below all others, and below a page's label."""


def mark_of(confidence: int) -> str:
    """Return what passages of a recognised page, and citations of them, are marked with; 0 is no confidence."""
    return f"Read by {turn().by}" + (f", confidence {confidence} %" if confidence else "")


def scanned_blocks(found: Recognised, page: int) -> list[Block]:
    """Return the paragraphs of a recognised page, below its mark."""
    text = mended(found.text, words_of([found.text]))
    paragraphs = (both_forms(part.strip()) for part in text.split("\n\n"))
    return list(marked((Paragraph(text, page) for text in paragraphs if text), found.confidence, page))


def marked(blocks: Iterable[Block], confidence: int, page: int) -> Iterator[Block]:
    """Yield blocks below the mark of their page; a heading among them does not end it."""
    is_due = True
    for block in blocks:
        if isinstance(block, Heading):
            is_due = True
        elif is_due:
            yield Heading(mark_of(confidence), MARK_LEVEL, page)
            is_due = False
        yield block
