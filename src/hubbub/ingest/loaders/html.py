"""Read HTML: what a reader of the page sees of its text, without its navigation."""

import re
from collections.abc import Callable, Mapping, Set
from typing import BinaryIO, TypeAlias

from selectolax.lexbor import LexborHTMLParser, LexborNode

from hubbub.ingest.blocks import Block, Loaded
from hubbub.ingest.loaders.encoding import decode
from hubbub.ingest.loaders.grids import Cell
from hubbub.ingest.loaders.html_flow import HEADINGS, Attributes, Flow, TableFlow, cell_of
from hubbub.ingest.loaders.inlaid import Inlaid
from hubbub.ingest.loaders.labels import codec_of
from hubbub.ingest.loaders.mathml import FORMULAS, formula
from hubbub.ingest.loaders.symbols import in_font, symbol_font
from hubbub.ingest.loaders.xhtml import IS_XHTML, as_html

_SKIPPED = frozenset(
    (
        *(
            "-comment",
            "head",
            "script",
            "style",
            "nav",
            "noscript",
            "noframes",
            "template",
            "object",
            "canvas",
            "audio",
            "video",
        ),
        *(
            "rp",
            "colgroup",
            "datalist",
            "defs",
            "metadata",
            "desc",
            "symbol",
            "annotation",
            "annotation-xml",
            "title",
            "mphantom",
        ),
    )
)
_INLINE = frozenset(
    (
        *("a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "dfn", "em", "font", "i"),
        *("ins", "kbd", "label", "mark", "samp", "small", "span", "strong", "time", "tt", "u"),
        *(
            "-inline",
            "var",
            "wbr",
            "ruby",
            "rb",
            "rtc",
            "nobr",
            "output",
            "meter",
            "progress",
            "slot",
            "picture",
            "map",
            "svg",
            "g",
        ),
        *(
            "tspan",
            "math",
            "mrow",
            "mi",
            "mo",
            "mn",
            "mtext",
            "mstyle",
            "semantics",
            "blink",
            "mpadded",
            "menclose",
            "merror",
        ),
    )
)
_OF_LINE = "-inline"
"""What is known as no element, and is read as a part of its line."""
_PLAIN = frozenset("html body main article section header footer div p center address figure form tbody thead".split())
"""What most pages are made of: each only begins and ends a paragraph, as all others that are not known do."""
_SHOWN_INPUTS = frozenset(
    (
        *("text", "email", "number", "date", "time", "datetime-local", "month", "week", "search"),
        *("tel", "url", "button", "submit", "reset", ""),
    )
)
MOST_OPTIONS = 20
"""A list to choose from is read whole up to here; of a longer one, what is chosen."""
MOST_FRAMES = 5
"""So many pages deep are frames in frames read."""
HEAD_BYTES = 1024 * 1024

Pictures: TypeAlias = Callable[[str], list[Block]]
"""Returns what a picture says, by the address that a page has for it."""

_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_CHARSET = re.compile(rb"""<meta\b[^>]{0,500}?\bcharset\s*=\s*["']?\s*([\w.:+-]+)""", re.IGNORECASE)
_DECLARED = re.compile(rb"""\A\s*<\?xml[^>]{0,200}?\bencoding\s*=\s*["']\s*([\w.:+-]+)""", re.IGNORECASE)
_STRUCK = frozenset(("s", "strike", "del"))
_STRUCK_STYLE = re.compile(r"text-decoration(?:-line)?\s*:[^;]*\bline-through\b", re.IGNORECASE)
_RAISED_STYLE = re.compile(r"vertical-align\s*:\s*super\b", re.IGNORECASE)
_FAMILY = re.compile(r"(?:^|;)\s*font(?:-family\s*:|\s*:[^;,]*?[\d.](?:px|pt|em|%)\S*)\s*([^;,]+)", re.IGNORECASE)
_SHADOW = re.compile(r"<template\b[^>]*>|</template\s*>", re.IGNORECASE)
_IS_SHADOW = re.compile(r"\sshadow(?:rootmode|root|mode)\s*=", re.IGNORECASE)
_BLOCK_STYLE = re.compile(r"(?<![\w-])display\s*:\s*(block|flex|grid|table|table-row|table-cell|list-item)\b", re.I)
_UNSEEN = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)\b", re.IGNORECASE)


def load(file: BinaryIO) -> Loaded:
    """Return a page's headings, paragraphs, lists, tables and code; its title is that of its head."""
    return read_page(decode_page(file.read()))


