"""Attack this checkout, and another one beside it, and print the table: `make attack ARGS="--help"`."""

import argparse
import asyncio
import json
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from bench.attack.base import HERE, Attack, Seen, Target, attacks

RESULTS = Path(__file__).resolve().parents[1] / "results"
WHOLE_SECONDS = 900.0


async def _try(attack: Attack, target: Target, seconds: float) -> Seen:
    if (missing := attack.needs()) is not None:
        return Seen(f"not tried: {missing}", False)
    try:
        async with asyncio.timeout(min(seconds, attack.seconds)):
            return await attack.run(target)
    except TimeoutError:
        return Seen("no end within its time", False)
    except Exception as error:  # noqa: BLE001 (one row's failure must not take the table away)
        traceback.print_exc(limit=-3)
        return Seen(f"{type(error).__name__}: {error}"[:200], False)


def main() -> None:
    """Run what the command line asks for, print and save the table; exit with 1 where this checkout does not hold."""
    asked = _parser().parse_args()
    chosen = [one for one in attacks() if not asked.only or any(word in one.name.lower() for word in asked.only)]
    targets = [Target(path, is_short=asked.short) for path in (*asked.beside, HERE)]
    until = time.monotonic() + WHOLE_SECONDS
    table: list[tuple[Attack, list[Seen]]] = []
    for attack in chosen:
        seen = [asyncio.run(_try(attack, target, until - time.monotonic())) for target in targets]
        table.append((attack, seen))
        _print(attack, targets, seen)
    held = sum(seen[-1].holds for _, seen in table)
    print(f"\n{held} of {len(table)} held, {WHOLE_SECONDS - (until - time.monotonic()):.0f} s. Saved: {_save(table)}")
    sys.exit(held != len(table))


def _print(attack: Attack, targets: Sequence[Target], seen: Sequence[Seen]) -> None:
    print(f"\n{attack.name}\n  bound: {attack.bound}")
    for target, one in zip(targets, seen, strict=True):
        name = "here" if target.source == HERE else target.source.name
        print(f"  {name:>6}: {'holds' if one.holds else 'FALLS'}  {one.words}", flush=True)


def _save(table: Sequence[tuple[Attack, Sequence[Seen]]]) -> Path:
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"attack-{datetime.now(UTC):%Y%m%dT%H%M%S}.json"
    found = [{"attack": attack.name, "bound": attack.bound, "seen": list(map(asdict, seen))} for attack, seen in table]
    path.write_text(json.dumps(found, indent=1), encoding="utf-8")
    return path.relative_to(HERE)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.attack", description=__doc__)
    parser.add_argument("only", nargs="*", help="words, in lower case, of the names of the attacks to run")
    parser.add_argument("--short", action="store_true", help="what the suite runs")
    parser.add_argument("--beside", type=Path, action="append", default=[], help="another checkout, attacked as well")
    return parser


if __name__ == "__main__":
    main()
