"""Turn what a URL leads to into a document: its name, and its bytes in an encoding that it says itself."""

import codecs
import posixpath
import re
from collections.abc import AsyncGenerator
from email.message import Message
from urllib.parse import unquote, urlsplit

from hubbub.connections.guarded import Arrived
from hubbub.core.errors import Invalid, NotFound, Unsupported
from hubbub.ingest.loaders.kinds import KINDS
from hubbub.ingest.loaders.labels import codec_of

NAME_CHARACTERS = 300
_BY_SUFFIX = {suffix: kind for kind in KINDS for suffix in kind.suffixes}
_ALSO = {
    "application/xhtml+xml": ".xhtml",
    "application/x-pdf": ".pdf",
    "text/xml": ".xml",
    "text/x-markdown": ".md",
    "text/json": ".json",
    "application/rss+xml": ".rss",
    "application/atom+xml": ".atom",
    "text/tab-separated-values": ".tsv",
    "text/rtf": ".rtf",
    "application/x-zip-compressed": ".zip",
}
_SUFFIX_OF = {**{kind.media_type: kind.suffixes[0] for kind in reversed(KINDS)}, **_ALSO}
_SAYS_NOTHING = frozenset(("", "application/octet-stream", "binary/octet-stream", "application/download", "text/plain"))
_STRANGE = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"|?*\\]+')


def is_url(text: str) -> bool:
    """Tell whether a text that may name a file or a folder is a URL."""
    return text.lower().startswith(("http://", "https://"))


def document_name(arrived: Arrived) -> str:
    """Return the name of the document that was fetched: host and path, with a suffix that says what it is.

    Raises:
        NotFound, Invalid: the server does not give it.
        Unsupported: it is of a kind that is not read.
    """
    if arrived.status in (404, 410):
        raise NotFound("There is nothing at this URL: its server says so.", code="not_fetched")
    if arrived.status in (401, 403, 407):
        raise Invalid("The server of this URL wants a sign-in. Download the file and add it.", code="not_fetched")
    if arrived.status != 200:
        raise Invalid(
            f"The server of this URL answered with status {arrived.status} and no document.", code="not_fetched"
        )
    parts = urlsplit(arrived.url)
    path = "/".join(one for one in unquote(parts.path).split("/") if one not in ("", ".", ".."))
    is_folder = not path or parts.path.endswith("/")
    path = posixpath.join(path, "index") if is_folder else path
    if sent := _sent_name(arrived):
        path = posixpath.join(posixpath.dirname(path), sent)
    stem, suffix = _parted(path, arrived.media_type)
    if parts.query:
        stem += f" ({unquote(parts.query)})"
    return f"{_tidy(f'{parts.hostname}/{stem}')[:NAME_CHARACTERS]}{suffix}"


def _sent_name(arrived: Arrived) -> str:
    """Return the last part of the file's name that the server sends along; "" where it sends none."""
    said = Message()
    said["Content-Disposition"] = arrived.headers.get("content-disposition", "")
    name = (said.get_filename() or "").replace("\\", "/").rpartition("/")[2]
    return "" if name.strip(" .") == "" else name


def _parted(path: str, media_type: str) -> tuple[str, str]:
    stem, suffix = posixpath.splitext(path)
    if media_type in _SAYS_NOTHING:
        if suffix.lower() in _BY_SUFFIX:
            return stem, suffix
        if media_type == "text/plain":
            return path, ".txt"
    elif (wanted := _SUFFIX_OF.get(media_type)) is not None:
        known = _BY_SUFFIX.get(suffix.lower())
        if known is not None and known is _BY_SUFFIX.get(wanted):
            return stem, suffix
        return path, wanted
    elif media_type.startswith("text/"):  # source code of many names
        return (stem, suffix) if suffix.lower() in _BY_SUFFIX else (path, ".txt")
    kind = f"“{media_type}”" if media_type else "of a kind that its server does not name"
    raise Unsupported(f"What this URL leads to is {kind}, which is not read here.")


def _tidy(name: str) -> str:
    return _STRANGE.sub("_", name)


async def document_pieces(arrived: Arrived, most_bytes: int) -> AsyncGenerator[bytes]:
    """Yield a document's bytes. A text whose encoding is said beside it alone, as HTTP does, becomes UTF-8.

    Raises as `Arrived.pieces` does.
    """
    codec = codec_of(arrived.charset) if arrived.charset and arrived.media_type.startswith("text/") else None
    pieces = arrived.pieces(most_bytes)
    if codec is None or (codec == "utf-8" and arrived.media_type != "text/html"):
        async for piece in pieces:
            yield piece
        return
    decoder = codecs.getincrementaldecoder(codec)(errors="replace")
    is_first = True
    async for piece in pieces:
        if is_first and piece.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            yield piece  # the bytes say more than the header does
            codec = None
        elif codec is None:
            yield piece
        else:
            yield (codecs.BOM_UTF8 if is_first else b"") + decoder.decode(piece).encode()
        is_first = False
    if codec is not None:
        yield decoder.decode(b"", final=True).encode()
