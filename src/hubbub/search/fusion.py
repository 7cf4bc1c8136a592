"""Merge rankings of the same things into one."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")

K = 60
"""Cormack, Clarke and Büttcher: Reciprocal Rank Fusion (SIGIR 2009), where 60 was found and has stood since."""


def fuse(rankings: Iterable[Sequence[T]], *, k: int = K) -> list[tuple[T, float]]:
    """Return what stands in any of the rankings with its score, best first, none twice.

    The score is the sum of 1 / (k + place) over the rankings, places from 1. Of equals, the one
    that an earlier ranking names first comes first. A thing that a ranking names twice counts once.
    """
    scores: dict[T, float] = {}
    for ranking in rankings:
        for place, thing in enumerate(dict.fromkeys(ranking), start=1):
            scores[thing] = scores.get(thing, 0.0) + 1 / (k + place)
    return sorted(scores.items(), key=lambda item: -item[1])


def worth(ranked: Sequence[tuple[T, float]], minimum_score: float | None) -> Sequence[tuple[T, float]]:
    """Return what has at least this score; all, where none is asked for."""
    return ranked if minimum_score is None else [one for one in ranked if one[1] >= minimum_score]
