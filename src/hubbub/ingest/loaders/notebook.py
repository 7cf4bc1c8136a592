"""Read Jupyter notebooks: their texts, their code, and what came of it."""

import json
import re
from typing import Any, BinaryIO, cast

from hubbub.core.errors import Invalid
from hubbub.ingest.blocks import Block, Code, Loaded
from hubbub.ingest.loaders import markdown
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
        data = output.get("data") or output
        shown = output.get("traceback") or data.get("text/plain") or data.get("text") or data.get("text/markdown") or ""
        text = _COLOURS.sub("", _text(shown, "\n" if "traceback" in output else ""))
        blocks += [Code(text)] if text.strip() else []
    return Loaded(blocks)


def _text(value: Any, between: str = "") -> str:
    return between.join(map(str, cast(list[Any], value))) if isinstance(value, list) else str(value)
