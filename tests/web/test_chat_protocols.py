"""The chat samples' pages and clients, as they are, against the real application."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from msgspec.structs import replace

from hubbub.answers.admission import AdmissionControl, AdmissionLimits
from hubbub.app.limits import RequestLimits
from hubbub.core.documents import Document, Passage
from hubbub.core.errors import ModelError
from hubbub.core.identifiers import new_id
from hubbub.core.messages import Turn
from hubbub.models.base import ModelCard
from hubbub.models.scripted import ScriptedModel
from hubbub.web.choices import ProtocolChoices
from tests.web.application import Hubbub, hubbub_running
from tests.web.sample_clients import (
    JSON_HEADERS,
    ClientError,
    LibraryClient,
    OldSearchPage,
    OldSimplePage,
    SearchPage,
    SimplePage,
    asked,
    events_in,
    question,
    simple_question,
)

PIECES = ("You have ", "thirty days [1]", " of leave, not `x[1]`.", " <<How is it", " taken?>>")
SAID = "You have thirty days [leave.pdf#page=1] of leave, not `x[1]`."
DELTAS = {"messages": [{"role": "user", "content": "Hello"}]}
LEAVE = "Thirty days of leave\nfor everybody. \u201cYes\u201d, [1] says."


@pytest.fixture
def writer() -> ScriptedModel:
    return ScriptedModel(PIECES)


@pytest.fixture
async def hubbub(tmp_path: Path, writer: ScriptedModel) -> AsyncIterator[Hubbub]:
    async with hubbub_running(tmp_path, writer) as hubbub:
        yield hubbub


async def collection(hubbub: Hubbub, http: aiohttp.ClientSession, name: str = "Staff", **texts: str) -> None:
    """Make a collection of somebody's own, with documents of one page."""
    async with http.get("/api/me") as response:
        owner_id = (await response.json())["person"]["id"]
    made = await hubbub.services.library.create(name, owner_id=owner_id, is_shared=False)
    for file_name, text in (texts or {"leave": LEAVE}).items():
        document = Document(new_id(), made.id, f"{file_name}.pdf", "0" * 64, len(text))
        await hubbub.services.search.put(document, [Passage(new_id(), document.id, 0, text, page=1)])


@pytest.fixture
async def ann(hubbub: Hubbub) -> aiohttp.ClientSession:
    ann = await hubbub.person()
    await collection(hubbub, ann)
    return ann


async def post(http: aiohttp.ClientSession, path: str, body: Any, **headers: str) -> tuple[int, dict[str, Any]]:
    data = body if isinstance(body, (bytes, str)) else json.dumps(body)
    async with http.post(path, data=data, headers={**JSON_HEADERS, **headers}) as response:
        assert response.content_type == "application/json"
        return response.status, await response.json()


async def first_line(http: aiohttp.ClientSession, path: str, body: Any, **headers: str) -> dict[str, Any]:
    async with http.post(path, data=json.dumps(body), headers={**JSON_HEADERS, **headers}) as response:
        assert response.status == 200, await response.text()
        return await anext(events_in(response))


@pytest.mark.parametrize("chunk_bytes", [0, 1, 7])
async def test_the_page_of_the_search_sample(ann: aiohttp.ClientSession, chunk_bytes: int) -> None:
    page = await asked(ann, "/chat/stream", question(suggest_followup_questions=True), SearchPage(), chunk_bytes)
    assert page.text == SAID
    # The page takes the end of a citation for one, in code as well: what we leave alone there is its to misread.
    assert page.links == ["leave.pdf#page=1", "1"]
    [source] = page.context["data_points"]["text"]
    assert source.startswith("leave.pdf#page=1: ")
    assert "\n" not in source
    assert page.context["followup_questions"] == ["How is it taken?"]
    assert uuid.UUID(page.session_state)
    thoughts = page.context["thoughts"]
    assert len(thoughts) == 4
    assert thoughts[3]["props"]["model"] == "scripted"
    assert thoughts[3]["props"]["token_usage"]["completion_tokens"] == len(PIECES)
    assert "leave" in thoughts[3]["description"][-1]["content"]
    assert "not_applied" not in thoughts[1]["props"], "the page's own settings ask for nothing that we can't do"


