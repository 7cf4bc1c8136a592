"""Models that only some may use: at every door they do not exist for others, and what is open ends with the right."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hubbub.connections.sqlite import Sqlite
from hubbub.core.people import Group, Member
from hubbub.models.scripted import ScriptedModel
from hubbub.usage.bounds import read_bound
from hubbub.usage.meter import Meter
from hubbub.usage.quotas import Rules
from hubbub.usage.sqlite import SqliteUsage
from tests.servers.reader import ask, read_all
from tests.web.application import Hubbub, hubbub_running
from tests.web.test_authorisation import BODIES, parameters, routes, schema_of_body

VAULT, PLAIN, UNKNOWN = "vault", "scripted", "vaulu"
VAULT_WORDS = tuple(f"word{number} " for number in range(2000))
SHARED = {VAULT: ["group:Keepers"], PLAIN: ["everybody"]}
SAID = [{"role": "user", "content": "What?"}]


@pytest.fixture
async def hubbub(tmp_path: Path) -> AsyncIterator[Hubbub]:
    """Two models, of which the preferred one is a group's."""
    vault = ScriptedModel(VAULT_WORDS, name=VAULT, seconds_between=0.01)
    async with hubbub_running(tmp_path, vault, ScriptedModel(), models_shared_with=SHARED) as hubbub:
        yield hubbub


@pytest.fixture
async def keepers(hubbub: Hubbub, ann: aiohttp.ClientSession) -> Group:
    """The group that may use the vault; Ann is in it."""
    group = await hubbub.services.library.groups.create("Keepers")
    await hubbub.services.library.groups.put_member(group.id, Member(await id_of(ann)))
    return group


async def id_of(http: aiohttp.ClientSession) -> str:
    async with http.get("/api/me") as response:
        return (await response.json())["person"]["id"]


async def names(http: aiohttp.ClientSession) -> tuple[list[str], str | None, list[str]]:
    async with http.get("/api/models") as response:
        page = await response.json()
    async with http.get("/v1/models") as response:
        listed = [one["id"] for one in (await response.json())["data"]]
    return [one["name"] for one in page["models"]], page["default"], listed


async def send(http: aiohttp.ClientSession, path: str, body: dict[str, Any]) -> tuple[int, str]:
    async with http.post(path, json=body) as response:
        return response.status, await response.text()


def _without_name(told: str, name: str) -> str:
    return told.replace(name, "NAME")


@pytest.mark.usefixtures("keepers")
async def test_a_model_is_listed_for_its_group_alone(
    hubbub: Hubbub, ann: aiohttp.ClientSession, bob: aiohttp.ClientSession
) -> None:
    assert await names(ann) == ([VAULT, PLAIN], VAULT, [VAULT, PLAIN])
    for http in (bob, await hubbub.program("robot"), await hubbub.guest()):
        assert await names(http) == ([PLAIN], PLAIN, [PLAIN])


@pytest.mark.usefixtures("keepers")
async def test_no_route_tells_somebody_elses_model_from_one_that_is_not_there(
    hubbub: Hubbub, ann: aiohttp.ClientSession, bob: aiohttp.ClientSession
) -> None:
    schemas = hubbub.app.openapi()["components"]["schemas"]
    naming = [
        (path, name)
        for method, path in routes(hubbub)
        if method == "POST"
        and (name := schema_of_body(hubbub, (method, path)))
        and "model" in schemas[name].get("properties", {})
        and name not in ("EmbeddingRequest", "ChatBody")  # which name what embeds, and assistants alone
    ]
    assert {path for path, _ in naming} >= {
        "/api/questions",
        "/api/questions/{question_id}/answers",
        "/v1/chat/completions",
        "/v1/completions",
        "/v1/responses",
    }
    robot = await hubbub.program("robot")
    for http in (bob, robot, await hubbub.guest()):
        own = (await ask(http, ""))["question"]["id"]
        for path, name in naming:
            for over in ("", "+search"):
                tried = [
                    await send(http, path.format(question_id=own), BODIES[name] | {"model": model + over})
                    for model in (VAULT, UNKNOWN)
                ]
                assert tried[0][0] == 404, (path, tried)
                assert _without_name(tried[0][1], VAULT) == _without_name(tried[1][1], UNKNOWN), path
        for path in ("/v1/models/", "/openai/deployments/"):
            end = "/chat/completions" if "deployments" in path else ""
            told = []
            for model in (VAULT, UNKNOWN):
                body = {"json": {"messages": SAID}} if end else {}
                async with http.request("POST" if end else "GET", f"{path}{model}{end}", **body) as response:
                    assert response.status == 404
                    told.append(_without_name(await response.text(), model))
            assert told[0] == told[1]
        for method, path in routes(hubbub):
            if method == "GET" and not parameters(path) and path not in ("/api/answers/events", "/api/chats/found"):
                async with http.get(path) as response:
                    assert VAULT not in await response.text(), path


