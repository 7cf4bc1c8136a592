"""Text is read in the encoding that it is in, whatever that is; a broken byte costs one character."""

import codecs
from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hubbub.core.errors import Unsupported
from hubbub.ingest.loaders.encoding import decode, looks_like_text, tidied

TEXTS = {
    "cp1252 cp850 mac-roman iso8859-15 iso8859-1": (
        "Die Kündigungsfrist für die Wohnung beträgt drei Monate. Sie müssen schriftlich kündigen; die Kaution wird "
        "spätestens nach sechs Wochen zurückgezahlt."
    ),
    "cp1252 cp850": "Le préavis pour l'appartement est de trois mois. Il commence le premier jour, à la fin de l'été.",
    "cp1250 iso8859-2 cp852": "Umowa najmu wygasa po trzech miesiącach. Kaucja zostanie zwrócona.",
    "cp1251 koi8-r cp866 iso8859-5 mac-cyrillic": "Срок уведомления составляет три месяца. Залог возвращается.",
    "cp1251 koi8-u": "Термін повідомлення становить три місяці. Застава повертається протягом шести тижнів.",
    "cp1253 iso8859-7": "Η προθεσμία καταγγελίας είναι τρεις μήνες. Η εγγύηση επιστρέφεται σε έξι εβδομάδες.",
    "cp1254": "Kira sözleşmesi üç ay önceden feshedilebilir. Depozito altı hafta içinde geri ödenir, ışık dahil değil.",
    "cp1255": "תקופת ההודעה היא שלושה חודשים. הפיקדון יוחזר תוך שישה שבועות.",
    "cp1256": "مدة الإشعار ثلاثة أشهر. يعاد مبلغ التأمين خلال ستة أسابيع.",
    "cp1257": "Įspėjimo terminas yra trys mėnesiai. Užstatas grąžinamas per šešias savaites.",
    "cp874": "ระยะเวลาแจ้งล่วงหน้าคือสามเดือน เงินประกันจะคืนภายในหกสัปดาห์",
    "cp932 euc_jp iso2022_jp": "解約予告期間は三か月です。敷金は退去後六週間以内に返還されます。",
    "gb18030 hz": "公寓的解约通知期为三个月。押金在搬出后六周内退还。",
    "big5": "公寓的解約通知期為三個月。押金在搬出後六週內退還。",
    "cp949": "해지 통지 기간은 3개월입니다. 보증금은 6주 이내에 반환됩니다.",
    "utf-8 utf-8-sig utf-16 utf-16-le utf-16-be utf-32 utf-32-le utf-32-be": "Größe, Размер, 東京, مدة. Ende\n",
    "utf-16-le utf-16-be": "都市,人口,備考\n東京,14000000,首都\n",
    "utf-7": "Größe und Maß",
}


def cases() -> Iterator[tuple[str, str]]:
    yield from ((encoding, text) for encodings, text in TEXTS.items() for encoding in encodings.split())


@pytest.mark.parametrize(("encoding", "text"), list(cases()))
def test_texts_are_read_in_their_encoding(encoding: str, text: str) -> None:
    assert decode(text.encode(encoding)) == text
    rows = "".join(f"{number};{text.rstrip()};{number * 7}\n" for number in range(20))
    assert decode(rows.encode(encoding)) == rows


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "Straße;Größe\nMünchner Straße 5;78 m²\n"),
        ("cp850", "Straße;Größe\nMünchner Straße 5;78 m²\n"),
        ("cp1250", "Miasto;Ludność\nŁódź;670642\n"),
        ("cp1251", "Город;Население\nМосква;13010112\n"),
        ("cp932", "都市,人口\n東京,14000000\n"),
        ("gb18030", "城市,人口\n北京,21880000\n"),
        ("cp949", "도시,인구\n서울,9400000\n"),
        ("cp1256", "المدينة;السكان\nالقاهرة;10100000\n"),
        ("cp1252", '{"stadt":"Köln"}'),
        ("cp1252", "It costs 5 € – “really”."),
        ("iso8859-15", "Costs: 50 €"),
        ("iso8859-15", "Prix 5 €, œuvre"),
        ("iso8859-15", "Der Preis beträgt 50 € für Müller."),
        ("koi8-r", "Москва, улица Мира, 5 д, квартира 7"),
    ],
)
def test_a_few_words_are_enough(encoding: str, text: str) -> None:
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize("text", ["Größe und Maß", "Срок три месяца", "東京都と大阪府です"])
@pytest.mark.parametrize("broken", [b"\xff", b"\xc3", b"\xe4\xf6"])
def test_one_broken_byte_costs_one_character(text: str, broken: bytes) -> None:
    data = text.encode() * 3
    assert decode(data + broken + b" " + data) == text * 3 + "\ufffd" * len(broken) + " " + text * 3
    assert decode(data[:-1]) == (text * 3)[:-1] + "\ufffd"


