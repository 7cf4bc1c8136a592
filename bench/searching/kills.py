"""Kill a process at random while it puts, removes, embeds and indexes; what is left has to fit together.

    python -m bench.searching.kills [--times 50] [--seed 1]

After each kill the indexes of words and of vectors are compared with the passages in the database, by code that shares
nothing with the search but the connection; and what was acknowledged has to be there. At first the passages wait to be
indexed, as those of an earlier version do. Exits with 1 where anything is wrong.
"""

import argparse
import asyncio
import json
import os
import random
import struct
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import apsw

from bench.searching.made import Clusters, texts
from hubbub.connections.sqlite import Sqlite
from hubbub.core.documents import Document, Passage
from hubbub.search.sqlite import SqliteSearch

HERE = Path(__file__).parents[2]
FILE = "library.db"
TIMES = 50
WAITING = 1_000
"""So many passages wait for their index when the first process starts."""
OF_DOCUMENT = (1, 40)
DOCUMENTS = 60
"""So many documents are put and removed in turns, by their names."""
LONGEST_SECONDS = 0.8
"""How long a process works at most, once it has said its first word."""


def passages(document_id: str, version: int, count: int) -> list[Passage]:
    """Return a document's passages; a version's texts are like no other's."""
    chance = random.Random(f"{document_id} {version}")
    return [
        Passage(
            f"{document_id}-{version}-{at}",
            document_id,
            at,
            " ".join([f"v{version}z", *(f"w{chance.randrange(400):x}z" for _ in range(30))]),
        )
        for at in range(count)
    ]


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[SqliteSearch]:
    """Open the search of a folder, which catches up with what it lacks in the background."""
    async with Sqlite(folder / FILE) as database, SqliteSearch(database, Clusters()) as search:
        yield search


async def work(folder: Path, seed: int) -> None:
    """Change documents without an end, and say so in lines, before each change and after it."""
    chance = random.Random(seed)
    version = seed * 1_000_000
    async with opened(folder) as search:
        while True:
            version += 1
            name = f"d{chance.randrange(DOCUMENTS)}"
            count = chance.randint(*OF_DOCUMENT) if chance.random() < 0.75 else 0
            _say(name, version, count, is_done=False)
            if count:
                await search.put(Document(name, "c", f"{name}.txt", "", 1), passages(name, version, count))
            else:
                await search.remove(name)
            _say(name, version, count, is_done=True)
            if chance.random() < 0.5:
                await search.embed_next(64)


def _say(name: str, version: int, count: int, *, is_done: bool) -> None:
    print(json.dumps([name, version, count, is_done]), flush=True)


async def fill(folder: Path) -> None:
    """Make a database whose passages all wait to be indexed."""
    async with opened(folder) as search:
        for number, of_document in enumerate(texts(WAITING)):
            document = Document(f"old{number}", "c", f"old{number}.txt", "", 1)
            made = [Passage(f"old{number}-{at}", document.id, at, text) for at, text in enumerate(of_document)]
            await search.put(document, made)
    change(folder, "delete from passage_terms; insert into passage_waiting select row from passage")


def change(folder: Path, statements: str) -> None:
    """Run statements past the search, in a database that nobody else writes to."""
    database = _connected(folder)
    try:
        database.execute(statements)
    finally:
        database.close()


def _connected(folder: Path) -> apsw.Connection:
    return apsw.Connection(str(folder / FILE))


def faults(folder: Path) -> list[str]:
    """Return what does not fit together in a database that nobody writes to."""
    database = _connected(folder)
    try:
        return _faults(database)
    finally:
        database.close()


def _faults(database: apsw.Connection) -> list[str]:
    found: list[str] = []
    integrity = [row[0] for row in database.execute("pragma integrity_check")]
    if integrity != ["ok"]:
        found.append(f"SQLite finds damage: {integrity[:3]}")
    stored = {
        row: (id_, is_embedded)
        for row, id_, is_embedded in database.execute("select row, id, is_embedded from passage")
    }
    waiting = {row for (row,) in database.execute("select row from passage_waiting")}
    indexed = {row for (row,) in database.execute("select rowid from passage_terms")}
    if indexed & waiting or indexed | waiting != stored.keys():
        found.append(
            f"words: {len(stored.keys() - indexed - waiting)} passages missing, {len(indexed - stored.keys())} strays, "
            f"{len(indexed & waiting)} both indexed and waiting"
        )
    expected = Counter(
        word
        for row, text in database.execute("select row, text from passage")
        if row in indexed
        for word in set(text.split())
        if word.endswith("z")
    )
    counted = dict(database.execute("select term, doc from passage_vocabulary"))
    wrong = [word for word in expected if counted.get(word) != expected[word]]
    strays = [term for term in counted if term.endswith("z") and term[0] in "vw" and term not in expected]
    if wrong or strays:
        found.append(f"words: the counts of {len(wrong)} terms are wrong, {len(strays)} terms stand in no passage")
    found += _faults_of_vectors(database, {row for row, (_, is_embedded) in stored.items() if is_embedded})
    counts = {row[0]: row[1:] for row in database.execute("select * from collection_passages")}
    embedded = sum(is_embedded for _, is_embedded in stored.values())
    if counts.get("c", (0, 0)) != (len(stored), embedded):
        found.append(f"counts: {counts} instead of {len(stored)} and {embedded}")
    return found


