"""What is settled of a long answer lies in portions that are cheap to read again."""

import pytest

from hubbub.answers.base import Record
from hubbub.answers.journal import PORTION_BYTES, portions_of, split


def records(*sizes: int) -> list[Record]:
    return [Record("a", number, b"x" * size) for number, size in enumerate(sizes, start=7)]


@pytest.mark.parametrize(
    ("sizes", "count"),
    [
        ((), 0),
        ((10,), 1),
        ((10,) * 1000, 1),
        ((1000,) * 1000, 4),
        ((PORTION_BYTES + 1, 10), 2),
        ((10, PORTION_BYTES + 1), 2),
        ((PORTION_BYTES, PORTION_BYTES, PORTION_BYTES), 3),
    ],
    ids=["none", "one", "many short", "many", "a long one first", "a long one last", "each its own"],
)
def test_portions_hold_all_events_in_order_and_none_is_long_but_for_a_single_event(
    sizes: tuple[int, ...], count: int
) -> None:
    given = records(*sizes)
    portions = portions_of("a", given)
    assert len(portions) == count
    assert [record for key, last, data in portions for record in split(key, last, data)] == given
    assert all(len(data) < PORTION_BYTES * 1.01 or b"\n" not in data for _, _, data in portions)
