"""What the dialects of OpenAI have in common: parameters, choices of tools, and what tools of others did."""

import json
from typing import Any

import pytest

from tests.servers.model_server import Script, event
from tests.web.openai_wire import PNG, WEATHER, Wired, call, calling, told

CHAT, RESPONSES, COMPLETIONS = "/v1/chat/completions", "/v1/responses", "/v1/completions"
HELLO: dict[str, dict[str, Any]] = {
    CHAT: {"messages": [{"role": "user", "content": "Hello"}]},
    RESPONSES: {"input": "Hello"},
    COMPLETIONS: {"prompt": "Hello"},
}
FLAT = {"type": "function", **WEATHER["function"]}
OTHER = {"type": "function", "name": "other", "parameters": {}}


async def asked(served: Wired, path: str, **more: Any) -> dict[str, Any]:
    """Ask, and return what went to the model's server."""
    async with served.http.post(path, json={"model": "big", **HELLO[path], **more}) as response:
        assert response.status == 200, await response.text()
    return served.upstream.seen[-1].body


REFUSED: list[dict[str, Any]] = [
    *({"n": 2}, {"n": 0}, {"logprobs": True}, {"top_logprobs": 2}, {"logit_bias": {"1": 1}}, {"audio": {"voice": "a"}}),
    *({"modalities": ["text", "audio"]}, {"functions": [{"name": "f"}]}, {"function_call": "auto"}),
    *({"web_search_options": {}}, {"suffix": "."}, {"echo": True}, {"best_of": 2}, {"no_such_field": 1}),
]


@pytest.mark.parametrize("fields", REFUSED, ids=str)
async def test_what_can_not_be_done_is_refused_alike(served: Wired, fields: dict[str, Any]) -> None:
    [name] = fields
    refusals: list[dict[str, Any]] = []
    for path, body in HELLO.items():
        async with served.http.post(path, json={"model": "big", **body, **fields}) as response:
            assert response.status == 400, path
            refusals.append(await told(response))
    assert refusals[0]["param"] == name and name in refusals[0]["message"]
    assert refusals[1:] == [refusals[0], refusals[0]]
    assert not served.upstream.seen


async def test_probabilities_of_no_other_tokens_are_asked_for_as_well(served: Wired) -> None:
    async with served.http.post(COMPLETIONS, json={"model": "big", "prompt": "Hello", "logprobs": 0}) as response:
        assert (response.status, (await told(response))["param"]) == (400, "logprobs")


@pytest.mark.parametrize("path", HELLO)
async def test_what_asks_for_nothing_else_is_taken(served: Wired, path: str) -> None:
    harmless = {"n": 1, "logprobs": False, "top_logprobs": 0, "logit_bias": {}, "modalities": ["text"], "functions": []}
    sent = await asked(served, path, **harmless, service_tier="auto", echo=False, suffix="", best_of=1, audio=None)
    assert not {*harmless, "echo", "suffix", "best_of", "audio"} & set(sent)


