"""Chats and questions over HTTP."""

import asyncio
from typing import Any

import aiohttp

from hubbub.core.identifiers import new_id
from hubbub.ingest.loaders.kinds import KINDS
from hubbub.models.scripted import ScriptedModel
from tests.servers.reader import ask, read, read_all, text_of
from tests.web.application import LIMITS, Hubbub

ANSWER = "This is a scripted answer."


async def get(http: aiohttp.ClientSession, path: str) -> Any:
    async with http.get(path) as response:
        assert response.status == 200, await response.text()
        return await response.json()


async def refused(http: aiohttp.ClientSession, method: str, path: str, **more: Any) -> tuple[int, str]:
    async with http.request(method, path, **more) as response:
        problem = await response.json()
        assert problem["status"] == response.status
        return response.status, problem["code"]


async def answered(http: aiohttp.ClientSession, text: str = "Go on", **more: Any) -> dict[str, Any]:
    asked = await ask(http, "", text, **more)
    events = await read_all(http, "", asked["answer"]["id"])
    assert events[-1]["type"] == "done"
    return asked


async def test_a_question_makes_a_chat_with_its_answer(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    asked = await answered(ann, "What  is\nthis?")
    chat, question, answer = asked["chat"], asked["question"], asked["answer"]
    assert chat["title"] == "What is this?"
    assert question["text"] == "What  is\nthis?"
    assert (question["parent_id"], answer["parent_id"]) == (None, question["id"])
    shown = await get(ann, f"/api/chats/{chat['id']}")
    assert [message["role"] for message in shown["messages"]] == ["user", "assistant"]
    assert shown["messages"][0]["answer"] is None
    assert shown["messages"][1]["answer"]["text"] == ANSWER
    assert (await get(ann, "/api/chats"))["chats"] == [shown["chat"]]
    assert (await get(ann, f"/api/answers/{answer['id']}"))["state"] == "done"


async def test_a_follow_up_reads_the_branch_that_it_follows(
    quick: ScriptedModel, hubbub: Hubbub, ann: aiohttp.ClientSession
) -> None:
    first = await answered(ann, "one")
    chat_id = first["chat"]["id"]
    await answered(ann, "two", chat_id=chat_id, parent_id=first["answer"]["id"])
    edited = await answered(ann, "two, edited", chat_id=chat_id, parent_id=first["answer"]["id"])
    assert [turn.text for turn in quick.heard[-1][1:]] == ["one", ANSWER, "two, edited"]
    again = await answered(ann, "one, edited", chat_id=chat_id)
    assert [turn.text for turn in quick.heard[-1][1:]] == ["one, edited"]
    messages = (await get(ann, f"/api/chats/{chat_id}"))["messages"]
    parents = {message["id"]: message["parent_id"] for message in messages}
    assert len(parents) == 8
    assert parents[edited["question"]["id"]] == first["answer"]["id"]
    assert parents[again["question"]["id"]] is None


async def test_regenerating_adds_an_answer_beside_the_first(
    quick: ScriptedModel, hubbub: Hubbub, ann: aiohttp.ClientSession
) -> None:
    asked = await ask(ann, "", "one", model="slow")
    path = f"/api/questions/{asked['question']['id']}/answers"
    for body, model in (({}, "slow"), ({"model": "scripted"}, "scripted")):
        async with ann.post(path, json=body) as response:
            assert response.status == 202
            again = await response.json()
        assert again["answer"]["parent_id"] == asked["question"]["id"]
        assert again["answer"]["id"] != asked["answer"]["id"]
        [started] = [event async for _, event in read(ann, "", again["answer"]["id"], at_most=1)]
        assert started["model"] == model
    messages = (await get(ann, f"/api/chats/{asked['chat']['id']}"))["messages"]
    assert [message["role"] for message in messages] == ["user", "assistant", "assistant", "assistant"]
    assert await refused(ann, "POST", f"/api/questions/{asked['answer']['id']}/answers", json={}) == (404, "not_found")
    assert await refused(ann, "POST", path, json={"model": "nobody"}) == (404, "not_found")


async def test_two_models_answer_beside_each_other_and_the_chat_goes_on_from_one(
    quick: ScriptedModel, hubbub: Hubbub, ann: aiohttp.ClientSession
) -> None:
    asked = await ask(ann, "", "one", model="slow")
    first, chat_id = asked["answer"]["id"], asked["chat"]["id"]
    path = f"/api/questions/{asked['question']['id']}/answers"
    body = {"model": "scripted", "beside": first, "answer_id": new_id()}
    for _ in range(2):  # the reply to the first may have been lost
        async with ann.post(path, json=body) as response:
            assert response.status == 202
            second = (await response.json())["answer"]
        assert (second["id"], second["parent_id"]) == (body["answer_id"], asked["question"]["id"])
    assert text_of(await read_all(ann, "", second["id"])) == ANSWER
    assert hubbub.services.runner.open_count == 1, "the first is still being written"
    messages = (await get(ann, f"/api/chats/{chat_id}"))["messages"]
    beside = [(one["id"], one["asked_with"].get("beside")) for one in messages[1:]]
    assert beside == [(first, None), (second["id"], first)]
    async with ann.post(f"/api/answers/{first}/stop") as response:
        assert response.status == 202
    await answered(ann, "two", chat_id=chat_id, parent_id=second["id"])
    assert [turn.text for turn in quick.heard[-1]][-3:] == ["one", ANSWER, "two"]


async def test_an_answer_stands_beside_one_of_the_same_question_alone(
    hubbub: Hubbub, ann: aiohttp.ClientSession
) -> None:
    one, other = await answered(ann), await answered(ann)
    path = f"/api/questions/{one['question']['id']}/answers"
    for beside in (other["answer"]["id"], one["question"]["id"], new_id()):
        assert await refused(ann, "POST", path, json={"beside": beside}) == (404, "not_found")
    for answer_id in ("mine", other["answer"]["id"], one["question"]["id"]):
        assert await refused(ann, "POST", path, json={"answer_id": answer_id}) == (422, "invalid")


async def test_rename(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    path = f"/api/chats/{(await answered(ann))['chat']['id']}"
    async with ann.patch(path, json={"title": "  A  better\ntitle "}) as response:
        assert (await response.json())["title"] == "A better title"
    assert (await get(ann, path))["chat"]["title"] == "A better title"
    for title in ("", " ", "x" * 201):
        assert await refused(ann, "PATCH", path, json={"title": title}) == (422, "invalid")


async def test_delete_stops_answers_and_forgets_their_logs(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    asked = await ask(ann, "", model="slow")
    chat_id, answer_id = asked["chat"]["id"], asked["answer"]["id"]
    reading = asyncio.ensure_future(read_all(ann, "", answer_id))
    await asyncio.sleep(0.1)
    async with ann.delete(f"/api/chats/{chat_id}") as response:
        assert response.status == 204
    assert (await reading)[-1] == {"type": "stopped", "reason": "chat_deleted", "tokens_saved": None}
    assert hubbub.services.runner.open_count == 0
    assert await hubbub.answers.find([answer_id]) == []
    assert await hubbub.answers.read(answer_id) == []
    for path in (f"/api/chats/{chat_id}", f"/api/answers/{answer_id}", f"/api/answers/{answer_id}/events"):
        assert await refused(ann, "GET", path) == (404, "not_found")
    assert (await get(ann, "/api/chats"))["chats"] == []


async def test_fifty_times_the_same_question_at_once_is_one(
    quick: ScriptedModel, hubbub: Hubbub, ann: aiohttp.ClientSession
) -> None:
    question_id = new_id()
    asked = await asyncio.gather(*(ask(ann, "", "Once", question_id=question_id) for _ in range(50)))
    assert all(one == asked[0] for one in asked)
    await read_all(ann, "", asked[0]["answer"]["id"])
    assert len((await get(ann, "/api/chats"))["chats"]) == 1
    assert len((await get(ann, f"/api/chats/{asked[0]['chat']['id']}"))["messages"]) == 2
    assert len(quick.heard) == 1
    assert await ask(ann, "", "Once", question_id=question_id) == asked[0]


async def test_fifty_times_in_a_chat_that_is_there(
    quick: ScriptedModel, hubbub: Hubbub, ann: aiohttp.ClientSession
) -> None:
    first = await answered(ann)
    more = {"chat_id": first["chat"]["id"], "parent_id": first["answer"]["id"], "question_id": new_id()}
    asked = await asyncio.gather(*(ask(ann, "", "Once", **more) for _ in range(50)))
    assert len({one["answer"]["id"] for one in asked}) == 1
    await read_all(ann, "", asked[0]["answer"]["id"])
    assert len(quick.heard) == 2


async def test_a_question_id_is_for_one_question_and_one_person(
    hubbub: Hubbub, ann: aiohttp.ClientSession, bob: aiohttp.ClientSession
) -> None:
    question_id = new_id()
    asked = await answered(ann, "Once", question_id=question_id)
    body = {"text": "Something else", "question_id": question_id}
    assert await refused(ann, "POST", "/api/questions", json=body) == (422, "invalid")
    assert await refused(bob, "POST", "/api/questions", json={**body, "text": "Once"}) == (404, "not_found")
    body = {"text": "Once", "question_id": asked["answer"]["id"]}
    assert await refused(ann, "POST", "/api/questions", json=body) == (422, "invalid")
    others: list[dict[str, object]] = [
        {"chat_id": asked["chat"]["id"]},
        {"chat_id": asked["chat"]["id"], "parent_id": asked["answer"]["id"]},
        {"model": "quick"},
        {"unwatched": "stop"},
        {"grace_seconds": 7},
        {"within_seconds": 90},
    ]
    for other in others:
        body = {"text": "Once", "question_id": question_id, **other}
        assert await refused(ann, "POST", "/api/questions", json=body) == (422, "invalid"), other
    for wrong in ("", "x", "../../etc/passwd", "U" * 26, "0" * 27):
        body = {"text": "Once", "question_id": wrong}
        assert await refused(ann, "POST", "/api/questions", json=body) == (422, "invalid")


async def test_parents_must_be_answers_of_the_same_chat(
    hubbub: Hubbub, ann: aiohttp.ClientSession, bob: aiohttp.ClientSession
) -> None:
    mine, other, bobs = await answered(ann), await answered(ann), await answered(bob)
    chat_id = mine["chat"]["id"]
    for parent_id in (other["answer"]["id"], bobs["answer"]["id"], mine["question"]["id"], "nothing", ""):
        body = {"text": "x", "chat_id": chat_id, "parent_id": parent_id}
        assert await refused(ann, "POST", "/api/questions", json=body) == (404, "not_found")
    body = {"text": "x", "parent_id": mine["answer"]["id"]}
    assert await refused(ann, "POST", "/api/questions", json=body) == (422, "invalid")
    body = {"text": "x", "chat_id": bobs["chat"]["id"], "parent_id": bobs["answer"]["id"]}
    assert await refused(ann, "POST", "/api/questions", json=body) == (404, "not_found")
    assert len((await get(ann, "/api/chats"))["chats"]) == 2


async def test_questions_that_are_refused_leave_nothing_behind(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    refusals: list[tuple[dict[str, Any], tuple[int, str]]] = [
        ({"text": ""}, (422, "invalid")),
        ({"text": " \n\t"}, (422, "invalid")),
        ({"text": "x" * (LIMITS.question_characters + 1)}, (413, "too_large")),
        ({"text": "x", "model": "nobody"}, (404, "not_found")),
        ({"text": "x", "collections": ["nothing"]}, (404, "not_found")),
        ({"text": "x", "collections": ["nothing"] * 51}, (422, "invalid")),
        ({"text": "x", "chat_id": "nothing"}, (404, "not_found")),
        ({"text": "x", "unknown": 1}, (422, "invalid")),
        ({"text": 1}, (422, "invalid")),
        ({}, (422, "invalid")),
    ]
    for body, expected in refusals:
        assert await refused(ann, "POST", "/api/questions", json=body) == expected, body
    assert (await get(ann, "/api/chats"))["chats"] == []
    assert hubbub.services.runner.open_count == 0


async def test_a_chat_is_full_for_questions_and_for_more_answers(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    asked = await answered(ann)
    for _ in range(LIMITS.chat_messages // 2 - 1):
        await ask(ann, "", chat_id=asked["chat"]["id"])
    body = {"text": "x", "chat_id": asked["chat"]["id"]}
    assert await refused(ann, "POST", "/api/questions", json=body) == (413, "too_large")
    path = f"/api/questions/{asked['question']['id']}/answers"
    assert await refused(ann, "POST", path, json={}) == (413, "too_large")


async def test_an_answer_over_documents_cites_them(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    async with ann.post("/api/collections", json={"name": "Rules"}) as response:
        collection_id = (await response.json())["id"]
    text = "Everybody has thirty days of leave a year. The office is closed on Sundays."
    async with ann.put(f"/api/collections/{collection_id}/documents/leave.txt", data=text) as response:
        assert response.status == 202
    async for _ in hubbub.services.pipeline.watch(collection_id):
        pass
    asked = await ask(ann, "", "How many days of leave?", collections=[collection_id, collection_id])
    assert asked["question"]["collections"] == [collection_id]
    events = await read_all(ann, "", asked["answer"]["id"])
    assert events[0] == {"type": "started", "model": "scripted", "way": "grounded"}
    assert [hit["name"] for hit in events[1]["hits"]] == ["leave.txt"]
    assert text_of(events) == ANSWER


async def test_the_list_of_chats_begins_with_the_last_used(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    first, second = await answered(ann, "first"), await answered(ann, "second")
    assert [chat["title"] for chat in (await get(ann, "/api/chats"))["chats"]] == ["second", "first"]
    await answered(ann, "more", chat_id=first["chat"]["id"], parent_id=first["answer"]["id"])
    assert [chat["title"] for chat in (await get(ann, "/api/chats"))["chats"]] == ["first", "second"]
    assert second["chat"]["owner_id"] == (await get(ann, "/api/me"))["person"]["id"]


async def test_what_the_server_is(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    me = await get(ann, "/api/me")
    assert me["limits"] == {
        "question_characters": LIMITS.question_characters,
        "document_bytes": LIMITS.document_bytes,
        "picture_bytes": LIMITS.picture_bytes * 3 // 4,
        "document_suffixes": [suffix for kind in KINDS for suffix in kind.suffixes],
    }
    models = await get(ann, "/api/models")
    assert (models["default"], [model["name"] for model in models["models"]]) == (
        "scripted",
        ["scripted", "slow", "silent"],
    )
    assert await get(ann, "/api/health") == {
        "status": "ok",
        "version": me["version"],
        "open_answers": 0,
        "waiting_answers": 0,
    }


async def test_an_answer_that_was_cut_off_is_gone_on_with(
    quick: ScriptedModel, hubbub: Hubbub, ann: aiohttp.ClientSession, bob: aiohttp.ClientSession
) -> None:
    asked = await answered(ann, "Tell me", max_tokens=2)
    cut = await get(ann, f"/api/answers/{asked['answer']['id']}")
    assert (cut["text"], cut["finish_reason"], cut["limited_by"]) == ("This is ", "length", "question")
    path, continues = f"/api/questions/{asked['question']['id']}/answers", {"continues": asked["answer"]["id"]}
    async with ann.post(path, json=continues) as response:
        assert response.status == 202
        more = await response.json()
    await read_all(ann, "", more["answer"]["id"])
    whole = await get(ann, f"/api/answers/{more['answer']['id']}")
    assert whole["text"] == f"This is {ANSWER}"
    assert [turn.role for turn in quick.heard[-1]] == ["system", "user", "assistant", "user"]
    await answered(ann, "And?", chat_id=asked["chat"]["id"], parent_id=more["answer"]["id"])
    assert [turn.text for turn in quick.heard[-1][1:]] == ["Tell me", whole["text"], "And?"]
    assert await refused(bob, "POST", path, json=continues) == (404, "not_found")
    done = {"continues": more["answer"]["id"]}
    assert await refused(ann, "POST", path, json=done) == (422, "invalid")
    other = await answered(ann, "Another")
    assert await refused(ann, "POST", path, json={"continues": other["answer"]["id"]}) == (404, "not_found")


async def test_an_answer_that_is_being_written_cannot_be_gone_on_with(
    hubbub: Hubbub, ann: aiohttp.ClientSession
) -> None:
    asked = await ask(ann, "", "Go on", model="slow")
    path = f"/api/questions/{asked['question']['id']}/answers"
    assert await refused(ann, "POST", path, json={"continues": asked["answer"]["id"]}) == (409, "conflict")
    assert await refused(ann, "POST", path, json={"max_tokens": 0}) == (422, "invalid")


async def test_the_list_of_chats_comes_in_pages_and_none_is_missing(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    made = [await answered(ann, f"Question {number}") for number in range(5)]
    ids: list[str] = []
    query = "?limit=2"
    while True:
        page = await get(ann, f"/api/chats{query}")
        ids += [chat["id"] for chat in page["chats"]]
        if page["next"] is None:
            break
        assert len(page["chats"]) == 2
        query = f"?limit=2&after={page['next']}"
    assert ids == [one["chat"]["id"] for one in reversed(made)]
    for wrong in ("limit=0", "limit=201", "after=x", "after=1"):
        assert (await refused(ann, "GET", f"/api/chats?{wrong}"))[0] == 422, wrong
