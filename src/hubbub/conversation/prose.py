"""Find the markers of citations and the marked questions in a Markdown text while it streams.

They count in prose only: not in code, mathematics, links, pictures or HTML. What a construct is hangs on what closes
it, which may still have to come; that is looked for in a bounded window, so that nothing is held back for long.
"""

import re
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from hubbub.conversation.lines import LINE_CHARACTERS, Lines

WINDOW_CHARACTERS = 2000
"""So far from where it begins a construct has to close; else what opened it stands for itself."""
SLICE_CHARACTERS = 4096
MOST_BACKTICKS = 80
"""A longer run opens no code: so cmark has it."""
DOLLAR_CHARACTERS = 300
"""So far from it the second of two dollars closes mathematics: one alone is money, more often than not."""
MARKER_CHARACTERS = 40
MOST_PARENTHESES = 32
"""How deep those in the address of a link may be nested: so cmark has it."""


class Marker(NamedTuple):
    """`[1]` or `[1, 2]`, as it stands in the text, with its numbers."""

    source: str
    numbers: tuple[int, ...]


class Suggested(NamedTuple):
    """`<<question?>>`, as it stands in the text, with the question in it."""

    source: str
    question: str


Found: TypeAlias = str | Marker | Suggested

_SPECIAL = re.compile(r"[\\`$\[\]<]")
_SLOW = re.compile(r"[\\`$\[\]<\n]")
_CANDIDATE = re.compile(r"\[(?= *(?:\d|\Z))|<(?=<|\Z)")
_MARKER = re.compile(r"\[ *[1-9]\d{0,2}(?: *, *[1-9]\d{0,2})* *\]", re.A)
_MARKER_BEGUN = re.compile(r"\[[\d, ]*\Z", re.A)
_SUGGESTED = re.compile(r"<<([^<>]{1,300})>>")
_SUGGESTED_BEGUN = re.compile(r"<<[^<>]{0,300}>?\Z")
_BACKTICKS = re.compile(r"`+")
_AMOUNT = re.compile(r"\$\d[\d.,]*(?=[\s;:!?)\]]|\Z)", re.A)
_NAME = r"[A-Za-z_:][\w:.-]*+"
_TAG = re.compile(
    rf"""<[A-Za-z][A-Za-z0-9-]*+(?:\s+{_NAME}(?:\s*=\s*(?:[^\s"'=<>`]+|'[^']*'|"[^"]*"))?)*+\s*/?>"""
    r"|</[A-Za-z][A-Za-z0-9-]*+\s*>"
    r"|<[A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>]*>"  # an address
    r"|<[\w.!#$%&'*+/=?^`{|}~-]+@[A-Za-z0-9.-]+>",
    re.A,
)
_TAG_BEGUN = re.compile(
    rf"""<[A-Za-z][A-Za-z0-9-]*+(?:\s+{_NAME}(?:\s*=\s*(?:[^\s"'=<>`]+|'[^']*'|"[^"]*")|(?!\s*=)))*+"""
    rf"""(?:\s+(?:{_NAME}(?:\s*(?:=\s*(?:'[^']*|"[^"]*)?)?)?)?|\s*/?)\Z"""
    r"|</(?:[A-Za-z][A-Za-z0-9-]*+\s*)?\Z"
    r"|<[A-Za-z][A-Za-z0-9+.-]{1,31}(?::[^\s<>]*)?\Z"
    r"|<[\w.!#$%&'*+/=?^`{|}~-]+(?:@[A-Za-z0-9.-]*)?\Z",
    re.A,
)
_COMMENT = re.compile(r"-->")
_INSTRUCTION = re.compile(r"\?>")
_CDATA = re.compile(r"\]\]>")
_DECLARATION = re.compile(r">")
_MATHS = {
    "$": re.compile(r"(?<=[^\s\\])\$(?!\d)", re.A),
    "$$": re.compile(r"\$\$"),
    "(": re.compile(r"\\\)"),
    "[": re.compile(r"\\\]"),
}
_SPACE = re.compile(r"\s*")
_PLAIN = re.compile(r"(?:[^\\()\x00-\x20\x7f]|\\[^\x00-\x20\x7f]|\\(?=[\x00-\x20\x7f]))*+")
_NO_ADDRESS = re.compile(r"[<\n]")
_TITLE = re.compile(r""""(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'|\((?:[^()\\]|\\.)*+\)""", re.S)
_ANGLED = re.compile(r"<(?:[^<>\n\\]|\\.)*+>")


