"""Read a PDF's page by where its words stand, if their order misleads: tables, columns, right-to-left lines."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import msgspec

from hubbub.ingest.loaders.looks import raised
from hubbub.ingest.loaders.pdf_places import GAP, LINE_END, SPACE, Places, Run
from hubbub.ingest.loaders.pdf_raised import SMALLER, raised_on, with_raised
from hubbub.ingest.loaders.pdf_text import with_simple_ends
from hubbub.ingest.loaders.pdf_turned import places_on
from hubbub.ingest.loaders.tables import Row

Part: TypeAlias = str | list[Row]
"""A piece of a page: text with line breaks, or the rows of a table."""
Span: TypeAlias = tuple[float, float]
"""From where to where something goes, across the page."""

NEAR = 4.0
"""Lines of one table or of columns side by side are at most so many times as far apart as the letters are high."""
RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_SHAPES = re.compile("[\ufb1d-\ufdff\ufe70-\ufefc]+")
"""Letters in the shape that they have in a word's middle or at its end."""
_NEXT_LINE, _NEXT_COLUMN = 0.6, 1.5
"""How far the middles of two texts are apart, by the height of the higher, that stand on two lines, in two columns."""
MOST_GAPS = 19
"""So many of the last gaps are compared with each."""
_PROSE_WORDS = 2.5
_PROSE_GOES_ON = 0.3
_LOOK_BACK = 2
_UPSIDE_DOWN = 2


class Segment(msgspec.Struct, gc=False):
    """Letters on a line without a wide gap between them."""

    text: str
    left: float
    right: float
    bottom: float
    top: float


def parts(text_page: Any, raw_text: str, text: str, rotation: int = 0) -> list[Part]:
    """Return a page's pieces in reading order.

    `raw_text` is what pdfium makes of it; `text` is the same with simple line ends, and is kept where it may be.
    Raised digits behind others are marked. `rotation` is by how many quarters the page is turned clockwise to be shown.
    """
    is_right_to_left = RIGHT_TO_LEFT.search(text) is not None
    places, quarters = places_on(text_page, raw_text)
    is_upside_down = (quarters + rotation) % 4 == _UPSIDE_DOWN
    drawn = [] if is_right_to_left else list(places.drawn())
    misleads, may_be_raised = _looked_over(drawn, text)
    if not is_right_to_left and not misleads and not is_upside_down:
        return [with_simple_ends(with_raised(raw_text, places)) if may_be_raised else text]
    found = lines_of(places, by_letter=is_right_to_left)
    if is_right_to_left:
        return ["\n".join(_line_text(line) for line in found)]
    if is_upside_down:
        found = (part for line in found for part in _turned_over(line))
    return _arranged([segments for line in found if (segments := segments_of(line, places))])


def _turned_over(line: Sequence[Run]) -> Iterator[list[Run]]:
    """Yield the lines in what pdfium holds for one, whose words it has from the left as they are shown upside down."""
    words: list[list[Run]] = [[]]
    """Of the line so far, each with the letters of it that are drawn one by one."""
    last: Run | None = None
    for run in line:
        if run is SPACE:
            words.append([])
            continue
        if last is not None and not _share_height(last, run):
            yield _from_the_left(words)
            words = [[]]
        words[-1].append(run)
        last = run
    yield _from_the_left(words)


def _from_the_left(words: Sequence[list[Run]]) -> list[Run]:
    ordered = sorted(filter(None, words), key=lambda word: min(run.left for run in word))
    return [run for word in ordered for run in (*word, SPACE)]


def _line_text(letters: Sequence[Run]) -> str:
    text = "".join(letter.text for letter in letters)
    strong = [letter for letter in text if letter.isalpha()]
    is_right_to_left = 2 * sum(RIGHT_TO_LEFT.match(letter) is not None for letter in strong) > len(strong)
    return in_logical_order(letters) if is_right_to_left else text


def _looked_over(drawn: Sequence[tuple[float, float, float, float]], text: str) -> tuple[bool, bool]:
    """Tell whether a page has to be read by where its words stand; and if not, whether any of them may be raised.

    Two lines near each other have a wide gap at the same place, over which they are drawn at once; or pdfium joined
    what stands on two lines, as it does before a letter that is drawn alone: 40 above 1 becomes 401.
    """
    gaps: list[tuple[float, float, float, float]] = []
    last_right = last_top = last_bottom = last_height = last_middle = 0.0
    may_be_raised = False
    breaks = -1  # the first text is on no other line than another
    most_breaks = text.count("\n") + text.count("\ufffe")
    for left, top, right, bottom in drawn:
        height = top - bottom
        middle = (top + bottom) / 2
        higher = height if height > last_height else last_height
        if left >= last_right:
            moved = _NEXT_COLUMN * higher
            if left - last_right > GAP * higher and bottom < last_top and top > last_bottom:
                shared = (top if top < last_top else last_top) - (bottom if bottom > last_bottom else last_bottom)
                if shared > higher / 3:
                    for other_left, other_right, other_middle, other_height in gaps[-MOST_GAPS:]:
                        is_shared = left > other_left and other_right > last_right
                        if is_shared and other_height / 2 < abs(other_middle - middle) < NEAR * other_height:
                            return True, False
                    gaps.append((last_right, left, middle, higher))
        else:
            moved = _NEXT_LINE * higher
        if middle - last_middle > moved or last_middle - middle > moved or breaks < 0:
            breaks += 1
            if breaks > most_breaks:
                return True, False
        if height < SMALLER * last_height and middle > last_middle and bottom < last_top and left - last_right < height:
            may_be_raised = may_be_raised or last_bottom < bottom
        last_right, last_top, last_bottom, last_height, last_middle = right, top, bottom, height, middle
    return False, may_be_raised


