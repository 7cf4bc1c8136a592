import pytest

from hubbub.conversation.quoting import choose
from hubbub.core.documents import Hit

PRICES = "- Maple desk: 300 euros\n- Maple shelf: 80 euros\n- Pine table: 210 euros"
UTOPIA = "The big old grey windy towns have northern Utopia's high walls."
PLANS = "The trial of Plan Small lasts ten days. Copies are made hourly with Plan Large."


def hit(text: str, *, heading: str = "") -> Hit:
    return Hit("p1", "d1", "c1", "file.md", "", text, None, heading, 1.0)


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("What does the maple table cost?", hit(PRICES)),
        ("How much is the pine desk?", hit(PRICES)),
        ("How long does the trial of Plan Large last?", hit(PLANS)),
        ("What did release 7 bring?", hit("Release 6 brought a map.")),
        ("How long is the warranty of the K310?", hit("The warranty of the K300 is two years.")),
        ("By how much did the rents grow this year?", hit("Last year the rents grew by 2 percent.")),
        ("Where are the keys of the upper barn?", hit("The keys are on the hook.", heading="Farm › Lower barn")),
        ("Combien coûte la barque pliante ?", hit("La barque légère coûte 20 euros.")),
        ("Wo hängt der Scheunenschlüssel?", hit("Der Schlüssel zum Gartenhaus hängt an der Tür.")),
        ("Wie viel fasst der Öltank?", hit("Der Regentank fasst 300 Liter.")),
    ],
)
def test_what_is_said_of_another_thing_of_the_kind_is_no_sure_answer(question: str, found: Hit) -> None:
    assert not any(quote.is_sure for quote in choose(question, [found]))


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("What does the maple desk cost?", hit(PRICES)),
        ("How much is the pine table?", hit(PRICES)),
        ("How long does the trial of Plan Small last?", hit(PLANS)),
        ("What did release 6 bring?", hit("Release 6 brought a map.")),
        ("By how much did the rents grow last year?", hit("Last year the rents grew by 2 percent.")),
        ("Where are the keys of the lower barn?", hit("The keys are on the hook.", heading="Farm › Lower barn")),
        ("What is the ferry best described as?", hit("The ferry is commonly described as a boat.")),
        ("Which big old windy grey towns have high northern Utopian walls?", hit(UTOPIA)),
        ("How long is the small river ferry?", hit("The river ferry is 40 metres long.")),
        ("Wie viel fasst der Regentank?", hit("Der Tank fasst 300 Liter.", heading="Regen")),
    ],
)
def test_what_is_said_of_the_thing_itself_is_one(question: str, found: Hit) -> None:
    assert choose(question, [found])[0].is_sure


@pytest.mark.parametrize(
    ("question", "text", "is_sure"),
    [
        ("Which barns do not have a door?", "The upper barn has a door.", False),
        ("Which barns do not have a door?", "The upper barn has a roof. The lower barn has no door.", True),
        ("Which barns have a door?", "The upper barn has a door.", True),
        ("Which barns do not have a door?", "Barns have a door, with the exception of the upper barn.", True),
        ("Welche Scheune hat keine Tür?", "Scheunen haben eine Tür, mit Ausnahme der oberen.", True),
        ("Wer darf nicht auf den Turm steigen?", "Besucher dürfen auf den Turm.", False),
        ("Wer darf nicht auf den Turm steigen?", "Kindern ist es verboten, auf den Turm zu steigen.", True),
    ],
)
def test_what_is_not_so_is_told_surely_by_what_says_no(question: str, text: str, is_sure: bool) -> None:
    assert any(quote.is_sure for quote in choose(question, [hit(text)])) is is_sure


def test_the_last_item_of_a_list_is_quoted() -> None:
    found = hit("## Tools\n\n- Small saw: 12 euros\n- Plane: 30 euros\n\nWe also sharpen.")
    assert choose("How much is the plane?", [found])[0].text == "- Plane: 30 euros"


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("How do I use nightmode?", "Night mode: press the moon."),
        ("How do I use night mode?", "Nightmode: press the moon."),
        ("Where is the water tap of the farmyard?", "The watertap is in the farm yard."),
    ],
)
def test_words_are_found_written_together_and_apart(question: str, text: str) -> None:
    assert [quote.text for quote in choose(question, [hit(text)])] == [text]


def test_what_cannot_be_seen_is_no_word() -> None:
    assert choose("Where is 0\xad?", [hit("0 is here.")])[0].text == "0 is here."
