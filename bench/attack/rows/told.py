"""What people are told when the model, the search, the library, the files or the database fail: no inner words."""

import asyncio
import json
import re
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from bench.attack.base import Attack, Seen, Target
from bench.attack.kills import new_question_id
from tests.servers.hubbub_server import through
from tests.servers.model_server import ModelServer, Script

CANARY = "canary"
"""It stands in the data folder's name, the model's address and key, its words, and what is wrong in the databases."""
SAID = [{"role": "user", "content": "What about the plan?"}]
INNER = {
    "a canary": re.compile(CANARY, re.IGNORECASE),
    "words of SQLite": re.compile(
        r"no such (table|column|function)|sqlite|apsw|\bSQL\b|because it is a view", re.IGNORECASE
    ),
    "a path": re.compile(r"(?<![\w.:/])/(tmp|work|usr|root|home|var|proc)/"),
    "an address": re.compile(r"127\.0\.0\.1:\d+|localhost:\d+"),
    "a stack": re.compile(r"Traceback|File \"|Errno|\bOSError|site-packages"),
}
READ_SECONDS = 20.0


@dataclass
class _Doors:
    """A person's way to all doors; notes what was told at each."""

    http: aiohttp.ClientSession
    url: str
    inner: Counter[str] = field(default_factory=Counter[str])
    failures: Counter[str] = field(default_factory=Counter[str])
    """By stage."""
    examples: list[str] = field(default_factory=list[str])
    ids: dict[str, str] = field(default_factory=dict[str, str])

    async def tell(self, stage: str, method: str, path: str, **sent: object) -> str:
        """Make a request, look at what is told, and return it."""
        try:
            async with self.http.request(method, self.url + path, **sent) as response:  # type: ignore[arg-type]
                text = await response.text(errors="replace")
                status, headers = response.status, str(response.headers)
        except (aiohttp.ClientError, TimeoutError) as error:
            status, text, headers = 0, "", repr(error)
        is_failure = status >= 400 or any(word in text for word in ('"failed"', '"error"', "event: trouble"))
        self.failures[stage] += is_failure
        if is_failure or status == 0:
            for what, pattern in INNER.items():
                if found := pattern.search(text + headers.replace(self.url, "")):
                    self.inner[what] += 1
                    self.examples.append(f"{stage}, {method} {path.split('?')[0]}: {found.group()!r}")
        return text

    async def prepare(self) -> None:
        """Keep something of everything, so that there is something to fail."""
        await self.tell("before", "GET", "/api/me")
        made = json.loads(await self.tell("before", "POST", "/api/collections", json={"name": "Mine"}))
        self.ids["collection"] = made["id"]
        path = f"/api/collections/{made['id']}/documents"
        await self.tell("before", "PUT", f"{path}/plan.txt", data=b"What about the plan? It is secret.")
        async with asyncio.timeout(READ_SECONDS):
            while True:
                [document] = json.loads(await self.tell("before", "GET", path))["documents"]
                if document["state"] == "ready":
                    break
                await asyncio.sleep(0.1)
        self.ids["document"] = document["id"]
        asked = json.loads(await self.tell("before", "POST", "/api/questions", json={"text": "What?", "model": "up"}))
        self.ids |= {what: asked[what]["id"] for what in ("chat", "question", "answer")}
        made = json.loads(await self.tell("before", "POST", "/v1/responses", json={"model": "up", "input": "What?"}))
        self.ids["response"] = made["id"]

    async def try_all(self, stage: str) -> None:
        """Knock at every door."""
        mine, ids = self.ids["collection"], self.ids
        stream = {"Accept": "text/event-stream"}
        question = {"text": "What about the plan?", "model": "up"}
        tool = {"type": "file_search", "vector_store_ids": [mine]}
        form = aiohttp.FormData()
        form.add_field("file", b"Some text", filename="a.txt")
        session = {"id": new_question_id(), "answers": [["What?", {"message": {"content": "It"}}]]}
        doors: tuple[tuple[str, str, dict[str, object]], ...] = (
            ("POST", "/api/questions", {"json": question, "headers": stream}),
            ("POST", "/api/questions", {"json": question | {"collections": [mine]}, "headers": stream}),
            ("POST", "/api/questions", {"json": question | {"chat_id": ids["chat"], "parent_id": ids["answer"]}}),
            ("POST", f"/api/questions/{ids['question']}/answers", {"json": {}}),
            ("GET", "/api/chats", {}),
            ("GET", f"/api/chats/{ids['chat']}", {}),
            ("PATCH", f"/api/chats/{ids['chat']}", {"json": {"title": "New"}}),
            ("GET", f"/api/answers/{ids['answer']}", {}),
            ("GET", f"/api/answers/{ids['answer']}/events", {}),
            ("GET", "/api/collections", {}),
            ("POST", "/api/collections", {"json": {"name": f"Of {stage}"}}),
            ("GET", f"/api/collections/{mine}/documents", {}),
            ("PUT", f"/api/collections/{mine}/documents/{stage.replace(' ', '-')}.txt", {"data": stage.encode()}),
            ("PUT", f"/api/collections/{mine}/documents/broken.pdf", {"data": b"%PDF-1.7 broken " + stage.encode()}),
            ("GET", f"/api/documents/{ids['document']}", {}),
            ("GET", f"/api/documents/{ids['document']}/file", {}),
            ("GET", "/v1/models", {}),
            ("POST", "/v1/chat/completions", {"json": {"model": "up", "messages": SAID}}),
            ("POST", "/v1/chat/completions", {"json": {"model": "up", "messages": SAID, "stream": True}}),
            ("POST", "/v1/chat/completions", {"json": {"model": f"up+{mine}", "messages": SAID}}),
            ("POST", "/v1/responses", {"json": {"model": "up", "input": "What?", "stream": True}}),
            ("POST", "/v1/responses", {"json": {"model": "up", "input": "The plan?", "tools": [tool]}}),
            ("GET", f"/v1/responses/{ids['response']}", {}),
            ("POST", "/v1/embeddings", {"json": {"model": "up", "input": "What?"}}),
            ("POST", "/chat", {"json": {"messages": SAID}}),
            ("POST", "/chat/stream", {"json": {"messages": SAID}}),
            ("POST", "/ask", {"json": {"messages": SAID}}),
            ("POST", "/v0/chat/stream", {"json": {"messages": SAID}}),
            ("POST", "/chat_history", {"json": session}),
            ("GET", "/chat_history/sessions", {}),
            ("GET", "/content/plan.txt", {}),
            ("GET", "/list_uploaded", {}),
            ("POST", "/upload", {"data": form}),
        )
        told = await asyncio.gather(*(self.tell(stage, method, path, **sent) for method, path, sent in doors))
        try:  # what a question came to is told by another door
            answer_id = json.loads(told[2])["answer"]["id"]
        except (ValueError, KeyError):
            return
        await self.tell(stage, "GET", f"/api/answers/{answer_id}/events")
        await self.tell(stage, "GET", f"/api/answers/{answer_id}")


