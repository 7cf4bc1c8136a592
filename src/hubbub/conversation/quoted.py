"""Write quotes as Markdown: each as it stands in its document, with its marker."""

from collections.abc import Sequence

from hubbub.conversation.quoting import Quote
from hubbub.core.markdown import escape

CLOSEST = "I did not find a sure answer to this in these documents. This is the closest that I found:\n\n"


def quoted(quote: Quote, marker: int) -> str:
    """Return a quote in Markdown; a row of a table below the names of its columns."""
    cells = _cells(quote.text)
    names = _cells(quote.columns)
    if not names or len(cells) != len(names):
        return f"> {escape(quote.text)} [{marker}]\n\n"
    cells[-1] = f"{cells[-1]} [{marker}]"
    return "".join(f"> | {' | '.join(row)} |\n" for row in (names, ["---"] * len(names), cells)) + "\n"


def _cells(row: str) -> list[str]:
    """Return the cells of a row as a loader writes it, each in Markdown; none where it is no row."""
    line = row.strip()
    if not (line.startswith("|") and line.endswith("|") and len(line) > 1):
        return []
    return [escape(cell) for cell in line[1:-1].split("|")]


def is_sure(quotes: Sequence[Quote]) -> bool:
    """Tell whether quotes answer their question, as far as can be told: else they are only the closest found."""
    return any(quote.is_sure for quote in quotes)
