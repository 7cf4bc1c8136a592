"""Show a spreadsheet's numbers by their formats, as the spreadsheet does (ECMA-376, 18.8.30 and 18.8.31)."""

import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from fractions import Fraction
from functools import lru_cache
from typing import TypeAlias

import msgspec

from hubbub.ingest.loaders.dates import date_format, is_date_format
from hubbub.ingest.loaders.looks import HIDDEN, marked

Shown: TypeAlias = Callable[[float], str]

_BUILT_IN = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?", 13: "# ??/??",
    14: "yyyy-mm-dd", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm",
    21: "h:mm:ss", 22: "yyyy-mm-dd h:mm", 37: "#,##0;-#,##0", 38: "#,##0;-#,##0", 39: "#,##0.00;-#,##0.00",
    40: "#,##0.00;-#,##0.00", 41: "#,##0;-#,##0", 42: "#,##0;-#,##0", 43: "#,##0.00;-#,##0.00",
    44: "#,##0.00;-#,##0.00", 45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0", 48: "##0.0E+0",
    **dict.fromkeys((*range(27, 37), *range(50, 59)), "yyyy-mm-dd"),
}  # fmt: skip
"""The formats that files name by number alone. Dates in the form of the reader's country are shown as ISO 8601."""

_TOKEN = re.compile(
    r"""  "(?P<quoted>[^"]*)"?            # "literal"
        | \\(?P<escaped>.)              # \x
        | [_](?P<space>.)               # as wide as x
        | [*](?P<fill>.)                # x, repeated
        | \[\$(?P<currency>[^\]-]*)[^\]]*\]   # [$€-407]
        | \[(?P<condition>[<>=]+-?[\d.]+)\]   # [>=100]
        | \[[^\]]*\]                    # [Red]
        | (?P<exponent>E[+-]0+)
        | (?P<digits>[0#?.,]+)
        | (?P<other>.)
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_SECTION = re.compile(r'((?:"[^"]*"?|\\.|[_*].|\[[^\]]*\]|[^;])*)(?:;|$)', re.DOTALL)
_GENERAL = re.compile("general", re.IGNORECASE)
_FRACTION = re.compile(r"(?P<whole>[?#0]+(?:\\?\s|_.)+)?[?#0]+\s*/\s*(?P<denominator>[?#0]+|\d+)")
MOST_DIGITS = 15
"""A double's digits that a spreadsheet shows."""
_LONGEST_FORMAT = 255


class _Part(msgspec.Struct):
    """A piece of a section: a literal, or the digits' pattern."""

    text: str
    is_pattern: bool = False


def show_general(value: float) -> str:
    """Return a number that has no format: without the noise of its binary form."""
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    shown = format(value, f".{MOST_DIGITS}g")
    return shown.replace("e", "E")


@lru_cache(4096)
def format_of(number: int, code: str, is_1904: bool) -> Shown | None:
    """Return what shows numbers by a format, given by number or by code; None where it is General."""
    code = (code or _BUILT_IN.get(number, "General"))[:_LONGEST_FORMAT]
    sections = _sections(code)
    conditions = [_condition(section) for section in sections]
    shown = [_section(section, is_1904) for section in sections]
    if shown == [show_general]:
        return None
    if all(one is _show_nothing for one in shown):
        return lambda value: marked(show_general(value), HIDDEN)

    def show(value: float) -> str:
        index = _chosen(value, conditions)
        return shown[index](-value if value < 0 and index == without_sign else value)

    without_sign = 1 if _is_for_negatives(conditions) else None
    return show


@lru_cache(4096)
def around_text(code: str) -> tuple[str, str] | None:
    """Return what a format shows before and after a text; None where it shows no text at all."""
    sections = _sections(code[:_LONGEST_FORMAT])
    if len(sections) < 4 and "@" not in sections[-1]:
        return "", ""
    before, sign, after = sections[-1].partition("@")
    if not sections[-1].strip():
        return None
    return (_literals(before).lstrip(), _literals(after).rstrip()) if sign else ("", "")


def _sections(code: str) -> list[str]:
    found = _SECTION.findall(code)
    if len(found) > 1 and not code.endswith(";"):
        found.pop()  # what is empty after the last one
    return found[:4] or ["General"]


def _condition(section: str) -> tuple[str, float] | None:
    for token in _TOKEN.finditer(section):
        if token["condition"]:
            sign = token["condition"].rstrip("-.0123456789")
            return sign, float(token["condition"][len(sign) :] or 0)
    return None


def _is_for_negatives(conditions: list[tuple[str, float] | None]) -> bool:
    """Tell whether the second section is for negative numbers alone, whose sign it writes itself."""
    if len(conditions) < 2 or conditions[0] not in (None, (">", 0), (">=", 0)):
        return False
    if conditions[1] is None:
        return True
    return len(conditions) > 2 and conditions[1] == ("<", 0)


def _chosen(value: float, conditions: list[tuple[str, float] | None]) -> int:
    """Return the number of the section that a value is shown by."""
    if any(conditions):
        if len(conditions) > 2 and conditions[1] is None:  # the third is for all others
            conditions = [conditions[0], ("<", 0), None]
        for index, condition in enumerate(conditions):
            if condition is None or _holds(value, *condition):
                return index
        return 0
    count = min(len(conditions), 3)
    if value < 0 and count > 1:
        return 1
    return 2 if value == 0 and count > 2 else 0


def _holds(value: float, sign: str, bound: float) -> bool:
    compared = {"<": value < bound, ">": value > bound, "=": value == bound}
    return any(compared[one] for one in sign if one in compared) if sign != "<>" else value != bound


def _section(section: str, is_1904: bool) -> Shown:
    if not section:
        return _show_nothing
    if (general := _GENERAL.search(section)) and not re.search("[0#?]", section):
        before, after = _literals(section[: general.start()]), _literals(section[general.end() :])
        if not before + after:
            return show_general
        return lambda value: f"{'-' * (value < 0)}{before}{show_general(abs(value))}{after}".strip()
    if is_date_format(section):
        return date_format(section, is_1904)
    return _number(section)


def _show_nothing(value: float) -> str:
    return ""


def _literals(section: str) -> str:
    """Return the text that a piece of a section shows as it is."""
    return "".join(
        token["quoted"] or token["escaped"] or token["currency"] or token["other"] or " " * bool(token["space"])
        for token in _TOKEN.finditer(section)
    )


def _number(section: str) -> Shown:
    parts: list[_Part] = []
    exponent = ""
    percents = 0
    for token in _TOKEN.finditer(section):
        if token["digits"]:
            parts.append(_Part(token["digits"], is_pattern=True))
        elif token["exponent"]:
            exponent = token["exponent"]
            parts.append(_Part("", is_pattern=True))
        elif token["space"]:
            parts.append(_Part(" "))
        else:
            literal = token["quoted"] or token["escaped"] or token["currency"] or token["other"] or ""
            percents += token["other"] == "%"
            parts.append(_Part(literal))
    patterns = [part.text for part in parts if part.is_pattern]
    if not patterns:
        text = "".join(part.text for part in parts)
        is_empty = text == "@" or (not text.strip() and '"' not in section)
        return lambda value: show_general(value) if is_empty else text.strip()
    if fraction := _FRACTION.search(section):
        before, after = _literals(section[: fraction.start()]), _literals(section[fraction.end() :])
        return lambda value: f"{'-' * (value < 0)}{before}{_fraction(abs(value), fraction)}{after}".strip()
    pattern = "".join(patterns)
    whole, _, after = pattern.partition(".")
    scale = len(pattern) - len(pattern.rstrip(","))
    shape = _Shape(
        least_whole=whole.count("0"),
        most_whole=sum(whole.count(sign) for sign in "0#?"),
        least_after=after.count("0"),
        most_after=sum(after.count(sign) for sign in "0#?"),
        is_grouped="," in whole.rstrip(","),
        factor=Decimal(10) ** (2 * percents - 3 * scale),
    )

    def show(value: float) -> str:
        if exponent:
            return _scientific(value, shape, exponent)
        digits = _digits(value, shape)
        sign = "-" if value < 0 and digits.strip("0.,") else ""
        return sign + _filled(parts, digits)

    return show


class _Shape(msgspec.Struct, frozen=True):
    """How a number's digits are written."""

    least_whole: int
    most_whole: int
    least_after: int
    most_after: int
    is_grouped: bool
    factor: Decimal


def _digits(value: float, shape: _Shape) -> str:
    try:
        exact = Decimal(format(abs(value), f".{MOST_DIGITS}g")) * shape.factor
        rounded = exact.quantize(Decimal(1).scaleb(-shape.most_after), ROUND_HALF_UP)
    except InvalidOperation:
        return show_general(abs(value))
    whole, _, after = format(rounded, "f").partition(".")
    after = after[: shape.least_after] + after[shape.least_after :].rstrip("0")
    whole = whole.lstrip("0").rjust(shape.least_whole, "0")
    if shape.is_grouped:
        whole = f"{int(whole):,}".rjust(shape.least_whole, "0") if whole else whole
    return f"{whole}.{after}" if after else whole  # a zero is shown only where the format has a 0 for it


def _filled(parts: list[_Part], digits: str) -> str:
    """Return digits among a section's literals; those between digits are counted from the right, as in 000-0000."""
    patterns = [index for index, part in enumerate(parts) if part.is_pattern and part.text.strip(",")]
    texts = ["" if part.is_pattern else part.text for part in parts]
    if not patterns:
        return digits
    whole, dot, after = digits.partition(".")
    last = next((index for index in patterns if "." in parts[index].text), patterns[-1])
    texts[last] = f"{dot}{after}"
    for index in reversed([one for one in patterns[1:] if one <= last]):
        length = sum(parts[index].text.partition(".")[0].count(sign) for sign in "0#?")
        cut = max(0, len(whole) - length)
        texts[index] = whole[cut:] + texts[index]
        whole = whole[:cut]
    texts[patterns[0]] = whole + texts[patterns[0]]
    return "".join(texts).strip()


def _scientific(value: float, shape: _Shape, exponent: str) -> str:
    number = Decimal(format(value, f".{MOST_DIGITS}g"))
    try:
        mantissa, power = _with_power(number, max(shape.most_whole, 1), shape.most_after)
    except InvalidOperation:
        return show_general(value)
    sign = "-" if power.startswith("-") else "+" if exponent[1] == "+" else ""
    return f"{mantissa}E{sign}{power.lstrip('+-').lstrip('0').rjust(len(exponent) - 2, '0')}"


def _with_power(number: Decimal, width: int, after: int) -> tuple[str, str]:
    """Return a number's digits and its power of ten, which comes in steps of `width`."""
    steps = (number.adjusted() if number else 0) // width * width
    rounded = number.scaleb(-steps).quantize(Decimal(1).scaleb(-after), ROUND_HALF_UP)
    if rounded and rounded.adjusted() >= width:  # it was rounded up to the next power
        return _with_power(rounded.scaleb(steps), width, after)
    return format(rounded, "f"), str(steps)


def _fraction(value: float, pattern: re.Match[str]) -> str:
    denominator = pattern["denominator"]
    whole, rest = divmod(value, 1) if pattern["whole"] else (0, value)
    if denominator.isdigit() and int(denominator):
        parts, of = round(rest * int(denominator)), int(denominator)
    else:
        parts, of = Fraction(rest).limit_denominator(10 ** min(len(denominator), 3) - 1).as_integer_ratio()
    if pattern["whole"] and parts == of:
        whole, parts = whole + 1, 0
    return " ".join([*([str(int(whole))] if whole or not parts else []), *([f"{parts}/{of}"] if parts else [])])
