"""Change a folder, a website and a git repository at random while a server syncs them and is killed, and compare.

    python -m bench.syncing [--seconds 300] [--kill-every 20] [--seed N]

It knows the server from outside: its command, its settings and its database file. Exits with 1 where a collection
does not become equal to its source. Without the program `git` there is no repository.
"""

import argparse
import asyncio
import hashlib
import json
import os
import random
import shutil
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

from bench.syncing.origins import begin_repository, commit, website

SETTLE_SECONDS = 60.0
"""How long the last changes may take to be read, once nobody changes or kills anything any more."""
MOST_FILES = 60
NAMES = ("note", "lease", "minutes", "Größe", "plan b", "日程")
SUFFIXES = (".txt", ".md", ".csv")
WORDS = "notice period three months rent deposit garden key door roof lift tenant owner".split()


KINDS = ("folder", "website", "repository")


@dataclass
class Outcome:
    """What a run did, and what it found at its end."""

    changes: dict[str, int] = field(default_factory=dict[str, int])
    kills: int = 0
    files: int = 0
    missing: list[str] = field(default_factory=list[str])
    """Files that no ready document of the same content stands for."""
    extra: list[str] = field(default_factory=list[str])
    """Documents without a file."""
    settled_seconds: float = 0.0

    @property
    def is_equal(self) -> bool:
        """Whether the collection is equal to the folder."""
        return not self.missing and not self.extra

    def __str__(self) -> str:
        done = ", ".join(f"{count} {name}" for name, count in sorted(self.changes.items()))
        verdict = "equal" if self.is_equal else f"missing {self.missing[:5]}, extra {self.extra[:5]}"
        return f"{done}; {self.kills} kills; {self.files} files; {verdict} after {self.settled_seconds:.1f} s"


class Folder:
    """A folder that is changed at random, as people and programs do it."""

    def __init__(self, root: Path, chance: random.Random) -> None:
        self.root = root
        self._chance = chance

    def files(self) -> list[Path]:
        """Return all files but git's own."""
        return sorted(path for path in self.root.rglob("*") if path.is_file() and ".git" not in path.parts)

    def change(self) -> str:
        """Make one change; return what it was."""
        files = self.files()
        wanted = self._chance.choices(
            ("added", "changed", "appended", "renamed", "moved", "deleted", "swapped", "folders moved"),
            (0 if len(files) >= MOST_FILES else 8, 4, 2, 4, 3, 3 if len(files) > 3 else 0, 1, 1),
        )[0]
        if not files and wanted != "added":
            wanted = "added"
        one = self._chance.choice(files) if files else self.root
        if wanted == "added":
            self._write(self._new())
        elif wanted == "changed":
            self._write(one)
        elif wanted == "appended":
            with one.open("a", encoding="utf-8") as file:
                file.write(self._text())
        elif wanted == "renamed":
            one.rename(one.with_name(f"{self._chance.randrange(10**6)}{one.suffix}"))
        elif wanted == "moved":
            target = self._new()
            one.rename(target.with_suffix(one.suffix))
        elif wanted == "deleted":
            one.unlink()
        elif wanted == "swapped":
            other = self._chance.choice(files)
            if other != one:
                aside = one.with_name(".aside")
                one.rename(aside)
                other.rename(one)
                aside.rename(other)
        elif (
            folders := [path for path in self.root.iterdir() if path.is_dir() and path.name != ".git"]
        ) and wanted == "folders moved":
            folder = self._chance.choice(folders)
            folder.rename(self.root / f"folder {self._chance.randrange(10**6)}")
        return wanted

    def _new(self) -> Path:
        below = self.root / self._chance.choice(("", "a", "a/b", "c c"))
        below.mkdir(parents=True, exist_ok=True)
        name = f"{self._chance.choice(NAMES)} {self._chance.randrange(10**6)}{self._chance.choice(SUFFIXES)}"
        return below / name

    def _text(self) -> str:
        return " ".join(self._chance.choices(WORDS, k=self._chance.randint(5, 200))) + ".\n"

    def _write(self, path: Path) -> None:
        if self._chance.random() < 0.5:
            path.write_text(self._text(), encoding="utf-8")
            return
        aside = path.with_name(".new")  # as editors write
        aside.write_text(self._text(), encoding="utf-8")
        aside.replace(path)


Folders: TypeAlias = dict[str, Folder]


async def run(seconds: float, kill_every: float, seed: int, work: Path) -> Outcome:
    """Change, kill, and compare at last. `work` is an empty folder."""
    chance = random.Random(seed)
    (work / "data").mkdir()
    folders = {kind: Folder(work / kind, chance) for kind in KINDS if kind != "repository" or shutil.which("git")}
    for folder in folders.values():
        folder.root.mkdir()
    with website(folders["website"].root) as url:
        if "repository" in folders:
            begin_repository(folders["repository"].root)
        _settings(work, url, with_repository="repository" in folders)
        return await _run(seconds, kill_every, chance, folders, work)


