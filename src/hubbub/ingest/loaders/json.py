"""Read JSON: one paragraph a record, one line a value, led by its path."""

import json
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

from hubbub.core.errors import Invalid
from hubbub.ingest.blocks import Block, Loaded, Paragraph
from hubbub.ingest.loaders.encoding import read_text


def load(file: BinaryIO) -> Loaded:
    """Return the records of a JSON or JSON Lines file.

    Raises:
        Invalid: it is no JSON, or nested too deeply.
    """
    text = read_text(file)
    blocks: list[Block] = []
    for record in _records(text):
        lines = "\n".join(_lines(record))
        if lines:
            blocks.append(Paragraph(lines))
    return Loaded(blocks)


def _records(text: str) -> list[Any]:
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise Invalid("The file is nested too deeply to be read.", code="corrupt") from error
    except ValueError as error:
        return _records_by_line(text, error)
    if isinstance(value, dict):
        # The parts of one big object are its records; of a small one, the object itself.
        parts = [{key: part} for key, part in cast(dict[str, Any], value).items()]
        is_flat = all(not isinstance(part, dict | list) for record in parts for part in record.values())
        return [value] if is_flat else parts
    return cast(list[Any], value) if isinstance(value, list) else [value]


def _records_by_line(text: str, error: ValueError) -> list[Any]:
    try:
        records = [json.loads(line) for line in text.split("\n") if line.strip()]
    except (ValueError, RecursionError):
        records = []
    if len(records) < 2:
        raise Invalid(f"The file can't be read as JSON ({error}). Mend it and add it again.", code="corrupt") from error
    return records


def _lines(record: Any) -> Iterator[str]:
    """Yield `path: value` for each value of a record, in order, without recursion."""
    left: list[tuple[str, Any]] = [("", record)]
    while left:
        path, value = left.pop()
        if isinstance(value, dict):
            parts = cast(dict[str, Any], value).items()
            left += reversed([(f"{path}.{key}" if path else key, part) for key, part in parts])
        elif isinstance(value, list):
            left += reversed([(path, part) for part in cast(list[Any], value)])
        elif value is not None and value != "":
            text = value if isinstance(value, str) else json.dumps(value)
            yield f"{path}: {text}" if path else text
