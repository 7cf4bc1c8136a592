import asyncio

import pytest

from hubbub.conversation.portions import PORTION_CHARACTERS, Portions
from hubbub.core.events import Reasoning, ToolCall
from hubbub.models.base import Piece

LONG = "word " * PORTION_CHARACTERS


async def test_short_pieces_are_handed_on_at_once_and_long_ones_in_turns_and_in_order() -> None:
    taken: list[Piece] = []
    others = 0

    async def other() -> None:
        nonlocal others
        while True:
            others += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    async with Portions(taken.append, asyncio.Lock()) as portions:
        portions.add("a")
        assert taken == ["a"]
        for piece in (LONG, Reasoning(LONG), ToolCall(0, LONG, "c1", "look"), "z"):
            portions.add(piece)
        assert len(taken) == 1
    task.cancel()
    texts = [piece for piece in taken if isinstance(piece, str)]
    assert "".join(texts) == f"a{LONG}z" and taken[-1] == "z"
    assert "".join(piece.text for piece in taken if isinstance(piece, Reasoning)) == LONG
    calls = [piece for piece in taken if isinstance(piece, ToolCall)]
    assert "".join(call.arguments for call in calls) == LONG
    assert [(call.id, call.name) for call in calls] == [("c1", "look")] + [("", "")] * (len(calls) - 1)
    assert others >= len(taken) - 2


async def test_what_taking_one_raises_is_raised() -> None:
    def take(piece: Piece) -> None:
        raise ValueError("full")

    with pytest.raises(ValueError, match="full"):
        async with Portions(take, asyncio.Lock()) as portions:
            portions.add(LONG)
            await asyncio.sleep(0.01)
            portions.add("z")
    with pytest.raises(ValueError, match="full"):
        async with Portions(take, asyncio.Lock()) as portions:
            portions.add(LONG)


async def test_a_cancellation_drops_what_waits() -> None:
    taken: list[Piece] = []
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01), Portions(taken.append, asyncio.Lock()) as portions:
            portions.add("word " * 4000 * PORTION_CHARACTERS)
            await asyncio.sleep(60)
    there = len(taken)
    await asyncio.sleep(0.01)
    assert len(taken) == there < 4000 * 5
