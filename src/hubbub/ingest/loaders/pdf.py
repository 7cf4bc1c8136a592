"""Read PDF: its text page by page, with the headings that its outline names."""

import ctypes
import importlib
import mmap
import re
from typing import Any, BinaryIO

from hubbub.core.documents import Omission
from hubbub.core.errors import Invalid, TooLarge
from hubbub.ingest.blocks import Block, Heading, Loaded, Paragraph
from hubbub.ingest.loaders.kinds import ENCRYPTED

MOST_PAGES = 5000

_PASSWORD_ERROR = 4  # FPDF_ERR_PASSWORD
_HYPHEN_AT_LINE_END = re.compile("\ufffe[ \t]*(?:\r?\n)?")
_BEGINS_ANEW = re.compile(r"[A-ZÄÖÜ\d•‣·–—*-]")
_ENDS = (".", "!", "?", ":", ";")


def open_pdf(file: BinaryIO) -> Any:
    """Return a pypdfium2 document.

    Raises:
        Invalid: it is encrypted or damaged.
    """
    pdfium: Any = importlib.import_module("pypdfium2")
    # Mapped, so that pdfium reads what it needs of it by itself, as of a file that it opened.
    try:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    except ValueError as error:
        raise Invalid("The file is empty. Add it again when something is in it.", code="empty") from error
    try:
        return pdfium.PdfDocument((ctypes.c_char * len(mapped)).from_buffer(mapped))
    except pdfium.PdfiumError as error:
        if error.err_code == _PASSWORD_ERROR:
            raise Invalid(ENCRYPTED, code="encrypted") from error
        raise Invalid("The file is damaged. Save or print it as PDF anew and add it again.", code="corrupt") from error


def load(file: BinaryIO) -> Loaded:
    """Return each page's paragraphs.

    Raises:
        Invalid: it is encrypted, damaged, or holds only pictures.
        TooLarge: it has too many pages.
    """
    document = open_pdf(file)
    try:
        pages = len(document)
        if pages > MOST_PAGES:
            raise TooLarge(f"The file has more than {MOST_PAGES} pages. Split it into smaller ones.")
        outline = _outline(document)
        blocks: list[Block] = []
        pictures = 0
        for number in range(1, pages + 1):
            page = document[number - 1]
            text = page_text(page)
            if not text.strip():
                pictures += any(True for _ in page.get_objects(max_depth=1))  # an empty page lacks nothing
            blocks += _blocks(text, number, outline.get(number, []))
            page.close()
        if not blocks and pictures:
            raise Invalid(
                "The file holds only pictures of its pages: make its text recognisable (OCR) and add it again.",
                code="empty",
            )
        title = str(document.get_metadata_value("Title")).strip()
        return Loaded(blocks, title=title, pages=pages, omitted=_without_text(pictures, pages))
    finally:
        document.close()


def _without_text(count: int, pages: int) -> tuple[Omission, ...]:
    if not count:
        return ()
    verb = "holds" if count == 1 else "hold"
    return (Omission("pages_without_text", f"{count} of {pages} pages {verb} no text", count, pages),)


def page_text(page: Any) -> str:
    """Return a page's text with line feeds for line breaks; words that were broken at line ends are put together."""
    text_page = page.get_textpage()
    text = str(text_page.get_text_range())
    text_page.close()
    return _HYPHEN_AT_LINE_END.sub("", text).replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def _outline(document: Any) -> dict[int, list[tuple[int, str]]]:
    """Return the outline's headings by page number, as (level, text)."""
    found: dict[int, list[tuple[int, str]]] = {}
    for mark in document.get_toc():
        destination = mark.get_dest()
        index = destination.get_index() if destination else None
        title = " ".join(mark.get_title().split())
        if index is not None and title:
            found.setdefault(index + 1, []).append((mark.level + 1, title))
    return found


def _blocks(text: str, page: int, headings: list[tuple[int, str]]) -> list[Block]:
    """Return a page's paragraphs; a line that the outline names is a heading."""
    blocks: list[Block] = []
    lines: list[str] = []
    left = {_squeezed(title): (level, title) for level, title in headings}
    usual = _usual_length(text)

    def end_paragraph() -> None:
        if lines:
            blocks.append(Paragraph("\n".join(lines), page))
            lines.clear()

    for line in (" ".join(line.split()) for line in text.split("\n")):
        known = left.pop(_squeezed(line), None)
        if not line or known or (lines and _is_last(lines[-1], line, usual)):
            end_paragraph()
        if known:
            blocks.append(Heading(line, known[0], page))
        elif line:
            lines.append(line)
    end_paragraph()
    return blocks


def _usual_length(text: str) -> int:
    lengths = sorted(len(line) for line in text.split("\n") if line.strip())
    return lengths[len(lengths) * 9 // 10] if lengths else 0


def _is_last(line: str, following: str, usual: int) -> bool:
    """Guess that a paragraph ends with a line: it is short, and the next one begins anew."""
    return len(line) < usual * 0.7 and (line.endswith(_ENDS) or _BEGINS_ANEW.match(following) is not None)


def _squeezed(text: str) -> str:
    return re.sub(r"\W+", "", text).casefold()
