"""Documents as files, by OpenAI's own SDK, unchanged, against a server on a real port."""

import io
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import openai
import pytest

from hubbub.app.leftovers import sweep
from hubbub.core.people import Limits
from hubbub.identity.keys import digest_of, new_key
from tests.ingest.documents import pdf
from tests.web.openai_clients import client_of
from tests.web.openai_wire import LEAVE, Wired, told

NOTE = b"Marzipan is sold on Mondays."
PICTURE = b"\x89PNG\r\n\x1a\n and what is on it"


@pytest.fixture
async def client(served: Wired) -> AsyncIterator[openai.AsyncOpenAI]:
    async with client_of(served.base_url, served.key) as client:
        yield client


async def test_what_is_cited_can_be_fetched(served: Wired, client: openai.AsyncOpenAI) -> None:
    tools: Any = [{"type": "file_search", "vector_store_ids": [served.collection_id]}]
    response = await client.responses.create(
        model="big", input="leave a year", tools=tools, include=["file_search_call.results"]
    )
    [search] = [item for item in response.output if item.type == "file_search_call"]
    assert search.results
    file_id = search.results[0].file_id or ""
    file = await client.files.retrieve(file_id)
    assert (file.filename, file.bytes, file.status) == ("leave.md", len(LEAVE), "processed")
    assert (file.object, file.purpose, file.expires_at) == ("file", "assistants", None)
    assert (await client.files.content(file_id)).content == LEAVE
    of_store = await client.vector_stores.files.retrieve(file_id, vector_store_id=served.collection_id)
    assert (of_store.status, of_store.usage_bytes, of_store.last_error) == ("completed", len(LEAVE), None)
    assert of_store.attributes and of_store.attributes["filename"] == "leave.md"
    texts = [
        one.text async for one in client.vector_stores.files.content(file_id, vector_store_id=served.collection_id)
    ]
    assert "thirty days" in " ".join(filter(None, texts))


async def test_all_files_are_listed_page_by_page(served: Wired, client: openai.AsyncOpenAI) -> None:
    made = [await client.files.create(file=(f"{n}.txt", f"Note {n}".encode()), purpose="user_data") for n in range(3)]
    newest = [file.id async for file in client.files.list(limit=1)]
    assert newest[:3] == [file.id for file in reversed(made)]
    assert len(newest) == 4  # the collection's document comes last
    oldest = [file.id async for file in client.files.list(limit=3, order="asc")]
    assert oldest == newest[::-1]
    assert [file.purpose async for file in client.files.list(purpose="user_data")] == ["user_data"] * 4
    assert not [file async for file in client.files.list(purpose="batch")]
    with pytest.raises(openai.BadRequestError) as caught:
        await client.files.list(after="file-none")
    assert caught.value.param == "after"


async def test_a_file_is_uploaded_asked_about_and_deleted(served: Wired, client: openai.AsyncOpenAI) -> None:
    file = await client.files.create(file=("note.txt", NOTE), purpose="user_data")
    assert (file.filename, file.bytes, file.purpose) == ("note.txt", len(NOTE), "user_data")
    assert file.expires_at and abs(file.expires_at - time.time() - 7 * 86400) < 600
    content: Any = [{"type": "input_file", "file_id": file.id}, {"type": "input_text", "text": "When?"}]
    await client.responses.create(model="big", input=[{"role": "user", "content": content}])
    assert NOTE.decode() in str(served.upstream.seen[-1].body["messages"])
    assert file.id not in str((await client.vector_stores.list()).data)
    deleted = await client.files.delete(file.id)
    assert (deleted.id, deleted.object, deleted.deleted) == (file.id, "file", True)
    with pytest.raises(openai.NotFoundError):
        await client.files.retrieve(file.id)


async def test_nothing_is_left_of_what_was_deleted_or_refused(served: Wired, client: openai.AsyncOpenAI) -> None:
    library = served.hubbub.services.library
    before = {one.id for one in await library.named_collections()}
    file = await client.files.create(file=("note.txt", NOTE), purpose="assistants")
    await client.files.delete(file.id)
    with pytest.raises(openai.BadRequestError):
        await client.files.create(file=("x" * 401, NOTE), purpose="assistants")
    assert {one.id for one in await library.named_collections()} == before


async def test_an_upload_that_is_used_nowhere_is_deleted(served: Wired, client: openai.AsyncOpenAI) -> None:
    file = await client.files.create(file=("note.txt", NOTE), purpose="assistants")
    await sweep(served.hubbub.services, time.time() + 6 * 86400)
    await client.files.retrieve(file.id)
    await sweep(served.hubbub.services, time.time() + 8 * 86400)
    with pytest.raises(openai.NotFoundError):
        await client.files.retrieve(file.id)


async def test_a_picture_that_was_uploaded_is_looked_at(served: Wired, client: openai.AsyncOpenAI) -> None:
    picture = await client.files.create(file=("cat.png", PICTURE), purpose="vision")
    text = await client.files.create(file=("note.txt", NOTE), purpose="user_data")

    async def look(file_id: str) -> None:
        content: Any = [{"type": "input_text", "text": "What is it?"}, {"type": "input_image", "file_id": file_id}]
        await client.responses.create(model="big", input=[{"role": "user", "content": content}])

    await look(picture.id)
    sent = served.upstream.seen[-1].body["messages"][-1]["content"]
    assert [part["image_url"]["url"][:22] for part in sent if part["type"] == "image_url"] == ["data:image/png;base64,"]
    for wrong, why in ((text.id, "note.txt"), ("file-none", "file-none")):
        with pytest.raises(openai.BadRequestError, match=why) as caught:
            await look(wrong)
        assert caught.value.param == "input[0].content[1]"


