"""Assistants: each right lets somebody do what it says, and none lets anybody see more than they may anyway."""

import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hubbub.core.identifiers import new_id
from hubbub.core.people import Limits, Member
from hubbub.identity.keys import digest_of, new_key
from hubbub.models.scripted import ScriptedModel
from tests.servers.reader import ask, read_all
from tests.web.application import Hubbub, hubbub_running
from tests.web.test_audit import audited, operator
from tests.web.test_prompt_rights import RIGHTS, call, id_of
from tests.web.test_signing_in import browser, member, serving

VAULT = "vault"
ABOUT = {"name": "Lawyer", "instructions": "Answer as a lawyer would.", "starters": ["What does it cost?"]}
SAID = [{"role": "user", "content": "What is the word?"}]


@pytest.fixture
def models() -> dict[str, ScriptedModel]:
    return {name: ScriptedModel(name=name) for name in ("scripted", "other", VAULT)}


@pytest.fixture
async def hubbub(tmp_path: Path, models: dict[str, ScriptedModel]) -> AsyncIterator[Hubbub]:
    async with hubbub_running(tmp_path, *models.values(), models_shared_with={VAULT: ["group:Keepers"]}) as hubbub:
        yield hubbub


async def made(http: aiohttp.ClientSession, **about: Any) -> str:
    status, assistant = await call(http, "POST", "/api/assistants", ABOUT | about)
    assert (status, assistant["right"], assistant["is_mine"], assistant["version"]) == (201, "manage", True, 1), (
        assistant
    )
    return assistant["id"]


async def share(
    http: aiohttp.ClientSession, thing_id: str, *, kind: str = "assistants", **rights: str
) -> tuple[int, Any]:
    """Share with subjects, whose colons are written as double underscores."""
    grants = [{"subject": who.replace("__", ":"), "right": right} for who, right in rights.items()]
    return await call(http, "PUT", f"/api/{kind}/{thing_id}/grants", {"grants": grants})


async def listed(http: aiohttp.ClientSession) -> list[dict[str, Any]]:
    return (await call(http, "GET", "/api/assistants"))[1]["assistants"]


async def collection(hubbub: Hubbub, http: aiohttp.ClientSession, name: str, word: str) -> str:
    """Make a collection with one document, which says a word."""
    collection_id = (await call(http, "POST", "/api/collections", {"name": name}))[1]["id"]
    data = f"The word is {word}.".encode()
    async with http.put(f"/api/collections/{collection_id}/documents/word.txt", data=data) as response:
        assert response.status < 300, await response.text()
    async for _ in hubbub.services.pipeline.watch(collection_id):
        pass
    return collection_id


async def answered(http: aiohttp.ClientSession, text: str = "What is the word?", **more: Any) -> dict[str, Any]:
    asked = await ask(http, "", text, **more)
    events = await read_all(http, "", asked["answer"]["id"])
    assert events[-1]["type"] == "done", events
    return asked


async def refused(http: aiohttp.ClientSession, **body: Any) -> tuple[int, str, str]:
    status, told = await call(http, "POST", "/api/questions", {"text": "What?"} | body)
    return status, told["code"], told["detail"]


def heard(model: ScriptedModel) -> str:
    return str(model.heard[-1])


