"""Let model servers fail in every way they do, and count what a person sees of it: `python -m bench.faults --help`."""

import argparse
import asyncio
import json
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from bench.faults.faults import FAULTS, Variant
from bench.faults.outage import FALLS, Fallen, fall
from bench.faults.runs import AT_ONCE, Lab, Ran
from bench.faults.switching import Switches, measure_switches
from bench.faults.table import (
    HEAD,
    NOTES,
    Goal,
    Row,
    goals_of,
    print_falls,
    print_goals,
    print_odd,
    print_proxied,
    print_rows,
    print_switches,
    say,
)
from tests.servers.fault_proxy import KINDS

RESULTS = Path(__file__).resolve().parents[1] / "results"
NOT_PROXIED = frozenset({"U9", "U11"})
"""A name has no proxy before it; and where all fail, one more fault shows nothing."""


async def _measure(runs: int, seed: int, faults: Sequence[str], hedge_seconds: float | None) -> list[Row]:
    """Return what became of so many runs of each fault; the variants take turns."""
    async with Lab(hedge_seconds) as lab:
        return [
            Row(f"{number} {FAULTS[number][0]}", await lab.run_all(_in_turn(number, runs, seed))) for number in faults
        ]


async def _measure_proxied(runs: int, seed: int, faults: Sequence[str], hedge_seconds: float | None) -> list[Row]:
    """Return what became of so many runs of each fault with a proxy before the server, by what the proxy did."""
    chance = random.Random(seed)
    async with Lab(hedge_seconds) as lab:
        found: list[Ran] = []
        for number in faults:
            if number not in NOT_PROXIED:
                plain = [one for one in _in_turn(number, runs, seed) if one.plan is None and not one.is_closed]
                found += await lab.run_all(plain, [chance.randrange(2**32) for _ in plain])
    return [Row(kind, [ran for ran in found if ran.fates and ran.fates[0].plan.kind == kind]) for kind in KINDS]


def _in_turn(number: str, runs: int, seed: int) -> list[Variant]:
    """Return so many variants of a fault: each as often as any other, from a place on that the seed decides."""
    variants = FAULTS[number][1]
    first = random.Random(f"{seed}{number}").randrange(len(variants))
    return [variants[(first + place) % len(variants)] for place in range(runs)]


async def _measure_outages(seconds: float) -> list[Fallen]:
    async with Lab() as lab:
        return list(await asyncio.gather(*(fall(lab, kind, seconds) for kind in FALLS))) if seconds else []


async def _measure_switches(times: int) -> Switches:
    async with Lab() as lab:
        return await measure_switches(lab, times)


def main() -> None:
    """Measure what the command line asks for, print it and save it; exit with 1 where a goal is missed."""
    asked = _parser().parse_args()
    seed: int = asked.seed if asked.seed is not None else random.SystemRandom().randrange(2**32)
    began = time.monotonic()
    say(f"Seed {seed}: {asked.runs} runs of each fault, {AT_ONCE} at once.\n{HEAD}\n")
    rows = asyncio.run(_measure(asked.runs, seed, asked.faults, asked.hedge_seconds))
    print_rows("What people see of a deployment that fails, where another one is well", rows)
    say(NOTES)
    print_odd(rows)
    proxied = asyncio.run(_measure_proxied(asked.runs, seed, asked.faults, asked.hedge_seconds)) if asked.proxy else []
    if proxied:
        say("")
        print_proxied(proxied)
        print_odd(proxied)
    falls = asyncio.run(_measure_outages(asked.outage_seconds))
    if falls:
        say("")
        print_falls(falls)
    switches = asyncio.run(_measure_switches(asked.switches))
    if switches.milliseconds:
        print_switches(switches)
    goals = goals_of(rows, proxied, falls, switches)
    print_goals(goals)
    path = _save(seed, rows, proxied, falls, switches, goals)
    say(f"Seed {seed}; {time.monotonic() - began:.0f} s. All figures: {path}.")
    if not all(goal.is_reached for goal in goals):
        sys.exit(1)


def _save(
    seed: int,
    rows: Sequence[Row],
    proxied: Sequence[Row],
    falls: Sequence[Fallen],
    switches: Switches,
    goals: Sequence[Goal],
) -> Path:
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"faults-{datetime.now(UTC):%Y%m%dT%H%M%S}.json"
    found = {
        "seed": seed,
        "faults": {row.title: [_told(ran) for ran in row.runs] for row in rows},
        "proxied": {row.title: [_told(ran) for ran in row.runs] for row in proxied},
        "outages": [asdict(fallen) | {"worst_window": fallen.worst_window()} for fallen in falls],
        "switches": asdict(switches),
        "goals": [asdict(goal) | {"is_reached": goal.is_reached} for goal in goals],
    }
    path.write_text(json.dumps(found, indent=1), encoding="utf-8")
    return path.relative_to(RESULTS.parents[1])


def _told(ran: Ran) -> dict[str, object]:
    told = {name: value for name, value in vars(ran).items() if name not in ("variant", "fates", "text")}
    fates = [asdict(fate) for fate in ran.fates]
    return {"variant": ran.variant.name, "meant": ran.variant.meant, **told, "text": ran.text[:200], "fates": fates}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.faults", description=__doc__)
    parser.add_argument("--runs", type=int, default=100, help="of each fault")
    parser.add_argument("--seed", type=int, help="of all that is left to chance; another one each time")
    parser.add_argument("--faults", type=lambda text: text.split(","), default=list(FAULTS), help=",".join(FAULTS))
    parser.add_argument("--proxy", action=argparse.BooleanOptionalAction, default=True, help="once more through it")
    parser.add_argument("--hedge-seconds", type=float, help="let pools ask a second deployment beside a slow first")
    parser.add_argument("--outage-seconds", type=float, default=25.0, help="0 leaves the outage out")
    parser.add_argument("--switches", type=int, default=200, help="how many are measured; 0 leaves them out")
    return parser


if __name__ == "__main__":
    main()
