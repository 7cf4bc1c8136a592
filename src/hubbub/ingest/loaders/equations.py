"""Write equations on one line, as a person types them."""

from hubbub.ingest.loaders.xml import Element, attribute, child, name_of


def equation(element: Element) -> str:
    """Return an Office equation (OMML): a fraction as a/b, an index as x_1, a power as x^2, a root as √(x)."""
    name = name_of(element)
    if name == "t":
        return element.text or ""
    if name.endswith("Pr") or name in ("del", "moveFrom"):
        return ""
    write = _FORMS.get(name)
    return write(element) if write else _all(element)


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


_FORMS = {
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