@pytest.mark.parametrize("right", RIGHTS)
async def test_each_right_lets_do_what_it_says(
    hubbub: Hubbub, ann: aiohttp.ClientSession, bob: aiohttp.ClientSession, right: str
) -> None:
    assistant_id, has = await made(ann), RIGHTS.index(right)
    path = f"/api/assistants/{assistant_id}"
    assert (await share(ann, assistant_id, **{f"person__{await id_of(bob)}": right}))[0] == 200
    [shown] = await listed(bob)
    assert (await call(bob, "GET", path))[1] == shown
    assert (shown["name"], shown["right"], shown["is_mine"]) == ("Lawyer", right, False)
    assert shown["instructions"] == (ABOUT["instructions"] if has >= 1 else "")
    assert shown["starters"] == (ABOUT["starters"] if has >= 1 else [])
    assert shown["is_askable"] is (has >= 1)
    if has >= 1:
        await answered(bob, assistant=assistant_id)
    else:
        assert (await refused(bob, assistant=assistant_id))[:2] == (403, "not_allowed")
    status, told = await call(bob, "PATCH", path, {"instructions": "Answer as a judge would."})
    assert status == (200 if has >= 2 else 403)
    if has >= 2:
        assert (told["right"], told["version"], told["name"]) == (right, 2, "Lawyer")
    assert (await call(bob, "GET", f"{path}/grants"))[0] == (200 if has >= 3 else 403)
    assert (await share(bob, assistant_id))[0] == (200 if has >= 3 else 403)
    assert (await call(bob, "DELETE", path))[0] == (404 if has >= 3 else 403), "who manages it has ended the sharing"
    for http in (await hubbub.person(), await hubbub.program("robot"), await hubbub.guest()):
        assert await listed(http) == []
        for method, end, body in (
            ("GET", "", None),
            ("PATCH", "", {"name": "Mine"}),
            ("DELETE", "", None),
            ("GET", "/grants", None),
            ("PUT", "/grants", {"grants": []}),
        ):
            unknown = await call(http, method, f"/api/assistants/{new_id()}{end}", body)
            assert await call(http, method, path + end, body) == unknown
            assert unknown[0] == 404
        assert await refused(http, assistant=assistant_id) == await refused(http, assistant=new_id())


async def test_a_group_uses_an_assistant_as_long_as_somebody_is_in_it(
    hubbub: Hubbub, ann: aiohttp.ClientSession, bob: aiohttp.ClientSession
) -> None:
    groups = hubbub.services.library.groups
    team, bob_id = await groups.create("Team"), await id_of(bob)
    for person_id in (await id_of(ann), bob_id):
        await groups.put_member(team.id, Member(person_id))
    assistant_id = await made(ann)
    assert (await share(ann, assistant_id, **{f"group__{team.id}": "use"}))[0] == 200
    await answered(bob, assistant=assistant_id)
    await groups.remove_member(team.id, bob_id)
    assert await listed(bob) == []
    assert (await refused(bob, assistant=assistant_id))[0] == 404


