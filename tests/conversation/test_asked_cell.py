"""Which cell of a row a question asks for."""

import pytest

from hubbub.conversation.asked_cell import asked_cell

SALES = ("Region", "2022", "2023")
PRICES = ("Article", "Price net", "Price gross")


@pytest.mark.parametrize(
    ("question", "names", "cells", "asked"),
    [
        ("What were the sales of South in 2023?", SALES, ("South", "900", "1410"), "1410"),
        ("Which region had 1410 in 2023?", SALES, ("South", "900", "1410"), "South"),
        ("How much is the deposit?", ("Item", "Amount"), ("Deposit", "9,600 EUR"), "9,600 EUR"),
        ("What is the gross price of the A7?", PRICES, ("A7", "10", "11.90"), "11.90"),
        ("Wie hoch ist der Bruttopreis von A7?", ("Artikel", "Nettopreis", "Bruttopreis"), ("A7", "9", "11"), "11"),
        ("Quel est le prix du billet enfant ?", ("Billet", "Prix", "Durée"), ("Enfant", "4 €", "2 h"), "4 €"),
        # Another row, no column, or more than one: it is open.
        ("What were the sales of South in 2023?", SALES, ("North", "1200", "1850"), None),
        ("How much did the South sell?", SALES, ("South", "900", "1410"), None),
        ("What is the price of the A7?", PRICES, ("A7", "10", "11.90"), None),
        ("What were the sales of South in 2023?", SALES, ("South", "900", ""), None),
        ("What is the gross price of the A7?", PRICES, ("A7", "10", ""), None),
    ],
)
def test_the_cell_of_the_named_row_and_column(
    question: str, names: tuple[str, ...], cells: tuple[str, ...], asked: str | None
) -> None:
    place = asked_cell(question, names, cells)
    assert (None if place is None else cells[place]) == asked
