"""Exports, erasure, legal holds and retention: over HTTP and at the command line, against servers that run."""

import asyncio
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import aiohttp

from hubbub.app.person_work import PersonWork
from hubbub.app.retention import Ages
from hubbub.compose import open_audit
from hubbub.compose.application import open_people_work
from hubbub.compose.backends import load_backends
from hubbub.compose.databases import chats_in
from hubbub.connections.sqlite import Connection, Row
from hubbub.core.people import OPERATOR
from hubbub.identity.jobs_sqlite import PersonJobs
from hubbub.settings import Settings
from tests.cli.commands import run
from tests.servers.hubbub_server import hubbub_serving, scripted
from tests.servers.reader import read_all
from tests.web.test_audit import audited, operator
from tests.web.test_signing_in import browser, member, serving, sign_in, told

load_backends(Settings())  # which reads files: not on the loop's thread
FAST = scripted(words=3, pause_seconds=0.0) | {"HUBBUB_ANSWERS__KEPT_DAYS": "2"}
SECRET = "the colour of the roof"


def settings_of(folder: Path) -> Settings:
    return Settings(
        server={"data_folder": folder},  # type: ignore[arg-type]
        identity={"accounts": {"is_enabled": True}},  # type: ignore[arg-type]
        embeddings={"provider": "none"},  # type: ignore[arg-type]
        embedded={"is_enabled": False},  # type: ignore[arg-type]
        discovery={"is_enabled": False},  # type: ignore[arg-type]
    )


async def filled(http: aiohttp.ClientSession) -> dict[str, str]:
    """Ask twice in a chat, in two branches, and put a document into a collection."""
    async with http.post("/api/questions", json={"text": SECRET, "model": "scripted"}) as response:
        assert response.status < 300, await response.text()
        asked = await told(response)
    await read_all(http, "", asked["answer"]["id"])
    async with http.post(f"/api/questions/{asked['question']['id']}/answers", json={}) as response:
        second = await told(response)
    await read_all(http, "", second["answer"]["id"])
    async with http.post("/v1/responses", json={"model": "scripted", "input": SECRET}) as response:
        assert response.status == 200, await response.text()
    async with http.post("/api/collections", json={"name": "House/../.."}) as response:
        collection_id = (await told(response))["id"]
    async with http.put(f"/api/collections/{collection_id}/documents/roof.txt", data=SECRET.encode()) as response:
        assert response.status < 300
    return {"chat": asked["chat"]["id"], "collection": collection_id}


async def done(http: aiohttp.ClientSession, job: dict[str, Any], path: str = "/api/exports") -> dict[str, Any]:
    async with asyncio.timeout(15):
        while True:
            async with http.get(f"{path}/{job['id']}") as response:
                assert response.status == 200, await response.text()
                now = await told(response)
            if now["state"] != "waiting":
                return now
            await asyncio.sleep(0.05)


async def asked_for(http: aiohttp.ClientSession, path: str, body: dict[str, str] | None = None) -> dict[str, Any]:
    async with http.post(path, json=body) as response:
        assert response.status == 202, await response.text()
        return await told(response)


async def rows_with(folder: Path, word: str) -> list[str]:
    """Return the tables beside the chats in which a word stands, but for the audit's and the jobs'."""

    def is_in(row: Row) -> bool:
        texts = (one.decode(errors="ignore") if isinstance(one, bytes) else str(one) for one in row)
        return any(word in text for text in texts)

    def look(connection: Connection) -> list[str]:
        names = [row[0] for row in connection.all("select name from sqlite_schema where type = 'table'")]
        kept = [name for name in names if not name.startswith(("audit", "person_job", "sqlite_", "searched_words"))]
        return [name for name in kept if any(map(is_in, connection.all(f'select * from "{name}"')))]

    async with chats_in(folder) as database:
        return await database.read(look)


