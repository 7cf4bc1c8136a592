"""OpenAI's Responses with OpenAI's own client: made, come back to, stopped, gone on with, deleted."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import openai
import pytest
from pydantic import BaseModel

from hubbub.answers.admission import AdmissionControl, AdmissionLimits
from hubbub.answers.base import Fixed
from hubbub.core.errors import ModelError
from hubbub.core.identifiers import new_id
from hubbub.models.scripted import DEFAULT_PIECES, ScriptedModel
from tests.patience import PATIENCE_SECONDS
from tests.servers.reader import ask, read_all
from tests.web.application import LIMITS, Hubbub, hubbub_running
from tests.web.conftest import WORDS
from tests.web.openai_clients import Caller, client_of, sdk
from tests.web.wire import connection, request

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "responses.md").read_text(encoding="utf-8")
SAID = "".join(DEFAULT_PIECES)
SLOWLY_SAID = "".join(WORDS)
ODD = '\u2028\u2029\x85\x0b\x1c\x00 \\ " \r\n\n event: x\n\n\ufeff\u200b 😀 e\u0301 \U0010ffff'
WEATHER: Any = {
    "type": "function",
    "name": "weather",
    "description": "Tells the weather.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    "strict": None,
}


@pytest.fixture
def caller() -> Caller:
    return Caller(name="caller")


@pytest.fixture
def slow() -> ScriptedModel:
    return ScriptedModel(WORDS, name="slow", seconds_between=0.01)


@pytest.fixture
async def hubbub(tmp_path: Path, quick: ScriptedModel, slow: ScriptedModel, caller: Caller) -> AsyncIterator[Hubbub]:
    down = ModelError("The model server can't be reached.", code="not_reachable")
    models = (
        quick,
        slow,
        caller,
        ScriptedModel(name="silent", seconds_before_first=60),
        ScriptedModel(name="down", error=down),
        ScriptedModel(name="breaks", error=down, error_after=2),
        ScriptedModel((ODD, ODD), name="odd"),
        ScriptedModel(name="filtered", finish_reason="content_filter"),
    )
    async with hubbub_running(tmp_path, *models) as hubbub:
        yield hubbub


@pytest.fixture
async def client(hubbub: Hubbub) -> openai.AsyncOpenAI:
    return await sdk(hubbub)


async def ended(client: openai.AsyncOpenAI, response_id: str, seconds: float = PATIENCE_SECONDS) -> Any:
    """Poll as programs do that wait for what is made in the background."""
    async with asyncio.timeout(seconds):
        while (response := await client.responses.retrieve(response_id)).status in ("queued", "in_progress"):
            await asyncio.sleep(0.02)
    return response


async def until(condition: Any, seconds: float = PATIENCE_SECONDS) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


def plain(events: list[Any]) -> list[dict[str, Any]]:
    return [event.model_dump(exclude_unset=True) for event in events]


async def test_all_at_once(client: openai.AsyncOpenAI, quick: ScriptedModel) -> None:
    response = await client.responses.create(
        model="scripted",
        instructions="Be brief.",
        input="Hello",
        metadata={"colour": "blue"},
        temperature=0.5,
    )
    assert (response.status, response.output_text) == ("completed", SAID)
    assert (response.model, response.instructions, response.metadata) == ("scripted", "Be brief.", {"colour": "blue"})
    assert (response.temperature, response.error, response.incomplete_details) == (0.5, None, None)
    assert response.usage is not None
    assert (response.usage.input_tokens, response.usage.output_tokens, response.usage.total_tokens) == (3, 5, 8)
    assert response.id.startswith("resp_")
    [message] = response.output
    assert message.id == f"msg_{response.id[5:]}_0"
    assert [(turn.role, turn.text) for turn in quick.heard[-1]] == [("system", "Be brief."), ("user", "Hello")]
    again = await client.responses.retrieve(response.id)
    assert again == response


async def test_as_a_stream(client: openai.AsyncOpenAI) -> None:
    async with client.responses.stream(model="scripted", input="Hello") as stream:
        events = [event async for event in stream]
        final = await stream.get_final_response()
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert final.output_text == SAID
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == SAID
    assert [event.type for event in events if not event.type.endswith("delta")] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert (await client.responses.retrieve(final.id)).output_text == SAID


async def test_in_the_background(hubbub: Hubbub, client: openai.AsyncOpenAI) -> None:
    response = await client.responses.create(model="slow", input="Hello", background=True)
    assert response.status in ("queued", "in_progress")
    assert await hubbub.answers.read(response.id[5:], limit=1), "it was acknowledged before it was stored"
    running = await client.responses.retrieve(response.id)
    assert running.background
    done = await ended(client, response.id)
    assert (done.status, done.output_text) == ("completed", SLOWLY_SAID)


async def test_in_the_background_and_as_a_stream_that_breaks_off(client: openai.AsyncOpenAI) -> None:
    stream = await client.responses.create(model="slow", input="Hello", background=True, stream=True)
    first: list[Any] = []
    async for event in stream:
        first.append(event)
        if event.type == "response.output_text.delta" and len(first) > 20:
            break
    await stream.close()
    response_id = first[0].response.id
    after = first[-1].sequence_number
    rest = [e async for e in await client.responses.retrieve(response_id, stream=True, starting_after=after)]
    events = first + rest
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == SLOWLY_SAID
    assert events[-1].response.output_text == SLOWLY_SAID
    late = [e async for e in await client.responses.retrieve(response_id, stream=True, starting_after=after)]
    assert plain(late) == plain(rest)
    whole = [e async for e in await client.responses.retrieve(response_id, stream=True)]
    assert plain(whole) == plain(events)
    assert [
        e async for e in await client.responses.retrieve(response_id, stream=True, starting_after=len(whole) - 1)
    ] == []
    async with client.responses.stream(response_id=response_id, starting_after=after) as helper:
        assert [event.sequence_number async for event in helper] == [event.sequence_number for event in rest]


async def test_a_hundred_come_back_at_every_number_while_it_is_made(hubbub: Hubbub) -> None:
    program = await hubbub.program("many")
    body = {"model": "slow", "input": "Hello", "background": True}
    async with program.post("/v1/responses", json=body) as reply:
        path = f"/v1/responses/{(await reply.json())['id']}?stream=true"

    async def follow(more: str) -> bytes:
        while True:
            async with program.get(path + more) as reply:
                if reply.status == 200:
                    return await reply.read()
                error = (await reply.json())["error"]
                assert (reply.status, error["code"], error["param"]) == (
                    400,
                    "invalid_starting_after",
                    "starting_after",
                )
            await asyncio.sleep(0.1)  # it has not come so far yet

    whole, *parts = await asyncio.gather(follow(""), *(follow(f"&starting_after={number}") for number in range(100)))
    frames = whole.split(b"\n\n")
    numbers = [json.loads(frame.split(b"\ndata: ")[1])["sequence_number"] for frame in frames[:-1]]
    assert numbers == list(range(len(numbers)))
    assert len(numbers) > 100
    for number, part in enumerate(parts):
        assert part == b"\n\n".join(frames[number + 1 :])


async def test_cancelled(client: openai.AsyncOpenAI, slow: ScriptedModel) -> None:
    stream = await client.responses.create(model="slow", input="Hello", background=True, stream=True)
    events: list[Any] = []
    async for event in stream:
        events.append(event)
        if len(events) == 10:
            cancelled = await client.responses.cancel(events[0].response.id)
            assert (cancelled.status, slow.open_answers) == ("cancelled", 0)
    assert events[-1].type == "response.incomplete"
    assert events[-1].response.status == "cancelled"
    said = events[-1].response.output_text
    assert said
    assert SLOWLY_SAID.startswith(said)
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == said
    response_id = events[0].response.id
    for _ in range(2):
        assert await client.responses.cancel(response_id) == await client.responses.retrieve(response_id)
    done = await ended(client, (await client.responses.create(model="scripted", input="Hi", background=True)).id)
    assert (await client.responses.cancel(done.id)).status == "completed"


async def test_only_what_is_in_the_background_is_cancelled(client: openai.AsyncOpenAI) -> None:
    response = await client.responses.create(model="scripted", input="Hello")
    with pytest.raises(openai.BadRequestError, match="Cannot cancel a synchronous response"):
        await client.responses.cancel(response.id)


async def test_several_turns(client: openai.AsyncOpenAI, quick: ScriptedModel) -> None:
    previous: str | openai.Omit = openai.omit
    for number in range(4):
        response = await client.responses.create(
            model="scripted",
            input=f"Question {number}",
            previous_response_id=previous,
            instructions=f"Instructions {number}" if number % 2 else None,
        )
        previous = response.id
    assert [(turn.role, turn.text) for turn in quick.heard[-1]] == [
        ("system", "Instructions 3"),  # those of earlier responses held for these alone
        ("user", "Question 0"),
        ("assistant", SAID),
        ("user", "Question 1"),
        ("assistant", SAID),
        ("user", "Question 2"),
        ("assistant", SAID),
        ("user", "Question 3"),
    ]


async def test_going_on_with_what_is_not_there(hubbub: Hubbub, client: openai.AsyncOpenAI) -> None:
    other = await sdk(hubbub, "other")
    hidden = await other.responses.create(model="scripted", input="A secret")
    unkept = await client.responses.create(model="scripted", input="Hi", store=False)
    deleted = await client.responses.create(model="scripted", input="Hi")
    await client.responses.delete(deleted.id)
    for response_id in (hidden.id, unkept.id, deleted.id, f"resp_{new_id()}", "resp_x", "x", ""):
        with pytest.raises(openai.BadRequestError) as caught:
            await client.responses.create(model="scripted", input="Go on", previous_response_id=response_id)
        assert (caught.value.code, caught.value.param) == ("previous_response_not_found", "previous_response_id")
    running = await client.responses.create(model="silent", input="Hi", background=True)
    with pytest.raises(openai.BadRequestError) as caught:
        await client.responses.create(model="scripted", input="Go on", previous_response_id=running.id)
    assert caught.value.code == "previous_response_in_progress"
    await client.responses.cancel(running.id)
    response = await client.responses.create(model="scripted", input="Go on", previous_response_id=running.id)
    assert response.status == "completed"


async def test_a_tool_is_called_and_its_output_read(client: openai.AsyncOpenAI, caller: Caller) -> None:
    async with client.responses.stream(model="caller", input="What is the weather?", tools=[WEATHER]) as stream:
        events = [event async for event in stream]
        first = await stream.get_final_response()
    reasoning, call = first.output
    assert (reasoning.type, call.type) == ("reasoning", "function_call")
    assert reasoning.type == "reasoning"
    assert reasoning.content is not None
    assert reasoning.content[0].text == "I need the tool."
    assert call.type == "function_call"
    assert (call.call_id, call.name, call.arguments) == ("call_1", "weather", '{"city": "Köln"}')
    assert "".join(e.delta for e in events if e.type == "response.function_call_arguments.delta") == call.arguments
    assert caller.how is not None
    assert caller.how.tools[0] == {
        "type": "function",
        "function": {name: WEATHER[name] for name in ("name", "description", "parameters")},
    }
    output: Any = {"type": "function_call_output", "call_id": "call_1", "output": "21 °C"}
    second = await client.responses.create(model="caller", input=[output], previous_response_id=first.id)
    assert second.output_text == "It is 21 °C."
    sent: list[Any] = [{"role": "user", "content": "What is the weather?"}, *plain(list(first.output)), output]
    stateless = await client.responses.create(model="caller", input=sent, store=False)
    assert stateless.output_text == second.output_text
    assert caller.heard[-1] == caller.heard[-2]
    for given, said in (([], "No tool output found"), ([output, output], "No tool call found")):
        asked: Any = [*given, {"role": "user", "content": "And now?"}]
        with pytest.raises(openai.BadRequestError, match=said):
            await client.responses.create(model="caller", input=asked, previous_response_id=first.id)


async def test_wishes_reach_the_model(client: openai.AsyncOpenAI, caller: Caller) -> None:
    class Weather(BaseModel):
        city: str

    with pytest.raises(ValueError, match="Invalid JSON"):  # that is what the model's text is not
        await client.responses.parse(model="caller", input="?", text_format=Weather)
    assert caller.how is not None
    assert caller.how.response_format is not None
    schema = caller.how.response_format["json_schema"]
    assert isinstance(schema, dict)
    assert (schema["name"], schema["strict"], schema["schema"]["required"]) == ("Weather", True, ["city"])
    response = await client.responses.create(
        model="caller",
        input="?",
        max_output_tokens=50,
        top_p=0.5,
        reasoning={"effort": "low"},
        tools=[WEATHER],
        tool_choice={"type": "function", "name": "weather"},
        parallel_tool_calls=False,
        text={"format": {"type": "json_object"}, "verbosity": "low"},
    )
    how = caller.how
    assert (how.max_tokens, how.top_p, how.reasoning_effort) == (50, 0.5, "low")
    assert how.tool_choice == {"type": "function", "function": {"name": "weather"}}
    assert (how.parallel_tool_calls, how.response_format) == (False, {"type": "json_object"})
    assert response.tools[0].model_dump(exclude_unset=True) == WEATHER
    assert response.reasoning is not None
    assert response.reasoning.effort == "low"


async def test_pictures_are_passed_on(client: openai.AsyncOpenAI, caller: Caller) -> None:
    part: Any = {"type": "input_image", "image_url": "data:image/png;base64,iVBORw0KGgo=", "detail": "auto"}
    content: Any = [{"type": "input_text", "text": "What is this?"}, part]
    response = await client.responses.create(model="caller", input=[{"role": "user", "content": content}])
    assert (caller.heard[-1][0].text, caller.heard[-1][0].images) == ("What is this?", (part["image_url"],))
    page = await client.responses.input_items.list(response.id)
    [item] = page.data
    assert item.to_dict()["content"] == content
    with pytest.raises(openai.BadRequestError) as caught:
        await client.responses.create(model="scripted", input=[{"role": "user", "content": content}])
    assert caught.value.param == "input[0].content[1]"


async def test_what_is_cut_off_says_so(client: openai.AsyncOpenAI) -> None:
    cut = await client.responses.create(model="scripted", input="Hello", max_output_tokens=2)
    assert (cut.status, cut.output_text) == ("incomplete", "This is ")
    assert cut.incomplete_details is not None
    assert cut.incomplete_details.reason == "max_output_tokens"
    events = [e async for e in await client.responses.create(model="filtered", input="Hello", stream=True)]
    assert events[-1].type == "response.incomplete"
    assert events[-1].response.incomplete_details is not None
    assert events[-1].response.incomplete_details.reason == "content_filter"


async def test_failures_before_and_after_the_first_word(client: openai.AsyncOpenAI) -> None:
    for model in ("down", "breaks"):
        with pytest.raises(openai.InternalServerError, match="can't be reached") as caught:
            await client.responses.create(model=model, input="Hello")
        assert (caught.value.status_code, caught.value.code) == (502, "not_reachable")
    with pytest.raises(openai.InternalServerError):  # it can't be come back to, so that it may as well be asked again
        await client.responses.create(model="down", input="Hello", store=False, stream=True)
    for model, said in (("down", ""), ("breaks", "This is ")):
        events = [e async for e in await client.responses.create(model=model, input="Hello", stream=True)]
        assert events[-1].type == "response.failed"
        failed = events[-1].response
        assert failed.error is not None
        assert (failed.status, failed.error.code, failed.output_text) == ("failed", "server_error", said)
        assert failed.to_dict()["hubbub"] == {"failure": "not_reachable"}
        assert await client.responses.retrieve(failed.id) == failed
    background = await client.responses.create(model="down", input="Hello", background=True)
    assert (await ended(client, background.id)).status == "failed"


async def test_who_leaves_what_is_kept_lets_it_be_finished(client: openai.AsyncOpenAI, slow: ScriptedModel) -> None:
    stream = await client.responses.create(model="slow", input="Hello", stream=True)
    created: Any = await anext(aiter(stream))
    await stream.close()
    assert (await ended(client, created.response.id)).output_text == SLOWLY_SAID


@pytest.mark.parametrize("is_stream", [False, True])
async def test_who_leaves_what_can_not_be_come_back_to_stops_it(
    client: openai.AsyncOpenAI, slow: ScriptedModel, is_stream: bool
) -> None:
    if is_stream:
        stream = await client.responses.create(model="slow", input="Hello", stream=True, store=False)
        await anext(aiter(stream))
        await stream.close()
    else:
        asking = asyncio.create_task(client.responses.create(model="slow", input="Hello"))
        await until(lambda: slow.open_answers == 1)
        asking.cancel()
    await until(lambda: slow.open_answers == 0, 1.5)


async def test_what_is_not_kept_is_not_found(hubbub: Hubbub, client: openai.AsyncOpenAI) -> None:
    response = await client.responses.create(model="scripted", input="Hello", store=False)
    assert (response.output_text, response.to_dict()["store"]) == (SAID, False)
    with pytest.raises(openai.NotFoundError, match="not found"):
        await client.responses.retrieve(response.id)
    with pytest.raises(openai.BadRequestError) as caught:
        await client.responses.create(model="scripted", input="Hello", store=False, background=True)
    assert caught.value.param == "store"


async def test_deleted(client: openai.AsyncOpenAI, slow: ScriptedModel) -> None:
    first = await client.responses.create(model="scripted", input="Hello")
    second = await client.responses.create(model="scripted", input="Go on", previous_response_id=first.id)
    await client.responses.delete(first.id)
    with pytest.raises(openai.NotFoundError):
        await client.responses.retrieve(first.id)
    with pytest.raises(openai.NotFoundError):
        await client.responses.delete(first.id)
    third = await client.responses.create(model="scripted", input="Go on", previous_response_id=second.id)
    assert third.status == "completed"
    running = await client.responses.create(model="slow", input="Hello", background=True)
    await client.responses.delete(running.id)
    assert slow.open_answers == 0
    with pytest.raises(openai.NotFoundError):
        await client.responses.retrieve(running.id)


async def test_input_items(client: openai.AsyncOpenAI) -> None:
    first = await client.responses.create(model="caller", input="What is the weather?", tools=[WEATHER])
    output: Any = {"type": "function_call_output", "call_id": "call_1", "output": "21 °C"}
    second = await client.responses.create(
        model="caller", input=[output], previous_response_id=first.id, instructions="Not among them."
    )
    items = [item async for item in client.responses.input_items.list(second.id, order="asc")]
    assert [item.type for item in items] == ["message", "function_call", "function_call_output"]
    reversed_items = [item async for item in client.responses.input_items.list(second.id, limit=1)]
    assert reversed_items == items[::-1]
    page = await client.responses.input_items.list(second.id, limit=2, after=str(items[2].id))
    assert ([item.id for item in page.data], page.to_dict()["has_more"]) == ([items[1].id, items[0].id], False)
    for wrong in ({"after": "x"}, {"limit": 0}, {"limit": 101}, {"order": "sideways"}):
        with pytest.raises(openai.BadRequestError):
            await client.responses.input_items.list(second.id, **wrong)  # pyright: ignore[reportArgumentType]


async def test_long_conversations_are_bounded_or_cut(hubbub: Hubbub, client: openai.AsyncOpenAI) -> None:
    short = ScriptedModel(name="short", context_tokens=200)
    hubbub.services.catalog._models["short"] = short  # pyright: ignore[reportPrivateUsage]
    said: Any = [{"role": "system", "content": "Be brief."}]
    for number in range(8):
        said += [{"role": "user", "content": f"{number} " * 30}, {"role": "assistant", "content": "Yes."}]
    said += [{"role": "user", "content": "And now?"}]
    response = await client.responses.create(model="short", input=said, truncation="auto")
    roles = [turn.role for turn in short.heard[-1]]
    assert roles[:2] == ["system", "user"]
    assert 2 < len(roles) < len(said)
    assert (short.heard[-1][-1].text, response.truncation) == ("And now?", "auto")
    await client.responses.create(model="short", input=said)
    assert len(short.heard[-1]) == len(said)
    with pytest.raises(openai.APIStatusError) as caught:
        await client.responses.create(model="scripted", input=[{"role": "user", "content": "?"}] * 21)
    assert caught.value.status_code == 413
    previous: str | openai.Omit = openai.omit
    with pytest.raises(openai.APIStatusError, match="characters") as caught:
        while True:
            response = await client.responses.create(
                model="scripted", input="x" * (LIMITS.body_bytes // 4), previous_response_id=previous
            )
            previous = response.id
    assert caught.value.status_code == 413


async def test_odd_letters_come_through(hubbub: Hubbub, client: openai.AsyncOpenAI) -> None:
    response = await client.responses.create(model="odd", input=ODD)
    assert response.output_text == ODD * 2
    async with client.responses.stream(model="odd", input=ODD, previous_response_id=response.id) as stream:
        said = [event.delta async for event in stream if event.type == "response.output_text.delta"]
        assert "".join(said) == (await stream.get_final_response()).output_text == ODD * 2
    items = [item async for item in client.responses.input_items.list(response.id)]
    assert items[0].to_dict()["content"] == [{"type": "input_text", "text": ODD}]


async def test_a_connection_that_breaks_changes_nothing(hubbub: Hubbub) -> None:
    body = b'{"model":"slow","input":"Hello","background":true,"stream":true}'
    async with connection(hubbub.port) as (reader, writer):
        writer.write(request("POST", "/v1/responses", {"Content-Type": "application/json"}, body))
        begun = await reader.readuntil(b"response.output_text.delta")
    response_id = re.findall(r"resp_\w{26}", begun.decode())[0]
    guest = client_of(f"{hubbub.url}/v1", "none")
    async with guest:
        assert (await ended(guest, response_id)).output_text == SLOWLY_SAID


async def test_who_asks_too_much_is_told_when_to_come_back(tmp_path: Path, slow: ScriptedModel) -> None:
    control = AdmissionControl({"slow": Fixed(100)}, AdmissionLimits(running_per_person=1, waiting_per_person=1))
    async with hubbub_running(tmp_path, slow, control=control) as hubbub:
        client = await sdk(hubbub)
        made = [await client.responses.create(model="slow", input="Hello", background=True) for _ in range(2)]
        assert made[1].status == "queued"
        for more in ({"background": True}, {"stream": True}, {}):
            with pytest.raises(openai.RateLimitError) as caught:
                await client.responses.create(model="slow", input="Hello", **more)  # pyright: ignore[reportArgumentType,reportCallIssue]
            assert caught.value.code == "rate_limit_exceeded"
            assert int(caught.value.response.headers["retry-after"]) > 0
        assert (await client.responses.cancel(made[1].id)).status == "cancelled"


async def test_what_has_been_kept_for_long_enough_is_gone(tmp_path: Path) -> None:
    async with hubbub_running(tmp_path, limits=replace(LIMITS, kept_seconds=0.0)) as hubbub:
        client = await sdk(hubbub)
        first = await client.responses.create(model="scripted", input="Hello")
        await hubbub.answers.renew()
        with pytest.raises(openai.NotFoundError):
            await client.responses.retrieve(first.id)


async def test_the_examples_in_the_documentation_do_what_they_say(
    hubbub: Hubbub, client: openai.AsyncOpenAI, capsys: pytest.CaptureFixture[str]
) -> None:
    defined: dict[str, Any] = {}
    for example in re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL):
        exec(compile(example.replace("smollm2-135m", "slow"), "example", "exec"), defined)
    await asyncio.to_thread(defined["ask"], f"{hubbub.url}/v1", client.api_key)
    assert capsys.readouterr().out == f"{SLOWLY_SAID}\n" * 2
    with openai.OpenAI(base_url=f"{hubbub.url}/v1", api_key=client.api_key, max_retries=0) as sync_client:
        assert await asyncio.to_thread(defined["come_back"], sync_client) == SLOWLY_SAID


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"input": None}, "input"),
    ({"input": ""}, "input"),
    ({"input": []}, "input"),
    ({"input": 7}, "input"),
    ({"input": ["Hello"]}, "input[0]"),
    ({"input": [{}]}, "input[0]"),
    ({"input": [{"role": "nobody", "content": "x"}]}, "input[0].role"),
    ({"input": [{"role": "user"}]}, "input[0].content"),
    ({"input": [{"role": "user", "content": [{"type": "input_file", "file_id": "f"}]}]}, "input[0].content[0]"),
    ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "input[0]"),
    ({"input": [{"type": "computer_call_output"}]}, "input[0]"),
    ({"input": [{"type": "function_call", "call_id": "c", "name": "f"}]}, "input[0].arguments"),
    ({"input": [{"type": "function_call_output", "call_id": "c", "output": "x"}]}, "input"),
    ({"messages": [{"role": "user", "content": "x"}]}, "messages"),
    ({"conversation": "conv_1"}, "conversation"),
    ({"prompt": {"id": "pmpt_1"}}, "prompt"),
    ({"model": "nobody"}, "model"),
    ({"model": 7}, "model"),
    ({"temperature": 3}, "temperature"),
    ({"temperature": "hot"}, "temperature"),
    ({"max_output_tokens": 0}, "max_output_tokens"),
    ({"max_output_tokens": 10**30}, "max_output_tokens"),
    ({"stream": "yes"}, "stream"),
    ({"metadata": {"a": 1}}, "metadata"),
    ({"metadata": {str(number): "" for number in range(17)}}, "metadata"),
    ({"tools": [{"name": "x"}]}, "tools[0].type"),
    ({"tools": [{"type": "function"}]}, "tools[0].name"),
    ({"tools": [{"type": "file_search"}]}, "tools[0]"),
    ({"tools": [{"type": "file_search", "vector_store_ids": []}]}, "tools[0].vector_store_ids"),
    ({"tools": [{"type": "file_search", "vector_store_ids": ["x"]}]}, "tools[0].vector_store_ids[0]"),
    ({"tools": [{"type": "file_search", "vector_store_ids": [1]}]}, "tools[0].vector_store_ids[0]"),
    ({"tool_choice": "sometimes"}, "tool_choice"),
    ({"tool_choice": "required"}, "tool_choice"),
    ({"tool_choice": {"type": "mcp"}}, "tool_choice"),
    ({"text": {"format": {"type": "xml"}}}, "text.format.type"),
    ({"text": {"format": {"type": "json_schema", "name": "x"}}}, "text.format.schema"),
    ({"truncation": "some"}, "truncation"),
    ({"reasoning": "much"}, "reasoning"),
]


@pytest.mark.parametrize(("wrong", "param"), REFUSED, ids=lambda value: repr(value)[:60])
async def test_what_can_not_be_used_is_refused(
    hubbub: Hubbub, client: openai.AsyncOpenAI, wrong: dict[str, Any], param: str
) -> None:
    body = {"model": "caller", "input": "Hello", **wrong}
    for is_stream in (False, True):
        with pytest.raises(openai.APIStatusError) as caught:
            await client.post("/responses", body={"stream": is_stream, **body}, cast_to=object)
        assert caught.value.status_code == (404 if wrong == {"model": "nobody"} else 400), caught.value.message
        assert (caught.value.param or "").removesuffix("[...]") == param, caught.value.message
        assert caught.value.type == "invalid_request_error"
        assert caught.value.code
    assert not hubbub.services.runner.open_count


async def test_bodies_that_are_none(client: openai.AsyncOpenAI) -> None:
    for body in ([], "x", 7):
        with pytest.raises(openai.BadRequestError):
            await client.post("/responses", body=body, cast_to=object)


@pytest.mark.parametrize("number", ["-1", "1e9", "9" * 18, "9" * 400, "x", "", "1.5", "٣", "0x1", " 1"])
async def test_numbers_that_are_none(client: openai.AsyncOpenAI, number: str) -> None:
    response = await client.responses.create(model="scripted", input="Hello")
    query = {"stream": "true", "starting_after": number}
    with pytest.raises(openai.BadRequestError) as caught:
        await client.get(f"/responses/{response.id}", cast_to=object, options={"params": query})
    assert caught.value.param == "starting_after"
    assert caught.value.code in ("invalid_value", "invalid_starting_after")


async def test_other_peoples_responses_do_not_exist(hubbub: Hubbub, client: openai.AsyncOpenAI) -> None:
    other = await sdk(hubbub, "other")
    response = await client.responses.create(model="slow", input="A secret", background=True)
    person = await hubbub.person()
    in_chat = (await ask(person, "", "Hello"))["answer"]["id"]
    await read_all(person, "", in_chat)
    foreign = (response.id, response.id.upper(), response.id[5:], f"msg_{response.id[5:]}", f"resp_{in_chat}", "resp_")
    for response_id in (*foreign, f"resp_{new_id()}", "resp_' or 1=1 --", "ä\0"):
        for act in (
            other.responses.retrieve,
            other.responses.cancel,
            other.responses.delete,
            other.responses.input_items.list,
        ):
            with pytest.raises(openai.NotFoundError):
                await act(response_id)
        with pytest.raises(openai.NotFoundError):
            await other.responses.retrieve(response_id, stream=True, starting_after=0)
    for response_id in foreign[1:]:
        with pytest.raises(openai.NotFoundError):
            await client.responses.retrieve(response_id)
    async with person.get(f"/v1/responses/resp_{in_chat}") as reply:  # a chat's answers are read elsewhere
        assert reply.status == 404
    assert (await ended(client, response.id)).output_text == SLOWLY_SAID
