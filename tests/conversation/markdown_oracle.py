"""Find the markers and suggested questions of a whole Markdown text with a CommonMark parser."""

import re
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

_MARKER = re.compile(r"\[ *[1-9][0-9]{0,2}(?: *, *[1-9][0-9]{0,2})* *\]")
_SUGGESTED = re.compile(r"<<([^<>]{1,300})>>")
_DOUBLE = re.compile(r"\$\$.*?\$\$|\\\(.*?\\\)|\\\[.*?\\\]", re.DOTALL)
_AMOUNT = re.compile(r"\$[0-9][0-9.,]*(?=[\s;:!?)\]]|\Z)")
_SINGLE = re.compile(r"\$(?![\s$]).*?(?<=[^\s\\])\$(?![0-9])", re.DOTALL)


def _maths(state: StateInline, silent: bool) -> bool:
    before = state.src[state.pos - 1 : state.pos]
    if state.src.startswith("$$", state.pos) or state.src[state.pos] == "\\":
        found = _DOUBLE.match(state.src, state.pos)
        if found is None and state.src.startswith("$$", state.pos):
            return _take(state, "text", "$$", silent)
    elif state.src[state.pos] != "$" or before.isalnum() or _AMOUNT.match(state.src, state.pos):
        return False
    else:
        found = _SINGLE.match(state.src, state.pos)
    return found is not None and _take(state, "maths", found[0], silent)


def _marker(state: StateInline, silent: bool) -> bool:
    found = _MARKER.match(state.src, state.pos)
    # Where the end of a link is looked for (silent), a marker is a pair of brackets like any other.
    if silent or found is None or _is_link(state):
        return False
    return _take(state, "marker", found[0], silent)


def _is_link(state: StateInline) -> bool:
    begin = state.pos
    try:
        return any(rule(state, True) for rule in LINK_RULES)
    finally:
        state.pos = begin


def _suggested(state: StateInline, silent: bool) -> bool:
    found = _SUGGESTED.match(state.src, state.pos)
    return found is not None and _take(state, "suggested", found[0], silent)


def _take(state: StateInline, kind: str, source: str, silent: bool) -> bool:
    if not silent:
        state.push(kind, "", 0).content = source
    state.pos += len(source)
    return True


def _forget_references(state: StateCore) -> None:
    """A definition is no prose; what it defines is not known while a text streams."""
    state.env["references"] = {}


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark")
    parser.core.ruler.after("block", "forget", _forget_references)
    for name, rule in (("maths", _maths), ("marker", _marker), ("suggested", _suggested)):
        parser.inline.ruler.before("escape", name, rule)
    # The parser's own rule for plain text stops at these already, but for the dollar.
    parser.inline.ruler.at("text", _text)
    return parser


def _text(state: StateInline, silent: bool) -> bool:
    found = re.compile(r"[^\n!#$%&*+\-:<=>@\[\\\]^_`{}~]+").match(state.src, state.pos)
    if found is None:
        return False
    if not silent:
        state.pending += found[0]
    state.pos = found.end()
    return True


_plain = MarkdownIt("commonmark")
LINK_RULES = [rule.fn for rule in _plain.inline.ruler.__rules__ if rule.name == "link"]
_PARSER = _parser()


def found_in(text: str) -> list[str]:
    """Return the markers and the suggested questions of a text, in order, as they stand there."""
    return list(_found(_PARSER.parse(text)))


def _found(tokens: Sequence[Token]) -> Iterator[str]:
    depth = 0
    for token in tokens:
        depth += {"link_open": 1, "link_close": -1}.get(token.type, 0)
        if token.type in ("marker", "suggested") and depth == 0:
            yield token.content
        elif token.type == "inline":
            yield from _found(token.children or [])
