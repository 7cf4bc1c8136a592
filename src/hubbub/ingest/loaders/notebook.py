"""Read Jupyter notebooks: their texts, their code, and what came of it."""

import base64
import binascii
import hashlib
import json
import re
from typing import Any, BinaryIO, cast

from hubbub.core.errors import Invalid
from hubbub.ingest.blocks import Block, Code, Loaded
from hubbub.ingest.loaders import html, markdown
from hubbub.ingest.loaders.encoding import decode, tidied
from hubbub.ingest.loaders.inlaid import Inlaid
from hubbub.ingest.ocr.turn import turn

_PICTURES = ("image/png", "image/jpeg", "png", "jpeg")
_OLDEST_FLAT = 3
"""Notebooks up to this version have their cells on sheets."""
_NAME = re.compile(r"\s*<[A-Za-z_][\w.]*(?: [^<>\n]*)?>\s*")
"""What stands for an object that shows itself in another form."""
_WRITTEN_OVER = re.compile(r"[^\n]*\r(?=[^\r\n])")
"""What a line said before it was written anew, as bars of progress are."""
_COLOURS = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")


def load(file: BinaryIO) -> Loaded:
    """Return a notebook's cells in their order, with the pictures that came of them.

    Raises:
        Invalid: it is no notebook.
    """
    try:
        book = json.loads(tidied(decode(file.read())))
        pictures = _Pictures()
        loaded = [_cell(cell, pictures) for cell in _cells(book)]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Invalid("The file is damaged: it is no notebook. Save it anew.", code="corrupt") from error
    title = next((one.title for one in loaded if one.title), "")
    return Loaded([block for one in loaded for block in one.blocks], title=title)


def _cells(book: dict[str, Any]) -> list[dict[str, Any]]:
    if "cells" in book:
        return book["cells"]
    if book["nbformat"] > _OLDEST_FLAT:
        return []
    return [cell for sheet in book.get("worksheets", ()) for cell in sheet.get("cells", ())]


class _Pictures:
    """Reads the pictures that a notebook holds within its text."""

    def __init__(self) -> None:
        self._held: dict[str, bytes] = {}
        self._inlaid = Inlaid(lambda name: self._held.pop(name, b""))

    def read(self, data: dict[str, Any]) -> list[Block] | None:
        """Return what a picture says; None where there is none."""
        packed = next((data[kind] for kind in _PICTURES if data.get(kind)), None)
        if packed is None:
            return None
        text = "".join(_text(packed).split())
        name = hashlib.sha256(text.encode()).hexdigest()
        try:
            self._held[name] = base64.b64decode(text)
        except binascii.Error:
            turn().pass_by()
            return []
        return self._inlaid.read(name)


def _cell(cell: dict[str, Any], pictures: _Pictures) -> Loaded:
    source = _text(cell.get("source", cell.get("input", "")))
    if cell["cell_type"] in ("markdown", "heading"):
        level = "#" * int(cell.get("level", 1)) + " " if cell["cell_type"] == "heading" else ""
        attachments: dict[str, dict[str, Any]] = cell.get("attachments") or {}
        read = markdown.read(level + source)
        return Loaded(
            [*read.blocks, *(block for one in attachments.values() for block in pictures.read(one) or ())], read.title
        )
    blocks: list[Block] = [Code(source)] if source.strip() else []
    for output in cell.get("outputs") or ():
        blocks += _output(output, pictures)
    return Loaded(blocks)


def _output(output: dict[str, Any], pictures: _Pictures) -> list[Block]:
    """Return what came of a cell in one form of those that it was kept in."""
    data = output.get("data") or output
    if (shown := pictures.read(data)) is not None:
        return shown
    plain = _text(data.get("text/plain") or data.get("text") or "")
    if plain and not _NAME.fullmatch(plain):
        return _code(plain)
    if packed := data.get("text/markdown"):
        return markdown.read(_text(packed)).blocks
    if packed := data.get("text/html") or data.get("image/svg+xml"):
        return html.read_page(_text(packed)).blocks
    if packed := data.get("text/latex"):
        return _code(_text(packed))
    if packed := data.get("application/json"):
        return _code(json.dumps(packed, ensure_ascii=False))
    if plain:
        return _code(plain)
    if "traceback" in output or "ename" in output:
        fault = f"{output.get('ename', '')}: {output.get('evalue', '')}"
        return _code(_text(output.get("traceback") or fault, "\n"))
    kinds = ", ".join(sorted(output.get("data") or ()))
    return _code(f"[Output that was not read: {kinds}]" if kinds else "")


def _code(text: str) -> list[Block]:
    text = _WRITTEN_OVER.sub("", _COLOURS.sub("", text))
    return [Code(text)] if text.strip() else []


def _text(value: Any, between: str = "") -> str:
    return between.join(map(str, cast(list[Any], value))) if isinstance(value, list) else str(value)