@lru_cache(MOST_BACKTICKS)
def _run_of(count: int) -> re.Pattern[str]:
    return re.compile(rf"(?<!`)`{{{count}}}(?!`)")


class Prose:
    """Takes a text piece by piece. What it returns, joined, is the text; its parts are the same however it was cut."""

    def __init__(self) -> None:
        self._lines = Lines()
        self._text = ""
        self._said: int = 0
        """Up to there the text was returned."""
        self._at: int = 0
        """Up to there it is known what it is."""
        self._line: int = 0
        """Where the last line begins, while `_is_known` says that it is not known what kind of line it is."""
        self._is_known = False
        self._is_prose = False
        self._is_alone = False
        self._brackets: list[tuple[int, bool]] = []
        """The brackets that are open: where, and whether a picture's."""
        self._inactive = 0
        """So many of them, from the outermost on, can open no link, since one stands in them."""
        self._found: list[tuple[int, int, Marker | Suggested]] = []
        """What was found behind an open bracket: in a link it would be none."""
        self._closers: dict[re.Pattern[str], tuple[int, int]] = {}
        """Where the next of each kind of closing mark is (-1: none so far), and up to where it was looked for."""
        self._skips_backticks = False
        """Whether we are in a run that is too long to open code."""
        self._is_over = False

    def feed(self, piece: str) -> list[Found]:
        """Return what is known after one more piece."""
        # Nothing is open, and nothing in the piece can be anything but text: so are most.
        if (
            self._is_known
            and not self._brackets
            and self._at == self._said == len(self._text)
            and (_SLOW.search(piece) is None if self._is_prose else "\n" not in piece)
            and piece
        ):
            self._text = piece[-1]
            self._at = self._said = 1
            self._line = 0
            if self._closers:
                self._closers.clear()
            return [piece]
        out: list[Found] = []
        for begin in range(0, len(piece), SLICE_CHARACTERS):
            self._text += piece[begin : begin + SLICE_CHARACTERS]
            self._go_on(out)
        return out

    def finish(self) -> list[Found]:
        """Return what is left when the text has ended."""
        self._is_over = True
        out: list[Found] = []
        self._go_on(out)
        return out

    def _go_on(self, out: list[Found]) -> None:
        while self._take_line(out):
            pass
        if self._is_over:
            self._resolve(len(self._text), out, is_end=True)
        self._say(out)
        self._trim()

    def _take_line(self, out: list[Found]) -> bool:
        """Go on in the line that was begun; returns whether it has ended."""
        text = self._text
        end = text.find("\n", self._line if not self._is_known else max(self._at, self._line))
        is_whole = end >= 0 or self._is_over
        if not self._is_known:
            if self._line == len(text):
                return False
            line = text[self._line : end if end >= 0 else self._line + LINE_CHARACTERS]
            kind = self._lines.kind(line, is_whole=is_whole)
            if kind is None:
                return False
            self._is_known = True
            is_prose = kind != "other"
            if kind != "goes_on" and self._is_prose:
                self._resolve(self._line, out, is_end=True)
            if not is_prose or not self._is_prose or kind != "goes_on":
                self._at = max(self._at, self._line)
            self._is_prose, self._is_alone = is_prose, kind == "alone"
        stop = end + 1 if end >= 0 else len(text)
        if self._is_prose:
            self._resolve(stop, out, is_end=self._is_alone and end >= 0)
        else:
            self._at = stop
        if end < 0:
            return False
        self._line, self._is_known = stop, False
        return True

    def _resolve(self, stop: int, out: list[Found], *, is_end: bool) -> None:
        """Find what stands in the block of prose that is known up to `stop`; `is_end`: nothing of it follows."""
        at = self._at
        text = self._text
        if self._skips_backticks and at < stop:
            run = _BACKTICKS.match(text, at, stop)
            at = run.end() if run else at
            self._skips_backticks = at == stop and not is_end
        while at < stop:
            special = _SPECIAL.search(text, at, stop)
            if special is None:
                at = stop
                break
            at = special.start()
            after = self._take(text[at], at, stop, is_end=is_end)
            if after is None:
                break
            at = after
        self._at = at
        if is_end:
            self._brackets.clear()
            self._closers.clear()
            self._inactive = 0
        self._settle(out)

    def _settle(self, out: list[Found]) -> None:
        """Return what was found before any bracket that is still open."""
        expired = 0
        while expired < len(self._brackets) and self._at - self._brackets[expired][0] >= WINDOW_CHARACTERS:
            expired += 1
        if expired:
            del self._brackets[:expired]
            self._inactive = max(0, self._inactive - expired)
        if not self._found:
            return
        until = self._brackets[0][0] if self._brackets else self._at
        count = 0
        for begin, end, found in self._found:
            if begin > until:
                break
            count += 1
            if begin > self._said:
                out.append(self._text[self._said : begin])
            out.append(found)
            self._said = end
        del self._found[:count]

    def _say(self, out: list[Found]) -> None:
        """Return the text up to the first thing that may be found to be more than text."""
        limit = self._found[0][0] if self._found else len(self._text)
        unknown = max(self._at, self._said)
        if unknown < limit and not self._is_over and (self._is_prose or not self._is_known):
            candidate = _CANDIDATE.search(self._text, unknown, limit)
            limit = candidate.start() if candidate else limit
        if limit > self._said:
            out.append(self._text[self._said : limit])
            self._said = limit

    def _trim(self) -> None:
        """Forget what is done with, but for the last character: what stands before a mark counts."""
        done = min(self._said, self._at, len(self._text) if self._is_known else self._line) - 1
        if done < SLICE_CHARACTERS:
            return
        self._text = self._text[done:]
        self._said -= done
        self._at -= done
        self._line -= done
        self._brackets = [(at - done, is_picture) for at, is_picture in self._brackets]
        self._found = [(begin - done, end - done, found) for begin, end, found in self._found]
        self._closers = {kind: (at - done if at >= 0 else at, to - done) for kind, (at, to) in self._closers.items()}

    def _take(self, mark: str, at: int, stop: int, *, is_end: bool) -> int | None:
        """Return where what begins at `at` ends; None where that is not known yet."""
        if mark == "]":
            return self._take_closing(at, stop, is_end=is_end)
        if mark == "`":
            return self._take_code(at, stop, is_end=is_end)
        if at + 1 >= stop and not is_end:
            return None
        following = self._text[at + 1] if at + 1 < stop else ""
        match mark:
            case "\\":
                if following in ("(", "["):
                    return self._closed(_MATHS[following], at, 2, stop, is_end=is_end)
                return min(at + 2, stop)
            case "$":
                return self._take_dollar(following, at, stop, is_end=is_end)
            case "[":
                return self._take_opening(at, stop, is_end=is_end)
            case _:
                return self._take_angle(following, at, stop, is_end=is_end)

    def _closed(
        self, closer: re.Pattern[str], at: int, opens: int, stop: int, *, is_end: bool, window: int = WINDOW_CHARACTERS
    ) -> int | None:
        """Return where a construct ends that begins with so many characters; just these, where nothing closes it."""
        begin = at + opens
        found, looked_at = self._closers.get(closer, (-1, begin))
        match = closer.match(self._text, found, stop) if found >= begin else None
        if match is None and found < begin + window:
            match = closer.search(self._text, max(begin, looked_at), stop)
            # From the last characters on it is looked for again: what stands there may be cut.
            self._closers[closer] = (match.start() if match else -1, max(begin, stop - MOST_BACKTICKS - 1))
        if match and match.start() - at <= window:
            return match.end() if match.end() < stop or is_end else None
        return None if not is_end and stop - at <= window + MOST_BACKTICKS else begin

    def _take_code(self, at: int, stop: int, *, is_end: bool) -> int | None:
        run = _BACKTICKS.match(self._text, at, stop)
        end = run.end() if run else at + 1
        count = end - at
        if count > MOST_BACKTICKS:
            self._skips_backticks = end == stop
            return end
        if end == stop and not is_end:
            return None
        return self._closed(_run_of(count), at, count, stop, is_end=is_end)

    def _take_dollar(self, following: str, at: int, stop: int, *, is_end: bool) -> int | None:
        text = self._text
        if following == "$":
            return self._closed(_MATHS["$$"], at, 2, stop, is_end=is_end)
        if not following or following.isspace() or (at and text[at - 1].isalnum()):
            return at + 1
        if amount := _AMOUNT.match(text, at, stop):  # money: "$5 million", not "$5x$"
            return amount.end() if amount.end() < stop or is_end else None
        return self._closed(_MATHS["$"], at, 1, stop, is_end=is_end, window=DOLLAR_CHARACTERS)

    def _take_opening(self, at: int, stop: int, *, is_end: bool) -> int | None:
        text = self._text
        marker = _MARKER.match(text, at, min(stop, at + MARKER_CHARACTERS))
        if marker is None:
            if not is_end and stop - at < MARKER_CHARACTERS and _MARKER_BEGUN.match(text, at, stop):
                return None
            self._brackets.append((at, at > 0 and text[at - 1] == "!"))
            return at + 1
        end = marker.end()
        if end >= stop and not is_end:
            return None
        if end < stop and text[end] == "(":
            linked = self._link_end(end, stop, is_end=is_end)
            if linked is None:
                return None
            if linked:
                if not (at and text[at - 1] == "!"):
                    self._inactive = len(self._brackets)
                return linked
        numbers = tuple(map(int, re.findall(r"\d+", marker[0])))
        self._found.append((at, end, Marker(marker[0], numbers)))
        return end

    def _take_closing(self, at: int, stop: int, *, is_end: bool) -> int | None:
        if not self._brackets:
            return at + 1
        if at + 1 >= stop and not is_end:
            return None
        opening, is_picture = self._brackets[-1]
        is_active = is_picture or len(self._brackets) > self._inactive
        linked: int | None = 0
        if is_active and at - opening < WINDOW_CHARACTERS and at + 1 < stop and self._text[at + 1] == "(":
            linked = self._link_end(at + 1, stop, is_end=is_end)
            if linked is None:
                return None
        self._brackets.pop()
        self._inactive = min(self._inactive, len(self._brackets))
        if not linked:
            return at + 1
        while self._found and self._found[-1][0] > opening:
            self._found.pop()
        if not is_picture:
            self._inactive = len(self._brackets)
        return linked

    def _link_end(self, at: int, stop: int, *, is_end: bool) -> int | None:
        """Return where `(address "title")` ends that begins at `at`; 0: it is none; None: that is not known yet."""
        until = min(stop, at + WINDOW_CHARACTERS)
        unknown = None if until == stop and not is_end else 0
        text = self._text
        begin = _space(text, at + 1, until)
        if text[begin : begin + 1] == "<" and begin < until:
            angled = _ANGLED.match(text, begin, until)
            if angled is None:
                return 0 if _NO_ADDRESS.search(text, begin + 1, until) else unknown
            end = angled.end()
        else:
            end, depth = begin, 0
            while (end := _plain(text, end, until)) < until and text[end] in "()":
                depth += 1 if text[end] == "(" else -1
                if depth > MOST_PARENTHESES:
                    return 0
                if depth < 0:
                    break
                end += 1
            if end >= until:
                return unknown
            if depth > 0:
                return 0
        after = _space(text, end, until)
        if after >= until:
            return unknown
        if text[after] in "\"'(" and after > end:
            title = _TITLE.match(text, after, until)
            if title is None:
                return unknown
            after = _space(text, title.end(), until)
            if after >= until:
                return unknown
        return after + 1 if text[after] == ")" else 0

    def _take_angle(self, following: str, at: int, stop: int, *, is_end: bool) -> int | None:
        text = self._text
        if following == "<":
            if suggested := _SUGGESTED.match(text, at, stop):
                question = " ".join(suggested[1].split())
                self._found.append((at, suggested.end(), Suggested(suggested[0], question)))
                return suggested.end()
            return None if not is_end and _SUGGESTED_BEGUN.match(text, at, stop) else at + 1
        if following == "?":
            return self._closed(_INSTRUCTION, at, 2, stop, is_end=is_end)
        if following == "!":
            return self._take_declaration(at, stop, is_end=is_end)
        until = min(stop, at + WINDOW_CHARACTERS)
        if tag := _TAG.match(text, at, until):
            return tag.end()
        if is_end or until < stop or not (following.isalnum() or following in "/"):
            return at + 1
        return None if _TAG_BEGUN.match(text, at, until) else at + 1

    def _take_declaration(self, at: int, stop: int, *, is_end: bool) -> int | None:
        begun = self._text[at : min(stop, at + 9)]
        if begun.startswith("<!--"):
            if self._text.startswith((">", "->"), at + 4, stop):
                return self._text.index(">", at + 4) + 1
            return self._closed(_COMMENT, at, 4, stop, is_end=is_end)
        if begun.startswith("<![CDATA["):
            return self._closed(_CDATA, at, 9, stop, is_end=is_end)
        if not is_end and begun in ("<!", "<!-", "<![", "<![C", "<![CD", "<![CDA", "<![CDAT", "<![CDATA"):
            return None
        if begun[2:3].isalpha():
            return self._closed(_DECLARATION, at, 2, stop, is_end=is_end)
        return at + 1


def _plain(text: str, begin: int, end: int) -> int:
    found = _PLAIN.match(text, begin, end)
    return found.end() if found else begin


def _space(text: str, begin: int, end: int) -> int:
    found = _SPACE.match(text, begin, end)
    return found.end() if found else begin
