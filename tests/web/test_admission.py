"""Many people over HTTP: who waits sees a place, one with much holds up nobody, who is refused learns until when."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hubbub.answers.admission import AdmissionControl, AdmissionLimits
from hubbub.answers.base import Fixed
from hubbub.connections.http import Http
from hubbub.core.identifiers import new_id
from hubbub.models.address import Secret, compatible_address
from hubbub.models.base import ModelCard
from hubbub.models.openai import OpenAiModel
from tests.servers.hubbub_server import hubbub_serving, scripted
from tests.servers.model_server import ModelServer, Script
from tests.servers.reader import ask, read, read_all
from tests.web.application import Hubbub, hubbub_running

QUICK = Script(tokens=["one ", "two ", "three "], seconds_before_first=0.3, seconds_between=0.02)
HANGING = Script(stall_before="first_token")


@asynccontextmanager
async def running(folder: Path, script: Script, at_once: int, **limits: int) -> AsyncIterator[Hubbub]:
    async with ModelServer(script) as server, Http() as http:
        address = compatible_address(server.base_url, "scripted", Secret("key"))
        model = OpenAiModel(address, ModelCard("m", "test", 8192, can_ground=True), http)
        control = AdmissionControl({"m": Fixed(at_once)}, AdmissionLimits(**limits))
        async with hubbub_running(folder, model, control=control) as hubbub:
            yield hubbub


async def seconds_to_first_text(http: aiohttp.ClientSession) -> float:
    began = time.monotonic()
    asked = await ask(http, "", "A short one")
    async for _, event in read(http, "", asked["answer"]["id"]):
        if event["type"] == "text":
            return time.monotonic() - began
    raise AssertionError("no text")


async def twenty_light_ones(people: list[aiohttp.ClientSession]) -> list[float]:
    """Each asks three times, with pauses; returns how long each waited for the first text, sorted."""

    async def one(number: int, http: aiohttp.ClientSession) -> list[float]:
        found: list[float] = []
        await asyncio.sleep(number * 0.06)
        for _ in range(3):
            found.append(await seconds_to_first_text(http))
            await asyncio.sleep(0.8)
        return found

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(number, http)) for number, http in enumerate(people)]
    return sorted(seconds for task in tasks for seconds in task.result())


@pytest.mark.quiet
async def test_one_with_five_hundred_questions_does_not_hold_up_twenty(tmp_path: Path) -> None:
    limits = {"running_per_person": 4, "waiting_per_person": 500, "waiting_per_model": 1000}
    async with running(tmp_path, QUICK, 16, **limits) as hubbub:
        people = [await hubbub.person() for _ in range(20)]
        heavy = await hubbub.person()
        await twenty_light_ones(people)  # warms everything up
        alone = (await twenty_light_ones(people))[57]
        for _ in range(10):
            await asyncio.gather(*(ask(heavy, "", "Another one of many, and a long one " * 20) for _ in range(50)))
        assert hubbub.services.runner.waiting_count > 300
        beside: list[float] = []
        while len(beside) < 3 and (not beside or min(beside) > 1.5 * alone):  # other work on the machine is not ours
            beside.append((await twenty_light_ones(people))[57])
        assert hubbub.services.runner.waiting_count > 200
        assert min(beside) <= 1.5 * alone, f"{alone:.3f} s alone, {beside} beside them"


async def test_places_come_in_order_and_are_there_after_a_reload(tmp_path: Path) -> None:
    async with running(tmp_path, QUICK, 1) as hubbub:
        people = [await hubbub.person() for _ in range(5)]
        asked = [await ask(http, "", "One") for http in people]
        logs = await asyncio.gather(
            *(read_all(http, "", one["answer"]["id"]) for http, one in zip(people, asked, strict=True))
        )
        assert not any(event["type"] == "queued" for event in logs[0])
        for place, events in enumerate(logs[1:], start=1):
            places = [event["place"] for event in events if event["type"] == "queued"]
            assert places[0] == place
            assert places == sorted(places, reverse=True)
            assert [event["type"] for event in events[: len(places)]] == ["queued"] * len(places)
            assert events[-1]["type"] == "done"
        estimates = [event["estimate_seconds"] for event in logs[4] if event["type"] == "queued"]
        assert estimates[0] is None
        assert estimates[-1] is not None
        for http, one, events in zip(people, asked, logs, strict=True):
            assert await read_all(http, "", one["answer"]["id"]) == events


async def test_a_reload_while_waiting_shows_place_and_estimate(tmp_path: Path) -> None:
    async with running(tmp_path, HANGING, 1) as hubbub:
        ann, bob = await hubbub.person(), await hubbub.person()
        await ask(ann, "", "One")
        asked = await ask(bob, "", "One")
        answer: dict[str, Any] = {}
        while not answer.get("place"):
            async with bob.get(f"/api/answers/{asked['answer']['id']}") as response:
                answer = await response.json()
        assert (answer["state"], answer["place"], answer["estimate_seconds"]) == ("open", 1, None)


@pytest.mark.quiet
@pytest.mark.parametrize(
    ("limits", "status", "code"),
    [({"waiting_per_person": 2}, 429, "too_busy"), ({"waiting": 2}, 503, "overloaded")],
)
async def test_who_is_refused_learns_it_at_once_and_nothing_is_stored(
    tmp_path: Path, limits: dict[str, int], status: int, code: str
) -> None:
    async with running(tmp_path, HANGING, 1, **limits) as hubbub:
        ann = await hubbub.person()
        asked = [await ask(ann, "", f"Question {number}") for number in range(3)]
        chats = [one["chat"]["id"] for one in asked]
        question = {"text": "One more", "question_id": new_id()}
        took: list[float] = []
        for body in [question] * 20 + [{**question, "chat_id": chats[0]}]:
            began = time.monotonic()
            async with ann.post("/api/questions", json=body) as response:
                told = await response.json()
                took.append(time.monotonic() - began)
                assert response.status == status, told
                assert response.headers["content-type"] == "application/problem+json"
                assert float(response.headers["retry-after"]) >= 1
                assert told["code"] == code
                assert 1 <= told["retry_after_seconds"] <= 90
                assert " s." in told["detail"]
        assert statistics.median(took) < 0.1  # what else the machine does holds up single ones
        assert await hubbub.services.history.message(question["question_id"]) is None
        async with ann.get("/api/chats") as response:
            assert len((await response.json())["chats"]) == 3
        async with ann.get(f"/api/chats/{chats[1]}") as response:
            question_id = (await response.json())["messages"][0]["id"]
        async with ann.post(f"/api/questions/{question_id}/answers", json={}) as response:
            assert response.status == status
        for one in asked:
            async with ann.post(f"/api/answers/{one['answer']['id']}/stop") as response:
                assert response.status < 300
        assert (await ask(ann, "", **question))["question"]["id"] == question["question_id"]


async def test_a_busy_model_is_left_alone_until_it_opens(tmp_path: Path) -> None:
    """The pace that the model's own answers make is what its queue goes by."""
    async with ModelServer(QUICK) as server, Http() as http:
        server.scripts.append(Script(status=429, headers={"Retry-After": "2"}, body=b""))
        address = compatible_address(server.base_url, "scripted", Secret("key"))
        model = OpenAiModel(address, ModelCard("m", "test", 8192, can_ground=True), http)
        async with hubbub_running(tmp_path, model, control=AdmissionControl({"m": model.pace})) as hubbub:
            ann = await hubbub.person()
            first = await ask(ann, "", "One")
            await server.until(lambda server: len(server.seen) == 1 and model.pace.opens_in_seconds > 0)
            second = await ask(ann, "", "Two")
            told = [event["type"] for event in await read_all(ann, "", first["answer"]["id"])]
            assert told[:3] == ["started", "queued", "started"]
            assert told[-1] == "done"
            events = await read_all(ann, "", second["answer"]["id"])
            assert events[0]["type"] == "queued"
            assert events[-1]["type"] == "done"
            assert server.seen[1].began - server.seen[0].began >= 1.9


async def test_the_settings_hold_in_a_server_of_its_own(tmp_path: Path) -> None:
    names = {"RUNNING_PER_MODEL": 2, "WAITING": 2, "RUNNING_PER_PERSON": 1, "WAITING_PER_PERSON": 1}
    variables = {f"HUBBUB_ADMISSION__{name}": str(value) for name, value in names.items()}
    variables |= scripted(words=2000, pause_seconds=0.02)
    async with (
        hubbub_serving(tmp_path, variables) as server,
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as ann,
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as guest,
    ):

        async def status(http: aiohttp.ClientSession) -> int:
            async with http.post(f"{server.url}/api/questions", json={"text": "One"}) as response:
                return response.status

        async with ann.get(f"{server.url}/api/me"):
            pass
        assert [await status(ann) for _ in range(3)] == [202, 202, 429]
        assert [await status(guest) for _ in range(3)] == [202, 202, 503]
        async with guest.get(f"{server.url}/api/health") as response:
            health = await response.json()
        assert (health["open_answers"], health["waiting_answers"]) == (4, 2)
