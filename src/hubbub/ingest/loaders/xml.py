"""Parse XML that strangers wrote: no network, no outside entities, no expansion without bounds."""

import importlib
from functools import cache
from typing import Any

from hubbub.core.errors import Invalid

Element = Any
"""An `lxml` element: the package has no types of its own."""
etree: Any = importlib.import_module("lxml.etree")


def parse(data: bytes, *, resolves: bool = False, recovers: bool = False) -> Element:
    """Return the root of an XML document.

    Entities that it declares are resolved if asked for, within lxml's bound on how much that may add. Without,
    a document that declares some is refused.

    Raises:
        Invalid: it is no XML.
    """
    # The bounds that `huge_tree` lifts hold back what entities blow up. A document without any may be large.
    is_plain = b"<!ENTITY" not in data and b"<\0!\0E\0N\0T\0I\0T\0Y" not in data and b"\0<\0!\0E\0N\0T\0I" not in data
    if not is_plain and not resolves:
        raise Invalid("The file is damaged: it declares entities, as no such document does.", code="corrupt")
    parser = etree.XMLParser(
        resolve_entities="internal",
        no_network=True,
        load_dtd=False,
        huge_tree=is_plain,
        remove_comments=True,
        remove_pis=True,
        recover=recovers,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise Invalid(f"The file is damaged: its XML can't be read ({error}). Save it anew.", code="corrupt") from error
    if root is None:
        raise Invalid("The file is damaged: there is no XML in it. Save it anew.", code="corrupt")
    return root


@cache
def _name(tag: str) -> str:
    return tag.rpartition("}")[2]


def name_of(element: Element) -> str:
    """Return an element's name without its namespace, "" for what is no element.

    Formats that exist in two namespaces, such as Office's strict and usual form, have the same names in both.
    """
    tag = element.tag
    return _name(tag) if isinstance(tag, str) else ""


def child(element: Element, *path: str) -> Element | None:
    """Return the first descendant along a path of names, None where there is none."""
    for name in path:
        element = next((one for one in element if name_of(one) == name), None)
        if element is None:
            return None
    return element


def attribute(element: Element | None, name: str) -> str | None:
    """Return an element's attribute by its name without a namespace."""
    if element is None:
        return None
    return next((value for key, value in element.attrib.items() if _name(key) == name), None)
