"""Read PDF: its text page by page, with the headings that its outline names."""

import ctypes
import importlib
import io
import itertools
import mmap
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, NoReturn

import msgspec

from hubbub.core.documents import Omission
from hubbub.core.errors import Invalid, TooLarge
from hubbub.core.reasons import because
from hubbub.ingest.blocks import Block, Heading, Hidden, Loaded, Paragraph
from hubbub.ingest.gauge import read_so_far
from hubbub.ingest.loaders.kinds import ENCRYPTED
from hubbub.ingest.loaders.nested import inner_blocks
from hubbub.ingest.loaders.pdf_accents import has_accents, with_accents
from hubbub.ingest.loaders.pdf_drawn import Drawn
from hubbub.ingest.loaders.pdf_handles import (
    bounds_of,
    labels_of,
    objects_of,
    opened,
    quick,
    rotation_of,
    text_of,
)
from hubbub.ingest.loaders.pdf_layers import Layers
from hubbub.ingest.loaders.pdf_layout import Part, parts
from hubbub.ingest.loaders.pdf_notes import Notes
from hubbub.ingest.loaders.pdf_struck import with_struck
from hubbub.ingest.loaders.pdf_text import (
    both_forms,
    closed_up,
    is_doubtful,
    is_unreadable,
    mended,
    with_simple_ends,
    words_of,
)
from hubbub.ingest.loaders.pdf_turned import places_on
from hubbub.ingest.loaders.pdf_unseen import Unseen
from hubbub.ingest.loaders.scanned import marked
from hubbub.ingest.loaders.tables import tables
from hubbub.ingest.ocr.base import Picture
from hubbub.ingest.ocr.turn import DOTS_PER_INCH, Turn, turn

MOST_PAGES = 5000
MOST_ATTACHED = 500
MOST_TITLE = 300
"""A line that is longer is no heading."""
FEW_LETTERS = 120
COVERED = 0.6
"""A page of few letters, of which a picture covers this part, is a scan with a stamp on it."""
LABEL_LEVEL = 9
"""The level of a page's label among headings: below all others."""

_PASSWORD_ERROR = 4  # FPDF_ERR_PASSWORD
_BEGINS_ANEW = re.compile(r"[A-ZÄÖÜ\d•‣·–—*-]")
_ENDS = (".", "!", "?", ":", ";")


def open_pdf(file: BinaryIO) -> Any:
    """Return a pypdfium2 document.

    Raises:
        Invalid: it is encrypted or damaged.
    """
    return _document(_mapped(file))


def _document(mapped: mmap.mmap) -> Any:
    pdfium: Any = importlib.import_module("pypdfium2")
    try:
        return pdfium.PdfDocument((ctypes.c_char * len(mapped)).from_buffer(mapped))
    except pdfium.PdfiumError as error:
        if error.err_code == _PASSWORD_ERROR:
            raise Invalid(ENCRYPTED, code="encrypted") from error
        raise Invalid(because("pdf_damaged"), code="corrupt") from error


def _mapped(file: BinaryIO) -> mmap.mmap:
    """Map a file, so that pdfium reads what it needs of it by itself, as of a file that it opened."""
    try:
        try:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        except io.UnsupportedOperation:  # it lies in another file, and so in memory
            data = file.read()
            mapped = mmap.mmap(-1, len(data))
            mapped.write(data)
            return mapped
    except ValueError as error:
        raise Invalid(because("file_empty"), code="empty") from error


def load(file: BinaryIO) -> Loaded:
    """Return each page's paragraphs and tables, with what is filled in and noted on it.

    Raises:
        Invalid: it is encrypted, damaged, or holds no text that can be read.
        TooLarge: it has too many pages.
    """
    mapped = _mapped(file)
    document = _document(mapped)
    notes: Notes | None = None
    try:
        pages = len(document)
        if pages > MOST_PAGES:
            raise TooLarge(because("too_many_frames", pages=MOST_PAGES))
        outline = _outline(document)
        labels = _labels(document)
        recognises = turn()
        notes = Notes(document)
        layers = Layers(document, mapped)
        unseen = Unseen()
        found: list[_Page] = []
        for number in range(pages):
            found.append(_page(document, number, notes, layers, unseen, recognises))
            read_so_far(number + 1, pages)
        known = words_of(part for page in found for part in page.parts if isinstance(part, str))
        blocks: list[Block] = []
        is_below_mark = False
        for number, page in enumerate(found, start=1):
            if (labels or (is_below_mark and page.confidence is None)) and (page.parts or page.notes):
                label = labels[number - 1] if labels else str(number)
                blocks.append(Heading(f"Page {label}", LABEL_LEVEL, number))  # which ends a mark above it
                is_below_mark = False
            its_own = _page_blocks(page, number, outline.get(number, []), known)
            if page.confidence is None:
                blocks += its_own
            elif its_own:
                blocks += marked(its_own, page.confidence, number)
                is_below_mark = True
        pictures = sum(page.has_picture for page in found)
        unreadable = sum(page.is_unreadable for page in found)
        files = itertools.chain(_attached(document), notes.files)
        of = document.count_attachments() + len(notes.files)
        inner, lost = inner_blocks(files, lead="Attachment: ", of=of)
        hidden = (*layers.hidden(), *unseen.hidden(), *_hidden(notes.hidden))
        if not blocks and not inner and not hidden and (pictures or unreadable):
            _refuse(unreadable, recognises)
        title = str(document.get_metadata_value("Title")).strip()
        omitted = (*_omitted(document, found, recognises.lack), *lost)
        return Loaded([*blocks, *inner], title=title, pages=pages, omitted=omitted, hidden=hidden)
    finally:
        if notes is not None:
            notes.close()
        document.close()


