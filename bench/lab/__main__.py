"""Measure Hubbub and its peers side by side: `python -m bench.lab --help`."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from bench.lab.chart import draw_chart
from bench.lab.ends import compiled, model_server
from bench.lab.measure import RESULTS, Bench, Result, measure
from bench.lab.processes import Cores, allow_many_files
from bench.lab.stacks import STACKS
from bench.lab.table import print_table


def main(words: Sequence[str] | None = None) -> None:
    """Measure, print the table, write the chart and all raw figures."""
    asked = _parser().parse_args(words)
    unknown = set(asked.stacks) - {stack.name for stack in STACKS}
    if unknown:
        raise SystemExit(f"There is no stack {', '.join(sorted(unknown))}. There are: {', '.join(_names())}.")
    allow_many_files()
    results: dict[str, Result] = {}
    try:
        _measure_all(asked, results)
    except KeyboardInterrupt:
        _say("Broken off; this is what there is.")
    print_table(list(results.values()))
    _save(list(results.values()), asked.rate)


def _measure_all(asked: argparse.Namespace, results: dict[str, Result]) -> None:
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
                for result in measure(bench, stack, asked.streams, has_search=asked.search):
                    results[stack.name] = result
            except RuntimeError as error:
                _say(str(error))


def _save(results: Sequence[Result], rate: float) -> None:
    stamp = datetime.now(UTC)
    note = f"Measured on {stamp:%Y-%m-%d}: one core for the stack, {rate:g} tokens/s a stream."
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"lab-{stamp:%Y%m%dT%H%M%S}.json"
    path.write_text(json.dumps([asdict(result) for result in results], indent=1))
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
        "--streams", type=lambda text: [int(part) for part in text.split(",")], default=[50, 300, 1000], help="loads"
    )
    parser.add_argument("--rate", type=float, default=30.0, help="tokens a second and stream")
    parser.add_argument("--seconds", type=float, default=4.0, help="how long tokens are counted at each load")
    parser.add_argument("--search", action="store_true", help="look for the most streams that are carried, too")
    return parser


if __name__ == "__main__":
    main()