def decode_page(data: bytes) -> str:
    """Return a page's text: by its mark, else UTF-8 where it is that, else in the encoding that it names."""
    declared = _DECLARED.match(data[:1024]) or _CHARSET.search(_COMMENT.sub(b"", data[:HEAD_BYTES]))
    return decode(data, codec_of(declared.group(1).decode("ascii", "replace")) if declared else None)


def read_page(text: str, *, is_xml: bool = False, depth: int = 0, pictures: Pictures | None = None) -> Loaded:
    """Return what a page shows, at some depth in others; one that says that it is XML is read as XML, too.

    `pictures` reads those that lie beside the page; without it, those are read that the page itself holds.
    """
    page = LexborHTMLParser(_with_shadows(as_html(text) if is_xml or IS_XHTML.match(text) else text))
    title = page.css_first("head title")
    unseen: set[int] = set()
    struck: set[int] = set()
    raised: set[int] = set()
    blocks: set[int] = set()
    fonts = _fonts(page) if "dings" in text or "ymbol" in text or "DINGS" in text or "YMBOL" in text else {}
    for node in page.css(_MAY_HIDE):
        attributes = node.attributes
        style = attributes.get("style") or ""
        if _is_unseen(attributes, node.tag or ""):
            unseen.add(node.mem_id)
        elif "through" in style and _STRUCK_STYLE.search(style):
            struck.add(node.mem_id)
        if "display" in style and (shown := _BLOCK_STYLE.search(style)):
            blocks.add(node.mem_id)
            blocks |= {one.mem_id for one in node.iter()} if shown[1].lower() in ("flex", "grid") else set()
        if _is_raised(attributes, style):
            raised.add(node.mem_id)
    walk = _Walk(unseen, struck, raised, blocks, fonts, depth, pictures or Inlaid(lambda address: b"").read)
    return Loaded(walk.blocks(page.root), title=" ".join(title.text().split()) if title else "")


def _fonts(page: LexborHTMLParser) -> dict[int, str]:
    """Return the fonts of elements that name one, by the places of their nodes; none where no symbol font is named."""
    fonts: dict[int, str] = {}
    for node in page.css("font[face], [style]"):
        attributes = node.attributes
        if named := _FAMILY.search(attributes.get("style") or ""):
            fonts[node.mem_id] = symbol_font(named.group(1))
        elif node.tag == "font" and (face := attributes.get("face")):
            fonts[node.mem_id] = symbol_font(face.partition(",")[0])
    return fonts if any(fonts.values()) else {}


def _with_shadows(text: str) -> str:
    """Return a page in which the templates that browsers show, those of shadow roots, are elements like others."""
    if "shadow" not in text or not _IS_SHADOW.search(text):
        return text
    opened: list[bool] = []

    def shown(found: re.Match[str]) -> str:
        tag = found.group()
        if not tag.startswith("</"):
            opened.append(_IS_SHADOW.search(tag) is not None)
            return "<div>" if opened[-1] else tag
        return "</div>" if opened and opened.pop() else tag

    return _SHADOW.sub(shown, text)


def _is_in_line(node: LexborNode, tag: str) -> bool:
    """Tell whether an element that HTML doesn't know is a part of a line: Word's smart tags, or one beside text."""
    beside = (node.prev, node.next)
    return ":" in tag or any(
        one is not None and one.tag == "-text" and (one.text_content or "").strip() for one in beside
    )


