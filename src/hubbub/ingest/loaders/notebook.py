"""Read Jupyter notebooks: their texts, their code, and what came of it."""

import json
import re
from typing import Any, BinaryIO, cast

from hubbub.core.errors import Invalid
from hubbub.ingest.blocks import Block, Code, Loaded
from hubbub.ingest.loaders import html, markdown
from hubbub.ingest.loaders.encoding import decode, tidied

_COLOURS = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")


def load(file: BinaryIO) -> Loaded:
    """Return a notebook's cells in their order; pictures are left out.

    Raises:
        Invalid: it is no notebook.
    """
    try:
        book = json.loads(tidied(decode(file.read())))
        cells = book["cells"] if "cells" in book else [cell for sheet in book["worksheets"] for cell in sheet["cells"]]
        loaded = [_cell(cell) for cell in cells]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Invalid("The file is damaged: it is no notebook. Save it anew.", code="corrupt") from error
    title = next((one.title for one in loaded if one.title), "")
    return Loaded([block for one in loaded for block in one.blocks], title=title)


def _cell(cell: dict[str, Any]) -> Loaded:
    source = _text(cell.get("source", cell.get("input", "")))
    if cell["cell_type"] in ("markdown", "heading"):
        level = "#" * int(cell.get("level", 1)) + " " if cell["cell_type"] == "heading" else ""
        return markdown.read(level + source)
    blocks: list[Block] = [Code(source)] if source.strip() else []
    for output in cell.get("outputs") or ():
        blocks += _output(output)
    return Loaded(blocks)


def _output(output: dict[str, Any]) -> list[Block]:
    """Return what came of a cell in one form of those that it was kept in."""
    data = output.get("data") or output
    if plain := data.get("text/plain") or data.get("text") or data.get("text/latex") or data.get("text/markdown"):
        return _code(_text(plain))
    if page := data.get("text/html"):
        return html.read_page(_text(page)).blocks
    if "traceback" in output or "ename" in output:
        fault = f"{output.get('ename', '')}: {output.get('evalue', '')}"
        return _code(_text(output.get("traceback") or fault, "\n"))
    return []


def _code(text: str) -> list[Block]:
    text = _COLOURS.sub("", text)
    return [Code(text)] if text.strip() else []


def _text(value: Any, between: str = "") -> str:
    return between.join(map(str, cast(list[Any], value))) if isinstance(value, list) else str(value)
