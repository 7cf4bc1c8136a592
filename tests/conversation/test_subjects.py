from collections.abc import Sequence
from struct import pack

import pytest

from hubbub.conversation.quoting import choose, choose_by_meaning
from hubbub.core.documents import Hit, Vector

OTHERS = (
    "The river is frozen.",
    "Music calms cows.",
    "Der Fluss ist gefroren.",
    "Musik beruhigt Kühe.",
    "La rivière est gelée.",
    "El río está helado.",
)


def hits(text: str, *, heading: str = "") -> list[Hit]:
    others = [Hit(f"o{place}", "d2", "c1", "o.md", "", other, None, "", 0.5) for place, other in enumerate(OTHERS)]
    return [Hit("p1", "d1", "c1", "file.md", "", text, None, heading, 1.0), *others]


class Alike:
    """Gives all texts one vector, but those with a word that it knows for something else."""

    name, dimensions = "alike", 2

    def __init__(self, other: str = "nothing") -> None:
        self._other = other

    async def embed(self, texts: Sequence[str], *, is_urgent: bool = False) -> list[Vector]:
        return [pack("<2f", 0.0, 1.0) if text == self._other else pack("<2f", 1.0, 0.0) for text in texts]


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("How often are pumps replaced?", "Valves are replaced every 4 years."),
        ("When will the barn be painted?", "The stable will be painted in June."),
        ("How long can a tent be rented?", "A sleeping bag can be rented for a week."),
        ("Wie oft werden Pumpen ersetzt?", "Ventile werden alle vier Jahre ersetzt."),
        ("Wann öffnet die Scheune?", "Der Stall öffnet um 8 Uhr."),
        ("À quelle fréquence les pompes sont-elles remplacées ?", "Les vannes sont remplacées tous les quatre ans."),
        ("¿Cada cuánto se cambian las bombas?", "Los grifos se cambian cada cuatro años."),
    ],
)
def test_what_is_said_of_another_subject_is_no_sure_answer(question: str, text: str) -> None:
    quotes = choose(question, hits(text))
    assert quotes[0].text == text
    assert not quotes[0].is_sure


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("How often are pumps replaced?", hits("The pump is replaced every 4 years.")),
        ("How often are pumps replaced?", hits("Parts are replaced every 4 years.", heading="Pumps")),
        ("How often are pumps replaced?", hits("Every shed has a pump. It is replaced every 4 years.")),
        ("Which village has a barn?", hits("Oakham has a barn.")),
        ("Wie oft werden Pumpen ersetzt?", hits("Wasserpumpen werden alle vier Jahre ersetzt.")),
        ("Wann öffnet die Feldscheune?", hits("Die Scheune öffnet um 8 Uhr.", heading="Feld")),
    ],
)
def test_what_names_the_subject_in_another_way_is_one(question: str, found: list[Hit]) -> None:
    assert choose(question, found)[0].is_sure


@pytest.mark.parametrize(("embedder", "is_sure"), [(Alike(), True), (Alike("barns"), False)])
async def test_a_subject_in_another_word_is_known_by_its_meaning(embedder: Alike, is_sure: bool) -> None:
    quotes = await choose_by_meaning("How often are sheds painted?", hits("Barns are painted yearly."), embedder)
    assert quotes[0].is_sure is is_sure
