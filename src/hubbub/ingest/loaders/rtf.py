"""Read RTF: its text, without what only says how it looks."""

import re
from typing import BinaryIO

from hubbub.core.documents import Omission
from hubbub.core.errors import Invalid
from hubbub.core.reasons import because
from hubbub.ingest.blocks import Block, Loaded, Paragraph, Table
from hubbub.ingest.loaders.grids import Cell, table_blocks
from hubbub.ingest.loaders.looks import HIDDEN, PLAIN, STRUCK, Look, Text
from hubbub.ingest.loaders.symbols import SYMBOL_FIELD, in_font, symbol_font, symbol_of
from hubbub.ingest.loaders.word_fields import NOT_CALCULATED, is_calculated

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
        *(
            b"pntxta",
            b"pntxtb",
            b"private",
            b"xe",
            b"tc",
            b"objclass",
            b"atnid",
            b"atnauthor",
            b"atrfstart",
            b"atrfend",
            b"pgdsctbl",
        ),
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
_TABLE_WORDS = frozenset((b"pard", b"itap", b"clvmgf", b"clvmrg", b"cellx", b"intbl", b"trowd"))
_CODES = frozenset((b"fldinst", b"sn", b"sv"))
_SIGNS = {
    b"tab": "\t", b"line": "\n", b"emdash": "—", b"endash": "–", b"bullet": "•", b"lquote": "‘", b"rquote": "’",
    b"ldblquote": "“", b"column": "\n", b"rdblquote": "”", b"emspace": " ", b"enspace": " ",
}  # fmt: skip
_CHARSETS = {
    **{128: "cp932", 129: "cp949", 134: "gb18030", 136: "big5", 161: "cp1253", 162: "cp1254", 163: "cp1258"},
    **{177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250", 77: "mac-roman"},
}
_FAMILIES = {b"ansi": "cp1252", b"mac": "mac-roman", b"pc": "cp437", b"pca": "cp850"}
_FONT = re.compile(rb"\\f(\d+)(?:\\[a-z]+-?\d* ?)*?\\fcharset(\d+)")
_SYMBOL_FONT = re.compile(rb"\\f(\d+)[^;]{0,300}?[ }]((?:Symbol|Wingdings|Webdings)[ \d]*);", re.IGNORECASE)
MOST_DEPTH = 1000
MOST_FONT_BYTES = 200_000


class _State:
    """What holds within a group."""

    is_skipped = is_hidden = is_struck = is_raised = is_lowered = is_deleted = is_upr = is_in_note = False
    after_unicode = 1
    codec: str = ""
    font: str = ""
    note: str = ""
    instruction: bytearray | None = None
    """The code of a field, or the name of a property, that is being read."""
    is_symbol = False
    """Whether the field's code says already what it shows."""
    owns_instruction = is_word_art = False
    field_code = ""
    """The code of the field that the group is."""
    field_start: tuple[list[str], int] | None = None
    """The text before a field, and how many pieces it had."""

    def __init__(self, outer: "_State | None" = None) -> None:
        if outer is None:
            return
        self.is_skipped = outer.is_skipped
        self.is_hidden = outer.is_hidden
        self.is_struck = outer.is_struck
        self.is_raised = outer.is_raised
        self.is_lowered = outer.is_lowered
        self.is_deleted = outer.is_deleted
        self.after_unicode = outer.after_unicode
        self.codec = outer.codec
        self.font = outer.font
        self.instruction = outer.instruction
        self.is_symbol = outer.is_symbol
        self.is_upr = outer.is_upr
        self.is_in_note = bool(outer.note or outer.is_in_note)

    def look(self) -> Look:
        """Return how text looks in the group."""
        if not (self.is_hidden or self.is_struck or self.is_raised or self.is_lowered):
            return PLAIN
        mark = HIDDEN if self.is_hidden else STRUCK if self.is_struck else ""
        return Look(mark, self.is_raised, self.is_lowered)


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
        self._fonts = {int(font): _CHARSETS.get(int(kind), "") for font, kind in _FONT.findall(data[:MOST_FONT_BYTES])}
        self._symbol_fonts = {
            int(font): symbol_font(name.decode("ascii")) for font, name in _SYMBOL_FONT.findall(_font_table(data))
        }
        self._blocks: list[Block] = []
        self._text = Text()
        self._bytes = bytearray()
        self._bytes_codec = ""
        self._not_calculated = 0
        self._bytes_font: str = ""
        self._bytes_look: Look = PLAIN
        self._margins: set[str] = set()
        self._property = ""
        self._is_in_table = False
        self._is_drop_cap = False
        """Whether the paragraph is a large letter, with which the next one begins."""
        self._cell: list[Block] = []
        self._merge = b""
        self._merges: list[bytes] = []
        """Of each cell of the row, whether one begins that goes over several rows, or goes on."""
        self._merged: dict[int, Cell] = {}
        self._row: list[Cell] = []
        self._rows: list[list[Cell]] = []
        self._inner_row: list[str] = []
        self._inner_rows: list[tuple[str, ...]] = []
        """The table within the cell that is being read; tables within that one are read as its rows."""

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
                if state.is_word_art:
                    self._add(" ", state)
                if state.owns_instruction and states[-1] is not state:
                    self._end_instruction(state, states[-1])
                if state.field_start is not None and states[-1] is not state:
                    self._end_field(state, states[-1])
                is_starred, to_skip = False, 0
            elif word is not None:
                value = int(number) if number else None
                if word == b"bin":
                    place += max(value or 0, 0)
                elif word == b"u" and value is not None:
                    self._add(in_font(state.font, chr(value % 0x10000)), state)
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
                    self._add_bytes(sign, state)  # which may be half of a letter
                elif sign in (b"~", b"_"):
                    self._add(" " if sign == b"~" else "-", state)
                elif sign in (b"\r", b"\n"):
                    self._end_paragraph()
            elif plain is not None:
                self._add_bytes(plain[to_skip:], state)
                to_skip = max(to_skip - len(plain), 0)
        self._is_in_table = self._is_drop_cap = False
        self._end_paragraph()
        self._end_table()
        count = self._not_calculated
        said = f"{count} field{'s are' if count > 1 else ' is'} not calculated in the file"
        omitted = (Omission("fields_not_calculated", said, count),) if count else ()
        return Loaded(self._blocks, omitted=omitted)

    def _control(self, word: bytes, value: int | None, state: _State, is_starred: bool) -> None:
        if word == b"ud" and is_starred:  # the newer form of what stands before it, which is skipped
            state.is_skipped = state.is_skipped and not state.is_upr
        elif word in _CODES:
            self._begin_code(word, state)
        elif (
            word in _SKIPPED or (is_starred and word not in _SHOWN_STARRED) or (state.is_symbol and word == b"fldrslt")
        ):
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
        elif word == b"field":
            self._flush()
            state.field_start = self._text.pieces, len(self._text.pieces)
        elif word in (b"strike", b"striked"):
            state.is_struck = value != 0
        elif word in (b"super", b"up"):
            state.is_raised, state.is_lowered = value != 0, False
        elif word in (b"nosupersub", b"sub", b"dn"):
            state.is_raised, state.is_lowered = False, word != b"nosupersub" and value != 0
        elif word == b"deleted":
            state.is_deleted = value != 0
        elif word == b"uc":
            state.after_unicode = value if value is not None else 1
        elif word == b"f" and value is not None:
            state.codec = self._fonts.get(value, "")
            state.font = self._symbol_fonts.get(value, "")
        elif word == b"plain":
            state.is_hidden = state.is_deleted = state.is_struck = state.is_raised = state.is_lowered = False
            state.codec = state.font = ""
        elif word == b"nestrow":  # it stands in a group of properties
            self._end_inner_row()
        elif state.is_skipped:
            return
        elif word in _ENDS and (state.note or state.is_in_note):
            self._add(" ", state)
        elif word in (b"par", b"sect", b"page"):
            self._end_paragraph()
        elif word in _TABLE_WORDS:
            self._table_word(word, value or 0, state)
        elif word == b"nestcell":
            self._inner_row.append(self._taken().replace("\n", " "))
        elif word == b"cell":
            self._end_cell()
        elif word == b"row":
            self._end_row()
        elif word == b"dropcapt":
            self._is_drop_cap = True
        elif word in _SIGNS:
            self._add(_SIGNS[word], state)

    def _begin_code(self, word: bytes, state: _State) -> None:
        if word == b"sv" and self._property == "gtextUNICODE":  # the text of WordArt
            self._property = ""
            state.is_word_art = True
            return
        state.is_skipped = state.owns_instruction = True
        state.instruction = bytearray()

    def _table_word(self, word: bytes, value: int, state: _State) -> None:
        """Follow what says how paragraphs and cells stand in a table."""
        match word:
            case b"pard":
                self._is_in_table = self._is_drop_cap = False
            case b"itap":
                self._begin_inner(value)
            case b"clvmgf" | b"clvmrg":
                self._merge = word
            case b"cellx":
                self._merges.append(self._merge)
                self._merge = b""
            case _:
                self._is_in_table = not (state.note or state.is_in_note)
                self._merges = [] if word == b"trowd" else self._merges

    def _end_instruction(self, state: _State, outer: _State) -> None:
        """Show the symbol that a field's code names, or note the name of a shape's property."""
        code = self._property = state.instruction.decode("ascii", "replace") if state.instruction else ""
        outer.field_code = code
        if found := SYMBOL_FIELD.match(code):
            outer.is_symbol = True
            self._add(symbol_of(found), outer)

    def _end_field(self, state: _State, outer: _State) -> None:
        """Say of a field that shows nothing that it was not calculated, if it is to show something."""
        self._flush()
        pieces, count = state.field_start or ([], 0)
        is_empty = self._text.pieces is pieces and not "".join(pieces[count:]).strip()
        if is_empty and not outer.is_skipped and not outer.is_deleted and is_calculated(state.field_code):
            self._not_calculated += 1
            self._add(NOT_CALCULATED, outer)

    def _add(self, text: str, state: _State) -> None:
        self._flush()
        if state.instruction is not None and not state.is_deleted:
            state.instruction += text.encode("ascii", "replace")
        if not state.is_skipped and not state.is_deleted:
            self._text.add(text, state.look())

    def _add_bytes(self, data: bytes, state: _State) -> None:
        if state.instruction is not None and not state.is_deleted:
            state.instruction += data
        if state.is_skipped or state.is_deleted:
            return
        codec, look = "latin-1" if state.font else state.codec or self._codec, state.look()
        if codec != self._bytes_codec or look != self._bytes_look or state.font != self._bytes_font:
            self._flush()
        self._bytes_codec, self._bytes_look, self._bytes_font = codec, look, state.font
        self._bytes += data

    def _flush(self) -> None:
        if self._bytes:
            text = self._bytes.decode(self._bytes_codec or "cp1252", errors="replace")
            text = in_font(self._bytes_font, text) if self._bytes_font else text
            self._text.add(text, self._bytes_look)
            self._bytes.clear()

    def _taken(self) -> str:
        self._flush()
        text = self._text.take().encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        lines = (" ".join(line.split()) for line in text.split("\n"))
        return "\n".join(line for line in lines if line)

    def _end_paragraph(self) -> None:
        if self._is_drop_cap:
            return self._flush()
        if self._is_in_table or self._row or self._inner_row or self._inner_rows:
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

    def _begin_inner(self, depth: int) -> None:
        """Part what a cell says from the table that begins in it."""
        if depth > 1 and not self._inner_row and not self._inner_rows and (text := self._taken()):
            self._cell.append(Paragraph(text.replace("\n", " ")))

    def _end_inner_row(self) -> None:
        if any(self._inner_row):
            self._inner_rows.append(tuple(self._inner_row))
        self._inner_row = []

    def _end_cell(self) -> None:
        self._end_inner_row()
        self._cell += [Table(tuple(self._inner_rows))] if self._inner_rows else []
        if text := self._taken().replace("\n", " "):
            self._cell.append(Paragraph(text))
        self._row.append(Cell(self._cell))
        self._cell, self._inner_rows = [], []

    def _end_row(self) -> None:
        if any(cell.blocks for cell in self._row):
            merges = [*self._merges[: len(self._row)], *[b""] * (len(self._row) - len(self._merges))]
            above = self._merged
            self._merged = {
                place: cell if merge == b"clvmgf" else above.get(place, cell)
                for place, (cell, merge) in enumerate(zip(self._row, merges, strict=True))
                if merge
            }
            self._rows.append([self._merged.get(place, cell) for place, cell in enumerate(self._row)])
        self._row = []
        self._is_in_table = False

    def _end_table(self) -> None:
        if self._cell or self._inner_row or self._inner_rows:
            self._end_cell()
        if not self._row and not self._rows:
            return
        self._end_row()
        if any(isinstance(block, Table) for row in self._rows for cell in row for block in cell.blocks):
            self._blocks += table_blocks(self._rows)
        elif self._rows:
            self._blocks.append(Table(tuple(tuple(cell.text for cell in row) for row in self._rows)))
        self._rows = []


def _font_table(data: bytes) -> bytes:
    """Return the table of fonts: the group that begins with its name."""
    start = max(data.find(b"\\fonttbl"), 0)
    depth = 1
    for brace in re.finditer(rb"[{}]", data[start : start + MOST_FONT_BYTES]):
        depth += 1 if brace[0] == b"{" else -1
        if not depth:
            return data[start : start + brace.start()]
    return b""


def _known(codec: str) -> str:
    try:
        "".encode(codec)
    except LookupError:
        return "cp1252"
    return codec
