"""Let machines, networks and a PostgreSQL fail under people who ask: `make bench-grown ARGS="--help"`."""

import argparse
import asyncio
import random
import sys
import time
from dataclasses import replace
from pathlib import Path

from bench.attack.base import HERE, Target
from bench.grown.chaos import SHORT, Size, run


def main() -> None:
    """Run what the command line asks for; exit with 1 where something falls."""
    asked = _parser().parse_args()
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
    parser.add_argument("--seed", type=int, help="of a run that showed something")
    parser.add_argument("--short", action="store_true", help="what the suite runs")
    parser.add_argument("--people", type=int, help="how many ask at once")
    parser.add_argument("--kills", type=int, help="how many workers are killed")
    parser.add_argument("--times", type=int, help="how often each other fault comes")
    parser.add_argument(
        "--source", type=Path, default=HERE, help="another checkout, which is served in place of this one"
    )
    return parser


if __name__ == "__main__":
    main()
