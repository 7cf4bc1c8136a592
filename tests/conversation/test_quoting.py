import asyncio
import time
from collections.abc import Sequence
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hubbub.conversation import quoting
from hubbub.conversation.cues import cue
from hubbub.conversation.quoted import neighbours, quoted
from hubbub.conversation.quoting import READ_HITS, choose, choose_by_meaning, choose_in_turns, rate
from hubbub.core.documents import Hit, Vector
from hubbub.core.errors import ModelError
from tests.processor import put_others_garbage_aside


def hit(text: str, number: int = 1, *, title: str = "", heading: str = "") -> Hit:
    return Hit(f"p{number}", "d1", "c1", "file.md", title, text, None, heading, 1 / number)


HITS = [
    hit(
        "The library opened in 1908. It was designed by Ada Brandt, who had studied in Vienna. "
        "It holds 40,000 books. Visitors come because the reading room is quiet.",
        1,
    ),
    hit("The swimming pool stands near the Old Harbour. Who built it? Tickets cost 4.50 a day.", 2),
]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("When did the library open?", "The library opened in 1908."),
        (
            "Who designed the library?",
            "The library opened in 1908. It was designed by Ada Brandt, who had studied in Vienna.",
        ),
        (
            "How many books does the library hold?",
            "The library opened in 1908. It was designed by Ada Brandt, who had studied in Vienna. "
            "It holds 40,000 books.",
        ),
        ("Why do visitors come?", "Visitors come because the reading room is quiet."),
        ("Where is the swimming pool?", "The swimming pool stands near the Old Harbour."),
        ("How much does a ticket for the pool cost?", "Tickets cost 4.50 a day."),
    ],
)
def test_the_sentence_that_answers_comes_first(question: str, answer: str) -> None:
    best = choose(question, HITS)[0]
    assert best.text == answer
    assert best.hit.text[best.start : best.start + len(best.text)] == answer


@pytest.mark.parametrize(
    "question", ["Which planet has the most moons?", "What did Napoleon say to Josephine?", "", "???"]
)
def test_nothing_is_quoted_where_nothing_fits(question: str) -> None:
    assert choose(question, HITS) == []
    assert choose("When did the library open?", []) == []


def test_a_name_that_the_passages_lack_speaks_against_them() -> None:
    known, other = (rate(f"When did the {name} library open?", HITS)[0] for name in ("quiet", "Springfield"))
    assert known.text == other.text
    assert known.evidence > other.evidence


def test_a_question_in_the_text_is_no_answer() -> None:
    assert all(quote.text != "Who built it?" for quote in rate("Who built the swimming pool?", HITS))


def test_headings_count_for_what_stands_below_them() -> None:
    below = [hit("You may send goods back within thirty days.", heading="Refund policy")]
    assert choose("What is the refund policy for goods?", below)
    assert rate("refund policy", below)[0].evidence > rate("refund policy", [hit(below[0].text)])[0].evidence


def test_of_overlapping_passages_each_sentence_is_quoted_once() -> None:
    twice = [hit("The library opened in 1908.", 1), hit("The library opened in 1908. It grew.", 2)]
    assert [quote.hit.passage_id for quote in choose("When did the library open?", twice)] == ["p1"]


def test_no_more_than_the_limit_are_quoted() -> None:
    many = [hit(" ".join(f"The library opened door {number}." for number in range(9)))]
    assert len(choose("When did the library open?", many)) == 3
    assert len(choose("When did the library open?", many, limit=1)) == 1


def test_a_huge_passage_is_read_within_bounds() -> None:
    huge = [hit("library " * 200_000), hit("The library opened. " * 20_000 + "The library opened in 1908.", 2)]
    assert [len(quote.text) for quote in choose("When did the library open?", huge)] == [19]


@given(st.text(max_size=80), st.lists(st.text(max_size=200), max_size=4))
def test_every_quote_is_word_for_word(question: str, texts: list[str]) -> None:
    hits = [hit(text, number) for number, text in enumerate(texts, start=1)]
    quotes = choose(question, hits)
    for quote in quotes:
        assert quote.text
        assert quote.hit in hits
        assert quote.hit.text[quote.start : quote.start + len(quote.text)] == quote.text
    assert quotes == choose(question, hits)


