"""Make passages, queries and vectors that are the same in each run, and name their passage within their text."""

import random
import re
import zlib
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

DIMENSIONS = 384
WORDS = [f"w{number:x}z" for number in range(30_000)]
WEIGHTS = [1 / (number + 10) for number in range(len(WORDS))]
"""As frequent as the words of a language are, about."""
OF_PASSAGE = 120
OF_QUERY = 8
OF_DOCUMENT = 500
CENTRES = 500

_NAMED = re.compile(r"\bpassage (\d+)\b")


def texts(count: int) -> Iterator[list[str]]:
    """Yield the texts of so many passages, a document at a time."""
    chance = random.Random(7)
    for first in range(0, count, OF_DOCUMENT):
        numbers = range(first, min(first + OF_DOCUMENT, count))
        yield [f"passage {number} {' '.join(chance.choices(WORDS, WEIGHTS, k=OF_PASSAGE))}" for number in numbers]


def queries(count: int, seed: int = 8) -> list[str]:
    """Return so many queries; the words of each are as frequent as those of passages."""
    chance = random.Random(seed)
    return [" ".join(chance.choices(WORDS, WEIGHTS, k=OF_QUERY)) for _ in range(count)]


class Clusters:
    """Embeds any text near one of many centres, as texts of some topics are; the same text always the same."""

    name = "clusters"
    dimensions = DIMENSIONS

    def __init__(self) -> None:
        self._centres = np.random.default_rng(7).normal(size=(CENTRES, DIMENSIONS)).astype("<f4")
        self.made: dict[int, bytes] = {}
        """The vectors of passages, by their numbers."""

    async def embed(self, texts: Sequence[str], *, is_urgent: bool = False) -> list[bytes]:
        """Return a vector a text."""
        vectors = [self.vector(text) for text in texts]
        for text, vector in zip(texts, vectors, strict=True):
            if named := _NAMED.search(text):
                self.made[int(named[1])] = vector
        return vectors

    def vector(self, text: str) -> bytes:
        """Return the vector of a text; a passage's goes by its number alone."""
        named = _NAMED.search(text)
        chance = np.random.default_rng(zlib.crc32((named[0] if named else text).encode()))
        made = self._centres[chance.integers(0, CENTRES)] + chance.normal(size=DIMENSIONS).astype("<f4")
        return (made / np.linalg.norm(made)).astype("<f4").tobytes()

    def matrix(self) -> npt.NDArray[np.float32]:
        """Return the vectors of all passages, by their numbers."""
        return np.frombuffer(b"".join(self.made[number] for number in range(len(self.made))), "<f4").reshape(
            -1, DIMENSIONS
        )


def number_of(text: str) -> int:
    """Return the number of the passage that has this text."""
    named = _NAMED.search(text)
    assert named is not None, text[:40]
    return int(named[1])
