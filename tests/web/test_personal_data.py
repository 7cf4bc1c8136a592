"""Exports, erasure, legal holds and retention: over HTTP and at the command line, against servers that run."""

import asyncio
import io
import json
import time
import zipfile
from pathlib import Path
from typing import Any

import aiohttp

from hubbub.app.access import CHAT_FILES
from hubbub.app.attachments import PICTURE
from hubbub.app.leftovers import sweep
from hubbub.app.person_work import PersonWork
from hubbub.app.personal_kinds import ERASURES, EXPORTS, KINDS, OF_NOBODY
from hubbub.app.retention import Ages
from hubbub.compose import open_audit, open_people, prepare_folder
from hubbub.compose.application import open_people_work
from hubbub.compose.backends import load_backends
from hubbub.compose.beside_chats import passkeys_in
from hubbub.compose.databases import chats_in, library_in
from hubbub.compose.guests import KINDS as GUEST_KINDS
from hubbub.compose.guests_postgres import guests_in
from hubbub.connections.sqlite import Connection, Row, Sqlite
from hubbub.core.people import OPERATOR
from hubbub.identity.guests_sqlite import SqliteGuests
from hubbub.identity.jobs_sqlite import PersonJobs
from hubbub.identity.passkeys_sqlite import Passkey
from hubbub.settings import Settings
from tests.cli.commands import run
from tests.patience import patience
from tests.places import place_of
from tests.servers.hubbub_server import hubbub_serving, scripted
from tests.servers.reader import ask, read_all
from tests.web.test_attachments import PNG
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
    async with patience():
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


async def more_of_every_kind(
    folder: Path, root: aiohttp.ClientSession, ada: aiohttp.ClientSession, eve: aiohttp.ClientSession, ada_id: str
) -> dict[str, str]:
    """Let there be at least one thing of each kind that `KINDS` lists, besides those of `filled`."""
    asked = await ask(ada, "", SECRET, model="scripted", is_temporary=True)
    await read_all(ada, "", asked["answer"]["id"])
    temporary_id = asked["chat"]["id"]
    asked = await ask(ada, "", SECRET, model="scripted")
    await read_all(ada, "", asked["answer"]["id"])
    chat_id = asked["chat"]["id"]
    ids = {"temporary": temporary_id, "shared": chat_id}
    await call(ada, "PUT", f"/api/answers/{asked['answer']['id']}/rating", is_good=True, comment=SECRET)
    ids["link"] = (await call(ada, "POST", f"/api/chats/{chat_id}/links"))["link"]["id"]
    files_id = (await call(ada, "POST", "/api/chat-files", chat_id=chat_id))["id"]
    async with ada.put(f"/api/collections/{files_id}/documents/pier.txt", data=SECRET.encode()) as response:
        assert response.status == 202
    unsent_id = (await call(ada, "POST", "/api/chat-files"))["id"]
    async with ada.put(f"/api/collections/{unsent_id}/documents/dock.txt", data=SECRET.encode()) as response:
        assert response.status == 202
    async with ada.post("/api/pictures?name=dot.png", data=PNG) as response:
        ids["picture"] = (await told(response))["id"]
    ids["prompt"] = (await call(ada, "POST", "/api/prompts", name="Roof", text=SECRET))["id"]
    ids["assistant"] = (await call(ada, "POST", "/api/assistants", name="Roofer", instructions=SECRET))["id"]
    await call(ada, "PUT", "/api/me/instructions", text=SECRET)
    await call(ada, "POST", "/chat_history", id="7e57", answers=[[SECRET, {}]])
    items = [{"role": "user", "content": SECRET}]
    ids["conversation"] = (await call(ada, "POST", "/v1/conversations", items=items, metadata={"house": SECRET}))["id"]
    await call(ada, "POST", "/api/me/keys", name="reports")

    theirs = (await call(eve, "POST", "/api/collections", name="Shared"))["id"]
    grants = [{"subject": f"person:{ada_id}", "right": "write"}]
    await call(eve, "PUT", f"/api/collections/{theirs}/grants", grants=grants)
    async with ada.put(f"/api/collections/{theirs}/documents/gift.txt", data=b"A gift.") as response:
        assert response.status == 202
    asked = await ask(eve, "", "What?", model="scripted")
    await read_all(eve, "", asked["answer"]["id"])
    subjects = [f"person:{ada_id}"]
    await call(eve, "POST", f"/api/chats/{asked['chat']['id']}/links", audience="some", subjects=subjects)
    group_id = (await call(root, "POST", "/api/groups", name="Roofers"))["id"]
    await call(root, "PUT", f"/api/groups/{group_id}/members/{ada_id}", is_manager=False)
    await call(root, "POST", "/api/operators/readings", person_id=ada_id, reason="Case 6", minutes=5)

    passkey = Passkey(b"a device", ada_id, b"a key", 0, "phone", time.time())
    async with place_of(folder).database() as database, passkeys_in(database) as passkeys:
        await passkeys.add(passkey)
        await passkeys.add_challenge(b"a challenge", ada_id)
        kept = SqliteGuests(database, GUEST_KINDS) if isinstance(database, Sqlite) else guests_in(database)
        async with kept as guests:
            await guests.begin("a-guest", ada_id)
            await guests.finish("a-guest", ada_id)
    async with browser_of(root) as stranger:
        assert (await sign_in(stranger, "ada@example.org", "a wrong password"))[0] == 401
    return ids