@pytest.mark.parametrize(
    ("question", "holding", "lacking"),
    [
        ("How many are there?", "There are seven.", "There are some."),
        ("In what year was it?", "It was in 1066.", "It was long ago."),
        ("Who led the Normans?", "They followed Rollo there.", "They followed the Normans there."),
        ("Where is it?", "It lies in France.", "It lies under a stone."),
        ("Why did it fall?", "It fell because of rain.", "It fell on a day."),
    ],
)
def test_a_cue_tells_what_is_asked_for(question: str, holding: str, lacking: str) -> None:
    holds = cue(question)
    asked = set(question.lower().strip("?").split())
    assert holds is not None
    assert holds(holding, asked)
    assert not holds(lacking, asked)


def test_other_questions_have_no_cue() -> None:
    assert cue("What is it like?") is None


class LikesPools:
    """Finds questions about diving like what is said of pools, and no other question like any sentence."""

    name = "pools"
    dimensions = 3
    failure: Exception | None = None

    async def embed(self, texts: Sequence[str], *, is_urgent: bool = False) -> list[Vector]:
        assert is_urgent
        await asyncio.sleep(0)
        if self.failure:
            raise self.failure
        return [
            pack("<3f", "pool" in text or "dive" in text, not text.endswith("?"), text.endswith("?")) for text in texts
        ]


async def test_meanings_find_what_words_do_not() -> None:
    question = "Can a beginner dive there?"
    assert choose(question, HITS) == []
    best = (await choose_by_meaning(question, HITS, LikesPools()))[0]
    assert best.text == "The swimming pool stands near the Old Harbour."


async def test_meanings_refuse_what_only_shares_words() -> None:
    question = "Do visitors sell books quickly?"
    assert choose(question, HITS) != []
    assert await choose_by_meaning(question, HITS, LikesPools()) == []
    assert await choose_by_meaning("?", HITS, LikesPools()) == []


async def test_words_serve_where_the_embedder_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hanging(LikesPools):
        async def embed(self, texts: Sequence[str], *, is_urgent: bool = False) -> list[Vector]:
            await asyncio.Event().wait()
            raise AssertionError

    monkeypatch.setattr(quoting, "EMBED_SECONDS", 0.05)
    failing = LikesPools()
    failing.failure = ModelError("It is not to be had.")
    question = "When did the library open?"
    for embedder in (failing, Hanging()):
        assert await choose_by_meaning(question, HITS, embedder) == choose(question, HITS) != []


@pytest.mark.quiet
async def test_much_to_read_keeps_the_loop_from_nobody() -> None:
    words = [f"word{number}" for number in range(900)]
    hits = [
        Hit(f"p{n}", "d", "c", "a.md", "A", ". A ".join(words[n:] + words[:n]), None, "", 1.0) for n in range(READ_HITS)
    ]
    longest = 0.0

    async def other() -> None:
        nonlocal longest
        while True:
            began = time.thread_time()
            await asyncio.sleep(0)
            longest = max(longest, time.thread_time() - began)

    put_others_garbage_aside()
    task = asyncio.create_task(other())
    await asyncio.sleep(0)
    chosen = await choose_in_turns("What is word7 of word8?", hits)
    task.cancel()
    assert chosen == choose("What is word7 of word8?", hits)
    assert longest < 0.04


def test_a_code_or_a_number_that_is_asked_for_stands_in_what_is_quoted() -> None:
    codes = [hit("Error E4000 means that the door is open.\n\nError E4005 means that the valve is stuck.")]
    assert choose("What does E4019 mean?", codes) == []
    assert choose("What does error E-4005 mean?", codes)[0].text == "Error E4005 means that the valve is stuck."
    invoices = [hit("Invoice 2023-118 of 3 May is about chairs. Invoice 2023-119 is about tables.")]
    assert choose("What is invoice 2023-131 about?", invoices) == []
    assert choose("What is invoice 2023-119 about?", invoices)[0].text == "Invoice 2023-119 is about tables."
    assert choose("What did the invoice of 1999 cover?", invoices) == []


