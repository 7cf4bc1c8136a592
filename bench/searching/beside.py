"""Measure how much later the tokens of many streams come while a server searches many passages beside them.

    python -m bench.searching.beside [--passages 100000] [--streams 300] [--searches 10] [--seconds 10] [--rounds 6]

One server on one core, as in the lab: the model server and the readers have the other core, and so has what asks for
searches. Phases without and with searches alternate; every other round begins with the other one. A search is POST
/api/search with words that were not asked before, all collections, ten results. Passages and their vectors are made
up; the query is embedded by the embedded model, where it is in the cache folder or can be fetched. Prints the delay of
tokens and the searches of each phase; exits with 1 where the median of the rounds' ratios of p99 is over the goal.
"""

import argparse
import asyncio
import http.client
import itertools
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.lab.ends import compiled, model_server
from bench.lab.measure import Bench, Point, Running, running
from bench.lab.processes import Cores, allow_many_files
from bench.lab.stacks import HUBBUB
from bench.searching.made import Clusters, queries, texts
from hubbub.compose import open_document_store, prepare_folder
from hubbub.compose.databases import library_in
from hubbub.connections.http import Http
from hubbub.core.documents import Document, Passage
from hubbub.core.people import OPERATOR_ID
from hubbub.models.files import WeightsError
from hubbub.models.minilm import NAME
from hubbub.models.weights import EMBEDDINGS, TOKENIZER, fetch
from hubbub.search.sqlite import SqliteSearch
from hubbub.settings import Settings

MOST_RATIO = 1.2
PASSAGES, STREAMS, SEARCHES_A_SECOND, SECONDS, ROUNDS = 100_000, 300, 10.0, 10.0, 6
EMBEDDED_AT_ONCE = 512
AT_ONCE = 32
"""So many searches may wait for their results; one that comes then waits for its turn, and that counts."""
TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True)
class Searched:
    """The searches of one phase."""

    seconds: float
    times_ms: Sequence[float]
    """How long each took that was answered with results, from when it was due."""
    failed: int

    @property
    def a_second(self) -> float:
        """How many were answered a second."""
        return len(self.times_ms) / self.seconds


@dataclass(frozen=True)
class Round:
    """One phase without searches and one with them, next to each other."""

    alone: Point
    beside: Point
    searched: Searched

    @property
    def ratio(self) -> float:
        """How many times later 99 of 100 tokens come at the latest while it is searched."""
        return self.beside.delay_p99_ms / max(self.alone.delay_p99_ms, 0.001)

    @property
    def is_whole(self) -> bool:
        """Whether all streams flowed in both phases, none failed, and some searches were answered and none refused."""
        points = (self.alone, self.beside)
        flowed = all(point.is_open and not point.failed for point in points)
        return flowed and bool(self.searched.times_ms) and not self.searched.failed


class Named(Clusters):
    """Makes vectors of passages up in the name of the embedded model, which then embeds the queries."""

    name = NAME


async def fill(data_folder: Path, passages: int) -> None:
    """Fill a prepared data folder with one shared collection of so many passages, each with a vector."""
    settings = Settings.model_validate(
        {"server": {"data_folder": data_folder}, "embeddings": {"provider": "none"}, "discovery": {"is_enabled": False}}
    )
    async with Http() as http, open_document_store(settings, http) as store:
        collection = await store.library.create("Made up", owner_id=OPERATOR_ID, is_shared=True)
    async with library_in(data_folder) as database, SqliteSearch(database, Named()) as search:
        for number, of_document in enumerate(texts(passages)):
            document = Document(f"d{number}", collection.id, f"{number}.txt", "", 1)
            made = [Passage(f"d{number}-{at}", document.id, at, text) for at, text in enumerate(of_document)]
            await search.put(document, made)
        while await search.embed_next(EMBEDDED_AT_ONCE):
            pass


async def has_embedder() -> bool:
    """Tell whether the embedded model is there, fetched where it was not."""
    try:
        async with Http() as http:
            for file in (EMBEDDINGS, TOKENIZER):
                await fetch(file, Settings().server.cache_folder, http)
    except WeightsError:
        return False
    return True