async def call(http: aiohttp.ClientSession, method: str, path: str, **body: Any) -> dict[str, Any]:
    async with http.request(method, path, json=body) as response:
        assert response.status < 300, (path, await response.text())
        return {} if response.status == 204 else await told(response)


def browser_of(http: aiohttp.ClientSession) -> aiohttp.ClientSession:
    """Another browser, at the same server."""
    return aiohttp.ClientSession(http._base_url)


async def tables_with(folder: Path, word: str) -> set[str]:
    """Return the tables of both database files in which a word stands."""

    def is_in(row: Row) -> bool:
        texts = (one.decode(errors="ignore") if isinstance(one, bytes) else str(one) for one in row)
        return any(word in text for text in texts)

    def look(connection: Connection) -> set[str]:
        return {name for name in tables_of(connection) if any(map(is_in, connection.all(f'select * from "{name}"')))}

    async with chats_in(folder) as chats, library_in(folder) as library:
        return await chats.read(look) | await library.read(look)


async def is_in_indexes(folder: Path, part: bytes) -> bool:
    """Tell whether part of a word stands in an index of words of either database file, found by it or not.

    A word is stored without what it has in common with the one before it.
    """

    def look(connection: Connection) -> bool:
        names = [
            name for (name,) in connection.all("select name from sqlite_schema where name like '%\\_data' escape '\\'")
        ]
        blocks = [one for name in names for (one,) in connection.all(f"select block from {name}")]
        return any(isinstance(one, bytes) and part in one for one in blocks)

    async with chats_in(folder) as chats, library_in(folder) as library:
        return await chats.read(look) or await library.read(look)


def tables_of(connection: Connection) -> set[str]:
    """Return the names of all tables but those that SQLite makes, and those in which an index keeps its words."""
    rows = connection.all("select name, sql from sqlite_schema where type = 'table' and name not like 'sqlite_%'")
    indexes = [f"{name}_" for name, sql in rows if sql.lower().startswith("create virtual")]
    return {name for name, _ in rows if not name.startswith(tuple(indexes))} - {"migration"}


STAYING = {table for kind in KINDS if kind.erase is None and kind.stays for table in kind.tables}