def test_a_code_in_the_heading_counts_for_what_stands_below_it() -> None:
    below = [hit("The valve is stuck. Turn the key.", heading="Errors › E4019")]
    assert choose("What does error E4019 mean?", below)


TABLE = "| product | 2022 | 2023 |\n| chairs | 10 | 12 |\n| tables | 7 | 9 |"


def test_a_row_is_quoted_with_the_names_of_its_columns_and_those_are_no_answer() -> None:
    (best, *_) = choose("How many tables did the shop sell in 2023?", [hit(TABLE)])
    assert (best.text, best.columns) == ("| tables | 7 | 9 |", "| product | 2022 | 2023 |")
    shown = quoted(best, 1, "What did tables cost in 2023?")
    assert shown == "> | product | 2022 | 2023 |\n> | --- | --- | --- |\n> | tables | 7 |  **9**  [1] |\n\n"
    assert quoted(best, 1) == "> | product | 2022 | 2023 |\n> | --- | --- | --- |\n> | tables | 7 | 9 [1] |\n\n"
    assert all(quote.text != "| product | 2022 | 2023 |" for quote in rate("Which product in 2023?", [hit(TABLE)]))
    assert choose("How many tables did the shop sell in 2024?", [hit(TABLE)]) == []


@pytest.mark.parametrize(
    ("question", "text", "answer"),
    [
        (
            "What do employees pay for?",
            "The plan covers dental care and glasses. These services are free, and employees pay for nothing. Ask us.",
            "The plan covers dental care and glasses. These services are free, and employees pay for nothing.",
        ),
        (
            "How can everybody save energy?",
            "Everybody can save energy by these tips:\n\n- Turn off the light.\n- Close the door.\n\nThe end.",
            "Everybody can save energy by these tips:\n\n- Turn off the light.\n- Close the door.",
        ),
        (
            "Where are forms for a passport?",
            "You get these papers at the counter:\n- a form for parking\n- a form for a passport\n- a map",
            "You get these papers at the counter:\n- a form for parking\n- a form for a passport",
        ),
        (
            "Was kostet die Zusatzversicherung?",
            "Die Zusatzversicherung zahlt bei Krankheit. Sie kostet 20 Euro im Monat.",
            "Die Zusatzversicherung zahlt bei Krankheit. Sie kostet 20 Euro im Monat.",
        ),
    ],
)
def test_a_sentence_takes_along_what_it_leans_on(question: str, text: str, answer: str) -> None:
    best = choose(question, [hit(text)])[0]
    assert best.text == answer
    assert text[best.start :].startswith(answer)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("押金是多少？", "押金为1500欧元。"),
        ("停车场几点关闭？", "停车场22点关闭。"),
        ("敷金はいくらですか。", "敷金は1500ユーロです。"),
        ("보증금은 얼마입니까?", "보증금은 1500유로입니다."),
        ("Quel est le montant de l’indemnité ?", "Une indemnité de 300 euros est versée."),
        ("Wie hoch ist die KAUTION?", "Die Kaution beträgt 1500 Euro."),
        ("जमा राशि कितनी है?", "जमा राशि 1500 यूरो है।"),
    ],
)
def test_the_right_sentence_is_quoted_in_other_languages(question: str, answer: str) -> None:
    texts = [
        "访客停车免费。停车场22点关闭。押金为1500欧元。搬出后六周内退还。",
        "敷金は1500ユーロです。駐車場は22時に閉まります。",
        "보증금은 1500유로입니다. 주차장은 22시에 닫습니다.",
        "Le parking est gratuit. Une indemnité de 300 euros est versée.",
        "Das Parken ist kostenlos. Die Kaution beträgt 1500 Euro.",
        "पार्किंग मुफ्त है। जमा राशि 1500 यूरो है।",
    ]
    assert choose(question, [hit(text, number) for number, text in enumerate(texts, start=1)])[0].text == answer