async def test_the_whole_answer_of_the_search_sample(ann: aiohttp.ClientSession) -> None:
    status, body = await post(ann, "/chat", question(suggest_followup_questions=True))
    assert status == 200
    assert set(body) == {"output_text", "context", "session_state"}
    assert body["output_text"] == SAID
    assert body["context"]["followup_questions"] == ["How is it taken?"]
    assert body["context"]["data_points"]["citations"] == ["leave.pdf#page=1"]


async def test_the_history_goes_with_each_question(ann: aiohttp.ClientSession, writer: ScriptedModel) -> None:
    body = question("And for how long?", "How many days of leave?", "Thirty.")
    page = await asked(ann, "/chat/stream", body, SearchPage())
    about_query, about_answer = list(writer.heard)
    assert "Thirty." in about_query[-1].text
    assert [turn.text for turn in about_answer[1:3]] == ["How many days of leave?", "Thirty."]
    first = page.context["thoughts"][0]
    assert first["description"] == [{"role": turn.role, "content": turn.text} for turn in about_query]
    assert first["props"]["model"] == "scripted"


@pytest.mark.parametrize("state", ["0c1f…", {"a": [1, None]}, 7, "", False])
async def test_a_session_is_kept_as_it_came(ann: aiohttp.ClientSession, state: Any) -> None:
    body = {**question(), "session_state": state}
    assert (await asked(ann, "/chat/stream", body, SearchPage())).session_state == state
    assert (await post(ann, "/chat", body))[1]["session_state"] == state


async def test_without_history_no_session_is_made(tmp_path: Path) -> None:
    async with hubbub_running(tmp_path, protocols=ProtocolChoices(has_history=False)) as hubbub:
        ann = await hubbub.person()
        await collection(hubbub, ann)
        assert (await asked(ann, "/chat/stream", question(), SearchPage())).session_state is None


@pytest.mark.parametrize(
    ("path", "more", "headers"),
    [
        ("/v0/chat/stream", {}, {}),
        ("/v0/chat", {"stream": True}, {}),
        ("/chat", {"stream": True}, {}),
        ("/chat/stream", {"stream": True}, {}),
        ("/chat/stream?version=old", {}, {}),
        ("/chat/stream", {}, {"Accept": "application/json-lines; version=old, */*"}),
        ("/ask", {"stream": True}, {}),
    ],
)
async def test_the_old_page_of_the_search_sample(
    ann: aiohttp.ClientSession, path: str, more: dict[str, Any], headers: dict[str, str]
) -> None:
    ann.headers.update(headers)
    page = await asked(ann, path, question(suggest_followup_questions=True) | more, OldSearchPage(), 5)
    assert page.text == SAID
    assert page.links[0] == "leave.pdf#page=1"
    assert page.context["followup_questions"] == ["How is it taken?"]
    assert uuid.UUID(page.session_state)


async def test_the_old_format_by_a_setting(tmp_path: Path, writer: ScriptedModel) -> None:
    async with hubbub_running(tmp_path, writer, protocols=ProtocolChoices(default="old")) as hubbub:
        ann = await hubbub.person()
        await collection(hubbub, ann)
        assert (await asked(ann, "/chat/stream", question(), OldSearchPage())).text == SAID
        assert "message" in (await post(ann, "/chat", question()))[1]
        assert (await asked(ann, "/chat/stream?version=new", question(), SearchPage())).text == SAID


async def test_a_single_question(ann: aiohttp.ClientSession, writer: ScriptedModel) -> None:
    status, body = await post(ann, "/ask", question("How many days of leave?", "Hello", "Hi"))
    assert status == 200
    assert body["message"] == {"content": SAID, "role": "assistant"}
    assert [turn.role for turn in writer.heard[-1]] == ["system", "user"], "nothing that was said before"
    assert (await post(ann, "/ask?version=new", question()))[1]["output_text"] == SAID


