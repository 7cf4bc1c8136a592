"""Fill one database, search it, and print what that costs as JSON: `bench.searching` runs one a size and tree."""

import asyncio
import json
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from bench.searching.made import Clusters, number_of, queries, texts
from hubbub.connections.sqlite import Sqlite
from hubbub.core.documents import Document, Passage, Retrieval
from hubbub.search.sqlite import SqliteSearch

MODES = {"words": "text", "vectors": "vectors", "hybrid": "hybrid"}
NEAREST = 10
EMBEDDED_AT_ONCE = 512
WARM = 5


async def measure(passages: int, asked: int) -> dict[str, float]:
    """Return the row of the table for so many passages."""
    embedder = Clusters()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "library.db"
        async with Sqlite(path) as database, SqliteSearch(database, embedder) as search:
            began, cpu = time.monotonic(), time.process_time()
            for number, of_document in enumerate(texts(passages)):
                document = Document(f"d{number}", "c", f"{number}.txt", "", 1)
                made = [Passage(f"d{number}-{at}", document.id, at, text) for at, text in enumerate(of_document)]
                await search.put(document, made)
            put_cpu = time.process_time() - cpu
            while await search.embed_next(EMBEDDED_AT_ONCE):
                pass
            built, build_cpu = time.monotonic() - began, time.process_time() - cpu
            row = {"build_seconds": built, "build_cpu_seconds": build_cpu, "put_cpu_seconds": put_cpu}
            matrix = embedder.matrix()
            before = _resident_bytes()
            for name, mode in MODES.items():
                for query in queries(WARM, seed=9):
                    await search.find(query, ["c"], retrieval=Retrieval(mode=mode))  # type: ignore[arg-type]
                for turn in ("first", "again"):
                    cpu = time.process_time()
                    for query in queries(asked):
                        await search.find(query, ["c"], retrieval=Retrieval(mode=mode))  # type: ignore[arg-type]
                    row[f"{name}_{turn}_ms"] = (time.process_time() - cpu) / asked * 1000
            kept = 0
            for query in queries(asked):
                found = await search.find(query, ["c"], limit=NEAREST, retrieval=Retrieval(mode="vectors"))
                exact = np.argsort(-(matrix @ np.frombuffer(embedder.vector(query), "<f4")))[:NEAREST]
                kept += len({number_of(hit.text) for hit in found} & set(exact.tolist()))
            row["recall"] = kept / (NEAREST * asked)
            row["memory_bytes"] = _resident_bytes() - before
        row["disk_bytes"] = _bytes_in(Path(folder))
    row["peak_bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return row


def _bytes_in(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(int(sys.argv[1]), int(sys.argv[2])))))