def _faults_of_vectors(database: apsw.Connection, embedded: set[int]) -> list[str]:
    vectors = {
        row: (block, vector)
        for row, block, vector in database.execute("select row, block, vector from passage_embedding")
    }
    found: list[str] = []
    if vectors.keys() != embedded:
        found.append(f"vectors: {len(embedded - vectors.keys())} missing, {len(vectors.keys() - embedded)} strays")
    signs: dict[tuple[int, int], bytes] = {}
    for block, rows, packed in database.execute("select block, rows, signs from sign_block"):
        count = len(rows) // 8
        size = len(packed) // count if count else 0
        for at, row in enumerate(struct.unpack(f"<{count}q", rows)):
            signs[block, row] = packed[at * size : (at + 1) * size]
    wrong = sum(signs.get((block, row)) != _signs(vector) for row, (block, vector) in vectors.items())
    if wrong:
        found.append(f"vectors: {wrong} whose signs are missing or another's")
    return found


def _signs(vector: bytes) -> bytes:
    numbers = struct.unpack(f"<{len(vector) // 4}f", vector)
    bits = "".join("0" if struct.pack("<f", number)[3] & 0x80 else "1" for number in numbers)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def _of_documents(folder: Path) -> dict[str, list[str]]:
    database = _connected(folder)
    try:
        kept: dict[str, list[str]] = {}
        for document_id, id_ in database.execute("select document_id, id from passage order by document_id, number"):
            kept.setdefault(document_id, []).append(id_)
        return kept
    finally:
        database.close()


async def kill_once(folder: Path, seed: int, promised: dict[str, list[str]]) -> list[str]:
    """Let a process work for a while, kill it, and return what is wrong then; `promised` learns what it said."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.searching.kills", "--work", str(folder), "--seed", str(seed)),
        cwd=HERE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(HERE / "src"), str(HERE)))},
        stdout=asyncio.subprocess.PIPE,
    )
    assert child.stdout is not None
    said = [await child.stdout.readline()]
    await asyncio.sleep(random.Random(seed).uniform(0, LONGEST_SECONDS))
    if child.returncode is not None:
        return [f"the process ended by itself with {child.returncode}"]
    child.kill()
    said += (await child.stdout.read()).split(b"\n")
    await child.wait()
    under_way: tuple[str, list[str]] | None = None
    for line in said:
        try:
            name, version, count, is_done = json.loads(line)
        except ValueError:
            continue  # it was killed while it said this
        ids = [passage.id for passage in passages(name, version, count)]
        under_way = None if is_done else (name, ids)
        if is_done:
            promised[name] = ids
    found = faults(folder)
    kept = _of_documents(folder)
    for name, ids in promised.items():
        allowed = [ids, under_way[1]] if under_way and under_way[0] == name else [ids]
        if kept.get(name, []) not in allowed:
            found.append(f"{name}: {len(kept.get(name, []))} passages are stored, {len(ids)} were promised")
    if under_way:
        promised[under_way[0]] = kept.get(under_way[0], [])
    return found


async def run(folder: Path, times: int, seed: int = 1) -> list[str]:
    """Kill so many times, and return all that was wrong, each with the number of its kill."""
    await fill(folder)
    promised: dict[str, list[str]] = {}
    found: list[str] = []
    for number in range(times):
        found += [f"kill {number + 1}: {fault}" for fault in await kill_once(folder, seed + number, promised)]
    async with opened(folder) as search:
        while _waiting(folder):  # noqa: ASYNC110 - another connection does it
            await asyncio.sleep(0.02)
        while await search.embed_next(512):
            pass
    return [*found, *(f"at the end: {fault}" for fault in faults(folder))]


def _waiting(folder: Path) -> bool:
    database = _connected(folder)
    try:
        return next(iter(database.execute("select exists (select 1 from passage_waiting)")))[0] == 1
    finally:
        database.close()


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.searching.kills",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--times", type=int, default=TIMES)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.work:
        asyncio.run(work(given.work, given.seed))
        return
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(run(Path(folder), given.times, given.seed))
    print("\n".join([f"{given.times} kills, {len(found)} faults", *found]))
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
