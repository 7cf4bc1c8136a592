"""The data folder: who can read it, what is told when it is gone, and which folders are refused at the start."""

import asyncio
import json
import os
import shutil
import sqlite3
import stat
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path

import aiohttp

from bench.attack.base import Attack, Seen, Target, environment, python
from bench.attack.kills import new_question_id
from tests.servers.copies import Copy, can_be_copied, copied
from tests.servers.hubbub_server import environment as served_environment
from tests.servers.hubbub_server import scripted, through
from tests.servers.model_server import ModelServer, Script

SAID = [{"role": "user", "content": "Go on"}]
SLOW = scripted(words=600, pause_seconds=0.02)
MOST_LINES = 20
"""So many a worker may log, from its start on; thirty questions more are refused."""
STARTING_SECONDS = 60.0
"""A program that has not refused a folder by then has accepted it, as one has that says where it serves."""


@asynccontextmanager
async def _folder() -> AsyncIterator[Path]:
    with tempfile.TemporaryDirectory(prefix="attacked-", ignore_cleanup_errors=True) as name:
        yield Path(name)


async def _post(http: aiohttp.ClientSession, url: str, body: object) -> tuple[int, str]:
    async with http.post(url, json=body) as response:
        return response.status, await response.text()


async def _get(http: aiohttp.ClientSession, url: str) -> tuple[int, str]:
    async with http.get(url) as response:
        return response.status, await response.text()