@pytest.mark.parametrize("spelled", [{"sessionState": None}, {"sessionState": {"chat": 1}}])
async def test_the_client_library(ann: aiohttp.ClientSession, spelled: dict[str, Any]) -> None:
    body: dict[str, Any] = {"messages": [{"role": "user", "content": "How many days of leave?"}], **spelled}
    client = await asked(ann, "/chat/stream", body, LibraryClient())
    assert client.text == SAID
    if spelled["sessionState"]:
        assert client.session_state == {"chat": 1}
    else:
        assert uuid.UUID(client.session_state)
    status, whole = await post(ann, "/chat", body)
    assert (status, whole["message"]["content"]) == (200, SAID)
    assert "session_state" not in whole


async def test_bare_messages_ask_the_documents_where_that_is_set_or_named(
    tmp_path: Path, writer: ScriptedModel
) -> None:
    async with hubbub_running(tmp_path, writer, protocols=ProtocolChoices(bare="documents")) as hubbub:
        ann = await hubbub.person()
        await collection(hubbub, ann)
        body = {"messages": [{"role": "user", "content": "How many days of leave?"}]}
        client = await asked(ann, "/chat/stream", body, LibraryClient())
        assert client.text == SAID
        assert uuid.UUID(client.session_state)
        assert "[1]" in (await asked(ann, "/chat/stream?version=simple", body, OldSimplePage())).text
    assert (await first_line_of_named(tmp_path / "2", writer))["delta"] == {"role": "assistant"}


async def first_line_of_named(folder: Path, writer: ScriptedModel) -> dict[str, Any]:
    async with hubbub_running(folder, writer) as hubbub:
        ann = await hubbub.person()
        await collection(hubbub, ann)
        return await first_line(ann, "/v0/chat/stream", {"messages": [{"role": "user", "content": "Leave?"}]})


@pytest.mark.parametrize("chunk_bytes", [0, 3])
async def test_the_page_of_the_simple_sample(
    ann: aiohttp.ClientSession, writer: ScriptedModel, chunk_bytes: int
) -> None:
    page = await asked(ann, "/chat/stream", simple_question("And?", "Hello", "Hi."), SimplePage(), chunk_bytes)
    assert page.text == "".join(PIECES), "free chat: nothing is cited, nothing taken out"
    assert [(turn.role, turn.text) for turn in writer.heard[-1]] == [
        ("system", "You are brief."),
        ("user", "Hello"),
        ("assistant", "Hi."),
        ("user", "And?"),
    ]
    assert (await first_line(ann, "/chat/stream", simple_question()))["type"] == "response.created"
    status, whole = await post(ann, "/chat", simple_question())
    assert (status, whole["output_text"], whole["status"]) == (200, "".join(PIECES), "completed")


async def test_the_simple_sample_may_send_a_text(ann: aiohttp.ClientSession, writer: ScriptedModel) -> None:
    page = await asked(ann, "/chat/stream", {"input": "Hello"}, SimplePage())
    assert page.text == "".join(PIECES)
    assert writer.heard[-1][0].text.startswith("You are a helpful AI assistant")


async def test_the_old_pages_of_the_simple_sample(ann: aiohttp.ClientSession) -> None:
    for body in (DELTAS, DELTAS | {"stream": True}):
        assert (await asked(ann, "/chat/stream", body, OldSimplePage(), 4)).text == "".join(PIECES)
    assert (await first_line(ann, "/chat/stream", DELTAS))["finish_reason"] is None
    assert set(await first_line(ann, "/chat/stream", DELTAS | {"stream": True})) == {"delta"}
    assert set(await first_line(ann, "/chat", DELTAS | {"stream": True})) == {"delta"}
    for body in (DELTAS, DELTAS | {"stream": False}):
        status, whole = await post(ann, "/chat", body)
        assert (status, whole["message"]["content"], whole["message"]["role"]) == (200, "".join(PIECES), "assistant")


