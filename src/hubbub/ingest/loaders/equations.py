"""Write equations on one line, as a person types them."""

import unicodedata

from hubbub.ingest.loaders.word_styles import OFF
from hubbub.ingest.loaders.xml import Element, attribute, child, name_of

_REMOVED = frozenset(("del", "moveFrom"))
"""What marks tracked changes, around runs and among their properties."""


def equation(element: Element) -> str:
    """Return an Office equation (OMML): a fraction as a/b, an index as x_1, a power as x^2, a root as √(x)."""
    name = name_of(element)
    if name == "t":
        return element.text or ""
    if name.endswith("Pr") or name in _REMOVED or (name == "r" and _is_removed(element)):
        return ""
    write = _FORMS.get(name)
    return write(element) if write else _all(element)


def _is_removed(run: Element) -> bool:
    return any(name_of(change) in _REMOVED for one in run if name_of(one) == "rPr" for change in one)


def _all(element: Element | None) -> str:
    return "".join(equation(one) for one in element) if element is not None else ""


def _part(element: Element, name: str) -> str:
    return _all(child(element, name)).strip()


def _grouped(text: str) -> str:
    return text if len(text) <= 1 or text.isalnum() else f"({text})"


def _fraction(element: Element) -> str:
    return f"{_grouped(_part(element, 'num'))}/{_grouped(_part(element, 'den'))}"


def _script(element: Element) -> str:
    below, above = _part(element, "sub"), _part(element, "sup")
    base = _part(element, "e")
    marks = (f"_{_grouped(below)}" if below else "") + (f"^{_grouped(above)}" if above else "")
    return marks + base if name_of(element) == "sPre" else base + marks


def _root(element: Element) -> str:
    degree = _part(element, "deg")
    return (f"{degree}" if degree else "") + f"√({_part(element, 'e')})"


def _large(element: Element) -> str:
    sign = attribute(child(element, "naryPr", "chr"), "val")
    below, above = _part(element, "sub"), _part(element, "sup")
    bounds = (f"_{_grouped(below)}" if below else "") + (f"^{_grouped(above)}" if above else "")
    return f"{'∫' if sign is None else sign}{bounds} {_part(element, 'e')}"


def _bracketed(element: Element) -> str:
    properties = child(element, "dPr")
    opening, parting, closing = (
        default
        if (one := child(properties, name) if properties is not None else None) is None
        else attribute(one, "val")
        for name, default in (("begChr", "("), ("sepChr", "|"), ("endChr", ")"))
    )
    parts = [_all(one).strip() for one in element if name_of(one) == "e"]
    return f"{opening or ''}{(parting or '').join(parts)}{closing or ''}"


def _rows(element: Element) -> str:
    rows = ([_all(cell).strip() for cell in row if name_of(cell) == "e"] for row in element if name_of(row) == "mr")
    return "[" + "; ".join(", ".join(row) for row in rows) + "]"


def _lines(element: Element) -> str:
    return "; ".join(_all(one).strip() for one in element if name_of(one) == "e")


def _function(element: Element) -> str:
    return f"{_part(element, 'fName')} {_part(element, 'e')}"


def _limit(element: Element) -> str:
    return f"{_part(element, 'e')}_{_grouped(_part(element, 'lim'))}"


def _unseen(element: Element) -> str:
    show = child(element, "phantPr", "show")
    return "" if show is not None and (attribute(show, "val") or "1").lower() in OFF else _part(element, "e")


def _marked(element: Element) -> str:
    """Return a letter with its accent: a mean is no value."""
    base, name = _part(element, "e"), name_of(element)
    sign = attribute(child(element, f"{name}Pr", "chr"), "val") or "\u0302"
    if name == "bar":
        sign = "\u0304" if attribute(child(element, "barPr", "pos"), "val") == "top" else "\u0332"
    return base + sign if len(base) == 1 and unicodedata.combining(sign[0]) else base


_FORMS = {
    "phant": _unseen,
    "acc": _marked,
    "bar": _marked,
    "f": _fraction,
    "sSub": _script,
    "sSup": _script,
    "sSubSup": _script,
    "sPre": _script,
    "rad": _root,
    "nary": _large,
    "d": _bracketed,
    "m": _rows,
    "eqArr": _lines,
    "func": _function,
    "limLow": _limit,
    "limUpp": _limit,
}