OTHER_LINES = "Größe: fünf Meter für Müller\n"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (OTHER_LINES.encode() * 3 + OTHER_LINES.encode("cp1252") * 3, OTHER_LINES * 6),
        (
            OTHER_LINES.encode() + b"plain\n" + OTHER_LINES.encode("cp1252") * 9,
            f"{OTHER_LINES}plain\n{OTHER_LINES * 9}",
        ),
        (b"a \xed\xa0\xbd\xed\xb8\x80 b " + "Größe".encode(), "a \U0001f600 b Größe"),
        (b"a\xc0\x80b " + "Größe".encode(), "a b Größe"),
    ],
    ids=["lines in two encodings", "few lines of UTF-8", "characters in two halves", "zeros of Java"],
)
def test_what_several_programs_have_written(data: bytes, text: str) -> None:
    assert decode(data) == text


def test_what_is_no_text_is_refused_and_says_what_to_do() -> None:
    for data in (bytes(range(256)) * 8, b"\x7fELF\2\1\1" + b"\0" * 500, b"\x93\xff\xfe\x81" * 50 + b"\1\2\3" * 50):
        with pytest.raises(Unsupported, match="save it as UTF-8"):
            decode(data)
    for text in ("THE TERM OF NOTICE IS THREE MONTHS. ", "The term of notice is three months. "):
        with pytest.raises(Unsupported, match="EBCDIC"):
            decode((text * 20).encode("cp037"))


def test_zeros_part_words_and_colours_of_a_terminal_go() -> None:
    assert tidied(decode(b"a\vb")) == "a b"
    assert tidied(decode(b"abc\0def\n" * 20)).split() == ["abc", "def"] * 20
    assert tidied(decode(b"N\bNA\bA _\bx\r\nend\r\n\x1a")) == "NA x\nend\n"
    assert tidied("\x1b[31mERROR\x1b[0m E1\r\nnext\rlast \x1b]0;title\x07end") == "ERROR E1\nnext\nlast end"


@pytest.mark.parametrize(
    "text",
    [
        *("C++ and +1-800-555", "a+b- c", "1+1=2", "+AGE- plain", "Tel. +49-30-1234"),
        *(
            "image/svg+xml",
            "app +foo +bar",
            "We sell +software and +SOFTWARE.",
            "made in +USA",
            "a REST+API, an REST+API",
        ),
    ],
)
def test_a_plus_sign_is_no_utf_7(text: str) -> None:
    assert decode(text.encode()) == text


@settings(max_examples=200)
@given(st.binary(max_size=200))
@example(b"\xed")  # begins a character and ends
def test_bytes_are_text_or_refused(data: bytes) -> None:
    looks_like_text(data)
    try:
        decode(data)
    except Unsupported as error:
        assert error.message.endswith(".")


@settings(max_examples=100)
@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Co"]), max_size=100))
@example("00000A\xa0")  # which reads as UTF-16, too
def test_utf_8_stays_what_it_is(text: str) -> None:
    if not text.isascii():  # "+AOQ-" is right as it stands, and as UTF-7
        assert decode(text.encode()) == text.removeprefix("\ufeff")
        assert looks_like_text(codecs.BOM_UTF8 + text.encode())
