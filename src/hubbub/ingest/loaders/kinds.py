"""Tell which format a file has, by its name and by its first bytes."""

import importlib
import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, BinaryIO, cast

import msgspec

from hubbub.core.errors import Invalid, Unsupported
from hubbub.core.reasons import because
from hubbub.ingest.base import OwnFormat, ReadsFiles
from hubbub.ingest.loaders.archive import check_archive
from hubbub.ingest.loaders.encoding import looks_like_text
from hubbub.ingest.loaders.ole import MAGIC, Ole

HEAD_BYTES = 4096


class Kind(msgspec.Struct, frozen=True):
    """A known format. The media type is that of its first suffix."""

    name: str
    module: str
    suffixes: tuple[str, ...]
    media_type: str

    def loader(self) -> ReadsFiles:
        """Return the module that reads it."""
        return cast(ReadsFiles, importlib.import_module(f"hubbub.ingest.loaders.{self.module}"))


_OFFICE = "application/vnd.openxmlformats-officedocument."
PDF = Kind("PDF", "pdf", (".pdf",), "application/pdf")
WORD = Kind("Word", "docx", (".docx", ".docm", ".dotx", ".dotm"), _OFFICE + "wordprocessingml.document")
POWERPOINT = Kind("PowerPoint", "pptx", (".pptx", ".pptm"), _OFFICE + "presentationml.presentation")
EXCEL = Kind("Excel", "xlsx", (".xlsx", ".xlsm"), _OFFICE + "spreadsheetml.sheet")
HTML = Kind("HTML", "html", (".html", ".htm", ".xhtml"), "text/html")
MARKDOWN = Kind("Markdown", "markdown", (".md", ".markdown"), "text/markdown")
CSV = Kind("CSV", "csv", (".csv", ".tsv"), "text/csv")
JSON = Kind("JSON", "json", (".json", ".jsonl", ".ndjson", ".geojson", ".jsonc"), "application/json")
TEXT = Kind(
    "plain text",
    "text",
    (".txt", ".text", ".log", ".rst", ".tex", ".adoc", ".srt", ".vtt", ".ics", ".vcf"),
    "text/plain",
)
PNG = Kind("PNG", "pictures", (".png",), "image/png")
JPEG = Kind("JPEG", "pictures", (".jpg", ".jpeg"), "image/jpeg")
TIFF = Kind("TIFF", "pictures", (".tif", ".tiff"), "image/tiff")
WEBP = Kind("WebP", "pictures", (".webp",), "image/webp")
RTF = Kind("RTF", "rtf", (".rtf",), "application/rtf")
MAIL = Kind("mail", "mail", (".eml", ".mbox", ".mht", ".mhtml"), "message/rfc822")
MSG = Kind("Outlook mail", "msg", (".msg",), "application/vnd.ms-outlook")
NOTEBOOK = Kind("Jupyter", "notebook", (".ipynb",), "application/x-ipynb+json")
SVG = Kind("SVG", "markup", (".svg",), "image/svg+xml")
XML = Kind("XML", "markup", (".xml", ".rss", ".atom", ".kml", ".plist", ".fodt", ".fods", ".fodp"), "application/xml")
ODT = Kind("OpenDocument text", "odf", (".odt", ".ott"), "application/vnd.oasis.opendocument.text")
ODS = Kind("OpenDocument spreadsheet", "odf", (".ods",), "application/vnd.oasis.opendocument.spreadsheet")
ODP = Kind("OpenDocument presentation", "odf", (".odp",), "application/vnd.oasis.opendocument.presentation")
EPUB = Kind("EPUB", "epub", (".epub",), "application/epub+zip")
ZIP = Kind("ZIP", "bundle", (".zip", ".kmz"), "application/zip")
TAR = Kind("archive", "tarball", (".gz", ".tgz", ".tar", ".svgz"), "application/gzip")
CODE = Kind(
    "source code",
    "lines",
    (
        *(
            ".py",
            ".js",
            ".ts",
            ".tsx",
            ".jsx",
            ".java",
            ".kt",
            ".c",
            ".h",
            ".cc",
            ".cpp",
            ".hpp",
            ".cs",
            ".go",
            ".rs",
            ".rb",
        ),
        *(
            ".php",
            ".swift",
            ".scala",
            ".lua",
            ".pl",
            ".r",
            ".sh",
            ".bash",
            ".ps1",
            ".bat",
            ".sql",
            ".css",
            ".scss",
            ".vue",
        ),
        *(
            ".yaml",
            ".yml",
            ".toml",
            ".ini",
            ".cfg",
            ".conf",
            ".properties",
            ".env",
            ".tf",
            ".proto",
            ".graphql",
            ".diff",
        ),
    ),
    "text/plain",
)

