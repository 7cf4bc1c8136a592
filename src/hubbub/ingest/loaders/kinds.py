"""Tell which format a file has, by its name and by its first bytes."""

import importlib
import zipfile
from pathlib import PurePosixPath
from typing import BinaryIO, Protocol, cast

import msgspec

from hubbub.core.errors import Invalid, Unsupported
from hubbub.ingest.blocks import Loaded
from hubbub.ingest.loaders.archive import check_archive
from hubbub.ingest.loaders.encoding import looks_like_text

HEAD_BYTES = 4096


class Loader(Protocol):
    """A module of this package."""

    def load(self, file: BinaryIO) -> Loaded:
        """Return what an open file holds, read from its beginning.

        Raises:
            Invalid, Unsupported, TooLarge: why it can't be read, fit for a person.
        """
        ...


class Kind(msgspec.Struct, frozen=True):
    """A known format. The media type is that of its first suffix."""

    name: str
    module: str
    suffixes: tuple[str, ...]
    media_type: str

    def loader(self) -> Loader:
        """Return the module that reads it."""
        return cast(Loader, importlib.import_module(f"hubbub.ingest.loaders.{self.module}"))


_OFFICE = "application/vnd.openxmlformats-officedocument."
PDF = Kind("PDF", "pdf", (".pdf",), "application/pdf")
WORD = Kind("Word", "docx", (".docx", ".docm", ".dotx", ".dotm"), _OFFICE + "wordprocessingml.document")
POWERPOINT = Kind("PowerPoint", "pptx", (".pptx", ".pptm"), _OFFICE + "presentationml.presentation")
EXCEL = Kind("Excel", "xlsx", (".xlsx", ".xlsm"), _OFFICE + "spreadsheetml.sheet")
HTML = Kind("HTML", "html", (".html", ".htm", ".xhtml"), "text/html")
MARKDOWN = Kind("Markdown", "markdown", (".md", ".markdown"), "text/markdown")
CSV = Kind("CSV", "csv", (".csv", ".tsv"), "text/csv")
JSON = Kind("JSON", "json", (".json", ".jsonl", ".ndjson"), "application/json")
TEXT = Kind("plain text", "text", (".txt", ".text", ".log", ".rst"), "text/plain")

KINDS = (PDF, WORD, POWERPOINT, EXCEL, HTML, MARKDOWN, CSV, JSON, TEXT)
_BY_SUFFIX = {suffix: kind for kind in KINDS for suffix in kind.suffixes}
_OFFICE_PARTS = {"word/": WORD, "ppt/": POWERPOINT, "xl/": EXCEL}
_OLD_OFFICE = {".doc": ".docx", ".xls": ".xlsx", ".ppt": ".pptx"}
_OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED = "The file is encrypted: remove its password and add it again."


def media_type_of(name: str) -> str:
    """Return the media type that a file's name promises."""
    kind = _BY_SUFFIX.get(_suffix(name))
    return kind.media_type if kind else "application/octet-stream"


def kind_of(file: BinaryIO, name: str) -> Kind:
    """Return the kind of a file: what its bytes say goes before what its name says. It is at its beginning then.

    Raises:
        Unsupported: it is none of the known kinds.
        Invalid: it is encrypted, empty, or not what its name says.
        TooLarge: it is an archive that unpacks to too much.
    """
    head = file.read(HEAD_BYTES)
    file.seek(0)
    promised = _BY_SUFFIX.get(_suffix(name))
    if not head:
        raise Invalid("The file is empty. Add it again when something is in it.", code="empty")
    if b"%PDF-" in head[:1024]:
        return PDF
    if head.startswith(b"PK\x03\x04"):
        return _office_kind(file, name)
    if head.startswith(_OLE_MAGIC):
        raise _old_office(file, name)
    if promised in (PDF, WORD, POWERPOINT, EXCEL):
        raise Invalid(
            f"The file is damaged, or not {promised.name}, though its name ends in {_suffix(name)}. Save it anew.",
            code="corrupt",
        )
    if promised is not None:
        return promised
    if head.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html")):
        return HTML
    if looks_like_text(head):
        return TEXT
    raise _unknown(name)


def _office_kind(file: BinaryIO, name: str) -> Kind:
    try:
        with zipfile.ZipFile(file) as archive:
            check_archive(archive)
            parts = archive.namelist()
        file.seek(0)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise Invalid("The file is damaged. Save it anew and add it again.", code="corrupt") from error
    for folder, kind in _OFFICE_PARTS.items():
        if "[Content_Types].xml" in parts and any(part.startswith(folder) for part in parts):
            return kind
    raise _unknown(name)


def _old_office(file: BinaryIO, name: str) -> Invalid | Unsupported:
    # Word and its like keep an encrypted document in an OLE file, with a stream of this name (in UTF-16).
    if "EncryptedPackage".encode("utf-16-le") in file.read():
        return Invalid(ENCRYPTED, code="encrypted")
    newer = _OLD_OFFICE.get(_suffix(name), ".docx, .xlsx or .pptx")
    return Unsupported(f"The file is in Office's format of before 2007: save it as {newer} and add it again.")


def _unknown(name: str) -> Unsupported:
    known = ", ".join(suffix for kind in KINDS for suffix in kind.suffixes)
    return Unsupported(f"Files like “{PurePosixPath(name).name}” are not understood. Known are: {known}.")


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()
