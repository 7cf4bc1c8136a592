"""Operators set quotas over REST; they hold at once, say where they come from, and go with whom they are for."""

from pathlib import Path
from typing import Any

import aiohttp

from tests.patience import patience
from tests.servers.hubbub_server import scripted
from tests.servers.reader import ask, read_all
from tests.web.test_audit import audited, operator
from tests.web.test_signing_in import browser, member, serving, told

PATH = "/api/operators/quotas"
FAST = scripted(words=3, pause_seconds=0.0)
IN_SETTINGS = {"HUBBUB_QUOTAS__PERSON": '["1 questions per day"]', "HUBBUB_QUOTAS__CURRENCY": "EUR"}


async def put(http: aiohttp.ClientSession, body: dict[str, Any], path: str = PATH) -> tuple[int, dict[str, Any]]:
    async with http.put(path, json=body) as response:
        return response.status, await told(response) if response.status >= 400 else {}


async def removed(http: aiohttp.ClientSession, **query: str) -> int:
    async with http.delete(PATH, params=query) as response:
        return response.status


async def shown(http: aiohttp.ClientSession) -> dict[str, Any]:
    async with http.get(PATH) as response:
        assert response.status == 200
        return await told(response)


async def bounds_of(http: aiohttp.ClientSession) -> list[str]:
    async with http.get("/api/usage") as response:
        return [one["text"] for one in (await told(response))["bounds"]]


async def group_of(http: aiohttp.ClientSession, name: str, person_id: str) -> str:
    """Make a group of a person, and return its id."""
    async with http.post("/api/groups", json={"name": name}) as response:
        assert response.status == 201
        group_id = (await told(response))["id"]
    async with http.put(f"/api/groups/{group_id}/members/{person_id}", json={}) as response:
        assert response.status == 204, await response.text()
    return group_id


async def test_an_operator_sets_changes_and_removes_a_persons_quota(tmp_path: Path) -> None:
    async with serving(tmp_path, **FAST, **IN_SETTINGS) as server, browser(server) as root, browser(server) as ada:
        root_id = await operator(server, tmp_path, root)
        ada_id = await member(server, tmp_path, ada, "ada@example.org")
        quota = {"scope": "person", "subject": ada_id, "bounds": ["2 questions per day", "1.5 money per month"]}
        assert (await put(ada, quota))[0] == 404
        assert await removed(ada, scope="person") == 404
        assert await bounds_of(ada) == ["1 question per day"]
        assert (await put(root, quota))[0] == 204
        assert await bounds_of(ada) == ["2 questions per day", "1.50 EUR per month"]
        each, hers = (await shown(root))["quotas"]
        assert (each["subject"], each["bounds"], each["source"]) == ("", ["1 questions per day"], "settings")
        assert hers["bounds"] == ["2 questions per day", "1.50 money per month"]
        assert hers["words"] == ["2 questions per day", "1.50 EUR per month"]
        assert (hers["source"], hers["set_by"], hers["in_settings"]) == ("set", root_id, None)
        assert hers["set_at"] > 1e9
        for _ in range(2):
            await read_all(ada, "", (await ask(ada, ""))["answer"]["id"])
        async with ada.post("/api/questions", json={"text": "One more"}) as response:
            assert response.status == 429
        assert (await put(root, quota | {"bounds": []}))[0] == 204
        assert await bounds_of(ada) == []
        assert await removed(root, scope="person", subject=ada_id) == 204
        assert await bounds_of(ada) == ["1 question per day"]
        assert await removed(root, scope="person", subject=ada_id) == 404
        lines = [one for one in await audited(root, who=root_id) if one["deed"].startswith("quota")]
        assert [(one["deed"], one["what"], one["detail"]) for one in lines] == [
            ("quota set", ada_id, "person; before: not set; after: 2 questions/day, 1.50 money/month"),
            ("quota set", ada_id, "person; before: 2 questions/day, 1.50 money/month; after: none"),
            ("quota removed", ada_id, "person; before: none; after: not set"),
        ]


