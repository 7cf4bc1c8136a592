"""Read what stands on a PDF's pages beside their text: values of forms, notes, and files that are attached there."""

import ctypes
import html
import importlib
import itertools
import re
from collections.abc import Callable
from typing import Any

from hubbub.ingest.loaders.pdf_handles import quick

_WIDGET = 20
_NOTES = {1: "Note", 3: "Text box", 8: "Note", 9: "Note", 10: "Note", 11: "Note", 12: "Note", 13: "Stamp", 14: "Note"}
"""By the subtypes of annotations (fpdf_annot.h) that people write into."""
_STRUCK = 12  # FPDF_ANNOT_STRIKEOUT
MOST_STRUCK = 1000
_CHECKS = (2, 3)  # FPDF_FORMFIELD_CHECKBOX, FPDF_FORMFIELD_RADIOBUTTON
_LISTS = (4, 5)  # FPDF_FORMFIELD_COMBOBOX, FPDF_FORMFIELD_LISTBOX
_PASSWORD = 1 << 13
"""The flag of a field whose value nobody is to read."""
_UNSEEN = 2 | 32  # FPDF_ANNOT_FLAG_HIDDEN, FPDF_ANNOT_FLAG_NOVIEW
_FILE = 17  # FPDF_ANNOT_FILEATTACHMENT
MOST_OPTIONS = 5000
_SHOWN_ONLY = (0, 1, 8)  # unknown, a button, a signature
MOST_CHARACTERS = 100_000
MOST_ANNOTATIONS = 10_000
USUAL_CHARACTERS = 512
"""Of a value; a longer one is asked for twice."""


_TAG = re.compile(r"<[^<>]*>")


