"""Turn the bytes of a text file into text, in the encoding that they are most likely in."""

import base64
import binascii
import codecs
import re
import unicodedata
from contextlib import suppress
from typing import BinaryIO

from hubbub.core.errors import Unsupported
from hubbub.core.reasons import because
from hubbub.ingest.loaders.guessing import guessed

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark is its beginning
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROLS = bytes(set(range(32)) - set(b"\0\t\n\v\r\f\x1a\x1b\b\x0e\x0f\x1c\x1d\x1e\x1f"))
_NOT_CONTROLS = bytes(set(range(256)) - set(_CONTROLS))
FEWEST_WIDE = 8
"""With fewer bytes nobody can tell that a text has two or four of them for a character."""
SAMPLE_BYTES = 64 * 1024
_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_HALVES = re.compile(rb"\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]")
"""A character beyond 16 bits as Java and some databases write it: its halves, each for itself (CESU-8)."""
FEWEST_OTHERS = 2
"""One line in another encoding may be a damaged one."""
_SURE = 10
"""With so many whole characters for each broken one, a text is UTF-8 that was damaged."""
_ASIAN = "[\u3000-\u30ff\u3400-\u9fff\uac00-\ud7a3\uff00-\uffef\t\n\r ]"
"""Compiled where a text has marks of such writing: that takes 6 ms, and a file of any kind would pay for it."""
_ASIAN_MARK = re.compile("[\u3001\u3002\u3041-\u309f\uff0c]|[\uac00-\ud7a3] ")
_MARK_EVERY = 60
"""A sentence is no longer than so many letters."""
_UTF7 = re.compile(rb"\+([A-Za-z0-9+/]+)|\+(-?)")
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_WORD = re.compile(rb"[A-Z]?[a-z]+")
_ONE_LETTER = 3
"""So many characters of UTF-7 stand for one letter."""
_EASTERN = "\u2e80"
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_OVERSTRUCK = re.compile("[^\\n\b]\b")
"""How printers are told to print in bold, and to underline: what comes next goes over the letter."""
NOT_TEXT = because("not_text")


def read_text(file: BinaryIO) -> str:
    """Return a file's text with line feeds for line breaks, without the colours of a terminal.

    Raises:
        Unsupported: it is no text.
    """
    return tidied(decode(file.read()))


def tidied(text: str) -> str:
    """Return a text with line feeds for line breaks, without NULs and the colours of a terminal."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", " ").replace("\v", " ")
    text = _OVERSTRUCK.sub("", text.rstrip("\x1a")) if "\b" in text or text.endswith("\x1a") else text
    return _ESCAPES.sub("", text) if "\x1b" in text else text


def decode(data: bytes, named: str | None = None) -> str:
    """Return bytes as text: by their mark, else UTF-8 or UTF-16 where they are that, else as named, else as guessed.

    A byte that belongs to no character becomes U+FFFD; the rest is read.

    Raises:
        Unsupported: they are no text, or nobody can tell in what encoding.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace").removeprefix("\ufeff")
    if data.isascii() and b"\0" not in data:
        return _seven_bits(data, named)
    if b"\0" in data:
        if wide := _wide(data[:SAMPLE_BYTES]):
            return data.decode(wide, errors="replace")
        if data.count(0) > len(data) // 4:
            raise Unsupported(NOT_TEXT)
    elif asian := _asian(data[:SAMPLE_BYTES]):
        return data.decode(asian, errors="replace")
    head = data[:4096]
    if len(head) - len(head.translate(None, _CONTROLS)) > len(head) // 100:
        raise Unsupported(NOT_TEXT)
    try:
        return data.decode()
    except UnicodeDecodeError:
        if b"\0" in data:
            raise Unsupported(NOT_TEXT) from None
    return _legacy(data, named)


def _legacy(data: bytes, named: str | None) -> str:
    """Return what is not all UTF-8: damaged UTF-8, what it is said to be, or what it looks like."""
    if b"\xed" in data or b"\xc0\x80" in data:
        data = _HALVES.sub(
            lambda pair: (
                pair[0].decode("utf-8", "surrogatepass").encode("utf-16", "surrogatepass").decode("utf-16").encode()
            ),
            data,
        ).replace(b"\xc0\x80", b" ")
        with suppress(UnicodeDecodeError):
            return data.decode()
    whole = sum(1 for _ in _SEQUENCE.finditer(data))
    repaired = data.decode(errors="replace")
    broken = repaired.count("\ufffd")
    if whole and (mixed := _mixed(data)) is not None:
        return mixed
    if whole >= broken * _SURE or (named == "utf-8" and whole >= broken):
        return repaired
    if named is not None and named != "utf-8":
        text = data.decode(named, errors="replace")
        if text.count("\ufffd") <= len(text) // 100:
            return text
    if _is_mainframe(data):
        raise Unsupported("The file is in an encoding of mainframes (EBCDIC). Save it as UTF-8 and add it again.")
    found = guessed(data)
    # Whole sequences come about by chance in the encodings of East Asia alone.
    if whole > broken and not (found and found.is_multibyte):
        return repaired
    if found is None:
        raise Unsupported("The file's encoding can't be told. Save it as UTF-8 and add it again.")
    return data.decode(found.codec, errors="replace")


def _mixed(data: bytes) -> str | None:
    """Return a text some of whose lines are UTF-8 and the others in another encoding, None where it is none such.

    Logs and lists to which several programs add are. A line that holds both is damaged, and a few broken bytes, too.
    """
    lines = data.split(b"\n")
    is_utf_8 = [_is_utf_8(line) for line in lines]
    others = [line for line, is_whole in zip(lines, is_utf_8, strict=True) if not is_whole]
    if len(others) < FEWEST_OTHERS or any(_SEQUENCE.search(line) for line in others):
        return None
    found = guessed(b"\n".join(others))
    if found is None or found.is_multibyte:
        return None
    return "\n".join(
        line.decode("utf-8" if is_whole else found.codec, "replace")
        for line, is_whole in zip(lines, is_utf_8, strict=True)
    )


