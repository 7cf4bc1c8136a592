"""Measure Hubbub and its peers side by side: `python -m bench.lab --help`."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

from bench.lab.chart import draw_chart
from bench.lab.ends import compiled, model_server
from bench.lab.fairness import Fairness, measure_fairness
from bench.lab.goals import Verdict, judge
from bench.lab.measure import RESULTS, Bench, Result, measure
from bench.lab.processes import Cores, allow_many_files
from bench.lab.stacks import HUBBUB, STACKS
from bench.lab.table import print_fairness, print_goals, print_table


def main(words: Sequence[str] | None = None) -> None:
    """Measure, print the table, write the chart and all raw figures."""
    asked = _parser().parse_args(words)
    unknown = set(asked.stacks) - {stack.name for stack in STACKS}
    if unknown:
        raise SystemExit(f"There is no stack {', '.join(sorted(unknown))}. There are: {', '.join(_names())}.")
    allow_many_files()
    found = Found()
    try:
        _measure_all(asked, found)
    except KeyboardInterrupt:
        _say("Broken off; this is what there is.")
    results = list(found.results.values())
    print_table(results)
    if found.fairness:
        print_fairness(found.fairness)
    verdicts = judge(results, found.fairness)
    if "hubbub" in asked.stacks:
        print_goals(verdicts)
    _save(found, verdicts, asked.rate)


@dataclass
class Found:
    """What has been measured so far."""

    results: dict[str, Result] = field(default_factory=dict)
    fairness: Fairness | None = None


def _measure_all(asked: argparse.Namespace, found: Found) -> None:
    cores = Cores.choose()
    with compiled() as programs, model_server(programs, cores.ends) as model:
        bench = Bench(programs, cores, model, rate=asked.rate, seconds=asked.seconds)
        for stack in STACKS:
            if stack.name not in asked.stacks:
                continue
            if missing := stack.missing():
                _say(f"{stack.title}: left out; {missing}.")
                continue
            _say(f"{stack.title} …")
            try:
                has_many = asked.idle and stack is HUBBUB
                for result in measure(
                    bench, stack, asked.streams, repeat=asked.repeat, has_search=asked.search, has_many=has_many
                ):
                    found.results[stack.name] = result
                if asked.fairness and stack is HUBBUB:
                    _say("Hubbub, one heavy person beside light ones …")
                    found.fairness = measure_fairness(bench)
            except RuntimeError as error:
                _say(str(error))


def _save(found: Found, verdicts: Sequence[Verdict], rate: float) -> None:
    results = list(found.results.values())
    stamp = datetime.now(UTC)
    note = f"Measured on {stamp:%Y-%m-%d}: one core for the stack, {rate:g} tokens/s a stream."
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"lab-{stamp:%Y%m%dT%H%M%S}.json"
    goals = [
        {"goal": verdict.goal.title, "limit": verdict.goal.limit, "values": verdict.values, "scaled": verdict.scaled}
        for verdict in verdicts
    ]
    fairness = asdict(found.fairness) if found.fairness else None
    stacks = [asdict(result) for result in results]
    path.write_text(json.dumps({"stacks": stacks, "fairness": fairness, "goals": goals}, indent=1))
    draw_chart(results, path.with_suffix(".svg"), note)
    _say(f"All figures: {path.relative_to(RESULTS.parents[1])}; the chart beside it (.svg).")


def _names() -> list[str]:
    return [stack.name for stack in STACKS]


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.lab", description=__doc__)
    parser.add_argument("--stacks", type=lambda text: text.split(","), default=_names(), help=",".join(_names()))
    parser.add_argument(
        "--streams",
        type=lambda text: [int(part) for part in text.split(",")],
        default=[50, 300, 1000, 2000],
        help="loads",
    )
    parser.add_argument("--rate", type=float, default=30.0, help="tokens a second and stream")
    parser.add_argument("--seconds", type=float, default=4.0, help="how long tokens are counted at each load")
    parser.add_argument("--search", action="store_true", help="look for the most streams that are carried, too")
    parser.add_argument("--repeat", type=int, default=1, help="how often each load is measured: shows the noise")
    yes_or_no = argparse.BooleanOptionalAction
    parser.add_argument("--idle", action=yes_or_no, default=True, help="open 10,000 silent streams on Hubbub, too")
    parser.add_argument(
        "--fairness", action=yes_or_no, default=True, help="let one person ask 500 questions at once, too"
    )
    return parser


if __name__ == "__main__":
    main()
