"""Names tell documents apart; titles are those that people gave."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.core.errors import Invalid
from hubbub.ingest.names import title_of, told_apart, usable_name


@pytest.mark.parametrize(
    "title",
    [
        *(
            "untitled",
            "Untitled 1",
            "Untitled document",
            "PowerPoint Presentation",
            "PowerPoint-Präsentation",
            "Word Document",
        ),
        *(
            "Microsoft Word Document",
            "Présentation PowerPoint",
            "Unbenannt",
            "無題",
            "Document1",
            "Dokument (2)",
            "Slide 1",
        ),
        *("report.docx", "lease_final v3.indd", "Microsoft Word - lease.doc", "Book1", "Без названия", "no title", ""),
    ],
)
def test_stock_titles_are_none(title: str) -> None:
    assert title_of(title) == ""


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Handbook", "Handbook"),
        ("  The \n lease ", "The lease"),
        ("Microsoft Word - Lease agreement", "Lease agreement"),
        ("Document management", "Document management"),
        ("Book of hours", "Book of hours"),
        ("Version 2.0", "Version 2.0"),
        ("Slide rules", "Slide rules"),
        ("1984", "1984"),
    ],
)
def test_other_titles_stay(title: str, shown: str) -> None:
    assert title_of(title) == shown


def test_white_space_belongs_to_a_name_but_is_none_alone() -> None:
    assert usable_name(" lead.txt") == " lead.txt"
    assert usable_name("e\u0301.txt") == "\u00e9.txt"
    for name in ("", "  ", "a\nb", "x" * 501, "\udce9"):
        with pytest.raises(Invalid):
            usable_name(name)


@given(st.lists(st.sampled_from(["a.txt", "a (2).txt", "a (3).txt", "b/a.txt", "a", ".a"])))
def test_no_name_comes_twice(names: list[str]) -> None:
    apart = told_apart(names)
    assert len(set(apart)) == len(names)
    assert set(names) <= set(apart)