def _is_mainframe(data: bytes) -> bool:
    """Tell whether a text is in EBCDIC: its blanks are 0x40, and most of its letters lie above ASCII."""
    head = data[:SAMPLE_BYTES]
    small, large = b"\x81\x85\x89\x95\x96\x99\xa2\xa3", b"\xc1\xc5\xc9\xd5\xd6\xd9\xe2\xe3"  # a e i n o r s t
    letters = sum(head.count(one) for one in small + large)
    return head.count(b"\x40") > len(head) // 20 > 10 * head.count(b" ") and letters > len(head) // 4


def _seven_bits(data: bytes, named: str | None) -> str:
    if b"\x1b$" in data or b"\x1b(" in data:
        for codec in ("iso2022_jp", "iso2022_jp_2", "iso2022_jp_ext", "iso2022_kr"):
            try:
                return data.decode(codec)
            except UnicodeDecodeError:
                continue
    if named in ("utf-7", "hz") or (b"~{" in data and b"~}" in data and _reads_as(data, "hz")):
        return data.decode(named or "hz", errors="replace")
    if b"+" in data and _is_utf7(data):
        return data.decode("utf-7", errors="replace")
    head = data[:4096]
    if len(head) - len(head.translate(None, _CONTROLS)) > len(head) // 100:
        raise Unsupported(NOT_TEXT)
    return data.decode("ascii")


def _is_utf7(data: bytes) -> bool:
    """Whether each plus sign begins letters of UTF-7, and they are more than chance: "REST+API" reads so, too."""
    runs: set[bytes] = set()
    for match in _UTF7.finditer(data):
        packed = match.group(1)
        if packed is None:
            if match.group(2) != b"-":
                return False
        elif packed not in runs and not _is_packed(packed):
            return False
        else:
            runs.add(packed)
    return len(runs) > 1 or any(len(one) > _ONE_LETTER for one in runs)


def _is_packed(run: bytes) -> bool:
    """Whether a run of UTF-7 stands for letters that are no ASCII, and not for itself: "image/svg+xml"."""
    left_over = len(run) * 6 % 16
    if left_over >= 6 or run.isdigit() or _WORD.fullmatch(run):  # no padding is so long, or it is a telephone number
        return False
    try:
        letters = base64.b64decode(run + b"A" * (-len(run) % 4), validate=True)
        text = letters[: len(run) * 6 // 16 * 2].decode("utf-16-be")
    except (UnicodeDecodeError, binascii.Error):
        return False
    if _BASE64.index(run[-1]) & (1 << left_over) - 1:  # padding is zero
        return False
    if run.isalpha() and run.isupper() and max(text) >= _EASTERN:  # "+USA"
        return False
    return all(_is_shown(one) and not (one.isascii() and one.isalnum()) for one in text)


def _wide(head: bytes) -> str | None:
    """Return in which form of two or four bytes a text is that has zero bytes, None where in none."""
    if head.count(0) <= len(head) // 4 and head.isascii() and not head.translate(None, _NOT_CONTROLS):
        return None  # bytes of ASCII that are parted by zeros
    if len(head) < FEWEST_WIDE:
        return None  # a few bytes of anything read as a letter or two
    for encoding in ("utf-32-le", "utf-32-be"):
        if _reads_as(head[: len(head) // 4 * 4], encoding):
            return encoding
    zeros = {"utf-16-le": head[1::2].count(0), "utf-16-be": head[0::2].count(0)}
    for encoding in sorted(zeros, key=lambda one: -zeros[one]):
        other = zeros["utf-16-be" if encoding == "utf-16-le" else "utf-16-le"]
        if zeros[encoding] > other and _reads_as(head[: len(head) // 2 * 2], encoding):
            return encoding
    return None


def _asian(head: bytes) -> str | None:
    """Return in which form of UTF-16 a text of East Asia is that has no zero bytes, None where in none.

    Bytes of other encodings read as Chinese letters, too, but not with its punctuation among them.
    """
    if len(head) < FEWEST_WIDE or len(head) % 2 or _is_utf_8(head):
        return None
    for encoding in ("utf-16-le", "utf-16-be"):
        try:
            text = head.decode(encoding)
        except UnicodeDecodeError:
            continue
        marks = len(_ASIAN_MARK.findall(text))
        if marks and marks >= len(text) // _MARK_EVERY and len(re.findall(_ASIAN, text)) >= len(text) * 0.98:
            return encoding
    return None


def _reads_as(head: bytes, encoding: str) -> bool:
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(head)
    except ValueError:
        return False
    shown = sum(map(_is_shown, text))
    return bool(text) and shown >= len(text) * 0.98 and "\0" not in text


def _is_shown(character: str) -> bool:
    return character in "\t\n\r\f" or unicodedata.category(character) not in ("Cc", "Cn", "Co", "Cs")


def looks_like_text(head: bytes) -> bool:
    """Tell whether a file that begins so is UTF-8 or UTF-16 text, without a guess at older encodings."""
    if head.startswith(tuple(mark for mark, _ in _BOMS)):
        return True
    if b"\0" in head:
        return _wide(head) is not None
    return _is_utf_8(head) and len(head) - len(head.translate(None, _CONTROLS)) <= len(head) // 100


def _is_utf_8(head: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # a character may be cut at the end of a head
    except UnicodeDecodeError:
        return False
    return True