async def test_media_types(ann: aiohttp.ClientSession) -> None:
    for body, media_type in ((question(), "application/json-lines"), (DELTAS, "application/x-ndjson")):
        async with ann.post("/chat/stream", json=body) as response:
            assert response.content_type == media_type
            await response.read()


async def test_a_model_that_can_not_ground_is_not_asked(tmp_path: Path) -> None:
    small = ScriptedModel(can_ground=False)
    async with hubbub_running(tmp_path, small) as hubbub:
        ann = await hubbub.person()
        await collection(hubbub, ann)
        page = await asked(ann, "/chat/stream", question(prompt_template="Sing."), SearchPage())
        assert page.text.startswith("“Thirty days of leave")
        assert set(page.links) == {"leave.pdf#page=1"}
        assert [thought["title"] for thought in page.context["thoughts"]][-1] == "Prompt to generate answer"
        left_out = page.context["thoughts"][1]["props"]["not_applied"]
        assert set(left_out) == {"prompt_template", "temperature", "language"}
        assert not small.heard


async def test_overrides_reach_model_and_search(ann: aiohttp.ClientSession, writer: ScriptedModel) -> None:
    body = question(prompt_template=">>>Speak like a pirate.", retrieval_mode="text", semantic_ranker=True, top=1)
    body["messages"].insert(0, {"role": "system", "content": "Be kind."})
    page = await asked(ann, "/chat/stream", body, SearchPage())
    system = writer.heard[-1][0].text
    assert system.startswith("You answer questions from the numbered sources")
    assert "Speak like a pirate.\n\nBe kind." in system
    props = page.context["thoughts"][1]["props"]
    assert (props["top"], props["use_text_search"], props["use_vector_search"]) == (1, True, False)
    assert props["not_applied"] == ["semantic_ranker"]
    await asked(ann, "/chat/stream", question(prompt_template="Only sing."), SearchPage())
    assert writer.heard[-1][0].text.startswith("Only sing.")


