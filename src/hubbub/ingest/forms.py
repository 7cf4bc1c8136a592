"""Tell tables that name columns from forms: two columns, in which each row is a name and its value."""

import re
from collections.abc import Sequence

LABEL_CHARACTERS = 60
"""What a form names is no longer."""
MANY_KINDS = 4
"""A column that is named holds values of one kind, and perhaps some of another one; not of so many."""

_NUMBER = r"[-+±~≈<>≤≥]?\s*\d[\d\s.,'’/:×x–-]*"
_CURRENCY = r"[$€£¥]|EUR|USD|GBP|CHF|JPY"
_MONEY = re.compile(rf"(?:{_CURRENCY})\s*{_NUMBER}|{_NUMBER}\s*(?:{_CURRENCY})", re.IGNORECASE)
_DAY = re.compile(
    r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}-\d\d-\d\d"
    r"|\d{1,2}(?:\.|st|nd|rd|th)? (?:de )?[^\W\d]{3,}\.? (?:de )?\d{4}"
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_MEASURED = re.compile(rf"{_NUMBER}\s*(?P<unit>[^\W\d]{{1,8}}|[%‰°][^\W\d]?)(?:[²³/].*)?")
_ADDRESS = re.compile(r"\S+@\S+|\w+://\S+|www\.\S+")


def is_form(rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether a table's rows are names with their values, the first one, too, as far as can be told."""
    pairs = [(" ".join(row[0].split()), " ".join(row[1].split())) for row in rows if any(row[1:2])]
    labels, values = [label for label, _ in pairs], [value for _, value in pairs]
    return not any(any(row[2:]) for row in rows) and _are_labels(labels) and _has_values(labels, values)


def _are_labels(labels: Sequence[str]) -> bool:
    return len(set(labels)) == len(labels) > 1 and all(
        0 < len(label) <= LABEL_CHARACTERS and not label[0].isdigit() and any(map(str.isalpha, label))
        for label in labels
    )


def _has_values(labels: Sequence[str], values: Sequence[str]) -> bool:
    """Tell whether what stands beside the labels are their values, the first one's, too, and no column."""
    if sum(label.endswith((":", "：")) for label in labels) * 3 >= len(labels) * 2:
        return True
    kinds = [_kind(value) for value in values]
    measured = [kind for kind in kinds if kind.startswith(("in ", "money", "day"))]
    if len(set(measured)) > 1 and 2 * len(set(measured)) >= len(measured):
        return True
    distinct = len(set(kinds))
    has_first = kinds[0] not in ("text", "year") and (kinds[0] in kinds[1:] or distinct > 2)
    return has_first or (distinct >= MANY_KINDS and 2 * distinct >= len(kinds))


def _kind(value: str) -> str:
    """Return what a value is like: "in kg", "money", "day", "year", "number", "address", "text", "text with digits"."""
    if _ADDRESS.fullmatch(value):
        return "address"
    if not any(map(str.isdigit, value)):
        return "text"
    if _DAY.fullmatch(value):
        return "day"
    if _YEAR.fullmatch(value):
        return "year"
    if _MONEY.fullmatch(value):
        return "money"
    if measured := _MEASURED.fullmatch(value):
        return f"in {measured['unit'].casefold()}"
    return "number" if re.fullmatch(_NUMBER, value) else "text with digits"
