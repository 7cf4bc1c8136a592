"""Write quotes as Markdown, or as plain text: each as it stands in its document, with its marker."""

import re
from collections.abc import Sequence

from hubbub.conversation.asked_cell import asked_cell
from hubbub.conversation.citations import MAX_FOLLOW_UPS
from hubbub.conversation.declared import is_form
from hubbub.conversation.musts import holds
from hubbub.conversation.quoting import Quote
from hubbub.core.documents import Hit
from hubbub.core.markdown import escape
from hubbub.core.wording import index_terms, language_of, query_terms

_NUMBERED = re.compile(r"\[(\d+(?:, ?\d+)*)\]")
_NO_TOPIC = re.compile(r"Read by \S.*|Page \S+")
"""What headings say of where a passage stands, or of how it was read, and not of what it is about."""
BEGINNING_CHARACTERS = 500
"""So much of a passage is looked through for a word of the query: of all, others would wait on the event loop."""
CLOSEST = "I did not find a sure answer to this in these documents. This is the closest that I found:\n\n"


def quoted(quote: Quote, marker: int, question: str = "", *, is_plain: bool = False) -> str:
    """Return a quote in Markdown, or in plain text.

    A row of a table stands below the names of its columns, the cell that its question asks for in bold. What dates a
    quote stands above it, where another one says the same thing differently.
    """
    if is_plain:
        return _in_plain_text(quote, marker)
    if quote.dated:
        return f"**{escape(quote.dated)}**\n\n> {_shown(quote.text)} [{marker}]\n\n"
    cells, names = _cells(quote.text), _cells(quote.columns)
    if names and not "".join(names).strip():
        return f"> {escape(_without_names(cells))} [{marker}]\n\n"
    if not names or len(cells) != len(names):
        return f"> {_shown(quote.text)} [{marker}]\n\n"
    asked = asked_cell(question, names, cells)
    shown = [escape(cell) for cell in cells]
    if asked is not None:
        shown[asked] = f" **{shown[asked].strip()}** "
    shown[-1] = f"{shown[-1]} [{marker}]"
    rows = ([escape(name) for name in names], ["---"] * len(names), shown)
    return "".join(f"> | {' | '.join(row)} |\n" for row in rows) + "\n"


def _without_names(cells: Sequence[str]) -> str:
    """Return a row whose columns have no names as a line: what a form names, and its value."""
    label, *values = [cell.strip() for cell in cells if cell.strip()] or [""]
    if not values:
        return label
    return f"{label.rstrip(':：')}: {' | '.join(values)}" if len(cells) == 2 else " | ".join([label, *values])


def _shown(text: str) -> str:
    """Return a text as a paragraph of a quotation; the lines of a form stay lines."""
    if not is_form(text):
        return escape(text)
    return "\\\n> ".join(escape(line) for line in text.split("\n") if line.strip())


def _in_plain_text(quote: Quote, marker: int) -> str:
    cells, names = _cells(quote.text), _cells(quote.columns)
    text = quote.text
    if names and not "".join(names).strip():
        text = _without_names(cells)
    elif names and len(cells) == len(names):
        text = "; ".join(f"{name.strip()}: {cell.strip()}" for name, cell in zip(names, cells, strict=True))
    # What looks like a marker within it must not be taken for one.
    words = _NUMBERED.sub(r"(\1)", text)
    dated = quote.dated and _NUMBERED.sub(r"(\1)", f"{quote.dated}: ")
    return f"{dated}“{words}” [{marker}]\n\n"


def _cells(row: str) -> list[str]:
    """Return the cells of a row as a loader writes it; none where it is no row."""
    line = row.strip()
    if not (line.startswith("|") and line.endswith("|") and len(line) > 1):
        return []
    return line[1:-1].split("|")


def is_sure(quotes: Sequence[Quote]) -> bool:
    """Tell whether quotes answer their question, as far as can be told: else they are only the closest found."""
    return any(quote.is_sure for quote in quotes)


def neighbours(query: str, hits: Sequence[Hit], quotes: Sequence[Quote]) -> tuple[str, ...]:
    """Return questions for what was found beside the quotes: the headings of the other hits.

    Those of documents that are quoted, and of passages that hold a word of the query: meanings alone find anything.
    """
    quoted = {quote.hit.heading for quote in quotes}
    documents = {quote.hit.document_id for quote in quotes}
    others = [hit for hit in hits if hit.heading and hit.heading not in quoted]
    near = (hit for hit in others if hit.document_id in documents or _holds_a_word(hit, query))
    headings = dict.fromkeys(hit.heading for hit in near)
    topics = ([part for part in heading.split(" › ") if not _NO_TOPIC.fullmatch(part)] for heading in headings)
    lasts = list(dict.fromkeys(parts[-1] for parts in topics if parts))[:MAX_FOLLOW_UPS]
    return tuple(last if last.endswith("?") else f"What about “{last}”?" for last in lasts)


def _holds_a_word(hit: Hit, query: str) -> bool:
    text = f"{hit.title}\n{hit.heading}\n{hit.text[:BEGINNING_CHARACTERS]}"
    held = frozenset(index_terms(text, language := language_of(text)))
    return any(holds(held, term) for term in query_terms(query, (language,)) if term.is_telling)
