"""Read mails and saved pages (MIME): who wrote to whom, the text, and what is attached."""

import base64
import email
import email.header
import email.message
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, BinaryIO, cast
from urllib.parse import unquote

from hubbub.core.errors import Invalid, Unsupported
from hubbub.core.reasons import because
from hubbub.ingest.blocks import Block, Heading, Loaded, Paragraph
from hubbub.ingest.gauge import reading_one
from hubbub.ingest.loaders import html, text
from hubbub.ingest.loaders.encoding import decode, tidied
from hubbub.ingest.loaders.grids import flat
from hubbub.ingest.loaders.inlaid import Inlaid
from hubbub.ingest.loaders.labels import codec_of
from hubbub.ingest.loaders.nested import Inner, inner_blocks

_SHOWN = ("From", "To", "Cc", "Bcc", "Date", "Subject")
_MAILBOX = re.compile(
    rb"(?:\A|(?<=\n\n)|(?<=\n\r\n)|^(?=From .*\d:\d\d))From \S+.*\d{4}.*\r?\n(?=[!-9;-~]+:|>From )", re.MULTILINE
)
"""What parts the mails of a mailbox: a line that begins so within a text stands before no header."""

_WORD = re.compile(r"\w+")
_PICTURED = re.compile(r"\[Image: [^\]]*\]")
SIGNATURE = "-- "
"""What parts a signature from the text above; it flows into nothing."""
_QUOTES = re.compile(">+")
_SIGNATURES = frozenset(f"application/{kind}-signature" for kind in ("pkcs7", "x-pkcs7", "pgp"))
"""What says that a mail is genuine, and holds nothing to read."""
_OF_PAGES = frozenset(("text/css", "text/javascript", "application/javascript", "application/x-javascript"))
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=\s]")
_ENDED = re.compile(rb"=[ \t]*\r?\n")
MOST_LACKING = 0.1
"""A plain form of a text may lack this part of another form's words."""
_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)
"""How mailboxes keep lines that begin as their mails do."""


def load(file: BinaryIO) -> Loaded:
    """Return a mail, or the mails of a mailbox. Attachments follow their mail, each under its name."""
    data = file.read()
    if not _MAILBOX.match(data):
        return read(email.message_from_bytes(data))
    mails = [_QUOTED.sub(rb"\1", one) for one in _MAILBOX.split(data) if one.strip()]
    read_all: list[Loaded] = []
    seen: set[bytes] = set()
    for number, one in enumerate(mails):
        with reading_one(number, len(mails)):
            read_all.append(read(email.message_from_bytes(one), seen))
    blocks: list[Block] = []
    for one in read_all:
        blocks += [Heading(one.title or "Mail", 1), *one.blocks]
    return Loaded(blocks, omitted=tuple(omission for one in read_all for omission in one.omitted))


def read(message: email.message.Message, seen: set[bytes] | None = None) -> Loaded:
    """Return what a mail says. `seen` keeps which pictures were read in other mails of its mailbox."""
    lines = [f"{name}: {value}" for name in _SHOWN if (value := _header(message, name))]
    blocks: list[Block] = [Paragraph("\n".join(lines))] if lines else []
    pictures = _Pictures(seen)
    bodies, attached = _parts(message, pictures)
    for body in bodies:
        blocks += body.blocks
    blocks += pictures.left()
    inner, omitted = inner_blocks(attached, lead="Attachment: ", of=len(attached))
    return Loaded([*blocks, *inner], title=_header(message, "Subject"), omitted=omitted)


class _Pictures:
    """The pictures that a mail shows within its text."""

    def __init__(self, seen: set[bytes] | None) -> None:
        self._parts: dict[str, email.message.Message] = {}
        self._inlaid = Inlaid(self._data, seen)

    def _data(self, address: str) -> bytes:
        part = self._parts.get(unquote(address.removeprefix("cid:")))
        return payload_of(part) if part is not None else b""

    def add(self, part: email.message.Message) -> None:
        """Add a part that is a picture."""
        self._parts[str(part["Content-ID"]).strip("<> ")] = part

    def read(self, address: str) -> list[Block]:
        """Return what a picture says, by its address in the text."""
        return self._inlaid.read(address)

    def left(self) -> list[Block]:
        """Return what those pictures say that no text has shown."""
        return [block for name in self._parts for block in self.read(f"cid:{name}")]


