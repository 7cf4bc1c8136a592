"""A backup is made while people write and the server is killed; what it holds is looked at from outside.

What was acknowledged, or seen of an answer, before the backup began is in it, and nothing in it is half.
"""

import asyncio
import contextlib
import hashlib
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest

from tests.patience import PATIENCE_SECONDS, patience
from tests.places import beside, variables_of
from tests.servers.copies import Command
from tests.servers.hubbub_server import HubbubServer, environment, hubbub_serving, scripted
from tests.servers.processes import children_of
from tests.servers.reader import ENDINGS, read

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes by /proc")

WRITERS = 4
ADDING_PAUSE_SECONDS = 0.1
VARIABLES = scripted(words=60, pause_seconds=0.01)


@dataclass
class Written:
    """What people were told that it is stored."""

    questions: dict[str, str] = field(default_factory=dict[str, str])
    """The text of each, by the id of its message."""
    seen: dict[str, list[dict[str, Any]]] = field(default_factory=dict[str, list[dict[str, Any]]])
    """The events of each answer."""
    documents: dict[str, bytes] = field(default_factory=dict[str, bytes])
    """The content of each, by its id."""

    def now(self) -> "Written":
        return Written(
            dict(self.questions), {one: list(events) for one, events in self.seen.items()}, dict(self.documents)
        )


async def ask_on(http: aiohttp.ClientSession, url: str, person: int, written: Written) -> None:
    """Ask one question after the other, and read the answers, for as long as there is a server."""
    chat: dict[str, Any] = {}
    for number in range(1_000):
        text = f"Question {number} of writer {person}"
        async with http.post(f"{url}/api/questions", json={"text": text, **chat}) as response:
            if response.status != 202:
                continue
            told = await response.json()
        written.questions[told["question"]["id"]] = text
        chat = {"chat_id": told["chat"]["id"], "parent_id": told["answer"]["id"]} if number % 3 else {}
        seen = written.seen.setdefault(told["answer"]["id"], [])
        async for _, event in read(http, url, told["answer"]["id"]):
            seen.append(event)


async def add_on(http: aiohttp.ClientSession, url: str, written: Written) -> None:
    """Add one document after the other, and delete some, for as long as there is a server."""
    async with http.post(f"{url}/api/collections", json={"name": f"Notes {os.urandom(4).hex()}"}) as response:
        collection_id = (await response.json())["id"]
    for number in range(1_000):
        content = f"# Note {number}\n\nThe word of this note is marmalade{number}. {os.urandom(8).hex()}".encode()
        async with http.put(f"{url}/api/collections/{collection_id}/documents/{number}.md", data=content) as response:
            if response.status >= 300:
                continue
            document_id = (await response.json())["id"]
        if number % 4:
            written.documents[document_id] = content
        else:
            async with http.delete(f"{url}/api/documents/{document_id}") as response:
                assert response.status < 300
        await asyncio.sleep(ADDING_PAUSE_SECONDS)


class Load:
    """People who write until the server is gone."""

    def __init__(self, server: HubbubServer, written: Written) -> None:
        self._server = server
        self._written = written

    async def __aenter__(self) -> None:
        self._http = aiohttp.ClientSession()
        url = self._server.url
        asking = [ask_on(self._http, url, person, self._written) for person in range(WRITERS)]
        adding = [add_on(self._http, url, self._written) for _ in range(2)]
        self._tasks = [asyncio.create_task(one) for one in (*asking, *adding)]

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError, aiohttp.ClientError, ConnectionError, TimeoutError):
                await task
        await self._http.close()


async def until_busy(written: Written, answers: int, documents: int) -> None:
    """Wait until so many answers have begun since now, and so many documents were added."""
    wanted = len(written.seen) + answers, len(written.documents) + documents
    async with patience():
        while len(written.seen) < wanted[0] or len(written.documents) < wanted[1]:
            await asyncio.sleep(0.02)


async def until_read(server: HubbubServer, written: Written) -> None:
    """Wait until a document that was added is found by its words."""
    document_id = next(iter(written.documents))
    async with patience(), aiohttp.ClientSession() as http:
        state = "waiting"
        while state != "ready":
            await asyncio.sleep(0.02)
            async with http.get(f"{server.url}/api/documents/{document_id}") as response:
                state = (await response.json())["document"]["state"]