async def _run(seconds: float, kill_every: float, chance: random.Random, folders: Folders, work: Path) -> Outcome:
    outcome = Outcome()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        server = await _started(work)
        try:
            killed_at = min(until, time.monotonic() + kill_every * chance.uniform(0.7, 1.3))
            while time.monotonic() < killed_at:
                if server.returncode is not None:
                    raise RuntimeError(f"the server ended by itself: {(work / 'log').read_text()[-2000:]}")
                kind = chance.choice(list(folders))
                what = folders[kind].change()
                if kind == "repository":
                    commit(folders[kind].root)
                outcome.changes[what] = outcome.changes.get(what, 0) + 1
                await asyncio.sleep(chance.expovariate(3))
        finally:
            await _kill(server)
        outcome.kills += 1
    server = await _started(work)
    try:
        began = time.monotonic()
        while True:
            outcome.missing, outcome.extra = _compared(work / "data", folders)
            outcome.settled_seconds = time.monotonic() - began
            if outcome.is_equal or outcome.settled_seconds > SETTLE_SECONDS:
                break
            await asyncio.sleep(0.2)
    finally:
        await _kill(server)
    outcome.files = sum(len(folder.files()) for folder in folders.values())
    return outcome


def _settings(work: Path, url: str, *, with_repository: bool) -> None:
    shared = "every_seconds = 0.5\nremoves_all = true\n"
    repository = (
        f"[[ingest.repositories]]\nurl = {json.dumps(f'file://{work}/repository')}\ncollection = 'repository'\n"
    )
    (work / "hubbub.toml").write_text(
        "[embedded]\nis_enabled = false\n[embeddings]\nprovider = 'none'\n[discovery]\nis_enabled = false\n"
        "[server]\nport = 0\n"
        f"data_folder = {json.dumps(str(work / 'data'))}\n"
        f"[ingest.urls]\nnetworks = ['127.0.0.1']\nports = [{urlsplit(url).port}]\n"
        f"[[ingest.folders]]\npath = {json.dumps(str(work / 'folder'))}\ncollection = 'folder'\n"
        f"quiet_seconds = 0.5\n{shared}"
        f"[[ingest.websites]]\nurl = {json.dumps(url)}\ncollection = 'website'\npause_seconds = 0\n{shared}"
        + (repository + shared if with_repository else ""),
        encoding="utf-8",
    )


async def _started(work: Path) -> asyncio.subprocess.Process:
    others = {name: value for name, value in os.environ.items() if not name.startswith(("HUBBUB_", "OPENAI_"))}
    with (work / "log").open("ab") as log:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "hubbub", "serve"),
            cwd=work,
            env=others | {"HUBBUB_CONFIG": str(work / "hubbub.toml")},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


async def _kill(server: asyncio.subprocess.Process) -> None:
    """End a server as a crash of its machine would: it alone, so that readers that it left are met, too."""
    if server.returncode is None:
        server.kill()
    await server.wait()


def _compared(data: Path, folders: Folders) -> tuple[list[str], list[str]]:
    """Return the files that no ready document stands for, and the documents that stand for no file."""
    kept: dict[str, Counter[str]] = {kind: Counter() for kind in folders}
    for kind, name, digest in _documents(data):
        kept[kind][f"{name} {digest}" if kind == "folder" else digest] += 1
    missing: list[str] = []
    extra: list[str] = []
    for kind, folder in folders.items():
        there: Counter[str] = Counter()
        for path in folder.files():
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            # What a document of another source is called is that source's affair.
            there[f"{path.relative_to(folder.root).as_posix()} {digest}" if kind == "folder" else digest] += 1
        missing += [f"{kind}: {one}" for one in there - kept[kind]]
        extra += [f"{kind}: {one}" for one in kept[kind] - there]
    return missing, extra


def _documents(data: Path) -> Iterator[tuple[str, str, str]]:
    for path in data.glob("*.db"):
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            tables = {row[0] for row in database.execute("select name from sqlite_schema where type = 'table'")}
            if not {"document", "collection", "passage"} <= tables:
                continue
            yield from database.execute(
                "select collection.name, document.name, document.sha256 || case when state = 'ready' then '' else "
                "' ' || state end from document join collection on collection.id = collection_id "
                "where collection.name in ('folder', 'website', 'repository') "
                "and (state <> 'ready' or exists (select 1 from passage where document_id = document.id "
                "and passage.name = document.name))"
            )


def main() -> None:
    """Run what the command line asks for and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=300.0, help="how long the folder is changed")
    parser.add_argument("--kill-every", type=float, default=20.0, help="about how long a server lives, in seconds")
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4)), help="repeats a run's choices")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hubbub-syncing-") as work:
        outcome = asyncio.run(run(asked.seconds, asked.kill_every, asked.seed, Path(work)))
    print(f"seed {asked.seed}: {outcome}")
    sys.exit(not outcome.is_equal)


if __name__ == "__main__":
    main()
