"""Read mails in Outlook's own format (MS-OXMSG): who wrote to whom, the text, and what is attached."""

import datetime
import re
import struct
from typing import BinaryIO
from urllib.parse import unquote

from hubbub.core.documents import Omission
from hubbub.core.errors import HubbubError, Invalid, Unsupported
from hubbub.core.reasons import because
from hubbub.ingest.blocks import Block, Loaded, Paragraph
from hubbub.ingest.loaders import html, rtf, text
from hubbub.ingest.loaders.encoding import decode, tidied
from hubbub.ingest.loaders.inlaid import Inlaid
from hubbub.ingest.loaders.msg_named import told
from hubbub.ingest.loaders.nested import Inner, inner_blocks
from hubbub.ingest.loaders.ole import Ole

MOST_BODY = 64 * 1024 * 1024
"""A compressed body that unpacks to more is not read."""

_SUBJECT, _SENDER, _SENDER_ADDRESS, _SMTP = "0037", "0C1A", "0C1F", "5D01"
_KIND, _AUTHOR, _AUTHOR_ADDRESS, _AUTHOR_SMTP = "001A", "0042", "0065", "5D02"
_TO, _CC, _BCC = "0E04", "0E03", "0E02"
_BODY, _RTF, _HTML = "1000", "1009", "1013"
_SUBMITTED, _DELIVERED, _CODEPAGE, _INTERNET_CODEPAGE = 0x0039, 0x0E06, 0x3FFD, 0x3FDE
_LONG_NAME, _SHORT_NAME, _TITLE = "3707", "3704", "3001"
_DATA, _MEDIA_TYPE, _CONTENT_ID = "3701", "370E", "3712"
_ATTACHED = re.compile(r"__attach_version1\.0_#[0-9A-Fa-f]{8}/")
_SUFFIXES = {"text/csv": ".csv", "application/pdf": ".pdf", "text/plain": ".txt", "text/html": ".html"}


def load(file: BinaryIO) -> Loaded:
    """Return a mail. What is attached follows, each under its name.

    Raises:
        Invalid: it is damaged.
        Unsupported: it is no mail.
    """
    return _Mail(Ole(file.read())).read()


class _Mail:
    """A mail, or one that is attached to it: its streams stand below a path."""

    def __init__(self, ole: Ole, below: str = "") -> None:
        self._ole = ole
        self._below = below
        self._numbers = _fixed(ole.read(f"{below}__properties_version1.0"), 24 if below else 32)
        page = self._numbers.get(_CODEPAGE, 0) or self._numbers.get(_INTERNET_CODEPAGE, 0)
        self._codec = _codec(page)
        self._pictures: dict[str, str] = {}
        """Where the pictures are that the text shows, by their identifiers."""
        self._inlaid = Inlaid(lambda address: ole.read(self._pictures.get(unquote(address.removeprefix("cid:")), "")))

    def read(self) -> Loaded:
        """Return what it says."""
        subject = self.string(_SUBJECT)
        lines = [f"{name}: {value}" for name, value in self._headers(subject) if value]
        blocks: list[Block] = [Paragraph("\n".join(lines))] if lines else []
        files = self._files()
        body, omitted = self._body()
        blocks += body
        blocks += [block for name in self._pictures for block in self._inlaid.read(f"cid:{name}")]
        attached, lost = inner_blocks(files, lead="Attachment: ", of=len(files))
        return Loaded([*blocks, *attached], title=subject, omitted=(*omitted, *lost))

    def _headers(self, subject: str) -> list[tuple[str, str]]:
        sender = _person(self.string(_SENDER), self.string(_SMTP) or self.string(_SENDER_ADDRESS))
        author = _person(self.string(_AUTHOR), self.string(_AUTHOR_SMTP) or self.string(_AUTHOR_ADDRESS))
        if author and self.string(_AUTHOR) != self.string(_SENDER):
            sender = f"{sender} on behalf of {author}" if sender else author
        at = self._numbers.get(_SUBMITTED) or self._numbers.get(_DELIVERED) or 0
        return [
            ("From", sender),
            ("To", self.string(_TO)),
            ("Cc", self.string(_CC)),
            ("Bcc", self.string(_BCC)),
            ("Date", _date(at)),
            ("Subject", subject),
            *told(self._ole, self.string(_KIND), self._shown),
        ]

    def _shown(self, number: int) -> str:
        """Return a property that is a text or a time."""
        return self.string(f"{number:04X}") or _date(self._numbers.get(number, 0))

    def _body(self) -> tuple[list[Block], tuple[Omission, ...]]:
        """Return the body: the plain one, unless another says much more."""
        plain = text.read(tidied(self._text(_BODY))).blocks
        packed = self._ole.read(f"{self._below}__substg1.0_{_RTF}0102")
        page = self._page()
        richer = html.read_page(page, pictures=self._inlaid.read).blocks if page.strip() else []
        omitted: tuple[Omission, ...] = ()
        if not richer and packed:
            try:
                richer = rtf.read(unpacked(packed)).blocks
            except (HubbubError, ValueError):
                omitted = () if plain else (Omission("body", "the mail's text is damaged"),)
        return (plain if plain and _length(plain) >= 0.9 * _length(richer) else richer), omitted

    def _page(self) -> str:
        if data := self._ole.read(f"{self._below}__substg1.0_{_HTML}0102"):
            try:
                return html.decode_page(data)
            except Unsupported:
                return ""
        return self._text(_HTML)

    def _files(self) -> list[tuple[str, Inner]]:
        """Return what is attached, but the pictures that the text shows, which are noted."""
        folders = dict.fromkeys(
            found.group(0)
            for path in self._ole.paths()
            if path.startswith(self._below) and (found := _ATTACHED.match(path, len(self._below)))
        )
        files: list[tuple[str, Inner]] = []
        for folder in folders:
            inside = f"{self._below}{folder}"
            at = _Mail(self._ole, inside)
            kind, identifier = at.string(_MEDIA_TYPE), at.string(_CONTENT_ID)
            named = (text for number in (_LONG_NAME, _SHORT_NAME, _TITLE) if (text := at.string(number)))
            name = next(named, f"attachment{_SUFFIXES.get(kind, '')}")
            mail, data = f"{inside}__substg1.0_{_DATA}000D/", f"{inside}__substg1.0_{_DATA}0102"
            if f"{mail}__properties_version1.0" in self._ole:
                files.append((at.string(_TITLE) or name, _Mail(self._ole, mail).read))
            elif kind.startswith("image/") and identifier and data in self._ole:
                self._pictures[identifier.strip("<>")] = data
            else:  # without data where it lies elsewhere, or is an object of another program
                files.append((name, self._ole.read(data) if data in self._ole else _elsewhere))
        return files

    def string(self, number: str) -> str:
        """Return a property's text on one line."""
        return " ".join(self._text(number).replace("\0", " ").split())

    def _text(self, number: str) -> str:
        start = f"{self._below}__substg1.0_{number}"
        if wide := self._ole.read(f"{start}001F"):
            return wide.decode("utf-16-le", errors="replace")
        narrow = self._ole.read(f"{start}001E")
        try:
            return decode(narrow, self._codec) if narrow else ""
        except Unsupported:
            return ""