@dataclass
class Searches:
    """Asks a server for searches on a thread, at a steady rate whether or not those before are answered."""

    port: int
    core: int
    rate: float
    words: Iterator[str]
    _is_over: threading.Event = field(default_factory=threading.Event)
    _times_ms: list[float] = field(default_factory=list[float])
    _failed: int = 0
    _seconds: float = 0.0

    @contextmanager
    def going_on(self) -> Generator[None]:
        """Search from here to the end of the block, and wait there for what was asked last."""
        thread = threading.Thread(target=self._ask_all, name="searches")
        thread.start()
        try:
            yield
        finally:
            self._is_over.set()
            thread.join()

    def found(self) -> Searched:
        """Return what there was, once it is over."""
        return Searched(self._seconds, self._times_ms, self._failed)

    def _ask_all(self) -> None:
        os.sched_setaffinity(0, {self.core})  # this thread and those that it starts
        began = time.monotonic()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for number in itertools.count():
                due = began + number / self.rate
                if self._is_over.wait(max(0.0, due - time.monotonic())):
                    break
                pool.submit(self._ask, next(self.words), due)
        self._seconds = time.monotonic() - began

    def _ask(self, words: str, due: float) -> None:
        if self.search(words):
            self._times_ms.append(1000 * (time.monotonic() - due))
        else:
            self._failed += 1

    def search(self, words: str) -> bool:
        """Search once; tell whether there were results."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS)
        try:
            head = {"Content-Type": "application/json"}
            connection.request("POST", "/api/search", json.dumps({"query": words}), head)
            reply = connection.getresponse()
            said = reply.read()
            return reply.status == 200 and bool(json.loads(said)["results"])
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def one_round(server: Running, asked: "Asked", core: int, words: Iterator[str], *, begins_alone: bool) -> Round:
    """Measure both phases, in this order or the other one."""
    searches = Searches(server.port, core, asked.searches, words)
    points: dict[bool, Point] = {}
    for is_alone in (begins_alone, not begins_alone):
        if is_alone:
            points[is_alone] = server.point(asked.streams)
        else:
            with searches.going_on():
                points[is_alone] = server.point(asked.streams)
    return Round(points[True], points[False], searches.found())


@dataclass(frozen=True)
class Asked:
    """How large it is to be."""

    passages: int = PASSAGES
    streams: int = STREAMS
    searches: float = SEARCHES_A_SECOND
    seconds: float = SECONDS
    rounds: int = ROUNDS


def measure(asked: Asked) -> Iterator[Round]:
    """Yield one round after the other.

    Raises:
        RuntimeError: the server did not come up, or finds nothing.
        SystemExit: there is no C compiler, or one core only.
    """
    cores = Cores.choose()
    with tempfile.TemporaryDirectory() as folder:
        data_folder = Path(folder) / "data"
        prepare_folder(data_folder)
        asyncio.run(fill(data_folder, asked.passages))
        is_embedded = asyncio.run(has_embedder())
        ways = "words and vectors" if is_embedded else "words alone"
        print(f"{asked.passages:,} passages are made, queries go by {ways}.", flush=True)
        variables = {"HUBBUB_SERVER__DATA_FOLDER": str(data_folder), "HUBBUB_GUIDE__IS_ENABLED": "false"}
        if is_embedded:
            variables["HUBBUB_EMBEDDINGS__PROVIDER"] = "minilm"
        words = (text for seed in itertools.count(100) for text in queries(1000, seed))
        with compiled() as programs, model_server(programs, cores.ends) as model:
            bench = Bench(programs, cores, model, seconds=asked.seconds)
            with running(bench, HUBBUB, variables) as server:
                warm = Searches(server.port, cores.ends, asked.searches, words)
                if not all(warm.search(next(words)) for _ in range(5)):
                    raise RuntimeError("the server finds nothing")
                for number in range(asked.rounds):
                    yield one_round(server, asked, cores.ends, words, begins_alone=number % 2 == 0)


HEAD = (
    f"{'round':>5}{'p50 ms':>14}{'p99 ms':>16}{'ratio':>7}{'searches/s':>12}{'p50 ms':>8}{'p99 ms':>8}{'failed':>8}"
    f"{'model late ms':>16}{'others':>8}"
)


def line(number: int, one: Round) -> str:
    """Return a line of the table: delays without → with searches, the searches, and what tells how sound it is."""
    alone, beside, searched = one.alone, one.beside, one.searched
    times = sorted(searched.times_ms) or [0.0]
    late = f"{alone.late_p99_ms:.1f} → {beside.late_p99_ms:.1f}"
    return (
        f"{number:>5}{f'{alone.delay_p50_ms:.1f} → {beside.delay_p50_ms:.1f}':>14}"
        f"{f'{alone.delay_p99_ms:.1f} → {beside.delay_p99_ms:.1f}':>16}{one.ratio:>7.2f}{searched.a_second:>12.1f}"
        f"{statistics.median(times):>8.0f}{times[int(0.99 * (len(times) - 1))]:>8.0f}{searched.failed:>8}"
        f"{late:>16}{max(alone.other_share, beside.other_share):>8.0%}"
    )


def run(asked: Asked) -> tuple[float, bool]:
    """Print the table; return the median of the ratios, and whether all streams flowed and all searches found some."""
    rounds: list[Round] = []
    for one in measure(asked):
        if not rounds:
            print(HEAD)
        rounds.append(one)
        print(line(len(rounds), one), flush=True)
    ratio = statistics.median(one.ratio for one in rounds)
    is_whole = all(one.is_whole for one in rounds)
    verdict = "reached" if ratio <= MOST_RATIO else "MISSED"
    print(f"p99 of a token's delay while it is searched, over that without: {ratio:.2f} (≤ {MOST_RATIO}: {verdict})")
    if not is_whole:
        print("Streams broke off or did not flow, or searches failed.")
    return ratio, is_whole


def main(words: Sequence[str] | None = None) -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.searching.beside",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for name, default in (("passages", PASSAGES), ("streams", STREAMS), ("rounds", ROUNDS)):
        parser.add_argument(f"--{name}", type=int, default=default, help=f"{default:,}")
    parser.add_argument("--searches", type=float, default=SEARCHES_A_SECOND, help=f"a second, {SEARCHES_A_SECOND:g}")
    parser.add_argument("--seconds", type=float, default=SECONDS, help=f"how long tokens are counted, {SECONDS:g}")
    allow_many_files()
    ratio, is_whole = run(Asked(**vars(parser.parse_args(words))))
    sys.exit(0 if is_whole and ratio <= MOST_RATIO else 1)


if __name__ == "__main__":
    main()