KINDS = (
    PDF,
    WORD,
    POWERPOINT,
    EXCEL,
    HTML,
    MARKDOWN,
    CSV,
    JSON,
    TEXT,
    RTF,
    MAIL,
    MSG,
    NOTEBOOK,
    SVG,
    XML,
    ODT,
    ODS,
    ODP,
    EPUB,
    ZIP,
    TAR,
    PNG,
    JPEG,
    TIFF,
    WEBP,
    CODE,
)
_HEADER = re.compile(rb"([a-z][a-z0-9-]*):[^\n]*\n(?:[ \t][^\n]*\n)*")
_OF_MAIL = frozenset(b"from to subject date received return-path delivered-to message-id mime-version".split())
"""A text whose first lines are headers, three of these among them, is a mail."""
_BY_SUFFIX = {suffix: kind for kind in KINDS for suffix in kind.suffixes}
_TEXTS = (HTML, MARKDOWN, CSV, JSON, TEXT, MAIL, NOTEBOOK, SVG, XML, CODE)
_PICTURES = (PNG, JPEG, TIFF, WEBP)
_OFFICE_PARTS = {"word/": WORD, "ppt/": POWERPOINT, "xl/": EXCEL}
_OLD_OFFICE = {".doc": ".docx", ".xls": ".xlsx", ".ppt": ".pptx"}
_own: dict[str, OwnFormat] = {}
"""The formats of somebody's own by suffix, in a sandbox's child alone, which reads one file and ends."""
ENCRYPTED = because("encrypted")


def take_formats(formats: Sequence[Mapping[str, Any]]) -> None:
    """Read formats of somebody's own from now on, in this process: a sandbox's child."""
    for one in msgspec.convert(formats, list[OwnFormat]):
        _own.update(dict.fromkeys(one.suffixes, one))


def media_type_of(name: str) -> str:
    """Return the media type that a file's name promises."""
    kind = _BY_SUFFIX.get(_suffix(name))
    return kind.media_type if kind else "application/octet-stream"


def kind_of(file: BinaryIO, name: str) -> Kind | OwnFormat:
    """Return the kind of a file: what its bytes say goes before what its name says. It is at its beginning then.

    A format of somebody's own is told by the name alone.

    Raises:
        Unsupported: it is none of the known kinds.
        Invalid: it is encrypted, empty, or not what its name says.
        TooLarge: it is an archive that unpacks to too much.
    """
    head = file.read(HEAD_BYTES)
    file.seek(0)
    promised = _BY_SUFFIX.get(_suffix(name))
    if not head:
        raise Invalid(because("file_empty"), code="empty")
    if (own := _own.get(_suffix(name))) is not None:
        return own
    if b"%PDF-" in head[:1024] and not (promised in _TEXTS and looks_like_text(head)):
        return PDF
    if head.startswith(b"PK\x03\x04"):
        return _office_kind(file, name)
    if head.startswith(b"\x1f\x8b") or head[257:262] == b"ustar":
        return TAR
    if (pictured := _picture(head)) is not None:
        return pictured
    if head.startswith(MAGIC):
        return _ole_kind(file, name)
    if (written := _written(head, name)) is not None:
        return written
    if promised in (PDF, WORD, POWERPOINT, EXCEL, ODT, ODS, ODP, EPUB, ZIP, TAR, RTF, *_PICTURES):
        raise Invalid(
            because("not_its_kind", kind=promised.name, suffix=_suffix(name)),
            code="corrupt",
        )
    if promised is not None:
        return promised
    if head.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html")):
        return HTML
    if looks_like_text(head):
        return TEXT
    raise _unknown(name)


