"""Find the lines that say of what a text speaks from there on by its code: "Invoice no.: 2023-118", "Order A-1002"."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from hubbub.conversation.musts import codes_in

MOST_WORDS = 5
MOST_CHARACTERS = 80
HEAD_CHARACTERS = 400
"""What stands so near the beginning speaks of what stands above it as well, as a letter's head does."""

_REFERENCE = re.compile(
    r"""\(?
    (?:see|cf\.?|compare|refer\ to|siehe|s\.|vgl\.?|voir|véase|vea|ver|veja|vedi|zie|zobacz|см\.|参见|參見|另见|参照)
    (?:\ (?:also|auch|aussi|también|também|anche|ook|też|также))?[:：]?\s*(?:\S+\s*){1,4}""",
    re.IGNORECASE | re.VERBOSE,
)
LABELLED = re.compile(r"^[^\n:：]{1,40}[:：][ \t]*\S", re.MULTILINE)
_LINE = re.compile(r"[^\n]*\S[^\n]*")
_LETTER = re.compile(r"[^\W\d_]")
_DIGIT = re.compile(r"\d+")
_LABEL = re.compile(r"[^\w]+")


class Declared(NamedTuple):
    """A line that names something by its code, and from where to where the text speaks of that."""

    start: int
    end: int
    first: int
    last: int


def declared_in(text: str) -> list[Declared]:
    """Return the lines of a text that declare a code, in order.

    Of several codes of one form those count that are declared as the first one is, one in a paragraph: beside
    "Invoice no.: 2023-118", "Replaces: 2023-090" begins nothing.
    """
    found: dict[str, list[tuple[int, int]]] = {}
    labels: dict[str, str] = {}
    for line in _LINE.finditer(text):
        if not is_bare(line[0]) or refers(line[0].strip()):
            continue
        code = codes_in(line[0])[0]
        form = _form_of(code)
        label = _LABEL.sub(" ", line[0].replace(code, " ")).strip().casefold()
        if label and labels.setdefault(form, label) == label:
            found.setdefault(form, []).append(line.span())
    return sorted(one for lines in found.values() for one in _scopes(text, lines))


def is_bare(text: str) -> bool:
    """Tell whether a line has hardly more words than a code and what that is called: "Invoice no.: 2023-118"."""
    return len(text) <= MOST_CHARACTERS and len(text.split()) <= MOST_WORDS and len(codes_in(text)) == 1


def is_form(text: str) -> bool:
    """Tell whether a text is made of lines with labels: "Customer: Ann Lee", "Price: 39 EUR"."""
    return len(LABELLED.findall(text)) > 1


def refers(sentence: str) -> bool:
    """Tell whether a sentence only refers to another place: "See also T-5501."."""
    return _REFERENCE.fullmatch(sentence) is not None


def called(question: str) -> str:
    """Return the words before the codes of a question, which say what they are codes of: "invoice 2023-118"."""
    before = (question.partition(code)[0].split() for code in codes_in(question))
    return " ".join(words[-1] for words in before if words)


def _scopes(text: str, lines: Sequence[tuple[int, int]]) -> list[Declared]:
    starts: list[tuple[int, int, int]] = []
    for start, end in lines:
        paragraph = text.rfind("\n\n", 0, start) + 1
        if not starts or paragraph > starts[-1][0]:
            starts.append((start, end, paragraph))
    if starts[0][0] <= HEAD_CHARACTERS:
        starts[0] = (*starts[0][:2], 0)
    lasts = [paragraph for _, _, paragraph in starts[1:]] + [len(text)]
    return [Declared(start, end, first, last) for (start, end, first), last in zip(starts, lasts, strict=True)]


def _form_of(code: str) -> str:
    """Return what codes of one kind have in common: "A-1001" and "B-22" are both "a-0"."""
    return _LETTER.sub("a", _DIGIT.sub("0", code))
