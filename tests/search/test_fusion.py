import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.search.fusion import fuse

RANKINGS = st.lists(st.lists(st.integers(0, 9), max_size=12), max_size=4)


def test_the_score_is_the_sum_of_reciprocal_places() -> None:
    assert fuse([["a", "b"], ["b", "c"]]) == [
        ("b", pytest.approx(1 / 62 + 1 / 61)),
        ("a", pytest.approx(1 / 61)),
        ("c", pytest.approx(1 / 62)),
    ]


def test_nothing_fuses_to_nothing() -> None:
    assert fuse([]) == fuse([[], []]) == []


def test_of_equals_the_earlier_rankings_come_first() -> None:
    assert [thing for thing, _ in fuse([["a"], ["b"]])] == ["a", "b"]


@given(RANKINGS)
def test_each_thing_comes_once_best_first(rankings: list[list[int]]) -> None:
    fused = fuse(rankings)
    assert {thing for thing, _ in fused} == {thing for ranking in rankings for thing in ranking}
    assert len(fused) == len({thing for thing, _ in fused})
    assert [score for _, score in fused] == sorted((score for _, score in fused), reverse=True)


@given(st.lists(st.integers(), unique=True))
def test_one_ranking_keeps_its_order(ranking: list[int]) -> None:
    assert [thing for thing, _ in fuse([ranking])] == ranking
