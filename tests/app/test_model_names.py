"""What programs call a model, and what that stands for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.app.model_names import LISTED_COLLECTIONS, Asked, ModelNames
from hubbub.core.documents import Collection
from hubbub.core.errors import NotFound
from hubbub.core.people import OPERATOR_ID, Person

ANN = Person("ann")


def collection(number: int, name: str, owner_id: str = "ann", *, is_shared: bool = False) -> Collection:
    return Collection(f"id{number}", name, owner_id, is_shared, created_at=float(number))


COLLECTIONS = [
    collection(0, "Handbook", OPERATOR_ID, is_shared=True),
    collection(1, "Terms + Conditions"),
    collection(2, "handbook"),
    collection(3, "C++", OPERATOR_ID, is_shared=True),
    collection(4, "Search"),
]
MODELS = ["gpt-4o", "org/model+", "org/model+ next"]
NAMES = ModelNames(MODELS, COLLECTIONS, ANN)
ALL = ("id1", "id2", "id4", "id0", "id3")


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("gpt-4o", Asked("gpt-4o")),
        (" gpt-4o ", Asked("gpt-4o")),
        ("org/model+", Asked("org/model+")),
        ("org/model+ next", Asked("org/model+ next")),
        ("gpt-4o+search", Asked("gpt-4o", ALL)),
        ("gpt-4o+SEARCH", Asked("gpt-4o", ALL)),
        ("search", Asked(None, ALL)),
        ("+search", Asked(None, ALL)),
        ("gpt-4o+HANDBOOK", Asked("gpt-4o", ("id2",))),
        ("gpt-4o+id0", Asked("gpt-4o", ("id0",))),
        ("gpt-4o + terms  + conditions", Asked("gpt-4o", ("id1",))),
        ("+Terms + Conditions", Asked(None, ("id1",))),
        ("org/model++c++", Asked("org/model+", ("id3",))),
        ("org/model+ next+C++", Asked("org/model+ next", ("id3",))),
        ("gpt-4o+id4", Asked("gpt-4o", ("id4",))),
    ],
)
def test_what_a_name_stands_for(name: str, asked: Asked) -> None:
    assert NAMES.read(name) == asked


@pytest.mark.parametrize(
    "name", ["", "+", "gpt", "GPT-4o", "gpt-4o+", "gpt-4o+nothing", "handbook", "x+search", "+id9"]
)
def test_what_stands_for_nothing(name: str) -> None:
    with pytest.raises(NotFound) as caught:
        NAMES.read(name)
    assert caught.value.code == "model_not_found"
    assert "'gpt-4o', 'org/model+', 'org/model+ next', 'gpt-4o+search'" in caught.value.message


def test_each_listed_name_stands_for_itself() -> None:
    listed = [one.name for one in NAMES.listed()]
    assert listed[:9] == [
        *("gpt-4o", "org/model+", "org/model+ next", "gpt-4o+search"),
        *("gpt-4o+Terms + Conditions", "gpt-4o+handbook", "gpt-4o+id4", "gpt-4o+id0", "gpt-4o+C++"),
    ]
    assert len(set(listed)) == len(listed) == 3 + 3 * 6
    assert [NAMES.find(name).name for name in listed] == listed
    assert {(asked.model, asked.collection_ids) for asked in map(NAMES.read, listed)} == {
        (model, ids) for model in MODELS for ids in ((), ALL, *((one.id,) for one in COLLECTIONS))
    }
    assert {one.created_at for one in NAMES.listed()} == {0.0, 1.0, 2.0, 3.0, 4.0}


def test_without_models_or_without_collections() -> None:
    quoting = ModelNames([], COLLECTIONS, ANN)
    assert [one.name for one in quoting.listed()][:2] == ["+search", "+Terms + Conditions"]
    assert quoting.read("search") == Asked(None, ALL)
    bare = ModelNames(["m"], [], ANN)
    assert [one.name for one in bare.listed()] == ["m"]
    for name in ("search", "m+search"):
        with pytest.raises(NotFound):
            bare.read(name)
    with pytest.raises(NotFound, match="There is: nothing"):
        ModelNames([], [], ANN).read("m")


def test_the_list_is_bounded_and_what_is_not_in_it_can_be_asked() -> None:
    many = [collection(number, f"Number {number}") for number in range(500)]
    names = ModelNames(["m"], many, ANN)
    assert len(names.listed()) == LISTED_COLLECTIONS + 2
    assert names.read("m+number 499") == Asked("m", ("id499",))
    with pytest.raises(NotFound) as caught:
        names.read("+" * 1_000_000)
    assert len(caught.value.message) < 600


words = st.text("ab+ S", max_size=5).map(str.strip)


@given(st.lists(words, max_size=4, unique=True), st.lists(words, max_size=5), words)
def test_any_names(models: list[str], collections: list[str], asked: str) -> None:
    names = ModelNames(models, [collection(number, name) for number, name in enumerate(collections)], ANN)
    for one in names.listed():
        assert names.find(one.name).name == one.name.strip()
    try:
        found = names.read(asked)
    except NotFound:
        return
    assert found.model is None or found.model in models
