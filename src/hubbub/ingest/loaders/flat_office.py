"""Read documents of Office that are one XML file: what Word saves as "XML document", and as that of 2003."""

import base64
import binascii
import io
import zipfile

from hubbub.core.errors import Unsupported
from hubbub.ingest.blocks import Loaded
from hubbub.ingest.loaders.kinds import EXCEL, POWERPOINT, WORD
from hubbub.ingest.loaders.ooxml import etree
from hubbub.ingest.loaders.xml import Element, attribute, child, name_of

_KINDS = {"word/": WORD, "ppt/": POWERPOINT, "xl/": EXCEL}
_MAIN = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
_LINKS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    f'<Relationship Id="a" Type="{_MAIN}" Target="word/document.xml"/></Relationships>'
)


def read(root: Element) -> Loaded:
    """Return what such a document says: its parts are packed as they would be in a file of today, and that is read.

    Raises:
        Invalid: it is damaged.
        Unsupported: it is of another program.
    """
    parts = dict(_parts(root)) if name_of(root) == "package" else _of_2003(root)
    kind = next((kind for folder, kind in _KINDS.items() if any(name.startswith(folder) for name in parts)), None)
    if kind is None:
        raise Unsupported("The file is of a program that is not known here. Save it as .docx and add it again.")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return kind.loader().load(packed)


def _parts(root: Element) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for part in root:
        name = (attribute(part, "name") or "").lstrip("/")
        held = next((one for one in part if name_of(one) in ("xmlData", "binaryData")), None)
        if not name or held is None:
            continue
        if name_of(held) == "xmlData":
            inner = next((one for one in held if name_of(one)), None)
            data = b"" if inner is None else bytes(etree.tostring(inner, with_tail=False))
        else:
            try:
                data = base64.b64decode(held.text or "")
            except (binascii.Error, ValueError):
                data = b""
        found.append((name, data))
    return found


def _of_2003(root: Element) -> dict[str, bytes]:
    """Return the parts of a document of Word 2003: its body has the names of today."""
    body = child(root, "body")
    inner = b"" if body is None else bytes(etree.tostring(body, with_tail=False))
    return {"_rels/.rels": _LINKS.encode(), "word/document.xml": b"<document>" + inner + b"</document>"}