async def test_own_and_shared_assistants_are_one_list_of_pages(
    ann: aiohttp.ClientSession, bob: aiohttp.ClientSession
) -> None:
    subject = {f"person__{await id_of(bob)}": "use"}
    for number in range(6):
        assistant_id = await made((ann, bob)[number % 2], name=str(number))
        if number % 2 == 0:
            await share(ann, assistant_id, **subject)
    names: list[str] = []
    after = ""
    while True:
        page = (await call(bob, "GET", f"/api/assistants?limit=2{after}"))[1]
        names += [one["name"] for one in page["assistants"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert names == ["5", "4", "3", "2", "1", "0"]


async def test_a_question_is_asked_as_its_assistant_says(
    hubbub: Hubbub, ann: aiohttp.ClientSession, models: dict[str, ScriptedModel]
) -> None:
    rules = await collection(hubbub, ann, "Rules", "xylophone")
    assistant_id = await made(ann, model="other", collections=[rules], max_tokens=2, reasoning_effort="low")
    asked = await answered(ann, assistant=assistant_id)
    assert (asked["chat"]["assistant_id"], asked["question"]["collections"]) == (assistant_id, [rules])
    assert "Answer as a lawyer would." in heard(models["other"]) and "xylophone" in heard(models["other"])
    told = asked["question"]["asked_with"]
    assert told["instructions"] == ABOUT["instructions"]
    assert told["reasoning_effort"] == "low"
    assert told["assistant"] == {"id": assistant_id, "name": "Lawyer", "collections": 1, "max_tokens": 2}
    answer = (await call(ann, "GET", f"/api/answers/{asked['answer']['id']}"))[1]
    assert answer["finish_reason"] == "length", "it is as long as the assistant says"

    body = {"instructions": "Answer as a judge would.", "model": "", "max_tokens": 0}
    assert (await call(ann, "PATCH", f"/api/assistants/{assistant_id}", body))[0] == 200
    chat_id = asked["chat"]["id"]
    later = await answered(ann, chat_id=chat_id)
    assert later["question"]["asked_with"]["assistant"] == {
        "id": assistant_id,
        "name": "Lawyer",
        "version": 2,
        "collections": 1,
    }
    assert "as a judge" in heard(models["scripted"]) and "as a lawyer" not in heard(models["scripted"])

    await call(ann, "POST", f"/api/questions/{asked['question']['id']}/answers", {})
    chat = (await call(ann, "GET", f"/api/chats/{chat_id}"))[1]
    again = next(
        one
        for one in chat["messages"]
        if one["parent_id"] == asked["question"]["id"] and one["id"] != asked["answer"]["id"]
    )
    await read_all(ann, "", again["id"])
    assert "as a lawyer" in heard(models["other"]), "one more answer is given what the first was given"
    assert chat["chat"]["assistant_id"] == assistant_id

    without = await answered(ann, assistant="", chat_id=chat_id)
    assert (without["chat"]["assistant_id"], without["question"]["asked_with"]) == ("", {})
    chosen = await answered(ann, assistant=assistant_id, model="other", chat_id=chat_id)
    assert (chosen["question"]["model"], chosen["chat"]["assistant_id"]) == ("other", assistant_id)


async def test_a_chat_outlives_its_assistant(
    ann: aiohttp.ClientSession, bob: aiohttp.ClientSession, models: dict[str, ScriptedModel]
) -> None:
    assistant_id = await made(ann)
    await share(ann, assistant_id, **{f"person__{await id_of(bob)}": "use"})
    asked = await answered(bob, assistant=assistant_id)
    place = {"chat_id": asked["chat"]["id"], "parent_id": asked["answer"]["id"]}
    again = f"/api/questions/{asked['question']['id']}/answers"
    for end in ("withdrawn", "deleted"):
        if end == "withdrawn":
            await share(ann, assistant_id)
        else:
            await call(ann, "DELETE", f"/api/assistants/{assistant_id}")
        count = len(models["scripted"].heard)
        status, code, detail = await refused(bob, **place)
        assert (status, code) == (404, "assistant_gone"), end
        assert "Choose another assistant, or go on without one" in detail
        status, told = await call(bob, "POST", again, {})
        assert (status, told["code"]) == (404, "assistant_gone")
        assert len(models["scripted"].heard) == count
        chat = (await call(bob, "GET", f"/api/chats/{asked['chat']['id']}"))[1]
        assert chat["messages"][0]["asked_with"]["assistant"]["name"] == "Lawyer"
    await answered(bob, assistant="", **place)
    assert "lawyer" not in heard(models["scripted"])


async def test_what_is_not_shared_is_left_out_and_said(
    hubbub: Hubbub, ann: aiohttp.ClientSession, bob: aiohttp.ClientSession, models: dict[str, ScriptedModel]
) -> None:
    words = ("xylophone", "zeppelin", "quokka")
    ids = [await collection(hubbub, ann, f"Rules of {word}", word) for word in words]
    bob_id = await id_of(bob)
    assistant_id = await made(ann, collections=ids)
    path = f"/api/assistants/{assistant_id}"
    await share(ann, assistant_id, **{f"person__{bob_id}": "write"})
    assert (await listed(bob))[0]["is_askable"] is False
    status, code, detail = await refused(bob, assistant=assistant_id)
    assert (status, code) == (403, "assistant_collections")
    assert "None of the 3 collections of this assistant is shared with you" in detail
    await share(ann, ids[0], kind="collections", **{f"person__{bob_id}": "use"})
    await share(ann, ids[1], kind="collections", **{f"person__{bob_id}": "see"})
    [shown] = await listed(bob)
    assert shown["collections"] == [{"id": ids[0], "name": "Rules of xylophone"}]
    assert (shown["collections_left_out"], shown["is_askable"]) == (2, True)
    asked = await answered(bob, assistant=assistant_id)
    assert asked["question"]["collections"] == [ids[0]]
    assert {"collections": 3, "left_out": 2}.items() <= asked["question"]["asked_with"]["assistant"].items()
    assert [word in heard(models["scripted"]) for word in words] == [True, False, False]
    body = {"model": f"assistant:{assistant_id}", "messages": SAID}
    async with bob.post("/v1/chat/completions", json=body) as response:
        assert response.status == 200, await response.text()
        said = response.headers["x-assistant-left-out"]
    assert said == "2 of 3 collections of this assistant are not shared with you."

    await share(ann, ids[1], kind="collections", **{f"person__{bob_id}": "use"})
    wider = await answered(bob, assistant=assistant_id)
    await share(ann, ids[1], kind="collections", **{f"person__{bob_id}": "see"})
    status, again = await call(bob, "POST", f"/api/questions/{wider['question']['id']}/answers", {})
    assert (status, again["answer"]["collections"]) == (202, [ids[0]]), "another answer leaves it out, too"
    assert again["answer"]["asked_with"]["assistant"]["left_out"] == 2
    assert (await read_all(bob, "", again["answer"]["id"]))[-1]["type"] == "done"
    assert [word in heard(models["scripted"]) for word in words] == [True, False, False]

    status, changed = await call(bob, "PATCH", path, {"collections": []})
    assert (status, changed["collections"], changed["collections_left_out"]) == (200, [], 2), "what he can't see stays"
    assert [one["id"] for one in (await listed(ann))[0]["collections"]] == ids[1:]
    assert (await call(bob, "PATCH", path, {"collections": [ids[2]]}))[0] == 404, "and he adds what he may use alone"
    assert (await call(bob, "PATCH", path, {"collections": [ids[1]]}))[0] == 403
    assert (await call(bob, "PATCH", path, {"collections": [ids[0]], "drops_left_out": True}))[0] == 200
    assert [one["id"] for one in (await listed(ann))[0]["collections"]] == [ids[0]]
    await call(ann, "DELETE", f"/api/collections/{ids[0]}")
    assert ((await listed(bob))[0]["collections_left_out"], (await listed(bob))[0]["is_askable"]) == (0, False)
    status, code, detail = await refused(ann, assistant=assistant_id)
    assert (status, code, "were deleted" in detail) == (403, "assistant_collections", True)


async def test_an_assistant_lends_nobody_its_model(
    hubbub: Hubbub, ann: aiohttp.ClientSession, bob: aiohttp.ClientSession, models: dict[str, ScriptedModel]
) -> None:
    keepers = await hubbub.services.library.groups.create("Keepers")
    await hubbub.services.library.groups.put_member(keepers.id, Member(await id_of(ann)))
    assert (await call(bob, "POST", "/api/assistants", ABOUT | {"model": VAULT}))[0] == 404
    assistant_id = await made(ann, model=VAULT)
    await share(ann, assistant_id, **{f"person__{await id_of(bob)}": "manage"})
    await answered(ann, assistant=assistant_id)
    [shown] = await listed(bob)
    assert (shown["model"], shown["lacks_model"], shown["is_askable"]) == ("", True, False)
    status, code, detail = await refused(bob, assistant=assistant_id)
    assert (status, code) == (404, "assistant_model")
    assert VAULT not in detail and "Choose a model" in detail
    for path, body in (("chat/completions", {"messages": SAID}), ("responses", {"input": "What?"})):
        status, told = await call(bob, "POST", f"/v1/{path}", body | {"model": f"assistant:{assistant_id}"})
        assert (status, VAULT in str(told)) == (404, False), told
    assert len(models[VAULT].heard) == 1
    assert (await call(bob, "PATCH", f"/api/assistants/{assistant_id}", {"name": "Judge"}))[0] == 200
    assert (await listed(ann))[0]["model"] == VAULT, "who can't see the model doesn't change it by the way"
    await answered(bob, assistant=assistant_id, model="other")
    assert "lawyer" in heard(models["other"])


async def test_who_changes_an_assistant_learns_nothing_of_its_model(
    hubbub: Hubbub, ann: aiohttp.ClientSession, bob: aiohttp.ClientSession
) -> None:
    keepers = await hubbub.services.library.groups.create("Keepers")
    await hubbub.services.library.groups.put_member(keepers.id, Member(await id_of(ann)))
    assistant_id = await made(ann, model=VAULT)
    await share(ann, assistant_id, **{f"person__{await id_of(bob)}": "write"})
    path = f"/api/assistants/{assistant_id}"
    status, told = await call(bob, "PATCH", path, {"model": VAULT})
    unknown = await call(bob, "PATCH", path, {"model": "vaulu"})
    assert (status, told["code"], told["detail"].replace(VAULT, "vaulu")) == (
        404,
        unknown[1]["code"],
        unknown[1]["detail"],
    )
    assert (await call(bob, "PATCH", path, {"description": "Knows the law"}))[1]["lacks_model"], "it stays as it is"
    assert (await call(ann, "GET", path))[1]["model"] == VAULT


async def test_no_name_stands_in_for_an_id(
    hubbub: Hubbub, models: dict[str, ScriptedModel], ann: aiohttp.ClientSession
) -> None:
    robot = await hubbub.program("robot")
    assistant_id, place = await made(ann), await collection(hubbub, ann, "Ours", "quokka")
    false_id = await made(robot, name=assistant_id, instructions="Answer as a thief would.")
    false_place = await collection(hubbub, robot, place, "wombat")
    everybody = {"everybody": "use"}
    for kind, mine, others in (("assistants", assistant_id, false_id), ("collections", place, false_place)):
        assert (await share(ann, mine, kind=kind, **{f"person__{await id_of(robot)}": "use"}))[0] == 200
        assert (await share(robot, others, kind=kind, **everybody))[0] == 200
    for http in (ann, robot):
        body = {"model": f"assistant:{assistant_id}", "messages": SAID}
        assert (await call(http, "POST", "/v1/chat/completions", body))[0] == 200
        assert "lawyer" in heard(models["scripted"])
        body["model"] = f"other+{place}"
        assert (await call(http, "POST", "/v1/chat/completions", body))[0] == 200
        assert "quokka" in heard(models["other"])
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "search"}}
        body["params"]["arguments"] = {"query": "word", "collections": [place]}
        assert "quokka" in str((await call(http, "POST", "/mcp", body))[1])


