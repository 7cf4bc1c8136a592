"""When a deployment is left alone, and when it is asked again."""

from dataclasses import dataclass

import pytest

from hubbub.models.breaker import LONGEST_OPEN_SECONDS, OPEN_SECONDS, Breaker


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(clock)


def attempt(breaker: Breaker, *, is_well: bool) -> None:
    breaker.began()
    if is_well:
        breaker.went_well()
    else:
        breaker.failed()


def test_five_failures_in_a_row_open_it(breaker: Breaker) -> None:
    for _ in range(4):
        attempt(breaker, is_well=False)
        assert breaker.state == "closed"
    attempt(breaker, is_well=False)
    assert breaker.state == "open"
    assert breaker.opens_in_seconds == OPEN_SECONDS


def test_half_of_ten_failures_open_it(breaker: Breaker, clock: Clock) -> None:
    for number in range(9):
        attempt(breaker, is_well=number % 2 == 0)
        clock.now += 1
    assert breaker.state == "closed"
    attempt(breaker, is_well=False)
    assert breaker.state == "open"


def test_failures_long_ago_do_not_count(breaker: Breaker, clock: Clock) -> None:
    for number in range(9):
        attempt(breaker, is_well=number % 2 == 0)
    clock.now += 31
    attempt(breaker, is_well=False)
    assert breaker.state == "closed"


def test_one_probe_at_a_time_finds_out_whether_it_is_back(breaker: Breaker, clock: Clock) -> None:
    for _ in range(5):
        attempt(breaker, is_well=False)
    clock.now += OPEN_SECONDS
    assert breaker.state == "half_open"
    breaker.began()
    assert breaker.state == "open"  # for all others, until the probe has told
    breaker.failed()
    assert breaker.opens_in_seconds == 2 * OPEN_SECONDS
    clock.now += 2 * OPEN_SECONDS
    attempt(breaker, is_well=True)
    assert breaker.state == "closed"
    assert breaker.is_proven
    for _ in range(4):
        attempt(breaker, is_well=False)
    assert breaker.state == "closed"  # what was before is forgotten


def test_a_probe_that_is_cancelled_leaves_the_way_to_the_next(breaker: Breaker, clock: Clock) -> None:
    for _ in range(5):
        attempt(breaker, is_well=False)
    clock.now += OPEN_SECONDS
    breaker.began()
    breaker.said_nothing()
    assert breaker.state == "half_open"


def test_it_is_never_left_alone_for_longer_than_a_minute(breaker: Breaker, clock: Clock) -> None:
    for _ in range(5):
        attempt(breaker, is_well=False)
    for _ in range(10):
        clock.now += breaker.opens_in_seconds
        attempt(breaker, is_well=False)
    assert breaker.opens_in_seconds == LONGEST_OPEN_SECONDS