COUNTED = {
    **{"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16},
    **{"prompt_tokens_details": {"cached_tokens": 7}, "completion_tokens_details": {"reasoning_tokens": 2}},
}


@pytest.mark.parametrize("is_streamed", [False, True])
@pytest.mark.parametrize("path", HELLO)
async def test_what_the_server_had_read_before_is_told(served: Wired, path: str, is_streamed: bool) -> None:
    said = {"index": 0, "delta": {"content": "Hi"}, "finish_reason": "stop"}
    served.upstream.script = Script(raw=[event(choices=[said]), event(choices=[], usage=COUNTED), b"data: [DONE]\n\n"])
    body: dict[str, Any] = {"model": "big", **HELLO[path], "stream": is_streamed}
    if is_streamed:
        body["stream_options"] = {"include_usage": True}
    async with served.http.post(path, json=body) as response:
        text = await response.text()
    told_last = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: {")] or [json.loads(text)]
    used = told_last[-1].get("response", told_last[-1])["usage"]
    if path == RESPONSES:
        assert (used["input_tokens"], used["input_tokens_details"]["cached_tokens"]) == (11, 7)
    else:
        assert used == COUNTED


KEY = "k" * 65


@pytest.mark.parametrize(
    ("path", "body", "param", "code"),
    [
        (RESPONSES, {"input": "Hello", "metadata": {KEY: "v"}}, "metadata", "invalid_type"),
        ("/v1/conversations", {"metadata": {KEY: "v"}}, "metadata", "invalid_type"),
        (f"{RESPONSES}/resp_none?starting_after=1&stream=2", None, "stream", "invalid_request"),
    ],
)
async def test_a_fault_names_its_parameter(
    served: Wired, path: str, body: dict[str, Any] | None, param: str, code: str
) -> None:
    async with served.http.request("GET" if body is None else "POST", path, json=body) as response:
        error = await told(response)
    assert (response.status, error["param"], error["code"]) == (400, param, code)


@pytest.mark.parametrize("path", HELLO)
async def test_what_shapes_an_answer_reaches_the_server(served: Wired, path: str) -> None:
    fields = {"seed": 7, "stop": ["END"], "presence_penalty": 0.5, "frequency_penalty": -0.5, "top_p": 0.9}
    fields |= {"temperature": 0.3, "top_k": 5, "min_p": 0.1, "service_tier": "flex"}
    sent = await asked(served, path, **fields)
    assert {name: sent.get(name) for name in fields} == fields


@pytest.mark.parametrize("path", [CHAT, RESPONSES])
async def test_choices_of_tools(served: Wired, path: str) -> None:
    is_chat = path == CHAT
    tools = [WEATHER, {"type": "function", "function": {"name": "other"}}] if is_chat else [FLAT, OTHER]
    one: dict[str, Any] = {"type": "function", **({"function": {"name": "other"}} if is_chat else {"name": "other"})}
    allowed = {"mode": "required", "tools": [one]}
    some = {"type": "allowed_tools", **({"allowed_tools": allowed} if is_chat else allowed)}
    sent = await asked(served, path, tools=tools, tool_choice=some)
    assert [tool["function"]["name"] for tool in sent["tools"]] == ["other"]
    assert sent["tool_choice"] == "required"
    sent = await asked(served, path, tools=tools, tool_choice=one)
    assert sent["tool_choice"] == {"type": "function", "function": {"name": "other"}}
    assert len(sent["tools"]) == 2
    missing = {"type": "function", **({"function": {"name": "no"}} if is_chat else {"name": "no"})}
    unknown = {"mode": "auto", "tools": [one, missing]}
    allows_unknown = {"type": "allowed_tools", **({"allowed_tools": unknown} if is_chat else unknown)}
    for wrong in (
        missing,
        allows_unknown,
        {"type": "custom", "custom": {"name": "other"}, "name": "other"},
        "any",
        {"type": "mcp"},
    ):
        async with served.http.post(
            path, json={**HELLO[path], "model": "big", "tools": tools, "tool_choice": wrong}
        ) as reply:
            assert (reply.status, (await told(reply))["param"]) == (400, "tool_choice"), wrong


ITEMS: list[tuple[list[dict[str, Any]], list[tuple[str, str]]]] = [
    (
        [
            {"type": "custom_tool_call", "id": "ctc_1", "call_id": "c", "name": "apply_patch", "input": "*** Begin"},
            {"type": "custom_tool_call_output", "call_id": "c", "output": "Done"},
        ],
        [("apply_patch", '{"input":"*** Begin"}'), ("tool", "Done")],
    ),
    (
        [
            {
                "type": "local_shell_call",
                "id": "lsh_1",
                "call_id": "c",
                "status": "completed",
                "action": {"command": ["ls"]},
            },
            {"type": "local_shell_call_output", "id": "c", "output": "a.txt"},
        ],
        [("local_shell", '{"action":{"command":["ls"]}}'), ("tool", "a.txt")],
    ),
    (
        [
            {"type": "shell_call", "call_id": "c", "action": {"commands": ["ls"]}},
            {"type": "shell_call_output", "call_id": "c", "output": [{"stdout": "a", "outcome": {"type": "exit"}}]},
        ],
        [("shell", '{"action":{"commands":["ls"]}}'), ("tool", '[{"stdout":"a","outcome":{"type":"exit"}}]')],
    ),
    (
        [{"type": "mcp_call", "id": "mcp_1", "name": "roll", "server_label": "dice", "arguments": "{}", "output": "4"}],
        [("roll", "{}"), ("tool", "4")],
    ),
    (
        [
            {"type": "tool_search_call", "call_id": "c", "execution": "client", "arguments": {"query": "q"}},
            {"type": "tool_search_output", "call_id": "c", "tools": []},
        ],
        [("tool_search", '{"query":"q"}'), ("tool", "[]")],
    ),
    ([{"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search"}}], []),
    ([{"type": "code_interpreter_call", "id": "ci_1", "code": "1", "container_id": "c"}], []),
    ([{"type": "image_generation_call", "id": "ig_1", "status": "completed"}], []),
    ([{"type": "mcp_list_tools", "id": "mcpl_1", "server_label": "dice", "tools": []}], []),
]


@pytest.mark.parametrize(("items", "wanted"), ITEMS, ids=[items[0]["type"] for items, _ in ITEMS])
async def test_what_tools_of_others_did_is_history(
    served: Wired, items: list[dict[str, Any]], wanted: list[tuple[str, str]]
) -> None:
    said = [{"role": "user", "content": "Look"}, *items, {"role": "assistant", "content": "Seen"}]
    sent = await asked(served, RESPONSES, input=[*said, {"role": "user", "content": "And?"}])
    between = sent["messages"][1:-1]
    calls = [
        (one["function"]["name"], one["function"]["arguments"])
        for turn in between
        for one in turn.get("tool_calls", ())
    ]
    results = [("tool", turn["content"]) for turn in between if turn["role"] == "tool"]
    assert [*calls, *results] == wanted
    assert between[-1]["content"] == "Seen"


async def test_a_picture_of_a_screen_is_a_result(served: Wired) -> None:
    screen = {"type": "computer_screenshot", "image_url": PNG}
    items = [
        {"role": "user", "content": "Look"},
        {"type": "computer_call", "id": "cu_1", "call_id": "c", "action": {"type": "screenshot"}},
        {"type": "computer_call_output", "call_id": "c", "output": screen},
    ]
    sent = await asked(served, RESPONSES, input=items)
    assert PNG in str(sent["messages"])


async def test_what_only_its_maker_can_read_is_refused(served: Wired) -> None:
    items = [{"role": "user", "content": "Hi"}, {"type": "compaction", "id": "cmp_1", "encrypted_content": "gAAA"}]
    async with served.http.post(RESPONSES, json={"model": "big", "input": items}) as response:
        assert (response.status, (await told(response))["param"]) == (400, "input[1]")


@pytest.mark.parametrize("name", ["compact", "nothing/at/all"])
async def test_what_stands_where_an_id_belongs_is_nowhere(served: Wired, name: str) -> None:
    for method in ("POST", "PUT", "PATCH"):
        async with served.http.request(method, f"{RESPONSES}/{name}", json={"model": "big"}) as response:
            assert (response.status, (await told(response))["code"]) == (404, "not_found")
    async with served.http.patch(f"{RESPONSES}/resp_01m8jmq6q9cg92eswkk63sanmz", json={}) as response:
        assert response.status == 405


async def test_a_loop_of_tools_over_documents_searches_once(served: Wired) -> None:
    said = [("user", "Hello"), ("assistant", "Hi"), ("user", "How many days of leave?")]
    messages: list[dict[str, Any]] = [{"role": role, "content": text} for role, text in said]
    found: list[Any] = []
    for number in range(4):
        script = calling({"tool_calls": [{"index": 0, **call(id=f"call_{number}")}]})
        served.upstream.script = script if number < 3 else Script(tokens=["Thirty days [1]."])
        if not number:
            served.upstream.scripts.append(Script(tokens=["days of leave"]))  # the query
        body = {"model": "big+search", "messages": messages, "tools": [WEATHER]}
        async with served.http.post(CHAT, json=body) as response:
            reply = await response.json()
        found.append(reply["hubbub"])
        message = reply["choices"][0]["message"]
        if number < 3:
            messages += [message, {"role": "tool", "tool_call_id": f"call_{number}", "content": "rain"}]
    assert message["content"] == "Thirty days [1]." and message["annotations"]
    assert [one["query"] for one in found] == ["days of leave"] * 4
    assert all(one["hits"] == found[0]["hits"] for one in found)
    assert len(served.upstream.seen) == 5  # a query, and four steps


async def test_a_loop_searches_anew_where_a_document_has_gone(served: Wired) -> None:
    served.upstream.script = calling({"tool_calls": [{"index": 0, **call()}]})
    messages: list[dict[str, Any]] = [{"role": "user", "content": "How many days of leave?"}]
    body = {"model": "big+search", "messages": messages, "tools": [WEATHER]}
    async with served.http.post(CHAT, json=body) as response:
        reply = await response.json()
    document_id = reply["hubbub"]["hits"][0]["document_id"]
    async with served.http.delete(f"/api/documents/{document_id}") as response:
        assert response.status < 300
    messages += [reply["choices"][0]["message"], {"role": "tool", "tool_call_id": "call_1", "content": "rain"}]
    async with served.http.post(CHAT, json=body) as response:
        assert (await response.json())["hubbub"]["hits"] == []
