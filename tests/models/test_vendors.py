"""The same conversation with servers of eight kinds: chat, documents, tools, pictures, 60 turns. None may fail."""

import json
from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from hubbub.connections.http import Http
from hubbub.core.answer import Answer, fold
from hubbub.core.messages import Turn
from hubbub.core.questions import Generation
from hubbub.models.address import ApiKey, Secret, azure_address, compatible_address
from hubbub.models.base import Limits, ModelCard, Piece
from hubbub.models.openai import OpenAiModel
from tests.models.test_quirks import events_of
from tests.servers.vendors import VENDORS, VendorServer

CARD = ModelCard("m", "test", 128_000, can_ground=True, reads_images=True, calls_tools=True)
SYSTEM = Turn("system", "You are brief.")
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}
PICTURE = "data:image/png;base64,iVBORw0KGgo="
WISHES = Generation(max_tokens=500, temperature=0.2, top_p=0.9, seed=7, presence_penalty=0.1)
"""More than most people wish for, and less than what some servers refuse."""


def model_at(server: VendorServer, name: str, http: Http) -> OpenAiModel:
    address = compatible_address(server.base_url, "m")
    if name == "Azure":
        address = azure_address(server.base_url.removesuffix("/v1"), "m", ApiKey(Secret("k"), "api-key"))
    return OpenAiModel(address, CARD, http, Limits(2, 5, 5, 10, 10))


async def ask(model: OpenAiModel, turns: Sequence[Turn], how: Generation | None = None) -> tuple[Answer, str]:
    pieces: list[Piece] = []
    completion = await model.complete(turns, pieces.append, how)
    return fold("a", events_of(pieces)), completion.finish_reason


@pytest.mark.parametrize("name", VENDORS)
async def test_a_vendor(name: str, http: Http) -> None:
    async with VendorServer(VENDORS[name]) as server:
        model = model_at(server, name, http)
        question = [SYSTEM, Turn("user", "What is the capital of France?")]
        for how in (None, WISHES, Generation(temperature=0.2), WISHES):  # the third is what documents are asked with
            answer, reason = await ask(model, question, how)
            assert (answer.text, reason) == ("Paris", "stop")
        refused = server.refused
        assert (await ask(model, question, WISHES))[0].text == "Paris"
        assert server.refused == refused, "what was refused is not sent again"

        how = Generation(tools=(TOOL,), tool_choice="auto", temperature=0.2)
        turns = [SYSTEM, Turn("user", "What is the weather in Oslo?")]
        answer, reason = await ask(model, turns, how)
        assert ([(call.name, json.loads(call.arguments)) for call in answer.calls], reason) == (
            [("weather", {"city": "Oslo"})],
            "tool_calls",
        )
        extra = {"reasoning_content": answer.reasoning} if answer.reasoning else {}
        turns += [
            Turn("assistant", answer.text, calls=answer.calls, extra=extra),
            Turn("tool", "Rain", call_id=answer.calls[0].id),
        ]
        assert (await ask(model, turns, how))[0].text == "Paris"
        if not answer.calls[0].extra:  # as another model's server called it, which answered before
            other = replace(answer.calls[0], id="call_0123456789abcdef")
            turns[-2:] = [replace(turns[-2], calls=(other,)), replace(turns[-1], call_id=other.id)]
            assert (await ask(model, turns, how))[0].text == "Paris"

        assert (await ask(model, [Turn("user", "What is this?", images=(PICTURE,))]))[0].text == "Paris"

        for words in ("And then? ", "然后呢？你还记得吗？"):
            said = [SYSTEM]
            for number in range(60):
                said.append(Turn("user", f"{words}{number}"))
                if number % 10 == 9:
                    answer, _ = await ask(model, said, Generation(temperature=0.2))
                    assert answer.text == "Paris"
                said.append(Turn("assistant", "Paris"))


async def test_a_refusal_of_what_an_answer_needs_is_told(http: Http) -> None:
    async with VendorServer(VENDORS["OpenAI"]) as server:
        with pytest.raises(Exception, match="Unrecognized request argument supplied: top_k"):
            await ask(model_at(server, "OpenAI", http), [SYSTEM], Generation(extra={"top_k": 5}))
        assert len(server.seen) == 1


async def test_two_questions_in_a_row_reach_a_server_whose_template_wants_answers_between(http: Http) -> None:
    async with VendorServer(VENDORS["vLLM"]) as server:
        model = model_at(server, "vLLM", http)
        turns = [Turn("user", "One"), Turn("user", "Two", images=(PICTURE,)), SYSTEM]
        for _ in range(2):
            assert (await ask(model, turns))[0].text == "Paris"
        assert server.refused == 1
        system, question = server.seen[-1].body["messages"]
        assert (system["role"], question["role"]) == ("system", "user")
        assert [part.get("text") for part in question["content"]] == ["One", "Two", None]
