"""Tell for each line of a Markdown text, as it streams, whether it is prose or code, and where a block begins.

The block structure of CommonMark 0.31, as far as it decides that: quotes, lists, fenced and indented code, HTML
blocks, headings and definitions of links.
"""

import re
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["begins", "goes_on", "alone", "other"]
"""A line of prose begins a block, goes on with the one before, or is a block of its own; or the line is no prose."""

LINE_CHARACTERS = 2000
"""How much of a line is looked at: what it is does not hang on what stands behind that."""
PREFIX_CHARACTERS = 400
"""How far in a line the marks of quotes and lists are looked for."""

_SPACES = re.compile(r" *")
_ITEM = re.compile(r"([-+*]|\d{1,9}[.)])(?:( +)|$)")
_ITEM_BEGUN = re.compile(r"[-+*]\Z|\d{1,9}[.)]?\Z")
_RULE = re.compile(r"(?:(?:\* *){3,}|(?:- *){3,}|(?:_ *){3,})\Z")
_RULE_BEGUN = re.compile(r"[-*_=][-*_= ]*\Z")
_UNDERLINE = re.compile(r"(?:=+|-+) *\Z")
_HEADING = re.compile(r"#{1,6}(?: |\Z)")
_FENCE = re.compile(r"(`{3,})[^`]*\Z|(~{3,})")
_CLOSED = re.compile(r" {0,3}(`{3,}|~{3,}) *\Z")
_CLOSING = re.compile(r" {0,3}(?:`*|~*) *\Z")
_LABEL = r"\[(?:[^\[\]\\]|\\.){1,999}+\]"
_ADDRESS = r"(?:<[^<>]*>|(?!<)(?:[^\s()\\]|\\\S|\\(?!\S)|\((?:[^\s()\\]|\\\S)*+\))++)"
_DEFINITION = re.compile(rf"""{_LABEL}: *{_ADDRESS}(?: +(?:"[^"]*"|'[^']*'|\([^()]*\)))? *\Z""")
_DEFINITION_BEGUN = re.compile(r"\[(?:[^\[\]\\]|\\.)*+(?:\Z|\](?:\Z|:))")

_BLOCKS = (
    "address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd|details|dialog|dir|div|dl|dt|"
    "fieldset|figcaption|figure|footer|form|frame|frameset|h[1-6]|head|header|hr|html|iframe|legend|li|link|main|menu|"
    "menuitem|nav|noframes|ol|optgroup|option|p|param|search|section|summary|table|tbody|td|tfoot|th|thead|title|tr|"
    "track|ul"
)
_BLANK = re.compile(r"\s*\Z")
_HTML: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = (
    (
        re.compile(r"<(?:script|pre|style|textarea)(?:[\s>]|\Z)", re.I),
        re.compile(r"</(?:script|pre|style|textarea)>", re.I),
    ),
    (re.compile(r"<!--"), re.compile(r"-->")),
    (re.compile(r"<\?"), re.compile(r"\?>")),
    (re.compile(r"<![A-Za-z]"), re.compile(r">")),
    (re.compile(r"<!\[CDATA\["), re.compile(r"\]\]>")),
    (re.compile(rf"</?(?:{_BLOCKS})(?:\s|/?>|\Z)", re.I), _BLANK),
)
_ATTRIBUTE = r"""\s+[A-Za-z_:][\w:.-]*(?:\s*=\s*(?:[^\s"'=<>`]+|'[^']*'|"[^"]*"))?"""
_TAG_ALONE = re.compile(rf"(?:<[A-Za-z][A-Za-z0-9-]*(?:{_ATTRIBUTE})*+\s*/?>|</[A-Za-z][A-Za-z0-9-]*\s*>)\s*\Z", re.A)