async def test_a_model_for_another_language_is_not_asked() -> None:
    class English(LikesPools):
        languages = frozenset({"en"})
        failure = AssertionError("it was asked")

    question = "Wie hoch ist die Kaution?"
    hits = [hit("Die Kaution beträgt 1500 Euro.")]
    assert await choose_by_meaning(question, hits, English()) == choose(question, hits) != []


def test_what_only_speaks_of_the_subject_is_the_closest_at_most() -> None:
    near = choose("Which emperor closed the library?", HITS)
    assert near
    assert not any(quote.is_sure for quote in near)
    assert all(quote.is_sure for quote in choose("When did the library open?", HITS))


STEPS = "1. Open the menu.\n2. Choose Upload. Wait for the green tick.\n3. Press Done."
OTHER = "For better pictures, add a larger file to the settings."


@pytest.mark.parametrize(
    ("question", "heading", "steps"),
    [
        ("How do I add a file?", "Manual › Adding files", STEPS),
        ("How can I add files?", "Add a file", "Open the menu and choose Upload."),
    ],
)
def test_a_section_whose_heading_names_the_task_is_quoted_from_its_beginning(
    question: str, heading: str, steps: str
) -> None:
    hits = [hit(OTHER, 1, heading="Pictures"), hit(f"{steps}\n\nMany people like this.", 2, heading=heading)]
    assert choose(question, hits)[0].text == steps


def test_a_heading_that_shares_one_word_only_lifts_nothing() -> None:
    hits = [hit("Files are blue. To add a file, drag it here.", 1, heading="The colour of old files")]
    assert choose("How do I add a file?", hits)[0].text == "To add a file, drag it here."


DIVERSE = hit(
    "The economy of the valley is diverse. It is dominated by petroleum, while cars matter less. "
    "Visitors come in summer. The museum of the valley shows old engines."
)


def test_a_sentence_that_leans_on_the_best_one_is_quoted_with_it() -> None:
    (first, *_) = choose("Which resource dominates the economy of the valley?", [DIVERSE])
    assert first.text == "The economy of the valley is diverse. It is dominated by petroleum, while cars matter less."


def test_quotes_that_follow_each_other_are_one() -> None:
    text = "The old bridge crosses the river Tarn. The bridge over the Tarn was built in 1911. Boats are for hire."
    quotes = choose("Who had the wooden bridge across the Tarn built?", [hit(text)])
    assert [quote.text for quote in quotes][:1] == [text[: text.index(" Boats")]]


def test_a_sentence_that_follows_the_best_one_joins_it_where_there_is_room_for_no_other_quote() -> None:
    text = "The old bridge crosses the river Tarn. The bridge over the Tarn was built in 1911. Boats are for hire."
    quotes = choose("Who had the wooden bridge across the Tarn built?", [hit(text)], limit=1)
    assert [quote.text for quote in quotes] == [text[: text.index(" Boats")]]


def test_a_quote_that_says_all_gets_no_longer() -> None:
    text = "Rollo led the Normans. The Normans led a hard life. Ships were built."
    assert choose("Who led the Normans?", [hit(text)])[0].text == "Rollo led the Normans."


def test_quotes_of_two_paragraphs_stay_two() -> None:
    text = "The old bridge crosses the river Tarn.\n\nThe bridge over the Tarn was built in 1911."
    assert len(choose("Who had the wooden bridge across the Tarn built?", [hit(text)])) == 2


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (
            "Innerhalb welcher Frist muss ein Schaden gemeldet werden?",
            "Wasserschäden sind binnen drei Tagen zu melden.",
        ),
        ("Jusqu'à quel montant l'inondation est-elle remboursée ?", "L'inondation est couverte jusqu'à 50 000 euros."),
        ("Combien de temps dure la garantie ?", "La garantie est de 24 mois."),
        ("В течение какого времени надо сообщить об ущербе?", "Об ущербе сообщают в течение трёх дней."),
    ],
)
def test_what_asks_for_a_measure_is_no_word_of_the_answer(question: str, answer: str) -> None:
    others = "1 2 3", "4 5 6"
    quotes = choose(question, [hit(answer), *(hit(text, number) for number, text in enumerate(others, start=2))])
    assert [quote.text for quote in quotes] == [answer]


