"""Relay tokens with the log in SQLite and in PostgreSQL, by turns: `python -m bench.relayed --help`.

Told are the CPU time of the worker and of all processes of the database for a token, and the bytes of WAL for one. Then
one server makes answers and another one on the same PostgreSQL is read: how much later a token is seen there.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from urllib.parse import urljoin

import aiohttp
import asyncpg

from bench.lab.ends import compiled, model_server
from bench.lab.measure import Bench, Point, Running, running, soundest
from bench.lab.processes import Cores, Tree, allow_many_files
from bench.lab.stacks import HUBBUB
from tests.servers.hubbub_server import HubbubServer, hubbub_serving, scripted
from tests.servers.postgres_server import new_database, postgres_running

FOLLOWED = 20
WORDS = 100


class Database:
    """A PostgreSQL of its own, on the core of the lab's ends, which waits for the disk as usual."""

    def __init__(self, server: str, core: int) -> None:
        self.server = server
        folder = Path(server.partition("host=")[2])
        if not (folder / "postmaster.pid").exists():
            raise SystemExit("The database's CPU time can't be told: leave HUBBUB_TEST_DATABASE unset.")
        self._tree = Tree(int((folder / "postmaster.pid").read_text().split()[0]))
        for pid in self._tree.pids():
            os.sched_setaffinity(pid, {core})
        asyncio.run(self._set_up())

    async def _set_up(self) -> None:
        connection = await asyncpg.connect(self.server)
        for setting in ("fsync", "full_page_writes"):
            await connection.execute(f"alter system set {setting} = on")
        await connection.execute("select pg_reload_conf()")
        await connection.close()

    def used(self) -> tuple[float, int]:
        """Return the CPU seconds of the processes that there are now, and the bytes of WAL, both so far."""

        async def position() -> int:
            connection = await asyncpg.connect(self.server)
            try:
                return int(await connection.fetchval("select pg_current_wal_lsn() - '0/0'::pg_lsn"))
            finally:
                await connection.close()

        return self._tree.cpu_seconds(), asyncio.run(position())


@contextmanager
def new_address(server: str) -> Iterator[str]:
    """Make a database, and drop it at the end."""
    loop = asyncio.new_event_loop()
    made = new_database(server)
    try:
        yield loop.run_until_complete(made.__aenter__())
    finally:
        loop.run_until_complete(made.__aexit__(None, None, None))
        loop.close()


def relay(server: str, streams: Sequence[int], seconds: float, rounds: int) -> None:
    """Measure each load in both, by turns, and print the medians."""
    cores = Cores.choose()
    database = Database(server, cores.ends)
    with compiled() as programs, model_server(programs, cores.ends) as model:
        bench = Bench(programs, cores, model, seconds=seconds)
        print(
            f"{'streams':>8} {'SQLite':>10} {'PostgreSQL':>11} {'ratio':>6} {'its own CPU':>12} {'WAL':>12}   a token"
        )
        for load in streams:
            in_sqlite: list[float] = []
            in_postgres: list[float] = []
            own: list[float] = []
            wal: list[float] = []
            held_up = 0
            for _ in range(rounds):
                with running(bench, HUBBUB) as one:
                    in_sqlite.append(one.sound_point(load).cpu_us_per_token)
                with new_address(server) as address, running(bench, HUBBUB, {"HUBBUB_DATABASE__URL": address}) as one:
                    point, looks = soundest(lambda one=one, load=load: _point(one, load, database))
                held_up += not point.is_carried
                tokens = point.tokens_per_second * seconds
                in_postgres.append(point.cpu_us_per_token)
                own.append(1e6 * (looks[1][0] - looks[0][0]) / tokens)
                wal.append((looks[1][1] - looks[0][1]) / tokens)
            middle = [statistics.median(figures) for figures in (in_sqlite, in_postgres, own, wal)]
            ratio = statistics.median(there / here for here, there in zip(in_sqlite, in_postgres, strict=True))
            print(
                f"{load:>8} {middle[0]:>7.1f} µs {middle[1]:>8.1f} µs {ratio:>6.2f} {middle[2]:>9.1f} µs "
                f"{middle[3]:>6.0f} bytes" + (f"   not carried in {held_up} of {rounds} rounds" if held_up else ""),
                flush=True,
            )


def _point(server: Running, streams: int, database: Database) -> tuple[Point, list[tuple[float, int]]]:
    """Return a load, and what the database had used when its window opened and closed."""
    looks: list[tuple[float, int]] = []
    return server.point(streams, look=lambda: looks.append(database.used())), looks


async def _heard(http: aiohttp.ClientSession, server: HubbubServer, answer_id: str) -> dict[str, float]:
    """Return when each event of an answer came from a server, by its number."""
    heard: dict[str, float] = {}
    async with http.get(urljoin(server.url, f"/api/answers/{answer_id}/events")) as response:
        async for line in response.content:
            if line.startswith(b"id:"):
                heard[line[3:].strip().decode()] = time.monotonic()
    return heard


async def follow(server: str) -> None:
    """Let one server make answers, read each there and at another one, and print how much later it is seen there."""
    variables = scripted("slow", words=WORDS, pause_seconds=0.05)
    async with AsyncExitStack() as stack:
        address = await stack.enter_async_context(new_database(server))
        http = await stack.enter_async_context(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
        maker, other = [
            await stack.enter_async_context(
                hubbub_serving(
                    Path(stack.enter_context(tempfile.TemporaryDirectory())),
                    {**variables, "HUBBUB_DATABASE__URL": address},
                    is_fresh=True,
                )
            )
            for _ in range(2)
        ]

        async def ask(number: int) -> list[float]:
            body = {"text": f"Say {number}.", "model": "slow"}
            async with http.post(urljoin(maker.url, "/api/questions"), json=body) as response:
                answer_id = (await response.json())["answer"]["id"]
            here, there = await asyncio.gather(*(_heard(http, one, answer_id) for one in (maker, other)))
            return [there[event] - at for event, at in here.items() if event in there]

        gaps = await asyncio.gather(*(ask(number) for number in range(FOLLOWED)))
    later = sorted(gap for of_answer in gaps for gap in of_answer)
    half, most = later[len(later) // 2], later[int(0.99 * len(later))]
    print(
        f"{FOLLOWED} answers read at another server: {len(later)} events are seen there {half * 1e3:.0f} ms later, "
        f"99 of 100 at most {most * 1e3:.0f} ms"
    )


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=lambda text: [int(part) for part in text.split(",")], default=[50, 300, 1000])
    parser.add_argument("--seconds", type=float, default=5.0, help="how long tokens are counted at each load")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    allow_many_files()
    with postgres_running() as server:
        relay(server, asked.streams, asked.seconds, asked.rounds)
        asyncio.run(follow(server))


if __name__ == "__main__":
    main()
