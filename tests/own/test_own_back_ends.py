"""A package of somebody else's brings one back end of each kind; the real server serves with all of them."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from tests.own.package import blocks, install, named, write_settings
from tests.servers.hubbub_server import environment, hubbub_serving

ROOT = Path(__file__).resolve().parents[2]
ANN = {"X-Badge": "s3cret"}
NOTE = b"Leave = There are thirty days of leave.\nDogs = They may come on Fridays.\n"

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Served:
    """A server with the package's back ends, and a client that has a badge."""

    def __init__(self, http: aiohttp.ClientSession, folder: Path) -> None:
        self.http = http
        self.folder = folder
        self.collection_id = ""

    async def get(self, path: str) -> Any:
        async with self.http.get(path) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def post(self, path: str, body: Any) -> Any:
        async with self.http.post(path, json=body) as response:
            assert response.status in (200, 201), await response.text()
            return await response.json()


def variables(folder: Path) -> dict[str, str]:
    return {
        "PYTHONPATH": str(install(folder)),
        "HUBBUB_CONFIG": str(write_settings(folder)),
        "HUBBUB_EMBEDDINGS__PROVIDER": "own",
    }


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    folder = tmp_path_factory.mktemp("own")
    async with (
        hubbub_serving(folder, variables(folder)) as server,
        aiohttp.ClientSession(server.url, headers=ANN) as http,
    ):
        served = Served(http, folder)
        served.collection_id = (await served.post("/api/collections", {"name": "Notes"}))["id"]
        async with http.put(f"/api/collections/{served.collection_id}/documents/rules.acme", data=NOTE) as response:
            assert response.status in (200, 201, 202), await response.text()
        async with asyncio.timeout(60):
            while (await documents(served))[0]["state"] not in ("ready", "failed"):
                await asyncio.sleep(0.05)
        yield served


async def documents(served: Served) -> list[dict[str, Any]]:
    return (await served.get(f"/api/collections/{served.collection_id}/documents"))["documents"]


async def test_a_document_of_an_own_format_is_read_in_the_sandbox(served: Served) -> None:
    (document,) = await documents(served)
    assert (document["state"], document["reason"], document["media_type"]) == ("ready", "", "text/x-acme")
    assert document["title"] == "Notes"
    passages = (await served.get(f"/api/documents/{document['id']}"))["passages"]
    assert "thirty days of leave" in passages[0]["text"]
    assert ".acme" in (await served.get("/api/me"))["limits"]["document_suffixes"]


async def test_it_is_in_the_own_index_with_vectors_of_the_own_embedder(served: Served) -> None:
    with sqlite3.connect(served.folder / "acme-index.db") as index:
        own = "select text, length(vector) from passage where collection = ?"
        rows = index.execute(own, (served.collection_id,)).fetchall()
    index.close()
    assert rows
    assert all(length == 26 * 4 for _, length in rows)
    found = await served.post("/api/search", {"query": "days of leave", "collections": [served.collection_id]})
    assert "thirty days" in found["results"][0]["hit"]["text"]


async def test_the_own_model_answers_in_the_own_dialect_over_what_the_own_search_finds(served: Served) -> None:
    body = {"q": "How many days of leave are there?", "collections": ["Notes"]}
    async with served.http.post("/acme/ask", json=body) as response:
        assert response.status == 200
        assert response.content_type == "text/plain"
        told = await response.text()
    assert told.startswith("Welcome! You said:")
    assert "thirty days of leave" in told, "the passages are in the prompt that the model repeats"


async def test_who_has_no_badge_is_not_let_in(served: Served) -> None:
    for path, body in (("/acme/ask", {"q": "Who am I?"}), ("/api/collections", {"name": "Mine"})):
        async with served.http.post(path, json=body, headers={"X-Badge": "stolen"}) as response:
            assert response.status == 401
            assert "badge" in (await response.json())["detail"]
    assert (await served.get("/api/me"))["person"] == {
        "id": "acme-ann",
        "name": "ann",
        "is_signed_in": False,
        "is_operator": False,
    }


async def test_a_body_that_the_own_dialect_cannot_read_is_refused_with_its_reason(served: Served) -> None:
    async with served.http.post("/acme/ask", json={"question": "?"}) as response:
        assert response.status == 400
        assert "`q`" in (await response.json())["detail"]


async def test_chats_are_kept_in_the_own_history(served: Served) -> None:
    async with served.http.post("/api/questions", json={"text": "Hello you"}) as response:
        asked = await response.json()
    async with served.http.get(f"/api/answers/{asked['answer']['id']}/events") as response:
        assert "Welcome!" in await response.text()
    messages = (await served.get(f"/api/chats/{asked['question']['chat_id']}"))["messages"]
    assert messages[0]["text"] == "Hello you"
    with sqlite3.connect(served.folder / "hubbub.db") as database:
        tables = {row[0] for row in database.execute("select name from sqlite_master")}
    database.close()
    assert not tables & {"chat", "message"}, "Hubbub's own history was opened beside it"


async def test_a_document_that_is_removed_leaves_the_own_index(served: Served) -> None:
    path = f"/api/collections/{served.collection_id}/documents/second.acme"
    async with served.http.put(path, data=b"Trains = They leave at noon.") as response:
        document_id = (await response.json())["id"]
    async with asyncio.timeout(60):
        while any(one["state"] != "ready" for one in await documents(served)):
            await asyncio.sleep(0.05)
    async with served.http.delete(f"/api/documents/{document_id}") as response:
        assert response.status == 204
    with sqlite3.connect(served.folder / "acme-index.db") as index:
        assert index.execute("select 1 from passage where document = ?", (document_id,)).fetchall() == []
    index.close()


async def test_check_says_that_all_is_well_and_names_what_is_not(tmp_path: Path) -> None:
    told = variables(tmp_path)
    well = await asyncio.to_thread(checked, tmp_path, told)
    assert "Ready" in well
    strange = told | {"HUBBUB_BACKENDS__SEARCH__PATHS": "a", "HUBBUB_MODELS__ECHO__SETTINGS__GREETINGS": "Hi"}
    wrong = await asyncio.to_thread(checked, tmp_path, strange)
    assert "backends.search.paths: there is no such setting; did you mean path?" in wrong
    assert "models.echo.settings.greetings: there is no such setting; did you mean greeting?" in wrong


def checked(folder: Path, told: dict[str, str]) -> str:
    command = [sys.executable, "-m", "hubbub", "check"]
    answer = subprocess.run(
        command, env=environment(folder, told), cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert "Traceback" not in answer.stderr + answer.stdout
    return " ".join((answer.stdout + answer.stderr).split())


async def test_the_suites_of_the_package_pass_as_the_page_has_them(tmp_path: Path) -> None:
    (text,) = blocks("py")
    path = tmp_path / named(text)
    path.parent.mkdir(parents=True)
    path.write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-o", "asyncio_mode=auto", "-p", "no:cacheprovider", str(path)]
    answer = await asyncio.to_thread(
        subprocess.run,
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(install(tmp_path)), str(ROOT / "src")))},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout[-4000:] + answer.stderr[-2000:]
    assert " passed" in answer.stdout
