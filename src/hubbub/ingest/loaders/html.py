"""Read HTML: what a reader of the page sees of its text, without its navigation."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from selectolax.lexbor import LexborHTMLParser, LexborNode

from hubbub.ingest.blocks import Block, Code, Heading, Loaded, Paragraph, Table
from hubbub.ingest.loaders.encoding import decode

_SKIPPED = frozenset(
    (
        *("head", "script", "style", "nav", "noscript", "template", "svg", "math", "iframe", "object", "canvas"),
        *("select", "button", "input", "textarea", "dialog"),
    )
)
_INLINE = frozenset(
    (
        *("a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i"),
        *("img", "ins", "kbd", "label", "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup"),
        *("time", "tt", "u", "var", "wbr"),
    )
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_CHARSET = re.compile(rb"""<(?:meta|\?xml)[^>]{0,200}?(?:charset|encoding)\s*=\s*["']?\s*([\w-]+)""", re.IGNORECASE)


def load(file: BinaryIO) -> Loaded:
    """Return a page's headings, paragraphs, lists, tables and code; its title is that of its head."""
    page = LexborHTMLParser(_decoded(file.read()))
    title = page.css_first("title")
    return Loaded(_Walk().blocks(page.root), title=" ".join(title.text().split()) if title else "")


def _decoded(data: bytes) -> str:
    if named := _CHARSET.search(data[:4096]):
        try:
            return data.decode(named.group(1).decode())
        except (LookupError, UnicodeDecodeError):
            pass  # it names what it is not
    return decode(data)


class _Walk:
    """Goes through a page once, in reading order, without recursion (a hostile page is deep)."""

    def __init__(self) -> None:
        self._blocks: list[Block] = []
        self._text: list[str] = []
        self._items: list[str] = []
        self._depth = 0
        self._is_new_item = False

    def blocks(self, root: LexborNode | None) -> list[Block]:
        for node, is_entered in _nodes(root):
            tag = node.tag or ""
            if node.is_text_node:
                self._text.append(node.text_content or "")
            elif tag == "br":
                self._text.append("\n")
            elif tag in _HEADINGS or tag in ("table", "pre"):
                self._end_paragraph()
                self._end_list()
                if block := _whole(node, tag):
                    self._blocks.append(block)
            elif tag not in _INLINE:
                self._end_paragraph()
                if tag == "li":
                    self._depth += 1 if is_entered else -1
                    self._is_new_item = is_entered
                elif self._depth == 0 and tag not in ("ul", "ol"):
                    self._end_list()
        self._end_paragraph()
        self._end_list()
        return self._blocks

    def _end_paragraph(self) -> None:
        lines = (" ".join(line.split()) for line in "".join(self._text).split("\n\n"))
        text = "\n".join(line for line in lines if line)
        self._text.clear()
        if text and self._depth:
            self._items.append(f"- {text}" if self._is_new_item else f"  {text}")
            self._is_new_item = False
        elif text:
            self._end_list()
            self._blocks.append(Paragraph(text))

    def _end_list(self) -> None:
        if self._items:
            self._blocks.append(Paragraph("\n".join(self._items)))
            self._items.clear()


def _nodes(root: LexborNode | None) -> Iterator[tuple[LexborNode, bool]]:
    """Yield each node when it is entered (True); elements once more when they are left (False).

    What is skipped is not entered; nor are the insides of those taken as a whole.
    """
    left: list[tuple[LexborNode, bool]] = [(root, True)] if root else []
    while left:
        node, is_entered = left.pop()
        tag = node.tag or ""
        if not is_entered:
            yield node, False
            continue
        if node.next and node is not root:
            left.append((node.next, True))
        if tag in _SKIPPED or _is_hidden(node):
            continue
        yield node, True
        if node.is_element_node and tag not in _HEADINGS and tag not in ("table", "pre", "br"):
            left.append((node, False))
            if node.child:
                left.append((node.child, True))


def _is_hidden(node: LexborNode) -> bool:
    if not node.is_element_node:
        return False
    attributes = node.attributes
    return "hidden" in attributes or attributes.get("role") == "navigation" or attributes.get("aria-hidden") == "true"


def _whole(node: LexborNode, tag: str) -> Block | None:
    if tag == "pre":
        code = node.text().strip("\n")
        return Code(code) if code.strip() else None
    if tag == "table":
        rows = [tuple(_text(cell) for cell in row.css("td, th")) for row in node.css("tr")]
        filled = tuple(row for row in rows if any(row))
        return Table(filled) if filled else None
    text = _text(node)
    return Heading(text, _HEADINGS[tag]) if text else None


def _text(node: LexborNode) -> str:
    return " ".join(node.text(separator=" ").split())