def test_a_compound_holds_the_words_that_it_is_made_of() -> None:
    text = "Kündigungsfristen betragen drei Monate. Die Miete wird am Ersten bezahlt."
    (first, *_) = choose("Wie lang ist die Frist der Kündigung?", [hit(text)])
    assert first.text == "Kündigungsfristen betragen drei Monate."


def test_a_compound_is_answered_by_the_words_that_it_is_made_of() -> None:
    text = (
        "Eine Kündigung ist schriftlich. Die Frist für die Kündigung beträgt drei Monate. Die Miete ist am Ersten da."
    )
    (first, *_) = choose("Wie lang ist die Kündigungsfrist?", [hit(text)])
    assert first.text == "Die Frist für die Kündigung beträgt drei Monate."
    assert first.is_sure


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Wie stelle ich die Farben eines X11-Programms ein?", "Die Farben der Programme stehen in der Datei X11."),
        ("Was kostet ein 24-Stunden-Dienst?", "Der Dienst über 24 Stunden kostet 80 Euro."),
    ],
)
def test_a_german_noun_behind_a_code_need_not_stand_there_as_it_was_asked(question: str, answer: str) -> None:
    text = f"Der Keller hat keine Fenster. {answer} Die Miete wird am Ersten bezahlt."
    assert choose(question, [hit(text)])[0].text == answer
    assert choose(question, [hit(text.replace("X11", "Y12").replace("24", "36"))]) == []


def test_a_question_that_may_be_of_two_languages_is_asked_in_that_of_the_texts() -> None:
    text = "Der Keller hat keine Fenster. Die Frist für die Kündigung beträgt drei Monate."
    (first, *_) = choose("Was bedeutet Kündigungsfrist?", [hit(text)])
    assert first.text == "Die Frist für die Kündigung beträgt drei Monate."


def test_one_word_of_a_compound_answers_only_where_the_other_one_is_named() -> None:
    text = "Die Frist beträgt drei Monate. Die Miete ist am Ersten da."
    elsewhere = hit("Eine Kündigung ist schriftlich. Sie geht an die Verwaltung. Für Einsprüche gilt eine Frist.")
    assert choose("Wie lang ist die Kündigungsfrist?", [elsewhere]) == []
    (first, *_) = choose("Wie lang ist die Kündigungsfrist?", [elsewhere, hit(text, heading="Kündigung")])
    assert first.text == "Die Frist beträgt drei Monate."


@pytest.mark.parametrize(
    ("question", "is_answered"),
    [
        ("When did the Normans attack Dyrrachium?", True),
        ("When did the Normans attack Palermo?", False),
        ("What did Roussel seize from the Byzantines?", True),
        ("What did Hermann seize from the Byzantines?", False),
        ("Which city did the Normans besiege in 1107?", True),
        ("Which city did the Normans besiege in 1185?", False),
        ("¿Cuándo atacaron los normandos Corfú?", True),
        ("¿Cuándo atacaron los normandos Palermo?", False),
    ],
)
def test_a_quote_that_lacks_a_name_or_number_of_the_question_is_no_sure_answer(
    question: str, is_answered: bool
) -> None:
    passage = hit(
        "The Normans attacked Dyrrachium in 1081. Roussel seized Galatia from the Byzantines. "
        "The Normans besieged the city of Avlona in 1107.\n\nPalermo, Hermann and 1185 are named elsewhere."
    )
    spanish = hit("Los normandos atacaron Corfú en 1147.", 2)
    quotes = choose(question, [passage, spanish])
    assert any(quote.is_sure for quote in quotes) is is_answered


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("An welchem Tag bleibt der Lesesaal zu?", "Sonntags bleibt der Lesesaal geschlossen."),
        ("Wie viele Bände hat die Bibliothek?", "Die Bibliothek hat rund 82.000 Bände."),
        ("¿Qué día cierra la sala?", "La sala cierra los lunes."),
        ("¿Quién guarda los mapas de la sala?", "Guarda los mapas de la sala la señora Molina."),
        ("Quel jour la salle ferme-t-elle ?", "La salle ferme le lundi."),
        ("Combien de livres a la salle ?", "La salle a trois cents livres."),
        ("In che giorno chiude la sala?", "La sala chiude di lunedì."),
        ("Em que dia fecha a sala?", "A sala fecha na segunda."),
        ("Op welke dag sluit de zaal?", "De zaal sluit op maandag."),
    ],
)
def test_in_other_languages_too_the_kind_of_thing_that_is_asked_for_counts(question: str, answer: str) -> None:
    around = [
        "Der Lesesaal bleibt zu. Die Bibliothek hat Bände. Sie arbeitet an drei Tagen der Woche.",
        "La sala cierra. Se guardan los mapas de la sala. Un día más. La salle ferme. La salle a des livres. ",
        "La sala chiude. A sala fecha. De zaal sluit.",
    ]
    hits = [hit(text, number) for number, text in enumerate([*around, answer], 1)]
    assert choose(question, hits)[0].text == answer


