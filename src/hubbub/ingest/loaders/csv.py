"""Read CSV: one table, whatever separates its cells."""

import csv
import io
from typing import BinaryIO

from hubbub.core.errors import Invalid
from hubbub.ingest.blocks import Loaded, Table
from hubbub.ingest.loaders.encoding import read_text

SAMPLE_LENGTH = 16 * 1024
CELL_LENGTH = 4 * 1024 * 1024


def load(file: BinaryIO) -> Loaded:
    """Return a CSV file's rows; the first names the columns. Empty rows are left out.

    Raises:
        Invalid: it is no CSV, or a cell is too long.
    """
    text = read_text(file)
    csv.field_size_limit(CELL_LENGTH)
    try:
        rows = tuple(tuple(row) for row in csv.reader(io.StringIO(text, newline=""), _dialect(text)) if any(row))
    except csv.Error as error:
        raise Invalid(f"The file can't be read as CSV ({error}). Save it anew.", code="corrupt") from error
    return Loaded([Table(rows)] if rows else [])


def _dialect(text: str) -> type[csv.Dialect]:
    # The first line alone: it is short, holds names, and rarely a separator within quotes.
    sample = text[:SAMPLE_LENGTH].partition("\n")[0]
    counts = {separator: sample.count(separator) for separator in ",;\t|"}

    class Found(csv.excel):
        delimiter = max(counts, key=lambda separator: counts[separator])

    return Found
