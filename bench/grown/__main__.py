"""Let machines, networks and a PostgreSQL fail under people who ask: `make bench-grown ARGS="--help"`."""

import argparse
import asyncio
import random
import sys
import time
from dataclasses import replace
from pathlib import Path

from bench.attack.base import HERE, Target
from bench.grown import upgrades
from bench.grown.chaos import SHORT, Size, run


def main() -> None:
    """Run what the command line asks for; exit with 1 where something falls."""
    asked = _parser().parse_args()
    if asked.what == "upgrades":
        kinds = [asked.database] if asked.database else ["sqlite", "postgres"]
        sys.exit(not asyncio.run(upgrades.run(kinds, asked.old, asked.streams, asked.seconds, asked.times or 2)))
    seed = random.randrange(10**6) if asked.seed is None else asked.seed
    size = SHORT if asked.short else Size()
    chosen = {name: value for name in ("people", "kills", "times") if (value := getattr(asked, name)) is not None}
    began = time.monotonic()

    def tell(fault: str) -> None:
        print(f"{time.monotonic() - began:6.1f} s  {fault}", flush=True)

    outcome = asyncio.run(run(seed, replace(size, **chosen), tell, Target(asked.source)))
    print(outcome)
    sys.exit(not outcome.holds)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.grown", description=__doc__)
    parser.add_argument("what", nargs="?", choices=["faults", "upgrades"], default="faults")
    parser.add_argument("--seed", type=int, help="of a run that showed something")
    parser.add_argument("--short", action="store_true", help="what the suite runs")
    parser.add_argument("--people", type=int, help="how many ask at once")
    parser.add_argument("--kills", type=int, help="how many workers are killed")
    parser.add_argument("--times", type=int, help="how often each other fault comes, or each upgrade")
    parser.add_argument(
        "--source", type=Path, default=HERE, help="another checkout, which is served in place of this one"
    )
    parser.add_argument(
        "--from", dest="old", type=Path, default=HERE, help="upgrades: the checkout that is served first"
    )
    parser.add_argument("--streams", type=int, default=100, help="upgrades: how many read at once")
    parser.add_argument("--seconds", type=float, default=20.0, help="upgrades: how long an answer takes")
    parser.add_argument("--database", choices=["sqlite", "postgres"], help="upgrades: one kind only")
    return parser


if __name__ == "__main__":
    main()