class Lines:
    """Takes a text's lines in order. A text is the same whether its lines come whole or bit by bit."""

    def __init__(self) -> None:
        self._containers: list[int] = []
        """What the line before stood in, outermost first: 0 is a quote, else an item whose text is so far in."""
        self._fence = ""
        self._html: re.Pattern[str] | None = None
        """What ends the HTML block that we are in."""
        self._depth = 0
        """In how many containers the fence or the HTML block stands."""
        self._has_paragraph = False
        self._is_empty = False
        """Whether the line before has begun an item and holds nothing else: a blank line ends that."""

    def kind(self, line: str, *, is_whole: bool) -> Kind | None:
        """Return what the next line is, without its line break; None where more of it has to be known.

        To be asked again, with more of it, as long as it returns None; then it goes on with the next line.
        """
        is_whole = is_whole or len(line) >= LINE_CHARACTERS
        line = line[:LINE_CHARACTERS]
        if not (self._containers or self._fence or self._html) and line[:1].isalpha():
            return self._prose()
        if is_whole and not line.strip(" \t"):
            return self._blank()
        if "\t" in line[:PREFIX_CHARACTERS]:
            line = line.expandtabs(4)
        at, matched = self._matched(line)
        rest = line[at:].lstrip(" ")
        if not rest and not is_whole:
            return None
        if (self._fence or self._html is not None) and matched >= self._depth:
            return self._raw(line[at:], is_whole=is_whole)
        return self._block(line, at, matched, is_whole=is_whole)

    def _matched(self, line: str) -> tuple[int, int]:
        """Return where the text begins behind the marks of the containers that go on, and how many do."""
        at = matched = 0
        for width in self._containers:
            indent = _indent(line, at)
            if width == 0:
                if indent > 3 or line[at + indent : at + indent + 1] != ">":
                    break
                at += indent + 1
                at += line[at : at + 1] == " "
            elif indent >= width:
                at += width
            else:
                break
            matched += 1
        return at, matched

    def _blank(self) -> Kind:
        self._has_paragraph = False
        if 0 in self._containers:  # a quote ends, and what stands in it; an item goes on
            del self._containers[self._containers.index(0) :]
        elif self._is_empty:
            self._containers.pop()
        self._is_empty = False
        if len(self._containers) < self._depth:
            self._leave()
        if self._html is _BLANK:
            self._leave()
        return "other"

    def _raw(self, text: str, *, is_whole: bool) -> Kind | None:
        """Return what a line within a fence or an HTML block is: never prose. It may end that."""
        if self._fence:
            if not is_whole:
                return None if _CLOSING.match(text) else "other"
            closing = _CLOSED.match(text)
            if closing and closing[1].startswith(self._fence):
                self._leave()
            return "other"
        if not is_whole and self._html is not _BLANK:
            return None
        if self._html is not None and self._html is not _BLANK and self._html.search(text):
            self._leave()
        return "other"

    def _leave(self) -> None:
        self._fence, self._html, self._depth = "", None, 0

    def _block(self, line: str, at: int, matched: int, *, is_whole: bool) -> Kind | None:
        fresh: list[int] = []
        is_closed = matched < len(self._containers)
        goes_on = self._has_paragraph
        while True:
            indent = _indent(line, at)
            text = line[at + indent :]
            if not text:
                if not is_whole:
                    return None
                self._open(matched, fresh)
                self._is_empty = bool(fresh and fresh[-1])
                return "other"
            if indent > 3:
                if goes_on and not fresh:
                    return "goes_on"
                self._open(matched, fresh)
                return "other"
            if text[0] == ">":
                fresh.append(0)
                at += indent + 1
                at += line[at : at + 1] == " "
                continue
            if not is_whole and (_ITEM_BEGUN.match(text) or _RULE_BEGUN.match(text)):
                return None
            if _UNDERLINE.match(text) and goes_on and not fresh and not is_closed:
                self._has_paragraph = False
                return "other"
            if text[0] in "-*_" and _RULE.match(text):
                self._open(matched, fresh)
                return "other"
            item = _ITEM.match(text) if at < PREFIX_CHARACTERS else None
            if item and item.end() == len(text) and not is_whole:
                return None
            if item and not (goes_on and not fresh and not is_closed and not _interrupts(item, text)):
                spaces = len(item[2] or "")
                inside = len(item[1]) + (spaces if 0 < spaces < 5 and item.end() < len(text) else 1)
                fresh.append(indent + inside)
                at = min(at + indent + inside, len(line))
                continue
            return self._leaf(text, matched, fresh, goes_on=goes_on and not fresh, is_whole=is_whole)

    def _leaf(self, text: str, matched: int, fresh: list[int], *, goes_on: bool, is_whole: bool) -> Kind | None:
        """Return what a line is whose text, behind all containers, is this."""
        match text[0]:
            case "#":
                if not is_whole and not text.strip("#"):
                    return None
                if _HEADING.match(text):
                    self._open(matched, fresh)
                    return "alone"
            case "`" | "~":
                if not is_whole and (text[0] == "`" or not text.strip("~")):
                    if text.startswith("```") or not text.strip("`~"):
                        return None
                elif fence := _FENCE.match(text):
                    self._open(matched, fresh)
                    self._fence, self._depth = fence[1] or fence[2], len(self._containers)
                    return "other"
            case "<":
                if not is_whole and (len(text) == 1 or text[1].isalpha() or text[1] in "/!?"):
                    return None
                if (end := _html_end(text, goes_on=goes_on)) is not None:
                    self._open(matched, fresh)
                    if end is _BLANK or not end.search(text):
                        self._html, self._depth = end, len(self._containers)
                    return "other"
            case "|":
                self._open(matched, fresh)
                return "alone"
            case "[" if not goes_on:
                if not is_whole and _DEFINITION_BEGUN.match(text):
                    return None
                if _DEFINITION.match(text):
                    self._open(matched, fresh)
                    return "other"
            case _:
                pass
        if goes_on:
            return "goes_on"  # the containers that the line does not repeat go on as well
        self._open(matched, fresh)
        return self._prose()

    def _open(self, matched: int, fresh: list[int]) -> None:
        self._containers[matched:] = fresh
        self._leave()
        self._has_paragraph = self._is_empty = False

    def _prose(self) -> Kind:
        kind: Kind = "goes_on" if self._has_paragraph else "begins"
        self._has_paragraph = True
        return kind


def _indent(line: str, at: int) -> int:
    spaces = _SPACES.match(line, at)
    return spaces.end() - at if spaces else 0


def _interrupts(item: re.Match[str], text: str) -> bool:
    """Tell whether an item may begin right below a paragraph: not an empty one, and of numbers only the first."""
    return item.end() < len(text) and (item[1] in "-+*" or item[1][:-1] == "1")


def _html_end(text: str, *, goes_on: bool) -> re.Pattern[str] | None:
    """Return what ends the HTML block that begins with a line; None where none does."""
    for begin, end in _HTML:
        if begin.match(text):
            return end
    return _BLANK if not goes_on and _TAG_ALONE.match(text) else None
