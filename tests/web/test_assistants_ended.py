"""What an assistant is answering ends for those who may use it no more, at every door, and goes on for the others."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TypeAlias

import aiohttp
import pytest

from hubbub.core.people import Member
from hubbub.models.scripted import ScriptedModel
from tests.patience import SOON_SECONDS, patience
from tests.servers.reader import ask, read_all
from tests.web.application import Hubbub, hubbub_running
from tests.web.test_assistants import made, share
from tests.web.test_prompt_rights import call, id_of

WORDS = tuple(f"word{number} " for number in range(3000))
SAID = [{"role": "user", "content": "What?"}]
Ending: TypeAlias = Callable[[Hubbub, aiohttp.ClientSession, str, str, str], Awaitable[None]]


@pytest.fixture
async def hubbub(tmp_path: Path) -> AsyncIterator[Hubbub]:
    async with hubbub_running(tmp_path, ScriptedModel(WORDS, name="slow", seconds_between=0.01)) as hubbub:
        yield hubbub


async def withdraw(_: Hubbub, owner: aiohttp.ClientSession, assistant_id: str, bob: str, carl: str) -> None:
    assert (await share(owner, assistant_id, **{f"person__{carl}": "use"}))[0] == 200


async def lower(_: Hubbub, owner: aiohttp.ClientSession, assistant_id: str, bob: str, carl: str) -> None:
    assert (await share(owner, assistant_id, **{f"person__{bob}": "see", f"person__{carl}": "use"}))[0] == 200


async def leave(hubbub: Hubbub, owner: aiohttp.ClientSession, assistant_id: str, bob: str, carl: str) -> None:
    groups = hubbub.services.library.groups
    await groups.remove_member((await groups.groups(bob))[0].id, bob)


async def delete(_: Hubbub, owner: aiohttp.ClientSession, assistant_id: str, bob: str, carl: str) -> None:
    assert (await call(owner, "DELETE", f"/api/assistants/{assistant_id}"))[0] == 204


async def end_of(http: aiohttp.ClientSession, answer_id: str) -> tuple[str, str, float]:
    last = (await read_all(http, "", answer_id))[-1]
    return last["type"], last.get("reason", ""), time.monotonic()


@pytest.mark.parametrize("ending", [withdraw, lower, leave, delete])
async def test_what_somebody_may_use_no_more_ends(
    hubbub: Hubbub, ann: aiohttp.ClientSession, bob: aiohttp.ClientSession, ending: Ending
) -> None:
    carl = await hubbub.person()
    ids, assistant_id = [await id_of(one) for one in (bob, carl)], await made(ann)
    team = await hubbub.services.library.groups.create("Team")
    subjects = {f"person__{one}": "use" for one in ids}
    if ending is leave:
        for one in (await id_of(ann), ids[0]):
            await hubbub.services.library.groups.put_member(team.id, Member(one))
        subjects = {f"group__{team.id}": "use", f"person__{ids[1]}": "use"}
    assert (await share(ann, assistant_id, **subjects))[0] == 200
    readers = {http: (await ask(http, "", assistant=assistant_id))["answer"]["id"] for http in (ann, bob, carl)}
    plain = (await ask(bob, ""))["answer"]["id"]
    ends = {http: asyncio.create_task(end_of(http, answer_id)) for http, answer_id in readers.items()}
    async with patience():
        began = time.monotonic()
        await ending(hubbub, ann, assistant_id, *ids)
        kind, reason, at = await ends.pop(bob)
        assert (kind, reason) == ("stopped", "right_ended")
        assert at - began < SOON_SECONDS, at - began
        if ending is delete:
            assert [(await one)[:2] for one in ends.values()] == [("stopped", "right_ended")] * 2
            ends = {}
    for http, task in ends.items():
        assert not task.done(), "who may use it is answered on"
        async with http.post(f"/api/answers/{readers[http]}/stop"):
            pass
        assert (await task)[:2] == ("stopped", "asked")
    assert hubbub.services.log.is_here(plain), "what no assistant answers goes on"


@pytest.mark.parametrize("path", ["chat/completions", "responses", "completions"])
async def test_what_programs_read_ends_too(hubbub: Hubbub, ann: aiohttp.ClientSession, path: str) -> None:
    robot = await hubbub.program("robot")
    assistant_id = await made(ann)
    assert (await share(ann, assistant_id, **{f"person__{await id_of(robot)}": "use"}))[0] == 200
    asked = {"chat/completions": {"messages": SAID}, "responses": {"input": "What?"}, "completions": {"prompt": "?"}}
    body = asked[path] | {"model": f"assistant:{assistant_id}", "stream": True}
    async with patience(), robot.post(f"/v1/{path}", json=body) as response:
        assert response.status == 200, await response.text()
        await response.content.readuntil(b"word1 ")
        began = time.monotonic()
        assert (await share(ann, assistant_id))[0] == 200
        rest = await response.content.read()
        assert time.monotonic() - began < SOON_SECONDS
    assert b"word2999" not in rest