async def test_programs_ask_assistants_as_models(
    hubbub: Hubbub, ann: aiohttp.ClientSession, models: dict[str, ScriptedModel]
) -> None:
    robot = await hubbub.program("robot")
    rules = await collection(hubbub, robot, "Rules", "xylophone")
    assistant_id = await made(robot, model="other", max_tokens=2)
    over = await made(robot, name="Rules Keeper", instructions="Cite the rule.", collections=[rules])
    await made(robot, name="lawyer")
    names = [one["id"] for one in (await call(robot, "GET", "/v1/models"))[1]["data"]]
    assert {"assistant:Rules Keeper", "assistant:Lawyer"} <= set(names)
    assert len([one for one in names if one.startswith("assistant:")]) == 3, "of one name, one goes by its id"
    assert (await call(robot, "GET", "/v1/models/assistant:rules%20keeper"))[0] == 200

    body = {"model": "assistant:LAWYER", "messages": [{"role": "system", "content": "Be brief."}, *SAID]}
    status, reply = await call(robot, "POST", "/v1/chat/completions", body)
    assert (status, reply["choices"][0]["finish_reason"]) == (200, "length")
    [system, question] = models["other"].heard[-1]
    assert (system.role, system.text) == ("system", "Answer as a lawyer would.\n\nBe brief.")
    assert question.text == "What is the word?"
    status, reply = await call(robot, "POST", "/v1/chat/completions", body | {"model": f"assistant:{over}"})
    assert status == 200, reply
    assert all(word in heard(models["scripted"]) for word in ("Cite the rule.", "Be brief.", "xylophone"))
    status, reply = await call(robot, "POST", "/v1/completions", {"model": "assistant:Lawyer", "prompt": "What?"})
    assert status == 200, reply

    sent = {"model": "assistant:Lawyer", "input": "What?", "instructions": "Be brief."}
    status, first = await call(robot, "POST", "/v1/responses", sent)
    assert (status, first["instructions"]) == (200, "Answer as a lawyer would.\n\nBe brief.")
    sent = {"model": "assistant:Lawyer", "input": "And now?", "previous_response_id": first["id"]}
    assert (await call(robot, "POST", "/v1/responses", sent))[0] == 200
    assert heard(models["other"]).count("as a lawyer") == 1
    status, reply = await call(
        robot, "POST", "/v1/responses", {"model": "assistant:rules keeper", "input": "The word?"}
    )
    assert status == 200, reply
    assert "xylophone" in heard(models["scripted"]) and "Cite the rule." in heard(models["scripted"])

    status, told = await call(
        ann, "POST", "/v1/chat/completions", {"model": f"assistant:{assistant_id}", "messages": SAID}
    )
    unknown = await call(ann, "POST", "/v1/chat/completions", {"model": "assistant:none", "messages": SAID})
    assert (status, told["error"]["code"]) == (404, "model_not_found") == (unknown[0], unknown[1]["error"]["code"])


