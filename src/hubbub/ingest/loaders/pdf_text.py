"""Mend the text of a PDF's pages: words broken at line ends, wide letters; and tell text that is none."""

import re
from collections.abc import Iterable, Iterator

import msgspec

BROKEN = "\ufffe"
"""What pdfium puts in the place of a hyphen at a line's end."""
_OPEN, _SHUT = "\ufdd0", "\ufdd1"
"""Around a word's other form, until its paragraph is known. Both are no characters, so no text holds them."""

_BREAK = re.compile(f"[{BROKEN}\\-\u2010\u00ad](?:(?<={BROKEN})|(?<=[^\\W_].)(?=[ \\t]*\n))[ \\t]*\n?[ \\t]*")
_LETTERS = re.compile(r"[^\W_]*")
_LAST_LETTERS = re.compile(r"[^\W_]*\Z")
_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_OTHER_FORM = re.compile(f"{_OPEN}([^{_SHUT}]*){_SHUT}")
_SHARED_PARTS = frozenset("und oder bzw sowie and or et ou y o e i of en".split())
"""What follows a hyphen that stands for the rest of a word: Vor- und Nachteile."""
MOST_LETTERS = 60
"""As much of a word is looked at before it breaks."""
_LETTERSPACED = re.compile(r"(?<!\S)(?:\S ){4,}\S(?!\S)")
_LONE_LETTERS = re.compile(r" \S \S \S ")
"""What letterspaced words have in them, and is quickly looked for."""
_CASE_CHANGE = re.compile(r"(?<=[a-zà-öø-ÿ])(?=[A-ZÀ-ÖØ-Þ])")
_SHIFT = 29
"""How far letters are from their numbers in a font of the usual order, in which 3 is a space and 36 an A."""
_MOST_STRANGE = 0.2
_FEWEST_LETTERS = 20
_MANY_VOWELS = 0.24
"""Of the letters of a text in any language that is written with Latin ones, over a third are vowels."""
_FEW_VOWELS = 0.32
_STRANGE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ue000-\uf8ff\ufffd]")
_SIGNS = re.compile("[€‚ƒ„…†‡ˆ‰‹‘’“”•–—˜™›¡-©«-´¶-¸»-¿×÷]")
_MANY_SIGNS = 0.3
_FEWEST_SIGNS = 5
"""Letters that are moved upwards become such signs, of many kinds; rows of dots and bullets are of one or two."""
_NOT_LETTERS = bytes(code for code in range(256) if not chr(code).isalpha() or code > 127)
_NOT_VOWELS = bytes(code for code in range(256) if code not in b"aeiouyAEIOUY")


def with_simple_ends(raw_text: str) -> str:
    """Return what pdfium makes of a page with line feeds alone at its lines' ends."""
    return raw_text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def words_of(texts: Iterable[str]) -> set[str]:
    """Return the words of a document that are whole, in lower case, if any is broken at a line's end."""
    pages = list(texts)
    if not any(_may_break(page) for page in pages):
        return set()
    found: set[str] = set()
    for page in pages:
        end = 0
        for broken in _broken(page):
            found.update(page[end : broken.start].lower().split())
            end = broken.end
        found.update(page[end:].lower().split())
    bare = {word for word in found if word.isalnum()}
    return bare.union(_WORD.findall(" ".join(found - bare)))  # each only once, with what stands around it


def mended(text: str, known: set[str]) -> str:
    """Return a text whose broken words are put together.

    A hyphen stays before a digit and a capital. Before a small letter it goes, if the word without it stands elsewhere
    in the document; it stays, if the word with it does. If neither does, `both_forms` has the other form, too.
    """
    if not _may_break(text):
        return text
    whole: list[str] = []
    end = 0
    for broken in _broken(text):
        whole += [text[end : broken.start], _joined(broken.before, broken.after, known)]
        end = broken.end
    return "".join([*whole, text[end:]])


class _Broken(msgspec.Struct, frozen=True):
    """A word that goes on, on the next line."""

    start: int
    end: int
    before: str
    after: str


def _broken(text: str) -> Iterator[_Broken]:
    end = 0
    for found in _BREAK.finditer(text):
        before = _LAST_LETTERS.search(text, max(end, found.start() - MOST_LETTERS), found.start())
        after = _LETTERS.match(text, found.end())
        start = before.start() if before else found.start()
        end = after.end() if after else found.end()
        yield _Broken(start, end, text[start : found.start()], text[found.end() : end])


def _may_break(text: str) -> bool:
    return any(sign in text for sign in (BROKEN, "-\n", "- \n", "\u2010", "\u00ad"))


def _joined(before: str, after: str, known: set[str]) -> str:
    joined, hyphened = before + after, f"{before}-{after}"
    if not before or not after or not after[0].islower() or before[-1].isdigit():
        return hyphened
    if after in _SHARED_PARTS:
        return f"{before}- {after}"
    if joined.lower() in known:
        return joined
    return hyphened if hyphened.lower() in known else f"{joined}{_OPEN}{hyphened}{_SHUT}"


def both_forms(paragraph: str) -> str:
    """Return a paragraph; the other forms of words that were broken stand at its end, so that both are found."""
    if _OPEN not in paragraph:
        return paragraph
    others = _OTHER_FORM.findall(paragraph)
    return f"{_OTHER_FORM.sub('', paragraph)}\n(broken at line ends: {', '.join(dict.fromkeys(others))})"


def closed_up(text: str) -> str:
    """Return a text whose letterspaced words (A n n u a l) are put together."""

    def close(match: re.Match[str]) -> str:
        letters = match[0].replace(" ", "")
        return _CASE_CHANGE.sub(" ", letters) if letters.isalpha() else match[0]

    return _LETTERSPACED.sub(close, text) if _LONE_LETTERS.search(text) else text


def is_unreadable(text: str) -> bool:
    """Tell whether a page's letters are not those that it shows, since its fonts don't say which they are."""
    dense = len(text) - text.count(" ") - text.count("\n")
    if dense < _FEWEST_LETTERS:
        return False
    if len(_STRANGE.findall(text)) > _MOST_STRANGE * dense or _is_shifted(text):
        return True
    signs = _SIGNS.findall(text)
    return len(signs) > _MANY_SIGNS * dense and len(set(signs)) >= _FEWEST_SIGNS


def is_doubtful(text: str) -> bool:
    """Tell whether some lines of a page may be unreadable."""
    if _STRANGE.search(text) is not None or _vowels(text) < _FEW_VOWELS:
        return True
    return not text.isascii() and len(_SIGNS.findall(text)) > _MANY_SIGNS / 3 * len(text)


def _is_shifted(text: str) -> bool:
    """Tell whether a text reads as words only when each character is moved on by the usual distance."""
    if _vowels(text) > _MANY_VOWELS:
        return False
    moved = "".join(chr(ord(one) + _SHIFT) for one in text if "\x04" <= one < "\x7f" and one not in " \n\t")
    letters = sum(one.isalpha() for one in moved)
    small = sum(one.islower() for one in moved)
    return letters >= 0.8 * len(moved) and small >= 0.6 * letters and _MANY_VOWELS < _vowels(moved) < 0.6


def _vowels(text: str) -> float:
    """Return which part of a text's Latin letters are vowels; 1 where there are too few to tell."""
    latin = text.encode("ascii", "ignore")
    letters = len(latin.translate(None, _NOT_LETTERS))
    return len(latin.translate(None, _NOT_VOWELS)) / letters if letters >= _FEWEST_LETTERS // 2 else 1.0
