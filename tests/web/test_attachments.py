"""Pictures and files that are sent with questions: for one chat, read by models that can, deleted with it."""

import asyncio
import base64
import io
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hubbub.app.leftovers import sweep
from hubbub.core.messages import Turn
from hubbub.core.questions import Generation
from hubbub.models.base import Completion, ModelCard, SendPiece
from hubbub.models.scripted import ScriptedModel
from tests.patience import patience
from tests.servers.reader import ask, read_all
from tests.web.application import Hubbub, hubbub_running

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


class Onlooker:
    """A model that remembers what it was shown."""

    def __init__(self) -> None:
        self.card = ModelCard("onlooker", "here", 8000, can_ground=True, reads_images=True)
        self.seen: list[list[Turn]] = []
        self.how: list[Generation | None] = []

    async def complete(self, turns: Any, send: SendPiece, how: Generation | None = None) -> Completion:
        self.seen.append(list(turns))
        self.how.append(how)
        send("I see it [1].")
        return Completion("stop")


@pytest.fixture
def onlooker() -> Onlooker:
    return Onlooker()


@pytest.fixture
async def hubbub(tmp_path: Path, onlooker: Onlooker) -> AsyncIterator[Hubbub]:
    async with hubbub_running(tmp_path, ScriptedModel(), onlooker) as hubbub:
        yield hubbub


@pytest.fixture
async def ann(hubbub: Hubbub) -> aiohttp.ClientSession:
    return await hubbub.person()


async def send_picture(http: aiohttp.ClientSession, data: bytes | io.BytesIO = PNG) -> dict[str, Any]:
    async with http.post("/api/pictures?name=dot.png", data=data) as response:
        return {"status": response.status, **(await response.json())}


async def put_file(http: aiohttp.ClientSession, files_id: str, name: str, text: str) -> str:
    async with http.put(f"/api/collections/{files_id}/documents/{name}", data=text.encode()) as response:
        assert response.status == 202
        return (await response.json())["id"]


async def begin_files(http: aiohttp.ClientSession, **body: Any) -> str:
    async with http.post("/api/chat-files", json=body) as response:
        assert response.status == 201
        return (await response.json())["id"]


async def get(http: aiohttp.ClientSession, path: str) -> Any:
    async with http.get(path) as response:
        assert response.status == 200, path
        return await response.json()


async def refused(http: aiohttp.ClientSession, text: str, **more: Any) -> tuple[int, str]:
    async with http.post("/api/questions", json={"text": text, **more}) as response:
        return response.status, (await response.json()).get("detail", "")


async def test_a_model_sees_the_picture_then_and_later(
    hubbub: Hubbub, ann: aiohttp.ClientSession, onlooker: Onlooker
) -> None:
    picture = await send_picture(ann)
    assert (picture["status"], picture["media_type"], picture["size_bytes"]) == (201, "image/png", len(PNG))
    asked = await ask(ann, "", "What is this?", model="onlooker", pictures=[picture["id"]])
    await read_all(ann, "", asked["answer"]["id"])
    [url] = onlooker.seen[-1][-1].images
    assert base64.b64decode(url.removeprefix("data:image/png;base64,")) == PNG
    chat_id = asked["chat"]["id"]
    more = await ask(ann, "", "And now?", model="onlooker", chat_id=chat_id, parent_id=asked["answer"]["id"])
    await read_all(ann, "", more["answer"]["id"])
    assert [len(turn.images) for turn in onlooker.seen[-1] if turn.role == "user"] == [1, 0]
    async with ann.post(f"/api/questions/{asked['question']['id']}/answers", json={}) as response:
        again = await response.json()
    await read_all(ann, "", again["answer"]["id"])
    assert len(onlooker.seen[-1][-1].images) == 1
    shown = await get(ann, f"/api/chats/{chat_id}")
    [attachment] = shown["messages"][0]["asked_with"]["attachments"]
    assert (attachment["kind"], attachment["name"]) == ("picture", "dot.png")
    async with ann.get(f"/api/pictures/{picture['id']}") as response:
        assert (response.content_type, await response.read()) == ("image/png", PNG)
        assert "sandbox" in response.headers["content-security-policy"]


async def test_a_model_that_reads_none_is_told_in_words_of_earlier_pictures(
    hubbub: Hubbub, ann: aiohttp.ClientSession, onlooker: Onlooker
) -> None:
    picture = await send_picture(ann)
    asked = await ask(ann, "", "What is this?", model="onlooker", pictures=[picture["id"]])
    await read_all(ann, "", asked["answer"]["id"])
    place = {"chat_id": asked["chat"]["id"], "parent_id": asked["answer"]["id"]}
    more = await ask(ann, "", "And in words?", model="scripted", **place)
    assert (await read_all(ann, "", more["answer"]["id"]))[-1]["type"] == "done"
    status, detail = await refused(ann, "What is this?", model="scripted", pictures=[picture["id"]])
    assert (status, "scripted can't read pictures. onlooker can." in detail) == (422, True)


