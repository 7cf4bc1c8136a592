"""Turn pages that are written as XML into the form of HTML, as which they are read."""

import re

_SUBSET = re.compile(
    r"(?:\s|<\?[^>]{0,500}\?>|<!--(?>.{0,2000}?-->))*+<!DOCTYPE[^\[>]{0,500}(\[[^\]]{0,50000}\]\s*)>",
    re.IGNORECASE | re.DOTALL,
)
_ENTITY = re.compile(r"""<!ENTITY\s+([\w.-]+)\s+["']([^"'<>]{0,200})["']\s*>""")
MOST_ENTITIES = 500
_PREFIX = re.compile(
    r"""\sxmlns:([\w.-]+)\s*=\s*["']http://www\.w3\.org/(?:1999/xhtml|1998/Math/MathML|2000/svg)["']"""
)
_HEAD = 100_000
"""In so much of a page its names of namespaces are looked for."""
IS_XHTML = re.compile(
    r"\A\s*+(?:<\?xml|(?:<!--(?>.{0,2000}?-->)|<!doctype[^>]*+>|\s++)*+<html[^>]*\sxmlns\s*=)",
    re.IGNORECASE | re.DOTALL,
)
_SELF_CLOSED = re.compile(r"""<([A-Za-z][\w:-]*)((?:[^<>"']|"[^"]*"|'[^']*')*?)\s*/>""")
_CDATA = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
_VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())


def as_html(text: str) -> str:
    """Return a page that was written as XML in the form of HTML, where a `<title/>` would have no end."""
    if found := _SUBSET.match(text):
        text = text[: found.start(1)] + _with_entities(text[found.end(1) :], found[1])
    if prefixes := "|".join(set(_PREFIX.findall(text[:_HEAD]))):
        text = re.sub(f"(</?)(?:{prefixes}):", r"\1", text)
    text = _CDATA.sub(lambda found: found.group(1).replace("&", "&amp;").replace("<", "&lt;"), text)
    return _SELF_CLOSED.sub(
        lambda found: (
            found.group(0)
            if found.group(1).lower() in _VOID
            else f"<{found.group(1)}{found.group(2)}></{found.group(1)}>"
        ),
        text,
    )


def _with_entities(text: str, subset: str) -> str:
    """Return a page with the words that it has names for; names within those stay as they are."""
    named = {name: value for name, value in _ENTITY.findall(subset)[:MOST_ENTITIES] if "&" not in value}
    return re.sub(r"&([\w.-]+);", lambda found: named.get(found[1], found[0]), text) if named else text
