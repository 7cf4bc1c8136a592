"""Follow the fields of a Word document: their results are shown, their codes are not."""

from hubbub.ingest.loaders.xml import Element, attribute, child, name_of

_OFF = frozenset(("0", "false", "off"))


def is_balanced(root: Element) -> bool:
    """Whether all fields that begin also end. Where they don't, nothing can be told of what is code."""
    depth = 0
    for one in root.iter("{*}fldChar"):
        depth += {"begin": 1, "end": -1}.get(attribute(one, "fldCharType") or "", 0)
        if depth < 0:
            return False
    return depth == 0


class Fields:
    """The fields that are open at a place of a document."""

    def __init__(self, *, is_trusted: bool) -> None:
        self._open: list[bool] = []  # of each, whether it is in its code still
        self._is_trusted = is_trusted

    @property
    def is_in_code(self) -> bool:
        """Whether text at this place belongs to a field's code."""
        return self._is_trusted and any(self._open)

    def step(self, element: Element) -> str:
        """Follow a field's mark; return what a field of a form shows that has no text of its own."""
        match attribute(element, "fldCharType"):
            case "begin":
                self._open.append(True)
                return _form(child(element, "ffData"))
            case "separate" if self._open:
                self._open[-1] = False
            case "end" if self._open:
                self._open.pop()
            case _:
                pass
        return ""


def _form(data: Element | None) -> str:
    for one in data if data is not None else ():
        if name_of(one) == "checkBox":
            state = child(one, "checked")
            state = child(one, "default") if state is None else state
            is_checked = state is not None and (attribute(state, "val") or "1").lower() not in _OFF
            return "☒" if is_checked else "☐"
        if name_of(one) == "ddList":
            entries = [attribute(entry, "val") or "" for entry in one if name_of(entry) == "listEntry"]
            chosen = attribute(child(one, "result"), "val") or attribute(child(one, "default"), "val") or "0"
            return entries[int(chosen)] if chosen.isdigit() and int(chosen) < len(entries) else ""
    return ""
