"""Words that no stemmer brings together are looked for in all their forms, where the query is English."""

import pytest

from hubbub.core.wording import index_terms, query_terms


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("Who sells it?", "It was sold by Kim."),
        ("Who sold it?", "Kim sells it."),
        ("Who writes the minutes?", "Minutes are written by Lou."),
        ("May a child swim?", "Children swam here."),
        ("Do women work?", "Each woman works."),
    ],
)
def test_one_form_finds_the_others(query: str, text: str) -> None:
    held = set(index_terms(text, "en"))
    assert all(not held.isdisjoint(term.forms) for term in query_terms(query, ["en"], "en") if term.is_telling)


@pytest.mark.parametrize(("query", "language"), [("Where is the saw?", "en"), ("Wann will man gehen?", "de")])
def test_another_word_or_language_is_left_alone(query: str, language: str) -> None:
    forms = {form for term in query_terms(query, ["en"], language) for form in term.forms}
    assert forms.isdisjoint({"see", "seen", "men", "women"})