async def test_what_a_key_is_for_holds_for_assistants(hubbub: Hubbub, models: dict[str, ScriptedModel]) -> None:
    robot = await hubbub.program("robot")
    ids = [await collection(hubbub, robot, word, word) for word in ("xylophone", "zeppelin")]
    both, other = await made(robot, collections=ids), await made(robot, name="Other", model="other")
    only = await made(robot, name="Only", collections=ids[1:])
    key, secret = new_key("limited", person_id=await id_of(robot))
    limited = Limits(models=frozenset({"scripted"}), collections=frozenset(ids[:1]))
    key = key.__class__(**{name: getattr(key, name) for name in key.__struct_fields__} | {"limits": limited})
    await hubbub.keys.add(key, digest_of(secret))
    http = await hubbub.guest()
    http.headers["Authorization"] = f"Bearer {secret}"
    assert {one["id"]: one["is_askable"] for one in await listed(http)} == {both: True, other: False, only: False}
    names = [one["id"] for one in (await call(http, "GET", "/v1/models"))[1]["data"]]
    assert [one for one in names if one.startswith("assistant:")] == ["assistant:Lawyer"]
    await answered(http, assistant=both)
    assert "xylophone" in heard(models["scripted"]) and "zeppelin" not in heard(models["scripted"])
    assert (await refused(http, assistant=only))[:2] == (403, "assistant_collections")
    assert (await refused(http, assistant=other))[:2] == (403, "model_not_allowed")