def _encrypted() -> Loaded:
    raise Invalid(because("encrypted"), code="encrypted")


def _elsewhere() -> Loaded:
    raise Invalid(because("damaged"), code="corrupt")


def _parts(message: email.message.Message, pictures: _Pictures) -> tuple[list[Loaded], list[tuple[str, Inner]]]:
    """Return the texts of a mail, one of each set of alternatives, and what is attached."""
    texts: list[email.message.Message] = []
    attached: list[tuple[str, Inner]] = []
    left: list[tuple[email.message.Message, bool]] = [(message, True)]
    while left:
        part, is_shown = left.pop()
        kind, name = part.get_content_type(), _file_name(part)
        if kind == "message/rfc822":
            attached += [(name or "forwarded.eml", _forwarded(part, one)) for one in _inner(part)]
        elif kind == "message/external-body":
            attached.append((name or str(part.get_param("url") or part.get_param("name") or kind), _elsewhere))
        elif kind.startswith("message/") and part.is_multipart():  # lines on what became of a mail
            texts.append(part)
        elif kind == "multipart/encrypted":
            attached.append(("the encrypted text", _encrypted))
        elif part.is_multipart():
            inner = list(_inner(part))
            best = _best(inner) if kind == "multipart/alternative" and inner else None
            left += [(one, is_shown and best in (None, one)) for one in reversed(inner)]
        elif part.get("Content-ID") and part.get_content_maintype() == "image":
            pictures.add(part)
        elif kind in ("text/plain", "text/html") and part.get_content_disposition() != "attachment" and not name:
            texts += [part] if is_shown else []
        elif kind in _SIGNATURES or (kind in _OF_PAGES and not name):
            continue
        elif is_shown or name or part.get_content_maintype() != "text" or kind == "text/calendar":
            data = payload_of(part)
            attached += [(name or f"attachment{_suffix(kind)}", data)] if data else []
    return [_text(one, pictures) for one in texts], attached


def _text(part: email.message.Message, pictures: _Pictures) -> Loaded:
    if part.is_multipart():
        return text.read(tidied("\n".join(one.as_string() for one in _inner(part))))
    content = _content(part)
    if part.get_content_type() == "text/html":
        return html.read_page(content, pictures=pictures.read)
    return text.read(_unflowed(tidied(content), part))


def _unflowed(content: str, part: email.message.Message) -> str:
    """Return text whose lines are whole that were broken to be sent (RFC 3676)."""
    if str(part.get_param("format") or "").lower() != "flowed":
        return content
    is_space_dropped = str(part.get_param("delsp") or "").lower() == "yes"
    lines: list[str] = []
    flows_on: str | None = None  # how deeply what flows on is quoted
    for line in content.split("\n"):
        quoted = _QUOTES.match(line)
        marks = quoted[0] if quoted else ""
        said = line[len(marks) :].removeprefix(" ")
        if flows_on == marks and said != SIGNATURE:
            lines[-1] += said
        else:
            lines.append(f"{marks} {said}" if marks else said)
        flows_on = marks if said.endswith(" ") and said != SIGNATURE else None
        if flows_on is not None and is_space_dropped:
            lines[-1] = lines[-1][:-1]
    return "\n".join(lines)


def payload_of(part: email.message.Message) -> bytes:
    """Return what a part holds. Base64 may be cut off, and a mailing list may have added lines of text below it."""
    if str(part.get("Content-Transfer-Encoding", "")).strip().lower() != "base64":
        payload = part.get_payload(decode=True)
        return payload if isinstance(payload, bytes) else b""
    packed = str(part.get_payload()).encode("utf-8", "surrogateescape")
    strange = _NOT_BASE64.search(packed)
    if strange is not None and part.get_content_maintype() != "text":
        packed, strange = _NOT_BASE64.sub(b"", packed), None
    end = len(packed)
    if strange is not None:  # the text begins at a line: behind padding, or with what no Base64 holds
        end = packed.rfind(b"\n", 0, strange.start()) + 1
        end = min(end, ended.end()) if (ended := _ENDED.search(packed)) else end
    rest = packed[end:].strip()
    unpacked = b"".join(map(_unpacked, b"".join(packed[:end].split()).split(b"=")))
    return unpacked + (b"\n\n" + rest if rest else b"")