async def test_categories_name_collections(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    await collection(hubbub, ann, "Canteen", menu="Leave of soup, thirty days")
    both = await asked(ann, "/chat/stream", question(), SearchPage())
    assert sorted(both.context["data_points"]["citations"]) == ["leave.pdf#page=1", "menu.pdf#page=1"]
    one = await asked(ann, "/chat/stream", question(include_category="Canteen"), SearchPage())
    assert one.context["data_points"]["citations"] == ["menu.pdf#page=1"]
    assert one.context["thoughts"][1]["props"]["collections"] == ["Canteen"]
    other = await asked(ann, "/chat/stream", question(exclude_category="Canteen"), SearchPage())
    assert other.context["data_points"]["citations"] == ["leave.pdf#page=1"]
    status, body = await post(ann, "/chat/stream", question(include_category="Secrets"))
    assert (status, body["code"]) == (404, "not_found")
    assert "include_category" in body["error"]


async def test_nobody_is_answered_from_what_they_may_not_see(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    bob = await hubbub.person()
    for http in (bob, await hubbub.guest()):
        for more in ({}, {"include_category": "Staff"}):
            status, body = await post(http, "/chat", question(**more))
            assert (status, body["code"]) == (404, "not_found")
            assert "leave" not in json.dumps(body).lower()
    await collection(hubbub, bob, "Bob's", mine="My own leave is long.")
    page = await asked(bob, "/chat/stream", question(), SearchPage())
    assert page.context["data_points"]["citations"] == ["mine.pdf#page=1"]


async def test_a_setting_names_the_collections(tmp_path: Path) -> None:
    async with hubbub_running(tmp_path, protocols=ProtocolChoices(collections=("Canteen",))) as hubbub:
        ann, bob = await hubbub.person(), await hubbub.person()
        await collection(hubbub, ann)
        await collection(hubbub, ann, "Canteen", menu="Leave of soup, thirty days")
        page = await asked(ann, "/chat/stream", question(), SearchPage())
        assert page.context["data_points"]["citations"] == ["menu.pdf#page=1"]
        await collection(hubbub, bob)
        assert (await post(bob, "/chat", question()))[0] == 404


BROKEN: list[tuple[Any, int, str]] = [
    ({}, 400, "messages"),
    ([], 400, ""),
    (b"", 400, ""),
    (b"null", 400, ""),
    (b'{"messages":', 400, "JSON"),
    ({"messages": []}, 400, "messages"),
    ({"messages": None}, 400, "messages"),
    ({"messages": "Hello"}, 400, "messages"),
    ({"input": []}, 400, "input"),
    ({"input": "  "}, 400, "input"),
    ({"messages": DELTAS["messages"], "input": "Hello"}, 400, "either"),
    ({"messages": [{"role": "user", "content": " "}]}, 400, "question"),
    ({"messages": [{"role": "user", "content": None}]}, 400, "question"),
    ({"messages": [{"role": "assistant", "content": "Hello"}]}, 400, "role user"),
    ({"messages": [{"role": "wizard", "content": "Hello"}]}, 400, "messages[0]: the role"),
    ({"messages": [{"role": "tool", "content": "Hello"}]}, 400, "the role"),
    ({"messages": [{"role": "user", "content": 7}]}, 400, "$.messages[0].content"),
    ({"messages": [{"role": "user", "content": [{"type": "audio"}]}]}, 400, "messages[0].content[0]"),
    ({"messages": [{"role": "user", "content": "Hello", "files": [{"data": "…"}]}]}, 400, "files"),
    ({"messages": [{"role": "user", "content": "x" * 1001}]}, 413, "1,000"),
    ({"messages": [{"role": "user", "content": "x" * 10_001}]}, 413, "10,000 bytes"),
    ({**DELTAS, "stream": "yes"}, 400, "stream"),
    ({**DELTAS, "context": 7}, 400, "context"),
    ({**DELTAS, "context": {"overrides": []}}, 400, "overrides"),
    (question(top="3"), 400, "top"),
    (question(top=0), 400, "top"),
    (question(top=3.5), 400, "top"),
    (question(temperature="hot"), 400, "temperature"),
    (question(temperature=3), 400, "temperature"),
    (question(retrieval_mode="magic"), 400, "retrieval_mode"),
    (question(semantic_ranker="yes"), 400, "semantic_ranker"),
    (question(prompt_template=7), 400, "prompt_template"),
    (question(language="x" * 51), 400, "language"),
    (question(minimum_search_score={}), 400, "minimum_search_score"),
]


@pytest.mark.parametrize("path", ["/chat", "/chat/stream", "/v0/chat/stream", "/ask"])
async def test_what_can_not_be_read_is_refused_in_the_samples_form(ann: aiohttp.ClientSession, path: str) -> None:
    for body, status, part in BROKEN:
        got, error = await post(ann, path, body)
        assert (got, set(error)) == (status, {"error", "code"}), (body, error)
        assert part in error["error"], (body, error)
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        async with ann.post(path, data=b"{}", headers={"Content-Type": kind}) as response:
            assert (response.status, (await response.json())["error"]) == (415, "request must be json")
    async with ann.post(path, skip_auto_headers=["Content-Type"]) as response:
        assert (response.status, (await response.json())["error"]) == (415, "request must be json")
    async with ann.get(path) as response:
        assert response.status == 405
        assert set(await response.json()) == {"error", "code"}


async def test_a_version_that_there_is_not(ann: aiohttp.ClientSession) -> None:
    for path, headers in (("/chat?version=2", {}), ("/chat", {"Accept": "application/json; version=2"})):
        status, error = await post(ann, path, question(), **headers)
        assert status == 400
        assert "new, old, simple" in error["error"]


async def test_images(tmp_path: Path) -> None:
    part = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
    content = [{"type": "text", "text": "What is this?"}, part]
    async with hubbub_running(tmp_path) as hubbub:
        ann = await hubbub.person()
        await collection(hubbub, ann)
        for body in (DELTAS | {"messages": [{"role": "user", "content": content}]}, question(content)):  # type: ignore[arg-type]
            status, error = await post(ann, "/chat", body)
            assert status == 400
            assert "images" in error["error"].lower()


class SeeingModel(ScriptedModel):
    """A model that can be shown pictures."""

    @property
    def card(self) -> ModelCard:
        return replace(super().card, reads_images=True)


async def test_a_model_that_sees_is_shown_images(tmp_path: Path) -> None:
    address = "data:image/png;base64,iVBORw0KGgo="
    content = [{"type": "input_text", "text": "What is this?"}, {"type": "input_image", "image_url": address}]
    model = SeeingModel()
    async with hubbub_running(tmp_path, model) as hubbub:
        ann = await hubbub.person()
        page = await asked(ann, "/chat/stream", {"input": [{"role": "user", "content": content}]}, SimplePage())
        assert page.text == "This is a scripted answer."
        system, seen = model.heard[-1]
        assert system.role == "system"
        assert seen == Turn("user", "What is this?", (address,))


async def test_the_page_of_the_vision_sample(tmp_path: Path) -> None:
    address = "data:image/png;base64,iVBORw0KGgo="
    model = SeeingModel()
    async with hubbub_running(tmp_path, model) as hubbub:
        ann = await hubbub.person()
        await collection(hubbub, ann)
        for file, name, images in ((address, "wombat.png", (address,)), (None, None, ())):
            body = DELTAS | {"context": {"file": file, "file_name": name}}
            page = await asked(ann, "/chat/stream", body, OldSimplePage())
            assert page.text == "This is a scripted answer."
            assert model.heard[-1][-1] == Turn("user", "Hello", images)


TOO_LONG = ModelError("Too long.", code="context_too_long", retryable=False, is_of_deployment=False)
FAILURES = [
    (TOO_LONG, 400, "exceeded the context length limit"),
    (ModelError("At its limit.", code="refused", is_of_deployment=False), 503, "At its limit."),
    (ModelError("Wrong key.", code="refused", retryable=False, is_of_deployment=False), 500, "Wrong key."),
]


@pytest.mark.parametrize(("error", "status", "words"), FAILURES)
@pytest.mark.parametrize("body", [question(), DELTAS, simple_question()], ids=["search", "old simple", "simple"])
async def test_a_model_that_fails_before_it_said_anything(
    tmp_path: Path, error: ModelError, status: int, words: str, body: dict[str, Any]
) -> None:
    async with hubbub_running(tmp_path, ScriptedModel(error=error)) as hubbub:
        ann = await hubbub.person()
        await collection(hubbub, ann)
        for path in ("/chat", "/chat/stream"):
            async with ann.post(path, json=body) as response:
                assert response.status == status
                assert response.headers.get("retry-after") == ("5" if status == 503 else None)
                told = await response.json()
            assert words in told["error"]
            assert told["code"] == error.code


async def test_quotes_stand_in_for_a_model_that_fails(tmp_path: Path) -> None:
    async with hubbub_running(tmp_path, ScriptedModel(error=ModelError("It is down."))) as hubbub:
        ann = await hubbub.person()
        await collection(hubbub, ann, leave=LEAVE, soup="Leave of soup.", more="More days of leave, many.")
        page = await asked(ann, "/chat/stream", question(top=1), SearchPage())
        assert page.text.startswith("“")
        assert page.links
        assert page.text.count("[") - page.text.count("\\[") == len(page.links), "each is among what was found"
        thought = page.context["thoughts"][3]
        assert thought["description"].endswith("word for word. It is down.")
        assert thought["props"]["model"] is None


@pytest.mark.parametrize(
    ("body", "page"),
    [(question(), SearchPage), ({**question(), "stream": True}, OldSearchPage), (DELTAS, OldSimplePage)],
    ids=["search", "old search", "old simple"],
)
async def test_a_model_that_fails_in_the_middle(tmp_path: Path, body: dict[str, Any], page: type[SearchPage]) -> None:
    error = ModelError("It broke off. Ask again.", code="broke_off")
    model = ScriptedModel(("Half ", "an answer"), error=error, error_after=2)
    async with hubbub_running(tmp_path, model) as hubbub:
        ann = await hubbub.person()
        await collection(hubbub, ann)
        reader = page()
        with pytest.raises(ClientError, match="It broke off"):
            await asked(ann, "/chat/stream", body, reader, 3)
        assert reader.text == "Half an answer"


async def test_a_filtered_answer(tmp_path: Path) -> None:
    async with hubbub_running(tmp_path, ScriptedModel((), finish_reason="content_filter")) as hubbub:
        ann = await hubbub.person()
        await collection(hubbub, ann)
        status, told = await post(ann, "/chat", question())
        assert (status, told["code"]) == (400, "content_filter")
        assert "content filter" in told["error"]
        with pytest.raises(ClientError, match="content filter"):
            await asked(ann, "/chat/stream", question(), SearchPage())


async def test_who_leaves_stops_the_answer(tmp_path: Path) -> None:
    slow = ScriptedModel([f"word{number} " for number in range(100_000)], seconds_between=0.01)
    async with hubbub_running(tmp_path, slow) as hubbub:
        ann = await hubbub.person()
        await collection(hubbub, ann)
        for body in (question(), DELTAS):
            async with ann.post("/chat/stream", json=body) as response:
                await response.content.readline()
                assert slow.open_answers == 1
            async with asyncio.timeout(20):
                while slow.open_answers:
                    await asyncio.sleep(0.05)


async def test_many_at_once(tmp_path: Path) -> None:
    model = ScriptedModel([f"{number} [1] " for number in range(40)], seconds_between=0.005)
    limits = RequestLimits(question_characters=1000, body_bytes=10_000)
    async with hubbub_running(tmp_path, model, limits=limits) as hubbub:
        people = [await hubbub.person() for _ in range(20)]
        for person in people:
            await collection(hubbub, person)
        kinds = (
            ("/chat/stream", question(), SearchPage),
            ("/v0/chat/stream", question(), OldSearchPage),
            ("/chat/stream", DELTAS, OldSimplePage),
            ("/chat/stream", simple_question(), SimplePage),
            ("/chat/stream", {"messages": question()["messages"], "sessionState": None}, LibraryClient),
        )
        pages = await asyncio.gather(
            *(asked(person, path, body, page()) for person in people for path, body, page in kinds)
        )
    assert len(pages) == 100
    plain = "".join(f"{number} [1] " for number in range(40))
    for page in pages:
        is_plain = isinstance(page, (OldSimplePage, SimplePage))
        # The pieces' last space is dropped where markers are looked for: what may follow is not known yet.
        assert page.text == (plain if is_plain else plain.replace("[1]", "[leave.pdf#page=1]").rstrip())


async def test_who_is_refused_learns_when_to_come_back(tmp_path: Path) -> None:
    slow = ScriptedModel(seconds_before_first=60)
    control = AdmissionControl({}, AdmissionLimits(running=1, waiting=0))
    async with hubbub_running(tmp_path, slow, control=control) as hubbub:
        ann = await hubbub.person()
        first = asyncio.create_task(ann.post("/chat", json=DELTAS).__aenter__())
        while not slow.open_answers:
            await asyncio.sleep(0.01)
        for path in ("/chat", "/chat/stream"):
            async with ann.post(path, json=DELTAS) as response:
                assert response.status in (429, 503)
                assert int(response.headers["retry-after"]) >= 1
                assert set(await response.json()) == {"error", "code"}
        first.cancel()
        await asyncio.wait([first])
