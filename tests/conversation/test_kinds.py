import pytest

from hubbub.conversation.quoting import choose
from hubbub.core.documents import Hit

PRICES = "| Tent | Price in euros | Ready |\n| --- | --- | --- |\n| Dome | 70 | at once |\n| Tunnel | none | in May |"


def is_sure(question: str, text: str) -> bool:
    return any(quote.is_sure for quote in choose(question, [Hit("p1", "d1", "c1", "file.md", "", text, None, "", 1.0)]))


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("What does the K40 mower cost?", "The K40 mower has a warranty of ten months."),
        ("How much is the garage?", "The garage is behind the house."),
        ("What is the price of the ferry?", "The ferry leaves at 9:30."),
        ("How heavy is the mower?", "The mower runs on petrol."),
        ("How long is the bridge?", "The bridge crosses the canal."),
        ("How old is the K40?", "The K40 is a mower."),
        ("When does the office open?", "The office is in the yard."),
        ("By when must the forms be sent?", "The forms must be sent to the school."),
        ("What year was the mill built?", "The mill was built of brick."),
        ("Who tends the orchard?", "The orchard is tended with care."),
        ("Who opened the mill?", "The mill was opened with a song."),
        ("What is the phone number of the ferry office?", "The ferry office is at the pier."),
        ("What is the fax number of the ferry office?", "Ferry office\nPhone: 040 555 12 34"),
        ("When did the ferry begin?", "The ferry costs 29 euros and begins at the pier."),
        ("What is the e-mail address of the ferry office?", "The ferry office has the number 040 555 12 34."),
        ("Was kostet das Zelt?", "Das Zelt liegt im Schuppen."),
        ("Wann öffnet der Kiosk?", "Der Kiosk öffnet mit einem Schlüssel."),
        ("Wie hoch ist der Turm?", "Der Turm steht auf dem Hügel."),
        ("Combien coûte la tente ?", "La tente est dans la cabane."),
        ("Quand ouvre le kiosque ?", "Le kiosque ouvre avec une clé."),
        ("¿Cuánto cuesta la barca?", "La barca es de madera."),
        ("¿Cuándo abre la torre?", "La torre se abre con llave."),
        ("Quanto costa la barca?", "La barca è di legno."),
        ("Quando abre a torre?", "A torre abre com uma chave."),
        ("Hoeveel kost de boot?", "De boot ligt in de haven."),
        ("Wanneer is de kiosk open?", "De kiosk is open met een sleutel."),
    ],
)
def test_what_shows_no_such_thing_as_is_asked_for_is_no_sure_answer(question: str, text: str) -> None:
    assert not is_sure(question, text)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("What does the K40 mower cost?", "The K40 mower costs £90."),
        ("What does the dome tent cost?", PRICES),
        ("What does the tunnel tent cost?", PRICES),
        ("When is the tunnel tent ready?", PRICES),
        ("How much is the garage?", "The garage is free of charge."),
        ("What is the price of the ferry?", "The price of the ferry is nine per person."),
        ("How heavy is the mower?", "The mower weighs half a ton."),
        ("How long does the mower charge?", "The mower charges overnight."),
        ("When does the office open?", "The office opens at noon."),
        ("When is the mower serviced?", "The mower is serviced before it is stored."),
        ("When are the forms sent?", "The forms are sent daily."),
        ("Who tends the orchard?", "The orchard is tended by monks."),
        ("Who tends the orchard?", "Volunteers tend the orchard."),
        ("Who tends the orchard?", "The orchard belongs to Ada Holm, who tends it."),
        ("Who is Ada Holm?", "Ada Holm is a legend."),
        ("What is the phone number of the ferry office?", "The ferry office has the number 040 555 12 34."),
        ("What is the e-mail address of the ferry office?", "The address of the ferry office is pier@ferry.example"),
        ("How do I change my e-mail address?", "The e-mail address is changed in the settings."),
        ("What is the phone number used for?", "The phone number is used for calls about the ferry."),
        ("What happens when the mower stops?", "The mower stops with a beep."),
        ("Is the office open?", "The office is open."),
        ("Was kostet das Zelt?", "Das Zelt ist kostenlos."),
        ("Wann öffnet der Kiosk?", "Der Kiosk öffnet nach Vereinbarung."),
        ("Combien coûte la tente ?", "La tente ne coûte rien."),
        ("¿Cuándo abre la torre?", "La torre abre al mediodía."),
        ("Quanto costa la barca?", "La barca costa dieci euro."),
        ("Quando abre a torre?", "A torre abre aos domingos."),
        ("Hoeveel kost de boot?", "De boot kost niets."),
    ],
)
def test_what_shows_it_in_whatever_words_is_one(question: str, text: str) -> None:
    assert is_sure(question, text)
