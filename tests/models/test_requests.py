"""A request holds what was wished for; what a deployment refuses by name is left out from then on."""

# ruff: noqa: E501 # tables: a case is a line

import json
from typing import Any

import pytest
from msgspec.structs import replace

from hubbub.core.messages import Call, Turn
from hubbub.core.questions import Generation
from hubbub.models.address import compatible_address
from hubbub.models.faults import read_fault
from hubbub.models.requests import Requests

ADDRESS = compatible_address("http://127.0.0.1:1/v1", "m")
TURNS = [Turn("user", "Hi")]
HOW = Generation(max_tokens=5, temperature=0.2, stop=("x",), tools=({"type": "function"},))

REFUSALS: dict[str, tuple[Any, str]] = {
    "OpenAI's": ({"error": {"message": "Unsupported parameter", "param": "temperature"}}, "temperature"),
    "in words": ({"error": {"message": "temperature is not supported"}}, "temperature"),
    "quoted": ({"message": "bad request: 'temperature'"}, "temperature"),
    "llxprt 114": ({"detail": [{"loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted"}]}, "stream_options"),
    "unknown": ({"error": "Unrecognized request argument supplied: stream_options"}, "stream_options"),
    "additional": ({"message": "Additional properties are not allowed ('stream_options' was unexpected)"}, "stream_options"),
    "in capitals": ({"error": "Argument not supported on this model: presencePenalty"}, "presence_penalty"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "name"), REFUSALS.values(), ids=REFUSALS)
def test_what_a_refusal_names_is_left_out_from_then_on(body: object, name: str) -> None:
    requests = Requests(ADDRESS)
    how = replace(HOW, presence_penalty=0.5)
    sent = requests.body(TURNS, how)
    left = requests.without(sent, read_fault(json.dumps(body).encode()))
    assert left == {key: value for key, value in sent.items() if key != name}
    assert requests.body(TURNS, how) == left


def fault_of(message: str) -> Any:
    return read_fault(json.dumps({"error": {"message": message}}).encode())


def test_a_value_that_is_refused_leaves_others_be() -> None:
    requests = Requests(ADDRESS)
    body = requests.body(TURNS, Generation(temperature=1.8))
    assert requests.without(body, fault_of("temperature must be between 0 and 1.5")) is not None
    assert "temperature" not in requests.body(TURNS, Generation(temperature=1.8))
    assert requests.body(TURNS, Generation(temperature=0.7))["temperature"] == 0.7


def test_a_length_goes_by_its_other_name() -> None:
    requests = Requests(ADDRESS)
    fault = fault_of(
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    )
    left = requests.without(requests.body(TURNS, HOW), fault)
    assert left is not None and left["max_completion_tokens"] == 5 and "max_tokens" not in left
    assert requests.body(TURNS, HOW)["max_completion_tokens"] == 5


@pytest.mark.parametrize("name", ["tools", "stop", "messages", "model", "top_k"])
def test_what_an_answer_needs_is_not_left_out(name: str) -> None:
    requests = Requests(ADDRESS)
    assert (
        requests.without(requests.body(TURNS, replace(HOW, extra={"top_k": 5})), fault_of(f"unknown field '{name}'"))
        is None
    )


def test_the_settings_drop_and_add_fields() -> None:
    address = replace(ADDRESS, drop_fields=("temperature",), extra_fields={"top_k": 20, "model": "other", "seed": 1})
    body = Requests(address).body(TURNS, replace(HOW, seed=7))
    assert (body["top_k"], body["model"], body["seed"]) == (20, "m", 1)
    assert "temperature" not in body


def test_what_a_server_sent_with_a_turn_and_a_call_goes_back_unchanged() -> None:
    signed = {"google": {"thought_signature": "c2ln"}}
    call = Call("c", "f", "{}", {"extra_content": signed, "function": {"strict": True}})
    turn = Turn("assistant", "", calls=(call,), extra={"reasoning_content": "Hm", "content": "forged"})
    requests = Requests(ADDRESS)
    (message,) = requests.body([turn])["messages"]  # pyright: ignore[reportGeneralTypeIssues, reportUnknownVariableType]
    assert message == {
        "role": "assistant",
        "content": "",
        "tool_calls": [
            {
                "extra_content": signed,
                "id": "c",
                "type": "function",
                "function": {"strict": True, "name": "f", "arguments": "{}"},
            }
        ],
        "reasoning_content": "Hm",
    }
    left = requests.without(
        requests.body([turn]), fault_of("Extra inputs are not permitted: reasoning_content, extra_content")
    )
    assert left is not None and "extra_content" not in json.dumps(left) and "reasoning_content" not in json.dumps(left)
