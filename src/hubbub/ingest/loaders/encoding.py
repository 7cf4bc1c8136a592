"""Turn the bytes of a text file into text, in the encoding that they are most likely in."""

import codecs
from typing import BinaryIO

from hubbub.core.errors import Unsupported

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark is its beginning
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f\x1b"))


def read_text(file: BinaryIO) -> str:
    """Return a file's text with line feeds for line breaks.

    Raises:
        Unsupported: it is no text.
    """
    text = decode(file.read())
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def decode(data: bytes) -> str:
    """Return bytes as text: by their mark, or UTF-8, UTF-16, or Windows-1252, whichever fits first.

    Raises:
        Unsupported: they are no text.
    """
    encoding = _marked(data) or _unmarked(data)
    if encoding is None:
        raise Unsupported("The file is not text, though its name says so.")
    return data.decode(encoding, errors="replace")


def looks_like_text(head: bytes) -> bool:
    """Tell whether a file that begins so is UTF-8 or UTF-16 text."""
    return _marked(head) is not None or _unmarked(head) in ("utf-8", "utf-16-le", "utf-16-be")


def _marked(data: bytes) -> str | None:
    return next((encoding for mark, encoding in _BOMS if data.startswith(mark)), None)


def _unmarked(data: bytes) -> str | None:
    head = data[:4096]
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) > len(head) // 8 and min(even, odd) <= len(head) // 100:
        return "utf-16-be" if even > odd else "utf-16-le"  # letters of Latin scripts have a zero byte each
    if len(head.translate(None, _CONTROLS)) < len(head) - len(head) // 100:
        return None
    # A character may be cut at the end of a head, so only whole ones count.
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"
