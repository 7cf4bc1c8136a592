"""Compare what each dialect costs with another checkout, in CPU time by turns.

    PYTHONPATH=src python -m bench.clients.cost --beside TREE [--pairs 5] [--rounds 3] [words of dialects…]

Both checkouts serve at once, with this one's packages, before one model server in this process. In each round first one
and then the other is asked the same, the order alternating. Two servers of one and the same checkout differ by up to a
tenth for as long as they live, so that several pairs are started one after the other; what is told is the median of all
their rounds' ratios, which a machine that is busy with other things moves less than the times themselves. Exit code 1:
a ratio is over `--most`.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import aiohttp

from bench.lab.processes import Tree
from tests.servers.hubbub_server import hubbub_serving
from tests.servers.model_server import ModelServer, Script

HERE = Path(__file__).resolve().parents[2]
QUESTIONS = 150
STREAMS = 12
TOKENS = 400
AT_ONCE = 6


@dataclass(frozen=True)
class Dialect:
    """A way to ask: the address, and the body that asks a text."""

    name: str
    path: str
    body: Callable[[str], dict[str, Any]]
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


def _messages(text: str, **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}], **more}


DIALECTS = (
    Dialect(
        "a question, streamed",
        "/api/questions",
        lambda text: {"text": text, "model": "up"},
        {"Accept": "text/event-stream"},
    ),
    Dialect("chat completions", "/v1/chat/completions", lambda text: _messages(text, model="up")),
    Dialect(
        "chat completions, streamed", "/v1/chat/completions", lambda text: _messages(text, model="up", stream=True)
    ),
    Dialect("Responses", "/v1/responses", lambda text: {"model": "up", "input": text}),
    Dialect("Responses, streamed", "/v1/responses", lambda text: {"model": "up", "input": text, "stream": True}),
    Dialect("simple sample, streamed", "/chat/stream", _messages),
    Dialect("completions, streamed", "/v1/completions", lambda text: {"model": "up", "prompt": text, "stream": True}),
)


class Side:
    """One of the two servers."""

    def __init__(self, url: str, pid: int, http: aiohttp.ClientSession) -> None:
        self._url = url.rstrip("/")
        self._tree = Tree(pid)
        self._http = http

    async def seconds(self, dialect: Dialect, count: int) -> float | None:
        """Return the CPU time that so many questions cost; None where the dialect is not served."""
        begun = self._nanoseconds()
        gate = asyncio.Semaphore(AT_ONCE)

        async def ask(number: int) -> bool:
            body, url = dialect.body(f"Say {number}."), self._url + dialect.path
            async with gate, self._http.post(url, json=body, headers=dialect.headers) as response:
                await response.read()
                return response.status == 200

        if not all(await asyncio.gather(*(ask(number) for number in range(count)))):
            return None
        now = self._nanoseconds()
        return sum(spent - begun.get(thread, 0) for thread, spent in now.items()) / 1e9

    def _nanoseconds(self) -> dict[Path, int]:
        """Return what each thread has had: one that ends, as those that read documents do, takes its share with it."""
        found: dict[Path, int] = {}
        for pid in self._tree.pids():
            for task in Path(f"/proc/{pid}/task").glob("*/schedstat"):
                try:
                    found[task] = int(task.read_text().split()[0])
                except OSError:  # it has just ended
                    continue
        return found


Measured: TypeAlias = dict[tuple[str, str], list[tuple[float, float]]]
"""By dialect and by what is counted: each round's ratio of ours to theirs, and ours for one, in seconds."""


async def measure(dialect: Dialect, sides: tuple[Side, Side], count: int, rounds: int) -> list[tuple[float, float]]:
    """Return each round's ratio of ours to theirs, and ours for one question; nothing where one serves it not."""
    found: list[tuple[float, float]] = []
    for number in range(rounds + 1):
        order = (0, 1) if number % 2 else (1, 0)
        spent = {place: await sides[place].seconds(dialect, count) for place in order}
        ours, theirs = spent[0], spent[1]
        if ours is None or theirs is None:
            return []
        if number:  # the first warms both up
            found.append((ours / theirs, ours / count))
    return found


@asynccontextmanager
async def _pair(beside: Path, model: ModelServer) -> AsyncGenerator[tuple[Side, Side]]:
    async with AsyncExitStack() as stack:
        sides: list[Side] = []
        http = await stack.enter_async_context(aiohttp.ClientSession())
        for tree in (HERE, beside):
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="hubbub-cost-"))
            variables: dict[str, str | None] = {
                "HUBBUB_GUIDE__IS_ENABLED": None,  # older ones don't know it
                "PYTHONPATH": str(tree / "src"),
                "HUBBUB_MODELS__UP__PROVIDER": "compatible",
                "HUBBUB_MODELS__UP__BASE_URL": model.base_url,
                "HUBBUB_MODELS__UP__MODEL": "scripted",
            }
            log = Path(folder) / "log"
            server = await stack.enter_async_context(hubbub_serving(Path(folder), variables, is_fresh=True, log=log))
            sides.append(Side(server.url, server.process.pid, http))
        yield sides[0], sides[1]


async def _run(asked: argparse.Namespace) -> bool:
    dialects = [
        one for one in DIALECTS if not asked.only or any(word.lower() in one.name.lower() for word in asked.only)
    ]
    measured: Measured = defaultdict(list)
    async with ModelServer() as model:
        for number in range(asked.pairs):
            async with _pair(asked.beside.resolve(), model) as sides:
                for dialect in dialects:
                    model.script = Script(tokens=("Yes.",))
                    measured[dialect.name, "question"] += await measure(dialect, sides, QUESTIONS, asked.rounds)
                    model.script = Script(tokens=("word ",) * TOKENS, seconds_between=0.002)
                    measured[dialect.name, "token"] += await measure(dialect, sides, STREAMS, asked.rounds)
            print(f"pair {number + 1} of {asked.pairs}", file=sys.stderr)
    return _told(dialects, measured, asked.most)


def _told(dialects: Sequence[Dialect], measured: Measured, most: float) -> bool:
    """Print what was measured; returns whether a ratio is over the most."""
    has_fallen = False
    print(f"{'':28} {'question':>20} {'token':>20}")
    for dialect in dialects:
        cells: list[str] = []
        for what, count in (("question", 1), ("token", TOKENS)):
            rounds = measured[dialect.name, what]
            if not rounds:
                cells.append("not served beside")
                continue
            ratio, own = (statistics.median(column) for column in zip(*rounds, strict=True))
            cells.append(f"{ratio:.2f} ({own / count * 1e6:,.0f} µs)")
            has_fallen = has_fallen or ratio > most
        print(f"{dialect.name:28} {cells[0]:>20} {cells[1]:>20}")
    return has_fallen


def main() -> None:
    """Run what the command line asks for; exit with 1 where a dialect costs more than it may."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("only", nargs="*", help="names of dialects, or parts of them; all if none is given")
    parser.add_argument("--beside", type=Path, required=True, help="the other checkout")
    parser.add_argument("--pairs", type=int, default=5, help="of servers, one after the other")
    parser.add_argument("--rounds", type=int, default=3, help="with each pair")
    parser.add_argument("--most", type=float, default=1.05)
    sys.exit(asyncio.run(_run(parser.parse_args())))


if __name__ == "__main__":
    main()