def _unpacked(packed: bytes) -> bytes:
    """Return what Base64 without its padding stands for; a last letter that is alone stands for nothing."""
    kept = packed[:-1] if len(packed) % 4 == 1 else packed
    return base64.b64decode(kept + b"=" * (-len(kept) % 4))


def _forwarded(part: email.message.Message, inner: email.message.Message) -> bytes:
    """Return a mail within a mail; some programs pack it, which no standard allows."""
    if str(part.get("Content-Transfer-Encoding", "")).strip().lower() in ("base64", "quoted-printable"):
        inner_text = email.message.Message()
        inner_text["Content-Transfer-Encoding"] = part["Content-Transfer-Encoding"]
        inner_text.set_payload(inner.get_payload() if not inner.keys() else inner.as_string())
        return payload_of(inner_text)
    return inner.as_bytes()


def _inner(part: email.message.Message) -> Iterator[email.message.Message]:
    payload: Any = part.get_payload()
    if isinstance(payload, list):
        yield from (one for one in cast(list[Any], payload) if isinstance(one, email.message.Message))


def _best(parts: list[email.message.Message]) -> email.message.Message:
    """Return which of several forms of the same text to read: the plain one, unless words of another one lack in it."""
    words = {id(part): _words(part) for part in parts}
    plain = next((part for part in parts if part.get_content_type() == "text/plain"), None)
    longest = max(
        (part for part in parts if part is not plain), key=lambda part: words[id(part)].total(), default=plain
    )
    if plain is None or longest is None:
        return longest or parts[0]
    lacking = words[id(longest)] - words[id(plain)]
    if any(word.isdigit() for word in lacking):  # other amounts than those that most programs show
        return longest
    return plain if lacking.total() <= words[id(longest)].total() * MOST_LACKING else longest


def _words(part: email.message.Message) -> Counter[str]:
    if part.is_multipart():
        return max((_words(one) for one in _inner(part)), key=lambda words: words.total(), default=Counter[str]())
    match part.get_content_type():
        case "text/html":
            said = _PICTURED.sub("", flat(html.read_page(_content(part), pictures=lambda address: []).blocks))
        case "text/plain":
            said = _content(part)
        case _:
            said = ""
    return Counter(_WORD.findall(said))


def _content(part: email.message.Message) -> str:
    data = payload_of(part)
    named = part.get_content_charset()
    try:
        if part.get_content_type() == "text/html" and named is None:
            return html.decode_page(data)
        return decode(data, codec_of(named) if named else None)
    except Unsupported:
        return ""


def _header(message: email.message.Message, name: str) -> str:
    value = message.get(name)
    if value is None:
        return ""
    if isinstance(value, email.header.Header):  # bytes that are not ASCII, as they stand
        value = _raw_header(message, name)
    try:
        return " ".join(str(email.header.make_header(email.header.decode_header(value))).split())
    except (ValueError, LookupError, TypeError):
        return " ".join(str(value).split())


def _raw_header(message: email.message.Message, name: str) -> str:
    """Return a header that holds bytes that are not ASCII, in the encoding that these are in."""
    raw = next((value for key, value in message.raw_items() if key.lower() == name.lower()), "")
    try:
        return decode(str(raw).encode("ascii", "surrogateescape"))
    except (UnicodeEncodeError, Unsupported):
        return str(raw).encode("ascii", "replace").decode()


def _file_name(part: email.message.Message) -> str:
    try:
        name = part.get_filename() or ""
        return " ".join(str(email.header.make_header(email.header.decode_header(name))).split())
    except (ValueError, LookupError, TypeError):
        return ""


def _suffix(kind: str) -> str:
    return {"text/csv": ".csv", "application/pdf": ".pdf", "text/calendar": ".txt", "application/json": ".json"}.get(
        kind, ""
    )