def _damage(file: Path, *tables: str) -> None:
    """Put something in the place of tables that can't be read or written."""
    with closing(sqlite3.connect(file, timeout=10)) as database:
        database.execute("pragma legacy_alter_table = on")
        for table in tables:
            database.execute(f"alter table {table} rename to {CANARY}_{table}")
            database.execute(f"create view {table} as select {CANARY}_function() as id")
        database.commit()


def _block_uploads(folder: Path) -> None:
    shutil.rmtree(folder / "files")
    (folder / "files").write_text(CANARY)


async def _told(target: Target) -> Seen:
    """Let one part after the other fail, and look at every door for words that are for operators alone."""
    with tempfile.TemporaryDirectory(prefix=f"attacked-{CANARY}-", ignore_cleanup_errors=True) as outer:
        folder = Path(outer) / f"{CANARY}-data"
        folder.mkdir(mode=0o700)
        chats, library = folder / "hubbub.db", folder / "library.db"
        stages: dict[str, Callable[[], object]] = {
            "the search": lambda: _damage(library, "passage"),
            "the library": lambda: _damage(library, "collection", "document"),
            "the files": lambda: _block_uploads(folder),
            "the messages": lambda: _damage(chats, "message"),
            "the answers": lambda: _damage(chats, "answer", "portion"),
            "the chats": lambda: _damage(chats, "chat", "session"),
            "the folder": lambda: shutil.rmtree(folder),
        }
        async with (
            ModelServer() as model,
            aiohttp.ClientSession(
                cookie_jar=aiohttp.CookieJar(unsafe=True), timeout=aiohttp.ClientTimeout(total=30)
            ) as http,
        ):
            variables = through(f"{model.base_url}") | {"HUBBUB_MODELS__UP__API_KEY": f"sk-{CANARY}"}
            async with target.serving(variables, folder=folder) as server:
                doors = _Doors(http, server.url)
                await doors.prepare()
                bodies = (json.dumps({"error": {"message": CANARY}}).encode(), f"<html>{CANARY}</html>".encode())
                for status, body in ((500, bodies[0]), (400, bodies[0]), (200, bodies[1])):
                    model.script = Script(status=status, body=body)
                    await doors.try_all("the model")
                model.script = Script()
                for stage, break_it in stages.items():
                    await asyncio.get_running_loop().run_in_executor(None, break_it)
                    await doors.try_all(stage)
    untried = [stage for stage in ("the model", *stages) if not doors.failures[stage]]
    told = ", ".join(f"{what} in {times}" for what, times in doors.inner.items()) or "nothing inner"
    words = f"{doors.failures.total()} failures told: {told}"
    words += f"; first {doors.examples[:3]}" if doors.examples else ""
    words += f"; nothing failed by {untried}" if untried else ""
    return Seen(words, not doors.inner and not untried)


TOLD_INSIDE = Attack(
    "inner words in errors of search, store and files", "none at any door: no path, address, SQL, key or stack", _told
)