class _Walk:
    """Goes through a page once, in reading order, without recursion (a hostile page is deep)."""

    def __init__(
        self,
        unseen: Set[int],
        struck: Set[int],
        raised: Set[int],
        blocks: Set[int],
        fonts: Mapping[int, str],
        depth: int,
        pictures: Pictures,
    ) -> None:
        self._unseen = unseen
        """Which elements are not shown, by the places of their nodes in memory."""
        self._struck = struck
        """Which elements' styles strike out their text."""
        self._raised = raised
        """Which elements stand higher than the text around them."""
        self._blocks = blocks
        """Which elements that usually stand within a line have lines of their own."""
        self._fonts = fonts
        """The symbol fonts that elements name, "" for other fonts."""
        self._depth = depth
        """How many pages this one is framed by."""
        self._pictures = pictures
        self._flows: list[Flow] = [Flow()]
        self._tables: list[TableFlow] = []

    def blocks(self, root: LexborNode | None) -> list[Block]:
        """Return what the page shows; what it does not show is not entered."""
        flows, unseen, struck, fonts = self._flows, self._unseen, self._struck, self._fonts
        raised, blocks = self._raised, self._blocks
        opened: list[tuple[LexborNode, str, str]] = []
        """The elements that the next node stands in, with their tags and the font around them."""
        font = ""
        node = root
        while node is not None:
            tag = node.tag
            inner: LexborNode | None = None
            if tag == "-text":
                text = node.text_content or ""
                flows[-1].add(in_font(font, text) if font else text)
            elif tag is not None and tag not in _SKIPPED and not (unseen and node.mem_id in unseen):
                if struck and node.mem_id in struck and tag in _INLINE:
                    tag = "s"
                elif raised and node.mem_id in raised and tag in _INLINE:
                    tag = "sup"
                elif blocks and node.mem_id in blocks and tag in _INLINE:
                    tag = "div"
                elif tag not in _KNOWN and (_is_in_line(node, tag) or (opened and opened[-1][1] == _OF_LINE)):
                    tag = _OF_LINE
                if tag in _INLINE:
                    inner = node.child
                    if inner is not None:
                        opened.append((node, tag, font))
                elif tag != "tr" or not self._takes_row(node):
                    self._enter(node, tag)
                    inner = node.child if tag not in _WHOLE else None
                    if inner is not None:
                        opened.append((node, tag, font))
                    else:
                        self._leave(tag)
                if fonts and inner is not None:
                    font = fonts.get(node.mem_id, font)
            while inner is None and opened:
                inner = node.next
                if inner is None:
                    node, tag, font = opened.pop()
                    if tag not in _INLINE:
                        self._leave(tag)
            node = inner
        return flows[0].end()

    def _takes_row(self, row: LexborNode) -> bool:
        """Read a row of a table at once if its cells hold nothing but text; return whether it was read."""
        if not self._tables or self._fonts:
            return False
        unseen = self._unseen
        cells: list[Cell] = []
        one = row.child
        while one is not None:
            tag = one.tag
            if tag == "td" or tag == "th":
                inner = one.child
                if inner is None:
                    text = ""
                elif inner.tag == "-text" and inner.next is None:
                    text = " ".join((inner.text_content or "").split())
                else:
                    return False
                if unseen and one.mem_id in unseen:
                    return False
                cells.append(cell_of(one.attributes, text, is_name=tag == "th"))
            elif tag != "-text":
                return False
            one = one.next
        self._tables[-1].add_row(cells)
        return True

    def _enter(self, node: LexborNode, tag: str) -> None:
        flow = self._flows[-1]
        match tag:
            case _ if tag in _PLAIN:
                flow.end_paragraph()
            case "li" | "dt" | "dd":
                flow.begin_item(tag, node.attributes)
            case "ul" | "ol" | "menu" | "dir" | "dl":
                is_reversed = "reversed" in node.attributes
                flow.begin_list(tag, node.attributes, sum(one.tag == "li" for one in node.iter()) if is_reversed else 1)
            case "td" | "th" if self._tables:
                self._tables[-1].begin_cell(node.attributes, is_name=tag == "th")
                self._flows.append(Flow())
            case "tr" if self._tables:
                self._tables[-1].begin_row()
            case "br":
                flow.break_line()
            case "pre" | "listing" | "xmp":
                flow.begin_code()
            case "img":
                if alt := " ".join((node.attributes.get("alt") or "").split()):
                    flow.add(f" [Image: {alt}] ")
                if read := self._pictures(node.attributes.get("src") or ""):
                    flow.add_blocks(read)
            case "image" if address := node.attributes.get("href") or node.attributes.get("xlink:href"):
                flow.add_blocks(self._pictures(address))
            case "table":
                flow.end_paragraph()
                self._tables.append(TableFlow())
            case "tfoot" if self._tables:
                self._tables[-1].begin_foot()
            case "caption" if self._tables:
                self._flows.append(Flow())
            case "sup":
                flow.raise_next()
            case "sub":
                flow.lower_next()
            case _ if tag in _STRUCK:
                flow.begin_struck()
            case "mspace":
                flow.add(" ")
            case "q":
                flow.add("“")
            case "rt":
                flow.add("(")
            case "input":
                flow.add(_value(node.attributes))
            case "select":
                flow.add(f" {_options(node)} ")
            case "iframe":
                self._frame(node, flow)
            case "textarea" | "button":
                flow.add(" ")
            case _ if tag in FORMULAS:
                flow.add(formula(node, _SKIPPED))
                flow.level_next()  # a digit behind it is no part of an index
            case _ if tag in HEADINGS:
                flow.begin_heading(HEADINGS[tag])
            case _:
                flow.end_paragraph()

    def _frame(self, node: LexborNode, flow: Flow) -> None:
        """Read the page that a frame holds itself; one that lies elsewhere is no part of the file."""
        if (inside := node.attributes.get("srcdoc")) and self._depth < MOST_FRAMES:
            flow.add_blocks(read_page(inside, depth=self._depth + 1, pictures=self._pictures).blocks)

    def _leave(self, tag: str) -> None:
        flow = self._flows[-1]
        match tag:
            case _ if tag in _PLAIN:
                flow.end_paragraph()
            case "li" | "dt" | "dd":
                flow.end_paragraph()
            case "ul" | "ol" | "menu" | "dir" | "dl":
                flow.end_list()
            case "td" | "th" if self._tables:
                self._flows.pop()
                self._tables[-1].end_cell(flow.end())
            case "pre" | "listing" | "xmp":
                flow.end_code()
            case "table":
                made = self._tables.pop().blocks()
                self._flows[-1].add_blocks(made)
            case "tfoot" if self._tables:
                self._tables[-1].end_foot()
            case "caption" if self._tables:
                self._flows.pop()
                self._tables[-1].captions += flow.end()
            case "sup" | "sub":
                flow.level_next()
            case _ if tag in _STRUCK:
                flow.end_struck()
            case "q":
                flow.add("”")
            case "rt":
                flow.add(")")
            case "textarea" | "button":
                flow.add(" ")
            case _ if tag in HEADINGS:
                flow.end_heading()
            case _ if tag not in _LEAVES:
                flow.end_paragraph()
            case _:
                pass


