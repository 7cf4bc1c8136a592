"""Write formulas of MathML on one line, as those of Office are written."""

from collections.abc import Set

from selectolax.lexbor import LexborNode

FORMULAS = frozenset(
    (
        *("msup", "msub", "mfrac", "msqrt", "mroot", "msubsup", "munder", "mover", "munderover"),
        *("mtable", "mfenced", "mmultiscripts"),
    )
)
"""What shows by its place what it means: above, below, beside."""
_DEEPEST = 50


def formula(node: LexborNode, skipped: Set[str], depth: int = 0) -> str:
    """Return a part of a formula, without what is skipped in it: a/b, x^2, x_1, √(x), [1, 2; 3, 4]."""
    parts = [_said(one, skipped, depth + 1) for one in node.iter() if one.tag not in skipped]
    grouped = [part if len(part) <= 1 or part.isalnum() else f"({part})" for part in parts]
    match node.tag, grouped:
        case "mfrac", [above, below]:
            return f"{above}/{below}"
        case "msup" | "mover", [base, above]:
            return f"{base}^{above}"
        case "msub" | "munder", [base, below]:
            return f"{base}_{below}"
        case "msubsup" | "munderover", [base, below, above]:
            return f"{base}_{below}^{above}"
        case "mmultiscripts", [base, *_]:
            return _with_marks(node, base, skipped, depth)
        case "msqrt", _:
            return f"√({' '.join(parts)})"
        case "mroot", [base, degree]:
            return f"{degree}√{base}"
        case "mtable", _:
            return f"[{'; '.join(parts)}]"
        case "mtr" | "mlabeledtr", _:
            return ", ".join(parts)
        case "mfenced", _:
            signs = [node.attributes.get(name) for name in ("open", "close")]
            opening, closing = (usual if sign is None else sign for sign, usual in zip(signs, "()", strict=True))
            return f"{opening}{', '.join(parts)}{closing}"
        case _:
            return " ".join(parts)


def _with_marks(node: LexborNode, base: str, skipped: Set[str], depth: int) -> str:
    """Return a base with what stands below and above it, behind it and before it: _6^14C."""
    behind, before = "", ""
    is_before = False
    places = [one for one in node.iter() if one.tag not in skipped][1:]
    for number, one in enumerate(place for place in places if place.tag != "mprescripts"):
        is_before = is_before or (one.prev is not None and _is_after_pre(one))
        said = _said(one, skipped, depth + 1)
        mark = f"{'^' if number % 2 else '_'}{said}" if said else ""
        behind, before = (behind, before + mark) if is_before else (behind + mark, before)
    return f"{before}{base}{behind}"


def _is_after_pre(node: LexborNode) -> bool:
    earlier = node.prev
    while earlier is not None and earlier.tag == "-text":
        earlier = earlier.prev
    return earlier is not None and earlier.tag == "mprescripts"


def _said(node: LexborNode, skipped: Set[str], depth: int) -> str:
    """Return what an element of a formula shows, and what stands within it in its form."""
    tag = node.tag or ""
    if tag in FORMULAS or tag in ("mtr", "mlabeledtr"):
        return formula(node, skipped, depth) if depth < _DEEPEST else " ".join(node.text().split())
    inner = [one for one in node.iter(include_text=True) if one.tag not in skipped]
    if depth >= _DEEPEST or all(one.tag == "-text" for one in inner):
        return " ".join(node.text().split())
    return " ".join("".join(_text(one, skipped, depth) for one in inner).split())


def _text(node: LexborNode, skipped: Set[str], depth: int) -> str:
    return (node.text_content or "") if node.tag == "-text" else _said(node, skipped, depth + 1)
