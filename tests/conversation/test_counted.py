import pytest

from hubbub.conversation.quoting import choose
from hubbub.core.documents import Hit


def quoted(question: str, text: str) -> tuple[str, bool]:
    quote = choose(question, [Hit("p1", "d1", "c1", "file.md", "", text, None, "", 1.0)])[0]
    return quote.text, quote.is_sure


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("How many swings are in the park?", "2. The swings in the park are replaced in spring."),
        ("How many employees does the town library have?", "The town library has 2 floors."),
        ("¿Cuántos empleados tiene la biblioteca municipal?", "La biblioteca municipal abre de 9:00 a 20:30."),
        ("Combien de bassins y a-t-il ?", "Il est défendu de courir au bord des bassins."),
        ("Quantos elevadores há?", "No elevador, os cães devem ser levados no colo."),
        ("Wie viele Fahrräder stehen im Keller?", "Die Fahrräder stehen im Keller, Kinderwagen im Flur."),
    ],
)
def test_how_many_there_are_is_not_told_surely_by_what_does_not_count_them(question: str, text: str) -> None:
    assert quoted(question, text) == (text, False)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("How many swings are in the park?", "The park has seven swings."),
        ("How many swings are in the park?", "The park has a single swing."),
        ("How many grams of lentils are in the soup?", "Put 250 g of lentils into the soup."),
        ("How often is the tray emptied?", "The tray is emptied daily."),
        ("¿Cuántos libros tiene la biblioteca?", "La biblioteca tiene 4000 libros."),
        ("Wie viele Fahrräder stehen im Keller?", "Im Keller stehen zwölf Fahrräder."),
    ],
)
def test_what_counts_them_tells_it(question: str, text: str) -> None:
    assert quoted(question, text) == (text, True)
