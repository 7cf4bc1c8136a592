"""Hubbub from an application's own code: asking, leaving, coming back, start and end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import aiohttp
import pytest

from hubbub import Hub
from hubbub.app.assistants import AssistantChanges
from hubbub.core.errors import HubbubError, Malformed, NotFound, SettingsError, TooBusy
from hubbub.core.events import Asked, Done, Event, Failed, Searched, Started, Stopped, Text
from hubbub.core.messages import Turn
from hubbub.core.people import Permission, Person, Right
from hubbub.core.questions import Generation, Instructions, Question
from tests.embed.hosts import WORDS, hub_in, served, settings_in, settings_of
from tests.servers.model_server import ModelServer, Script

ANN, BOB = Person("ann", "Ann"), Person("bob", "Bob")


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    async with hub_in(tmp_path) as hub:
        yield hub


def text_of(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Text))


async def until_read(hub: Hub) -> None:
    """Return once the guide, which every new library begins with, can be searched."""
    async with asyncio.timeout(30):
        while True:
            events = [event async for event in hub.ask("What can Hubbub do?", collections=["Hubbub"])]
            if any(isinstance(event, Searched) and event.hits for event in events):
                return
            await asyncio.sleep(0.05)


async def test_a_question_is_answered_in_events(hub: Hub) -> None:
    events = [event async for event in hub.ask("How does it go on?", person=ANN)]
    assert isinstance(events[0], Asked)
    assert any(event == Started("quick", "chat") for event in events)
    assert text_of(events) == "It goes on."
    assert isinstance(events[-1], Done)


async def test_a_model_and_turns_and_a_whole_question(hub: Hub) -> None:
    said = (Turn("user", "Hello"), Turn("assistant", "Hello!"))
    messages = [{"role": turn.role, "content": turn.text} for turn in said]
    for turns in (said, messages):
        first, *_ = [event async for event in hub.ask(Question("And now?", hits=3), model="quick", turns=turns)]
        assert first == Asked(Question("And now?", said, "quick", hits=3))


async def test_over_documents(hub: Hub) -> None:
    await until_read(hub)
    events = [event async for event in hub.ask("What can Hubbub do?", collections=["Hubbub"], person=ANN)]
    (searched,) = [event for event in events if isinstance(event, Searched)]
    assert searched.hits
    assert isinstance(events[-1], Done)


async def test_an_assistant_answers_who_may_use_it(hub: Hub) -> None:
    await until_read(hub)
    app = hub._open()  # people make assistants on the page, or by REST
    changes = AssistantChanges(name="Lawyer", instructions="Answer as a lawyer would.")
    made = await app.assistants.make(ANN, changes)
    for name in ("lawyer", "assistant:Lawyer", made.id):
        first, *_, last = [event async for event in hub.ask("Well?", person=ANN, assistant=name)]
        asked = Question("Well?", instructions=Instructions(changes.instructions or ""), assistant_id=made.id)
        assert (first, type(last)) == (Asked(asked), Done)
    over = [event async for event in hub.ask("Well?", person=ANN, assistant="Lawyer", collections=["Hubbub"])]
    assert any(isinstance(event, Searched) for event in over)
    with pytest.raises(NotFound):
        await anext(hub.ask("Well?", person=BOB, assistant=made.id))
    await app.assistants.share(ANN, made.id, [Permission("person:bob", Right.SEE)])
    with pytest.raises(NotFound, match="no model named"):  # of what somebody may only see nothing can be asked
        await anext(hub.ask("Well?", person=BOB, assistant=made.id))
    await app.assistants.share(ANN, made.id, [Permission("person:bob", Right.USE)])
    assert type([event async for event in hub.ask("Well?", person=BOB, assistant=made.id)][-1]) is Done


async def test_what_there_is_not(hub: Hub) -> None:
    for wrong in ({"model": "none"}, {"collections": ["none"]}, {"assistant": "none"}):
        with pytest.raises(NotFound):
            await anext(hub.ask("Well?", **wrong))
    for wrong in (hub.follow("none"), hub.follow("none", person=ANN)):
        with pytest.raises(NotFound):
            await anext(wrong)


async def test_pieces_of_a_chat(tmp_path: Path) -> None:
    async with ModelServer(Script(tokens=("One", " and", " two"))) as server:
        async with Hub(settings_of(tmp_path, server)) as hub:
            messages = [
                {"role": "developer", "content": "Be short."},
                {"role": "user", "content": [{"type": "text", "text": "Count."}, {"type": "text", "text": "To two."}]},
            ]
            pieces = [piece async for piece in hub.chat(messages, generation=Generation(temperature=0.5))]
        assert "".join(pieces) == "One and two"
        body = server.seen[-1].body
        assert body["messages"] == [
            {"role": "system", "content": "Be short."},
            {"role": "user", "content": "Count.\nTo two."},
        ]
        assert body["temperature"] == 0.5


async def test_a_chat_that_fails_raises_after_what_was_said(tmp_path: Path) -> None:
    script = Script(tokens=("One", " and"), reset_before="tokens")
    async with ModelServer(script) as server, Hub(settings_of(tmp_path, server)) as hub:
        pieces: list[str] = []
        with pytest.raises(HubbubError) as caught:
            async for piece in hub.chat([{"role": "user", "content": "Count."}]):
                pieces.append(piece)  # noqa: PERF401 # what came before the error counts
        assert "".join(pieces) == "One and"
        assert caught.value.code != "error"
        assert caught.value.retryable


@pytest.mark.parametrize(
    "message", [{"role": "cook", "content": "x"}, {"content": "x"}, {"role": "user"}, {"role": "user", "content": [1]}]
)
async def test_messages_that_are_none(hub: Hub, message: dict[str, object]) -> None:
    with pytest.raises(Malformed, match=r"messages\[1\]"):
        await anext(hub.chat([{"role": "user", "content": "Hello"}, message]))


async def test_an_answer_survives_who_asked(hub: Hub) -> None:
    answer_id = await hub.start("Go on", model="slow", person=ANN, grace_seconds=None)
    async with aclosing(hub.follow(answer_id, person=ANN)) as events:
        async for event in events:
            if isinstance(event, Text):
                break
    again = [event async for event in hub.follow(answer_id, after=2, person=ANN)]
    assert isinstance(again[-1], Done)
    assert text_of(again) == WORDS


@pytest.mark.parametrize("grace_seconds", [0.0, None])
async def test_an_answer_that_nobody_reads_ends_at_the_model_or_goes_on(
    tmp_path: Path, grace_seconds: float | None
) -> None:
    script = Script(tokens=[f"word{number} " for number in range(60)], seconds_between=0.02)
    async with ModelServer(script) as server, Hub(settings_of(tmp_path, server)) as hub:
        async for event in hub.ask("Go on", person=ANN, grace_seconds=grace_seconds):
            if isinstance(event, Text):
                break  # nothing more is done: nobody is left who could go on reading
        await server.until(lambda server: not server.open_requests, seconds=5)
        assert server.seen[-1].is_complete is (grace_seconds is None)


async def test_stopping(hub: Hub) -> None:
    answer_id = await hub.start("Go on", model="slow", person=ANN)
    with pytest.raises(NotFound):
        await hub.stop(answer_id, person=BOB)
    with pytest.raises(NotFound):
        await anext(hub.follow(answer_id, person=BOB))
    await hub.stop(answer_id, person=ANN)
    events = [event async for event in hub.follow(answer_id)]
    assert events[-1] == Stopped("asked")


async def test_limits_of_a_person_hold(tmp_path: Path) -> None:
    admission = {"running_per_person": 1, "waiting_per_person": 1}
    async with Hub(settings_in(tmp_path, admission=admission)) as hub:
        for _ in range(2):
            await hub.start("Go on", model="slow", person=ANN)
        with pytest.raises(TooBusy):
            await hub.start("Go on", model="slow", person=ANN)
        assert await hub.start("Go on", model="slow", person=BOB)


async def test_it_starts_and_ends_in_any_tasks_and_leaves_none(tmp_path: Path) -> None:
    before = asyncio.all_tasks()
    hub = hub_in(tmp_path)
    for _ in range(2):
        await asyncio.create_task(hub.__aenter__())
        with pytest.raises(RuntimeError, match="open already"):
            await hub.__aenter__()
        answer_id = await hub.start("Go on", model="slow")
        await asyncio.create_task(hub.__aexit__(None, None, None))
        assert asyncio.all_tasks() == before
        with pytest.raises(RuntimeError, match="not open"):
            await hub.start("Go on")
    async with hub:
        events = [event async for event in hub.follow(answer_id)]
        assert isinstance(events[-1], Failed)
        assert events[-1].code == "interrupted"


async def test_two_hubs_share_a_folder(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as one, hub_in(tmp_path) as other:
        answer_id = await one.start("Go on", person=ANN)
        assert text_of([event async for event in other.follow(answer_id, person=ANN)]) == "It goes on."


async def test_documents_are_added_listed_searched_and_deleted(hub: Hub) -> None:
    mine = await hub.collections.make(ANN, "Mine")
    added = await hub.documents.add(ANN, mine.id, "leave.md", b"# Leave\n\nEverybody has thirty days of leave a year.")
    await hub.documents.until_read(mine.id, most_seconds=30)
    assert [one.id for one in await hub.documents.list(ANN, mine.id)] == [added.id]
    for collections in (["Mine"], [mine.id], []):
        found = await hub.search("days of leave", person=ANN, collections=collections)
        assert found[0].text == "Everybody has thirty days of leave a year."
    assert not [hit for hit in await hub.search("days of leave", person=BOB) if hit.document_id == added.id]
    with pytest.raises(NotFound):
        await hub.search("days of leave", person=BOB, collections=[mine.id])
    with pytest.raises(NotFound):
        await hub.documents.list(BOB, mine.id)
    await hub.documents.delete(ANN, added.id)
    assert await hub.documents.list(ANN, mine.id) == []


async def test_settings_of_identity_are_no_identity(tmp_path: Path) -> None:
    made = settings_in(tmp_path).model_dump(include={"server", "embedded", "embeddings", "discovery"})
    async with (
        served(Hub(**made, identity={"needs_key": True}).asgi) as url,
        aiohttp.ClientSession() as http,
        http.get(f"{url}/api/models") as response,
    ):
        assert response.status == 401


async def test_what_is_wrong_is_said_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError, match=r"^argument for admission\.runing: "):
        Hub(admission={"runing": 3})
    with pytest.raises(TypeError):
        Hub(settings_in(tmp_path), default_model="quick")
    with pytest.raises(SettingsError, match="needs_key"):
        async with Hub(settings_in(tmp_path, identity={"needs_key": True}), identity=_nobody):
            pass
    (tmp_path / "file").write_text("")
    with pytest.raises(HubbubError, match="can't be written"):
        async with hub_in(tmp_path / "file"):
            pass
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "hub"]


async def _nobody(headers: object) -> None:
    return None


def test_tables_by_name_win_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('default_model = "one"\n[admission]\nrunning = 5\nwaiting = 6\n')
    settings = Hub(path, admission={"running": 7})._settings
    assert (settings.default_model, settings.admission.running, settings.admission.waiting) == ("one", 7, 6)
