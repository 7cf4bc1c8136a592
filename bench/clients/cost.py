"""Compare what each dialect costs with another checkout, in CPU time by turns.

    PYTHONPATH=src python -m bench.clients.cost --beside TREE [--rounds 7] [words of dialects…]

Both checkouts serve at once, with this one's packages, before one model server in this process. In each round first one
and then the other is asked the same, the order alternating; what is told is the median of the rounds' ratios, which a
machine that is busy with other things moves less than the times themselves. Exit code 1: a ratio is over `--most`.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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


async def ratio(dialect: Dialect, sides: tuple[Side, Side], count: int, rounds: int) -> tuple[float, float] | None:
    """Return the median of ours over theirs, and the median of ours for one question; None where one serves it not."""
    ratios: list[float] = []
    own: list[float] = []
    for number in range(rounds + 1):
        order = (0, 1) if number % 2 else (1, 0)
        found: dict[int, float] = {}
        for place in order:
            if (seconds := await sides[place].seconds(dialect, count)) is None:
                return None
            found[place] = seconds
        if number:  # the first warms both up
            ratios.append(found[0] / found[1])
            own.append(found[0] / count)
    return statistics.median(ratios), statistics.median(own)


async def _run(asked: argparse.Namespace) -> bool:
    has_fallen = False
    async with AsyncExitStack() as stack:
        model = await stack.enter_async_context(ModelServer())
        sides: list[Side] = []
        http = await stack.enter_async_context(aiohttp.ClientSession())
        for tree in (HERE, asked.beside.resolve()):
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="hubbub-cost-"))
            variables = {
                "PYTHONPATH": str(tree / "src"),
                "HUBBUB_MODELS__UP__PROVIDER": "compatible",
                "HUBBUB_MODELS__UP__BASE_URL": model.base_url,
                "HUBBUB_MODELS__UP__MODEL": "scripted",
            }
            server = await stack.enter_async_context(hubbub_serving(Path(folder), variables, is_fresh=True))
            sides.append(Side(server.url, server.process.pid, http))
        pair = (sides[0], sides[1])
        print(f"{'':28} {'question':>20} {'token':>20}")
        for dialect in DIALECTS:
            if asked.only and not any(word.lower() in dialect.name.lower() for word in asked.only):
                continue
            model.script = Script(tokens=("Yes.",))
            question = await ratio(dialect, pair, QUESTIONS, asked.rounds)
            model.script = Script(tokens=("word ",) * TOKENS, seconds_between=0.002)
            token = await ratio(dialect, pair, STREAMS, asked.rounds)
            if question is None or token is None:
                print(f"{dialect.name:28} {'not served beside':>20}")
                continue
            cells = [
                f"{one[0]:.2f} ({one[1] / count * 1e6:,.0f} µs)" for one, count in ((question, 1), (token, TOKENS))
            ]
            print(f"{dialect.name:28} {cells[0]:>20} {cells[1]:>20}", flush=True)
            has_fallen = has_fallen or question[0] > asked.most or token[0] > asked.most
    return has_fallen


def main() -> None:
    """Run what the command line asks for; exit with 1 where a dialect costs more than it may."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("only", nargs="*", help="names of dialects, or parts of them; all if none is given")
    parser.add_argument("--beside", type=Path, required=True, help="the other checkout")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--most", type=float, default=1.05)
    sys.exit(asyncio.run(_run(parser.parse_args())))


if __name__ == "__main__":
    main()