async def test_all_tables_are_in_the_list_of_what_is_kept_of_people(tmp_path: Path) -> None:
    async with (
        open_people_work(settings_of(tmp_path)),
        chats_in(tmp_path) as chats,
        library_in(tmp_path) as library,
    ):
        there = await chats.read(tables_of) | await library.read(tables_of)
    listed = [table for kind in KINDS for table in kind.tables] + list(OF_NOBODY)
    assert there - set(listed) == set(), "a table that is new: say in `personal_kinds` whose things it holds"
    assert {"chat", "record", "document", "passkey", "usage"} <= there
    assert len(listed) == len(set(listed))
    for kind in KINDS:
        assert kind.export or not kind.tables, f"{kind.name} are in no export"
        assert kind.erase or kind.stays or kind.name == "sign-ins", f"{kind.name} are neither erased nor said to stay"


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
        things = await filled(ada) | await more_of_every_kind(tmp_path, root, ada, eve, ada_id)
        job = await done(ada, await asked_for(ada, "/api/me/export"))
        assert job["state"] == "done", job
        assert [name for name, _ in EXPORTS if not job["report"][name]] == [], "in a full export there is all"
        async with eve.get(f"/api/exports/{job['id']}/file") as response:
            assert response.status == 404
        async with ada.get(f"/api/exports/{job['id']}/file") as response:
            assert response.status == 200
            archive = zipfile.ZipFile(io.BytesIO(await response.read()))
        assert archive.testzip() is None
        next((tmp_path / "exports").glob("*.zip")).unlink()  # as when its time is over
        async with ada.get(f"/api/exports/{job['id']}/file") as response:
            assert response.status == 404
        check_export(archive, things)

        async with ada.post("/api/me/erasure", json={"confirm": "somebody else"}) as response:
            assert response.status == 409
        await done(ada, await asked_for(ada, "/api/me/export"))
        assert await is_in_indexes(tmp_path, b"lour")
        named = await tables_with(tmp_path, ada_id)
        assert named <= {table for kind in KINDS for table in kind.tables}
        await asked_for(ada, "/api/me/erasure", {"confirm": ada_id})
        async with patience():
            while True:
                async with root.get("/api/operators/jobs") as response:
                    job = (await told(response))["jobs"][0]
                if job["state"] != "waiting":
                    break
                await asyncio.sleep(0.05)
        assert job["state"] == "done", job
        assert [name for name, _ in ERASURES if not job["report"][name]] == [], "of each kind something went"
        assert job["report"]["chats"] == 4, "the temporary one and the conversation, too"
        assert job["report"]["collections"] == 2, "files that no chat has, too; those of a chat went with it"
        lines = await audited(root, deed="invited")
        assert "ada@example.org" in [one["what"] for one in lines], "which stays, and the report says so"
        assert "the e-mail address of an invitation" in job["report"]["stays"]
        async with ada.get("/api/chats") as response:
            assert response.status == 401
        assert (await sign_in(ada, "ada@example.org"))[0] == 401
        lines = await audited(root, about=ada_id)
        assert [one["deed"] for one in lines].count("erased") == 1
        [shared] = [
            one for one in (await call(eve, "GET", "/api/collections"))["collections"] if one["name"] == "Shared"
        ]
        assert shared["documents"] == 1, "what was given to others stays"
        await server.terminate()
    async with serving(tmp_path, **FAST):
        pass  # a worker that begins clears the journal of those that have left
    assert await tables_with(tmp_path, ada_id) <= STAYING
    assert await tables_with(tmp_path, SECRET) == set()
    assert not await is_in_indexes(tmp_path, b"lour")
    assert await tables_with(tmp_path, "ada@example.org") <= STAYING
    assert not list((tmp_path / "exports").glob("*.zip"))