@pytest.mark.usefixtures("keepers")
async def test_who_names_no_model_is_answered_by_one_of_their_own(
    hubbub: Hubbub, ann: aiohttp.ClientSession, bob: aiohttp.ClientSession
) -> None:
    asked = await ask(ann, "")
    async with ann.post(f"/api/answers/{asked['answer']['id']}/stop") as response:
        assert response.status < 300
    assert (await read_all(ann, "", asked["answer"]["id"]))[0]["model"] == VAULT
    asked = await ask(bob, "")
    assert (await read_all(bob, "", asked["answer"]["id"]))[0]["model"] == PLAIN
    for path, body in (("/chat", {"messages": SAID}), ("/v1/responses", {"input": "What?"})):
        status, told = await send(bob, path, body)
        assert status == 200, told
        assert VAULT not in told
        assert "word1" not in told


@pytest.mark.usefixtures("keepers")
async def test_a_picture_names_no_model_of_others(ann: aiohttp.ClientSession, bob: aiohttp.ClientSession) -> None:
    async with bob.post(
        "/api/pictures?name=a.png", data=b"\x89PNG\r\n\x1a\n", headers={"Content-Type": "image/png"}
    ) as response:
        picture = (await response.json())["id"]
    status, told = await send(bob, "/api/questions", {"text": "What?", "pictures": [picture]})
    assert status == 422
    assert VAULT not in told


async def test_what_is_open_ends_with_the_right_and_is_not_asked_for_again(
    hubbub: Hubbub, ann: aiohttp.ClientSession, keepers: Group
) -> None:
    asked = await ask(ann, "", model=VAULT)
    answer_id = asked["answer"]["id"]
    person_id = await id_of(ann)
    reading = asyncio.create_task(read_all(ann, "", answer_id))
    await hubbub.services.library.groups.remove_member(keepers.id, person_id)
    async with asyncio.timeout(10):
        said = await reading
    assert (said[-1]["type"], said[-1]["reason"]) == ("stopped", "right_ended")
    path = f"/api/questions/{asked['question']['id']}/answers"
    assert (await send(ann, path, {}))[0] == 404, "the stored model is not theirs any more"
    status, told = await send(ann, path, {"model": PLAIN})
    assert status == 202, told


async def test_who_may_use_no_model_gets_quotes_and_no_chat(tmp_path: Path) -> None:
    async with hubbub_running(tmp_path, ScriptedModel(), models_shared_with={PLAIN: []}) as hubbub:
        person = await hubbub.person()
        assert await names(person) == ([], None, [])
        status, told = await send(person, "/api/questions", {"text": "What?"})
        assert (status, "no model here" in told) == (404, True)
        async with person.post("/api/collections", json={"name": "Rules"}) as response:
            collection_id = (await response.json())["id"]
        asked = await ask(person, "", "What?", collections=[collection_id])
        events = await read_all(person, "", asked["answer"]["id"])
        assert (events[0]["way"], events[-1]["type"]) == ("quotes", "done")


@pytest.mark.parametrize(("who", "status"), [("everybody", 202), ("signed-in", 429)])
async def test_the_model_that_answers_over_a_quota_answers_those_who_may_use_it(
    tmp_path: Path, who: str, status: int
) -> None:
    async with Sqlite(tmp_path / "usage.db") as database, SqliteUsage(database) as store:
        meter = Meter(store, rules=Rules(person=(read_bound("1 questions per day"),), over="small"))
        models = (ScriptedModel(), ScriptedModel(["a ", "little"], name="small"))
        async with hubbub_running(tmp_path, *models, meter=meter, models_shared_with={"small": [who]}) as hubbub:
            person = await hubbub.person()
            await read_all(person, "", (await ask(person, ""))["answer"]["id"])
            got, told = await send(person, "/api/questions", {"text": "And now?"})
            assert got == status, told
            assert status == 202 or "small" not in told
            async with person.get("/api/usage") as response:
                assert (await response.json())["over"] == ("small" if status == 202 else None)