def _person(name: str, address: str) -> str:
    is_told = not address or address == name or address.startswith("/")  # an address within Exchange
    return name if is_told else f"{name} <{address}>".strip()


def _elsewhere() -> Loaded:
    raise Invalid(because("damaged"), code="corrupt")


def _fixed(data: bytes, header: int) -> dict[int, int]:
    """Return the properties that are numbers, times among them."""
    found: dict[int, int] = {}
    for place in range(header if len(data) >= header else 0, len(data) - 15, 16):
        tag, _, value = struct.unpack_from("<IIQ", data, place)
        kind = tag & 0xFFFF
        if kind in (0x0003, 0x0040):
            found[tag >> 16] = value if kind == 0x0040 else value & 0xFFFFFFFF
    return found


def _codec(page: int) -> str | None:
    if page == 65001:
        return "utf-8"
    try:
        "".encode(f"cp{page}")
    except LookupError:
        return None
    return f"cp{page}"


def _date(ticks: int) -> str:
    """Return a time of Windows, in tenths of microseconds since 1601."""
    try:
        at = datetime.datetime(1601, 1, 1) + datetime.timedelta(microseconds=ticks // 10)
    except OverflowError:
        return ""
    return f"{at:%Y-%m-%d %H:%M} UTC" if ticks else ""


def _length(blocks: list[Block]) -> int:
    return sum(len(str(getattr(block, "text", getattr(block, "rows", "")))) for block in blocks)


_KNOWN = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans "
    rb"SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0" b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)  # fmt: skip
"""What every packed body may refer to before it begins (MS-OXRTFCP 2.1.2.1)."""


def unpacked(data: bytes) -> bytes:
    """Return RTF as it was before Outlook packed it (MS-OXRTFCP).

    Raises:
        ValueError: it is damaged, or unpacks to too much.
    """
    if len(data) < 16:
        raise ValueError("The packed text has no header.")
    packed, raw, kind = struct.unpack_from("<II4s", data)
    if kind == b"MELA":
        return data[16 : 16 + raw]
    if kind != b"LZFu" or raw > MOST_BODY:
        raise ValueError("The packed text is of an unknown kind, or too large.")
    window = bytearray(_KNOWN.ljust(4096, b"\0"))
    at, out, place = len(_KNOWN), bytearray(), 16
    end = min(len(data), packed + 4)
    while place < end and len(out) < raw:
        flags = data[place]
        place += 1
        for bit in range(8):
            if not flags >> bit & 1:
                piece = data[place : place + 1]
                place += 1
            else:
                reference = int.from_bytes(data[place : place + 2].ljust(2, b"\0"))
                place += 2
                offset, length = reference >> 4, (reference & 15) + 2
                if offset == at:
                    return bytes(out[:raw])
                # What it refers to may reach into what it writes itself.
                before = (at - offset) % 4096
                piece = bytes(window[(offset + step % before) % 4096] for step in range(length))
            for one in piece:
                window[at] = one
                at = (at + 1) % 4096
            out += piece
            if place >= end:
                break
    return bytes(out[:raw])
