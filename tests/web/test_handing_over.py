"""A person's collections, assistants and prompts are handed over to somebody else: by itself, and before an erasure."""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp

from hubbub.app.access import CHAT_FILES
from hubbub.compose.application import open_people_work
from hubbub.compose.beside_chats import jobs_in
from hubbub.core.people import PERSON
from hubbub.identity.jobs_sqlite import Job
from tests.cli.commands import run
from tests.patience import patience
from tests.places import place_of, settings_of, variables_of
from tests.servers.reader import ask, read_all
from tests.web.test_audit import audited, operator
from tests.web.test_personal_data import FAST, call
from tests.web.test_signing_in import browser, member, serving, told

GHOST = "p0123456789abcdef012345678"
OFF: dict[str, Any] = {
    "identity": {"accounts": {"is_enabled": True}},
    "embeddings": {"provider": "none"},
    "embedded": {"is_enabled": False},
    "discovery": {"is_enabled": False},
}


async def collection(http: aiohttp.ClientSession, name: str, *documents: str) -> str:
    made = await call(http, "POST", "/api/collections", name=name)
    for one in documents:
        async with http.put(f"/api/collections/{made['id']}/documents/{one}", data=one.encode()) as response:
            assert response.status == 202, await response.text()
    return str(made["id"])


async def filled(http: aiohttp.ClientSession, readers_id: str) -> dict[str, str]:
    """Make a chat with a file, and a thing of each kind that is handed over, shared with somebody."""
    grants = [{"subject": f"person:{readers_id}", "right": "use"}]
    ids = {"collections": await collection(http, "House", "roof.txt", "pier.txt")}
    ids["prompts"] = (await call(http, "POST", "/api/prompts", name="Roof", text="What?"))["id"]
    ids["assistants"] = (await call(http, "POST", "/api/assistants", name="Roofer", instructions="Roof."))["id"]
    for kind, thing_id in ids.items():
        await call(http, "PUT", f"/api/{kind}/{thing_id}/grants", grants=grants)
    asked = await ask(http, "", "What?", model="scripted")
    await read_all(http, "", asked["answer"]["id"])
    files_id = (await call(http, "POST", "/api/chat-files", chat_id=asked["chat"]["id"]))["id"]
    async with http.put(f"/api/collections/{files_id}/documents/dock.txt", data=b"A dock.") as response:
        assert response.status == 202
    return ids


async def rights(http: aiohttp.ClientSession, kind: str) -> dict[str, tuple[str, str]]:
    """Return the names of somebody's things of a kind and what they may do with them, by their ids."""
    return {one["id"]: (one["name"], one["right"]) for one in (await call(http, "GET", f"/api/{kind}"))[kind]}


async def done(http: aiohttp.ClientSession, path: str, **body: Any) -> dict[str, Any]:
    """Ask for a job as an operator and return it once it has ended."""
    async with http.post(path, json=body) as response:
        assert response.status == 202, await response.text()
        asked = await told(response)
    async with patience():
        while True:
            jobs = (await call(http, "GET", "/api/operators/jobs"))["jobs"]
            [job] = [one for one in jobs if one["id"] == asked["id"]]
            if job["state"] != "waiting":
                return dict(job)
            await asyncio.sleep(0.05)


async def refused(http: aiohttp.ClientSession, path: str, **body: Any) -> tuple[int, str]:
    async with http.post(path, json=body) as response:
        said = await told(response)
    return response.status, said["code"]