def lines_of(places: Places, *, by_letter: bool) -> Iterator[list[Run]]:
    """Yield the words or letters of each line, in the order in which they are drawn."""
    characters = places.characters()
    line: list[Run] = []
    latest: Run | None = None
    last: Run | None = None
    """The latest, or what it stands behind, if it is raised."""
    is_ended = False
    for run in places.runs(characters, by_letter=by_letter):
        if run is SPACE:
            line.append(run)
            continue
        if run is LINE_END:
            is_ended = is_ended or bool(line)
            continue
        if last is not None and line and line[-1] is latest and (on := raised_on(last, run, places)) is not None:
            if last is latest and raised(last.text, run.text) != run.text:
                line.append(Run("^", run.left, run.left, run.bottom, run.top, run.start))
            is_ended = False
            last, latest = on, run
            line.append(run)
            continue
        if last is not None and line and is_ended and not _share_height(last, run):  # as most lines end
            yield line
            line = []
        elif last is not None and line and (is_ended or run.left < last.right):
            end = last.start + len(last.text) - 1
            before, first = places.last_letter(last), places.first_letter(run)
            if is_ended and _goes_on(before, first):
                line.append(SPACE)  # pdfium ends a line before a letter that is drawn alone
            elif is_ended or (_is_below(before, first) and places.is_on_another_line(end, run.start)):
                yield line
                line = []
        is_ended = False
        last = latest = run
        line.append(run)
        if run.text == "\ufffe":  # a word goes on, on the next line
            yield line
            line = []
    if line:
        yield line


def _share_height(last: Run, run: Run) -> bool:
    """Tell whether a line goes through two words. If none does, then none goes through two of their letters."""
    return run.top > last.bottom and run.bottom < last.top


def _goes_on(last: Run, letter: Run) -> bool:
    """Tell whether a letter stands to the right of the last one, on the same line."""
    shared = min(last.top, letter.top) - max(last.bottom, letter.bottom)
    return letter.left >= last.right and shared > 0.6 * min(last.top - last.bottom, letter.top - letter.bottom)


def _is_below(last: Run, letter: Run) -> bool:
    """Tell whether a letter begins another line, so far is it from the last one, and not to the right of it."""
    if letter.left >= last.right:
        return False
    height = max(last.top - last.bottom, letter.top - letter.bottom)
    return abs(last.top + last.bottom - letter.top - letter.bottom) / 2 > height


def segments_of(runs: Sequence[Run], places: Places) -> list[Segment]:
    """Return a line's segments, from left to right as they are drawn."""
    found: list[Segment] = []
    words: list[str] = []
    left = right = bottom = top = 0.0
    needs_space = False
    for run in runs:
        text = run.text
        if run is SPACE or text.isspace():
            needs_space = True
            continue
        begins, ends = run.left, run.right
        if words and (
            (left <= begins and begins - right <= GAP * (top - bottom))  # as most do: it is right beside them
            or not _is_apart(left, right, top - bottom, run, places)
        ):
            words.append(f" {text}" if needs_space else text)
            if ends > right:
                right = ends
            if begins < left:
                left = begins
            if run.bottom < bottom:
                bottom = run.bottom
            if run.top > top:
                top = run.top
        else:
            if words:
                found.append(Segment("".join(words), left, right, bottom, top))
            words = [text]
            left, right, bottom, top = begins, ends, run.bottom, run.top
        needs_space = False
    if words:
        found.append(Segment("".join(words), left, right, bottom, top))
    return found


def _is_apart(left: float, right: float, height: float, run: Run, places: Places) -> bool:
    """Tell whether a wide gap is between what stands from left to right and a run's first letter."""
    first = places.first_letter(run)
    gap = first.left - right if first.left > right else left - first.right
    return gap > 0 and gap > GAP * max(first.top - first.bottom, height)


def _arranged(lines: Sequence[list[Segment]]) -> list[Part]:
    """Return text, columns and tables of lines that hold wide gaps."""
    found: list[Part] = []
    plain: list[str] = []
    place = 0
    while place < len(lines):
        end = _region_end(lines, place)
        region = lines[place:end]
        columns = _columns(region)
        if sum(len(line) > 1 for line in region) < 2 or len(columns) < 2:
            plain += [" ".join(segment.text for segment in line) for line in region]
        else:
            found += ["\n".join(plain)] if plain else []
            plain = []
            found += _read(region, columns)
        place = end
    return found + (["\n".join(plain)] if plain else [])