_LEAVES = frozenset(("br", "img", "input", "select", "iframe", "mspace", *FORMULAS))
"""What is read when it is entered, or has nothing to end."""
_WHOLE = frozenset(("select", "iframe", *FORMULAS))
"""What is read when it is entered, with all that is in it."""
_KNOWN = frozenset(
    (
        *(*_INLINE, *_PLAIN, *_STRUCK, *_WHOLE, *_LEAVES, *_SKIPPED, *HEADINGS, "li", "dt", "dd", "ul", "ol", "menu"),
        *("dir", "dl", "td", "th", "tr", "pre", "listing", "xmp", "image", "table", "tfoot", "caption", "sup", "sub"),
        *("q", "rt", "textarea", "button", "blockquote", "aside", "details", "summary", "dialog", "hgroup", "search"),
        *("figcaption", "fieldset", "legend", "hr", "optgroup", "option", "frameset", "plaintext", "text", "-text"),
    )
)
_MAY_HIDE = "[hidden], [role], [style], dialog, .katex-mathml + .katex-html, a[epub\\:type]"


def _is_unseen(attributes: Attributes, tag: str) -> bool:
    if "hidden" in attributes and not _is_found_on_demand(attributes):
        return True
    if attributes.get("role") == "navigation":
        return True
    if tag == "dialog" and "open" not in attributes:
        return True
    if tag == "span" and "katex-html" in (attributes.get("class") or ""):
        return True  # the same formula, of which nobody can tell what stands above what
    return _UNSEEN.search(attributes.get("style") or "") is not None


def _is_raised(attributes: Attributes, style: str) -> bool:
    """Tell whether an element stands higher by its style, or refers to a note, as books show it."""
    if "super" in style and _RAISED_STYLE.search(style):
        return True
    return attributes.get("role") == "doc-noteref" or attributes.get("epub:type") == "noteref"


def _is_found_on_demand(attributes: Attributes) -> bool:
    """Tell whether what is hidden is shown when it is searched for, or when its mark is pressed in a book."""
    is_note = (attributes.get("epub:type") or "").endswith("note")
    return is_note or (attributes.get("hidden") or "").lower() == "until-found"


def _value(attributes: Attributes) -> str:
    kind = (attributes.get("type") or "").lower()
    if kind in ("checkbox", "radio"):
        return " ☒ " if "checked" in attributes else " ☐ "
    return f" {attributes.get('value') or ''} " if kind in _SHOWN_INPUTS else ""


def _options(node: LexborNode) -> str:
    options = node.css("option")
    chosen = [one for one in options if "selected" in one.attributes] or options[:1]
    shown = options if len(options) <= MOST_OPTIONS else chosen
    return ", ".join(text for one in shown if (text := " ".join(one.text().split())))