async def test_an_export_holds_everything_and_an_erasure_leaves_nothing(tmp_path: Path) -> None:
    async with (
        serving(tmp_path, **FAST) as server,
        browser(server) as root,
        browser(server) as ada,
        browser(server) as eve,
    ):
        await operator(server, tmp_path, root)
        ada_id = await member(server, tmp_path, ada, "ada@example.org")
        await member(server, tmp_path, eve, "eve@example.org")
        things = await filled(ada)
        job = await done(ada, await asked_for(ada, "/api/me/export"))
        assert job["state"] == "done", job
        async with eve.get(f"/api/exports/{job['id']}/file") as response:
            assert response.status == 404
        async with ada.get(f"/api/exports/{job['id']}/file") as response:
            assert response.status == 200
            archive = zipfile.ZipFile(io.BytesIO(await response.read()))
        assert archive.testzip() is None
        next((tmp_path / "exports").glob("*.zip")).unlink()  # as when its time is over
        async with ada.get(f"/api/exports/{job['id']}/file") as response:
            assert response.status == 404
        names = archive.namelist()
        assert all(not Path(name).is_absolute() and ".." not in Path(name).parts for name in names)
        chat = json.loads(archive.read(f"chats/{things['chat']}.json"))
        assert [one["role"] for one in chat["messages"]].count("assistant") == 2, "both branches"
        assert all(one["answer"]["text"] for one in chat["messages"] if one["role"] == "assistant")
        [document] = [name for name in names if name.endswith("roof.txt")]
        assert archive.read(document) == SECRET.encode()
        assert json.loads(archive.read("collections.json"))[0]["collection"]["id"] == things["collection"]
        assert json.loads(archive.read("person.json"))["email"] == "ada@example.org"
        assert len(json.loads(archive.read("answers.json"))) == 1
        assert len(archive.read("usage.jsonl").splitlines()) >= 3
        deeds = [json.loads(line)["deed"] for line in archive.read("audit.jsonl").splitlines()]
        assert {"sign-in", "document added", "export asked for"} <= set(deeds)

        async with ada.post("/api/me/erasure", json={"confirm": "somebody else"}) as response:
            assert response.status == 409
        await asked_for(ada, "/api/me/erasure", {"confirm": ada_id})
        async with asyncio.timeout(15):
            while True:
                async with root.get("/api/operators/jobs") as response:
                    job = (await told(response))["jobs"][0]
                if job["state"] != "waiting":
                    break
                await asyncio.sleep(0.05)
        assert job["state"] == "done", job
        assert job["report"]["chats"] == 1
        assert job["report"]["collections"] == 1
        assert job["report"]["accounts"] == 1
        assert "audit" in job["report"]["stays"]
        async with ada.get("/api/chats") as response:
            assert response.status == 401
        assert (await sign_in(ada, "ada@example.org"))[0] == 401
        lines = await audited(root, about=ada_id)
        assert [one["deed"] for one in lines].count("erased") == 1
        await server.terminate()
    async with serving(tmp_path, **FAST):
        pass  # a worker that begins clears the journal of those that have left
    assert await rows_with(tmp_path, ada_id) == []
    assert await rows_with(tmp_path, SECRET) == []
    assert not list((tmp_path / "exports").glob("*.zip"))


async def test_a_hold_keeps_everything_until_it_ends(tmp_path: Path) -> None:
    async with serving(tmp_path, **FAST) as server, browser(server) as root, browser(server) as ada:
        await operator(server, tmp_path, root)
        ada_id = await member(server, tmp_path, ada, "ada@example.org")
        async with ada.put(f"/api/people/{ada_id}/hold", json={"reason": "x"}) as response:
            assert response.status == 404
        async with root.put(f"/api/people/{ada_id}/hold", json={"reason": "Case 7"}) as response:
            assert response.status == 204
        async with ada.post("/api/me/erasure", json={"confirm": ada_id}) as response:
            assert (response.status, (await told(response))["code"]) == (409, "held")
        async with ada.get("/api/chats") as response:
            assert response.status == 200, "nobody is shut out by an erasure that is refused"
        async with root.delete(f"/api/people/{ada_id}/hold") as response:
            assert response.status == 204
        await asked_for(root, f"/api/people/{ada_id}/erasure", {"confirm": ada_id})