@pytest.mark.parametrize("seed", range(2))
async def test_nobody_sees_more_by_an_assistant_than_without(
    hubbub: Hubbub, models: dict[str, ScriptedModel], seed: int
) -> None:
    """Rights to collections and to assistants change in any order; an oracle knows who may hear which word."""
    chance = random.Random(seed)
    people = [await hubbub.program(name) for name in ("a", "b", "c")]
    ids = [await id_of(one) for one in people]
    things: list[tuple[int, str, str]] = []
    for number in range(4):
        owner, word = number % len(people), f"uu{number}x{seed}"
        things.append((owner, await collection(hubbub, people[owner], f"Of {word}", word), word))
    may: dict[str, set[int]] = {collection_id: {owner} for owner, collection_id, _ in things}
    every = frozenset(range(len(people)))
    assistants: dict[str, tuple[list[str], set[int]]] = {}
    for maker in range(len(people)):  # each is made of what its maker may use at that time, and never again
        for owner, collection_id, _ in things:
            if owner != maker:
                await share(people[owner], collection_id, kind="collections", **{f"person__{ids[maker]}": "use"})
        named = [one for _, one, _ in things]
        assistants[await made(people[maker], name=f"Of {maker}", collections=named)] = (named, {maker})
        for owner, collection_id, _ in things:
            await share(people[owner], collection_id, kind="collections")
    for _ in range(12):
        owner, collection_id, _ = chance.choice(things)
        given = {one for one in every - {owner} if chance.random() < 0.5}
        await share(people[owner], collection_id, kind="collections", **{f"person__{ids[one]}": "use" for one in given})
        may[collection_id] = {owner, *given}
        assistant_id = chance.choice(list(assistants))
        named, users = assistants[assistant_id]
        maker = list(assistants).index(assistant_id)
        users = {maker, *(one for one in every - {maker} if chance.random() < 0.6)}
        rights = {f"person__{ids[one]}": "use" for one in users - {maker}}
        assert (await share(people[maker], assistant_id, **rights))[0] == 200
        assistants[assistant_id] = (named, users)
        who = chance.choice(sorted(every))
        words = {word: who in may[one] for _, one, word in things}
        shown = str(await listed(people[who]))
        assert [word in shown for word in words] == [
            is_theirs and any(who in users for _, users in assistants.values()) for is_theirs in words.values()
        ]
        for model in models.values():
            model.heard.clear()
        door = chance.choice(("questions", "completions", "responses"))
        name = f"assistant:{assistant_id}"
        path, body = {
            "questions": ("/api/questions", {"text": "What is the word?", "assistant": assistant_id}),
            "completions": ("/v1/chat/completions", {"model": name, "messages": SAID}),
            "responses": ("/v1/responses", {"model": name, "input": "What is the word?"}),
        }[door]
        status, told = await call(people[who], "POST", path, body)
        if who not in users:
            assert status == 404, told
        elif not any(words.values()):
            assert status in (403, 404), told
        else:
            assert status in (200, 202), told
            if door == "questions":
                await read_all(people[who], "", told["answer"]["id"])
            said = str([model.heard for model in models.values()])
            assert [word in said for word in words] == list(words.values()), (door, who)


