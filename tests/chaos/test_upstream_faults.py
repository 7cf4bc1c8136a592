"""A deployment fails in every way they do while another one is well: the short form of `make bench-faults`."""

import asyncio
import random
import tracemalloc
from collections.abc import AsyncIterator, Sequence

import pytest

from bench.faults.faults import FAULTS, Variant
from bench.faults.outage import Fall, fall
from bench.faults.runs import Lab, Ran
from bench.faults.switching import measure_switches
from tests.patience import patience
from tests.servers.fault_proxy import FaultProxy, Kind, Plan
from tests.servers.model_server import Script

pytestmark = pytest.mark.quiet  # deployments have a second for their first token here

EACH = [variant for _, variants in FAULTS.values() for variant in variants]
PLAIN = [one for one in EACH if one.plan is None and not (one.is_closed or one.is_all or one.host)]
BRIEF = [one for one in PLAIN if "for ever" not in one.name]
FIXED_SEED = 20261124
PROXIED_RUNS = 25


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    async with Lab() as lab:
        yield lab


def odd(found: Sequence[Ran]) -> list[str]:
    return [
        f"{ran.variant.name}: {ran.outcome} {ran.said} {ran.text!r} in {ran.seconds:.1f} s, {ran.left_open} left open, "
        f"met: {ran.has_met}, seed {ran.seed}"
        for ran in found
        if not ran.is_as_meant or ran.is_late or ran.left_open or (ran.seed is None and not ran.has_met)
    ]


async def test_every_fault_comes_to_what_is_meant(lab: Lab) -> None:
    found = await lab.run_all(EACH)
    assert not odd(found)
    assert {ran.outcome for ran in found} == {"unseen", "told", "ended", "refused", "quoted"}


@pytest.mark.parametrize("fixed_seed", [FIXED_SEED, None])
async def test_through_a_proxy_that_fails_by_chance(lab: Lab, fixed_seed: int | None) -> None:
    seed = random.SystemRandom().randrange(2**32) if fixed_seed is None else fixed_seed
    chance = random.Random(seed)
    variants = chance.choices(PLAIN, k=PROXIED_RUNS)
    found = await lab.run_all(variants, [chance.randrange(2**32) for _ in variants])
    assert not odd(found), f"seed {seed}"


async def test_nothing_is_spliced_where_two_are_asked_at_once() -> None:
    chance = random.Random(FIXED_SEED)
    async with Lab(hedge_seconds=0.05) as lab:
        found = await lab.run_all(chance.sample(BRIEF, 15))
    assert not odd(found)
    assert sum(ran.attempts for ran in found) > len(found)


async def test_a_busy_deployment_is_left_for_another_one_at_once_and_then_left_alone(lab: Lab) -> None:
    switches = await measure_switches(lab, 10)
    assert switches.percentile(0.5) <= 50
    assert switches.calls_to_cooling == 0


@pytest.mark.parametrize("deployments", [2, 30])
async def test_an_outage_of_all_costs_hardly_an_attempt_more(lab: Lab, deployments: int) -> None:
    fallen = await fall(lab, Fall("503", Script(status=503, body=b""), deployments), seconds=1)
    assert len(fallen.attempts) <= len(fallen.asked) + 5
    assert fallen.quoted == fallen.over_documents > 0
    assert sum(fallen.told.values()) == len(fallen.asked)


@pytest.mark.parametrize("variant", [one for one in FAULTS["U8"][1] if "answer" not in one.name], ids=str)
async def test_what_has_no_end_takes_no_memory(lab: Lab, variant: Variant) -> None:
    tracemalloc.start()
    try:
        ran = await lab.run(variant)
        assert tracemalloc.get_traced_memory()[1] < 4 * 1024 * 1024  # the model server's share is in it
    finally:
        tracemalloc.stop()
    assert not odd([ran])


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(1000):
            writer.write(data)
    except ConnectionError:
        pass
    finally:
        writer.close()


SENT = bytes(range(250))


async def received(plan: Plan) -> bytes | type[OSError]:
    """Send bytes through the proxy to a server that sends them back; return what came, or how it ended."""
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    try:
        async with FaultProxy(server.sockets[0].getsockname()[1], seed=0, plan=plan) as proxy:
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            writer.write(SENT)
            came = b""
            try:
                async with asyncio.timeout(0.5):
                    while len(came) < len(SENT) and (data := await reader.read(1000)):
                        came += data
            except TimeoutError:
                pass
            finally:
                writer.close()
            assert proxy.has_struck is (plan.kind != "pass")
            return came
    except OSError as error:
        return type(error)
    finally:
        server.close()


@pytest.mark.parametrize(
    ("kind", "came"),
    [
        ("pass", SENT),
        ("close", SENT[:100]),
        ("stall", SENT[:100]),
        ("trickle", SENT),
        ("delay", SENT),
        ("split", SENT),
        ("black_hole", b""),
        ("reset", ConnectionResetError),
        ("refuse", ConnectionRefusedError),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_the_proxy_does_what_its_plan_says(kind: Kind, came: bytes | type[OSError]) -> None:
    assert await received(Plan(kind, after_bytes=100, step_bytes=10, pause_seconds=0.001)) == came


async def test_a_seed_gives_the_same_plans_again() -> None:
    logs: list[list[Plan]] = []
    for _ in range(2):
        async with FaultProxy(1, seed=7, kinds=("reset", "stall", "trickle", "split")) as proxy:
            for _ in range(10):
                _, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
                writer.close()
            async with patience():
                while len(proxy.log) < 10:
                    await asyncio.sleep(0.005)
            logs.append([fate.plan for fate in proxy.log])
    assert logs[0] == logs[1]
    assert len(set(logs[0])) > 5


def test_no_variant_is_listed_twice() -> None:
    names = [variant.name for variant in EACH]
    assert len(set(names)) == len(names)