def kill_all(server: HubbubServer) -> None:
    server.process.send_signal(signal.SIGSTOP)  # so that it replaces none
    for pid in children_of(server.process.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    server.process.kill()


def hubbub(folder: Path, *arguments: str) -> Command:
    return Command(arguments, environment(folder, VARIABLES), folder)


async def begun(process: Command) -> None:
    """Return once it has said that it copies something."""
    async with patience():
        assert await asyncio.to_thread(process.stderr.readline)


async def ended(process: Command) -> str:
    with process:
        out, err = await asyncio.to_thread(process.communicate, PATIENCE_SECONDS)
    assert process.returncode == 0, err
    return out


@pytest.fixture(params=["sqlite", "postgres"])
def folders(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """A data folder, and one to restore to: with a PostgreSQL beside each, or none."""
    with contextlib.ExitStack() as stack:
        data, new = tmp_path / "data", tmp_path / "new"
        for folder, fixture in ((data, "postgres_url"), (new, "empty_postgres_url")):
            folder.mkdir(mode=0o700)
            if request.param == "postgres":
                stack.enter_context(beside(folder, request.getfixturevalue(fixture)))
        yield data, new


async def test_what_was_acknowledged_before_it_began_is_in_it_and_nothing_is_half(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    data, new = folders
    written = Written()
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(hubbub_serving(data, VARIABLES))
        await stack.enter_async_context(Load(server, written))
        await until_busy(written, 2 * WRITERS, 4)
        await until_read(server, written)
        before = written.now()
        backup = hubbub(data, "backup", str(tmp_path / "backup"))
        await begun(backup)
        backup.send_signal(signal.SIGSTOP)
        kill_all(server)
        await server.process.wait()
    async with hubbub_serving(data, VARIABLES) as server, Load(server, written):
        await until_busy(written, WRITERS, 2)
        backup.send_signal(signal.SIGCONT)
        out = await ended(backup)
    assert "files of documents" in out
    assert "was answered from" in await ended(hubbub(new, "restore", str(tmp_path / "backup")))
    kept = await rows_of(new)
    assert {one: kept.messages.get(one) for one in before.questions} == before.questions
    for document_id, content in before.documents.items():
        sha256 = kept.documents[document_id]
        assert sha256 == hashlib.sha256(content).hexdigest()
        assert kept.files[sha256] == content
    assert set(kept.documents.values()) <= set(kept.files), "each document has its file"
    if not variables_of(new):  # in a PostgreSQL the file of a document that was just deleted may wait to be swept
        assert set(kept.documents.values()) == set(kept.files)
    assert all(hashlib.sha256(content).hexdigest() == name for name, content in kept.files.items())
    assert kept.answers_of_chats <= kept.answers
    async with hubbub_serving(new, VARIABLES) as server, aiohttp.ClientSession() as http, patience():
        told = await asyncio.gather(*(whole(http, server.url, answer_id) for answer_id in kept.answers_of_chats))
    for answer_id, events in zip(kept.answers_of_chats, told, strict=True):
        assert not events or events[-1]["type"] in ENDINGS
        seen = before.seen.get(answer_id, [])
        assert not events or events[: len(seen)] == seen, "what was seen of it is what is told of it"


async def whole(http: aiohttp.ClientSession, url: str, answer_id: str) -> list[dict[str, Any]]:
    """Return all events of an answer, once it has ended."""
    return [event async for _, event in read(http, url, answer_id)]


@dataclass
class Kept:
    """What a restored place holds, read past the product."""

    messages: dict[str, str]
    answers: set[str]
    answers_of_chats: set[str]
    documents: dict[str, str]
    files: dict[str, bytes]


MESSAGES = "select id, text from message"
ANSWERS = "select id from answer"
OF_CHATS = "select id from message where role = 'assistant'"
DOCUMENTS = "select id, sha256 from document where is_kept"


async def rows_of(folder: Path) -> Kept:
    if (url := variables_of(folder).get("HUBBUB_DATABASE__URL")) is not None:
        database = await asyncpg.connect(url)
        try:
            messages, answers, of_chats, documents = [
                await database.fetch(query) for query in (MESSAGES, ANSWERS, OF_CHATS, DOCUMENTS)
            ]
            pieces = await database.fetch("select sha256, data from file_piece order by sha256, number")
        finally:
            await database.close()
        files: dict[str, bytes] = {}
        for sha256, data in pieces:
            files[sha256] = files.get(sha256, b"") + data
        return Kept(
            dict(map(tuple, messages)),
            {one for (one,) in answers},
            {one for (one,) in of_chats},
            dict(map(tuple, documents)),
            files,
        )
    return await asyncio.to_thread(rows_of_folder, folder)


def rows_of_folder(folder: Path) -> Kept:
    with (
        contextlib.closing(sqlite3.connect(folder / "hubbub.db")) as chats,
        contextlib.closing(sqlite3.connect(folder / "library.db")) as library,
    ):
        for database in (chats, library):
            assert database.execute("pragma integrity_check").fetchall() == [("ok",)]
            assert database.execute("pragma foreign_key_check").fetchall() == []
        return Kept(
            dict(chats.execute(MESSAGES).fetchall()),
            {one for (one,) in chats.execute(ANSWERS)},
            {one for (one,) in chats.execute(OF_CHATS)},
            dict(library.execute(DOCUMENTS).fetchall()),
            {path.name: path.read_bytes() for path in folder.glob("files/??/*")},
        )


async def test_one_that_is_killed_is_made_again_by_the_same_command(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    written = Written()
    async with hubbub_serving(data, VARIABLES) as server, Load(server, written):
        await until_busy(written, WRITERS, 3)
        await until_read(server, written)
        for end in (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM):  # the last one as a stop of its unit does
            backup = hubbub(data, "backup", str(tmp_path / "backup"))
            with backup:
                await begun(backup)
                backup.send_signal(end)
                await asyncio.to_thread(backup.wait)
            left = await asyncio.to_thread(lambda: {path.name for path in tmp_path.glob("backup*")})
            assert left <= ({"backup"} if backup.returncode == 0 else {"backup.partial"})
            assert end is not signal.SIGTERM or "backup.partial" not in left, "nothing half is left"
            if "backup" in left:  # it was quicker than the signal
                await asyncio.to_thread(shutil.rmtree, tmp_path / "backup")
        await ended(hubbub(data, "backup", str(tmp_path / "backup")))
    restored = hubbub(tmp_path, "restore", str(tmp_path / "backup"), "--data", str(tmp_path / "new"))
    assert "was answered from" in await ended(restored)
