"""Read RTF: its text, without what only says how it looks."""

import re
from typing import BinaryIO

from hubbub.core.errors import Invalid
from hubbub.core.reasons import because
from hubbub.ingest.blocks import Block, Loaded, Paragraph, Table
from hubbub.ingest.loaders.looks import HIDDEN, PLAIN, STRUCK, Look, Text

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|[\r\n]+|([^\\{}\r\n]+)", re.S
)
_SKIPPED = frozenset(
    (
        *(b"fonttbl", b"colortbl", b"stylesheet", b"pict", b"themedata", b"colorschememapping", b"datastore", b"info"),
        *(
            b"listtable",
            b"listoverridetable",
            b"revtbl",
            b"rsidtbl",
            b"generator",
            b"latentstyles",
            b"fldinst",
            b"objdata",
        ),
        *(
            b"xmlnstbl",
            b"filetbl",
            b"bkmkstart",
            b"bkmkend",
            b"listtext_",
            b"nonshppict",
            b"mmathPr",
            b"mctrlPr",
            b"wgrffmtfilter",
        ),
        *(b"private", b"xe", b"tc", b"objclass", b"atnid", b"atnauthor", b"atrfstart", b"atrfend", b"pgdsctbl"),
    )
)
_SHOWN_STARRED = frozenset(
    (b"shptxt", b"footnote", b"annotation", b"shpinst", b"shprslt", b"pn", b"moMath", b"moMathPara")
)
_NOTES = {
    **{b"footnote": "Footnote", b"annotation": "Comment", b"header": "Header", b"footer": "Footer"},
    **{b"headerf": "Header", b"footerf": "Footer", b"headerl": "Header", b"headerr": "Header"},
}
_MARGINS = ("Header", "Footer")
_ENDS = (b"par", b"sect", b"page", b"cell", b"nestcell", b"row", b"nestrow")
_SIGNS = {
    b"tab": "\t", b"line": "\n", b"emdash": "—", b"endash": "–", b"bullet": "•", b"lquote": "‘", b"rquote": "’",
    b"ldblquote": "“", b"rdblquote": "”", b"emspace": " ", b"enspace": " ",
}  # fmt: skip
_CHARSETS = {
    **{128: "cp932", 129: "cp949", 134: "gb18030", 136: "big5", 161: "cp1253", 162: "cp1254", 163: "cp1258"},
    **{177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250", 77: "mac-roman"},
}
_FAMILIES = {b"ansi": "cp1252", b"mac": "mac-roman", b"pc": "cp437", b"pca": "cp850"}
_FONT = re.compile(rb"\\f(\d+)(?:\\[a-z]+-?\d*)*?\\fcharset(\d+)")
MOST_DEPTH = 1000


class _State:
    """What holds within a group."""

    def __init__(self, outer: "_State | None" = None) -> None:
        self.is_skipped = outer.is_skipped if outer else False
        self.is_hidden = outer.is_hidden if outer else False
        self.is_struck = outer.is_struck if outer else False
        self.is_raised = outer.is_raised if outer else False
        self.is_deleted = outer.is_deleted if outer else False
        self.after_unicode = outer.after_unicode if outer else 1
        self.codec = outer.codec if outer else ""
        self.is_upr = outer.is_upr if outer else False
        self.note = ""
        self.is_in_note = bool(outer and (outer.note or outer.is_in_note))

    def look(self) -> Look:
        """Return how text looks in the group."""
        if not (self.is_hidden or self.is_struck or self.is_raised):
            return PLAIN
        return Look(HIDDEN if self.is_hidden else STRUCK if self.is_struck else "", self.is_raised)


def load(file: BinaryIO) -> Loaded:
    """Return a document's paragraphs and tables; notes, headers and comments are marked.

    Raises:
        Invalid: it is nested too deeply.
    """
    return read(file.read())


def read(data: bytes) -> Loaded:
    """Return what bytes of RTF say.

    Raises:
        Invalid: they are nested too deeply.
    """
    return _Reader(data).read()


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        page = re.search(rb"\\ansicpg(\d+)", data[:4096])
        family = re.search(rb"\\(ansi|mac|pca|pc)(?![a-z])", data[:256])
        self._codec = _known(f"cp{int(page[1])}") if page else _FAMILIES[family[1]] if family else "cp1252"
        self._fonts = {int(font): _CHARSETS.get(int(kind), "") for font, kind in _FONT.findall(data[:200_000])}
        self._blocks: list[Block] = []
        self._text = Text()
        self._bytes = bytearray()
        self._bytes_codec = ""
        self._bytes_look: Look = PLAIN
        self._margins: set[str] = set()
        self._row: list[str] = []
        self._rows: list[tuple[str, ...]] = []

    def read(self) -> Loaded:
        states = [_State()]
        is_starred = False
        to_skip = 0
        place = 0
        while place < len(self._data):
            found = _TOKEN.match(self._data, place)
            if found is None:
                place += 1
                continue
            place = found.end()
            word, number, code, sign, brace, plain = found.groups()
            state = states[-1]
            if brace == b"{":
                if len(states) > MOST_DEPTH:
                    raise Invalid(because("nested_too_deeply"), code="corrupt")
                states.append(_State(state))
                is_starred, to_skip = False, 0
            elif brace == b"}":
                if len(states) > 1:
                    states.pop()
                if state.note and not state.is_skipped:
                    self._flush()
                    self._text.trim()
                    self._add("]", _State())
                    self._end_margin(state)
                is_starred, to_skip = False, 0
            elif word is not None:
                value = int(number) if number else None
                if word == b"bin":
                    place += max(value or 0, 0)
                elif word == b"u" and value is not None:
                    self._add(chr(value % 0x10000), state)
                    to_skip = state.after_unicode
                else:
                    self._control(word, value, state, is_starred)
                is_starred = False
            elif code is not None:
                if to_skip:
                    to_skip -= 1
                else:
                    self._add_bytes(bytes((int(code, 16),)), state)
            elif sign is not None:
                is_starred = sign == b"*"
                if sign in (b"\\", b"{", b"}"):
                    self._add(sign.decode(), state)
                elif sign in (b"~", b"_"):
                    self._add(" " if sign == b"~" else "-", state)
                elif sign in (b"\r", b"\n"):
                    self._end_paragraph()
            elif plain is not None:
                self._add_bytes(plain[to_skip:], state)
                to_skip = max(to_skip - len(plain), 0)
        self._end_paragraph()
        self._end_table()
        return Loaded(self._blocks)

    def _control(self, word: bytes, value: int | None, state: _State, is_starred: bool) -> None:
        if word == b"ud" and is_starred:  # the newer form of what stands before it, which is skipped
            state.is_skipped = state.is_skipped and not state.is_upr
        elif word in _SKIPPED or (is_starred and word not in _SHOWN_STARRED):
            state.is_skipped = True
        elif word == b"upr":
            state.is_upr = not state.is_skipped
            state.is_skipped = True
        elif word in _NOTES:
            state.note = _NOTES[word]
            self._end_margin(state)
            self._add(f" [{state.note}: ", _State())
        elif word == b"v":
            state.is_hidden = value != 0
        elif word in (b"strike", b"striked"):
            state.is_struck = value != 0
        elif word in (b"super", b"up"):
            state.is_raised = value != 0
        elif word in (b"nosupersub", b"sub"):
            state.is_raised = False
        elif word == b"deleted":
            state.is_deleted = value != 0
        elif word == b"uc":
            state.after_unicode = value if value is not None else 1
        elif word == b"f" and value is not None:
            state.codec = self._fonts.get(value, "")
        elif word == b"plain":
            state.is_hidden = state.is_deleted = state.is_struck = state.is_raised = False
            state.codec = ""
        elif state.is_skipped:
            return
        elif word in _ENDS and (state.note or state.is_in_note):
            self._add(" ", state)
        elif word in (b"par", b"sect", b"page"):
            self._end_paragraph()
        elif word in (b"cell", b"nestcell"):
            self._row.append(self._taken().replace("\n", " "))
        elif word in (b"row", b"nestrow"):
            if any(self._row):
                self._rows.append(tuple(self._row))
            self._row = []
        elif word in _SIGNS:
            self._add(_SIGNS[word], state)

    def _add(self, text: str, state: _State) -> None:
        self._flush()
        if not state.is_skipped and not state.is_deleted:
            self._text.add(text, state.look())

    def _add_bytes(self, data: bytes, state: _State) -> None:
        if state.is_skipped or state.is_deleted:
            return
        codec, look = state.codec or self._codec, state.look()
        if codec != self._bytes_codec or look != self._bytes_look:
            self._flush()
        self._bytes_codec, self._bytes_look = codec, look
        self._bytes += data

    def _flush(self) -> None:
        if self._bytes:
            text = self._bytes.decode(self._bytes_codec or "cp1252", errors="replace")
            self._text.add(text, self._bytes_look)
            self._bytes.clear()

    def _taken(self) -> str:
        self._flush()
        text = self._text.take().encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        lines = (" ".join(line.split()) for line in text.split("\n"))
        return "\n".join(line for line in lines if line)

    def _end_paragraph(self) -> None:
        if self._row:
            return self._add("\n", _State())  # a paragraph within a cell
        if text := self._taken():
            self._end_table()
            self._blocks.append(Paragraph(text))
        return None

    def _end_margin(self, state: _State) -> None:
        """End the paragraph before a header or a footer, or it; one that comes again is left out."""
        if state.note not in _MARGINS or state.is_skipped:
            return
        self._end_paragraph()
        last = self._blocks[-1] if self._blocks else None
        if isinstance(last, Paragraph) and last.text.startswith(f"[{state.note}: "):
            if last.text in self._margins:
                self._blocks.pop()
            self._margins.add(last.text)

    def _end_table(self) -> None:
        if self._row and any(self._row):
            self._rows.append(tuple(self._row))
        self._row = []
        if self._rows:
            self._blocks.append(Table(tuple(self._rows)))
            self._rows = []


def _known(codec: str) -> str:
    try:
        "".encode(codec)
    except LookupError:
        return "cp1252"
    return codec
