"""Guess the encoding of texts from before UTF-8."""

import importlib
import re
import unicodedata
from functools import cache
from typing import Any

import msgspec

_WEIGHTS = {
    **dict.fromkeys(("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257"), 1.0),
    **dict.fromkeys(("cp932", "gb18030", "big5hkscs", "cp949", "euc_jis_2004", "koi8-r", "koi8-u", "cp874"), 1.0),
    **dict.fromkeys(("iso8859-2", "iso8859-5", "iso8859-6", "iso8859-7", "iso8859-8", "iso8859-15", "cp866"), 0.95),
    **dict.fromkeys(("cp1258", "iso8859-1", "iso8859-9", "iso8859-13", "cp850", "cp852", "mac-cyrillic"), 0.95),
    **dict.fromkeys(("cp437", "mac-roman", "iso8859-4", "iso8859-16", "cp855", "cp857", "johab"), 0.9),
    **dict.fromkeys(("cp737", "cp775", "cp862", "cp864", "cp865", "mac-greek", "mac-latin2", "mac-turkish"), 0.5),
    **dict.fromkeys(("iso8859-3", "iso8859-10", "iso8859-14"), 0.8),
}
"""How likely each encoding is to be met before a text is seen. It decides where a text is short."""
_WESTERN = 1.15
"""By how much Windows' western encoding is likelier than that."""
MOST_CHARACTERS = 8000
SAMPLE_BYTES = 32 * 1024
MOST_SEARCHED_BYTES = 4 * 1024 * 1024
_HIGH = re.compile(rb"[\x80-\xff]")
_PARTING = re.compile(rb'[<>\r\n\t",;=:&/]')
"""None of these is the second byte of a letter in any of the encodings."""
_MONEY = re.compile(rb"\d[ \xa0]?\xa4(?![A-Za-z\x80-\xff])|(?<![A-Za-z\x80-\xff])\xa4[ \xa0]?\d")
"""The euro beside an amount in ISO 8859-15. Before, the byte was a sign for any currency, which nobody writes."""
_PLAUSIBLE = 0.9
_WINDOWS = re.compile(rb"[\x80-\x9f]")
"""Signs of Windows' encodings, where others have none."""
_MULTIBYTE = frozenset(("cp932", "gb18030", "big5hkscs", "cp949", "euc_jis_2004", "johab"))


class Guess(msgspec.Struct, frozen=True):
    """An encoding, and how likely it is, from 0 to 1."""

    codec: str
    confidence: float

    @property
    def is_multibyte(self) -> bool:
        """Whether its letters take more than one byte, and it is well recognised by that."""
        return self.codec in _MULTIBYTE and self.confidence >= 0.2


def guessed(data: bytes) -> Guess | None:
    """Return the likeliest encoding of a text that is not UTF-8, None where none makes a text of it."""
    sample = _telling(data)
    if _MONEY.search(sample) and not _WINDOWS.search(sample) and _plausibility(sample, "iso8859-15") > _PLAUSIBLE:
        return Guess("iso8859-15", 1.0)
    chardet: Any = importlib.import_module("chardet")
    found = chardet.detect_all(
        sample, ignore_threshold=True, include_encodings=list(_WEIGHTS), compat_names=False, max_bytes=len(sample)
    )
    best: Guess | None = None
    most = 0.0
    for one in found:
        codec, confidence = str(one["encoding"]), float(one["confidence"])
        weight = confidence * _WEIGHTS.get(codec, 0.0) * (_WESTERN if codec == "cp1252" else 1.0)
        if weight > most and (weight := weight * _plausibility(sample, codec)) > most:
            best, most = Guess(codec, confidence), weight
    return best


def _telling(data: bytes) -> bytes:
    """Return a sample of what of a text is not ASCII: markup and numbers around it tell nothing."""
    first = _HIGH.search(data)
    start = max(first.start() - 1000, 0) if first else 0
    parts: list[bytes] = []
    length = 0
    for part in _PARTING.split(data[start : start + MOST_SEARCHED_BYTES]):
        if not part.isascii() and length < SAMPLE_BYTES:
            parts.append(part[:SAMPLE_BYTES])
            length += len(parts[-1])
    return b"\n".join(parts)


def _plausibility(sample: bytes, codec: str) -> float:
    """Return how far a sample reads like words, from 0 to 1: whether letters stand beside letters of their kind."""
    text = sample.decode(codec, errors="replace")[:MOST_CHARACTERS]
    strange = sum(_is_strange(one) for one in text[:-4])  # a sample may be cut within a character
    if strange > len(text) // 100:
        return 0.0
    foreign = odd = 0
    before = " "
    for one, after in zip(text, [*text[1:], " "], strict=True):
        if not one.isascii():
            foreign += 1
            odd += _is_odd(before, one, after)
        before = one
    return (1 - odd / foreign) ** 3 + 0.01 if foreign else 1.0


def _is_strange(character: str) -> bool:
    if character.isascii():
        return False
    is_control = "\x80" <= character <= "\x9f"
    return is_control or character == "\ufffd" or unicodedata.category(character) in ("Co", "Cn")


def _is_odd(before: str, one: str, after: str) -> bool:
    """Whether a character stands where words have none such: a sign between letters, a capital after a small one."""
    if one.isalpha():
        is_capital_within = one.isupper() and before.islower()
        return is_capital_within or (before.isalpha() and _script(before) != _script(one))
    if one == "¤" or (one in "¼½¾" and (before.isalpha() or after.isalpha())):
        return True  # the euro and letters of French, where they took the place of these
    is_mark = unicodedata.category(one) in ("Mn", "Mc", "Pd") or one in "’·‘\u00ad\u200c\u200d"
    return not is_mark and before.isalpha() and after.isalpha()


@cache
def _script(letter: str) -> str:
    name = unicodedata.name(letter, "").partition(" ")[0]
    return "CJK" if name in ("HIRAGANA", "KATAKANA", "HANGUL", "IDEOGRAPHIC", "KATAKANA-HIRAGANA") else name
