import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.core.documents import Retrieval
from hubbub.search.azure_place import page_of
from hubbub.search.azure_query import among, of_category, plain_words, quoted
from hubbub.testing.search import HOSTILE
from tests.servers.search_filter import FilterError, parse_filter

OPERATORS = set('+-|!(){}[]^"~*?:\\/&')
NAMES = ["pets", "it's", "''", "' or 1 eq 1 or 'a' eq '", "a,b", " a", "a ", ",", "x')", "\\", "", "ü — 💥", "\0"]


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_name_is_only_a_name(name: str) -> None:
    for text in (f"category eq {quoted(name)}", among("category", [name]), among("category", [name, "other"])):
        passes = parse_filter(text, {"category"})
        assert passes({"category": name})
        assert not any(passes({"category": other}) for other in NAMES if other != name)


@given(st.lists(st.text(), min_size=1, max_size=5), st.text())
def test_those_that_are_listed_pass_and_no_others(listed: list[str], other: str) -> None:
    passes = parse_filter(among("collection_id", listed), {"collection_id"})
    assert all(passes({"collection_id": name}) for name in listed)
    assert passes({"collection_id": other}) is (other in listed)


def test_categories_are_let_in_and_left_out() -> None:
    where = of_category("kind", Retrieval(include_category="a", exclude_category="b'c"))
    assert where == ["kind eq 'a'", "kind ne 'b''c'"]
    assert of_category("kind", Retrieval()) == of_category("kind", Retrieval(include_category="")) == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Do cats sleep?", "Do cats sleep"),
        ("cats -dogs", "cats dogs"),
        ("state-of-the-art", "state of the art"),
        ("*", ""),
        ("a AND (b OR c)", "a AND b OR c"),
        ("the cat and the dog", "the cat and dog"),
        ("don't", "don t"),
    ],
)
def test_words_are_only_words(query: str, expected: str) -> None:
    assert plain_words(query) == expected


@pytest.mark.parametrize("query", HOSTILE, ids=lambda query: repr(query[:20]))
def test_no_operator_and_no_flood_is_left_of_a_query(query: str) -> None:
    found = plain_words(query)
    assert not OPERATORS & set(found)
    assert len(found) <= 2_000
    assert len(found.split()) <= 64


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("Benefit_Options.pdf#page=3", ("Benefit_Options.pdf", 3)),
        ("a#page=1#page=12", ("a#page=1", 12)),
        ("notes.md", ("notes.md", None)),
        ("odd.pdf#page=", ("odd.pdf#page=", None)),
        ("odd.pdf#page=²", ("odd.pdf#page=²", None)),
        ("", ("", None)),
    ],
)
def test_a_source_tells_file_and_page(source: str, expected: tuple[str, int | None]) -> None:
    assert page_of(source) == expected


@pytest.mark.parametrize("text", ["other eq 'a'", "category eq a", "category eq 'a' 'b'", "category lt 'a'", "("])
def test_the_tests_own_service_refuses_what_is_no_filter(text: str) -> None:
    with pytest.raises(FilterError):
        parse_filter(text, {"category"})