async def test_what_others_work_with_outlives_who_is_erased(tmp_path: Path) -> None:
    async with (
        serving(tmp_path, **FAST) as server,
        browser(server) as root,
        browser(server) as ada,
        browser(server) as eve,
        browser(server) as ben,
    ):
        await operator(server, tmp_path, root)
        ada_id = await member(server, tmp_path, ada, "ada@example.org")
        eve_id = await member(server, tmp_path, eve, "eve@example.org")
        ben_id = await member(server, tmp_path, ben, "ben@example.org")
        ids = await filled(ada, ben_id)
        await collection(eve, "House")
        counted = await call(root, "GET", f"/api/people/{ada_id}/handover?taker_id={eve_id}")
        things = {"collections": 1, "documents": 2, "assistants": 1, "prompts": 1}
        assert counted == {**things, "exceeds_allowance": False}
        job = await done(root, f"/api/people/{ada_id}/erasure", confirm=ada_id, taker_id=eve_id)
        assert (job["state"], job["taker_id"]) == ("done", eve_id), job
        assert {name: job["report"][f"{name} handed over"] for name in things} == things
        assert (job["report"]["chats"], job["report"]["collections"]) == (1, 0), "files of chats go with these"
        assert (await rights(eve, "collections"))[ids["collections"]] == ("House (2)", "manage")
        assert await rights(eve, "prompts") == {ids["prompts"]: ("Roof", "manage")}
        assert await rights(eve, "assistants") == {ids["assistants"]: ("Roofer", "manage")}
        for kind, thing_id in ids.items():
            assert (await rights(ben, kind))[thing_id][1] == "use", "rights of others stay"
        await call(eve, "PUT", f"/api/prompts/{ids['prompts']}/grants", grants=[])
        assert await rights(ben, "prompts") == {}, "the new owner says who has them"
        deeds = {one["deed"]: one["detail"] for one in await audited(root, about=ada_id)}
        assert deeds["handed over"] == f"to {eve_id}: 1 collections, 2 documents, 1 assistants, 1 prompts"
        assert "erased" in deeds
    async with open_people_work(settings_of(tmp_path, **OFF)) as application:
        library = application.library
        assert await library.kept_bytes(PERSON + eve_id) == 2 * 4096, "who has them is charged for them"
        assert {one.owner_id for one in await library.named_collections()}.isdisjoint({ada_id, CHAT_FILES + ada_id})


async def test_things_are_handed_over_without_an_erasure_and_none_twice(tmp_path: Path) -> None:
    async with (
        serving(tmp_path, **FAST, HUBBUB_LIMITS__PERSON_BYTES=str(3 * 4096)) as server,
        browser(server) as root,
        browser(server) as ada,
        browser(server) as eve,
    ):
        root_id = await operator(server, tmp_path, root)
        ada_id = await member(server, tmp_path, ada, "ada@example.org")
        eve_id = await member(server, tmp_path, eve, "eve@example.org")
        await filled(ada, eve_id)
        theirs = await collection(eve, "Piers", "pier.txt", "dock.txt")
        grants = [{"subject": f"person:{ada_id}", "right": "write"}]
        await call(eve, "PUT", f"/api/collections/{theirs}/grants", grants=grants)
        path = f"/api/people/{ada_id}/handover"
        assert (await call(root, "GET", f"{path}?taker_id={eve_id}"))["exceeds_allowance"]
        assert not (await call(root, "GET", f"{path}?taker_id={root_id}"))["exceeds_allowance"], (
            "operators have no bound"
        )
        for left in (1, 0):
            job = await done(root, path, taker_id=eve_id)
            assert (job["state"], job["report"]["collections handed over"]) == ("done", left), job
        assert len(await rights(eve, "collections")) == 2
        assert await rights(ada, "collections") == {theirs: ("Piers", "write")}, "what others gave stays hers"
        assert await rights(ada, "prompts") == {}
        assert len((await call(ada, "GET", "/api/chats"))["chats"]) == 1
        async with eve.put(f"/api/collections/{theirs}/documents/more.txt", data=b"More.") as response:
            assert (await told(response))["code"] == "over_allowance"


