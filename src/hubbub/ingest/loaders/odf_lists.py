"""Number the items of lists in OpenDocument as its programs do."""

import msgspec

from hubbub.ingest.loaders.numerals import formatted
from hubbub.ingest.loaders.xml import Element, attribute, name_of

_SAMPLES = {
    **{
        "А": "russianUpper",
        "а": "russianLower",
        "א": "hebrew1",
        "أ": "arabicAlpha",
        "ก": "thaiLetters",
        "α": "lower-greek",
    },
    **{"一": "chineseCounting", "壹": "chineseLegalSimplified", "①": "decimalEnclosedCircle", "１": "decimalFullWidth"},
    **{"ア": "aiueoFullWidth", "イ": "irohaFullWidth", "ｱ": "aiueo", "ｲ": "iroha", "가": "ganada", "ㄱ": "chosung"},
    **{"甲": "ideographTraditional", "子": "ideographZodiac", "일": "koreanCounting"},
}
"""Other forms are named by their first numbers: "①, ②, ③, ..."."""
_FORMS = {"1": "decimal", "a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman", **_SAMPLES}
MOST_LEVELS = 10


class _Level(msgspec.Struct, frozen=True):
    """How one level of a list is numbered."""

    form: str
    before: str
    after: str
    start: int
    shown_levels: int


class Lists:
    """The styles of a document's lists."""

    def __init__(self, *roots: Element | None) -> None:
        self._levels: dict[tuple[str, int], _Level] = {}
        self._last: dict[tuple[str, int], int] = {}
        """The last number of a style's level, where a list goes on with it."""
        for root in roots:
            for style in root.iter("{*}list-style") if root is not None else ():
                for one in style:
                    if name_of(one) == "list-level-style-number" and (form := attribute(one, "num-format")):
                        place = attribute(style, "name") or "", _whole(attribute(one, "level"), 1)
                        self._levels[place] = _level(one, form)

    def numbers(self, element: Element, style: str, outer: tuple[int, ...]) -> "Numbers":
        """Return what numbers the items of a list that stands in items of these numbers."""
        goes_on = attribute(element, "continue-numbering") == "true" or bool(attribute(element, "continue-list"))
        return Numbers(self._levels, self._last, (style, len(outer) + 1), outer, goes_on=goes_on)


class Numbers:
    """Counts the items of one list."""

    def __init__(
        self,
        levels: dict[tuple[str, int], _Level],
        last: dict[tuple[str, int], int],
        place: tuple[str, int],
        outer: tuple[int, ...],
        *,
        goes_on: bool,
    ) -> None:
        self._levels = levels
        self._all_last = last
        self._place = place
        self._outer = outer
        level = levels.get(place)
        first = level.start if level else 1
        self._number = last.get(place, first - 1) if goes_on else first - 1

    def next(self, item: Element) -> tuple[str, tuple[int, ...]]:
        """Return what an item is led by, "-" where that is no number, and the numbers that it stands in."""
        if name_of(item) == "list-header":
            return "", (*self._outer, self._number)
        self._number = _whole(attribute(item, "start-value"), self._number + 1)
        self._all_last[self._place] = self._number
        numbers = (*self._outer, self._number)
        level = self._levels.get(self._place)
        if level is None:
            return "-", numbers
        style, depth = self._place
        first = max(depth - level.shown_levels, 0)
        parts: list[str] = []
        for at in range(first, depth):
            own = self._levels.get((style, at + 1))
            parts += [formatted(numbers[at], own.form)] if own is not None else []
        return f"{level.before}{'.'.join(parts)}{level.after}".strip() or "-", numbers


def _level(element: Element, form: str) -> _Level:
    return _Level(
        _FORMS.get(form.partition(",")[0], "decimal"),
        attribute(element, "num-prefix") or "",
        attribute(element, "num-suffix") or "",
        _whole(attribute(element, "start-value"), 1),
        min(_whole(attribute(element, "display-levels"), 1), MOST_LEVELS),
    )


def _whole(text: str | None, default: int) -> int:
    return int(text) if text and text.isdigit() and len(text) < 8 else default