async def test_nothing_is_left_of_an_assistant_or_a_person_that_is_gone(
    hubbub: Hubbub, ann: aiohttp.ClientSession, bob: aiohttp.ClientSession
) -> None:
    assistants, records = hubbub.services.assistants, hubbub.services.records
    ann_id, bob_id = await id_of(ann), await id_of(bob)
    subject = {f"person__{bob_id}": "write", f"person__{new_id()}": "use"}
    kept, deleted = await made(ann), await made(ann)
    for one in (kept, deleted):
        await share(ann, one, **subject)
    assert (await call(ann, "DELETE", f"/api/assistants/{deleted}"))[0] == 204
    assert [(one, right.name) for one, right in await assistants.given_to(bob_id)] == [(kept, "WRITE")]
    assert await assistants.forget_person(bob_id) == 1
    assert (await assistants.given_to(bob_id), await listed(bob)) == ([], [])
    found = [one for kind in ("assistant-rights", "assistant-shared") for one in await records.listed(kind, limit=9)]
    assert len(found) == 2
    assert bob_id not in str(found)
    await assistants.forget_person(ann_id)
    for kind in ("assistant-rights", "assistant-shared"):
        assert await records.listed(kind, limit=9) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "},
        {"name": "n" * 101},
        {"description": "d" * 501},
        {"instructions": "i" * 8001},
        {"starters": ["s" * 201]},
        {"starters": ["?"] * 7},
        {"reasoning_effort": "Very high!"},
        {"max_tokens": -1},
        {"owner_id": "ann"},
    ],
)
async def test_what_is_no_assistant_is_refused(ann: aiohttp.ClientSession, wrong: dict[str, Any]) -> None:
    assert (await call(ann, "POST", "/api/assistants", ABOUT | wrong))[0] == 422
    assistant_id = await made(ann)
    assert (await call(ann, "PATCH", f"/api/assistants/{assistant_id}", wrong))[0] == 422
    assert (await call(ann, "GET", f"/api/assistants/{assistant_id}"))[1]["version"] == 1


async def test_what_an_assistant_names_has_to_be_there(ann: aiohttp.ClientSession) -> None:
    for wrong in ({"model": "none"}, {"collections": [new_id()]}):
        assert (await call(ann, "POST", "/api/assistants", ABOUT | wrong))[0] == 404


async def test_sharing_is_in_the_audit(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, browser(server) as root, browser(server) as ada, browser(server) as eve:
        await operator(server, tmp_path, root)
        ada_id = await member(server, tmp_path, ada, "ada@example.org")
        eve_id = await member(server, tmp_path, eve, "eve@example.org")
        assistant_id = await made(ada)
        assert (await share(ada, assistant_id, **{"signed-in": "manage"}))[0] == 422
        assert (await share(ada, assistant_id, **{f"person__{eve_id}": "use"}))[0] == 200
        [line] = await audited(root, deed="assistant shared")
        assert (line["who"], line["what"], line["detail"]) == (ada_id, assistant_id, f"+person:{eve_id}=use")
        asked = await answered(eve, assistant=assistant_id)
        assert (await call(eve, "GET", f"/api/chats/{asked['chat']['id']}"))[1]["chat"]["assistant_id"] == assistant_id