async def test_what_is_no_picture_or_too_large_is_refused(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    assert (await send_picture(ann, b"<svg onload='alert(1)'>"))["status"] == 415
    assert (await send_picture(ann, b""))["status"] == 415
    large = io.BytesIO(PNG + b"\0" * hubbub.services.attachments.most_bytes)
    refusal = await send_picture(ann, large)
    assert (refusal["status"], "the limit" in refusal["detail"]) == (413, True)


async def test_unsent_pictures_are_bounded_and_can_be_removed(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    sent = [await send_picture(ann) for _ in range(50)]
    assert {one["status"] for one in sent} == {201}
    assert (await send_picture(ann))["status"] == 413
    async with ann.delete(f"/api/pictures/{sent[0]['id']}") as response:
        assert response.status == 204
    assert (await send_picture(ann))["status"] == 201
    too_many = [one["id"] for one in sent[1:12]]
    assert (await refused(ann, "All?", model="onlooker", pictures=too_many))[0] == 422


async def test_files_are_searched_in_their_chat_alone_and_go_with_it(
    hubbub: Hubbub, ann: aiohttp.ClientSession, onlooker: Onlooker
) -> None:
    files_id = await begin_files(ann)
    document_id = await put_file(ann, files_id, "harbour.txt", "The harbour of Alderhaven opens at six.")
    async for _ in hubbub.services.pipeline.watch(files_id):
        pass
    body = {"model": "onlooker", "files": files_id, "attached": [document_id]}
    asked = await ask(ann, "", "When does the harbour open?", **body)
    events = await read_all(ann, "", asked["answer"]["id"])
    assert "opens at six" in next(one for one in events if one["type"] == "searched")["hits"][0]["text"]
    assert asked["chat"]["files_id"] == files_id
    assert (await get(ann, "/api/collections"))["collections"] == []
    assert (await refused(ann, "When?", model="onlooker", files=files_id))[0] == 422
    assert (await refused(ann, "When?", model="onlooker", collections=[files_id]))[0] == 404
    async with ann.post("/api/search", json={"query": "harbour", "collections": [files_id]}) as response:
        assert response.status == 404
    async with ann.post("/api/search", json={"query": "harbour"}) as response:
        assert (response.status, (await response.json())["results"]) == (200, [])
    chat_id = asked["chat"]["id"]
    assert await begin_files(ann, chat_id=chat_id) == files_id
    async with ann.post(f"/api/questions/{asked['question']['id']}/answers", json={}) as response:
        assert response.status == 202
        assert (await response.json())["answer"]["collections"] == [files_id]
    async with ann.delete(f"/api/chats/{chat_id}") as response:
        assert response.status == 204
    assert await hubbub.services.library.collection(files_id) is None
    assert await hubbub.services.library.document(document_id) is None
    assert await hubbub.services.search.passages(document_id) == []


async def test_a_file_of_a_chat_is_added_to_a_collection(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    files_id = await begin_files(ann)
    document_id = await put_file(ann, files_id, "harbour.txt", "The harbour opens at six.")
    async with ann.post("/api/collections", json={"name": "Kept"}) as response:
        kept = (await response.json())["id"]
    path, body = f"/api/collections/{kept}/copies", {"document_id": document_id}
    async with ann.post(path, json=body) as response:
        assert (response.status, (await response.json())["name"]) == (202, "harbour.txt")
    bob = await hubbub.person()
    async with bob.post("/api/collections", json={"name": "Bob's"}) as response:
        bobs = (await response.json())["id"]
    async with bob.post(f"/api/collections/{bobs}/copies", json=body) as response:
        assert response.status == 404
    for one in (files_id, kept):  # nobody shares the files of a chat
        async with ann.get(f"/api/collections/{one}/grants") as response:
            assert response.status == (200 if one == kept else 403)


async def test_what_no_chat_has_is_swept(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    picture, files_id = await send_picture(ann), await begin_files(ann)
    kept, kept_files = await send_picture(ann), await begin_files(ann)
    document_id = await put_file(ann, kept_files, "a.txt", "Words.")
    body = {"model": "onlooker", "pictures": [kept["id"]], "files": kept_files, "attached": [document_id]}
    asked = await ask(ann, "", "This?", **body)
    await read_all(ann, "", asked["answer"]["id"])
    await sweep(hubbub.services, time.time())
    assert await hubbub.services.library.collection(files_id) is not None
    await sweep(hubbub.services, time.time() + 8 * 86400)
    assert await hubbub.services.library.collection(files_id) is None
    assert await hubbub.services.library.collection(kept_files) is not None
    for one, status in ((picture, 404), (kept, 200)):
        async with ann.get(f"/api/pictures/{one['id']}") as response:
            assert response.status == status


async def test_pictures_are_held_a_few_at_a_time(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    has_begun, may_end = asyncio.Event(), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield PNG
        has_begun.set()
        await may_end.wait()

    async def send(http: aiohttp.ClientSession) -> int:
        async with http.post("/api/pictures", data=slowly()) as response:
            return response.status

    async with asyncio.TaskGroup() as group:
        sending = [group.create_task(send(ann)) for _ in range(4)]
        async with patience():
            while (refusal := await send_picture(ann))["status"] == 201:
                await asyncio.sleep(0.01)
        assert (refusal["status"], refusal["code"]) == (503, "overloaded")
        may_end.set()
    assert [one.result() for one in sending] == [201] * 4
