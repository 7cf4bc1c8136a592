"""Mark raised digits in a PDF's text: 10⁶ is not 106, and the mark of a footnote no part of the amount before it.

pdfium ends lines before and after a digit that is drawn alone above its line; they are joined again.
"""

import re
from collections.abc import Sequence

import msgspec

from hubbub.ingest.loaders.looks import raised
from hubbub.ingest.loaders.pdf_places import Places, Run

SMALLER = 0.85
"""What is raised is at most so high, by the height of what it stands behind."""
_BESIDE, _RAISED_BY = 0.5, 0.15
"""How far it is from it at most, and how much higher it stands at least, by the same height."""
_SIGNS = r"0-9+\u2212\-"
_MAY_BE_RAISED = re.compile(f"[{_SIGNS})]")
_NUMBER = re.compile(rf"[{_SIGNS}]+(?:[.,][{_SIGNS}]+)*")
_LINE_END = re.compile(rf"[{_SIGNS}]*+\)?(\r\n) *(\S)")


class _Edit(msgspec.Struct, frozen=True):
    """What stands in the place of some characters of a page."""

    start: int
    end: int
    text: str


def raised_on(last: Run, run: Run, places: Places) -> Run | None:
    """Return the letter that a digit or sign is raised behind, as wide as both; None where it is not."""
    if _MAY_BE_RAISED.match(run.text) is None:
        return None
    before = places.last_letter(last)
    if not _is_raised(before, places.first_letter(run), places):
        return None
    return Run(before.text, before.left, run.right, before.bottom, before.top, before.start)


def _is_raised(last: Run, letter: Run, places: Places) -> bool:
    """Tell whether something is smaller than the letter on its left, and stands higher."""
    height = last.top - last.bottom
    return (
        letter.top - letter.bottom < SMALLER * height
        and abs(letter.left - last.right) < _BESIDE * height
        and letter.bottom < last.top
        and places.baseline(letter.start) - places.baseline(last.start) > _RAISED_BY * height
    )


def with_raised(raw_text: str, places: Places) -> str:
    """Return what pdfium makes of a page, with its raised digits marked, and on the lines to which they belong."""
    characters = places.characters()
    edits: list[_Edit] = []
    for number in _NUMBER.finditer(characters):
        first, end = number.span()
        before = _place_before(characters, first)
        if not characters[before].isspace():
            first = before
        if end - first > 1 and places.pieces(first, end - first) > 1:  # all of most numbers is drawn at once
            edits += _edits(number, places)
    return _edited(raw_text, characters, edits) if edits else raw_text


def _edits(number: re.Match[str], places: Places) -> list[_Edit]:
    characters = number.string
    for place in range(number.start(), number.end()):
        before = _place_before(characters, place)
        if characters[place] in ".," or places.pieces(before, place + 1 - before) < 2:
            continue
        last, letter = places.letter(characters[before], before), places.letter(characters[place], place)
        if not last.text.isspace() and _is_raised(last, letter, places):
            edits = [_Edit(before + 1, place, raised(last.text, letter.text)[:-1])]
            ended = _LINE_END.match(characters, place)
            if ended and _is_on_its_line(places.letter(ended[2], ended.start(2)), last, places):
                edits.append(_Edit(ended.start(1), ended.end(1), " "))
            return edits
    return []


def _place_before(characters: str, place: int) -> int:
    """Return where the character before another one is, over an end of a line."""
    return max(place - 3 if characters.startswith("\r\n", max(place - 2, 0)) else place - 1, 0)


def _is_on_its_line(letter: Run, last: Run, places: Places) -> bool:
    """Tell whether a letter goes on with the line of the last one, which something raised stands behind."""
    moved = abs(places.baseline(letter.start) - places.baseline(last.start))
    return letter.left > last.right and moved < _RAISED_BY / 2 * (last.top - last.bottom)


def _edited(text: str, characters: str, edits: list[_Edit]) -> str:
    indices = _indices(characters, text)
    pieces: list[str] = []
    done = 0
    for edit in edits:
        pieces += [text[done : indices[edit.start]], edit.text]
        done = indices[edit.end]
    return "".join([*pieces, text[done:]])


def _indices(characters: str, text: str) -> Sequence[int]:
    """Return where each character is in the text, from which those of control are left out."""
    if len(characters) == len(text):
        return range(len(text))
    indices: list[int] = []
    index = 0
    for character in characters:
        indices.append(index)
        index += text[index : index + 1] in (character, "\ufffe")
    return indices