def check_export(archive: zipfile.ZipFile, things: dict[str, str]) -> None:
    """Check that an export holds what `filled` and `more_of_every_kind` made."""

    def read(name: str) -> Any:
        return json.loads(archive.read(name))

    names = archive.namelist()
    assert all(not Path(name).is_absolute() and ".." not in Path(name).parts for name in names)
    readme = archive.read("README.txt").decode()
    assert [name for name in names if name.partition("/")[0] not in readme] == ["README.txt", "export.json"]
    chat = read(f"chats/{things['chat']}.json")
    assert [one["role"] for one in chat["messages"]].count("assistant") == 2, "both branches"
    assert all(one["answer"]["text"] for one in chat["messages"] if one["role"] == "assistant")
    assert read(f"chats/{things['temporary']}.json")["chat"]["is_temporary"]
    assert read(f"chats/{things['shared']}.json")["messages"][1]["rating"]["comment"] == SECRET
    [conversation] = [name for name in names if name.startswith("chats/") and read(name)["annotation"]]
    assert SECRET in str(read(conversation)["annotation"])
    [document] = [name for name in names if name.endswith("roof.txt")]
    assert archive.read(document) == SECRET.encode()
    assert len([name for name in names if name.endswith(("pier.txt", "dock.txt"))]) == 2, "files of chats"
    assert things["collection"] in [one["collection"]["id"] for one in read("collections.json")]
    assert read("person.json")["email"] == "ada@example.org"
    assert len(read("answers.json")) == 1
    assert len(archive.read("usage.jsonl").splitlines()) >= 3
    assert read("links.json")[0]["id"] == things["link"]
    assert SECRET in archive.read(f"links/{things['link']}.json").decode()
    records = {one["kind"]: one for one in read("records.json")}
    assert set(records) == {"picture", "prompt", "assistant", "instructions", "rating"}
    assert archive.read(records["picture"]["file"]) == PNG
    assert records["prompt"]["about"] == {"name": "Roof", "text": SECRET, "version": 1}
    assert records["assistant"]["about"] == {"name": "Roofer", "instructions": SECRET}
    assert records["instructions"]["about"] == SECRET
    assert read("passkeys.json")[0]["name"] == "phone"
    assert read("keys.json")[0]["name"] == "reports"
    assert [one["name"] for one in read("documents_elsewhere.json")] == ["gift.txt"]
    assert [one["right"] for one in read("rights.json")].count("write") >= 1
    assert read("groups.json")[0]["name"] == "Roofers"
    assert read("guests.json") == ["a-guest"]
    assert read("readings.json")[0]["reason"] == "Case 6"
    deeds = [json.loads(line)["deed"] for line in archive.read("audit.jsonl").splitlines()]
    assert {"sign-in", "document added", "export asked for", "invited"} <= set(deeds)
    assert deeds[-1] == "invited", "the newest first"


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
                ids.append((await call(http, "GET", "/api/me"))["person"]["id"])
                files_id = (await call(http, "POST", "/api/chat-files"))["id"]
                async with http.put(f"/api/collections/{files_id}/documents/pier.txt", data=b"A pier.") as response:
                    assert response.status == 202
                async with http.post("/api/pictures?name=dot.png", data=PNG) as response:
                    assert response.status == 201
                asked = await ask(http, "", SECRET, model="scripted", is_temporary=True)
                await read_all(http, "", asked["answer"]["id"])
    settings = settings_of(tmp_path)
    async with open_people_work(settings) as application, chats_in(tmp_path) as database:
        personal = application.personal
        assert personal is not None
        async with PersonJobs(database) as jobs:
            await personal.hold(OPERATOR, ids[1], "Case 8", 1.0)
            work = PersonWork(application, personal, application.log.store, Ages())  # type: ignore[arg-type]
            assert await work._retention.round() == {}  # type: ignore[attr-defined]
            await sweep(application, time.time() + 30 * 86400)  # what belongs to no chat, and temporary chats
            kept = [len(await application.history.all_chats(one, limit=9)) for one in ids]
            assert kept == [1, 2], "a temporary chat is not deleted for its age where it is held"
            assert [await application.records.count(PICTURE, one) for one in ids] == [0, 1]
            owners = [one.owner_id for one in await application.library.named_collections()]
            assert [owners.count(CHAT_FILES + one) for one in ids] == [0, 1]
            ages = Ages(chats_days=1e-9, documents_days=1e-9, audit_days=1e-9)
            work = PersonWork(application, personal, application.log.store, ages)  # type: ignore[arg-type]
            assert await work._retention.round() == {"chats": 1, "documents": 1}  # type: ignore[attr-defined]
            expiring = "select count(*) from answer where owner_id = ? and expires_at > unixepoch() + 29 * 86400"
            for person_id, kept in zip(ids, (0, 1), strict=True):
                assert await database.read(Connection.one, expiring, (person_id,)) == (kept,), "by a hold, for longer"
            assert len(await application.history.chats(ids[0])) == 0
            assert len(await application.history.chats(ids[1])) == 1
            await personal.release(OPERATOR, ids[1])
            assert await jobs.holds() == []
            counts = await work._retention.round()  # type: ignore[attr-defined]
            assert (counts["chats"], counts["documents"]) == (2, 2)
            assert counts["lines of the audit"] > 0
    async with open_audit(settings) as audit:
        assert (await audit.verify()).fault == ""


async def known_person(folder: Path) -> str:
    async with open_people(settings_of(folder)) as (_, people):
        return (await people.known("acme", "ada")).id


def test_the_command_line_exports_holds_and_refuses_without_a_server(tmp_path: Path) -> None:
    folder, target = tmp_path / "data", tmp_path / "p1.zip"
    on = {"HUBBUB_IDENTITY__ACCOUNTS__IS_ENABLED": "true"}
    prepare_folder(folder)
    person_id = asyncio.run(known_person(folder))
    code, out, err = run(folder, "people", "export", person_id, "--to", str(target), variables=on)
    assert code == 0, err
    assert "chats: 0" in out
    assert "person.json" in zipfile.ZipFile(target).namelist()
    assert target.stat().st_mode & 0o077 == 0
    assert run(folder, "people", "hold", person_id, "--reason", "Case 9", variables=on)[0] == 0
    code, _, err = run(folder, "people", "erase", person_id, "--yes", variables=on)
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
        async with patience():
            while (now := await application.personal.jobs.job(job.id)) is None or now.state == "waiting":
                await asyncio.sleep(0.05)
    assert now.report["chats"] == 1
    assert await tables_with(tmp_path, ada_id) <= STAYING