async def _until(seconds: float, condition: Callable[[], Awaitable[bool]]) -> bool:
    """Wait until it says yes; returns whether it did in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if await condition():
            return True
        await asyncio.sleep(0.05)
    return False


# Who can read it.


def _for_others(top: Path) -> tuple[list[str], list[str]]:
    """Return what another user of the machine could read below a folder, and what gives others any right at all."""
    readable: list[str] = []
    has_rights: list[str] = []

    def look(path: Path, *, is_reachable: bool) -> None:
        mode = path.lstat().st_mode
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            has_rights.append(str(path.relative_to(top)))
        if stat.S_ISDIR(mode):
            for inner in path.iterdir():
                look(inner, is_reachable=is_reachable and bool(mode & stat.S_IXOTH))
        elif is_reachable and mode & stat.S_IROTH:
            readable.append(str(path.relative_to(top)))

    look(top, is_reachable=True)
    return readable, has_rights


async def _open_folder(target: Target) -> Seen:
    async with _folder() as outer:
        folder = outer / "data"
        folder.mkdir()
        folder.chmod(0o755)
        launcher = ("sh", "-c", 'umask 022 && exec "$@"', "sh")
        async with (
            target.serving(scripted(words=3), folder=folder, launcher=launcher) as server,
            aiohttp.ClientSession() as http,
        ):
            _, made = await _post(http, f"{server.url}/api/collections", {"name": "Mine"})
            path = f"{server.url}/api/collections/{json.loads(made)['id']}/documents/secret.txt"
            async with http.put(path, data=b"A secret plan.") as response:
                assert response.status == 202
            await _post(http, f"{server.url}/api/questions", {"text": "A secret plan"})
            readable, has_rights = _for_others(folder)
            databases = [name for name in readable if name.endswith(".db")]
        words = (
            f"another user reads {len(readable)} files, of them databases {databases}; {len(has_rights)} give rights"
        )
        return Seen(words, not has_rights)


# It is gone.


def _take_away(folder: Path, how: str) -> None:
    aside = folder.with_name("aside")
    if how == "removed":
        shutil.rmtree(folder)
        return
    folder.rename(aside)
    if how == "copied":
        shutil.copytree(aside, folder)
    else:
        folder.mkdir(mode=0o700)


class _Reader:
    """Reads a response as it comes, and notes when the last of it came and when it ended."""

    def __init__(self, http: aiohttp.ClientSession, url: str, body: object = None) -> None:
        self.text = ""
        self.ended_at: float | None = None
        self.task = asyncio.create_task(self._read(http, url, body))

    async def _read(self, http: aiohttp.ClientSession, url: str, body: object) -> None:
        headers = {"Accept": "text/event-stream"}
        with suppress(aiohttp.ClientError):
            async with http.request("GET" if body is None else "POST", url, json=body, headers=headers) as response:
                async for piece in response.content.iter_any():
                    self.text += piece.decode("utf-8", "replace")
        self.ended_at = time.monotonic()


async def _gone(target: Target) -> Seen:
    faults: Counter[str] = Counter()
    slowest = 0.0
    lines = 0
    ways = (("removed", 1), ("copied", 2)) if target.is_short else (("removed", 2), ("emptied", 1), ("copied", 2))
    for how, workers in ways:
        found, seconds, logged = await _gone_once(target, how, workers)
        faults.update(found)
        slowest, lines = max(slowest, seconds), max(lines, logged)
    told = ", ".join(f"{what} ({times}×)" for what, times in sorted(faults.items())) or "nothing amiss"
    return Seen(f"{len(ways)} ways, streams end after at most {slowest:.1f} s, {lines} log lines: {told}", not faults)


async def _gone_once(target: Target, how: str, workers: int) -> tuple[list[str], float, int]:
    """Take the folder away under streams.

    Returns what was amiss, after how long the last stream ended, and how many lines the log has.
    """
    faults: list[str] = []
    async with (
        _folder() as outer,
        ModelServer(Script(stall_before="first_token")) as silent,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http,
    ):
        folder, log = outer / "data", outer / "log"
        folder.mkdir(mode=0o700)
        variables = SLOW | through(silent.base_url) | {"HUBBUB_DEFAULT_MODEL": "scripted"}
        variables["HUBBUB_SERVER__WORKERS"] = str(workers)
        async with target.serving(variables, folder=folder, log=log) as server:
            url = server.url
            asked = [
                json.loads((await _post(http, f"{url}/api/questions", {"text": "Hello", "model": model}))[1])
                for model in ("scripted", "up")
            ]
            readers = [_Reader(http, f"{url}/api/answers/{one['answer']['id']}/events") for one in asked]
            readers += [
                _Reader(http, f"{url}{path}", body)
                for path, body in (
                    ("/v1/chat/completions", {"model": "scripted", "messages": SAID, "stream": True}),
                    ("/v1/responses", {"model": "scripted", "input": "Go on", "stream": True}),
                    ("/chat/stream", {"messages": SAID}),
                )
            ]
            await asyncio.sleep(0.7)
            _take_away(folder, how)
            gone_at = time.monotonic()

            async def is_refused() -> bool:
                return (await _post(http, f"{url}/api/questions", {"text": "Is it kept?"}))[0] == 507

            async def is_unready() -> bool:
                status, text = await _get(http, f"{url}/readyz")
                return status == 503 and "store" in text and "removed or replaced" in text

            if not await _until(1.0, is_refused):
                faults.append("a question is taken in after a second")
            if not await _until(2.5, is_unready):
                faults.append("/readyz doesn't say that the store is gone")
            await asyncio.wait({one.task for one in readers}, timeout=5 - (time.monotonic() - gone_at))
            faults += ["a stream goes on" for one in readers if one.ended_at is None]
            faults += ["a stream says that it is done" for one in readers if '"type":"done"' in one.text]
            slowest = max((one.ended_at or time.monotonic()) - gone_at for one in readers)
            for one in readers:
                one.task.cancel()
            for one in asked:
                faults += await _told_of(http, f"{url}/api/answers/{one['answer']['id']}", gone_at + 5)
            for _ in range(30):
                await _post(http, f"{url}/api/questions", {"text": "And now?"})
            if not await is_refused():
                faults.append("a question is taken in")
            logged = log.read_bytes().count(b"\n")
            if logged > MOST_LINES * workers:
                faults.append("the log repeats itself")
        if how == "removed" and folder.exists() and any(folder.iterdir()):
            faults.append("something is written into another folder")
    return faults, slowest, logged


async def _told_of(http: aiohttp.ClientSession, answer: str, until: float) -> list[str]:
    """Return what is wrong with what is said of an answer, by a time at which all know that the folder is gone."""
    while True:
        status, text = await _get(http, answer)
        if status != 200:
            return []
        said = json.loads(text)
        is_late = time.monotonic() >= until
        again = _Reader(http, f"{answer}/events?after={said['number']}")
        await asyncio.wait({again.task}, timeout=1)
        again.task.cancel()
        faults = [f"an answer is still said to be {said['state']}"] if said["state"] in ("open", "done") else []
        faults += [] if "can't store" in again.text else ["who reads again is not told why"]
        if is_late or not faults or said["state"] == "done":
            return faults
        await asyncio.sleep(0.1)


# The same id.


async def _same_id(target: Target) -> Seen:
    async with (
        target.serving(scripted(words=3) | scripted("other", words=3)) as server,
        aiohttp.ClientSession() as http,
    ):
        _, made = await _post(http, f"{server.url}/api/collections", {"name": "Mine"})
        first = {"text": "One", "model": "scripted", "question_id": new_question_id()}
        changes: Sequence[Mapping[str, object]] = (
            {"text": "Another"},
            {"model": "other"},
            {"collections": [json.loads(made)["id"]]},
            {"max_tokens": 7},
        )
        url = f"{server.url}/api/questions"
        before = await _post(http, url, first)
        others = [(await _post(http, url, first | dict(change)))[0] for change in changes]
        again = await _post(http, url, first)
        ids = [json.loads(one[1])["answer"]["id"] for one in (before, again)]
    words = f"another text, model, collection, length: {others}; the same again: {again[0]}"
    return Seen(words, others == [422] * len(others) and ids[0] == ids[1])


# Which folders are refused.


async def _refusal(target: Target, folder: Path, *command: str, launcher: Sequence[str] = ()) -> tuple[int | None, str]:
    """Start a program on a folder; return its exit code, None where it had to be ended, and what it said."""
    variables = served_environment(folder, scripted(words=3) | environment(target))
    child: asyncio.subprocess.Process | Copy
    if not launcher and can_be_copied(variables):
        child = await copied(command, variables, Path("/"), subprocess.STDOUT)
    else:
        child = await asyncio.create_subprocess_exec(
            *(*launcher, *python("-m", "hubbub", *command)),
            env=variables,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd="/",
        )
    said = b""
    assert child.stdout is not None
    with suppress(TimeoutError):
        async with asyncio.timeout(STARTING_SECONDS):
            while b"http://" not in said and (piece := await child.stdout.read(65536)):
                said += piece
            if b"http://" not in said:
                await child.wait()
    code = child.returncode
    if code is None:
        child.kill()
        await child.wait()
    if isinstance(child, Copy):
        await child.end()
    return code, said.decode("utf-8", "replace")


def _named(said: str, folder: Path) -> int:
    """Return how many lines of an output name the folder as a fault."""
    return sum(str(folder) in line and not line.startswith("data folder") for line in said.splitlines())


async def _newer(target: Target) -> Seen:
    async with _folder() as outer:

        async def start(name: str, file: str, room: str, step: int) -> tuple[bool, str]:
            folder = outer / name.replace(" ", "-")
            folder.mkdir(mode=0o700)
            with closing(sqlite3.connect(folder / file)) as database:
                database.execute("pragma journal_mode = wal")
                database.execute("create table migration (room text, step integer, primary key (room, step))")
                database.execute("insert into migration values (?, ?)", (room, step))
                database.commit()
            code, said = await _refusal(target, folder, "serve")
            is_refused = code == 2 and _named(said, folder) == 1 and "newer version" in said
            return is_refused, f"{name}: {'it serves' if code is None else f'exit {code}'}"

        found = await asyncio.gather(
            start("more steps", "hubbub.db", "history", 99),
            start("another room", "hubbub.db", "futures", 1),
            start("another room of documents", "library.db", "futures", 1),
        )
    return Seen("; ".join(words for _, words in found), all(is_refused for is_refused, _ in found))


AS_ANOTHER = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
"""Become a program whose own files are those of who runs this; all others are somebody else's."""


