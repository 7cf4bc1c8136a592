"""Follow the fields of a Word document: their results are shown, their codes are not."""

import msgspec

from hubbub.ingest.loaders.symbols import SYMBOL_FIELD, symbol_of
from hubbub.ingest.loaders.word_styles import OFF
from hubbub.ingest.loaders.xml import Element, attribute, child, name_of

_BUTTONS = ("MACROBUTTON", "GOTOBUTTON")
_CALCULATED = frozenset(
    (
        *("DATE", "TIME", "CREATEDATE", "SAVEDATE", "PRINTDATE", "EDITTIME", "FILENAME", "FILESIZE", "NUMCHARS"),
        *("NUMWORDS", "REF", "PAGEREF", "NOTEREF", "STYLEREF", "SEQ", "LISTNUM", "AUTONUM", "AUTONUMLGL", "AUTONUMOUT"),
        *("TOC", "TOA", "INDEX", "BIBLIOGRAPHY", "CITATION", "INCLUDETEXT", "DATABASE", "EQ"),
    )
)
"""Fields whose results are never empty. Page numbers are left out: Word shows them anew on each page."""
NOT_CALCULATED = "(not calculated)"


def is_balanced(root: Element) -> bool:
    """Whether all fields that begin also end. Where they don't, nothing can be told of what is code."""
    depth = 0
    for one in root.iter("{*}fldChar"):
        depth += {"begin": 1, "end": -1}.get(attribute(one, "fldCharType") or "", 0)
        if depth < 0:
            return False
    return depth == 0


def is_calculated(code: str) -> bool:
    """Tell whether a field of this code shows something once Word has calculated it."""
    return code.strip().partition(" ")[0].upper() in _CALCULATED or code.strip().startswith("=")


class _Open(msgspec.Struct):
    """A field that has begun."""

    is_code: bool = True
    code: list[str] = msgspec.field(default_factory=list[str])
    has_result: bool = False


class Fields:
    """The fields that are open at a place of a document."""

    def __init__(self, *, is_trusted: bool) -> None:
        self.open: list[_Open] = []
        """Those that have begun, the innermost last."""
        self._is_trusted = is_trusted
        self.not_calculated = 0
        """How many fields that are to show something have no result, as Word has not calculated them."""

    @property
    def is_in_code(self) -> bool:
        """Whether text at this place belongs to a field's code."""
        return self._is_trusted and any(one.is_code for one in self.open)

    def takes(self, text: str) -> bool:
        """Tell whether text is shown at this place: that of a field's code is not."""
        is_shown = not self.is_in_code
        for one in self.open if is_shown and text.strip() else ():
            one.has_result = True
        return is_shown

    def add_code(self, text: str) -> None:
        """Add a piece of the code of the field that was begun last."""
        if self.open:
            self.open[-1].code.append(text)

    def step(self, element: Element) -> str:
        """Follow a field's mark; return what a field shows that has no text of its own."""
        match attribute(element, "fldCharType"):
            case "begin":
                self.open.append(_Open())
                return _form(child(element, "ffData"))
            case "separate" if self.open:
                self.open[-1].is_code = False
            case "end" if self.open:
                ended = self.open.pop()
                if not ended.has_result and self._is_trusted:
                    return self.of_code("".join(ended.code))
            case _:
                pass
        return ""

    def of_code(self, code: str) -> str:
        """Return what a field shows that has no result: a symbol, the text of a button, or that it is missing."""
        if self.is_in_code:
            return ""
        name, _, rest = code.strip().partition(" ")
        shown = ""
        if found := SYMBOL_FIELD.match(code):
            shown = symbol_of(found)
        elif name.upper() in _BUTTONS:
            shown = rest.strip().partition(" ")[2]
        elif is_calculated(code):
            self.not_calculated += 1
            shown = NOT_CALCULATED
        self.takes(shown)
        return shown


def _form(data: Element | None) -> str:
    for one in data if data is not None else ():
        if name_of(one) == "checkBox":
            state = child(one, "checked")
            state = child(one, "default") if state is None else state
            is_checked = state is not None and (attribute(state, "val") or "1").lower() not in OFF
            return "☒" if is_checked else "☐"
        if name_of(one) == "ddList":
            entries = [attribute(entry, "val") or "" for entry in one if name_of(entry) == "listEntry"]
            chosen = attribute(child(one, "result"), "val") or attribute(child(one, "default"), "val") or "0"
            return entries[int(chosen)] if chosen.isdigit() and int(chosen) < len(entries) else ""
    return ""