async def test_groups_that_were_made_here_have_quotas_and_are_told_by_name(tmp_path: Path) -> None:
    settings = {"HUBBUB_QUOTAS__GROUP": '["3 questions per day"]'}
    async with serving(tmp_path, **FAST, **settings) as server, browser(server) as root, browser(server) as ada:
        await operator(server, tmp_path, root)
        ada_id = await member(server, tmp_path, ada, "ada@example.org")
        crew, team = [await group_of(root, name, ada_id) for name in ("Crew", "Team")]
        quota = {"scope": "group", "subject": "crew", "bounds": ["2 questions per day"]}
        assert (await put(root, quota))[0] == 204
        quotas = (await shown(root))["quotas"]
        assert [(one["subject"], one["name"]) for one in quotas] == [("", ""), (f"group:{crew}", "Crew")]
        await read_all(ada, "", (await ask(ada, ""))["answer"]["id"])
        said = {"model": "scripted", "messages": [{"role": "user", "content": "Go on"}]}
        async with ada.post("/v1/chat/completions", json=said) as response:
            assert response.status == 200, await response.text()
        async with ada.post("/v1/chat/completions", json=said) as response:
            assert response.status == 429
            assert "the quota of the group 'Crew' is used up" in (await response.text()).replace("The", "the")
        async with ada.get("/api/usage") as response:
            bounds = (await told(response))["bounds"]
        assert sorted((one["group"], one["limit"], one["used"]) for one in bounds) == [("Crew", 2, 2), ("Team", 3, 2)]
        async with root.delete(f"/api/groups/{crew}/members/{ada_id}") as response:
            assert response.status == 204
        await read_all(ada, "", (await ask(ada, ""))["answer"]["id"])
        async with root.get("/api/operators/usage?by=group") as response:
            lines = (await told(response))["lines"]
        assert {one["name"]: (one["label"], one["questions"]) for one in lines} == {
            f"group:{crew}": ("Crew", 2),
            f"group:{team}": ("Team", 3),
        }
        async with root.get("/operators/usage") as response:
            assert "<th scope='row'>Crew</th>" in await response.text()
        async with root.delete(f"/api/groups/{crew}") as response:
            assert response.status == 204
        assert [one["subject"] for one in (await shown(root))["quotas"]] == [""]


async def test_which_model_answers_over_a_bound_is_set_too(tmp_path: Path) -> None:
    async with serving(tmp_path, **FAST, **IN_SETTINGS) as server, browser(server) as root:
        root_id = await operator(server, tmp_path, root)
        assert (await shown(root))["over"] is None
        assert (await put(root, {"model": "scripted"}, f"{PATH}/over"))[0] == 204
        over = (await shown(root))["over"]
        assert (over["model"], over["source"], over["set_by"]) == ("scripted", "set", root_id)
        for _ in range(2):
            await read_all(root, "", (await ask(root, ""))["answer"]["id"])
        assert await removed(root, scope="over") == 204
        async with root.post("/api/questions", json={"text": "One more"}) as response:
            assert response.status == 429


async def test_what_cannot_be_set_says_what_to_do(tmp_path: Path) -> None:
    async with serving(tmp_path, **FAST) as server, browser(server) as root:
        await operator(server, tmp_path, root)
        for body, status, said in (
            ({"scope": "person", "bounds": ["many"]}, 422, "“many” is no bound. Write one such as"),
            ({"scope": "person", "bounds": ["1 tokens per day", "2 tokens per day"]}, 422, "Keep one of them."),
            ({"scope": "person", "bounds": [], "subject": "nobody@example.org"}, 404, "A person is named by their id"),
            (
                {"scope": "group", "bounds": [], "subject": "group:staff"},
                404,
                "There is no group “staff” that was made",
            ),
            ({"scope": "key", "bounds": [], "subject": "0000000000"}, 404, "There is no API key with the id"),
            ({"scope": "planet", "bounds": []}, 422, "planet"),
        ):
            got, problem = await put(root, body)
            assert (got, said in str(problem)) == (status, True), problem
        assert "There is no model" in (await put(root, {"model": "nothing"}, f"{PATH}/over"))[1]["detail"]
        assert (await shown(root))["quotas"] == []


async def test_a_quota_goes_with_the_person(tmp_path: Path) -> None:
    async with serving(tmp_path, **FAST) as server, browser(server) as root, browser(server) as ada:
        await operator(server, tmp_path, root)
        ada_id = await member(server, tmp_path, ada, "ada@example.org")
        async with ada.post("/api/me/keys", json={"name": "Mine"}) as response:
            key_id = (await told(response))["key"]["id"]
        for scope, subject in (("person", ada_id), ("key", key_id)):
            quota = {"scope": scope, "subject": subject, "bounds": ["2 questions per day"]}
            assert (await put(root, quota))[0] == 204
        async with root.post(f"/api/people/{ada_id}/erasure", json={"confirm": ada_id}) as response:
            assert response.status == 202, await response.text()
        async with patience():
            while (await shown(root))["quotas"]:
                pass