async def _of_others(target: Target) -> Seen:
    async with _folder() as outer:

        async def start(name: str, owner: int, rights: int, command: str) -> tuple[bool, str]:
            folder = outer / f"{name}-{command}"
            folder.mkdir()
            folder.chmod(rights)
            os.chown(folder, owner, os.getgid())
            code, said = await _refusal(target, folder, command, launcher=AS_ANOTHER)
            says_what_to_do = _named(said, folder) == 1 and ("chown" in said or "chmod" in said)
            is_refused = code == 1 and says_what_to_do and "Traceback" not in said
            return is_refused, f"{name}, {command}: {'used' if code is None else f'exit {code}'}"

        folders = (("another's", 12345, 0o770), ("read-only", os.getuid(), 0o500))
        commands = ("serve",) if target.is_short else ("serve", "check")
        found = await asyncio.gather(*(start(*folder, command) for folder in folders for command in commands))
    return Seen("; ".join(words for _, words in found), all(is_refused for is_refused, _ in found))


def _lacks_users() -> str | None:
    if os.getuid() != 0 or shutil.which("unshare") is None:
        return "only root gives files away"
    tried = subprocess.run([*AS_ANOTHER, "true"], capture_output=True, timeout=10, check=False)
    return "namespaces of users" if tried.returncode else None


OPEN = Attack("a data folder that existed with 0755", "nothing in it gives another user a right", _open_folder)
GONE = Attack(
    "the data folder removed or replaced while streams are open",
    "507 within 1 s; streams end within 5 s; nobody is told done or open; /readyz and the log say so, once",
    _gone,
)
SAME_ID = Attack("another question under a question_id", "422, by whatever it differs", _same_id)
NEWER = Attack("a data folder of a newer version", "exit 2 with one line", _newer)
OF_OTHERS = Attack(
    "a data folder of another user's, or read-only",
    "exit 1 with one line that says what to do",
    _of_others,
    needs=_lacks_users,
)
