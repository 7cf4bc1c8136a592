"""Passages hold every word in order, end at sentences and know where they are from."""

import re

from hypothesis import given
from hypothesis import strategies as st

from hubbub.ingest.blocks import Block, Code, Heading, Paragraph, Table
from hubbub.ingest.split import Piece, Sizes, split

SMALL = Sizes(usual=120, whole=240, tiny=30)


def test_a_short_document_is_one_passage() -> None:
    assert split([Heading("Leave", 1), Paragraph("You have 30 days.")]) == [Piece("You have 30 days.", None, "Leave")]


def test_nothing_makes_nothing() -> None:
    assert split([]) == []
    assert split([Paragraph("  \n "), Code("\n"), Table(()), Heading(" ", 1)]) == []


def test_passages_end_at_sentences() -> None:
    text = " ".join(f"Sentence number {n} is about nothing much." for n in range(40))
    pieces = split([Paragraph(text)], SMALL)
    assert len(pieces) > 10
    assert all(piece.text.endswith(".") and len(piece.text) <= 120 for piece in pieces)
    assert " ".join(piece.text for piece in pieces) == text


def test_passages_know_their_headings_and_the_page_that_they_begin_on() -> None:
    blocks: list[Block] = [
        Heading("Handbook", 1, 1),
        Paragraph("a " * 20 + "b.", 1),
        Heading("Leave", 2, 2),
        Paragraph("c " * 40 + "d.", 2),
        Paragraph("e " * 40 + "f.", 3),
        Heading("Pay", 2, 4),
        Paragraph("g " * 20 + "h.", 4),
    ]
    found = [(piece.page, piece.heading) for piece in split(blocks, SMALL)]
    assert found == [(1, "Handbook"), (2, "Handbook › Leave"), (3, "Handbook › Leave"), (4, "Handbook › Pay")]


def test_a_passage_lies_below_one_heading_however_short() -> None:
    pieces = split([Heading("A", 1), Paragraph("One."), Heading("B", 1), Paragraph("Two."), Paragraph("Three.")], SMALL)
    assert pieces == [Piece("One.", None, "A"), Piece("Two.\n\nThree.", None, "B")]


def test_a_heading_with_nothing_below_is_text() -> None:
    assert split([Heading("A", 1), Heading("B", 1), Paragraph("x.")], SMALL) == [Piece("A\n\nB\n\nx.", None, "")]
    assert split([Heading("A", 1), Heading("B", 2)], SMALL) == [Piece("B", None, "A")]


def test_a_table_is_kept_whole_up_to_its_bound() -> None:
    table = Table((("name", "days"), *((f"person {n}", str(n)) for n in range(9))))
    (piece,) = split([table], SMALL)
    assert piece.text.startswith("| name | days |\n| person 0 | 0 |")
    assert 120 < len(piece.text) <= 240


def test_a_longer_table_is_cut_at_rows_and_repeats_its_first_row() -> None:
    table = Table((("name", "days"), *((f"person {n}", str(n)) for n in range(50))))
    pieces = split([table], SMALL)
    assert len(pieces) > 5
    assert all(piece.text.startswith("| name | days |\n") for piece in pieces)
    rows = [line for piece in pieces for line in piece.text.split("\n") if line != "| name | days |"]
    assert rows == [f"| person {n} | {n} |" for n in range(50)]


def test_code_is_kept_whole_up_to_its_bound_and_cut_at_lines_past_it() -> None:
    code = "\n".join(f"value_{n} = {n}. Not a sentence." for n in range(6))
    assert [piece.text for piece in split([Code(code)], SMALL)] == [code]
    long = "\n".join(f"    line {n}" for n in range(100))
    assert "\n".join(piece.text for piece in split([Code(long)], SMALL)) == long


def test_endless_words_and_lines_are_cut() -> None:
    for block in (Paragraph("x" * 1_000_000), Code("x" * 1_000_000), Table((("x" * 1_000_000,),))):
        pieces = split([block])
        assert all(len(piece.text) <= 1800 for piece in pieces)
        assert sum(piece.text.count("x") for piece in pieces) == 1_000_000


def test_list_items_keep_their_lines_where_a_list_is_cut() -> None:
    items = [f"- Item {n} of the list" for n in range(30)]
    pieces = split([Paragraph("\n".join(items))], SMALL)
    assert [line for piece in pieces for line in piece.text.split("\n") if line] == items


SHAPES = st.lists(st.tuples(st.sampled_from("hpctl"), st.integers(1, 60), st.integers(1, 4)), max_size=25)


@given(SHAPES, st.sampled_from([SMALL, Sizes(), Sizes(usual=40, whole=50, tiny=10)]))
def test_every_word_comes_out_in_order(shapes: list[tuple[str, int, int]], sizes: Sizes) -> None:
    blocks, count = _numbered(shapes)
    seen: dict[str, None] = {}
    for piece in split(blocks, sizes):
        assert piece.text.strip()
        for word in re.findall(r"w\d+x", f"{piece.heading} {piece.text}"):
            seen.setdefault(word)
    assert list(seen) == [f"w{n}x" for n in range(count)]


@given(st.lists(st.text(max_size=400), max_size=10), st.sampled_from([SMALL, Sizes()]))
def test_no_character_of_any_text_is_lost(texts: list[str], sizes: Sizes) -> None:
    pieces = split([Paragraph(text) for text in texts], sizes)
    assert all(piece.text.strip() and len(piece.text) <= sizes.usual * 5 // 4 for piece in pieces)
    assert _squeezed(*(piece.text for piece in pieces)) == _squeezed(*texts)


def _squeezed(*texts: str) -> str:
    return "".join("".join(texts).split())


def _numbered(shapes: list[tuple[str, int, int]]) -> tuple[list[Block], int]:
    """Return blocks of these shapes whose words are numbered through, and how many words they have."""
    blocks: list[Block] = []
    count = 0

    def words(number: int) -> list[str]:
        nonlocal count
        count += number
        return [f"w{n}x" for n in range(count - number, count)]

    for kind, length, level in shapes:
        if kind == "h":
            blocks.append(Heading(" ".join(words(min(length, 3))), level))
        elif kind == "p":
            blocks.append(Paragraph(". ".join(word.capitalize() for word in words(length)).lower()))
        elif kind == "l":
            blocks.append(Paragraph("\n".join(f"- {word}" for word in words(length))))
        elif kind == "c":
            blocks.append(Code("\n".join(words(length))))
        else:
            blocks.append(Table(tuple(tuple(words(level)) for _ in range(length))))
    return blocks, count
