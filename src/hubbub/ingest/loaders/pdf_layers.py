"""Leave out what stands on the layers of a PDF that are switched off when it is opened."""

import ctypes
import io
import mmap
from collections.abc import Iterator
from typing import Any

from hubbub.ingest.blocks import Block, Heading, Hidden, Paragraph
from hubbub.ingest.loaders.pdf_handles import (
    FORM,
    drawn_by,
    opened_text,
    quick,
    switch,
    take_out,
    text_of,
)
from hubbub.ingest.loaders.pdf_objects import Array, Dictionary, NameOf, Objects, Reference, string, text_of_string
from hubbub.ingest.loaders.pdf_text import with_simple_ends

MOST_COPIED = 1 << 26
"""Bytes of a file that is written anew where its objects are not found, or are encrypted."""
_MOST_NAME = 1000
_DEEPEST = 8
_MOST_LAYERS = 1000
_WITHOUT_SECURITY = 3  # FPDF_REMOVE_SECURITY


class Layers:
    """Knows which layers of a document are off, and collects what stands on them."""

    def __init__(self, document: Any, mapped: mmap.mmap) -> None:
        self._off = _names_off(document, mapped)
        self._texts: dict[bytes, list[Block]] = {}

    def leave_out(self, page: Any, number: int) -> None:
        """Take what is on layers that are off out of a page, and keep its text."""
        if not self._off:
            return
        drawn = list(self._drawn("FPDFPage", ctypes.byref(page.contents)))
        for name in sorted({layer for _, layer in drawn if layer}):
            _show(drawn, name)
            with opened_text(page) as text_page:
                text = with_simple_ends(text_of(text_page)).strip()
            if text:
                self._texts.setdefault(name, []).append(Paragraph(text, number))
        _show(drawn, b"")
        take_out([one for one, layer in drawn if layer])

    def hidden(self) -> Iterator[Hidden]:
        """Yield what stands on each layer that is off."""
        for name, texts in self._texts.items():
            shown = " ".join(text_of_string(name).split())
            yield Hidden("layer", 1, [Heading(f"{shown} (hidden layer)", 1), *texts])

    def _drawn(self, holder: str, handle: Any, depth: int = 0) -> Iterator[tuple[ctypes.c_void_p, bytes]]:
        """Yield what is drawn, also within forms, with the name of the layer that is off on which it is, if any."""
        for drawn, kind in drawn_by(holder, handle):
            layer = self._layer_of(drawn)
            if kind == FORM and not layer and depth < _DEEPEST:
                yield from self._drawn("FPDFFormObj", drawn, depth + 1)
            else:
                yield drawn, layer

    def _layer_of(self, drawn: ctypes.c_void_p) -> bytes:
        get = quick("FPDFPageObj_GetMark", returns=ctypes.c_void_p)
        for number in range(quick("FPDFPageObj_CountMarks")(drawn)):
            name = _name_of(ctypes.c_void_p(get(drawn, number)))
            if name in self._off:
                return name
        return b""


def _show(drawn: list[tuple[ctypes.c_void_p, bytes]], name: bytes) -> None:
    """Leave on a page only what is on a layer, or on none of those that are off."""
    for is_on in (False, True):
        switch((one for one, layer in drawn if (layer == name) == is_on), on=is_on)


def _name_of(mark: ctypes.c_void_p) -> bytes:
    """Return the name of the layer that a mark stands for, as it is encoded, none where it stands for no layer."""
    buffer, length = ctypes.create_string_buffer(_MOST_NAME), ctypes.c_ulong()
    size, written = ctypes.c_ulong(_MOST_NAME), ctypes.byref(length)
    get = quick("FPDFPageObjMark_GetName")
    if not get(mark, buffer, size, written) or buffer.raw[: length.value].decode("utf-16-le").rstrip("\0") != "OC":
        return b""
    if not quick("FPDFPageObjMark_GetParamBlobValue")(mark, b"Name", buffer, size, written):
        return b""
    return buffer.raw[: length.value]


# Which layers are off


def _names_off(document: Any, mapped: mmap.mmap) -> frozenset[bytes]:
    """Return the names of the layers that are off, as they are encoded, without those that one has that is on."""
    objects = Objects(mapped)
    root = objects.at(objects.trailer, "Root")
    properties = objects.at(root, "OCProperties")
    is_encrypted = isinstance(objects.trailer, Dictionary) and "Encrypt" in objects.trailer
    if (root is None or (properties is not None and is_encrypted)) and len(mapped) <= MOST_COPIED:
        objects = Objects(_copy(document))
        properties = objects.at(objects.at(objects.trailer, "Root"), "OCProperties")
    if properties is None:
        return frozenset()

    def listed(holder: Any, key: str) -> list[Reference]:
        found = objects.at(holder, key)
        return [one for one in found if isinstance(one, Reference)][:_MOST_LAYERS] if isinstance(found, Array) else []

    usual = objects.at(properties, "D")
    is_usually_on = objects.at(usual, "BaseState") != NameOf("OFF")
    switched = frozenset(listed(usual, "OFF" if is_usually_on else "ON"))
    if is_usually_on and not switched:
        return frozenset()
    names: dict[bool, set[bytes]] = {True: set(), False: set()}
    for one in listed(properties, "OCGs"):
        names[(one in switched) != is_usually_on].add(string(objects.at(one, "Name")))
    return frozenset(names[False] - names[True] - {b""})


def _copy(document: Any) -> bytes:
    """Return a file as pdfium writes it: neither encrypted nor packed, and with a right table of its objects."""
    copy = io.BytesIO()
    try:
        document.save(copy, flags=_WITHOUT_SECURITY)
    except RuntimeError:
        return b""
    return copy.getvalue()
