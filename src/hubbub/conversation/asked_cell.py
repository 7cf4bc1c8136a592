"""Find the cell of a row that a question asks for: in the column that it names, where it names the row, too."""

from collections.abc import Sequence

from hubbub.conversation.musts import holds
from hubbub.core.wording import index_terms, language_of, query_terms


def asked_cell(question: str, names: Sequence[str], cells: Sequence[str]) -> int | None:
    """Return the place of the cell that is asked for, in a row whose columns have these names; None where that is open.

    A cell that the question names itself is not asked for. Of the others it is the one whose column the question names
    the most of; in a row of two it is the other one, too.
    """
    language = language_of(question, (language_of(" ".join((*names, *cells))),))
    terms = query_terms(question, (language,), language)

    def said(text: str) -> float:
        """Return how much of a text the question names, from 0 to 1."""
        words = index_terms(text, language)
        return sum(any(holds(frozenset((word,)), term) for term in terms) for word in words) / max(1, len(words))

    unnamed = [place for place, cell in enumerate(cells) if not cell.strip() or said(cell) < 1]
    if len(unnamed) == len(cells) or not unnamed:
        return None
    best, *others = sorted(((said(names[place]), place) for place in unnamed), reverse=True)
    share, asked = best
    is_told = share > max((other for other, _ in others), default=0.0) or len(cells) == 2
    return asked if is_told and cells[asked].strip() else None