async def test_what_is_too_old_goes_and_what_is_held_or_new_stays(tmp_path: Path) -> None:
    async with hubbub_serving(tmp_path, FAST) as server:
        people = [browser(server), browser(server)]
        async with people[0] as ada, people[1] as ben:
            for http in (ada, ben):
                async with http.get("/api/me") as response:
                    await response.read()
            ids: list[str] = []
            for http in (ada, ben):
                await filled(http)
                async with http.get("/api/me") as response:
                    ids.append((await told(response))["person"]["id"])
    settings = settings_of(tmp_path)
    async with open_people_work(settings) as application, chats_in(tmp_path) as database:
        personal = application.personal
        assert personal is not None
        async with PersonJobs(database) as jobs:
            await personal.hold(OPERATOR, ids[1], "Case 8", 1.0)
            work = PersonWork(application, personal, application.log._store, Ages())  # type: ignore[arg-type]
            assert await work._retention.round() == {}  # type: ignore[attr-defined]
            ages = Ages(chats_days=1e-9, documents_days=1e-9, audit_days=1e-9)
            work = PersonWork(application, personal, application.log._store, ages)  # type: ignore[arg-type]
            assert await work._retention.round() == {"chats": 1, "documents": 1}  # type: ignore[attr-defined]
            expiring = "select count(*) from answer where owner_id = ? and expires_at > unixepoch() + 29 * 86400"
            for person_id, kept in zip(ids, (0, 1), strict=True):
                assert await database.read(Connection.one, expiring, (person_id,)) == (kept,), "by a hold, for longer"
            assert len(await application.history.chats(ids[0])) == 0
            assert len(await application.history.chats(ids[1])) == 1
            await personal.release(OPERATOR, ids[1])
            assert await jobs.holds() == []
            counts = await work._retention.round()  # type: ignore[attr-defined]
            assert counts["chats"] == 1
            assert counts["lines of the audit"] > 0
    async with open_audit(settings) as audit:
        assert (await audit.verify()).fault == ""


def test_the_command_line_exports_holds_and_refuses_without_a_server(tmp_path: Path) -> None:
    folder, target = tmp_path / "data", tmp_path / "p1.zip"
    on = {"HUBBUB_IDENTITY__ACCOUNTS__IS_ENABLED": "true"}
    code, out, err = run(folder, "people", "export", "p1", "--to", str(target), variables=on)
    assert code == 0, err
    assert "chats: 0" in out
    assert "person.json" in zipfile.ZipFile(target).namelist()
    assert target.stat().st_mode & 0o077 == 0
    assert run(folder, "people", "hold", "p1", "--reason", "Case 9", variables=on)[0] == 0
    code, _, err = run(folder, "people", "erase", "p1", "--yes", variables=on)
    assert code == 1
    assert "legal hold" in err


async def test_a_job_that_was_killed_is_done_by_the_next_process(tmp_path: Path) -> None:
    async with serving(tmp_path, **FAST) as server, browser(server) as ada:
        ada_id = await member(server, tmp_path, ada, "ada@example.org")
        await filled(ada)
    async with chats_in(tmp_path) as database, PersonJobs(database) as jobs:
        job = await jobs.ask("erasure", ada_id, ada_id)
        await jobs.note(job, {"chats": 0})  # as a process leaves it that is killed in the middle
    async with open_people_work(settings_of(tmp_path)) as application:
        assert application.personal is not None
        async with asyncio.timeout(15):
            while (now := await application.personal.jobs.job(job.id)) is None or now.state == "waiting":
                await asyncio.sleep(0.05)
    assert now.report["chats"] == 1
    assert await rows_with(tmp_path, ada_id) == []