def _picture(head: bytes) -> Kind | None:
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        return TIFF
    return WEBP if head.startswith(b"RIFF") and head[8:12] == b"WEBP" else None


def _written(head: bytes, name: str) -> Kind | None:
    """Return which kind a text is that says so itself, whatever its name promises; None for the others."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:2048].lower()
    promised = _BY_SUFFIX.get(_suffix(name))
    if start.startswith(b"{\\rtf"):
        return RTF
    if promised not in (None, TEXT, CSV, XML, SVG, WORD, EXCEL, POWERPOINT, HTML):
        return None
    is_saved_page = start.startswith(b"mime-version:") and promised is not TEXT  # by Word or Excel, under their names
    if is_saved_page or (promised in (None, TEXT) and _is_mail(start)):
        return MAIL
    is_page = start.startswith((b"<!doctype html", b"<html")) or (start.startswith(b"<?xml") and b"<html" in start)
    is_table = start.startswith((b"<table", b"<meta", b"<head", b"<style", b"<body")) and promised is not HTML
    if is_page or is_table:
        return HTML
    if start.startswith(b"<svg") or (start.startswith((b"<?xml", b"<!doctype svg")) and b"<svg" in start):
        return SVG
    if start.startswith(b"<?xml"):
        return XML
    # Spreadsheets of old were often saved as text under a name of theirs.
    return CSV if _suffix(name) == ".xls" and looks_like_text(head) else None


def _is_mail(start: bytes) -> bool:
    names: set[bytes] = set()
    place = 0
    while (found := _HEADER.match(start, place)) is not None:
        names.add(found[1])
        place = found.end()
    return len(names & _OF_MAIL) >= 3


def _office_kind(file: BinaryIO, name: str) -> Kind:
    try:
        with zipfile.ZipFile(file) as archive:
            check_archive(archive)
            parts = [part.replace("\\", "/") for part in archive.namelist()]
            lowered = {part.lower() for part in parts}
        file.seek(0)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise Invalid(because("damaged"), code="corrupt") from error
    if "xl/workbook.bin" in parts:
        raise Unsupported(because("excel_binary"))
    for folder, kind in _OFFICE_PARTS.items():
        if "[content_types].xml" in lowered and any(part.startswith(folder) for part in lowered):
            return kind
    if "content.xml" in parts and "META-INF/manifest.xml" in parts:
        return ODT
    if "META-INF/container.xml" in parts:
        return EPUB
    if _suffix(name) in (*ZIP.suffixes, ""):
        return ZIP
    raise _unknown(name)


def _ole_kind(file: BinaryIO, name: str) -> Kind:
    data = file.read()
    file.seek(0)
    try:
        paths = Ole(data).paths()
    except Invalid:
        # As much as its bytes tell.
        paths = ["EncryptedPackage"] if "EncryptedPackage".encode("utf-16-le") in data else []
        if not paths and _suffix(name) not in _OLD_OFFICE:
            raise
    if "__properties_version1.0" in paths:
        return MSG
    # Word and its like keep an encrypted document in a file of this kind.
    if "EncryptedPackage" in paths:
        raise Invalid(ENCRYPTED, code="encrypted")
    if _suffix(name) in MSG.suffixes:
        raise Invalid(because("damaged"), code="corrupt")
    newer = _OLD_OFFICE.get(_suffix(name), ".docx, .xlsx or .pptx")
    raise Unsupported(because("old_office", newer=newer))


def _unknown(name: str) -> Unsupported:
    ours = [suffix for kind in KINDS if kind is not CODE for suffix in kind.suffixes]
    known = ", ".join((*_own, *ours, "source code"))
    return Unsupported(because("kind_unknown", name=PurePosixPath(name).name, known=known))


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()