def test_what_was_found_beside_is_named_by_its_topic_and_not_by_where_it_stands() -> None:
    marks = ["Read by OCR, confidence 94 %", "Page iv", "Read by Azure Document Intelligence", "Read by a model", ""]
    beside = [hit("x", number, heading=mark) for number, mark in enumerate(marks, 1)]
    assert neighbours("x", beside, []) == ()
    topics = ["Rent › Page 3 › Read by OCR", "Rent", "Deposit", "Who pays?"]
    beside = [hit("x", number, heading=topic) for number, topic in enumerate(topics, 1)]
    assert neighbours("x", beside, []) == ("What about “Rent”?", "What about “Deposit”?", "Who pays?")


def test_only_what_has_to_do_with_the_question_is_named_beside() -> None:
    asked = hit("Wine is never paid for.", 1, heading="Expenses")
    other = replace(hit("Der Verein öffnet früh.", 2, heading="Verein"), document_id="d2")
    topics = replace(hit("Wine is kept cool.", 3, heading="Cellar"), document_id="d3")
    question = "Is wine paid for?"
    quotes = choose(question, [asked, other, topics])
    assert neighbours(question, [asked, other, topics], quotes[:1]) == ("What about “Cellar”?",)
    assert neighbours(question, [other], []) == ()


RIVERS = "| River | Length |\n|---|---|\n| Northa | 410 km |\n| Westa | 275 km |\n| B-12 | 12 km |\n| B-14 | 14 km |"


@pytest.mark.parametrize(
    ("question", "told", "is_sure"),
    [
        ("Which river has more length, the Northa or the Westa?", ("Northa", "Westa"), True),
        ("Which river has more length, the B-12 or the B-14?", ("B-12", "B-14"), True),
        ("Which river has more length, the Northa or the Easta?", ("Northa",), False),
        ("Which river has the length of the Northa and of the Westa?", (), False),
    ],
)
def test_things_that_are_compared_may_each_be_told_of_by_itself(
    question: str, told: tuple[str, ...], is_sure: bool
) -> None:
    quotes = choose(question, [hit(RIVERS)])
    assert all(any(f"| {name} |" in quote.text for quote in quotes) for name in told)
    assert any(quote.is_sure for quote in quotes) is is_sure


@pytest.mark.parametrize(
    ("question", "text", "quoted_first"),
    [
        (
            "How many carrots are in the stew?",
            "4. Stir carrots into the stew.\n\n12 carrots for the stew are enough.",
            "12 carrots for the stew are enough.",
        ),
        ("How many rooms did Ms Ada book?", "Dear Ms Ada,\n\nWe keep two rooms.", "We keep two rooms."),
    ],
)
def test_neither_the_number_of_an_item_nor_a_salutation_answers(question: str, text: str, quoted_first: str) -> None:
    assert choose(question, [hit(text)])[0].text == quoted_first
