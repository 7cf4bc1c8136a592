"""Count the words of a file by its format's marks alone, independently of the product's readers."""

import html
import io
import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pypdfium2

WORD = re.compile(r"\w+")
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_TEXT = re.compile(r"<(?:\w+:)?t(?:\s[^>]*)?>([^<]*)<")
_PARAGRAPH_END = re.compile(r"</(?:\w+:)?(?:p|si|is|tc|comment|cm|v)>|<(?:\w+:)?(?:br|tab|cr)\b[^>]*>")
_AGAIN = re.compile(r"(<mc:Choice\b(?:(?!</mc:Choice>).)*<\w+:t\b.*?)<mc:Fallback\b.*?</mc:Fallback>", re.DOTALL)
_NOT_SHOWN = re.compile(r"<(?:\w+:)?(delText|instrText|moveFrom|rPh)\b(?!\w).*?</(?:\w+:)?\1>", re.DOTALL)
"""Deleted and moved text, the codes of fields, and how a word of Japanese is read."""
_CODE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_SLIDE_NUMBER = re.compile(r'<a:fld\b[^>]*type="slidenum".*?</a:fld>', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)")
_OFFICE_PARTS = {
    ".docx": r"word/(document|header\d*|footer\d*|footnotes|endnotes|comments)\.xml",
    ".pptx": r"ppt/(slides/slide\d+|notesSlides/\w+|charts/chart\d+|diagrams/data\d+)\.xml",
    ".xlsx": r"xl/(sharedStrings|worksheets/sheet\d+|drawings/drawing\d+|charts/chart\d+|comments\d*)\.xml",
}
_SAME = {".docm": ".docx", ".dotx": ".docx", ".pptm": ".pptx", ".ppsx": ".pptx", ".xlsm": ".xlsx", ".xltx": ".xlsx"}
_UNSEEN = re.compile(
    r"<(script|style|noscript|template|head|nav|select)\b.*?</\1\s*>|<!--.*?-->", re.DOTALL | re.IGNORECASE
)


def words(path: Path) -> list[str] | None:
    """Return the words of a file; None for a format that is not counted."""
    count = _counter(path.suffix.lower())
    if count is None:
        return None
    return WORD.findall(unicodedata.normalize("NFC", count(path.read_bytes(), path.suffix.lower())).lower())


_TAG = re.compile(r"</?[a-z][^<>\n]*>", re.IGNORECASE)
"""Of a page within Markdown, and addresses between brackets."""


def _counter(suffix: str) -> Callable[[bytes, str], str] | None:
    if suffix in _OFFICE_PARTS or suffix in _SAME:
        return _office
    if suffix == ".pdf":
        return _pdf
    if suffix in (".odt", ".ods", ".odp", ".ott"):
        return _open_document
    if suffix == ".epub":
        return _book
    if suffix in (".html", ".htm", ".xhtml"):
        return _html
    if suffix == ".md":
        return lambda data, _: _TAG.sub(" ", _text(data, suffix))
    if suffix in (".json", ".jsonl"):
        return lambda data, _: _ESCAPE.sub(_unescaped, _text(data, suffix))
    return _plain if suffix in (".csv", ".tsv", ".txt", ".log") else None


def _plain(data: bytes, suffix: str) -> str:
    text = _text(data, suffix)
    is_xml = text.startswith("<?xml")  # whatever its name says
    return html.unescape(re.sub(r"<[^>]*>", " ", text)) if is_xml else text


def _unescaped(found: re.Match[str]) -> str:
    return chr(int(found[1], 16)) if found[1] else " "


def _office(data: bytes, suffix: str) -> str:
    wanted = re.compile(_OFFICE_PARTS[_SAME.get(suffix, suffix)], re.IGNORECASE)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = [archive.read(name).decode(errors="replace") for name in archive.namelist() if wanted.fullmatch(name)]
    return "\n".join(_runs(part) for part in parts)


def _open_document(data: bytes, suffix: str) -> str:
    """Return what content.xml holds, a line a paragraph; what was deleted is kept in a place of its own."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        content = archive.read("content.xml").decode(errors="replace").partition("<office:body")[2]
    content = re.sub(r"<text:tracked-changes\b.*?</text:tracked-changes>", "", content, flags=re.DOTALL)
    content = re.sub(r"</text:(?:p|h)>|<text:(?:s|tab|line-break)\b[^>]*>", "\n", content)
    return html.unescape(re.sub(r"<[^>]*>", "", content.partition(">")[2]))


def _book(data: bytes, suffix: str) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        pages = [name for name in archive.namelist() if name.lower().endswith((".html", ".htm", ".xhtml"))]
        return "\n".join(_html(archive.read(name), suffix) for name in pages)


def _runs(part: str) -> str:
    """Return a part's text, a line a paragraph, so that runs within a word stay together.

    A text box that is written a second time for older programs counts once; a slide's own number is no word.
    """
    part = _AGAIN.sub(r"\1", part)
    part = _SLIDE_NUMBER.sub("", part)
    part = _NOT_SHOWN.sub("", part)
    lines = ("".join(_TEXT.findall(paragraph + "<")) for paragraph in _PARAGRAPH_END.split(part))
    return _CODE.sub(lambda found: chr(int(found[1], 16)), html.unescape("\n".join(lines)))


def _pdf(data: bytes, suffix: str) -> str:
    document = pypdfium2.PdfDocument(data)
    try:
        return "\n".join(_pages(document)).replace("\ufffe", "")
    finally:
        document.close()


def _pages(document: pypdfium2.PdfDocument) -> Iterator[str]:
    for page in document:
        text = page.get_textpage()
        yield text.get_text_range()
        text.close()
        page.close()


def _html(data: bytes, suffix: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", " ", _UNSEEN.sub(" ", _text(data, suffix))))


def _text(data: bytes, suffix: str) -> str:
    """Return UTF-8 and UTF-16; of other encodings a crude count knows nothing."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = data.decode("utf-16", errors="replace")
    elif data[0::2].count(0) + data[1::2].count(0) > len(data) // 8:
        text = data.decode("utf-16-be" if data[0::2].count(0) > data[1::2].count(0) else "utf-16-le", errors="replace")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            return ""
    text = _ANSI.sub("", text).replace("\0", "")
    return text.partition("\n")[2] if text[:4].lower() == "sep=" else text