def _hidden(lines: list[str]) -> tuple[Hidden, ...]:
    """Return the fields and notes that no reader sees."""
    blocks: list[Block] = [Heading("Hidden notes", 1), Paragraph("\n".join(lines))]
    return (Hidden("note", len(lines), blocks),) if lines else ()


def _attached(document: Any) -> Iterator[tuple[str, bytes]]:
    """Yield the files that are attached to a document: all of a portfolio lies in them."""
    for index in range(min(document.count_attachments(), MOST_ATTACHED)):
        attachment = document.get_attachment(index)
        try:
            data = bytes(attachment.get_data())
        except (RuntimeError, ValueError):  # one that names a file and holds none
            data = b""
        yield " ".join(str(attachment.get_name()).split()) or f"attachment {index + 1}", data


class _Page(msgspec.Struct):
    """What was found on a page."""

    parts: list[Part]
    notes: list[str]
    has_picture: bool = False
    """Whether it shows something, and holds no text."""
    is_scan: bool = False
    """Whether it is a picture with little text on it, such as a stamp or a page number."""
    is_unreadable: bool = False
    """Whether letters on it can't be told."""
    confidence: int | None = None
    """How surely its text was recognised on its picture, in percent; None where the file holds it."""


def _page(document: Any, index: int, notes: Notes, layers: Layers, unseen: Unseen, recognises: Turn) -> _Page:
    def prepare(page: Any) -> None:
        layers.leave_out(page, index + 1)
        unseen.leave_out(page, index + 1)

    with opened(document, index, prepare) as one:
        raw_text = text_of(one.text_page)
        text = with_simple_ends(raw_text)
        found = _Page([], notes.of(one.page, one.text_page))
        if not text.strip():
            found.has_picture = Drawn(one.page).count_shown() > 0  # an empty page lacks nothing
        else:
            found.parts = parts(one.text_page, raw_text, text, rotation_of(one.page))
            if has_accents(text):
                found.parts = with_accents(found.parts, places_on(one.text_page, raw_text)[0])
            if notes.struck:
                found.parts, unplaced = with_struck(found.parts, notes.struck)
                found.notes += [f"Struck out: {line}" for line in unplaced]
            if is_doubtful(text):
                found.parts, found.is_unreadable = _readable(found.parts)
            found.is_scan = len(text) < FEW_LETTERS and _is_covered(one.page)
    if found.has_picture or found.is_scan or found.is_unreadable:
        _recognise(found, document, index, recognises)
    return found


def _recognise(found: _Page, document: Any, index: int, recognises: Turn) -> None:
    """Take what the picture of a page shows in place of what the file holds of it, if anything is recognised."""
    recognised = recognises.read(lambda: _drawn(document[index]))
    if recognised is not None and recognised.text:
        found.parts = [recognised.text]
        found.confidence = recognised.confidence
        found.has_picture = found.is_scan = found.is_unreadable = False


def _drawn(page: Any) -> Picture:
    width, height = page.get_size()
    scale = min(DOTS_PER_INCH / 72, (turn().most_pixels / max(1.0, width * height)) ** 0.5)
    bitmap = page.render(scale=scale, grayscale=True)
    page.close()
    data = memoryview(bitmap.buffer).cast("B")
    rows = (data[row * bitmap.stride : row * bitmap.stride + bitmap.width] for row in range(bitmap.height))
    return Picture(b"".join(rows), bitmap.width, bitmap.height, round(72 * scale))


def _readable(found: list[Part]) -> tuple[list[Part], bool]:
    """Return the pieces of a page without what can't be told of their letters, and whether there was any."""
    kept: list[Part] = []
    is_whole = True
    for part in found:
        if isinstance(part, str):
            lines = part.split("\n")
            readable = "\n".join(line for line in lines if not is_unreadable(line))
            rest = "" if is_unreadable(readable) else readable  # lines that are too short to tell alone
        else:
            rest = [] if is_unreadable(" ".join(text for row in part for _, text in row)) else part
        is_whole = is_whole and rest == part
        kept += [rest] if rest else []
    return kept, not is_whole