async def test_a_file_is_put_into_a_store(served: Wired, client: openai.AsyncOpenAI) -> None:
    store = served.collection_id
    of_store = await client.vector_stores.files.upload_and_poll(
        vector_store_id=store, file=("sweets.txt", NOTE), poll_interval_ms=20
    )
    assert (of_store.status, of_store.vector_store_id, of_store.object) == ("completed", store, "vector_store.file")
    found = (await client.vector_stores.search(store, query="marzipan Mondays")).data
    assert (found[0].filename, found[0].file_id) == ("sweets.txt", of_store.id)
    [uploaded] = [one async for one in client.files.list() if one.expires_at]
    again = await client.vector_stores.files.create(store, file_id=uploaded.id)
    assert again.id == of_store.id  # it is there already
    assert (await client.vector_stores.files.retrieve(uploaded.id, vector_store_id=store)).id == of_store.id
    deleted = await client.vector_stores.files.delete(uploaded.id, vector_store_id=store)
    assert (deleted.id, deleted.deleted) == (uploaded.id, True)
    with pytest.raises(openai.NotFoundError):
        await client.vector_stores.files.retrieve(of_store.id, vector_store_id=store)
    await client.files.retrieve(uploaded.id)
    with pytest.raises(openai.BadRequestError) as caught:
        await client.vector_stores.files.create(store, file_id=uploaded.id, attributes={"year": 2026})
    assert caught.value.param == "attributes"


async def test_a_stores_files_are_listed_in_both_directions_and_by_state(
    served: Wired, client: openai.AsyncOpenAI
) -> None:
    store = served.collection_id
    files = client.vector_stores.files
    await files.upload_and_poll(vector_store_id=store, file=("a.txt", NOTE), poll_interval_ms=20)
    broken = await files.upload_and_poll(vector_store_id=store, file=("b.pdf", b"no pdf"), poll_interval_ms=20)
    assert broken.status == "failed" and broken.last_error and broken.last_error.code == "invalid_file"
    listed = [one async for one in files.list(store, limit=1)]
    assert [one.status for one in listed] == ["failed", "completed", "completed"]
    ids = [one.id for one in listed]
    assert [one.id async for one in files.list(store, limit=2, order="asc")] == ids[::-1]
    assert [one.id for one in (await files.list(store, before=ids[2], limit=1)).data] == [ids[1]]
    assert [one.id async for one in files.list(store, filter="failed")] == ids[:1]
    assert not [one async for one in files.list(store, filter="cancelled")]
    assert not [one async for one in files.list(store, filter="in_progress")]
    for wrong in ("after", "before"):
        with pytest.raises(openai.BadRequestError) as caught:
            await files.list(store, **{wrong: "file-none"})  # type: ignore[arg-type]
        assert caught.value.param == wrong


async def test_what_is_no_upload_is_refused(served: Wired, client: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        await client.files.create(file=("a.jsonl", b"{}"), purpose="fine-tune")
    assert caught.value.param == "purpose"
    for body in ({"purpose": "assistants"}, {"document": NOTE}):
        with aiohttp.MultipartWriter("form-data") as form:
            for name, value in body.items():
                form.append(value).set_content_disposition("form-data", name=name)  # type: ignore[arg-type]
        async with served.http.post("/v1/files", data=form) as response:
            assert (response.status, (await told(response))["param"]) == (400, "file")
    async with served.http.post("/v1/files", json={"file": "x"}) as response:
        assert (response.status, (await told(response))["code"]) == (400, "invalid_request")


async def test_a_file_is_there_for_who_uploaded_it_alone(served: Wired, client: openai.AsyncOpenAI) -> None:
    file = await client.files.create(file=("note.pdf", pdf([["A secret"]])), purpose="assistants")
    other = await served.hubbub.program("other")
    guest = await served.hubbub.guest()
    async with guest.post("/v1/files", data={"file": io.BytesIO(NOTE)}) as response:
        assert (response.status, (await told(response))["code"]) == (401, "invalid_api_key")
    for http in (other, guest):
        for path in (f"/v1/files/{file.id}", f"/v1/files/{file.id}/content"):
            async with http.get(path) as response:
                assert (response.status, (await told(response))["code"]) == (404, "not_found")
        async with http.get("/v1/files") as response:
            assert (await response.json())["data"] == []


@pytest.mark.parametrize("limits", [Limits(collections=frozenset({"one"})), Limits(scopes=frozenset({"search"}))])
async def test_a_key_that_is_limited_uploads_nothing(served: Wired, limits: Limits) -> None:
    key, secret = new_key("limited", limits=limits)
    await served.hubbub.keys.add(key, digest_of(secret))
    async with client_of(served.base_url, secret) as client:
        with pytest.raises(openai.PermissionDeniedError):
            await client.files.create(file=("note.txt", NOTE), purpose="assistants")
