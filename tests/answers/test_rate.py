"""How fast a line moves, and how much is saved where nobody watches."""

import pytest

from hubbub.answers.rate import MEMORY_SECONDS, PRIOR, SMOOTHING, Rate
from hubbub.answers.savings import Savings


class Clock:
    seconds = 50.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def rate(clock: Clock) -> Rate:
    return Rate(clock)


def test_nothing_is_known_before_anything_has_moved_or_ended(rate: Rate, clock: Clock) -> None:
    assert rate.per_second(1) is None
    clock.seconds += 5
    rate.pass_time(is_moving=True)
    assert rate.per_second(1) is None
    other = Rate(clock)
    other.let_in()
    assert other.per_second(1) is None  # in no time


def test_how_long_answers_take_is_an_average_that_moves(rate: Rate) -> None:
    assert rate.answer_seconds is None
    rate.ended(10.0)
    assert rate.answer_seconds == 10.0
    assert rate.per_second(5) == pytest.approx(5 / 10.0)
    rate.ended(20.0)
    assert rate.answer_seconds == pytest.approx(10.0 + SMOOTHING * 10.0)


def test_answers_that_take_no_time_are_not_made_without_end(rate: Rate) -> None:
    rate.ended(0.0)
    assert rate.per_second(2) == pytest.approx(2 / 0.001)


def test_what_was_seen_counts_beside_what_is_promised_and_fades(rate: Rate, clock: Clock) -> None:
    clock.seconds += 7
    rate.pass_time(is_moving=False)  # the line could not move
    for _ in range(6):
        rate.let_in()
    clock.seconds += MEMORY_SECONDS
    rate.pass_time(is_moving=True)
    assert rate.per_second(1) == pytest.approx(3 / MEMORY_SECONDS)
    clock.seconds += MEMORY_SECONDS
    rate.pass_time(is_moving=True)
    assert rate.per_second(1) == pytest.approx(1.5 / (1.5 * MEMORY_SECONDS))
    rate.ended(8.0)
    assert rate.per_second(4) == pytest.approx((1.5 + PRIOR) / (1.5 * MEMORY_SECONDS + PRIOR * 2.0))


def test_what_is_saved_is_never_less_than_nothing_and_adds_up() -> None:
    savings = Savings()
    assert (savings.answers, savings.tokens) == (0, 0)
    savings.complete("m", 100)
    savings.complete("m", 200)
    assert [savings.stopped("m", 30), savings.stopped("m", 500), savings.stopped("n", 50)] == [80, 0, 200]
    assert (savings.answers, savings.tokens) == (3, 280)
