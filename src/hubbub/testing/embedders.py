"""What every embedder promises."""

import asyncio
from struct import unpack

import pytest

from hubbub.core.embedding import Embedder


class EmbedderContract:
    """Subclasses give a fixture `embedder`."""

    async def test_it_names_its_vectors(self, embedder: Embedder) -> None:
        assert embedder.name
        assert embedder.dimensions > 0

    async def test_there_is_a_vector_of_length_one_a_text(self, embedder: Embedder) -> None:
        vectors = await embedder.embed(["The cat sleeps.", "", "Ein Satz — mit 💥."])
        assert len(vectors) == 3
        for vector in vectors:
            numbers = unpack(f"<{embedder.dimensions}f", vector)
            assert sum(number * number for number in numbers) == pytest.approx(1, abs=0.02)
        assert await embedder.embed([]) == []

    async def test_vectors_are_in_the_order_of_the_texts_and_stay_the_same(self, embedder: Embedder) -> None:
        one, other = await embedder.embed(["The cat sleeps.", "Interest rates rise."])
        assert one != other
        again = await embedder.embed(["Interest rates rise.", "The cat sleeps."], is_urgent=True)
        assert _likeness(embedder, again[0], other) == pytest.approx(1, abs=0.01)
        assert _likeness(embedder, again[1], one) == pytest.approx(1, abs=0.01)

    async def test_many_are_embedded_at_once(self, embedder: Embedder) -> None:
        made = await asyncio.gather(*(embedder.embed([f"Text {number}"]) for number in range(8)))
        assert all(len(vectors) == 1 for vectors in made)


def _likeness(embedder: Embedder, one: bytes, other: bytes) -> float:
    form = f"<{embedder.dimensions}f"
    return sum(a * b for a, b in zip(unpack(form, one), unpack(form, other), strict=True))