class Notes:
    """Reads the notes of a document's pages."""

    def __init__(self, document: Any) -> None:
        self._raw: Any = importlib.import_module("pypdfium2.raw")
        self._document = document
        self._form: Any = None
        self._is_ready = False
        self.hidden: list[str] = []
        """Lines of fields and notes that no reader of the pages so far sees."""
        self.files: list[tuple[str, bytes]] = []
        """Names and contents of the files that are attached to places of the pages so far."""
        self.struck: list[str] = []
        """What is struck out on the page that was read last, line by line."""
        self._buffer = (ctypes.c_ushort * USUAL_CHARACTERS)()
        self._place = ctypes.cast(self._buffer, ctypes.POINTER(ctypes.c_ushort))
        if document.get_formtype():
            document.init_forms()
            # Pages that are loaded with it make all their fields ready to be drawn and filled in: half of the time.
            self._form, document.formenv = document.formenv, None

    def close(self) -> None:
        """Let the document close what its form was opened with."""
        self._document.formenv = self._form

    def of(self, page: Any, text_page: Any) -> list[str]:
        """Return a line for each filled field and each note of a page."""
        self.struck = []
        handle = ctypes.byref(page.contents)
        count = quick("FPDFPage_GetAnnotCount")(handle)
        if count <= 0:
            return []
        lines: list[str] = []
        get, kind_of, close = (
            quick("FPDFPage_GetAnnot", returns=ctypes.c_void_p),
            quick("FPDFAnnot_GetSubtype"),
            quick("FPDFPage_CloseAnnot"),
        )
        addresses = map(get, itertools.repeat(handle), range(min(count, MOST_ANNOTATIONS)))
        places = [ctypes.c_void_p(address) for address in addresses if address]
        for place, kind in zip(places, map(kind_of, places), strict=True):
            if kind != _WIDGET and kind != _FILE and kind not in _NOTES:
                close(place)  # as most are: links
                continue
            annotation = ctypes.cast(place, self._raw.FPDF_ANNOTATION)
            try:
                line = self._line(page, annotation, kind)
                is_unseen = (line or kind == _STRUCK) and self._raw.FPDFAnnot_GetFlags(annotation) & _UNSEEN
                if kind == _STRUCK and not is_unseen:
                    self.struck += self._covered(annotation, text_page)
                if line and is_unseen:
                    self.hidden.append(line)
                    line = ""
            finally:
                self._raw.FPDFPage_CloseAnnot(annotation)
            if line and line not in lines[-1:]:
                lines.append(line)
        if self._is_ready:
            self._raw.FORM_OnBeforeClosePage(page, self._form)
            self._is_ready = False
        return lines

    def _line(self, page: Any, annotation: Any, kind: int) -> str:
        if kind == _WIDGET:
            return self._field(page, annotation) if self._form is not None else ""
        if kind == _FILE:
            self._take_file(annotation)
        if kind not in _NOTES:
            return ""
        text = self._string(lambda *buffer: self._raw.FPDFAnnot_GetStringValue(annotation, b"Contents", *buffer))
        if not text:  # with its formats alone
            rich = self._string(lambda *buffer: self._raw.FPDFAnnot_GetStringValue(annotation, b"RC", *buffer))
            text = " ".join(html.unescape(_TAG.sub(" ", rich)).split())
        return f"{_NOTES[kind]}: {text}" if text else ""

    def _covered(self, annotation: Any, text_page: Any) -> list[str]:
        """Return the text that an annotation marks, line by line."""
        points = self._raw.FS_QUADPOINTSF()
        count = min(self._raw.FPDFAnnot_CountAttachmentPoints(annotation), MOST_STRUCK - len(self.struck))
        lines: list[str] = []
        for number in range(max(count, 0)):
            if not self._raw.FPDFAnnot_GetAttachmentPoints(annotation, number, points):
                continue
            across = (points.x1, points.x2, points.x3, points.x4)
            up = (points.y1, points.y2, points.y3, points.y4)
            inset = (max(up) - min(up)) / 4  # what stands on the lines beside it touches its edge
            box = (min(across), max(up) - inset, max(across), min(up) + inset)
            written = self._raw.FPDFText_GetBoundedText(text_page, *box, self._place, USUAL_CHARACTERS)
            units = self._buffer[: max(written, 0)]
            text = "".join(map(chr, units)).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            lines += [line] if (line := " ".join(text.replace("\0", " ").split())) else []
        return lines

    def _take_file(self, annotation: Any) -> None:
        library: Any = importlib.import_module("pypdfium2")
        if attached := self._raw.FPDFAnnot_GetFileAttachment(annotation):
            attachment = library.PdfAttachment(attached, self._document)
            try:
                data = bytes(attachment.get_data())
            except (RuntimeError, ValueError):  # it names a file and holds none
                data = b""
            name = " ".join(str(attachment.get_name()).split())
            self.files.append((name or f"attachment {len(self.files) + 1}", data))

    def _chosen(self, annotation: Any) -> str:
        """Return what is chosen in a list, as it is shown."""
        count = min(self._raw.FPDFAnnot_GetOptionCount(self._form, annotation), MOST_OPTIONS)
        chosen = [one for one in range(count) if self._raw.FPDFAnnot_IsOptionSelected(self._form, annotation, one)]
        get = self._raw.FPDFAnnot_GetOptionLabel
        labels = [self._string(lambda *buffer: get(self._form, annotation, one, *buffer)) for one in chosen]  # noqa: B023
        return ", ".join(filter(None, labels))

    def _field(self, page: Any, annotation: Any) -> str:
        kind = self._raw.FPDFAnnot_GetFormFieldType(self._form, annotation)
        if kind in _SHOWN_ONLY:
            return ""
        if (
            kind not in (*_CHECKS, *_LISTS)
            and self._raw.FPDFAnnot_GetFormFieldFlags(self._form, annotation) & _PASSWORD
        ):
            return ""
        named = (self._raw.FPDFAnnot_GetFormFieldAlternateName, self._raw.FPDFAnnot_GetFormFieldName)
        if kind in _CHECKS:
            if not self._is_ready:  # to be filled in, without which no box counts as checked
                self._raw.FORM_OnAfterLoadPage(page, self._form)
                self._is_ready = True
            if not self._raw.FPDFAnnot_IsChecked(self._form, annotation):
                return ""
            get = self._raw.FPDFAnnot_GetFormFieldExportValue
        else:
            get = self._raw.FPDFAnnot_GetFormFieldValue
        value = self._chosen(annotation) if kind in _LISTS else ""
        value = value or self._string(lambda *buffer: get(self._form, annotation, *buffer))
        if not value:
            return ""
        names = (self._string(lambda *buffer: get(self._form, annotation, *buffer)) for get in named)  # noqa: B023
        name = next(filter(None, names), "")
        return f"{name}: {value}" if name else value

    def _string(self, get: Callable[..., int]) -> str:
        """Return what pdfium writes into a buffer as UTF-16, on one line."""
        length = get(self._place, ctypes.sizeof(self._buffer))
        if length <= 2 or length > 2 * MOST_CHARACTERS:
            return ""
        if length <= ctypes.sizeof(self._buffer):
            data = ctypes.string_at(self._buffer, length)
        else:
            buffer = (ctypes.c_ushort * (length // 2 + 1))()
            get(ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), length)
            data = bytes(buffer)[:length]
        return " ".join(data.decode("utf-16-le", errors="replace").replace("\0", " ").split())
