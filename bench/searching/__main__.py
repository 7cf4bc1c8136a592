"""Print what a search in SQLite costs by the number of passages, and how well it finds what an exact one would.

    python -m bench.searching [--sizes 10000,100000] [--beside TREE]

Texts and vectors are made up. CPU is that of the whole process, with the queries asked for the first time and once
more; each size runs in a process of its own. Another checkout beside is measured by the same code.
"""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parents[2]
SIZES = "10000,100000"
QUERIES = 40

MIB = 1 << 20
COLUMNS = (
    ("words", "words_first_ms", 1.0, "{:.1f}"),
    ("again", "words_again_ms", 1.0, "{:.1f}"),
    ("vectors", "vectors_first_ms", 1.0, "{:.1f}"),
    ("hybrid", "hybrid_first_ms", 1.0, "{:.1f}"),
    ("again", "hybrid_again_ms", 1.0, "{:.1f}"),
    ("recall@10", "recall", 1.0, "{:.3f}"),
    ("memory MiB", "memory_bytes", MIB, "{:.0f}"),
    ("peak MiB", "peak_bytes", MIB, "{:.0f}"),
    ("disk MiB", "disk_bytes", MIB, "{:.0f}"),
    ("build s", "build_seconds", 1.0, "{:.0f}"),
    ("CPU s", "build_cpu_seconds", 1.0, "{:.0f}"),
)
"""The heads of the table, what stands below, in which unit and form. The first five are milliseconds of CPU a query."""


async def measured(tree: Path, passages: int, asked: int) -> dict[str, float]:
    """Return what a tree's search costs with so many passages.

    Raises:
        RuntimeError: it could not be measured.
    """
    path = os.pathsep.join((str(tree / "src"), str(HERE)))
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.searching.size", str(passages), str(asked)),
        cwd=HERE,
        env={**os.environ, "PYTHONPATH": path},
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await child.communicate()
    if child.returncode:
        raise RuntimeError(f"{tree} with {passages:,} passages ended with {child.returncode}")
    return json.loads(said.decode())


def head() -> str:
    """Return the first line of the table."""
    return f"{'passages':>10} {'tree':12}" + "".join(f"{name:>11}" for name, *_ in COLUMNS)


def line(passages: int, tree: str, row: dict[str, float]) -> str:
    """Return a line of the table."""
    cells = "".join(f"{form.format(row[key] / unit):>11}" for _, key, unit, form in COLUMNS)
    return f"{passages:>10,} {tree:12}{cells}"


async def run(trees: Sequence[tuple[str, Path]], sizes: Sequence[int], asked: int = QUERIES) -> None:
    """Print the table, a line as soon as it is measured."""
    print(head())
    for passages in sizes:
        for name, tree in trees:
            print(line(passages, name, await measured(tree, passages, asked)), flush=True)


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.searching", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", default=SIZES, help="numbers of passages, by commas: 10000,100000,300000,1000000")
    parser.add_argument("--beside", type=Path, help="another checkout")
    given = parser.parse_args()
    trees = [("here", HERE), *([("beside", given.beside.resolve())] if given.beside else [])]
    asyncio.run(run(trees, [int(size) for size in given.sizes.split(",")]))


if __name__ == "__main__":
    main()
