"""Measure the search in PostgreSQL: CPU a query of worker and database, and recall of the exact nearest.

`PYTHONPATH=src .venv/bin/python -m bench.search_postgres [PASSAGES]` makes texts and vectors of its own, in the
PostgreSQL that comes as a package, or that HUBBUB_TEST_DATABASE names: then the CPU of the database is not counted.
"""

import asyncio
import os
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hubbub.connections.postgres import Connection, Postgres
from hubbub.core.documents import Document, Passage, Retrieval, Vector
from hubbub.search import postgres_vectors
from hubbub.search.postgres import PostgresSearch
from tests.servers.postgres_server import new_database, postgres_running

DIMENSIONS = 384
WORDS = 30_000
OF_PASSAGE = 120
QUERIES = 40
DEPTH = 50


class Clusters:
    """Embeds any text near one of many centres, as texts of some topics are."""

    name = "clusters"
    dimensions = DIMENSIONS

    def __init__(self) -> None:
        self._chance = np.random.default_rng(7)
        self._centres = self._chance.normal(size=(500, DIMENSIONS)).astype("<f4")

    async def embed(self, texts: Sequence[str], *, is_urgent: bool = False) -> list[Vector]:
        chosen = self._centres[self._chance.integers(0, len(self._centres), len(texts))]
        made = chosen + self._chance.normal(size=chosen.shape).astype("<f4")
        return [row.tobytes() for row in made / np.linalg.norm(made, axis=1, keepdims=True)]


def cpu_of_postgres(server: str) -> float:
    """Return the CPU seconds of all processes of the server that lies in the address's folder, ended ones included."""
    folder = Path(server.partition("host=")[2])
    if not (folder / "postmaster.pid").exists():
        return 0.0
    first = int((folder / "postmaster.pid").read_text().split()[0])
    tick, total = os.sysconf("SC_CLK_TCK"), 0.0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == first or path.parent.name == str(first):
            total += sum(map(int, fields[11 : 15 if path.parent.name == str(first) else 13])) / tick
    return total


async def measure(server: str, passages: int) -> None:
    """Fill a database with so many passages, search it, and print what that costs."""
    chance = random.Random(7)
    words = [f"w{number:x}" for number in range(WORDS)]
    weights = [1 / (number + 10) for number in range(WORDS)]
    async with (
        new_database(server) as address,
        Postgres(address, statement_seconds=600) as database,
        PostgresSearch(database, Clusters()) as search,
    ):
        began, cpu = time.monotonic(), time.process_time()
        for number in range(passages // 500):
            document = Document(f"d{number}", "c", f"{number}.md", "", 1)
            texts = [" ".join(chance.choices(words, weights, k=OF_PASSAGE)) for _ in range(500)]
            made = [Passage(f"{document.id}-{place}", document.id, place, text) for place, text in enumerate(texts)]
            await search.put(document, made)
        while await search.embed_next(500):
            pass
        await database.run("analyze")
        print(f"{passages:,} passages: {time.monotonic() - began:.0f} s, {time.process_time() - cpu:.0f} s CPU here")
        for mode in ("hybrid", "text", "vectors"):
            queries = [" ".join(chance.choices(words, weights, k=8)) for _ in range(QUERIES)]
            for query in queries[:5]:
                await search.find(query, ["c"], retrieval=Retrieval(mode=mode))
            cpu, there = time.process_time(), cpu_of_postgres(server)
            for query in queries:
                await search.find(query, ["c"], retrieval=Retrieval(mode=mode))
            here = (time.process_time() - cpu) / QUERIES * 1000
            database_ms = (cpu_of_postgres(server) - there) / QUERIES * 1000
            print(f"{mode}: {here:.1f} ms CPU of the worker and {database_ms:.1f} ms of PostgreSQL a query")
        embedder, kept = Clusters(), 0
        for vector in await embedder.embed(["x"] * QUERIES):

            async def near(connection: Connection, embedded: int, vector: Vector = vector) -> list[int]:
                await connection.all(postgres_vectors.SQL["settle"], ["c"])
                return await postgres_vectors.find_near(connection, vector, ["c"], embedded, DEPTH)

            exact = await database.read(near, 1)
            kept += len(set(exact) & set(await database.read(near, passages)))
        print(f"recall of the {DEPTH} nearest: {kept / (DEPTH * QUERIES):.3f}")


if __name__ == "__main__":
    with postgres_running() as running:
        asyncio.run(measure(running, int(sys.argv[1]) if len(sys.argv) > 1 else 20_000))
