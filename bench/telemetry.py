"""Measure what telemetry costs a question and a token: a server that sends it beside one that does not, by turns.

    PYTHONPATH=src python -m bench.telemetry [--rounds 7] [--most 1.05] [words of dialects…]

Both serve at once, of this checkout, before one model server in this process; a collector in this process takes what
the one sends. What is told is the median of the rounds' ratios (see bench/clients/cost.py). `--beside TREE` measures
this checkout without telemetry beside another one, which knows none. Exit code 1: a ratio is over `--most`.
"""

import argparse
import asyncio
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
from aiohttp import web

from bench.clients.cost import DIALECTS, HERE, QUESTIONS, STREAMS, TOKENS, Side, ratio
from tests.servers.hubbub_server import hubbub_serving, through
from tests.servers.model_server import ModelServer, Script


async def _collector(stack: AsyncExitStack) -> str:
    """Take whatever comes; returns the address."""

    async def take(request: web.Request) -> web.Response:
        await request.read()
        return web.Response()

    application = web.Application(client_max_size=8 * 1024 * 1024)
    application.router.add_post("/{path:.*}", take)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return f"http://127.0.0.1:{runner.addresses[0][1]}"


async def _run(asked: argparse.Namespace) -> bool:
    has_fallen = False
    async with AsyncExitStack() as stack:
        model = await stack.enter_async_context(ModelServer())
        http = await stack.enter_async_context(aiohttp.ClientSession())
        collector = await _collector(stack)
        plain = {"PYTHONPATH": str(HERE / "src"), **through(model.base_url)}
        if asked.beside is None:
            of_sides = ({**plain, "HUBBUB_TELEMETRY__ENDPOINT": collector}, plain)
        else:
            of_sides = (plain, {**plain, "PYTHONPATH": str(asked.beside.resolve() / "src")})
        sides: list[Side] = []
        for variables in of_sides:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="hubbub-telemetry-"))
            server = await stack.enter_async_context(hubbub_serving(Path(folder), variables))
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
                print(f"{dialect.name:28} {'not served':>20}")
                continue
            cells = [
                f"{one[0]:.3f} ({one[1] / count * 1e6:,.0f} µs)" for one, count in ((question, 1), (token, TOKENS))
            ]
            print(f"{dialect.name:28} {cells[0]:>20} {cells[1]:>20}", flush=True)
            has_fallen = has_fallen or question[0] > asked.most or token[0] > asked.most
    return has_fallen


def main() -> None:
    """Run what the command line asks for; exit with 1 where it costs more than it may."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("only", nargs="*", help="names of dialects, or parts of them; all if none is given")
    parser.add_argument("--beside", type=Path, help="another checkout, to measure this one with telemetry off")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--most", type=float, default=1.05)
    sys.exit(asyncio.run(_run(parser.parse_args())))


if __name__ == "__main__":
    main()
