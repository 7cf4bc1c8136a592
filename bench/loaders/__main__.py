"""Damage documents of every kind at random and read them; then try the bombs in the sandbox, with its limits.

    python -m bench.loaders [--seconds 120] [--seed N] [FOLDER...]

Documents come from the tests' and from these folders. Reading one has to end within its time, with blocks or with a
reason; anything else is printed with the seed that repeats it. Exits with 1 where something was found.
"""

import argparse
import asyncio
import io
import os
import random
import signal
import sys
import tempfile
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType

from bench.loaders.bombs import bombs
from bench.loaders.seeds import seeds
from hubbub.connections.sandbox import Sandbox, SandboxLimits
from hubbub.core.errors import HubbubError
from hubbub.ingest.reader import read_here
from hubbub.ingest.reading import ReaderFault, read

MOST_SECONDS = 10.0
"""For one damaged document, of processor time."""
LIMITS = SandboxLimits(memory_bytes=512 * 1024 * 1024, cpu_seconds=30, wall_seconds=60)
PIECES = (b"", b"<", b">", b'"', b"&", b"\0", b"\xff\xff\xff\xff", b"9999999999", b"-1", b"%s", b"{", b"}", b"\\", b"(")


def damaged(data: bytes, chance: random.Random, depth: int = 0) -> bytes:
    """Return a document with some of its bytes changed, cut out or repeated; an archive's parts are damaged inside."""
    if data.startswith(b"PK\x03\x04") and depth < 2 and chance.random() < 0.85:
        return _repacked(data, chance, depth)
    for _ in range(chance.randint(1, 8)):
        place = chance.randrange(len(data) or 1)
        length = chance.choice((1, 1, 2, 4, 16, 200))
        new = chance.choice((*PIECES, chance.randbytes(length), data[place : place + length] * chance.choice((2, 50))))
        cut = chance.choice((0, len(new), length))
        data = data[:place] + new + data[place + cut :]
    return data[: chance.randrange(len(data) + 1)] if chance.random() < 0.1 else data


def _repacked(data: bytes, chance: random.Random, depth: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as copy:
        for name in archive.namelist():
            inner = archive.read(name)
            if chance.random() < 0.3:
                inner = damaged(inner, chance, depth + 1)
            if chance.random() < 0.98:
                copy.writestr(name, inner)
    return out.getvalue()


class _TooLong(BaseException):
    """A document took longer than it may; no loader may catch this."""


def _too_long(number: int, frame: FrameType | None) -> None:
    raise _TooLong


def tried(name: str, data: bytes) -> str:
    """Read a document in this process; return what came of it: "read", a reason's code, or the fault."""
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
        try:
            read_here(os.dup(file.fileno()), name, {})
        except HubbubError as error:
            return error.code
        except _TooLong:
            return f"FAULT: {name} took longer than {MOST_SECONDS:g} s"
        except Exception:  # noqa: BLE001 (whatever comes through is what is looked for)
            return "FAULT: " + traceback.format_exc(limit=-4)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
    return "read"


def fuzz(documents: Sequence[tuple[str, bytes]], seconds: float, seed: int) -> Iterator[tuple[int, str, str]]:
    """Damage and read documents for so long; yield each try's seed, its document's name and what came of it."""
    signal.signal(signal.SIGPROF, _too_long)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        seed += 1
        chance = random.Random(seed)
        name, data = chance.choice(documents)
        yield seed, name, tried(name, damaged(data, chance))


async def explode(names: Sequence[str] = ()) -> list[tuple[str, str, float]]:
    """Read the bombs in the sandbox; return for each its name, what came of it, and how long the loop stood still."""
    results: list[tuple[str, str, float]] = []
    sandbox = Sandbox(limits=LIMITS)
    with tempfile.TemporaryDirectory() as folder:
        for name, made in bombs():
            if names and name not in names:
                continue
            path = Path(folder, name)
            path.write_bytes(made())  # noqa: ASYNC240 (before the clock runs)
            results.append((name, *await _exploded(sandbox, path)))
    return results


async def _exploded(sandbox: Sandbox, path: Path) -> tuple[str, float]:
    lag = 0.0

    async def watch() -> None:
        nonlocal lag
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0.005)
            lag = max(lag, time.perf_counter() - began - 0.005)

    watching = asyncio.create_task(watch())
    try:
        found = await read(sandbox, path, path.name)
        return f"read, {len(found.pieces)} passages", lag
    except HubbubError as error:
        return error.code, lag
    except ReaderFault as error:
        return f"FAULT: {error.detail}", lag
    finally:
        watching.cancel()


def main() -> None:
    """Run what the command line asks for and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=120.0, help="how long documents are damaged")
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4)), help="repeats a run's choices")
    parser.add_argument("folders", nargs="*", type=Path, help="folders of more documents")
    asked = parser.parse_args()
    found = [path for one in asked.folders for path in sorted(one.rglob("*.*")) if path.is_file()]
    documents = [*seeds(), *((path.name, path.read_bytes()) for path in found)]
    outcomes: Counter[str] = Counter()
    faults = 0
    for seed, name, outcome in fuzz(documents, asked.seconds, asked.seed):
        outcomes[outcome if not outcome.startswith("FAULT") else "FAULT"] += 1
        if outcome.startswith("FAULT"):
            faults += 1
            print(f"seed {seed}, {name}: {outcome}", flush=True)
    print(f"{sum(outcomes.values())} documents of {len(documents)} kinds:", dict(outcomes.most_common()))
    for name, outcome, lag in asyncio.run(explode()):
        faults += outcome.startswith("FAULT")
        print(f"{name:>22}: {outcome}; the loop stood still for {lag * 1000:.0f} ms at most")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
