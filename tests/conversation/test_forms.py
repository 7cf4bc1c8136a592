"""Rows of a form, whose columns have no names: each is quoted by itself, the first one, too."""

import pytest

from hubbub.conversation.quoted import quoted
from hubbub.conversation.quoting import choose
from hubbub.core.documents import Hit

LATHE = "|  |  |\n| Length | 1800 mm |\n| Weight | 310 kg |\n| Made in | Austria |"
CONTRACT = "|  |  |\n| Customer: | Brown Bakery |\n| Notice: | three months |"


def _hit(text: str, heading: str) -> Hit:
    return Hit("p1", "d1", "c1", "file.md", "", text, None, heading, 1.0)


@pytest.mark.parametrize(
    ("question", "text", "heading", "row", "shown"),
    [
        ("How long is the lathe?", LATHE, "Lathe L-4", "| Length | 1800 mm |", "Length: 1800 mm"),
        ("What does the lathe weigh?", LATHE, "Lathe L-4", "| Weight | 310 kg |", "Weight: 310 kg"),
        ("Who is the customer?", CONTRACT, "Contract", "| Customer: | Brown Bakery |", "Customer: Brown Bakery"),
    ],
)
def test_the_row_that_is_asked_for(question: str, text: str, heading: str, row: str, shown: str) -> None:
    (best, *_) = choose(question, [_hit(text, heading)])
    assert best.text == row
    assert quoted(best, 1) == f"> {shown} [1]\n\n"
    assert quoted(best, 1, is_plain=True) == f"“{shown}” [1]\n\n"


def test_rows_of_more_cells_without_names_are_shown_as_they_stand() -> None:
    (best, *_) = choose("Which saw has 12 teeth?", [_hit("|  |  |  |\n| saw | 12 teeth | steel |", "Tools")])
    assert quoted(best, 2) == "> saw \\| 12 teeth \\| steel [2]\n\n"