def _region_end(lines: Sequence[list[Segment]], start: int) -> int:
    """Return where the lines end that begin here and share gaps; short lines between such ones belong to them."""
    end = start + 1
    if len(lines[start]) < 2:
        return end
    columns = within = _columns(lines[start:end])
    passed: list[Span] = []
    """Of lines that are within only if a line below them is."""
    for place in range(start + 1, len(lines)):
        if place - end > _LOOK_BACK or not _is_near(lines[place - 1], lines[place]):
            break
        if len(lines[place]) < 2:
            continue
        spans = [(segment.left, segment.right) for segment in lines[place]]
        widened = _joined([*within, *spans])
        if len(widened) > 1:
            end, columns = place + 1, widened
            within = _joined([*widened, *passed])
            passed = []
        else:
            passed += spans
    while end < len(lines) and len(lines[end]) == 1 and _is_near(lines[end - 1], lines[end]):
        if _column(lines[end][0], columns) in (None, 0):
            break
        end += 1  # the last cells of a longer column
    return end


def _is_near(upper: Sequence[Segment], lower: Sequence[Segment]) -> bool:
    height = max(segment.top - segment.bottom for segment in (*upper, *lower))
    return abs(upper[0].bottom - lower[0].bottom) < NEAR * height


def _columns(lines: Sequence[list[Segment]]) -> list[Span]:
    """Return the columns' left and right ends: what no line's gap goes through."""
    return _joined([(segment.left, segment.right) for line in lines if len(line) > 1 for segment in line])


def _joined(spans: list[Span]) -> list[Span]:
    """Return what spans cover, those that overlap as one, from left to right. The order of joining is all one."""
    spans.sort()
    found: list[Span] = []
    end = 0.0
    for span in spans:
        left, right = span
        if found and left < end:
            if right > end:
                found[-1] = (found[-1][0], right)
                end = right
        else:
            found.append(span)
            end = right
    return found


def _column(segment: Segment, columns: Sequence[Span]) -> int | None:
    """Return the column that a segment is in; None where it goes over several."""
    inside: int | None = None
    for number, (left, right) in enumerate(columns):
        if segment.left < right and segment.right > left:
            if inside is not None:
                return None
            inside = number
    if inside is not None:
        return inside
    middle = (segment.left + segment.right) / 2
    return min(range(len(columns)), key=lambda number: abs(sum(columns[number]) / 2 - middle), default=None)


def _read(lines: Sequence[list[Segment]], columns: Sequence[Span]) -> list[Part]:
    cells: list[list[Segment]] = [[] for _ in columns]
    rows: list[Row] = []
    for line in lines:
        row: dict[int, str] = {}
        for segment in line:
            number = _column(segment, columns) or 0
            cells[number].append(segment)
            row[number] = f"{row[number]} {segment.text}" if number in row else segment.text
        rows.append(sorted(row.items()))
    return ["\n".join(segment.text for segment in column) for column in cells] if _is_prose(cells) else [rows]


def _is_prose(cells: Sequence[list[Segment]]) -> bool:
    """Tell columns of running text from a table: their lines are long, and go on in small letters."""
    if len(cells) > 3:
        return False
    for column in cells:
        words = sum(len(segment.text.split()) for segment in column)
        going_on = sum(segment.text[:1].islower() for segment in column[1:])
        if words < _PROSE_WORDS * len(column) or going_on < _PROSE_GOES_ON * (len(column) - 1):
            return False
    return True


def in_logical_order(letters: Sequence[Run]) -> str:
    """Return a line of right-to-left writing as it is read: its words from the right, numbers and Latin as they are."""
    words: list[list[Run]] = [[]]
    for letter in letters:
        if letter.text.isspace() or not letter.text:
            words.append([])
        else:
            words[-1].append(letter)
    ordered: list[tuple[float, bool, str]] = []
    for word in words:
        if not word:
            continue
        is_reversed = RIGHT_TO_LEFT.search("".join(letter.text for letter in word)) is not None
        if is_reversed:  # letters of a ligature share a place and keep their order
            word = sorted(word, key=lambda letter: -round(letter.left + letter.right, 1))
        else:  # pdfium turns the parts of a word around that joins letters and digits: INV-2026
            word = sorted(word, key=lambda letter: round(letter.left + letter.right, 1))
        text = _SHAPES.sub(lambda shape: unicodedata.normalize("NFKC", shape[0]), "".join(one.text for one in word))
        ordered.append((max(letter.right for letter in word), is_reversed, text))
    ordered.sort(key=lambda word: -word[0])
    shown: list[str] = []
    run: list[str] = []
    for _, is_reversed, text in ordered:
        if is_reversed:
            shown += run[::-1]
            run = []
            shown.append(text)
        else:
            run.append(text)
    return " ".join(shown + run[::-1])
