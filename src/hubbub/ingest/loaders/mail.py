"""Read mails and saved pages (MIME): who wrote to whom, the text, and what is attached."""

import email
import email.header
import email.message
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

from hubbub.core.errors import Invalid, Unsupported
from hubbub.core.reasons import because
from hubbub.ingest.blocks import Block, Heading, Loaded, Paragraph
from hubbub.ingest.gauge import reading_one
from hubbub.ingest.loaders import html, text
from hubbub.ingest.loaders.encoding import decode, tidied
from hubbub.ingest.loaders.grids import flat
from hubbub.ingest.loaders.labels import codec_of
from hubbub.ingest.loaders.nested import Inner, inner_blocks

_SHOWN = ("From", "To", "Cc", "Bcc", "Date", "Subject")
_MAILBOX = re.compile(rb"^From \S+.*\d{4}.*\r?\n", re.MULTILINE)

_WORD = re.compile(r"\w+")
_PICTURED = re.compile(r"\[Image: [^\]]*\]")
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
    for number, one in enumerate(mails):
        with reading_one(number, len(mails)):
            read_all.append(read(email.message_from_bytes(one)))
    blocks: list[Block] = []
    for one in read_all:
        blocks += [Heading(one.title or "Mail", 1), *one.blocks]
    return Loaded(blocks, omitted=tuple(omission for one in read_all for omission in one.omitted))


def read(message: email.message.Message) -> Loaded:
    """Return what a mail says."""
    lines = [f"{name}: {value}" for name in _SHOWN if (value := _header(message, name))]
    blocks: list[Block] = [Paragraph("\n".join(lines))] if lines else []
    bodies, attached = _parts(message)
    for body in bodies:
        blocks += body.blocks
    inner, omitted = inner_blocks(attached, lead="Attachment: ", of=len(attached))
    return Loaded([*blocks, *inner], title=_header(message, "Subject"), omitted=omitted)


def _encrypted() -> Loaded:
    raise Invalid(because("encrypted"), code="encrypted")


def _parts(message: email.message.Message) -> tuple[list[Loaded], list[tuple[str, Inner]]]:
    """Return the texts of a mail, one of each set of alternatives, and what is attached."""
    bodies: list[Loaded] = []
    attached: list[tuple[str, Inner]] = []
    left: list[email.message.Message] = [message]
    while left:
        part = left.pop()
        kind, name = part.get_content_type(), _file_name(part)
        if kind == "message/rfc822":
            attached += [(name or "forwarded.eml", one.as_bytes()) for one in _inner(part)]
        elif kind.startswith("message/") and part.is_multipart():  # lines on what became of a mail
            bodies += [text.read(tidied("\n".join(one.as_string() for one in _inner(part))))]
        elif kind == "multipart/encrypted":
            attached.append(("the encrypted text", _encrypted))
        elif part.is_multipart():
            inner = list(_inner(part))
            if kind == "multipart/alternative" and inner:
                best = _best(inner)
                left += [best]
                attached += [file for one in inner if one is not best for file in _parts(one)[1]]
            else:
                left += reversed(inner)
        elif kind in ("text/plain", "text/html") and part.get_content_disposition() != "attachment" and not name:
            content = _content(part)
            bodies.append(html.read_page(content) if kind == "text/html" else text.read(tidied(content)))
        elif not (part.get("Content-ID") and part.get_content_maintype() == "image"):
            payload = part.get_payload(decode=True)
            data = payload if isinstance(payload, bytes) else b""
            attached += [(name or f"attachment{_suffix(kind)}", data)] if data else []
    return bodies, attached


def _inner(part: email.message.Message) -> Iterator[email.message.Message]:
    payload: Any = part.get_payload()
    if isinstance(payload, list):
        yield from (one for one in cast(list[Any], payload) if isinstance(one, email.message.Message))


def _best(parts: list[email.message.Message]) -> email.message.Message:
    """Return which of several forms of the same text to read: the plain one, unless words of another one lack in it."""
    words = {id(part): _words(part) for part in parts}
    plain = next((part for part in parts if part.get_content_type() == "text/plain"), None)
    longest = max(parts, key=lambda part: words[id(part)].total())
    if plain is None:
        return longest
    lacking = words[id(longest)] - words[id(plain)]
    return plain if lacking.total() <= words[id(longest)].total() * MOST_LACKING else longest


def _words(part: email.message.Message) -> Counter[str]:
    if part.is_multipart():
        return max((_words(one) for one in _inner(part)), key=lambda words: words.total(), default=Counter[str]())
    match part.get_content_type():
        case "text/html":
            said = _PICTURED.sub("", flat(html.read_page(_content(part)).blocks))
        case "text/plain":
            said = _content(part)
        case _:
            said = ""
    return Counter(_WORD.findall(said))


def _content(part: email.message.Message) -> str:
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
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