async def test_nothing_is_handed_over_to_nobody_or_of_who_is_held(tmp_path: Path) -> None:
    async with (
        serving(tmp_path, **FAST) as server,
        browser(server) as root,
        browser(server) as ada,
        browser(server) as eve,
    ):
        await operator(server, tmp_path, root)
        ada_id = await member(server, tmp_path, ada, "ada@example.org")
        eve_id = await member(server, tmp_path, eve, "eve@example.org")
        await collection(ada, "House", "roof.txt")
        path = f"/api/people/{ada_id}"
        assert (await refused(ada, f"{path}/handover", taker_id=eve_id))[0] == 404
        for taker_id in (GHOST, "", "operator"):
            assert await refused(root, f"{path}/handover", taker_id=taker_id) == (404, "nobody_named")
        assert await refused(root, f"/api/people/{GHOST}/handover", taker_id=eve_id) == (404, "nobody_named")
        assert await refused(root, f"{path}/erasure", confirm=ada_id, taker_id=GHOST) == (404, "nobody_named")
        assert (await refused(root, f"{path}/handover", taker_id=ada_id))[0] == 422
        await call(root, "PUT", f"{path}/hold", reason="Case 7")
        for end, body in (("handover", {}), ("erasure", {"confirm": ada_id})):
            assert await refused(root, f"{path}/{end}", taker_id=eve_id, **body) == (409, "held")
        await call(root, "DELETE", f"{path}/hold")
        await call(root, "PATCH", f"/api/people/{eve_id}", is_active=False)
        assert (await refused(root, f"{path}/erasure", confirm=ada_id, taker_id=eve_id))[0] == 422
        assert len(await rights(ada, "collections")) == 1
        assert (await call(root, "GET", "/api/operators/jobs"))["jobs"] == []


async def test_what_was_cut_off_is_gone_on_with_and_nothing_is_erased_without_the_taker(tmp_path: Path) -> None:
    async with serving(tmp_path, **FAST) as server, browser(server) as ada, browser(server) as eve:
        ada_id = await member(server, tmp_path, ada, "ada@example.org")
        eve_id = await member(server, tmp_path, eve, "eve@example.org")
        await filled(ada, eve_id)
        await collection(eve, "Piers")
    async with place_of(tmp_path).database() as database, jobs_in(database) as jobs:
        cut_off = await jobs.ask("handover", ada_id, "root", eve_id)
        await jobs.note(cut_off, {"collections handed over": 1, "prompts handed over": 1})
        async with open_people_work(settings_of(tmp_path, **OFF)) as application:
            await application.library.give_collections(ada_id, eve_id)  # type: ignore[attr-defined]
            report = (await ended(application, cut_off)).report
            assert (report["collections handed over"], report["prompts handed over"]) == (1, 1)
            assert await application.records.count("prompt", eve_id) == 1
            to_nobody = await jobs.ask("erasure", eve_id, "root", GHOST)
            failed = await ended(application, to_nobody)
            assert failed.state == "failed"
            assert GHOST in str(failed.report["reason"])
            assert len([one for one in await application.library.named_collections() if one.owner_id == eve_id]) == 2


async def ended(application: Any, job: Job) -> Job:
    async with patience():
        while (now := await application.personal.jobs.job(job.id)).state == "waiting":
            await asyncio.sleep(0.05)
    return now


async def test_the_command_line_hands_over_and_says_what(tmp_path: Path) -> None:
    async with serving(tmp_path, **FAST) as server, browser(server) as ada, browser(server) as eve:
        ada_id = await member(server, tmp_path, ada, "ada@example.org")
        eve_id = await member(server, tmp_path, eve, "eve@example.org")
        await filled(ada, eve_id)
    on = variables_of(tmp_path) | {"HUBBUB_IDENTITY__ACCOUNTS__IS_ENABLED": "true"}
    both = ("people", "hand-over", "ada@example.org", "eve@example.org", "--yes")
    code, out, err = await asyncio.to_thread(run, tmp_path, *both, variables=on)
    assert code == 0, err
    assert "eve@example.org gets collections: 1 (documents: 2), assistants: 1, prompts: 1." in err
    assert "documents handed over: 2" in out
    back = ("people", "erase", eve_id, "--hand-over-to", ada_id, "--yes")
    code, out, err = await asyncio.to_thread(run, tmp_path, *back, variables=on)
    assert code == 0, err
    assert "collections handed over: 1" in out
    code, _, err = await asyncio.to_thread(run, tmp_path, "people", "hand-over", ada_id, eve_id, variables=on)
    assert code == 1
    assert eve_id in err
