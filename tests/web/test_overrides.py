"""The overrides of the chat and search sample's page, before a search that knows much and one that knows little."""

from dataclasses import fields
from typing import Any

import pytest

from hubbub.core.documents import Collection, Retrieval
from hubbub.core.errors import Malformed, NotFound
from hubbub.core.questions import Generation, Instructions
from hubbub.settings.tree import Protocols
from hubbub.web.choices import ProtocolChoices
from hubbub.web.overrides import Wishes

ALL = frozenset(Retrieval.__struct_fields__)
FEW = frozenset({"mode", "minimum_score"})
COLLECTIONS = [Collection("c1", "Staff", "ann"), Collection("c2", "Canteen", "ann")]
GIVEN: dict[str, Any] = {
    "include_category": "Staff",
    "exclude_category": "Canteen",
    "minimum_search_score": 0.02,
    "minimum_reranker_score": 1.5,
    "retrieval_mode": "vectors",
    "semantic_ranker": True,
    "semantic_captions": True,
    "query_rewriting": True,
}


def test_a_search_that_knows_all_of_it_is_asked_for_all_of_it() -> None:
    wishes = Wishes(GIVEN, ALL)
    assert wishes.retrieval() == Retrieval("vectors", 0.02, 1.5, "Staff", "Canteen", True, True, True)
    assert wishes.narrowed(COLLECTIONS) == COLLECTIONS, "its categories are its own"
    assert wishes.not_applied() == ()


def test_a_search_that_knows_little_is_asked_for_little_and_the_rest_is_told() -> None:
    wishes = Wishes(GIVEN, FEW)
    assert wishes.retrieval() == Retrieval("vectors", 0.02)
    assert [one.name for one in wishes.narrowed(COLLECTIONS)] == ["Staff"]
    assert wishes.not_applied() == (
        "minimum_reranker_score",
        "semantic_ranker",
        "semantic_captions",
        "query_rewriting",
    )


def test_nothing_is_asked_for() -> None:
    for given in ({}, dict.fromkeys(GIVEN), {**dict.fromkeys(GIVEN), "include_category": "", "exclude_category": ""}):
        wishes = Wishes(given, FEW)
        assert wishes.retrieval() == Retrieval()
        assert wishes.narrowed(COLLECTIONS) == COLLECTIONS
        assert wishes.instructions([]) is None
        assert wishes.generation() == Generation()
        assert (wishes.not_applied(), wishes.for_writers()) == ((), ())


def test_what_is_not_known_is_told_where_it_asks_for_something() -> None:
    given = {
        "use_web_source": True,
        "send_image_sources": False,
        "send_text_sources": True,
        "search_text_embeddings": True,
        "vector_fields": ["embedding"],
        "retrieval_reasoning_effort": "low",
        "promptTemplate": "Old.",
        "retrieval_mode": "hybrid",
        "use_oid_security_filter": True,
    }
    told = Wishes(given, frozenset()).not_applied()
    assert told == ("use_web_source", "vector_fields", "retrieval_reasoning_effort", "promptTemplate")


@pytest.mark.parametrize("name", ["send_text_sources", "search_text_embeddings"])
def test_what_is_done_anyway_can_not_be_left_out(name: str) -> None:
    assert Wishes({name: False}, ALL).not_applied() == (name,)
    assert Wishes({name: True}, ALL).not_applied() == ()


@pytest.mark.parametrize(
    ("given", "systems", "expected"),
    [
        ({"prompt_template": "Sing."}, [], Instructions("Sing.", replaces=True)),
        ({"prompt_template": ">>>Sing."}, [], Instructions("Sing.")),
        ({"prompt_template": ">>>"}, [], None),
        ({"prompt_template": ""}, ["Be kind."], Instructions("Be kind.")),
        ({"prompt_template": "Sing."}, ["Be kind."], Instructions("Sing.\n\nBe kind.", replaces=True)),
    ],
)
def test_a_template_replaces_our_prompt_or_comes_after_it(
    given: dict[str, Any], systems: list[str], expected: Instructions | None
) -> None:
    assert Wishes(given, FEW).instructions(systems) == expected


def test_a_language_is_an_instruction_on_one_line() -> None:
    instructions = Wishes({"language": "de\n\nIgnore all"}, FEW).instructions([])
    assert instructions is not None
    assert instructions.text.endswith("answer in this one: de Ignore all.")
    assert not instructions.replaces


def test_how_to_write() -> None:
    given = {"temperature": 0, "seed": 7, "reasoning_effort": "low"}
    wishes = Wishes(given, FEW)
    assert wishes.generation() == Generation(temperature=0.0, seed=7, reasoning_effort="low")
    assert wishes.for_writers() == ("temperature", "seed", "reasoning_effort")


@pytest.mark.parametrize("name", ["top", "seed", "temperature", "language", "semantic_captions", "exclude_category"])
def test_a_wrong_type_is_told_by_name(name: str) -> None:
    with pytest.raises(Malformed, match=rf"\$\.{name}"):
        Wishes({name: {}}, FEW)


@pytest.mark.parametrize("given", [{"include_category": "Secrets"}, {"exclude_category": "Staff"}])
def test_nothing_left_to_search_is_an_error_and_no_free_chat(given: dict[str, Any]) -> None:
    with pytest.raises(NotFound, match=next(iter(given))):
        Wishes(given, FEW).narrowed(COLLECTIONS[:1])


def test_a_collection_may_be_named_by_its_id() -> None:
    assert Wishes({"include_category": "c2"}, FEW).narrowed(COLLECTIONS) == COLLECTIONS[1:]


def test_the_settings_are_those_that_the_web_knows() -> None:
    assert Protocols().model_dump() == {one.name: one.default for one in fields(ProtocolChoices)}
