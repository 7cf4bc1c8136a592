"""Programs with an API key, and a server that lets in nobody else."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import openai
import pytest

from hubbub.answers.admission import AdmissionControl, AdmissionLimits
from hubbub.answers.base import Fixed
from hubbub.identity.open import COOKIE
from hubbub.models.scripted import ScriptedModel
from tests.servers.reader import ask, read_all
from tests.web.application import Hubbub, hubbub_running
from tests.web.openai_clients import client_of

INDEX = "<!doctype html><title>Hubbub</title>"


@pytest.fixture
async def closed(tmp_path: Path) -> AsyncIterator[Hubbub]:
    (tmp_path / "static" / "assets").mkdir(parents=True)
    (tmp_path / "static" / "index.html").write_text(INDEX)
    (tmp_path / "static" / "assets" / "app.js").write_text("1")
    async with hubbub_running(tmp_path, page_folder=tmp_path / "static", needs_key=True) as hubbub:
        yield hubbub


async def whose(http: aiohttp.ClientSession, headers: dict[str, str] | None = None) -> tuple[str, str]:
    async with http.get("/api/me", headers=headers) as response:
        assert response.status == 200
        person = (await response.json())["person"]
        return person["id"], person["name"]


async def test_a_program_is_a_person_by_its_key(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    program = await hubbub.program("reports")
    own = await whose(program)
    assert own[1] == "reports"
    assert not list(program.cookie_jar), "a program is given no cookie"
    asked = await ask(program, "", "Hello")
    assert (await read_all(program, "", asked["answer"]["id"]))[-1]["type"] == "done"
    text = program.headers["Authorization"].removeprefix("Bearer ")
    browsers = await whose(ann)
    for headers in ({"api-key": text}, {"Authorization": f"bearer {text}"}, {"Api-Key": text, "Authorization": "x"}):
        assert await whose(ann, headers) == own  # a key wins over Ann's cookie
    assert await whose(ann, {"Authorization": "Bearer sk-anything"}) == browsers
    async with ann.get("/api/chats", headers={"api-key": text}) as response:
        assert [chat["title"] for chat in (await response.json())["chats"]] == ["Hello"]


async def test_the_clients_of_others_send_it_as_they_do(closed: Hubbub) -> None:
    text = (await closed.program("sdk")).headers["Authorization"].removeprefix("Bearer ")
    for key, is_let_in in ((text, True), (f"{text}A", False), ("sk-1", False)):
        base_url = f"{closed.url}/api"
        for client in (
            client_of(base_url, key),
            openai.AsyncAzureOpenAI(base_url=base_url, api_key=key, api_version="2024-10-21", max_retries=0),
        ):
            async with client:
                if is_let_in:
                    me: Any = await client.get("/me", cast_to=object)
                    assert me["person"]["name"] == "sdk"
                else:
                    with pytest.raises(openai.AuthenticationError):
                        await client.get("/me", cast_to=object)


async def test_a_key_of_another_server_is_the_guests(hubbub: Hubbub) -> None:
    one, other = await hubbub.guest(), await hubbub.guest()
    asked = await ask(one, "", "Hello")
    async with other.get(f"/api/chats/{asked['chat']['id']}", headers={"Authorization": "Bearer none"}) as response:
        assert response.status == 200


async def test_a_program_has_its_share_of_the_lanes(tmp_path: Path) -> None:
    model = ScriptedModel(seconds_before_first=60)
    name = model.card.name
    control = AdmissionControl(
        {name: Fixed(100), "": Fixed(100)}, AdmissionLimits(running_per_person=1, waiting_per_person=1)
    )
    async with hubbub_running(tmp_path, model, control=control) as hubbub:
        program, other = await hubbub.program("one"), await hubbub.program("other")
        for http in (program, other):
            await ask(http, "", "First")
            await ask(http, "", "Second")
            async with http.post("/api/questions", json={"text": "Third"}) as response:
                assert (response.status, (await response.json())["code"]) == (429, "too_busy")


async def test_the_page_says_that_it_is_closed(closed: Hubbub) -> None:
    browser = await closed.guest()
    for path in ("/", "/c/01jc7v9q8pz4m2n6x0k3t5r7wb"):
        for headers in ({}, {"If-None-Match": "*"}, {"Cookie": f"{COOKIE}={'a' * 43}"}):
            async with browser.get(path, headers=headers) as response:
                assert (response.status, response.content_type) == (401, "text/html")
                assert response.headers["www-authenticate"] == "Bearer"
                assert response.headers["cache-control"] == "no-store"
                assert "default-src 'none'" in response.headers["content-security-policy"]
                assert "to browsers it is closed" in await response.text()
                assert not response.cookies
    async with browser.get("/assets/app.js") as response:
        assert response.status == 200
    async with browser.get("/api/health") as response:
        assert response.status == 200
    async with browser.get("/metrics") as response:
        assert response.status == 401
    program = await closed.program("robot")
    async with program.get("/") as response:
        assert (response.status, await response.text()) == (200, INDEX)
    asked = await ask(program, "", "Hello")
    assert (await read_all(program, "", asked["answer"]["id"]))[-1]["type"] == "done"