def _is_covered(page: Any) -> bool:
    """Tell whether a picture covers most of a page, and its text was not recognised."""
    raw: Any = importlib.import_module("pypdfium2.raw")
    width, height = raw.FPDF_GetPageWidthF(page), raw.FPDF_GetPageHeightF(page)
    for picture in objects_of(page, _IMAGE):
        left, bottom, right, top = bounds_of(picture) or (0.0, 0.0, 0.0, 0.0)
        shown = max(0.0, min(right, width) - max(left, 0.0)) * max(0.0, min(top, height) - max(bottom, 0.0))
        if shown > COVERED * width * height:
            break
    else:
        return False
    mode_of = quick("FPDFTextObj_GetTextRenderMode")
    return not any(mode_of(text) == _INVISIBLE for text in objects_of(page, _TEXT))


def _page_blocks(page: _Page, number: int, headings: list[tuple[int, str]], known: set[str]) -> list[Block]:
    blocks: list[Block] = []
    left = {_squeezed(title): (level, title) for level, title in headings}
    for part in page.parts:
        if isinstance(part, str):
            blocks += _blocks(closed_up(mended(part, known)), number, left)
        else:
            blocks += tables(part, number)
    return [*blocks, Paragraph("\n".join(page.notes), number)] if page.notes else blocks


def _refuse(unreadable: int, recognises: Turn) -> NoReturn:
    if unreadable:
        recognises.check("The letters of the file can't be told: its fonts don't say which they are.")
    recognises.check("The file holds only pictures of its pages.")
    late = recognises.omitted()
    why = late[0].text if late else "no text is recognised on them"
    raise Invalid(
        because("only_pictures", why=why),
        code="empty",
    )


def _omitted(document: Any, found: list[_Page], lack: str) -> tuple[Omission, ...]:
    """Return what of a document could not be read."""
    pages = len(found)
    counted = (
        ("pages_without_text", sum(page.has_picture for page in found), "hold no text"),
        ("pages_mostly_pictures", sum(page.is_scan for page in found), "are pictures with little text"),
        ("unreadable_pages", sum(page.is_unreadable for page in found), "hold text whose letters can't be told"),
    )
    omitted = [
        Omission(kind, f"{count} of {pages} pages {words if count > 1 else _SINGULAR[words]}{lack}", count, pages)
        for kind, count, words in counted
        if count
    ]
    if document.get_formtype() == _XFA_FULL:
        omitted.append(Omission("xfa_form", "what is filled into its form (XFA) can't be read"))
    return tuple(omitted)


_SINGULAR = {
    "hold no text": "holds no text",
    "are pictures with little text": "is a picture with little text",
    "hold text whose letters can't be told": "holds text whose letters can't be told",
}
_XFA_FULL = 2  # FORMTYPE_XFA_FULL: such a form has no fields but those that pdfium doesn't know
_TEXT, _IMAGE = 1, 3  # FPDF_PAGEOBJ_TEXT, FPDF_PAGEOBJ_IMAGE
_INVISIBLE = 3  # FPDF_TEXTRENDERMODE_INVISIBLE: what lies below a picture, for it to be found


def _labels(document: Any) -> list[str]:
    """Return the pages' labels, if one is not the page's number."""
    labels = labels_of(document, len(document))
    is_usual = all(label in ("", str(number)) for number, label in enumerate(labels, start=1))
    return [] if is_usual else [label or str(number) for number, label in enumerate(labels, start=1)]


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


def _blocks(text: str, page: int, left: dict[str, tuple[int, str]]) -> list[Block]:
    """Return a text's paragraphs; a line that is left of the outline is a heading, and taken from it."""
    blocks: list[Block] = []
    lines: list[str] = []
    drawn = text.split("\n")
    trimmed = [" ".join(line.split()) for line in drawn]
    usual = _usual_length([len(line) for line, rest in zip(drawn, trimmed, strict=True) if rest])

    def end_paragraph() -> None:
        if lines:
            blocks.append(Paragraph(both_forms("\n".join(lines)), page))
            lines.clear()

    was_short = False
    for line in trimmed:
        known = left.pop(_squeezed(line), None) if left and len(line) <= MOST_TITLE else None
        if not line or known or (was_short and lines and _is_last(lines[-1], line)):
            end_paragraph()
        if known:
            blocks.append(Heading(line, known[0], page))
        elif line:
            lines.append(line)
            was_short = len(line) < usual * 0.7
    end_paragraph()
    return blocks


def _usual_length(lengths: list[int]) -> int:
    return sorted(lengths)[len(lengths) * 9 // 10] if lengths else 0


def _is_last(line: str, following: str) -> bool:
    """Guess that a paragraph ends with a short line: the next one begins anew."""
    return line.endswith(_ENDS) or _BEGINS_ANEW.match(following) is not None


def _squeezed(text: str) -> str:
    return re.sub(r"\W+", "", text).casefold()
