"""Assistants asked through the samples' protocols, by `assistant:NAME` where other programs name a model."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hubbub.models.scripted import ScriptedModel
from tests.patience import patience
from tests.web.application import Hubbub, hubbub_running
from tests.web.test_assistants import collection, heard, made, share
from tests.web.test_prompt_rights import call, id_of

SAID = [{"role": "user", "content": "What is the word?"}]
DOORS: dict[str, tuple[str, dict[str, Any]]] = {
    "chat": ("/chat", {"messages": SAID, "context": {}}),
    "stream": ("/chat/stream", {"messages": SAID, "context": {}}),
    "ask": ("/ask", {"messages": SAID}),
    "old": ("/v0/chat", {"messages": SAID, "context": {}}),
    "simple": ("/chat?version=simple", {"messages": SAID}),
    "responses": ("/chat", {"input": "What is the word?"}),
}
WITH_DOCUMENTS = ("chat", "stream", "ask", "old")


@pytest.fixture
def models() -> dict[str, ScriptedModel]:
    slow = ScriptedModel(tuple(f"word{number} " for number in range(3000)), name="slow", seconds_between=0.01)
    return {"scripted": ScriptedModel(), "other": ScriptedModel(name="other"), "slow": slow}


@pytest.fixture
async def hubbub(tmp_path: Path, models: dict[str, ScriptedModel]) -> AsyncIterator[Hubbub]:
    async with hubbub_running(tmp_path, *models.values()) as hubbub:
        yield hubbub


async def sent(http: aiohttp.ClientSession, door: str, model: object) -> tuple[int, str, str]:
    path, body = DOORS[door]
    async with http.post(path, json=body | {"model": model}) as response:
        return response.status, await response.text(), response.headers.get("x-assistant-left-out", "")


@pytest.mark.parametrize("door", DOORS)
async def test_an_assistant_answers(
    hubbub: Hubbub, ann: aiohttp.ClientSession, bob: aiohttp.ClientSession, models: dict[str, ScriptedModel], door: str
) -> None:
    ids = [await collection(hubbub, ann, f"Of {word}", word) for word in ("xylophone", "zeppelin", "quokka")]
    assistant_id = await made(ann, model="other", collections=ids[:2])
    plain = await made(ann, name="Judge", model="other", instructions="Answer as a judge would.")
    status, told, left_out = await sent(ann, door, "assistant:LAWYER")
    assert (status, left_out) == (200, ""), told
    said = heard(models["other"])
    assert [word in said for word in ("a lawyer", "xylophone", "zeppelin", "quokka")] == [True, True, True, False]
    assert (await sent(ann, door, f"assistant:{plain}"))[0] == 200
    assert "a judge" in heard(models["other"])
    assert ("quokka" in heard(models["other"])) is (door in WITH_DOCUMENTS), "without its own, what is searched anyway"

    unknown = (await sent(bob, door, "assistant:none"))[:2]
    told = (await sent(bob, door, "assistant:Lawyer"))[:2]
    assert told[0] == unknown[0] == 404
    assert told[1].replace("Lawyer", "none") == unknown[1]
    await share(ann, assistant_id, **{f"person__{await id_of(bob)}": "use"})
    assert (await sent(bob, door, "assistant:Lawyer"))[0] == 403, "none of its collections is his"
    await share(ann, ids[0], kind="collections", **{f"person__{await id_of(bob)}": "use"})
    status, _, left_out = await sent(bob, door, "assistant:Lawyer")
    assert (status, left_out) == (200, "1 of 2 collections of this assistant is not shared with you.")
    said = heard(models["other"])
    assert [word in said for word in ("a lawyer", "xylophone", "zeppelin", "quokka")] == [True, True, False, False]


@pytest.mark.parametrize("model", ["gpt-4o", "", None, 7, ["assistant:x"]])
async def test_what_names_no_assistant_is_passed_over(
    hubbub: Hubbub, ann: aiohttp.ClientSession, models: dict[str, ScriptedModel], model: object
) -> None:
    assert (await sent(ann, "responses", model))[0] == 200
    assert len(models["scripted"].heard) == 1


async def test_what_it_answers_ends_with_the_right(
    hubbub: Hubbub, ann: aiohttp.ClientSession, bob: aiohttp.ClientSession
) -> None:
    assistant_id = await made(ann, model="slow")
    await share(ann, assistant_id, **{f"person__{await id_of(bob)}": "use"})
    body = {"input": "What?", "model": "assistant:Lawyer", "stream": True}
    async with patience(), bob.post("/chat/stream", json=body) as response:
        assert response.status == 200, await response.text()
        await response.content.readuntil(b"word1 ")
        assert (await call(ann, "DELETE", f"/api/assistants/{assistant_id}"))[0] == 204
        assert b"word2999" not in await response.content.read()
