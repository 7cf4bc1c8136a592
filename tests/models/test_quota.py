"""What may be asked in a minute: known from the settings, or learned from replies."""

import asyncio
from dataclasses import dataclass

import pytest

from hubbub.answers.admission import AdmissionControl
from hubbub.answers.base import Party, Ticket
from hubbub.connections.http import Http
from hubbub.models.address import compatible_address
from hubbub.models.base import Limits, ModelCard
from hubbub.models.openai import OpenAiModel
from hubbub.models.pace import Pace
from hubbub.models.pool import Member, PooledModel
from hubbub.models.quota import Quota
from hubbub.testing.models import QUESTION, Heard
from tests.servers.model_server import ModelServer


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def test_without_a_limit_all_may_be_asked() -> None:
    quota = Quota()
    for _ in range(10_000):
        quota.reserve(1000)
    assert quota.opens_in_seconds == 0


def test_a_sixth_of_a_minutes_requests_at_once_and_then_one_after_the_other() -> None:
    clock = Clock()
    quota = Quota(60, clock=clock)
    for _ in range(10):
        assert quota.opens_in_seconds == 0
        quota.reserve(100)
    assert quota.opens_in_seconds == pytest.approx(1.0)
    clock.now += 0.5
    assert quota.opens_in_seconds == pytest.approx(0.5)
    clock.now += 0.5
    assert quota.opens_in_seconds == 0


def test_in_a_minute_no_more_is_let_in_than_may_be_but_for_the_burst() -> None:
    clock = Clock()
    quota = Quota(tokens_per_minute=60_000, clock=clock)
    let_in = 0
    for _ in range(6000):
        if quota.opens_in_seconds == 0:
            quota.reserve(500)
            let_in += 500
        clock.now += 0.01
    assert 60_000 <= let_in <= 60_000 + 10_000 + 500


def test_tokens_that_were_not_used_are_given_back_and_those_beyond_are_taken() -> None:
    clock = Clock()
    pace = Pace(quota=Quota(tokens_per_minute=6000, clock=clock), clock=clock)
    pace.reserve(1000)
    asked = pace.began()
    assert pace.opens_in_seconds > 0
    asked.used(400)
    assert pace.opens_in_seconds == 0
    pace.reserve(600)
    pace.began().used(1600)
    assert pace.opens_in_seconds == pytest.approx(10.0, abs=0.1)


def test_each_of_several_processes_has_its_part() -> None:
    clock, workers = Clock(), [1]
    quota = Quota(60, share=lambda: workers[0], clock=clock)
    workers[0] = 5
    clock.now += 60
    for _ in range(2):
        assert quota.opens_in_seconds == 0
        quota.reserve(1)
    assert quota.opens_in_seconds == pytest.approx(5.0)


def test_limits_are_learned_and_what_is_left_is_believed() -> None:
    clock = Clock()
    quota = Quota(clock=clock)
    quota.headers({"x-ratelimit-limit-requests": "600", "x-ratelimit-remaining-requests": "2"})
    for _ in range(2):
        assert quota.opens_in_seconds == 0
        quota.reserve(1)
    assert quota.opens_in_seconds > 0
    for nonsense in ("-1", "", "many", "1e9", "9" * 40, "٣"):
        quota.headers({"x-ratelimit-limit-tokens": nonsense, "x-ratelimit-remaining-requests": nonsense})
    clock.now += 60
    assert quota.opens_in_seconds == 0
    assert Quota(60, clock=clock).opens_in_seconds == 0


def test_what_the_settings_say_holds_against_what_is_told() -> None:
    clock = Clock()
    quota = Quota(60, clock=clock)
    quota.headers({"x-ratelimit-limit-requests": "6000"})
    for _ in range(10):
        quota.reserve(1)
    assert quota.opens_in_seconds == pytest.approx(1.0)


async def test_what_would_be_refused_waits_in_the_line() -> None:
    pace = Pace(quota=Quota(600))
    control = AdmissionControl({"m": pace})
    running = asyncio.create_task(control.run())
    clock = asyncio.get_running_loop().time
    began = clock()
    admissions = [control.enter(Ticket(Party("guest"), "m", 10)) for _ in range(110)]
    assert sum(admission.is_running for admission in admissions) == 100
    for admission in admissions:
        while await admission.news() is not None:
            pass
    assert 0.8 < clock() - began < 5
    running.cancel()
    await asyncio.wait({running})


async def test_a_pool_asks_where_it_was_reserved(http: Http) -> None:
    async with ModelServer() as one, ModelServer() as two:
        members: list[Member] = []
        for server in (one, two):
            card = ModelCard("m", "here", 8192, can_ground=True)
            pace = Pace(quota=Quota(6))
            model = OpenAiModel(compatible_address(server.base_url, "scripted"), card, http, Limits(), pace)
            members.append(Member(model, pace=pace))
        pool = PooledModel("pool", members, chance=lambda: 0.0)
        for _ in range(2):
            assert pool.pace.opens_in_seconds == 0
            pool.pace.reserve(10)
            await pool.complete(QUESTION, Heard())
        assert pool.pace.opens_in_seconds > 5
        assert [len(server.seen) for server in (one, two)] == [1, 1]
